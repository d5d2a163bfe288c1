//! One signed call: who makes it, in which account, and whether policy allows it.

use super::Iam;
use crate::arn::AccountId;
use crate::broker::Flow;
use crate::decision::Decision;
use crate::http::query::{Answer, Query, QueryError};
use crate::policy::{Keys, Layer, Outcome};
use crate::request::AuthenticatedRequest;

/// What answers one operation.
pub(super) type Operation = fn(&Call<'_>) -> Result<Answer, QueryError>;

/// A call whose signature was verified, with its parameters.
pub(super) struct Call<'a> {
    pub(super) iam: &'a Iam,
    pub(super) flow: Flow<'a>,
    pub(super) caller: AuthenticatedRequest,
    pub(super) query: &'a Query,
    pub(super) environment: Keys,
    /// The account that the caller belongs to: IAM has no calls across accounts.
    pub(super) account: AccountId,
}

impl Call<'_> {
    /// Lets the call go on if the caller's policies allow `action` on `resource`; `keys` is what the operation itself says,
    /// such as `iam:PolicyARN`.
    pub(super) fn authorize(&self, action: &str, resource: &str, keys: &Keys) -> Result<(), QueryError> {
        let mut all = self.environment.clone();
        all.extend(keys);
        let decision = self.flow.authorize(&self.caller, action, resource, all)?;
        if decision.is_allow() {
            return Ok(());
        }
        let caller = self.caller.caller().arn();
        let why = why(&decision, action);
        let message = format!("User: {caller} is not authorized to perform: {action} on resource: {resource} {why}");
        Err(QueryError::new("AccessDenied", message))
    }
}

/// The second half of the sentence, which names the kind of policy that was in the way.
fn why(decision: &Decision, action: &str) -> String {
    let explanation = decision.reason().explanation();
    let of = |outcome| explanation.layers.iter().find(|report| report.outcome == outcome).map(|report| report.layer);
    if matches!(decision, Decision::ExplicitDeny(_)) {
        return format!("with an explicit deny in {}", kind(of(Outcome::ExplicitDeny), "an", "a"));
    }
    format!("because {} allows the {action} action", kind(of(Outcome::ImplicitDeny), "no", "no"))
}

fn kind(layer: Option<Layer>, before_vowel: &str, before_consonant: &str) -> String {
    let name = match layer {
        Some(Layer::ServiceControl) => "service control policy",
        Some(Layer::ResourceControl) => "resource control policy",
        Some(Layer::Resource) => "resource-based policy",
        Some(Layer::Boundary) => "permissions boundary",
        Some(Layer::Session) => "session policy",
        Some(Layer::Identity) | None => return format!("{before_vowel} identity-based policy"),
    };
    format!("{before_consonant} {name}")
}
