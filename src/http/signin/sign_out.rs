//! Signing out: the session here first, then the one at the identity provider, where that takes such requests.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::header::SET_COOKIE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde::{Deserialize, Serialize};

use super::admit::{Departure, depart, mark};
use super::end_session;
use super::leaving::{Binding, Leaving};
use super::logout_url;
use super::pending::{Pending, Protocol};
use super::relay_state;
use super::session::{PortalSession, ProviderSession, Theirs};
use crate::Flow;
use crate::crypto::random_id;
use crate::http::page::{Frame, Next};
use crate::http::portal::answer::unavailable;
use crate::http::portal::{Portal, Stop};
use crate::identity::saml::SamlSession;

/// What the identity provider's answer must be to.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct LogoutTicket {
    pub(super) request_id: String,
    pub(super) subject: String,
}

/// What a link or an address leads to.
#[derive(Debug, Template)]
#[template(path = "signout.html")]
struct SignOutPage<'a> {
    frame: Frame<'a>,
}

/// `GET /signout`: asks, because a link of another site's must sign nobody out.
pub(in crate::http) async fn ask_to_sign_out(State(portal): State<Arc<Portal>>) -> Response {
    portal.page(StatusCode::OK, &SignOutPage { frame: portal.frame("Sign out", None) })
}

/// `POST /signout`: ends the session; keys already taken go on until they expire.
pub(in crate::http) async fn sign_out(State(portal): State<Arc<Portal>>, headers: HeaderMap) -> Response {
    portal.answer(leave(&portal, &headers).await)
}

async fn leave(portal: &Portal, headers: &HeaderMap) -> Result<Response, Stop> {
    portal.same_origin(headers)?;
    let ended = match portal.cookies.read(headers, portal.door.cookie()) {
        Some(id) => PortalSession::end(portal.broker.store(), portal.door, portal.broker.now(), &id).await,
        None => Ok(None),
    };
    let mut response = match ended.map_err(|_| unavailable(Next::Portal, None))? {
        Some(session) => portal.answer(farewell(portal, headers, &session).await),
        None => signed_out_here(portal),
    };
    response.headers_mut().extend(portal.cookies.clear(portal.door.cookie()).map(|cookie| (SET_COOKIE, cookie)));
    Ok(response)
}

/// What comes after `session` has ended: whatever fails from here on, it stays so.
async fn farewell(portal: &Portal, headers: &HeaderMap, session: &PortalSession) -> Result<Response, Stop> {
    let flow = portal.broker.follow(session.correlation_id.clone());
    let recorded = flow.signed_out(&session.user_name, &session.provider);
    recorded.map_err(|_| unavailable(Next::SignIn, Some(flow.correlation_id())))?;
    let telling = match &session.by {
        Some(ProviderSession { name, session: Theirs::Saml(theirs), .. }) => {
            tell(portal, headers, &flow, name, theirs).await
        }
        Some(ProviderSession { name, session: Theirs::Oidc(theirs), .. }) => {
            end_session::tell(portal, headers, &flow, name, theirs).await
        }
        None => None,
    };
    Ok(telling.unwrap_or_else(|| signed_out_here(portal)))
}

/// Sends the person to their SAML provider with a request to end its session too; `None` where that cannot be.
async fn tell(
    portal: &Portal,
    headers: &HeaderMap,
    flow: &Flow<'_>,
    name: &str,
    theirs: &SamlSession,
) -> Option<Response> {
    let way = portal.saml.iter().find(|way| way.name == name)?;
    let provider = portal.broker.saml_provider(name)?;
    let here = logout_url(&portal.origin);
    if provider.signing_keys().is_empty() || provider.logout_url() != Some(&here) {
        return None;
    }
    let binding = Binding::Redirect.for_logout(provider.metadata())?;
    let request = flow.log_out_of(&provider, theirs).ok()?;
    let handle = random_id().ok()?;
    let sealed = relay_state::seal(portal, Protocol::SamlLogout, &handle).ok()?;
    let carried = binding.carry(|| request.redirect_url(Some(&sealed)), || request.post_form(Some(&sealed))).ok()?;
    let pending = Pending {
        provider: way.name.clone(),
        correlation_id: flow.correlation_id().clone(),
        return_to: portal.door.return_path(),
        ticket: LogoutTicket { request_id: request.id().to_owned(), subject: theirs.name_id().value().to_owned() },
    };
    let departure = Departure {
        protocol: Protocol::SamlLogout,
        state: &handle,
        answer_to: &here,
        onward: Leaving::ToSignOut.by_page(portal, &way.label, &carried),
        browser: &mark(portal, headers, Protocol::SamlLogout).ok()?,
        pending,
    };
    depart(portal, departure).await.ok()
}

fn signed_out_here(portal: &Portal) -> Response {
    portal.see_other("/signin?signed_out=1")
}
