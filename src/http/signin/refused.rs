//! Refused sign-ins in words for the person who tried.

use axum::http::StatusCode;

use super::pending::PendingError;
use crate::Error;
use crate::Flow;
use crate::http::page::{Next, Refusal};
use crate::http::portal::answer::{sentence, unavailable};
use crate::identity::saml::SamlError;

impl PendingError {
    /// The wire code under which the audit trail records it.
    pub(super) const fn code(&self) -> &'static str {
        match self {
            Self::NotPending | Self::OtherBrowser | Self::OtherAddress => "InvalidIdentityToken",
            Self::Store(_) => "ServiceUnavailable",
        }
    }
}

/// What a broker refused, as a page.
pub(in crate::http) fn refusal_of(error: &Error, flow: &Flow<'_>, next: Next) -> Refusal {
    let (status, happened, advice) = match error {
        Error::Saml(SamlError::TooLarge { .. } | SamlError::NotBase64 | SamlError::Xml(_)) => (
            StatusCode::BAD_REQUEST,
            "Your sign-in could not be read",
            "You are not signed in. Start again; if it happens again, tell whoever runs the identity provider.",
        ),
        Error::Saml(_) | Error::Oidc(_) | Error::UnknownProvider { .. } => (
            StatusCode::FORBIDDEN,
            "Your sign-in was not accepted",
            "You are not signed in. Start again; if it happens again, give the reference below to whoever runs {here}.",
        ),
        Error::LoggedOut { .. } => (
            StatusCode::FORBIDDEN,
            "Your sign-in was not accepted",
            "You are not signed in. Somebody signed you out at your identity provider; sign in again there.",
        ),
        Error::Replayed { .. } => (
            StatusCode::FORBIDDEN,
            "Your sign-in was not accepted",
            "You are not signed in. An answer counts once, so that nobody can use a copy of it: start again.",
        ),
        Error::Session(_) | Error::Directory(_) => (
            StatusCode::FORBIDDEN,
            "This role was not given to you",
            "Choose another, or give the reference below to whoever looks after access in your organisation.",
        ),
        _ => return unavailable(next, Some(flow.correlation_id())),
    };
    Refusal::new(status, happened, sentence(error), advice, next).following(flow.correlation_id())
}

/// An answer that finishes no sign-in.
pub(super) fn not_pending(error: &PendingError) -> Refusal {
    let (status, happened, advice) = match error {
        PendingError::NotPending => (
            StatusCode::BAD_REQUEST,
            "There is no sign-in to finish",
            "Reloading an old page or using an old link does this. Start again; it takes one step if you are still signed in \
             at your identity provider.",
        ),
        PendingError::OtherBrowser => (
            StatusCode::FORBIDDEN,
            "This browser did not begin this sign-in",
            "You are not signed in. If someone sent you a link that led here, do not follow it: it would have signed you in \
             as them. Otherwise allow cookies for {here}, and start again.",
        ),
        PendingError::OtherAddress => (
            StatusCode::FORBIDDEN,
            "This answer belongs somewhere else",
            "You are not signed in. Start again from {here}.",
        ),
        PendingError::Store(_) => return unavailable(Next::SignIn, None),
    };
    Refusal::new(status, happened, sentence(error), advice, Next::SignIn)
}

/// A logout message that ended nothing.
pub(super) fn refused_logout(error: &Error, flow: &Flow<'_>) -> Refusal {
    if matches!(error, Error::Store(_) | Error::Crypto(_) | Error::Audit { .. }) {
        return unavailable(Next::Portal, Some(flow.correlation_id()));
    }
    Refusal::new(
        StatusCode::FORBIDDEN,
        "This sign-out was not accepted",
        sentence(error),
        "Nobody was signed out by it. To sign out, press the button on the page you are signed in to.",
        Next::Portal,
    )
    .following(flow.correlation_id())
}

/// What an identity provider said of a sign-out, and could not be believed or was not what was hoped for.
pub(super) fn half_signed_out(error: &Error, flow: &Flow<'_>) -> Refusal {
    Refusal::new(
        StatusCode::FORBIDDEN,
        "You are signed out here alone",
        sentence(error),
        "Your identity provider may still know you: sign out there too, or close the browser.",
        Next::SignIn,
    )
    .following(flow.correlation_id())
}

/// An answer to a logout request that nobody here made.
pub(super) fn no_sign_out(error: &PendingError) -> Refusal {
    if matches!(error, PendingError::Store(_)) {
        return unavailable(Next::SignIn, None);
    }
    Refusal::new(
        StatusCode::BAD_REQUEST,
        "There is no sign-out to finish",
        "It was finished already, took longer than ten minutes, or was begun in another browser.",
        "Nobody was signed out by this. To sign out, press the button on the page you are signed in to.",
        Next::Portal,
    )
}

/// An answer to no request of ours: a sign-in that began at the provider.
pub(super) fn unsolicited() -> Refusal {
    Refusal::new(
        StatusCode::BAD_REQUEST,
        "This sign-in did not begin here",
        "The identity provider sent an answer that {here} had not asked for.",
        "You are not signed in. Start from {here}; it takes one step if you are signed in at your identity provider.",
        Next::SignIn,
    )
}

/// Someone whom the provider knows and the directory does not.
pub(super) fn unknown_person(flow: &Flow<'_>) -> Refusal {
    Refusal::new(
        StatusCode::FORBIDDEN,
        "Nobody here has your name",
        "Your identity provider says who you are, but the directory of {here} does not hold that name.",
        "Ask whoever looks after access in your organisation to add you, and give them the reference below.",
        Next::SignIn,
    )
    .following(flow.correlation_id())
}

/// A provider that is not offered here.
pub(super) fn unknown_provider() -> Refusal {
    Refusal::new(
        StatusCode::NOT_FOUND,
        "There is no such way to sign in",
        "No identity provider of that name is set up here.",
        "Choose one from the sign-in page.",
        Next::SignIn,
    )
}

/// A session at the provider that was over before ours began.
pub(super) fn provider_ended(flow: &Flow<'_>) -> Refusal {
    Refusal::new(
        StatusCode::FORBIDDEN,
        "Your sign-in was not accepted",
        "Your session at the identity provider has ended.",
        "Sign out there, then sign in again.",
        Next::SignIn,
    )
    .following(flow.correlation_id())
}
