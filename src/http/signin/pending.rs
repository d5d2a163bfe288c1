//! Sign-ins, and sign-outs, that were sent to a provider and have not come back.
//!
//! Enters: what a sign-in was begun with. Leaves, once: the same, when the answer carries the state it was sent with, in
//! the browser it was begun in, within ten minutes. Refused: anything else (attacks: login CSRF, response swapping, replay).

use std::fmt;
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::return_path::ReturnPath;
use crate::crypto::sha256_hex;
use crate::explain::CorrelationId;
use crate::http::cookie::CookieSecret;
use crate::store::{Space, Store, StoreError};
use crate::time::Timestamp;

/// How long a person may take at the provider.
pub(in crate::http) const LIFETIME: Duration = Duration::from_secs(600);
/// The longest RelayState (saml-bindings 3.4.3), and the longest `state` we send.
const STATE_LIMIT: usize = 80;

/// By which protocol a sign-in was begun; a state of one is never looked up for the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::http) enum Protocol {
    /// SAML 2.0.
    Saml,
    /// OpenID Connect.
    Oidc,
    /// Single logout with SAML 2.0.
    SamlLogout,
    /// Logout with OpenID Connect.
    OidcLogout,
}

impl Protocol {
    /// Sets what is kept and signed for one protocol apart from the others.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Saml => "saml",
            Self::Oidc => "oidc",
            Self::SamlLogout => "saml-logout",
            Self::OidcLogout => "oidc-logout",
        }
    }

    /// Anyone may begin sign-ins; a flood of them leaves sign-outs their room.
    const fn space(self) -> Space {
        match self {
            Self::Saml | Self::Oidc => Space::PendingSignIn,
            Self::SamlLogout | Self::OidcLogout => Space::PendingSignOut,
        }
    }
}

/// What a sign-in was begun with.
pub(in crate::http) struct Pending<T> {
    /// The name of the provider that must answer.
    pub(in crate::http) provider: String,
    /// Follows the person through every stage.
    pub(in crate::http) correlation_id: CorrelationId,
    /// Where the person wanted to go.
    pub(in crate::http) return_to: ReturnPath,
    /// What the protocol needs to verify the answer: a request id, or a nonce and a code verifier.
    pub(in crate::http) ticket: T,
}

impl<T> fmt::Debug for Pending<T> {
    /// Without the ticket, which may hold a code verifier.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pending").field("provider", &self.provider).finish_non_exhaustive()
    }
}

/// Why an answer finishes no sign-in.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub(in crate::http) enum PendingError {
    /// No sign-in waits under this state: it was finished before, took too long, or was never begun here.
    #[error("this sign-in was already finished, or it took longer than ten minutes")]
    NotPending,
    /// The answer came in a browser that did not begin the sign-in.
    #[error("this sign-in was begun in another browser")]
    OtherBrowser,
    /// The answer came to another address than it was asked to come to.
    #[error("the answer came to another address than it was asked for")]
    OtherAddress,
    /// The store gave no answer.
    #[error("sign-ins cannot be remembered at the moment")]
    Store(#[from] StoreError),
}

#[derive(Serialize, Deserialize)]
struct Record<T> {
    provider: String,
    answer_to: String,
    browser: String,
    correlation_id: String,
    return_to: ReturnPath,
    ticket: T,
}

impl<T: Serialize + DeserializeOwned> Pending<T> {
    /// Remembers this sign-in under `state`, for `browser`, to be answered at the URL `answer_to`.
    pub(in crate::http) async fn keep(
        self,
        store: &dyn Store,
        now: Timestamp,
        (protocol, state): (Protocol, &str),
        browser: &CookieSecret,
        answer_to: &str,
    ) -> Result<(), PendingError> {
        let record = Record {
            provider: self.provider,
            answer_to: answer_to.to_owned(),
            browser: browser.hash(),
            correlation_id: self.correlation_id.as_str().to_owned(),
            return_to: self.return_to,
            ticket: self.ticket,
        };
        let value = Zeroizing::new(serde_json::to_vec(&record).map_err(|_| PendingError::NotPending)?);
        let until = now.saturating_add(LIFETIME);
        let kept = store.insert_new(protocol.space(), &key(protocol, state), &value, until, now).await?;
        // A state that is taken already was not made by our random generator.
        if kept { Ok(()) } else { Err(PendingError::NotPending) }
    }

