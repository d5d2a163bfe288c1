//! The authorization request (RFC 6749, 4.1.1; RFC 7636; OpenID Connect Core, 3.1.2.1), pushed where the provider takes it.

use zeroize::Zeroizing;

use super::dpop::DpopKey;
use super::form::Form;
use super::jose::sha256;
use super::options::BeginSignIn;
use super::pending::{BegunSignIn, PendingSignIn, StartedSignIn};
use super::{RelyingParty, SIGN_IN_LIFETIME, SignInError, pushed};
use crate::crypto::{SecretBytes, random_id, sha256_hex};
use crate::identity::oidc::discovery::Discovery;
use crate::time::Timestamp;

impl RelyingParty {
    /// Begins a sign-in: code flow, PKCE with S256, `state` and `nonce`, each random and for this sign-in alone.
    ///
    /// # Errors
    /// [`SignInError::Fetch`] when the provider cannot be reached, [`SignInError::Endpoint`] when its metadata lacks what
    /// this needs, [`SignInError::ClientAuthentication`] and [`SignInError::SigningAlgorithm`] when it does not take the
    /// credential or the proof, [`SignInError::Pushed`] and [`SignInError::PushedResponse`] when it does not take the
    /// request, [`SignInError::Randomness`] when the operating system gives none.
    pub async fn begin(&self, now: Timestamp) -> Result<StartedSignIn, SignInError> {
        self.begin_with(&BeginSignIn::new(), now).await
    }

    /// As [`RelyingParty::begin`], with wishes for this sign-in.
    ///
    /// # Errors
    /// As [`RelyingParty::begin`].
    pub async fn begin_with(&self, wishes: &BeginSignIn, now: Timestamp) -> Result<StartedSignIn, SignInError> {
        let browser_secret = random_id()?;
        let begun = self.begin_in(&browser_secret, wishes, now).await?;
        let BegunSignIn { redirect_url, redirect_until, pending } = begun;
        let browser_secret = SecretBytes::new(browser_secret.into_bytes());
        Ok(StartedSignIn { redirect_url, redirect_until, browser_secret, pending })
    }

    /// As [`RelyingParty::begin_with`], in a browser that holds a random secret of ours already: where to send it, and what
    /// to keep.
    ///
    /// # Errors
    /// As [`RelyingParty::begin`].
    pub async fn begin_in(
        &self,
        browser_secret: &str,
        wishes: &BeginSignIn,
        now: Timestamp,
    ) -> Result<BegunSignIn, SignInError> {
        let discovery = self.keys.discovery(now).await?;
        // What the provider will not take later, nobody should be sent there for.
        self.credential.method(&discovery)?;
        self.proofs_are_taken(&discovery)?;
        let pending = PendingSignIn {
            issuer: self.provider.issuer().as_str().to_owned(),
            client_id: self.client_id.clone(),
            state: random_id()?,
            nonce: random_id()?,
            code_verifier: Zeroizing::new([random_id()?, random_id()?].concat()),
            browser_digest: sha256_hex(browser_secret.as_bytes()),
            expires: now.saturating_add(SIGN_IN_LIFETIME),
        };
        let (redirect_url, redirect_until) = self.departure(&discovery, &pending, wishes, now).await?;
        Ok(BegunSignIn { redirect_url, redirect_until, pending })
    }

    /// Where the browser is sent, and until when that is good.
    async fn departure(
        &self,
        discovery: &Discovery,
        pending: &PendingSignIn,
        wishes: &BeginSignIn,
        now: Timestamp,
    ) -> Result<(String, Timestamp), SignInError> {
        let missing = SignInError::Endpoint { member: "authorization_endpoint" };
        let endpoint = discovery.authorization_endpoint().ok_or(missing.clone())?;
        if !endpoint.starts_with("https://") && !self.provider.is_local_network() {
            return Err(missing);
        }
        let request = self.authorization_request(pending, wishes);
        let push_to = discovery.pushed_authorization_request_endpoint();
        let Some(push_to) = push_to else {
            let member = "pushed_authorization_request_endpoint";
            let must_push = discovery.requires_pushed_authorization_requests();
            return if must_push {
                Err(SignInError::Endpoint { member })
            } else {
                Ok((request.on(endpoint), pending.expires))
            };
        };
        let pushed = pushed::parse(&self.push(discovery, push_to, &request, now).await?)?;
        let mut named = Form::default();
        named.set("client_id", &self.client_id);
        named.set("request_uri", &pushed.request_uri);
        let until = now.saturating_add(pushed.expires_in);
        Ok((named.on(endpoint), until.min(pending.expires)))
    }

    fn authorization_request(&self, pending: &PendingSignIn, wishes: &BeginSignIn) -> Form {
        let mut form = Form::default();
        form.set("response_type", "code");
        form.set("client_id", &self.client_id);
        form.set("redirect_uri", &self.redirect_uri);
        form.set("state", &pending.state);
        form.set("nonce", &pending.nonce);
        form.set("code_challenge", &sha256(pending.code_verifier.as_bytes()));
        form.set("code_challenge_method", "S256");
        wishes.ask(&mut form, &self.scopes);
        form.set_some("max_age", self.max_age.map(|max_age| max_age.as_secs().to_string()).as_deref());
        // The code is bound to the key too: stolen on its way, it is of no use (RFC 9449, 10).
        form.set_some("dpop_jkt", self.dpop.as_ref().map(DpopKey::thumbprint).as_deref());
        form
    }

    pub(super) fn proofs_are_taken(&self, discovery: &Discovery) -> Result<(), SignInError> {
        match discovery.dpop_algorithms() {
            Some(offered) if self.dpop.is_some() && !offered.iter().any(|name| name == DpopKey::ALGORITHM) => {
                Err(SignInError::SigningAlgorithm { algorithm: DpopKey::ALGORITHM, offered: offered.to_vec() })
            }
            _ => Ok(()),
        }
    }
}
