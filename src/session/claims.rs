//! What a role session says of itself: the plain data that a session token carries, signed.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::IdentityContextClaims;

/// How the session came to be; decides what its credentials may be used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Origin {
    /// AssumeRoleWithSAML.
    Saml,
    /// AssumeRoleWithWebIdentity.
    WebIdentity,
    /// AssumeRole by a user, with a long-term key or with a session from GetSessionToken.
    Assumed,
    /// AssumeRole by another role session: role chaining.
    Chained,
    /// A permission set assigned to a person who signed in to the portal.
    Assigned,
}

/// The claims of a role session. Instants are whole seconds since 1970 in UTC.
///
/// Readable by whoever bears the token: no secret belongs in here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SessionClaims {
    /// ARN of the role.
    pub role_arn: String,
    /// Id of the role (`AROA…`).
    pub role_id: String,
    /// The session's name, 2 to 64 characters.
    pub role_session_name: String,
    /// How the session came to be.
    pub origin: Origin,
    /// When the session was made.
    pub issued_at: i64,
    /// When its credentials stop working.
    pub expiration: i64,
    /// Inline session policies, each as its JSON text; permissions are the intersection with the role's.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub session_policies: Vec<String>,
    /// ARNs of managed policies that serve as session policies, each looked up when it is asked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub policy_arns: Vec<String>,
    /// Principal tags, by key.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub principal_tags: BTreeMap<String, String>,
    /// Keys of the tags that are carried into further roles.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub transitive_tag_keys: Vec<String>,
    /// The source identity, immutable down a chain of roles.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_identity: Option<String>,
    /// ARN of the provider that vouched for the person (`aws:FederatedProvider`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub federated_provider: Option<String>,
    /// When a second factor was proved for this session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mfa_authenticated_at: Option<i64>,
    /// Condition keys of the federation that outlive it, such as `saml:sub` or `login.example.com:aud`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub federation_keys: BTreeMap<String, Vec<String>>,
    /// On whose behalf the session acts, where a context was provided for it; a further role does not inherit it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity_context: Option<Box<IdentityContextClaims>>,
    /// Follows the person's flow through every stage.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correlation_id: Option<String>,
}
