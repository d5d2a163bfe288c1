//! Everything an identity provider is made of, shared by its Rust API and its HTTP surface.

use crate::address::BaseUrl;
use crate::clock::ShiftedClock;
use crate::directory::{Directory, User};
use crate::error::IdpError;
use crate::farewell::Logouts;
use crate::fault::Faults;
use crate::flows::{Flows, Sessions};
use crate::journal::Journal;
use crate::keys::Keys;
use crate::oidc::codes::Codes;
use crate::oidc::dpop::Nonces;
use crate::oidc::par::PushedRequests;
use crate::oidc::replay::Replays;
use crate::relying::{Client, ServiceProvider};

#[derive(Debug)]
pub(crate) struct Core {
    pub(crate) base: BaseUrl,
    pub(crate) directory: Directory,
    pub(crate) service_providers: Vec<ServiceProvider>,
    pub(crate) clients: Vec<Client>,
    pub(crate) audiences: Vec<String>,
    pub(crate) keys: Keys,
    pub(crate) clock: ShiftedClock,
    pub(crate) faults: Faults,
    pub(crate) journal: Journal,
    pub(crate) sessions: Sessions,
    pub(crate) flows: Flows,
    pub(crate) logouts: Logouts,
    pub(crate) codes: Codes,
    pub(crate) pushed: PushedRequests,
    pub(crate) replays: Replays,
    /// Where proofs must hold one.
    pub(crate) dpop_nonces: Option<Nonces>,
    /// Seconds that the key set and the discovery document may be kept.
    pub(crate) jwks_max_age: u64,
    /// Refuses requests for a sign-in that are not signed, whoever sends them.
    pub(crate) want_signed_requests: bool,
    /// Serves `/_control`.
    pub(crate) test_controls: bool,
    /// Serves `/_demo` and shows people and passwords on the sign-in page.
    pub(crate) demo_endpoints: bool,
}

impl Core {
    pub(crate) fn issuer(&self) -> &str {
        self.base.as_str()
    }

    pub(crate) fn saml_entity_id(&self) -> String {
        self.base.join("/saml/metadata")
    }

    pub(crate) fn sso_url(&self) -> String {
        self.base.join("/saml/sso")
    }

    pub(crate) fn logout_url(&self) -> String {
        self.base.join("/saml/slo")
    }

    pub(crate) fn user(&self, name: &str) -> Result<&User, IdpError> {
        self.directory.find(name).ok_or_else(|| IdpError::UnknownUser(name.to_owned()))
    }

    pub(crate) fn client(&self, id: &str) -> Option<&Client> {
        self.clients.iter().find(|client| client.id() == id)
    }

    /// The service provider of this entity ID, and its place among the registered ones.
    pub(crate) fn service_provider_at(&self, entity_id: &str) -> Option<(usize, &ServiceProvider)> {
        self.service_providers.iter().enumerate().find(|(_, registered)| registered.entity_id() == entity_id)
    }

    pub(crate) fn service_provider(&self, entity_id: &str) -> Result<&ServiceProvider, IdpError> {
        let found = self.service_provider_at(entity_id).map(|(_, registered)| registered);
        found.ok_or_else(|| IdpError::UnknownServiceProvider(entity_id.to_owned()))
    }

    pub(crate) fn default_service_provider(&self) -> Result<&ServiceProvider, IdpError> {
        self.service_providers.first().ok_or_else(|| IdpError::UnknownServiceProvider(String::new()))
    }
}
