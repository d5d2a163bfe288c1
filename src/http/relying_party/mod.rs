//! Sign-in with an OpenID provider: authorization code flow with PKCE, from the redirect to the verified identity.
//!
//! Enters: a registration with a provider; then the query of the callback. Leaves: the URL to send the browser to, and
//! after the callback a [`VerifiedIdentity`](crate::VerifiedIdentity). Refused: an answer that belongs to another browser,
//! sign-in or provider, an answer with a parameter given twice, a code that the provider does not exchange, tokens of
//! another type than was asked for, and every token the [`oidc`](crate::identity::oidc) stage refuses.
//!
//! ```no_run
//! # use daypass::{explain::Silent, http::relying_party::{RelyingParty, SignInError}, identity::oidc::OidcProvider, time::Timestamp};
//! # async fn sign_in(now: Timestamp, cookie: &str, query: &str) -> Result<(), Box<dyn std::error::Error>> {
//! let provider = OidcProvider::new("https://idp.example", ["my-client"])?;
//! let party = RelyingParty::new(provider, "client-secret", "https://app.example/callback")?;
//!
//! let started = party.begin(now).await?;
//! // Send the browser to `started.redirect_url`, give it `started.browser_secret` as a cookie, keep `started.pending`.
//!
//! // The browser comes back, with that cookie:
//! let identity = party.complete(started.pending, cookie, query, now, &mut Silent).await?;
//! # let _ = identity; Ok(()) }
//! ```
//!
//! What the provider's metadata offers is used: requests are pushed (RFC 9126), answers name their issuer (RFC 9207). The
//! rest is a choice: a private key in place of the secret ([`ClientKey`]), tokens bound to a key ([`DpopKey`]), claims from
//! userinfo, and tokens to go on with:
//!
//! ```no_run
//! # use daypass::{explain::Silent, identity::oidc::OidcProvider, time::Timestamp};
//! # use daypass::http::relying_party::{BeginSignIn, ClientKey, DpopKey, RelyingParty, Tokens};
//! # async fn sign_in(pem: &str, now: Timestamp, kept: &str) -> Result<(), Box<dyn std::error::Error>> {
//! let key = ClientKey::from_pem(pem)?.with_key_id("2026-11");
//! println!("register this: {}", key.jwks());
//! let provider = OidcProvider::new("https://idp.example", ["my-client"])?;
//! let party = RelyingParty::new(provider, key, "https://app.example/callback")?
//!     .with_dpop(DpopKey::generate()?)
//!     .with_userinfo();
//!
//! let wishes = BeginSignIn::new().with_login_hint("martha@example.com").with_scopes(["offline_access"]);
//! let started = party.begin_with(&wishes, now).await?;
//! // Later, with the `tokens` that `complete_with_tokens` gave:
//! if let Some(tokens) = Tokens::from_text(kept) {
//!     let refreshed = party.refresh(&tokens, now, &mut Silent).await?;
//!     let kept = refreshed.tokens.to_text();
//! #   let _ = kept;
//! }
//! # let _ = started; Ok(()) }
//! ```
//!
//! A token may be exchanged for one that is good elsewhere (RFC 8693): [`RelyingParty::exchange`].

mod begin;
mod callback;
mod complete;
mod credential;
mod dpop;
mod end_session;
mod endpoint;
mod error;
mod exchange;
mod form;
mod jose;
mod options;
mod pending;
mod pushed;
mod refresh;
mod token;
mod tokens;

use std::sync::Arc;
use std::time::Duration;

use super::fetch::{FetchError, IssuerKeys};
use crate::identity::oidc::{IssuerUrl, Jwks, OidcProvider, UnverifiedIdToken};
use crate::time::Timestamp;
pub use callback::{CALLBACK_RULES, claimed_state};
pub use complete::Redeemed;
pub use credential::{ClientCredential, ClientKey};
pub use dpop::DpopKey;
pub use error::{RelyingPartyError, SignInError};
pub use exchange::{EXCHANGE_RULES, ExchangedToken, TokenExchange, TokenExchangeError, TokenType, TokenTypeIdentifier};
pub use options::{BeginSignIn, Prompt};
pub use pending::{BegunSignIn, PendingSignIn, StartedSignIn};
pub use refresh::REFRESH_GRANT_RULES;
pub use tokens::{Refreshed, SignedIn, Tokens, UnboundTokens};

