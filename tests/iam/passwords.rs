//! Passwords of users: what an account asks of them, and how they are changed.

use std::sync::Arc;
use std::time::Duration;

use daypass::iam::{CharacterKind, IamError, KeyOwner, Password, PasswordPolicy, Registry, User};
use daypass::session::LongTermIdentity;
use daypass::time::Timestamp;

use crate::world::{NOW, change, id, identity, with_users};

const OLD: &str = "correct-Horse-1";
const NEW: &str = "battery-Staple-2";

fn password(text: &str) -> Password {
    Password::new(text.to_owned()).unwrap()
}

fn create(registry: &Registry, user: &str, text: &str) -> Result<(), IamError> {
    let user = user_of(registry, user)?;
    registry.create_login_profile(&user, &password(text), false, NOW)
}

fn user_of(registry: &Registry, name: &str) -> Result<Arc<User>, IamError> {
    registry.read().find(&id()).unwrap().user(name).cloned()
}

fn change_own(registry: &Registry, old: &str, new: &str, at: Timestamp) -> Result<(), IamError> {
    registry.change_password(&identity(registry, "ana"), &password(old), &password(new), at)
}

fn policy(registry: &Registry, policy: PasswordPolicy) {
    change(registry, |account, _| {
        account.update_password_policy(policy);
        Ok(())
    })
    .unwrap();
}

#[test]
fn a_password_is_given_changed_and_taken_away() {
    let registry = with_users(&["ana"]);
    create(&registry, "ana", OLD).unwrap();
    assert_eq!(create(&registry, "ANA", OLD).unwrap_err().to_string(), "Login Profile for user ana already exists.");
    change_own(&registry, OLD, NEW, NOW).unwrap();
    let refused = change_own(&registry, OLD, "other-Words-3", NOW).unwrap_err();
    assert_eq!((refused.code(), refused.to_string().as_str()), ("AccessDenied", "The old password was incorrect."));
    let kept = change(&registry, |account, _| account.delete_user("ana")).unwrap_err();
    assert_eq!(kept.to_string(), "Cannot delete entity, must delete login profile first.");
    change(&registry, |account, _| account.delete_login_profile("ana")).unwrap();
    let gone = change(&registry, |account, _| account.delete_login_profile("ana")).unwrap_err();
    assert_eq!(gone.to_string(), "Login Profile for User ana cannot be found.");
}

#[test]
fn where_nothing_is_asked_a_password_has_eight_characters_of_three_kinds() {
    let registry = with_users(&["Ana-Is-My-Name-1"]);
    for text in ["Sh0rt-p", "lowercase-only", "UPPERCASE1", "ana-is-my-name-1"] {
        let refused = create(&registry, "Ana-Is-My-Name-1", text).unwrap_err();
        assert_eq!(refused.code(), "PasswordPolicyViolation", "{text}");
    }
    create(&registry, "Ana-Is-My-Name-1", "Lower-And-Upper").unwrap();
}

#[test]
fn a_policy_says_what_a_password_contains() {
    let registry = with_users(&["ana"]);
    let mut asked = PasswordPolicy::default().with_minimum_length(10).unwrap();
    for kind in CharacterKind::ALL {
        asked = asked.requiring(kind);
    }
    policy(&registry, asked);
    for text in ["aB3-", "abcdefgh3-", "ABCDEFGH3-", "abcdEFGHi-", "abcdEFGH34"] {
        assert_eq!(create(&registry, "ana", text).unwrap_err().code(), "PasswordPolicyViolation", "{text}");
    }
    create(&registry, "ana", "abcdEFGH3-").unwrap();
    change(&registry, |account, _| account.delete_password_policy()).unwrap();
    let gone = change(&registry, |account, _| account.delete_password_policy()).unwrap_err();
    assert_eq!(gone.to_string(), "The account policy with name PasswordPolicy cannot be found.");
}

#[test]
fn numbers_of_a_policy_hold_to_their_limits() {
    let policy = PasswordPolicy::default;
    assert!(policy().with_minimum_length(5).is_err() && policy().with_minimum_length(129).is_err());
    assert!(policy().with_max_age(0).is_err() && policy().with_max_age(1096).is_err());
    assert!(policy().with_reuse_prevention(0).is_err() && policy().with_reuse_prevention(25).is_err());
    assert!(Password::new(String::new()).is_err() && Password::new("x".repeat(129)).is_err());
    assert!(Password::new("€uro".to_owned()).is_err(), "beyond Latin-1");
}

