//! What the attributes of each provider mean to a broker.

use super::Broker;
use crate::identity::ProviderName;
use crate::session::{FederationRequest, Mapping, SessionError};
use crate::{Error, VerifiedIdentity};

impl Broker {
    /// Reads what assertions of `provider` ask for with `mapping`, in place of the attributes that the cloud defines; one
    /// given before is replaced.
    ///
    /// # Errors
    /// [`Error::UnknownProvider`] when no such provider is configured: under a misspelt name the mapping would limit nobody.
    pub fn with_mapping(mut self, provider: ProviderName, mapping: Mapping) -> Result<Self, Error> {
        if !self.knows(&provider) {
            return Err(Error::UnknownProvider { issuer: provider.to_string() });
        }
        self.mappings.insert(provider, mapping);
        Ok(self)
    }

    /// What `identity` asks for, by its provider's mapping or by the attributes that the cloud defines.
    ///
    /// # Errors
    /// [`SessionError`] naming the attribute that cannot be used.
    pub fn federation_request(&self, identity: &VerifiedIdentity) -> Result<FederationRequest, SessionError> {
        match self.mapping(identity) {
            Some(mapping) => mapping.apply(identity),
            None => FederationRequest::read(identity),
        }
    }

    pub(super) fn mapping(&self, identity: &VerifiedIdentity) -> Option<&Mapping> {
        self.mappings.get(identity.provider())
    }

    fn knows(&self, provider: &ProviderName) -> bool {
        match provider {
            #[cfg(feature = "saml")]
            ProviderName::Saml(name) => self.saml.contains_key(name),
            #[cfg(feature = "oidc")]
            ProviderName::Oidc(_) => self.oidc.values().any(|known| known.name() == *provider),
            #[cfg(not(all(feature = "saml", feature = "oidc")))]
            _ => false,
        }
    }
}
