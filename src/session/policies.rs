//! Session policies: what limits a session below the permissions of its role.

use crate::arn::Arn;
use crate::policy::{Kind, Policy};

use super::SessionError;

/// The most characters of all session policies of one session together.
pub const MAX_SESSION_POLICY_LENGTH: usize = 2048;

/// The most managed policies that limit one session.
pub const MAX_MANAGED_SESSION_POLICIES: usize = 10;

/// The session policies of one session: inline ones, compiled, with the text that its token carries, and the ARNs of
/// managed ones, which are looked up whenever they are asked. What any of them allows, they allow together.
#[derive(Clone, Debug, Default)]
pub struct SessionPolicies {
    texts: Vec<String>,
    compiled: Vec<Policy>,
    managed: Vec<Arn>,
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

    /// The same, and what the managed policies of these ARNs allow.
    ///
    /// # Errors
    /// [`SessionError::TooManyPolicies`] over ten; [`SessionError::SessionPoliciesTooLarge`] as [`SessionPolicies::parse`].
    pub fn with_managed(mut self, arns: Vec<Arn>) -> Result<Self, SessionError> {
        if arns.len() > MAX_MANAGED_SESSION_POLICIES {
            return Err(SessionError::TooManyPolicies { found: arns.len() });
        }
        self.managed = arns;
        let characters = self.characters();
        if characters > MAX_SESSION_POLICY_LENGTH {
            return Err(SessionError::SessionPoliciesTooLarge { characters });
        }
        Ok(self)
    }

    /// Reads back what a session token carries.
    pub(super) fn from_claims(texts: &[String], arns: &[String]) -> Result<Self, SessionError> {
        let arns = arns.iter().map(|arn| arn.parse().map_err(|_| SessionError::Claims)).collect::<Result<_, _>>()?;
        Self::parse(texts.iter().cloned())?.with_managed(arns)
    }

    /// Whether nothing limits the session.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.texts.is_empty() && self.managed.is_empty()
    }

    /// The ARNs of managed policies that limit the session too.
    #[must_use]
    pub fn managed(&self) -> &[Arn] {
        &self.managed
    }

    /// The inline policies, compiled.
    #[must_use]
    pub fn compiled(&self) -> &[Policy] {
        &self.compiled
    }

    /// The documents as they were given.
    #[must_use]
    pub fn texts(&self) -> &[String] {
        &self.texts
    }

    fn characters(&self) -> usize {
        let texts = self.texts.iter().map(|text| text.chars().count());
        texts.chain(self.managed.iter().map(|arn| arn.as_str().len())).sum()
    }
}
