//! Managed policies: made, read, listed, tagged and deleted, and whom they are attached to.

use std::collections::BTreeMap;

use super::call::{Call, Operation, refused};
use super::input::{self, LONG_NAME};
use super::paging::Page;
use super::target::{Named, Target};
use super::{shapes, tags};
use crate::arn::Arn;
use crate::http::query::{Answer, Constraints, Element, QueryError};
use crate::iam::{Account, Entity, Holder, IamError, ManagedPolicy, NewPolicy, aws_managed_policies};
use crate::policy::Keys;

pub(super) fn operation(name: &str) -> Option<Operation> {
    Some(match name {
        "CreatePolicy" => create_policy,
        "GetPolicy" => get_policy,
        "ListPolicies" => list_policies,
        "DeletePolicy" => delete_policy,
        "ListEntitiesForPolicy" => list_entities,
        _ => return None,
    })
}

fn create_policy(call: &Call<'_>) -> Result<Answer, QueryError> {
    let query = call.query;
    let mut constraints = Constraints::default();
    let name = input::name(query, "PolicyName", LONG_NAME, &mut constraints);
    let path = input::policy_path(query, &mut constraints);
    let document = input::document(query, "PolicyDocument", &mut constraints);
    let description = input::policy_description(query, &mut constraints);
    constraints.finish()?;
    let (tags, keys) = tags::requested(query)?;
    let arn = call.arn(&format!("policy{path}{name}"));
    call.authorize("iam:CreatePolicy", arn.as_str(), &keys)?;
    if !tags.is_empty() {
        call.authorize("iam:TagPolicy", arn.as_str(), &keys)?;
    }
    let new = NewPolicy {
        name: name.parse().map_err(refused)?,
        path: path.parse().map_err(refused)?,
        document,
        description,
        tags,
    };
    let now = call.now();
    let arn = call.update(|account, limits| account.create_policy(new, limits, now))?;
    let account = call.own_account()?;
    let policy = existing(&account, &arn)?;
    Ok(Answer::new("CreatePolicy", vec![Element::Group("Policy", shapes::made_policy(policy, &account))]))
}

fn get_policy(call: &Call<'_>) -> Result<Answer, QueryError> {
    let (arn, target) = named(call, "iam:GetPolicy", &Keys::new())?;
    let policy = existing(target.account(), &arn)?;
    Ok(Answer::new("GetPolicy", vec![Element::Group("Policy", shapes::whole_policy(policy, target.account()))]))
}

fn list_policies(call: &Call<'_>) -> Result<Answer, QueryError> {
    let query = call.query;
    let mut constraints = Constraints::default();
    let scope = constraints.one_of(query, "Scope", &["All", "AWS", "Local"]).unwrap_or("All");
    let usage = constraints.one_of(query, "PolicyUsageFilter", &["PermissionsPolicy", "PermissionsBoundary"]);
    let only_attached = constraints.one_of(query, "OnlyAttached", &["true", "false"]) == Some("true");
    let prefix = input::policy_path_prefix(query, &mut constraints);
    let page = Page::read(query, &mut constraints);
    constraints.finish()?;
    call.authorize("iam:ListPolicies", call.arn(&format!("policy{prefix}")).as_str(), &Keys::new())?;

    let account = call.own_account()?;
    let uses = account.policy_uses();
    let shared = aws_managed_policies().filter(|_| scope != "Local");
    let own = account.policies.iter().map(|policy| &**policy).filter(|_| scope != "AWS");
    let wanted = |policy: &&ManagedPolicy| {
        let own = uses.get(&policy.arn).copied().unwrap_or_default();
        let (attached, bounds) = (own.attachments > 0, own.boundaries > 0);
        let used = match usage {
            Some("PermissionsPolicy") => attached,
            Some(_) => bounds,
            None => attached || bounds,
        };
        policy.path.as_str().starts_with(prefix) && (used || (usage.is_none() && !only_attached))
    };
    let listed: BTreeMap<&str, &ManagedPolicy> =
        shared.chain(own).filter(wanted).map(|policy| (policy.arn.as_str(), policy)).collect();
    let (policies, told) = page.of(listed, |(arn, _)| (*arn).to_owned())?;
    let policies = policies.into_iter().map(|(_, policy)| {
        let own = uses.get(&policy.arn).copied().unwrap_or_default();
        shapes::policy(policy, own)
    });
    let mut result = vec![Element::list("Policies", policies)];
    result.extend(told);
    Ok(Answer::new("ListPolicies", result))
}

