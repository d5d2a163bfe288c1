//! When to fetch an issuer's keys: a state machine that is told the instant and does no I/O.
//!
//! The policy, and what each line of it is against:
//! - one fetch at a time for an issuer; whoever asks meanwhile uses the keys at hand or waits;
//! - keys are fresh for what `Cache-Control` says, kept between 5 minutes and 24 hours;
//! - a token that names an unknown key causes a fetch, so that a rotation loses no one, but fetches caused so, and
//!   fetches after a failure, are at least 60 seconds apart: random key ids cannot turn this into a flood on the issuer;
//! - 256 key ids found to be unknown are remembered for 5 minutes and cause no fetch;
//! - what the issuer itself sent us, over a connection of ours, waits for neither: a stranger who keeps the cooldown going,
//!   or names tomorrow's key today, delays nobody who signs in (such fetches are 60 seconds apart among themselves);
//! - a failed fetch takes no key away; old keys are used for 24 hours after they stopped being fresh, and then refused.
//!
//! A new key published under an old key id is not seen before the keys stop being fresh.

mod exposition;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use super::jwks::Jwks;
use crate::time::Timestamp;
pub use exposition::exposition;

/// Keys are fresh for at least this long, whatever the issuer says: 5 minutes.
pub const MIN_FRESH: Duration = Duration::from_secs(5 * 60);
/// Keys are fresh for at most this long: 24 hours.
pub const MAX_FRESH: Duration = Duration::from_secs(24 * 60 * 60);
/// Keys are fresh for this long when the issuer says nothing: 1 hour.
pub const DEFAULT_FRESH: Duration = Duration::from_secs(60 * 60);
/// Keys that could not be renewed are used for this long after they stopped being fresh: 24 hours.
pub const MAX_STALE: Duration = Duration::from_secs(24 * 60 * 60);
/// The least time between fetches caused by unknown key ids or following a failure: 60 seconds.
pub const COOLDOWN: Duration = Duration::from_secs(60);
/// A fetch that has not reported for this long is taken for lost: 15 seconds.
const FETCH_LOST: Duration = Duration::from_secs(15);
/// How long a key id is remembered as unknown.
const UNKNOWN_REMEMBERED: Duration = MIN_FRESH;
/// How many unknown key ids are remembered; the oldest makes room.
const UNKNOWN_LIMIT: usize = 256;

/// What the caller should do next.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum KeyPlan {
    /// Verify with these keys.
    Use(Arc<Jwks>),
    /// Fetch now, then report with [`KeyCache::fetched`] or [`KeyCache::failed`].
    Fetch,
    /// Another caller is fetching; ask again when it is done.
    Wait,
    /// Refuse the token; asking again before this instant changes nothing.
    RefuseUntil(Timestamp),
}

/// Counters of one issuer's key cache, since it was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct KeyCacheMetrics {
    /// Fetches begun.
    pub fetches: u64,
    /// Fetches that failed or were lost.
    pub failures: u64,
    /// Requests refused, or served with the keys at hand, because the last fetch was too recent.
    pub cooldown_refusals: u64,
    /// Requests refused because their key id is remembered as unknown.
    pub unknown_key_refusals: u64,
    /// Age of the keys at hand, in seconds; `None` before the first.
    pub age_seconds: Option<u64>,
}

/// Whose message names a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sender {
    Anyone,
    Issuer,
}

/// The keys of one issuer and everything that decides when to fetch them again.
#[derive(Debug, Default)]
pub struct KeyCache {
    keys: Option<Held>,
    in_flight: Option<Fetching>,
    /// The last attempt that failed; it engages the cooldown for everyone.
    failed_at: Option<Timestamp>,
    /// The last attempt that an unknown key id of anyone's token caused.
    asked_by_anyone: Option<Timestamp>,
    /// The last attempt that an unknown key id of the issuer's own message caused.
    asked_by_issuer: Option<Timestamp>,
    unknown: VecDeque<(String, Timestamp)>,
    metrics: KeyCacheMetrics,
}

#[derive(Debug)]
struct Fetching {
    since: Timestamp,
    /// The unknown key id that caused it.
    for_key_id: Option<String>,
}

#[derive(Debug)]
struct Held {
    jwks: Arc<Jwks>,
    fetched_at: Timestamp,
    fresh_until: Timestamp,
}

impl KeyCache {
    /// A cache that holds nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// What to do for a token of anyone whose key id is `key_id`, or that names none.
    pub fn plan(&mut self, key_id: Option<&str>, now: Timestamp) -> KeyPlan {
        self.plan_for(Sender::Anyone, key_id, now)
    }

    /// As [`KeyCache::plan`], for what the issuer itself answered to a request of ours.
    pub fn plan_for_answer(&mut self, key_id: Option<&str>, now: Timestamp) -> KeyPlan {
        self.plan_for(Sender::Issuer, key_id, now)
    }

