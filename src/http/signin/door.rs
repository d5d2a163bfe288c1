//! Which door people come in by: the portal of a broker, or an application that delegates sign-in.

use super::return_path::ReturnPath;
use crate::http::cookie::Cookie;
use crate::store::Space;

/// What a sign-in leads to. The two never share a session: an application may trust a provider that the portal does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::http) enum Door {
    /// The access portal, for people of the directory.
    Portal,
    /// An application, for everyone whom its providers sign for.
    Application,
}

impl Door {
    /// Where its pages begin.
    pub(in crate::http) const fn home(self) -> &'static str {
        match self {
            Self::Portal => "/portal",
            Self::Application => "/",
        }
    }

    /// What a button that leads there says.
    pub(in crate::http) const fn home_label(self) -> &'static str {
        match self {
            Self::Portal => "Back to your accounts",
            Self::Application => "Back to the first page",
        }
    }

    /// What its pages call it, within a sentence.
    pub(in crate::http) const fn here(self) -> &'static str {
        match self {
            Self::Portal => "this portal",
            Self::Application => "this application",
        }
    }

    /// The same as a path to come back to.
    pub(in crate::http) fn return_path(self) -> ReturnPath {
        ReturnPath::home(self.home())
    }

    /// What is written over the ways to sign in.
    pub(super) const fn lead(self) -> &'static str {
        match self {
            Self::Portal => "Your organisation says who you are. This desk gives you keys that expire.",
            Self::Application => "Use your organisation's account.",
        }
    }

    /// What is written there after signing out, by what the link that led there says of it.
    pub(super) fn signed_out_lead(self, how: &str) -> &'static str {
        match (how, self) {
            ("everywhere", Self::Portal) => {
                "You are signed out here and at your identity provider. Keys you already have work until they expire."
            }
            ("everywhere", Self::Application) => "You are signed out here and at your identity provider.",
            ("partly", _) => {
                "You are signed out here and at your identity provider, but it could not reach every service you were signed \
                 in to. Close the browser to be sure."
            }
            (_, Self::Portal) => "You are signed out here. Keys you already have work until they expire.",
            (_, Self::Application) => "You are signed out here.",
        }
    }

    pub(in crate::http) const fn cookie(self) -> Cookie {
        match self {
            Self::Portal => Cookie::Session,
            Self::Application => Cookie::Application,
        }
    }

    pub(in crate::http) const fn space(self) -> Space {
        match self {
            Self::Portal => Space::PortalSession,
            Self::Application => Space::ApplicationSession,
        }
    }
}
