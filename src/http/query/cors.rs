//! What scripts of other sites may do here, for the SDKs that run in browsers (Fetch Standard, 3.3).
//!
//! Any site's scripts may call, because a call is decided by what it carries in itself: a signature, or an assertion or token
//! among its parameters. Nothing that a browser adds of its own accord counts for anything: no cookie is read here, also where a
//! portal that has cookies is served from the same origin. So that it stays like this, answers never allow credentials, and
//! browsers keep an answer to a request that was sent with cookies from the script.

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

/// What the SDKs send beside the headers that need no leave.
const REQUEST_HEADERS: HeaderValue = HeaderValue::from_static(
    "authorization, content-type, x-amz-date, x-amz-security-token, x-amz-content-sha256, x-amz-user-agent, \
     amz-sdk-invocation-id, amz-sdk-request",
);
/// What the SDKs read: the id of the request, and the time by which they correct their clocks.
const RESPONSE_HEADERS: HeaderValue = HeaderValue::from_static("x-amzn-requestid, date");
/// For how many seconds a browser need not ask again: two hours, the most that browsers keep it.
const MAX_AGE: HeaderValue = HeaderValue::from_static("7200");

/// Why a page's request is refused where no application in a browser calls.
pub(super) const NO_PAGES: &str = "Requests that a page in a browser sent are not answered here.";

/// Whether a browser says that a page sent a request (Fetch Metadata, 2.3; Fetch Standard, 3.1): an image or a form as much as a
/// script. What somebody opens by hand has neither header.
pub(super) fn is_sent_by_page(headers: &HeaderMap) -> bool {
    let site = headers.get("sec-fetch-site");
    headers.contains_key(header::ORIGIN) || site.is_some_and(|site| site != "none")
}

/// Answers what a browser asks before it sends a request.
pub(super) async fn preflight(headers: HeaderMap) -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    let allowed = response.headers_mut();
    allowed.insert(header::ALLOW, HeaderValue::from_static("GET, HEAD, POST, OPTIONS"));
    if headers.contains_key(header::ORIGIN) && headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD) {
        allowed.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        allowed.insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, POST"));
        allowed.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, REQUEST_HEADERS);
        allowed.insert(header::ACCESS_CONTROL_MAX_AGE, MAX_AGE);
    }
    response
}

/// Lets scripts of every site read an answer.
pub(super) fn share(response: &mut Response) {
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, RESPONSE_HEADERS);
}
