//! Access keys: two for each owner, found while they are active and their owner is there.

use std::sync::Arc;
use std::time::Duration;

use daypass::arn::AccountId;
use daypass::credentials::{AccessKeyId, AccessKeys, LongTermKey, SecretAccessKey};
use daypass::iam::{IamError, KeyOwner, Registry};
use daypass::session::LongTermIdentity;
use daypass::time::Timestamp;

use crate::world::{NOW, change, id, user, with_users};

fn make(registry: &Registry, owner: &KeyOwner, at: Timestamp) -> Result<Arc<LongTermKey>, IamError> {
    change(registry, |account, limits| account.create_access_key(limits, owner, at))
}

fn imported(id: &str) -> LongTermKey {
    LongTermKey::new(id.parse().unwrap(), SecretAccessKey::new("secret".to_owned()), NOW)
}

#[test]
fn an_owner_has_at_most_two_keys_inactive_ones_included() {
    let registry = with_users(&["ana"]);
    for owner in [KeyOwner::user("ana"), KeyOwner::Root] {
        let first = make(&registry, &owner, NOW.saturating_add(Duration::from_secs(1))).unwrap();
        let second = make(&registry, &owner, NOW).unwrap();
        change(&registry, |account, _| account.update_access_key(&owner, first.access_key_id(), false)).unwrap();
        let refused = make(&registry, &owner, NOW).unwrap_err();
        assert_eq!(refused.code(), "LimitExceeded");
        assert_eq!(refused.to_string(), "Cannot exceed quota for AccessKeysPerUser: 2");
        let account = registry.read().find(&id()).unwrap().clone();
        let listed = account.list_access_keys(&owner).unwrap();
        let ids: Vec<&AccessKeyId> = listed.iter().map(|record| record.key.access_key_id()).collect();
        assert_eq!(ids, [second.access_key_id(), first.access_key_id()], "oldest first");
    }
}

#[test]
fn a_deactivated_key_is_not_found_until_it_is_active_again() {
    let registry = with_users(&["ana"]);
    let owner = KeyOwner::user("ana");
    let key = make(&registry, &owner, NOW).unwrap();
    let found = || AccessKeys::find(&registry, key.access_key_id()).is_some();
    assert!(found());
    change(&registry, |account, _| account.update_access_key(&owner, key.access_key_id(), false)).unwrap();
    assert!(!found());
    change(&registry, |account, _| account.update_access_key(&owner, key.access_key_id(), true)).unwrap();
    assert!(found());
    change(&registry, |account, _| account.delete_access_key(&owner, key.access_key_id())).unwrap();
    assert!(!found());
}

#[test]
fn a_key_of_a_deleted_user_opens_nothing_also_when_the_name_is_given_again() {
    let registry = with_users(&["ana"]);
    let owner = KeyOwner::user("ana");
    let key = make(&registry, &owner, NOW).unwrap();
    change(&registry, |account, limits| {
        account.delete_access_key(&owner, key.access_key_id())?;
        account.delete_user("ana")?;
        user(account, limits, "ana")
    })
    .unwrap();
    assert!(AccessKeys::find(&registry, key.access_key_id()).is_none());
}

#[test]
fn nobody_changes_the_key_of_another() {
    let registry = with_users(&["ana", "eve"]);
    let key = make(&registry, &KeyOwner::user("ana"), NOW).unwrap();
    for other in [KeyOwner::user("eve"), KeyOwner::Root] {
        let refused = change(&registry, |account, _| account.delete_access_key(&other, key.access_key_id()));
        let message = format!("The Access Key with id {} cannot be found.", key.access_key_id());
        assert_eq!(refused.unwrap_err().to_string(), message);
        assert!(change(&registry, |account, _| account.update_access_key(&other, key.access_key_id(), false)).is_err());
    }
}

#[test]
fn a_user_who_is_not_there_gets_no_key() {
    let registry = with_users(&[]);
    let refused = make(&registry, &KeyOwner::user("nobody"), NOW).unwrap_err();
    assert_eq!(refused.to_string(), "The user with name nobody cannot be found.");
}

#[test]
fn an_imported_key_signs_as_its_owner() {
    let registry = with_users(&[]);
    change(&registry, |account, limits| {
        account.import_access_key(limits, &KeyOwner::Root, imported("AKIAIOSFODNN7EXAMPLE"))
    })
    .unwrap();
    let (key, identity) = AccessKeys::find(&registry, &"AKIAIOSFODNN7EXAMPLE".parse().unwrap()).unwrap();
    assert_eq!(key.secret_access_key().expose(), "secret");
    assert_eq!(identity, LongTermIdentity::Root { account: id() });
}

#[test]
fn an_imported_key_cannot_take_the_place_of_another_accounts_key() {
    let registry = with_users(&["ana"]);
    let other = "222222222222".parse().unwrap();
    registry.open_account(&other);
    let key = make(&registry, &KeyOwner::user("ana"), NOW).unwrap();
    let taken = registry.update(&other, |account, limits| {
        account.import_access_key(limits, &KeyOwner::Root, imported(key.access_key_id().as_str()))
    });
    assert_eq!(taken.unwrap_err().code(), "EntityAlreadyExists");
    assert_eq!(registry.read().account_of(key.access_key_id()), Some(&id()));
}

#[test]
fn an_id_of_temporary_credentials_is_not_imported() {
    let registry = with_users(&[]);
    let refused = change(&registry, |account, limits| {
        account.import_access_key(limits, &KeyOwner::Root, imported("ASIAIOSFODNN7EXAMPLE"))
    });
    assert_eq!(refused.unwrap_err().code(), "InvalidInput");
}

#[test]
fn an_alias_is_one_accounts_alone() {
    let registry = with_users(&[]);
    let other = "222222222222".parse().unwrap();
    registry.open_account(&other);
    let name = |registry: &Registry, account: &AccountId| {
        registry.update(account, |account, _| {
            account.create_alias("cat-photos".parse()?);
            Ok(())
        })
    };
    name(&registry, &id()).unwrap();
    assert_eq!(name(&registry, &other).unwrap_err().to_string(), "The account alias cat-photos already exists.");
    change(&registry, |account, _| account.delete_alias(&"cat-photos".parse()?)).unwrap();
    name(&registry, &other).unwrap();
    let gone = change(&registry, |account, _| account.delete_alias(&"cat-photos".parse()?)).unwrap_err();
    assert_eq!(gone.code(), "NoSuchEntity");
    for text in ["ab", "Cats", "-cats", "cats-", "cat--s", "cat_s", &"c".repeat(64)] {
        assert!(text.parse::<daypass::iam::AccountAlias>().is_err(), "{text}");
    }
}
