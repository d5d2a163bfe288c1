//! Groups and who is in them.

use std::sync::Arc;

use super::call::{Call, Operation, refused};
use super::input::{self, LONG_NAME};
use super::paging::Page;
use super::subject::Subject;
use super::target::{Named, Target};
use super::users;
use crate::http::query::{Answer, Constraints, Element, QueryError};
use crate::iam::{EntityName, EntityPath, Group, Holder};
use crate::policy::Keys;

pub(super) fn operation(name: &str) -> Option<Operation> {
    Some(match name {
        "CreateGroup" => create_group,
        "GetGroup" => get_group,
        "UpdateGroup" => update_group,
        "DeleteGroup" => delete_group,
        "ListGroups" => list_groups,
        "AddUserToGroup" => |call| change_membership(call, "AddUserToGroup"),
        "RemoveUserFromGroup" => |call| change_membership(call, "RemoveUserFromGroup"),
        "ListGroupsForUser" => list_groups_for_user,
        _ => return None,
    })
}

/// A group as lists hold it.
pub(super) fn group(group: &Group) -> Vec<Element> {
    vec![
        Element::text("Path", group.path.as_str()),
        Element::text("GroupName", group.name.as_str()),
        Element::text("GroupId", group.id.as_str()),
        Element::text("Arn", group.arn.as_str()),
        Element::Instant("CreateDate", group.created),
    ]
}

/// The group that the call names, once the caller may do `action` to it, and there is one. Its members' names are not
/// among the parameters: a group holds users and no groups.
fn named(call: &Call<'_>, action: &str, mut constraints: Constraints) -> Result<(Arc<Group>, Target), QueryError> {
    let name = input::name(call.query, "GroupName", LONG_NAME, &mut constraints);
    constraints.finish()?;
    let target = Target::allowed(call, Named::Holder(Holder::Group(name.to_owned())), action, &Keys::new())?;
    let group = target.account().group(name).cloned().map_err(refused)?;
    Ok((group, target))
}

fn create_group(call: &Call<'_>) -> Result<Answer, QueryError> {
    let mut constraints = Constraints::default();
    let name = input::name(call.query, "GroupName", LONG_NAME, &mut constraints);
    let path = input::path(call.query, &mut constraints);
    constraints.finish()?;
    call.authorize("iam:CreateGroup", call.arn(&format!("group{path}{name}")).as_str(), &Keys::new())?;
    let (path, name): (EntityPath, EntityName) = (path.parse().map_err(refused)?, name.parse().map_err(refused)?);
    let now = call.now();
    let made = call.update(|account, limits| account.create_group(limits, &name, path, now))?;
    Ok(Answer::new("CreateGroup", vec![Element::Group("Group", group(&made))]))
}

fn get_group(call: &Call<'_>) -> Result<Answer, QueryError> {
    let mut constraints = Constraints::default();
    let page = Page::read(call.query, &mut constraints);
    let (found, target) = named(call, "iam:GetGroup", constraints)?;
    let (members, told) = page.of(target.account().members(found.name.as_str()), |user| user.name.folded())?;
    let mut result = vec![
        Element::Group("Group", group(&found)),
        Element::list("Users", members.into_iter().map(|member| users::user(member))),
    ];
    result.extend(told);
    Ok(Answer::new("GetGroup", result))
}

fn update_group(call: &Call<'_>) -> Result<Answer, QueryError> {
    let mut constraints = Constraints::default();
    let new_name = input::optional_name(call.query, "NewGroupName", LONG_NAME, &mut constraints);
    let new_path = input::optional_path(call.query, "NewPath", &mut constraints);
    let (found, target) = named(call, "iam:UpdateGroup", constraints)?;
    let new_name: Option<EntityName> = new_name.map(str::parse).transpose().map_err(refused)?;
    let new_path: Option<EntityPath> = new_path.map(str::parse).transpose().map_err(refused)?;
    // As for users: also under the new name.
    let (path, name) = (new_path.as_ref().unwrap_or(&found.path), new_name.as_ref().unwrap_or(&found.name));
    let renamed = call.arn(&format!("group{path}{name}"));
    call.authorize_shown("iam:UpdateGroup", renamed.as_str(), &format!("group {name}"), &Keys::new())?;
    target.update(call, |account, _| account.update_group(found.name.as_str(), new_name, new_path))?;
    Ok(Answer::done("UpdateGroup"))
}

fn delete_group(call: &Call<'_>) -> Result<Answer, QueryError> {
    let (found, target) = named(call, "iam:DeleteGroup", Constraints::default())?;
    target.update(call, |account, _| account.delete_group(found.name.as_str()))?;
    Ok(Answer::done("DeleteGroup"))
}

fn list_groups(call: &Call<'_>) -> Result<Answer, QueryError> {
    let mut constraints = Constraints::default();
    let prefix = input::path_prefix(call.query, &mut constraints);
    let page = Page::read(call.query, &mut constraints);
    constraints.finish()?;
    call.authorize("iam:ListGroups", call.arn(&format!("group{prefix}")).as_str(), &Keys::new())?;
    let account = call.own_account()?;
    let groups = account.groups.iter().filter(|group| group.path.as_str().starts_with(prefix));
    let (groups, told) = page.of(groups, |group| group.name.folded())?;
    let mut result = vec![Element::list("Groups", groups.into_iter().map(|listed| group(listed)))];
    result.extend(told);
    Ok(Answer::new("ListGroups", result))
}

fn change_membership(call: &Call<'_>, operation: &'static str) -> Result<Answer, QueryError> {
    let mut constraints = Constraints::default();
    let user = input::name(call.query, "UserName", LONG_NAME, &mut constraints);
    let group = input::name(call.query, "GroupName", LONG_NAME, &mut constraints);
    constraints.finish()?;
    let holder = Named::Holder(Holder::Group(group.to_owned()));
    let target = Target::allowed(call, holder, &format!("iam:{operation}"), &Keys::new())?;
    target.update(call, |account, limits| match operation {
        "AddUserToGroup" => account.add_user_to_group(limits, user, group),
        _ => account.remove_user_from_group(user, group),
    })?;
    Ok(Answer::done(operation))
}

fn list_groups_for_user(call: &Call<'_>) -> Result<Answer, QueryError> {
    let mut constraints = Constraints::default();
    let page = Page::read(call.query, &mut constraints);
    let subject = Subject::named(call, constraints)?;
    subject.authorize(call, "iam:ListGroupsForUser", &Keys::new())?;
    let account = call.own_account()?;
    let (groups, told) = page.of(account.groups_of(subject.user()?), |group| group.name.folded())?;
    let mut result = vec![Element::list("Groups", groups.into_iter().map(|listed| group(listed)))];
    result.extend(told);
    Ok(Answer::new("ListGroupsForUser", result))
}
