//! Inline policies of users, groups and roles.

use super::call::{Call, Operation, refused};
use super::holders::Subject;
use super::input::{self, LONG_NAME};
use super::paging::Page;
use super::target::{Named, Target};
use crate::http::query::{Answer, Constraints, Element, QueryError};
use crate::iam::Holder;
use crate::policy::Keys;

pub(super) fn operation(name: &str) -> Option<Operation> {
    Some(match name {
        "PutUserPolicy" => |call| put(call, Subject::User, "PutUserPolicy"),
        "PutGroupPolicy" => |call| put(call, Subject::Group, "PutGroupPolicy"),
        "PutRolePolicy" => |call| put(call, Subject::Role, "PutRolePolicy"),
        "GetUserPolicy" => |call| get(call, Subject::User, "GetUserPolicy"),
        "GetGroupPolicy" => |call| get(call, Subject::Group, "GetGroupPolicy"),
        "GetRolePolicy" => |call| get(call, Subject::Role, "GetRolePolicy"),
        "DeleteUserPolicy" => |call| delete(call, Subject::User, "DeleteUserPolicy"),
        "DeleteGroupPolicy" => |call| delete(call, Subject::Group, "DeleteGroupPolicy"),
        "DeleteRolePolicy" => |call| delete(call, Subject::Role, "DeleteRolePolicy"),
        "ListUserPolicies" => |call| list(call, Subject::User, "ListUserPolicies"),
        "ListGroupPolicies" => |call| list(call, Subject::Group, "ListGroupPolicies"),
        "ListRolePolicies" => |call| list(call, Subject::Role, "ListRolePolicies"),
        _ => return None,
    })
}

fn put(call: &Call<'_>, subject: Subject, operation: &'static str) -> Result<Answer, QueryError> {
    let mut constraints = Constraints::default();
    let holder = subject.read(call.query, &mut constraints);
    let name = input::name(call.query, "PolicyName", LONG_NAME, &mut constraints);
    let document = input::document(call.query, "PolicyDocument", &mut constraints);
    constraints.finish()?;
    let target = authorize(call, &holder, operation)?;
    let name = name.parse().map_err(refused)?;
    target.update(call, |account, limits| account.put_inline_policy(&holder, &name, document, limits))?;
    Ok(Answer::done(operation))
}

fn get(call: &Call<'_>, subject: Subject, operation: &'static str) -> Result<Answer, QueryError> {
    let (holder, name) = named(call, subject)?;
    let target = authorize(call, &holder, operation)?;
    let policy = target.account().inline_policy(&holder, name).map_err(refused)?;
    let result = vec![
        subject.named(holder.name()),
        Element::text("PolicyName", name),
        Element::document("PolicyDocument", policy.text()),
    ];
    Ok(Answer::new(operation, result))
}

fn delete(call: &Call<'_>, subject: Subject, operation: &'static str) -> Result<Answer, QueryError> {
    let (holder, name) = named(call, subject)?;
    let target = authorize(call, &holder, operation)?;
    target.update(call, |account, _| account.delete_inline_policy(&holder, name))?;
    Ok(Answer::done(operation))
}

fn list(call: &Call<'_>, subject: Subject, operation: &'static str) -> Result<Answer, QueryError> {
    let mut constraints = Constraints::default();
    let holder = subject.read(call.query, &mut constraints);
    let page = Page::read(call.query, &mut constraints);
    constraints.finish()?;
    let target = authorize(call, &holder, operation)?;
    let inline = &target.account().permissions(&holder).map_err(refused)?.inline;
    let (names, told) = page.of(inline.keys(), |name| (*name).clone())?;
    let mut result = vec![Element::texts("PolicyNames", names.into_iter().map(String::as_str))];
    result.extend(told);
    Ok(Answer::new(operation, result))
}

fn named<'a>(call: &'a Call<'_>, subject: Subject) -> Result<(Holder, &'a str), QueryError> {
    let mut constraints = Constraints::default();
    let holder = subject.read(call.query, &mut constraints);
    let name = input::name(call.query, "PolicyName", LONG_NAME, &mut constraints);
    constraints.finish()?;
    Ok((holder, name))
}

fn authorize(call: &Call<'_>, holder: &Holder, operation: &str) -> Result<Target, QueryError> {
    Target::allowed(call, Named::Holder(holder.clone()), &format!("iam:{operation}"), &Keys::new())
}
