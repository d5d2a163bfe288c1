//! Runs the stages with a clock, a store and an audit sink; verifies nothing itself.
//!
//! A [`Broker`] holds the configuration: whom to trust, which roles there are, what resources permit. A [`Flow`] is one
//! person's way through the stages; the events it leaves share one correlation id, which a role session carries on.

mod flow;
mod record;

pub use flow::Flow;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::arn::{AccountId, Arn};
use crate::audit::{AuditSink, Discard};
use crate::credentials::{Credentials, Keyring, Sessions};
use crate::crypto;
use crate::decision::Decision;
use crate::directory::Directory;
use crate::explain::CorrelationId;
use crate::identity::ProviderName;
use crate::identity::oidc::{Jwks, OidcProvider, UnverifiedIdToken};
use crate::identity::saml::{SamlProvider, UnverifiedResponse};
use crate::policy::{Keys, ResourcePolicy};
use crate::request::{AuthenticatedRequest, Service, SignedRequest};
use crate::session::{AssumeRole, Role, RoleSession};
use crate::store::{MemoryStore, Store};
use crate::time::{Clock, SystemClock, Timestamp};
use crate::{Error, VerifiedIdentity};

/// An embeddable broker: assertion in, credentials out; signed request in, decision out.
#[derive(Debug)]
pub struct Broker {
    sessions: Sessions,
    saml: BTreeMap<String, SamlProvider>,
    oidc: BTreeMap<String, OidcProvider>,
    roles: BTreeMap<Arn, Role>,
    resources: BTreeMap<String, (AccountId, ResourcePolicy)>,
    directory: Directory,
    clock: Arc<dyn Clock>,
    store: Arc<dyn Store>,
    audit: Arc<dyn AuditSink>,
}

/// An identity provider of either kind.
#[derive(Debug)]
#[non_exhaustive]
pub enum Provider {
    /// A SAML identity provider.
    Saml(Box<SamlProvider>),
    /// An OpenID provider.
    Oidc(Box<OidcProvider>),
}

impl From<SamlProvider> for Provider {
    fn from(provider: SamlProvider) -> Self {
        Self::Saml(Box::new(provider))
    }
}

impl From<OidcProvider> for Provider {
    fn from(provider: OidcProvider) -> Self {
        Self::Oidc(Box::new(provider))
    }
}

impl Broker {
    /// A broker that mints with `keyring`, trusts no one yet, keeps its state in memory and no audit trail.
    #[must_use]
    pub fn new(keyring: Keyring) -> Self {
        Self {
            sessions: Sessions::new(keyring),
            saml: BTreeMap::new(),
            oidc: BTreeMap::new(),
            roles: BTreeMap::new(),
            resources: BTreeMap::new(),
            directory: Directory::new(),
            clock: Arc::new(SystemClock),
            store: Arc::new(MemoryStore::default()),
            audit: Arc::new(Discard),
        }
    }

    /// Trusts assertions of `provider`; one of the same name or issuer is replaced.
    #[must_use]
    pub fn with_provider(mut self, provider: impl Into<Provider>) -> Self {
        match provider.into() {
            Provider::Saml(provider) => {
                if let ProviderName::Saml(name) = provider.name() {
                    self.saml.insert(name.clone(), *provider);
                }
            }
            Provider::Oidc(provider) => {
                self.oidc.insert(provider.issuer().as_str().to_owned(), *provider);
            }
        }
        self
    }

    /// Adds a role; one of the same ARN is replaced.
    #[must_use]
    pub fn with_role(mut self, role: Role) -> Self {
        self.roles.insert(role.arn().clone(), role);
        self
    }

    /// Puts `policy` on a resource of `owner`'s account and on everything below it, such as `arn:aws:s3:::photos`. Where
    /// something below has a policy of its own, that one alone has a say in it.
    #[must_use]
    pub fn with_resource_policy(mut self, owner: AccountId, resource: &Arn, policy: ResourcePolicy) -> Self {
        self.resources.insert(resource.to_string(), (owner, policy));
        self
    }

    /// Gives people the roles that `directory` assigns, and provisions those roles.
    ///
    /// # Errors
    /// [`Error::Session`] when a provisioned role cannot be made.
    pub fn with_directory(mut self, directory: Directory) -> Result<Self, Error> {
        for provisioned in directory.provisioned_roles() {
            let role = Role::provisioned(provisioned)?;
            self.roles.insert(role.arn().clone(), role);
        }
        self.directory = directory;
        Ok(self)
    }

