//! Signing in, going on with what was asked for, and signing out.

use super::answer::{WithOutcome, redirect};
use super::pages::{self, Asker, SignIn};
use super::{oidc, saml, slo, visitor};
use crate::core::Core;
use crate::directory::SignInRefused;
use crate::farewell::After;
use crate::flows::{Ask, Flow};
use crate::params::Params;
use axum::Router;
use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::http::header::{RETRY_AFTER, SET_COOKIE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::Response;
use axum::routing::{get, post};
use std::sync::Arc;

pub(super) fn routes() -> Router<Arc<Core>> {
    Router::new()
        .route("/", get(home))
        .route("/login", get(show).post(sign_in))
        .route("/continue", get(go_on))
        .route("/signout", post(sign_out))
}

async fn home(State(core): State<Arc<Core>>, headers: HeaderMap) -> Response {
    let session = visitor::session(&core, &headers);
    match session.and_then(|it| core.directory.find(&it.user).map(|user| (user, it.authenticated))) {
        Some((user, since)) => pages::home(&core, user, since),
        None => redirect(&core.base.join("/login")),
    }
}

async fn show(State(core): State<Arc<Core>>, RawQuery(query): RawQuery) -> Response {
    let params = match Params::parse(query.as_deref().unwrap_or_default()) {
        Ok(params) => params,
        Err(error) => return bad_request(&core, &error.to_string()),
    };
    let flow_id = params.get("flow");
    let flow = flow_id.and_then(|id| core.flows.find(id, core.clock.now()));
    if flow_id.is_some() && flow.is_none() {
        return ended(&core);
    }
    let hint = flow.as_ref().and_then(login_hint);
    let page = SignIn {
        flow_id,
        asker: flow.as_ref().map(|flow| Asker::of(&core, flow)),
        name: params.get("as").or(hint.as_deref()).unwrap_or_default(),
        problem: None,
        must_type_again: flow.as_ref().is_some_and(Flow::forces),
    };
    pages::sign_in(&core, StatusCode::OK, &page)
}

fn login_hint(flow: &Flow) -> Option<String> {
    match &flow.ask {
        Ask::Oidc(request) => request.login_hint.clone(),
        Ask::Saml(_) => None,
    }
}

async fn sign_in(State(core): State<Arc<Core>>, headers: HeaderMap, body: Body) -> Response {
    if !visitor::is_own_form(&core, &headers) {
        return foreign_form(&core);
    }
    let params = match visitor::form(body).await {
        Ok(params) => params,
        Err(problem) => return bad_request(&core, &problem),
    };
    let now = core.clock.now();
    let flow_id = params.get("flow");
    let flow = flow_id.and_then(|id| core.flows.find(id, now));
    if flow_id.is_some() && flow.is_none() {
        return ended(&core);
    }
    let name = params.get("username").unwrap_or_default().trim();
    match core.directory.authenticate(name, params.get("password").unwrap_or_default(), now) {
        Ok(user) => begin_session(&core, &headers, user.name(), flow_id),
        Err(refused) => show_again(&core, name, flow_id, flow.as_ref(), refused),
    }
}

fn begin_session(core: &Core, headers: &HeaderMap, user: &str, flow_id: Option<&str>) -> Response {
    let former = visitor::session(core, headers);
    if let Some(old) = visitor::cookie(core, headers) {
        core.sessions.end(&old);
    }
    let cookie = match core.sessions.begin(user, former, core.clock.now()) {
        Ok(cookie) => cookie,
        Err(error) => return pages::broken(core, &error),
    };
    let mut response = redirect(&match flow_id {
        Some(id) => core.base.join(&format!("/continue?flow={id}")),
        None => core.base.join("/"),
    });
    if let Some(cookie) = visitor::session_cookie(core, &cookie) {
        response.headers_mut().insert(SET_COOKIE, cookie);
    }
    response.with_outcome(format!("{user} signed in"))
}

fn show_again(core: &Core, name: &str, flow_id: Option<&str>, flow: Option<&Flow>, refused: SignInRefused) -> Response {
    let (status, problem, wait) = match refused {
        SignInRefused::WrongNameOrPassword => {
            (StatusCode::FORBIDDEN, "That user name and password do not go together.".to_owned(), None)
        }
        SignInRefused::TooManyTries { seconds } => {
            let text = format!("Too many wrong passwords for this name. Wait {seconds} seconds and try again.");
            (StatusCode::TOO_MANY_REQUESTS, text, Some(seconds))
        }
    };
    let page = SignIn {
        flow_id,
        asker: flow.map(|flow| Asker::of(core, flow)),
        name,
        problem: Some(problem),
        must_type_again: false,
    };
    let mut response = pages::sign_in(core, status, &page);
    if let Some(seconds) = wait {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    response.with_outcome("sign-in refused".to_owned())
}

async fn go_on(State(core): State<Arc<Core>>, RawQuery(query): RawQuery, headers: HeaderMap) -> Response {
    match Params::parse(query.as_deref().unwrap_or_default()) {
        Ok(params) => proceed(&core, params.get("flow").unwrap_or_default(), &headers),
        Err(error) => bad_request(&core, &error.to_string()),
    }
}

/// Answers what was asked if this browser's session suffices, refuses if nobody may be asked, and else asks.
pub(super) fn proceed(core: &Core, flow_id: &str, headers: &HeaderMap) -> Response {
    let now = core.clock.now();
    let Some(flow) = core.flows.find(flow_id, now) else { return ended(core) };
    let session = visitor::session(core, headers).filter(|session| flow.accepts(session, now));
    if session.is_none() && !flow.is_silent() {
        return redirect(&core.base.join(&format!("/login?flow={flow_id}")));
    }
    core.flows.end(flow_id);
    match &flow.ask {
        Ask::Saml(request) => saml::answer(core, request, session.as_ref()),
        Ask::Oidc(request) => oidc::answer(core, request, session.as_ref()),
    }
}

/// Keeps what was asked and goes on: at once, or by a redirect where the browser sent no cookies because a form of
/// another site brought it here (`SameSite=Lax`).
pub(super) fn begin(core: &Core, ask: Ask, headers: &HeaderMap, posted: bool) -> Response {
    match core.flows.begin(ask, core.clock.now()) {
        Ok(id) if posted => redirect(&core.base.join(&format!("/continue?flow={id}"))),
        Ok(id) => proceed(core, &id, headers),
        Err(error) => pages::broken(core, &error),
    }
}

async fn sign_out(State(core): State<Arc<Core>>, headers: HeaderMap, body: Body) -> Response {
    if !visitor::is_own_form(&core, &headers) {
        return foreign_form(&core);
    }
    match visitor::form(body).await {
        Ok(params) => {
            let request = crate::oidc::logout::parse(&core, &params);
            end_session(&core, &headers, request.return_to.as_deref()).await
        }
        Err(problem) => bad_request(&core, &problem),
    }
}

pub(super) async fn end_session(core: &Core, headers: &HeaderMap, return_to: Option<&str>) -> Response {
    let after = return_to.map_or(After::Page, |url| After::Address(url.to_owned()));
    let (mut response, told) = slo::end_session(core, headers, after).await;
    if let Some(cookie) = visitor::no_session_cookie(core) {
        response.headers_mut().insert(SET_COOKIE, cookie);
    }
    response.with_outcome(format!("signed out{told}"))
}

pub(super) fn bad_request(core: &Core, detail: &str) -> Response {
    pages::error(
        core,
        StatusCode::BAD_REQUEST,
        "This request cannot be read",
        "Go back to the application you came from and start again.",
        detail,
    )
}

fn ended(core: &Core) -> Response {
    pages::error(
        core,
        StatusCode::GONE,
        "This sign-in has ended",
        "It was finished already, or left open for more than a quarter of an hour. Go back to the application and start again.",
        "",
    )
}

fn foreign_form(core: &Core) -> Response {
    pages::error(
        core,
        StatusCode::FORBIDDEN,
        "That form came from somewhere else",
        &format!("Sign in at {} itself, and by that name.", core.base.as_str()),
        "the Origin header does not name this identity provider",
    )
}
