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
use crate::session::{Role, surroundings};

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
    organization: &'a Organization,
    /// The account of the principal, and of every resource that names none unless the call says whose it is.
    account: AccountId,
    /// Whether that is the account that asks: what limits the people of another one is told to nobody here.
    own: bool,
}

impl<'a> Simulation<'a> {
    /// A simulation for whoever `sources` speak for, within `boundary` unless another one is given, and within the control
    /// policies that reach the account of whoever it is.
    pub(super) fn new(
        given: &'a Given<'a>,
        sources: Vec<SourcedPolicy>,
        boundary: Option<Vec<Policy>>,
        caller: Option<Caller>,
        call: &Call<'a>,
        account: &Account,
    ) -> Result<Self, QueryError> {
        let organization = call.iam.broker.organization();
        let mut keys = surroundings(Keys::new(), call.now());
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
        let principal_account =
            principal.account().and_then(|id| id.parse().ok()).unwrap_or_else(|| account.id.clone());
        keys.set("aws:PrincipalAccount", principal_account.as_str());
        let own = principal_account == account.id;
        if own {
            organization.describe("Principal", &principal_account, &mut keys);
        }
        keys.extend(&given.context);
        // Of two of one name the first is told of.
        let kinds = sources.iter().rev().map(|sourced| (sourced.policy.name(), sourced.kind)).collect();
        let identity = sources.into_iter().map(|sourced| sourced.policy).collect();
        let boundary = given.boundary.clone().or(boundary);
        let roles = roles_to_assume(given, call, account)?;
        Ok(Self {
            given,
            kinds,
            identity,
            boundary,
            principal,
            keys,
            roles,
            organization,
            account: principal_account,
            own,
        })
    }

    /// How many decisions fit on a page.
    pub(super) fn decisions_per_page(&self) -> usize {
        let policies = self.identity.iter().chain(self.boundary.iter().flatten()).chain(&self.given.resource_policy);
        let characters = policies.map(|policy| policy.text().len()).sum::<usize>();
        let control = |levels: &[Level]| -> usize {
            levels.iter().flat_map(Level::policies).map(|policy| policy.text().len()).sum()
        };
        let owners = self.given.resources.iter().map(|(_, resource)| self.owner(resource));
        let most = owners.map(|owner| control(self.organization.resource_control(&owner))).max().unwrap_or_default();
        let service_control = control(self.service_control());
        let characters = characters.saturating_add(service_control).saturating_add(most);
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
        let owner = self.owner(resource);
        let layers = layers
            .with_service_control(self.service_control())
            .with_resource_control(self.organization.resource_control(&owner));
        let keys = self.keys_about(&owner);
        let request = Request::new(&self.principal, action, resource, &keys).in_account(&owner);
        let evaluation = evaluate(&layers, &request);
        Ok(self.elements(name, resource_name, &evaluation, resource_policy.is_some()))
    }

    fn service_control(&self) -> &[Level] {
        if self.own { self.organization.service_control(&self.account) } else { &[] }
    }

    /// Whose a resource is: the call says so of those whose ARN does not.
    fn owner(&self, resource: &Resource) -> AccountId {
        let named = match resource {
            Resource::Arn(arn) => arn.account_id().ok(),
            Resource::All => None,
        };
        named.or_else(|| self.given.resource_owner.clone()).unwrap_or_else(|| self.account.clone())
    }

    /// What a request about a resource of `owner` carries; what the call gives stands over it.
    fn keys_about(&self, owner: &AccountId) -> Keys {
        let mut about = Keys::new();
        about.set("aws:ResourceAccount", owner.as_str());
        self.organization.describe("Resource", owner, &mut about);
        about.forget(|name| self.given.context.values(name).next().is_some());
        let mut keys = self.keys.clone();
        keys.extend(&about);
        keys
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
        let mut levels = explanation.layers.iter().filter(|report| is_control(report.layer)).peekable();
        if levels.peek().is_some() {
            let allowed = levels.all(|report| report.outcome == Outcome::Allow);
            let detail = vec![Element::Flag("AllowedByOrganizations", allowed)];
            elements.push(Element::Group("OrganizationsDecisionDetail", detail));
        }
        if let Some(outcome) = verdict(Layer::Boundary) {
            let detail = vec![Element::Flag("AllowedByPermissionsBoundary", outcome == Outcome::Allow)];
            elements.push(Element::Group("PermissionsBoundaryDecisionDetail", detail));
        }
        if by_resource {
            let entry =
                |(key, layer): (&'static str, Layer)| Some((key, Element::text("value", word(verdict(layer)?))));
            let layers = [
                ("IAM Policy", Layer::Identity),
                ("Resource Policy", Layer::Resource),
                ("Permissions Boundary Policy", Layer::Boundary),
            ];
            elements.push(Element::map("EvalDecisionDetails", layers.into_iter().filter_map(entry)));
        }
        elements
    }

    fn matched(&self, report: &StatementReport) -> Vec<Element> {
        let kind = match report.layer {
            Layer::Resource => SourceKind::Resource,
            // Whatever of the principal's is called the same.
            layer if is_control(layer) => SourceKind::None,
            _ => self.kinds.get(&report.policy).copied().unwrap_or(SourceKind::None),
        };
        let place = |name, line: u32, column: u32| {
            Element::Group(name, vec![Element::number("Line", line), Element::number("Column", column)])
        };
        vec![
            Element::text("SourcePolicyId", report.policy.as_str()),
            Element::text("SourcePolicyType", kind.as_str()),
            place("StartPosition", report.line, report.column),
            place("EndPosition", report.end_line, report.end_column),
        ]
    }
}

/// Whether a layer is an organisation's.
const fn is_control(layer: Layer) -> bool {
    matches!(layer, Layer::ServiceControl | Layer::ResourceControl)
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
