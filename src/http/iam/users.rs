//! Users.

use super::call::{Call, Operation, refused};
use super::input::{self, SHORT_NAME};
use super::paging::Page;
use super::subject::Subject;
use super::{shapes, tags};
use crate::http::query::{Answer, Constraints, Element, QueryError};
use crate::iam::{Account, EntityName, EntityPath, Holder, KeyOwner, User};
use crate::policy::Keys;
use crate::time::Timestamp;

pub(super) fn operation(name: &str) -> Option<Operation> {
    Some(match name {
        "CreateUser" => create_user,
        "GetUser" => get_user,
        "UpdateUser" => update_user,
        "DeleteUser" => delete_user,
        "ListUsers" => list_users,
        _ => return None,
    })
}

/// A user as lists hold it.
pub(super) fn user(user: &User) -> Vec<Element> {
    vec![
        Element::text("Path", user.path.as_str()),
        Element::text("UserName", user.name.as_str()),
        Element::text("UserId", user.id.as_str()),
        Element::text("Arn", user.identity.arn.as_str()),
        Element::Instant("CreateDate", user.created),
    ]
}

/// The root user, who has neither name nor path.
pub(super) fn root(account: &Account) -> Vec<Element> {
    vec![
        Element::text("UserId", account.id.as_str()),
        Element::text("Arn", account.id.root().as_str()),
        // An account keeps no date of its own; the element is required.
        Element::Instant("CreateDate", Timestamp::EPOCH),
    ]
}

/// A user with all that is known of it.
fn whole_user(whole: &User) -> Element {
    let mut elements = user(whole);
    elements.extend(whole.permissions.boundary.as_ref().map(shapes::boundary));
    if !whole.identity.tags.is_empty() {
        elements.push(shapes::tags(&whole.identity.tags));
    }
    Element::Group("User", elements)
}

fn create_user(call: &Call<'_>) -> Result<Answer, QueryError> {
    let mut constraints = Constraints::default();
    let name = input::name(call.query, "UserName", SHORT_NAME, &mut constraints);
    let path = input::path(call.query, &mut constraints);
    let boundary = input::optional_arn(call.query, "PermissionsBoundary", &mut constraints);
    constraints.finish()?;
    let (tags, mut keys) = tags::requested(call.query)?;
    if let Some(boundary) = &boundary {
        keys.set("iam:PermissionsBoundary", boundary.as_str());
    }
    let arn = call.arn(&format!("user{path}{name}"));
    call.authorize("iam:CreateUser", arn.as_str(), &keys)?;
    if !tags.is_empty() {
        call.authorize("iam:TagUser", arn.as_str(), &keys)?;
    }
    let (path, named): (EntityPath, EntityName) = (path.parse().map_err(refused)?, name.parse().map_err(refused)?);
    let now = call.now();
    let made = call.update(|account, limits| {
        account.create_user(limits, &named, path, now)?;
        if !tags.is_empty() {
            account.tag_user(limits, name, tags)?;
        }
        if boundary.is_some() {
            account.set_boundary(&Holder::User(name.to_owned()), boundary.as_ref())?;
        }
        account.user(name).cloned()
    })?;
    Ok(Answer::new("CreateUser", vec![whole_user(&made)]))
}

fn get_user(call: &Call<'_>) -> Result<Answer, QueryError> {
    let subject = Subject::named_or_caller(call, Constraints::default())?;
    subject.authorize(call, "iam:GetUser", &Keys::new())?;
    if subject.owner == KeyOwner::Root {
        return Ok(Answer::new("GetUser", vec![Element::Group("User", root(&*call.own_account()?))]));
    }
    Ok(Answer::new("GetUser", vec![whole_user(subject.user()?)]))
}

fn update_user(call: &Call<'_>) -> Result<Answer, QueryError> {
    let mut constraints = Constraints::default();
    let new_name = input::optional_name(call.query, "NewUserName", SHORT_NAME, &mut constraints);
    let new_path = input::optional_path(call.query, "NewPath", &mut constraints);
    let subject = Subject::named(call, constraints)?;
    let new_name: Option<EntityName> = new_name.map(str::parse).transpose().map_err(refused)?;
    let new_path: Option<EntityPath> = new_path.map(str::parse).transpose().map_err(refused)?;
    subject.authorize(call, "iam:UpdateUser", &Keys::new())?;
    // Who may rename a user must be allowed to under the new name as well, or could move it out of what policies say of it.
    let user = subject.user()?;
    let (path, name) = (new_path.as_ref().unwrap_or(&user.path), new_name.as_ref().unwrap_or(&user.name));
    let renamed = call.arn(&format!("user{path}{name}"));
    call.authorize_shown("iam:UpdateUser", renamed.as_str(), &format!("user {name}"), &subject.keys())?;
    let written = subject.user_name()?;
    subject.update(call, |account, _| account.update_user(written, new_name, new_path))?;
    Ok(Answer::done("UpdateUser"))
}

fn delete_user(call: &Call<'_>) -> Result<Answer, QueryError> {
    let subject = Subject::named(call, Constraints::default())?;
    subject.authorize(call, "iam:DeleteUser", &Keys::new())?;
    let name = subject.user_name()?;
    subject.update(call, |account, _| account.delete_user(name))?;
    Ok(Answer::done("DeleteUser"))
}

fn list_users(call: &Call<'_>) -> Result<Answer, QueryError> {
    let mut constraints = Constraints::default();
    let prefix = input::path_prefix(call.query, &mut constraints);
    let page = Page::read(call.query, &mut constraints);
    constraints.finish()?;
    call.authorize("iam:ListUsers", call.arn(&format!("user{prefix}")).as_str(), &Keys::new())?;
    let account = call.own_account()?;
    let users = account.users.iter().filter(|user| user.path.as_str().starts_with(prefix));
    let (users, told) = page.of(users, |user| user.name.folded())?;
    let mut result = vec![Element::list("Users", users.into_iter().map(|listed| user(listed)))];
    result.extend(told);
    Ok(Answer::new("ListUsers", result))
}
