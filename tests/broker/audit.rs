//! One event for each outcome of each stage, and nothing without one.

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use daypass::audit::{Outcome, Stage};
use daypass::explain::Verdict;
use daypass::identity::saml::UnverifiedResponse;
use daypass::identity::saml::danger::{self, Relaxations};
use daypass::policy::Keys;
use daypass::request::{Service, SignedRequest};
use daypass::session::SessionError;
use daypass::{AssumeRole, Error};
use serde_json::json;

use crate::issuer;
use crate::world::{ACS, ENTITY_ID, FullAfter, World, ask, from_post, posted, saml, sign_in_token};

#[tokio::test]
async fn what_cannot_be_recorded_does_not_happen() {
    for recorded in 0..3 {
        let mut world = World::new();
        world.broker = world.broker.with_audit(Arc::new(FullAfter(AtomicUsize::new(recorded))));
        let (passed, error) = stages(&world).await;
        assert_eq!(passed, recorded);
        assert!(matches!(error, Some(Error::Audit { .. })), "{error:?}");
    }
    let error = Error::Audit { reason: "the disk is full".to_owned() };
    assert_eq!((error.code(), error.stage()), ("ServiceUnavailable", None));
    assert!(!error.to_string().contains("disk"), "callers do not learn what the sink says");
}

/// How many stages passed from a token to credentials, and what stopped the next.
async fn stages(world: &World) -> (usize, Option<Error>) {
    let flow = world.broker.begin().unwrap();
    let identity = match world.exchange(&issuer::token(&json!({}))).await {
        Ok(identity) => identity,
        Err(error) => return (0, Some(error)),
    };
    let session = match flow.assume_role(&identity, ask()) {
        Ok(session) => session,
        Err(error) => return (1, Some(error)),
    };
    flow.mint(session).map_or_else(|error| (2, Some(error)), |_| (3, None))
}

#[tokio::test]
async fn a_refusal_that_cannot_be_recorded_is_still_one() {
    let mut world = World::new();
    world.broker = world.broker.with_audit(Arc::new(FullAfter(AtomicUsize::new(0))));
    let flow = world.broker.begin().unwrap();
    assert!(world.exchange("not a token").await.is_err());
    assert!(flow.authorize_anonymous("s3:GetObject", "arn:aws:s3:::photos/1", Keys::new()).is_err());
    let message = SignedRequest::parse(b"GET / HTTP/1.1\r\nhost: h\r\n\r\n").unwrap();
    assert!(flow.authenticate(&Service::S3, message).is_err());
    assert!(flow.refuse("sign-in", "AccessDenied", "nobody began it").is_err());
}

#[tokio::test]
async fn every_refusal_of_every_stage_leaves_its_event() {
    let world = World::new();
    let flow = world.broker.begin().unwrap();
    let identity = world.exchange(&issuer::token(&json!({}))).await.unwrap();
    let unknown = AssumeRole::new("arn:aws:iam::111111111111:role/other".parse().unwrap(), "martha".parse().unwrap());
    let error = flow.assume_role(&identity, unknown).unwrap_err();
    assert!(matches!(error, Error::Session(SessionError::UnknownRole { .. })));
    assert_told(&world, Stage::Session, "AccessDenied", "role/other");

    let message = SignedRequest::parse(b"GET /cats HTTP/1.1\r\nhost: h\r\n\r\n").unwrap();
    flow.authenticate(&Service::S3, message).unwrap_err();
    assert_told(&world, Stage::Request, "MissingAuthenticationToken", "GET /cats");

    flow.authenticate_bearer("no.token.here").unwrap_err();
    assert_told(&world, Stage::Request, "InvalidClientTokenId", "");

    let denied = flow.authorize_anonymous("s3:GetObject", "arn:aws:s3:::photos/1", Keys::new()).unwrap();
    assert!(!denied.is_allow());
    assert_told(&world, Stage::Decision, "AccessDenied", "arn:aws:s3:::photos/1");
    assert_eq!(world.last().principal, "anonymous");

    let error = flow.authorize_anonymous("not an action", "arn:aws:s3:::photos/1", Keys::new()).unwrap_err();
    assert!(matches!(error, Error::Name(_)), "{error:?}");
    assert_told(&world, Stage::Decision, "ValidationError", "arn:aws:s3:::photos/1");

    world.exchange("not a token").await.unwrap_err();
    assert_told(&world, Stage::Identity, "InvalidIdentityToken", "");
}

