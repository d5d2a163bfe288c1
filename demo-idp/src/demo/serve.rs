//! Starts the three parties, and stops them.

use std::fs::OpenOptions;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::Router;
use daypass::audit::{AuditSink, Discard, JsonLines, Recent};
use daypass::credentials::WebIdentityIssuer;
use daypass::crypto::{DigestAlgorithm, digest};
use daypass::http::fetch::IssuerKeys;
use daypass::http::iam::Iam;
use daypass::http::identity_context::IdentityContexts;
use daypass::http::portal::Portal;
use daypass::http::query::Endpoint;
use daypass::http::relying_party::RelyingParty;
use daypass::http::sts::Sts;
use daypass::http::well_known;
use daypass::identity::oidc::OidcProvider;
use daypass::identity::saml::{SamlProvider, SpSigningKey};
use daypass::time::{Clock, Timestamp};
use daypass::{Broker, Keyring};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use zeroize::Zeroizing;

use super::site::{OPENID_PROVIDER, Site, Sockets};
use super::state::StateDirectory;
use super::{DemoError, cat_photos, world};
use crate::keys::{KeySource, Keys};
use crate::{Client, Idp, ServiceProvider, demo_directory};

/// How many audit events the inspector can show.
const INSPECTED_EVENTS: usize = 10_000;
/// The identity provider as people know it.
const DIRECTORY: &str = "Example Corp directory";
/// The broker as a client of the OpenID provider.
const CLIENT_ID: &str = "daypass-portal";

/// How to start.
#[derive(Clone, Debug, Default)]
#[expect(clippy::exhaustive_structs, reason = "the command line is the only one to fill it in")]
pub struct Options {
    /// First of the three ports; `None` for three that are free.
    pub port_base: Option<u16>,
    /// Where keys are kept between runs.
    pub state: Option<PathBuf>,
    /// Makes every key the same in every run, and known to everyone who knows the number.
    pub seed: Option<u64>,
    /// Where audit events are appended.
    pub audit: Option<PathBuf>,
    /// Whether the identity provider serves `/_control`.
    pub test_controls: bool,
}

/// A running demonstration; it ends when it is dropped.
#[derive(Debug)]
pub struct Demo {
    site: Site,
    state: Option<PathBuf>,
    idp: Arc<Idp>,
    trail: Trail,
    running: watch::Sender<()>,
    parties: Vec<JoinHandle<()>>,
}

/// The events the inspector shows, passed on to the file if there is one.
pub(super) type Trail = Arc<Recent<Box<dyn AuditSink>>>;

/// The identity provider's clock, so that moving it moves everyone's.
#[derive(Debug)]
struct IdpClock(Arc<Idp>);

impl Clock for IdpClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_unix_seconds(self.0.now().unix_timestamp())
    }
}

impl Demo {
    /// Starts the three parties.
    ///
    /// # Errors
    /// [`DemoError`] saying which port, directory or file cannot be used.
    pub async fn start(options: Options) -> Result<Self, DemoError> {
        let sockets = match options.port_base {
            Some(base) => Sockets::take(Site::at(base)?).await?,
            None => Sockets::take_any().await?,
        };
        let state = options.state.as_deref().map(StateDirectory::open).transpose()?;
        let trail: Trail = Arc::new(Recent::new(INSPECTED_EVENTS, audit_file(options.audit.as_deref())?));
        let site = sockets.site;
        let secret = daypass::crypto::random_id().map_err(daypass::Error::from)?;
        let (key, certificate) = Keys::service_provider(&match (options.seed, &state) {
            (Some(seed), _) => KeySource::Seed(seed),
            (None, Some(state)) => KeySource::Directory(state.broker_keys()),
            (None, None) => KeySource::Fresh,
        })?;
        let idp = Arc::new(identity_provider(site, &options, state.as_ref(), (&secret, &certificate))?);
        let keyring = match (options.seed, &state) {
            (Some(seed), _) => seeded_keyring(seed)?,
            (None, Some(state)) => state.keyring()?,
            (None, None) => Keyring::generate()?,
        };
        let clock = Arc::new(IdpClock(Arc::clone(&idp)));
        let saml = SamlProvider::new(&idp.saml_metadata(), &site.sp_entity_id(), &site.acs_url())?
            .named(world::SAML_PROVIDER)
            .with_signing_key(SpSigningKey::from_pem(&key, &certificate)?)
            .with_logout_url(&site.logout_url());
        let broker = Arc::new(broker(site, saml, keyring, Arc::clone(&trail), clock.clone())?);

        let (running, _) = watch::channel(());
        let portal = portal(site, &broker, &secret, Arc::clone(&trail))?;
        let photos = cat_photos::router(Arc::clone(&broker), clock, &site.broker_url());
        let parties = [(sockets.idp, idp.router()), (sockets.broker, portal), (sockets.photos, photos)];
        let serve = |(listener, router)| tokio::spawn(serve(listener, router, running.subscribe()));
        let parties = parties.into_iter().map(serve).collect();
        Ok(Self { site, state: options.state, idp, trail, running, parties })
    }

    /// Where the parties are served.
    pub(super) const fn site(&self) -> Site {
        self.site
    }

