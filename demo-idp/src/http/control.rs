//! `/_control`: the switches of a test, for languages other than Rust.

use super::answer::json;
use crate::clock::date_time;
use crate::core::Core;
use crate::fault::Fault;
use crate::params::BODY_MOST;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use axum::routing::{get, post};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::sync::Arc;

pub(super) fn routes() -> Router<Arc<Core>> {
    Router::new()
        .route("/_control/faults", get(faults).post(add_fault).delete(mend))
        .route("/_control/clock", get(clock).post(advance))
        .route("/_control/keys/rotate", post(rotate_keys))
        .route("/_control/requests", get(requests).delete(forget_requests))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct NewFault {
    fault: String,
    #[serde(default)]
    mode: Mode,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Mode {
    #[default]
    Once,
    Always,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Advance {
    advance_seconds: i64,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Rotation {
    #[serde(default)]
    withdraw: bool,
}

async fn faults(State(core): State<Arc<Core>>) -> Response {
    list_faults(&core)
}

fn list_faults(core: &Core) -> Response {
    let names = |faults: &[Fault]| -> Vec<&'static str> { faults.iter().map(|fault| fault.name()).collect() };
    let (next, always) = core.faults.waiting();
    let body = json!({ "next": names(&next), "always": names(&always), "known": names(&Fault::ALL) });
    json(StatusCode::OK, &body)
}

async fn add_fault(State(core): State<Arc<Core>>, headers: HeaderMap, body: Body) -> Response {
    let asked: NewFault = match read(&headers, body).await {
        Ok(asked) => asked,
        Err(refusal) => return refusal,
    };
    let Ok(fault) = asked.fault.parse() else {
        return refuse(StatusCode::BAD_REQUEST, "there is no fault of this name; GET lists those there are");
    };
    match asked.mode {
        Mode::Once => core.faults.break_next(fault),
        Mode::Always => core.faults.break_always(fault),
    }
    list_faults(&core)
}

async fn mend(State(core): State<Arc<Core>>) -> Response {
    core.faults.mend();
    list_faults(&core)
}

async fn clock(State(core): State<Arc<Core>>) -> Response {
    json(StatusCode::OK, &json!({ "now": date_time(core.clock.now()) }))
}

async fn advance(State(core): State<Arc<Core>>, headers: HeaderMap, body: Body) -> Response {
    match read::<Advance>(&headers, body).await {
        Ok(asked) => core.clock.advance(asked.advance_seconds),
        Err(refusal) => return refusal,
    }
    json(StatusCode::OK, &json!({ "now": date_time(core.clock.now()) }))
}

async fn rotate_keys(State(core): State<Arc<Core>>, headers: HeaderMap, body: Body) -> Response {
    let asked: Rotation = match read(&headers, body).await {
        Ok(asked) => asked,
        Err(refusal) => return refusal,
    };
    if let Err(error) = core.keys.rotate() {
        return refuse(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string());
    }
    if asked.withdraw {
        core.keys.withdraw_old();
    }
    json(StatusCode::OK, &crate::oidc::discovery::jwks(&core))
}

async fn requests(State(core): State<Arc<Core>>) -> Response {
    let requests: Vec<Value> = core
        .journal
        .requests()
        .into_iter()
        .map(|it| {
            json!({
                "at": date_time(it.at),
                "method": it.method,
                "path": it.path,
                "status": it.status,
                "outcome": it.outcome,
            })
        })
        .collect();
    json(StatusCode::OK, &json!({ "requests": requests }))
}

async fn forget_requests(State(core): State<Arc<Core>>) -> Response {
    core.journal.clear();
    json(StatusCode::OK, &json!({ "requests": [] }))
}

/// The content type is required because a page of another site cannot send it unasked: browsers ask first, and nobody
/// here says yes (attack: cross-site request forgery).
async fn read<T: DeserializeOwned>(headers: &HeaderMap, body: Body) -> Result<T, Response> {
    let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if content_type.split(';').next().map(str::trim) != Some("application/json") {
        return Err(refuse(StatusCode::UNSUPPORTED_MEDIA_TYPE, "the content type must be application/json"));
    }
    let bytes = to_bytes(body, BODY_MOST)
        .await
        .map_err(|_| refuse(StatusCode::PAYLOAD_TOO_LARGE, "the body is longer than 96 KiB"))?;
    serde_json::from_slice(&bytes).map_err(|error| refuse(StatusCode::BAD_REQUEST, &error.to_string()))
}

fn refuse(status: StatusCode, error: &str) -> Response {
    json(status, &json!({ "error": error }))
}
