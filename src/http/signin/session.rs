//! People signed in to the portal.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::door::Door;
use crate::VerifiedIdentity;
use crate::crypto::CryptoError;
use crate::explain::CorrelationId;
use crate::http::cookie::CookieSecret;
use crate::identity::oidc::OidcSession;
use crate::identity::saml::{SamlProvider, SamlSession};
use crate::store::{Store, StoreError};
use crate::time::Timestamp;

/// How long a person stays signed in, unless the provider wants it shorter.
pub(in crate::http) const LIFETIME: Duration = Duration::from_secs(8 * 3600);

/// A person who signed in, as the portal remembers them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::http) struct PortalSession {
    /// Whom the directory knows them as.
    pub(in crate::http) user_name: String,
    /// The provider's name as people read it.
    pub(in crate::http) provider: String,
    /// The sign-in this began with.
    pub(in crate::http) correlation_id: CorrelationId,
    /// When it began.
    pub(in crate::http) began: Timestamp,
    /// When it ends.
    pub(in crate::http) ends: Timestamp,
    /// When the provider's own session ends, if it said so.
    pub(in crate::http) provider_ends: Option<Timestamp>,
    /// What the provider said of them, where an application asks for it.
    pub(in crate::http) vouched: Option<Vouched>,
    /// The provider's own session, where single logout can join the two.
    pub(in crate::http) by: Option<ProviderSession>,
}

/// A session at an identity provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::http) struct ProviderSession {
    /// The provider's name at the broker, or at the portal for an OpenID provider.
    pub(in crate::http) name: String,
    /// What a request to end it must name.
    pub(in crate::http) session: Theirs,
    /// The keys under which the provider ends ours.
    pub(in crate::http) keys: Vec<String>,
}

/// What a request to end a provider's session must name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::http) enum Theirs {
    /// At a SAML provider.
    Saml(SamlSession),
    /// At an OpenID provider.
    Oidc(OidcSession),
}

impl ProviderSession {
    /// The session at the SAML provider that the broker calls `name`.
    pub(in crate::http) fn with_saml(name: &str, session: SamlSession, provider: &SamlProvider) -> Self {
        let keys = session.session_keys(provider);
        Self { name: name.to_owned(), session: Theirs::Saml(session), keys }
    }

    /// The session at the OpenID provider that the portal calls `name`.
    pub(in crate::http) fn with_oidc(name: &str, session: OidcSession) -> Self {
        let keys = session.session_keys();
        Self { name: name.to_owned(), session: Theirs::Oidc(session), keys }
    }

    /// This session without what a logout can do without; `None` where nothing is.
    fn smaller(&self) -> Option<Self> {
        let Theirs::Oidc(session) = &self.session else { return None };
        session.id_token_hint()?;
        Some(Self { session: Theirs::Oidc(session.clone().with_hint(None)), ..self.clone() })
    }
}

/// What a provider said of a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::http) struct Vouched {
    /// The entity id or issuer URL that signed.
    pub(in crate::http) issuer: String,
    /// Attributes or claims, by name.
    pub(in crate::http) attributes: BTreeMap<String, Vec<String>>,
}

