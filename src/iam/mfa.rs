//! Virtual MFA devices: authenticator applications, registered by their seed and enabled by two codes.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::totp::{Seed, Totp};
use super::{Account, Entity, EntityName, EntityPath, IamError, KeyOwner, Limits, Registry, tagging};
use crate::arn::Arn;
use crate::session::{LongTermIdentity, MfaProof};
use crate::time::Timestamp;

/// Whose an MFA device is, and since when.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Assignment {
    /// The user, or the account's root user.
    pub owner: KeyOwner,
    /// When the device was enabled.
    pub enabled: Timestamp,
}

/// A virtual MFA device of an account.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct MfaDevice {
    /// `arn:aws:iam::<account>:mfa/<path and name>`
    pub serial_number: Arn,
    /// Its name.
    pub name: EntityName,
    /// The path, a part of the serial number.
    pub path: EntityPath,
    /// Whose it is; none before it is enabled.
    pub assignment: Option<Assignment>,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
    /// What was used and guessed is one for all snapshots: a code is good once, also for whoever reads an older one.
    totp: Arc<Totp>,
}

impl Account {
    /// Registers a device that nobody has yet (CreateVirtualMFADevice). Its seed is shown this once.
    ///
    /// # Errors
    /// [`IamError::AlreadyExists`], [`IamError::LimitExceeded`], [`IamError::Crypto`].
    pub fn create_virtual_mfa_device(
        &mut self,
        limits: &Limits,
        name: &EntityName,
        path: EntityPath,
    ) -> Result<(Arn, Seed), IamError> {
        let serial_number = Arn::iam(&self.id, &format!("mfa{path}{name}"));
        if self.mfa_devices.find(name.as_str()).is_some() {
            return Err(IamError::exists(Entity::MfaDevice, serial_number.as_str()));
        }
        if self.mfa_devices.len() >= limits.virtual_mfa_devices {
            let most = limits.virtual_mfa_devices;
            return Err(IamError::LimitExceeded { quota: "VirtualMFADevicesPerAccount", most });
        }
        let seed = Seed::fresh()?;
        let (totp, tags) = (Arc::new(Totp::new(&seed)), BTreeMap::new());
        let device =
            MfaDevice { serial_number: serial_number.clone(), name: name.clone(), path, assignment: None, tags, totp };
        self.mfa_devices.insert(name, device);
        Ok((serial_number, seed))
    }

    /// Gives a device to `owner`, who shows two consecutive codes of it (EnableMFADevice).
    ///
    /// # Errors
    /// [`IamError::NoSuchEntity`], [`IamError::LimitExceeded`], [`IamError::AlreadyExists`] when somebody has it,
    /// [`IamError::AuthenticationCode`].
    pub fn enable_mfa_device(
        &mut self,
        limits: &Limits,
        owner: &KeyOwner,
        serial_number: &str,
        codes: [&str; 2],
        now: Timestamp,
    ) -> Result<(), IamError> {
        self.require_owner(owner)?;
        if self.mfa_devices_of(owner).count() >= limits.mfa_devices {
            return Err(IamError::LimitExceeded { quota: "MFADevicesPerUser", most: limits.mfa_devices });
        }
        let device = self.mfa_device_mut(serial_number)?;
        if device.assignment.is_some() {
            return Err(IamError::DeviceInUse);
        }
        device.totp.synchronize(codes, now)?;
        device.assignment = Some(Assignment { owner: owner.clone(), enabled: now });
        Ok(())
    }

    /// Sets the clock of a device by two consecutive codes (ResyncMFADevice).
    ///
    /// # Errors
    /// [`IamError::NoSuchEntity`] when `owner` has no such device, [`IamError::AuthenticationCode`].
    pub fn resync_mfa_device(
        &self,
        owner: &KeyOwner,
        serial_number: &str,
        codes: [&str; 2],
        now: Timestamp,
    ) -> Result<(), IamError> {
        self.require_owner(owner)?;
        self.mfa_device_of(owner, serial_number)?.totp.synchronize(codes, now)
    }

    /// Takes a device from `owner` (DeactivateMFADevice).
    ///
    /// # Errors
    /// [`IamError::NoSuchEntity`] when `owner` has no such device.
    pub fn deactivate_mfa_device(&mut self, owner: &KeyOwner, serial_number: &str) -> Result<(), IamError> {
        self.require_owner(owner)?;
        self.mfa_device_of(owner, serial_number)?;
        self.mfa_device_mut(serial_number)?.assignment = None;
        Ok(())
    }

