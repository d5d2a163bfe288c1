//! Why a change to an account was refused, with the codes of IAM.

use std::fmt;

use crate::crypto::CryptoError;
use crate::policy::{Kind, PolicyError};
use crate::session::SessionError;
use crate::time::Timestamp;

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
    /// An instance profile.
    InstanceProfile,
    /// A role that is in an instance profile.
    RoleInInstanceProfile,
    /// A managed policy.
    Policy,
    /// A version of a managed policy.
    PolicyVersion,
    /// An inline policy of a user.
    UserPolicy,
    /// An inline policy of a group.
    GroupPolicy,
    /// An inline policy of a role.
    RolePolicy,
    /// An access key.
    AccessKey,
    /// An MFA device.
    MfaDevice,
    /// A login profile.
    LoginProfile,
    /// A SAML provider.
    SamlProvider,
    /// An OpenID Connect provider.
    OidcProvider,
    /// A permissions boundary.
    Boundary,
    /// The password policy of an account.
    PasswordPolicy,
    /// The alias of an account.
    Alias,
}

impl Entity {
    /// That there is none of this name, in the words that clients know.
    fn cannot_be_found(self, name: &str) -> String {
        match self {
            Self::AccessKey => format!("The Access Key with id {name} cannot be found."),
            Self::MfaDevice => format!("MFA Device with serial number {name} does not exist."),
            Self::LoginProfile => format!("Login Profile for User {name} cannot be found."),
            Self::PasswordPolicy => format!("The Password Policy with domain name {name} cannot be found."),
            Self::InstanceProfile => format!("Instance Profile {name} cannot be found."),
            Self::RoleInInstanceProfile => format!("{name} cannot be found."),
            Self::Policy => format!("Policy {name} was not found."),
            Self::PolicyVersion => format!("Policy {name} does not exist or is not attachable."),
            Self::Boundary => format!("Scope ARN: {name} does not exist or is not attachable."),
            Self::SamlProvider => format!("Manifest not found for arn {name}"),
            Self::OidcProvider => format!("OpenIDConnect Provider not found for arn {name}"),
            _ => format!("The {self} with name {name} cannot be found."),
        }
    }

    /// That there is one of this name, in the words that clients know.
    fn already_exists(self, name: &str) -> String {
        match self {
            Self::User => format!("User with name {name} already exists."),
            Self::Group => format!("Group with name {name} already exists."),
            Self::Role => format!("Role with name {name} already exists."),
            Self::InstanceProfile => format!("Instance Profile {name} already exists."),
            Self::Policy => format!("A policy called {name} already exists. Duplicate names are not allowed."),
            Self::SamlProvider => format!("SAMLProvider with name {name} already exists."),
            Self::OidcProvider => format!("Provider with url {name} already exists."),
            Self::MfaDevice => "MFA device already exists.".to_owned(),
            Self::LoginProfile => format!("Login Profile for user {name} already exists."),
            Self::Alias => format!("The account alias {name} already exists."),
            _ => format!("The {self} with name {name} already exists."),
        }
    }
}

/// Why a code of an MFA device was not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CodeRefusal {
    /// It is not six digits.
    Shape,
    /// It is not a code of the device about now.
    Wrong,
    /// It, or a later one, was used before.
    Replayed,
    /// Too many wrong ones came before; until then none is looked at.
    Locked {
        /// When codes are looked at again.
        until: Timestamp,
    },
}

impl CodeRefusal {
    fn reason(&self) -> String {
        match self {
            Self::Shape => "the code is not six digits".to_owned(),
            Self::Wrong => "the code is not one of the device about now".to_owned(),
            Self::Replayed => "the code, or a later one, was used before".to_owned(),
            Self::Locked { until } => format!("after too many wrong codes none is looked at until {until}"),
        }
    }
}

impl From<CodeRefusal> for IamError {
    fn from(refusal: CodeRefusal) -> Self {
        Self::AuthenticationCode(refusal)
    }
}

