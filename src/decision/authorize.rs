//! Asks every policy that has a say, and says which statement decided.

use super::{Decision, Reason, context};
use crate::arn::AccountId;
use crate::policy::{Action, Keys, NameError, Outcome, Policy, Request, Resource, ResourcePolicy, evaluate};
use crate::session::RoleSession;
use crate::time::Timestamp;

/// May this session do this to that?
#[derive(Clone, Debug)]
pub struct Question<'a> {
    session: &'a RoleSession,
    permissions: &'a [Policy],
    resource_policy: Option<(&'a AccountId, &'a ResourcePolicy)>,
    environment: Keys,
}

impl<'a> Question<'a> {
    /// A question about `session`, whose role has `permissions`.
    #[must_use]
    pub const fn new(session: &'a RoleSession, permissions: &'a [Policy]) -> Self {
        Self { session, permissions, resource_policy: None, environment: Keys::new() }
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
pub fn authorize(
    question: Question<'_>,
    action: &str,
    resource: &str,
    now: Timestamp,
) -> Result<Decision, NameError> {
    let (action, resource): (Action, Resource) = (action.parse()?, resource.parse()?);
    let keys = context::keys(question.session, question.environment, now);
    let principal = question.session.principal();
    let mut layers = question.session.layers(question.permissions);
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
