//! What every page shares: its frame, the headers that confine it, and the page that says why something was refused.

pub(in crate::http) mod asset;
mod instant;
mod origin;
mod refusal;

use askama::Template;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};

pub(in crate::http) use instant::{Instant, duration_in_words};
pub(in crate::http) use origin::Origin;
pub(in crate::http) use refusal::{CheckRow, Next, Refusal, RefusalPage};

use crate::time::Timestamp;

/// The frame of a page: what its header, footer and tab say.
#[derive(Debug)]
pub(in crate::http) struct Frame<'a> {
    /// What the page is, for the tab.
    pub(in crate::http) title: &'a str,
    /// Whose page it is.
    pub(in crate::http) brand: &'a str,
    /// Who is signed in.
    pub(in crate::http) person: Option<&'a str>,
    /// Where the pages begin.
    pub(in crate::http) home: &'a str,
    /// Whether this is a demonstration, with an inspector and a warning.
    pub(in crate::http) demo: bool,
    /// When it was rendered; countdowns start from here, so that they follow the broker's clock.
    pub(in crate::http) now: Timestamp,
}

impl Frame<'_> {
    /// Where the style sheet is.
    pub(in crate::http) fn style(&self) -> &'static str {
        &asset::STYLE.path
    }

    /// Where the script is.
    pub(in crate::http) fn script(&self) -> &'static str {
        &asset::SCRIPT.path
    }

    /// Where the badge is.
    pub(in crate::http) fn icon(&self) -> &'static str {
        &asset::ICON.path
    }
}

/// The policy that confines our pages: nothing from elsewhere, no inline script or style, no frame around them.
pub(in crate::http) fn content_security_policy(form_targets: &[Origin]) -> Option<HeaderValue> {
    let targets: String = form_targets.iter().map(|origin| format!(" {origin}")).collect();
    HeaderValue::try_from(format!(
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; \
         form-action 'self'{targets}; frame-ancestors 'none'; base-uri 'none'"
    ))
    .ok()
}

/// The policy of a page that takes somebody to their identity provider to sign out there. Where that leads to then is
/// for the identity provider to know, and browsers hold the whole way to this policy.
pub(in crate::http) const fn policy_for_leaving() -> HeaderValue {
    HeaderValue::from_static(
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; form-action http: https:; \
         frame-ancestors 'none'; base-uri 'none'",
    )
}

/// Renders `template` under `policy`; pages are personal, so nothing keeps them.
pub(in crate::http) fn render(status: StatusCode, template: &impl Template, policy: &HeaderValue) -> Response {
    let Ok(text) = template.render() else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
        (CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (CONTENT_SECURITY_POLICY, policy.clone()),
        (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
        (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    ];
    (status, headers, text).into_response()
}
