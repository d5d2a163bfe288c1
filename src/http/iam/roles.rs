//! Roles: made, read, changed, tagged and deleted.

use std::time::Duration;

use super::call::{Call, Operation, refused};
use super::input::{self, SHORT_NAME};
use super::paging::Page;
use super::target::{Named, Target};
use super::{shapes, tags};
use crate::http::query::{Answer, Constraints, Element, QueryError};
use crate::iam::{Holder, NewRole};
use crate::policy::Keys;
use crate::session::DEFAULT_SESSION_DURATION;

pub(super) fn operation(name: &str) -> Option<Operation> {
    Some(match name {
        "CreateRole" => create_role,
        "GetRole" => get_role,
        "ListRoles" => list_roles,
        "UpdateRole" => |call| update_role(call, "UpdateRole"),
        "UpdateRoleDescription" => |call| update_role(call, "UpdateRoleDescription"),
        "UpdateAssumeRolePolicy" => update_assume_role_policy,
        "DeleteRole" => delete_role,
        "CreateServiceLinkedRole" => create_service_linked_role,
        "DeleteServiceLinkedRole" => |call| service_linked(call, "iam:DeleteServiceLinkedRole"),
        "GetServiceLinkedRoleDeletionStatus" => |call| service_linked(call, "iam:GetServiceLinkedRoleDeletionStatus"),
        _ => return None,
    })
}

fn create_role(call: &Call<'_>) -> Result<Answer, QueryError> {
    let query = call.query;
    let mut constraints = Constraints::default();
    let name = input::name(query, "RoleName", SHORT_NAME, &mut constraints);
    let path = input::path(query, &mut constraints);
    let trust_policy = input::document(query, "AssumeRolePolicyDocument", &mut constraints);
    let description = input::role_description(query, &mut constraints);
    let duration = max_session_duration(call, &mut constraints);
    let boundary = input::optional_arn(query, "PermissionsBoundary", &mut constraints);
    constraints.finish()?;
    let (tags, mut keys) = tags::requested(query)?;
    if let Some(boundary) = &boundary {
        keys.set("iam:PermissionsBoundary", boundary.as_str());
    }
    let arn = call.arn(&format!("role{path}{name}"));
    call.authorize("iam:CreateRole", arn.as_str(), &keys)?;
    if !tags.is_empty() {
        call.authorize("iam:TagRole", arn.as_str(), &keys)?;
    }
    let new = NewRole {
        name: name.parse().map_err(refused)?,
        path: path.parse().map_err(refused)?,
        trust_policy,
        description,
        max_session_duration: duration.unwrap_or(DEFAULT_SESSION_DURATION),
        boundary,
        tags,
    };
    let (elsewhere, now) = (call.accounts(), call.now());
    let record = call.update(|account, limits| account.create_role(new, &elsewhere, limits, now))?;
    let mut made = shapes::made_role(&record, &call.accounts());
    made.extend(duration.map(|_| shapes::max_session_duration(&record)));
    Ok(Answer::new("CreateRole", vec![Element::Group("Role", made)]))
}

fn get_role(call: &Call<'_>) -> Result<Answer, QueryError> {
    let (name, target) = subject(call, "iam:GetRole", &Keys::new())?;
    let record = target.account().existing_role(name).map_err(refused)?;
    Ok(Answer::new("GetRole", vec![Element::Group("Role", shapes::whole_role(record, &call.accounts()))]))
}

fn list_roles(call: &Call<'_>) -> Result<Answer, QueryError> {
    let mut constraints = Constraints::default();
    let prefix = input::path_prefix(call.query, &mut constraints);
    let page = Page::read(call.query, &mut constraints);
    constraints.finish()?;
    call.authorize("iam:ListRoles", call.arn(&format!("role{prefix}")).as_str(), &Keys::new())?;
    let (account, accounts) = (call.own_account()?, call.accounts());
    let roles = account.roles.iter().filter(|record| record.path.as_str().starts_with(prefix));
    let (roles, told) = page.of(roles, |record| record.name.folded())?;
    let mut result = vec![Element::list("Roles", roles.into_iter().map(|record| shapes::role(record, &accounts)))];
    result.extend(told);
    Ok(Answer::new("ListRoles", result))
}

fn update_role(call: &Call<'_>, operation: &'static str) -> Result<Answer, QueryError> {
    let mut constraints = Constraints::default();
    let described = input::role_description(call.query, &mut constraints);
    let only_description = operation == "UpdateRoleDescription";
    let duration = if only_description { None } else { max_session_duration(call, &mut constraints) };
    constraints.finish()?;
    let (name, target) = subject(call, &format!("iam:{operation}"), &Keys::new())?;
    let record = target.update(call, |account, _| account.update_role(name, described, duration))?;
    let role = || Element::Group("Role", shapes::made_role(&record, &call.accounts()));
    Ok(Answer::new(operation, if only_description { vec![role()] } else { Vec::new() }))
}

fn update_assume_role_policy(call: &Call<'_>) -> Result<Answer, QueryError> {
    let mut constraints = Constraints::default();
    let document = input::document(call.query, "PolicyDocument", &mut constraints);
    let (name, target) = subject_with(call, "iam:UpdateAssumeRolePolicy", &Keys::new(), constraints)?;
    let elsewhere = call.accounts();
    target.update(call, |account, limits| account.set_trust_policy(name, document, &elsewhere, limits))?;
    Ok(Answer::done("UpdateAssumeRolePolicy"))
}

fn delete_role(call: &Call<'_>) -> Result<Answer, QueryError> {
    let (name, target) = subject(call, "iam:DeleteRole", &Keys::new())?;
    target.update(call, |account, _| account.delete_role(name))?;
    Ok(Answer::done("DeleteRole"))
}

/// No service here makes roles for itself.
fn create_service_linked_role(call: &Call<'_>) -> Result<Answer, QueryError> {
    let mut constraints = Constraints::default();
    let service = constraints.required(call.query, "AWSServiceName", (1, 128));
    constraints.finish()?;
    let keys = Keys::new().with("iam:AWSServiceName", service);
    call.authorize("iam:CreateServiceLinkedRole", call.arn("role/aws-service-role/*").as_str(), &keys)?;
    let message =
        format!("Service role for service {service} is not supported here: no service assumes roles of its own");
    Err(QueryError::new("InvalidInput", message))
}

fn service_linked(call: &Call<'_>, action: &str) -> Result<Answer, QueryError> {
    call.authorize(action, call.arn("role/aws-service-role/*").as_str(), &Keys::new())?;
    Err(QueryError::new("NoSuchEntity", "There are no service-linked roles here."))
}

/// The role that the call names, once the caller may do `action` to it.
fn subject<'a>(call: &'a Call<'_>, action: &str, asked: &Keys) -> Result<(&'a str, Target), QueryError> {
    subject_with(call, action, asked, Constraints::default())
}

/// The same where other parameters are constrained as well.
fn subject_with<'a>(
    call: &'a Call<'_>,
    action: &str,
    asked: &Keys,
    mut constraints: Constraints,
) -> Result<(&'a str, Target), QueryError> {
    let name = input::name(call.query, "RoleName", SHORT_NAME, &mut constraints);
    constraints.finish()?;
    let target = Target::allowed(call, Named::Holder(Holder::Role(name.to_owned())), action, asked)?;
    Ok((name, target))
}

fn max_session_duration(call: &Call<'_>, constraints: &mut Constraints) -> Option<Duration> {
    let seconds = constraints.seconds(call.query, "MaxSessionDuration", 3600, 43_200);
    seconds.map(|seconds| Duration::from_secs(seconds.into()))
}
