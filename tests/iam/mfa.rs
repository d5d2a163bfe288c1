//! Virtual MFA devices: from the seed to a proof, and what a thief of the first factor could try.

use std::time::Duration;

use daypass::arn::Arn;
use daypass::iam::{Account, CodeRefusal, IamError, KeyOwner, Limits, Registry};
use daypass::time::Timestamp;

use crate::authenticator::{code, wrong};
use crate::world::{NOW, change, id, identity, with_users};

fn seconds(seconds: u64) -> Timestamp {
    NOW.saturating_add(Duration::from_secs(seconds))
}

/// A device that nobody has.
fn device(registry: &Registry, name: &str) -> (Arn, String) {
    let made = change(registry, |account, limits| {
        account.create_virtual_mfa_device(limits, &name.parse().unwrap(), "/".parse().unwrap())
    });
    let (serial, seed) = made.unwrap();
    (serial, seed.expose().to_owned())
}

fn enable(registry: &Registry, user: &str, serial: &Arn, codes: [&str; 2], at: Timestamp) -> Result<(), IamError> {
    let owner = KeyOwner::user(user);
    change(registry, |account, limits| account.enable_mfa_device(limits, &owner, serial.as_str(), codes, at))
}

/// Ana with a device enabled at `NOW`, whose codes of the last two steps are used.
fn ana() -> (Registry, Arn, String) {
    let registry = with_users(&["ana", "bob"]);
    let (serial, seed) = device(&registry, "phone");
    enable(&registry, "ana", &serial, [&code(&seed, NOW, -1), &code(&seed, NOW, 0)], NOW).unwrap();
    (registry, serial, seed)
}

fn verify(registry: &Registry, serial: &Arn, code: &str, at: Timestamp) -> Result<(), IamError> {
    registry.verify_mfa(&identity(registry, "ana"), serial.as_str(), code, at).map(|_| ())
}

#[test]
fn a_code_of_the_device_is_proof_and_says_of_what_and_when() {
    let (registry, serial, seed) = ana();
    let at = seconds(60);
    let proof = registry.verify_mfa(&identity(&registry, "ana"), serial.as_str(), &code(&seed, at, 0), at).unwrap();
    assert_eq!((proof.serial_number(), proof.at()), (&serial, at));
    assert_eq!(serial.as_str(), "arn:aws:iam::111111111111:mfa/phone");
}

#[test]
fn a_code_is_good_one_step_early_and_late_and_no_more() {
    for (steps, good) in [(-2, false), (-1, true), (0, true), (1, true), (2, false)] {
        let (registry, serial, seed) = ana();
        let at = seconds(300);
        assert_eq!(verify(&registry, &serial, &code(&seed, at, steps), at).is_ok(), good, "{steps}");
    }
}

#[test]
fn a_code_that_was_overheard_is_not_good_again_nor_is_an_earlier_one() {
    let (registry, serial, seed) = ana();
    let at = seconds(300);
    verify(&registry, &serial, &code(&seed, at, 0), at).unwrap();
    for steps in [0, -1] {
        let refused = verify(&registry, &serial, &code(&seed, at, steps), at).unwrap_err();
        assert_eq!(refused, IamError::AuthenticationCode(CodeRefusal::Replayed), "{steps}");
    }
    verify(&registry, &serial, &code(&seed, at, 1), at).unwrap();
}

#[test]
fn the_codes_that_enabled_a_device_are_used_up() {
    let (registry, serial, seed) = ana();
    let refused = verify(&registry, &serial, &code(&seed, NOW, 0), NOW).unwrap_err();
    assert_eq!(refused, IamError::AuthenticationCode(CodeRefusal::Replayed));
}

#[test]
fn of_many_requests_with_one_code_exactly_one_gets_a_proof() {
    let (registry, serial, seed) = ana();
    let at = seconds(300);
    let shown = code(&seed, at, 0);
    let won = std::thread::scope(|scope| {
        let tries: Vec<_> = (0..8).map(|_| scope.spawn(|| verify(&registry, &serial, &shown, at).is_ok())).collect();
        tries.into_iter().map(|attempt| attempt.join().unwrap()).filter(|won| *won).count()
    });
    assert_eq!(won, 1);
}

