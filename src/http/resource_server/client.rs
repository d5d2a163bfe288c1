//! What is asked of the broker: its public keys, and signing keys of single scopes.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reqwest::Url;
use tokio::sync::Mutex;
use zeroize::Zeroizing;

use super::sign::{ServerCredentials, sign};
use super::standing::Standing;
use crate::credentials::{
    AccessKeyId, CredentialScope, MAX_KEY_SET_LENGTH, OpenSession, ScopedSigningKey, TokenError, TokenKeys,
};
use crate::http::fetch::{Document, FetchError, Fetcher};
use crate::http::signing_keys::{Handed, NOT_HANDED, NotHanded, PATH};
use crate::time::Timestamp;

/// The longest answer: what a session is entitled to, with the control policies of two accounts.
const MAX_ANSWER_LENGTH: usize = 1024 * 1024;
/// Published keys are read anew after this long, as their sender wants it.
const KEYS_AGE: Duration = Duration::from_secs(300);
/// Tokens of strangers cause no more than one reading of the keys in this time.
const KEYS_PAUSE: Duration = Duration::from_secs(30);

/// Why the broker gave no key.
#[derive(Debug)]
pub(super) enum AskError {
    /// It refuses the session.
    NotHanded { reason: String },
    /// It could not be asked, or does not answer this server.
    Unavailable { reason: String },
}

/// What the broker hands over.
pub(super) struct Answer {
    pub(super) key: ScopedSigningKey,
    pub(super) standing: Standing,
}

/// Asks one broker.
pub(super) struct Client {
    fetcher: Fetcher,
    asks: Url,
    /// As the `host` header has it.
    host: String,
    jwks: String,
    issuer: String,
    credentials: ArcSwap<ServerCredentials>,
    keys: Mutex<Published>,
}

/// The keys that the broker publishes, and when they were last asked for.
#[derive(Default)]
struct Published {
    keys: Option<Arc<TokenKeys>>,
    asked_at: Option<Timestamp>,
}

impl Client {
    pub(super) fn new(broker_url: &str, issuer: &str, credentials: ServerCredentials) -> Result<Self, FetchError> {
        let base = broker_url.trim_end_matches('/');
        let refused = || FetchError::Url { url: base.chars().take(200).collect() };
        let asks = Url::parse(&format!("{base}{PATH}")).map_err(|_| refused())?;
        let host = asks.host_str().ok_or_else(refused)?;
        let host = asks.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
        if asks.query().is_some() || asks.fragment().is_some() {
            return Err(refused());
        }
        Ok(Self {
            // The broker is where its operator put it, which may well be a private network; plain http stays on this machine.
            fetcher: Fetcher::local()?,
            jwks: format!("{base}/.well-known/jwks.json"),
            asks,
            host,
            issuer: issuer.to_owned(),
            credentials: ArcSwap::from_pointee(credentials),
            keys: Mutex::default(),
        })
    }

    pub(super) fn replace_credentials(&self, credentials: ServerCredentials) {
        self.credentials.store(Arc::new(credentials));
    }

    /// Verifies a session token by the keys that the broker publishes.
    pub(super) async fn verify(
        &self,
        id: &AccessKeyId,
        token: &str,
        now: Timestamp,
    ) -> Result<OpenSession, TokenError> {
        let keys = self.published(now, KEYS_AGE).await?;
        let verified = match keys.verify(token, now) {
            Err(TokenError::UnknownKey { .. }) => self.published(now, KEYS_PAUSE).await?.verify(token, now)?,
            verified => verified?,
        };
        if verified.access_key_id() != id {
            let belongs_to = verified.access_key_id().clone();
            return Err(TokenError::AccessKey { presented: id.clone(), belongs_to });
        }
        Ok(OpenSession::scoped(verified, token))
    }

    /// The published keys, no older than `age`, or those of before where they cannot be had.
    async fn published(&self, now: Timestamp, age: Duration) -> Result<Arc<TokenKeys>, TokenError> {
        let mut published = self.keys.lock().await;
        let due = published.asked_at.is_none_or(|at| now >= at.saturating_add(age));
        let retry = published.keys.is_none() && published.asked_at.is_some_and(|at| now > at);
        let mut reason = "the keys of the broker could not be read a moment ago".to_owned();
        if due || retry {
            published.asked_at = Some(now);
            match self.fetcher.get(&self.jwks, MAX_KEY_SET_LENGTH).await {
                Ok(document) => match TokenKeys::from_jwks(self.issuer.as_str(), &document.body) {
                    Ok(keys) => published.keys = Some(Arc::new(keys)),
                    Err(error) => reason = error.to_string(),
                },
                Err(error) => reason = error.reason(),
            }
        }
        published.keys.clone().ok_or(TokenError::Unavailable { reason })
    }

    /// Asks for the key of one session in one scope.
    pub(super) async fn signing_key(
        &self,
        id: &AccessKeyId,
        token: &str,
        scope: &CredentialScope,
        now: Timestamp,
    ) -> Result<Answer, AskError> {
        let form = form_urlencoded::Serializer::new(String::new())
            .append_pair("AccessKeyId", id.as_str())
            .append_pair("SessionToken", token)
            .append_pair("Scope", scope.as_str())
            .finish();
        let unavailable = |reason: String| AskError::Unavailable { reason };
        let credentials = self.credentials.load_full();
        let fields = sign(&credentials, (&self.host, self.asks.path()), scope.region(), &form, now);
        let fields = fields.map_err(|error| unavailable(error.reason()))?;
        let sent = self.fetcher.post_form(self.asks.as_str(), form, fields, MAX_ANSWER_LENGTH).await;
        read(&sent.map_err(|error| unavailable(error.reason()))?)
    }
}

fn read(document: &Document) -> Result<Answer, AskError> {
    let unavailable = |reason: &str| AskError::Unavailable { reason: reason.to_owned() };
    if document.status == NOT_HANDED.as_u16() {
        let refused: NotHanded =
            serde_json::from_slice(&document.body).map_err(|_| unavailable("the broker's refusal cannot be read"))?;
        let reason = format!("{}: {}", refused.code, refused.message).chars().take(200).collect();
        return Err(AskError::NotHanded { reason });
    }
    if document.status != 200 {
        let told: Option<NotHanded> = serde_json::from_slice(&document.body).ok();
        let code: String = told.map(|told| told.code.chars().take(64).collect()).unwrap_or_default();
        return Err(unavailable(&format!("the broker gives this server no keys: status {} {code}", document.status)));
    }
    let handed: Handed =
        serde_json::from_slice(&document.body).map_err(|_| unavailable("the broker's answer cannot be read"))?;
    let key = Zeroizing::new(STANDARD.decode(handed.signing_key.as_bytes()).unwrap_or_default());
    let key = <[u8; 32]>::try_from(key.as_slice()).map_err(|_| unavailable("the broker's key has not 32 bytes"))?;
    // A policy that cannot be read here may hold a denial: nothing is allowed then.
    let standing =
        Standing::read(&handed.standing).ok_or_else(|| unavailable("a policy of the broker cannot be read"))?;
    Ok(Answer { key: ScopedSigningKey::from_bytes(Zeroizing::new(key)), standing })
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("asks", &self.asks.as_str()).finish_non_exhaustive()
    }
}
