//! The parameters of a simulation.

use crate::arn::{AccountId, Arn};
use crate::http::iam::call::Call;
use crate::http::iam::input;
use crate::http::query::{Constraints, Query, QueryError};
use crate::iam::{SourceKind, SourcedPolicy};
use crate::policy::{Action, Keys, Kind, Policy, Resource};

/// The most characters of all policies together: a page of a thousand decisions goes over each of them.
const MAX_CHARACTERS: usize = 256 * 1024;

/// What both simulations are given.
pub(super) struct Given<'a> {
    pub(super) actions: Vec<(&'a str, Action)>,
    pub(super) resources: Vec<(&'a str, Resource)>,
    pub(super) resource_policy: Option<Policy>,
    pub(super) resource_owner: Option<AccountId>,
    pub(super) boundary: Option<Vec<Policy>>,
    pub(super) caller: Option<Arn>,
    pub(super) context: Keys,
}

impl<'a> Given<'a> {
    pub(super) fn read(call: &Call<'a>, constraints: &mut Constraints) -> Result<Self, QueryError> {
        let query = call.query;
        constraints.at_least_one(query, "ActionNames");
        let resources = query.members("ResourceArns")?;
        let resources = if resources.is_empty() { vec!["*"] } else { resources };
        let caller = input::optional_arn(query, "CallerArn", constraints);
        let boundary = policies(query, "PermissionsBoundaryPolicyInputList", Kind::Boundary)?;
        let owner = query.value("ResourceOwner");
        let resource_policy = query.value("ResourcePolicy");
        Ok(Self {
            actions: parsed(query.members("ActionNames")?, "ActionNames")?,
            resources: parsed(resources, "ResourceArns")?,
            resource_policy: resource_policy.map(|text| policy(text, Kind::Resource, "ResourcePolicy")).transpose()?,
            resource_owner: owner.map(account).transpose()?,
            boundary: (!boundary.is_empty()).then_some(boundary),
            caller,
            context: super::context::entries(query)?,
        })
    }

    /// The policies of the list `name`, under their places in it.
    pub(super) fn policies(&self, call: &Call<'_>, name: &str) -> Result<Vec<SourcedPolicy>, QueryError> {
        let policies = policies(call.query, name, Kind::Identity)?;
        let sourced = (1_usize..)
            .zip(&policies)
            .map(|(place, policy)| SourcedPolicy::new(policy, SourceKind::None, &format!("{name}.{place}")));
        Ok(sourced.collect())
    }
}

/// Policies of whatever kind, of which only the condition keys are asked.
pub(super) fn any_policies(query: &Query, name: &str) -> Result<Vec<Policy>, QueryError> {
    let members = query.members(name)?;
    let read = |(place, text): (usize, &str)| {
        let place = format!("{name}.{place}");
        let kinds = [Kind::Resource, Kind::Trust];
        let other = || kinds.into_iter().find_map(|kind| policy(text, kind, &place).ok());
        policy(text, Kind::Identity, &place).or_else(|error| other().ok_or(error))
    };
    (1_usize..).zip(members).map(read).collect()
}

fn policies(query: &Query, name: &str, kind: Kind) -> Result<Vec<Policy>, QueryError> {
    let members = query.members(name)?;
    if members.iter().map(|text| text.len()).sum::<usize>() > MAX_CHARACTERS {
        let message = format!("{name}: the policies are longer than {MAX_CHARACTERS} characters together");
        return Err(QueryError::new("InvalidInput", message));
    }
    (1_usize..).zip(members).map(|(place, text)| policy(text, kind, &format!("{name}.{place}"))).collect()
}

/// What is simulated may be longer than what could be attached.
fn policy(text: &str, kind: Kind, place: &str) -> Result<Policy, QueryError> {
    let policy = Policy::parse_within(text, kind, usize::MAX);
    policy.map(|policy| policy.named(place)).map_err(|error| {
        QueryError::new("InvalidInput", format!("The policy at {place} is not valid. {}", error.reason()))
    })
}

fn parsed<'t, T: std::str::FromStr>(texts: Vec<&'t str>, parameter: &str) -> Result<Vec<(&'t str, T)>, QueryError> {
    let parse = |text: &'t str| {
        let shown: String = text.chars().take(200).collect();
        let wrong = |_| QueryError::new("InvalidInput", format!("{parameter}: {shown} is invalid"));
        Ok((text, text.parse().map_err(wrong)?))
    };
    texts.into_iter().map(parse).collect()
}

/// An account by its id or by the ARN of its root.
fn account(text: &str) -> Result<AccountId, QueryError> {
    let of_arn = || text.parse::<Arn>().ok().and_then(|arn| arn.account_id().ok());
    let account = text.parse().ok().or_else(of_arn);
    account.ok_or_else(|| QueryError::new("InvalidInput", "ResourceOwner must be an account or the ARN of its root"))
}
