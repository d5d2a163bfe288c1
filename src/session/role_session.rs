//! A role that was assumed: what most credentials are made of.

use super::{PackedSize, RoleSessionName, SessionClaims, SessionError, SessionPolicies};
use crate::arn::{AccountId, Arn};
use crate::crypto::SignatureValid;
use crate::policy::{Keys, Principal};
use crate::time::Timestamp;

/// A role that was assumed: who, which role, until when.
///
/// It is made by this stage after the trust policy allowed it, or read back from a session token whose signature was
/// verified; or supposed, inside of [`explain_supposed`](super::explain_supposed), which keeps it. Nothing else makes one:
///
/// ```compile_fail,E0451
/// let session = daypass::RoleSession { claims: todo!(), role_arn: todo!() };
/// ```
#[derive(Debug)]
pub struct RoleSession {
    claims: SessionClaims,
    role_arn: Arn,
    account: AccountId,
    arn: Arn,
    session_policies: SessionPolicies,
    /// Whether the role's ARN holds the path that the role has; always, but where a session is supposed.
    is_path_known: bool,
}

impl RoleSession {
    /// Reads a session back from the claims of a token whose signature was verified.
    ///
    /// # Errors
    /// [`SessionError::Claims`] when the role's ARN or the session name is not one.
    pub(crate) fn from_claims(claims: SessionClaims, _signed: &SignatureValid) -> Result<Self, SessionError> {
        let role_arn: Arn = claims.role_arn.parse().map_err(|_| SessionError::Claims)?;
        let session_policies = SessionPolicies::from_claims(&claims.session_policies, &claims.policy_arns)?;
        Self::new(claims, role_arn, session_policies)
    }

    pub(super) fn new(
        claims: SessionClaims,
        role_arn: Arn,
        session_policies: SessionPolicies,
    ) -> Result<Self, SessionError> {
        claims.role_session_name.parse::<RoleSessionName>().map_err(|_| SessionError::Claims)?;
        let refused = |_| SessionError::Claims;
        let account = role_arn.account_id().map_err(refused)?;
        // A role's path is left out of its sessions' ARNs.
        let role = role_arn.role_name().map_err(refused)?;
        let arn = Arn::sts(&account, &format!("assumed-role/{role}/{}", claims.role_session_name));
        Ok(Self { claims, role_arn, account, arn, session_policies, is_path_known: true })
    }

    /// The same session, of a role whose path nobody told.
    pub(super) fn of_unknown_path(self) -> Self {
        Self { is_path_known: false, ..self }
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

    /// The account of the role.
    #[must_use]
    pub const fn account(&self) -> &AccountId {
        &self.account
    }

    /// The session's own ARN, `arn:aws:sts::<account>:assumed-role/<role>/<session name>`.
    #[must_use]
    pub const fn arn(&self) -> &Arn {
        &self.arn
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

    /// What limits the session below its role's permissions.
    #[must_use]
    pub const fn session_policies(&self) -> &SessionPolicies {
        &self.session_policies
    }

    /// What its policies and its tags, also inherited ones, take of the room for them.
    #[must_use]
    pub fn packed_size(&self) -> PackedSize {
        let claims = &self.claims;
        PackedSize::of(&self.session_policies, &claims.principal_tags, &claims.transitive_tag_keys)
    }

    /// The session as the principal of a request.
    #[must_use]
    pub fn principal(&self) -> Principal {
        let role_arn = self.is_path_known.then(|| self.role_arn.clone());
        Principal::AssumedRole { role_arn, session_arn: self.arn.clone() }
    }

    /// Adds the condition keys that every request of this session carries.
    pub fn principal_keys(&self, keys: &mut Keys) {
        keys.set("aws:PrincipalArn", self.role_arn.as_str());
        keys.set("aws:PrincipalAccount", self.role_arn.account());
        keys.set("aws:PrincipalType", "AssumedRole");
        keys.set("aws:userid", self.user_id());
        for (key, value) in &self.claims.principal_tags {
            keys.set(&format!("aws:PrincipalTag/{key}"), value.as_str());
        }
        for (name, value) in [
            ("aws:SourceIdentity", &self.claims.source_identity),
            ("aws:FederatedProvider", &self.claims.federated_provider),
        ] {
            if let Some(value) = value {
                keys.set(name, value.as_str());
            }
        }
        for (name, values) in &self.claims.federation_keys {
            match values.as_slice() {
                [value] => keys.set(name, value.as_str()),
                several => keys.set_list(name, several.iter().map(String::as_str)),
            }
        }
        if let Some(context) = &self.claims.identity_context {
            context.principal_keys(keys);
        }
    }
}
