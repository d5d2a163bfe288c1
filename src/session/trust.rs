//! May this principal assume this role, or why not: the role's trust policy, and the caller's own permissions.

use super::{ActionReport, Asking, AssumeRole, Role, SessionError, Tags, rules};
use crate::explain::{Evidence, Listener, Rule};
use crate::policy::{
    Action, Evaluation, Keys, Layers, Outcome, Policy, Principal, Request, Resource, evaluate, evaluate_trust,
};

/// One question to a role's trust policy.
pub(super) struct Trust<'a> {
    pub(super) role: &'a Role,
    pub(super) principal: &'a Principal,
    pub(super) action: &'static str,
    pub(super) ask: &'a AssumeRole,
    /// What is known of who asks; the rest of the request is added.
    pub(super) keys: Keys,
    /// Tags that came down the chain, which stand over those of the role.
    pub(super) inherited: &'a Tags,
}

impl Trust<'_> {
    /// The trust policy allows the action, and setting tags, the source identity and a context where they are asked for.
    pub(super) fn verify(&self, listener: &mut impl Listener) -> Result<(), SessionError> {
        let keys = self.keys_of_request();
        for (rule, action) in self.actions() {
            let named: Action = action.parse()?;
            let evaluation = evaluate_trust(self.role.trust_policy().policy(), self.principal, &named, &keys);
            self.conclude(rule, action, &evaluation, listener)?;
            self.verify_controlled(rule, action, &named, &keys, listener)?;
        }
        Ok(())
    }

    /// The resource control policies of the role's account do not deny it.
    fn verify_controlled(
        &self,
        rule: &'static Rule,
        action: &'static str,
        named: &Action,
        keys: &Keys,
        listener: &mut impl Listener,
    ) -> Result<(), SessionError> {
        let levels = self.ask.organization.resource_control(self.role.account());
        if levels.is_empty() || self.principal.account().is_some() {
            return Ok(());
        }
        let resource: Resource = self.role.arn().as_str().parse()?;
        let trust = self.role.trust_policy().policy();
        let layers = Layers::new(&[]).with_resource(trust).with_resource_control(levels);
        let request = Request::new(self.principal, named, &resource, keys);
        self.conclude(rule, action, &evaluate(&layers, &request), listener)
    }

    /// The caller's permissions, with the trust policy as the resource's policy, allow the same actions.
    pub(super) fn verify_caller(&self, asking: Asking<'_>, listener: &mut impl Listener) -> Result<(), SessionError> {
        let keys = self.keys_of_request();
        for (_, action) in self.actions() {
            self.ask_caller(asking, &action.parse()?, &keys, |evaluation| {
                self.conclude(&rules::CALLER, action, evaluation, listener)
            })??;
        }
        Ok(())
    }

    /// Tells `answer` how everything that has a say on the caller's side, the trust policy with it, answers one action.
    fn ask_caller<T>(
        &self,
        asking: Asking<'_>,
        action: &Action,
        keys: &Keys,
        answer: impl FnOnce(&Evaluation<'_>) -> T,
    ) -> Result<T, SessionError> {
        let resource: Resource = self.role.arn().as_str().parse()?;
        let limits = asking.caller.session_limits(asking.entitlements, action);
        let layers = self.layers(asking, limits.as_deref());
        Ok(answer(&evaluate(&layers, &Request::new(self.principal, action, &resource, keys))))
    }

    /// Both sides of every action, each asked whatever the others say.
    pub(super) fn explain(&self, asking: Asking<'_>) -> Result<Vec<ActionReport>, SessionError> {
        let keys = self.keys_of_request();
        let explained = self.actions().map(|(_, action)| {
            let named: Action = action.parse()?;
            let caller = self.ask_caller(asking, &named, &keys, |both| both.explain())?;
            let trust = evaluate_trust(self.role.trust_policy().policy(), self.principal, &named, &keys).explain();
            Ok(ActionReport::new(action, caller, trust))
        });
        explained.collect()
    }

    /// The same for whom a provider vouches for, who has no policies: only the role's side has any.
    pub(super) fn explain_federated(&self) -> Result<Vec<ActionReport>, SessionError> {
        let keys = self.keys_of_request();
        let resource: Resource = self.role.arn().as_str().parse()?;
        let trust = self.role.trust_policy().policy();
        let levels = self.ask.organization.resource_control(self.role.account());
        let layers = Layers::new(&[]).with_resource(trust).with_resource_control(levels);
        let explained = self.actions().map(|(_, action)| {
            let named: Action = action.parse()?;
            let both = evaluate(&layers, &Request::new(self.principal, &named, &resource, &keys)).explain();
            let trust = evaluate_trust(trust, self.principal, &named, &keys).explain();
            Ok(ActionReport::new(action, both, trust))
        });
        explained.collect()
    }

    /// Every policy that has a say on the caller's side.
    fn layers<'b>(&'b self, asking: Asking<'b>, limits: Option<&'b [Policy]>) -> Layers<'b> {
        let organization = &self.ask.organization;
        let mut layers = Layers::new(&asking.entitlements.identity)
            .with_resource(self.role.trust_policy().policy())
            .with_service_control(organization.service_control(asking.caller.account()))
            .with_resource_control(organization.resource_control(self.role.account()));
        if let Some(boundary) = &asking.entitlements.boundary {
            layers = layers.with_boundary(boundary);
        }
        if let Some(limits) = limits {
            layers = layers.with_session(limits);
        }
        layers
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
        let context = self.ask.identity_context.as_ref().map(|_| (&rules::SET_CONTEXT, "sts:SetContext"));
        [Some((&rules::TRUST, self.action)), tags, source, context].into_iter().flatten()
    }

    fn keys_of_request(&self) -> Keys {
        let mut keys = self.keys.clone();
        self.ask.organization.describe("Resource", self.role.account(), &mut keys);
        keys.set("aws:ResourceAccount", self.role.account().as_str());
        // What came down the chain stands over the role's own tags (IAM user guide, chaining roles with session tags).
        for (key, value) in self.role.tags().iter().chain(self.inherited.carried()) {
            keys.set(&format!("aws:ResourceTag/{key}"), value.as_str());
            keys.set(&format!("iam:ResourceTag/{key}"), value.as_str());
        }
        keys.set("sts:RoleSessionName", self.ask.role_session_name.as_str());
        if let Some(external_id) = &self.ask.external_id {
            keys.set("sts:ExternalId", external_id.as_str());
        }
        if let Some(source_identity) = &self.ask.source_identity {
            keys.set("sts:SourceIdentity", source_identity.as_str());
        }
        self.ask.tags.request_keys(&mut keys);
        if let Some(context) = &self.ask.identity_context {
            context.request_keys(&mut keys);
        }
        keys
    }
}
