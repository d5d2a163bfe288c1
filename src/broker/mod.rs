//! Runs the stages with a clock, a store and an audit sink; verifies nothing itself.
//!
//! A [`Broker`] holds the configuration: whom to trust, which roles there are, what resources permit. A [`Flow`] is one
//! person's way through the stages; the events it leaves share one correlation id, which a role session carries on.

#[cfg(any(feature = "saml", feature = "oidc"))]
mod admission;
mod context;
mod flow;
#[cfg(any(feature = "saml", feature = "oidc"))]
mod logout;
mod mapping;
#[cfg(feature = "oidc")]
mod oidc;
#[cfg(feature = "http")]
mod operation;
mod present;
mod record;
#[cfg(feature = "saml")]
mod renewal;
mod resource;
#[cfg(feature = "saml")]
mod saml;
mod sts;
mod web_identity;

#[cfg(any(feature = "saml", feature = "oidc"))]
pub use admission::Provider;
pub use flow::Flow;
#[cfg(feature = "http")]
pub(crate) use operation::{Conclusion, GRANTED, Granted};
#[cfg(feature = "http")]
pub(crate) use record::bound;
#[cfg(feature = "saml")]
pub use renewal::{Renewal, RenewalFuture, RenewedProvider};
pub use web_identity::WebIdentityAsk;
#[cfg(feature = "http")]
pub(crate) use web_identity::is_scope;

use std::collections::BTreeMap;
#[cfg(feature = "oidc")]
use std::collections::HashMap;
use std::sync::Arc;

use crate::arn::{AccountId, Arn};
use crate::audit::{AuditSink, Discard};
use crate::credentials::{Credentials, Keyring, Sessions, WebIdentityIssuer};
use crate::crypto;
use crate::decision::Decision;
use crate::directory::Directory;
use crate::explain::CorrelationId;
use crate::iam::Registry;
use crate::identity::ProviderName;
#[cfg(feature = "oidc")]
use crate::identity::oidc::OidcProvider;
use crate::organization::Organization;
use crate::policy::{Keys, ResourcePolicy};
use crate::request::{AuthenticatedRequest, Service, SignedRequest};
use crate::session::{
    self, Asking, AssumeReport, AssumeRole, Caller, Entitlements, LongTermIdentity, Mapping, Role, RoleSession,
    Session, SessionError,
};
use crate::store::{MemoryStore, Store};
use crate::time::{Clock, SystemClock, Timestamp};
use crate::{Error, VerifiedIdentity};

/// An embeddable broker: assertion in, credentials out; signed request in, decision out.
#[derive(Debug)]
pub struct Broker {
    sessions: Sessions,
    #[cfg(feature = "saml")]
    saml: BTreeMap<String, saml::Standing>,
    #[cfg(feature = "oidc")]
    oidc: HashMap<String, OidcProvider>,
    mappings: BTreeMap<ProviderName, Mapping>,
    registry: Arc<Registry>,
    organization: Arc<Organization>,
    web_identity: Option<WebIdentityIssuer>,
    resources: BTreeMap<String, (AccountId, ResourcePolicy)>,
    directory: Directory,
    clock: Arc<dyn Clock>,
    store: Arc<dyn Store>,
    audit: Arc<dyn AuditSink>,
}

impl Broker {
    /// A broker that mints with `keyring`, trusts no one yet, keeps its state in memory and no audit trail.
    #[must_use]
    pub fn new(keyring: Keyring) -> Self {
        let registry = Arc::new(Registry::default());
        Self {
            sessions: Sessions::new(keyring).with_access_keys(registry.clone()),
            #[cfg(feature = "saml")]
            saml: BTreeMap::new(),
            #[cfg(feature = "oidc")]
            oidc: HashMap::new(),
            mappings: BTreeMap::new(),
            registry,
            organization: Arc::default(),
            web_identity: None,
            resources: BTreeMap::new(),
            directory: Directory::new(),
            clock: Arc::new(SystemClock),
            store: Arc::new(MemoryStore::default()),
            audit: Arc::new(Discard),
        }
    }

    /// Adds a role, and its account if that is new; one of the same name is replaced.
    #[must_use]
    pub fn with_role(self, role: Role) -> Self {
        self.registry.configure_role(role, self.now());
        self
    }

