//! What every handler needs: who is asking, whether our own page sent it, and how a refusal is shown.

use axum::body::{Body, to_bytes};
use axum::http::header::{CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, LOCATION, ORIGIN};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};

use super::Portal;
use crate::directory::User;
use crate::explain::CorrelationId;
use crate::http::inspector::{self, Trail};
use crate::http::page::{Frame, Next, Refusal, RefusalPage, render};
use crate::http::signin::params::Params;
use crate::http::signin::return_path::ReturnPath;
use crate::http::signin::session::PortalSession;

/// What pages carry where nobody named them.
const OUR_NAME: &str = "daypass";

/// Why a handler gives no page of its own.
#[derive(Debug)]
pub(in crate::http) enum Stop {
    /// Something was refused.
    Refused(Box<Refusal>),
    /// Nobody is signed in; afterwards they come back here.
    SignIn(ReturnPath),
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(Box::new(refusal))
    }
}

impl Portal {
    /// The response of a handler.
    pub(in crate::http) fn answer(&self, result: Result<Response, Stop>) -> Response {
        match result {
            Ok(response) => response,
            Err(Stop::Refused(refusal)) => self.refuse(&refusal),
            Err(Stop::SignIn(back)) => self.see_other(&self.way_in(&back)),
        }
    }

    /// Sends the browser to a path of this origin.
    ///
    /// The location is absolute, so that no path can be read as another host.
    pub(in crate::http) fn see_other(&self, path: &str) -> Response {
        redirect(&format!("{}{path}", self.origin))
    }

    /// Renders a page under this portal's policy.
    pub(in crate::http) fn page(&self, status: StatusCode, page: &impl askama::Template) -> Response {
        render(status, page, &self.policy)
    }

    /// The frame of a page for `person`.
    pub(in crate::http) fn frame<'a>(&'a self, title: &'a str, person: Option<&'a str>) -> Frame<'a> {
        let brand = self.name.as_deref().unwrap_or(OUR_NAME);
        Frame { title, brand, person, home: self.door.home(), demo: self.trail.is_some(), now: self.broker.now() }
    }

    /// The events kept for a demonstration.
    pub(in crate::http) fn trail(&self) -> Option<&dyn Trail> {
        self.trail.as_deref()
    }

    /// Who is signed in, as the portal and as the directory know them.
    pub(in crate::http) async fn signed_in(
        &self,
        headers: &HeaderMap,
        back: impl FnOnce() -> ReturnPath,
    ) -> Result<(PortalSession, &User), Stop> {
        let session = self.session(headers).await?;
        let known = session.and_then(|session| {
            let user = self.broker.directory().user(&session.user_name)?;
            Some((session, user))
        });
        known.ok_or_else(|| Stop::SignIn(back()))
    }

    /// Who is signed in, if someone is and their identity provider has not ended it.
    pub(in crate::http) async fn session(&self, headers: &HeaderMap) -> Result<Option<PortalSession>, Refusal> {
        let Some(id) = self.cookies.read(headers, self.door.cookie()) else { return Ok(None) };
        let session = PortalSession::read(self.broker.store(), self.door, self.broker.now(), &id).await;
        let session = session.map_err(|_| unavailable(Next::Portal, None))?;
        if let Some((by, began)) = session.as_ref().and_then(|session| Some((session.by.as_ref()?, session.began)))
            && self.broker.has_ended(&by.keys, began).await.map_err(|_| unavailable(Next::Portal, None))?
        {
            return Ok(None);
        }
        Ok(session)
    }

    /// Holds a form to having been sent by a page of ours (attack: cross-site request forgery).
    ///
    /// Browsers send `Origin: null` where the referrer policy hides it, so `Sec-Fetch-Site` speaks first.
    pub(in crate::http) fn same_origin(&self, headers: &HeaderMap) -> Result<(), Refusal> {
        let value = |name: &str| headers.get(name).map(HeaderValue::as_bytes);
        let ours = match value("sec-fetch-site") {
            Some(site) => site == b"same-origin",
            None => value(ORIGIN.as_str()) == Some(self.origin.as_str().as_bytes()),
        };
        if ours {
            return Ok(());
        }
        Err(Refusal::new(
            StatusCode::FORBIDDEN,
            "This was not sent from here",
            "Another site, or a program, sent a form here in your name. Nothing was done.",
            "If you pressed a button here, go back to where it was and press it again.",
            Next::Portal,
        ))
    }

    fn refuse(&self, refusal: &Refusal) -> Response {
        let checks = match (self.trail(), &refusal.reference) {
            (Some(trail), Some(flow)) => inspector::checks_of(trail, flow),
            _ => Vec::new(),
        };
        let onward = (self.origin.as_str(), refusal.next.label(self.door.home_label()));
        let page = RefusalPage::new(self.frame(refusal.happened, None), (refusal, self.door.here()), onward, &checks);
        self.page(refusal.status, &page)
    }
}

/// Reads a form of at most `limit` bytes, in which every name occurs once.
pub(in crate::http) async fn form(headers: &HeaderMap, body: Body, limit: usize) -> Result<Params, Refusal> {
    let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    let media_type = text(CONTENT_TYPE).and_then(|value| value.split(';').next()).unwrap_or_default();
    if !media_type.trim().eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        return Err(unreadable(StatusCode::UNSUPPORTED_MEDIA_TYPE, "What was sent is not a form."));
    }
    let announced = text(CONTENT_LENGTH).and_then(|value| value.parse::<usize>().ok()).unwrap_or(0);
    let too_large = || unreadable(StatusCode::PAYLOAD_TOO_LARGE, "What was sent is larger than any answer we take.");
    if announced > limit {
        return Err(too_large());
    }
    let bytes = to_bytes(body, limit).await.map_err(|_| too_large())?;
    Params::parse(&bytes).map_err(|error| unreadable(StatusCode::BAD_REQUEST, sentence(&error)))
}

/// Reads a query string in which every name occurs once.
pub(in crate::http) fn query(text: Option<&str>) -> Result<Params, Refusal> {
    Params::parse(text.unwrap_or_default().as_bytes())
        .map_err(|error| unreadable(StatusCode::BAD_REQUEST, sentence(&error)))
}

/// Sends the browser to a URL that we or a configured provider made.
pub(in crate::http) fn redirect(url: &str) -> Response {
    let Ok(location) = HeaderValue::from_str(url) else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    (StatusCode::SEE_OTHER, [(LOCATION, location), (CACHE_CONTROL, HeaderValue::from_static("no-store"))])
        .into_response()
}

/// What could not be read.
pub(in crate::http) fn unreadable(status: StatusCode, because: impl Into<String>) -> Refusal {
    let advice = "Nothing was done. Start again from the sign-in page; if it happens again, tell whoever runs {here}.";
    Refusal::new(status, "This request could not be read", because, advice, Next::SignIn)
}

/// What cannot be answered at the moment.
pub(in crate::http) fn unavailable(next: Next, flow: Option<&CorrelationId>) -> Refusal {
    let refusal = Refusal::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "There is no answer at the moment",
        "Something that is needed did not answer, and nothing is accepted that cannot be remembered.",
        "Nothing was done. Wait a moment and try again.",
        next,
    );
    match flow {
        Some(flow) => refusal.following(flow),
        None => refusal,
    }
}

/// An error's text as a sentence of a page.
pub(in crate::http) fn sentence(error: &impl std::fmt::Display) -> String {
    let text = error.to_string();
    let mut letters = text.chars();
    let first: String = letters.next().map(|letter| letter.to_uppercase().collect()).unwrap_or_default();
    format!("{first}{}.", letters.as_str())
}
