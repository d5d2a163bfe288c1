//! The directory as an identity store: what it is called, and the ids that its people keep when their names change.

use std::fmt;
use std::str::FromStr;

use super::{Directory, DirectoryError, User};
use crate::arn::{AccountId, Arn};

/// A person's id in an identity store: a UUID, in stores of the older form behind ten hexadecimal digits and a hyphen.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UserId(String);

impl UserId {
    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for UserId {
    type Err = DirectoryError;

    fn from_str(text: &str) -> Result<Self, DirectoryError> {
        let uuid = match text.split_at_checked(10) {
            Some((prefix, rest)) if prefix.bytes().all(is_lower_hex) => rest.strip_prefix('-').unwrap_or(text),
            _ => text,
        };
        if is_uuid(uuid) { Ok(Self(text.to_owned())) } else { Err(unreadable("the id of a user", text)) }
    }
}

impl fmt::Display for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The identity store that a directory is, and the Identity Center instance that it belongs to if there is one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdentityStore {
    account: AccountId,
    arn: Arn,
    instance: Option<(String, Arn)>,
}

impl IdentityStore {
    /// The store `id` of `account`, such as `d-1234567890`.
    ///
    /// # Errors
    /// [`DirectoryError::Id`] unless it is `d-` and ten hexadecimal digits, or a UUID.
    pub fn new(account: AccountId, id: &str) -> Result<Self, DirectoryError> {
        let short = id.strip_prefix("d-").is_some_and(|rest| rest.len() == 10 && rest.bytes().all(is_lower_hex));
        if !short && !is_uuid(id) {
            return Err(unreadable("the id of an identity store", id));
        }
        let arn = parsed(&format!("arn:aws:identitystore::{account}:identitystore/{id}"))?;
        Ok(Self { account, arn, instance: None })
    }

    /// Says which instance it belongs to, such as `ssoins-1234567890abcdef`.
    ///
    /// # Errors
    /// [`DirectoryError::Id`] unless it is `ssoins-` or `sso-` and sixteen letters, digits, dots and hyphens.
    pub fn with_instance(mut self, id: &str) -> Result<Self, DirectoryError> {
        let rest = id.strip_prefix("ssoins-").or_else(|| id.strip_prefix("sso-"));
        if !rest.is_some_and(is_sixteen) {
            return Err(unreadable("the id of an instance", id));
        }
        self.instance = Some((id.to_owned(), parsed(&format!("arn:aws:sso:::instance/{id}"))?));
        Ok(self)
    }

    /// `arn:aws:identitystore::<account>:identitystore/<id>`
    #[must_use]
    pub const fn arn(&self) -> &Arn {
        &self.arn
    }

    /// `arn:aws:sso:::instance/<id>`
    #[must_use]
    pub fn instance_arn(&self) -> Option<&Arn> {
        self.instance.as_ref().map(|(_, arn)| arn)
    }

    /// The ARN of the instance's application `id`, such as `apl-1234567890abcdef`.
    ///
    /// # Errors
    /// [`DirectoryError::Id`] unless it is `apl-` and sixteen letters, digits, dots and hyphens, or where there is no
    /// instance.
    pub fn application_arn(&self, id: &str) -> Result<Arn, DirectoryError> {
        let instance = self.instance.as_ref().filter(|_| id.strip_prefix("apl-").is_some_and(is_sixteen));
        let (instance, _) = instance.ok_or_else(|| unreadable("the id of an application", id))?;
        parsed(&format!("arn:aws:sso::{}:application/{instance}/{id}", self.account))
    }

    /// Whether `arn` is one that [`IdentityStore::application_arn`] gives.
    #[must_use]
    pub fn has_application(&self, arn: &Arn) -> bool {
        let id = arn.resource().rsplit('/').next().unwrap_or_default();
        self.application_arn(id).is_ok_and(|own| own == *arn)
    }
}

impl Directory {
    /// Makes the directory the identity store that `store` says, so that others can be told for whom somebody acts.
    #[must_use]
    pub fn with_identity_store(mut self, store: IdentityStore) -> Self {
        self.identity_store = Some(store);
        self
    }

    /// The identity store that this directory is, if it is one.
    #[must_use]
    pub const fn identity_store(&self) -> Option<&IdentityStore> {
        self.identity_store.as_ref()
    }