    /// Takes the sign-in that `state` was sent with; of two answers only the first receives it.
    pub(in crate::http) async fn take(
        store: &dyn Store,
        now: Timestamp,
        (protocol, state): (Protocol, &str),
        browser: Option<&CookieSecret>,
        answer_to: &str,
    ) -> Result<Self, PendingError> {
        if state.is_empty() || state.len() > STATE_LIMIT {
            return Err(PendingError::NotPending);
        }
        let taken = store.take(protocol.space(), &key(protocol, state), now).await?;
        let value = taken.ok_or(PendingError::NotPending)?;
        let record: Record<T> = serde_json::from_slice(&value).map_err(|_| PendingError::NotPending)?;
        if browser.map(CookieSecret::hash).as_ref() != Some(&record.browser) {
            return Err(PendingError::OtherBrowser);
        }
        if record.answer_to != answer_to {
            return Err(PendingError::OtherAddress);
        }
        let correlation_id = CorrelationId::parse(&record.correlation_id).ok_or(PendingError::NotPending)?;
        Ok(Self { provider: record.provider, correlation_id, return_to: record.return_to, ticket: record.ticket })
    }
}

fn key(protocol: Protocol, state: &str) -> String {
    format!("{}:{}", protocol.word(), sha256_hex(state.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::MemoryStore;

    const ACS: &str = "https://broker.example/saml/acs";
    const NOW: Timestamp = Timestamp::from_unix_seconds(1_000_000);

    async fn begin(store: &MemoryStore, state: &str, browser: &CookieSecret) {
        let pending = Pending {
            provider: "corp".to_owned(),
            correlation_id: CorrelationId::parse("flow-1").unwrap(),
            return_to: ReturnPath::parse("/portal?q=cat").unwrap(),
            ticket: "_request-1".to_owned(),
        };
        pending.keep(store, NOW, (Protocol::Saml, state), browser, ACS).await.unwrap();
    }

    async fn take(
        store: &MemoryStore,
        state: &str,
        browser: Option<&CookieSecret>,
    ) -> Result<Pending<String>, PendingError> {
        Pending::take(store, NOW, (Protocol::Saml, state), browser, ACS).await
    }

    #[tokio::test]
    async fn an_answer_finishes_the_sign_in_it_was_asked_for_once() {
        let (store, browser) = (MemoryStore::new(10), CookieSecret::generate().unwrap());
        begin(&store, "state-1", &browser).await;
        let pending = take(&store, "state-1", Some(&browser)).await.unwrap();
        assert_eq!((pending.provider.as_str(), pending.ticket.as_str()), ("corp", "_request-1"));
        assert_eq!(pending.return_to.as_str(), "/portal?q=cat");
        assert_eq!(pending.correlation_id.as_str(), "flow-1");
        let again = take(&store, "state-1", Some(&browser)).await.unwrap_err();
        assert_eq!(again, PendingError::NotPending);
    }

    #[tokio::test]
    async fn an_answer_in_another_browser_is_refused_and_spends_the_state() {
        let (store, browser) = (MemoryStore::new(10), CookieSecret::generate().unwrap());
        for thief in [Some(CookieSecret::generate().unwrap()), None] {
            begin(&store, "state-1", &browser).await;
            let refused = take(&store, "state-1", thief.as_ref()).await.unwrap_err();
            assert_eq!(refused, PendingError::OtherBrowser);
            assert_eq!(take(&store, "state-1", Some(&browser)).await.unwrap_err(), PendingError::NotPending);
        }
    }

    #[tokio::test]
    async fn a_saml_state_finishes_no_openid_sign_in_and_no_other_address() {
        let (store, browser) = (MemoryStore::new(10), CookieSecret::generate().unwrap());
        begin(&store, "state-1", &browser).await;
        let oidc = (Protocol::Oidc, "state-1");
        let refused = Pending::<String>::take(&store, NOW, oidc, Some(&browser), ACS).await.unwrap_err();
        assert_eq!(refused, PendingError::NotPending);
        let saml = (Protocol::Saml, "state-1");
        let elsewhere = "https://other.example/saml/acs";
        let refused = Pending::<String>::take(&store, NOW, saml, Some(&browser), elsewhere).await.unwrap_err();
        assert_eq!(refused, PendingError::OtherAddress);
    }

    #[tokio::test]
    async fn an_answer_after_ten_minutes_is_refused() {
        let (store, browser) = (MemoryStore::new(10), CookieSecret::generate().unwrap());
        begin(&store, "state-1", &browser).await;
        let late = NOW.saturating_add(LIFETIME);
        let state = (Protocol::Saml, "state-1");
        let refused = Pending::<String>::take(&store, late, state, Some(&browser), ACS).await.unwrap_err();
        assert_eq!(refused, PendingError::NotPending);
    }

    #[tokio::test]
    async fn an_overlong_state_is_not_looked_up() {
        let store = MemoryStore::new(10);
        let refused = take(&store, &"s".repeat(STATE_LIMIT + 1), None).await.unwrap_err();
        assert_eq!(refused, PendingError::NotPending);
    }
}
