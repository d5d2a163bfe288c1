//! Sign-in with OpenID Connect: an authorization request out by redirect, a code back by redirect.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::Response;
use zeroize::Zeroizing;

use super::admit::{Departure, admit_joined, arrive, depart, mark, stray};
use super::fault::{Fault, misconfigured};
use super::leaving::{Asked, Carried, Leaving};
use super::pending::{Pending, PendingError, Protocol};
use super::refused::{refusal_of, unknown_provider};
use super::return_path::ReturnPath;
use super::session::ProviderSession;
use super::wanted;
use crate::explain::{Report, Rule};
use crate::http::page::{Next, Origin, Refusal};
use crate::http::portal::answer::{sentence, unavailable, unreadable};
use crate::http::portal::{Portal, Stop};
use crate::http::relying_party::{
    BeginSignIn, BegunSignIn, CALLBACK_RULES, PendingSignIn, Redeemed, SignInError, claimed_state,
};
use crate::identity::oidc::{OidcSession, USERINFO_RULES};
use crate::{Error, Flow};

/// Where answers of the OpenID provider `name` come to, and those of no other: an answer that comes by another provider's
/// address answers nothing (RFC 9700 4.4.2; attack: mix-up).
pub(in crate::http) fn callback_url(origin: &Origin, name: &str) -> String {
    format!("{origin}/oidc/callback/{name}")
}

/// `GET /signin/oidc/{name}`.
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

/// Sends somebody to the OpenID provider `name`, which hears the e-mail address they typed as a hint.
pub(super) async fn send(
    portal: &Portal,
    name: &str,
    headers: &HeaderMap,
    return_to: ReturnPath,
    asked: Asked<'_>,
) -> Result<Response, Stop> {
    let way = portal.oidc.iter().find(|way| way.name == name).ok_or_else(unknown_provider)?;
    let flow = portal.broker.begin().map_err(|_| unavailable(Next::SignIn, None))?;
    let browser = mark(portal, headers, Protocol::Oidc)?;
    let wishes = match asked {
        Asked::ByEmail(email) => BeginSignIn::new().with_login_hint(email),
        Asked::ByLink => BeginSignIn::new(),
    };
    let begun = way.relying_party.begin_in(browser.expose(), &wishes, portal.broker.now()).await;
    let BegunSignIn { redirect_url, pending: started, .. } =
        begun.map_err(|error| refused(&error, &flow, Report::new()))?;
    let onward = Carried::Url(redirect_url);
    let departure = Departure {
        protocol: Protocol::Oidc,
        state: started.state(),
        answer_to: &callback_url(&portal.origin, &way.name),
        onward: Leaving::ToSignIn.after(asked, portal, &way.label, &onward),
        browser: &browser,
        pending: Pending {
            provider: way.name.clone(),
            correlation_id: flow.correlation_id().clone(),
            return_to,
            ticket: started.to_text(),
        },
    };
    depart(portal, departure).await
}

/// `GET /oidc/callback/{name}`.
pub(in crate::http) async fn finish(
    State(portal): State<Arc<Portal>>,
    Path(name): Path<String>,
    headers: HeaderMap,
    uri: Uri,
) -> Response {
    portal.answer(receive(&portal, &name, &headers, uri.query().unwrap_or_default()).await)
}

async fn receive(portal: &Portal, name: &str, headers: &HeaderMap, query: &str) -> Result<Response, Stop> {
    let state = claimed_state(query).map_err(|error| unreadable(StatusCode::BAD_REQUEST, sentence(&error)))?;
    let arriving = (Protocol::Oidc, state.as_str());
    // The address that was asked for names the provider, so that the answer of another one is at another address.
    let pending: Pending<Zeroizing<String>> =
        arrive(portal, headers, arriving, &callback_url(&portal.origin, name)).await?;
    let gone = || stray(portal, Protocol::Oidc, &PendingError::NotPending);
    let started = PendingSignIn::from_text(&pending.ticket).ok_or_else(gone)?;
    let way = portal.oidc.iter().find(|way| way.name == pending.provider).ok_or_else(unknown_provider)?;
    let browser = mark(portal, headers, Protocol::Oidc)?;
    let flow = portal.broker.follow(pending.correlation_id.clone());
    let mut report = Report::new();
    let now = portal.broker.now();
    let party = &way.relying_party;
    let redeemed = party.redeem(started, browser.expose(), query, now, &mut report).await;
    let Redeemed { token, jwks, tokens, .. } = redeemed.map_err(|error| refused(&error, &flow, report))?;
    let hint = token.hint();
    let verified = flow.verify_token(party.provider(), &jwks, token).await;
    let identity = verified.map_err(|error| refusal_of(&error, &flow, Next::SignIn))?;
    // Of what was signed alone: userinfo must not say which logout ends this session.
    let theirs = OidcSession::of(&identity).map(|theirs| ProviderSession::with_oidc(&way.name, theirs.with_hint(hint)));
    let mut report = Report::new();
    let concluded = party.conclude(identity, tokens, now, &mut report).await;
    let identity = concluded.map_err(|error| refused(&error, &flow, report))?.identity;
    admit_joined(portal, headers, &flow, (&identity, theirs), (&way.label, &pending.return_to), now).await
}

/// What the relying party refused or could not do, recorded and in words.
fn refused(error: &SignInError, flow: &Flow<'_>, report: Report) -> Refusal {
    let code = if error.rule().is_some() { "InvalidIdentityToken" } else { "IDPCommunicationError" };
    let rules: &[&Rule] = if matches!(error, SignInError::Userinfo(_)) { &USERINFO_RULES } else { &CALLBACK_RULES };
    let checks = if report.checks().is_empty() { Vec::new() } else { report.finish(rules) };
    if let Err(error) = flow.refuse_after(Protocol::Oidc.operation(), code, &error.reason(), checks) {
        return refusal_of(&error, flow, Next::SignIn);
    }
    let refusal = match (error, Fault::of(error)) {
        (SignInError::Token(error), _) => return refusal_of(&Error::from(error.clone()), flow, Next::SignIn),
        (_, Fault::Settings) => misconfigured(error),
        (SignInError::Refused { .. }, _) => Refusal::new(
            StatusCode::FORBIDDEN,
            "You are not signed in",
            "The identity provider said no, or you did.",
            "If that was not what you wanted, start again.",
            Next::SignIn,
        ),
        (_, Fault::Answer) => Refusal::new(
            StatusCode::FORBIDDEN,
            "Your sign-in was not accepted",
            sentence(error),
            "You are not signed in. Start again; if it happens again, give the reference below to whoever runs {here}.",
            Next::SignIn,
        ),
        (_, Fault::Away) => Refusal::new(
            StatusCode::BAD_GATEWAY,
            "Your identity provider cannot be reached",
            sentence(error),
            "Nothing was done. Wait a minute and start again, or choose another way to sign in.",
            Next::SignIn,
        ),
        (_, Fault::Here) => unavailable(Next::SignIn, None),
    };
    refusal.following(flow.correlation_id())
}
