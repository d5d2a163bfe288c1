//! Replay of SAML assertions (Keycloak CVE-2026-18967: OneTimeUse ignored, nothing remembered): what an attacker may change
//! about a message without breaking its signature makes no new assertion of it.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use daypass::identity::saml::{SamlProvider, UnverifiedResponse};
use daypass::store::StoreError;
use daypass::time::Timestamp;
use daypass::{Error, VerifiedIdentity};

use crate::signer::{self, ACS, Fields, IDP, REQUEST, SP, STRANGER, Signing, TRUSTED};
use crate::world::{Unreachable, World};

fn provider() -> SamlProvider {
    SamlProvider::new(&signer::metadata(&[("", &TRUSTED)]), SP, ACS).unwrap()
}

pub(crate) fn world() -> World {
    let world = World::new().with_saml(provider());
    world.clock.set(Timestamp::parse_rfc3339("2026-06-01T12:00:30Z").unwrap());
    world
}

pub(crate) async fn sign_in(world: &World, xml: &str) -> Result<VerifiedIdentity, Error> {
    world.broker.verify(UnverifiedResponse::from_post(&STANDARD.encode(xml), REQUEST)?).await
}

async fn exchange(world: &World, provider: &str, xml: &str) -> Result<VerifiedIdentity, Error> {
    let response = UnverifiedResponse::for_exchange(&STANDARD.encode(xml))?;
    world.broker.begin()?.exchange(provider, response).await
}

fn replayed(outcome: Result<VerifiedIdentity, Error>) {
    let error = outcome.unwrap_err();
    assert!(matches!(&error, Error::Replayed { assertion_id } if assertion_id == "_assertion"), "{error:?}");
}

fn one_time() -> Fields {
    let conditions = Fields::default().conditions;
    let end = "<saml:OneTimeUse></saml:OneTimeUse></saml:Conditions>";
    Fields { conditions: conditions.replace("</saml:Conditions>", end), ..Fields::default() }
}

#[tokio::test]
async fn another_envelope_around_the_same_assertion() {
    let world = world();
    let message = Fields::default().signed_assertion();
    sign_in(&world, &message).await.unwrap();
    for again in [
        message.clone(),
        format!(" {message}\n"),
        message.replace("\"_response\"", "\"_another\""),
        message.replace("<samlp:Response ", "<samlp:Response xmlns:x=\"urn:x\" "),
        message.replace(&format!("Destination=\"{ACS}\" "), ""),
        message.replace("InResponseTo=\"_request\" IssueInstant", "IssueInstant"),
        message.replace("samlp:", "p:").replace("xmlns:samlp", "xmlns:p"),
        message.replace("</ds:Signature>", "<ds:KeyInfo></ds:KeyInfo></ds:Signature>"),
    ] {
        replayed(sign_in(&world, &again).await);
    }
    // The same assertion under a signature of the response, and made anew by the provider under the same ID.
    let fields = Fields::default();
    replayed(sign_in(&world, &fields.signed_response()).await);
    let anew = Fields { name_id: "<saml:NameID>rosa</saml:NameID>".into(), ..Fields::default() };
    replayed(sign_in(&world, &anew.signed_assertion()).await);
}

#[tokio::test]
async fn a_refused_copy_does_not_use_the_assertion_up() {
    let world = world();
    let message = Fields::default().signed_assertion();
    for refused in [
        message.replace("martha", "admin"),
        message.replace(REQUEST, "_other"),
        message.replace("status:Success", "status:Responder"),
    ] {
        assert!(matches!(sign_in(&world, &refused).await.unwrap_err(), Error::Saml(_)));
    }
    sign_in(&world, &message).await.unwrap();
    replayed(sign_in(&world, &message).await);
}

