//! Principals: the one that makes a request, and the `Principal` and `NotPrincipal` elements that name some.

use std::sync::LazyLock;

use super::error::NameError;
use super::keys::{Found, KeyName, Keys};
use crate::arn::{AccountId, Arn};

/// Who makes a request.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Principal {
    /// An IAM user.
    User {
        /// `arn:aws:iam::<account>:user/<path and name>`
        arn: Arn,
    },
    /// An IAM role itself, without a session.
    Role {
        /// `arn:aws:iam::<account>:role/<path and name>`
        arn: Arn,
    },
    /// A session of a role.
    AssumedRole {
        /// The role, with its path; none where nobody but the session's own ARN tells of it, which leaves the path out.
        role_arn: Option<Arn>,
        /// `arn:aws:sts::<account>:assumed-role/<role name>/<session name>`
        session_arn: Arn,
    },
    /// A session from `GetFederationToken`.
    FederatedUser {
        /// `arn:aws:sts::<account>:federated-user/<name>`
        arn: Arn,
        /// The user who asked for the session, where known.
        user_arn: Option<Arn>,
    },
    /// A person or workload that a SAML or OpenID Connect provider vouches for.
    Federated {
        /// `arn:aws:iam::<account>:saml-provider/<name>` or `…:oidc-provider/<host and path>`
        provider_arn: Arn,
    },
    /// The same, of a provider that has no ARN, such as `accounts.google.com`.
    WellKnownProvider {
        /// Its host name.
        name: String,
    },
    /// A service, such as `s3.amazonaws.com`.
    Service {
        /// Its name.
        name: String,
    },
    /// The root user of an account.
    Root {
        /// The account.
        account: AccountId,
    },
    /// Someone whose request carries no signature.
    Anonymous,
    /// An account by its canonical user id.
    CanonicalUser {
        /// 64 hexadecimal digits.
        id: String,
    },
}

impl Principal {
    /// The principal with this ARN: a user, role, role session, federated user or account root.
    ///
    /// A session's ARN does not hold the path of its role, so the role of such a principal is compared by name, which
    /// is unique in its account.
    ///
    /// # Errors
    /// [`NameError::Principal`] when no principal has such an ARN.
    pub fn from_arn(arn: Arn) -> Result<Self, NameError> {
        let account = arn.account_id().map_err(|_| NameError::Principal)?;
        let (kind, name) = arn.resource().split_once('/').unwrap_or((arn.resource(), ""));
        match (arn.service(), kind) {
            ("iam", "root") if name.is_empty() => Ok(Self::Root { account }),
            ("iam", "user") if !name.is_empty() => Ok(Self::User { arn }),
            ("iam", "role") if !name.is_empty() => Ok(Self::Role { arn }),
            ("sts", "federated-user") if !name.is_empty() => Ok(Self::FederatedUser { arn, user_arn: None }),
            ("sts", "assumed-role") => {
                let (role, session) = name.split_once('/').ok_or(NameError::Principal)?;
                if role.is_empty() || session.is_empty() {
                    return Err(NameError::Principal);
                }
                Ok(Self::AssumedRole { role_arn: None, session_arn: arn })
            }
            _ => Err(NameError::Principal),
        }
    }

    /// The account whose identity policies speak for this principal; none for those that only a resource can admit.
    #[must_use]
    pub fn account(&self) -> Option<&str> {
        match self {
            Self::User { arn } | Self::Role { arn } | Self::FederatedUser { arn, .. } => Some(arn.account()),
            Self::AssumedRole { session_arn, .. } => Some(session_arn.account()),
            Self::Root { account } => Some(account.as_str()),
            Self::Federated { .. } | Self::WellKnownProvider { .. } | Self::Service { .. } => None,
            Self::Anonymous | Self::CanonicalUser { .. } => None,
        }
    }

    pub(super) fn is_root(&self) -> bool {
        matches!(self, Self::Root { .. })
    }
}

impl std::fmt::Display for Principal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::User { arn } | Self::Role { arn } | Self::FederatedUser { arn, .. } => arn.as_str(),
            Self::AssumedRole { session_arn, .. } => session_arn.as_str(),
            Self::Federated { provider_arn } => provider_arn.as_str(),
            Self::WellKnownProvider { name } | Self::Service { name } => name,
            Self::Root { account } => return write!(f, "{}", account.root()),
            Self::Anonymous => "an anonymous caller",
            Self::CanonicalUser { id } => id,
        })
    }
}

/// How directly a resource policy names the principal it admits, which decides what else has to agree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Grant {
    /// It names the account: an identity policy must allow as well.
    Account,
    /// It names the role of a session, the user behind a federated user, or the account of its root user: boundary and
    /// session policy still limit.
    Limited,
    /// It names the principal itself, or everyone: in the same account nothing else has to allow.
    Direct,
}

/// `Principal` or `NotPrincipal`.
#[derive(Clone, Debug)]
pub(super) struct PrincipalElement {
    pub(super) negated: bool,
    pub(super) names: Box<[PrincipalName]>,
}

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

impl PrincipalElement {
    /// How the element names the principal of a request, if it does.
    pub(super) fn grant(&self, principal: &Principal, keys: &Keys) -> Option<Grant> {
        let named = self.names.iter().filter_map(|name| name.grant(principal, keys)).max();
        match (self.negated, named) {
            (false, grant) => grant,
            (true, None) => Some(Grant::Direct),
            (true, Some(_)) => None,
        }
    }

    /// Whether the element names the principal, and not only something that it is too, its account or its role.
    ///
    /// An exception from a denial must: that of an account or a role would be one for everyone else who is that too. The
    /// cloud wants the account, and of a session the role, named beside it (IAM user guide, NotPrincipal), which exempts
    /// nobody else here.
    pub(super) fn names_itself(&self, principal: &Principal, keys: &Keys) -> bool {
        self.names.iter().any(|name| match name.grant(principal, keys) {
            Some(Grant::Direct) => true,
            Some(Grant::Limited) => matches!(principal, Principal::Role { .. } | Principal::Root { .. }),
            Some(Grant::Account) | None => false,
        })
    }

    pub(super) fn is_everyone(&self) -> bool {
        !self.negated && self.names.contains(&PrincipalName::Everyone)
    }
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

    fn grant(&self, principal: &Principal, keys: &Keys) -> Option<Grant> {
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
