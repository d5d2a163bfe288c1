//! The OpenID Connect side of a broker.

use super::admission::Provider;
use super::record::Told;
use super::{Broker, Flow};
use crate::explain::Check;
use crate::identity::Use;
use crate::identity::oidc::{self, Jwks, OidcProvider, UnverifiedIdToken};
use crate::{Error, VerifiedIdentity};

const SIGN_IN: &str = "sign-in with OpenID Connect";
const EXCHANGE: &str = "exchange of an ID token";

impl From<OidcProvider> for Provider {
    fn from(provider: OidcProvider) -> Self {
        Self::Oidc(Box::new(provider))
    }
}

impl Broker {
    /// The OpenID provider of this issuer whose tokens are exchanged for roles.
    #[must_use]
    pub fn oidc_provider(&self, issuer: &str) -> Option<&OidcProvider> {
        self.oidc.get(issuer)
    }

    /// Every OpenID provider whose tokens are exchanged for roles, in no order.
    pub fn oidc_providers(&self) -> impl Iterator<Item = &OidcProvider> {
        self.oidc.values()
    }

    /// Whether tokens of an issuer of this host and path, which are what its ARN is made of, are exchanged for roles.
    #[must_use]
    pub fn has_oidc_provider_named(&self, name: &str) -> bool {
        self.oidc.values().any(|provider| provider.issuer().name() == name)
    }

    /// Verifies an ID token with its issuer's keys and keeps it from being used again.
    ///
    /// # Errors
    /// As [`Broker::verify`], with [`Error::Oidc`].
    pub async fn verify_token(
        &self,
        provider: &OidcProvider,
        keys: &Jwks,
        token: UnverifiedIdToken,
    ) -> Result<VerifiedIdentity, Error> {
        self.begin()?.verify_token(provider, keys, token).await
    }
}

impl Flow<'_> {
    /// Verifies the ID token of a sign-in, which serves once.
    ///
    /// # Errors
    /// [`Error::Oidc`], [`Error::Replayed`], [`Error::LoggedOut`], or that the store or the audit trail failed.
    pub async fn verify_token(
        &self,
        provider: &OidcProvider,
        keys: &Jwks,
        token: UnverifiedIdToken,
    ) -> Result<VerifiedIdentity, Error> {
        let (verified, checks) = self.oidc(provider, keys, token);
        let verified = self.still_live_at_provider(verified).await;
        self.admit(SIGN_IN, Some(Use::Once), verified, Told { checks, ..Told::default() }).await
    }

    /// Verifies an ID token that its bearer exchanges for a role, until it expires.
    ///
    /// # Errors
    /// As [`Flow::verify_token`].
    pub async fn exchange_token(
        &self,
        provider: &OidcProvider,
        keys: &Jwks,
        token: UnverifiedIdToken,
    ) -> Result<VerifiedIdentity, Error> {
        let (verified, checks) = self.oidc(provider, keys, token);
        self.admit(EXCHANGE, None, verified, Told { checks, ..Told::default() }).await
    }

    fn oidc(
        &self,
        provider: &OidcProvider,
        keys: &Jwks,
        token: UnverifiedIdToken,
    ) -> (Result<VerifiedIdentity, Error>, Vec<Check>) {
        let mut hearing = self.hearing();
        let verified = oidc::verify(provider, keys, token, self.broker().now(), &mut hearing);
        (verified.map_err(Error::from), hearing.finish(&oidc::RULES))
    }
}