    /// Forgets a device that nobody has (DeleteVirtualMFADevice).
    ///
    /// # Errors
    /// [`IamError::NoSuchEntity`], [`IamError::DeleteConflict`] while somebody has it.
    pub fn delete_virtual_mfa_device(&mut self, serial_number: &str) -> Result<(), IamError> {
        let device = self.mfa_device(serial_number)?;
        if device.assignment.is_some() {
            return Err(IamError::DeleteConflict { remedy: "deactivate MFA device" });
        }
        let name = device.name.clone();
        self.mfa_devices.remove(name.as_str());
        Ok(())
    }

    /// Tags a device (TagMFADevice).
    ///
    /// # Errors
    /// [`IamError::NoSuchEntity`], [`IamError::LimitExceeded`], [`IamError::Role`] for a tag outside the limits.
    pub fn tag_mfa_device(
        &mut self,
        limits: &Limits,
        serial_number: &str,
        tags: BTreeMap<String, String>,
    ) -> Result<(), IamError> {
        tagging::tag(&mut self.mfa_device_mut(serial_number)?.tags, tags, limits)
    }

    /// Takes tags from a device (UntagMFADevice); those that are not there do not matter.
    ///
    /// # Errors
    /// [`IamError::NoSuchEntity`].
    pub fn untag_mfa_device(&mut self, serial_number: &str, keys: &[&str]) -> Result<(), IamError> {
        tagging::untag(&mut self.mfa_device_mut(serial_number)?.tags, keys);
        Ok(())
    }

    /// The device of this serial number.
    ///
    /// # Errors
    /// [`IamError::NoSuchEntity`].
    pub fn mfa_device(&self, serial_number: &str) -> Result<&Arc<MfaDevice>, IamError> {
        let name = serial_number.rsplit('/').next().unwrap_or_default();
        let found = self.mfa_devices.find(name).filter(|device| device.serial_number.as_str() == serial_number);
        found.ok_or_else(|| IamError::missing(Entity::MfaDevice, serial_number))
    }

    /// Every device of `owner`.
    pub fn mfa_devices_of<'a>(&'a self, owner: &'a KeyOwner) -> impl Iterator<Item = &'a Arc<MfaDevice>> {
        self.mfa_devices.iter().filter(move |device| device.is_of(owner))
    }

    /// A device, to be changed.
    fn mfa_device_mut(&mut self, serial_number: &str) -> Result<&mut MfaDevice, IamError> {
        let name = self.mfa_device(serial_number)?.name.clone();
        self.mfa_devices.find_mut(name.as_str()).ok_or_else(|| IamError::missing(Entity::MfaDevice, serial_number))
    }

    fn mfa_device_of(&self, owner: &KeyOwner, serial_number: &str) -> Result<&Arc<MfaDevice>, IamError> {
        let device = self.mfa_device(serial_number)?;
        let own = Some(device).filter(|device| device.is_of(owner));
        own.ok_or_else(|| IamError::missing(Entity::MfaDevice, serial_number))
    }
}

impl MfaDevice {
    fn is_of(&self, owner: &KeyOwner) -> bool {
        self.assignment.as_ref().is_some_and(|assignment| assignment.owner == *owner)
    }
}

impl Registry {
    /// Takes a code of one of `owner`'s MFA devices. It is used up by this: the same code is not good again.
    ///
    /// # Errors
    /// [`IamError::NoSuchEntity`] when `owner` is gone or has no such device; [`IamError::AuthenticationCode`] when the
    /// code is wrong or used, or too many wrong ones came before.
    pub fn verify_mfa(
        &self,
        owner: &LongTermIdentity,
        serial_number: &str,
        code: &str,
        now: Timestamp,
    ) -> Result<MfaProof, IamError> {
        let missing = || IamError::missing(Entity::MfaDevice, serial_number);
        let accounts = self.read();
        let account = accounts.find(owner.account()).ok_or_else(missing)?;
        let key_owner = account.owner(owner).ok_or_else(missing)?;
        let device = account.mfa_device_of(&key_owner, serial_number)?;
        let valid = device.totp.verify(code, now)?;
        Ok(MfaProof::new(device.serial_number.clone(), now, &valid))
    }
}
