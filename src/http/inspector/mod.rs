//! The inspector of a demonstration: what every stage did for one person, check by check.
//!
//! Reads audit events, which hold no secret; decides nothing.

mod flow;
pub(in crate::http) mod judge;
pub(in crate::http) mod token;

use std::fmt;
use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};

use crate::audit::{AuditEvent, AuditSink, Outcome, Recent};
use crate::explain::{Check, CorrelationId};
use crate::http::page::{Next, Refusal};
use crate::http::portal::Portal;
use flow::{FlowPage, ListPage};

/// Events that can be read back.
pub trait Trail: fmt::Debug + Send + Sync {
    /// The events kept, oldest first.
    fn events(&self) -> Vec<AuditEvent>;

    /// The events kept of one flow, oldest first. A refused sign-in asks for them, which anyone may cause: copying every
    /// event for each would cost the more the longer a demonstration runs.
    fn events_of(&self, flow: &str) -> Vec<AuditEvent>;
}

impl<S: AuditSink> Trail for Recent<S> {
    fn events(&self) -> Vec<AuditEvent> {
        Self::events(self)
    }

    fn events_of(&self, flow: &str) -> Vec<AuditEvent> {
        self.select(|event| event.correlation_id.as_str() == flow)
    }
}

/// `GET /inspector`: the latest flows.
pub(in crate::http) async fn list(State(portal): State<Arc<Portal>>) -> Response {
    let events = portal.trail().map(Trail::events).unwrap_or_default();
    let page = ListPage::new(portal.frame("Inspector", None), &events, portal.broker.now());
    portal.page(StatusCode::OK, &page)
}

/// `GET /inspector/{flow}` and `GET /inspector/{flow}.json`.
pub(in crate::http) async fn flow(State(portal): State<Arc<Portal>>, Path(name): Path<String>) -> Response {
    let id = name.strip_suffix(".json").unwrap_or(&name);
    let events = portal.trail().map(|trail| trail.events_of(id)).unwrap_or_default();
    if events.is_empty() {
        return portal.answer(Err(unknown_flow().into()));
    }
    if id != name {
        return json(&events);
    }
    let page = FlowPage::new(portal.frame("One flow", None), id, &events, portal.broker.now());
    portal.page(StatusCode::OK, &page)
}

fn json(events: &[AuditEvent]) -> Response {
    let Ok(text) = serde_json::to_vec(events) else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static("application/json")),
        (CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    ];
    (headers, text).into_response()
}

/// The checks that led to the refusal a flow has just ended in.
pub(in crate::http) fn checks_of(trail: &dyn Trail, flow: &CorrelationId) -> Vec<Check> {
    let last = trail.events_of(flow.as_str()).pop();
    last.filter(|event| event.outcome == Outcome::Refused).map(|event| event.checks).unwrap_or_default()
}

fn unknown_flow() -> Refusal {
    Refusal::new(
        StatusCode::NOT_FOUND,
        "This flow is not in the inspector",
        "Only the latest flows are kept.",
        "Start a new one, and open it from the inspector's list.",
        Next::Portal,
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::{Discard, Stage};
    use crate::time::Timestamp;

    fn event(flow: &str, operation: &str) -> AuditEvent {
        let id = CorrelationId::parse(flow).unwrap();
        AuditEvent::new(Timestamp::EPOCH, id, Stage::Identity, operation, Outcome::Refused)
    }

    /// A trail that counts what it copies.
    #[derive(Debug)]
    struct Counted(Recent<Discard>, std::sync::atomic::AtomicUsize);

    impl Trail for Counted {
        fn events(&self) -> Vec<AuditEvent> {
            let events = self.0.events();
            self.1.fetch_add(events.len(), std::sync::atomic::Ordering::SeqCst);
            events
        }

        fn events_of(&self, flow: &str) -> Vec<AuditEvent> {
            let events = Trail::events_of(&self.0, flow);
            self.1.fetch_add(events.len(), std::sync::atomic::Ordering::SeqCst);
            events
        }
    }

    #[test]
    fn a_refusal_copies_the_events_of_its_own_flow_alone() {
        let trail = Counted(Recent::new(100, Discard), Default::default());
        for number in 0..50 {
            trail.0.record(&event(&format!("other-{number}"), "sign-in")).unwrap();
        }
        trail.0.record(&event("mine", "first")).unwrap();
        trail.0.record(&event("mine", "second")).unwrap();
        checks_of(&trail, &CorrelationId::parse("mine").unwrap());
        assert_eq!(trail.1.load(std::sync::atomic::Ordering::SeqCst), 2);
        let mine: Vec<_> = Trail::events_of(&trail.0, "mine").into_iter().map(|event| event.operation).collect();
        assert_eq!(mine, ["first", "second"]);
    }
}
