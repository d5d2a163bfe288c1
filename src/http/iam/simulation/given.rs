//! The parameters of a simulation.

use crate::arn::{AccountId, Arn};
use crate::http::iam::call::Call;
use crate::http::iam::input;
use crate::http::query::{Constraints, Query, QueryError};
use crate::policy::{Action, Keys, Kind, Level, Policy, Resource};

/// The most characters of all policies of a call together.
const MAX_CHARACTERS: usize = 256 * 1024;
/// The most characters of one action.
const MAX_ACTION: usize = 128;
/// The most characters of one resource.
const MAX_RESOURCE: usize = 2048;
/// The most characters of all values of condition keys together.
const MAX_CONTEXT: usize = 16 * 1024;
/// The most levels of an organisation, from its root to the account.
const MAX_LEVELS: usize = 7;

const LEVELS: &str = "OrderedOrganizationPolicyInputList";
const OF_LEVEL: &str = "ServiceControlPolicyInputList";

/// What both simulations are given.
pub(super) struct Given<'a> {
    pub(super) actions: Vec<(&'a str, Action)>,
    pub(super) resources: Vec<(&'a str, Resource)>,
    pub(super) resource_policy: Option<Policy>,
    pub(super) resource_owner: Option<AccountId>,
    pub(super) boundary: Option<Vec<Policy>>,
    /// The levels of an organisation that stand in the place of the account's own.
    pub(super) service_control: Option<Vec<Level>>,
    pub(super) caller: Option<Arn>,
    pub(super) context: Keys,
    /// The characters of the longest resource and of all values of condition keys.
    pub(super) compared: usize,
}

/// What is looked at before anybody is asked whether the caller may simulate: that the call is whole.
pub(super) struct Whole {
    caller: Option<Arn>,
}

impl Whole {
    pub(super) fn read(query: &Query, constraints: &mut Constraints) -> Self {
        constraints.at_least_one(query, "ActionNames");
        Self { caller: input::optional_arn(query, "CallerArn", constraints) }
    }
}

impl<'a> Given<'a> {
    /// Reads the rest, for those alone who may simulate: it is work.
    pub(super) fn read(call: &Call<'a>, whole: Whole) -> Result<Self, QueryError> {
        let query = call.query;
        bounded(query)?;
        let resources = query.members("ResourceArns")?;
        let resources = if resources.is_empty() { vec!["*"] } else { resources };
        let boundary = policies(query, "PermissionsBoundaryPolicyInputList", Kind::Boundary)?;
        let owner = query.value("ResourceOwner");
        let resource_policy = query.value("ResourcePolicy");
        let longest = resources.iter().map(|text| text.len()).max().unwrap_or_default();
        let context = super::context::entries(query, MAX_CONTEXT)?;
        Ok(Self {
            actions: parsed(query.members("ActionNames")?, "ActionNames", MAX_ACTION)?,
            resources: parsed(resources, "ResourceArns", MAX_RESOURCE)?,
            resource_policy: resource_policy.map(|text| policy(text, Kind::Resource, "ResourcePolicy")).transpose()?,
            resource_owner: owner.map(account).transpose()?,
            boundary: (!boundary.is_empty()).then_some(boundary),
            service_control: levels(query)?,
            caller: whole.caller,
            compared: longest.saturating_add(context.characters),
            context: context.keys,
        })
    }

    /// The policies of the list `name`, under their places in it.
    pub(super) fn policies(&self, call: &Call<'_>, name: &str) -> Result<Vec<Policy>, QueryError> {
        policies(call.query, name, Kind::Identity)
    }

    /// Whether the call names resources: all of them is no name.
    pub(super) fn names_resources(&self) -> bool {
        !matches!(self.resources.as_slice(), [(_, Resource::All)])
    }
}

/// Policies of whatever kind, of which only the condition keys are asked.
pub(super) fn any_policies(query: &Query, name: &str) -> Result<Vec<Policy>, QueryError> {
    bounded(query)?;
    let members = query.members(name)?;
    let read = |(place, text): (usize, &str)| {
        let place = format!("{name}.{place}");
        let kinds = [Kind::Resource, Kind::Trust];
        let other = || kinds.into_iter().find_map(|kind| policy(text, kind, &place).ok());
        policy(text, Kind::Identity, &place).or_else(|error| other().ok_or(error))
    };
    (1_usize..).zip(members).map(read).collect()
}

/// All policies of the call together: a page of decisions goes over each of them.
fn bounded(query: &Query) -> Result<(), QueryError> {
    let mut lists = vec![query.members("PolicyInputList")?, query.members("PermissionsBoundaryPolicyInputList")?];
    for place in query.structures(LEVELS)? {
        lists.push(query.members(&format!("{place}.{OF_LEVEL}"))?);
    }
    let texts = lists.iter().flatten().copied().chain(query.value("ResourcePolicy"));
    if texts.map(str::len).sum::<usize>() <= MAX_CHARACTERS {
        return Ok(());
    }
    let message = format!("The policies are longer than {MAX_CHARACTERS} characters together");
    Err(QueryError::new("InvalidInput", message))
}

/// The service control policies of each level, from the root of the organisation to the account.
fn levels(query: &Query) -> Result<Option<Vec<Level>>, QueryError> {
    let places = query.structures(LEVELS)?;
    if places.len() > MAX_LEVELS {
        let message = format!("{LEVELS}: an organisation has at most {MAX_LEVELS} levels");
        return Err(QueryError::new("InvalidInput", message));
    }
    let level = |place: &String| {
        let policies = policies(query, &format!("{place}.{OF_LEVEL}"), Kind::ServiceControl)?;
        Ok::<_, QueryError>(Level::new(place.as_str(), policies))
    };
    let levels = places.iter().map(level).collect::<Result<Vec<_>, _>>()?;
    Ok((!levels.is_empty()).then_some(levels))
}

fn policies(query: &Query, name: &str, kind: Kind) -> Result<Vec<Policy>, QueryError> {
    let members = query.members(name)?;
    (1_usize..).zip(members).map(|(place, text)| policy(text, kind, &format!("{name}.{place}"))).collect()
}

/// What is simulated may be longer than what could be attached.
fn policy(text: &str, kind: Kind, place: &str) -> Result<Policy, QueryError> {
    let policy = Policy::parse_within(text, kind, usize::MAX);
    policy.map(|policy| policy.named(place)).map_err(|error| {
        QueryError::new("InvalidInput", format!("The policy at {place} is not valid. {}", error.reason()))
    })
}

fn parsed<'t, T: std::str::FromStr>(
    texts: Vec<&'t str>,
    parameter: &str,
    most: usize,
) -> Result<Vec<(&'t str, T)>, QueryError> {
    let parse = |text: &'t str| {
        let parsed = if text.chars().count() > most { None } else { text.parse().ok() };
        let shown = || text.chars().take(200).collect::<String>();
        let wrong = || QueryError::new("InvalidInput", format!("{parameter}: {} is invalid", shown()));
        Ok((text, parsed.ok_or_else(wrong)?))
    };
    texts.into_iter().map(parse).collect()
}

/// An account by its id or by the ARN of its root.
fn account(text: &str) -> Result<AccountId, QueryError> {
    let of_arn = || text.parse::<Arn>().ok().and_then(|arn| arn.account_id().ok());
    let account = text.parse().ok().or_else(of_arn);
    account.ok_or_else(|| QueryError::new("InvalidInput", "ResourceOwner must be an account or the ARN of its root"))
}
