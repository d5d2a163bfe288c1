//! `daypass policy evaluate`: a request from the arguments, or a batch.

use daypass::policy::{Explanation, Kind, Layer, NearMiss, Outcome, StatementReport};
use serde::Serialize;

use super::args::{Evaluate, PrincipalType};
use super::lines;
use super::request::{Deciding, Policies, Question, name, principal};
use crate::batch;
use crate::documents::{keys, levels, policies, policy};
use crate::error::{Answer, CliError, InputError};
use crate::input::Source;
use crate::print::Printer;

/// The answer to one request, with its whole story.
#[derive(Debug, Serialize)]
struct Explained {
    decision: Outcome,
    statement: Option<Deciding>,
    explanation: Explanation,
}

pub(super) fn run(evaluate: &Evaluate) -> Result<Answer, CliError> {
    if evaluate.batch {
        let source = Source::new(evaluate.input.clone());
        return batch::run(&source, |fields| lines::answer(fields, evaluate.explain));
    }
    let question = question(evaluate)?;
    let evaluation = question.evaluate();
    let decision = evaluation.outcome();
    let explained = Explained { decision, statement: Deciding::of(&evaluation), explanation: evaluation.explain() };
    let mut printer = Printer::stdout();
    if evaluate.json {
        printer.json(&explained)?;
    } else {
        print(&mut printer, &explained.explanation, evaluate.trust_policy.is_some())?;
    }
    printer.finish()?;
    Ok(Answer::from(decision == Outcome::Allow))
}

fn question(evaluate: &Evaluate) -> Result<Question, CliError> {
    let action = evaluate.action.as_deref().unwrap_or_default();
    if evaluate.principal.is_none() && evaluate.principal_type != Some(PrincipalType::Anonymous) {
        let problem = "missing; expected who asks, or --principal-type anonymous";
        return Err(InputError::new("--principal", problem).into());
    }
    let account = evaluate.resource_account.as_deref();
    Ok(Question {
        principal: principal(evaluate.principal.as_deref(), evaluate.principal_type).map_err(flag)?,
        action: name("--action", action)?,
        resource: name("--resource", &evaluate.resource)?,
        resource_account: account.map(|account| name("--resource-account", account)).transpose()?,
        keys: keys(&evaluate.context, &evaluate.context_list)?,
        policies: Policies {
            identity: policies(&evaluate.identity_policy, Kind::Identity)?,
            resource: match (&evaluate.resource_policy, &evaluate.trust_policy) {
                (Some(path), _) => Some(policy(path, Kind::Resource)?),
                (None, Some(path)) => Some(policy(path, Kind::Trust)?),
                (None, None) => None,
            },
            boundary: policies(&evaluate.permission_boundary, Kind::Boundary)?,
            session: policies(&evaluate.session_policy, Kind::Session)?,
            service_control: levels("--scp", &evaluate.scp, Kind::ServiceControl)?,
            resource_control: levels("--rcp", &evaluate.rcp, Kind::ResourceControl)?,
        },
    })
}

/// The same problem, named as the argument it is in.
fn flag(error: InputError) -> InputError {
    InputError { place: format!("--{}", error.place), ..error }
}

fn print(printer: &mut Printer, explanation: &Explanation, is_trust: bool) -> Result<(), CliError> {
    for layer in &explanation.layers {
        let level = layer.level.as_deref().map(|level| format!(" at {level}")).unwrap_or_default();
        let called = match layer.layer {
            Layer::Resource if is_trust => "the trust policy".to_owned(),
            other => other.to_string(),
        };
        printer.heading(&format!("{called}{level}: {}", layer.outcome))?;
        for statement in &layer.statements {
            printer.line(&format!("  {}", told(statement)))?;
        }
    }
    if !explanation.keys.is_empty() {
        printer.heading("condition keys that statements about this action read")?;
    }
    for key in &explanation.keys {
        let values = if key.values.is_empty() { "absent".to_owned() } else { quoted(&key.values) };
        printer.line(&format!("  {:<24} {values}", key.name))?;
    }
    if explanation.near_misses.len() > 1
        || explanation.near_misses.iter().any(|near| near.statement.conditions.len() > 1)
    {
        printer.heading("statements that came near, the nearest first")?;
        for near in &explanation.near_misses {
            printer.line(&format!("  {}", came_near(near)))?;
        }
    }
    printer.heading("decision")?;
    for statement in &explanation.deciding {
        printer.line(&format!("  {}", told(statement)))?;
    }
    if !explanation.evidence.expected.is_empty() {
        printer.line(&format!("  expected  {}", explanation.evidence.expected))?;
        printer.line(&format!("  found     {}", explanation.evidence.found))?;
    }
    let outcome = explanation.outcome;
    printer.verdict(outcome == Outcome::Allow, &format!("{outcome}:"), &explanation.reason)
}

fn told(statement: &StatementReport) -> String {
    let StatementReport { policy, statement, effect, line, column, .. } = statement;
    format!("{effect:?} by statement {statement} of {policy}:{line}:{column}")
}

fn came_near(near: &NearMiss) -> String {
    let StatementReport { policy, statement, line, column, conditions, .. } = &near.statement;
    let place = format!("statement {statement} of {policy}:{line}:{column}");
    if conditions.is_empty() {
        let part = format!("{:?}", near.part);
        return format!("{place}: {part} is {}, found {}", near.expected, near.found);
    }
    let failing = conditions.iter().map(|own| {
        format!("{} on {} (line {}) wanted {}, found {}", own.operator, own.key, own.line, own.expected, own.found)
    });
    format!("{place}: {}", failing.collect::<Vec<_>>().join("; "))
}

/// Values in quotes: white space and an empty text are seen.
fn quoted(values: &[String]) -> String {
    values.iter().map(|value| format!("{value:?}")).collect::<Vec<_>>().join(", ")
}
