//! Login profiles: the passwords of users, kept as slow salted hashes.
//!
//! Hashing takes a good part of a second, so it is done beside the accounts and not while one is being changed. No call hashes
//! more than twice: every password that one login profile ever had is kept under one salt, so that a new one, hashed once, is
//! compared with all of them.

use std::sync::{Arc, Mutex, PoisonError};

use super::attempts::Attempts;
use super::{Account, Entity, IamError, Password, Registry, User};
use crate::arn::AccountId;
use crate::crypto::PasswordHash;
use crate::session::LongTermIdentity;
use crate::time::Timestamp;

/// The most earlier passwords that are remembered, which a policy may refuse.
const MAX_REMEMBERED: usize = 24;

/// The password of a user.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct LoginProfile {
    /// When the user was first given a password.
    pub created: Timestamp,
    /// When the password was last changed.
    pub changed: Timestamp,
    /// Whether the user must choose another one at the next sign-in.
    pub reset_required: bool,
    /// The newest first: the first is the password.
    hashes: Vec<PasswordHash>,
    /// Guesses are counted once for all snapshots.
    attempts: Arc<Mutex<Attempts>>,
}

impl LoginProfile {
    fn new(hash: PasswordHash, reset_required: bool, now: Timestamp) -> Self {
        Self { created: now, changed: now, reset_required, hashes: vec![hash], attempts: Arc::default() }
    }

    /// Compares a password with the user's; after too many wrong ones none is looked at for a while.
    fn verify(&self, password: &Password, now: Timestamp) -> Result<(), IamError> {
        let attempts = || self.attempts.lock().unwrap_or_else(PoisonError::into_inner);
        // Looked up and counted in one go before the long comparison (attack: many guesses at one time, none counted yet).
        attempts().reserve(now).map_err(|until| IamError::PasswordLocked { until })?;
        let hash = self.hashes.first().ok_or(IamError::WrongPassword)?;
        hash.verify(password.expose()).map_err(|_| IamError::WrongPassword)?;
        attempts().right();
        Ok(())
    }

    /// Refuses one of the last `count` passwords.
    fn accept(&self, hash: &PasswordHash, count: u32) -> Result<(), IamError> {
        let count = usize::try_from(count).unwrap_or(MAX_REMEMBERED);
        match self.hashes.iter().take(count).any(|earlier| earlier.verify_same(hash).is_ok()) {
            true => Err(IamError::PasswordPolicyViolation { rule: "it was used before" }),
            false => Ok(()),
        }
    }

    /// Takes a hash that was made beside the earlier ones; one of another login profile of the user is not.
    fn replace(&mut self, hash: PasswordHash, now: Timestamp) -> Result<(), IamError> {
        if !self.hashes.iter().all(|earlier| earlier.verify_beside(&hash).is_ok()) {
            return Err(IamError::Concurrent);
        }
        self.hashes.insert(0, hash);
        self.hashes.truncate(MAX_REMEMBERED);
        self.changed = now;
        Ok(())
    }
}

impl Account {
    /// The password of a user (GetLoginProfile).
    ///
    /// # Errors
    /// [`IamError::NoSuchEntity`] without such a user, or without a password.
    pub fn login_profile(&self, user: &str) -> Result<&LoginProfile, IamError> {
        profile(self.user(user)?, user)
    }

    /// Takes the password from a user (DeleteLoginProfile); access keys still work.
    ///
    /// # Errors
    /// [`IamError::NoSuchEntity`] without such a user, or without a password.
    pub fn delete_login_profile(&mut self, user: &str) -> Result<(), IamError> {
        self.login_profile(user)?;
        self.user_mut(user)?.login = None;
        Ok(())
    }

    fn login_mut(&mut self, user: &str) -> Result<&mut LoginProfile, IamError> {
        let missing = || IamError::missing(Entity::LoginProfile, user);
        self.user_mut(user)?.login.as_mut().ok_or_else(missing)
    }

    /// The hash of a password that the account and the user's earlier passwords accept.
    fn hash(&self, user: &User, password: &Password) -> Result<PasswordHash, IamError> {
        self.accept_password(user.name.as_str(), password)?;
        let Some((login, earlier)) = user.login.as_ref().and_then(|login| Some((login, login.hashes.first()?))) else {
            return Ok(PasswordHash::of(password.expose())?);
        };
        let hash = earlier.beside(password.expose());
        let refused = self.password_policy.as_ref().and_then(|policy| policy.reuse_prevention());
        refused.map_or(Ok(()), |count| login.accept(&hash, count))?;
        Ok(hash)
    }
}

impl Registry {
    /// Gives a user a password (CreateLoginProfile), if the user still is as `user` tells.
    ///
    /// # Errors
    /// [`IamError::NoSuchEntity`], [`IamError::AlreadyExists`], [`IamError::PasswordPolicyViolation`],
    /// [`IamError::Concurrent`], [`IamError::Crypto`].
    pub fn create_login_profile(
        &self,
        user: &User,
        password: &Password,
        reset_required: bool,
        now: Timestamp,
    ) -> Result<(), IamError> {
        if user.login.is_some() {
            return Err(IamError::exists(Entity::LoginProfile, user.name.as_str()));
        }
        let hash = self.account(&user.identity.account)?.hash(user, password)?;
        self.update(&user.identity.account, |account, _| {
            let user_now = account.unchanged_user_mut(user)?;
            if user_now.login.is_some() {
                return Err(IamError::Concurrent);
            }
            user_now.login = Some(LoginProfile::new(hash, reset_required, now));
            Ok(())
        })
    }

