//! Metadata that is fetched while the broker runs: key rollover, publishers that fail, and documents that are refused.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use daypass::audit::{AuditEvent, Discard, Outcome, Recent};
use daypass::http::fetch::{FetchError, MetadataUrl, SamlMetadata};
use daypass::identity::saml::{
    LogoutRequested, MetadataError, MetadataPolicy, SamlError, SamlProvider, UnverifiedLogoutRequest,
    UnverifiedResponse,
};
use daypass::time::{Clock, ManualClock, Timestamp};
use daypass::{Broker, Error, Keyring, VerifiedIdentity};
use demo_idp::{AssertionRequest, Idp, ServiceProvider, User};

const IDP: &str = "https://idp.example/saml/metadata";
const SP: &str = "https://broker.example/saml";
const ACS: &str = "https://broker.example/saml/acs";
const SLO: &str = "https://broker.example/saml/slo";
const HOUR: Duration = Duration::from_secs(60 * 60);
const MINUTE: Duration = Duration::from_secs(60);

/// The identity provider with the keys of `seed`.
fn idp(seed: u64) -> Idp {
    let builder = Idp::builder().seed(seed).base_url("https://idp.example").user(User::new("martha", "correct-horse"));
    let certificate = rcgen::generate_simple_self_signed(["broker.example".to_owned()]).unwrap().cert.pem();
    let service_provider = ServiceProvider::new(SP, ACS).with_certificate(certificate).with_logout(SLO);
    builder.service_provider(service_provider).build().unwrap()
}

/// What the publisher answers, and what it was asked.
#[derive(Debug, Default)]
struct Page {
    status: u16,
    body: String,
    headers: Vec<(&'static str, &'static str)>,
    if_none_match: Vec<Option<String>>,
    delay: Duration,
}

#[derive(Clone, Debug, Default)]
struct Publisher(Arc<Mutex<Page>>);

impl Publisher {
    async fn start(body: &str) -> (Self, String) {
        let publisher = Self::default();
        publisher.publish(body);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/metadata", listener.local_addr().unwrap());
        let app = Router::new().route("/metadata", get(answer)).with_state(publisher.clone());
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        (publisher, url)
    }

    fn publish(&self, body: &str) {
        let mut page = self.0.lock().unwrap();
        page.status = 200;
        page.body = body.to_owned();
    }

    fn fail(&self, status: u16) {
        self.0.lock().unwrap().status = status;
    }

    fn with_header(&self, name: &'static str, value: &'static str) {
        self.0.lock().unwrap().headers.push((name, value));
    }

    fn asked(&self) -> Vec<Option<String>> {
        self.0.lock().unwrap().if_none_match.clone()
    }
}

async fn answer(State(publisher): State<Publisher>, headers: HeaderMap) -> Response {
    let (status, body, answered, delay) = {
        let mut page = publisher.0.lock().unwrap();
        page.if_none_match.push(headers.get("if-none-match").map(|value| value.to_str().unwrap().to_owned()));
        (page.status, page.body.clone(), page.headers.clone(), page.delay)
    };
    tokio::time::sleep(delay).await;
    let mut response = (StatusCode::from_u16(status).unwrap(), body).into_response();
    for (name, value) in answered {
        response.headers_mut().insert(name, value.parse().unwrap());
    }
    response
}

fn policy() -> MetadataPolicy {
    MetadataPolicy::new(IDP).unwrap()
}

fn corp(metadata: daypass::identity::saml::IdpMetadata) -> Result<SamlProvider, SamlError> {
    SamlProvider::from_metadata(metadata, SP, ACS).map(|corp| corp.with_logout_url(SLO))
}

fn at(url: &str) -> MetadataUrl {
    MetadataUrl::new(url, policy()).with_local_network()
}

fn now() -> Timestamp {
    Timestamp::parse_rfc3339("2026-06-01T12:00:00Z").unwrap()
}

/// A broker that trusts the published metadata, at the instant of the identity providers.
struct World {
    broker: Broker,
    corp: SamlMetadata,
    clock: Arc<ManualClock>,
    trail: Arc<Recent<Discard>>,
    publisher: Publisher,
    idps: [Idp; 2],
}

impl World {
    /// Two keys of one identity provider; the first is published.
    async fn new() -> Self {
        Self::with(|url| url).await
    }

