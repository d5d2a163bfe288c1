//! Signing in by browser, with SAML or OpenID Connect.
//!
//! Enters: a browser that wants in, and later what a provider sent it back with. Leaves: a portal session in a cookie, for a
//! person the directory knows. Refused, as a page that says what to do next: answers that nobody here asked for, in another
//! browser, twice, or that the identity stage refuses.

mod admit;
pub(in crate::http) mod door;
mod oidc;
pub(in crate::http) mod params;
mod pending;
mod refused;
pub(in crate::http) mod return_path;
mod saml;
pub(in crate::http) mod session;

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::header::SET_COOKIE;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::Response;

use super::page::Frame;
use super::portal::answer::{query, unavailable};
use super::portal::{Portal, Stop};
use crate::http::page::Next;
use return_path::ReturnPath;
use session::PortalSession;

pub(in crate::http) use oidc::{begin as begin_oidc, callback_url, finish as finish_oidc};
pub(in crate::http) use refused::refusal_of;
pub(in crate::http) use saml::{acs_url, begin as begin_saml, finish as finish_saml, metadata};

/// `GET /signin`.
#[derive(Debug, Template)]
#[template(path = "signin.html")]
struct SignInPage<'a> {
    frame: Frame<'a>,
    signed_out: bool,
    lead: &'static str,
    signed_out_lead: &'static str,
    ways: Vec<Way<'a>>,
}

/// One way to sign in.
#[derive(Debug)]
struct Way<'a> {
    path: String,
    protocol: &'static str,
    label: &'a str,
}

/// `GET /signin`: the providers to choose from.
pub(in crate::http) async fn choose(State(portal): State<Arc<Portal>>, uri: Uri) -> Response {
    portal.answer(offer(&portal, &uri))
}

fn offer(portal: &Portal, uri: &Uri) -> Result<Response, Stop> {
    let params = query(uri.query())?;
    let back = params.optional("return").and_then(ReturnPath::parse).map_or_else(String::new, |path| {
        let path: String = form_urlencoded::byte_serialize(path.as_str().as_bytes()).collect();
        format!("?return={path}")
    });
    let way = |kind: &str, protocol, name: &str, label| {
        let name: String = form_urlencoded::byte_serialize(name.as_bytes()).collect();
        Way { path: format!("/signin/{kind}/{name}{back}"), protocol, label }
    };
    let saml = portal.saml.iter().map(|one| way("saml", "SAML", &one.name, one.label.as_str()));
    let oidc = portal.oidc.iter().map(|one| way("oidc", "OpenID Connect", &one.name, one.label.as_str()));
    let page = SignInPage {
        frame: portal.frame("Sign in", None),
        signed_out: params.optional("signed_out").is_some(),
        lead: portal.door.lead(),
        signed_out_lead: portal.door.signed_out_lead(),
        ways: saml.chain(oidc).collect(),
    };
    Ok(portal.page(StatusCode::OK, &page))
}

/// `POST /signout`: ends the portal's session; keys already taken go on until they expire.
pub(in crate::http) async fn sign_out(State(portal): State<Arc<Portal>>, headers: HeaderMap) -> Response {
    portal.answer(leave(&portal, &headers).await)
}

async fn leave(portal: &Portal, headers: &HeaderMap) -> Result<Response, Stop> {
    portal.same_origin(headers)?;
    if let Some(id) = portal.cookies.read(headers, portal.door.cookie()) {
        let ended = PortalSession::end(portal.broker.store(), portal.door, portal.broker.now(), &id).await;
        ended.map_err(|_| unavailable(Next::Portal, None))?;
    }
    let mut response = portal.see_other("/signin?signed_out=1");
    response.headers_mut().extend(portal.cookies.clear(portal.door.cookie()).map(|cookie| (SET_COOKIE, cookie)));
    Ok(response)
}

/// Where a sign-in was asked to lead afterwards.
fn wanted(portal: &Portal, uri: &Uri) -> Result<ReturnPath, Stop> {
    let params = query(uri.query())?;
    Ok(params.optional("return").and_then(ReturnPath::parse).unwrap_or_else(|| portal.door.return_path()))
}