    /// The person with this id, whatever their name is by now.
    ///
    /// # Errors
    /// [`DirectoryError::UnknownUserId`] when nobody has it.
    pub fn user_of_id(&self, id: &str) -> Result<&User, DirectoryError> {
        let names = id.parse().ok().and_then(|id: UserId| self.names_by_id.get(&id));
        // Two people with one id are nobody: either could act on behalf of the other.
        let only = names.and_then(|names| if let [name] = names.as_slice() { self.users.get(name) } else { None });
        only.ok_or_else(|| DirectoryError::UnknownUserId { user_id: id.chars().take(80).collect() })
    }
}

const fn is_lower_hex(byte: u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'a'..=b'f')
}

fn is_uuid(text: &str) -> bool {
    let lengths = text.split('-').map(str::len);
    let hex = |byte: u8| byte.is_ascii_hexdigit() || byte == b'-';
    lengths.eq([8, 4, 4, 4, 12]) && text.bytes().all(hex)
}

fn is_sixteen(rest: &str) -> bool {
    rest.len() == 16 && rest.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-".contains(&byte))
}

fn parsed(arn: &str) -> Result<Arn, DirectoryError> {
    arn.parse().map_err(|_| unreadable("part of an ARN", arn))
}

fn unreadable(kind: &'static str, found: &str) -> DirectoryError {
    DirectoryError::Id { kind, found: found.chars().take(80).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MARTHA: &str = "54c8f4d8-1001-7010-d5b9-2f1a0f0a1b2c";

    #[test]
    fn ids_hold_to_their_forms() {
        for id in [MARTHA, "906766a9c1-54c8f4d8-1001-7010-d5b9-2f1a0f0a1b2c", &MARTHA.to_uppercase()] {
            assert!(id.parse::<UserId>().is_ok(), "{id}");
        }
        for id in [
            "",
            "martha",
            MARTHA.trim_start_matches('5'),
            &format!("{MARTHA}0"),
            &format!("90676-{MARTHA}"),
            "*",
            "906766a9c1-",
        ] {
            assert!(id.parse::<UserId>().is_err(), "{id}");
        }
        let account = || "333333333333".parse::<AccountId>().unwrap();
        for id in ["d-906766a9c1", MARTHA] {
            assert!(IdentityStore::new(account(), id).is_ok(), "{id}");
        }
        for id in ["", "d-", "d-906766a9c", "d-906766a9C1", "d-906766a9c1/x", "*"] {
            assert!(IdentityStore::new(account(), id).is_err(), "{id}");
        }
        for id in ["ssoins-1", "ssoins-1234567890abcde/", "apl-1234567890abcdef"] {
            assert!(IdentityStore::new(account(), "d-906766a9c1").unwrap().with_instance(id).is_err(), "{id}");
        }
    }

    #[test]
    fn applications_belong_to_their_instance() {
        let store = IdentityStore::new("333333333333".parse().unwrap(), "d-906766a9c1").unwrap();
        assert_eq!(store.arn().as_str(), "arn:aws:identitystore::333333333333:identitystore/d-906766a9c1");
        assert!(store.application_arn("apl-1234567890abcdef").is_err(), "there is no instance");
        let store = store.with_instance("ssoins-1234567890abcdef").unwrap();
        let own = store.application_arn("apl-1234567890abcdef").unwrap();
        assert_eq!(own.as_str(), "arn:aws:sso::333333333333:application/ssoins-1234567890abcdef/apl-1234567890abcdef");
        assert!(store.has_application(&own));
        for other in [
            "arn:aws:sso::333333333333:application/ssoins-1234567890abcde0/apl-1234567890abcdef",
            "arn:aws:sso::444444444444:application/ssoins-1234567890abcdef/apl-1234567890abcdef",
            "arn:aws:sso:::instance/ssoins-1234567890abcdef",
        ] {
            assert!(!store.has_application(&other.parse().unwrap()), "{other}");
        }
    }

    #[test]
    fn an_id_stays_with_a_person_and_is_nobodys_when_two_have_it() {
        let id = || MARTHA.parse::<UserId>().unwrap();
        let directory = Directory::new().with_user(User::new("martha.may", "Martha May").with_user_id(id()));
        assert_eq!(directory.user_of_id(MARTHA).unwrap().user_name, "martha.may");
        assert!(directory.user_of_id("54c8f4d8").is_err());
        let again = directory.with_user(User::new("martha.may", "Martha").with_user_id(id()));
        assert!(again.user_of_id(MARTHA).is_ok());
        let twice = again.with_user(User::new("otto", "Otto").with_user_id(id()));
        assert!(matches!(twice.user_of_id(MARTHA), Err(DirectoryError::UnknownUserId { .. })));
        let mended = twice.with_user(User::new("otto", "Otto"));
        assert_eq!(mended.user_of_id(MARTHA).unwrap().user_name, "martha.may");
    }
}
