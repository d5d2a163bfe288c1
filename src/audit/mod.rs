//! Stage 6: what every stage did, as events that hold no secret.
//!
//! A [`Broker`](crate::Broker) records one [`AuditEvent`] for each outcome of each stage; an [`AuditSink`] keeps them.

mod sink;

pub use sink::{AuditSink, Discard, JsonLines, Recent};

use std::collections::BTreeMap;

use serde::Serialize;

use crate::explain::{Check, CorrelationId};
use crate::time::Timestamp;

/// Which stage speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Stage {
    /// An assertion was verified or refused.
    Identity,
    /// A role was assumed or refused.
    Session,
    /// Credentials were minted.
    Credentials,
    /// A signed request was authenticated or refused.
    Request,
    /// An action was allowed or denied.
    Decision,
    /// An operation that was asked for was carried out, or failed or was refused.
    Operation,
}

/// How it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Outcome {
    /// The stage gave its value.
    Accepted,
    /// The stage refused.
    Refused,
}

/// On whose behalf something was done: the person whom an identity store asserted to the session that did it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[expect(clippy::exhaustive_structs, reason = "a person is told in full by these")]
pub struct OnBehalfOf {
    /// The person's id in the identity store.
    pub user_id: String,
    /// ARN of the identity store.
    pub identity_store_arn: String,
    /// Id of the assertion, the same from its issue to the last request of a session made with it; none where the directory
    /// itself gave the role.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credential_id: Option<String>,
}

/// One outcome of one stage.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct AuditEvent {
    /// When, in RFC 3339.
    #[serde(serialize_with = "as_text")]
    pub at: Timestamp,
    /// Follows one person's flow through every stage.
    pub correlation_id: CorrelationId,
    /// The one request within that flow, where it has an id of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<CorrelationId>,
    /// Which stage.
    pub stage: Stage,
    /// What was attempted: `verify`, `AssumeRoleWithSAML`, `s3:GetObject` …
    pub operation: String,
    /// How it ended.
    pub outcome: Outcome,
    /// Who: a subject, a role session's ARN, or empty when that is not known yet.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub principal: String,
    /// On whose behalf, where the principal acts for somebody.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on_behalf_of: Option<OnBehalfOf>,
    /// On what: a provider, a role or a resource.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub resource: String,
    /// The wire code of a refusal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<&'static str>,
    /// Why, with evidence: the statement that decided, or what was expected and found.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// Of an operation: the parameters that say what was done, by name, and none that holds a secret.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub parameters: BTreeMap<&'static str, String>,
    /// Relaxations of the strict profile that the message needed, by name; none unless an operator set them for the provider.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub relaxations: Vec<&'static str>,
    /// What a careful operator would change about how it was done, in sentences; such as a root user's key that signed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
    /// Every check that was made, where the sink asked for them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub checks: Vec<Check>,
}

impl AuditEvent {
    /// An event with nothing said yet of principal, resource, reason, parameters and checks.
    #[must_use]
    pub fn new(
        at: Timestamp,
        correlation_id: CorrelationId,
        stage: Stage,
        operation: impl Into<String>,
        outcome: Outcome,
    ) -> Self {
        Self {
            at,
            correlation_id,
            request_id: None,
            stage,
            operation: operation.into(),
            outcome,
            principal: String::new(),
            on_behalf_of: None,
            resource: String::new(),
            code: None,
            reason: String::new(),
            parameters: BTreeMap::new(),
            relaxations: Vec::new(),
            warnings: Vec::new(),
            checks: Vec::new(),
        }
    }
}

fn as_text<S: serde::Serializer>(at: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(at)
}
