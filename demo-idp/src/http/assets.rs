//! Style sheets, the icon and the one script, served from the binary.

use crate::core::Core;
use axum::Router;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use axum::response::IntoResponse;
use axum::routing::get;
use std::sync::Arc;

pub(super) fn routes() -> Router<Arc<Core>> {
    const CSS: &str = "text/css; charset=utf-8";
    Router::new()
        .route("/assets/base.css", get(async || asset(CSS, include_str!("../../assets/base.css"))))
        .route("/assets/idp.css", get(async || asset(CSS, include_str!("../../assets/idp.css"))))
        .route("/assets/post.js", get(async || asset("text/javascript", include_str!("../../assets/post.js"))))
        .route("/assets/icon.svg", get(async || asset("image/svg+xml", include_str!("../../assets/icon.svg"))))
}

/// Asked for again each time, so that a rebuilt demo never shows yesterday's style.
fn asset(content_type: &'static str, text: &'static str) -> impl IntoResponse {
    let headers = [(CONTENT_TYPE, content_type), (CACHE_CONTROL, "no-cache"), (X_CONTENT_TYPE_OPTIONS, "nosniff")];
    (headers, text)
}
