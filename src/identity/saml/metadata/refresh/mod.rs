//! When to fetch metadata again: a state machine that is told the instant and does no I/O.
//!
//! The policy, and what each line of it is against:
//! - one fetch at a time; whoever asks meanwhile uses the copy at hand, unless it has run out;
//! - a copy is fresh for what `cacheDuration` and `Cache-Control` say, the shorter of both, kept between 5 minutes and 24
//!   hours, and at most for three quarters of the time until `validUntil`: it is renewed while it still serves;
//! - a signature by no known key may be the first after a key change that nobody announced: it causes a fetch, so that a
//!   rollover loses no one, but fetches caused so are at least 60 seconds apart, so that forgeries flood no one;
//! - after a failure the next fetch waits a minute, then two, four … up to an hour;
//! - a failed fetch, or a document that [`MetadataPolicy::renew`] refuses, takes no key away: the last good copy serves
//!   until its `validUntil`, and 14 days at most. What nobody could confirm for so long may have been revoked;
//! - a document that is accepted counts at once: its keys are trusted, and keys that it does not state are not.
//!
//! [`MetadataPolicy::renew`]: super::MetadataPolicy::renew

use std::sync::Arc;
use std::time::Duration;

use super::IdpMetadata;
use crate::identity::saml::SamlProvider;
use crate::time::Timestamp;

/// A copy is fresh for at least this long, whatever its publisher says, unless it runs out before: 5 minutes.
pub const MIN_FRESH: Duration = Duration::from_secs(5 * 60);
/// A copy is fresh for at most this long: 24 hours.
pub const MAX_FRESH: Duration = Duration::from_secs(24 * 60 * 60);
/// A copy is fresh for this long when its publisher says nothing: 1 hour.
pub const DEFAULT_FRESH: Duration = Duration::from_secs(60 * 60);
/// A copy that could not be confirmed serves for at most this long after it last was: 14 days, which is as long as
/// federations let theirs be valid.
pub const MAX_STALE: Duration = Duration::from_secs(14 * 24 * 60 * 60);
/// The least time between fetches that unknown keys cause, and after a first failure: 60 seconds.
pub const COOLDOWN: Duration = Duration::from_secs(60);
/// The longest wait after a row of failures: 1 hour.
pub const MAX_BACKOFF: Duration = Duration::from_secs(60 * 60);
/// A fetch that has not reported for this long is taken for lost.
const FETCH_LOST: Duration = Duration::from_secs(60);

/// Why metadata might be fetched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RefreshCause {
    /// Someone is about to be judged by the copy at hand.
    Due,
    /// A signature is by none of its keys.
    UnknownKey,
    /// An operator asks.
    Asked,
}

/// What the caller should do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MetadataPlan {
    /// Judge by the copy at hand.
    Use,
    /// Fetch now and report with [`MetadataCache::renewed`], [`MetadataCache::not_modified`] or
    /// [`MetadataCache::failed`]; judge by the copy at hand meanwhile.
    UseAndFetch,
    /// Fetch now and report; judge by what that brings.
    Fetch,
    /// Another caller is fetching; judge by what that brings.
    Wait,
}

/// What HTTP said beside a document.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct HttpCaching {
    /// `max-age` of `Cache-Control` (RFC 9111, 5.2.2.1); zero for `no-store` and `no-cache`.
    pub max_age: Option<Duration>,
    /// `ETag` (RFC 9110, 8.8.3), to be sent back as `If-None-Match`.
    pub etag: Option<String>,
}

impl HttpCaching {
    /// What a response said.
    #[must_use]
    pub const fn new(max_age: Option<Duration>, etag: Option<String>) -> Self {
        Self { max_age, etag }
    }
}

/// Counters of one provider's metadata, since its cache was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct MetadataMetrics {
    /// Fetches begun.
    pub fetches: u64,
    /// Fetches that brought nothing, or were lost.
    pub failures: u64,
    /// Documents that were refused.
    pub refusals: u64,
    /// Documents that took the place of the one before.
    pub renewals: u64,
    /// How long ago the copy at hand was last confirmed by its publisher, in seconds.
    pub age_seconds: u64,
}

/// A provider by its last good metadata, and everything that decides when to fetch that again.
#[derive(Debug)]
pub struct MetadataCache {
    provider: Arc<SamlProvider>,
    /// The metadata as its publisher states it; the provider's may be cut short by [`MAX_STALE`].
    stated: IdpMetadata,
    etag: Option<String>,
    confirmed_at: Timestamp,
    fresh_until: Timestamp,
    in_flight: Option<Timestamp>,
    failures_in_a_row: u32,
    /// No fetch is begun before, unless an unknown key or an operator causes it.
    retry_at: Timestamp,
    /// No fetch is begun before because of an unknown key.
    early_at: Timestamp,
    metrics: MetadataMetrics,
}

impl MetadataCache {
    /// Holds `provider`, whose metadata was confirmed by its publisher at `confirmed_at`: now, or when the file was written
    /// that it comes from.
    #[must_use]
    pub fn new(provider: &SamlProvider, caching: HttpCaching, confirmed_at: Timestamp) -> Self {
        let mut cache = Self {
            provider: Arc::new(provider.clone()),
            stated: provider.metadata().clone(),
            etag: None,
            confirmed_at,
            fresh_until: confirmed_at,
            in_flight: None,
            failures_in_a_row: 0,
            retry_at: Timestamp::EPOCH,
            early_at: Timestamp::EPOCH,
            metrics: MetadataMetrics::default(),
        };
        cache.confirm(provider, caching, confirmed_at);
        cache
    }