#[test]
fn the_last_passwords_are_not_taken_again() {
    let registry = with_users(&["ana"]);
    policy(&registry, PasswordPolicy::default().with_reuse_prevention(1).unwrap());
    create(&registry, "ana", "first-1").unwrap();
    let refused = change_own(&registry, "first-1", "first-1", NOW).unwrap_err();
    assert_eq!(refused, IamError::PasswordPolicyViolation { rule: "it was used before" });
    change_own(&registry, "first-1", "second-2", NOW).unwrap();
    policy(&registry, PasswordPolicy::default().with_reuse_prevention(2).unwrap());
    assert!(change_own(&registry, "second-2", "first-1", NOW).is_err(), "the one before");
}

#[test]
fn guessing_the_old_password_is_stopped_until_an_administrator_sets_another() {
    let registry = with_users(&["ana"]);
    create(&registry, "ana", OLD).unwrap();
    for _ in 0..5 {
        assert_eq!(change_own(&registry, "wrong-Word-1", NEW, NOW).unwrap_err(), IamError::WrongPassword);
    }
    let waits = change_own(&registry, OLD, NEW, NOW).unwrap_err();
    assert!(matches!(waits, IamError::PasswordLocked { .. }), "the right one waits too: {waits:?}");
    assert_eq!(waits.to_string(), IamError::WrongPassword.to_string(), "and whoever guesses is not told");
    assert!(waits.reason().contains("2027-01-15T08:01:00Z"), "{}", waits.reason());
    registry.update_login_profile(&user_of(&registry, "ana").unwrap(), Some(&password(NEW)), Some(true), NOW).unwrap();
    change_own(&registry, NEW, OLD, NOW).unwrap();
    let account = registry.read().find(&id()).unwrap().clone();
    assert!(!account.login_profile("ana").unwrap().reset_required, "it was reset");
}

#[test]
fn an_expired_password_is_an_administrators_to_replace_when_the_policy_says_so() {
    let registry = with_users(&["ana"]);
    create(&registry, "ana", OLD).unwrap();
    policy(&registry, PasswordPolicy::default().with_max_age(1).unwrap().with_hard_expiry());
    let later = NOW.saturating_add(Duration::from_secs(24 * 3600 + 1));
    assert_eq!(change_own(&registry, OLD, NEW, later).unwrap_err(), IamError::PasswordExpired);
    policy(&registry, PasswordPolicy::default().with_max_age(1).unwrap());
    change_own(&registry, OLD, NEW, later).unwrap();
}

#[test]
fn a_root_user_has_no_password_to_change_here() {
    let registry = with_users(&[]);
    let root = registry.read().find(&id()).unwrap().identity(&KeyOwner::Root).unwrap();
    let refused = registry.change_password(&root, &password(OLD), &password(NEW), NOW).unwrap_err();
    assert_eq!(refused.code(), "InvalidUserType");
}

#[test]
fn a_user_made_anew_under_the_name_has_another_password() {
    let registry = with_users(&["ana"]);
    let before: LongTermIdentity = identity(&registry, "ana");
    change(&registry, |account, limits| {
        account.delete_user("ana")?;
        crate::world::user(account, limits, "ana")
    })
    .unwrap();
    create(&registry, "ana", OLD).unwrap();
    let refused = registry.change_password(&before, &password(OLD), &password(NEW), NOW).unwrap_err();
    assert_eq!(refused.code(), "NoSuchEntity");
}

#[test]
fn a_password_is_not_given_to_whoever_took_the_name_meanwhile() {
    let registry = with_users(&["ana", "bob"]);
    create(&registry, "bob", OLD).unwrap();
    let (ana, bob) = (user_of(&registry, "ana").unwrap(), user_of(&registry, "bob").unwrap());
    change(&registry, |account, limits| {
        account.delete_user("ana")?;
        account.create_user(limits, &"ana".parse()?, "/".parse()?, NOW)?;
        account.update_user("bob", None, Some("/admins/".parse()?))
    })
    .unwrap();
    let given = registry.create_login_profile(&ana, &password(NEW), false, NOW);
    assert_eq!(given.unwrap_err(), IamError::Concurrent, "another user");
    let changed = registry.update_login_profile(&bob, Some(&password(NEW)), None, NOW);
    assert_eq!(changed.unwrap_err(), IamError::Concurrent, "the same user at another path");
}
