//! Signing in by browser, with SAML or OpenID Connect.
//!
//! Enters: a browser that wants in, and later what a provider sent it back with. Leaves: a portal session in a cookie, for a
//! person the directory knows. Refused, as a page that says what to do next: answers that nobody here asked for, in another
//! browser, twice, or that the identity stage refuses.

mod admit;
mod back_channel;
pub(in crate::http) mod door;
mod end_session;
mod leaving;
mod logout;
mod oidc;
pub(in crate::http) mod params;
mod pending;
mod refused;
mod relay_state;
pub(in crate::http) mod return_path;
mod saml;
pub(in crate::http) mod session;
mod sign_out;

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::response::Response;

use super::page::Frame;
use super::portal::answer::query;
use super::portal::{Portal, Stop};
use crate::http::page::Origin;
use return_path::ReturnPath;

pub(in crate::http) use back_channel::receive as log_out_by_token;
pub(in crate::http) use end_session::signed_out;
pub(in crate::http) use logout::{log_out_by_post, log_out_by_redirect};
pub(in crate::http) use oidc::{begin as begin_oidc, callback_url, finish as finish_oidc};
pub(in crate::http) use refused::refusal_of;
pub(in crate::http) use saml::{acs_url, begin as begin_saml, finish as finish_saml, metadata};
pub(in crate::http) use sign_out::sign_out;

/// Where logout messages of SAML providers come to.
pub(in crate::http) fn logout_url(origin: &Origin) -> String {
    format!("{origin}/saml/slo")
}

/// `GET /signin`.
#[derive(Debug, Template)]
#[template(path = "signin.html")]
struct SignInPage<'a> {
    frame: Frame<'a>,
    lead: &'static str,
    signed_out: Option<&'static str>,
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
        lead: portal.door.lead(),
        signed_out: params.optional("signed_out").map(|how| portal.door.signed_out_lead(how)),
        ways: saml.chain(oidc).collect(),
    };
    Ok(portal.page(StatusCode::OK, &page))
}

/// Where a sign-in was asked to lead afterwards.
fn wanted(portal: &Portal, uri: &Uri) -> Result<ReturnPath, Stop> {
    let params = query(uri.query())?;
    Ok(params.optional("return").and_then(ReturnPath::parse).unwrap_or_else(|| portal.door.return_path()))
}