fn delete_policy(call: &Call<'_>) -> Result<Answer, QueryError> {
    let (arn, target) = named(call, "iam:DeletePolicy", &Keys::new())?;
    target.update(call, |account, _| account.delete_policy(&arn))?;
    Ok(Answer::done("DeletePolicy"))
}

fn list_entities(call: &Call<'_>) -> Result<Answer, QueryError> {
    let query = call.query;
    let mut constraints = Constraints::default();
    let kinds = ["User", "Role", "Group", "LocalManagedPolicy", "AWSManagedPolicy"];
    let filter = constraints.one_of(query, "EntityFilter", &kinds);
    let usage = constraints.one_of(query, "PolicyUsageFilter", &["PermissionsPolicy", "PermissionsBoundary"]);
    let prefix = input::path_prefix(query, &mut constraints);
    let page = Page::read(query, &mut constraints);
    constraints.finish()?;
    let (arn, target) = named(call, "iam:ListEntitiesForPolicy", &Keys::new())?;
    let account = target.account();
    account.managed_policy(&arn).ok_or_else(|| refused(IamError::missing(Entity::PolicyVersion, arn.as_str())))?;

    let using = account.holders().filter(|(_, permissions)| match usage {
        Some("PermissionsBoundary") => permissions.boundary.as_ref().is_some_and(|boundary| boundary.is_managed(&arn)),
        _ => permissions.attached.contains(&arn),
    });
    let using = using.map(|(holder, _)| Entitled::of(account, &holder));
    let wanted = using.filter(|entity| filter.is_none_or(|kind| kind == entity.kind) && entity.is_under(prefix));
    let mut wanted: Vec<Entitled> = wanted.collect();
    wanted.sort_by_key(Entitled::key);
    let (entities, told) = page.of(wanted, Entitled::key)?;
    let list = |kind: &str, name: &'static str| {
        let of_kind = entities.iter().filter(|entity| entity.kind == kind);
        Element::list(name, of_kind.map(Entitled::elements))
    };
    let mut result = vec![list("Group", "PolicyGroups"), list("User", "PolicyUsers"), list("Role", "PolicyRoles")];
    result.extend(told);
    Ok(Answer::new("ListEntitiesForPolicy", result))
}

/// A user, group or role that a policy speaks for.
struct Entitled {
    kind: &'static str,
    name: String,
    id: String,
    resource: String,
}

impl Entitled {
    fn of(account: &Account, holder: &Holder) -> Self {
        let resource = account.arn_of_holder(holder).map(|arn| arn.resource().to_owned()).unwrap_or_default();
        let (kind, id) = match holder {
            Holder::User(name) => ("User", account.users.find(name).map(|user| user.id.to_string())),
            Holder::Group(name) => ("Group", account.groups.find(name).map(|group| group.id.to_string())),
            Holder::Role(name) => ("Role", account.roles.find(name).map(|record| record.role.id().to_string())),
        };
        Self { kind, name: holder.name().to_owned(), id: id.unwrap_or_default(), resource }
    }

    fn is_under(&self, prefix: &str) -> bool {
        self.resource.split_once('/').is_some_and(|(_, path)| format!("/{path}").starts_with(prefix))
    }

    fn key(&self) -> String {
        format!("{}/{}", self.kind, self.name.to_ascii_lowercase())
    }

    fn elements(&self) -> Vec<Element> {
        let (name, id) = match self.kind {
            "User" => ("UserName", "UserId"),
            "Group" => ("GroupName", "GroupId"),
            _ => ("RoleName", "RoleId"),
        };
        vec![Element::text(name, self.name.as_str()), Element::text(id, self.id.as_str())]
    }
}

/// The policy that the call names, once the caller may do `action` to it.
pub(super) fn named(call: &Call<'_>, action: &str, asked: &Keys) -> Result<(Arn, Target), QueryError> {
    Target::of_arn(call, "PolicyArn", Named::Policy, action, asked)
}

/// The policy of this ARN.
pub(super) fn existing<'a>(account: &'a Account, arn: &Arn) -> Result<&'a ManagedPolicy, QueryError> {
    account.managed_policy(arn).ok_or_else(|| refused(IamError::missing(Entity::Policy, arn.as_str())))
}
