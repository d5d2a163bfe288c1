//! How an identity provider is put together.

use crate::address::BaseUrl;
use crate::clock::{Clock, ShiftedClock, SystemClock};
use crate::core::Core;
use crate::directory::{Directory, User};
use crate::error::IdpError;
use crate::farewell::Logouts;
use crate::fault::Faults;
use crate::flows::{Flows, Sessions};
use crate::idp::Idp;
use crate::journal::Journal;
use crate::keys::{KeySource, Keys};
use crate::oidc::codes::Codes;
use crate::oidc::dpop::Nonces;
use crate::oidc::par::PushedRequests;
use crate::oidc::replay::Replays;
use crate::relying::{Client, IdTokenAlgorithm, SamlAlgorithm, ServiceProvider};
use std::collections::HashSet;
use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;

/// Collects what an [`Idp`] is to know, and starts it. Nothing is required: without people nobody can sign in, without
/// service providers and clients nobody can ask.
#[must_use]
pub struct IdpBuilder {
    users: Vec<User>,
    service_providers: Vec<ServiceProvider>,
    clients: Vec<Client>,
    audiences: Vec<String>,
    base_url: Option<String>,
    listen: SocketAddr,
    clock: Arc<dyn Clock>,
    key_source: KeySource,
    dpop_nonces: Option<Nonces>,
    pushed: PushedRequests,
    jwks_max_age: Duration,
    want_signed_requests: bool,
    test_controls: bool,
    demo_endpoints: bool,
}

impl IdpBuilder {
    pub(crate) fn new() -> Self {
        Self {
            users: Vec::new(),
            service_providers: Vec::new(),
            clients: Vec::new(),
            audiences: Vec::new(),
            base_url: None,
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            clock: Arc::new(SystemClock),
            key_source: KeySource::Fresh,
            dpop_nonces: None,
            pushed: PushedRequests::new(true),
            jwks_max_age: Duration::from_secs(5 * 60),
            want_signed_requests: false,
            test_controls: false,
            demo_endpoints: false,
        }
    }

    /// Adds a person.
    pub fn user(mut self, user: User) -> Self {
        self.users.push(user);
        self
    }

    /// Adds people, for instance those of [`demo_directory`](crate::demo_directory).
    pub fn users(mut self, users: impl IntoIterator<Item = User>) -> Self {
        self.users.extend(users);
        self
    }

    /// Registers a SAML service provider. The first is the one [`Idp::assertion`] is for.
    pub fn service_provider(mut self, service_provider: ServiceProvider) -> Self {
        self.service_providers.push(service_provider);
        self
    }

    /// Registers an OpenID client.
    pub fn client(mut self, client: Client) -> Self {
        self.clients.push(client);
        self
    }

