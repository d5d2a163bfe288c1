//! On whose behalf a role is assumed: what AssumeRole is provided with, and what an identity store said of it.

use std::fmt;

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::crypto::SignatureValid;
use crate::directory::AssignedRole;
use crate::policy::Keys;

/// The context provider that speaks for the identity store of this broker, under the name that clients know.
pub const CONTEXT_PROVIDER_ARN: &str = "arn:aws:iam::aws:contextProvider/IdentityCenter";
/// The most contexts that one call provides.
pub const MAX_PROVIDED_CONTEXTS: usize = 5;
/// What a session has room for of these claims, in bytes of JSON; no assertion is longer.
const ROOM: usize = 2048;

/// A context as a call provides it (a member of `ProvidedContexts`): not verified, and never printed.
#[derive(Clone)]
pub struct ProvidedContext {
    provider_arn: String,
    context_assertion: Zeroizing<String>,
}

impl ProvidedContext {
    /// What the context provider `provider_arn` is said to have asserted.
    #[must_use]
    pub fn new(provider_arn: impl Into<String>, context_assertion: impl Into<String>) -> Self {
        Self { provider_arn: provider_arn.into(), context_assertion: Zeroizing::new(context_assertion.into()) }
    }

    /// The context provider, as the call names it.
    #[must_use]
    pub fn provider_arn(&self) -> &str {
        &self.provider_arn
    }

    /// The assertion as it came.
    #[must_use]
    pub fn context_assertion(&self) -> &str {
        &self.context_assertion
    }
}

impl fmt::Debug for ProvidedContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProvidedContext").field("provider_arn", &self.provider_arn).finish_non_exhaustive()
    }
}

/// What an identity store says of the person on whose behalf a session acts: plain data, which a session token carries.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct IdentityContextClaims {
    /// The person's id in the identity store, which outlives a change of name (`identitystore:UserId`).
    pub user_id: String,
    /// ARN of the identity store (`identitystore:IdentityStoreArn`).
    pub identity_store_arn: String,
    /// ARN of the Identity Center instance that the store belongs to (`identitycenter:InstanceArn`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance_arn: Option<String>,
    /// ARN of the application that the assertion was issued to (`identitycenter:ApplicationArn`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub application_arn: Option<String>,
    /// Id of the assertion, which joins the events of one trail (`identitycenter:CredentialId`); none where the directory
    /// itself gave the role, without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credential_id: Option<String>,
}

impl IdentityContextClaims {
    /// Somebody whom an identity store knows, without an instance, an application and an assertion.
    #[must_use]
    pub fn new(user_id: impl Into<String>, identity_store_arn: impl Into<String>) -> Self {
        Self {
            user_id: user_id.into(),
            identity_store_arn: identity_store_arn.into(),
            instance_arn: None,
            application_arn: None,
            credential_id: None,
        }
    }

    /// The person to whom the directory gives a role, where it has an id for them.
    pub(super) fn of_assigned(assigned: &AssignedRole) -> Option<Self> {
        let (store, id) = assigned.identity()?;
        let instance_arn = store.instance_arn().map(ToString::to_string);
        Some(Self { instance_arn, ..Self::new(id.as_str(), store.arn().as_str()) })
    }

    /// Adds the condition keys that every request of a session with this context carries.
    pub(super) fn principal_keys(&self, keys: &mut Keys) {
        for (name, value) in self.values() {
            keys.set(name, value);
        }
    }

    /// How much of a session's room for a context this takes, in percent rounded up.
    #[must_use]
    pub fn percent(&self) -> usize {
        let length: usize = self.values().map(|(name, value)| name.len().saturating_add(value.len())).sum();
        length.saturating_mul(100).div_ceil(ROOM)
    }

    /// Each condition key with its value (IAM Identity Center user guide, "STS condition context keys").
    fn values(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let values = [
            ("identitystore:UserId", Some(&self.user_id)),
            ("identitystore:IdentityStoreArn", Some(&self.identity_store_arn)),
            ("identitycenter:InstanceArn", self.instance_arn.as_ref()),
            ("identitycenter:ApplicationArn", self.application_arn.as_ref()),
            ("identitycenter:CredentialId", self.credential_id.as_ref()),
        ];
        values.into_iter().filter_map(|(name, value)| Some((name, value?.as_str())))
    }
}

/// A context whose assertion was verified: for whom a role may be assumed, as their identity store said it.
///
/// Only the stage that verifies context assertions makes one:
///
/// ```compile_fail,E0451
/// let context = daypass::session::IdentityContext { claims: todo!() };
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdentityContext {
    claims: IdentityContextClaims,
}

impl IdentityContext {
    /// Takes the proof that the assertion of these claims was verified.
    pub(crate) const fn new(claims: IdentityContextClaims, _asserted: &SignatureValid) -> Self {
        Self { claims }
    }

    /// What the identity store says.
    #[must_use]
    pub const fn claims(&self) -> &IdentityContextClaims {
        &self.claims
    }

    /// Adds the condition keys of a call that sets this context: `sts:RequestContext/…` and `sts:RequestContextProviders`.
    pub(super) fn request_keys(&self, keys: &mut Keys) {
        for (name, value) in self.claims.values() {
            keys.set(&format!("sts:RequestContext/{name}"), value);
        }
        keys.set_list("sts:RequestContextProviders", [CONTEXT_PROVIDER_ARN]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_assertion_is_not_printed() {
        let context = ProvidedContext::new(CONTEXT_PROVIDER_ARN, "hunter2");
        let printed = format!("{context:?}");
        assert!(printed.contains(CONTEXT_PROVIDER_ARN) && !printed.contains("hunter2"), "{printed}");
    }

    #[test]
    fn a_context_without_an_application_has_no_key_of_one() {
        let claims = IdentityContextClaims::new("u", "s");
        let mut keys = Keys::new();
        claims.principal_keys(&mut keys);
        assert_eq!(keys.values("identitystore:userid").collect::<Vec<_>>(), ["u"]);
        assert_eq!(keys.values("identitycenter:ApplicationArn").count(), 0);
        assert_eq!(claims.percent(), 3);
    }
}
