//! The metadata of one issuer, fetched once an hour, and once a minute while that fails.

use std::sync::{Arc, Mutex};

use tokio::sync::watch;

use super::issuer_keys::lock;
use super::{FetchError, Fetcher};
use crate::identity::oidc::IssuerUrl;
use crate::identity::oidc::discovery::{Discovery, MAX_DISCOVERY_LENGTH};
use crate::identity::oidc::keys::{COOLDOWN, DEFAULT_FRESH, MAX_STALE};
use crate::time::Timestamp;

/// Where the metadata comes from, and what is known of it.
#[derive(Debug)]
pub(super) struct IssuerMetadata {
    issuer: IssuerUrl,
    fetcher: Fetcher,
    held: Mutex<Held>,
    /// Counts finished fetches; whoever waits for one watches it.
    finished: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct Held {
    document: Option<(Arc<Discovery>, Timestamp)>,
    in_flight: bool,
    /// When the last fetch began, if it failed, and why.
    failed: Option<(Timestamp, Option<FetchError>)>,
}

/// What to do for somebody who needs the metadata.
enum Plan {
    Use(Arc<Discovery>),
    Fetch,
    Wait,
    Refuse(FetchError),
}

impl Held {
    fn plan(&mut self, now: Timestamp) -> Plan {
        let at_hand = self.document.as_ref().map(|(document, at)| (Arc::clone(document), now.duration_since(*at)));
        let usable = match at_hand {
            Some((document, age)) if age < DEFAULT_FRESH => return Plan::Use(document),
            Some((document, age)) if age < MAX_STALE => Some(document),
            Some(_) | None => None,
        };
        if self.in_flight {
            return usable.map_or(Plan::Wait, Plan::Use);
        }
        if let Some((began, error)) = &self.failed {
            let until = began.saturating_add(COOLDOWN);
            if now < until {
                let refused = || Plan::Refuse(error.clone().unwrap_or(FetchError::CoolingDown { until }));
                return usable.map_or_else(refused, Plan::Use);
            }
        }
        self.in_flight = true;
        Plan::Fetch
    }
}

impl IssuerMetadata {
    pub(super) fn new(issuer: IssuerUrl, fetcher: Fetcher) -> Self {
        Self { issuer, fetcher, held: Mutex::default(), finished: watch::Sender::new(0) }
    }

    pub(super) const fn fetcher(&self) -> &Fetcher {
        &self.fetcher
    }

    pub(super) async fn discovery(self: &Arc<Self>, now: Timestamp) -> Result<Arc<Discovery>, FetchError> {
        loop {
            // Watching begins before the plan is made, so that no end of a fetch is missed.
            let mut finished = self.finished.subscribe();
            let plan = lock(&self.held).plan(now);
            match plan {
                Plan::Use(document) => return Ok(document),
                Plan::Refuse(error) => return Err(error),
                Plan::Fetch => self.start_fetch(now),
                Plan::Wait => {}
            }
            // The sender lives as long as `self`.
            let _ = finished.changed().await;
        }
    }

    /// A task of its own: a visitor who goes away must not take the fetch along, or the next one would start another.
    fn start_fetch(self: &Arc<Self>, began: Timestamp) {
        let mut attempt = Attempt { metadata: Arc::clone(self), began, outcome: Err(None) };
        tokio::spawn(async move { attempt.make().await });
    }

    async fn fetch(&self) -> Result<Discovery, FetchError> {
        let document = self.fetcher.get(&self.issuer.discovery_url(), MAX_DISCOVERY_LENGTH).await?;
        Ok(Discovery::parse(&document.body, &self.issuer)?)
    }
}

/// Tells how a fetch ended when it is dropped, which it is also when its task dies.
struct Attempt {
    metadata: Arc<IssuerMetadata>,
    began: Timestamp,
    outcome: Result<Discovery, Option<FetchError>>,
}

impl Attempt {
    async fn make(&mut self) {
        self.outcome = self.metadata.fetch().await.map_err(Some);
    }
}

impl Drop for Attempt {
    fn drop(&mut self) {
        let mut held = lock(&self.metadata.held);
        held.in_flight = false;
        match std::mem::replace(&mut self.outcome, Err(None)) {
            Ok(document) => {
                held.document = Some((Arc::new(document), self.began));
                held.failed = None;
            }
            Err(error) => held.failed = Some((self.began, error)),
        }
        drop(held);
        self.metadata.finished.send_modify(|count| *count = count.wrapping_add(1));
    }
}
