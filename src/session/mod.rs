//! Stage 2: a [`VerifiedIdentity`](crate::VerifiedIdentity) and a role in, a [`RoleSession`] out.
//!
//! Enters: a verified identity (or the session of another role), the role it asks for, and `now`. Leaves: a role session.
//! Refused: what the role's trust policy does not allow, and any name, duration, tag or policy outside the limits of STS.

mod claims;
mod name;

pub use claims::{Origin, SessionClaims};
pub use name::{RoleSessionName, SourceIdentity};

use crate::arn::Arn;
use crate::crypto::SignatureValid;
use crate::time::Timestamp;

/// Why no session was made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SessionError {
    /// The session name is not 2 to 64 characters of `[\w+=,.@-]`.
    #[error("the role session name must be 2 to 64 characters of [\\w+=,.@-]")]
    RoleSessionName {
        /// What was given, shortened.
        found: String,
    },
    /// The source identity is not 2 to 64 characters of `[\w+=,.@-]`.
    #[error("the source identity must be 2 to 64 characters of [\\w+=,.@-]")]
    SourceIdentity {
        /// What was given, shortened.
        found: String,
    },
    /// A session token's claims do not describe a role session.
    #[error("the session token does not describe a role session")]
    Claims,
}

/// A role that was assumed: who, which role, until when.
///
/// It is made by this stage after the trust policy allowed it, or read back from a session token whose signature was
/// verified; nothing else makes one:
///
/// ```compile_fail,E0451
/// let session = daypass::RoleSession { claims: unreachable!(), role_arn: unreachable!() };
/// ```
#[derive(Debug)]
pub struct RoleSession {
    claims: SessionClaims,
    role_arn: Arn,
}

impl RoleSession {
    /// Reads a session back from the claims of a token whose signature was verified.
    ///
    /// # Errors
    /// [`SessionError::Claims`] when the role's ARN or the session name is not one.
    pub(crate) fn from_claims(
        claims: SessionClaims,
        _signed: &SignatureValid,
    ) -> Result<Self, SessionError> {
        let role_arn: Arn = claims.role_arn.parse().map_err(|_| SessionError::Claims)?;
        role_arn
            .role_name()
            .and(role_arn.account_id())
            .map_err(|_| SessionError::Claims)?;
        claims
            .role_session_name
            .parse::<RoleSessionName>()
            .map_err(|_| SessionError::Claims)?;
        Ok(Self { claims, role_arn })
    }

    /// Everything the session says of itself.
    #[must_use]
    pub const fn claims(&self) -> &SessionClaims {
        &self.claims
    }

    /// The role that was assumed.
    #[must_use]
    pub const fn role_arn(&self) -> &Arn {
        &self.role_arn
    }

    /// The session's own ARN, `arn:aws:sts::<account>:assumed-role/<role>/<session name>` (a role's path is left out).
    #[must_use]
    pub fn arn(&self) -> String {
        format!(
            "arn:{}:sts::{}:assumed-role/{}/{}",
            self.role_arn.partition(),
            self.role_arn.account(),
            self.role_arn.role_name().unwrap_or_default(),
            self.claims.role_session_name
        )
    }

    /// The user id that STS reports, `<role id>:<session name>`.
    #[must_use]
    pub fn user_id(&self) -> String {
        format!("{}:{}", self.claims.role_id, self.claims.role_session_name)
    }

    /// When the session was made.
    #[must_use]
    pub const fn issued_at(&self) -> Timestamp {
        Timestamp::from_unix_seconds(self.claims.issued_at)
    }

    /// When the session's credentials stop working.
    #[must_use]
    pub const fn expiration(&self) -> Timestamp {
        Timestamp::from_unix_seconds(self.claims.expiration)
    }
}
