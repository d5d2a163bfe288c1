//! One action on one resource, decided and explained.

use std::collections::HashMap;
use std::sync::Arc;

use super::given::Given;
use super::principal::{self, Caller};
use crate::arn::{AccountId, Arn};
use crate::http::iam::call::Call;
use crate::http::iam::holders;
use crate::http::query::{Element, QueryError};
use crate::iam::{Account, Holder, SourceKind, SourcedPolicy};
use crate::organization::Organization;
use crate::policy::{
    Action, Evaluation, Explanation, Keys, Layer, Layers, Level, Outcome, Policy, Principal, Request, Resource,
    StatementReport, evaluate,
};
use crate::session::Role;

/// How many characters of policies one page of decisions goes over, which keeps it within a second. What is not on the
/// page is on the next one.
const PAGE_CHARACTERS: usize = 4 * 1024 * 1024;
/// So many characters that are compared cost as much as going over the policies once more.
const COMPARED_CHARACTERS: usize = 1024;

/// Everything that stays the same from one action to the next.
pub(super) struct Simulation<'a> {
    given: &'a Given<'a>,
    kinds: HashMap<String, SourceKind>,
    identity: Vec<Policy>,
    boundary: Option<Vec<Policy>>,
    principal: Principal,
    keys: Keys,
    /// The roles that assuming is simulated of and whose trust policies the caller may read, by ARN.
    roles: HashMap<&'a str, Arc<Role>>,
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
        account: &Account,
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
        // Of two of one name the first is told of.
        let kinds = sources.iter().rev().map(|sourced| (sourced.policy.name(), sourced.kind)).collect();
        let identity = sources.into_iter().map(|sourced| sourced.policy).collect();
        let boundary = given.boundary.clone().or(boundary);
        let roles = roles_to_assume(given, call, account)?;
        Ok(Self { given, kinds, identity, boundary, principal, keys, roles, organization: None })
    }

    /// The same with the control policies that reach the account of the principal.
    pub(super) fn within(self, organization: &'a Organization) -> Self {
        Self { organization: Some(organization), ..self }
    }

    /// How many decisions fit on a page.
    pub(super) fn decisions_per_page(&self) -> usize {
        let policies = self.identity.iter().chain(self.boundary.iter().flatten()).chain(&self.given.resource_policy);
        let characters = policies.map(|policy| policy.text().len()).sum::<usize>();
        let rounds = self.given.compared.saturating_div(COMPARED_CHARACTERS).saturating_add(1);
        PAGE_CHARACTERS.checked_div(characters.saturating_mul(rounds)).unwrap_or(usize::MAX)
    }

    /// The elements of one result.
    pub(super) fn evaluate(
        &self,
        (name, action): &(&str, Action),
        (resource_name, resource): &(&str, Resource),
    ) -> Result<Vec<Element>, QueryError> {
        let role = self.roles.get(resource_name).filter(|_| assumes(name));
        let trust = role.map(|role| role.trust_policy().policy().named("trust policy"));
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
            _ => self.kinds.get(&report.policy).copied().unwrap_or(SourceKind::None),
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

fn assumes(action: &str) -> bool {
    action.get(.."sts:assumerole".len()).is_some_and(|start| start.eq_ignore_ascii_case("sts:assumerole"))
}

/// The roles that assuming is simulated of: their trust policies have the last word. Only roles of the caller's account,
/// and such as it may read: the decisions tell whom a role trusts, and under which conditions.
fn roles_to_assume<'a>(
    given: &Given<'a>,
    call: &Call<'_>,
    account: &Account,
) -> Result<HashMap<&'a str, Arc<Role>>, QueryError> {
    let mut roles = HashMap::new();
    if !given.actions.iter().any(|(name, _)| assumes(name)) {
        return Ok(roles);
    }
    for (name, _) in &given.resources {
        let arn = name.parse::<Arn>().ok();
        let holder = arn.and_then(|arn| principal::holder(account, &arn).ok());
        let Some(holder @ Holder::Role(_)) = holder else { continue };
        let Some(record) = account.roles.find(holder.name()) else { continue };
        if call.allows("iam:GetRole", name, &holders::keys(account, &holder))? {
            roles.insert(*name, Arc::clone(&record.role));
        }
    }
    Ok(roles)
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
