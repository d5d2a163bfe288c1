//! One value of a principal element, and whom it names.

use std::sync::LazyLock;

use super::keys::{Found, KeyName, Keys};
use super::principal::{Grant, Principal};
use crate::arn::{AccountId, Arn};

/// One value of a principal element.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum PrincipalName {
    /// `*`, or `{"AWS": "*"}`.
    Everyone,
    /// A wildcard inside an ARN, which names no principal.
    Nobody,
    /// An account by its number or its root ARN.
    Account(Box<str>),
    /// A user, role or session.
    Arn(Box<str>),
    /// A user or role by its unique id, as trust policies are stored: a new role of the same name is another one.
    UniqueId(Box<str>),
    /// A session by the unique id of its role, a colon and its name: what STS calls an assumed role id.
    SessionId(Box<str>),
    /// An identity provider: compared whole, since a prefix of a provider's name is another provider's.
    Federated(Box<str>),
    Service(Box<str>),
    CanonicalUser(Box<str>),
}

impl PrincipalName {
    /// Reads one value under `AWS`; the error says what it must be.
    pub(super) fn parse_aws(text: &str) -> Result<Self, &'static str> {
        const EXPECTED: &str = "*, an account id, or the ARN or unique id of a user, role or session";
        let is_session_name = |name: &str| {
            let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_+=,.@-".contains(&byte);
            (2..=64).contains(&name.len()) && name.bytes().all(plain)
        };
        if text == "*" {
            return Ok(Self::Everyone);
        }
        if let Ok(account) = text.parse::<AccountId>() {
            return Ok(Self::Account(account.as_str().into()));
        }
        if is_unique_id(text) {
            return Ok(Self::UniqueId(text.into()));
        }
        if let Some((role, session)) = text.split_once(':')
            && role.starts_with("AROA")
            && is_unique_id(role)
            && is_session_name(session)
        {
            return Ok(Self::SessionId(text.into()));
        }
        let arn: Arn = text.parse().map_err(|_| EXPECTED)?;
        if text.contains(['*', '?']) {
            return Ok(Self::Nobody);
        }
        let kind = arn.resource().split_once('/').map_or(arn.resource(), |(kind, _)| kind);
        match (arn.service(), kind) {
            ("iam", "root") => arn.account_id().map(|id| Self::Account(id.as_str().into())).map_err(|_| EXPECTED),
            ("iam", "user" | "role") | ("sts", "assumed-role" | "federated-user") => Ok(Self::Arn(text.into())),
            _ => Err(EXPECTED),
        }
    }

    pub(super) fn grant(&self, principal: &Principal, keys: &Keys) -> Option<Grant> {
        match (self, principal) {
            (Self::Everyone, _) => Some(Grant::Direct),
            (Self::Account(account), Principal::Root { account: own }) => {
                // A session of the root user is still held to what it was given.
                (**account == *own.as_str()).then_some(Grant::Limited)
            }
            (Self::Account(account), _) => (principal.account() == Some(account)).then_some(Grant::Account),
            (Self::Arn(arn), _) => arn_grant(arn, principal),
            (Self::UniqueId(id), _) => unique_id_grant(id, principal, keys),
            (Self::SessionId(id), Principal::AssumedRole { .. }) => direct(id, user_id(keys)?),
            (Self::Federated(name), Principal::Federated { provider_arn }) => direct(name, provider_arn.as_str()),
            (Self::Federated(name), Principal::WellKnownProvider { name: own }) => direct(name, own),
            (Self::Service(name), Principal::Service { name: own }) => direct(name, own),
            (Self::CanonicalUser(id), Principal::CanonicalUser { id: own }) => direct(id, own),
            _ => None,
        }
    }
}

fn direct(wanted: &str, found: &str) -> Option<Grant> {
    (wanted == found).then_some(Grant::Direct)
}

fn arn_grant(wanted: &str, principal: &Principal) -> Option<Grant> {
    match principal {
        Principal::User { arn } => direct(wanted, arn.as_str()),
        Principal::Role { arn } => (wanted == arn.as_str()).then_some(Grant::Limited),
        Principal::AssumedRole { role_arn, session_arn } => {
            let is_its_role = || match role_arn {
                Some(role_arn) => wanted == role_arn.as_str(),
                None => could_be_role_of(wanted, session_arn),
            };
            direct(wanted, session_arn.as_str()).or_else(|| is_its_role().then_some(Grant::Limited))
        }
        Principal::FederatedUser { arn, user_arn } => direct(wanted, arn.as_str())
            .or_else(|| user_arn.as_ref().is_some_and(|user| user.as_str() == wanted).then_some(Grant::Limited)),
        _ => None,
    }
}

/// Whether an ARN names a role of the account and name that a session's ARN holds, whatever its path: names alone are unique
/// in an account.
fn could_be_role_of(wanted: &str, session: &Arn) -> bool {
    let Some((role, _)) = session.resource().strip_prefix("assumed-role/").and_then(|rest| rest.split_once('/')) else {
        return false;
    };
    let head = format!("arn:{}:iam::{}:role/", session.partition(), session.account());
    let named = wanted.strip_prefix(&head).map(|path| path.rsplit_once('/').map_or(path, |(_, name)| name));
    named == Some(role)
}

fn unique_id_grant(id: &str, principal: &Principal, keys: &Keys) -> Option<Grant> {
    let own = user_id(keys)?;
    match principal {
        Principal::User { .. } => direct(id, own),
        Principal::Role { .. } => (id == own).then_some(Grant::Limited),
        Principal::AssumedRole { .. } => {
            own.strip_prefix(id).is_some_and(|rest| rest.starts_with(':')).then_some(Grant::Limited)
        }
        _ => None,
    }
}

/// The unique id of whoever asks, which is a condition key of every request that is signed.
fn user_id(keys: &Keys) -> Option<&str> {
    static USER_ID: LazyLock<KeyName> = LazyLock::new(|| KeyName::new("aws:userid"));
    match keys.find(&USER_ID)? {
        Found::One(own) => Some(own),
        Found::Many(_) => None,
    }
}

/// At least two labels of letters, digits and inner hyphens (RFC 1123, 2.1), the last of which is no number.
pub(super) fn is_host_name(text: &str) -> bool {
    let label = |label: &str| {
        let plain = label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        plain && (1..=63).contains(&label.len()) && !label.starts_with('-') && !label.ends_with('-')
    };
    let last = text.rsplit_once('.').map(|(_, last)| last);
    text.len() <= 253 && text.split('.').all(label) && last.is_some_and(|last| last.parse::<u64>().is_err())
}

/// Unique ids of users and roles: `AIDA` or `AROA`, then at least 12 letters and digits.
fn is_unique_id(text: &str) -> bool {
    let rest = text.strip_prefix("AIDA").or_else(|| text.strip_prefix("AROA"));
    rest.is_some_and(|rest| rest.len() >= 12 && rest.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit()))
}
