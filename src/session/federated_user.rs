//! Sessions from GetFederationToken: somebody that a user vouches for, with a share of the user's permissions.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{LongTermIdentity, PackedSize, SessionError, SessionPolicies, UserClaims};
use crate::arn::{AccountId, Arn};
use crate::crypto::SignatureValid;
use crate::policy::{Keys, Principal};

/// The claims of a session from GetFederationToken. Instants are whole seconds since 1970 in UTC.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FederatedUserClaims {
    /// The account.
    pub account: String,
    /// The federated user's name.
    pub name: String,
    /// The user who vouches; the root user of the account where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<UserClaims>,
    /// Inline session policies, each as its JSON text.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub session_policies: Vec<String>,
    /// ARNs of managed policies that serve as session policies.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub policy_arns: Vec<String>,
    /// Principal tags, by key.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub principal_tags: BTreeMap<String, String>,
    /// When the session was made.
    pub issued_at: i64,
    /// When its credentials stop working.
    pub expiration: i64,
    /// Follows the person's flow through every stage.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correlation_id: Option<String>,
}

/// Somebody that a user vouches for: what GetFederationToken gives. May do what the user may and the session policies
/// allow too; without session policies nothing.
///
/// Only this stage makes one, or a session token whose signature was verified.
#[derive(Debug)]
pub struct FederatedUserSession {
    claims: FederatedUserClaims,
    asker: LongTermIdentity,
    arn: Arn,
    session_policies: SessionPolicies,
}

impl FederatedUserSession {
    /// Reads a session back from the claims of a token whose signature was verified.
    ///
    /// # Errors
    /// [`SessionError::Claims`] when they name no user of the account or are not within the limits.
    pub(crate) fn from_claims(claims: FederatedUserClaims, _signed: &SignatureValid) -> Result<Self, SessionError> {
        let session_policies = SessionPolicies::from_claims(&claims.session_policies, &claims.policy_arns)?;
        Self::new(claims, session_policies)
    }

    pub(super) fn new(claims: FederatedUserClaims, session_policies: SessionPolicies) -> Result<Self, SessionError> {
        let asker = UserClaims::identity(claims.user.as_ref(), &claims.account)?;
        if !super::name::is_federated_user_name(&claims.name) {
            return Err(SessionError::Claims);
        }
        let arn = Arn::sts(asker.account(), &format!("federated-user/{}", claims.name));
        Ok(Self { claims, asker, arn, session_policies })
    }

    /// Everything the session says of itself.
    #[must_use]
    pub const fn claims(&self) -> &FederatedUserClaims {
        &self.claims
    }

    /// Who vouches.
    #[must_use]
    pub const fn asker(&self) -> &LongTermIdentity {
        &self.asker
    }

    /// The account.
    #[must_use]
    pub fn account(&self) -> &AccountId {
        self.asker.account()
    }

    /// `arn:aws:sts::<account>:federated-user/<name>`
    #[must_use]
    pub const fn arn(&self) -> &Arn {
        &self.arn
    }

    /// The user id that STS reports, `<account>:<name>`.
    #[must_use]
    pub fn user_id(&self) -> String {
        format!("{}:{}", self.account(), self.claims.name)
    }

    /// What limits the session below the permissions of who vouches.
    #[must_use]
    pub const fn session_policies(&self) -> &SessionPolicies {
        &self.session_policies
    }

    /// What its policies and its tags take of the room for them.
    #[must_use]
    pub fn packed_size(&self) -> PackedSize {
        PackedSize::of(&self.session_policies, &self.claims.principal_tags, &[])
    }

    /// The session as the principal of a request, where whoever vouches is `asker` by now.
    pub(super) fn principal(&self, asker: &LongTermIdentity) -> Principal {
        Principal::FederatedUser { arn: self.arn.clone(), user_arn: asker.user().map(|user| user.arn.clone()) }
    }

    pub(super) fn principal_keys(&self, keys: &mut Keys) {
        keys.set("aws:PrincipalArn", self.arn.as_str());
        keys.set("aws:PrincipalAccount", self.account().as_str());
        keys.set("aws:PrincipalType", "FederatedUser");
        keys.set("aws:userid", self.user_id());
        for (key, value) in &self.claims.principal_tags {
            keys.set(&format!("aws:PrincipalTag/{key}"), value.as_str());
        }
    }
}
