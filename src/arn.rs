//! Amazon Resource Names: `arn:partition:service:region:account:resource`, the names IAM policies speak of.

use std::fmt;
use std::str::FromStr;

/// The longest ARN that any operation takes (2,048 characters).
pub const MAX_ARN_LENGTH: usize = 2048;

/// Text that is not an ARN, account id or name of the expected form.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ArnError {
    /// The text does not have six parts divided by colons, beginning with `arn`.
    #[error("not an ARN; expected arn:partition:service:region:account:resource")]
    Shape,
    /// The text is longer than [`MAX_ARN_LENGTH`] bytes.
    #[error("the ARN is longer than 2048 bytes")]
    TooLong,
    /// The account is not twelve digits.
    #[error("not an account id; expected 12 digits")]
    Account,
    /// The ARN names something else than was expected.
    #[error("the ARN does not name {expected}")]
    Kind {
        /// What was expected, such as `a role`.
        expected: &'static str,
    },
}

/// A twelve-digit account id.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(transparent)]
pub struct AccountId(String);

impl AccountId {
    /// The id as twelve digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The ARN of the account itself, `arn:aws:iam::<account>:root`.
    #[must_use]
    pub fn root(&self) -> Arn {
        Arn::iam(self, "root")
    }
}

impl FromStr for AccountId {
    type Err = ArnError;

    fn from_str(text: &str) -> Result<Self, ArnError> {
        let digits = text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit());
        if digits { Ok(Self(text.to_owned())) } else { Err(ArnError::Account) }
    }
}

impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One resource name, already split into its six parts.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Arn {
    text: String,
    /// Byte offsets of the colons that end the first five parts.
    colons: [usize; 5],
}

impl Arn {
    /// An ARN of service `iam` (which has no region) in `account`, such as `role/reader`.
    #[must_use]
    pub fn iam(account: &AccountId, resource: &str) -> Self {
        Self::from_parts(["aws", "iam", "", account.as_str()], resource)
    }

    /// An ARN of service `sts` in `account`, such as `assumed-role/reader/alice`.
    #[must_use]
    pub fn sts(account: &AccountId, resource: &str) -> Self {
        Self::from_parts(["aws", "sts", "", account.as_str()], resource)
    }

    fn from_parts(parts: [&str; 4], resource: &str) -> Self {
        let mut text = String::from("arn");
        let mut colons = [0; 5];
        for (colon, part) in colons.iter_mut().zip(parts.into_iter().chain([resource])) {
            *colon = text.len();
            text.push(':');
            text.push_str(part);
        }
        Self { text, colons }
    }

    /// The whole ARN as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The second part, `aws` in the commercial partition.
    #[must_use]
    pub fn partition(&self) -> &str {
        self.part(0)
    }

    /// The third part, such as `iam` or `s3`.
    #[must_use]
    pub fn service(&self) -> &str {
        self.part(1)
    }

    /// The fourth part; empty for global services.
    #[must_use]
    pub fn region(&self) -> &str {
        self.part(2)
    }

    /// The fifth part as written; empty for resources such as buckets.
    #[must_use]
    pub fn account(&self) -> &str {
        self.part(3)
    }

    /// The fifth part as an account id.
    ///
    /// # Errors
    /// [`ArnError::Account`] when it is not twelve digits.
    pub fn account_id(&self) -> Result<AccountId, ArnError> {
        self.account().parse()
    }

    /// The sixth part: everything after the fifth colon.
    #[must_use]
    pub fn resource(&self) -> &str {
        let [.., last] = self.colons;
        self.text.get(last.saturating_add(1)..).unwrap_or_default()
    }

    /// The name of the role this ARN names, without its path.
    ///
    /// # Errors
    /// [`ArnError::Kind`] when the ARN does not name an IAM role.
    pub fn role_name(&self) -> Result<&str, ArnError> {
        let wrong = ArnError::Kind { expected: "a role, such as arn:aws:iam::123456789012:role/name" };
        let path = self.resource().strip_prefix("role/").filter(|_| self.service() == "iam").ok_or(wrong.clone())?;
        path.rsplit('/').next().filter(|name| !name.is_empty()).ok_or(wrong)
    }

    fn part(&self, index: usize) -> &str {
        let start = self.colons.get(index).map_or(0, |colon| colon.saturating_add(1));
        let end = self.colons.get(index.saturating_add(1)).copied().unwrap_or(self.text.len());
        self.text.get(start..end).unwrap_or_default()
    }
}

impl FromStr for Arn {
    type Err = ArnError;

    fn from_str(text: &str) -> Result<Self, ArnError> {
        if text.len() > MAX_ARN_LENGTH {
            return Err(ArnError::TooLong);
        }
        let mut found = text.match_indices(':').map(|(at, _)| at);
        let mut colons = [0; 5];
        for colon in &mut colons {
            *colon = found.next().ok_or(ArnError::Shape)?;
        }
        let arn = Self { text: text.to_owned(), colons };
        let [first, ..] = colons;
        let head = text.get(..first);
        if head == Some("arn") && !arn.partition().is_empty() && !arn.service().is_empty() && !arn.resource().is_empty()
        {
            Ok(arn)
        } else {
            Err(ArnError::Shape)
        }
    }
}

impl fmt::Display for Arn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Arn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.text, f)
    }
}

impl serde::Serialize for Arn {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_read_and_the_resource_keeps_its_colons() {
        let arn: Arn = "arn:aws:iam::111111111111:oidc-provider/localhost:8100".parse().unwrap();
        assert_eq!((arn.partition(), arn.service(), arn.region()), ("aws", "iam", ""));
        assert_eq!((arn.account(), arn.resource()), ("111111111111", "oidc-provider/localhost:8100"));
        let account = arn.account_id().unwrap();
        assert_eq!(Arn::iam(&account, "oidc-provider/localhost:8100"), arn);
    }

    #[test]
    fn a_role_is_named_without_its_path() {
        let arn: Arn = "arn:aws:iam::111111111111:role/team/a/reader".parse().unwrap();
        assert_eq!(arn.role_name(), Ok("reader"));
        let user: Arn = "arn:aws:iam::111111111111:user/reader".parse().unwrap();
        assert!(matches!(user.role_name(), Err(ArnError::Kind { .. })));
    }

    #[test]
    fn text_of_another_shape_is_refused() {
        for text in ["", "arn", "arn:aws:iam::1", "urn:aws:iam::1:role/x", "arn:aws:s3:::", "arn::s3:::x"] {
            assert_eq!(text.parse::<Arn>(), Err(ArnError::Shape), "{text}");
        }
        assert_eq!("12345678901".parse::<AccountId>(), Err(ArnError::Account));
        assert_eq!(format!("arn:aws:s3:::{}", "x".repeat(2048)).parse::<Arn>(), Err(ArnError::TooLong));
    }
}
