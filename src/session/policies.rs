//! Session policies: what limits a session below the permissions of its role.

use crate::policy::{Kind, Policy};

use super::SessionError;

/// The most characters of all session policies of one session together.
pub const MAX_SESSION_POLICY_LENGTH: usize = 2048;

/// The session policies of one session, compiled, with the text that its token carries.
#[derive(Clone, Debug, Default)]
pub struct SessionPolicies {
    texts: Vec<String>,
    compiled: Vec<Policy>,
}

impl SessionPolicies {
    /// Compiles the documents; the session may do what the role permits and these permit too.
    ///
    /// # Errors
    /// [`SessionError::SessionPoliciesTooLarge`] over 2,048 characters together;
    /// [`SessionError::SessionPolicy`] for a document that is not a session policy.
    pub fn parse(texts: impl IntoIterator<Item = String>) -> Result<Self, SessionError> {
        let mut policies = Self::default();
        for text in texts {
            let characters = policies.characters().saturating_add(text.chars().count());
            if characters > MAX_SESSION_POLICY_LENGTH {
                return Err(SessionError::SessionPoliciesTooLarge { characters });
            }
            let name = format!("session policy {}", policies.texts.len().saturating_add(1));
            policies.compiled.push(Policy::parse(&text, Kind::Session)?.named(&name));
            policies.texts.push(text);
        }
        Ok(policies)
    }

    /// The compiled policies; empty when nothing limits the session.
    #[must_use]
    pub fn compiled(&self) -> &[Policy] {
        &self.compiled
    }

    /// The documents as they were given.
    #[must_use]
    pub fn texts(&self) -> &[String] {
        &self.texts
    }

    /// How much of what a session may carry is used, in percent rounded up; STS reports it as `PackedPolicySize`.
    #[must_use]
    pub fn packed_size(&self) -> usize {
        self.characters().saturating_mul(100).div_ceil(MAX_SESSION_POLICY_LENGTH)
    }

    fn characters(&self) -> usize {
        self.texts.iter().map(|text| text.chars().count()).sum()
    }
}
