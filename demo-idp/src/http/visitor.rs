//! Who sends a request: which browser session, which page, which machine.

use super::answer::json;
use crate::core::Core;
use crate::flows::{Session, Sessions};
use crate::oidc::dpop::Presented;
use crate::params::{BODY_MOST, Params};
use axum::body::{Body, to_bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::header::{AUTHORIZATION, COOKIE, HOST, ORIGIN};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::Response;
use serde_json::json;
use std::net::SocketAddr;
use std::sync::Arc;

/// The session cookie's name. Browsers send cookies to every port of a host, so the port is part of the name: two
/// identity providers on one machine do not sign each other's people out.
fn cookie_name(core: &Core) -> String {
    let port = core.base.authority().rsplit_once(':').map_or("", |(_, port)| port.trim_end_matches(']'));
    let prefix = if core.base.is_https() && core.base.path().is_empty() { "__Host-" } else { "" };
    format!("{prefix}demo_idp_{port}")
}

pub(super) fn session_cookie(core: &Core, value: &str) -> Option<HeaderValue> {
    set_cookie(core, value, Sessions::LIFE.whole_seconds())
}

pub(super) fn no_session_cookie(core: &Core) -> Option<HeaderValue> {
    set_cookie(core, "", 0)
}

fn set_cookie(core: &Core, value: &str, seconds: i64) -> Option<HeaderValue> {
    let path = if core.base.path().is_empty() { "/" } else { core.base.path() };
    let secure = if core.base.is_https() { "; Secure" } else { "" };
    let name = cookie_name(core);
    HeaderValue::from_str(&format!("{name}={value}; Path={path}; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}"))
        .ok()
}

pub(super) fn cookie(core: &Core, headers: &HeaderMap) -> Option<String> {
    let name = cookie_name(core);
    headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|header| header.to_str().ok())
        .flat_map(|header| header.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(found, _)| *found == name)
        .map(|(_, value)| value.to_owned())
}

pub(super) fn session(core: &Core, headers: &HeaderMap) -> Option<Session> {
    cookie(core, headers).and_then(|cookie| core.sessions.find(&cookie, core.clock.now()))
}

/// Whether a form comes from one of our pages (attack: cross-site request forgery, login CSRF among it). Browsers put
/// `Origin` on every post; programs that are no browsers leave it out, and have no cookies to abuse.
pub(super) fn is_own_form(core: &Core, headers: &HeaderMap) -> bool {
    match headers.get(ORIGIN) {
        Some(origin) => origin.as_bytes() == core.base.origin().as_bytes(),
        None => headers.get("sec-fetch-site").is_none_or(|site| matches!(site.as_bytes(), b"same-origin" | b"none")),
    }
}

pub(super) fn authorization(headers: &HeaderMap) -> Option<&str> {
    headers.get(AUTHORIZATION).map(|header| header.to_str().unwrap_or_default())
}

/// The DPoP proof of a request.
pub(super) fn proof(headers: &HeaderMap) -> Presented<'_> {
    let mut proofs = headers.get_all("dpop").iter();
    match (proofs.next(), proofs.next()) {
        (None, _) => Presented::Nothing,
        (Some(proof), None) => Presented::Proof(proof.to_str().unwrap_or_default()),
        (Some(_), Some(_)) => Presented::Several,
    }
}

/// A form body, bounded before it is read.
pub(super) async fn form(body: Body) -> Result<Params, String> {
    let bytes = to_bytes(body, BODY_MOST).await.map_err(|_| "the form is longer than 96 KiB".to_owned())?;
    let text = std::str::from_utf8(&bytes).map_err(|_| "the form is not UTF-8".to_owned())?;
    Params::parse(text).map_err(|error| error.to_string())
}

/// Lets in callers on this machine, by the name of this machine. The second half stops a page of another site that has
/// its own host name resolve to 127.0.0.1 (attack: DNS rebinding).
pub(super) async fn local_only(State(core): State<Arc<Core>>, request: Request, next: Next) -> Response {
    let near = request.extensions().get::<ConnectInfo<SocketAddr>>().is_some_and(|peer| peer.0.ip().is_loopback());
    let host = request.headers().get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    let named = host == core.base.authority() || matches!(name, "localhost" | "127.0.0.1" | "[::1]");
    if near && named {
        return next.run(request).await;
    }
    json(StatusCode::FORBIDDEN, &json!({ "error": "Only callers on this machine are answered here." }))
}
