//! HTTP: bytes to calls and back, no rule of its own.

mod answer;
mod assets;
mod back_channel;
mod control;
mod demo;
mod oidc;
mod pages;
mod saml;
mod signin;
mod slo;
mod tokens;
mod visitor;

use crate::core::Core;
use crate::journal::LoggedRequest;
use crate::params::{BODY_MOST, QUERY_MOST};
use answer::Outcome;
use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::StatusCode;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use std::sync::Arc;

pub(crate) fn router(core: Arc<Core>) -> Router {
    let mut router = Router::new()
        .merge(signin::routes())
        .merge(saml::routes())
        .merge(slo::routes())
        .merge(oidc::routes())
        .merge(tokens::routes(core.pushed.are_taken()));
    if core.test_controls {
        router =
            router.merge(control::routes().route_layer(from_fn_with_state(Arc::clone(&core), visitor::local_only)));
    }
    if core.demo_endpoints {
        router = router.merge(demo::routes().route_layer(from_fn_with_state(Arc::clone(&core), visitor::local_only)));
    }
    router
        .fallback(no_such_page)
        .method_not_allowed_fallback(no_such_method)
        .layer(DefaultBodyLimit::max(BODY_MOST))
        .layer(from_fn_with_state(Arc::clone(&core), record))
        .merge(assets::routes())
        .with_state(core)
}

async fn no_such_page(State(core): State<Arc<Core>>) -> Response {
    pages::error(
        &core,
        StatusCode::NOT_FOUND,
        "There is nothing here",
        "The address may be mistyped, or belong to something that is not switched on.",
        "",
    )
}

async fn no_such_method(State(core): State<Arc<Core>>) -> Response {
    pages::error(
        &core,
        StatusCode::METHOD_NOT_ALLOWED,
        "That does not work this way",
        "This address answers another kind of request. If you reloaded a page, start again at the application you came from.",
        "",
    )
}

/// Bounds the query before anything reads it, and keeps the request log.
async fn record(State(core): State<Arc<Core>>, request: Request, next: Next) -> Response {
    let method = request.method().to_string();
    let path = request.uri().path().to_owned();
    let response = if request.uri().query().is_some_and(|query| query.len() > QUERY_MOST) {
        pages::error(
            &core,
            StatusCode::URI_TOO_LONG,
            "The request is too long",
            "No request needs that many parameters.",
            "",
        )
    } else {
        next.run(request).await
    };
    if !path.starts_with("/_control") {
        core.journal.record(LoggedRequest {
            at: core.clock.now(),
            method,
            path,
            status: response.status().as_u16(),
            outcome: response.extensions().get::<Outcome>().map(|outcome| outcome.0.clone()),
        });
    }
    response
}
