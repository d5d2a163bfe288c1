//! Why a sign-in gave no identity.

use super::super::fetch::FetchError;
use super::callback;
use crate::crypto::CryptoError;
use crate::explain::Rule;
use crate::identity::oidc::OidcError;
use crate::time::Timestamp;

/// Why a registration cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RelyingPartyError {
    /// The provider has more than one audience, so that none of them is the client id.
    #[error("a relying party needs a provider with exactly one audience, its client id")]
    ClientId {
        /// How many audiences it has.
        found: usize,
    },
    /// The redirect URI is not an `https` URL without query (`http` for loopback).
    #[error("the redirect URI must be an https URL without query or fragment (http for loopback alone)")]
    RedirectUri {
        /// What was given.
        found: String,
    },
    /// Outgoing connections cannot be set up.
    #[error(transparent)]
    Fetch(#[from] FetchError),
}

/// Why a sign-in was refused or failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SignInError {
    /// A document of the provider could not be had.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// The provider's metadata lacks something this flow needs.
    #[error("the provider does not support this way of signing in")]
    Endpoint {
        /// What is missing or not usable.
        member: &'static str,
    },
    /// The operating system gave no randomness.
    #[error(transparent)]
    Randomness(#[from] CryptoError),
    /// The callback's query is too long, or lacks a parameter.
    #[error("the answer of the provider is not of the expected form")]
    Callback {
        /// What was expected.
        expected: &'static str,
    },
    /// The callback's query gives a parameter twice.
    #[error("the answer of the provider gives a parameter twice")]
    DuplicateParameter {
        /// The parameter.
        name: String,
    },
    /// `state` is not the one of this sign-in.
    #[error("the answer belongs to another sign-in")]
    State,
    /// The browser that came back is not the one that was sent.
    #[error("the answer was brought by another browser than the one that began to sign in")]
    Browser,
    /// The person took too long.
    #[error("signing in took too long")]
    Expired {
        /// When it stopped waiting.
        expires: Timestamp,
        /// When the browser came back.
        now: Timestamp,
    },
    /// `iss` is missing, or names another provider (RFC 9207).
    #[error("the answer comes from another provider")]
    Issuer {
        /// The provider.
        expected: String,
        /// What the callback says.
        found: Option<String>,
    },
    /// The provider, or the person, refused.
    #[error("the provider refused to sign in")]
    Refused {
        /// The error code (RFC 6749, 4.1.2.1).
        error: String,
        /// What the provider says about it.
        description: Option<String>,
    },
    /// The provider did not exchange the code.
    #[error("the provider did not accept the code")]
    Exchange {
        /// The HTTP status.
        status: u16,
        /// The error code (RFC 6749, 5.2), if there is one.
        error: Option<String>,
    },
    /// The token response is not one.
    #[error("the provider's token response is not of the expected form")]
    TokenResponse {
        /// What was expected.
        expected: &'static str,
    },
    /// The ID token was refused.
    #[error(transparent)]
    Token(#[from] OidcError),
}

impl SignInError {
    /// The rule that was broken; `None` when nothing was refused and something failed.
    #[must_use]
    pub const fn rule(&self) -> Option<&'static Rule> {
        match self {
            Self::Fetch(_) | Self::Endpoint { .. } | Self::Randomness(_) => None,
            Self::Callback { .. } | Self::DuplicateParameter { .. } => Some(&callback::PARAMETERS),
            Self::State => Some(&callback::STATE),
            Self::Browser => Some(&callback::BROWSER),
            Self::Expired { .. } => Some(&callback::LIFETIME),
            Self::Issuer { .. } => Some(&callback::ISSUER),
            Self::Refused { .. } => Some(&callback::CONSENT),
            Self::Exchange { .. } | Self::TokenResponse { .. } => Some(&callback::CODE_EXCHANGE),
            Self::Token(error) => Some(error.rule()),
        }
    }

    /// What was wrong, for logs and audit; text from the network is escaped.
    #[must_use]
    pub fn reason(&self) -> String {
        match self {
            Self::Fetch(error) => error.reason(),
            Self::Endpoint { member } => format!("the metadata has no usable {member}"),
            Self::Callback { expected } => format!("callback: expected {expected}"),
            Self::DuplicateParameter { name } => format!("callback: {name:?} is given twice"),
            Self::Expired { expires, now } => format!("waited until {expires}, and it is {now}"),
            Self::Issuer { expected, found } => format!("iss: expected {expected}, found {found:?}"),
            Self::Refused { error, description } => {
                format!("the provider says {error:?}: {:?}", description.as_deref().unwrap_or_default())
            }
            Self::Exchange { status, error } => format!("token endpoint: HTTP status {status}, error {error:?}"),
            Self::TokenResponse { expected } => format!("token response: expected {expected}"),
            Self::Token(error) => error.reason(),
            Self::Randomness(_) | Self::State | Self::Browser => self.to_string(),
        }
    }
}
