//! Single logout by the browser: it carries a request to every service provider in turn, and each answer back.

use super::answer::{WithOutcome, redirect};
use super::pages::{self, Post};
use super::{back_channel, signin, visitor};
use crate::core::Core;
use crate::farewell::{After, Logout, Logouts};
use crate::fault::Target;
use crate::flows::{Farewell, Session};
use crate::params::Params;
use crate::saml::logout::{self, LogoutError, Outgoing};
use crate::saml::message::Message;
use axum::Router;
use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use axum::routing::get;
use std::sync::Arc;

const REQUEST: &str = "SAMLRequest";
const ANSWER: &str = "SAMLResponse";

pub(super) fn routes() -> Router<Arc<Core>> {
    Router::new().route("/saml/slo", get(by_redirect).post(by_post))
}

async fn by_redirect(State(core): State<Arc<Core>>, RawQuery(query): RawQuery) -> Response {
    let query = query.unwrap_or_default();
    match Params::parse(&query) {
        Ok(params) if params.get(REQUEST).is_some() => requested(&core, Message::from_redirect(&query, REQUEST)).await,
        Ok(_) => answered(&core, Message::from_redirect(&query, ANSWER)),
        Err(error) => signin::bad_request(&core, &error.to_string()),
    }
}

async fn by_post(State(core): State<Arc<Core>>, body: Body) -> Response {
    match visitor::form(body).await {
        Ok(params) if params.get(REQUEST).is_some() => requested(&core, Message::from_post(&params, REQUEST)).await,
        Ok(params) => answered(&core, Message::from_post(&params, ANSWER)),
        Err(problem) => signin::bad_request(&core, &problem),
    }
}

/// The sessions are found by what the request names, not by this browser's cookie: a form that another site posts here
/// does not bring the cookie along.
async fn requested(core: &Core, message: Result<Message, crate::saml::message::MessageError>) -> Response {
    let request = match message.map_err(LogoutError::from).and_then(|it| logout::parse_request(core, &it)) {
        Ok(request) => request,
        Err(error) => return refused(core, &error),
    };
    let ended = core.sessions.end_where(core.clock.now(), |session| {
        let named = request.session_indexes.is_empty() || request.session_indexes.contains(&session.index);
        named && session.knows(request.service_provider, &request.name_id, request.format)
    });
    let asker = core.service_providers.get(request.service_provider).map_or("", |asker| asker.entity_id());
    let clients_told = back_channel::tell(core, &ended).await;
    let told = back_channel::in_words(core, &clients_told);
    let outcome = format!("{} sessions of {} ended for {asker}{told}", ended.len(), request.name_id);
    let others = ended.iter().flat_map(Session::farewells).filter(|it| it.service_provider != request.service_provider);
    let after = After::Answer {
        service_provider: request.service_provider,
        request_id: request.id,
        relay_state: request.relay_state,
    };
    begin(core, others.collect(), clients_told, after).with_outcome(outcome)
}

fn answered(core: &Core, message: Result<Message, crate::saml::message::MessageError>) -> Response {
    let relay_state = message.as_ref().ok().and_then(|message| message.relay_state.clone()).unwrap_or_default();
    let answer = match message.map_err(LogoutError::from).and_then(|it| logout::parse_answer(core, &it)) {
        Ok(answer) => answer,
        Err(error) => return refused(core, &error),
    };
    let asked = (answer.service_provider, answer.in_response_to.as_str());
    let Some(mut logout) = core.logouts.take(&relay_state, asked, core.clock.now()) else {
        return refused(core, &LogoutError::NotAsked);
    };
    logout.asked = None;
    logout.told.push((answer.service_provider, answer.is_done));
    go_on(core, logout)
}

/// Tells everybody who is waiting, one after the other, and then does what comes after.
fn begin(core: &Core, waiting: Vec<Farewell>, clients_told: Vec<(usize, bool)>, after: After) -> Response {
    go_on(core, Logout { waiting, asked: None, told: Vec::new(), clients_told, after })
}

fn go_on(core: &Core, mut logout: Logout) -> Response {
    while let Some(next) = logout.waiting.pop() {
        let told = core.service_providers.get(next.service_provider);
        // Whoever cannot sign could not answer.
        let reachable = told.filter(|it| !it.keys().is_empty()).and_then(|it| it.logout().map(|service| (it, service)));
        let Some(to) = reachable else {
            logout.told.push((next.service_provider, false));
            continue;
        };
        let asked = Logouts::identifier().and_then(|id| {
            let (request_id, outgoing) =
                logout::ask(core, to, &next, Some(&id), core.faults.take(Target::LogoutRequest))?;
            logout.asked = Some((next.service_provider, request_id));
            core.logouts.keep(&id, logout, core.clock.now());
            Ok(outgoing)
        });
        return match asked {
            Ok(outgoing) => {
                let outcome = format!("logout request about {} to {}", next.name_id, to.0.entity_id());
                send(core, &format!("Signing out of {}", to.0.name()), outgoing).with_outcome(outcome)
            }
            Err(error) => pages::broken(core, &error),
        };
    }
    finish(core, &logout)
}

fn finish(core: &Core, logout: &Logout) -> Response {
    let (service_provider, request_id, relay_state) = match &logout.after {
        After::Page => return pages::signed_out(core, logout),
        After::Address(url) => return redirect(url),
        After::Answer { service_provider, request_id, relay_state } => (*service_provider, request_id, relay_state),
    };
    let to = core.service_providers.get(service_provider).and_then(|it| it.logout().map(|service| (it, service)));
    let Some(to) = to else { return pages::signed_out(core, logout) };
    let fault = core.faults.take(Target::LogoutResponse);
    let answer = logout::answer(core, to, (request_id, relay_state.as_deref()), logout.is_whole(), fault);
    match answer {
        Ok(outgoing) => {
            let outcome = if logout.is_whole() { "logout done" } else { "logout done in part" };
            let outcome = format!("{outcome}, {} told", to.0.entity_id());
            send(core, &format!("Going back to {}", to.0.name()), outgoing).with_outcome(outcome)
        }
        Err(error) => pages::broken(core, &error),
    }
}

fn send(core: &Core, heading: &str, outgoing: Outgoing) -> Response {
    match outgoing {
        Outgoing::Redirect(url) => redirect(&url),
        Outgoing::Form { action, field, value, relay_state } => {
            let form = Post { heading, action: &action, field, value: &value, relay_state: relay_state.as_deref() };
            pages::post(core, &form)
        }
    }
}

/// Shown, not sent: nobody has been seen to have sent it.
fn refused(core: &Core, error: &LogoutError) -> Response {
    pages::error(
        core,
        StatusCode::BAD_REQUEST,
        "This sign-out message cannot be used",
        "Nobody was signed out by it. Sign out on the start page instead; if it stays, the application's settings for this identity provider are wrong.",
        &error.to_string(),
    )
    .with_outcome(format!("logout refused: {error}"))
}

/// Ends this browser's session here, and everywhere it led to; says in words which OpenID clients were told.
pub(super) async fn end_session(core: &Core, headers: &HeaderMap, after: After) -> (Response, String) {
    let ended = visitor::cookie(core, headers).and_then(|cookie| core.sessions.end(&cookie));
    let clients_told = back_channel::tell(core, ended.as_slice()).await;
    let told = back_channel::in_words(core, &clients_told);
    (begin(core, ended.iter().flat_map(Session::farewells).collect(), clients_told, after), told)
}
