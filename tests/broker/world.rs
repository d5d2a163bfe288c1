//! A broker that stands still in time, and stores and audit trails that fail on demand.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use daypass::audit::{AuditEvent, AuditSink, Discard, Recent};
use daypass::identity::oidc::UnverifiedIdToken;
use daypass::identity::saml::{SamlProvider, UnverifiedResponse};
use daypass::store::{Space, Store, StoreError, StoreFuture};
use daypass::time::{ManualClock, Timestamp};
use daypass::{AssumeRole, Broker, Error, Keyring, Role, VerifiedIdentity};
use demo_idp::{AssertionRequest, Idp, ServiceProvider, User};
use serde_json::json;

use crate::issuer;

pub(crate) const READER: &str = "arn:aws:iam::111111111111:role/reader";
pub(crate) const ENTITY_ID: &str = "https://broker.example/saml";
pub(crate) const ACS: &str = "https://broker.example/saml/acs";

/// A broker that trusts the issuer of these tests for one role, with its clock and its audit trail.
pub(crate) struct World {
    pub(crate) broker: Broker,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) trail: Arc<Recent<Discard>>,
}

impl World {
    pub(crate) fn new() -> Self {
        let clock = Arc::new(ManualClock::new(issuer::now()));
        let trail = Arc::new(Recent::new(1000, Discard));
        let broker = Broker::new(Keyring::generate().unwrap())
            .with_provider(issuer::provider())
            .with_role(reader())
            .with_clock(clock.clone())
            .with_audit(trail.clone());
        Self { broker, clock, trail }
    }

    pub(crate) fn with_store(mut self, store: impl Store + 'static) -> Self {
        self.broker = self.broker.with_store(Arc::new(store));
        self
    }

    /// Trusts the identity provider called `corp`.
    pub(crate) fn with_saml(mut self, provider: SamlProvider) -> Self {
        self.broker = self.broker.with_provider(provider);
        self
    }

    pub(crate) async fn sign_in(&self, token: &str) -> Result<VerifiedIdentity, Error> {
        let token = UnverifiedIdToken::for_sign_in(token, "nonce");
        self.broker.verify_token(&issuer::provider(), &issuer::jwks(), token).await
    }

    pub(crate) async fn exchange(&self, token: &str) -> Result<VerifiedIdentity, Error> {
        let token = UnverifiedIdToken::for_exchange(token);
        self.broker.begin()?.exchange_token(&issuer::provider(), &issuer::jwks(), token).await
    }

    pub(crate) fn last(&self) -> AuditEvent {
        self.trail.events().pop().expect("an event")
    }
}

pub(crate) fn reader() -> Role {
    let trust = json!({"Version": "2012-10-17", "Statement": {"Effect": "Allow",
        "Principal": {"Federated": "arn:aws:iam::111111111111:oidc-provider/login.example.com"},
        "Action": "sts:AssumeRoleWithWebIdentity"}});
    Role::new(READER.parse().unwrap(), trust.to_string().parse().unwrap()).unwrap()
}

pub(crate) fn ask() -> AssumeRole {
    AssumeRole::new(READER.parse().unwrap(), "martha".parse().unwrap())
}

pub(crate) fn sign_in_token() -> String {
    issuer::token(&json!({"nonce": "nonce"}))
}

/// The demo identity provider with martha, and a broker's view of it.
pub(crate) async fn saml() -> (Idp, SamlProvider) {
    let martha = User::new("martha", "correct-horse");
    let idp = Idp::builder().seed(7).user(martha).service_provider(ServiceProvider::new(ENTITY_ID, ACS));
    let idp = idp.start().await.unwrap();
    let provider = SamlProvider::new(&idp.saml_metadata(), ENTITY_ID, ACS).unwrap();
    (idp, provider)
}

/// An assertion in answer to the request `_1`, as it is posted.
pub(crate) fn posted(idp: &Idp) -> String {
    idp.assertion_for(AssertionRequest::new("martha").with_in_response_to("_1")).unwrap()
}

pub(crate) fn from_post(posted: &str) -> UnverifiedResponse {
    UnverifiedResponse::from_post(posted, "_1").unwrap()
}

/// A store that cannot be reached.
#[derive(Debug)]
pub(crate) struct Unreachable;

fn unreachable<T: Send + 'static>() -> StoreFuture<'static, T> {
    Box::pin(std::future::ready(Err(StoreError::Unavailable { reason: "connection refused".to_owned() })))
}

impl Store for Unreachable {
    fn insert_new<'a>(
        &'a self,
        _: Space,
        _: &'a str,
        _: &'a [u8],
        _: Timestamp,
        _: Timestamp,
    ) -> StoreFuture<'a, bool> {
        unreachable()
    }

    fn replace<'a>(&'a self, _: Space, _: &'a str, _: &'a [u8], _: Timestamp, _: Timestamp) -> StoreFuture<'a, ()> {
        unreachable()
    }

    fn read<'a>(&'a self, _: Space, _: &'a str, _: Timestamp) -> StoreFuture<'a, Option<Vec<u8>>> {
        unreachable()
    }

    fn take<'a>(&'a self, _: Space, _: &'a str, _: Timestamp) -> StoreFuture<'a, Option<Vec<u8>>> {
        unreachable()
    }
}

/// An audit trail that keeps this many events and then fails, as a full disk does.
#[derive(Debug)]
pub(crate) struct FullAfter(pub(crate) AtomicUsize);

impl AuditSink for FullAfter {
    fn wants_checks(&self) -> bool {
        false
    }

    fn record(&self, _: &AuditEvent) -> io::Result<()> {
        let room = self.0.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        room.map(drop).map_err(|_| io::Error::from(io::ErrorKind::StorageFull))
    }
}
