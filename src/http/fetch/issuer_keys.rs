//! The keys of one issuer, fetched when the key cache says so.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use super::issuer_metadata::IssuerMetadata;
use super::{FetchError, Fetcher, Reach};
use crate::identity::oidc::discovery::Discovery;
use crate::identity::oidc::keys::{KeyCache, KeyCacheMetrics, KeyPlan};
use crate::identity::oidc::{Jwks, OidcProvider, UnverifiedIdToken};
use crate::time::Timestamp;

/// Metadata and keys of one issuer; cheap to clone, all clones share one cache.
#[derive(Clone, Debug)]
pub struct IssuerKeys {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    metadata: Arc<IssuerMetadata>,
    /// Keys an operator gave, which are never fetched.
    pinned: Option<Arc<Jwks>>,
    cache: Mutex<KeyCache>,
    last_error: Mutex<Option<FetchError>>,
    /// Counts finished fetches; whoever waits for one watches it.
    finished: watch::Sender<u64>,
}

impl IssuerKeys {
    /// The keys of `provider`'s issuer, none of them fetched yet.
    ///
    /// # Errors
    /// [`FetchError::Unreachable`] when TLS cannot be set up.
    pub fn new(provider: &OidcProvider) -> Result<Self, FetchError> {
        Ok(Self::with(provider, Self::fetcher_for(provider)?, None))
    }

    /// As [`IssuerKeys::new`], fetched by `fetcher`: many issuers then share one pool of connections.
    ///
    /// # Errors
    /// [`FetchError::Reach`] when one of the two is for local addresses and the other is not.
    pub fn fetched_by(provider: &OidcProvider, fetcher: &Fetcher) -> Result<Self, FetchError> {
        if (fetcher.reach == Reach::Local) != provider.is_local_network() {
            return Err(FetchError::Reach);
        }
        Ok(Self::with(provider, fetcher.clone(), None))
    }

    /// Keys of `provider`'s issuer that an operator gave, for an issuer that publishes none or cannot be reached.
    ///
    /// # Errors
    /// As [`IssuerKeys::new`]; [`FetchError::NoUsableKey`] when the set holds no key that can be used.
    pub fn pinned(provider: &OidcProvider, jwks: Jwks) -> Result<Self, FetchError> {
        if jwks.keys().is_empty() {
            return Err(FetchError::NoUsableKey { skipped: jwks.skipped().len() });
        }
        Ok(Self::with(provider, Self::fetcher_for(provider)?, Some(Arc::new(jwks))))
    }

    fn fetcher_for(provider: &OidcProvider) -> Result<Fetcher, FetchError> {
        if provider.is_local_network() { Fetcher::local() } else { Fetcher::public() }
    }

    fn with(provider: &OidcProvider, fetcher: Fetcher, pinned: Option<Arc<Jwks>>) -> Self {
        Self {
            shared: Arc::new(Shared {
                metadata: Arc::new(IssuerMetadata::new(provider.issuer().clone(), fetcher)),
                pinned,
                cache: Mutex::default(),
                last_error: Mutex::default(),
                finished: watch::Sender::new(0),
            }),
        }
    }

    /// The keys to verify `token` with, fetched first if the token names one that is not known.
    ///
    /// Keys that lack the token's are given too: verifying with them says which key is missing.
    ///
    /// # Errors
    /// [`FetchError`] when there are no keys to verify with.
    pub async fn for_token(&self, token: &UnverifiedIdToken, now: Timestamp) -> Result<Arc<Jwks>, FetchError> {
        self.for_key_id(token.claimed_key_id().as_deref(), now).await
    }

    /// As [`IssuerKeys::for_token`], for a message of anyone that claims this key id.
    ///
    /// # Errors
    /// As [`IssuerKeys::for_token`].
    pub async fn for_key_id(&self, key_id: Option<&str>, now: Timestamp) -> Result<Arc<Jwks>, FetchError> {
        self.planned(now, |cache| cache.plan(key_id, now)).await
    }

