//! Asks every policy that has a say, and says which statement decided.

use super::{Decision, Reason, context};
use crate::arn::AccountId;
use crate::policy::{
    Action, Keys, Layers, NameError, Outcome, Policy, Principal, Request, Resource, ResourcePolicy, evaluate,
};
use crate::session::RoleSession;
use crate::time::Timestamp;

/// May this session do this to that?
#[derive(Clone, Debug)]
pub struct Question<'a> {
    /// Nobody signed where there is none.
    session: Option<&'a RoleSession>,
    permissions: &'a [Policy],
    resource_policy: Option<(&'a AccountId, &'a ResourcePolicy)>,
    environment: Keys,
}

impl<'a> Question<'a> {
    /// A question about `session`, whose role has `permissions`.
    #[must_use]
    pub const fn new(session: &'a RoleSession, permissions: &'a [Policy]) -> Self {
        Self { session: Some(session), permissions, resource_policy: None, environment: Keys::new() }
    }

    /// A question about someone who did not sign, whom only a resource's own policy can admit.
    #[must_use]
    pub const fn anonymous() -> Self {
        Self { session: None, permissions: &[], resource_policy: None, environment: Keys::new() }
    }

    /// The resource is in `owner`'s account and has a policy of its own.
    #[must_use]
    pub const fn with_resource_policy(mut self, owner: &'a AccountId, policy: &'a ResourcePolicy) -> Self {
        self.resource_policy = Some((owner, policy));
        self
    }

    /// Adds what is known of the call itself, such as `aws:SourceIp`.
    #[must_use]
    pub fn with_environment(mut self, environment: Keys) -> Self {
        self.environment = environment;
        self
    }
}

/// Decides whether the session of `question` may do `action` on `resource`.
///
/// # Errors
/// [`NameError`] when `action` or `resource` is not a name that policies speak of.
pub fn authorize(question: Question<'_>, action: &str, resource: &str, now: Timestamp) -> Result<Decision, NameError> {
    let (action, resource): (Action, Resource) = (action.parse()?, resource.parse()?);
    let keys = context::keys(question.session, question.environment, now);
    let principal = question.session.map_or(Principal::Anonymous, RoleSession::principal);
    let mut layers = question.session.map_or_else(|| Layers::new(&[]), |session| session.layers(question.permissions));
    let mut request = Request::new(&principal, &action, &resource, &keys);
    if let Some((owner, policy)) = question.resource_policy {
        layers = layers.with_resource(policy.policy());
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
