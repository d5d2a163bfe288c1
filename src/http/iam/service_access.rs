//! By which policies a user, group or role can use a service.

use super::call::{Call, Operation, refused};
use super::paging::Page;
use super::{holders, input};
use crate::http::query::{Answer, Constraints, Element, QueryError};
use crate::iam::{Holder, PolicySource, SourcedPolicy};
use crate::policy::Keys;

/// The most services that one call asks about.
const MAX_SERVICES: usize = 200;

pub(super) fn operation(name: &str) -> Option<Operation> {
    Some(match name {
        "ListPoliciesGrantingServiceAccess" => list,
        _ => return None,
    })
}

/// Identity policies alone have a say here, and of them what they allow; boundaries, control policies and denials have none.
fn list(call: &Call<'_>) -> Result<Answer, QueryError> {
    let mut constraints = Constraints::default();
    let arn = input::arn(call.query, "Arn", &mut constraints);
    constraints.at_least_one(call.query, "ServiceNamespaces");
    let services = call.query.members("ServiceNamespaces")?;
    constraints.at_most("ServiceNamespaces", &services, MAX_SERVICES);
    let fits = |name: &str| {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_-".contains(&byte);
        (1..=64).contains(&name.len()) && name.bytes().all(allowed)
    };
    let rules = [
        "have length less than or equal to 64",
        "have length greater than or equal to 1",
        "satisfy regular expression pattern: [\\w-]*",
    ];
    constraints.members("ServiceNamespaces", &services, fits, &rules);
    let page = Page::read(call.query, &mut constraints);
    constraints.finish()?;
    let arn = arn.ok_or_else(input::no_arn)?;
    call.authorize("iam:ListPoliciesGrantingServiceAccess", arn.as_str(), &Keys::new())?;
    let account = call.own_account()?;
    let policies = account.policies_of(&holders::of_arn(&account, &arn)?).map_err(refused)?;
    let (services, told) = page.of((0_usize..).zip(services), |(number, _)| format!("{number:010}"))?;
    let entry = |service: &str| {
        let granting = policies.iter().filter(|sourced| sourced.policy.may_allow_of(&service.to_ascii_lowercase()));
        vec![Element::text("ServiceNamespace", service), Element::list("Policies", granting.map(shape))]
    };
    let entries = services.into_iter().map(|(_, service)| entry(service));
    let mut result = vec![Element::list("PoliciesGrantingServiceAccess", entries)];
    result.extend(told);
    Ok(Answer::new("ListPoliciesGrantingServiceAccess", result))
}

fn shape(sourced: &SourcedPolicy) -> Vec<Element> {
    match &sourced.source {
        PolicySource::Managed { arn, name } => vec![
            Element::text("PolicyName", name.as_str()),
            Element::text("PolicyType", "MANAGED"),
            Element::text("PolicyArn", arn.as_str()),
        ],
        PolicySource::Inline { holder, name } => vec![
            Element::text("PolicyName", name.as_str()),
            Element::text("PolicyType", "INLINE"),
            Element::text("EntityType", kind(holder)),
            Element::text("EntityName", holder.name()),
        ],
    }
}

const fn kind(holder: &Holder) -> &'static str {
    match holder {
        Holder::User(_) => "USER",
        Holder::Group(_) => "GROUP",
        Holder::Role(_) => "ROLE",
    }
}
