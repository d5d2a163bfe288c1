//! A verified identity becomes a portal session.

use axum::http::HeaderMap;
use axum::http::header::SET_COOKIE;
use axum::response::Response;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::door::Door;
use super::pending::{self, Pending, PendingError, Protocol};
use super::refused::{not_pending, refusal_of, unknown_person};
use super::return_path::ReturnPath;
use super::session::{PortalSession, PortalSessionError, ProviderSession};
use crate::Flow;
use crate::VerifiedIdentity;
use crate::directory::DirectoryError;
use crate::http::cookie::{Cookie, CookieSecret};
use crate::http::page::Next;
use crate::http::portal::answer::unavailable;
use crate::http::portal::{Portal, Stop};
use crate::identity::ProviderName;
use crate::time::Timestamp;

/// A sign-in, or a sign-out, about to leave for its provider.
pub(super) struct Departure<'a, T> {
    pub(super) protocol: Protocol,
    pub(super) state: &'a str,
    pub(super) answer_to: &'a str,
    /// What takes the browser there.
    pub(super) onward: Response,
    pub(super) browser: &'a CookieSecret,
    pub(super) pending: Pending<T>,
}

impl Protocol {
    pub(super) const fn cookie(self) -> Cookie {
        match self {
            // One mark serves both: it names the browser, and must come along with a provider's cross-site POST.
            Self::Saml | Self::SamlLogout => Cookie::SamlSignIn,
            Self::Oidc | Self::OidcLogout => Cookie::OidcSignIn,
        }
    }

    pub(super) const fn operation(self) -> &'static str {
        match self {
            Self::Saml => "sign-in with SAML",
            Self::Oidc => "sign-in with OpenID Connect",
            Self::SamlLogout => "answer to a logout at the SAML provider",
            Self::OidcLogout => "return from a logout at the OpenID provider",
        }
    }
}

/// The mark of the browser that a sign-in begins in. Sign-ins begun side by side in two tabs share it, so that both finish.
pub(super) fn mark(portal: &Portal, headers: &HeaderMap, protocol: Protocol) -> Result<CookieSecret, Stop> {
    match portal.cookies.read(headers, protocol.cookie()) {
        Some(browser) => Ok(browser),
        None => CookieSecret::generate().map_err(|_| unavailable(Next::SignIn, None).into()),
    }
}

/// Remembers a sign-in or a sign-out, marks the browser it begins in, and sends it to the provider.
pub(super) async fn depart<T: Serialize + DeserializeOwned>(
    portal: &Portal,
    departure: Departure<'_, T>,
) -> Result<Response, Stop> {
    let Departure { protocol, state, answer_to, mut onward, browser, pending } = departure;
    let flow = pending.correlation_id.clone();
    let failed = || unavailable(Next::SignIn, Some(&flow));
    let (store, now) = (portal.broker.store(), portal.broker.now());
    pending.keep(store, now, (protocol, state), browser, answer_to).await.map_err(|_| failed())?;
    let mark = portal.cookies.set(protocol.cookie(), browser, pending::LIFETIME);
    onward.headers_mut().extend(mark.map(|mark| (SET_COOKIE, mark)));
    Ok(onward)
}

/// The sign-in that an answer with `state` finishes.
pub(super) async fn arrive<T: Serialize + DeserializeOwned>(
    portal: &Portal,
    headers: &HeaderMap,
    (protocol, state): (Protocol, &str),
    answer_to: &str,
) -> Result<Pending<T>, Stop> {
    let browser = portal.cookies.read(headers, protocol.cookie());
    let (store, now) = (portal.broker.store(), portal.broker.now());
    let taken = Pending::take(store, now, (protocol, state), browser.as_ref(), answer_to).await;
    taken.map_err(|error| stray(portal, protocol, &error))
}

/// An answer that finishes no sign-in, recorded under a flow of its own.
pub(super) fn stray(portal: &Portal, protocol: Protocol, error: &PendingError) -> Stop {
    let Ok(flow) = portal.broker.begin() else {
        return unavailable(Next::SignIn, None).into();
    };
    let refusal = match flow.refuse(protocol.operation(), error.code(), &error.to_string()) {
        Ok(()) => not_pending(error),
        Err(error) => refusal_of(&error, &flow, Next::SignIn),
    };
    refusal.following(flow.correlation_id()).into()
}

/// As [`admit_joined`], with the session at the SAML provider that the assertion speaks of.
pub(super) async fn admit(
    portal: &Portal,
    headers: &HeaderMap,
    flow: &Flow<'_>,
    identity: &VerifiedIdentity,
    shown: (&str, &ReturnPath),
    began: Timestamp,
) -> Result<Response, Stop> {
    let theirs = match (identity.provider(), identity.saml_session()) {
        (ProviderName::Saml(name), Some(session)) => portal
            .broker
            .saml_provider(name)
            .map(|provider| ProviderSession::with_saml(name, session.clone(), &provider)),
        _ => None,
    };
    admit_joined(portal, headers, flow, (identity, theirs), shown, began).await
}

/// Signs in the person that `identity` is, by the session `theirs` of the provider, and ends whatever session the browser
/// had. The session here begins at `began`, the instant before the verification: a logout that arrived in the meantime ends
/// it too.
pub(super) async fn admit_joined(
    portal: &Portal,
    headers: &HeaderMap,
    flow: &Flow<'_>,
    (identity, theirs): (&VerifiedIdentity, Option<ProviderSession>),
    (label, return_to): (&str, &ReturnPath),
    began: Timestamp,
) -> Result<Response, Stop> {
    let user_name = match portal.door {
        Door::Portal => &portal.broker.directory().user_for(identity).map_err(|error| unknown(flow, &error))?.user_name,
        Door::Application => identity.subject(),
    };
    let store = portal.broker.store();
    let failed = |error: PortalSessionError| match error {
        PortalSessionError::ProviderEnded => super::refused::provider_ended(flow),
        PortalSessionError::Store(_) | PortalSessionError::Crypto(_) => {
            unavailable(Next::SignIn, Some(flow.correlation_id()))
        }
    };
    let ends = identity.session_not_on_or_after();
    let mut session = PortalSession::new(user_name, label, flow.correlation_id().clone(), began, ends);
    session.ends = session.ends.min(began.saturating_add(portal.session_lifetime));
    if portal.door == Door::Application {
        session = session.vouched_for_by(identity);
    }
    session.by = theirs;
    let id = session.keep(store, portal.door).await.map_err(failed)?;
    if let Some(old) = portal.cookies.read(headers, portal.door.cookie()) {
        PortalSession::end(store, portal.door, portal.broker.now(), &old)
            .await
            .map_err(|error| failed(error.into()))?;
    }
    let mut response = portal.see_other(return_to.as_str());
    let cookie = portal.cookies.set(portal.door.cookie(), &id, session.ends.duration_since(began));
    response.headers_mut().extend(cookie.map(|cookie| (SET_COOKIE, cookie)));
    Ok(response)
}

fn unknown(flow: &Flow<'_>, error: &DirectoryError) -> Stop {
    match flow.refuse("sign-in to the portal", "AccessDenied", &error.to_string()) {
        Ok(()) => unknown_person(flow).into(),
        Err(error) => refusal_of(&error, flow, Next::SignIn).into(),
    }
}
