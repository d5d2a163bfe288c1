//! The people who can sign in, their passwords, and how often a password may be guessed.

mod user;

pub use user::{User, demo_directory};

use crate::error::{IdpError, KeyError};
use crate::relying::bounded_name;
use crate::sync::{lock, random_bytes};
use argon2::Argon2;
use std::collections::HashMap;
use std::fmt;
use std::sync::Mutex;
use time::OffsetDateTime;

/// Why a password was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SignInRefused {
    /// No such person, or not their password: callers are never told which.
    WrongNameOrPassword,
    /// Too many wrong passwords for this name; try again after so many seconds.
    TooManyTries { seconds: u64 },
}

struct Person {
    user: User,
    salt: [u8; 16],
    hash: [u8; 32],
}

/// Users by name, with password hashes.
pub(crate) struct Directory {
    people: Vec<Person>,
    by_name: HashMap<String, usize>,
    nobody: Person,
    tries: Mutex<HashMap<String, Tries>>,
}

struct Tries {
    since: OffsetDateTime,
    failed: u32,
}

impl Directory {
    const FAILED_MOST: u32 = 5;
    const WINDOW: time::Duration = time::Duration::minutes(1);
    /// Names that were tried are the guesser's choice, so the memory of them is bounded.
    const NAMES_MOST: usize = 10_000;
    /// The longest user name, in bytes.
    const NAME_MOST: usize = 200;

    /// Hashes every password. Plain text is kept only where `show_passwords` puts it on the sign-in page.
    pub(crate) fn new(users: Vec<User>, show_passwords: bool) -> Result<Self, IdpError> {
        let mut people = Vec::with_capacity(users.len());
        let mut by_name = HashMap::with_capacity(users.len());
        for mut user in users {
            bounded_name("a user name", &user.name, Self::NAME_MOST)?;
            bounded_name("a password", &user.password, Self::PASSWORD_MOST)?;
            if by_name.insert(user.name.clone(), people.len()).is_some() {
                return Err(IdpError::Duplicate { what: "user", name: user.name });
            }
            let salt = random_bytes()?;
            let hash = hash_password(&user.password, &salt)?;
            if !show_passwords {
                user.password.clear();
            }
            people.push(Person { user, salt, hash });
        }
        let nobody = Person { user: User::new("", ""), salt: random_bytes()?, hash: random_bytes()? };
        Ok(Self { people, by_name, nobody, tries: Mutex::default() })
    }

    const PASSWORD_MOST: usize = 1_024;

    pub(crate) fn find(&self, name: &str) -> Option<&User> {
        self.person(name).map(|person| &person.user)
    }

    fn person(&self, name: &str) -> Option<&Person> {
        self.by_name.get(name).and_then(|index| self.people.get(*index))
    }

    pub(crate) fn users(&self) -> impl Iterator<Item = &User> {
        self.people.iter().map(|person| &person.user)
    }

    /// The password to print on the sign-in page; empty unless the directory was made to keep it.
    pub(crate) fn shown_password(user: &User) -> &str {
        &user.password
    }

    /// An unknown name costs one hash too, so that the answer's delay does not tell who exists.
    pub(crate) fn authenticate(&self, name: &str, password: &str, now: OffsetDateTime) -> Result<&User, SignInRefused> {
        self.admit(name, now)?;
        let person = self.person(name).unwrap_or(&self.nobody);
        let expected = if password.len() <= Self::PASSWORD_MOST { password } else { "" };
        let hash = hash_password(expected, &person.salt).map_err(|_| SignInRefused::WrongNameOrPassword)?;
        if aws_lc_rs::constant_time::verify_slices_are_equal(&hash, &person.hash).is_ok() {
            lock(&self.tries).remove(name);
            return Ok(&person.user);
        }
        self.record_failure(name, now);
        Err(SignInRefused::WrongNameOrPassword)
    }

    fn admit(&self, name: &str, now: OffsetDateTime) -> Result<(), SignInRefused> {
        let tries = lock(&self.tries);
        let Some(tried) = tries.get(name).filter(|tried| tried.failed >= Self::FAILED_MOST) else {
            return Ok(());
        };
        let left = tried.since + Self::WINDOW - now;
        if left.is_positive() {
            return Err(SignInRefused::TooManyTries { seconds: left.whole_seconds().unsigned_abs().max(1) });
        }
        Ok(())
    }

