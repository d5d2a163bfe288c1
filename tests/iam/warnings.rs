//! What a careful operator is told.

use std::time::Duration;

use daypass::credentials::LongTermKey;
use daypass::iam::{KeyAges, KeyOwner, Password, Registry, Warning};
use daypass::session::LongTermIdentity;
use daypass::time::Timestamp;

use crate::world::{NOW, change, id, identity, with_users};

const DAY: Duration = Duration::from_secs(24 * 3600);

fn warnings(registry: &Registry, at: Timestamp) -> Vec<String> {
    let account = registry.read().find(&id()).unwrap().clone();
    account.warnings(KeyAges::default(), at).iter().map(ToString::to_string).collect()
}

fn key(registry: &Registry, owner: &KeyOwner) -> std::sync::Arc<LongTermKey> {
    change(registry, |account, limits| account.create_access_key(limits, owner, NOW)).unwrap()
}

fn secure_root(registry: &Registry) {
    change(registry, |account, limits| {
        let (serial, seed) = account.create_virtual_mfa_device(limits, &"safe".parse()?, "/".parse()?)?;
        let codes = [0, 1].map(|steps| crate::authenticator::code(seed.expose(), NOW, steps));
        account.enable_mfa_device(limits, &KeyOwner::Root, serial.as_str(), [&codes[0], &codes[1]], NOW)
    })
    .unwrap();
}

#[test]
fn a_root_user_with_keys_and_no_device_is_warned_of() {
    let registry = with_users(&[]);
    let key = key(&registry, &KeyOwner::Root);
    assert_eq!(
        warnings(&registry, NOW),
        [
            format!(
                "The root user of account 111111111111 has the access key {}, which no policy of the account can limit: delete it.",
                key.access_key_id()
            ),
            "The root user of account 111111111111 has no MFA device: enable one.".to_owned(),
        ]
    );
    change(&registry, |account, _| account.delete_access_key(&KeyOwner::Root, key.access_key_id())).unwrap();
    secure_root(&registry);
    assert_eq!(warnings(&registry, NOW), [""; 0]);
}

#[test]
fn a_user_with_a_password_and_no_device_is_warned_of() {
    let registry = with_users(&["Ana", "bob"]);
    secure_root(&registry);
    let password = Password::new("correct-Horse-1".to_owned()).unwrap();
    let ana = registry.read().find(&id()).unwrap().user("ana").unwrap().clone();
    registry.create_login_profile(&ana, &password, false, NOW).unwrap();
    assert_eq!(warnings(&registry, NOW), ["The user Ana has a password and no MFA device: enable one."]);
}

#[test]
fn keys_that_are_old_unused_or_inactive_are_warned_of() {
    let registry = with_users(&["ana"]);
    secure_root(&registry);
    let owner = KeyOwner::user("ana");
    let key = key(&registry, &owner);
    let id = key.access_key_id();
    assert_eq!(warnings(&registry, NOW.saturating_add(DAY * 45)), [""; 0]);
    let unused = format!("The access key {id} of the user ana was never used: deactivate it.");
    assert_eq!(warnings(&registry, NOW.saturating_add(DAY * 46)), [unused]);
    key.note_use("eu-west-1", "sts", NOW.saturating_add(DAY * 60));
    assert_eq!(warnings(&registry, NOW.saturating_add(DAY * 90)), [""; 0]);
    let old = format!(
        "The access key {id} of the user ana was made 91 days ago: replace it, or let its holder assume a role."
    );
    assert_eq!(warnings(&registry, NOW.saturating_add(DAY * 91)), [old]);
    change(&registry, |account, _| account.update_access_key(&owner, id, false)).unwrap();
    let inactive = format!("The access key {id} of the user ana is inactive: delete it if nobody misses it.");
    assert_eq!(warnings(&registry, NOW.saturating_add(DAY * 91)), [inactive]);
}

#[test]
fn a_signature_of_a_root_user_is_worth_a_line() {
    let registry = with_users(&["ana"]);
    let root = LongTermIdentity::Root { account: id() };
    assert_eq!(Warning::of_signer(&root), Some(Warning::RootSigned { account: id() }));
    assert_eq!(Warning::of_signer(&identity(&registry, "ana")), None);
}
