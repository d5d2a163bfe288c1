//! One action on one resource after the other, decided and explained.

use std::collections::HashMap;
use std::sync::Arc;

use super::given::Given;
use super::principal::Caller;
use super::verdict::{self, Verdict};
use crate::arn::{AccountId, Arn};
use crate::http::iam::call::Call;
use crate::http::iam::holders;
use crate::http::query::{Element, QueryError};
use crate::iam::{Account, Holder};
use crate::organization::Organization;
use crate::policy::{Action, Keys, Layers, Level, Policy, Principal, Request, Resource, evaluate};
use crate::session::{Role, surroundings};

/// How many characters of policies one page of decisions goes over, which keeps it within a second. What is not on the
/// page is on the next one.
const PAGE_CHARACTERS: usize = 4 * 1024 * 1024;
/// So many characters that are compared cost as much as going over the policies once more.
const COMPARED_CHARACTERS: usize = 1024;

/// Everything that stays the same from one action to the next.
pub(super) struct Simulation<'a> {
    given: &'a Given<'a>,
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
    /// A simulation for whoever `identity` speaks for, within `boundary` unless another one is given, and within the control
    /// policies that reach the account of whoever it is.
    pub(super) fn new(
        given: &'a Given<'a>,
        identity: Vec<Policy>,
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
        let boundary = given.boundary.clone().or(boundary);
        let roles = roles_to_assume(given, call, account)?;
        Ok(Self { given, identity, boundary, principal, keys, roles, organization, account: principal_account, own })
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

    /// The elements of the result about one action.
    pub(super) fn result(&self, action: &(&str, Action)) -> Result<Vec<Element>, QueryError> {
        let resources = self.given.resources.iter();
        let verdicts: Vec<_> = resources.map(|resource| self.decide(action, resource)).collect();
        Ok(verdict::result(action.0, &verdicts, self.given.names_resources()))
    }

    fn decide<'r>(
        &self,
        (name, action): &(&str, Action),
        (resource_name, resource): &'r (&str, Resource),
    ) -> Verdict<'r> {
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
        let member = self.own && self.organization.id_of(&self.account).is_some();
        Verdict::new(resource_name, evaluate(&layers, &request).explain(), member, owner != self.account)
    }

    fn service_control(&self) -> &[Level] {
        match &self.given.service_control {
            Some(levels) => levels,
            None if self.own => self.organization.service_control(&self.account),
            None => &[],
        }
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
        let holder = arn.and_then(|arn| holders::of_arn(account, &arn).ok());
        let Some(holder @ Holder::Role(_)) = holder else { continue };
        let Some(record) = account.roles.find(holder.name()) else { continue };
        if call.allows("iam:GetRole", name, &holders::keys(account, &holder))? {
            roles.insert(*name, Arc::clone(&record.role));
        }
    }
    Ok(roles)
}
