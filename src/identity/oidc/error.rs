//! Why a token gave no identity.

use super::claims::ClaimsError;
use super::jws::{JwsError, shown};
use super::refresh::RefreshedTokenError;
use super::rules;
use crate::explain::Rule;
use crate::time::Timestamp;

/// Why an ID token was refused: one variant for each way, with what was found.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OidcError {
    /// The token is not a message signed by a key of the issuer.
    #[error(transparent)]
    Jws(JwsError),
    /// No key of the issuer has the token's key id; fetch the keys again and retry once.
    #[error("the token names a key that the issuer does not publish")]
    UnknownKey {
        /// The key id.
        key_id: String,
    },
    /// The payload does not hold typed claims.
    #[error(transparent)]
    Claims(ClaimsError),
    /// A claim that must be there is not.
    #[error("the token lacks a claim that it must have")]
    MissingClaim {
        /// The claim.
        claim: &'static str,
        /// The rule that wants it.
        rule: &'static Rule,
    },
    /// `typ` says that this is a token for another use.
    #[error("the token is of another type")]
    Type {
        /// The types that are accepted.
        expected: &'static str,
        /// What the header says.
        found: String,
    },
    /// The token carries `events`: it is a logout token or another security event.
    #[error("the token is a logout or event token")]
    Events,
    /// `iss` is not this provider.
    #[error("the token was issued by another provider")]
    Issuer {
        /// The provider.
        expected: String,
        /// What the token says.
        found: String,
    },
    /// `sub` is empty, too long, or holds characters that are not allowed.
    #[error("the token's subject is not of the expected form")]
    Subject {
        /// The length in bytes.
        bytes: usize,
    },
    /// `sub` is not of the form that this issuer's workloads have.
    #[error("the token's subject is not of the form that this issuer writes")]
    SubjectForm {
        /// The form.
        expected: String,
        /// What the token says.
        found: String,
    },
    /// The token is meant for someone else.
    #[error("the token is meant for another audience")]
    Audience {
        /// The audiences that are ours.
        expected: Vec<String>,
        /// What the token says.
        found: Vec<String>,
    },
    /// The token is also meant for an audience that is not trusted.
    #[error("the token is also meant for an audience that is not trusted")]
    ExtraAudience {
        /// The audience.
        found: String,
    },
    /// The token was obtained by another client.
    #[error("the token was obtained by another client")]
    AuthorizedParty {
        /// The clients that are ours.
        expected: Vec<String>,
        /// What the token says.
        found: String,
    },
    /// The token is too old.
    #[error("the token has expired")]
    Expired {
        /// When it expired.
        expiration: Timestamp,
        /// When it was looked at.
        now: Timestamp,
    },
    /// The token says it was issued later than now.
    #[error("the token was issued in the future")]
    IssuedInFuture {
        /// When it says it was issued.
        issued_at: Timestamp,
        /// When it was looked at.
        now: Timestamp,
    },
    /// The token is good for longer than allowed, or for no time at all.
    #[error("the token's lifetime is not acceptable")]
    Lifetime {
        /// How long it is good for, in seconds.
        seconds: u64,
        /// The most that is allowed, in seconds.
        limit: u64,
    },
    /// The token is not good yet.
    #[error("the token is not valid yet")]
    NotYetValid {
        /// When it becomes good.
        not_before: Timestamp,
        /// When it was looked at.
        now: Timestamp,
    },
    /// The nonce is not the one of this sign-in.
    #[error("the token belongs to another sign-in")]
    Nonce,
    /// The person signed in too long ago, or in the future.
    #[error("the sign-in is older than was asked for")]
    AuthTime {
        /// When the person signed in.
        auth_time: Timestamp,
        /// When it was looked at.
        now: Timestamp,
    },
    /// `at_hash` is not the hash of the access token.
    #[error("the token belongs to another access token")]
    AccessTokenHash,
    /// `c_hash` is not the hash of the authorization code.
    #[error("the token belongs to another authorization code")]
    CodeHash,
    /// The token came with a refresh, and is not one of the sign-in that was refreshed.
    #[error(transparent)]
    Refreshed(RefreshedTokenError),
}

