//! A portal and an application that an OpenID provider can reach, as it must to log people out over the back channel.

use std::sync::Arc;

use axum::Router;
use daypass::audit::{Discard, Recent};
use daypass::http::application::SignIn;
use daypass::http::portal::Portal;
use daypass::http::relying_party::RelyingParty;
use daypass::identity::oidc::OidcProvider;
use daypass::store::{MemoryStore, Store};
use daypass::time::{Clock as _, ManualClock, SystemClock};
use daypass::{Broker, Keyring};
use demo_idp::{Client, Idp, demo_directory};
use tokio::net::TcpListener;

use crate::site::{APP, BROKER, Browser, CALLBACK, Site, directory, greet};

pub(crate) const PORTAL_CLIENT: &str = "daypass-portal";
pub(crate) const APP_CLIENT: &str = "the-app";
const APP_CALLBACK: &str = "http://localhost:8400/oidc/callback/corp";

/// What differs between sites.
#[derive(Clone)]
pub(crate) struct Wiring {
    /// Whether the provider says which session is over, and not only whose.
    pub(crate) names_sessions: bool,
    /// Whether people come back from the provider after a logout.
    pub(crate) returns: bool,
    pub(crate) store: Option<Arc<dyn Store>>,
}

impl Default for Wiring {
    fn default() -> Self {
        Self { names_sessions: true, returns: true, store: None }
    }
}

/// Stands still, so that what the provider signs within a test has one date.
#[derive(Debug)]
struct StandingClock(time::OffsetDateTime);

impl demo_idp::Clock for StandingClock {
    fn now(&self) -> time::OffsetDateTime {
        self.0
    }
}

pub(crate) async fn start() -> Site {
    start_with(Wiring::default()).await
}

pub(crate) async fn start_with(wiring: Wiring) -> Site {
    let [(portal_socket, portal_client), (app_socket, app_client)] = [
        registration(PORTAL_CLIENT, BROKER, CALLBACK, &wiring).await,
        registration(APP_CLIENT, APP, APP_CALLBACK, &wiring).await,
    ];
    let clock = Arc::new(ManualClock::new(SystemClock.now()));
    let standing = time::OffsetDateTime::from_unix_timestamp(clock.now().unix_seconds()).unwrap();
    let idp = Idp::builder().users(demo_directory()).client(portal_client).client(app_client).seed(7);
    let idp = idp.clock(Arc::new(StandingClock(standing))).start().await.unwrap();
    let trail = Arc::new(Recent::new(1000, Discard));
    let portal = portal(idp.issuer(), &wiring, &clock, &trail);
    let application = application(idp.issuer(), &wiring, &clock, &trail);
    for (socket, router) in [(portal_socket, portal.clone()), (app_socket, application.clone())] {
        tokio::spawn(async move { axum::serve(socket, router).await });
    }
    Site::of(vec![(BROKER, portal), (APP, application)], idp, clock, trail)
}

/// A portal whose people come from this issuer.
pub(crate) fn portal(issuer: &str, wiring: &Wiring, clock: &Arc<ManualClock>, trail: &Arc<Recent<Discard>>) -> Router {
    let party = party(issuer, PORTAL_CLIENT, CALLBACK, wiring);
    portal_with(party, wiring, clock, trail).with_inspector(trail.clone()).router()
}

/// A portal that is registered with its provider so.
pub(crate) fn portal_with(
    party: RelyingParty,
    wiring: &Wiring,
    clock: &Arc<ManualClock>,
    trail: &Arc<Recent<Discard>>,
) -> Portal {
    let store = wiring.store.clone().unwrap_or_else(|| Arc::new(MemoryStore::default()));
    let broker = broker(clock, trail).with_store(store).with_directory(directory()).unwrap();
    let portal = Portal::new(Arc::new(broker), BROKER).unwrap();
    portal.with_relying_party("corp", "Corporate directory", party).unwrap()
}

fn application(issuer: &str, wiring: &Wiring, clock: &Arc<ManualClock>, trail: &Arc<Recent<Discard>>) -> Router {
    let application = SignIn::new(Arc::new(broker(clock, trail)), APP).unwrap();
    let party = party(issuer, APP_CLIENT, APP_CALLBACK, wiring);
    let application = application.with_relying_party("corp", "Example Corp", party).unwrap();
    application.guard(Router::new().route("/", axum::routing::get(greet)))
}

fn broker(clock: &Arc<ManualClock>, trail: &Arc<Recent<Discard>>) -> Broker {
    // Nodes of one portal share its keyring.
    let keyring = Keyring::from_secret(&zeroize::Zeroizing::new([7; 32])).unwrap();
    Broker::new(keyring).with_clock(clock.clone()).with_audit(trail.clone())
}

fn party(issuer: &str, client: &str, callback: &str, wiring: &Wiring) -> RelyingParty {
    let provider = OidcProvider::new(issuer, [client]).unwrap().with_local_network();
    let party = RelyingParty::new(provider, "secret", callback).unwrap();
    if wiring.returns { party } else { party.without_post_logout_return() }
}

/// One service as the provider knows it, and where it can be reached.
async fn registration(id: &str, origin: &str, callback: &str, wiring: &Wiring) -> (TcpListener, Client) {
    let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}/oidc/backchannel-logout/corp", socket.local_addr().unwrap());
    let client = Client::confidential(id, "secret", [callback]);
    let client = match wiring.names_sessions {
        true => client.with_backchannel_session_logout(address),
        false => client.with_backchannel_logout(address),
    };
    let client =
        if wiring.returns { client.with_post_logout_redirect(format!("{origin}/oidc/signed-out")) } else { client };
    (socket, client)
}

/// Signs in with OpenID Connect.
pub(crate) async fn enter(browser: &Browser, origin: &str, user: &str) {
    let callback = browser.answered(&format!("{origin}/signin/oidc/corp"), user).await.location().to_owned();
    let back = browser.get(&callback).await;
    assert_eq!(back.status, 303, "{}", back.text);
    assert!(back.location().starts_with(origin), "{back:?}");
}
