//! Users, groups and roles as the subjects of operations on policies: which parameter names them, and what policies on
//! IAM itself may ask about them.

use std::collections::BTreeMap;

use super::call::refused;
use super::input::{self, LONG_NAME, SHORT_NAME};
use crate::arn::Arn;
use crate::http::query::{Constraints, Element, Query, QueryError};
use crate::iam::{Account, Entity, Holder, IamError};
use crate::policy::Keys;

/// Of what kind the operation's subject is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Subject {
    User,
    Group,
    Role,
}

impl Subject {
    /// The one that the call names.
    pub(super) fn read(self, query: &Query, constraints: &mut Constraints) -> Holder {
        match self {
            Self::User => Holder::User(input::name(query, "UserName", LONG_NAME, constraints).to_owned()),
            Self::Group => Holder::Group(input::name(query, "GroupName", LONG_NAME, constraints).to_owned()),
            Self::Role => Holder::Role(input::name(query, "RoleName", SHORT_NAME, constraints).to_owned()),
        }
    }

    /// The same where a user's name is held to the length of those that can be made.
    pub(super) fn read_short(self, query: &Query, constraints: &mut Constraints) -> Holder {
        match self {
            Self::User => Holder::User(input::name(query, "UserName", SHORT_NAME, constraints).to_owned()),
            Self::Group | Self::Role => self.read(query, constraints),
        }
    }

    /// The element that names it.
    pub(super) fn named(self, name: &str) -> Element {
        let element = match self {
            Self::User => "UserName",
            Self::Group => "GroupName",
            Self::Role => "RoleName",
        };
        Element::text(element, name)
    }
}

/// The ARN of `holder`, or the one it would have without a path if there is none of that name.
pub(super) fn arn(account: &Account, holder: &Holder) -> Arn {
    account.arn_of_holder(holder).cloned().unwrap_or_else(|_| {
        let kind = match holder {
            Holder::User(_) => "user",
            Holder::Group(_) => "group",
            Holder::Role(_) => "role",
        };
        Arn::iam(&account.id, &format!("{kind}/{}", holder.name()))
    })
}

/// The user, group or role of `account` that has this ARN.
pub(super) fn of_arn(account: &Account, arn: &Arn) -> Result<Holder, QueryError> {
    let name = arn.resource().rsplit('/').next().unwrap_or_default().to_owned();
    let (kind, holder) = match arn.resource().split_once('/').map(|(kind, _)| kind) {
        Some("user") => (Entity::User, Holder::User(name)),
        Some("group") => (Entity::Group, Holder::Group(name)),
        Some("role") => (Entity::Role, Holder::Role(name)),
        _ => return Err(QueryError::new("InvalidInput", format!("Invalid Entity Arn: {arn}"))),
    };
    let found = account.arn_of_holder(&holder).is_ok_and(|own| own == arn);
    if found { Ok(holder) } else { Err(refused(IamError::missing(kind, holder.name()))) }
}

/// Its unique id, if there is one of that name.
pub(super) fn id(account: &Account, holder: &Holder) -> Option<String> {
    match holder {
        Holder::User(name) => account.users.find(name).map(|user| user.id.to_string()),
        Holder::Group(name) => account.groups.find(name).map(|group| group.id.to_string()),
        Holder::Role(name) => account.roles.find(name).map(|record| record.role.id().to_string()),
    }
}

/// Its tags; groups have none.
pub(super) fn tags<'a>(account: &'a Account, holder: &Holder) -> Option<&'a BTreeMap<String, String>> {
    match holder {
        Holder::User(name) => account.users.find(name).map(|user| &user.identity.tags),
        Holder::Role(name) => account.roles.find(name).map(|record| &record.tags),
        Holder::Group(_) => None,
    }
}

/// What policies may ask about `holder` as it is: its tags, and its permissions boundary.
pub(super) fn keys(account: &Account, holder: &Holder) -> Keys {
    let mut keys = Keys::new();
    if let Some(tags) = tags(account, holder) {
        resource_tags(&mut keys, tags);
    }
    if let Some(boundary) = account.permissions(holder).ok().and_then(|permissions| permissions.boundary.as_ref()) {
        keys.set("iam:PermissionsBoundary", boundary.arn().as_str());
    }
    keys
}

/// `iam:ResourceTag/…` and `aws:ResourceTag/…`.
pub(super) fn resource_tags<'t>(keys: &mut Keys, tags: impl IntoIterator<Item = (&'t String, &'t String)>) {
    for (key, value) in tags {
        keys.set(&format!("iam:ResourceTag/{key}"), value.as_str());
        keys.set(&format!("aws:ResourceTag/{key}"), value.as_str());
    }
}
