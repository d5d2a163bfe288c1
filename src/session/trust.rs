//! May this principal assume this role, or why not: the role's trust policy, and the caller's own permissions.

use super::{AssumeRole, Caller, Role, SessionError, rules};
use crate::explain::{Evidence, Listener, Rule};
use crate::policy::{Action, Evaluation, Keys, Outcome, Principal, Request, Resource, evaluate, evaluate_trust};
use crate::time::Timestamp;

/// One question to a role's trust policy.
pub(super) struct Trust<'a> {
    pub(super) role: &'a Role,
    pub(super) principal: &'a Principal,
    pub(super) action: &'static str,
    pub(super) ask: &'a AssumeRole,
    pub(super) keys: Keys,
    pub(super) now: Timestamp,
}

impl Trust<'_> {
    /// The trust policy allows the action, and setting tags and the source identity where they are asked for.
    pub(super) fn verify(&self, listener: &mut impl Listener) -> Result<(), SessionError> {
        let keys = self.keys_of_request();
        for (rule, action) in self.actions() {
            let named: Action = action.parse()?;
            let evaluation = evaluate_trust(self.role.trust_policy().policy(), self.principal, &named, &keys);
            self.conclude(rule, action, &evaluation, listener)?;
        }
        Ok(())
    }

    /// The caller's permissions, with the trust policy as the resource's policy, allow the same actions.
    pub(super) fn verify_caller(&self, caller: Caller<'_>, listener: &mut impl Listener) -> Result<(), SessionError> {
        let keys = self.keys_of_request();
        let resource: Resource = self.role.arn().as_str().parse()?;
        for (_, action) in self.actions() {
            let named: Action = action.parse()?;
            let layers = caller.session.layers(caller.permissions).with_resource(self.role.trust_policy().policy());
            let request = Request::new(self.principal, &named, &resource, &keys);
            self.conclude(&rules::CALLER, action, &evaluate(&layers, &request), listener)?;
        }
        Ok(())
    }

    fn conclude(
        &self,
        rule: &'static Rule,
        action: &'static str,
        evaluation: &Evaluation<'_>,
        listener: &mut impl Listener,
    ) -> Result<(), SessionError> {
        let evidence =
            || Evidence::new(format_args!("{action} allowed to {}", self.principal), evaluation.explain().reason);
        if evaluation.outcome() == Outcome::Allow {
            listener.passed(rule, evidence);
            Ok(())
        } else {
            listener.failed(rule, evidence);
            Err(SessionError::NotTrusted {
                principal: self.principal.to_string(),
                action,
                role: self.role.arn().clone(),
                reason: evaluation.explain().reason,
            })
        }
    }

    fn actions(&self) -> impl Iterator<Item = (&'static Rule, &'static str)> {
        let tags = (!self.ask.tags.is_empty()).then_some((&rules::TAG_SESSION, "sts:TagSession"));
        let source = self.ask.source_identity.as_ref().map(|_| (&rules::SOURCE_IDENTITY, "sts:SetSourceIdentity"));
        [Some((&rules::TRUST, self.action)), tags, source].into_iter().flatten()
    }

    fn keys_of_request(&self) -> Keys {
        let mut keys = self.keys.clone();
        keys.set("aws:CurrentTime", self.now.to_string());
        keys.set("aws:EpochTime", self.now.unix_seconds().to_string());
        keys.set("sts:RoleSessionName", self.ask.role_session_name.as_str());
        if let Some(external_id) = &self.ask.external_id {
            keys.set("sts:ExternalId", external_id.as_str());
        }
        if let Some(source_identity) = &self.ask.source_identity {
            keys.set("sts:SourceIdentity", source_identity.as_str());
        }
        for (key, value) in self.ask.tags.values() {
            keys.set(&format!("aws:RequestTag/{key}"), value.as_str());
        }
        keys.set_list("aws:TagKeys", self.ask.tags.values().keys().map(String::as_str));
        keys.set_list("sts:TransitiveTagKeys", self.ask.tags.transitive().iter().map(String::as_str));
        keys
    }
}
