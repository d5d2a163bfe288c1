//! Sign-in with SAML: an AuthnRequest out by HTTP-Redirect or HTTP-POST, a response in by HTTP-POST (saml-profiles 4.1).

use std::sync::Arc;

use axum::extract::{Path, Request, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri};
use axum::response::{IntoResponse, Response};

use super::admit::{Departure, admit, arrive, depart, mark, stray};
use super::leaving::{Asked, Binding, Leaving};
use super::pending::{Pending, PendingError, Protocol};
use super::refused::{refusal_of, unknown_provider, unsolicited};
use super::relay_state;
use super::return_path::ReturnPath;
use super::wanted;
use crate::Error;
use crate::crypto::random_id;
use crate::http::page::{Next, Origin};
use crate::http::portal::answer::{form, sentence, unavailable, unreadable};
use crate::http::portal::{Portal, Stop};
use crate::identity::saml::{AuthnRequest, SamlError, UnverifiedResponse};

/// The largest form posted to the assertion consumer service in bytes: 256 KiB of base64, escaped.
const FORM_LIMIT: usize = 400 * 1024;

/// Where answers of SAML providers come to.
pub(in crate::http) fn acs_url(origin: &Origin) -> String {
    format!("{origin}/saml/acs")
}

/// `GET /signin/saml/{name}`.
pub(in crate::http) async fn begin(
    State(portal): State<Arc<Portal>>,
    Path(name): Path<String>,
    headers: HeaderMap,
    uri: Uri,
) -> Response {
    let sent = match wanted(&portal, &uri) {
        Ok(return_to) => send(&portal, &name, &headers, return_to, Asked::ByLink).await,
        Err(stop) => Err(stop),
    };
    portal.answer(sent)
}

/// Sends somebody to the SAML provider `name`.
pub(super) async fn send(
    portal: &Portal,
    name: &str,
    headers: &HeaderMap,
    return_to: ReturnPath,
    asked: Asked<'_>,
) -> Result<Response, Stop> {
    let way = portal.saml.iter().find(|way| way.name == name).ok_or_else(unknown_provider)?;
    let provider = portal.broker.saml_provider(&way.name).ok_or_else(unknown_provider)?;
    let flow = portal.broker.begin().map_err(|_| unavailable(Next::SignIn, None))?;
    let made = random_id().and_then(|handle| Ok((relay_state::seal(portal, Protocol::Saml, &handle)?, handle)));
    let (sealed, handle) = made.map_err(|_| unavailable(Next::SignIn, None))?;
    let refused = |error: SamlError| refusal_of(&Error::from(error), &flow, Next::SignIn);
    let request = AuthnRequest::new(&provider, portal.broker.now()).map_err(refused)?;
    let metadata = provider.metadata();
    let (by_redirect, by_post) = (metadata.redirect_endpoint().is_some(), metadata.post_endpoint().is_some());
    // Where there is neither, a redirect fails and says so.
    let binding = Binding::Redirect.or_other(by_redirect, by_post).unwrap_or(Binding::Redirect);
    let carried = binding.carry(|| request.redirect_url(Some(&sealed)), || request.post_form(Some(&sealed)));
    let departure = Departure {
        protocol: Protocol::Saml,
        state: &handle,
        answer_to: provider.acs_url(),
        onward: Leaving::ToSignIn.after(asked, portal, &way.label, &carried.map_err(refused)?),
        browser: &mark(portal, headers, Protocol::Saml)?,
        pending: Pending {
            provider: way.name.clone(),
            correlation_id: flow.correlation_id().clone(),
            return_to,
            ticket: request.id().to_owned(),
        },
    };
    depart(portal, departure).await
}

/// `POST /saml/acs`: the assertion consumer service. The form comes from the provider's page, so its origin is not ours; the
/// state and the browser's mark stand in for that.
pub(in crate::http) async fn finish(State(portal): State<Arc<Portal>>, request: Request) -> Response {
    portal.answer(receive(&portal, request).await)
}

