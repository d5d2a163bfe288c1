//! Users, groups and roles as what policies are attached to.

use std::fmt;
use std::sync::Arc;

use super::{Account, Boundary, Entity, IamError, ManagedPolicy, Permissions, RoleRecord, UniqueId, aws_managed};
use crate::arn::Arn;
use crate::policy::Policy;
use crate::session::Role;

/// A user, group or role, by its name, which is read without regard to case.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "nothing else has policies of its own")]
pub enum Holder {
    /// A user.
    User(String),
    /// A group.
    Group(String),
    /// A role.
    Role(String),
}

impl Holder {
    /// The user of this name, however it is written.
    #[must_use]
    pub fn user(name: &str) -> Self {
        Self::User(name.to_owned())
    }

    /// The group of this name, however it is written.
    #[must_use]
    pub fn group(name: &str) -> Self {
        Self::Group(name.to_owned())
    }

    /// The role of this name, however it is written.
    #[must_use]
    pub fn role(name: &str) -> Self {
        Self::Role(name.to_owned())
    }

    /// The name.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::User(name) | Self::Group(name) | Self::Role(name) => name,
        }
    }

    /// What it is.
    #[must_use]
    pub const fn entity(&self) -> Entity {
        match self {
            Self::User(_) => Entity::User,
            Self::Group(_) => Entity::Group,
            Self::Role(_) => Entity::Role,
        }
    }

    /// What its inline policies are called in errors.
    pub(super) const fn inline(&self) -> Entity {
        match self {
            Self::User(_) => Entity::UserPolicy,
            Self::Group(_) => Entity::GroupPolicy,
            Self::Role(_) => Entity::RolePolicy,
        }
    }

    pub(super) fn missing(&self) -> IamError {
        IamError::missing(self.entity(), self.name())
    }
}

impl fmt::Display for Holder {
    /// `role reader`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.entity(), self.name())
    }
}

impl Account {
    /// The policies of `holder`.
    ///
    /// # Errors
    /// [`IamError::NoSuchEntity`].
    pub fn permissions(&self, holder: &Holder) -> Result<&Permissions, IamError> {
        let found = match holder {
            Holder::User(name) => self.users.find(name).map(|user| &user.permissions),
            Holder::Group(name) => self.groups.find(name).map(|group| &group.permissions),
            Holder::Role(name) => self.roles.find(name).map(|record| &record.permissions),
        };
        found.ok_or_else(|| holder.missing())
    }

    /// The ARN of `holder`.
    ///
    /// # Errors
    /// [`IamError::NoSuchEntity`].
    pub fn arn_of_holder(&self, holder: &Holder) -> Result<&Arn, IamError> {
        let found = match holder {
            Holder::User(name) => self.users.find(name).map(|user| &user.identity.arn),
            Holder::Group(name) => self.groups.find(name).map(|group| &group.arn),
            Holder::Role(name) => self.roles.find(name).map(|record| record.role.arn()),
        };
        found.ok_or_else(|| holder.missing())
    }

    /// Every user, group and role, with what policies it has.
    pub fn holders(&self) -> impl Iterator<Item = (Holder, &Permissions)> {
        let users = self.users.iter().map(|user| (Holder::User(user.identity.user_name.clone()), &user.permissions));
        let groups = self.groups.iter().map(|group| (Holder::Group(group.name.to_string()), &group.permissions));
        let roles = self.roles.iter().map(|record| (Holder::Role(record.name.to_string()), &record.permissions));
        users.chain(groups).chain(roles)
    }

    /// What policies every user, group and role has.
    pub(super) fn every_permissions(&self) -> impl Iterator<Item = &Permissions> {
        let users = self.users.iter().map(|user| &user.permissions);
        let groups = self.groups.iter().map(|group| &group.permissions);
        users.chain(groups).chain(self.roles.iter().map(|record| &record.permissions))
    }

    /// The managed policy of this ARN: the account's own, or one that every account has.
    #[must_use]
    pub fn managed_policy(&self, arn: &Arn) -> Option<&ManagedPolicy> {
        if arn.account() == "aws" {
            return aws_managed::find(arn);
        }
        let name = arn.resource().strip_prefix("policy/")?.rsplit('/').next()?;
        self.policies.find(name).map(|policy| &**policy).filter(|policy| policy.arn == *arn)
    }

