//! The alias of an account: one name among all accounts, at most one of each.

use std::fmt;
use std::str::FromStr;

use super::{Account, Entity, IamError};

/// An account's alias: 3 to 63 small letters, digits and hyphens, a hyphen only between others.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct AccountAlias(String);

impl AccountAlias {
    /// The alias as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for AccountAlias {
    type Err = IamError;

    fn from_str(text: &str) -> Result<Self, IamError> {
        let fits = (3..=63).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
            && text.split('-').all(|part| !part.is_empty());
        match fits {
            true => Ok(Self(text.to_owned())),
            false => Err(IamError::InvalidInput {
                parameter: "accountAlias",
                expected: "3 to 63 characters of [a-z0-9], with single hyphens between them",
            }),
        }
    }
}

impl fmt::Display for AccountAlias {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Account {
    /// Gives the account this alias, in place of one it had (CreateAccountAlias). That no other account has it is seen to
    /// when the change is taken over.
    pub fn create_alias(&mut self, alias: AccountAlias) {
        self.alias = Some(alias);
    }

    /// Takes this alias away (DeleteAccountAlias).
    ///
    /// # Errors
    /// [`IamError::NoSuchEntity`] when the account has no such alias.
    pub fn delete_alias(&mut self, alias: &AccountAlias) -> Result<(), IamError> {
        if self.alias.as_ref() != Some(alias) {
            return Err(IamError::missing(Entity::Alias, alias.as_str()));
        }
        self.alias = None;
        Ok(())
    }
}
