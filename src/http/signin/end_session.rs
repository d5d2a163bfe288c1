//! Logout at an OpenID provider that begins here (OpenID Connect RP-Initiated Logout 1.0).
//!
//! Enters: a session that has ended here. Leaves: a browser on its way to end the one at the provider, and later the same
//! browser with the `state` that it was sent with. Refused: a return that nobody here waits for, which changes nothing.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use serde::{Deserialize, Serialize};

use super::admit::{Departure, depart, mark};
use super::leaving::{Carried, Leaving};
use super::logout::stray;
use super::pending::{Pending, PendingError, Protocol};
use super::refused::{refused_logout, unknown_provider};
use super::relay_state;
use crate::Flow;
use crate::crypto::random_id;
use crate::http::page::Origin;
use crate::http::portal::answer::query;
use crate::http::portal::{Portal, Stop};
use crate::identity::oidc::OidcSession;

/// Whom a browser that comes back had signed out.
#[derive(Debug, Serialize, Deserialize)]
struct ReturnTicket {
    subject: String,
}

/// Where OpenID providers send people back to after a logout: what is registered as `post_logout_redirect_uri`.
fn signed_out_url(origin: &Origin) -> String {
    format!("{origin}/oidc/signed-out")
}

/// Sends the person to the OpenID provider `name` to end `theirs` too; `None` where that cannot be.
pub(super) async fn tell(
    portal: &Portal,
    headers: &HeaderMap,
    flow: &Flow<'_>,
    name: &str,
    theirs: &OidcSession,
) -> Option<Response> {
    let way = portal.oidc.iter().find(|way| way.name == name)?;
    let party = &way.relying_party;
    let handle = random_id().ok()?;
    let sealed = relay_state::seal(portal, Protocol::OidcLogout, &handle).ok()?;
    let here = signed_out_url(&portal.origin);
    let url = match party.end_session_url(theirs, (&here, &sealed), portal.broker.now()).await {
        Ok(url) => url?,
        Err(error) => {
            // They are signed out here whatever becomes of the record.
            let _ = flow.not_sent_to_log_out(party.provider(), theirs, &error.reason());
            return None;
        }
    };
    flow.sent_to_log_out(party.provider(), theirs).ok()?;
    let onward = Leaving::ToSignOut.by_page(portal, &way.label, &Carried::Url(url));
    if !party.returns_after_logout() {
        return Some(onward);
    }
    let pending = Pending {
        provider: way.name.clone(),
        correlation_id: flow.correlation_id().clone(),
        return_to: portal.door.return_path(),
        ticket: ReturnTicket { subject: theirs.subject().to_owned() },
    };
    let departure = Departure {
        protocol: Protocol::OidcLogout,
        state: &handle,
        answer_to: &here,
        onward,
        browser: &mark(portal, headers, Protocol::OidcLogout).ok()?,
        pending,
    };
    depart(portal, departure).await.ok()
}

/// `GET /oidc/signed-out`.
pub(in crate::http) async fn signed_out(State(portal): State<Arc<Portal>>, headers: HeaderMap, uri: Uri) -> Response {
    portal.answer(receive(&portal, &headers, &uri).await)
}

async fn receive(portal: &Portal, headers: &HeaderMap, uri: &Uri) -> Result<Response, Stop> {
    let protocol = Protocol::OidcLogout;
    let params = query(uri.query())?;
    let handle = relay_state::open(portal, protocol, params.optional("state").unwrap_or_default());
    let handle = handle.ok_or_else(|| stray(portal, protocol, &PendingError::NotPending))?;
    let browser = portal.cookies.read(headers, protocol.cookie());
    let (store, now) = (portal.broker.store(), portal.broker.now());
    let here = signed_out_url(&portal.origin);
    let taken = Pending::take(store, now, (protocol, handle), browser.as_ref(), &here).await;
    let pending: Pending<ReturnTicket> = taken.map_err(|error| stray(portal, protocol, &error))?;
    let way = portal.oidc.iter().find(|way| way.name == pending.provider).ok_or_else(unknown_provider)?;
    let flow = portal.broker.follow(pending.correlation_id);
    let recorded = flow.back_from_logout(way.relying_party.provider(), &pending.ticket.subject);
    recorded.map_err(|error| refused_logout(&error, &flow))?;
    Ok(portal.see_other("/signin?signed_out=everywhere"))
}
