//! Snapshots and changes of a registry.

use daypass::Role;
use daypass::arn::{AccountId, Arn};
use daypass::iam::{Entity, IamError, Registry};
use daypass::time::Timestamp;

const TRUST: &str =
    r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"AWS":"*"}}}"#;

fn account() -> AccountId {
    "111111111111".parse().unwrap()
}

fn role(arn: &str) -> Role {
    Role::new(arn.parse().unwrap(), TRUST.parse().unwrap()).unwrap()
}

#[test]
fn a_snapshot_does_not_change() {
    let registry = Registry::default();
    let before = registry.read();
    let arn: Arn = "arn:aws:iam::111111111111:role/team/reader".parse().unwrap();
    registry.configure_role(role(arn.as_str()), Timestamp::EPOCH);
    assert!(before.role(&arn).is_none());
    assert!(registry.read().role(&arn).is_some());
    let elsewhere: Arn = "arn:aws:iam::111111111111:role/reader".parse().unwrap();
    assert!(registry.read().role(&elsewhere).is_none(), "the path is part of the ARN");
}

#[test]
fn a_change_that_fails_leaves_everything_as_it_was() {
    let registry = Registry::default();
    registry.configure_role(role("arn:aws:iam::111111111111:role/reader"), Timestamp::EPOCH);
    let failed = registry.update(&account(), |account, _| {
        account.roles.remove("reader");
        Err::<(), _>(IamError::missing(Entity::User, "nobody"))
    });
    assert_eq!(failed.unwrap_err().code(), "NoSuchEntity");
    assert!(registry.read().find(&account()).unwrap().roles.find("READER").is_some(), "names have no case");
}

#[test]
fn an_unknown_account_is_not_changed() {
    let failed = Registry::default().update(&account(), |_, _| Ok(()));
    assert!(matches!(failed, Err(IamError::NoSuchEntity { entity: Entity::Account, .. })));
}
