//! The way back: the callback, the code for tokens, the ID token for an identity, and what userinfo adds to it.

use std::sync::Arc;

use super::callback::{self, CODE_EXCHANGE, ISSUER, TOKEN_TYPE, heard};
use super::form::Form;
use super::pending::PendingSignIn;
use super::tokens::{SignedIn, Tokens, UnboundTokens};
use super::{RelyingParty, SignInError, token};
use crate::VerifiedIdentity;
use crate::explain::{Evidence, Listener};
use crate::identity::oidc::discovery::Discovery;
use crate::identity::oidc::{self, Jwks, UnverifiedIdToken, UnverifiedUserinfo};
use crate::time::Timestamp;

/// What a provider gave for a code; nobody has verified it yet.
#[derive(Debug)]
#[non_exhaustive]
pub struct Redeemed {
    /// The ID token.
    pub token: UnverifiedIdToken,
    /// The keys to verify it with.
    pub jwks: Arc<Jwks>,
    /// What came with it.
    pub tokens: UnboundTokens,
}

impl RelyingParty {
    /// Completes a sign-in with what the browser brought back: its cookie, and the query of the callback.
    ///
    /// # Errors
    /// [`SignInError`]: the callback breaks one of [`CALLBACK_RULES`](super::CALLBACK_RULES), the person or the provider
    /// refused, the provider cannot be reached, its token breaks one of the rules of [`oidc::RULES`], or what it says of
    /// the person one of [`oidc::USERINFO_RULES`].
    pub async fn complete<L: Listener>(
        &self,
        pending: PendingSignIn,
        browser_secret: &str,
        query: &str,
        now: Timestamp,
        listener: &mut L,
    ) -> Result<VerifiedIdentity, SignInError> {
        Ok(self.complete_with_tokens(pending, browser_secret, query, now, listener).await?.identity)
    }

    /// As [`RelyingParty::complete`], keeping what the provider gave beside the ID token.
    ///
    /// # Errors
    /// As [`RelyingParty::complete`].
    pub async fn complete_with_tokens<L: Listener>(
        &self,
        pending: PendingSignIn,
        browser_secret: &str,
        query: &str,
        now: Timestamp,
        listener: &mut L,
    ) -> Result<SignedIn, SignInError> {
        let redeemed = self.redeem(pending, browser_secret, query, now, listener).await?;
        let Redeemed { token, jwks, tokens } = redeemed;
        let identity = oidc::verify(&self.provider, &jwks, token, now, listener)?;
        self.conclude(identity, tokens, now, listener).await
    }

    /// The end of a sign-in that [`RelyingParty::redeem`] began: `tokens` belong to `identity` from now on, and
    /// what userinfo says of the person is added where [`RelyingParty::with_userinfo`] asks for it.
    ///
    /// # Errors
    /// As [`RelyingParty::add_userinfo`].
    pub async fn conclude<L: Listener>(
        &self,
        identity: VerifiedIdentity,
        tokens: UnboundTokens,
        now: Timestamp,
        listener: &mut L,
    ) -> Result<SignedIn, SignInError> {
        let tokens = tokens.of(&identity);
        let identity =
            if self.userinfo { self.add_userinfo(identity, &tokens, now, listener).await? } else { identity };
        Ok(SignedIn { identity, tokens })
    }