    /// Gives a user another password, or changes whether it must be changed (UpdateLoginProfile), if the user still is as
    /// `user` tells.
    ///
    /// # Errors
    /// [`IamError::NoSuchEntity`], [`IamError::PasswordPolicyViolation`], [`IamError::Concurrent`], [`IamError::Crypto`].
    pub fn update_login_profile(
        &self,
        user: &User,
        password: Option<&Password>,
        reset_required: Option<bool>,
        now: Timestamp,
    ) -> Result<(), IamError> {
        let (name, id) = (user.name.as_str(), &user.identity.account);
        profile(user, name)?;
        let hash = password.map(|password| self.account(id)?.hash(user, password)).transpose()?;
        self.update(id, |account, _| {
            let login = account.unchanged_user_mut(user)?.login.as_mut();
            let login = login.ok_or_else(|| IamError::missing(Entity::LoginProfile, name))?;
            login.reset_required = reset_required.unwrap_or(login.reset_required);
            if let Some(hash) = hash {
                login.replace(hash, now)?;
                // An administrator's new password ends the wait for the old one.
                login.attempts = Arc::default();
            }
            Ok(())
        })
    }

    /// Changes a user's own password (ChangePassword).
    ///
    /// # Errors
    /// [`IamError::InvalidUserType`] for a root user, [`IamError::NoSuchEntity`] without a password,
    /// [`IamError::WrongPassword`], [`IamError::PasswordLocked`], [`IamError::PasswordExpired`],
    /// [`IamError::PasswordPolicyViolation`], [`IamError::Concurrent`], [`IamError::Crypto`].
    pub fn change_password(
        &self,
        caller: &LongTermIdentity,
        old: &Password,
        new: &Password,
        now: Timestamp,
    ) -> Result<(), IamError> {
        let LongTermIdentity::User(identity) = caller else { return Err(IamError::InvalidUserType) };
        let (before, name) = (self.account(&identity.account)?, identity.user_name.as_str());
        let user = before.user(name)?;
        if user.id.as_str() != identity.user_id {
            return Err(IamError::missing(Entity::User, name));
        }
        let login = profile(user, name)?;
        login.verify(old, now)?;
        let policy = before.password_policy.as_ref().filter(|policy| policy.hard_expiry());
        let expired =
            policy.and_then(|policy| policy.max_age()).is_some_and(|age| now.duration_since(login.changed) > age);
        if expired {
            return Err(IamError::PasswordExpired);
        }
        let (hash, was) = (before.hash(user, new)?, login.hashes.first());
        self.update(&identity.account, |account, _| {
            let login = account.login_mut(name)?;
            // What was proved is knowledge of the password that was in force before the hashing.
            let same = was.zip(login.hashes.first()).is_some_and(|(was, is)| was.verify_same(is).is_ok());
            if !same {
                return Err(IamError::Concurrent);
            }
            login.replace(hash, now)?;
            login.reset_required = false;
            Ok(())
        })
    }

    fn account(&self, id: &AccountId) -> Result<Arc<Account>, IamError> {
        self.read().find(id).cloned().ok_or_else(|| IamError::missing(Entity::Account, id.as_str()))
    }
}

fn profile<'a>(user: &'a User, name: &str) -> Result<&'a LoginProfile, IamError> {
    user.login.as_ref().ok_or_else(|| IamError::missing(Entity::LoginProfile, name))
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;
    use std::thread;

    use super::*;

    #[test]
    fn of_guesses_made_at_one_time_five_are_looked_at() {
        let right = Password::new("correct-Horse-1".to_owned()).unwrap();
        let profile = LoginProfile::new(PasswordHash::of(right.expose()).unwrap(), false, Timestamp::EPOCH);
        let together = Barrier::new(32);
        let guess = || {
            let wrong = Password::new("wrong-Word-1".to_owned()).unwrap();
            together.wait();
            profile.verify(&wrong, Timestamp::EPOCH).unwrap_err()
        };
        let refusals: Vec<IamError> = thread::scope(|scope| {
            let guessing: Vec<_> = (0..32).map(|_| scope.spawn(guess)).collect();
            guessing.into_iter().map(|guess| guess.join().unwrap()).collect()
        });
        assert_eq!(refusals.iter().filter(|refusal| **refusal == IamError::WrongPassword).count(), 5);
        let locked = |refusal: &&IamError| matches!(refusal, IamError::PasswordLocked { .. });
        assert_eq!(refusals.iter().filter(locked).count(), 27);
        assert_eq!(profile.verify(&right, Timestamp::EPOCH).unwrap_err().to_string(), refusals[0].to_string());
    }

    #[test]
    fn a_new_password_is_hashed_once_however_many_are_remembered() {
        let mut profile = LoginProfile::new(PasswordHash::of("first").unwrap(), false, Timestamp::EPOCH);
        let second = profile.hashes[0].beside("second");
        profile.replace(second, Timestamp::EPOCH).unwrap();
        let again = profile.hashes[0].beside("first");
        assert!(profile.accept(&again, 1).is_ok(), "the one before is not asked about");
        assert_eq!(profile.accept(&again, 2).unwrap_err().code(), "PasswordPolicyViolation");
        let elsewhere = PasswordHash::of("third").unwrap();
        assert_eq!(profile.replace(elsewhere, Timestamp::EPOCH).unwrap_err(), IamError::Concurrent);
    }
}
