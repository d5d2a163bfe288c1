//! Why a context was refused.

use super::{ALGORITHM, AUDIENCE, MAX_CONTEXT_ASSERTION_LENGTH, TYPE};
use crate::arn::Arn;
use crate::crypto::CryptoError;
use crate::session::{CONTEXT_PROVIDER_ARN, MAX_PROVIDED_CONTEXTS};
use crate::time::Timestamp;

/// Why a context assertion was not made, or the contexts that a call provides were refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ContextAssertionError {
    /// More contexts than a call may provide.
    #[error("at most {MAX_PROVIDED_CONTEXTS} contexts are provided")]
    TooMany {
        /// How many were provided.
        found: usize,
    },
    /// The context provider is not the one there is.
    #[error("no context provider is configured as {found}; expected {CONTEXT_PROVIDER_ARN}")]
    UnknownProvider {
        /// The provider that was named, shortened.
        found: String,
    },
    /// More than one context of the same provider.
    #[error("{CONTEXT_PROVIDER_ARN} is named more than once; expected one context of a provider")]
    ProviderTwice {
        /// How many contexts there are of it.
        found: usize,
    },
    /// The directory is no identity store, so that it asserts nothing.
    #[error("no identity store is configured whose context assertions are accepted")]
    NoIdentityStore,
    /// The assertion is longer than [`MAX_CONTEXT_ASSERTION_LENGTH`].
    #[error("the context assertion is longer than {MAX_CONTEXT_ASSERTION_LENGTH} characters")]
    Length {
        /// Its length in bytes.
        length: usize,
    },
    /// The assertion is not three parts of base64url with a JSON header in its one spelling.
    #[error("the context assertion is malformed; expected one as it was issued")]
    Malformed,
    /// The header's `typ` is another one: it is a token for something else.
    #[error("the token is not a context assertion; expected the type {TYPE}")]
    Type {
        /// The `typ` found, shortened.
        found: String,
    },
    /// The header's `alg` is another one, such as `none`.
    #[error("the context assertion is signed with another algorithm; expected {ALGORITHM}")]
    Algorithm {
        /// The `alg` found, shortened.
        found: String,
    },
    /// No key of the keyring made the signature: it was altered, or is of another broker.
    #[error("the signature of the context assertion does not verify; expected one that this service issued, unaltered")]
    Signature,
    /// The claims are signed, but are not those of a context assertion.
    #[error("the context assertion does not describe an identity context")]
    Claims,
    /// The assertion was made by a broker of another name.
    #[error("the context assertion was issued by another service")]
    Issuer {
        /// The `iss` found, shortened.
        found: String,
    },
    /// The assertion is meant for something else.
    #[error("the context assertion is for another audience; expected {AUDIENCE}")]
    Audience {
        /// The `aud` found, shortened.
        found: String,
    },
    /// The assertion is about somebody of another identity store.
    #[error("the context assertion is of another identity store; expected {expected}")]
    IdentityStore {
        /// The store that is believed.
        expected: Arn,
        /// The store found, shortened.
        found: String,
    },
    /// The assertion was issued in the future.
    #[error("the context assertion is not valid yet")]
    NotYetValid {
        /// When it was issued.
        issued_at: Timestamp,
        /// When it was provided.
        now: Timestamp,
    },
    /// The assertion has served its time.
    #[error("the context assertion has expired; ask for a new one and provide that")]
    Expired {
        /// When it ended.
        expiration: Timestamp,
        /// When it was provided.
        now: Timestamp,
    },
    /// The operating system or the cryptography library failed.
    #[error("the context assertion could not be made or verified")]
    Crypto(#[from] CryptoError),
}

impl ContextAssertionError {
    /// What was expected and found, for logs and the audit trail; never the assertion.
    #[must_use]
    pub fn reason(&self) -> String {
        match self {
            Self::TooMany { found } | Self::ProviderTwice { found } => format!("{self}; found {found}"),
            Self::Length { length } => format!("{self}; found {length}"),
            Self::Type { found } | Self::Algorithm { found } | Self::Issuer { found } | Self::Audience { found } => {
                format!("{self}; found {found:?}")
            }
            Self::IdentityStore { found, .. } => format!("{self}; found {found:?}"),
            Self::NotYetValid { issued_at, now } => format!("issued at {issued_at}, and it is {now}"),
            Self::Expired { expiration, now } => format!("expired at {expiration}, and it is {now}"),
            Self::Crypto(error) => error.to_string(),
            Self::UnknownProvider { .. } | Self::NoIdentityStore | Self::Malformed | Self::Signature | Self::Claims => {
                self.to_string()
            }
        }
    }

    /// The error code of STS: AssumeRole models one for what has expired, and none for what is not valid otherwise.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Expired { .. } => "ExpiredTokenException",
            Self::Crypto(_) => "InternalFailure",
            _ => "ValidationError",
        }
    }
}
