//! A denial as callers are told: one sentence, and the whole decision sealed for those who may read it.

use std::fmt;

use serde_json::{Value, json};

use super::Decision;
use crate::arn::AccountId;
use crate::policy::{Layer, Outcome, StatementReport};
use crate::session::{Caller, Session};

/// The longest JSON text that is sealed: encoded it stays within the 10,240 characters that DecodeAuthorizationMessage takes.
const MAX_MESSAGE: usize = 7_000;

/// That a caller may not do something, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Denial {
    caller: String,
    caller_id: String,
    account: AccountId,
    action: String,
    resource: String,
    why: String,
    decision: Decision,
    encoded: Option<String>,
}

impl Denial {
    /// That `caller` may not do `action` on `resource`, by this decision.
    #[must_use]
    pub fn new(caller: &Caller, action: &str, resource: &str, decision: Decision) -> Self {
        Self {
            caller: caller.arn().to_string(),
            caller_id: caller.user_id(),
            account: caller.account().clone(),
            action: action.to_owned(),
            resource: resource.to_owned(),
            why: why(caller, action, &decision),
            decision,
            encoded: None,
        }
    }

    /// The same, with the sealed message that its sentence ends in.
    #[must_use]
    pub fn with_encoded(mut self, encoded: String) -> Self {
        self.encoded = Some(encoded);
        self
    }

    /// The account of the caller.
    #[must_use]
    pub const fn account(&self) -> &AccountId {
        &self.account
    }

    /// The decision.
    pub const fn decision(&self) -> &Decision {
        &self.decision
    }

    /// The sealed message, if there is one.
    #[must_use]
    pub fn encoded(&self) -> Option<&str> {
        self.encoded.as_deref()
    }

    /// The decision as the JSON document of DecodeAuthorizationMessage; what does not fit is left out from the end: first
    /// the values of condition keys, then the statements that nearly matched.
    #[must_use]
    pub fn message(&self) -> String {
        let whole = self.document(true, true).to_string();
        if whole.len() <= MAX_MESSAGE {
            return whole;
        }
        let shorter = self.document(false, true).to_string();
        if shorter.len() <= MAX_MESSAGE { shorter } else { self.document(false, false).to_string() }
    }

    fn document(&self, conditions: bool, statements: bool) -> Value {
        let explanation = self.decision.reason().explanation();
        let short = |text: &str| -> String { text.chars().take(1000).collect() };
        let deciding = explanation.deciding.iter().filter(|_| statements).map(statement);
        let failures = explanation.layers.iter().filter(|report| statements && report.outcome != Outcome::Allow);
        let failures = failures.map(|report| json!({"layer": report.layer, "level": report.level}));
        let keys = explanation.keys.iter().filter(|key| conditions && !key.values.is_empty()).map(|key| {
            let values = key.values.iter().map(|value| json!({"value": value}));
            json!({"key": key.name, "values": {"items": values.collect::<Vec<_>>()}})
        });
        json!({
            "allowed": false,
            "explicitDeny": matches!(self.decision, Decision::ExplicitDeny(_)),
            "reason": short(&explanation.reason),
            "matchedStatements": {"items": deciding.collect::<Vec<_>>()},
            "failures": {"items": failures.collect::<Vec<_>>()},
            "context": {
                "principal": {"id": self.caller_id, "arn": self.caller},
                "action": self.action,
                "resource": short(&self.resource),
                "conditions": {"items": keys.collect::<Vec<_>>()},
            },
        })
    }
}

fn statement(report: &StatementReport) -> Value {
    json!({
        "statementId": report.statement,
        "effect": report.effect,
        "sourcePolicyId": report.policy,
        "sourcePolicyType": report.layer,
        "startPosition": {"line": report.line, "column": report.column},
    })
}

/// The second half of the sentence, which names the kind of policy that stood in the way; or the rules of the caller's kind of
/// credentials, which are no policy that anybody could find and change.
pub(crate) fn why(caller: &Caller, action: &str, decision: &Decision) -> String {
    let explanation = decision.reason().explanation();
    let is_root_task = matches!(caller.session().map(|own| &**own), Some(Session::Root(_)));
    let named = |layer| if is_root_task && layer == Layer::Session { "root task policy" } else { kind(layer) };
    if let Decision::ExplicitDeny(_) = decision {
        return match explanation.deciding.first() {
            Some(statement) if caller.is_ruled_by(&statement.policy) => {
                format!("with an explicit deny in {} ({})", statement.policy, statement.statement)
            }
            statement => {
                let kind = named(statement.map_or(Layer::Identity, |own| own.layer));
                let article = if kind.starts_with('i') { "an" } else { "a" };
                format!("with an explicit deny in {article} {kind}")
            }
        };
    }
    let layer = explanation.silent.as_ref().map_or(Layer::Identity, |silent| silent.layer);
    format!("because no {} allows the {action} action", named(layer))
}

const fn kind(layer: Layer) -> &'static str {
    match layer {
        Layer::ServiceControl => "service control policy",
        Layer::ResourceControl => "resource control policy",
        Layer::Resource => "resource-based policy",
        Layer::Boundary => "permissions boundary",
        Layer::Session => "session policy",
        Layer::Identity => "identity-based policy",
    }
}

impl fmt::Display for Denial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { caller, action, resource, why, .. } = self;
        write!(f, "User: {caller} is not authorized to perform: {action} on resource: {resource} {why}")?;
        match &self.encoded {
            Some(encoded) => write!(f, ". Encoded authorization failure message: {encoded}"),
            None => Ok(()),
        }
    }
}
