//! A user: a long-term identity with access keys, MFA devices, and perhaps a password.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{
    Account, Entity, EntityName, EntityPath, IamError, IdKind, KeyOwner, Limits, LoginProfile, Permissions, UniqueId,
    tagging,
};
use crate::arn::Arn;
use crate::session::UserIdentity;
use crate::time::Timestamp;

/// The most characters of a user's name.
const MAX_NAME: usize = 64;

/// A user of an account.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct User {
    /// ARN, id, name and tags: what a request of the user carries.
    pub identity: Arc<UserIdentity>,
    /// The name.
    pub name: EntityName,
    /// The path, a part of the ARN.
    pub path: EntityPath,
    /// The unique id, `AIDA…`.
    pub id: UniqueId,
    /// When the user was made.
    pub created: Timestamp,
    /// The user's own policies.
    pub permissions: Permissions,
    /// Names of the user's groups, in lower case.
    pub groups: BTreeSet<String>,
    /// The password, if there is one.
    pub login: Option<LoginProfile>,
}

impl Account {
    /// The user of this name, however it is written.
    ///
    /// # Errors
    /// [`IamError::NoSuchEntity`].
    pub fn user(&self, name: &str) -> Result<&Arc<User>, IamError> {
        self.users.find(name).ok_or_else(|| IamError::missing(Entity::User, name))
    }

    /// Makes a user (CreateUser).
    ///
    /// # Errors
    /// [`IamError::LimitExceeded`], [`IamError::AlreadyExists`], [`IamError::InvalidInput`], [`IamError::Crypto`].
    pub fn create_user(
        &mut self,
        limits: &Limits,
        name: &EntityName,
        path: EntityPath,
        now: Timestamp,
    ) -> Result<Arc<User>, IamError> {
        self.accept_user_name(name)?;
        if self.users.len() >= limits.users {
            return Err(IamError::LimitExceeded { quota: "UsersPerAccount", most: limits.users });
        }
        let id = UniqueId::fresh(IdKind::User)?;
        let identity = UserIdentity::new(self.user_arn(&path, name), self.id.clone(), id.as_str(), name.as_str());
        let (identity, permissions, groups) = (Arc::new(identity), Permissions::default(), BTreeSet::new());
        let user = User { identity, name: name.clone(), path, id, created: now, permissions, groups, login: None };
        self.users.insert(name, user);
        self.user(name.as_str()).cloned()
    }

    /// Gives a user another name or path (UpdateUser): the ARN changes with it, the unique id does not, and keys, devices
    /// and groups stay.
    ///
    /// # Errors
    /// [`IamError::NoSuchEntity`], [`IamError::AlreadyExists`], [`IamError::InvalidInput`].
    pub fn update_user(
        &mut self,
        user: &str,
        new_name: Option<EntityName>,
        new_path: Option<EntityPath>,
    ) -> Result<(), IamError> {
        let before = KeyOwner::user(user);
        let mut changed = self.user(user)?.as_ref().clone();
        if let Some(name) = new_name.filter(|name| *name != changed.name) {
            // The user's own name may change its case.
            if name.folded() != changed.name.folded() {
                self.accept_user_name(&name)?;
            }
            changed.name = name;
        }
        changed.path = new_path.unwrap_or(changed.path);
        let identity = Arc::make_mut(&mut changed.identity);
        identity.arn = self.user_arn(&changed.path, &changed.name);
        changed.name.as_str().clone_into(&mut identity.user_name);
        let (name, after) = (changed.name.clone(), KeyOwner::user(changed.name.as_str()));
        self.users.remove(user);
        self.users.insert(&name, changed);
        for key in self.access_keys.values_mut().filter(|key| key.owner == before) {
            key.owner = after.clone();
        }
        let devices: Vec<_> = self.mfa_devices_of(&before).map(|device| device.name.clone()).collect();
        for device in devices {
            let assignment = self.mfa_devices.find_mut(device.as_str()).and_then(|device| device.assignment.as_mut());
            if let Some(assignment) = assignment {
                assignment.owner = after.clone();
            }
        }
        Ok(())
    }

    /// Removes a user of whom nothing is left but the name (DeleteUser).
    ///
    /// # Errors
    /// [`IamError::NoSuchEntity`]; [`IamError::DeleteConflict`] naming what must go first.
    pub fn delete_user(&mut self, name: &str) -> Result<(), IamError> {
        let (user, owner) = (self.user(name)?, KeyOwner::user(name));
        let left = [
            (!user.permissions.attached.is_empty(), "detach all policies"),
            (!user.permissions.inline.is_empty(), "delete policies"),
            (!user.groups.is_empty(), "remove users from group"),
            (self.keys_of(&owner).next().is_some(), "delete access keys"),
            (self.mfa_devices_of(&owner).next().is_some(), "delete MFA device"),
            (user.login.is_some(), "delete login profile"),
        ];
        if let Some((_, remedy)) = left.into_iter().find(|(remains, _)| *remains) {
            return Err(IamError::DeleteConflict { remedy });
        }
        self.users.remove(name);
        Ok(())
    }

    /// Tags a user (TagUser).
    ///
    /// # Errors
    /// [`IamError::NoSuchEntity`], [`IamError::LimitExceeded`], [`IamError::Role`] for a tag outside the limits.
    pub fn tag_user(&mut self, limits: &Limits, name: &str, tags: BTreeMap<String, String>) -> Result<(), IamError> {
        tagging::tag(&mut self.user_identity(name)?.tags, tags, limits)
    }

    /// Takes tags from a user (UntagUser); those that are not there do not matter.
    ///
    /// # Errors
    /// [`IamError::NoSuchEntity`].
    pub fn untag_user(&mut self, name: &str, keys: &[&str]) -> Result<(), IamError> {
        tagging::untag(&mut self.user_identity(name)?.tags, keys);
        Ok(())
    }

    /// A user, to be changed.
    pub(super) fn user_mut(&mut self, name: &str) -> Result<&mut User, IamError> {
        self.users.find_mut(name).ok_or_else(|| IamError::missing(Entity::User, name))
    }

    /// A user, to be changed while it is who `known` tells: the same one, with the same ARN, tags and boundary, of which
    /// policies were asked.
    pub(super) fn unchanged_user_mut(&mut self, known: &User) -> Result<&mut User, IamError> {
        let boundary = |user: &User| user.permissions.boundary.as_ref().map(|boundary| boundary.arn().clone());
        let user = self.user_mut(known.name.as_str())?;
        match user.identity == known.identity && boundary(user) == boundary(known) {
            true => Ok(user),
            false => Err(IamError::Concurrent),
        }
    }

    fn user_identity(&mut self, name: &str) -> Result<&mut UserIdentity, IamError> {
        self.user_mut(name).map(|user| Arc::make_mut(&mut user.identity))
    }

    fn accept_user_name(&self, name: &EntityName) -> Result<(), IamError> {
        if name.as_str().len() > MAX_NAME {
            return Err(IamError::InvalidInput { parameter: "userName", expected: "at most 64 characters" });
        }
        match self.users.find(name.as_str()) {
            Some(_) => Err(IamError::exists(Entity::User, name.as_str())),
            None => Ok(()),
        }
    }

    fn user_arn(&self, path: &EntityPath, name: &EntityName) -> Arn {
        Arn::iam(&self.id, &format!("user{path}{name}"))
    }
}