impl From<JwsError> for OidcError {
    fn from(error: JwsError) -> Self {
        match error {
            JwsError::UnknownKey { key_id } => Self::UnknownKey { key_id },
            other => Self::Jws(other),
        }
    }
}

impl OidcError {
    /// The rule that was broken.
    #[must_use]
    pub const fn rule(&self) -> &'static Rule {
        match self {
            Self::Jws(error) => error.rule(),
            Self::UnknownKey { .. } => &super::jws::KEY,
            Self::Claims(_) => &rules::CLAIMS,
            Self::MissingClaim { rule, .. } => rule,
            Self::Type { .. } => &rules::TYPE,
            Self::Events => &rules::NO_EVENTS,
            Self::Issuer { .. } => &rules::ISSUER,
            Self::Subject { .. } => &rules::SUBJECT,
            Self::SubjectForm { .. } => &rules::SUBJECT_FORM,
            Self::Audience { .. } => &rules::AUDIENCE,
            Self::ExtraAudience { .. } => &rules::EXTRA_AUDIENCES,
            Self::AuthorizedParty { .. } => &rules::AUTHORIZED_PARTY,
            Self::Expired { .. } => &rules::EXPIRATION,
            Self::IssuedInFuture { .. } => &rules::ISSUED_AT,
            Self::Lifetime { .. } => &rules::LIFETIME,
            Self::NotYetValid { .. } => &rules::NOT_BEFORE,
            Self::Nonce => &rules::NONCE,
            Self::AuthTime { .. } => &rules::AUTH_TIME,
            Self::AccessTokenHash => &rules::ACCESS_TOKEN_HASH,
            Self::CodeHash => &rules::CODE_HASH,
            Self::Refreshed(error) => error.rule(),
        }
    }

    /// The error code STS answers with for such a token.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Expired { .. } => "ExpiredTokenException",
            _ => "InvalidIdentityToken",
        }
    }

    /// What was wrong, for logs and audit; text from the token is escaped, and no secret is in it.
    #[must_use]
    pub fn reason(&self) -> String {
        match self {
            Self::Jws(error) => error.reason(),
            Self::UnknownKey { key_id } => format!("no key has kid {}", shown(key_id)),
            Self::Claims(error) => error.reason(),
            Self::MissingClaim { claim, .. } => format!("there is no {claim}"),
            Self::Type { expected, found } => format!("typ: expected {expected}, found {}", shown(found)),
            Self::Issuer { expected, found } => format!("iss: expected {expected}, found {}", shown(found)),
            Self::Subject { bytes } => format!("sub: {bytes} bytes, or characters that are not allowed"),
            Self::SubjectForm { expected, found } => format!("sub: expected {expected}, found {}", shown(found)),
            Self::Audience { expected, found } => {
                format!("aud: expected one of {expected:?}, found {}", shown(&found.join(" ")))
            }
            Self::ExtraAudience { found } => format!("aud: {} is not trusted", shown(found)),
            Self::AuthorizedParty { expected, found } => {
                format!("azp: expected one of {expected:?}, found {}", shown(found))
            }
            Self::Expired { expiration, now } => format!("exp: {expiration}, and it is {now}"),
            Self::IssuedInFuture { issued_at, now } => format!("iat: {issued_at}, and it is {now}"),
            Self::Lifetime { seconds, limit } => {
                format!("good for {seconds} seconds, expected 1 to {limit}")
            }
            Self::NotYetValid { not_before, now } => format!("nbf: {not_before}, and it is {now}"),
            Self::AuthTime { auth_time, now } => format!("auth_time: {auth_time}, and it is {now}"),
            Self::Refreshed(error) => error.reason(),
            Self::Events | Self::Nonce | Self::AccessTokenHash | Self::CodeHash => self.to_string(),
        }
    }
}
