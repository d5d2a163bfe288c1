//! Long-term access keys of users and root users: two each, made here or imported.

use std::sync::Arc;

use super::{Account, Entity, IamError, KeyOwner, KeyRecord, Limits};
use crate::credentials::{AccessKeyId, LongTermKey};
use crate::time::Timestamp;

impl Account {
    /// Makes an access key for `owner` (CreateAccessKey). Its secret is for its owner alone, and shown this once.
    ///
    /// # Errors
    /// [`IamError::NoSuchEntity`] without such an owner, [`IamError::LimitExceeded`], [`IamError::Crypto`].
    pub fn create_access_key(
        &mut self,
        limits: &Limits,
        owner: &KeyOwner,
        now: Timestamp,
    ) -> Result<Arc<LongTermKey>, IamError> {
        self.import_access_key(limits, owner, LongTermKey::fresh(now)?)
    }

    /// Gives `owner` an access key whose id and secret were made elsewhere.
    ///
    /// # Errors
    /// [`IamError::NoSuchEntity`] without such an owner; [`IamError::LimitExceeded`]; [`IamError::AlreadyExists`] when
    /// the id is taken; [`IamError::InvalidInput`] when it is one of temporary credentials, which are looked up nowhere.
    pub fn import_access_key(
        &mut self,
        limits: &Limits,
        owner: &KeyOwner,
        key: LongTermKey,
    ) -> Result<Arc<LongTermKey>, IamError> {
        self.require_owner(owner)?;
        if self.keys_of(owner).count() >= limits.access_keys {
            return Err(IamError::LimitExceeded { quota: "AccessKeysPerUser", most: limits.access_keys });
        }
        let id = key.access_key_id().clone();
        if id.as_str().starts_with("ASIA") {
            return Err(IamError::InvalidInput { parameter: "accessKeyId", expected: "an id of a long-term key" });
        }
        if self.access_keys.contains_key(&id) {
            return Err(IamError::exists(Entity::AccessKey, id.as_str()));
        }
        let key = Arc::new(key);
        self.access_keys.insert(id, KeyRecord { owner: owner.clone(), key: Arc::clone(&key), active: true });
        Ok(key)
    }

    /// The access keys of `owner` (ListAccessKeys), oldest first.
    ///
    /// # Errors
    /// [`IamError::NoSuchEntity`] without such an owner.
    pub fn list_access_keys<'a>(&'a self, owner: &'a KeyOwner) -> Result<Vec<&'a KeyRecord>, IamError> {
        self.require_owner(owner)?;
        let mut keys: Vec<_> = self.keys_of(owner).collect();
        keys.sort_by_key(|record| record.key.created());
        Ok(keys)
    }

    /// Makes an access key work, or not (UpdateAccessKey).
    ///
    /// # Errors
    /// [`IamError::NoSuchEntity`] when `owner` has no such key.
    pub fn update_access_key(&mut self, owner: &KeyOwner, id: &AccessKeyId, active: bool) -> Result<(), IamError> {
        self.require_owner(owner)?;
        let record = self.access_keys.get_mut(id).filter(|record| record.owner == *owner);
        record.ok_or_else(|| IamError::missing(Entity::AccessKey, id.as_str()))?.active = active;
        Ok(())
    }

    /// Removes an access key (DeleteAccessKey).
    ///
    /// # Errors
    /// [`IamError::NoSuchEntity`] when `owner` has no such key.
    pub fn delete_access_key(&mut self, owner: &KeyOwner, id: &AccessKeyId) -> Result<(), IamError> {
        self.require_owner(owner)?;
        if self.access_keys.get(id).is_none_or(|record| record.owner != *owner) {
            return Err(IamError::missing(Entity::AccessKey, id.as_str()));
        }
        self.access_keys.remove(id);
        Ok(())
    }
}
