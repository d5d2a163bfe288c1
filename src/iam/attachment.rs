//! Policies of users, groups and roles: managed ones attached, inline ones written, boundaries drawn.

use super::{Account, Boundary, Entity, EntityName, Holder, IamError, Limits, document};
use crate::arn::Arn;
use crate::policy::Policy;

impl Account {
    /// Attaches a managed policy; one that is attached already stays so.
    ///
    /// # Errors
    /// [`IamError::NoSuchEntity`] without the policy or the holder, [`IamError::NotAttachable`], [`IamError::LimitExceeded`],
    /// [`IamError::Protected`].
    pub fn attach_policy(&mut self, holder: &Holder, arn: &Arn, limits: &Limits) -> Result<(), IamError> {
        self.attachable(arn, Entity::PolicyVersion)?;
        let quota = match holder {
            Holder::User(_) => "PoliciesPerUser",
            Holder::Group(_) => "PoliciesPerGroup",
            Holder::Role(_) => "PoliciesPerRole",
        };
        self.change_permissions(holder, |permissions| {
            if !permissions.attached.contains(arn) && permissions.attached.len() >= limits.attached_policies {
                return Err(IamError::LimitExceeded { quota, most: limits.attached_policies });
            }
            permissions.attached.insert(arn.clone());
            Ok(())
        })
    }

    /// Detaches a managed policy.
    ///
    /// # Errors
    /// [`IamError::NoSuchEntity`] without the holder, or where the policy is not attached; [`IamError::Protected`].
    pub fn detach_policy(&mut self, holder: &Holder, arn: &Arn) -> Result<(), IamError> {
        self.change_permissions(holder, |permissions| match permissions.attached.remove(arn) {
            true => Ok(()),
            false => Err(IamError::missing(Entity::Policy, arn.as_str())),
        })
    }

    /// Writes an inline policy, in place of one of the same name.
    ///
    /// # Errors
    /// [`IamError::MalformedPolicy`], [`IamError::InlineTooLarge`], [`IamError::NoSuchEntity`], [`IamError::Protected`].
    pub fn put_inline_policy(
        &mut self,
        holder: &Holder,
        name: &EntityName,
        text: &str,
        limits: &Limits,
    ) -> Result<(), IamError> {
        let most = match holder {
            Holder::User(_) => limits.user_inline,
            Holder::Group(_) => limits.group_inline,
            Holder::Role(_) => limits.role_inline,
        };
        let policy = document::inline(text, name.as_str())?;
        let too_large = || IamError::InlineTooLarge { holder: holder.entity(), name: holder.name().to_owned(), most };
        self.change_permissions(holder, |permissions| {
            let others = permissions.inline.iter().filter(|(other, _)| *other != name.as_str());
            let size: usize = others.map(|(_, policy)| policy.size()).chain([policy.size()]).sum();
            if size > most {
                return Err(too_large());
            }
            permissions.inline.insert(name.to_string(), policy);
            Ok(())
        })
    }

    /// The inline policy of this name.
    ///
    /// # Errors
    /// [`IamError::NoSuchEntity`].
    pub fn inline_policy(&self, holder: &Holder, name: &str) -> Result<&Policy, IamError> {
        let found = self.permissions(holder)?.inline.get(name);
        found.ok_or_else(|| IamError::missing(holder.inline(), name))
    }

    /// Deletes an inline policy.
    ///
    /// # Errors
    /// [`IamError::NoSuchEntity`], [`IamError::Protected`].
    pub fn delete_inline_policy(&mut self, holder: &Holder, name: &str) -> Result<(), IamError> {
        let missing = IamError::missing(holder.inline(), name);
        self.change_permissions(holder, |permissions| permissions.inline.remove(name).map(drop).ok_or(missing))
    }

    /// Keeps what a user or role may do within a managed policy, or no longer within any.
    ///
    /// # Errors
    /// [`IamError::NoSuchEntity`] without the policy or the holder, [`IamError::NotAttachable`],
    /// [`IamError::InvalidInput`] for a group, [`IamError::Protected`].
    pub fn set_boundary(&mut self, holder: &Holder, arn: Option<&Arn>) -> Result<(), IamError> {
        if matches!(holder, Holder::Group(_)) {
            let expected = "a user or a role; groups have no permissions boundary";
            return Err(IamError::InvalidInput { parameter: "PermissionsBoundary", expected });
        }
        if let Some(arn) = arn {
            self.attachable(arn, Entity::Boundary)?;
        }
        self.change_permissions(holder, |permissions| {
            permissions.boundary = arn.cloned().map(Boundary::Managed);
            Ok(())
        })
    }

    pub(super) fn attachable(&self, arn: &Arn, otherwise: Entity) -> Result<(), IamError> {
        match self.managed_policy(arn) {
            Some(_) => Ok(()),
            None if is_of_services(arn) => Err(IamError::NotAttachable { arn: arn.to_string() }),
            None if otherwise == Entity::Boundary && !is_policy(arn) => {
                Err(IamError::NoPolicyArn { arn: arn.to_string() })
            }
            None => Err(IamError::missing(otherwise, arn.as_str())),
        }
    }
}

/// Whether it is named as the policies of service-linked roles are.
fn is_of_services(arn: &Arn) -> bool {
    arn.service() == "iam" && arn.account() == "aws" && arn.resource().starts_with("policy/aws-service-role/")
}

fn is_policy(arn: &Arn) -> bool {
    arn.service() == "iam" && arn.resource().starts_with("policy/")
}
