//! Answers with the headers that every one of them has.

use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, LOCATION, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::Value;

/// What a request came to, for the request log.
#[derive(Debug, Clone)]
pub(super) struct Outcome(pub(super) String);

pub(super) trait WithOutcome {
    fn with_outcome(self, outcome: String) -> Self;
}

impl WithOutcome for Response {
    fn with_outcome(mut self, outcome: String) -> Self {
        self.extensions_mut().insert(Outcome(outcome));
        self
    }
}

/// A page. `form_targets` are the places beside ourselves its forms may lead to, redirects after them included.
pub(super) fn page(status: StatusCode, html: String, form_targets: &[String], scripts: Scripts) -> Response {
    let script = match scripts {
        Scripts::None => "",
        Scripts::Own => "script-src 'self'; ",
    };
    let policy = format!(
        "default-src 'none'; style-src 'self'; img-src 'self'; {script}form-action 'self' {}; frame-ancestors 'none'; base-uri 'none'",
        form_targets.join(" ")
    );
    // Registered addresses hold no character that a header could not; if one ever did, nothing is allowed.
    let policy = HeaderValue::from_str(&policy).unwrap_or(HeaderValue::from_static("default-src 'none'"));
    let mut response = (status, html).into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(CONTENT_SECURITY_POLICY, policy);
    guarded(response)
}

/// Whether a page loads our one script.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scripts {
    None,
    Own,
}

/// JSON that nobody may keep.
pub(super) fn json(status: StatusCode, body: &Value) -> Response {
    let mut response = (status, body.to_string()).into_response();
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    guarded(response)
}

/// Always 303: whatever was posted here is not posted there (attack: a 307 would hand over the password).
pub(super) fn redirect(url: &str) -> Response {
    let mut response = StatusCode::SEE_OTHER.into_response();
    match HeaderValue::from_str(url) {
        Ok(url) => response.headers_mut().insert(LOCATION, url),
        Err(_) => return StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    };
    guarded(response)
}

/// Not `no-referrer`: it would turn the `Origin` of our own forms into `null`.
fn guarded(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("strict-origin"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}
