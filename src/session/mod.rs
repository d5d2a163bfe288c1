//! Stage 2: a [`VerifiedIdentity`](crate::VerifiedIdentity) and a role in, a [`RoleSession`] out.
//!
//! Enters: a verified identity (or a [`Caller`]: a user, or the session of another role), the role it asks for, and `now`.
//! Leaves: a role session, or a session of another [kind](Session).
//! Refused: what the role's trust policy does not allow, and any name, duration, tag or policy outside the limits of STS.

mod ask;
mod assume;
mod caller;
mod claims;
mod context;
mod entitlements;
mod explain;
mod federated_user;
mod federation;
mod kind;
mod limits;
mod mapping;
mod mfa_code;
mod mfa_proof;
mod name;
mod policies;
mod role;
mod root;
mod rules;
mod supposed;
mod tags;
mod task;
mod tokens;
mod trust;
mod user;

pub use ask::AssumeRole;
pub use assume::{Asking, assume_as, assume_assigned, assume_federated, assume_mapped, explain_assume};
pub use caller::{Caller, LongTermIdentity, UserIdentity};
pub use claims::{Origin, SessionClaims};
pub use context::request_keys;
#[cfg(feature = "http")]
pub(crate) use context::surroundings;
pub use entitlements::Entitlements;
pub use explain::{ActionReport, AssumeReport};
pub use federated_user::{FederatedUserClaims, FederatedUserSession};
pub use federation::{FederationRequest, RolePair};
pub use kind::Session;
pub(crate) use limits::{everything, nothing};
pub use mapping::{Finding, MappedValue, Mapping, MappingDocumentError, MappingError, MappingReport, RuleReport};
pub use mfa_code::MfaCode;
pub use mfa_proof::MfaProof;
pub use name::{RoleSessionName, SourceIdentity};
pub use policies::{MAX_MANAGED_SESSION_POLICIES, MAX_SESSION_POLICY_LENGTH, SessionPolicies};
#[cfg(feature = "http")]
pub(crate) use role::name_qualifier;
pub use role::{DEFAULT_SESSION_DURATION, MAX_SESSION_DURATION, MIN_SESSION_DURATION, Role, RoleId};
pub use root::{RootSession, RootSessionClaims};
pub use rules::RULES;
pub use supposed::{Supposed, explain_supposed};
pub use tags::{MAX_TAGS, Tags};
pub use task::TaskPolicy;
pub use tokens::{
    Asked, DEFAULT_TOKEN_DURATION, MAX_ROOT_DURATION, MAX_TOKEN_DURATION, ROOT_TOKEN_DURATION, assume_root,
    get_federation_token, get_session_token,
};
pub use user::{UserClaims, UserSession, UserSessionClaims};

