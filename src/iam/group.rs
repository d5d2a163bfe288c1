//! A group: policies that several users share. Groups hold users alone, never groups.

use std::sync::Arc;

use super::{Account, Entity, EntityName, EntityPath, IamError, IdKind, Limits, Permissions, UniqueId, User};
use crate::arn::Arn;
use crate::time::Timestamp;

/// A group of an account.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Group {
    /// `arn:aws:iam::<account>:group/<path and name>`
    pub arn: Arn,
    /// Its name.
    pub name: EntityName,
    /// The path, a part of the ARN.
    pub path: EntityPath,
    /// The unique id, `AGPA…`.
    pub id: UniqueId,
    /// When it was made.
    pub created: Timestamp,
    /// What its members may do.
    pub permissions: Permissions,
}

impl Account {
    /// The group of this name, however it is written.
    ///
    /// # Errors
    /// [`IamError::NoSuchEntity`].
    pub fn group(&self, name: &str) -> Result<&Arc<Group>, IamError> {
        self.groups.find(name).ok_or_else(|| IamError::missing(Entity::Group, name))
    }

    /// Makes a group (CreateGroup).
    ///
    /// # Errors
    /// [`IamError::LimitExceeded`], [`IamError::AlreadyExists`], [`IamError::Crypto`].
    pub fn create_group(
        &mut self,
        limits: &Limits,
        name: &EntityName,
        path: EntityPath,
        now: Timestamp,
    ) -> Result<Arc<Group>, IamError> {
        self.accept_group_name(name)?;
        if self.groups.len() >= limits.groups {
            return Err(IamError::LimitExceeded { quota: "GroupsPerAccount", most: limits.groups });
        }
        let (arn, id) = (self.group_arn(&path, name), UniqueId::fresh(IdKind::Group)?);
        let permissions = Permissions::default();
        self.groups.insert(name, Group { arn, name: name.clone(), path, id, created: now, permissions });
        self.group(name.as_str()).cloned()
    }

    /// Gives a group another name or path (UpdateGroup); its members and its unique id stay.
    ///
    /// # Errors
    /// [`IamError::NoSuchEntity`], [`IamError::AlreadyExists`].
    pub fn update_group(
        &mut self,
        group: &str,
        new_name: Option<EntityName>,
        new_path: Option<EntityPath>,
    ) -> Result<(), IamError> {
        let mut changed = self.group(group)?.as_ref().clone();
        let before = changed.name.folded();
        if let Some(name) = new_name.filter(|name| *name != changed.name) {
            if name.folded() != before {
                self.accept_group_name(&name)?;
            }
            changed.name = name;
        }
        changed.path = new_path.unwrap_or(changed.path);
        changed.arn = self.group_arn(&changed.path, &changed.name);
        let name = changed.name.clone();
        self.groups.remove(group);
        self.groups.insert(&name, changed);
        let members: Vec<_> = self.members(&before).map(|user| user.name.clone()).collect();
        for member in members {
            let groups = &mut self.user_mut(member.as_str())?.groups;
            groups.remove(&before);
            groups.insert(name.folded());
        }
        Ok(())
    }

    /// Removes a group that has neither members nor policies (DeleteGroup).
    ///
    /// # Errors
    /// [`IamError::NoSuchEntity`]; [`IamError::DeleteConflict`] naming what must go first.
    pub fn delete_group(&mut self, name: &str) -> Result<(), IamError> {
        let group = self.group(name)?;
        let left = [
            (self.members(name).next().is_some(), "remove users from group"),
            (!group.permissions.attached.is_empty(), "detach all policies"),
            (!group.permissions.inline.is_empty(), "delete policies"),
        ];
        if let Some((_, remedy)) = left.into_iter().find(|(remains, _)| *remains) {
            return Err(IamError::DeleteConflict { remedy });
        }
        self.groups.remove(name);
        Ok(())
    }

    /// Makes a user a member (AddUserToGroup); one who is stays one.
    ///
    /// # Errors
    /// [`IamError::NoSuchEntity`], [`IamError::LimitExceeded`].
    pub fn add_user_to_group(&mut self, limits: &Limits, user: &str, group: &str) -> Result<(), IamError> {
        let group = self.group(group)?.name.folded();
        let groups = &mut self.user_mut(user)?.groups;
        if !groups.contains(&group) && groups.len() >= limits.groups_per_user {
            return Err(IamError::LimitExceeded { quota: "GroupsPerUser", most: limits.groups_per_user });
        }
        groups.insert(group);
        Ok(())
    }

    /// Ends a membership (RemoveUserFromGroup); there need not be one.
    ///
    /// # Errors
    /// [`IamError::NoSuchEntity`] when the user or the group is not there.
    pub fn remove_user_from_group(&mut self, user: &str, group: &str) -> Result<(), IamError> {
        self.user(user)?;
        let group = self.group(group)?.name.folded();
        self.user_mut(user)?.groups.remove(&group);
        Ok(())
    }

    /// The members of a group (GetGroup), in the order of their names.
    pub fn members(&self, group: &str) -> impl Iterator<Item = &Arc<User>> {
        let group = group.to_ascii_lowercase();
        self.users.iter().filter(move |user| user.groups.contains(&group))
    }

    /// The groups of a user (ListGroupsForUser), in the order of their names.
    pub fn groups_of<'a>(&'a self, user: &'a User) -> impl Iterator<Item = &'a Arc<Group>> {
        user.groups.iter().filter_map(|group| self.groups.find(group))
    }

    fn accept_group_name(&self, name: &EntityName) -> Result<(), IamError> {
        match self.groups.find(name.as_str()) {
            Some(_) => Err(IamError::exists(Entity::Group, name.as_str())),
            None => Ok(()),
        }
    }

    fn group_arn(&self, path: &EntityPath, name: &EntityName) -> Arn {
        Arn::iam(&self.id, &format!("group{path}{name}"))
    }
}
