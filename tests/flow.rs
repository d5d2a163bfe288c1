//! The whole flow: an assertion in, credentials out, a signed request in, a decision out; and each way it must end badly.
//! The demo identity provider issues, the AWS SDK signs, and neither shares code with what verifies them.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "common/signer.rs"]
mod signer;

use std::sync::Arc;
use std::time::Duration;

use daypass::audit::{AuditEvent, Discard, Outcome, Recent, Stage};
use daypass::credentials::{Credentials, TokenError};
use daypass::http::fetch::IssuerKeys;
use daypass::identity::oidc::{OidcProvider, UnverifiedIdToken};
use daypass::identity::saml::{SamlProvider, UnverifiedResponse};
use daypass::policy::{Keys, PermissionsPolicy, ResourcePolicy};
use daypass::request::{RequestError, Service, SignedRequest};
use daypass::time::{Clock, ManualClock, SystemClock};
use daypass::{AssumeRole, Broker, Decision, Error, Flow, Keyring, Role, VerifiedIdentity};
use demo_idp::{AssertionRequest, Fault, Idp, ServiceProvider, User};
use serde_json::{Value, json};

const EDITOR: &str = "arn:aws:iam::111111111111:role/editor";
const SAML_PROVIDER: &str = "arn:aws:iam::111111111111:saml-provider/corp";
const ENTITY_ID: &str = "https://broker.example/saml";
const ACS: &str = "https://broker.example/saml/acs";
const AUDIENCE: &str = "sts.broker.example";
const REQUEST_ID: &str = "_request-1";

/// An identity provider, a broker that trusts it both ways, and what the broker recorded.
struct World {
    idp: Idp,
    broker: Broker,
    clock: Arc<ManualClock>,
    trail: Arc<Recent<Discard>>,
}

fn policy(statements: &Value) -> String {
    json!({"Version": "2012-10-17", "Statement": statements}).to_string()
}

