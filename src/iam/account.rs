//! One account and everything in it.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Group, ManagedPolicy, Named, RoleRecord, UniqueId, User};
use crate::arn::{AccountId, Arn};
use crate::credentials::{AccessKeyId, LongTermKey};
use crate::session::{LongTermIdentity, Role};
use crate::time::Timestamp;

/// Whom an access key belongs to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(clippy::exhaustive_enums, reason = "nobody else can own a long-term access key")]
pub enum KeyOwner {
    /// The account's root user.
    Root,
    /// A user, by name in lower case.
    User(String),
}

/// A long-term access key of an account.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct KeyRecord {
    /// Whose it is.
    pub owner: KeyOwner,
    /// The key itself, with when it was made and last used.
    pub key: Arc<LongTermKey>,
    /// Whether it opens anything at the moment.
    pub active: bool,
}

/// One account. Its fields are what IAM manages; the operations beside each type keep them consistent.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Account {
    /// Twelve digits.
    pub id: AccountId,
    /// Its users.
    pub users: Named<User>,
    /// Its groups.
    pub groups: Named<Group>,
    /// Its roles.
    pub roles: Named<RoleRecord>,
    /// Its own managed policies.
    pub policies: Named<ManagedPolicy>,
    /// Its long-term access keys.
    pub access_keys: BTreeMap<AccessKeyId, KeyRecord>,
}

impl Account {
    /// An account that holds nothing.
    #[must_use]
    pub fn new(id: AccountId) -> Self {
        Self {
            id,
            users: Named::default(),
            groups: Named::default(),
            roles: Named::default(),
            policies: Named::default(),
            access_keys: BTreeMap::new(),
        }
    }

    /// The compiled role of this ARN.
    #[must_use]
    pub fn role(&self, arn: &Arn) -> Option<&Arc<Role>> {
        let record = self.roles.find(arn.role_name().ok()?)?;
        (record.role.arn() == arn).then_some(&record.role)
    }

    /// Takes a role that was made in code, under its own name; one of the same name is replaced.
    ///
    /// Its permissions appear as inline policies under the names they have.
    pub fn configure_role(&mut self, role: Role, now: Timestamp) {
        let record = RoleRecord::configured(role, now);
        let name = record.name.clone();
        self.roles.insert(&name, record);
    }

    /// The long-term identity that `owner` is, while it exists.
    #[must_use]
    pub fn identity(&self, owner: &KeyOwner) -> Option<LongTermIdentity> {
        match owner {
            KeyOwner::Root => Some(LongTermIdentity::Root { account: self.id.clone() }),
            KeyOwner::User(name) => {
                self.users.find(name).map(|user| LongTermIdentity::User(Arc::clone(&user.identity)))
            }
        }
    }

    /// The user or role that has this unique id, by its ARN; none once it is gone.
    #[must_use]
    pub fn arn_of(&self, id: &UniqueId) -> Option<&Arn> {
        let user = self.users.iter().find(|user| user.id == *id).map(|user| &user.identity.arn);
        user.or_else(|| {
            let mut roles = self.roles.iter().map(|record| &record.role);
            roles.find(|role| role.id().as_str() == id.as_str()).map(|role| role.arn())
        })
    }
}
