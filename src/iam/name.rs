//! Names and paths of users, groups, roles and policies, each checked once when it is read.

use std::fmt;
use std::str::FromStr;

use super::IamError;

/// A name of up to 128 characters of `[\w+=,.@-]`; users and roles have at most 64, which their makers see to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntityName(String);

impl EntityName {
    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name of a role whose ARN was held to the same form before.
    pub(super) fn of_arn(name: &str) -> Self {
        Self(name.to_owned())
    }

    /// The name in lower case, by which it is unique.
    #[must_use]
    pub fn folded(&self) -> String {
        self.0.to_ascii_lowercase()
    }
}

impl FromStr for EntityName {
    type Err = IamError;

    fn from_str(text: &str) -> Result<Self, IamError> {
        let fits = (1..=128).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_+=,.@-".contains(&byte));
        match fits {
            true => Ok(Self(text.to_owned())),
            false => Err(IamError::InvalidInput { parameter: "name", expected: "1 to 128 characters of [\\w+=,.@-]" }),
        }
    }
}

impl fmt::Display for EntityName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A path, `/` or `/division/team/`, up to 512 characters of `!` to `~`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntityPath(String);

impl EntityPath {
    /// The path in a role's ARN: what stands between `role` and the last slash.
    pub(super) fn of_arn(path: &str) -> Self {
        Self(format!("{path}/"))
    }

    /// The path as text, with the slash at both ends.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for EntityPath {
    fn default() -> Self {
        Self("/".to_owned())
    }
}

impl FromStr for EntityPath {
    type Err = IamError;

    fn from_str(text: &str) -> Result<Self, IamError> {
        let fits = (1..=512).contains(&text.len())
            && text.starts_with('/')
            && text.ends_with('/')
            && text != "//"
            && text.bytes().all(|byte| (0x21..=0x7E).contains(&byte));
        match fits {
            true => Ok(Self(text.to_owned())),
            false => Err(IamError::InvalidInput { parameter: "path", expected: "a path that begins and ends with /" }),
        }
    }
}

impl fmt::Display for EntityPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
