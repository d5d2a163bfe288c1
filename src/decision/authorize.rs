//! Asks every policy that has a say, and says which statement decided.

use std::collections::BTreeMap;

use super::{Decision, Reason};
use crate::arn::AccountId;
use crate::organization::Organization;
use crate::policy::{Action, Keys, Layers, NameError, Outcome, Principal, Request, Resource, ResourcePolicy, evaluate};
use crate::session::{Caller, Entitlements, request_keys};
use crate::time::Timestamp;

/// May this caller do this to that?
#[derive(Clone, Debug)]
pub struct Question<'a> {
    /// Nobody signed where there is none.
    asking: Option<(&'a Caller, &'a Entitlements)>,
    organization: Option<&'a Organization>,
    owner: Option<&'a AccountId>,
    resource_policy: Option<&'a ResourcePolicy>,
    environment: Keys,
}

impl<'a> Question<'a> {
    /// A question about `caller` and everything the caller is entitled to.
    #[must_use]
    pub fn new(caller: &'a Caller, entitlements: &'a Entitlements) -> Self {
        Self { asking: Some((caller, entitlements)), ..Self::anonymous() }
    }

    /// A question about someone who did not sign, whom only a resource's own policy can admit.
    #[must_use]
    pub const fn anonymous() -> Self {
        Self { asking: None, organization: None, owner: None, resource_policy: None, environment: Keys::new() }
    }

    /// Holds the question to the control policies of `organization`.
    #[must_use]
    pub const fn within(mut self, organization: &'a Organization) -> Self {
        self.organization = Some(organization);
        self
    }

    /// The resource is in `owner`'s account.
    #[must_use]
    pub const fn with_owner(mut self, owner: &'a AccountId) -> Self {
        self.owner = Some(owner);
        self
    }

    /// The resource is in `owner`'s account and has a policy of its own.
    #[must_use]
    pub const fn with_resource_policy(mut self, owner: &'a AccountId, policy: &'a ResourcePolicy) -> Self {
        self.owner = Some(owner);
        self.resource_policy = Some(policy);
        self
    }

    /// Adds what is known of the call itself, such as `aws:SourceIp`.
    #[must_use]
    pub fn with_environment(mut self, environment: Keys) -> Self {
        self.environment = environment;
        self
    }
}

/// Decides whether the caller of `question` may do `action` on `resource`.
///
/// # Errors
/// [`NameError`] when `action` or `resource` is not a name that policies speak of.
pub fn authorize(question: Question<'_>, action: &str, resource: &str, now: Timestamp) -> Result<Decision, NameError> {
    let (action, resource): (Action, Resource) = (action.parse()?, resource.parse()?);
    let nowhere = Organization::default();
    let organization = question.organization.unwrap_or(&nowhere);
    let named = match &resource {
        Resource::Arn(arn) => arn.account().parse::<AccountId>().ok(),
        Resource::All => None,
    };
    let owner = question.owner.or(named.as_ref());
    let (caller, entitlements) = question.asking.unzip();
    let mut keys = keys(caller, entitlements, organization, question.environment, now);
    if let Some(owner) = owner {
        keys.set("aws:ResourceAccount", owner.as_str());
        organization.describe("Resource", owner, &mut keys);
    }
    let principal = caller.map_or(Principal::Anonymous, Caller::principal);
    let limits = question.asking.and_then(|(caller, entitlements)| caller.session_limits(entitlements, &action));
    let mut layers = Layers::new(entitlements.map_or(&[], |entitlements| &entitlements.identity));
    if let Some(caller) = caller {
        layers = layers.with_service_control(organization.service_control(caller.account()));
    }
    if let Some(boundary) = entitlements.and_then(|entitlements| entitlements.boundary.as_deref()) {
        layers = layers.with_boundary(boundary);
    }
    if let Some(limits) = &limits {
        layers = layers.with_session(limits);
    }
    if let Some(policy) = question.resource_policy {
        layers = layers.with_resource(policy.policy());
    }
    let mut request = Request::new(&principal, &action, &resource, &keys);
    if let Some(owner) = owner {
        layers = layers.with_resource_control(organization.resource_control(owner));
        request = request.in_account(owner);
    }
    let evaluation = evaluate(&layers, &request);
    let reason = Reason(Box::new(evaluation.explain()));
    Ok(match evaluation.outcome() {
        Outcome::Allow => Decision::Allow(reason),
        Outcome::ExplicitDeny => Decision::ExplicitDeny(reason),
        Outcome::ImplicitDeny => Decision::ImplicitDeny(reason),
    })
}

fn keys(
    caller: Option<&Caller>,
    entitlements: Option<&Entitlements>,
    organization: &Organization,
    environment: Keys,
    now: Timestamp,
) -> Keys {
    let untagged = BTreeMap::new();
    let tags = entitlements.map_or(&untagged, |entitlements| &entitlements.tags);
    request_keys(caller, tags, organization, environment, now)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_may_do_what_the_resource_lets_everyone_do_and_no_more() {
        let owner: AccountId = "111111111111".parse().unwrap();
        let policy: ResourcePolicy = r#"{"Version": "2012-10-17", "Statement": [
            {"Sid": "PublicNote", "Effect": "Allow", "Principal": "*", "Action": "s3:GetObject",
             "Resource": "arn:aws:s3:::photos/README.txt"},
            {"Effect": "Allow", "Principal": {"AWS": "111111111111"}, "Action": "s3:*", "Resource": "*"}]}"#
            .parse()
            .unwrap();
        let ask = |question: Question<'_>, key: &str| {
            let resource = format!("arn:aws:s3:::photos/{key}");
            authorize(question, "s3:GetObject", &resource, Timestamp::EPOCH).unwrap()
        };
        let with_policy = || Question::anonymous().with_resource_policy(&owner, &policy);
        assert!(matches!(ask(with_policy(), "README.txt"), Decision::Allow(_)));
        assert!(matches!(ask(with_policy(), "secret.txt"), Decision::ImplicitDeny(_)));
        assert!(matches!(ask(Question::anonymous(), "README.txt"), Decision::ImplicitDeny(_)));
    }
}