    /// Where keys are kept, if they are.
    pub(super) fn state(&self) -> Option<&Path> {
        self.state.as_deref()
    }

    /// The identity provider, to make it misbehave or to move everyone's clock.
    #[must_use]
    pub fn idp(&self) -> &Idp {
        &self.idp
    }

    /// The audit events so far.
    pub(super) fn trail(&self) -> &Trail {
        &self.trail
    }

    /// Stops accepting, and waits until what was being answered is answered.
    pub async fn stop(self) {
        drop(self.running);
        for party in self.parties {
            // A party that panicked has nothing left to answer.
            let _ = party.await;
        }
    }
}

async fn serve(listener: TcpListener, router: Router, mut running: watch::Receiver<()>) {
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    let stopped = async move { while running.changed().await.is_ok() {} };
    // Accept errors are retried inside; only the signal ends it.
    let _ = axum::serve(listener, service).with_graceful_shutdown(stopped).await;
}

/// A keyring that is the same in every run, and known to everyone who knows the seed.
fn seeded_keyring(seed: u64) -> Result<Keyring, DemoError> {
    let secret = digest(DigestAlgorithm::Sha256, format!("daypass demonstration, seed {seed}").as_bytes());
    let secret: [u8; 32] = secret.as_ref().try_into().map_err(|_| DemoError::Broker("no 32-byte secret".to_owned()))?;
    Ok(Keyring::from_secret(&Zeroizing::new(secret))?)
}

fn audit_file(path: Option<&Path>) -> Result<Box<dyn AuditSink>, DemoError> {
    let Some(path) = path else { return Ok(Box::new(Discard)) };
    let file = OpenOptions::new().append(true).create(true).open(path);
    let file = file.map_err(|source| DemoError::AuditFile { path: path.to_owned(), source })?;
    Ok(Box::new(JsonLines::new(file)))
}

fn identity_provider(
    site: Site,
    options: &Options,
    state: Option<&StateDirectory>,
    (secret, certificate): (&str, &str),
) -> Result<Idp, DemoError> {
    let portal = ServiceProvider::new(site.sp_entity_id(), site.acs_url())
        .with_name("daypass access portal")
        .with_certificate(certificate)
        .with_logout(site.logout_url());
    let client = Client::confidential(CLIENT_ID, secret, [site.redirect_uri()])
        .with_name("daypass access portal")
        .with_post_logout_redirect(site.signed_out_url())
        .with_backchannel_session_logout(site.backchannel_logout_url());
    let mut builder = Idp::builder()
        .base_url(site.idp_url())
        .users(demo_directory())
        .service_provider(portal)
        .client(client)
        .audience(world::AUDIENCE)
        .demo_endpoints(true)
        .test_controls(options.test_controls);
    if let Some(state) = state {
        builder = builder.keys_dir(state.idp_keys());
    }
    if let Some(seed) = options.seed {
        builder = builder.seed(seed);
    }
    Ok(builder.build()?)
}

fn broker(
    site: Site,
    saml: SamlProvider,
    keyring: Keyring,
    trail: Trail,
    clock: Arc<dyn Clock>,
) -> Result<Broker, DemoError> {
    let tokens = OidcProvider::new(&site.idp_url(), [world::AUDIENCE])?.with_local_network();
    let broker = Broker::new(keyring.with_issuer(site.broker_url()))
        .with_provider(saml)
        .with_provider(tokens)
        .with_web_identity(WebIdentityIssuer::with_fresh_keys(format!("{}/web-identity", site.broker_url())))
        .with_clock(clock)
        .with_audit(trail);
    world::furnish(broker, &site)
}

fn portal(site: Site, broker: &Arc<Broker>, secret: &str, trail: Trail) -> Result<Router, DemoError> {
    let issuer = site.idp_url();
    let sign_in = OidcProvider::new(&issuer, [CLIENT_ID])?.with_local_network();
    let relying_party = RelyingParty::new(sign_in, secret, &site.redirect_uri())?;
    let portal = Portal::new(Arc::clone(broker), &site.broker_url())?
        .with_saml(world::SAML_PROVIDER, DIRECTORY)?
        .with_relying_party(OPENID_PROVIDER, DIRECTORY, relying_party)?
        .with_gallery(&format!("{}/open", site.gallery_url()))?
        .with_s3_endpoint(&site.s3_url())?
        .with_inspector(trail);
    let tokens = OidcProvider::new(&issuer, [world::AUDIENCE])?.with_local_network();
    let keys = IssuerKeys::new(&tokens)?;
    let sts = Sts::new(Arc::clone(broker)).with_issuer(&issuer, keys.clone());
    let iam = Iam::new(Arc::clone(broker)).with_saml_service(site.sp_entity_id(), site.acs_url());
    let iam = iam.with_local_issuer(tokens.issuer().clone());
    let contexts = IdentityContexts::new(Arc::clone(broker))
        .with_application(world::application()?, world::AUDIENCE)
        .with_trusted_issuer(tokens, keys);
    let endpoint = Endpoint::new(Arc::clone(broker)).with_sts(sts).with_iam(iam);
    let services = well_known::router(Arc::clone(broker)).merge(endpoint.router()).merge(contexts.router());
    Ok(portal.router_beside(services))
}
