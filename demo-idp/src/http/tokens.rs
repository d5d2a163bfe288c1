//! OpenID Connect endpoints that clients come to by themselves: tokens, pushed requests, revocation, userinfo.

use super::answer::{WithOutcome, json};
use super::{pages, visitor};
use crate::core::Core;
use crate::oidc::dpop::Presented;
use crate::oidc::token::{self, Arrival};
use crate::oidc::token_error::TokenError;
use crate::oidc::userinfo::{self, Refused, Scheme, UserInfo};
use crate::oidc::{jose, par, revocation};
use crate::params::Params;
use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde_json::{Value, json};
use std::sync::Arc;

pub(super) fn routes(pushed_requests: bool) -> Router<Arc<Core>> {
    let routes = Router::new()
        .route("/token", post(redeem))
        .route("/revoke", post(revoke))
        .route("/userinfo", get(userinfo).post(userinfo));
    if pushed_requests { routes.route("/par", post(push)) } else { routes }
}

async fn redeem(State(core): State<Arc<Core>>, headers: HeaderMap, body: Body) -> Response {
    let answer = with_form(&headers, body, |arrival| token::redeem(&core, arrival)).await;
    let response = match answer {
        Ok(issued) => {
            let outcome = format!("tokens about {} for {}", issued.user, issued.client_id);
            json(StatusCode::OK, &issued.body).with_outcome(outcome)
        }
        Err(error) => refused(&core, "tokens", &error),
    };
    with_nonce(&core, &headers, response)
}

async fn push(State(core): State<Arc<Core>>, headers: HeaderMap, body: Body) -> Response {
    let answer = with_form(&headers, body, |arrival| par::push(&core, arrival)).await;
    let response = match answer {
        Ok(kept) => json(StatusCode::CREATED, &kept),
        Err(error) => refused(&core, "pushed request", &error),
    };
    with_nonce(&core, &headers, response)
}

async fn revoke(State(core): State<Arc<Core>>, headers: HeaderMap, body: Body) -> Response {
    match with_form(&headers, body, |arrival| revocation::revoke(&core, arrival)).await {
        Ok(()) => json(StatusCode::OK, &json!({})),
        Err(error) => refused(&core, "revocation", &error),
    }
}

/// Reads the form, and does with it what the endpoint is for.
async fn with_form<T>(
    headers: &HeaderMap,
    body: Body,
    answer: impl FnOnce(&Arrival<'_>) -> Result<T, TokenError>,
) -> Result<T, TokenError> {
    let unreadable = |_| TokenError::InvalidRequest("The form cannot be read, or names a parameter twice.");
    let params: Params = visitor::form(body).await.map_err(unreadable)?;
    answer(&Arrival { params: &params, authorization: visitor::authorization(headers), proof: visitor::proof(headers) })
}

fn refused(core: &Core, what: &str, error: &TokenError) -> Response {
    let status = match error {
        TokenError::InvalidClient { .. } => StatusCode::UNAUTHORIZED,
        TokenError::Broken => {
            return pages::error(core, StatusCode::SERVICE_UNAVAILABLE, "Out of order", error.description(), "")
                .with_outcome(format!("{what} refused: server_error"));
        }
        _ => StatusCode::BAD_REQUEST,
    };
    let mut response = json(status, &json!({ "error": error.code(), "error_description": error.description() }));
    if matches!(error, TokenError::InvalidClient { by_header: true, .. }) {
        challenge(&mut response, "Basic realm=\"token endpoint\"");
    }
    response.with_outcome(format!("{what} refused: {}", error.code()))
}

async fn userinfo(State(core): State<Arc<Core>>, method: Method, headers: HeaderMap) -> Response {
    let proof = visitor::proof(&headers);
    let answer = userinfo::answer(&core, visitor::authorization(&headers), &proof, method.as_str());
    let response = match answer {
        Ok(UserInfo::Json(claims)) => json(StatusCode::OK, &Value::Object(claims)),
        Ok(UserInfo::Signed(token)) => signed(token),
        Err(error) => unauthorized(&core, &error),
    };
    with_nonce(&core, &headers, response)
}

fn signed(token: String) -> Response {
    let mut response = token.into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/jwt"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// RFC 6750 section 3 and RFC 9449 section 7.1: a request without a token gets a bare challenge, one with a bad token or a
/// bad proof learns which of them is bad.
fn unauthorized(core: &Core, error: &Refused) -> Response {
    let (scheme, code, description) = match error {
        Refused::NoToken => ("Bearer", None, None),
        Refused::InvalidToken(Scheme::Bearer) => ("Bearer", Some("invalid_token"), None),
        Refused::InvalidToken(Scheme::Dpop) => ("DPoP", Some("invalid_token"), None),
        Refused::Proof(error) => ("DPoP", Some(error.code()), Some(error.description())),
        Refused::Broken => {
            return pages::error(core, StatusCode::SERVICE_UNAVAILABLE, "Out of order", "No key could be used.", "");
        }
    };
    let mut body = json!({});
    let mut words = format!("{scheme} realm=\"userinfo\"");
    if let (Some(code), Some(members)) = (code, body.as_object_mut()) {
        members.insert("error".to_owned(), json!(code));
        members.extend(description.map(|text| ("error_description".to_owned(), json!(text))));
        words.push_str(&format!(", error=\"{code}\""));
    }
    if scheme == "DPoP" {
        words.push_str(&format!(", algs=\"{}\"", jose::ALGORITHMS.join(" ")));
    }
    let mut response = json(StatusCode::UNAUTHORIZED, &body);
    challenge(&mut response, &words);
    response
}

fn challenge(response: &mut Response, words: &str) {
    if let Ok(value) = HeaderValue::from_str(words) {
        response.headers_mut().insert(WWW_AUTHENTICATE, value);
    }
}

/// Whoever comes with a proof learns the nonce that the next one must hold (RFC 9449 section 8.2).
fn with_nonce(core: &Core, headers: &HeaderMap, mut response: Response) -> Response {
    if matches!(visitor::proof(headers), Presented::Nothing) {
        return response;
    }
    let Some(nonces) = &core.dpop_nonces else { return response };
    let nonce = nonces.present(core.clock.now()).ok().and_then(|nonce| HeaderValue::from_str(&nonce).ok());
    if let Some(nonce) = nonce {
        response.headers_mut().insert("dpop-nonce", nonce);
    }
    response
}
