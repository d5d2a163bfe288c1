//! Single logout by the browser (saml-profiles 4.4): requests of identity providers, and their answers to ours.
//!
//! Enters: whatever a browser was sent here with. Leaves: sessions that are over, or a page that says how a sign-out ended.
//! A message that the identity provider did not sign changes nothing (attack: signing people out from any page).

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header::SET_COOKIE;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::Response;

use super::leaving::{Binding, Leaving};
use super::logout_url;
use super::pending::{Pending, PendingError, Protocol};
use super::refused::{half_signed_out, no_sign_out, refused_logout};
use super::relay_state;
use super::session;
use super::sign_out::LogoutTicket;
use crate::http::page::Next;
use crate::http::portal::answer::{form, query, unavailable, unreadable};
use crate::http::portal::{Portal, SamlWay, Stop};
use crate::http::signin::params::Params;
use crate::identity::saml::{
    LogoutResponse, LogoutStatus, MetadataError, SamlProvider, UnverifiedLogoutRequest, UnverifiedLogoutResponse,
};
use crate::{Error, Flow};

/// The largest form posted to the logout service in bytes: 256 KiB of base64, escaped.
const FORM_LIMIT: usize = 400 * 1024;

/// What was sent, and how.
struct Arrival<'a> {
    headers: &'a HeaderMap,
    /// The query as it came, where the message is in it: its signature is over these octets.
    raw_query: Option<&'a str>,
    params: &'a Params,
}

/// `GET /saml/slo`.
pub(in crate::http) async fn log_out_by_redirect(
    State(portal): State<Arc<Portal>>,
    headers: HeaderMap,
    uri: Uri,
) -> Response {
    let answer = match query(uri.query()) {
        Ok(params) => {
            let raw_query = Some(uri.query().unwrap_or_default());
            receive(&portal, Arrival { headers: &headers, raw_query, params: &params }).await
        }
        Err(refusal) => Err(refusal.into()),
    };
    portal.answer(answer)
}

/// `POST /saml/slo`.
pub(in crate::http) async fn log_out_by_post(State(portal): State<Arc<Portal>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let answer = match form(&parts.headers, body, FORM_LIMIT).await {
        Ok(params) => receive(&portal, Arrival { headers: &parts.headers, raw_query: None, params: &params }).await,
        Err(refusal) => Err(refusal.into()),
    };
    portal.answer(answer)
}

async fn receive(portal: &Portal, arrival: Arrival<'_>) -> Result<Response, Stop> {
    match (arrival.params.optional("SAMLRequest"), arrival.params.optional("SAMLResponse")) {
        (Some(request), None) => asked(portal, &arrival, request).await,
        (None, Some(response)) => answered(portal, &arrival, response).await,
        _ => Err(unreadable(StatusCode::BAD_REQUEST, "It must hold one SAML message, and nothing else.").into()),
    }
}

/// The identity provider asks that somebody's sessions end, in whichever browser they are.
async fn asked(portal: &Portal, arrival: &Arrival<'_>, posted: &str) -> Result<Response, Stop> {
    let flow = portal.broker.begin().map_err(|_| unavailable(Next::Portal, None))?;
    let read = match arrival.raw_query {
        Some(raw_query) => UnverifiedLogoutRequest::from_redirect(raw_query),
        None => UnverifiedLogoutRequest::from_post(posted),
    };
    let read = read.and_then(|unverified| Ok((unverified.claimed_issuer()?, unverified)));
    let (issuer, unverified) = read.map_err(|error| unread(&flow, error))?;
    let Some((way, provider)) = way_of(portal, &issuer) else {
        return Err(unread(&flow, Error::UnknownProvider { issuer }));
    };
    let requested = flow.log_out(&way.name, unverified, session::LIFETIME).await;
    let requested = requested.map_err(|error| refused_logout(&error, &flow))?;
    let relay_state = match arrival.raw_query {
        Some(_) => requested.relay_state(),
        None => arrival.params.optional("RelayState"),
    };
    let preferred = if arrival.raw_query.is_some() { Binding::Redirect } else { Binding::Post };
    let told = LogoutResponse::to(&provider, &requested, LogoutStatus::Success, portal.broker.now());
    let carried = told.and_then(|told| {
        let binding = preferred.for_logout(provider.metadata());
        let binding = binding.ok_or(MetadataError::NoLogoutEndpoint { binding: "any binding" })?;
        binding.carry(|| told.redirect_url(relay_state), || told.post_form(relay_state))
    });
    let mut response = match carried {
        Ok(carried) => Leaving::ToSignOut.straight(portal, &way.label, &carried),
        // The sessions are over; that nobody can be told so changes nothing about it.
        Err(_) => portal.see_other("/signin?signed_out=1"),
    };
    let over = portal.session(arrival.headers).await.is_ok_and(|session| session.is_none());
    let stale = portal.cookies.read(arrival.headers, portal.door.cookie()).filter(|_| over);
    let clear = stale.and_then(|_| portal.cookies.clear(portal.door.cookie()));
    response.headers_mut().extend(clear.map(|cookie| (SET_COOKIE, cookie)));
    Ok(response)
}

