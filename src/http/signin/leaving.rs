//! The page between us and an identity provider that is to be told something.
//!
//! A redirect will not do after a form of ours: browsers hold every redirect that follows a form to the form's page, and a
//! sign-out goes on from the identity provider to services that only it knows.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;

use crate::http::page::{Frame, policy_for_leaving, render};
use crate::http::portal::Portal;
use crate::http::portal::answer::redirect;
use crate::identity::saml::{IdpMetadata, PostForm, SamlError};

/// A message of ours, ready for the browser.
#[derive(Debug)]
pub(super) enum Carried {
    /// In the query of a URL (HTTP-Redirect).
    Url(String),
    /// In a form (HTTP-POST).
    Form(PostForm),
}

/// How a logout message may go to an identity provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Binding {
    Redirect,
    Post,
}

impl Binding {
    /// The binding for a logout message: `preferred`, or the one that the identity provider takes.
    pub(super) const fn offered(metadata: &IdpMetadata, preferred: Self) -> Option<Self> {
        match (preferred, metadata.logout_redirect().is_some(), metadata.logout_post().is_some()) {
            (Self::Redirect, true, _) | (Self::Post, true, false) => Some(Self::Redirect),
            (Self::Post, _, true) | (Self::Redirect, false, true) => Some(Self::Post),
            (_, false, false) => None,
        }
    }

    pub(super) fn carry(
        self,
        url: impl FnOnce() -> Result<String, SamlError>,
        form: impl FnOnce() -> Result<PostForm, SamlError>,
    ) -> Result<Carried, SamlError> {
        match self {
            Self::Redirect => url().map(Carried::Url),
            Self::Post => form().map(Carried::Form),
        }
    }
}

#[derive(Debug, Template)]
#[template(path = "leaving.html")]
struct LeavingPage<'a> {
    frame: Frame<'a>,
    label: &'a str,
    carried: &'a Carried,
}

/// Sends the browser to the identity provider that people know as `label`, by a page.
pub(super) fn by_page(portal: &Portal, label: &str, carried: &Carried) -> Response {
    let page = LeavingPage { frame: portal.frame("Signing out", None), label, carried };
    render(StatusCode::OK, &page, &policy_for_leaving())
}

/// Sends the browser back to the identity provider that sent it here.
pub(super) fn back(portal: &Portal, label: &str, carried: &Carried) -> Response {
    match carried {
        Carried::Url(url) => redirect(url),
        Carried::Form(_) => by_page(portal, label, carried),
    }
}
