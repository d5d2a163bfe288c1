//! Who is signed in, and which sign-ins have begun but not ended.

use crate::error::KeyError;
use crate::oidc::authorize::AuthorizationRequest;
use crate::saml::request::AuthnRequest;
use crate::saml::response::NameIdFormat;
use crate::sync::{Fingerprint, lock, random_secret};
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use time::{Duration, OffsetDateTime};

/// Entries that end, and a bound on how many there are; the entry that would end first makes room for a new one.
#[derive(Debug)]
pub(crate) struct Expiring<K, V> {
    entries: Mutex<HashMap<K, (OffsetDateTime, V)>>,
    most: usize,
    life: Duration,
}

impl<K: Hash + Eq + Copy, V: Clone> Expiring<K, V> {
    pub(crate) fn new(most: usize, life: Duration) -> Self {
        Self { entries: Mutex::default(), most, life }
    }

    pub(crate) fn insert(&self, key: K, value: V, now: OffsetDateTime) {
        let mut entries = lock(&self.entries);
        if entries.len() >= self.most {
            entries.retain(|_, (ends, _)| *ends > now);
        }
        if entries.len() >= self.most
            && let Some(first) = entries.iter().min_by_key(|(_, (ends, _))| *ends).map(|(key, _)| *key)
        {
            entries.remove(&first);
        }
        entries.insert(key, (now + self.life, value));
    }

    pub(crate) fn find(&self, key: K, now: OffsetDateTime) -> Option<V> {
        lock(&self.entries).get(&key).filter(|(ends, _)| *ends > now).map(|(_, value)| value.clone())
    }

    pub(crate) fn remove(&self, key: K) -> Option<V> {
        lock(&self.entries).remove(&key).map(|(_, value)| value)
    }

    /// Removes what `matches`, and gives it out.
    pub(crate) fn remove_where(&self, now: OffsetDateTime, matches: impl Fn(&V) -> bool) -> Vec<V> {
        let mut entries = lock(&self.entries);
        let removed = entries.extract_if(|_, (ends, value)| *ends > now && matches(value));
        removed.map(|(_, (_, value))| value).collect()
    }

    /// Changes an entry in one step, so that of two who come at once only one finds it as it was.
    pub(crate) fn update<R>(&self, key: K, now: OffsetDateTime, change: impl FnOnce(&mut V) -> R) -> Option<R> {
        lock(&self.entries).get_mut(&key).filter(|(ends, _)| *ends > now).map(|(_, value)| change(value))
    }

    pub(crate) fn retain(&self, keep: impl Fn(&V) -> bool) {
        lock(&self.entries).retain(|_, (_, value)| keep(value));
    }
}

/// Orders sign-ins and requests that share a second, or that a test's standing clock puts at one instant.
static ORDER: AtomicU64 = AtomicU64::new(1);

fn next_in_order() -> u64 {
    ORDER.fetch_add(1, Ordering::SeqCst)
}

/// A person who typed their password.
#[derive(Debug, Clone)]
pub(crate) struct Session {
    pub(crate) user: String,
    pub(crate) authenticated: OffsetDateTime,
    /// What `SessionIndex` names; not the cookie, which is a secret.
    pub(crate) index: String,
    /// The service providers that this session led to.
    participants: Vec<Participant>,
    /// The OpenID clients that this session led to, by their place among the registered ones.
    clients: Vec<usize>,
    key: Fingerprint,
    order: u64,
}

/// A service provider that has been told who somebody is, and by what name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Participant {
    pub(crate) service_provider: usize,
    pub(crate) name_id: String,
    pub(crate) format: NameIdFormat,
}

/// A service provider that has to be told that somebody's session is over.
#[derive(Debug, Clone)]
pub(crate) struct Farewell {
    pub(crate) service_provider: usize,
    pub(crate) name_id: String,
    pub(crate) format: NameIdFormat,
    /// `None` for every session of this person.
    pub(crate) session_index: Option<String>,
}

impl Session {
    /// Whether a service provider was told of this session by this name; `None` stands for any format.
    pub(crate) fn knows(&self, service_provider: usize, name_id: &str, format: Option<NameIdFormat>) -> bool {
        self.participants.iter().any(|it| {
            it.service_provider == service_provider
                && it.name_id == name_id
                && format.is_none_or(|format| format == it.format)
        })
    }

    /// The OpenID clients that must hear when this session is over.
    pub(crate) fn clients(&self) -> &[usize] {
        &self.clients
    }

    /// What has to be said when this session is over, and to whom.
    pub(crate) fn farewells(&self) -> impl Iterator<Item = Farewell> {
        self.participants.iter().map(|it| Farewell {
            service_provider: it.service_provider,
            name_id: it.name_id.clone(),
            format: it.format,
            session_index: Some(self.index.clone()),
        })
    }
}

/// Sessions by the hash of their cookie.
#[derive(Debug)]
pub(crate) struct Sessions(Expiring<Fingerprint, Session>);

impl Sessions {
    pub(crate) const LIFE: Duration = Duration::hours(8);

    pub(crate) fn new() -> Self {
        Self(Expiring::new(10_000, Self::LIFE))
    }

