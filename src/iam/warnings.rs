//! What a careful operator would change about an account's long-term identities.

use std::fmt;
use std::time::Duration;

use super::{Account, KeyOwner, KeyRecord};
use crate::arn::AccountId;
use crate::credentials::AccessKeyId;
use crate::session::LongTermIdentity;
use crate::time::Timestamp;

/// From what age an access key should have been replaced, or one that nobody uses deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyAges {
    replaced_after: Duration,
    unused_for: Duration,
}

impl Default for KeyAges {
    /// 90 days and 45 days, which the CIS benchmark of AWS asks for (1.12 and 1.14).
    fn default() -> Self {
        const DAY: Duration = Duration::from_secs(24 * 3600);
        Self { replaced_after: DAY.saturating_mul(90), unused_for: DAY.saturating_mul(45) }
    }
}

impl KeyAges {
    /// Warns of keys older than `age`.
    #[must_use]
    pub const fn replaced_after(mut self, age: Duration) -> Self {
        self.replaced_after = age;
        self
    }

    /// Warns of active keys that were not used for so long.
    #[must_use]
    pub const fn unused_for(mut self, time: Duration) -> Self {
        self.unused_for = time;
        self
    }
}

/// One thing to change. Its `Display` is a sentence for the operator.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Warning {
    /// The root user has an access key, which no policy of the account can limit.
    RootAccessKey {
        /// The account.
        account: AccountId,
        /// The key.
        access_key_id: AccessKeyId,
    },
    /// The root user signed a request with an access key.
    RootSigned {
        /// The account.
        account: AccountId,
    },
    /// The root user has no MFA device.
    RootWithoutMfa {
        /// The account.
        account: AccountId,
    },
    /// A user has a password and no MFA device.
    PasswordWithoutMfa {
        /// The user's name.
        user: String,
    },
    /// An access key is older than it should become.
    OldAccessKey {
        /// Whose it is.
        owner: KeyOwner,
        /// The key.
        access_key_id: AccessKeyId,
        /// How many days ago it was made.
        days: u64,
    },
    /// An active access key is not used.
    UnusedAccessKey {
        /// Whose it is.
        owner: KeyOwner,
        /// The key.
        access_key_id: AccessKeyId,
        /// When it was last used, if ever.
        last_used: Option<Timestamp>,
    },
    /// An access key was deactivated and is still there.
    InactiveAccessKey {
        /// Whose it is.
        owner: KeyOwner,
        /// The key.
        access_key_id: AccessKeyId,
    },
}

impl Warning {
    /// What there is to say when `identity` signs a request with an access key: something, if it is a root user.
    #[must_use]
    pub fn of_signer(identity: &LongTermIdentity) -> Option<Self> {
        match identity {
            LongTermIdentity::Root { account } => Some(Self::RootSigned { account: account.clone() }),
            LongTermIdentity::User(_) => None,
        }
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RootAccessKey { account, access_key_id } => write!(
                f,
                "The root user of account {account} has the access key {access_key_id}, which no policy of the account can limit: delete it."
            ),
            Self::RootSigned { account } => write!(
                f,
                "The root user of account {account} signed a request with an access key: use a role, and delete the key."
            ),
            Self::RootWithoutMfa { account } => {
                write!(f, "The root user of account {account} has no MFA device: enable one.")
            }
            Self::PasswordWithoutMfa { user } => {
                write!(f, "The user {user} has a password and no MFA device: enable one.")
            }
            Self::OldAccessKey { owner, access_key_id, days } => write!(
                f,
                "The access key {access_key_id} of {owner} was made {days} days ago: replace it, or let its holder assume a role."
            ),
            Self::UnusedAccessKey { owner, access_key_id, last_used: Some(at) } => {
                write!(f, "The access key {access_key_id} of {owner} was last used at {at}: deactivate it.")
            }
            Self::UnusedAccessKey { owner, access_key_id, last_used: None } => {
                write!(f, "The access key {access_key_id} of {owner} was never used: deactivate it.")
            }
            Self::InactiveAccessKey { owner, access_key_id } => {
                write!(f, "The access key {access_key_id} of {owner} is inactive: delete it if nobody misses it.")
            }
        }
    }
}

impl fmt::Display for KeyOwner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root => f.write_str("the root user"),
            Self::User(name) => write!(f, "the user {name}"),
        }
    }
}

impl Account {
    /// What a careful operator would change, the root user first.
    #[must_use]
    pub fn warnings(&self, ages: KeyAges, now: Timestamp) -> Vec<Warning> {
        let account = || self.id.clone();
        let root_keys = self.keys_of(&KeyOwner::Root).map(|record| Warning::RootAccessKey {
            account: account(),
            access_key_id: record.key.access_key_id().clone(),
        });
        let root_mfa = self.mfa_devices_of(&KeyOwner::Root).next().is_none();
        let root_mfa = root_mfa.then(|| Warning::RootWithoutMfa { account: account() });
        let passwords = self.users.iter().filter(|user| user.login.is_some());
        let without_mfa = passwords.filter(|user| {
            let owner = KeyOwner::user(user.name.as_str());
            self.mfa_devices_of(&owner).next().is_none()
        });
        let without_mfa = without_mfa.map(|user| Warning::PasswordWithoutMfa { user: user.name.to_string() });
        let keys = self.access_keys.values().flat_map(|record| of_key(record, ages, now));
        root_keys.chain(root_mfa).chain(without_mfa).chain(keys).collect()
    }
}

fn of_key(record: &KeyRecord, ages: KeyAges, now: Timestamp) -> Vec<Warning> {
    let (owner, access_key_id) = (record.owner.clone(), record.key.access_key_id().clone());
    if !record.active {
        return vec![Warning::InactiveAccessKey { owner, access_key_id }];
    }
    let mut warnings = Vec::new();
    let age = now.duration_since(record.key.created());
    if age > ages.replaced_after {
        let days = age.as_secs() / (24 * 3600);
        warnings.push(Warning::OldAccessKey { owner: owner.clone(), access_key_id: access_key_id.clone(), days });
    }
    let last_used = record.key.last_used().map(|used| used.at);
    if now.duration_since(last_used.unwrap_or(record.key.created())) > ages.unused_for {
        warnings.push(Warning::UnusedAccessKey { owner, access_key_id, last_used });
    }
    warnings
}
