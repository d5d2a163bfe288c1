//! The policies that speak for a user, group or role, with where each of them comes from.

use super::{Account, Holder, IamError, Permissions};
use crate::policy::Policy;

/// Where a policy comes from, as simulations report it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SourceKind {
    /// Inline, of a user.
    User,
    /// Inline, of a group.
    Group,
    /// Inline, of a role.
    Role,
    /// A managed policy of the account.
    UserManaged,
    /// A managed policy that every account has.
    AwsManaged,
    /// The policy of the resource.
    Resource,
    /// Given with the question.
    None,
}

impl SourceKind {
    /// The word of the service model.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Group => "group",
            Self::Role => "role",
            Self::UserManaged => "user-managed",
            Self::AwsManaged => "aws-managed",
            Self::Resource => "resource",
            Self::None => "none",
        }
    }
}

/// A policy under the name that tells where it comes from.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SourcedPolicy {
    /// The policy; its name is the id of its source.
    pub policy: Policy,
    /// Where it comes from.
    pub kind: SourceKind,
}

impl SourcedPolicy {
    /// A policy from somewhere, known as `id`.
    #[must_use]
    pub fn new(policy: &Policy, kind: SourceKind, id: &str) -> Self {
        Self { policy: policy.named(id), kind }
    }
}

impl Account {
    /// Every identity policy that speaks for `holder`, those of a user's groups among them.
    ///
    /// # Errors
    /// [`IamError::NoSuchEntity`].
    pub fn policies_of(&self, holder: &Holder) -> Result<Vec<SourcedPolicy>, IamError> {
        let mut all = self.sourced(holder, self.permissions(holder)?);
        if let Holder::User(name) = holder {
            let groups = self.users.find(name).into_iter().flat_map(|user| &user.groups);
            for group in groups.filter_map(|name| self.groups.find(name)) {
                all.extend(self.sourced(&Holder::Group(group.name.to_string()), &group.permissions));
            }
        }
        Ok(all)
    }

    /// The policies of the permissions boundary of `holder`, if it has one.
    ///
    /// # Errors
    /// [`IamError::NoSuchEntity`].
    pub fn boundary_of(&self, holder: &Holder) -> Result<Option<Vec<Policy>>, IamError> {
        let boundary = self.permissions(holder)?.boundary.as_ref();
        Ok(boundary.map(|boundary| self.compiled_boundary(boundary)))
    }

    fn sourced(&self, holder: &Holder, permissions: &Permissions) -> Vec<SourcedPolicy> {
        let (kind, word) = match holder {
            Holder::User(_) => (SourceKind::User, "user"),
            Holder::Group(_) => (SourceKind::Group, "group"),
            Holder::Role(_) => (SourceKind::Role, "role"),
        };
        let inline = permissions
            .inline
            .iter()
            .map(|(name, policy)| SourcedPolicy::new(policy, kind, &format!("{word}_{}_{name}", holder.name())));
        let attached = permissions.attached.iter().filter_map(|arn| {
            let managed = self.managed_policy(arn)?;
            let kind = if arn.account() == "aws" { SourceKind::AwsManaged } else { SourceKind::UserManaged };
            Some(SourcedPolicy::new(managed.default_policy()?, kind, managed.name.as_str()))
        });
        inline.chain(attached).collect()
    }
}
