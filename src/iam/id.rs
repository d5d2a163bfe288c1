//! Unique ids: who or what they are of, and seventeen random characters.

use std::fmt;

use crate::crypto::{self, CryptoError};

/// What a unique id is of, by its first characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum IdKind {
    /// `AGPA`
    Group,
    /// `AIPA`
    InstanceProfile,
    /// `ANPA`
    Policy,
    /// `AROA`
    Role,
    /// `SAMLP`
    SamlProvider,
    /// `AIDA`
    User,
}

impl IdKind {
    const fn prefix(self) -> &'static str {
        match self {
            Self::Group => "AGPA",
            Self::InstanceProfile => "AIPA",
            Self::Policy => "ANPA",
            Self::Role => "AROA",
            Self::SamlProvider => "SAMLP",
            Self::User => "AIDA",
        }
    }
}

/// The id of one user, group, role, policy, instance profile or SAML provider, never given again: one made anew under the same name is another one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UniqueId(String);

impl UniqueId {
    /// An id that nothing has had before: 85 random bits behind its prefix.
    ///
    /// # Errors
    /// [`CryptoError::Randomness`].
    pub fn fresh(kind: IdKind) -> Result<Self, CryptoError> {
        Ok(Self(format!("{}{}", kind.prefix(), crypto::random_base32(17)?)))
    }

    /// The id of what every account has under this ARN: the same whenever it is made.
    pub(crate) fn of_all(kind: IdKind, arn: &str) -> Self {
        const LETTERS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
        let digest = crypto::digest(crypto::DigestAlgorithm::Sha256, arn.as_bytes());
        let letter = |byte: &u8| LETTERS.get(usize::from(byte & 31)).copied().map_or('A', char::from);
        let letters: String = digest.as_ref().iter().take(17).map(letter).collect();
        Self(format!("{}{letters}", kind.prefix()))
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for UniqueId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
