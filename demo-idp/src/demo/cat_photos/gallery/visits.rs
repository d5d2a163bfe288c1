//! Who is in the gallery: the session tokens that were brought, kept here under an id that a cookie carries.
//!
//! The token itself never goes back to the browser, and is verified anew on every page: a session that expired or was
//! revoked shows nothing more.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use axum::http::header::COOKIE;
use axum::http::{HeaderMap, HeaderValue};
use daypass::crypto::{CryptoError, random_id};
use daypass::time::Timestamp;
use zeroize::Zeroizing;

/// Cookies do not tell ports apart, so the name must be this party's own.
const COOKIE_NAME: &str = "cat_photos_gallery";
/// Visits at one time; beyond it the one that ends first is forgotten.
const VISIT_LIMIT: usize = 1000;

struct Visit {
    session_token: Zeroizing<String>,
    ends: Timestamp,
}

/// The visits that have not ended.
#[derive(Default)]
pub(super) struct Visits(Mutex<HashMap<String, Visit>>);

impl Visits {
    /// Begins a visit until its session expires; gives the cookie that continues it.
    pub(super) fn begin(
        &self,
        session_token: &str,
        ends: Timestamp,
        now: Timestamp,
    ) -> Result<HeaderValue, CryptoError> {
        let id = random_id()?;
        let cookie = format!(
            "{COOKIE_NAME}={id}; Path=/gallery; HttpOnly; SameSite=Lax; Max-Age={}",
            ends.duration_since(now).as_secs()
        );
        let mut visits = self.visits();
        visits.retain(|_, visit| visit.ends > now);
        if visits.len() >= VISIT_LIMIT {
            let first = visits.iter().min_by_key(|(_, visit)| visit.ends).map(|(id, _)| id.clone());
            first.and_then(|id| visits.remove(&id));
        }
        let session_token = Zeroizing::new(session_token.to_owned());
        visits.insert(id, Visit { session_token, ends });
        // The id is base64url and the rest is ours, so this is always a header value.
        HeaderValue::from_str(&cookie).map_err(|_| CryptoError::Randomness)
    }

    /// The session token of the visit that the request's cookie continues.
    pub(super) fn session_token(&self, headers: &HeaderMap) -> Option<Zeroizing<String>> {
        let id = cookie(headers)?;
        self.visits().get(id).map(|visit| visit.session_token.clone())
    }

    /// Ends the visit of the request's cookie; gives the cookie that forgets it.
    pub(super) fn end(&self, headers: &HeaderMap) -> HeaderValue {
        if let Some(id) = cookie(headers) {
            self.visits().remove(id);
        }
        HeaderValue::from_static("cat_photos_gallery=; Path=/gallery; HttpOnly; SameSite=Lax; Max-Age=0")
    }

    fn visits(&self) -> MutexGuard<'_, HashMap<String, Visit>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The id in the request's cookie; none when two are sent, as another party on this host could add one.
fn cookie(headers: &HeaderMap) -> Option<&str> {
    let mut ids = headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .filter(|(name, _)| *name == COOKIE_NAME)
        .map(|(_, id)| id);
    let only = ids.next();
    if ids.next().is_some() { None } else { only }
}

impl fmt::Debug for Visits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Visits").field("count", &self.visits().len()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_unix_seconds(1_790_000_000);
    const LATER: Timestamp = Timestamp::from_unix_seconds(1_790_000_900);

    fn sent(cookies: &[&str]) -> HeaderMap {
        let value = cookies.iter().map(|cookie| cookie.split(';').next().unwrap()).collect::<Vec<_>>().join("; ");
        HeaderMap::from_iter([(COOKIE, HeaderValue::from_str(&value).unwrap())])
    }

    #[test]
    fn a_visit_goes_on_by_its_cookie_until_it_ends() {
        let visits = Visits::default();
        let cookie = visits.begin("token", LATER, NOW).unwrap();
        let cookie = cookie.to_str().unwrap();
        assert!(cookie.ends_with("; Path=/gallery; HttpOnly; SameSite=Lax; Max-Age=900"), "{cookie}");
        assert!(!cookie.contains("token"));
        let headers = sent(&["other=1", cookie]);
        assert_eq!(visits.session_token(&headers).as_deref().map(String::as_str), Some("token"));
        visits.end(&headers);
        assert!(visits.session_token(&headers).is_none());
    }

    /// Attack: another party on the same host plants a second cookie of the same name.
    #[test]
    fn two_cookies_continue_nothing() {
        let visits = Visits::default();
        let (one, other) = (visits.begin("a", LATER, NOW).unwrap(), visits.begin("b", LATER, NOW).unwrap());
        let headers = sent(&[one.to_str().unwrap(), other.to_str().unwrap()]);
        assert!(visits.session_token(&headers).is_none());
    }

    #[test]
    fn visits_are_bounded_and_the_first_to_end_makes_room() {
        let visits = Visits::default();
        let first = visits.begin("first", LATER, NOW).unwrap();
        let much_later = Timestamp::from_unix_seconds(1_790_003_600);
        for _ in 0..VISIT_LIMIT {
            visits.begin("more", much_later, NOW).unwrap();
        }
        assert_eq!(visits.visits().len(), VISIT_LIMIT);
        assert!(visits.session_token(&sent(&[first.to_str().unwrap()])).is_none());
        visits.begin("last", Timestamp::MAX, much_later).unwrap();
        assert_eq!(visits.visits().len(), 1);
    }
}