    /// Always under a new identifier (attack: session fixation). Whoever types their password once more goes on with
    /// the session they had: service providers know it by its index.
    pub(crate) fn begin(&self, user: &str, former: Option<Session>, now: OffsetDateTime) -> Result<String, KeyError> {
        let cookie = random_secret()?;
        let key = Fingerprint::of(&cookie);
        let (index, participants, clients) = match former.filter(|former| former.user == user) {
            Some(former) => (former.index, former.participants, former.clients),
            None => (format!("_{}", random_secret()?), Vec::new(), Vec::new()),
        };
        let (user, order) = (user.to_owned(), next_in_order());
        let session = Session { user, authenticated: now, index, participants, clients, key, order };
        self.0.insert(key, session, now);
        Ok(cookie)
    }

    /// Remembers that `session` led to a service provider.
    pub(crate) fn join(&self, session: &Session, participant: Participant, now: OffsetDateTime) {
        self.0.update(session.key, now, |session| {
            if !session.participants.contains(&participant) {
                session.participants.push(participant);
            }
        });
    }

    /// Remembers that `session` led to an OpenID client.
    pub(crate) fn join_client(&self, session: &Session, client: usize, now: OffsetDateTime) {
        self.0.update(session.key, now, |session| {
            if !session.clients.contains(&client) {
                session.clients.push(client);
            }
        });
    }

    pub(crate) fn find(&self, cookie: &str, now: OffsetDateTime) -> Option<Session> {
        self.0.find(Fingerprint::of(cookie), now)
    }

    pub(crate) fn end(&self, cookie: &str) -> Option<Session> {
        self.0.remove(Fingerprint::of(cookie))
    }

    pub(crate) fn end_where(&self, now: OffsetDateTime, matches: impl Fn(&Session) -> bool) -> Vec<Session> {
        self.0.remove_where(now, matches)
    }
}

/// What a relying party asked for.
#[derive(Debug, Clone)]
pub(crate) enum Ask {
    Saml(AuthnRequest),
    Oidc(AuthorizationRequest),
}

/// A request that waits for a person to sign in.
#[derive(Debug, Clone)]
pub(crate) struct Flow {
    pub(crate) ask: Ask,
    order: u64,
}

impl Flow {
    /// `ForceAuthn`, `prompt=login` and `max_age`: whether this session is good enough for what was asked.
    pub(crate) fn accepts(&self, session: &Session, now: OffsetDateTime) -> bool {
        let signed_in_since = session.order > self.order;
        match &self.ask {
            Ask::Saml(request) => !request.force_authn || signed_in_since,
            Ask::Oidc(request) => {
                let recent = request
                    .max_age
                    .is_none_or(|most| most > 0 && (now - session.authenticated).whole_seconds() <= most);
                signed_in_since || (!request.prompt_login && recent)
            }
        }
    }

    /// Whether somebody who is signed in already must type their password again.
    pub(crate) fn forces(&self) -> bool {
        match &self.ask {
            Ask::Saml(request) => request.force_authn,
            Ask::Oidc(request) => request.prompt_login || request.max_age.is_some(),
        }
    }

    /// `IsPassive` and `prompt=none`: whether nobody may be asked anything.
    pub(crate) const fn is_silent(&self) -> bool {
        match &self.ask {
            Ask::Saml(request) => request.is_passive,
            Ask::Oidc(request) => request.prompt_none,
        }
    }
}

/// Flows by the hash of the identifier in the address of the sign-in page.
#[derive(Debug)]
pub(crate) struct Flows(Expiring<Fingerprint, Flow>);

impl Flows {
    pub(crate) fn new() -> Self {
        Self(Expiring::new(10_000, Duration::minutes(15)))
    }

    pub(crate) fn begin(&self, ask: Ask, now: OffsetDateTime) -> Result<String, KeyError> {
        let id = random_secret()?;
        self.0.insert(Fingerprint::of(&id), Flow { ask, order: next_in_order() }, now);
        Ok(id)
    }

    pub(crate) fn find(&self, id: &str, now: OffsetDateTime) -> Option<Flow> {
        self.0.find(Fingerprint::of(id), now)
    }

    pub(crate) fn end(&self, id: &str) {
        self.0.remove(Fingerprint::of(id));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: OffsetDateTime = time::macros::datetime!(2026-08-01 12:00 UTC);

    #[test]
    fn entries_end_and_the_one_that_ends_first_makes_room() {
        let table = Expiring::new(2, Duration::minutes(1));
        table.insert(1, "a", NOON);
        table.insert(2, "b", NOON + Duration::seconds(1));
        table.insert(3, "c", NOON + Duration::seconds(2));
        assert_eq!(table.find(1, NOON), None);
        assert_eq!(table.find(2, NOON + Duration::seconds(60)), Some("b"));
        assert_eq!(table.find(2, NOON + Duration::seconds(61)), None);
    }

    #[test]
    fn a_session_is_found_by_its_cookie_only_and_ends() {
        let sessions = Sessions::new();
        let cookie = sessions.begin("martha", None, NOON).unwrap();
        let session = sessions.find(&cookie, NOON).unwrap();
        assert_eq!(session.user, "martha");
        assert!(sessions.find(&session.index, NOON).is_none());
        assert!(sessions.find(&cookie, NOON + Sessions::LIFE).is_none());
        sessions.end(&cookie);
        assert!(sessions.find(&cookie, NOON).is_none());
    }
}