    async fn with(change: impl FnOnce(MetadataUrl) -> MetadataUrl) -> Self {
        let idps = [idp(1), idp(2)];
        let (publisher, url) = Publisher::start(&idps[0].saml_metadata()).await;
        let now = Timestamp::from_unix_seconds(idps[0].now().unix_timestamp());
        let corp = change(at(&url)).load(now, corp).await.unwrap();
        let (clock, trail) = (Arc::new(ManualClock::new(now)), Arc::new(Recent::new(100, Discard)));
        let broker = Broker::new(Keyring::generate().unwrap())
            .with_clock(clock.clone())
            .with_audit(trail.clone())
            .with_provider(corp.clone());
        Self { broker, corp, clock, trail, publisher, idps }
    }

    fn advance(&self, by: Duration) {
        self.clock.advance(by);
        self.idps.iter().for_each(|idp| idp.advance(by));
    }

    /// Signs martha in by the identity provider's first or second key.
    async fn sign_in(&self, key: usize) -> Result<VerifiedIdentity, Error> {
        let answer = self.idps[key].assertion_for(AssertionRequest::new("martha").with_in_response_to("_1")).unwrap();
        self.broker.verify(UnverifiedResponse::from_post(&answer, "_1").unwrap()).await
    }

    /// What the identity provider's first or second key signs to log martha out.
    fn logout(&self, key: usize) -> UnverifiedLogoutRequest {
        let url = self.idps[key].logout_url("martha", SP).unwrap();
        UnverifiedLogoutRequest::from_redirect(url.split_once('?').unwrap().1).unwrap()
    }

    async fn log_out(&self, request: UnverifiedLogoutRequest) -> Result<LogoutRequested, Error> {
        self.broker.begin()?.log_out("corp", request, HOUR).await
    }