    fn plan_for(&mut self, sender: Sender, key_id: Option<&str>, now: Timestamp) -> KeyPlan {
        self.forget_lost_fetch(now);
        let Some(jwks) = self.usable(now) else { return self.fetch_unless_cooling(sender, None, now) };
        let fresh = self.keys.as_ref().is_some_and(|held| now < held.fresh_until);
        match key_id {
            Some(key_id) if !jwks.has_key_id(key_id) => self.plan_unknown(sender, key_id, fresh, now),
            _ if fresh => KeyPlan::Use(jwks),
            _ => self.fetch_unless_cooling(sender, Some(jwks), now),
        }
    }

    /// The fetch brought `jwks`; `max_age` is what `Cache-Control` said.
    pub fn fetched(&mut self, jwks: Jwks, max_age: Option<Duration>, now: Timestamp) {
        let asked = self.in_flight.take().and_then(|fetch| fetch.for_key_id);
        let fresh = max_age.unwrap_or(DEFAULT_FRESH).clamp(MIN_FRESH, MAX_FRESH);
        self.unknown.retain(|(key_id, until)| *until > now && !jwks.has_key_id(key_id));
        if let Some(key_id) = asked.filter(|key_id| !jwks.has_key_id(key_id)) {
            self.remember_unknown(key_id, now);
        }
        self.keys = Some(Held { jwks: Arc::new(jwks), fetched_at: now, fresh_until: now.saturating_add(fresh) });
    }

    /// The fetch failed: keys at hand stay, and the cooldown counts from when the attempt began.
    pub fn failed(&mut self, now: Timestamp) {
        let began = self.in_flight.take().map_or(now, |fetch| fetch.since);
        self.failed_at = Some(began);
        self.metrics.failures = self.metrics.failures.saturating_add(1);
    }

    /// The keys at hand, unless they have been stale for longer than [`MAX_STALE`].
    #[must_use]
    pub fn usable(&self, now: Timestamp) -> Option<Arc<Jwks>> {
        let held = self.keys.as_ref()?;
        (now < held.fresh_until.saturating_add(MAX_STALE)).then(|| Arc::clone(&held.jwks))
    }

    /// The counters, with the age of the keys at `now`.
    #[must_use]
    pub fn metrics(&self, now: Timestamp) -> KeyCacheMetrics {
        KeyCacheMetrics {
            age_seconds: self.keys.as_ref().map(|held| now.duration_since(held.fetched_at).as_secs()),
            ..self.metrics
        }
    }

    fn plan_unknown(&mut self, sender: Sender, key_id: &str, fresh: bool, now: Timestamp) -> KeyPlan {
        let remembered = self.unknown.iter().find(|(known, _)| known == key_id);
        if let Some((_, until)) = remembered
            && sender == Sender::Anyone
            && fresh
            && *until > now
        {
            let until = *until;
            self.metrics.unknown_key_refusals = self.metrics.unknown_key_refusals.saturating_add(1);
            return KeyPlan::RefuseUntil(until);
        }
        let plan = self.fetch_unless_cooling(sender, None, now);
        if let (KeyPlan::Fetch, Some(fetch)) = (&plan, &mut self.in_flight) {
            match sender {
                Sender::Anyone => self.asked_by_anyone = Some(now),
                Sender::Issuer => self.asked_by_issuer = Some(now),
            }
            fetch.for_key_id = Some(key_id.to_owned());
        }
        plan
    }

    fn remember_unknown(&mut self, key_id: String, now: Timestamp) {
        self.unknown.retain(|(known, _)| *known != key_id);
        if self.unknown.len() >= UNKNOWN_LIMIT {
            self.unknown.pop_front();
        }
        self.unknown.push_back((key_id, now.saturating_add(UNKNOWN_REMEMBERED)));
    }

    /// Fetches when that is allowed now; otherwise `at_hand`, or a refusal.
    fn fetch_unless_cooling(&mut self, sender: Sender, at_hand: Option<Arc<Jwks>>, now: Timestamp) -> KeyPlan {
        if self.in_flight.is_some() {
            return at_hand.map_or(KeyPlan::Wait, KeyPlan::Use);
        }
        let by_anyone = self.asked_by_anyone.filter(|_| sender == Sender::Anyone);
        let cooling_since = self.failed_at.max(self.asked_by_issuer).max(by_anyone);
        let allowed = cooling_since.map_or(Timestamp::EPOCH, |since| since.saturating_add(COOLDOWN));
        if now < allowed {
            self.metrics.cooldown_refusals = self.metrics.cooldown_refusals.saturating_add(1);
            return at_hand.map_or(KeyPlan::RefuseUntil(allowed), KeyPlan::Use);
        }
        self.in_flight = Some(Fetching { since: now, for_key_id: None });
        self.metrics.fetches = self.metrics.fetches.saturating_add(1);
        KeyPlan::Fetch
    }

    /// A caller that was cancelled while it fetched reports nothing; without this no one would fetch again.
    fn forget_lost_fetch(&mut self, now: Timestamp) {
        if let Some(fetch) = &self.in_flight
            && now.duration_since(fetch.since) >= FETCH_LOST
        {
            self.failed(now);
        }
    }
}

#[cfg(test)]
mod tests;
