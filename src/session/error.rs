//! Why no session was made, with the codes of STS.

use super::MappingError;
use crate::arn::Arn;
use crate::policy::{NameError, PolicyError};

/// Why no session was made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SessionError {
    /// The session name is not 2 to 64 characters of `[\w+=,.@-]`.
    #[error("the role session name must be 2 to 64 characters of [\\w+=,.@-]")]
    RoleSessionName {
        /// What was given, shortened.
        found: String,
    },
    /// The source identity is not 2 to 64 characters of `[\w+=,.@-]`.
    #[error("the source identity must be 2 to 64 characters of [\\w+=,.@-]")]
    SourceIdentity {
        /// What was given, shortened.
        found: String,
    },
    /// A session token's claims do not describe a role session.
    #[error("the session token does not describe a role session")]
    Claims,
    /// The ARN does not name a role.
    #[error("the ARN does not name a role of an account")]
    RoleArn {
        /// What was given.
        found: String,
    },
    /// The id is not one of a role.
    #[error("the id does not belong to a role; expected AROA and 17 capital letters or digits")]
    RoleId {
        /// What was given, shortened.
        found: String,
    },
    /// The root user of an account asked for a role.
    #[error("Roles may not be assumed by root accounts.")]
    RootAssumesRole,
    /// A session asks for a further session of a kind that only long-term keys get.
    #[error("Cannot call {operation} with session credentials")]
    SessionCredentials {
        /// The operation.
        operation: &'static str,
    },
    /// The name of a federated user is not 2 to 32 characters of `[\w+=,.@-]`.
    #[error("the name of a federated user must be 2 to 32 characters of [\\w+=,.@-]")]
    FederatedUserName {
        /// What was given, shortened.
        found: String,
    },
    /// The caller has no such MFA device.
    #[error(
        "MultiFactorAuthentication failed, unable to validate MFA code.  Please verify your MFA serial number is valid and associated with this user."
    )]
    MfaDevice {
        /// Why, for logs and the audit trail.
        reason: String,
    },
    /// The code of an MFA device was refused.
    #[error("MultiFactorAuthentication failed with invalid MFA one time pass code.")]
    Mfa {
        /// Why, for logs and the audit trail.
        reason: String,
    },
    /// No root session of the account may be taken by this caller.
    #[error("User: {caller} is not authorized to perform: sts:AssumeRoot on resource: {target}")]
    RootNotReachable {
        /// Who asked.
        caller: Arn,
        /// Whose root user.
        target: String,
    },
    /// A managed policy that is to limit the session does not exist.
    #[error("{arn} is invalid")]
    NoSuchPolicy {
        /// The policy.
        arn: Arn,
    },
    /// More managed policies than may limit a session.
    #[error("a session is limited by at most 10 managed policies")]
    TooManyPolicies {
        /// How many were given.
        found: usize,
    },
    /// No such role, or none that says so to strangers.
    #[error("not authorized to assume this role")]
    UnknownRole {
        /// The role that was asked for.
        role: Arn,
    },
    /// An attribute of the assertion is not of its documented form.
    #[error("an attribute of the assertion is not of the expected form")]
    FederationAttribute {
        /// The attribute or claim.
        attribute: String,
        /// Its documented form.
        expected: &'static str,
    },
    /// The provider's mapping could not say what the person is to become.
    #[error(transparent)]
    Mapping(#[from] MappingError),
    /// The identity provider does not give the person this role.
    #[error("not authorized to assume this role")]
    NotListed {
        /// The role that was asked for.
        role: Arn,
        /// The provider that would have to list it.
        provider: Arn,
    },
    /// The identity provider pinned its token to other roles (claim `https://aws.amazon.com/roles`).
    #[error("the identity provider does not authorize this token for this role")]
    PinnedElsewhere {
        /// The role that was asked for.
        role: Arn,
    },
    /// The trust policy, or the caller's own policies, do not allow it.
    #[error("not authorized to perform {action} on {role}")]
    NotTrusted {
        /// Who asked.
        principal: String,
        /// The action that is not allowed.
        action: &'static str,
        /// The role that was asked for.
        role: Arn,
        /// The statement or condition that decided; for logs and the audit trail.
        reason: String,
    },
    /// A tag or its key is outside the limits.
    #[error("{rule}")]
    Tag {
        /// The limit that was broken.
        rule: &'static str,
    },
    /// The session would be shorter or longer than the role allows.
    #[error("{}", duration(*seconds, *least, *most))]
    Duration {
        /// Asked for, in seconds.
        seconds: u64,
        /// The least, in seconds.
        least: u64,
        /// The most, in seconds.
        most: u64,
    },
    /// A session of no role would be shorter or longer than it may be.
    #[error(
        "the requested duration of {seconds} seconds is not within the {least} to {most} seconds of these sessions"
    )]
    TokenDuration {
        /// Asked for, in seconds.
        seconds: u64,
        /// The least, in seconds.
        least: u64,
        /// The most, in seconds.
        most: u64,
    },
    /// A chained session would last longer than an hour.
    #[error("The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.")]
    ChainedDuration {
        /// Asked for, in seconds.
        seconds: u64,
        /// The most, in seconds.
        most: u64,
    },
    /// The calling session's source identity cannot be replaced.
    #[error("the source identity of the calling session cannot be changed")]
    SourceIdentityFixed {
        /// The one that is set.
        set: String,
    },
    /// Contexts were provided that nobody verified.
    #[error("the provided contexts were not verified")]
    ContextNotVerified,
    /// A context was provided to an operation that takes none.
    #[error("contexts are provided with AssumeRole alone")]
    ContextNotTaken,
    /// A session policy is not a policy document.
    #[error(transparent)]
    SessionPolicy(#[from] PolicyError),
    /// The session policies are longer than a session may carry.
    #[error("the session policies are longer than 2048 characters together")]
    SessionPoliciesTooLarge {
        /// Their length.
        characters: usize,
    },
    /// The session policies, with the tags, take more room than a session has; the sentence of STS.
    #[error("Packed policy consumes {percent}% of allotted space, please use smaller policy.")]
    PackedPolicy {
        /// What they take, in percent.
        percent: usize,
    },
    /// The tags, also inherited ones, take more room than a session has; the sentence of STS.
    #[error("Packed size of session tags consumes {percent}% of allotted space.")]
    PackedTags {
        /// What they take, in percent.
        percent: usize,
    },
    /// A role, principal or action could not be put to the policy engine.
    #[error(transparent)]
    Name(#[from] NameError),
}

impl SessionError {
    /// The error code of STS for this refusal.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::UnknownRole { .. } | Self::NotListed { .. } | Self::NotTrusted { .. } => "AccessDenied",
            Self::SourceIdentityFixed { .. }
            | Self::RootAssumesRole
            | Self::SessionCredentials { .. }
            | Self::RootNotReachable { .. }
            | Self::Mfa { .. }
            | Self::MfaDevice { .. } => "AccessDenied",
            Self::FederationAttribute { .. } | Self::Mapping(_) | Self::PinnedElsewhere { .. } => {
                "InvalidIdentityToken"
            }
            Self::Tag { .. } => "InvalidParameterValue",
            Self::SessionPolicy(_) => "MalformedPolicyDocument",
            Self::SessionPoliciesTooLarge { .. } | Self::PackedPolicy { .. } | Self::PackedTags { .. } => {
                "PackedPolicyTooLarge"
            }
            Self::Claims => "InvalidClientTokenId",
            Self::RoleSessionName { .. }
            | Self::SourceIdentity { .. }
            | Self::RoleArn { .. }
            | Self::RoleId { .. }
            | Self::TooManyPolicies { .. }
            | Self::FederatedUserName { .. }
            | Self::NoSuchPolicy { .. }
            | Self::Duration { .. }
            | Self::TokenDuration { .. }
            | Self::ChainedDuration { .. }
            | Self::ContextNotVerified
            | Self::ContextNotTaken
            | Self::Name(_) => "ValidationError",
        }
    }

    /// What was expected and found, for logs and the audit trail.
    #[must_use]
    pub fn reason(&self) -> String {
        match self {
            Self::NotTrusted { reason, .. } => reason.clone(),
            Self::UnknownRole { role } => format!("no role is configured as {role}"),
            Self::NotListed { role, provider } => format!(
                "{provider} does not list {role} for this subject, nor does a mapping of its attributes give it"
            ),
            Self::PinnedElsewhere { role } => format!("the token is pinned to other roles than {role}"),
            Self::Mapping(error) => error.reason(),
            Self::FederationAttribute { attribute, expected } => format!("{attribute}: expected {expected}"),
            Self::RoleSessionName { found }
            | Self::SourceIdentity { found }
            | Self::RoleArn { found }
            | Self::RoleId { found }
            | Self::FederatedUserName { found } => {
                format!("{self}; found {found:?}")
            }
            Self::Mfa { reason } | Self::MfaDevice { reason } => reason.clone(),
            Self::RootNotReachable { target, .. } => {
                format!("{target} is not a member whose root sessions the caller's account manages")
            }
            Self::SessionCredentials { .. } | Self::NoSuchPolicy { .. } => self.to_string(),
            Self::TooManyPolicies { found } => format!("{found} managed policies"),
            Self::SourceIdentityFixed { set } => format!("the calling session's source identity is {set}"),
            Self::SessionPolicy(error) => error.reason(),
            Self::SessionPoliciesTooLarge { characters } => format!("{characters} characters of session policies"),
            Self::Duration { seconds, least, most } => within(*seconds, *least, *most),
            Self::Claims
            | Self::RootAssumesRole
            | Self::PackedPolicy { .. }
            | Self::PackedTags { .. }
            | Self::Tag { .. }
            | Self::TokenDuration { .. }
            | Self::ChainedDuration { .. }
            | Self::ContextNotVerified
            | Self::ContextNotTaken
            | Self::Name(_) => self.to_string(),
        }
    }
}

/// The sentence that clients of AWS know for a session that is too long.
fn duration(seconds: u64, least: u64, most: u64) -> String {
    if seconds > most {
        return "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.".to_owned();
    }
    within(seconds, least, most)
}

fn within(seconds: u64, least: u64, most: u64) -> String {
    format!("the requested duration of {seconds} seconds is not within the {least} to {most} seconds of this role")
}