use crate::arn::{AccountId, Arn};
use crate::crypto::SignatureValid;
use crate::policy::{Keys, NameError, PolicyError, Principal};
use crate::time::Timestamp;

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
    /// The code of an MFA device was refused, or it is not the caller's device.
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
    /// A session policy is not a policy document.
    #[error(transparent)]
    SessionPolicy(#[from] PolicyError),
    /// The session policies are longer than a session may carry.
    #[error("the session policies are longer than 2048 characters together")]
    SessionPoliciesTooLarge {
        /// Their length.
        characters: usize,
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
            | Self::Mfa { .. } => "AccessDenied",
            Self::FederationAttribute { .. } | Self::Mapping(_) | Self::PinnedElsewhere { .. } => {
                "InvalidIdentityToken"
            }
            Self::Tag { .. } => "InvalidParameterValue",
            Self::SessionPolicy(_) => "MalformedPolicyDocument",
            Self::SessionPoliciesTooLarge { .. } => "PackedPolicyTooLarge",
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
            Self::Mfa { reason } => reason.clone(),
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
            | Self::Tag { .. }
            | Self::TokenDuration { .. }
            | Self::ChainedDuration { .. }
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

/// A role that was assumed: who, which role, until when.
///
/// It is made by this stage after the trust policy allowed it, or read back from a session token whose signature was
/// verified; nothing else makes one:
///
/// ```compile_fail,E0451
/// let session = daypass::RoleSession { claims: todo!(), role_arn: todo!() };
/// ```
#[derive(Debug)]
pub struct RoleSession {
    claims: SessionClaims,
    role_arn: Arn,
    account: AccountId,
    arn: Arn,
    session_policies: SessionPolicies,
}

impl RoleSession {
    /// Reads a session back from the claims of a token whose signature was verified.
    ///
    /// # Errors
    /// [`SessionError::Claims`] when the role's ARN or the session name is not one.
    pub(crate) fn from_claims(claims: SessionClaims, _signed: &SignatureValid) -> Result<Self, SessionError> {
        let role_arn: Arn = claims.role_arn.parse().map_err(|_| SessionError::Claims)?;
        claims.role_session_name.parse::<RoleSessionName>().map_err(|_| SessionError::Claims)?;
        let session_policies = SessionPolicies::from_claims(&claims.session_policies, &claims.policy_arns)?;
        Self::new(claims, role_arn, session_policies)
    }

    fn new(claims: SessionClaims, role_arn: Arn, session_policies: SessionPolicies) -> Result<Self, SessionError> {
        let refused = |_| SessionError::Claims;
        let account = role_arn.account_id().map_err(refused)?;
        // A role's path is left out of its sessions' ARNs.
        let role = role_arn.role_name().map_err(refused)?;
        let arn = Arn::sts(&account, &format!("assumed-role/{role}/{}", claims.role_session_name));
        Ok(Self { claims, role_arn, account, arn, session_policies })
    }

    /// Everything the session says of itself.
    #[must_use]
    pub const fn claims(&self) -> &SessionClaims {
        &self.claims
    }

    /// The role that was assumed.
    #[must_use]
    pub const fn role_arn(&self) -> &Arn {
        &self.role_arn
    }

    /// The account of the role.
    #[must_use]
    pub const fn account(&self) -> &AccountId {
        &self.account
    }

    /// The session's own ARN, `arn:aws:sts::<account>:assumed-role/<role>/<session name>`.
    #[must_use]
    pub const fn arn(&self) -> &Arn {
        &self.arn
    }

    /// The user id that STS reports, `<role id>:<session name>`.
    #[must_use]
    pub fn user_id(&self) -> String {
        format!("{}:{}", self.claims.role_id, self.claims.role_session_name)
    }

    /// When the session was made.
    #[must_use]
    pub const fn issued_at(&self) -> Timestamp {
        Timestamp::from_unix_seconds(self.claims.issued_at)
    }

    /// When the session's credentials stop working.
    #[must_use]
    pub const fn expiration(&self) -> Timestamp {
        Timestamp::from_unix_seconds(self.claims.expiration)
    }

    /// What limits the session below its role's permissions.
    #[must_use]
    pub const fn session_policies(&self) -> &SessionPolicies {
        &self.session_policies
    }

    /// The session as the principal of a request.
    #[must_use]
    pub fn principal(&self) -> Principal {
        Principal::AssumedRole { role_arn: self.role_arn.clone(), session_arn: self.arn.clone() }
    }

    /// Adds the condition keys that every request of this session carries.
    pub fn principal_keys(&self, keys: &mut Keys) {
        keys.set("aws:PrincipalArn", self.role_arn.as_str());
        keys.set("aws:PrincipalAccount", self.role_arn.account());
        keys.set("aws:PrincipalType", "AssumedRole");
        keys.set("aws:userid", self.user_id());
        for (key, value) in &self.claims.principal_tags {
            keys.set(&format!("aws:PrincipalTag/{key}"), value.as_str());
        }
        for (name, value) in [
            ("aws:SourceIdentity", &self.claims.source_identity),
            ("aws:FederatedProvider", &self.claims.federated_provider),
        ] {
            if let Some(value) = value {
                keys.set(name, value.as_str());
            }
        }
        for (name, values) in &self.claims.federation_keys {
            match values.as_slice() {
                [value] => keys.set(name, value.as_str()),
                several => keys.set_list(name, several.iter().map(String::as_str)),
            }
        }
    }
}