    /// The provider by the last good copy.
    #[must_use]
    pub const fn provider(&self) -> &Arc<SamlProvider> {
        &self.provider
    }

    /// The provider by the last good copy as its publisher states it: what a newer document is compared with. What
    /// [`MetadataCache::provider`] believes may end sooner.
    #[must_use]
    pub fn as_stated(&self) -> SamlProvider {
        SamlProvider::clone(&self.provider).stating(&self.stated)
    }

    /// The `ETag` of the last good copy.
    #[must_use]
    pub fn etag(&self) -> Option<&str> {
        self.etag.as_deref()
    }

    /// What to do at `now` because of `cause`.
    pub fn plan(&mut self, cause: RefreshCause, now: Timestamp) -> MetadataPlan {
        self.forget_lost_fetch(now);
        let serves = self.provider.metadata().valid_until().is_none_or(|until| now < until);
        if self.in_flight.is_some() {
            let patient = cause == RefreshCause::Due && serves;
            return if patient { MetadataPlan::Use } else { MetadataPlan::Wait };
        }
        let allowed = match cause {
            RefreshCause::Due => now >= self.fresh_until && now >= self.retry_at,
            RefreshCause::UnknownKey => now >= self.early_at,
            RefreshCause::Asked => true,
        };
        if !allowed {
            return MetadataPlan::Use;
        }
        if cause == RefreshCause::UnknownKey {
            self.early_at = now.saturating_add(COOLDOWN);
        }
        self.in_flight = Some(now);
        self.metrics.fetches = self.metrics.fetches.saturating_add(1);
        let meanwhile = cause == RefreshCause::Due && serves;
        if meanwhile { MetadataPlan::UseAndFetch } else { MetadataPlan::Fetch }
    }

    /// The fetch brought a document that was accepted, and `provider` is the one by it.
    pub fn renewed(&mut self, provider: &SamlProvider, caching: HttpCaching, now: Timestamp) {
        self.in_flight = None;
        self.stated = provider.metadata().clone();
        self.metrics.renewals = self.metrics.renewals.saturating_add(1);
        self.confirm(provider, caching, now);
    }

    /// The publisher says that the copy at hand is still the newest (RFC 9110, 15.4.5). It stays under its own `ETag`.
    pub fn not_modified(&mut self, max_age: Option<Duration>, now: Timestamp) {
        self.in_flight = None;
        let provider = Arc::clone(&self.provider);
        let etag = self.etag.take();
        self.confirm(&provider, HttpCaching { max_age, etag }, now);
    }

    /// The fetch failed, and the copy at hand stays.
    pub fn failed(&mut self, now: Timestamp) {
        self.metrics.failures = self.metrics.failures.saturating_add(1);
        self.stand_by(now);
    }

    /// The fetch brought a document that was refused, and the copy at hand stays.
    pub fn refused(&mut self, now: Timestamp) {
        self.metrics.refusals = self.metrics.refusals.saturating_add(1);
        self.stand_by(now);
    }

    /// The counters, with the age of the copy at `now`.
    #[must_use]
    pub fn metrics(&self, now: Timestamp) -> MetadataMetrics {
        MetadataMetrics { age_seconds: now.duration_since(self.confirmed_at).as_secs(), ..self.metrics }
    }

    fn confirm(&mut self, provider: &SamlProvider, caching: HttpCaching, now: Timestamp) {
        let said = self.stated.cache_duration().into_iter().chain(caching.max_age).min().unwrap_or(DEFAULT_FRESH);
        let fresh = said.clamp(MIN_FRESH, MAX_FRESH);
        let left = self.stated.valid_until().map(|until| until.duration_since(now));
        let fresh = left.map_or(fresh, |left| fresh.min(left.saturating_mul(3) / 4));
        self.fresh_until = now.saturating_add(fresh);
        self.confirmed_at = now;
        self.etag = caching.etag;
        self.failures_in_a_row = 0;
        self.retry_at = Timestamp::EPOCH;
        self.provider = Arc::new(provider.clone().believed_until(&self.stated, now.saturating_add(MAX_STALE)));
    }

    fn stand_by(&mut self, now: Timestamp) {
        let began = self.in_flight.take().unwrap_or(now);
        let doubled = 2_u32.saturating_pow(self.failures_in_a_row.min(16));
        self.failures_in_a_row = self.failures_in_a_row.saturating_add(1);
        self.retry_at = began.saturating_add(COOLDOWN.saturating_mul(doubled).min(MAX_BACKOFF));
        self.early_at = self.early_at.max(began.saturating_add(COOLDOWN));
    }

    /// A caller that vanished while it fetched reports nothing; without this no one would fetch again.
    fn forget_lost_fetch(&mut self, now: Timestamp) {
        if let Some(since) = self.in_flight
            && now.duration_since(since) >= FETCH_LOST
        {
            self.failed(now);
        }
    }
}

#[cfg(test)]
mod tests;