    /// Takes `now` from `clock`.
    #[must_use]
    pub fn with_clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Keeps replay memory and sign-ins in `store`.
    #[must_use]
    pub fn with_store(mut self, store: Arc<dyn Store>) -> Self {
        self.store = store;
        self
    }

    /// Records every outcome in `audit`.
    #[must_use]
    pub fn with_audit(mut self, audit: Arc<dyn AuditSink>) -> Self {
        self.audit = audit;
        self
    }

    /// Begins a flow under a fresh correlation id.
    ///
    /// # Errors
    /// [`Error::Crypto`] without randomness.
    pub fn begin(&self) -> Result<Flow<'_>, Error> {
        let id = crypto::hex(&crypto::random::<16>()?);
        CorrelationId::parse(&id).map(|id| self.follow(id)).ok_or(Error::Crypto(crypto::CryptoError::Randomness))
    }

    /// Goes on with a flow that was begun before.
    #[must_use]
    pub const fn follow(&self, correlation_id: CorrelationId) -> Flow<'_> {
        Flow::new(self, correlation_id)
    }

    /// The present instant by this broker's clock.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The store.
    #[must_use]
    pub fn store(&self) -> &dyn Store {
        &*self.store
    }

    /// The directory.
    #[must_use]
    pub const fn directory(&self) -> &Directory {
        &self.directory
    }

    /// The sessions minted by this broker's keyring.
    #[must_use]
    pub const fn sessions(&self) -> &Sessions {
        &self.sessions
    }

    /// The SAML provider that accounts register under `name`.
    #[must_use]
    pub fn saml_provider(&self, name: &str) -> Option<&SamlProvider> {
        self.saml.get(name)
    }

    /// Every SAML provider, by name.
    pub fn saml_providers(&self) -> impl Iterator<Item = &SamlProvider> {
        self.saml.values()
    }

    /// The OpenID provider of this issuer whose tokens are exchanged for roles.
    #[must_use]
    pub fn oidc_provider(&self, issuer: &str) -> Option<&OidcProvider> {
        self.oidc.get(issuer)
    }

    /// The role of this ARN.
    #[must_use]
    pub fn role(&self, arn: &Arn) -> Option<&Role> {
        self.roles.get(arn)
    }

    /// The policy of `resource`, or of the nearest thing it is below, with the account that owns it.
    #[must_use]
    pub fn resource_policy(&self, resource: &str) -> Option<(&AccountId, &ResourcePolicy)> {
        let above = resource.rmatch_indices('/').filter_map(|(slash, _)| resource.get(..slash));
        let found = std::iter::once(resource).chain(above).find_map(|name| self.resources.get(name));
        found.map(|(owner, policy)| (owner, policy))
    }

    /// Verifies a SAML response of the one configured provider and keeps it from being used again.
    ///
    /// # Errors
    /// [`Error::Saml`], [`Error::UnknownProvider`], [`Error::Replayed`], or that the store or the audit trail failed.
    pub async fn verify(&self, response: UnverifiedResponse) -> Result<VerifiedIdentity, Error> {
        self.begin()?.verify(response).await
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

    /// Assumes a role as whom a provider signed for.
    ///
    /// # Errors
    /// [`Error::Session`], or that the audit trail failed.
    pub fn assume_role(&self, identity: &VerifiedIdentity, ask: AssumeRole) -> Result<RoleSession, Error> {
        self.begin()?.assume_role(identity, ask)
    }

    /// Makes the credentials of a session.
    ///
    /// # Errors
    /// [`Error::Credentials`], or that the audit trail failed.
    pub fn mint(&self, session: RoleSession) -> Result<Credentials, Error> {
        self.begin()?.mint(session)
    }

    /// Authenticates a request that was sent to `service`, and must be signed for it.
    ///
    /// # Errors
    /// [`Error::Request`], or that the audit trail failed.
    pub fn authenticate(&self, service: &Service, request: SignedRequest) -> Result<AuthenticatedRequest, Error> {
        self.begin()?.authenticate(service, request)
    }

    /// Decides whether the session that signed `request` may do `action` on `resource`.
    ///
    /// # Errors
    /// [`Error::Name`] when `action` or `resource` is not a name, or that the audit trail failed.
    pub fn authorize(&self, request: &AuthenticatedRequest, action: &str, resource: &str) -> Result<Decision, Error> {
        self.begin()?.authorize(request, action, resource, Keys::new())
    }
}