#[test]
fn guessing_is_stopped_after_five_wrong_codes_and_even_the_right_one_waits() {
    let (registry, serial, seed) = ana();
    let at = seconds(300);
    for _ in 0..5 {
        let refused = verify(&registry, &serial, &wrong(&seed, at), at).unwrap_err();
        assert_eq!(refused, IamError::AuthenticationCode(CodeRefusal::Wrong));
    }
    let refused = verify(&registry, &serial, &code(&seed, at, 0), at).unwrap_err();
    let until = at.saturating_add(Duration::from_secs(60));
    assert_eq!(refused, IamError::AuthenticationCode(CodeRefusal::Locked { until }));
    assert_eq!(refused.to_string(), "Authentication code for device is not valid.", "the guesser is not told");
    assert!(refused.reason().contains("too many wrong codes"), "{}", refused.reason());
    verify(&registry, &serial, &code(&seed, until, 0), until).unwrap();
}

#[test]
fn guessing_by_way_of_resync_counts_as_well() {
    let (registry, serial, seed) = ana();
    let at = seconds(300);
    let no = wrong(&seed, at);
    let account = registry.read().find(&id()).unwrap().clone();
    for _ in 0..5 {
        let refused = account.resync_mfa_device(&KeyOwner::user("ana"), serial.as_str(), [&no, &no], at);
        assert_eq!(refused.unwrap_err().code(), "InvalidAuthenticationCode");
    }
    let refused = verify(&registry, &serial, &code(&seed, at, 0), at).unwrap_err();
    assert!(matches!(refused, IamError::AuthenticationCode(CodeRefusal::Locked { .. })), "{refused:?}");
}

#[test]
fn what_is_not_six_digits_is_refused_and_costs_no_guess() {
    let (registry, serial, seed) = ana();
    let at = seconds(300);
    for text in ["", "12345", "1234567", "12345a", "-12345", "１２"] {
        let refused = verify(&registry, &serial, text, at).unwrap_err();
        assert_eq!(refused, IamError::AuthenticationCode(CodeRefusal::Shape), "{text}");
    }
    verify(&registry, &serial, &code(&seed, at, 0), at).unwrap();
}

#[test]
fn a_device_speaks_for_its_owner_alone() {
    let (registry, serial, seed) = ana();
    let at = seconds(300);
    let bob = identity(&registry, "bob");
    let refused = registry.verify_mfa(&bob, serial.as_str(), &code(&seed, at, 0), at).unwrap_err();
    assert_eq!(refused.code(), "NoSuchEntity");
    let (unowned, seed) = device(&registry, "spare");
    let refused = verify(&registry, &unowned, &code(&seed, at, 0), at).unwrap_err();
    assert_eq!(refused.code(), "NoSuchEntity", "a device that was never enabled");
}

#[test]
fn a_user_made_anew_under_the_name_is_not_who_had_the_device() {
    let (registry, serial, seed) = ana();
    let before = identity(&registry, "ana");
    let owner = KeyOwner::user("ana");
    change(&registry, |account, limits| {
        account.deactivate_mfa_device(&owner, serial.as_str())?;
        account.delete_user("ana")?;
        crate::world::user(account, limits, "ana")
    })
    .unwrap();
    let at = seconds(300);
    enable(&registry, "ana", &serial, [&code(&seed, at, 0), &code(&seed, at, 1)], at).unwrap();
    let later = seconds(600);
    let refused = registry.verify_mfa(&before, serial.as_str(), &code(&seed, later, 0), later).unwrap_err();
    assert_eq!(refused.code(), "NoSuchEntity");
}

#[test]
fn enabling_takes_two_consecutive_codes() {
    let registry = with_users(&["ana"]);
    let (serial, seed) = device(&registry, "phone");
    for steps in [[0, 0], [1, 0], [-1, 1]] {
        let codes = steps.map(|steps| code(&seed, NOW, steps));
        let refused = enable(&registry, "ana", &serial, [&codes[0], &codes[1]], NOW).unwrap_err();
        assert_eq!(refused.code(), "InvalidAuthenticationCode", "{steps:?}");
    }
    enable(&registry, "ana", &serial, [&code(&seed, NOW, 0), &code(&seed, NOW, 1)], NOW).unwrap();
    let refused = enable(&registry, "ana", &serial, [&code(&seed, NOW, 2), &code(&seed, NOW, 3)], NOW).unwrap_err();
    assert_eq!(refused.to_string(), "MFA Device is already in use.");
}

