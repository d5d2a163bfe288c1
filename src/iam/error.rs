//! Why a change to an account was refused, with the codes of IAM.

use std::fmt;

use crate::crypto::CryptoError;
use crate::policy::PolicyError;
use crate::session::SessionError;

/// What kind of thing an error is about, in IAM's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Entity {
    /// An account.
    Account,
    /// A user.
    User,
    /// A group.
    Group,
    /// A role.
    Role,
    /// A managed policy.
    Policy,
    /// A version of a managed policy.
    PolicyVersion,
    /// An inline policy of a user, group or role.
    InlinePolicy,
    /// An access key.
    AccessKey,
    /// An MFA device.
    MfaDevice,
    /// A login profile.
    LoginProfile,
    /// A SAML or OpenID Connect provider.
    Provider,
    /// A permissions boundary.
    Boundary,
}

impl fmt::Display for Entity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Account => "account",
            Self::User => "user",
            Self::Group => "group",
            Self::Role => "role",
            Self::Policy => "policy",
            Self::PolicyVersion => "policy version",
            Self::InlinePolicy => "inline policy",
            Self::AccessKey => "access key",
            Self::MfaDevice => "MFA device",
            Self::LoginProfile => "login profile",
            Self::Provider => "provider",
            Self::Boundary => "permissions boundary",
        })
    }
}

/// Why a change or a look-up was refused. Whoever reads it is authorized to manage the account, so names are told.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IamError {
    /// There is no such thing.
    #[error("The {entity} with name {name} cannot be found.")]
    NoSuchEntity {
        /// Its kind.
        entity: Entity,
        /// The name, id or ARN that was asked for.
        name: String,
    },
    /// There is one of that name already; names have no case.
    #[error("The {entity} with name {name} already exists.")]
    AlreadyExists {
        /// Its kind.
        entity: Entity,
        /// Its name.
        name: String,
    },
    /// Something still depends on what was to be removed.
    #[error("Cannot delete entity, must {remedy} first.")]
    DeleteConflict {
        /// What must be done before, such as `detach all policies`.
        remedy: &'static str,
    },
    /// A quota is used up.
    #[error("Cannot exceed quota for {quota}: {most}")]
    LimitExceeded {
        /// The quota, such as `AccessKeysPerUser`.
        quota: &'static str,
        /// How many there may be.
        most: usize,
    },
    /// A value is of another form than expected.
    #[error("{parameter}: expected {expected}")]
    InvalidInput {
        /// The parameter.
        parameter: &'static str,
        /// Its documented form.
        expected: &'static str,
    },
    /// A document is not a policy of its kind.
    #[error(transparent)]
    MalformedPolicy(#[from] PolicyError),
    /// A trust policy names a principal that does not exist.
    #[error("Invalid principal in policy: \"AWS\":\"{principal}\"")]
    InvalidPrincipal {
        /// The principal as written.
        principal: String,
    },
    /// A role could not be made.
    #[error(transparent)]
    Role(#[from] SessionError),
    /// The change is not possible for this thing, such as deleting a managed policy's default version.
    #[error("{reason}")]
    Unmodifiable {
        /// Why, as a sentence.
        reason: &'static str,
    },
    /// The codes of an MFA device are not its codes.
    #[error("Authentication code for device is not valid.")]
    AuthenticationCode,
    /// The operating system gave no randomness.
    #[error("the service cannot answer at the moment; try again")]
    Crypto(#[from] CryptoError),
}

impl IamError {
    /// A missing thing.
    #[must_use]
    pub fn missing(entity: Entity, name: impl Into<String>) -> Self {
        Self::NoSuchEntity { entity, name: name.into() }
    }

    /// The wire code of IAM.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NoSuchEntity { .. } => "NoSuchEntity",
            Self::AlreadyExists { .. } => "EntityAlreadyExists",
            Self::DeleteConflict { .. } | Self::Unmodifiable { .. } => "DeleteConflict",
            Self::LimitExceeded { .. } => "LimitExceeded",
            Self::InvalidInput { .. } => "InvalidInput",
            Self::MalformedPolicy(_) | Self::InvalidPrincipal { .. } => "MalformedPolicyDocument",
            Self::Role(_) => "ValidationError",
            Self::AuthenticationCode => "InvalidAuthenticationCode",
            Self::Crypto(_) => "ServiceFailure",
        }
    }

    /// What was expected and found, for logs and the audit trail.
    #[must_use]
    pub fn reason(&self) -> String {
        match self {
            Self::MalformedPolicy(error) => error.reason(),
            Self::Role(error) => error.reason(),
            _ => self.to_string(),
        }
    }
}
