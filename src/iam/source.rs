//! The policies that speak for a user, group or role, with where each of them comes from.

use super::{Account, Holder, IamError, Permissions};
use crate::arn::Arn;
use crate::policy::Policy;

/// Where a policy comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a policy is a thing of its own or it is not")]
pub enum PolicySource {
    /// Inline, of a user, group or role.
    Inline {
        /// Whose it is.
        holder: Holder,
        /// Its name there.
        name: String,
    },
    /// A managed policy, of the account or the same in every one.
    Managed {
        /// Its ARN.
        arn: Arn,
        /// Its name.
        name: String,
    },
}

/// A policy under the name by which simulations speak of it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SourcedPolicy {
    /// The policy; its name is the id of its source.
    pub policy: Policy,
    /// Where it comes from.
    pub source: PolicySource,
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
        let word = holder.entity();
        let inline = permissions.inline.iter().map(|(name, policy)| SourcedPolicy {
            policy: policy.named(&format!("{word}_{}_{name}", holder.name())),
            source: PolicySource::Inline { holder: holder.clone(), name: name.clone() },
        });
        let attached = permissions.attached.iter().filter_map(|arn| {
            let managed = self.managed_policy(arn)?;
            let name = managed.name.to_string();
            let policy = managed.default_policy()?.named(&name);
            Some(SourcedPolicy { policy, source: PolicySource::Managed { arn: arn.clone(), name } })
        });
        inline.chain(attached).collect()
    }
}
