//! Instance profiles: the container in which infrastructure tools put a role that machines are to have.
//!
//! Nothing here starts machines, so that a profile gives credentials to nobody. It is kept because tools make one beside every
//! role, and because a role that is in one is not deleted.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Account, Entity, EntityName, EntityPath, IamError, IdKind, Limits, UniqueId, tagging};
use crate::arn::Arn;
use crate::time::Timestamp;

/// How many roles one profile has.
const ROLES: usize = 1;

/// An instance profile of an account.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct InstanceProfile {
    /// `arn:aws:iam::<account>:instance-profile/<path and name>`
    pub arn: Arn,
    /// Its name.
    pub name: EntityName,
    /// The path, a part of the ARN.
    pub path: EntityPath,
    /// The unique id, `AIPA…`.
    pub id: UniqueId,
    /// When it was made.
    pub created: Timestamp,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
    /// The name of its role, in lower case, if it has one.
    pub(super) role: Option<String>,
}

impl Account {
    /// The instance profile of this name, however it is written.
    ///
    /// # Errors
    /// [`IamError::NoSuchEntity`].
    pub fn instance_profile(&self, name: &str) -> Result<&Arc<InstanceProfile>, IamError> {
        self.instance_profiles.find(name).ok_or_else(|| IamError::missing(Entity::InstanceProfile, name))
    }

    /// Makes an instance profile without a role (CreateInstanceProfile).
    ///
    /// # Errors
    /// [`IamError::AlreadyExists`], [`IamError::LimitExceeded`], [`IamError::Role`] for a tag, [`IamError::Crypto`].
    pub fn create_instance_profile(
        &mut self,
        name: &EntityName,
        path: EntityPath,
        tags: BTreeMap<String, String>,
        limits: &Limits,
        now: Timestamp,
    ) -> Result<Arc<InstanceProfile>, IamError> {
        if self.instance_profiles.find(name.as_str()).is_some() {
            return Err(IamError::exists(Entity::InstanceProfile, name.as_str()));
        }
        if self.instance_profiles.len() >= limits.instance_profiles {
            let most = limits.instance_profiles;
            return Err(IamError::LimitExceeded { quota: "InstanceProfilesPerAccount", most });
        }
        let mut held = BTreeMap::new();
        tagging::tag(&mut held, tags, limits)?;
        let profile = InstanceProfile {
            arn: Arn::iam(&self.id, &format!("instance-profile{path}{name}")),
            name: name.clone(),
            path,
            id: UniqueId::fresh(IdKind::InstanceProfile)?,
            created: now,
            tags: held,
            role: None,
        };
        self.instance_profiles.insert(name, profile);
        self.instance_profile(name.as_str()).cloned()
    }

    /// Deletes an instance profile that has no role (DeleteInstanceProfile).
    ///
    /// # Errors
    /// [`IamError::NoSuchEntity`], [`IamError::DeleteConflict`].
    pub fn delete_instance_profile(&mut self, name: &str) -> Result<(), IamError> {
        if self.instance_profile(name)?.role.is_some() {
            return Err(IamError::DeleteConflict { remedy: "remove roles from instance profile" });
        }
        self.instance_profiles.remove(name);
        Ok(())
    }

    /// Puts a role into an instance profile that has none (AddRoleToInstanceProfile).
    ///
    /// # Errors
    /// [`IamError::NoSuchEntity`], [`IamError::LimitExceeded`], [`IamError::Protected`].
    pub fn add_role_to_instance_profile(&mut self, name: &str, role: &str) -> Result<(), IamError> {
        let taken = self.instance_profile(name)?.role.is_some();
        let role = self.changeable_role(role)?.name.folded();
        if taken {
            return Err(IamError::LimitExceeded { quota: "InstanceSessionsPerInstanceProfile", most: ROLES });
        }
        self.instance_profile_mut(name)?.role = Some(role);
        Ok(())
    }

    /// Takes a role out of an instance profile (RemoveRoleFromInstanceProfile).
    ///
    /// # Errors
    /// [`IamError::NoSuchEntity`] also when the role is not in it; [`IamError::Protected`].
    pub fn remove_role_from_instance_profile(&mut self, name: &str, role: &str) -> Result<(), IamError> {
        let profile = self.instance_profile(name)?;
        let record = self.changeable_role(role)?;
        if profile.role.as_ref() != Some(&record.name.folded()) {
            let both = format!("Role {} in Instance Profile {}", record.name, profile.name);
            return Err(IamError::missing(Entity::RoleInInstanceProfile, both));
        }
        self.instance_profile_mut(name)?.role = None;
        Ok(())
    }

    /// The instance profiles that a role is in (ListInstanceProfilesForRole), in the order of their names.
    pub fn instance_profiles_of(&self, role: &str) -> impl Iterator<Item = &Arc<InstanceProfile>> {
        let role = role.to_ascii_lowercase();
        self.instance_profiles.iter().filter(move |profile| profile.role.as_ref() == Some(&role))
    }

    /// The role in an instance profile, if it has one.
    #[must_use]
    pub fn role_of_instance_profile(&self, profile: &InstanceProfile) -> Option<&Arc<super::RoleRecord>> {
        self.roles.find(profile.role.as_deref()?)
    }

    /// Adds tags to an instance profile.
    ///
    /// # Errors
    /// [`IamError::NoSuchEntity`], [`IamError::LimitExceeded`], [`IamError::Role`].
    pub fn tag_instance_profile(
        &mut self,
        name: &str,
        tags: BTreeMap<String, String>,
        limits: &Limits,
    ) -> Result<(), IamError> {
        tagging::tag(&mut self.instance_profile_mut(name)?.tags, tags, limits)
    }

    /// Takes tags off an instance profile.
    ///
    /// # Errors
    /// [`IamError::NoSuchEntity`].
    pub fn untag_instance_profile(&mut self, name: &str, keys: &[&str]) -> Result<(), IamError> {
        tagging::untag(&mut self.instance_profile_mut(name)?.tags, keys);
        Ok(())
    }

    fn instance_profile_mut(&mut self, name: &str) -> Result<&mut InstanceProfile, IamError> {
        let profile = self.instance_profiles.find_mut(name);
        profile.ok_or_else(|| IamError::missing(Entity::InstanceProfile, name))
    }
}
