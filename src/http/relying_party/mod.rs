//! Sign-in with an OpenID provider: authorization code flow with PKCE, from the redirect to the verified identity.
//!
//! Enters: a registration with a provider; then the query of the callback. Leaves: the URL to send the browser to, and
//! after the callback a [`VerifiedIdentity`]. Refused: an answer that belongs to another browser, sign-in or provider, an
//! answer with a parameter given twice, a code that the provider does not exchange, and every token the
//! [`oidc`] stage refuses.
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

mod callback;
mod end_session;
mod error;
mod token;

use std::sync::Arc;
use std::time::Duration;

use openidconnect::core::{CoreAuthenticationFlow, CoreClient, CoreJsonWebKeySet};
use openidconnect::{
    AuthUrl, ClientId, CsrfToken, IssuerUrl, Nonce, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, Scope,
};
use zeroize::Zeroizing;

use super::fetch::IssuerKeys;
use crate::VerifiedIdentity;
use crate::crypto::{SecretBytes, random_id, sha256_hex};
use crate::explain::{Evidence, Listener};
use crate::identity::oidc::discovery::{ClientAuthentication, Discovery};
use crate::identity::oidc::{self, Jwks, OidcProvider, UnverifiedIdToken};
use crate::time::Timestamp;
pub use callback::{CALLBACK_RULES, claimed_state};
pub use error::{RelyingPartyError, SignInError};

/// A person has this long to sign in with the provider: 10 minutes.
pub const SIGN_IN_LIFETIME: Duration = Duration::from_secs(10 * 60);

/// One registration of this application with one provider.
///
/// Give each provider a redirect URI of its own: an answer can then not be carried from one provider to another.
#[derive(Debug)]
pub struct RelyingParty {
    provider: OidcProvider,
    client_id: String,
    client_secret: SecretBytes,
    redirect_uri: RedirectUrl,
    scopes: Vec<String>,
    max_age: Option<Duration>,
    returns_after_logout: bool,
    keys: IssuerKeys,
}

/// A sign-in that was begun: what to send to the browser, and what to keep.
#[derive(Debug)]
#[non_exhaustive]
pub struct StartedSignIn {
    /// Where to send the browser.
    pub redirect_url: String,
    /// What only this browser may know: give it as a `HttpOnly`, `SameSite=Lax` cookie that lives as long as the sign-in.
    pub browser_secret: SecretBytes,
    /// What to keep until the browser comes back, under [`PendingSignIn::state`].
    pub pending: PendingSignIn,
}

/// A sign-in that waits for the browser to come back; completing it consumes it, so that no answer counts twice.
pub struct PendingSignIn {
    state: String,
    nonce: String,
    code_verifier: Zeroizing<String>,
    browser_digest: String,
    expires: Timestamp,
}

impl PendingSignIn {
    /// The `state` parameter that the answer will carry.
    #[must_use]
    pub fn state(&self) -> &str {
        &self.state
    }

    /// When this stops waiting.
    #[must_use]
    pub const fn expires(&self) -> Timestamp {
        self.expires
    }

    /// This sign-in as text for a store that outlives the request; it holds the nonce and the code verifier.
    #[must_use]
    pub fn to_text(&self) -> Zeroizing<String> {
        let expires = self.expires.unix_millis();
        let fields = (&self.state, &self.nonce, self.code_verifier.as_str(), &self.browser_digest, expires);
        Zeroizing::new(serde_json::to_string(&fields).unwrap_or_default())
    }

    /// Reads back what [`PendingSignIn::to_text`] wrote; `None` for anything else.
    #[must_use]
    pub fn from_text(text: &str) -> Option<Self> {
        let (state, nonce, code_verifier, browser_digest, expires): (_, _, String, _, i64) =
            serde_json::from_str(text).ok()?;
        let (code_verifier, expires) = (Zeroizing::new(code_verifier), Timestamp::from_unix_millis(expires));
        Some(Self { state, nonce, code_verifier, browser_digest, expires })
    }
}

impl std::fmt::Debug for PendingSignIn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PendingSignIn").field("expires", &self.expires).finish_non_exhaustive()
    }
}

