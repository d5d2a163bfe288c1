//! The signing key of one session in one scope, for the service of that scope: it verifies the requests that the session's
//! holder sends there on one day, and forges none to anybody else.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::{AccessKeyId, CredentialScope, OpenSession, Revoked, ScopedSigningKey, Sessions, TokenError};
use crate::session::Session;
use crate::time::Timestamp;

/// Services that no key is given away for: whoever held one could assume roles, change the directory, or ask for more keys
/// as anybody whose request it saw.
const OWN: [&str; 7] = ["daypass", "sts", "iam", "sso", "sso-oauth", "sso-admin", "identitystore"];
/// How far clocks may be apart: a request signed just after midnight may be there before.
const CLOCK_SKEW: Duration = Duration::from_secs(15 * 60);

/// Why no key was given away.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HandoverError {
    /// The session token was refused.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// The session was revoked.
    #[error(transparent)]
    Revoked(#[from] Revoked),
    /// The scope is of a service of the broker itself.
    #[error("no signing key is given away for this service")]
    OwnService {
        /// The service.
        service: String,
    },
    /// The day of the scope is not one on which the session can have signed.
    #[error("the session cannot have signed on the day of the scope")]
    Day {
        /// The day of the scope, `YYYYMMDD`.
        day: String,
        /// The first day that is possible.
        first: String,
        /// The last.
        last: String,
    },
}

impl HandoverError {
    /// What happened, for logs and the audit trail.
    #[must_use]
    pub fn reason(&self) -> String {
        match self {
            Self::Token(error) => error.reason(),
            Self::Revoked(error) => error.reason(),
            Self::OwnService { service } => format!("{service} is a service of the broker"),
            Self::Day { day, first, last } => {
                format!("the scope is of {day}; the session signs from {first} to {last}")
            }
        }
    }

    /// The wire code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Token(error) => error.code(),
            Self::Revoked(error) => error.code(),
            Self::OwnService { .. } => "AccessDenied",
            Self::Day { .. } => "ValidationError",
        }
    }
}

/// A key that is given away, and the session it belongs to.
pub struct HandedKey {
    key: ScopedSigningKey,
    opened: Arc<OpenSession>,
}

impl HandedKey {
    /// The key.
    #[must_use]
    pub const fn key(&self) -> &ScopedSigningKey {
        &self.key
    }

    /// The session whose signatures it verifies.
    #[must_use]
    pub fn session(&self) -> &Arc<Session> {
        self.opened.session()
    }
}

impl fmt::Debug for HandedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HandedKey").field("opened", &self.opened).finish_non_exhaustive()
    }
}

/// Makes the key of one session for `scope`. Who may have it is for policies to say.
///
/// # Errors
/// [`HandoverError`], naming the first thing wrong: the service, the token, revocation, the day.
pub fn hand_over(
    sessions: &Sessions,
    access_key_id: &AccessKeyId,
    token: &str,
    scope: &CredentialScope,
    now: Timestamp,
) -> Result<HandedKey, HandoverError> {
    if OWN.contains(&scope.service()) {
        return Err(HandoverError::OwnService { service: scope.service().to_owned() });
    }
    let opened = sessions.open(access_key_id, token, now)?;
    sessions.verify_live(opened.session(), access_key_id)?;
    let day = |instant: Timestamp| instant.amz_date().chars().take(8).collect::<String>();
    let first = day(opened.session().issued_at().saturating_sub(CLOCK_SKEW));
    // A key for a day to come would verify what nobody has signed yet.
    let last = day(opened.session().expiration().min(now.saturating_add(CLOCK_SKEW)));
    if !(first.as_str()..=last.as_str()).contains(&scope.date()) {
        return Err(HandoverError::Day { day: scope.date().to_owned(), first, last });
    }
    let Some(key) = opened.scoped_signing_key(scope) else {
        return Err(TokenError::Unavailable { reason: "the session has no secret here".to_owned() }.into());
    };
    Ok(HandedKey { key, opened })
}
