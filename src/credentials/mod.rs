//! Stage 3: a [`Session`] and entropy in, [`Credentials`] out.
//!
//! Enters: a session of any kind, the [`Keyring`], and `now`. Leaves: an access key id, a secret access key, a session token and
//! an expiration. Refused: a session that is over; a session token that this keyring did not sign, that has expired, that
//! belongs to another access key, or whose session was revoked.
//!
//! The secret access key is derived from the keyring and the access key id and is never stored; the session token carries
//! the session itself, signed. So whoever holds the keyring can authenticate a request without looking anything up.

mod asymmetric;
pub mod context_assertion;
mod handover;
mod keyring;
mod long_term;
mod mint;
mod revocation;
mod scope;
mod session_cache;
mod signing_keys;
pub mod token;
mod token_key;
mod web_identity;

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use zeroize::Zeroizing;

pub use context_assertion::{ContextAssertion, ContextAssertionError};
pub use handover::{HandedKey, HandoverError, hand_over};
pub use keyring::{Keyring, KeyringError};
pub use long_term::{AccessKeys, LastUsed, LongTermKey};
pub use mint::{mint, mint_with_token_of};
pub use revocation::{Revocations, Revoked};
pub use scope::{CredentialScope, RegionlessScope, ScopeError, ScopedSigningKey};
pub use session_cache::{OpenSession, SessionSource, Sessions};
pub use token::TokenError;
pub use token_key::{MAX_KEY_SET_LENGTH, TokenKeys, TokenKeysError};
pub use web_identity::{MAX_PAYLOAD, WebIdentityAlgorithm, WebIdentityError, WebIdentityIssuer, WebIdentityToken};

use crate::crypto::CryptoError;
use crate::session::Session;
use crate::time::Timestamp;

/// Why no credentials were made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CredentialsError {
    /// The session had ended before its credentials were made.
    #[error("the session has already expired")]
    SessionExpired {
        /// When the session ended.
        expiration: Timestamp,
        /// When the credentials were asked for.
        now: Timestamp,
    },
    /// The session's claims make a token longer than [`token::MAX_TOKEN_LENGTH`].
    #[error("Serialized token too large for session")]
    TokenTooLong {
        /// Length of the token in bytes.
        length: usize,
    },
    /// The session's claims cannot be written as JSON.
    #[error("the session cannot be written into a session token")]
    Claims,
    /// The operating system or the cryptography library failed.
    #[error("the credentials could not be made")]
    Crypto(#[from] CryptoError),
}

impl CredentialsError {
    /// What happened, for logs and the audit trail.
    #[must_use]
    pub fn reason(&self) -> String {
        match self {
            Self::SessionExpired { expiration, now } => {
                format!("the session ended at {expiration}, and it is {now}")
            }
            Self::TokenTooLong { length } => {
                format!("the session token has {length} bytes; at most {} are allowed", token::MAX_TOKEN_LENGTH)
            }
            Self::Claims => self.to_string(),
            Self::Crypto(error) => error.to_string(),
        }
    }

    /// The wire code of the AWS query protocol.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::SessionExpired { .. } => "ExpiredToken",
            Self::TokenTooLong { .. } => "PackedPolicyTooLarge",
            Self::Claims | Self::Crypto(_) => "InternalFailure",
        }
    }
}

/// The public half of an access key: 1 to 128 word characters, beginning with `ASIA` when it is temporary.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(transparent)]
pub struct AccessKeyId(String);

/// Text that is not an access key id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an access key id; expected 1 to 128 letters, digits and underscores")]
pub struct AccessKeyIdError;

impl AccessKeyId {
    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl AccessKeyId {
    /// Whether it works with its session token alone (`ASIA…`).
    #[must_use]
    pub fn is_temporary(&self) -> bool {
        self.0.starts_with("ASIA")
    }
}

impl FromStr for AccessKeyId {
    type Err = AccessKeyIdError;

    fn from_str(text: &str) -> Result<Self, AccessKeyIdError> {
        // GetAccessKeyInfo takes 16 to 128; the published signing vectors use shorter ones.
        let fits =
            (1..=128).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        if fits { Ok(Self(text.to_owned())) } else { Err(AccessKeyIdError) }
    }
}

impl fmt::Display for AccessKeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The secret half of an access key; wiped when dropped, never printed.
pub struct SecretAccessKey(Zeroizing<String>);

impl SecretAccessKey {
    /// Takes ownership of a secret, which should not be kept anywhere else.
    #[must_use]
    pub fn new(secret: String) -> Self {
        Self(Zeroizing::new(secret))
    }

    /// The secret itself, to be handed to its owner once.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SecretAccessKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretAccessKey(redacted)")
    }
}

/// A session token as its bearer holds it; wiped when dropped, never printed.
pub struct SessionToken(Zeroizing<String>);

impl SessionToken {
    /// The token itself, to be handed to its owner.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SessionToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionToken(redacted)")
    }
}

/// Temporary credentials of one session. Only [`mint`] makes them:
///
/// ```compile_fail,E0451
/// let credentials = daypass::Credentials { access_key_id: unreachable!() };
/// ```
#[derive(Debug)]
pub struct Credentials {
    access_key_id: AccessKeyId,
    secret_access_key: SecretAccessKey,
    session_token: SessionToken,
    session: Arc<Session>,
}

impl Credentials {
    /// The public half of the access key, `ASIA` and sixteen characters.
    #[must_use]
    pub const fn access_key_id(&self) -> &AccessKeyId {
        &self.access_key_id
    }

    /// The secret half of the access key, forty characters.
    #[must_use]
    pub const fn secret_access_key(&self) -> &SecretAccessKey {
        &self.secret_access_key
    }

    /// The token that must accompany every request signed with the access key.
    #[must_use]
    pub const fn session_token(&self) -> &SessionToken {
        &self.session_token
    }

    /// When the credentials stop working.
    #[must_use]
    pub fn expiration(&self) -> Timestamp {
        self.session.expiration()
    }

    /// The session these are the credentials of.
    #[must_use]
    pub const fn session(&self) -> &Arc<Session> {
        &self.session
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn access_key_ids_hold_to_their_pattern() {
        for text in ["ASIA0123456789ABCDEF", "AKIDEXAMPLE", &"A".repeat(128)] {
            assert!(text.parse::<AccessKeyId>().is_ok(), "{text}");
        }
        for text in ["", "A/B", "A B", "A\n", "Ä", &"A".repeat(129)] {
            assert!(text.parse::<AccessKeyId>().is_err(), "{text}");
        }
    }

    #[test]
    fn secrets_are_not_printed() {
        let printed = format!(
            "{:?} {:?}",
            SecretAccessKey::new("hunter2".to_owned()),
            SessionToken(Zeroizing::new("hunter2".to_owned()))
        );
        assert!(!printed.contains("hunter2"), "{printed}");
    }
}