impl RelyingParty {
    /// The registration of the one audience of `provider`, which is the client id, at this redirect URI.
    ///
    /// # Errors
    /// [`RelyingPartyError`] when the provider has more than one audience, the redirect URI is not an `https` URL (`http`
    /// for loopback), or TLS cannot be set up.
    pub fn new(provider: OidcProvider, client_secret: &str, redirect_uri: &str) -> Result<Self, RelyingPartyError> {
        let [client_id] = provider.audiences() else {
            return Err(RelyingPartyError::ClientId { found: provider.audiences().len() });
        };
        let wrong = |_| RelyingPartyError::RedirectUri { found: redirect_uri.to_owned() };
        // A redirect URI is held to what an issuer is; a query would only be in its way.
        oidc::IssuerUrl::parse(redirect_uri).map_err(wrong)?;
        let redirect = RedirectUrl::new(redirect_uri.to_owned())
            .map_err(|_| RelyingPartyError::RedirectUri { found: redirect_uri.to_owned() })?;
        Ok(Self {
            client_id: client_id.clone(),
            client_secret: SecretBytes::new(client_secret.as_bytes().to_vec()),
            redirect_uri: redirect,
            scopes: Vec::new(),
            max_age: None,
            returns_after_logout: true,
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

    /// The provider people sign in with.
    #[must_use]
    pub const fn provider(&self) -> &OidcProvider {
        &self.provider
    }

    /// Where the provider's answers come to.
    #[must_use]
    pub fn redirect_uri(&self) -> &str {
        self.redirect_uri.as_str()
    }

    /// The provider's metadata and keys, which workload tokens of the same issuer may share.
    #[must_use]
    pub const fn keys(&self) -> &IssuerKeys {
        &self.keys
    }

    /// Begins a sign-in: code flow, PKCE with S256, `state` and `nonce`, each random and for this sign-in alone.
    ///
    /// # Errors
    /// [`SignInError::Fetch`] when the provider's metadata cannot be had, [`SignInError::Endpoint`] when it lacks the
    /// authorization endpoint, [`SignInError::Randomness`] when the operating system gives none.
    pub async fn begin(&self, now: Timestamp) -> Result<StartedSignIn, SignInError> {
        let browser_secret = random_id()?;
        let (redirect_url, pending) = self.begin_in(&browser_secret, now).await?;
        let browser_secret = SecretBytes::new(browser_secret.into_bytes());
        Ok(StartedSignIn { redirect_url, browser_secret, pending })
    }

    /// As [`RelyingParty::begin`], in a browser that holds a random secret of ours already: where to send it, and what to
    /// keep.
    ///
    /// # Errors
    /// As [`RelyingParty::begin`].
    pub async fn begin_in(&self, browser_secret: &str, now: Timestamp) -> Result<(String, PendingSignIn), SignInError> {
        let discovery = self.keys.discovery(now).await?;
        let (state, nonce) = (random_id()?, random_id()?);
        let code_verifier = PkceCodeVerifier::new([random_id()?, random_id()?].concat());
        let url = self.authorization_url(&discovery, &state, &nonce, &code_verifier)?;
        let pending = PendingSignIn {
            state,
            nonce,
            browser_digest: sha256_hex(browser_secret.as_bytes()),
            code_verifier: Zeroizing::new(code_verifier.into_secret()),
            expires: now.saturating_add(SIGN_IN_LIFETIME),
        };
        Ok((url, pending))
    }

    fn authorization_url(
        &self,
        discovery: &Discovery,
        state: &str,
        nonce: &str,
        code_verifier: &PkceCodeVerifier,
    ) -> Result<String, SignInError> {
        let missing = SignInError::Endpoint { member: "authorization_endpoint" };
        let endpoint = discovery.authorization_endpoint().ok_or(missing.clone())?;
        // A browser is sent there: the scheme must be one that only moves it to another page.
        if !endpoint.starts_with("https://") && !self.provider.is_local_network() {
            return Err(missing);
        }
        let endpoint = AuthUrl::new(endpoint.to_owned()).map_err(|_| missing.clone())?;
        let issuer = IssuerUrl::new(self.provider.issuer().as_str().to_owned()).map_err(|_| missing)?;
        let client = CoreClient::new(ClientId::new(self.client_id.clone()), issuer, CoreJsonWebKeySet::default())
            .set_auth_uri(endpoint)
            .set_redirect_uri(self.redirect_uri.clone());
        let (state, nonce) = (state.to_owned(), nonce.to_owned());
        let mut request = client
            .authorize_url(
                CoreAuthenticationFlow::AuthorizationCode,
                move || CsrfToken::new(state),
                move || Nonce::new(nonce),
            )
            .add_scopes(self.scopes.iter().cloned().map(Scope::new))
            .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(code_verifier));
        if let Some(max_age) = self.max_age {
            request = request.set_max_age(max_age);
        }
        Ok(request.url().0.into())
    }

    /// Completes a sign-in with what the browser brought back: its cookie, and the query of the callback.
    ///
    /// # Errors
    /// [`SignInError`]: the callback breaks one of [`CALLBACK_RULES`], the person or the provider refused, the provider
    /// cannot be reached, or its token breaks one of the rules of [`oidc::RULES`].
    pub async fn complete<L: Listener>(
        &self,
        pending: PendingSignIn,
        browser_secret: &str,
        query: &str,
        now: Timestamp,
        listener: &mut L,
    ) -> Result<VerifiedIdentity, SignInError> {
        let (token, jwks) = self.redeem(pending, browser_secret, query, now, listener).await?;
        Ok(oidc::verify(&self.provider, &jwks, token, now, listener)?)
    }

    /// As [`RelyingParty::complete`] up to the ID token, which nobody has verified yet, and the keys to verify it with:
    /// for a [`Flow`](crate::Flow), which records the verification and remembers that the token was used.
    ///
    /// # Errors
    /// As [`RelyingParty::complete`], except for what the token breaks.
    pub async fn redeem<L: Listener>(
        &self,
        pending: PendingSignIn,
        browser_secret: &str,
        query: &str,
        now: Timestamp,
        listener: &mut L,
    ) -> Result<(UnverifiedIdToken, Arc<Jwks>), SignInError> {
        let discovery = self.keys.discovery(now).await?;
        let expected = callback::Expected {
            state: &pending.state,
            browser_digest: &pending.browser_digest,
            expires: pending.expires,
            issuer: self.provider.issuer().as_str(),
            issuer_required: discovery.names_issuer_in_response(),
        };
        let code = callback::verify(query, browser_secret, &expected, now, listener)?;
        let tokens = self.exchange(&discovery, &code, &pending.code_verifier).await;
        let tokens = callback::heard(&callback::CODE_EXCHANGE, tokens, listener, |_| {
            Evidence::new("an ID token for the code and its verifier", "a token response")
        })?;
        let mut token = UnverifiedIdToken::for_sign_in(tokens.id_token, pending.nonce)
            .with_access_token(&tokens.access_token)
            .with_code(&code);
        if let Some(max_age) = self.max_age {
            token = token.with_max_age(max_age);
        }
        let jwks = if self.provider.signs_with_client_secret() {
            Arc::default()
        } else {
            self.keys.for_token(&token, now).await?
        };
        Ok((token, jwks))
    }

    async fn exchange(
        &self,
        discovery: &Discovery,
        code: &str,
        code_verifier: &str,
    ) -> Result<token::Tokens, SignInError> {
        let endpoint = discovery.token_endpoint().ok_or(SignInError::Endpoint { member: "token_endpoint" })?;
        let authentication = discovery
            .client_authentications()
            .first()
            .copied()
            .ok_or(SignInError::Endpoint { member: "token_endpoint_auth_methods_supported" })?;
        let (form, authorization) = self.token_request(code, code_verifier, authentication);
        let fetcher = self.keys.fetcher();
        let answer = fetcher.post_form(endpoint, form, authorization, token::MAX_RESPONSE_LENGTH).await?;
        token::parse(answer.status, &answer.body)
    }

    /// The form and the `Authorization` header that exchange a code.
    fn token_request(
        &self,
        code: &str,
        code_verifier: &str,
        authentication: ClientAuthentication,
    ) -> (String, Option<String>) {
        let secret = std::str::from_utf8(self.client_secret.expose()).unwrap_or_default();
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("grant_type", "authorization_code")
            .append_pair("code", code)
            .append_pair("redirect_uri", self.redirect_uri.as_str())
            .append_pair("code_verifier", code_verifier);
        let authorization = match authentication {
            ClientAuthentication::SecretBasic => Some(token::basic(&self.client_id, secret)),
            ClientAuthentication::SecretPost => {
                form.append_pair("client_id", &self.client_id).append_pair("client_secret", secret);
                None
            }
        };
        (form.finish(), authorization)
    }
}
