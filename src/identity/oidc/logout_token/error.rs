//! Why a logout token ended no session.

use super::rules;
use crate::explain::Rule;
use crate::identity::oidc::OidcError;
use crate::identity::oidc::jws::shown;
use crate::time::Timestamp;

/// Why a logout token was refused: one variant for each way, with what was found.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LogoutTokenError {
    /// The message, its key, its signature or the form of its claims, which are held to the rules of an ID token.
    #[error(transparent)]
    Token(#[from] OidcError),
    /// A claim that must be there is not.
    #[error("the logout token lacks a claim that it must have")]
    MissingClaim {
        /// The claim.
        claim: &'static str,
        /// The rule that wants it.
        rule: &'static Rule,
    },
    /// `typ` says that this is a token for another use.
    #[error("the token is not of the type of a logout token")]
    Type {
        /// What the header says.
        found: String,
    },
    /// `iss` is not this provider.
    #[error("the logout token was issued by another provider")]
    Issuer {
        /// The provider.
        expected: String,
        /// What the token says.
        found: String,
    },
    /// The token is meant for someone else.
    #[error("the logout token is meant for another audience")]
    Audience {
        /// The audiences that are ours.
        expected: Vec<String>,
        /// What the token says.
        found: Vec<String>,
    },
    /// The token says it was issued later than now.
    #[error("the logout token was issued in the future")]
    IssuedInFuture {
        /// When it says it was issued.
        issued_at: Timestamp,
        /// When it was looked at.
        now: Timestamp,
    },
    /// The token is too old.
    #[error("the logout token has expired")]
    Expired {
        /// When it expired.
        expiration: Timestamp,
        /// When it was looked at.
        now: Timestamp,
    },
    /// The token is good for longer than [`super::MAX_LOGOUT_LIFETIME`], or for no time at all.
    #[error("the logout token's lifetime is not acceptable")]
    Lifetime {
        /// How long it is good for, in seconds.
        seconds: u64,
        /// The most that is allowed, in seconds.
        limit: u64,
    },
    /// The token is not good yet.
    #[error("the logout token is not valid yet")]
    NotYetValid {
        /// When it becomes good.
        not_before: Timestamp,
        /// When it was looked at.
        now: Timestamp,
    },
    /// `sub` or `sid` is empty, too long, or holds characters that are not allowed.
    #[error("the logout token does not name a session in the expected form")]
    Session {
        /// The claim.
        claim: &'static str,
        /// Its length in bytes.
        bytes: usize,
    },
    /// `events` does not say that this is a logout.
    #[error("the token does not say that it is a logout token")]
    Events {
        /// What it holds instead.
        found: String,
    },
    /// The token carries a nonce: it is an ID token.
    #[error("the token is an ID token")]
    Nonce,
    /// `jti` is empty, too long, or holds characters that are not allowed.
    #[error("the logout token's identifier is not of the expected form")]
    TokenId {
        /// Its length in bytes.
        bytes: usize,
    },
}

impl LogoutTokenError {
    /// The rule that was broken.
    #[must_use]
    pub const fn rule(&self) -> &'static Rule {
        match self {
            Self::Token(error) => error.rule(),
            Self::MissingClaim { rule, .. } => rule,
            Self::Type { .. } => &rules::TYPE,
            Self::Issuer { .. } => &rules::ISSUER,
            Self::Audience { .. } => &rules::AUDIENCE,
            Self::IssuedInFuture { .. } => &rules::ISSUED_AT,
            Self::Expired { .. } => &rules::EXPIRATION,
            Self::Lifetime { .. } => &rules::LIFETIME,
            Self::NotYetValid { .. } => &rules::NOT_BEFORE,
            Self::Session { .. } => &rules::SESSION,
            Self::Events { .. } => &rules::EVENTS,
            Self::Nonce => &rules::NO_NONCE,
            Self::TokenId { .. } => &rules::TOKEN_ID,
        }
    }

    /// What was wrong, for logs and audit; text from the token is escaped, and no secret is in it.
    #[must_use]
    pub fn reason(&self) -> String {
        match self {
            Self::Token(error) => error.reason(),
            Self::MissingClaim { claim, .. } => format!("there is no {claim}"),
            Self::Type { found } => format!("typ: expected logout+jwt, JWT, or none, found {}", shown(found)),
            Self::Issuer { expected, found } => format!("iss: expected {expected}, found {}", shown(found)),
            Self::Audience { expected, found } => {
                format!("aud: expected one of {expected:?}, found {}", shown(&found.join(" ")))
            }
            Self::IssuedInFuture { issued_at, now } => format!("iat: {issued_at}, and it is {now}"),
            Self::Expired { expiration, now } => format!("exp: {expiration}, and it is {now}"),
            Self::Lifetime { seconds, limit } => format!("good for {seconds} seconds, expected 1 to {limit}"),
            Self::NotYetValid { not_before, now } => format!("nbf: {not_before}, and it is {now}"),
            Self::Session { claim, bytes } => {
                format!("{claim}: {bytes} bytes, or characters that are not allowed")
            }
            Self::Events { found } => format!("events: {found}"),
            Self::Nonce => "there is a nonce".to_owned(),
            Self::TokenId { bytes } => format!("jti: {bytes} bytes, or characters that are not allowed"),
        }
    }
}
