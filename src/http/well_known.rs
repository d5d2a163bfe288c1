//! What other machines ask a broker for: whether it serves, and the keys that verify its session tokens.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use axum::routing::get;

use crate::broker::Broker;

/// Answers `GET /healthz`, and `GET /.well-known/jwks.json` with the keys that verify session tokens (RFC 7517).
pub fn router(broker: Arc<Broker>) -> Router {
    Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/.well-known/jwks.json", get(jwks))
        .with_state(broker)
}

async fn jwks(State(broker): State<Arc<Broker>>) -> impl IntoResponse {
    let headers = [(header::CONTENT_TYPE, "application/jwk-set+json"), (header::CACHE_CONTROL, "public, max-age=300")];
    (headers, broker.sessions().keyring().jwks())
}
