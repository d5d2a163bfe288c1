//! Snapshots and changes of a registry.

use daypass::Role;
use daypass::arn::{AccountId, Arn};
use daypass::iam::{Account, Accounts, Entity, IamError, Limits, Registry};
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

#[test]
fn users_and_roles_are_found_by_their_unique_ids_as_the_snapshot_has_them() {
    let registry = Registry::default();
    registry.configure_role(role("arn:aws:iam::222222222222:role/reader"), Timestamp::EPOCH);
    let (id, elsewhere) = (account(), "222222222222".parse().unwrap());
    registry.open_account(&id);
    let make = |account: &mut Account, limits: &Limits| {
        account.create_user(limits, &"ana".parse()?, "/".parse()?, Timestamp::EPOCH).map(|user| user.id.to_string())
    };
    let ana = registry.update(&id, make).unwrap();
    let reader = registry.read().find(&elsewhere).unwrap().existing_role("reader").unwrap().role.id().to_string();
    let arn = |accounts: &Accounts, id: &str| accounts.arn_of(id).map(ToString::to_string);
    let before = registry.read();
    assert_eq!(arn(&before, &ana).as_deref(), Some("arn:aws:iam::111111111111:user/ana"));
    registry.update(&id, |account, _| account.update_user("ana", None, Some("/cats/".parse()?))).unwrap();
    assert_eq!(arn(&registry.read(), &ana).as_deref(), Some("arn:aws:iam::111111111111:user/cats/ana"));
    assert_eq!(arn(&registry.read(), &reader).as_deref(), Some("arn:aws:iam::222222222222:role/reader"));
    registry.update(&id, |account, _| account.delete_user("ana")).unwrap();
    let again = registry.update(&id, make).unwrap();
    assert_eq!(arn(&registry.read(), &ana), None, "another user has the name");
    assert_eq!(arn(&registry.read(), &again).as_deref(), Some("arn:aws:iam::111111111111:user/ana"));
    assert_eq!(arn(&before, &ana).as_deref(), Some("arn:aws:iam::111111111111:user/ana"), "a snapshot does not change");
}
