//! A batch of requests: each line with every policy that has a say in it.

use std::collections::BTreeMap;

use daypass::policy::{Explanation, Keys, Kind, Level, MAX_DOCUMENT_CHARACTERS, Outcome, Policy};
use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::args::PrincipalType;
use super::request::{Deciding, Policies, Question, name, principal};
use crate::batch::Answered;
use crate::error::InputError;
use crate::fields::Fields;

/// The answer to one line.
#[derive(Debug, Serialize)]
pub(super) struct Line {
    id: Value,
    decision: Outcome,
    statement: Option<Deciding>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    explanation: Option<Explanation>,
}

/// Why there is no question to decide.
enum Unusable {
    /// The line cannot be used.
    Line(InputError),
    /// A policy of the case cannot be read: what cannot be evaluated denies.
    Policy(InputError),
}

impl From<InputError> for Unusable {
    fn from(error: InputError) -> Self {
        Self::Line(error)
    }
}

pub(super) fn answer(line: Result<Fields<'_>, InputError>, explain: bool) -> Answered<Line> {
    let id = line.as_ref().map(Fields::id).unwrap_or_default();
    let denied = |error: InputError, id| {
        let error = Some(error.to_string());
        Line { id, decision: Outcome::ImplicitDeny, statement: None, error, explanation: None }
    };
    match line.map_err(Unusable::Line).and_then(|fields| question(&fields)) {
        Ok(question) => {
            let evaluation = question.evaluate();
            let answer = Line {
                id,
                decision: evaluation.outcome(),
                statement: Deciding::of(&evaluation),
                error: None,
                explanation: explain.then(|| evaluation.explain()),
            };
            Answered { answer, judged: true }
        }
        Err(Unusable::Policy(error)) => Answered { answer: denied(error, id), judged: true },
        Err(Unusable::Line(error)) => Answered { answer: denied(error, id), judged: false },
    }
}

const FIELDS: [&str; 9] = [
    "id",
    "request",
    "identity_policies",
    "resource_policy",
    "trust_policy",
    "permission_boundaries",
    "session_policies",
    "scps",
    "rcps",
];
/// What the names of policies speak of, however they are written.
const TOPICS: [&str; 6] = ["polic", "bound", "scp", "rcp", "control", "session"];
const REQUEST: [&str; 6] = ["principal", "principal_type", "action", "resource", "resource_account", "context"];

fn question(fields: &Fields<'_>) -> Result<Question, Unusable> {
    fields.not_misspelt("", &FIELDS)?;
    fields.not_another(&FIELDS, &TOPICS)?;
    let request = fields.raw("request").ok_or_else(|| InputError::new("request", "missing; expected an object"))?;
    let request = Fields::parse(request, "request")?;
    request.not_misspelt("request.", &REQUEST)?;
    let inside = |error: InputError| error.within("request");
    let kind = match request.read::<String>("principal_type", "text").map_err(inside)? {
        None => None,
        Some(kind) => Some(principal_type(&kind).map_err(inside)?),
    };
    let who: Option<String> = request.read("principal", "text").map_err(inside)?;
    let action: String = request.require("action", "text").map_err(inside)?;
    let resource: Option<String> = request.read("resource", "text").map_err(inside)?;
    let account: Option<String> = request.read("resource_account", "text or null").map_err(inside)?;
    Ok(Question {
        principal: principal(who.as_deref(), kind).map_err(inside)?,
        action: name("action", &action).map_err(inside)?,
        resource: name("resource", resource.as_deref().unwrap_or("*")).map_err(inside)?,
        resource_account: account.map(|account| name("resource_account", &account)).transpose().map_err(inside)?,
        keys: keys(&request).map_err(inside)?,
        policies: policies(fields)?,
    })
}

fn principal_type(name: &str) -> Result<PrincipalType, InputError> {
    let expected = "expected aws, service, federated, canonical or anonymous";
    clap::ValueEnum::from_str(name, true).map_err(|_| InputError::new("principal_type", expected))
}

/// The condition keys: a text has one value, a list is multivalued whatever its length.
fn keys(request: &Fields<'_>) -> Result<Keys, InputError> {
    let expected = "an object of texts and lists of texts";
    let context: BTreeMap<String, Value> = request.read("context", expected)?.unwrap_or_default();
    let mut keys = Keys::new();
    for (name, value) in context {
        let wrong = || InputError::new(format!("context.{name}"), "expected text or a list of texts");
        match &value {
            Value::Null => {}
            Value::Array(values) => {
                let texts: Option<Vec<String>> = values.iter().map(text).collect();
                keys.set_list(&name, texts.ok_or_else(wrong)?);
            }
            other => keys.set(&name, text(other).ok_or_else(wrong)?),
        }
    }
    Ok(keys)
}

/// Numbers and truth values are condition values by their text.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

fn policies(fields: &Fields<'_>) -> Result<Policies, Unusable> {
    let resource = match (fields.raw("resource_policy"), fields.raw("trust_policy")) {
        (Some(_), Some(_)) => {
            return Err(
                InputError::new("trust_policy", "a role's trust policy is its resource policy: give one").into()
            );
        }
        (Some(document), None) => Some(policy(document, Kind::Resource, "resource_policy")?),
        (None, Some(document)) => Some(policy(document, Kind::Trust, "trust_policy")?),
        (None, None) => None,
    };
    Ok(Policies {
        identity: list(fields, "identity_policies", "identity_policies", Kind::Identity)?,
        resource,
        boundary: list(fields, "permission_boundaries", "permission_boundaries", Kind::Boundary)?,
        session: list(fields, "session_policies", "session_policies", Kind::Session)?,
        service_control: levels(fields, "scps", Kind::ServiceControl)?,
        resource_control: levels(fields, "rcps", Kind::ResourceControl)?,
    })
}

fn list(fields: &Fields<'_>, field: &str, place: &str, kind: Kind) -> Result<Vec<Policy>, Unusable> {
    let documents: Vec<&RawValue> = fields.read(field, "a list of policies")?.unwrap_or_default();
    let numbered = documents.into_iter().enumerate();
    numbered.map(|(index, document)| policy(document.get(), kind, &format!("{place}[{index}]"))).collect()
}

fn levels(fields: &Fields<'_>, field: &str, kind: Kind) -> Result<Vec<Level>, Unusable> {
    let listed: Vec<&RawValue> = fields.read(field, "a list of levels")?.unwrap_or_default();
    let mut levels = Vec::with_capacity(listed.len());
    for (index, level) in listed.into_iter().enumerate() {
        let place = format!("{field}[{index}]");
        let level = Fields::parse(level.get(), &place)?;
        level.not_misspelt(&format!("{place}."), &["level", "policies"])?;
        let name = level.read::<Value>("level", "text")?.as_ref().and_then(text).unwrap_or_else(|| place.clone());
        levels.push(Level::new(name, list(&level, "policies", &format!("{place}.policies"), kind)?));
    }
    Ok(levels)
}

/// One document, as an object or as the text of one; read as it was written, so that a key given twice is seen.
fn policy(document: &str, kind: Kind, place: &str) -> Result<Policy, Unusable> {
    let unwrapped = if document.starts_with('"') { serde_json::from_str::<String>(document).ok() } else { None };
    let text = unwrapped.as_deref().unwrap_or(document);
    let policy = Policy::parse_within(text, kind, MAX_DOCUMENT_CHARACTERS);
    policy.map(|policy| policy.named(place)).map_err(|error| Unusable::Policy(InputError::new(place, error.reason())))
}
