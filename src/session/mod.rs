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
mod error;
mod explain;
mod federated_user;
mod federation;
mod identity_context;
mod kind;
mod limits;
mod mapping;
mod mfa_code;
mod mfa_proof;
mod name;
mod packed;
mod policies;
mod role;
mod role_session;
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
pub use error::SessionError;
pub use explain::{ActionReport, AssumeReport};
pub use federated_user::{FederatedUserClaims, FederatedUserSession};
pub use federation::{FederationRequest, RolePair};
pub use identity_context::{
    CONTEXT_PROVIDER_ARN, IdentityContext, IdentityContextClaims, MAX_PROVIDED_CONTEXTS, ProvidedContext,
};
pub use kind::Session;
pub(crate) use limits::{everything, nothing};
pub use mapping::{Finding, MappedValue, Mapping, MappingDocumentError, MappingError, MappingReport, RuleReport};
pub use mfa_code::MfaCode;
pub use mfa_proof::MfaProof;
pub use name::{RoleSessionName, SourceIdentity};
pub use packed::PackedSize;
pub use policies::{MAX_MANAGED_SESSION_POLICIES, MAX_SESSION_POLICY_LENGTH, SessionPolicies};
#[cfg(feature = "http")]
pub(crate) use role::name_qualifier;
pub use role::{DEFAULT_SESSION_DURATION, MAX_SESSION_DURATION, MIN_SESSION_DURATION, Role, RoleId};
pub use role_session::RoleSession;
pub use root::{RootSession, RootSessionClaims};
pub(crate) use rules::CONTEXT;
pub use rules::RULES;
pub use supposed::{Supposed, explain_supposed};
pub use tags::{MAX_TAGS, Tags};
pub use task::TaskPolicy;
pub use tokens::{
    Asked, DEFAULT_TOKEN_DURATION, MAX_ROOT_DURATION, MAX_TOKEN_DURATION, ROOT_TOKEN_DURATION, assume_root,
    get_federation_token, get_session_token,
};
pub use user::{UserClaims, UserSession, UserSessionClaims};
