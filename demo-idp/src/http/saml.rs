//! SAML endpoints: metadata, and single sign-on by redirect and by post.

use super::answer::WithOutcome;
use super::{pages, signin, visitor};
use crate::core::Core;
use crate::fault::Target;
use crate::flows::{Ask, Participant, Session};
use crate::saml::message::{Message, MessageError};
use crate::saml::metadata;
use crate::saml::request::{AuthnRequest, AuthnRequestError, parse};
use crate::saml::response::{Delivery, Failure, Subject, failure, success};
use axum::Router;
use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::sync::Arc;

pub(super) fn routes() -> Router<Arc<Core>> {
    Router::new().route("/saml/metadata", get(document)).route("/saml/sso", get(by_redirect).post(by_post))
}

async fn document(State(core): State<Arc<Core>>) -> impl IntoResponse {
    ([(CONTENT_TYPE, "application/samlmetadata+xml")], metadata::document(&core))
}

async fn by_redirect(State(core): State<Arc<Core>>, RawQuery(query): RawQuery, headers: HeaderMap) -> Response {
    arrived(&core, Message::from_redirect(&query.unwrap_or_default(), "SAMLRequest"), &headers, false)
}

async fn by_post(State(core): State<Arc<Core>>, headers: HeaderMap, body: Body) -> Response {
    match visitor::form(body).await {
        Ok(params) => arrived(&core, Message::from_post(&params, "SAMLRequest"), &headers, true),
        Err(problem) => signin::bad_request(&core, &problem),
    }
}

fn arrived(core: &Core, message: Result<Message, MessageError>, headers: &HeaderMap, posted: bool) -> Response {
    let parsed = message.map_err(AuthnRequestError::from).and_then(|message| parse(core, &message));
    let request = match parsed {
        Ok(request) => request,
        Err(error) => return refused(core, &error),
    };
    if request.format.is_none() {
        return refuse(core, &request, Failure::InvalidNameIdPolicy);
    }
    if !request.context_is_offered {
        return refuse(core, &request, Failure::NoAuthnContext);
    }
    signin::begin(core, Ask::Saml(request), headers, posted)
}

/// Shown, not sent: where to send it is exactly what cannot be trusted.
fn refused(core: &Core, error: &AuthnRequestError) -> Response {
    let (heading, advice) = match error {
        AuthnRequestError::UnknownIssuer(_) | AuthnRequestError::UnregisteredAcs { .. } => (
            "This application is not known here",
            "Nothing was sent to it. Whoever runs the identity provider has to register the application, with the address it wants its answer at.",
        ),
        _ => (
            "This sign-in request cannot be used",
            "Go back to the application and start again. If it stays, the application's settings for this identity provider are wrong.",
        ),
    };
    pages::error(core, StatusCode::BAD_REQUEST, heading, advice, &error.to_string())
        .with_outcome(format!("AuthnRequest refused: {error}"))
}

/// The answer to a request, `session` being good enough for it; without one, the answer is that there is none.
pub(super) fn answer(core: &Core, request: &AuthnRequest, session: Option<&Session>) -> Response {
    if core.faults.take(Target::Authorization).is_some() {
        return refuse(core, request, Failure::RequestDenied);
    }
    let Some((session, user)) = session.and_then(|it| core.directory.find(&it.user).map(|user| (it, user))) else {
        return refuse(core, request, Failure::NoPassive);
    };
    let Some(delivery) = delivery(core, request) else {
        return refused(core, &AuthnRequestError::Missing("Issuer"));
    };
    let subject = Subject {
        user,
        authenticated: session.authenticated,
        session_index: &session.index,
        format: request.format.unwrap_or_default(),
    };
    match success(core, delivery, &subject, core.faults.take(Target::Assertion)) {
        Ok(document) => {
            let name_id = subject.name_id().to_owned();
            let (service_provider, format) = (request.service_provider, subject.format);
            core.sessions.join(session, Participant { service_provider, name_id, format }, core.clock.now());
            let outcome = format!("assertion about {} for {}", user.name(), delivery.service_provider.entity_id());
            send(core, request, delivery, &document).with_outcome(outcome)
        }
        Err(error) => pages::broken(core, &error),
    }
}

fn refuse(core: &Core, request: &AuthnRequest, why: Failure) -> Response {
    let Some(delivery) = delivery(core, request) else {
        return refused(core, &AuthnRequestError::Missing("Issuer"));
    };
    match failure(core, delivery, why) {
        Ok(document) => send(core, request, delivery, &document).with_outcome(format!("no assertion: {why:?}")),
        Err(error) => pages::broken(core, &error),
    }
}

fn delivery<'a>(core: &'a Core, request: &'a AuthnRequest) -> Option<Delivery<'a>> {
    let service_provider = core.service_providers.get(request.service_provider)?;
    Some(Delivery { service_provider, acs_url: &request.acs_url, in_response_to: Some(&request.id) })
}

fn send(core: &Core, request: &AuthnRequest, delivery: Delivery<'_>, document: &str) -> Response {
    let form = pages::Post {
        heading: &format!("Going back to {}", delivery.service_provider.name()),
        action: delivery.acs_url,
        field: "SAMLResponse",
        value: &STANDARD.encode(document),
        relay_state: request.relay_state.as_deref(),
    };
    pages::post(core, &form)
}
