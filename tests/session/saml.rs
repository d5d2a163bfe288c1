//! Roles assumed with a SAML assertion of the demo identity provider: the attributes that only SAML has.

use std::time::Duration;

use daypass::VerifiedIdentity;
use daypass::explain::Silent;
use daypass::identity::saml::{self, SamlProvider, UnverifiedResponse};
use daypass::session::{AssumeRole, Role, SessionError};
use daypass::time::{Clock, SystemClock};
use demo_idp::{Idp, ServiceProvider, User};
use serde_json::json;

use crate::world::{READER, Verdict, federated, key, refused, role};

const PROVIDER: &str = "arn:aws:iam::111111111111:saml-provider/corp";
const ENTITY_ID: &str = "https://broker.example/saml";
const ACS: &str = "https://broker.example/saml/acs";

async fn signed_in(martha: User) -> VerifiedIdentity {
    let sp = ServiceProvider::new(ENTITY_ID, ACS);
    let idp = Idp::builder().seed(7).user(martha).service_provider(sp).start().await.unwrap();
    let provider = SamlProvider::new(&idp.saml_metadata(), ENTITY_ID, ACS).unwrap();
    let response = UnverifiedResponse::for_exchange(&idp.assertion("martha").unwrap()).unwrap();
    saml::verify(&provider, response, SystemClock.now(), &mut Silent).unwrap()
}

fn martha() -> User {
    User::new("martha", "correct-horse").with_role(format!("{READER},{PROVIDER}"))
}

fn trusting(condition: &serde_json::Value) -> Role {
    role(
        READER,
        &json!({"Effect": "Allow", "Principal": {"Federated": PROVIDER},
        "Action": ["sts:AssumeRoleWithSAML", "sts:TagSession"], "Condition": condition}),
    )
    .lasting_at_most(Duration::from_secs(12 * 3600))
}

fn ask() -> AssumeRole {
    AssumeRole::new(READER.parse().unwrap(), "somebody".parse().unwrap())
}

async fn assume(martha: User, role: &Role, ask: AssumeRole) -> Verdict {
    federated(&signed_in(martha).await, role, ask, SystemClock.now())
}

fn seconds(verdict: Verdict) -> u64 {
    let session = verdict.unwrap();
    session.expiration().duration_since(session.issued_at()).as_secs()
}

#[tokio::test]
async fn the_conditions_that_saml_trust_policies_use() {
    let host = |name: &str, value: &str| trusting(&json!({"StringEquals": {name: value}}));
    for (name, value) in [
        ("saml:aud", ACS),
        ("saml:sub", "martha"),
        ("SAML:sub_type", "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified"),
    ] {
        assert!(assume(martha(), &host(name, value), ask()).await.is_ok(), "{name}");
        assert_eq!(refused(assume(martha(), &host(name, "other"), ask()).await), "trust policy", "{name}");
    }
    let session = assume(martha(), &trusting(&json!({})), ask()).await.unwrap();
    assert_eq!(key(&session, "saml:sub"), ["martha"]);
    assert_eq!(key(&session, "saml:aud"), [ACS]);
    assert_eq!(key(&session, "aws:FederatedProvider"), [PROVIDER]);
}

/// The account and the provider's name there, and the qualifier that is made of them.
#[tokio::test]
async fn the_conditions_that_say_which_provider_it_was() {
    let host = |name: &str, value: &str| trusting(&json!({"StringEquals": {name: value}}));
    assert!(assume(martha(), &trusting(&json!({"Null": {"saml:namequalifier": "false"}})), ask()).await.is_ok());
    assert!(assume(martha(), &host("saml:doc", "111111111111/corp"), ask()).await.is_ok(), "saml:doc");
    assert_eq!(refused(assume(martha(), &host("saml:doc", "111111111111/other"), ask()).await), "trust policy");
}

#[tokio::test]
async fn only_a_role_that_the_provider_lists_is_assumed() {
    let role = trusting(&json!({}));
    let nobody = User::new("martha", "correct-horse");
    let (error, rule) = assume(nobody.clone(), &role, ask()).await.unwrap_err();
    assert!(matches!(error, SessionError::NotListed { .. }));
    assert_eq!((error.code(), rule), ("AccessDenied", Some("role listed by provider")));
    for pair in [
        format!("{READER}2,{PROVIDER}"),
        format!("{READER},arn:aws:iam::111111111111:saml-provider/other"),
        format!("{READER},arn:aws:iam::222222222222:saml-provider/corp"),
    ] {
        let listed = nobody.clone().with_role(pair);
        assert_eq!(refused(assume(listed, &role, ask()).await), "role listed by provider");
    }
    let reversed = nobody.clone().with_role(format!("{PROVIDER}, {READER}"));
    assert!(assume(reversed, &role, ask()).await.is_ok());
    let (error, _) = assume(nobody.with_role(READER), &role, ask()).await.unwrap_err();
    assert_eq!(error.code(), "InvalidIdentityToken", "{error}");
}

#[tokio::test]
async fn the_assertion_names_the_session() {
    let session = assume(martha(), &trusting(&json!({})), ask()).await.unwrap();
    assert_eq!(session.claims().role_session_name, "martha");
    let named = trusting(&json!({"StringEquals": {"sts:RoleSessionName": "somebody"}}));
    assert_eq!(refused(assume(martha(), &named, ask()).await), "trust policy");
}

#[tokio::test]
async fn the_assertion_says_how_long_unless_the_caller_does() {
    let role = trusting(&json!({}));
    let two_hours = martha().with_session_duration(Duration::from_secs(7200));
    assert_eq!(seconds(assume(two_hours.clone(), &role, ask()).await), 7200);
    assert_eq!(seconds(assume(two_hours.clone(), &role, ask().lasting(Duration::from_secs(900))).await), 900);
    let short = trusting(&json!({})).lasting_at_most(Duration::from_secs(3600));
    assert_eq!(refused(assume(two_hours, &short, ask()).await), "duration");
    let wrong = martha().with_session_duration(Duration::from_secs(60));
    let (error, _) = assume(wrong, &role, ask()).await.unwrap_err();
    assert!(
        matches!(error, SessionError::FederationAttribute { ref attribute, .. } if attribute.ends_with("SessionDuration"))
    );
}

#[tokio::test]
async fn a_session_ends_with_the_one_at_the_provider() {
    // SessionNotOnOrAfter of the demo identity provider is eight hours from the sign-in.
    let long = martha().with_session_duration(Duration::from_secs(12 * 3600));
    let identity = signed_in(long).await;
    let ends = identity.session_not_on_or_after().unwrap();
    let session = federated(&identity, &trusting(&json!({})), ask(), SystemClock.now()).unwrap();
    assert_eq!(session.expiration(), ends);
}

#[tokio::test]
async fn the_assertion_brings_tags() {
    let session = assume(martha().with_tag("team", "cats"), &trusting(&json!({})), ask()).await.unwrap();
    assert_eq!(key(&session, "aws:PrincipalTag/Team"), ["cats"]);
    let of_dogs = trusting(&json!({"StringEquals": {"aws:RequestTag/team": "dogs"}}));
    assert_eq!(refused(assume(martha().with_tag("team", "cats"), &of_dogs, ask()).await), "trust policy");
}
