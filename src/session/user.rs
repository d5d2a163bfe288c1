//! Sessions from GetSessionToken: a user or root user, for a while, with or without a second factor.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{LongTermIdentity, SessionError, UserIdentity};
use crate::arn::{AccountId, Arn};
use crate::crypto::SignatureValid;

/// A user as a session token names it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UserClaims {
    /// The user's ARN.
    pub arn: String,
    /// The unique id, `AIDA…`.
    pub user_id: String,
    /// The name without its path.
    pub user_name: String,
}

impl UserClaims {
    pub(crate) fn of(identity: &LongTermIdentity) -> Option<Self> {
        identity.user().map(|user| Self {
            arn: user.arn.to_string(),
            user_id: user.user_id.clone(),
            user_name: user.user_name.clone(),
        })
    }

    /// The user of `account` that the claims name, or its root user where they name none.
    pub(crate) fn identity(claims: Option<&Self>, account: &str) -> Result<LongTermIdentity, SessionError> {
        let account: AccountId = account.parse().map_err(|_| SessionError::Claims)?;
        let Some(user) = claims else { return Ok(LongTermIdentity::Root { account }) };
        let arn: Arn = user.arn.parse().map_err(|_| SessionError::Claims)?;
        let of_account = arn.account() == account.as_str();
        if !of_account || arn.service() != "iam" || !arn.resource().starts_with("user/") || user.user_id.is_empty() {
            return Err(SessionError::Claims);
        }
        let (id, name) = (user.user_id.as_str(), user.user_name.as_str());
        Ok(LongTermIdentity::User(Arc::new(UserIdentity::new(arn, account, id, name))))
    }
}

/// The claims of a session from GetSessionToken. Instants are whole seconds since 1970 in UTC.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UserSessionClaims {
    /// The account.
    pub account: String,
    /// The user; the root user of the account where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<UserClaims>,
    /// When a second factor was proved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mfa_authenticated_at: Option<i64>,
    /// When the session was made.
    pub issued_at: i64,
    /// When its credentials stop working.
    pub expiration: i64,
    /// Follows the person's flow through every stage.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correlation_id: Option<String>,
}

/// A user or root user, for a while: what GetSessionToken gives.
///
/// Only this stage makes one, or a session token whose signature was verified.
#[derive(Debug)]
pub struct UserSession {
    claims: UserSessionClaims,
    identity: LongTermIdentity,
    arn: Arn,
}

impl UserSession {
    /// Reads a session back from the claims of a token whose signature was verified.
    ///
    /// # Errors
    /// [`SessionError::Claims`] when they name no user of the account.
    pub(crate) fn from_claims(claims: UserSessionClaims, _signed: &SignatureValid) -> Result<Self, SessionError> {
        Self::new(claims)
    }

    pub(super) fn new(claims: UserSessionClaims) -> Result<Self, SessionError> {
        let identity = UserClaims::identity(claims.user.as_ref(), &claims.account)?;
        let arn = identity.arn();
        Ok(Self { claims, identity, arn })
    }

    /// Everything the session says of itself.
    #[must_use]
    pub const fn claims(&self) -> &UserSessionClaims {
        &self.claims
    }

    /// Whose session it is; without tags, which are the user's present ones.
    #[must_use]
    pub const fn identity(&self) -> &LongTermIdentity {
        &self.identity
    }

    /// The ARN of the user or root user.
    #[must_use]
    pub const fn arn(&self) -> &Arn {
        &self.arn
    }
}