#[test]
fn a_device_whose_clock_is_ten_minutes_off_works_after_resync() {
    let (registry, serial, seed) = ana();
    let at = seconds(1200);
    assert!(verify(&registry, &serial, &code(&seed, at, 20), at).is_err());
    let account = registry.read().find(&id()).unwrap().clone();
    let codes = [code(&seed, at, 20), code(&seed, at, 21)];
    account.resync_mfa_device(&KeyOwner::user("ana"), serial.as_str(), [&codes[0], &codes[1]], at).unwrap();
    let at = seconds(1260);
    verify(&registry, &serial, &code(&seed, at, 21), at).unwrap();
}

#[test]
fn a_user_has_at_most_eight_devices() {
    let registry = with_users(&["ana"]);
    for number in 0..8 {
        let (serial, seed) = device(&registry, &format!("device{number}"));
        enable(&registry, "ana", &serial, [&code(&seed, NOW, 0), &code(&seed, NOW, 1)], NOW).unwrap();
    }
    let (serial, seed) = device(&registry, "one-more");
    let refused = enable(&registry, "ana", &serial, [&code(&seed, NOW, 0), &code(&seed, NOW, 1)], NOW).unwrap_err();
    assert_eq!(refused.to_string(), "Cannot exceed quota for MFADevicesPerUser: 8");
}

#[test]
fn a_device_is_deleted_only_when_nobody_has_it() {
    let (registry, serial, _) = ana();
    let refused = change(&registry, |account, _| account.delete_virtual_mfa_device(serial.as_str())).unwrap_err();
    assert_eq!(refused.code(), "DeleteConflict");
    let owner = KeyOwner::user("ana");
    change(&registry, |account, _| account.deactivate_mfa_device(&owner, serial.as_str())).unwrap();
    change(&registry, |account, _| account.delete_virtual_mfa_device(serial.as_str())).unwrap();
    let refused = change(&registry, |account, _| account.delete_virtual_mfa_device(serial.as_str())).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "MFA Device with serial number arn:aws:iam::111111111111:mfa/phone does not exist."
    );
}

#[test]
fn names_of_devices_have_no_case_and_a_serial_number_is_matched_whole() {
    let (registry, serial, _) = ana();
    let again = change(&registry, |account, limits| {
        account.create_virtual_mfa_device(limits, &"PHONE".parse().unwrap(), "/elsewhere/".parse().unwrap())
    });
    assert_eq!(again.unwrap_err().code(), "EntityAlreadyExists");
    let account = registry.read().find(&id()).unwrap().clone();
    for other in ["arn:aws:iam::111111111111:mfa/x/phone", "arn:aws:iam::222222222222:mfa/phone", "phone", ""] {
        assert!(account.mfa_device(other).is_err(), "{other}");
    }
    assert!(account.mfa_device(serial.as_str()).is_ok());
}

#[test]
fn the_root_user_may_have_a_device_too() {
    let registry = with_users(&[]);
    let (serial, seed) = device(&registry, "safe");
    change(&registry, |account, limits| {
        let codes = [code(&seed, NOW, 0), code(&seed, NOW, 1)];
        account.enable_mfa_device(limits, &KeyOwner::Root, serial.as_str(), [&codes[0], &codes[1]], NOW)
    })
    .unwrap();
    let root = registry.read().find(&id()).unwrap().identity(&KeyOwner::Root).unwrap();
    let at = seconds(300);
    assert!(registry.verify_mfa(&root, serial.as_str(), &code(&seed, at, 0), at).is_ok());
}

#[test]
fn an_account_has_only_so_many_devices() {
    let mut account = Account::new(id());
    let mut limits = Limits::default();
    limits.virtual_mfa_devices = 2;
    let mut make =
        |name: &str| account.create_virtual_mfa_device(&limits, &name.parse().unwrap(), "/".parse().unwrap());
    make("a").unwrap();
    make("b").unwrap();
    assert_eq!(make("c").unwrap_err().code(), "LimitExceeded");
}