/// A person has this long to sign in with the provider: 10 minutes.
pub const SIGN_IN_LIFETIME: Duration = Duration::from_secs(10 * 60);

/// One registration of this application with one provider.
///
/// Give each provider a redirect URI of its own: an answer can then not be carried from one provider to another.
#[derive(Debug)]
pub struct RelyingParty {
    provider: OidcProvider,
    client_id: String,
    credential: ClientCredential,
    redirect_uri: String,
    scopes: Vec<String>,
    max_age: Option<Duration>,
    returns_after_logout: bool,
    dpop: Option<DpopKey>,
    userinfo: bool,
    keys: IssuerKeys,
}

impl RelyingParty {
    /// The registration of the one audience of `provider`, which is the client id, at this redirect URI. The credential is
    /// a shared secret as text, a [`ClientKey`], or [`ClientCredential::public`].
    ///
    /// # Errors
    /// [`RelyingPartyError`] when the provider has more than one audience, the redirect URI is not an `https` URL (`http`
    /// for loopback), or TLS cannot be set up.
    pub fn new(
        provider: OidcProvider,
        credential: impl Into<ClientCredential>,
        redirect_uri: &str,
    ) -> Result<Self, RelyingPartyError> {
        let [client_id] = provider.audiences() else {
            return Err(RelyingPartyError::ClientId { found: provider.audiences().len() });
        };
        let wrong = |_| RelyingPartyError::RedirectUri { found: redirect_uri.to_owned() };
        // A redirect URI is held to what an issuer is; a query would only be in its way.
        IssuerUrl::parse(redirect_uri).map_err(wrong)?;
        Ok(Self {
            client_id: client_id.clone(),
            credential: credential.into(),
            redirect_uri: redirect_uri.to_owned(),
            scopes: Vec::new(),
            max_age: None,
            returns_after_logout: true,
            dpop: None,
            userinfo: false,
            keys: IssuerKeys::new(&provider)?,
            provider,
        })
    }

    /// Asks for these scopes beside `openid`.
    #[must_use]
    pub fn with_scopes<S: Into<String>>(mut self, scopes: impl IntoIterator<Item = S>) -> Self {
        self.scopes.extend(scopes.into_iter().map(Into::into));
        self
    }

    /// Wants people to have proven who they are within `max_age`, and holds the provider to it.
    #[must_use]
    pub const fn with_max_age(mut self, max_age: Duration) -> Self {
        self.max_age = Some(max_age);
        self
    }

    /// Has every token bound to `key` (RFC 9449), and refuses those that are not.
    #[must_use]
    pub fn with_dpop(mut self, key: DpopKey) -> Self {
        self.dpop = Some(key);
        self
    }

    /// Asks the userinfo endpoint about everyone who signs in, and adds to their attributes the claims that the ID token
    /// has not.
    #[must_use]
    pub const fn with_userinfo(mut self) -> Self {
        self.userinfo = true;
        self
    }

    /// The provider people sign in with.
    #[must_use]
    pub const fn provider(&self) -> &OidcProvider {
        &self.provider
    }

    /// Where the provider's answers come to.
    #[must_use]
    pub fn redirect_uri(&self) -> &str {
        &self.redirect_uri
    }

    /// What this application proves itself with; its [`ClientCredential::jwks`] may be published.
    #[must_use]
    pub const fn credential(&self) -> &ClientCredential {
        &self.credential
    }

    /// The provider's metadata and keys, which workload tokens of the same issuer may share.
    #[must_use]
    pub const fn keys(&self) -> &IssuerKeys {
        &self.keys
    }

    /// The keys to verify what the provider answered to a request of ours: none where a secret is shared in their place.
    async fn keys_of_answer(&self, token: &UnverifiedIdToken, now: Timestamp) -> Result<Arc<Jwks>, FetchError> {
        if self.provider.signs_with_client_secret() {
            return Ok(Arc::default());
        }
        self.keys.for_answer(token.claimed_key_id().as_deref(), now).await
    }

    /// The keys to verify what anyone brings here as the provider's word to its client.
    pub(in crate::http) async fn keys_of_message(
        &self,
        key_id: Option<&str>,
        now: Timestamp,
    ) -> Result<Arc<Jwks>, FetchError> {
        if self.provider.signs_with_client_secret() {
            return Ok(Arc::default());
        }
        self.keys.for_key_id(key_id, now).await
    }
}