fn assert_told(world: &World, stage: Stage, code: &str, resource: &str) {
    let event = world.last();
    assert_eq!((event.stage, event.outcome, event.code), (stage, Outcome::Refused, Some(code)), "{event:?}");
    assert!(event.resource.ends_with(resource) && !event.reason.is_empty(), "{event:?}");
    assert_eq!(event.at, issuer::now());
}

#[tokio::test]
async fn an_unknown_provider_is_refused_and_recorded() {
    let (idp, provider) = saml().await;
    let response = posted(&idp);
    let nobody = World::new();
    let error = nobody.broker.verify(from_post(&response)).await.unwrap_err();
    assert!(matches!(error, Error::UnknownProvider { .. }), "{error:?}");
    assert_told(&nobody, Stage::Identity, "InvalidIdentityToken", "");

    let flow = nobody.broker.begin().unwrap();
    let error = flow.exchange("corp", UnverifiedResponse::for_exchange(&response).unwrap()).await.unwrap_err();
    assert!(matches!(error, Error::UnknownProvider { issuer } if issuer == "corp"));
    assert_told(&nobody, Stage::Identity, "InvalidIdentityToken", "");
    assert_eq!(nobody.trail.events().len(), 2);

    // With two providers a response must say which of them it is for.
    let (_other, second) = saml().await;
    let two = World::new().with_saml(provider).with_saml(second.named("second"));
    let error = two.broker.verify(from_post(&response)).await.unwrap_err();
    assert!(matches!(error, Error::UnknownProvider { .. }), "{error:?}");
}

#[tokio::test]
async fn an_event_lists_every_rule_with_its_verdict() {
    let world = World::new();
    world.sign_in(&sign_in_token()).await.unwrap();
    let accepted = world.last();
    assert!(accepted.checks.iter().all(|check| check.verdict != Verdict::Failed), "{accepted:?}");
    world.exchange(&issuer::token(&json!({"aud": "somebody-else"}))).await.unwrap_err();
    let refused = world.last();
    let failed: Vec<_> = refused.checks.iter().filter(|check| check.verdict == Verdict::Failed).collect();
    assert_eq!(failed.len(), 1);
    assert_eq!(failed[0].name, "audience");
    assert!(failed[0].found.contains("somebody-else"), "{failed:?}");
    assert_eq!(refused.checks.len(), accepted.checks.len(), "rules that were not reached are listed too");
}

#[tokio::test]
async fn each_flow_has_an_id_of_its_own() {
    let world = World::new();
    let (one, two) = (world.broker.begin().unwrap(), world.broker.begin().unwrap());
    assert_ne!(one.correlation_id(), two.correlation_id());
    let again = world.broker.follow(one.correlation_id().clone());
    again.refuse("sign-in", "AccessDenied", "the person gave up").unwrap();
    assert_eq!(world.last().correlation_id, *one.correlation_id());
    assert_eq!(world.last().request_id, None);
}

#[tokio::test]
async fn an_event_names_the_relaxations_that_the_message_needed_and_no_others() {
    let (idp, strict) = saml().await;
    let relaxed = Relaxations::none().allow_sha1().allow_cdata();
    let relaxed = danger::provider(&idp.saml_metadata(), ENTITY_ID, ACS, relaxed).unwrap();
    let honest = posted(&idp);
    let xml = String::from_utf8(STANDARD.decode(&honest).unwrap()).unwrap();
    let sectioned = STANDARD.encode(xml.replacen(">martha</", "><![CDATA[martha]]></", 1));
    for (provider, response, expected) in [(strict, &honest, &[][..]), (relaxed, &sectioned, &["cdata"])] {
        let mut world = World::new().with_saml(provider);
        world.broker = world.broker.with_clock(Arc::new(daypass::time::SystemClock));
        world.broker.verify(from_post(response)).await.unwrap();
        assert_eq!((world.last().outcome, &world.last().relaxations[..]), (Outcome::Accepted, expected));
        world.broker.verify(from_post("bm90IFhNTA==")).await.unwrap_err();
        assert_eq!((world.last().outcome, &world.last().relaxations[..]), (Outcome::Refused, &[][..]));
    }
}