fn editor(issuer: &str) -> Role {
    let host = issuer.strip_prefix("http://").unwrap();
    let trust = policy(&json!([
        {"Effect": "Allow", "Principal": {"Federated": SAML_PROVIDER}, "Action": "sts:AssumeRoleWithSAML",
         "Condition": {"StringEquals": {"saml:aud": ACS}}},
        {"Effect": "Allow", "Principal": {"Federated": format!("arn:aws:iam::111111111111:oidc-provider/{host}")},
         "Action": "sts:AssumeRoleWithWebIdentity", "Condition": {"StringEquals": {format!("{host}:aud"): AUDIENCE}}},
    ]));
    let permissions = policy(&json!([
        {"Sid": "EditPhotos", "Effect": "Allow",
         "Action": ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"], "Resource": "arn:aws:s3:::photos/*"},
        {"Sid": "ListFromTheOffice", "Effect": "Allow", "Action": "s3:ListBucket", "Resource": "arn:aws:s3:::photos",
         "Condition": {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}},
        {"Sid": "Administrators", "Effect": "Allow", "Action": "s3:*", "Resource": "*",
         "Condition": {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/administrator"}}},
    ]));
    let permissions: PermissionsPolicy = permissions.parse().unwrap();
    Role::new(EDITOR.parse().unwrap(), trust.parse().unwrap()).unwrap().with_permissions(&permissions)
}

impl World {
    async fn new() -> Self {
        let martha = User::new("martha", "correct-horse").with_role(format!("{EDITOR},{SAML_PROVIDER}"));
        let idp = Idp::builder()
            .seed(7)
            .user(martha)
            .service_provider(ServiceProvider::new(ENTITY_ID, ACS))
            .audience(AUDIENCE)
            .start()
            .await
            .unwrap();
        let no_deletes = policy(&json!({"Sid": "NobodyDeletes", "Effect": "Deny", "Principal": "*",
            "Action": "s3:DeleteObject", "Resource": "arn:aws:s3:::photos/*"}));
        let no_deletes: ResourcePolicy = no_deletes.parse().unwrap();
        let clock = Arc::new(ManualClock::new(SystemClock.now()));
        let trail = Arc::new(Recent::new(100, Discard));
        let broker = Broker::new(Keyring::generate().unwrap())
            .with_provider(SamlProvider::new(&idp.saml_metadata(), ENTITY_ID, ACS).unwrap())
            .with_provider(OidcProvider::new(idp.issuer(), [AUDIENCE]).unwrap().with_local_network())
            .with_role(editor(idp.issuer()))
            .with_resource_policy("111111111111".parse().unwrap(), &"arn:aws:s3:::photos".parse().unwrap(), no_deletes)
            .with_clock(clock.clone())
            .with_audit(trail.clone());
        Self { idp, broker, clock, trail }
    }

    async fn with_saml(&self, flow: &Flow<'_>, assertion: &str) -> Result<VerifiedIdentity, Error> {
        flow.verify(UnverifiedResponse::from_post(assertion, REQUEST_ID)?).await
    }

    async fn with_id_token(&self, flow: &Flow<'_>, token: &str) -> Result<VerifiedIdentity, Error> {
        let provider = self.broker.oidc_provider(self.idp.issuer()).unwrap();
        let token = UnverifiedIdToken::for_exchange(token);
        let keys = IssuerKeys::new(provider).unwrap().for_token(&token, self.clock.now()).await.unwrap();
        flow.exchange_token(provider, &keys, token).await
    }

    fn assertion(&self, fault: Option<Fault>) -> String {
        let request = AssertionRequest::new("martha").with_in_response_to(REQUEST_ID);
        self.idp.assertion_for(fault.into_iter().fold(request, AssertionRequest::with_fault)).unwrap()
    }

    fn credentials(&self, flow: &Flow<'_>, identity: &VerifiedIdentity) -> Credentials {
        let ask = AssumeRole::new(EDITOR.parse().unwrap(), "martha".parse().unwrap());
        flow.mint(flow.assume_role(identity, ask).unwrap()).unwrap()
    }

    async fn marthas(&self) -> Credentials {
        let flow = self.broker.begin().unwrap();
        let identity = self.with_saml(&flow, &self.assertion(None)).await.unwrap();
        self.credentials(&flow, &identity)
    }

    fn send(&self, message: &str, action: &str, resource: &str) -> Result<Decision, Error> {
        let request = self.broker.authenticate(&Service::S3, SignedRequest::parse(message.as_bytes())?)?;
        self.broker.authorize(&request, action, resource)
    }

    /// Signs a request, sends it, and gives the decision.
    fn ask(&self, credentials: &Credentials, method: &str, action: &str, key: &str) -> Result<Decision, Error> {
        let message = signer::signed(credentials, method, &format!("/{key}"), self.clock.now());
        self.send(&message, action, &format!("arn:aws:s3:::{key}"))
    }

    fn events(&self) -> Vec<AuditEvent> {
        self.trail.events()
    }
}

#[tokio::test]
async fn from_an_assertion_or_a_token_to_every_kind_of_decision() {
    let world = World::new().await;
    let flow = world.broker.begin().unwrap();
    let by_saml = world.with_saml(&flow, &world.assertion(None)).await.unwrap();
    let token = world.idp.id_token("martha", AUDIENCE).unwrap();
    let by_oidc = world.with_id_token(&flow, &token).await.unwrap();
    for identity in [by_saml, by_oidc] {
        let credentials = world.credentials(&flow, &identity);
        let allowed = world.ask(&credentials, "GET", "s3:GetObject", "photos/nap.svg").unwrap();
        assert!(matches!(&allowed, Decision::Allow(_)) && allowed.to_string().contains("EditPhotos"), "{allowed}");
        let denied = world.ask(&credentials, "DELETE", "s3:DeleteObject", "photos/nap.svg").unwrap();
        let explicit = matches!(&denied, Decision::ExplicitDeny(_));
        assert!(explicit && denied.to_string().contains("NobodyDeletes"), "{denied}");
        let elsewhere = world.ask(&credentials, "GET", "s3:GetObject", "reports/q3.csv").unwrap();
        assert!(matches!(&elsewhere, Decision::ImplicitDeny(_)), "{elsewhere}");
    }
}

#[tokio::test]
async fn credentials_end_when_they_say() {
    let world = World::new().await;
    let credentials = world.marthas().await;
    let hour = Duration::from_secs(3600);
    world.clock.advance(hour - Duration::from_secs(2));
    assert!(world.ask(&credentials, "GET", "s3:GetObject", "photos/nap.svg").unwrap().is_allow());
    world.clock.advance(Duration::from_secs(2));
    let error = world.ask(&credentials, "GET", "s3:GetObject", "photos/nap.svg").unwrap_err();
    assert!(matches!(&error, Error::Request(RequestError::Token(TokenError::Expired { .. }))), "{error:?}");
    assert_eq!(error.code(), "ExpiredToken");
}

#[tokio::test]
async fn what_is_changed_after_it_was_signed_is_refused() {
    let world = World::new().await;
    let credentials = world.marthas().await;
    let message = signer::signed(&credentials, "GET", "/photos/nap.svg", world.clock.now());
    for (from, to) in [("GET ", "PUT "), ("nap.svg", "top.svg"), ("host: photos", "host: qhotos")] {
        let error = world.send(&message.replace(from, to), "s3:GetObject", "arn:aws:s3:::photos/nap.svg").unwrap_err();
        assert_eq!(error.code(), "SignatureDoesNotMatch", "{to}");
    }
    let elsewhere = world.broker.authenticate(&Service::STS, SignedRequest::parse(message.as_bytes()).unwrap());
    assert!(elsewhere.is_err(), "a request signed for one service is accepted by another");
    assert!(world.send(&message, "s3:GetObject", "arn:aws:s3:::photos/nap.svg").unwrap().is_allow());
}

#[tokio::test]
async fn a_broken_assertion_gives_no_identity() {
    let world = World::new().await;
    let flow = world.broker.begin().unwrap();
    for fault in [Fault::Tampered, Fault::Expired, Fault::WrongKey, Fault::Unsigned, Fault::WrongAudience] {
        let error = world.with_saml(&flow, &world.assertion(Some(fault))).await.unwrap_err();
        assert!(matches!(error, Error::Saml(_)), "{fault:?}: {error:?}");
        let token = demo_idp::IdTokenRequest::new("martha", AUDIENCE).with_fault(fault);
        let error = world.with_id_token(&flow, &world.idp.id_token_for(token).unwrap()).await.unwrap_err();
        assert!(matches!(error, Error::Oidc(_)), "{fault:?}: {error:?}");
    }
    let events = world.events();
    assert_eq!(events.len(), 10);
    for event in events {
        assert_eq!((event.stage, event.outcome), (Stage::Identity, Outcome::Refused));
        assert!(event.code.is_some() && !event.reason.is_empty(), "{event:?}");
        assert_eq!(event.principal, "", "nobody is named before somebody is known");
    }
}

#[tokio::test]
async fn one_correlation_id_follows_martha_through_every_stage() {
    let world = World::new().await;
    let flow = world.broker.begin().unwrap();
    let identity = world.with_saml(&flow, &world.assertion(None)).await.unwrap();
    let credentials = world.credentials(&flow, &identity);
    assert!(world.ask(&credentials, "GET", "s3:GetObject", "photos/nap.svg").unwrap().is_allow());
    assert!(!world.ask(&credentials, "DELETE", "s3:DeleteObject", "photos/nap.svg").unwrap().is_allow());
    let events = world.events();
    let told: Vec<_> = events.iter().map(|event| (event.stage, event.outcome)).collect();
    let (accepted, refused) = (Outcome::Accepted, Outcome::Refused);
    assert_eq!(
        told,
        [
            (Stage::Identity, accepted),
            (Stage::Session, accepted),
            (Stage::Credentials, accepted),
            (Stage::Request, accepted),
            (Stage::Decision, accepted),
            (Stage::Request, accepted),
            (Stage::Decision, refused),
        ]
    );
    assert!(events.iter().all(|event| event.correlation_id == *flow.correlation_id()), "{events:?}");
    // Requests that came later have ids of their own beside it.
    let ids: Vec<_> = events.iter().map(|event| event.request_id.is_some()).collect();
    assert_eq!(ids, [false, false, false, true, true, true, true]);
    let secrets = [credentials.secret_access_key().expose(), credentials.session_token().expose()];
    let text = serde_json::to_string(&events).unwrap();
    assert!(secrets.iter().all(|secret| !text.contains(secret)), "a secret is in the audit trail");
}

#[tokio::test]
async fn what_is_known_of_the_call_can_decide_and_cannot_impersonate() {
    let world = World::new().await;
    let credentials = world.marthas().await;
    let message = signer::signed(&credentials, "GET", "/photos", world.clock.now());
    let flow = world.broker.begin().unwrap();
    let request = flow.authenticate(&Service::S3, SignedRequest::parse(message.as_bytes()).unwrap()).unwrap();
    let ask = |action: &str, name: &str, value: &str| {
        flow.authorize(&request, action, "arn:aws:s3:::photos", Keys::new().with(name, value)).unwrap().is_allow()
    };
    assert!(ask("s3:ListBucket", "aws:SourceIp", "10.1.2.3"));
    assert!(!ask("s3:ListBucket", "aws:SourceIp", "192.0.2.1"));
    assert!(!ask("s3:PutBucketPolicy", "aws:PrincipalArn", "arn:aws:iam::111111111111:role/administrator"));
}
