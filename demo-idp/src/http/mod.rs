//! HTTP: bytes to calls and back, no rule of its own.

use crate::core::Core;
use crate::oidc::discovery;
use crate::saml::metadata;
use axum::Router;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::routing::get;
use std::sync::Arc;

pub(crate) fn router(core: Arc<Core>) -> Router {
    Router::new()
        .route("/saml/metadata", get(saml_metadata))
        .route("/.well-known/openid-configuration", get(configuration))
        .route("/jwks", get(jwks))
        .with_state(core)
}

async fn saml_metadata(State(core): State<Arc<Core>>) -> impl IntoResponse {
    ([(CONTENT_TYPE, "application/samlmetadata+xml")], metadata::document(&core))
}

async fn configuration(State(core): State<Arc<Core>>) -> impl IntoResponse {
    axum::Json(discovery::configuration(&core))
}

async fn jwks(State(core): State<Arc<Core>>) -> impl IntoResponse {
    axum::Json(discovery::jwks(&core))
}
