//! Managed policies attached to users, groups and roles, and permissions boundaries of users and roles.

use super::call::{Call, Operation, refused};
use super::holders::Subject;
use super::input;
use super::paging::Page;
use super::shapes;
use super::target::{Named, Target};
use crate::arn::Arn;
use crate::http::query::{Answer, Constraints, Element, QueryError};
use crate::iam::{Account, Holder, IamError, Limits};
use crate::policy::Keys;

pub(super) fn operation(name: &str) -> Option<Operation> {
    Some(match name {
        "AttachUserPolicy" => |call| attach(call, Subject::User, "AttachUserPolicy"),
        "AttachGroupPolicy" => |call| attach(call, Subject::Group, "AttachGroupPolicy"),
        "AttachRolePolicy" => |call| attach(call, Subject::Role, "AttachRolePolicy"),
        "DetachUserPolicy" => |call| detach(call, Subject::User, "DetachUserPolicy"),
        "DetachGroupPolicy" => |call| detach(call, Subject::Group, "DetachGroupPolicy"),
        "DetachRolePolicy" => |call| detach(call, Subject::Role, "DetachRolePolicy"),
        "ListAttachedUserPolicies" => |call| list(call, Subject::User, "ListAttachedUserPolicies"),
        "ListAttachedGroupPolicies" => |call| list(call, Subject::Group, "ListAttachedGroupPolicies"),
        "ListAttachedRolePolicies" => |call| list(call, Subject::Role, "ListAttachedRolePolicies"),
        "PutUserPermissionsBoundary" => |call| put_boundary(call, Subject::User, "PutUserPermissionsBoundary"),
        "PutRolePermissionsBoundary" => |call| put_boundary(call, Subject::Role, "PutRolePermissionsBoundary"),
        "DeleteUserPermissionsBoundary" => |call| delete_boundary(call, Subject::User, "DeleteUserPermissionsBoundary"),
        "DeleteRolePermissionsBoundary" => |call| delete_boundary(call, Subject::Role, "DeleteRolePermissionsBoundary"),
        _ => return None,
    })
}

fn attach(call: &Call<'_>, subject: Subject, operation: &'static str) -> Result<Answer, QueryError> {
    change(call, subject, operation, |account, holder, policy, limits| account.attach_policy(holder, policy, limits))
}

fn detach(call: &Call<'_>, subject: Subject, operation: &'static str) -> Result<Answer, QueryError> {
    change(call, subject, operation, |account, holder, policy, _| account.detach_policy(holder, policy))
}

fn change(
    call: &Call<'_>,
    subject: Subject,
    operation: &'static str,
    change: impl FnOnce(&mut Account, &Holder, &Arn, &Limits) -> Result<(), IamError>,
) -> Result<Answer, QueryError> {
    let mut constraints = Constraints::default();
    let holder = subject.read_short(call.query, &mut constraints);
    let policy = input::arn(call.query, "PolicyArn", &mut constraints);
    constraints.finish()?;
    let policy = policy.ok_or_else(input::no_arn)?;
    let keys = Keys::new().with("iam:PolicyARN", policy.as_str());
    let target = Target::allowed(call, Named::Holder(holder.clone()), &format!("iam:{operation}"), &keys)?;
    target.update(call, |account, limits| change(account, &holder, &policy, limits))?;
    Ok(Answer::done(operation))
}

fn list(call: &Call<'_>, subject: Subject, operation: &'static str) -> Result<Answer, QueryError> {
    let mut constraints = Constraints::default();
    let holder = subject.read_short(call.query, &mut constraints);
    let prefix = input::policy_path_prefix(call.query, &mut constraints);
    let page = Page::read(call.query, &mut constraints);
    constraints.finish()?;
    let target = Target::allowed(call, Named::Holder(holder.clone()), &format!("iam:{operation}"), &Keys::new())?;
    let attached = &target.account().permissions(&holder).map_err(refused)?.attached;
    let under = format!("policy{prefix}");
    let (arns, told) =
        page.of(attached.iter().filter(|arn| arn.resource().starts_with(&under)), |arn| arn.to_string())?;
    let mut result = vec![Element::list("AttachedPolicies", shapes::attached(arns))];
    result.extend(told);
    Ok(Answer::new(operation, result))
}

fn put_boundary(call: &Call<'_>, subject: Subject, operation: &'static str) -> Result<Answer, QueryError> {
    let mut constraints = Constraints::default();
    let holder = subject.read_short(call.query, &mut constraints);
    let boundary = input::arn(call.query, "PermissionsBoundary", &mut constraints);
    constraints.finish()?;
    let boundary = boundary.ok_or_else(input::no_arn)?;
    // Policies ask which boundary is to be set, not which one is there.
    let keys = Keys::new().with("iam:PermissionsBoundary", boundary.as_str());
    let target = Target::allowed(call, Named::Holder(holder.clone()), &format!("iam:{operation}"), &keys)?;
    target.update(call, |account, _| account.set_boundary(&holder, Some(&boundary)))?;
    Ok(Answer::done(operation))
}

fn delete_boundary(call: &Call<'_>, subject: Subject, operation: &'static str) -> Result<Answer, QueryError> {
    let mut constraints = Constraints::default();
    let holder = subject.read_short(call.query, &mut constraints);
    constraints.finish()?;
    let target = Target::allowed(call, Named::Holder(holder.clone()), &format!("iam:{operation}"), &Keys::new())?;
    target.update(call, |account, _| account.set_boundary(&holder, None))?;
    Ok(Answer::done(operation))
}
