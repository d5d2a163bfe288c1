//! Why an answer of the userinfo endpoint is not believed.

use super::super::OidcError;
use super::super::claims::ClaimsError;
use super::super::jws::shown;
use super::{AUDIENCE, CLAIMS, EXPIRATION, ISSUER, NOT_BEFORE, SIGNATURE, SUBJECT};
use crate::explain::Rule;
use crate::json::JsonError;
use crate::time::Timestamp;

/// Why an answer of the userinfo endpoint is not believed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UserinfoError {
    /// The answer is neither JSON nor a signed token by its media type.
    #[error("the provider's answer about the person is not of the expected form")]
    MediaType {
        /// What the answer is.
        found: Option<String>,
    },
    /// The answer is not a message signed by a key of the issuer.
    #[error("the provider's answer about the person is not signed by the provider")]
    Signature(Box<OidcError>),
    /// The answer is a token of another type.
    #[error("the provider's answer about the person is another kind of token")]
    Type {
        /// What its header says.
        found: String,
    },
    /// The answer is not a JSON object with each claim once.
    #[error("the provider's answer about the person is not valid JSON")]
    Json(JsonError),
    /// A claim of the answer is not of the expected form.
    #[error("a claim of the provider's answer about the person is not of the expected form")]
    Claims(ClaimsError),
    /// The signed answer carries `events`: it is a logout token or another security event.
    #[error("the provider's answer about the person is a logout or event token")]
    Events,
    /// The signed answer is another issuer's, or does not say whose.
    #[error("the answer about the person comes from another provider")]
    Issuer {
        /// The provider.
        expected: String,
        /// What the answer says.
        found: Option<String>,
    },
    /// The signed answer is not meant for this client, or also for somebody who is not trusted.
    #[error("the answer about the person is meant for another audience")]
    Audience {
        /// The audiences that are ours.
        expected: Vec<String>,
        /// What the answer says.
        found: Vec<String>,
    },
    /// The signed answer is too old.
    #[error("the answer about the person has expired")]
    Expired {
        /// When it expired.
        expiration: Timestamp,
        /// When it was looked at.
        now: Timestamp,
    },
    /// The signed answer is not good yet.
    #[error("the answer about the person is not valid yet")]
    NotYetValid {
        /// When it becomes good.
        not_before: Timestamp,
        /// When it was looked at.
        now: Timestamp,
    },
    /// The answer is about someone else, or does not say about whom.
    #[error("the provider's answer is about another person")]
    Subject {
        /// Whom the ID token is about.
        expected: String,
        /// What the answer says.
        found: Option<String>,
    },
}

impl UserinfoError {
    /// The rule that was broken.
    #[must_use]
    pub const fn rule(&self) -> &'static Rule {
        match self {
            Self::Signature(_) => &SIGNATURE,
            Self::MediaType { .. } | Self::Type { .. } | Self::Json(_) | Self::Claims(_) | Self::Events => &CLAIMS,
            Self::Issuer { .. } => &ISSUER,
            Self::Audience { .. } => &AUDIENCE,
            Self::Expired { .. } => &EXPIRATION,
            Self::NotYetValid { .. } => &NOT_BEFORE,
            Self::Subject { .. } => &SUBJECT,
        }
    }

    /// What was wrong, for logs and audit; text from the answer is escaped.
    #[must_use]
    pub fn reason(&self) -> String {
        match self {
            Self::MediaType { found } => {
                format!("userinfo: content-type {}", shown(found.as_deref().unwrap_or_default()))
            }
            Self::Signature(error) => format!("userinfo: {}", error.reason()),
            Self::Type { found } => format!("userinfo: typ {}", shown(found)),
            Self::Json(error) => format!("userinfo: {}", error.reason()),
            Self::Claims(error) => format!("userinfo: {}", error.reason()),
            Self::Issuer { expected, found } => format!("userinfo iss: expected {expected}, found {found:?}"),
            Self::Audience { expected, found } => {
                format!("userinfo aud: expected one of {expected:?}, found {}", shown(&found.join(" ")))
            }
            Self::Expired { expiration, now } => format!("userinfo exp: {expiration}, and it is {now}"),
            Self::NotYetValid { not_before, now } => format!("userinfo nbf: {not_before}, and it is {now}"),
            Self::Events => "userinfo: an events claim".to_owned(),
            Self::Subject { expected, found } => {
                format!("userinfo sub: expected {}, found {found:?}", shown(expected))
            }
        }
    }
}
