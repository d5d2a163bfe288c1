//! What every answer of the S3 service carries.

use axum::http::HeaderValue;
use axum::http::header::{CONTENT_SECURITY_POLICY, DATE, HeaderName, X_CONTENT_TYPE_OPTIONS};
use axum::response::Response;
use daypass::time::Timestamp;

/// Objects come from whoever may write them; opened in a browser, an SVG image must not run as a page of this origin.
pub(in super::super) const SANDBOX: HeaderValue =
    HeaderValue::from_static("sandbox; default-src 'none'; style-src 'unsafe-inline'");

/// Names the request, and dates the answer by the clock that decided it: SDKs correct their own clock by it.
pub(super) fn finish(mut response: Response, request_id: &str, now: Timestamp) -> Response {
    let headers = response.headers_mut();
    headers.insert(CONTENT_SECURITY_POLICY, SANDBOX);
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if let Ok(id) = HeaderValue::from_str(request_id) {
        headers.insert(HeaderName::from_static("x-amz-request-id"), id);
    }
    if let Ok(date) = HeaderValue::from_str(&now.http_date()) {
        headers.insert(DATE, date);
    }
    response
}