impl fmt::Display for Entity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Account => "account",
            Self::User => "user",
            Self::Group => "group",
            Self::Role => "role",
            Self::InstanceProfile => "instance profile",
            Self::RoleInInstanceProfile => "role in an instance profile",
            Self::Policy => "policy",
            Self::PolicyVersion => "policy version",
            Self::UserPolicy => "user policy",
            Self::GroupPolicy => "group policy",
            Self::RolePolicy => "role policy",
            Self::AccessKey => "access key",
            Self::MfaDevice => "MFA device",
            Self::LoginProfile => "login profile",
            Self::SamlProvider => "SAML provider",
            Self::OidcProvider => "OpenID Connect provider",
            Self::Boundary => "permissions boundary",
            Self::PasswordPolicy => "password policy",
            Self::Alias => "account alias",
        })
    }
}

/// Why a change or a look-up was refused. Whoever reads it is authorized to manage the account, so names are told.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IamError {
    /// There is no such thing.
    #[error("{}", entity.cannot_be_found(name))]
    NoSuchEntity {
        /// Its kind.
        entity: Entity,
        /// The name, id or ARN that was asked for.
        name: String,
    },
    /// There is one of that name already; names have no case.
    #[error("{}", entity.already_exists(name))]
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
    #[error("{}", error.sentence(*kind))]
    MalformedPolicy {
        /// The kind.
        kind: Kind,
        /// What is wrong with the document.
        error: PolicyError,
    },
    /// The inline policies of one user, group or role would be longer than they may be together.
    #[error("Maximum policy size of {most} bytes exceeded for {holder} {name}")]
    InlineTooLarge {
        /// Whether a user, a group or a role.
        holder: Entity,
        /// Its name.
        name: String,
        /// The most characters, white space not counted.
        most: usize,
    },
    /// A managed policy has as many versions as it may have.
    #[error(
        "A managed policy can have up to {most} versions. Before you create a new version, you must delete an existing version."
    )]
    TooManyVersions {
        /// How many there may be.
        most: usize,
    },
    /// A role of the directory or of a service, which is not IAM's to change.
    #[error("Cannot perform the operation on the protected role '{name}' - this role is only modifiable by AWS")]
    Protected {
        /// Its name.
        name: String,
    },
    /// A SAML provider or an OpenID Connect provider could not be made of what was given.
    #[error("{reason}")]
    Provider {
        /// What is wrong with the metadata or the URL.
        reason: String,
    },
    /// A trust policy names a principal that does not exist.
    #[error("Invalid principal in policy: \"AWS\":\"{principal}\"")]
    InvalidPrincipal {
        /// The principal as written.
        principal: String,
    },
    /// A role could not be made.
    #[error(transparent)]
    Role(#[from] SessionError),
    /// What was to be a managed policy is an ARN of something else.
    #[error("ARN {arn} is not valid.")]
    NoPolicyArn {
        /// The ARN.
        arn: String,
    },
    /// A managed policy is for roles that services make for themselves, of which there are none.
    #[error("Cannot attach a Service Role Policy to a Customer Role.")]
    NotAttachable {
        /// Its ARN.
        arn: String,
    },
    /// A managed policy that is the same in every account, which is nobody's to change.
    #[error("Cannot {change} outside your own account.")]
    OutsideAccount {
        /// What was to be done, such as `delete policies`.
        change: &'static str,
    },
    /// The URL of an OpenID Connect provider is none that it could have.
    #[error("Invalid Open ID Connect Provider URL: {reason}")]
    ProviderUrl {
        /// What is wrong with it.
        reason: String,
    },
    /// There are more thumbprints than a provider may have.
    #[error("Thumbprint list must contain fewer than {most} entries.")]
    TooManyThumbprints {
        /// How many there may be.
        most: usize,
    },
    /// There are more tags than one thing may have.
    #[error("The number of tags has reached the maximum limit.")]
    TooManyTags {
        /// How many there may be.
        most: usize,
    },
    /// Somebody has the MFA device already.
    #[error("MFA Device is already in use.")]
    DeviceInUse,
    /// An OpenID Connect provider that is to be deleted is not there.
    #[error("OpenId connect Provider {arn} cannot be found.")]
    NoOidcProvider {
        /// The provider.
        arn: String,
    },
    /// There is no password policy to delete.
    #[error("The account policy with name PasswordPolicy cannot be found.")]
    NoPasswordPolicy,
    /// The change is not possible for this thing, such as deleting a managed policy's default version.
    #[error("{reason}")]
    Unmodifiable {
        /// Why, as a sentence.
        reason: &'static str,
    },
    /// Outbound web identity federation is enabled already.
    #[error("Outbound web identity federation is already enabled for this account.")]
    FeatureEnabled,
    /// Outbound web identity federation is not enabled.
    #[error("Outbound web identity federation is not enabled for this account.")]
    FeatureDisabled,
    /// A code of an MFA device was not taken. The caller is not told why, which would help to guess.
    #[error("Authentication code for device is not valid.")]
    AuthenticationCode(CodeRefusal),
    /// A password is not what the account asks for.
    #[error("Password does not conform to the account password policy.")]
    PasswordPolicyViolation {
        /// What the password breaks.
        rule: &'static str,
    },
    /// The password that was to be changed is another one.
    #[error("The old password was incorrect.")]
    WrongPassword,
    /// Too many wrong passwords came before; until then none is looked at. The caller is told no more than of a wrong one.
    #[error("The old password was incorrect.")]
    PasswordLocked {
        /// When passwords are looked at again.
        until: Timestamp,
    },
    /// The password has expired, and the account leaves it to an administrator to replace it.
    #[error("The password has expired. An administrator must set a new one.")]
    PasswordExpired,
    /// Only users have what was asked for.
    #[error("Only IAM Users can change their own password")]
    InvalidUserType,
    /// No credential report was made yet.
    #[error("Credential report is not present. Generate one first.")]
    ReportNotPresent,
    /// The credential report is older than four hours.
    #[error("The credential report has expired. Generate another one.")]
    ReportExpired,
    /// What the change began from was changed by somebody else meanwhile.
    #[error("The request was rejected because multiple requests to change this object were submitted simultaneously.")]
    Concurrent,
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

    /// Another thing of that name.
    #[must_use]
    pub fn exists(entity: Entity, name: impl Into<String>) -> Self {
        Self::AlreadyExists { entity, name: name.into() }
    }

    /// The wire code of IAM.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NoSuchEntity { .. } => "NoSuchEntity",
            Self::NoOidcProvider { .. } | Self::NoPasswordPolicy => "NoSuchEntity",
            Self::AlreadyExists { .. } | Self::DeviceInUse => "EntityAlreadyExists",
            Self::DeleteConflict { .. } | Self::Unmodifiable { .. } => "DeleteConflict",
            Self::TooManyTags { .. } => "LimitExceeded",
            Self::LimitExceeded { .. } | Self::InlineTooLarge { .. } | Self::TooManyVersions { .. } => "LimitExceeded",
            Self::Protected { .. } => "UnmodifiableEntity",
            Self::InvalidInput { .. } | Self::Provider { .. } | Self::NoPolicyArn { .. } => "InvalidInput",
            Self::TooManyThumbprints { .. } => "InvalidInput",
            Self::NotAttachable { .. } => "PolicyNotAttachable",
            Self::OutsideAccount { .. } => "AccessDenied",
            Self::MalformedPolicy { .. } | Self::InvalidPrincipal { .. } => "MalformedPolicyDocument",
            Self::Role(_) | Self::ProviderUrl { .. } => "ValidationError",
            Self::FeatureEnabled => "FeatureEnabled",
            Self::FeatureDisabled => "FeatureDisabled",
            Self::AuthenticationCode(_) => "InvalidAuthenticationCode",
            Self::PasswordPolicyViolation { .. } => "PasswordPolicyViolation",
            Self::WrongPassword | Self::PasswordLocked { .. } | Self::PasswordExpired => "AccessDenied",
            Self::InvalidUserType => "InvalidUserType",
            Self::ReportNotPresent => "ReportNotPresent",
            Self::ReportExpired => "ReportExpired",
            Self::Concurrent => "ConcurrentModification",
            Self::Crypto(_) => "ServiceFailure",
        }
    }

    /// What was expected and found, for logs and the audit trail.
    #[must_use]
    pub fn reason(&self) -> String {
        match self {
            Self::MalformedPolicy { error, .. } => error.reason(),
            Self::Role(error) => error.reason(),
            Self::AuthenticationCode(refusal) => refusal.reason(),
            Self::PasswordPolicyViolation { rule } => format!("the password is not accepted: {rule}"),
            Self::PasswordLocked { until } => format!("after too many wrong passwords none is looked at until {until}"),
            Self::TooManyTags { most } => format!("{self} {most} tags at most"),
            _ => self.to_string(),
        }
    }
}
