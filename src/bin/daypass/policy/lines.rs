//! A batch of requests: each line with every policy that has a say in it.

use std::collections::BTreeSet;

use daypass::policy::{Explanation, Keys, Kind, Level, MAX_DOCUMENT_CHARACTERS, Outcome, Policy};
use serde::Serialize;
use serde_json::value::RawValue;

use super::args::PrincipalType;
use super::request::{Deciding, Policies, Question, name, principal};
use crate::batch::{Answered, Case};
use crate::error::InputError;
use crate::fields::{Fields, Id};

/// The answer to one line.
#[derive(Debug, Serialize)]
pub(super) struct Line {
    id: Id,
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

pub(super) fn answer(Case { id, fields }: Case<'_>, explain: bool) -> Answered<Line> {
    let denied = |error: InputError, id| {
        let error = Some(error.to_string());
        Line { id, decision: Outcome::ImplicitDeny, statement: None, error, explanation: None }
    };
    match fields.map_err(Unusable::Line).and_then(|fields| question(&fields)) {
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
/// What the names of policies, and of what conditions look at, speak of, however they are written.
const TOPICS: [&str; 8] = ["polic", "bound", "scp", "rcp", "control", "session", "context", "condition"];
const REQUEST: [&str; 6] = ["principal", "principal_type", "action", "resource", "resource_account", "context"];
const LEVEL: [&str; 2] = ["level", "policies"];

fn question(fields: &Fields<'_>) -> Result<Question, Unusable> {
    fields.not_misspelt(&FIELDS)?;
    fields.not_another(&FIELDS, &TOPICS)?;
    if let Some(name) = REQUEST.iter().find(|name| fields.raw(name).is_some()) {
        return Err(InputError::new(*name, "belongs into request").into());
    }
    let request = fields.raw("request").ok_or_else(|| InputError::new("request", "missing; expected an object"))?;
    let request = Fields::parse(request, "request")?;
    request.none_but("request.", &REQUEST)?;
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
    let Some(context) = request.raw("context") else { return Ok(Keys::new()) };
    let context = Fields::parse(context, "context")?;
    let (mut keys, mut seen) = (Keys::new(), BTreeSet::new());
    for (name, value) in context.iter() {
        let place = || format!("context.{name}");
        let wrong = || InputError::new(place(), "expected text or a list of texts");
        // Condition keys have no case: whichever of two were taken, the other would not be looked at.
        if !seen.insert(name.to_lowercase()) {
            return Err(InputError::new(place(), "given twice, in another case; expected each key once"));
        }
        if value.starts_with('[') {
            let values: Vec<&RawValue> = serde_json::from_str(value).map_err(|_| wrong())?;
            let texts: Option<Vec<String>> = values.into_iter().map(|value| text(value.get())).collect();
            keys.set_list(name, texts.ok_or_else(wrong)?);
        } else {
            keys.set(name, text(value).ok_or_else(wrong)?);
        }
    }
    Ok(keys)
}

/// Numbers and truth values are condition values by their text, as it was written.
fn text(value: &str) -> Option<String> {
    match value.chars().next() {
        Some('"') => serde_json::from_str(value).ok(),
        Some('[' | '{' | 'n') | None => None,
        Some(_) => Some(value.to_owned()),
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
    let documents: Option<Vec<&RawValue>> =
        fields.read(field, "a list of policies").map_err(|error| InputError { place: place.to_owned(), ..error })?;
    let numbered = documents.unwrap_or_default().into_iter().enumerate();
    numbered.map(|(index, document)| policy(document.get(), kind, &format!("{place}[{index}]"))).collect()
}

fn levels(fields: &Fields<'_>, field: &str, kind: Kind) -> Result<Vec<Level>, Unusable> {
    let listed: Vec<&RawValue> = fields.read(field, "a list of levels")?.unwrap_or_default();
    let mut levels = Vec::with_capacity(listed.len());
    for (index, level) in listed.into_iter().enumerate() {
        let place = format!("{field}[{index}]");
        let level = Fields::parse(level.get(), &place)?;
        // What a level denies must not get lost under another name, nor may a level that says nothing allow nothing.
        level.none_but(&format!("{place}."), &LEVEL)?;
        if level.raw("policies").is_none() {
            return Err(InputError::new(format!("{place}.policies"), "missing; expected a list of policies").into());
        }
        let name = match level.raw("level") {
            None => place.clone(),
            Some(name) => {
                text(name).ok_or_else(|| InputError::new(format!("{place}.level"), "expected text or a number"))?
            }
        };
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
