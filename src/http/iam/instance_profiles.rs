//! Instance profiles: made, read, listed and deleted, and the role in each. They give credentials to nobody.

use super::call::{Call, Operation, refused};
use super::input::{self, LONG_NAME, SHORT_NAME};
use super::paging::Page;
use super::shapes;
use super::tags;
use super::target::{Named, Target};
use crate::http::query::{Answer, Constraints, Element, QueryError};
use crate::iam::{Account, Accounts, Holder, InstanceProfile};
use crate::policy::Keys;

pub(super) fn operation(name: &str) -> Option<Operation> {
    Some(match name {
        "CreateInstanceProfile" => create,
        "GetInstanceProfile" => get,
        "DeleteInstanceProfile" => delete,
        "ListInstanceProfiles" => list,
        "ListInstanceProfilesForRole" => list_for_role,
        "AddRoleToInstanceProfile" => add_role,
        "RemoveRoleFromInstanceProfile" => remove_role,
        _ => return None,
    })
}

/// An instance profile as lists hold it: without tags.
pub(super) fn instance_profile(profile: &InstanceProfile, account: &Account, accounts: &Accounts) -> Vec<Element> {
    let role = account.role_of_instance_profile(profile);
    vec![
        Element::text("Path", profile.path.as_str()),
        Element::text("InstanceProfileName", profile.name.as_str()),
        Element::text("InstanceProfileId", profile.id.as_str()),
        Element::text("Arn", profile.arn.as_str()),
        Element::Instant("CreateDate", profile.created),
        Element::list("Roles", role.map(|record| shapes::named_role(record, accounts))),
    ]
}

fn create(call: &Call<'_>) -> Result<Answer, QueryError> {
    let query = call.query;
    let mut constraints = Constraints::default();
    let name = input::name(query, "InstanceProfileName", LONG_NAME, &mut constraints);
    let path = input::path(query, &mut constraints);
    constraints.finish()?;
    let (asked, keys) = tags::requested(query)?;
    let arn = call.arn(&format!("instance-profile{path}{name}"));
    call.authorize("iam:CreateInstanceProfile", arn.as_str(), &keys)?;
    if !asked.is_empty() {
        call.authorize("iam:TagInstanceProfile", arn.as_str(), &keys)?;
    }
    let (name, path) = (name.parse().map_err(refused)?, path.parse().map_err(refused)?);
    let now = call.now();
    let made = call.update(|account, limits| account.create_instance_profile(&name, path, asked, limits, now))?;
    let mut elements = instance_profile(&made, &*call.own_account()?, &call.accounts());
    if !made.tags.is_empty() {
        elements.push(shapes::tags(&made.tags));
    }
    Ok(Answer::new("CreateInstanceProfile", vec![Element::Group("InstanceProfile", elements)]))
}

fn get(call: &Call<'_>) -> Result<Answer, QueryError> {
    let (name, target) = subject(call, "iam:GetInstanceProfile", Constraints::default())?;
    let profile = target.account().instance_profile(name).map_err(refused)?;
    let mut elements = instance_profile(profile, target.account(), &call.accounts());
    elements.push(shapes::tags(&profile.tags));
    Ok(Answer::new("GetInstanceProfile", vec![Element::Group("InstanceProfile", elements)]))
}

fn delete(call: &Call<'_>) -> Result<Answer, QueryError> {
    let (name, target) = subject(call, "iam:DeleteInstanceProfile", Constraints::default())?;
    target.update(call, |account, _| account.delete_instance_profile(name))?;
    Ok(Answer::done("DeleteInstanceProfile"))
}

fn list(call: &Call<'_>) -> Result<Answer, QueryError> {
    let mut constraints = Constraints::default();
    let prefix = input::path_prefix(call.query, &mut constraints);
    let page = Page::read(call.query, &mut constraints);
    constraints.finish()?;
    let resource = call.arn(&format!("instance-profile{prefix}"));
    call.authorize("iam:ListInstanceProfiles", resource.as_str(), &Keys::new())?;
    let account = call.own_account()?;
    let profiles = account.instance_profiles.iter().filter(|profile| profile.path.as_str().starts_with(prefix));
    listed(call, "ListInstanceProfiles", &account, profiles.map(|profile| &**profile), page)
}

fn list_for_role(call: &Call<'_>) -> Result<Answer, QueryError> {
    let mut constraints = Constraints::default();
    let role = input::name(call.query, "RoleName", SHORT_NAME, &mut constraints);
    let page = Page::read(call.query, &mut constraints);
    constraints.finish()?;
    let named = Named::Holder(Holder::role(role));
    let target = Target::allowed(call, named, "iam:ListInstanceProfilesForRole", &Keys::new())?;
    target.existing()?;
    let account = target.account();
    let profiles = account.instance_profiles_of(role).map(|profile| &**profile);
    listed(call, "ListInstanceProfilesForRole", account, profiles, page)
}

fn listed<'a>(
    call: &Call<'_>,
    operation: &'static str,
    account: &Account,
    profiles: impl Iterator<Item = &'a InstanceProfile>,
    page: Page,
) -> Result<Answer, QueryError> {
    let accounts = call.accounts();
    let (profiles, told) = page.of(profiles, |profile| profile.name.folded())?;
    let profiles = profiles.into_iter().map(|profile| instance_profile(profile, account, &accounts));
    let mut result = vec![Element::list("InstanceProfiles", profiles)];
    result.extend(told);
    Ok(Answer::new(operation, result))
}

/// Whoever puts a role where machines get it hands the role on, which is an action of its own.
fn add_role(call: &Call<'_>) -> Result<Answer, QueryError> {
    let mut constraints = Constraints::default();
    let role = input::name(call.query, "RoleName", SHORT_NAME, &mut constraints);
    let (name, target) = subject(call, "iam:AddRoleToInstanceProfile", constraints)?;
    let passed = Keys::new().with("iam:PassedToService", "ec2.amazonaws.com");
    let passing = Target::allowed(call, Named::Holder(Holder::role(role)), "iam:PassRole", &passed)?;
    target.update(call, |account, _| {
        passing.unchanged(account)?;
        account.add_role_to_instance_profile(name, role)
    })?;
    Ok(Answer::done("AddRoleToInstanceProfile"))
}

fn remove_role(call: &Call<'_>) -> Result<Answer, QueryError> {
    let mut constraints = Constraints::default();
    let role = input::name(call.query, "RoleName", SHORT_NAME, &mut constraints);
    let (name, target) = subject(call, "iam:RemoveRoleFromInstanceProfile", constraints)?;
    target.update(call, |account, _| account.remove_role_from_instance_profile(name, role))?;
    Ok(Answer::done("RemoveRoleFromInstanceProfile"))
}

/// The instance profile that the call names, once the caller may do `action` to it.
fn subject<'a>(
    call: &'a Call<'_>,
    action: &str,
    mut constraints: Constraints,
) -> Result<(&'a str, Target), QueryError> {
    let name = input::name(call.query, "InstanceProfileName", LONG_NAME, &mut constraints);
    constraints.finish()?;
    let target = Target::allowed(call, Named::InstanceProfile(name.to_owned()), action, &Keys::new())?;
    Ok((name, target))
}
