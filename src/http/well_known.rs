//! What other machines ask a broker for: whether it serves, and the keys that verify what it signs.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use crate::arn::AccountId;
use crate::broker::Broker;
use crate::credentials::WebIdentityIssuer;
use crate::crypto::CryptoError;

/// Answers `GET /healthz`, `GET /.well-known/jwks.json` with the keys that verify session tokens (RFC 7517), and below
/// `/web-identity/<account>/` the discovery document and keys of an account whose web identity tokens outside services
/// verify (OpenID Connect Discovery 1.0); not found while the account gives out none.
pub fn router(broker: Arc<Broker>) -> Router {
    Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/.well-known/jwks.json", get(jwks))
        .route("/web-identity/{account}/.well-known/openid-configuration", get(discovery))
        .route("/web-identity/{account}/.well-known/jwks.json", get(web_identity_jwks))
        .with_state(broker)
}

async fn jwks(State(broker): State<Arc<Broker>>) -> impl IntoResponse {
    let headers = [(header::CONTENT_TYPE, "application/jwk-set+json"), (header::CACHE_CONTROL, "public, max-age=300")];
    (headers, broker.sessions().keyring().jwks())
}

async fn discovery(State(broker): State<Arc<Broker>>, Path(account): Path<String>) -> Response {
    document(&broker, &account, "application/json", |issuer, account| Ok(issuer.discovery(account)))
}

async fn web_identity_jwks(State(broker): State<Arc<Broker>>, Path(account): Path<String>) -> Response {
    document(&broker, &account, "application/jwk-set+json", |issuer, _| issuer.jwks())
}

/// A document of an account that gives out web identity tokens.
fn document(
    broker: &Broker,
    account: &str,
    content_type: &'static str,
    write: impl FnOnce(&WebIdentityIssuer, &AccountId) -> Result<String, CryptoError>,
) -> Response {
    let enabled = |account: &AccountId| {
        broker.registry().read().find(account).is_some_and(|account| account.outbound_web_identity)
    };
    let account = account.parse::<AccountId>().ok().filter(enabled);
    let Some((issuer, account)) = broker.web_identity().zip(account) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let headers = [(header::CONTENT_TYPE, content_type), (header::CACHE_CONTROL, "public, max-age=300")];
    match write(issuer, &account) {
        Ok(document) => (headers, document).into_response(),
        Err(_) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
    }
}
