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

/// How a message may go to an identity provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Binding {
    Redirect,
    Post,
}

impl Binding {
    /// This binding, or the other one where the identity provider takes that alone.
    pub(super) const fn or_other(self, by_redirect: bool, by_post: bool) -> Option<Self> {
        match (self, by_redirect, by_post) {
            (Self::Redirect, true, _) | (Self::Post, true, false) => Some(Self::Redirect),
            (Self::Post, _, true) | (Self::Redirect, false, true) => Some(Self::Post),
            (_, false, false) => None,
        }
    }

    /// The same for a logout message.
    pub(super) fn for_logout(self, metadata: &IdpMetadata) -> Option<Self> {
        self.or_other(metadata.logout_redirect().is_some(), metadata.logout_post().is_some())
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

/// How somebody asked to go to their identity provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asked<'a> {
    /// By a link or an address.
    ByLink,
    /// By a form of ours, in which they typed this e-mail address.
    ByEmail(&'a str),
}

/// Why the browser goes to the identity provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Leaving {
    ToSignIn,
    ToSignOut,
}

#[derive(Debug, Template)]
#[template(path = "leaving.html")]
struct LeavingPage<'a> {
    frame: Frame<'a>,
    lead: &'static str,
    label: &'a str,
    carried: &'a Carried,
}

impl Leaving {
    /// Sends the browser to the identity provider that people know as `label`, by a page.
    pub(super) fn by_page(self, portal: &Portal, label: &str, carried: &Carried) -> Response {
        let (title, lead) = match self {
            Self::ToSignIn => ("Signing in", "Your sign-in goes on there."),
            Self::ToSignOut => ("Signing out", "It is told, so that nobody who comes after you goes on in your name."),
        };
        let page = LeavingPage { frame: portal.frame(title, None), lead, label, carried };
        render(StatusCode::OK, &page, &policy_for_leaving())
    }

    /// As `asked` allows: straight, or by a page after a form of ours.
    pub(super) fn after(self, asked: Asked<'_>, portal: &Portal, label: &str, carried: &Carried) -> Response {
        match asked {
            Asked::ByLink => self.straight(portal, label, carried),
            Asked::ByEmail(_) => self.by_page(portal, label, carried),
        }
    }

    /// As [`Leaving::by_page`], and without a page where no form of ours was before.
    pub(super) fn straight(self, portal: &Portal, label: &str, carried: &Carried) -> Response {
        match carried {
            Carried::Url(url) => redirect(url),
            Carried::Form(_) => self.by_page(portal, label, carried),
        }
    }
}