    /// A fetch that nobody waits for has ended.
    async fn fetched(&self, count: usize) {
        for _ in 0..200 {
            let metrics = self.corp.metrics(self.clock.now());
            let ended = metrics.renewals + metrics.failures + metrics.refusals;
            if self.publisher.asked().len() >= count && usize::try_from(ended).unwrap() >= count - 1 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        unreachable!("no fetch ended");
    }

    fn renewals(&self) -> Vec<AuditEvent> {
        self.trail.events().into_iter().filter(|event| event.operation == "renewal of SAML metadata").collect()
    }
}

#[track_caller]
fn is_unknown_key(outcome: Result<VerifiedIdentity, Error>) -> bool {
    matches!(outcome.unwrap_err(), Error::Saml(SamlError::SignatureInvalid { .. }))
}

#[tokio::test]
async fn a_rollover_that_nobody_announced_loses_no_one() {
    let world = World::new().await;
    assert!(world.sign_in(0).await.is_ok());
    world.publisher.publish(&world.idps[1].saml_metadata());
    // The first person who comes with the new key is let in, and the old key is done with.
    assert_eq!(world.sign_in(1).await.unwrap().subject(), "martha");
    assert!(is_unknown_key(world.sign_in(0).await));
    let [event] = &world.renewals()[..] else { unreachable!("one renewal") };
    assert_eq!((event.outcome, event.resource.as_str()), (Outcome::Accepted, "saml-provider/corp"));
    let provider = world.broker.saml_provider("corp").unwrap();
    let trusted = provider.pinned_keys()[0].fingerprint();
    assert!(event.reason.contains(&format!("trusted from now on: [{trusted}]")), "{}", event.reason);
}

#[tokio::test]
async fn a_logout_by_a_key_that_nobody_announced_ends_the_session() {
    let world = World::new().await;
    let keys = world
        .sign_in(0)
        .await
        .unwrap()
        .saml_session()
        .unwrap()
        .session_keys(&world.broker.saml_provider("corp").unwrap());
    let began = world.broker.now();
    let forged = world.log_out(world.logout(1)).await.unwrap_err();
    assert!(matches!(forged, Error::Saml(SamlError::SignatureInvalid { .. })), "{forged:?}");
    assert!(!world.broker.has_ended(&keys, began).await.unwrap());
    world.advance(MINUTE);
    world.publisher.publish(&world.idps[1].saml_metadata());
    world.log_out(world.logout(1)).await.unwrap();
    assert!(world.broker.has_ended(&keys, began).await.unwrap());
}

#[tokio::test]
async fn attack_an_older_logout_that_comes_later_takes_nothing_back() {
    let world = World::new().await;
    let older = world.logout(0);
    world.advance(MINUTE);
    let request = AssertionRequest::new("martha").with_in_response_to("_1");
    let between = world.idps[0].assertion_for(request).unwrap();
    world.advance(MINUTE);
    world.log_out(world.logout(0)).await.unwrap();
    world.log_out(older).await.unwrap();
    let refused = world.broker.verify(UnverifiedResponse::from_post(&between, "_1").unwrap()).await.unwrap_err();
    assert!(matches!(refused, Error::LoggedOut { .. }), "{refused:?}");
}

#[tokio::test]
async fn several_people_at_the_moment_of_a_rollover_are_all_let_in_by_one_fetch() {
    let world = World::new().await;
    world.publisher.0.lock().unwrap().delay = Duration::from_millis(50);
    world.publisher.publish(&world.idps[1].saml_metadata());
    let (one, two, three) = tokio::join!(world.sign_in(1), world.sign_in(1), world.sign_in(1));
    assert!(one.is_ok() && two.is_ok() && three.is_ok());
    assert_eq!(world.publisher.asked().len(), 2);
}

#[tokio::test]
async fn forgeries_cause_one_fetch_a_minute() {
    let world = World::new().await;
    for second in 0..90 {
        assert!(is_unknown_key(world.sign_in(1).await), "{second}");
        world.advance(Duration::from_secs(1));
    }
    assert_eq!(world.publisher.asked().len(), 1 + 2);
    assert!(world.sign_in(0).await.is_ok());
}

#[tokio::test]
async fn what_is_due_is_fetched_while_people_are_served() {
    let world = World::new().await;
    world.publisher.publish(&world.idps[1].saml_metadata());
    world.advance(HOUR);
    assert!(world.sign_in(0).await.is_ok(), "nobody waits for a fetch that is merely due");
    world.fetched(2).await;
    assert!(world.sign_in(1).await.is_ok());
}

#[tokio::test]
async fn an_operator_renews_by_one_call() {
    let world = World::new().await;
    world.publisher.publish(&world.idps[1].saml_metadata());
    let before = world.broker.saml_provider("corp").unwrap();
    let after = world.broker.renew_metadata("corp").await.unwrap();
    assert_ne!(before.pinned_keys(), after.pinned_keys());
    assert!(is_unknown_key(world.sign_in(0).await));
    assert!(matches!(world.broker.renew_metadata("other").await, Err(Error::UnknownProvider { .. })));
}

#[tokio::test]
async fn an_unchanged_document_is_not_sent_again() {
    let idps = [idp(1), idp(2)];
    let (publisher, url) = Publisher::start(&idps[0].saml_metadata()).await;
    publisher.with_header("etag", "\"v1\"");
    publisher.with_header("cache-control", "max-age=600");
    let corp = at(&url).load(now(), corp).await.unwrap();
    let clock = Arc::new(ManualClock::new(now()));
    let broker = Broker::new(Keyring::generate().unwrap()).with_clock(clock.clone()).with_provider(corp.clone());
    clock.advance(10 * MINUTE);
    publisher.fail(304);
    let provider = broker.renew_metadata("corp").await.unwrap();
    assert_eq!(publisher.asked(), [None, Some("\"v1\"".to_owned())]);
    assert_eq!(provider.pinned_keys().len(), 1);
    let metrics = corp.metrics(clock.now());
    assert_eq!((metrics.failures, metrics.renewals, metrics.age_seconds), (0, 0, 0));
}

#[tokio::test]
async fn not_modified_without_being_asked_is_an_error() {
    let (publisher, url) = Publisher::start(&idp(1).saml_metadata()).await;
    publisher.fail(304);
    assert_eq!(at(&url).load(now(), corp).await.unwrap_err(), FetchError::Status { status: 304 });
}

#[tokio::test]
async fn a_publisher_that_fails_takes_no_key_away() {
    let world = World::new().await;
    world.publisher.fail(503);
    world.broker.renew_metadata("corp").await.unwrap();
    assert!(world.sign_in(0).await.is_ok());
    assert_eq!(world.corp.last_error(), Some(FetchError::Status { status: 503 }));
    let [event] = &world.renewals()[..] else { unreachable!("one attempt") };
    assert_eq!((event.outcome, event.code), (Outcome::Refused, Some("MetadataUnavailable")));
    // Two weeks nobody can confirm it.
    world.advance(14 * 24 * HOUR - MINUTE);
    assert!(world.sign_in(0).await.is_ok());
    world.advance(MINUTE);
    let refused = world.sign_in(0).await.unwrap_err();
    assert!(matches!(refused, Error::Saml(SamlError::Metadata(MetadataError::RunOut { .. }))), "{refused:?}");
    // And as soon as it is back, so is everyone.
    world.publisher.publish(&world.idps[0].saml_metadata());
    world.advance(HOUR);
    assert!(world.sign_in(0).await.is_ok());
}

#[tokio::test]
async fn a_document_that_is_refused_takes_no_key_away_and_is_told() {
    let world = World::new().await;
    let good = world.idps[1].saml_metadata();
    let before = world.broker.saml_provider("corp").unwrap();
    for (lowered, reason) in [
        (good.replace("use=\"signing\"", "use=\"encryption\""), "no usable signing key"),
        (good.replace(IDP, "https://evil.example"), "does not hold the identity provider"),
        (good.replace("https://idp.example/saml/sso", "http://idp.example/saml/sso"), "from https to http"),
        (good.replace("<md:EntityDescriptor ", "<md:EntityDescriptor validUntil=\"2020-01-01T00:00:00Z\" "), "run out"),
        (format!("<!DOCTYPE md>{good}"), "not acceptable XML"),
        ("<html>a captive portal</html>".to_owned(), "expected md:EntityDescriptor"),
    ] {
        assert_ne!(lowered, good, "{reason}");
        world.publisher.publish(&lowered);
        let after = world.broker.renew_metadata("corp").await.unwrap();
        assert_eq!(before.pinned_keys(), after.pinned_keys(), "{reason}");
        let event = world.renewals().pop().unwrap();
        assert_eq!((event.outcome, event.code), (Outcome::Refused, Some("MetadataRefused")));
        assert!(event.reason.contains(reason), "{reason}: {}", event.reason);
    }
    assert_eq!(world.corp.metrics(world.clock.now()).refusals, 6);
    assert!(world.sign_in(0).await.is_ok());
}

#[tokio::test]
async fn unsigned_metadata_is_not_believed_where_a_signature_is_demanded() {
    let signed = include_str!("vectors/saml/metadata/entity.xml");
    let signer = include_str!("vectors/saml/metadata/signer.pem");
    let (publisher, url) = Publisher::start(signed).await;
    let policy = MetadataPolicy::new("https://idp.example/metadata").unwrap().with_signers([signer]).unwrap();
    let corp = MetadataUrl::new(&url, policy).with_local_network().load(now(), corp).await.unwrap();
    let broker = Broker::new(Keyring::generate().unwrap())
        .with_clock(Arc::new(ManualClock::new(now())))
        .with_provider(corp.clone());
    let forged = idp(2).saml_metadata().replace(IDP, "https://idp.example/metadata");
    publisher.publish(&forged);
    broker.renew_metadata("corp").await.unwrap();
    assert_eq!(corp.last_error(), Some(FetchError::Saml(MetadataError::NotSigned.into())));
    publisher.publish(&signed.replace("https://idp.example/sso", "https://evil.example/sso"));
    broker.renew_metadata("corp").await.unwrap();
    assert!(corp.last_error().unwrap().reason().contains("digest"));
    assert_eq!(broker.saml_provider("corp").unwrap().metadata().redirect_endpoint(), Some("https://idp.example/sso"));
}

#[tokio::test]
async fn a_disabled_provider_stays_disabled_when_it_is_renewed() {
    let world = World::new().await;
    world.broker.disable_saml_provider("corp").unwrap();
    world.broker.renew_metadata("corp").await.unwrap();
    assert!(world.sign_in(0).await.unwrap_err().reason().contains("out of service"));
    assert!(world.sign_in(1).await.unwrap_err().reason().contains("out of service"));
}

/// An audit trail that fails.
#[derive(Debug)]
struct Full;

impl daypass::audit::AuditSink for Full {
    fn wants_checks(&self) -> bool {
        false
    }
    fn record(&self, _: &AuditEvent) -> std::io::Result<()> {
        Err(std::io::Error::other("disk full"))
    }
}

#[tokio::test]
async fn keys_that_cannot_be_recorded_are_not_trusted() {
    let idps = [idp(1), idp(2)];
    let (publisher, url) = Publisher::start(&idps[0].saml_metadata()).await;
    let corp = at(&url).load(now(), corp).await.unwrap();
    let broker = Broker::new(Keyring::generate().unwrap()).with_audit(Arc::new(Full)).with_provider(corp.clone());
    let before = broker.saml_provider("corp").unwrap();
    publisher.publish(&idps[1].saml_metadata());
    let after = broker.renew_metadata("corp").await.unwrap();
    assert_eq!(before.pinned_keys(), after.pinned_keys());
    assert!(matches!(corp.last_error(), Some(FetchError::Audit { .. })));
}

#[tokio::test]
async fn only_https_and_public_addresses_are_fetched() {
    let load = |url: &str| MetadataUrl::new(url, policy()).load(now(), corp);
    assert!(matches!(load("http://idp.example/metadata").await, Err(FetchError::Url { .. })));
    assert!(matches!(load("https://u:p@idp.example/metadata").await, Err(FetchError::Url { .. })));
    assert!(matches!(load("file:///etc/passwd").await, Err(FetchError::Url { .. })));
    assert!(matches!(load("https://169.254.169.254/metadata").await, Err(FetchError::PrivateAddress { .. })));
    assert!(matches!(load("https://localhost/metadata").await, Err(FetchError::PrivateAddress { .. })));
}

#[tokio::test]
async fn redirects_and_answers_without_end_are_refused() {
    let (publisher, url) = Publisher::start(&idp(1).saml_metadata()).await;
    publisher.with_header("location", "http://127.0.0.1:1/");
    publisher.fail(302);
    assert_eq!(at(&url).load(now(), corp).await.unwrap_err(), FetchError::Status { status: 302 });
    publisher.publish(&" ".repeat(10_000_001));
    assert_eq!(at(&url).load(now(), corp).await.unwrap_err(), FetchError::TooLong { limit: 10_000_000 });
}

#[tokio::test]
async fn a_start_succeeds_by_the_backing_file_while_the_publisher_is_down() {
    let folder = std::env::temp_dir().join(format!("daypass-metadata-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("corp.xml");
    let (publisher, url) = Publisher::start(&idp(1).saml_metadata()).await;
    let load = |now: Timestamp| at(&url).with_backing_file(&path).load(now, corp);
    let first = load(now()).await.unwrap();
    assert!(path.exists() && !path.with_file_name("corp.xml.new").exists());

    publisher.fail(503);
    let later = now().saturating_add(13 * 24 * HOUR);
    let again = load(later).await.unwrap();
    assert_eq!(again.last_error(), Some(FetchError::Status { status: 503 }));
    assert_eq!(again.metrics(later).age_seconds, 13 * 24 * 3600, "as old as the file, not as young as the start");
    let keys = |corp: SamlMetadata| {
        let broker = Broker::new(Keyring::generate().unwrap()).with_provider(corp);
        broker.saml_provider("corp").unwrap().pinned_keys().to_vec()
    };
    assert_eq!(keys(first), keys(again));

    // Metadata of which no provider can be made does not take the place of a copy that served.
    publisher.publish(&idp(2).saml_metadata());
    let kept = std::fs::read(&path).unwrap();
    let unusable = at(&url).with_backing_file(&path).load(later, |_| Err(SamlError::Randomness)).await;
    assert_eq!(unusable.unwrap_err(), FetchError::Saml(SamlError::Randomness));
    assert_eq!(std::fs::read(&path).unwrap(), kept);
    publisher.fail(503);

    // A file that somebody edited is judged like a document that was fetched.
    std::fs::write(&path, idp(1).saml_metadata().replace("use=\"signing\"", "use=\"encryption\"")).unwrap();
    assert_eq!(load(later).await.unwrap_err(), FetchError::Status { status: 503 });
    std::fs::remove_file(&path).unwrap();
    assert_eq!(load(later).await.unwrap_err(), FetchError::Status { status: 503 });
    publisher.publish(&idp(2).saml_metadata());
    assert!(load(later).await.is_ok());
    std::fs::remove_dir_all(&folder).unwrap();
}
