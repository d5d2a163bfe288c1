//! A registry with one account, and the users that tests ask for.

use daypass::arn::AccountId;
use daypass::iam::{Account, IamError, KeyOwner, Limits, Registry};
use daypass::policy::{Kind, Policy};
use daypass::session::LongTermIdentity;
use daypass::time::Timestamp;

pub(crate) const NOW: Timestamp = Timestamp::from_unix_seconds(1_800_000_000);

pub(crate) fn id() -> AccountId {
    "111111111111".parse().unwrap()
}

/// An account with these users, under the default quotas.
pub(crate) fn with_users(names: &[&str]) -> Registry {
    let registry = Registry::default();
    registry.open_account(&id());
    for name in names {
        change(&registry, |account, limits| user(account, limits, name)).unwrap();
    }
    registry
}

pub(crate) fn user(account: &mut Account, limits: &Limits, name: &str) -> Result<(), IamError> {
    account.create_user(limits, &name.parse()?, "/".parse()?, NOW).map(|_| ())
}

pub(crate) fn change<T>(
    registry: &Registry,
    change: impl FnOnce(&mut Account, &Limits) -> Result<T, IamError>,
) -> Result<T, IamError> {
    registry.update(&id(), change)
}

/// The identity that requests of a user carry.
pub(crate) fn identity(registry: &Registry, name: &str) -> LongTermIdentity {
    registry.read().find(&id()).unwrap().identity(&KeyOwner::user(name)).unwrap()
}

/// Some policy.
pub(crate) fn deny_all() -> Policy {
    let text = r#"{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"*","Resource":"*"}}"#;
    Policy::parse(text, Kind::Identity).unwrap()
}