async fn receive(portal: &Portal, request: Request) -> Result<Response, Stop> {
    let (parts, body) = request.into_parts();
    let params = form(&parts.headers, body, FORM_LIMIT).await?;
    let response =
        params.required("SAMLResponse").map_err(|error| unreadable(StatusCode::BAD_REQUEST, sentence(&error)))?;
    let state = params.optional("RelayState").unwrap_or_default();
    let Some(handle) = relay_state::open(portal, Protocol::Saml, state) else {
        return unasked(portal, &parts.headers, response, state).await;
    };
    let arriving = (Protocol::Saml, handle);
    let pending: Pending<String> = arrive(portal, &parts.headers, arriving, &acs_url(&portal.origin)).await?;
    let flow = portal.broker.follow(pending.correlation_id.clone());
    let refused = |error: Error| refusal_of(&error, &flow, Next::SignIn);
    let unverified = match UnverifiedResponse::from_post(response, &pending.ticket) {
        Ok(unverified) => unverified,
        Err(error) => {
            flow.refuse(Protocol::Saml.operation(), error.code(), &error.reason()).map_err(refused)?;
            return Err(refused(error.into()).into());
        }
    };
    let way = portal.saml.iter().find(|way| way.name == pending.provider).ok_or_else(unknown_provider)?;
    let began = portal.broker.now();
    let identity = flow.verify_from(&way.name, unverified).await.map_err(refused)?;
    admit(portal, &parts.headers, &flow, &identity, (&way.label, &pending.return_to), began).await
}

/// A response to no request of ours: accepted from providers that were explicitly set to send such.
async fn unasked(portal: &Portal, headers: &HeaderMap, response: &str, state: &str) -> Result<Response, Stop> {
    let accepting = portal.saml.iter().filter_map(|way| Some((way, portal.broker.saml_provider(&way.name)?)));
    let accepting: Vec<_> = accepting.filter(|(_, provider)| provider.accepts_unsolicited()).collect();
    let refused = || match state {
        "" => unsolicited().into(),
        _ => stray(portal, Protocol::Saml, &PendingError::NotPending),
    };
    if accepting.is_empty() {
        return Err(refused());
    }
    let read = UnverifiedResponse::unsolicited(response);
    let read = read.and_then(|unverified| Ok((unverified.claimed_issuer()?, unverified)));
    let (issuer, unverified) = read.map_err(|_| refused())?;
    let way = accepting.iter().find(|(_, provider)| provider.entity_id() == issuer);
    let (way, _) = way.ok_or_else(refused)?;
    let flow = portal.broker.begin().map_err(|_| unavailable(Next::SignIn, None))?;
    let began = portal.broker.now();
    let identity = flow.verify_from(&way.name, unverified).await;
    let identity = identity.map_err(|error| refusal_of(&error, &flow, Next::SignIn))?;
    admit(portal, headers, &flow, &identity, (&way.label, &landing(portal, state)), began).await
}

/// Where a RelayState that we did not make may lead: to a page of ours, written as a path or in full, and nowhere else.
fn landing(portal: &Portal, state: &str) -> ReturnPath {
    let path = state.strip_prefix(portal.origin.as_str()).unwrap_or(state);
    ReturnPath::parse(path).unwrap_or_else(|| portal.door.return_path())
}

/// `GET /saml/metadata`: what identity providers are configured with.
pub(in crate::http) async fn metadata(State(portal): State<Arc<Portal>>) -> Response {
    let provider = portal.saml.first().and_then(|way| portal.broker.saml_provider(&way.name));
    let Some(provider) = provider else {
        return portal.answer(Err(unknown_provider().into()));
    };
    let Ok(metadata) = provider.sp_metadata(portal.broker.now()) else {
        return portal.answer(Err(unavailable(Next::SignIn, None).into()));
    };
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static("application/samlmetadata+xml")),
        (CACHE_CONTROL, HeaderValue::from_static("no-cache")),
        (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    ];
    (headers, metadata).into_response()
}