    /// As [`IssuerKeys::for_key_id`], for what the issuer itself answered to a request of ours: no stranger's messages delay
    /// a fetch for it.
    pub(crate) async fn for_answer(&self, key_id: Option<&str>, now: Timestamp) -> Result<Arc<Jwks>, FetchError> {
        self.planned(now, |cache| cache.plan_for_answer(key_id, now)).await
    }

    async fn planned(&self, now: Timestamp, plan: impl Fn(&mut KeyCache) -> KeyPlan) -> Result<Arc<Jwks>, FetchError> {
        if let Some(jwks) = &self.shared.pinned {
            return Ok(Arc::clone(jwks));
        }
        loop {
            // Watching begins before the cache is asked, so that no end of a fetch is missed.
            let mut finished = self.shared.finished.subscribe();
            let planned = plan(&mut lock(&self.shared.cache));
            match planned {
                KeyPlan::Use(jwks) => return Ok(jwks),
                KeyPlan::RefuseUntil(until) => return self.at_hand(until, now),
                KeyPlan::Fetch => self.start_fetch(now),
                KeyPlan::Wait => {}
            }
            // The sender lives as long as `self`.
            let _ = finished.changed().await;
        }
    }

    /// The issuer's metadata, fetched at most once an hour, and once a minute while that fails.
    ///
    /// # Errors
    /// [`FetchError`] when there is none.
    pub async fn discovery(&self, now: Timestamp) -> Result<Arc<Discovery>, FetchError> {
        self.shared.metadata.discovery(now).await
    }

    /// The counters of the key cache.
    #[must_use]
    pub fn metrics(&self, now: Timestamp) -> KeyCacheMetrics {
        lock(&self.shared.cache).metrics(now)
    }

    /// The fetcher that this issuer's documents come through.
    pub(crate) fn fetcher(&self) -> &Fetcher {
        self.shared.metadata.fetcher()
    }

    fn at_hand(&self, until: Timestamp, now: Timestamp) -> Result<Arc<Jwks>, FetchError> {
        lock(&self.shared.cache).usable(now).ok_or_else(|| {
            let last = lock(&self.shared.last_error).clone();
            last.unwrap_or(FetchError::CoolingDown { until })
        })
    }

    /// A task of its own: a visitor who goes away must not take the fetch, and with it everyone else's keys, along.
    fn start_fetch(&self, now: Timestamp) {
        let shared = Arc::clone(&self.shared);
        tokio::spawn(async move {
            let mut report = Report { shared: &shared, now, done: false };
            let outcome = shared.fetch_keys(now).await;
            report.finish(outcome);
        });
    }
}

/// Tells the cache how a fetch ended, also when its task dies.
struct Report<'s> {
    shared: &'s Shared,
    now: Timestamp,
    done: bool,
}

impl Report<'_> {
    fn finish(&mut self, outcome: Result<(Jwks, Option<std::time::Duration>), FetchError>) {
        self.done = true;
        let error = match outcome {
            Ok((jwks, max_age)) => {
                lock(&self.shared.cache).fetched(jwks, max_age, self.now);
                None
            }
            Err(error) => {
                lock(&self.shared.cache).failed(self.now);
                Some(error)
            }
        };
        *lock(&self.shared.last_error) = error;
    }
}

impl Drop for Report<'_> {
    fn drop(&mut self) {
        if !self.done {
            lock(&self.shared.cache).failed(self.now);
        }
        self.shared.finished.send_modify(|count| *count = count.wrapping_add(1));
    }
}

impl Shared {
    async fn fetch_keys(&self, now: Timestamp) -> Result<(Jwks, Option<std::time::Duration>), FetchError> {
        let discovery = self.metadata.discovery(now).await?;
        self.metadata.fetcher().key_set(discovery.jwks_uri()).await
    }
}

/// A poisoned lock means that a thread died between two assignments; the cache is whole at every step.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
