//! A sign-in that goes on with a refresh token (RFC 6749, 6; OpenID Connect Core, 12).

use super::callback::{TOKEN_TYPE, heard};
use super::form::Form;
use super::tokens::{Refreshed, Tokens, UnboundTokens};
use super::{RelyingParty, SignInError, token};
use crate::VerifiedIdentity;
use crate::explain::{Evidence, Listener, Rule};
use crate::identity::oidc::{self, OidcError, RefreshedTokenError, UnverifiedIdToken};
use crate::time::Timestamp;

pub(super) const GRANT: Rule = Rule {
    name: "refresh_grant",
    section: "RFC 6749 6; OpenID Connect Core 12.1",
    prevents: "a sign-in that goes on after the person or the provider ended it",
};

/// What the answer to a refresh is held to before its ID token: then come [`oidc::RULES`], but for the nonce, and
/// [`oidc::REFRESH_RULES`].
pub const REFRESH_GRANT_RULES: [&Rule; 2] = [&GRANT, &TOKEN_TYPE];

impl RelyingParty {
    /// Goes on with a sign-in: fresh tokens, and the identity again if the provider gives a new ID token for it. Keep what
    /// comes in place of `tokens`; a provider that rotates refresh tokens takes the old one once.
    ///
    /// # Errors
    /// [`SignInError::NoRefreshToken`]; [`SignInError::RefreshRefused`] when the provider does not go on, so that the
    /// person has to sign in again; [`SignInError::Token`] when the new ID token breaks one of [`oidc::RULES`] or
    /// [`oidc::REFRESH_RULES`], or the tokens are of another provider or client, which then sees nothing of them; and as
    /// [`RelyingParty::complete`].
    pub async fn refresh<L: Listener>(
        &self,
        tokens: &Tokens,
        now: Timestamp,
        listener: &mut L,
    ) -> Result<Refreshed, SignInError> {
        self.ours(tokens, listener)?;
        let refresh_token = tokens.refresh_token().ok_or(SignInError::NoRefreshToken)?;
        let response = heard(&GRANT, self.ask_to_go_on(refresh_token, now).await, listener, |_| {
            Evidence::new("tokens for the refresh token", "a token response")
        })?;
        let wanted = self.token_type();
        let held = heard(&TOKEN_TYPE, response.of_type(wanted), listener, |_| Evidence::new(wanted, "the same"));
        let mut response = held?;
        let (original, identity) = match response.id_token.take() {
            None => (tokens.original().clone(), None),
            Some(id_token) => {
                let token = UnverifiedIdToken::for_refresh(id_token.as_str(), tokens.original().clone())
                    .with_access_token(&response.access_token);
                let jwks = self.keys_of_answer(&token, now).await?;
                let identity = oidc::verify(&self.provider, &jwks, token, now, listener)?;
                (tokens.original().continued_by(&identity), Some(identity))
            }
        };
        let tokens = UnboundTokens { response, received: now }.bound(original, Some(tokens));
        let identity = self.told_again(identity, &tokens, now, listener).await?;
        Ok(Refreshed { identity, tokens })
    }

    /// A refresh token is shown to the provider that gave it, by the client it was given to, and to nobody else.
    fn ours<L: Listener>(&self, tokens: &Tokens, listener: &mut L) -> Result<(), SignInError> {
        let (original, expected) = (tokens.original(), self.provider.issuer().as_str());
        let error = if original.issuer != expected {
            RefreshedTokenError::Issuer { expected: original.issuer.clone(), found: expected.to_owned() }
        } else if original.audience != self.client_id {
            let (expected, found) = (original.audience.clone(), vec![self.client_id.clone()]);
            RefreshedTokenError::Audience { expected, found }
        } else {
            return Ok(());
        };
        listener.failed(error.rule(), || Evidence::new("tokens of this provider and client", error.reason()));
        Err(OidcError::Refreshed(error).into())
    }

    async fn ask_to_go_on(&self, refresh_token: &str, now: Timestamp) -> Result<token::TokenResponse, SignInError> {
        let discovery = self.keys.discovery(now).await?;
        let mut form = Form::default();
        form.set("grant_type", "refresh_token");
        form.set("refresh_token", refresh_token);
        let answer = self.ask_for_tokens(&discovery, &form, now).await?;
        token::parse(answer.status, &answer.body).map_err(|error| match error {
            SignInError::Exchange { status, error } => SignInError::RefreshRefused { status, error },
            SignInError::TokenResponse { expected } => SignInError::RefreshResponse { expected },
            other => other,
        })
    }

    async fn told_again<L: Listener>(
        &self,
        identity: Option<VerifiedIdentity>,
        tokens: &Tokens,
        now: Timestamp,
        listener: &mut L,
    ) -> Result<Option<VerifiedIdentity>, SignInError> {
        match identity {
            Some(identity) if self.userinfo => self.add_userinfo(identity, tokens, now, listener).await.map(Some),
            other => Ok(other),
        }
    }
}
