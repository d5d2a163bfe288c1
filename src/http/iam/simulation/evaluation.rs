//! One action on one resource, decided and explained.

use std::sync::Arc;

use super::given::Given;
use super::kind_of;
use super::principal::Caller;
use crate::arn::{AccountId, Arn};
use crate::http::iam::call::Call;
use crate::http::query::{Element, QueryError};
use crate::iam::{Accounts, SourceKind, SourcedPolicy};
use crate::organization::Organization;
use crate::policy::{
    Action, Evaluation, Explanation, Keys, Layer, Layers, Level, Outcome, Policy, Principal, Request, Resource,
    StatementReport, evaluate,
};
use crate::session::Role;

/// Everything that stays the same from one action to the next.
pub(super) struct Simulation<'a> {
    given: &'a Given<'a>,
    sources: Vec<SourcedPolicy>,
    identity: Vec<Policy>,
    boundary: Option<Vec<Policy>>,
    principal: Principal,
    keys: Keys,
    accounts: &'a Accounts,
    organization: Option<&'a Organization>,
}

impl<'a> Simulation<'a> {
    /// A simulation for whoever `sources` speak for, within `boundary` unless another one is given.
    pub(super) fn new(
        given: &'a Given<'a>,
        sources: Vec<SourcedPolicy>,
        boundary: Option<Vec<Policy>>,
        caller: Option<Caller>,
        call: &Call<'_>,
        accounts: &'a Accounts,
    ) -> Result<Self, QueryError> {
        let now = call.now();
        let mut keys = Keys::new();
        keys.set("aws:CurrentTime", now.to_string());
        keys.set("aws:EpochTime", now.unix_seconds().to_string());
        let principal = match caller {
            Some(caller) => {
                keys.extend(&caller.keys);
                caller.principal
            }
            // Nobody in particular of the account, whom identity policies speak for all the same.
            None => Principal::User { arn: call.arn("user/simulated") },
        };
        if given.resource_policy.is_some() && given.caller.is_none() && keys.values("aws:PrincipalArn").next().is_none()
        {
            let message = "CallerArn is required with ResourcePolicy: its principals have to be compared with someone";
            return Err(QueryError::new("InvalidInput", message));
        }
        keys.extend(&given.context);
        let identity = sources.iter().map(|sourced| sourced.policy.clone()).collect();
        let boundary = given.boundary.clone().or(boundary);
        Ok(Self { given, sources, identity, boundary, principal, keys, accounts, organization: None })
    }

    /// The same with the control policies that reach the account of the principal.
    pub(super) fn within(self, organization: &'a Organization) -> Self {
        Self { organization: Some(organization), ..self }
    }

    /// The elements of one result.
    pub(super) fn evaluate(
        &self,
        (name, action): &(&str, Action),
        (resource_name, resource): &(&str, Resource),
    ) -> Result<Vec<Element>, QueryError> {
        let role = self.role_to_assume(name, resource_name);
        let trust = role.as_ref().map(|role| role.trust_policy().policy().named("trust policy"));
        let resource_policy = self.given.resource_policy.as_ref().or(trust.as_ref());
        let mut layers = Layers::new(&self.identity);
        if let Some(policy) = resource_policy {
            layers = layers.with_resource(policy);
        }
        if let Some(boundary) = &self.boundary {
            layers = layers.with_boundary(boundary);
        }
        if let Some(levels) = self.service_control() {
            layers = layers.with_service_control(levels);
        }
        let mut request = Request::new(&self.principal, action, resource, &self.keys);
        if let Some(owner) = &self.given.resource_owner {
            request = request.in_account(owner);
        }
        let evaluation = evaluate(&layers, &request);
        Ok(self.elements(name, resource_name, &evaluation, resource_policy.is_some()))
    }

    fn service_control(&self) -> Option<&'a [Level]> {
        let account: AccountId = self.principal.account()?.parse().ok()?;
        Some(self.organization?.service_control(&account)).filter(|levels| !levels.is_empty())
    }

    /// The role that assuming is about: its trust policy has the last word.
    fn role_to_assume(&self, action: &str, resource: &str) -> Option<Arc<Role>> {
        let assumes = action.to_ascii_lowercase().starts_with("sts:assumerole");
        let arn: Arn = assumes.then(|| resource.parse().ok())??;
        self.accounts.role(&arn).cloned()
    }

    fn elements(&self, action: &str, resource: &str, evaluation: &Evaluation<'_>, by_resource: bool) -> Vec<Element> {
        let explanation = evaluation.explain();
        let mut elements = vec![
            Element::text("EvalActionName", action),
            Element::text("EvalResourceName", resource),
            Element::text("EvalDecision", word(evaluation.outcome())),
            Element::list("MatchedStatements", explanation.deciding.iter().map(|report| self.matched(report))),
            Element::texts("MissingContextValues", missing(&explanation)),
        ];
        let verdict =
            |layer| explanation.layers.iter().find(|report| report.layer == layer).map(|report| report.outcome);
        let mut levels = explanation.layers.iter().filter(|report| report.layer == Layer::ServiceControl).peekable();
        if levels.peek().is_some() {
            let allowed = levels.all(|report| report.outcome == Outcome::Allow).to_string();
            let detail = vec![Element::text("AllowedByOrganizations", allowed)];
            elements.push(Element::Group("OrganizationsDecisionDetail", detail));
        }
        if let Some(outcome) = verdict(Layer::Boundary) {
            let allowed = (outcome == Outcome::Allow).to_string();
            let detail = vec![Element::text("AllowedByPermissionsBoundary", allowed)];
            elements.push(Element::Group("PermissionsBoundaryDecisionDetail", detail));
        }
        if by_resource {
            let entry = |(key, layer): (&str, Layer)| {
                let value = Element::text("value", word(verdict(layer)?));
                Some(Element::Group("entry", vec![Element::text("key", key), value]))
            };
            let layers = [
                ("IAM Policy", Layer::Identity),
                ("Resource Policy", Layer::Resource),
                ("Permissions Boundary Policy", Layer::Boundary),
            ];
            elements.push(Element::Group("EvalDecisionDetails", layers.into_iter().filter_map(entry).collect()));
        }
        elements
    }

    fn matched(&self, report: &StatementReport) -> Vec<Element> {
        let kind = match report.layer {
            Layer::Resource => SourceKind::Resource,
            _ => kind_of(&self.sources, &report.policy),
        };
        let place = |name, line: u32, column: u32| {
            let parts = vec![Element::text("Line", line.to_string()), Element::text("Column", column.to_string())];
            Element::Group(name, parts)
        };
        vec![
            Element::text("SourcePolicyId", report.policy.as_str()),
            Element::text("SourcePolicyType", kind.as_str()),
            place("StartPosition", report.line, report.column),
            place("EndPosition", report.end_line, report.end_column),
        ]
    }
}

/// The keys that statements about the action read and nobody gave.
fn missing(explanation: &Explanation) -> impl Iterator<Item = &str> {
    explanation.keys.iter().filter(|key| key.values.is_empty()).map(|key| key.name.as_str())
}

const fn word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Allow => "allowed",
        Outcome::ExplicitDeny => "explicitDeny",
        Outcome::ImplicitDeny => "implicitDeny",
    }
}
