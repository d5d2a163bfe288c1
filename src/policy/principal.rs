//! Principals: the one that makes a request, and the `Principal` and `NotPrincipal` elements that name some.

use super::error::NameError;
use super::keys::Keys;
use super::named::PrincipalName;
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