/// Why a session was not begun.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub(in crate::http) enum PortalSessionError {
    /// The provider's session has ended already.
    #[error("your session at the identity provider has ended")]
    ProviderEnded,
    /// The store gave no answer.
    #[error("sessions cannot be remembered at the moment")]
    Store(#[from] StoreError),
    /// No randomness for its id.
    #[error("sessions cannot be begun at the moment")]
    Crypto(#[from] CryptoError),
}

#[derive(Serialize, Deserialize)]
struct Record {
    user_name: String,
    provider: String,
    correlation_id: String,
    began: i64,
    ends: i64,
    provider_ends: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    vouched: Option<Vouched>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    by: Option<ProviderSession>,
}

impl PortalSession {
    /// A session from `now` for eight hours, or until the provider's own session ends, whichever is first.
    pub(in crate::http) fn new(
        user_name: &str,
        provider: &str,
        correlation_id: CorrelationId,
        now: Timestamp,
        provider_ends: Option<Timestamp>,
    ) -> Self {
        let longest = now.saturating_add(LIFETIME);
        Self {
            user_name: user_name.to_owned(),
            provider: provider.to_owned(),
            correlation_id,
            began: now,
            ends: provider_ends.map_or(longest, |ends| ends.min(longest)),
            provider_ends,
            vouched: None,
            by: None,
        }
    }

    /// This session with what `identity` says beside the name.
    pub(in crate::http) fn vouched_for_by(mut self, identity: &VerifiedIdentity) -> Self {
        let (issuer, attributes) = (identity.issuer().to_owned(), identity.attributes().clone());
        self.vouched = Some(Vouched { issuer, attributes });
        self
    }

    /// Remembers it under a new id, whatever id the browser had before (attack: session fixation).
    pub(in crate::http) async fn keep(
        &self,
        store: &dyn Store,
        door: Door,
    ) -> Result<CookieSecret, PortalSessionError> {
        if self.ends <= self.began {
            return Err(PortalSessionError::ProviderEnded);
        }
        let id = CookieSecret::generate()?;
        let kept = self.insert(store, (door, &id), self.by.as_ref()).await;
        match (kept, self.by.as_ref().and_then(ProviderSession::smaller)) {
            (Err(StoreError::TooLarge { .. }), Some(smaller)) => {
                self.insert(store, (door, &id), Some(&smaller)).await?
            }
            (kept, _) => kept?,
        }
        Ok(id)
    }

    async fn insert(
        &self,
        store: &dyn Store,
        (door, id): (Door, &CookieSecret),
        by: Option<&ProviderSession>,
    ) -> Result<(), StoreError> {
        let record = Record {
            user_name: self.user_name.clone(),
            provider: self.provider.clone(),
            correlation_id: self.correlation_id.as_str().to_owned(),
            began: self.began.unix_millis(),
            ends: self.ends.unix_millis(),
            provider_ends: self.provider_ends.map(Timestamp::unix_millis),
            vouched: self.vouched.clone(),
            by: by.cloned(),
        };
        let value = Zeroizing::new(serde_json::to_vec(&record).unwrap_or_default());
        store.insert_new(door.space(), &id.hash(), &value, self.ends, self.began).await.map(|_| ())
    }

    /// The live session of the browser that holds `id`.
    pub(in crate::http) async fn read(
        store: &dyn Store,
        door: Door,
        now: Timestamp,
        id: &CookieSecret,
    ) -> Result<Option<Self>, StoreError> {
        let value = store.read(door.space(), &id.hash(), now).await?;
        Ok(value.and_then(|value| Self::from_record(&value)))
    }

    /// Ends the session of the browser that holds `id`, and says what it was.
    pub(in crate::http) async fn end(
        store: &dyn Store,
        door: Door,
        now: Timestamp,
        id: &CookieSecret,
    ) -> Result<Option<Self>, StoreError> {
        let value = store.take(door.space(), &id.hash(), now).await?;
        Ok(value.and_then(|value| Self::from_record(&value)))
    }

    fn from_record(value: &[u8]) -> Option<Self> {
        let record: Record = serde_json::from_slice(value).ok()?;
        Some(Self {
            user_name: record.user_name,
            provider: record.provider,
            correlation_id: CorrelationId::parse(&record.correlation_id)?,
            began: Timestamp::from_unix_millis(record.began),
            ends: Timestamp::from_unix_millis(record.ends),
            provider_ends: record.provider_ends.map(Timestamp::from_unix_millis),
            vouched: record.vouched,
            by: record.by,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::MemoryStore;

    const NOW: Timestamp = Timestamp::from_unix_seconds(1_000_000);

    fn session(provider_ends: Option<Timestamp>) -> PortalSession {
        let flow = CorrelationId::parse("flow-1").unwrap();
        PortalSession::new("martha", "Corporate directory", flow, NOW, provider_ends)
    }

    #[tokio::test]
    async fn a_session_is_read_back_until_it_ends() {
        let store = MemoryStore::new(10);
        let kept = session(None);
        let id = kept.keep(&store, Door::Portal).await.unwrap();
        let just_before = NOW.saturating_add(LIFETIME - Duration::from_secs(1));
        assert_eq!(PortalSession::read(&store, Door::Portal, just_before, &id).await, Ok(Some(kept)));
        assert_eq!(PortalSession::read(&store, Door::Portal, NOW.saturating_add(LIFETIME), &id).await, Ok(None));
    }

    #[tokio::test]
    async fn the_providers_session_shortens_ours_and_never_lengthens_it() {
        let hour = NOW.saturating_add(Duration::from_secs(3600));
        assert_eq!(session(Some(hour)).ends, hour);
        let week = NOW.saturating_add(Duration::from_secs(7 * 86_400));
        assert_eq!(session(Some(week)).ends, NOW.saturating_add(LIFETIME));
        let refused = session(Some(NOW)).keep(&MemoryStore::new(10), Door::Portal).await.unwrap_err();
        assert_eq!(refused, PortalSessionError::ProviderEnded);
    }

    #[tokio::test]
    async fn each_sign_in_has_its_own_id_and_signing_out_ends_it() {
        let store = MemoryStore::new(10);
        let (first, second) = (
            session(None).keep(&store, Door::Portal).await.unwrap(),
            session(None).keep(&store, Door::Portal).await.unwrap(),
        );
        assert_ne!(first.hash(), second.hash());
        PortalSession::end(&store, Door::Portal, NOW, &first).await.unwrap();
        assert_eq!(PortalSession::read(&store, Door::Portal, NOW, &first).await, Ok(None));
        assert!(PortalSession::read(&store, Door::Portal, NOW, &second).await.unwrap().is_some());
    }

    #[tokio::test]
    async fn an_applications_session_is_none_of_the_portal_and_the_other_way_round() {
        let store = MemoryStore::new(10);
        for (kept, other) in [(Door::Portal, Door::Application), (Door::Application, Door::Portal)] {
            let id = session(None).keep(&store, kept).await.unwrap();
            assert!(PortalSession::read(&store, kept, NOW, &id).await.unwrap().is_some());
            assert_eq!(PortalSession::read(&store, other, NOW, &id).await, Ok(None));
        }
    }
}
