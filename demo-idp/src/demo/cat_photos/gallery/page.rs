//! The gallery's pages, and the headers they are sent with.

use askama::Template;
use axum::http::StatusCode;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderName, HeaderValue, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
    X_FRAME_OPTIONS,
};
use axum::response::{Html, IntoResponse, Response};
use daypass::time::Timestamp;

use super::super::ruling::Ruling;

/// Everything a page loads is served here, and it sends its forms here alone.
const POLICY: &str = "default-src 'none'; img-src 'self'; style-src 'self'; form-action 'self'; base-uri 'none'; \
                      frame-ancestors 'none'";

/// The page of a visit.
#[derive(Template)]
#[template(path = "gallery.html")]
pub(super) struct GalleryPage<'a> {
    pub(super) portal: &'a str,
    pub(super) visitor: VisitorView,
    pub(super) notice: Option<Notice>,
    pub(super) listing_refused: Option<String>,
    pub(super) photos: Vec<PhotoView>,
    pub(super) more: bool,
    pub(super) rulings: Vec<Ruling>,
}

/// The page without a visit.
#[derive(Template)]
#[template(path = "gallery_closed.html")]
pub(super) struct ClosedPage<'a> {
    pub(super) portal: &'a str,
    pub(super) heading: &'a str,
    pub(super) problem: Option<String>,
}

/// Who is looking.
pub(super) struct VisitorView {
    pub(super) session_arn: String,
    pub(super) expiration: String,
    pub(super) time_left: String,
}

/// What came of the visitor's last action.
pub(super) struct Notice {
    pub(super) refused: bool,
    pub(super) heading: String,
    pub(super) text: String,
}

/// One photo on the page.
pub(super) struct PhotoView {
    pub(super) key: String,
    pub(super) name: String,
    pub(super) url: String,
    pub(super) size: String,
    pub(super) refused: Option<String>,
    /// The media type of what is no photo.
    pub(super) other: Option<String>,
}

/// Why there is no visit, or no page.
pub(super) enum Problem {
    /// Nobody brought a session token.
    NoVisit,
    /// The session token that was brought is no longer, or never was, good.
    Session(daypass::Error),
    /// The form came from elsewhere.
    Foreign(super::origin::ForeignOrigin),
    /// The form was not filled in as the page has it.
    Form(&'static str),
}

impl From<daypass::Error> for Problem {
    fn from(error: daypass::Error) -> Self {
        Self::Session(error)
    }
}

impl From<daypass::crypto::CryptoError> for Problem {
    fn from(error: daypass::crypto::CryptoError) -> Self {
        Self::Session(error.into())
    }
}

impl From<super::origin::ForeignOrigin> for Problem {
    fn from(error: super::origin::ForeignOrigin) -> Self {
        Self::Foreign(error)
    }
}

impl Problem {
    /// The page that says so, and what to do.
    pub(super) fn into_response(self, portal: &str) -> Response {
        let (status, heading, problem) = match self {
            Self::NoVisit => (StatusCode::OK, "Come in with a role session", None),
            Self::Session(error @ daypass::Error::Request(_)) => {
                (StatusCode::FORBIDDEN, "Your session does not open the gallery", Some(sentence(&error)))
            }
            Self::Session(error) => {
                (StatusCode::SERVICE_UNAVAILABLE, "The gallery cannot answer", Some(sentence(&error)))
            }
            Self::Foreign(error) => (StatusCode::FORBIDDEN, "That was not asked from here", Some(error.to_string())),
            Self::Form(text) => (StatusCode::BAD_REQUEST, "The form could not be read", Some(text.to_owned())),
        };
        render(status, &ClosedPage { portal, heading, problem })
    }
}

/// A page with its headers.
pub(super) fn render(status: StatusCode, page: &impl Template) -> Response {
    let Ok(html) = page.render() else { return StatusCode::INTERNAL_SERVER_ERROR.into_response() };
    let headers: [(HeaderName, &'static str); 5] = [
        (CONTENT_SECURITY_POLICY, POLICY),
        // Forms of a page without a referrer are sent from the origin "null", which nothing could tell from a foreign one.
        (REFERRER_POLICY, "same-origin"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (X_FRAME_OPTIONS, "DENY"),
        (CACHE_CONTROL, "no-store"),
    ];
    let mut response = (status, Html(html)).into_response();
    for (name, value) in headers {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

/// An error's sentence, as a person reads it.
pub(super) fn sentence(error: &daypass::Error) -> String {
    let text = error.to_string();
    let mut characters = text.chars();
    let first = characters.next().map(char::to_uppercase).into_iter().flatten();
    first.chain(characters).chain(['.']).collect()
}

/// How long is left, in the words of a clock on a wall.
pub(super) fn time_left(expiration: Timestamp, now: Timestamp) -> String {
    let minutes = expiration.duration_since(now).as_secs() / 60;
    match (minutes / 60, minutes % 60) {
        (0, 0) => "less than a minute".to_owned(),
        (0, 1) => "1 minute".to_owned(),
        (0, minutes) => format!("{minutes} minutes"),
        (1, 0) => "1 hour".to_owned(),
        (hours, 0) => format!("{hours} hours"),
        (hours, minutes) => format!("{hours} h {minutes} min"),
    }
}

/// A size as people say it.
pub(super) fn size(bytes: usize) -> String {
    match bytes {
        0..1024 => format!("{bytes} B"),
        1024..1_048_576 => format!("{} KiB", bytes / 1024),
        _ => format!("{} MiB", bytes / 1_048_576),
    }
}
