//! Why a sign-in gave no identity, or a token exchange no token.

use super::super::fetch::FetchError;
use super::{callback, exchange, refresh};
use crate::crypto::CryptoError;
use crate::explain::Rule;
use crate::identity::oidc::{OidcError, UserinfoError};
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

/// Why a sign-in, or a token exchange, was refused or failed.
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
    /// The provider does not offer the way in which this client proves itself; nothing was sent.
    #[error("the provider does not accept this application's credential")]
    ClientAuthentication {
        /// The methods this credential is good for.
        wanted: &'static str,
        /// The methods the provider offers, of those that are known here.
        offered: Vec<&'static str>,
    },
    /// The provider does not take signatures of this client's key; nothing was sent.
    #[error("the provider does not accept signatures of this application's key")]
    SigningAlgorithm {
        /// The algorithm of the key.
        algorithm: &'static str,
        /// The algorithms the provider takes.
        offered: Vec<String>,
    },
    /// The provider did not take the pushed authorization request (RFC 9126, 2.3).
    #[error("the provider did not accept the request to sign in")]
    Pushed {
        /// The HTTP status.
        status: u16,
        /// The error code, if there is one.
        error: Option<String>,
    },
    /// The answer to the pushed authorization request is not one.
    #[error("the provider's answer to the request to sign in is not of the expected form")]
    PushedResponse {
        /// What was expected.
        expected: &'static str,
    },
    /// The tokens are not bound to our key though that was asked for, or bound to one though it was not.
    #[error("the provider's tokens are of another type than was asked for")]
    TokenType {
        /// The type that was asked for.
        expected: &'static str,
        /// The type of the tokens.
        found: String,
    },
    /// The provider gave no refresh token.
    #[error("the provider gave nothing to go on with; sign in again")]
    NoRefreshToken,
    /// The provider did not take the refresh token.
    #[error("the provider ended the sign-in; sign in again")]
    RefreshRefused {
        /// The HTTP status.
        status: u16,
        /// The error code (RFC 6749, 5.2), if there is one.
        error: Option<String>,
    },
    /// The answer to the refresh is no token response.
    #[error("the provider's token response is not of the expected form")]
    RefreshResponse {
        /// What was expected.
        expected: &'static str,
    },
    /// The provider did not exchange the token (RFC 8693, 2.2.2).
    #[error("the provider did not exchange the token")]
    TokenExchangeRefused {
        /// The HTTP status.
        status: u16,
        /// The error code (RFC 6749, 5.2), if there is one.
        error: Option<String>,
    },
    /// The answer to the token exchange is not one.
    #[error("the provider's answer to the token exchange is not of the expected form")]
    TokenExchangeResponse {
        /// What was expected.
        expected: &'static str,
    },
    /// The provider gave a token of another type than was asked for.
    #[error("the provider exchanged the token for one of another type than was asked for")]
    IssuedTokenType {
        /// The token type identifier that was asked for.
        expected: String,
        /// That of the token.
        found: String,
    },
    /// The token is used otherwise than was asked for, such as by anybody where it was to be bound to a key.
    #[error("the provider exchanged the token for one that is used otherwise than was asked for")]
    ExchangedTokenType {
        /// How it was to be used.
        expected: &'static str,
        /// How it is used.
        found: String,
    },
    /// The userinfo endpoint answered with an error.
    #[error("the provider does not say more about the person")]
    UserinfoStatus {
        /// The HTTP status.
        status: u16,
    },
    /// The ID token was refused.
    #[error(transparent)]
    Token(#[from] OidcError),
    /// What the userinfo endpoint said was refused.
    #[error(transparent)]
    Userinfo(#[from] UserinfoError),
}

impl SignInError {
    /// The rule that was broken; `None` when nothing was refused and something failed.
    #[must_use]
    pub const fn rule(&self) -> Option<&'static Rule> {
        match self {
            Self::Fetch(_)
            | Self::Endpoint { .. }
            | Self::Randomness(_)
            | Self::ClientAuthentication { .. }
            | Self::SigningAlgorithm { .. }
            | Self::Pushed { .. }
            | Self::PushedResponse { .. }
            | Self::NoRefreshToken
            | Self::UserinfoStatus { .. } => None,
            Self::Callback { .. } | Self::DuplicateParameter { .. } => Some(&callback::PARAMETERS),
            Self::State => Some(&callback::STATE),
            Self::Browser => Some(&callback::BROWSER),
            Self::Expired { .. } => Some(&callback::LIFETIME),
            Self::Issuer { .. } => Some(&callback::ISSUER),
            Self::Refused { .. } => Some(&callback::CONSENT),
            Self::Exchange { .. } | Self::TokenResponse { .. } => Some(&callback::CODE_EXCHANGE),
            Self::TokenType { .. } => Some(&callback::TOKEN_TYPE),
            Self::RefreshRefused { .. } | Self::RefreshResponse { .. } => Some(&refresh::GRANT),
            Self::TokenExchangeRefused { .. } => Some(&exchange::GRANT),
            Self::TokenExchangeResponse { .. } => Some(&exchange::RESPONSE),
            Self::IssuedTokenType { .. } => Some(&exchange::ISSUED_TYPE),
            Self::ExchangedTokenType { .. } => Some(&exchange::USE),
            Self::Token(error) => Some(error.rule()),
            Self::Userinfo(error) => Some(error.rule()),
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
            Self::Exchange { status, error } => told("token endpoint", *status, error.as_deref()),
            Self::TokenResponse { expected } => format!("token response: expected {expected}"),
            Self::ClientAuthentication { wanted, offered } => {
                format!("client authentication: {wanted} is wanted, the provider offers {offered:?}")
            }
            Self::SigningAlgorithm { algorithm, offered } => {
                format!("signatures are {algorithm}, the provider takes {offered:?}")
            }
            Self::Pushed { status, error } => told("pushed request", *status, error.as_deref()),
            Self::PushedResponse { expected } => format!("pushed request: expected {expected}"),
            Self::RefreshRefused { status, error } => told("refresh", *status, error.as_deref()),
            Self::RefreshResponse { expected } => format!("refresh: expected {expected}"),
            Self::TokenExchangeRefused { status, error } => told("token exchange", *status, error.as_deref()),
            Self::TokenExchangeResponse { expected } => format!("token exchange: expected {expected}"),
            Self::IssuedTokenType { expected, found } => {
                format!("issued_token_type: expected {expected:?}, found {found:?}")
            }
            Self::TokenType { expected, found } | Self::ExchangedTokenType { expected, found } => {
                format!("token_type: expected {expected}, found {found:?}")
            }
            Self::UserinfoStatus { status } => format!("userinfo: HTTP status {status}"),
            Self::Token(error) => error.reason(),
            Self::Userinfo(error) => error.reason(),
            Self::NoRefreshToken | Self::Randomness(_) | Self::State | Self::Browser => self.to_string(),
        }
    }
}

/// What an endpoint refused with; `invalid_client` is nearly always a matter of registration.
fn told(endpoint: &str, status: u16, error: Option<&str>) -> String {
    let code = error.map_or_else(|| "no error code".to_owned(), |error| format!("error {error:?}"));
    let cause = match error {
        Some("invalid_client") => " (the client id, secret or key is not the registered one)",
        _ => "",
    };
    format!("{endpoint}: HTTP status {status}, {code}{cause}")
}
