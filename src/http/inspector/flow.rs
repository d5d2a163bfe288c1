//! Flows as pages: a list of them, and one as a timeline.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use askama::Template;

use crate::audit::{AuditEvent, Outcome, Stage};
use crate::http::page::{CheckRow, Frame, Instant};
use crate::time::Timestamp;

/// The most flows on the list.
const LIST_LIMIT: usize = 100;

/// The most operations told of one flow on the list.
const OPERATIONS_LIMIT: usize = 5;

/// The list of flows.
#[derive(Debug, Template)]
#[template(path = "inspector.html")]
pub(in crate::http) struct ListPage<'a> {
    frame: Frame<'a>,
    flows: Vec<FlowRow>,
}

#[derive(Debug)]
struct FlowRow {
    id: String,
    latest: Instant,
    what: String,
    principal: String,
    class: &'static str,
    sign: &'static str,
    outcome: &'static str,
}

impl<'a> ListPage<'a> {
    /// The flows that `events`, oldest first, belong to; the latest flow first.
    pub(in crate::http) fn new(frame: Frame<'a>, events: &[AuditEvent], now: Timestamp) -> Self {
        let mut by_flow: BTreeMap<&str, Vec<&AuditEvent>> = BTreeMap::new();
        for event in events {
            by_flow.entry(event.correlation_id.as_str()).or_default().push(event);
        }
        let mut flows: Vec<_> = by_flow.into_values().filter_map(|events| FlowRow::new(&events, now)).collect();
        flows.sort_by_key(|flow| Reverse(flow.latest.at()));
        flows.truncate(LIST_LIMIT);
        Self { frame, flows }
    }
}

impl FlowRow {
    fn new(events: &[&AuditEvent], now: Timestamp) -> Option<Self> {
        let latest = events.last()?;
        let words = OutcomeWords::of(latest);
        let mut operations: Vec<&str> = events.iter().map(|event| event.operation.as_str()).collect();
        operations.dedup();
        let skipped = operations.len().saturating_sub(OPERATIONS_LIMIT);
        let who = events.iter().map(|event| &event.principal).find(|who| !who.is_empty());
        Some(Self {
            id: latest.correlation_id.as_str().to_owned(),
            latest: Instant::new(latest.at, now),
            what: operations.split_off(skipped).join(" → "),
            principal: who.cloned().unwrap_or_default(),
            class: words.class,
            sign: words.sign,
            outcome: words.outcome,
        })
    }
}

/// One flow.
#[derive(Debug, Template)]
#[template(path = "flow.html")]
pub(in crate::http) struct FlowPage<'a> {
    frame: Frame<'a>,
    id: &'a str,
    heading: String,
    steps: Vec<Step<'a>>,
}

#[derive(Debug)]
struct Step<'a> {
    event: &'a AuditEvent,
    at: Instant,
    stage: &'static str,
    class: &'static str,
    sign: &'static str,
    outcome: &'static str,
    refused: bool,
    checks: Vec<CheckRow<'a>>,
    checks_in_words: String,
}

impl<'a> FlowPage<'a> {
    /// The flow `id`, of which `events` are all that is known.
    pub(in crate::http) fn new(frame: Frame<'a>, id: &'a str, events: &'a [AuditEvent], now: Timestamp) -> Self {
        let who = events.iter().map(|event| event.principal.as_str()).find(|who| !who.is_empty());
        let heading =
            who.map_or_else(|| "The flow of someone not known".to_owned(), |who| format!("The flow of {who}"));
        Self { frame, id, heading, steps: events.iter().map(|event| Step::new(event, now)).collect() }
    }
}

impl<'a> Step<'a> {
    fn new(event: &'a AuditEvent, now: Timestamp) -> Self {
        let words = OutcomeWords::of(event);
        let checks = CheckRow::all(&event.checks);
        Self {
            event,
            at: Instant::new(event.at, now),
            stage: stage_word(event.stage),
            class: words.class,
            sign: words.sign,
            outcome: words.outcome,
            refused: event.outcome == Outcome::Refused,
            checks_in_words: CheckRow::summary(&checks),
            checks,
        }
    }
}

struct OutcomeWords {
    class: &'static str,
    sign: &'static str,
    outcome: &'static str,
}

impl OutcomeWords {
    const fn of(event: &AuditEvent) -> Self {
        let decision = matches!(event.stage, Stage::Decision);
        match event.outcome {
            Outcome::Accepted => {
                Self { class: "passed", sign: "✓", outcome: if decision { "allowed" } else { "accepted" } }
            }
            Outcome::Refused => {
                Self { class: "failed", sign: "✕", outcome: if decision { "denied" } else { "refused" } }
            }
        }
    }
}

const fn stage_word(stage: Stage) -> &'static str {
    match stage {
        Stage::Identity => "Identity",
        Stage::Session => "Role",
        Stage::Credentials => "Credentials",
        Stage::Request => "Request",
        Stage::Decision => "Decision",
        Stage::Operation => "Operation",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::explain::{Check, CorrelationId, Verdict};

    fn event(flow: &str, operation: &str, outcome: Outcome) -> AuditEvent {
        let id = CorrelationId::parse(flow).unwrap();
        AuditEvent::new(Timestamp::EPOCH, id, Stage::Identity, operation, outcome)
    }

    fn frame() -> Frame<'static> {
        Frame { title: "Inspector", brand: "daypass", person: None, home: "/portal", demo: true, now: Timestamp::EPOCH }
    }

    #[test]
    fn a_flow_is_listed_once_by_its_latest_event() {
        let mut first = event("a", "verify", Outcome::Accepted);
        first.principal = "martha".to_owned();
        let mut latest = event("a", "mint", Outcome::Accepted);
        latest.at = Timestamp::from_unix_seconds(1);
        let events = [first, event("b", "verify", Outcome::Refused), latest];
        let page = ListPage::new(frame(), &events, Timestamp::EPOCH);
        let rows: Vec<_> = page.flows.iter().map(|flow| (flow.id.as_str(), flow.what.as_str(), flow.outcome)).collect();
        assert_eq!(rows, [("a", "verify → mint", "accepted"), ("b", "verify", "refused")]);
        assert_eq!(page.flows[0].principal, "martha");
    }

    #[test]
    fn what_an_attacker_wrote_is_shown_as_text() {
        let hostile = "<script>alert('x')</script>";
        let mut refused = event("a", "verify", Outcome::Refused);
        refused.principal = hostile.to_owned();
        refused.reason = hostile.to_owned();
        refused.checks = vec![Check {
            name: "audience",
            section: "saml-core 2.5.1.4",
            prevents: "an assertion for another service",
            expected: hostile.to_owned(),
            found: hostile.to_owned(),
            verdict: Verdict::Failed,
        }];
        let events = [refused];
        let page = FlowPage::new(frame(), "a", &events, Timestamp::EPOCH).render().unwrap();
        assert!(!page.contains("<script>alert"), "{page}");
        assert_eq!(page.matches("&#60;script&#62;alert").count(), 5, "{page}");
        assert!(page.contains("1 check failed"));
    }
}