/// The identity provider answers a request of ours; whoever asked is signed out here since then.
async fn answered(portal: &Portal, arrival: &Arrival<'_>, posted: &str) -> Result<Response, Stop> {
    let state = arrival.params.optional("RelayState").unwrap_or_default();
    let handle = relay_state::open(portal, Protocol::SamlLogout, state);
    let handle = handle.ok_or_else(|| stray(portal, Protocol::SamlLogout, &PendingError::NotPending))?;
    let browser = portal.cookies.read(arrival.headers, Protocol::SamlLogout.cookie());
    let (store, now) = (portal.broker.store(), portal.broker.now());
    let here = logout_url(&portal.origin);
    let taken = Pending::take(store, now, (Protocol::SamlLogout, handle), browser.as_ref(), &here).await;
    let pending: Pending<LogoutTicket> = taken.map_err(|error| stray(portal, Protocol::SamlLogout, &error))?;
    let flow = portal.broker.follow(pending.correlation_id);
    let LogoutTicket { request_id, subject } = pending.ticket;
    let unverified = match arrival.raw_query {
        Some(raw_query) => UnverifiedLogoutResponse::from_redirect(raw_query, &request_id),
        None => UnverifiedLogoutResponse::from_post(posted, &request_id),
    };
    let verified = match unverified {
        Ok(unverified) => flow.logged_out_of(&pending.provider, &subject, unverified),
        Err(error) => {
            flow.refuse(Protocol::SamlLogout.operation(), error.code(), &error.reason())
                .map_err(|error| half_signed_out(&error, &flow))?;
            Err(error.into())
        }
    };
    match verified.map_err(|error| half_signed_out(&error, &flow))? {
        LogoutStatus::PartialLogout => Ok(portal.see_other("/signin?signed_out=partly")),
        _ => Ok(portal.see_other("/signin?signed_out=everywhere")),
    }
}

fn way_of<'a>(portal: &'a Portal, issuer: &str) -> Option<(&'a SamlWay, Arc<SamlProvider>)> {
    let ways = portal.saml.iter().filter_map(|way| Some((way, portal.broker.saml_provider(&way.name)?)));
    ways.into_iter().find(|(_, provider)| provider.entity_id() == issuer)
}

/// A request of which not even the sender is known, recorded.
fn unread(flow: &Flow<'_>, error: impl Into<Error>) -> Stop {
    let error = error.into();
    let refusal = match flow.refuse("logout by the SAML provider", error.code(), &error.reason()) {
        Ok(()) => refused_logout(&error, flow),
        Err(error) => refused_logout(&error, flow),
    };
    refusal.into()
}

/// An answer to no request of ours, recorded under a flow of its own.
pub(super) fn stray(portal: &Portal, protocol: Protocol, error: &PendingError) -> Stop {
    let Ok(flow) = portal.broker.begin() else { return unavailable(Next::SignIn, None).into() };
    match flow.refuse(protocol.operation(), error.code(), &error.to_string()) {
        Ok(()) => no_sign_out(error).following(flow.correlation_id()).into(),
        Err(error) => refused_logout(&error, &flow).into(),
    }
}
