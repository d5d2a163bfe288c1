//! OpenID Connect endpoints that a browser comes to, and what is published.

use super::answer::{WithOutcome, json, redirect};
use super::{pages, signin, visitor};
use crate::core::Core;
use crate::fault::Target;
use crate::flows::{Ask, Session};
use crate::oidc::authorize::{self, AuthorizationRequest, ErrorResponse, NoRedirect, Refused};
use crate::oidc::codes::CodeGrant;
use crate::oidc::{discovery, logout};
use crate::params::Params;
use axum::Router;
use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::http::header::CACHE_CONTROL;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::Response;
use axum::routing::get;
use serde_json::{Value, json};
use std::sync::Arc;

pub(super) fn routes() -> Router<Arc<Core>> {
    Router::new()
        .route("/.well-known/openid-configuration", get(configuration))
        .route("/jwks", get(jwks))
        .route("/authorize", get(authorize_by_query).post(authorize_by_form))
        .route("/logout", get(logout_by_query).post(logout_by_form))
}

async fn configuration(State(core): State<Arc<Core>>) -> Response {
    published(&core, &discovery::configuration(&core))
}

async fn jwks(State(core): State<Arc<Core>>) -> Response {
    match core.faults.take(Target::KeySet) {
        Some(_) => json(StatusCode::SERVICE_UNAVAILABLE, &json!({ "error": "The keys cannot be had." })),
        None => published(&core, &discovery::jwks(&core)),
    }
}

/// JSON that everybody may keep for a while.
fn published(core: &Core, document: &Value) -> Response {
    let mut response = json(StatusCode::OK, document);
    let kept = format!("public, max-age={}", core.jwks_max_age);
    if let Ok(value) = HeaderValue::from_str(&kept) {
        response.headers_mut().insert(CACHE_CONTROL, value);
    }
    response
}

async fn authorize_by_query(State(core): State<Arc<Core>>, RawQuery(query): RawQuery, headers: HeaderMap) -> Response {
    match Params::parse(query.as_deref().unwrap_or_default()) {
        Ok(params) => arrived(&core, &params, &headers, false),
        Err(error) => signin::bad_request(&core, &error.to_string()),
    }
}

async fn authorize_by_form(State(core): State<Arc<Core>>, headers: HeaderMap, body: Body) -> Response {
    match visitor::form(body).await {
        Ok(params) => arrived(&core, &params, &headers, true),
        Err(problem) => signin::bad_request(&core, &problem),
    }
}

fn arrived(core: &Core, params: &Params, headers: &HeaderMap, posted: bool) -> Response {
    match authorize::parse(core, params) {
        Ok(request) => signin::begin(core, Ask::Oidc(request), headers, posted),
        Err(Refused::Sent(error)) => send_error(core, &error),
        Err(Refused::Shown(error)) => shown(core, &error),
    }
}

fn shown(core: &Core, error: &NoRedirect) -> Response {
    pages::error(
        core,
        StatusCode::BAD_REQUEST,
        "This application is not known here",
        "Nothing was sent to it. Whoever runs the identity provider has to register the application, with the exact address it wants its answer at.",
        &error.to_string(),
    )
    .with_outcome(format!("authorization request refused: {error}"))
}

fn send_error(core: &Core, error: &ErrorResponse) -> Response {
    redirect(&authorize::error_url(core, error)).with_outcome(format!("authorization refused: {}", error.code))
}

/// The answer to a request, `session` being good enough for it; without one, the answer is that there is none.
pub(super) fn answer(core: &Core, request: &AuthorizationRequest, session: Option<&Session>) -> Response {
    let refused = |code, description| {
        let (redirect_uri, state) = (request.redirect_uri.clone(), request.state.clone());
        send_error(core, &ErrorResponse { redirect_uri, state, code, description })
    };
    if core.faults.take(Target::Authorization).is_some() {
        return refused("access_denied", "The request was denied.");
    }
    let Some(session) = session else {
        return refused("login_required", "Nobody is signed in recently enough, and the request forbids asking.");
    };
    let grant = CodeGrant {
        client_id: request.client_id.clone(),
        redirect_uri: request.redirect_uri.clone(),
        code_challenge: request.code_challenge.clone(),
        nonce: request.nonce.clone(),
        scope: request.scope.clone(),
        user: session.user.clone(),
        authenticated: session.authenticated,
        session_id: session.index.clone(),
        thumbprint: request.thumbprint.clone(),
    };
    if let Some(client) = core.clients.iter().position(|client| client.id() == request.client_id) {
        core.sessions.join_client(session, client, core.clock.now());
    }
    match core.codes.issue(grant, core.clock.now()) {
        Ok(code) => redirect(&authorize::success_url(core, request, &code))
            .with_outcome(format!("code about {} for {}", session.user, request.client_id)),
        Err(error) => pages::broken(core, &error),
    }
}

async fn logout_by_query(State(core): State<Arc<Core>>, RawQuery(query): RawQuery, headers: HeaderMap) -> Response {
    match Params::parse(query.as_deref().unwrap_or_default()) {
        Ok(params) => log_out(&core, &params, &headers).await,
        Err(error) => signin::bad_request(&core, &error.to_string()),
    }
}

async fn logout_by_form(State(core): State<Arc<Core>>, headers: HeaderMap, body: Body) -> Response {
    match visitor::form(body).await {
        Ok(params) => log_out(&core, &params, &headers).await,
        Err(problem) => signin::bad_request(&core, &problem),
    }
}

/// A token that names the person who is signed in proves the request; otherwise the person is asked (attack: any page
/// could sign people out).
async fn log_out(core: &Core, params: &Params, headers: &HeaderMap) -> Response {
    let request = logout::parse(core, params);
    match visitor::session(core, headers) {
        Some(session) if request.subject.as_deref() != Some(session.user.as_str()) => {
            let repeated = ["id_token_hint", "client_id", "post_logout_redirect_uri", "state"];
            let parameters =
                repeated.into_iter().filter_map(|name| params.get(name).map(|value| (name, value))).collect();
            pages::ask_sign_out(core, &session.user, parameters, request.return_to.as_deref())
        }
        _ => signin::end_session(core, headers, request.return_to.as_deref()).await,
    }
}