    /// Changes the policies of `holder`; what the stages ask of a role is compiled anew.
    pub(super) fn change_permissions<T>(
        &mut self,
        holder: &Holder,
        change: impl FnOnce(&mut Permissions) -> Result<T, IamError>,
    ) -> Result<T, IamError> {
        let permissions = match holder {
            Holder::User(name) => self.users.find_mut(name).map(|user| &mut user.permissions),
            Holder::Group(name) => self.groups.find_mut(name).map(|group| &mut group.permissions),
            Holder::Role(name) => {
                self.changeable_role(name)?;
                self.roles.find_mut(name).map(|record| &mut record.permissions)
            }
        };
        let changed = change(permissions.ok_or_else(|| holder.missing())?)?;
        if let Holder::Role(name) = holder {
            self.compile_role(name);
        }
        Ok(changed)
    }

    /// Refuses a role that the directory or a service made.
    pub(super) fn changeable_role(&self, name: &str) -> Result<&Arc<RoleRecord>, IamError> {
        let record = self.roles.find(name).ok_or_else(|| IamError::missing(Entity::Role, name))?;
        let path = record.path.as_str();
        if path.starts_with("/aws-reserved/") || path.starts_with("/aws-service-role/") {
            return Err(IamError::Protected { name: record.name.to_string() });
        }
        Ok(record)
    }

    /// Makes what the stages ask of a role from its record.
    pub(super) fn compile_role(&mut self, name: &str) {
        let Some(record) = self.roles.find(name) else { return };
        let permissions = self.compiled(&record.permissions);
        let boundary = record.permissions.boundary.as_ref().map(|boundary| self.compiled_boundary(boundary));
        let role = Role::clone(&record.role).governed_by(permissions, boundary, record.tags.clone());
        if let Some(record) = self.roles.find_mut(name) {
            record.role = Arc::new(role);
        }
    }

    /// Compiles every role anew that the managed policy of this ARN speaks for or limits.
    pub(super) fn compile_roles_with(&mut self, arn: &Arn) {
        let concerned = |permissions: &Permissions| {
            permissions.attached.contains(arn)
                || permissions.boundary.as_ref().is_some_and(|boundary| boundary.is_managed(arn))
        };
        let roles = self.roles.iter().filter(|record| concerned(&record.permissions));
        let names: Vec<String> = roles.map(|record| record.name.to_string()).collect();
        for name in names {
            self.compile_role(&name);
        }
    }

    /// Inline policies, then attached ones, in the order of their names.
    pub(super) fn compiled(&self, permissions: &Permissions) -> Vec<Policy> {
        let attached = permissions.attached.iter().filter_map(|arn| self.managed_policy(arn)?.default_policy());
        permissions.inline.values().chain(attached).cloned().collect()
    }

    /// The policies of a boundary; none when its managed policy is gone, which allows nothing.
    pub(super) fn compiled_boundary(&self, boundary: &Boundary) -> Vec<Policy> {
        match boundary {
            Boundary::Managed(arn) => {
                self.managed_policy(arn).and_then(ManagedPolicy::default_policy).cloned().into_iter().collect()
            }
            Boundary::Configured { policies, .. } => policies.clone(),
        }
    }

    /// The unique id of the user or role of this ARN.
    pub(super) fn id_of(&self, arn: &Arn) -> Option<String> {
        let name = arn.resource().rsplit('/').next()?;
        let user = || self.users.find(name).filter(|user| user.identity.arn == *arn).map(|user| user.id.to_string());
        let role = || self.role(arn).map(|role| role.id().to_string());
        if arn.resource().starts_with("user/") { user() } else { role() }
    }

    /// The user or role that has this unique id, by its ARN; none once it is gone.
    pub(super) fn arn_of_id(&self, id: &str) -> Option<&Arn> {
        self.principals().find(|(own, _)| *own == id).map(|(_, arn)| arn)
    }

    /// The unique id and the ARN of every user and role.
    pub(super) fn principals(&self) -> impl Iterator<Item = (&str, &Arn)> {
        let users = self.users.iter().map(|user| (user.id.as_str(), &user.identity.arn));
        users.chain(self.roles.iter().map(|record| (record.role.id().as_str(), record.role.arn())))
    }
}

impl Account {
    /// The user or role that has this unique id, by its ARN; none once it is gone.
    #[must_use]
    pub fn arn_of(&self, id: &UniqueId) -> Option<&Arn> {
        self.arn_of_id(id.as_str())
    }
}
