//! Sessions from AssumeRoot: the root user of a member account, for one task.

use serde::{Deserialize, Serialize};

use super::SessionError;
use super::task::TaskPolicy;
use crate::arn::{AccountId, Arn};
use crate::crypto::SignatureValid;
use crate::policy::Keys;

/// The claims of a session from AssumeRoot. Instants are whole seconds since 1970 in UTC.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RootSessionClaims {
    /// The member account.
    pub account: String,
    /// ARN of the task policy, the most that the session may do.
    pub task_policy: String,
    /// ARN of who asked.
    pub asked_by: String,
    /// The source identity of who asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_identity: Option<String>,
    /// When the session was made.
    pub issued_at: i64,
    /// When its credentials stop working.
    pub expiration: i64,
    /// Follows the person's flow through every stage.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correlation_id: Option<String>,
}

/// The root user of a member account, for one task: what AssumeRoot gives.
///
/// Only this stage makes one, or a session token whose signature was verified.
#[derive(Debug)]
pub struct RootSession {
    claims: RootSessionClaims,
    account: AccountId,
    arn: Arn,
    task: TaskPolicy,
}

impl RootSession {
    /// Reads a session back from the claims of a token whose signature was verified.
    ///
    /// # Errors
    /// [`SessionError::Claims`] when they name no account or no task policy.
    pub(crate) fn from_claims(claims: RootSessionClaims, _signed: &SignatureValid) -> Result<Self, SessionError> {
        Self::new(claims)
    }

    pub(super) fn new(claims: RootSessionClaims) -> Result<Self, SessionError> {
        let account: AccountId = claims.account.parse().map_err(|_| SessionError::Claims)?;
        let task = TaskPolicy::from_arn(&claims.task_policy).ok_or(SessionError::Claims)?;
        let arn = account.root();
        Ok(Self { claims, account, arn, task })
    }

    /// Everything the session says of itself.
    #[must_use]
    pub const fn claims(&self) -> &RootSessionClaims {
        &self.claims
    }

    /// The member account.
    #[must_use]
    pub const fn account(&self) -> &AccountId {
        &self.account
    }

    /// The ARN of the account's root user.
    #[must_use]
    pub const fn arn(&self) -> &Arn {
        &self.arn
    }

    /// The most that the session may do.
    #[must_use]
    pub const fn task(&self) -> TaskPolicy {
        self.task
    }

    pub(super) fn principal_keys(&self, keys: &mut Keys) {
        keys.set("aws:PrincipalArn", self.arn.as_str());
        keys.set("aws:PrincipalAccount", self.account.as_str());
        keys.set("aws:PrincipalType", "Account");
        keys.set("aws:userid", self.account.as_str());
        keys.set("aws:AssumedRoot", "true");
        if let Some(identity) = &self.claims.source_identity {
            keys.set("aws:SourceIdentity", identity.as_str());
        }
    }
}
