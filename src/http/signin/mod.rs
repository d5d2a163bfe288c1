//! Signing in by browser, with SAML or OpenID Connect.
//!
//! Enters: a browser that wants in, and later what a provider sent it back with. Leaves: a portal session in a cookie, for a
//! person the directory knows. Refused, as a page that says what to do next: answers that nobody here asked for, in another
//! browser, twice, or that the identity stage refuses.

mod admit;
mod back_channel;
pub(in crate::http) mod domains;
pub(in crate::http) mod door;
mod end_session;
mod fault;
mod leaving;
mod logout;
mod oidc;
pub(in crate::http) mod params;
pub(in crate::http) mod pending;
mod refused;
mod relay_state;
pub(in crate::http) mod return_path;
mod saml;
pub(in crate::http) mod session;
mod sign_out;

use std::sync::Arc;

use askama::Template;
use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, Uri};
use axum::response::Response;

use super::page::Frame;
use super::portal::answer::{form, query};
use super::portal::{Portal, Stop};
use crate::http::page::Origin;
use domains::{EMAIL_LIMIT, Email};
use door::Door;
use leaving::Asked;
use pending::Protocol;
use return_path::ReturnPath;

pub(in crate::http) use back_channel::receive as log_out_by_token;
pub(in crate::http) use end_session::signed_out;
pub(in crate::http) use logout::{log_out_by_post, log_out_by_redirect};
pub(in crate::http) use oidc::{begin as begin_oidc, callback_url, finish as finish_oidc};
pub(in crate::http) use refused::refusal_of;
pub(in crate::http) use saml::{acs_url, begin as begin_saml, finish as finish_saml, metadata};
pub(in crate::http) use sign_out::{ask_to_sign_out, sign_out};

/// Where logout messages of SAML providers come to.
pub(in crate::http) fn logout_url(origin: &Origin) -> String {
    format!("{origin}/saml/slo")
}

/// The largest form of the sign-in page in bytes: an address and a path, escaped.
const FORM_LIMIT: usize = 4096;
/// Has the browser forget the pages it keeps for its Back button, which it may do in spite of `no-store`.
const FORGET_PAGES: (HeaderName, HeaderValue) =
    (HeaderName::from_static("clear-site-data"), HeaderValue::from_static("\"cache\""));

/// `GET /signin`, and `POST /signin` where what was typed leads nowhere.
#[derive(Debug, Template)]
#[template(path = "signin.html")]
struct SignInPage<'a> {
    frame: Frame<'a>,
    name: Option<&'a str>,
    lead: &'static str,
    /// What the place is called.
    here: &'static str,
    signed_out: Option<&'static str>,
    /// Where people may type an e-mail address.
    email: Option<EmailField<'a>>,
    ways: Vec<Way<'a>>,
}

/// The field for an e-mail address.
#[derive(Debug)]
struct EmailField<'a> {
    typed: &'a str,
    problem: Option<&'a str>,
    back: Option<&'a ReturnPath>,
}

impl EmailField<'_> {
    const fn limit(&self) -> usize {
        EMAIL_LIMIT
    }
}

/// One way to sign in.
#[derive(Debug)]
struct Way<'a> {
    path: String,
    what: &'a str,
    hint: Option<&'a str>,
}

/// What a person sees of the sign-in page beside the ways.
#[derive(Debug, Default)]
struct Seen<'a> {
    back: Option<ReturnPath>,
    signed_out: Option<&'static str>,
    typed: &'a str,
    problem: Option<String>,
}

/// `GET /signin`: the providers to choose from.
pub(in crate::http) async fn choose(State(portal): State<Arc<Portal>>, uri: Uri) -> Response {
    let seen = query(uri.query()).map(|params| Seen {
        back: params.optional("return").and_then(ReturnPath::parse),
        signed_out: params.optional("signed_out").map(|how| portal.door.signed_out_lead(how)),
        ..Seen::default()
    });
    portal.answer(seen.map(|seen| offer(&portal, &seen)).map_err(Stop::from))
}

/// `POST /signin`: leads whoever typed an e-mail address to the provider of its domain.
pub(in crate::http) async fn identify(State(portal): State<Arc<Portal>>, request: Request) -> Response {
    portal.answer(lead(&portal, request).await)
}