    /// As [`RelyingParty::complete`] up to the ID token, which nobody has verified yet, with the keys to verify it with and
    /// what came beside it: for a [`Flow`](crate::Flow), which records the verification and remembers that the token was
    /// used, and then [`RelyingParty::conclude`].
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
    ) -> Result<Redeemed, SignInError> {
        self.began(&pending, listener)?;
        let discovery = self.keys.discovery(now).await?;
        let expected = callback::Expected {
            state: &pending.state,
            browser_digest: &pending.browser_digest,
            expires: pending.expires,
            issuer: self.provider.issuer().as_str(),
            issuer_required: discovery.names_issuer_in_response(),
        };
        let code = callback::verify(query, browser_secret, &expected, now, listener)?;
        let response = self.exchange_code(&discovery, &code, &pending.code_verifier, now).await;
        let (id_token, response) = heard(&CODE_EXCHANGE, response, listener, |_| {
            Evidence::new("an ID token for the code and its verifier", "a token response")
        })?;
        let wanted = self.token_type();
        let response = heard(&TOKEN_TYPE, response.of_type(wanted), listener, |_| Evidence::new(wanted, "the same"))?;
        let mut token = UnverifiedIdToken::for_sign_in(id_token, pending.nonce)
            .with_access_token(&response.access_token)
            .with_code(&code);
        if let Some(max_age) = self.max_age {
            token = token.with_max_age(max_age);
        }
        let jwks = self.keys_of_answer(&token, now).await?;
        Ok(Redeemed { token, jwks, tokens: UnboundTokens { response, received: now } })
    }

    /// A sign-in is finished by the party that began it (attack: mix-up, where an application has several).
    fn began<L: Listener>(&self, pending: &PendingSignIn, listener: &mut L) -> Result<(), SignInError> {
        let issuer = self.provider.issuer().as_str();
        if pending.issuer == issuer && pending.client_id == self.client_id {
            return Ok(());
        }
        let expected = format!("{} as {}", pending.issuer, pending.client_id);
        let found = Some(format!("{issuer} as {}", self.client_id));
        heard(&ISSUER, Err(SignInError::Issuer { expected, found }), listener, |()| Evidence::new("", ""))
    }

    async fn exchange_code(
        &self,
        discovery: &Discovery,
        code: &str,
        code_verifier: &str,
        now: Timestamp,
    ) -> Result<(String, token::TokenResponse), SignInError> {
        let mut form = Form::default();
        form.set("grant_type", "authorization_code");
        form.set("code", code);
        form.set("redirect_uri", &self.redirect_uri);
        form.set("code_verifier", code_verifier);
        let answer = self.ask_for_tokens(discovery, &form, now).await?;
        let mut response = token::parse(answer.status, &answer.body)?;
        let id_token = response.id_token.take().ok_or(SignInError::TokenResponse { expected: "an id_token" })?;
        Ok((id_token.to_string(), response))
    }

    /// Asks the provider's userinfo endpoint about the person of `identity`, and adds the claims the ID token had not
    /// (OpenID Connect Core, 5.3). None of them becomes a condition key.
    ///
    /// # Errors
    /// [`SignInError::Endpoint`] when there is no such endpoint, [`SignInError::Fetch`] or
    /// [`SignInError::UserinfoStatus`] when it gives no answer, [`SignInError::Userinfo`] when the answer breaks one of
    /// [`oidc::USERINFO_RULES`].
    pub async fn add_userinfo<L: Listener>(
        &self,
        identity: VerifiedIdentity,
        tokens: &Tokens,
        now: Timestamp,
        listener: &mut L,
    ) -> Result<VerifiedIdentity, SignInError> {
        let discovery = self.keys.discovery(now).await?;
        let endpoint = discovery.userinfo_endpoint().ok_or(SignInError::Endpoint { member: "userinfo_endpoint" })?;
        let answer = self.ask_for_userinfo(endpoint, tokens.access_token(), now).await?;
        if answer.status != 200 {
            return Err(SignInError::UserinfoStatus { status: answer.status });
        }
        let userinfo = UnverifiedUserinfo::new(answer.content_type.as_deref(), answer.body);
        let userinfo = userinfo.inspect_err(|error| {
            listener.failed(error.rule(), || Evidence::new("application/json or application/jwt", error.reason()));
        })?;
        let jwks = if userinfo.is_signed() {
            self.keys.for_answer(userinfo.claimed_key_id().as_deref(), now).await?
        } else {
            Arc::default()
        };
        Ok(oidc::add_userinfo(&self.provider, &jwks, identity, userinfo, now, listener)?)
    }
}
