//! Sign-outs on their way round the service providers that somebody was signed in to.

use crate::error::KeyError;
use crate::flows::{Expiring, Farewell};
use crate::sync::{Fingerprint, random_secret};
use time::{Duration, OffsetDateTime};

/// A sign-out that the browser carries from one service provider to the next.
#[derive(Debug, Clone)]
pub(crate) struct Logout {
    /// Who has still to be told, last first.
    pub(crate) waiting: Vec<Farewell>,
    /// Who was told last, and the ID of what it was told.
    pub(crate) asked: Option<(usize, String)>,
    /// Who was told, and whether it said that it is done.
    pub(crate) told: Vec<(usize, bool)>,
    /// The OpenID clients that were told over the back channel, and whether they said that it is done.
    pub(crate) clients_told: Vec<(usize, bool)>,
    /// What comes when everybody was told.
    pub(crate) after: After,
}

/// Where a sign-out ends.
#[derive(Debug, Clone)]
pub(crate) enum After {
    /// On our own page.
    Page,
    /// At an address that its relying party registered.
    Address(String),
    /// With the answer to the service provider that asked.
    Answer { service_provider: usize, request_id: String, relay_state: Option<String> },
}

impl Logout {
    /// Whether everybody who was told said that it is done.
    pub(crate) fn is_whole(&self) -> bool {
        self.told.iter().chain(&self.clients_told).all(|(_, done)| *done)
    }
}

/// Sign-outs by the hash of the identifier that goes round as RelayState.
#[derive(Debug)]
pub(crate) struct Logouts(Expiring<Fingerprint, Logout>);

impl Logouts {
    pub(crate) fn new() -> Self {
        Self(Expiring::new(10_000, Duration::minutes(15)))
    }

    /// An identifier for the next step of a sign-out.
    pub(crate) fn identifier() -> Result<String, KeyError> {
        random_secret()
    }

    pub(crate) fn keep(&self, id: &str, logout: Logout, now: OffsetDateTime) {
        self.0.insert(Fingerprint::of(id), logout, now);
    }

    /// Takes the sign-out that waits for this answer. Any other answer leaves it where it is.
    pub(crate) fn take(&self, id: &str, answered: (usize, &str), now: OffsetDateTime) -> Option<Logout> {
        let key = Fingerprint::of(id);
        let waits = |logout: &Logout| logout.asked.as_ref().map(|(who, what)| (*who, what.as_str())) == Some(answered);
        self.0.find(key, now).filter(waits)?;
        self.0.remove(key)
    }
}