    /// Manages accounts, users, groups, roles and access keys in `registry`. Roles that were added before are added to it too,
    /// and take the place of those of the same name.
    #[must_use]
    pub fn with_registry(mut self, registry: Arc<Registry>) -> Self {
        if !Arc::ptr_eq(&registry, &self.registry) {
            registry.configure_roles_of(&self.registry, self.now());
        }
        self.sessions = self.sessions.with_access_keys(registry.clone());
        self.registry = registry;
        self
    }

    /// Holds principals and resources to the control policies of `organization`.
    #[must_use]
    pub fn with_organization(mut self, organization: Organization) -> Self {
        self.organization = Arc::new(organization);
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
            self.registry.configure_role(Role::provisioned(provisioned)?, self.now());
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
        Ok(self.follow(CorrelationId::random(crypto::random()?)))
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

    /// The role of this ARN as it is now.
    #[must_use]
    pub fn role(&self, arn: &Arn) -> Option<Arc<Role>> {
        self.registry.read().role(arn).cloned()
    }

    /// Accounts, users, groups, roles and access keys.
    #[must_use]
    pub const fn registry(&self) -> &Arc<Registry> {
        &self.registry
    }

    /// The organisation that the accounts belong to; an empty one unless it was set.
    #[must_use]
    pub fn organization(&self) -> &Organization {
        &self.organization
    }

    /// Every policy that speaks for `caller`, as the accounts are now; none for one who is [gone](crate::iam::Accounts::present).
    #[must_use]
    pub fn entitlements(&self, caller: &Caller) -> Entitlements {
        self.registry.read().entitlements(caller)
    }

    /// Why a user may assume a role or may not: both sides, with every statement that nearly allowed and what it wanted. For
    /// those who manage the role; nobody has signed anything, and a code of an MFA device counts as proved. A context that is
    /// provided is verified.
    ///
    /// # Errors
    /// [`Error::Session`] when there is no such role; [`Error::Request`] when there is no such user any more.
    pub fn explain_assume(&self, user: &LongTermIdentity, ask: AssumeRole) -> Result<AssumeReport, Error> {
        self.explain_assume_of(&Caller::long_term(user.clone()), ask)
    }

    fn explain_assume_of(&self, caller: &Caller, ask: AssumeRole) -> Result<AssumeReport, Error> {
        let role_arn = ask.role_arn().clone();
        let role = self.role(&role_arn).ok_or(SessionError::UnknownRole { role: role_arn })?;
        let now = self.now();
        let ask = match ask.mfa_code() {
            Some(_) => ask.supposing_mfa(now),
            None => ask,
        };
        let (caller, entitlements) = self.entitled(caller)?;
        let wanted = (caller.arn().to_string(), ask.role_arn().to_string());
        let ask = match self.with_context(ask.within(Arc::clone(&self.organization)), now) {
            Ok(ask) => ask,
            Err(refused) => return Ok(AssumeReport::without_context(wanted, context::EXPECTED, refused.reason())),
        };
        Ok(session::explain_assume(Asking::new(&caller, &entitlements), &role, ask, now)?)
    }

    /// The policy of `resource`, or of the nearest thing it is below, with the account that owns it.
    #[must_use]
    pub fn resource_policy(&self, resource: &str) -> Option<(&AccountId, &ResourcePolicy)> {
        let above = resource.rmatch_indices('/').filter_map(|(slash, _)| resource.get(..slash));
        let found = std::iter::once(resource).chain(above).find_map(|name| self.resources.get(name));
        found.map(|(owner, policy)| (owner, policy))
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
    pub fn mint(&self, session: impl Into<Session>) -> Result<Credentials, Error> {
        self.begin()?.mint(session)
    }

    /// Authenticates a request that was sent to `service`, and must be signed for it.
    ///
    /// # Errors
    /// [`Error::Request`], or that the audit trail failed.
    pub fn authenticate(&self, service: &Service, request: SignedRequest) -> Result<AuthenticatedRequest, Error> {
        self.begin()?.authenticate(service, request)
    }

    /// Decides whether whoever signed `request` may do `action` on `resource`.
    ///
    /// # Errors
    /// [`Error::Name`] when `action` or `resource` is not a name, or that the audit trail failed.
    pub fn authorize(&self, request: &AuthenticatedRequest, action: &str, resource: &str) -> Result<Decision, Error> {
        self.begin()?.authorize(request, action, resource, Keys::new())
    }
}
