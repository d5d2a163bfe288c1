//! Names that sessions carry, each checked once when it is read.

use std::fmt;
use std::str::FromStr;

use super::SessionError;

/// The characters STS allows in session names and source identities: `[\w+=,.@-]`.
fn is_name(text: &str) -> bool {
    (2..=64).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_+=,.@-".contains(&byte))
}

/// Whether text can be the name of a federated user: 2 to 32 characters of `[\w+=,.@-]`.
pub(super) fn is_federated_user_name(text: &str) -> bool {
    text.len() <= 32 && is_name(text)
}

/// A role session name: 2 to 64 characters of `[\w+=,.@-]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleSessionName(String);

impl RoleSessionName {
    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for RoleSessionName {
    type Err = SessionError;

    fn from_str(text: &str) -> Result<Self, SessionError> {
        if is_name(text) {
            Ok(Self(text.to_owned()))
        } else {
            Err(SessionError::RoleSessionName { found: excerpt(text) })
        }
    }
}

impl fmt::Display for RoleSessionName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A source identity: 2 to 64 characters of `[\w+=,.@-]`, immutable once set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceIdentity(String);

impl SourceIdentity {
    /// The source identity as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for SourceIdentity {
    type Err = SessionError;

    fn from_str(text: &str) -> Result<Self, SessionError> {
        // `aws:` is kept for the cloud itself, as with tag keys.
        if is_name(text) && !text.starts_with("aws:") {
            Ok(Self(text.to_owned()))
        } else {
            Err(SessionError::SourceIdentity { found: excerpt(text) })
        }
    }
}

/// The first characters of untrusted text, for an error's evidence.
fn excerpt(text: &str) -> String {
    text.chars().take(80).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_hold_to_their_pattern() {
        for name in ["ab", "alice@example.com", "a+b=c,d.e_f-g", &"x".repeat(64)] {
            assert!(name.parse::<RoleSessionName>().is_ok(), "{name}");
            assert!(name.parse::<SourceIdentity>().is_ok(), "{name}");
        }
        for name in ["", "a", "a b", "a/b", "a:b", "ä€", &"x".repeat(65)] {
            assert!(name.parse::<RoleSessionName>().is_err(), "{name}");
            assert!(name.parse::<SourceIdentity>().is_err(), "{name}");
        }
    }
}