async fn lead(portal: &Portal, request: Request) -> Result<Response, Stop> {
    let (parts, body) = request.into_parts();
    portal.same_origin(&parts.headers)?;
    let params = form(&parts.headers, body, FORM_LIMIT).await?;
    let back = params.optional("return").and_then(ReturnPath::parse);
    let typed = params.optional("email").unwrap_or_default();
    let return_to = back.clone().unwrap_or_else(|| portal.door.return_path());
    let problem = match Email::parse(typed) {
        Some(email) => match portal.domains.provider(&email.domain) {
            Some((Protocol::Oidc, name)) => {
                return oidc::send(portal, name, &parts.headers, return_to, Asked::ByEmail(email.text)).await;
            }
            // SAML has no such hint in the AuthnRequests that are sent here.
            Some((_, name)) => {
                return saml::send(portal, name, &parts.headers, return_to, Asked::ByEmail(email.text)).await;
            }
            None => format!("No one here signs in with {}. Check the address, or choose below.", email.domain.as_str()),
        },
        None => "This is not an e-mail address. One looks like name@example.com.".to_owned(),
    };
    let typed = if typed.len() <= EMAIL_LIMIT { typed } else { "" };
    Ok(offer(portal, &Seen { back, typed, problem: Some(problem), ..Seen::default() }))
}

fn offer(portal: &Portal, seen: &Seen<'_>) -> Response {
    let problem = seen.problem.as_deref();
    let email = EmailField { typed: seen.typed, problem, back: seen.back.as_ref() };
    let page = SignInPage {
        frame: portal.frame("Sign in", None),
        name: portal.name.as_deref(),
        lead: portal.door.lead(),
        here: portal.door.here(),
        signed_out: seen.signed_out,
        email: (!portal.domains.is_empty()).then_some(email),
        ways: ways(portal, seen.back.as_ref()),
    };
    let status = if problem.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let mut response = portal.page(status, &page);
    response.headers_mut().extend(seen.signed_out.map(|_| FORGET_PAGES));
    response
}

fn ways<'a>(portal: &'a Portal, back: Option<&ReturnPath>) -> Vec<Way<'a>> {
    let saml = portal.saml.iter().map(|one| (Protocol::Saml, one.name.as_str(), one.label.as_str()));
    let oidc = portal.oidc.iter().map(|one| (Protocol::Oidc, one.name.as_str(), one.label.as_str()));
    let all: Vec<_> = saml.chain(oidc).collect();
    let way = |(protocol, name, label): (Protocol, &'a str, &'a str)| {
        let spoken = if protocol == Protocol::Saml { "SAML" } else { "OpenID Connect" };
        let alone = all.iter().filter(|(.., other)| *other == label).count() == 1;
        let (what, hint) = match portal.door {
            Door::Portal => (spoken, Some(label)),
            // People know their organisation, and protocols only where nothing else tells two ways apart.
            Door::Application => (label, (!alone).then_some(spoken)),
        };
        Way { path: way_path(protocol, name, back), what, hint }
    };
    all.iter().copied().map(way).collect()
}

/// Where a sign-in with one provider begins.
fn way_path(protocol: Protocol, name: &str, back: Option<&ReturnPath>) -> String {
    let escaped = |text: &str| -> String { form_urlencoded::byte_serialize(text.as_bytes()).collect() };
    let back = back.map_or_else(String::new, |path| format!("?return={}", escaped(path.as_str())));
    format!("/signin/{}/{}{back}", protocol.word(), escaped(name))
}

impl Portal {
    /// Where somebody goes who is not signed in: to the provider when there is only one, and to choose otherwise.
    ///
    /// After signing out, and after a refusal, people see the page in either case: nobody is signed in again unasked.
    pub(in crate::http) fn way_in(&self, back: &ReturnPath) -> String {
        match (self.saml.as_slice(), self.oidc.as_slice()) {
            ([only], []) if self.domains.is_empty() => way_path(Protocol::Saml, &only.name, Some(back)),
            ([], [only]) if self.domains.is_empty() => way_path(Protocol::Oidc, &only.name, Some(back)),
            _ => {
                let back: String = form_urlencoded::byte_serialize(back.as_str().as_bytes()).collect();
                format!("/signin?return={back}")
            }
        }
    }
}

/// Where a sign-in was asked to lead afterwards.
fn wanted(portal: &Portal, uri: &Uri) -> Result<ReturnPath, Stop> {
    let params = query(uri.query())?;
    Ok(params.optional("return").and_then(ReturnPath::parse).unwrap_or_else(|| portal.door.return_path()))
}
