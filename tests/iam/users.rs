//! Users: made, renamed, tagged, and removed once nothing hangs on them.

use std::collections::BTreeMap;

use daypass::iam::{IamError, KeyOwner, Limits, Registry};

use crate::world::{NOW, change, id, identity, user, with_users};

fn tags(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

fn tagged(registry: &Registry, name: &str) -> BTreeMap<String, String> {
    registry.read().find(&id()).unwrap().user(name).unwrap().identity.tags.clone()
}

#[test]
fn a_user_has_an_arn_with_its_path_and_an_id_of_its_own() {
    let registry = with_users(&[]);
    let made =
        change(&registry, |account, limits| account.create_user(limits, &"Ana".parse()?, "/team/one/".parse()?, NOW))
            .unwrap();
    assert_eq!(made.identity.arn.as_str(), "arn:aws:iam::111111111111:user/team/one/Ana");
    assert_eq!((made.identity.user_name.as_str(), made.created), ("Ana", NOW));
    assert_eq!(made.id.as_str().len(), 21);
    assert!(made.id.as_str().starts_with("AIDA") && made.identity.user_id == made.id.as_str());
}

#[test]
fn a_name_in_another_case_is_the_same_name() {
    let registry = with_users(&["ana"]);
    let refused = change(&registry, |account, limits| user(account, limits, "ANA")).unwrap_err();
    assert_eq!(refused.code(), "EntityAlreadyExists");
    assert_eq!(refused.to_string(), "User with name ANA already exists.");
    let account = registry.read().find(&id()).unwrap().clone();
    assert_eq!(account.user("aNa").unwrap().identity.user_name, "ana");
}

#[test]
fn names_and_paths_hold_to_their_form() {
    let registry = with_users(&[]);
    for name in ["", "a b", "a/b", "ä", "a:b", &"x".repeat(65)] {
        assert!(change(&registry, |account, limits| user(account, limits, name)).is_err(), "{name}");
    }
    change(&registry, |account, limits| user(account, limits, &"x".repeat(64))).unwrap();
    change(&registry, |account, limits| user(account, limits, "a_+=,.@-Z9")).unwrap();
}

#[test]
fn a_renamed_user_is_the_same_one_with_its_keys_devices_and_groups() {
    let registry = with_users(&["ana", "bob"]);
    let owner = KeyOwner::user("ana");
    let before = identity(&registry, "ana");
    let (key, serial) = change(&registry, |account, limits| {
        account.create_group(limits, &"staff".parse()?, "/".parse()?, NOW)?;
        account.add_user_to_group(limits, "ana", "staff")?;
        let (serial, seed) = account.create_virtual_mfa_device(limits, &"phone".parse()?, "/".parse()?)?;
        let codes = [0, 1].map(|steps| crate::authenticator::code(seed.expose(), NOW, steps));
        account.enable_mfa_device(limits, &owner, serial.as_str(), [&codes[0], &codes[1]], NOW)?;
        Ok((account.create_access_key(limits, &owner, NOW)?, serial))
    })
    .unwrap();
    change(&registry, |account, _| account.update_user("ANA", Some("Anna".parse()?), Some("/new/".parse()?))).unwrap();
    let after = identity(&registry, "anna");
    assert_eq!(after.user_id(), before.user_id(), "the unique id stays");
    assert_eq!(after.arn().as_str(), "arn:aws:iam::111111111111:user/new/Anna");
    let accounts = registry.read();
    let account = accounts.find(&id()).unwrap();
    assert!(account.user("ana").is_err());
    assert_eq!(account.keys_of(&KeyOwner::user("anna")).count(), 1);
    assert_eq!(account.mfa_devices_of(&KeyOwner::user("anna")).count(), 1);
    assert_eq!(account.members("staff").count(), 1);
    let found = daypass::credentials::AccessKeys::find(&registry, key.access_key_id()).unwrap();
    assert_eq!(found.1, after, "its key signs as the renamed user");
    assert!(account.mfa_device(serial.as_str()).is_ok());
}

#[test]
fn a_user_may_change_the_case_of_its_name_and_not_take_anothers() {
    let registry = with_users(&["ana", "bob"]);
    change(&registry, |account, _| account.update_user("ana", Some("ANA".parse()?), None)).unwrap();
    assert_eq!(identity(&registry, "ana").arn().as_str(), "arn:aws:iam::111111111111:user/ANA");
    let refused = change(&registry, |account, _| account.update_user("ana", Some("BOB".parse()?), None)).unwrap_err();
    assert_eq!(refused.code(), "EntityAlreadyExists");
    assert!(change(&registry, |account, _| account.update_user("ana", Some("x".repeat(65).parse()?), None)).is_err());
}

#[test]
fn a_user_is_deleted_only_when_nothing_hangs_on_it() {
    let registry = with_users(&["ana"]);
    let owner = KeyOwner::user("ana");
    let refusal = |registry: &Registry| {
        change(registry, |account, _| account.delete_user("ana")).map_err(|refused| {
            assert_eq!(refused.code(), "DeleteConflict");
            refused.to_string()
        })
    };
    let (key, serial) = change(&registry, |account, limits| {
        let user = account.users.find_mut("ana").unwrap();
        user.permissions.attached.insert("arn:aws:iam::111111111111:policy/p".parse().unwrap());
        user.permissions.inline.insert("p".to_owned(), crate::world::deny_all());
        account.create_group(limits, &"staff".parse()?, "/".parse()?, NOW)?;
        account.add_user_to_group(limits, "ana", "staff")?;
        let (serial, seed) = account.create_virtual_mfa_device(limits, &"phone".parse()?, "/".parse()?)?;
        let codes = [0, 1].map(|steps| crate::authenticator::code(seed.expose(), NOW, steps));
        account.enable_mfa_device(limits, &owner, serial.as_str(), [&codes[0], &codes[1]], NOW)?;
        Ok((account.create_access_key(limits, &owner, NOW)?, serial))
    })
    .unwrap();
    let must = |what: &str| Err(format!("Cannot delete entity, must {what} first."));
    assert_eq!(refusal(&registry), must("detach all policies"));
    change(&registry, |account, _| {
        account.users.find_mut("ana").unwrap().permissions.attached.clear();
        Ok(())
    })
    .unwrap();
    assert_eq!(refusal(&registry), must("delete policies"));
    change(&registry, |account, _| {
        account.users.find_mut("ana").unwrap().permissions.inline.clear();
        Ok(())
    })
    .unwrap();
    assert_eq!(refusal(&registry), must("remove users from group"));
    change(&registry, |account, _| account.remove_user_from_group("ana", "staff")).unwrap();
    assert_eq!(refusal(&registry), must("delete access keys"));
    change(&registry, |account, _| account.delete_access_key(&owner, key.access_key_id())).unwrap();
    assert_eq!(refusal(&registry), must("delete MFA device"));
    change(&registry, |account, _| account.deactivate_mfa_device(&owner, serial.as_str())).unwrap();
    assert_eq!(refusal(&registry), Ok(()));
    let gone = change(&registry, |account, _| account.delete_user("ana")).unwrap_err();
    assert_eq!(gone.to_string(), "The user with name ana cannot be found.");
}

#[test]
fn there_are_no_more_users_than_the_quota() {
    let mut limits = Limits::default();
    limits.users = 1;
    let registry = Registry::new(limits);
    registry.open_account(&id());
    change(&registry, |account, limits| user(account, limits, "ana")).unwrap();
    let refused = change(&registry, |account, limits| user(account, limits, "bob")).unwrap_err();
    assert_eq!(refused, IamError::LimitExceeded { quota: "UsersPerAccount", most: 1 });
}

#[test]
fn tags_have_no_case_in_their_keys_and_there_are_at_most_fifty() {
    let registry = with_users(&["ana"]);
    let tag =
        |pairs: &[(&str, &str)]| change(&registry, |account, limits| account.tag_user(limits, "ana", tags(pairs)));
    tag(&[("Team", "cats"), ("stage", "one")]).unwrap();
    tag(&[("team", "dogs")]).unwrap();
    assert_eq!(tagged(&registry, "ana"), tags(&[("team", "dogs"), ("stage", "one")]));
    assert!(tag(&[("aws:x", "y")]).is_err());
    assert!(tag(&[("x", "*")]).is_err());
    let many: Vec<String> = (0..49).map(|number| format!("key{number}")).collect();
    let many: Vec<(&str, &str)> = many.iter().map(|key| (key.as_str(), "")).collect();
    assert_eq!(tag(&many).unwrap_err().code(), "LimitExceeded");
    tag(&many[1..]).unwrap();
    change(&registry, |account, _| account.untag_user("ana", &["STAGE", "never-there"])).unwrap();
    assert_eq!(tagged(&registry, "ana").len(), 49);
}