#[tokio::test]
async fn one_time_use_is_once_over_every_way_in() {
    let message = one_time().signed_assertion();
    let first_exchanged = world();
    exchange(&first_exchanged, "corp", &message).await.unwrap();
    replayed(exchange(&first_exchanged, "corp", &message).await);
    replayed(sign_in(&first_exchanged, &message).await);
    let first_signed_in = world();
    sign_in(&first_signed_in, &message).await.unwrap();
    replayed(exchange(&first_signed_in, "corp", &message).await);
    // What does not say so is exchanged until it expires, for several roles, as in the cloud.
    let world = world();
    let message = Fields::default().signed_assertion();
    for _ in 0..3 {
        exchange(&world, "corp", &message).await.unwrap();
    }
    world.clock.advance(Duration::from_secs(10 * 60));
    assert!(matches!(exchange(&world, "corp", &message).await.unwrap_err(), Error::Saml(_)));
}

#[tokio::test]
async fn an_id_that_two_identity_providers_chose_is_two_assertions() {
    let other_id = "https://other-idp.example";
    let metadata = signer::metadata(&[("", &STRANGER)]).replace(IDP, other_id);
    let other = SamlProvider::new(&metadata, SP, ACS).unwrap().named("other");
    let world = world().with_saml(other);
    let ours = one_time();
    let theirs = Fields {
        response_issuer: signer::issuer(other_id),
        issuer: ours.issuer.replace(IDP, other_id),
        ..ours.clone()
    };
    let theirs = theirs.response(&Signing::default().sign(&theirs.assertion(), "_assertion", &STRANGER));
    exchange(&world, "corp", &ours.signed_assertion()).await.unwrap();
    exchange(&world, "other", &theirs).await.unwrap();
    replayed(exchange(&world, "corp", &ours.signed_assertion()).await);
    replayed(exchange(&world, "other", &theirs).await);
    // CVE-2026-49284: one provider's assertion under the other's name.
    assert!(matches!(exchange(&world, "other", &ours.signed_assertion()).await.unwrap_err(), Error::Saml(_)));
}

#[tokio::test]
async fn memory_that_cannot_be_asked_refuses() {
    // Whether an assertion was used, and whether the session it speaks of was ended, is not guessed.
    let world = world().with_store(Unreachable);
    for refused in [
        sign_in(&world, &Fields::default().signed_assertion()).await,
        exchange(&world, "corp", &one_time().signed_assertion()).await,
        exchange(&world, "corp", &Fields::default().signed_assertion()).await,
    ] {
        assert!(matches!(refused.unwrap_err(), Error::Store(StoreError::Unavailable { .. })));
    }
}

#[tokio::test]
async fn a_second_confirmation_that_lasts_longer_is_no_second_use() {
    // Each is good by itself: forgotten when the first one ends, the assertion would serve again by the other.
    let fields = one_time();
    let (short, long) = (&fields.confirmations, fields.confirmations.replace("12:05:00Z", "12:25:00Z"));
    let conditions = fields.conditions.replace("12:10:00Z", "12:30:00Z");
    let world = World::new().with_saml(provider().with_clock_skew(Duration::ZERO).unwrap());
    for both in [format!("{short}{long}"), format!("{long}{short}")] {
        world.clock.set(Timestamp::parse_rfc3339("2026-06-01T12:00:30Z").unwrap());
        let id = if both.starts_with(short) { "_assertion" } else { "_second" };
        let fields = Fields { confirmations: both, conditions: conditions.clone(), ..fields.clone() };
        let assertion = fields.assertion().replace("_assertion", id);
        let message = fields.response(&Signing::default().sign(&assertion, id, &TRUSTED));
        let first = exchange(&world, "corp", &message).await.unwrap();
        assert_eq!(first.not_on_or_after().to_string(), "2026-06-01T12:25:00Z");
        world.clock.advance(Duration::from_secs(20 * 60));
        let again = exchange(&world, "corp", &message).await.unwrap_err();
        assert!(matches!(again, Error::Replayed { .. }), "{again:?}");
    }
}