    fn record_failure(&self, name: &str, now: OffsetDateTime) {
        // Nobody has a longer name, and 96 KiB fit into a form.
        if name.len() > Self::NAME_MOST {
            return;
        }
        let is_over = |tried: &Tries| tried.since + Self::WINDOW <= now;
        let mut tries = lock(&self.tries);
        if tries.len() >= Self::NAMES_MOST {
            tries.retain(|_, tried| !is_over(tried));
        }
        // Names that somebody has are kept: trying others must not buy more guesses at these.
        if tries.len() >= Self::NAMES_MOST {
            tries.retain(|name, _| self.by_name.contains_key(name));
        }
        let tried = tries.entry(name.to_owned()).or_insert(Tries { since: now, failed: 0 });
        if is_over(tried) {
            *tried = Tries { since: now, failed: 0 };
        }
        tried.failed = tried.failed.saturating_add(1);
    }
}

impl fmt::Debug for Directory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Directory").field("users", &self.people.len()).finish_non_exhaustive()
    }
}

/// Argon2id with 64 KiB and one pass: about 1.4 ms in an unoptimised build, a twentieth of that in an optimised one.
///
/// Far below what a real directory needs (19 MiB and two passes), on purpose: the hashes live in the memory of a process
/// that shows its passwords on the sign-in page, and a test must be able to start one with hundreds of users.
fn hash_password(password: &str, salt: &[u8; 16]) -> Result<[u8; 32], KeyError> {
    let failed = |_| KeyError::Crypto("hashing a password");
    let parameters = argon2::Params::new(64, 1, 1, None).map_err(failed)?;
    let mut hash = [0; 32];
    Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, parameters)
        .hash_password_into(password.as_bytes(), salt, &mut hash)
        .map_err(failed)?;
    Ok(hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn directory() -> Directory {
        Directory::new(demo_directory(), false).unwrap()
    }

    const NOON: OffsetDateTime = time::macros::datetime!(2026-08-01 12:00 UTC);

    #[test]
    fn a_wrong_password_and_an_unknown_name_are_told_alike() {
        let directory = directory();
        assert_eq!(directory.authenticate("martha", "correct-horse", NOON).unwrap().name(), "martha");
        for (name, password) in [("martha", "wrong"), ("martha", ""), ("nobody", "correct-horse"), ("", "")] {
            let refused = directory.authenticate(name, password, NOON).unwrap_err();
            assert_eq!(refused, SignInRefused::WrongNameOrPassword, "{name}");
        }
    }

    #[test]
    fn the_sixth_guess_waits_even_when_it_is_right_and_for_names_that_do_not_exist() {
        for name in ["martha", "nobody"] {
            let directory = directory();
            for _ in 0..5 {
                directory.authenticate(name, "wrong", NOON).unwrap_err();
            }
            let refused = directory.authenticate(name, "correct-horse", NOON).unwrap_err();
            assert_eq!(refused, SignInRefused::TooManyTries { seconds: 60 });
            assert!(directory.authenticate("sam", "correct-horse", NOON).is_ok());
            let later = NOON + time::Duration::seconds(61);
            assert_ne!(
                directory.authenticate(name, "correct-horse", later).err(),
                Some(SignInRefused::TooManyTries { seconds: 60 })
            );
        }
    }

    #[test]
    fn tries_with_made_up_names_neither_fill_memory_nor_buy_more_guesses() {
        let directory = directory();
        for _ in 0..5 {
            directory.authenticate("martha", "wrong", NOON).unwrap_err();
        }
        for number in 0..=Directory::NAMES_MOST {
            directory.record_failure(&format!("nobody-{number}"), NOON);
        }
        let refused = directory.authenticate("martha", "correct-horse", NOON).unwrap_err();
        assert_eq!(refused, SignInRefused::TooManyTries { seconds: 60 });
        directory.authenticate(&"x".repeat(96 * 1024), "wrong", NOON).unwrap_err();
        assert!(lock(&directory.tries).keys().all(|name| name.len() <= Directory::NAME_MOST));
    }

    #[test]
    fn equal_passwords_have_different_hashes_and_are_not_kept() {
        let directory = directory();
        let mut people = directory.people.iter();
        let (first, second) = (people.next().unwrap(), people.next().unwrap());
        assert_ne!(first.hash, second.hash);
        assert!(directory.users().all(|user| user.password.is_empty()));
        assert!(!format!("{:?}", demo_directory()).contains("correct-horse"));
    }

    #[test]
    fn a_name_registered_twice_is_refused() {
        let twice = vec![User::new("a", "x"), User::new("a", "y")];
        assert!(matches!(Directory::new(twice, false), Err(IdpError::Duplicate { .. })));
        assert!(matches!(Directory::new(vec![User::new("", "x")], false), Err(IdpError::Length { .. })));
    }
}