    /// Adds an audience for tokens of workloads, which come from [`Idp::id_token`] and not from a browser.
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        self.audiences.push(audience.into());
        self
    }

    /// The address others reach the identity provider at, which is also the OpenID issuer and the beginning of the SAML
    /// entity ID. It may have a path. Unless it is set, it is `http://` and the address listened on.
    pub fn base_url(mut self, base_url: impl Into<String>) -> Self {
        self.base_url = Some(base_url.into());
        self
    }

    /// The address to listen on; a free port of 127.0.0.1 unless said otherwise.
    pub const fn listen(mut self, address: SocketAddr) -> Self {
        self.listen = address;
        self
    }

    /// The clock to read; the machine's unless said otherwise.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Derives keys from a number, so that they are the same in every run.
    ///
    /// RSA keys cannot be derived from a seed: SAML then signs with ECDSA-SHA256 and OpenID Connect with ES256, over
    /// P-256. A seed is public knowledge, and so are the keys. It takes precedence over [`keys_dir`](Self::keys_dir).
    pub fn seed(mut self, seed: u64) -> Self {
        self.key_source = KeySource::Seed(seed);
        self
    }

    /// Keeps keys and their certificates in a directory between runs: made when they are missing, as files that only
    /// their owner may read, and refused when others may.
    pub fn keys_dir(mut self, path: impl Into<PathBuf>) -> Self {
        if !matches!(self.key_source, KeySource::Seed(_)) {
            self.key_source = KeySource::Directory(path.into());
        }
        self
    }

    /// Refuses AuthnRequests that are not signed, whoever sends them, and says so in metadata
    /// (`WantAuthnRequestsSigned`). A service provider with a [certificate](ServiceProvider::with_certificate) must sign
    /// in either case.
    pub const fn want_signed_requests(mut self, on: bool) -> Self {
        self.want_signed_requests = on;
        self
    }

    /// Asks every DPoP proof to hold a nonce of ours (RFC 9449 section 8). A client learns it from the first answer, which
    /// is `use_dpop_nonce`; each is good for two to four minutes.
    pub fn dpop_nonce(mut self, on: bool) -> Self {
        self.dpop_nonces = on.then(Nonces::default);
        self
    }

    /// Whether clients may push their authorization requests (RFC 9126); they may unless said otherwise. A test that reads
    /// the request out of the redirect switches it off.
    pub fn pushed_requests(mut self, on: bool) -> Self {
        self.pushed = PushedRequests::new(on);
        self
    }

    /// How long `/jwks` and the discovery document say they may be kept (`Cache-Control: max-age`, whole seconds); five
    /// minutes unless said otherwise.
    pub const fn jwks_max_age(mut self, max_age: Duration) -> Self {
        self.jwks_max_age = max_age;
        self
    }

    /// Serves `/_control` to callers on this machine: faults, the clock, the request log (see [`Idp`]).
    pub const fn test_controls(mut self, on: bool) -> Self {
        self.test_controls = on;
        self
    }

    /// Serves `/_demo/token` and `/_demo/assertion` to callers on this machine, **without a password**, and shows the
    /// people of the directory with their passwords on the sign-in page. For demonstrations only.
    pub const fn demo_endpoints(mut self, on: bool) -> Self {
        self.demo_endpoints = on;
        self
    }

    /// Builds the identity provider without listening; serve its [`router`](Idp::router) yourself. To be told apart by
    /// `/_control` and `/_demo`, callers need their address: use axum's `into_make_service_with_connect_info`.
    ///
    /// # Errors
    /// When [`base_url`](Self::base_url) is not set, something registered is not usable, or keys cannot be had.
    pub fn build(self) -> Result<Idp, IdpError> {
        let base_url = self.base_url.clone().ok_or(IdpError::NoBaseUrl)?;
        self.into_core(&base_url).map(Idp::embedded)
    }

    /// Starts to listen and serve. Returns once connections are accepted, which takes a few milliseconds: an RSA key
    /// that is made afresh is made meanwhile, and only its first use waits for it (about 100 ms).
    ///
    /// # Errors
    /// When the address cannot be listened on, something registered is not usable, or keys cannot be had.
    pub async fn start(self) -> Result<Idp, IdpError> {
        let failed = |source| IdpError::Listen { address: self.listen, source };
        let listener = TcpListener::bind(self.listen).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let base_url = self.base_url.clone().unwrap_or_else(|| format!("http://{address}"));
        Ok(Idp::serving(self.into_core(&base_url)?, listener, address))
    }

    fn into_core(mut self, base_url: &str) -> Result<Core, IdpError> {
        let base = BaseUrl::parse(base_url)?;
        self.service_providers.iter_mut().try_for_each(ServiceProvider::parse)?;
        self.clients.iter_mut().try_for_each(Client::parse)?;
        refuse_duplicates("service provider", self.service_providers.iter().map(ServiceProvider::entity_id))?;
        refuse_duplicates("client", self.clients.iter().map(Client::id))?;
        let keys = Keys::new(&self.key_source)?;
        if !keys.has_rsa() {
            self.refuse_rsa()?;
        }
        Ok(Core {
            base,
            directory: Directory::new(self.users, self.demo_endpoints)?,
            service_providers: self.service_providers,
            clients: self.clients,
            audiences: self.audiences,
            keys,
            clock: ShiftedClock::new(self.clock),
            faults: Faults::default(),
            journal: Journal::default(),
            sessions: Sessions::new(),
            flows: Flows::new(),
            logouts: Logouts::new(),
            codes: Codes::new(),
            pushed: self.pushed,
            replays: Replays::default(),
            dpop_nonces: self.dpop_nonces,
            jwks_max_age: self.jwks_max_age.as_secs(),
            want_signed_requests: self.want_signed_requests,
            test_controls: self.test_controls,
            demo_endpoints: self.demo_endpoints,
        })
    }

    fn refuse_rsa(&self) -> Result<(), IdpError> {
        let provider = self.service_providers.iter().find(|it| it.algorithm() == Some(SamlAlgorithm::RsaSha256));
        let rs256 = Some(IdTokenAlgorithm::Rs256);
        let client = self.clients.iter().find(|it| it.algorithm() == rs256 || it.signed_userinfo() == rs256);
        match provider.map(ServiceProvider::entity_id).or(client.map(Client::id)) {
            Some(who) => Err(IdpError::NoRsaKey { who: who.to_owned() }),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for IdpBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IdpBuilder")
            .field("listen", &self.listen)
            .field("base_url", &self.base_url)
            .finish_non_exhaustive()
    }
}

fn refuse_duplicates<'a>(what: &'static str, names: impl Iterator<Item = &'a str>) -> Result<(), IdpError> {
    let mut seen = HashSet::new();
    for name in names {
        if !seen.insert(name) {
            return Err(IdpError::Duplicate { what, name: name.to_owned() });
        }
    }
    Ok(())
}
