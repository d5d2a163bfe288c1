//! Providers of either kind, and what is done with every verification: it is recorded, and an assertion that serves once
//! is remembered.

use super::record::Told;
#[cfg(feature = "saml")]
use super::renewal::RenewedProvider;
#[cfg(feature = "saml")]
use super::saml::Standing;
use super::{Broker, Flow};
use crate::audit::Stage;
#[cfg(feature = "oidc")]
use crate::identity::oidc::OidcProvider;
#[cfg(feature = "saml")]
use crate::identity::{ProviderName, saml::SamlProvider};
use crate::identity::{Use, replay};
use crate::store::Space;
use crate::{Error, VerifiedIdentity};

/// An identity provider of either kind.
#[derive(Debug)]
#[non_exhaustive]
pub enum Provider {
    /// A SAML identity provider.
    #[cfg(feature = "saml")]
    Saml(Box<SamlProvider>),
    /// A SAML identity provider that is renewed from its metadata.
    #[cfg(feature = "saml")]
    RenewedSaml(Box<dyn RenewedProvider>),
    /// An OpenID provider.
    #[cfg(feature = "oidc")]
    Oidc(Box<OidcProvider>),
}

impl Broker {
    /// Trusts assertions of `provider`; one of the same name or issuer is replaced.
    #[must_use]
    pub fn with_provider(mut self, provider: impl Into<Provider>) -> Self {
        match provider.into() {
            #[cfg(feature = "saml")]
            Provider::Saml(provider) => {
                if let ProviderName::Saml(name) = provider.name() {
                    self.saml.insert(name.clone(), Standing::fixed(*provider));
                }
            }
            #[cfg(feature = "saml")]
            Provider::RenewedSaml(renewed) => {
                if let ProviderName::Saml(name) = renewed.provider().name() {
                    self.saml.insert(name.clone(), Standing::renewed(renewed));
                }
            }
            #[cfg(feature = "oidc")]
            Provider::Oidc(provider) => {
                self.oidc.insert(provider.issuer().as_str().to_owned(), *provider);
            }
        }
        self
    }
}

impl Flow<'_> {
    /// Records a verification and remembers the assertion, failing closed when it cannot be remembered.
    pub(super) async fn admit(
        &self,
        operation: &str,
        uses: Option<Use>,
        verified: Result<VerifiedIdentity, Error>,
        heard: Told,
    ) -> Result<VerifiedIdentity, Error> {
        let admitted = match verified {
            Ok(identity) => self.remember(uses, identity).await,
            Err(error) => Err(error),
        };
        let told = match &admitted {
            Ok(identity) => {
                Told { principal: identity.subject().to_owned(), resource: identity.provider().to_string(), ..heard }
            }
            Err(_) => heard,
        };
        self.conclude(Stage::Identity, operation, told, admitted)
    }

    async fn remember(&self, uses: Option<Use>, identity: VerifiedIdentity) -> Result<VerifiedIdentity, Error> {
        if uses.unwrap_or(identity.assertion_use()) == Use::UntilExpiry {
            return Ok(identity);
        }
        let (key, until) = (replay::key(&identity), replay::remembered_until(&identity));
        let store = self.broker().store();
        if store.insert_new(Space::Replay, &key, &[], until, self.broker().now()).await? {
            Ok(identity)
        } else {
            Err(Error::Replayed { assertion_id: identity.assertion_id().to_owned() })
        }
    }
}
