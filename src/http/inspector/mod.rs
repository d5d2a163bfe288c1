//! The inspector of a demonstration: what every stage did for one person, check by check.
//!
//! Reads audit events, which hold no secret; decides nothing.

mod flow;

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
}

impl<S: AuditSink> Trail for Recent<S> {
    fn events(&self) -> Vec<AuditEvent> {
        Self::events(self)
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
    let events = portal.trail().map(|trail| events_of(trail, id)).unwrap_or_default();
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

/// The events of one flow, oldest first.
fn events_of(trail: &dyn Trail, flow: &str) -> Vec<AuditEvent> {
    let mut events = trail.events();
    events.retain(|event| event.correlation_id.as_str() == flow);
    events
}

/// The checks that led to the refusal a flow has just ended in.
pub(in crate::http) fn checks_of(trail: &dyn Trail, flow: &CorrelationId) -> Vec<Check> {
    let last = events_of(trail, flow.as_str()).pop();
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
