//! Every account, read in snapshots and changed one account at a time, whole or not at all.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;

use super::principal::Snapshot;
use super::{Account, Entity, IamError, KeyOwner, Limits};
use crate::arn::{AccountId, Arn};
use crate::credentials::{AccessKeyId, AccessKeys, LongTermKey};
use crate::session::{Caller, LongTermIdentity, Role, Session};
use crate::time::Timestamp;

/// A snapshot of every account.
#[derive(Clone, Debug, Default)]
pub struct Accounts {
    by_id: BTreeMap<AccountId, Arc<Snapshot>>,
    /// The account of each long-term access key.
    keys: Arc<HashMap<AccessKeyId, AccountId>>,
}

impl Accounts {
    /// The account of this id.
    #[must_use]
    pub fn find(&self, id: &AccountId) -> Option<&Arc<Account>> {
        self.by_id.get(id).map(|snapshot| snapshot.account())
    }

    pub(super) fn snapshot(&self, id: &AccountId) -> Option<&Snapshot> {
        self.by_id.get(id).map(|snapshot| &**snapshot)
    }

    /// Every account, in the order of ids.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Account>> {
        self.by_id.values().map(|snapshot| snapshot.account())
    }

    /// The user or role that has this unique id, in whatever account, by its ARN; none once it is gone.
    #[must_use]
    pub fn arn_of(&self, unique_id: &str) -> Option<&Arn> {
        self.by_id.values().find_map(|snapshot| snapshot.arn_of(unique_id))
    }

    fn put(&mut self, account: Account) {
        self.by_id.insert(account.id.clone(), Arc::new(Snapshot::of(account)));
    }

    /// The compiled role of this ARN.
    #[must_use]
    pub fn role(&self, arn: &Arn) -> Option<&Arc<Role>> {
        self.find(&arn.account_id().ok()?)?.role(arn)
    }

    /// Refuses an account that, unlike `before`, takes what is another's among all accounts.
    fn accept(&self, before: &Account, after: &Account) -> Result<(), IamError> {
        let added = after.access_keys.keys().filter(|key| !before.access_keys.contains_key(key));
        if let Some(taken) = added.into_iter().find(|key| self.keys.contains_key(key)) {
            return Err(IamError::exists(Entity::AccessKey, taken.as_str()));
        }
        let alias = after.alias.as_ref().filter(|alias| before.alias.as_ref() != Some(alias));
        match alias.filter(|alias| self.iter().any(|other| other.alias.as_ref() == Some(alias))) {
            Some(taken) => Err(IamError::exists(Entity::Alias, taken.as_str())),
            None => Ok(()),
        }
    }

    /// The account that a long-term access key belongs to, active or not.
    #[must_use]
    pub fn account_of(&self, access_key_id: &AccessKeyId) -> Option<&AccountId> {
        self.keys.get(access_key_id)
    }
}

/// Every account, with the quotas they are held to.
#[derive(Debug, Default)]
pub struct Registry {
    accounts: ArcSwap<Accounts>,
    /// Held while an account is changed, so that no change is lost.
    writing: Mutex<()>,
    limits: Limits,
}

impl Registry {
    /// No accounts yet, held to `limits`.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self { limits, ..Self::default() }
    }

    /// The quotas.
    #[must_use]
    pub const fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Every account as it is now; it does not change any more.
    #[must_use]
    pub fn read(&self) -> Arc<Accounts> {
        self.accounts.load_full()
    }

    /// Adds an account that holds nothing, unless there is one of this id.
    pub fn open_account(&self, id: &AccountId) {
        let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let mut accounts = Accounts::clone(&self.accounts.load());
        if accounts.find(id).is_none() {
            accounts.put(Account::new(id.clone()));
        }
        self.accounts.store(Arc::new(accounts));
    }

    /// Takes a role that was made in code, and its account if that is new; one of the same name is replaced.
    pub fn configure_role(&self, role: Role, now: Timestamp) {
        let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let mut accounts = Accounts::clone(&self.accounts.load());
        let known = accounts.find(role.account()).map(|account| Account::clone(account));
        let mut account = known.unwrap_or_else(|| Account::new(role.account().clone()));
        account.configure_role(role, now);
        accounts.put(account);
        self.accounts.store(Arc::new(accounts));
    }

    /// Takes every role of `other`, as [`Registry::configure_role`] takes each.
    pub(crate) fn configure_roles_of(&self, other: &Self, now: Timestamp) {
        let accounts = other.read();
        for record in accounts.iter().flat_map(|account| account.roles.iter()) {
            self.configure_role(Role::clone(&record.role), now);
        }
    }

    /// Changes one account: `change` works on a copy, which takes the account's place when it succeeds.
    ///
    /// # Errors
    /// What `change` returns, [`IamError::NoSuchEntity`] without such an account, and [`IamError::AlreadyExists`] for an
    /// access key id or an alias that is another account's; then nothing has changed.
    pub fn update<T>(
        &self,
        id: &AccountId,
        change: impl FnOnce(&mut Account, &Limits) -> Result<T, IamError>,
    ) -> Result<T, IamError> {
        let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let mut accounts = Accounts::clone(&self.accounts.load());
        let before = accounts.find(id).ok_or_else(|| IamError::missing(Entity::Account, id.as_str()))?;
        let mut account = Account::clone(before);
        let result = change(&mut account, &self.limits)?;
        accounts.accept(before, &account)?;
        if !before.access_keys.keys().eq(account.access_keys.keys()) {
            let keys = Arc::make_mut(&mut accounts.keys);
            keys.retain(|_, owner| owner != id);
            keys.extend(account.access_keys.keys().map(|key| (key.clone(), id.clone())));
        }
        accounts.put(account);
        self.accounts.store(Arc::new(accounts));
        Ok(result)
    }
}

impl AccessKeys for Registry {
    fn find(&self, access_key_id: &AccessKeyId) -> Option<(Arc<LongTermKey>, LongTermIdentity)> {
        let accounts = self.accounts.load();
        let account = accounts.find(accounts.account_of(access_key_id)?)?;
        let record = account.access_keys.get(access_key_id).filter(|record| record.active)?;
        Some((Arc::clone(&record.key), account.identity(&record.owner)?))
    }

    fn present(&self, session: &Arc<Session>) -> Option<Caller> {
        self.accounts.load().present_session(session)
    }
}

impl Account {
    /// Every access key of `owner`.
    pub fn keys_of<'a>(&'a self, owner: &'a KeyOwner) -> impl Iterator<Item = &'a super::KeyRecord> {
        self.access_keys.values().filter(move |record| record.owner == *owner)
    }
}
