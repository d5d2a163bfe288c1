//! Who is given which signing key by the broker.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use daypass::credentials::{Credentials, Revocations};
use daypass::http::signing_keys;
use serde_json::Value;

use crate::fixture::{self, NOW};
use crate::oracle::{Draft, Wire, encode, martha, somebody_else};
use crate::site::{Site, ask, credentials_of};

const SCOPE: &str = "20260101/eu-west-1/reports/aws4_request";

fn form(of: &Credentials, token: &str, scope: &str) -> String {
    format!("AccessKeyId={}&SessionToken={}&Scope={}", of.access_key_id(), encode(token), encode(scope))
}

/// What `server` asks about, before it is signed.
fn wanted(body: String) -> Draft {
    Draft { method: "POST", body: body.into_bytes(), ..Draft::get("daypass", "/signing-keys") }
}

/// Asks for the key of a session of `of`.
async fn key_of(site: &Site, server: &Credentials, of: &Credentials, scope: &str) -> (u16, Value) {
    let body = form(of, of.session_token().expose(), scope);
    told(site, &wanted(body).sign(server)).await
}

async fn told(site: &Site, wire: &Wire) -> (u16, Value) {
    ask(signing_keys::router(site.broker.clone()), wire).await
}

#[tokio::test]
async fn a_server_is_given_the_key_of_its_own_service_and_what_the_role_permits() {
    let site = Site::new();
    let (status, handed) = key_of(&site, &credentials_of("ReportsServer"), martha(), SCOPE).await;
    assert_eq!(status, 200, "{handed}");
    let key = STANDARD.decode(handed["signing_key"].as_str().unwrap()).unwrap();
    let independent = aws_sigv4::sign::v4::generate_signing_key(
        martha().secret_access_key().expose(),
        crate::oracle::signed_at(),
        "eu-west-1",
        "reports",
    );
    assert_eq!(key, independent.as_ref());
    assert_eq!(handed["expiration"], NOW + 3600);
    assert!(handed["standing"]["identity"][0]["document"].as_str().unwrap().contains("ReadAll"));
    let text = handed.to_string();
    assert!(!text.contains(martha().secret_access_key().expose()));
    // Both steps are in the trail, and what was handed over belongs to martha's flow.
    let events = site.trail.events();
    assert!(events.iter().any(|event| event.operation == signing_keys::ACTION && event.code.is_none()));
    assert!(events.iter().any(|event| event.operation == "hand over a signing key" && event.resource == SCOPE));
}

#[tokio::test]
async fn attack_key_for_another_service() {
    let site = Site::new();
    let server = credentials_of("ReportsServer");
    let (status, refused) = key_of(&site, &server, martha(), "20260101/eu-west-1/photos/aws4_request").await;
    assert_eq!((status, refused["code"].as_str()), (403, Some("AccessDenied")));
    assert!(!site.trail.events().iter().any(|event| event.operation == "hand over a signing key"));
}

#[tokio::test]
async fn attack_key_for_the_brokers_own_services_whatever_policies_say() {
    let site = Site::new();
    for service in ["sts", "iam", "daypass", "sso", "sso-oauth"] {
        let scope = format!("20260101/eu-west-1/{service}/aws4_request");
        let (status, refused) = key_of(&site, &credentials_of("Greedy"), martha(), &scope).await;
        assert_eq!((status, refused["code"].as_str()), (409, Some("AccessDenied")), "{service}");
    }
    assert_eq!(key_of(&site, &credentials_of("Greedy"), martha(), SCOPE).await.0, 200);
}

#[tokio::test]
async fn attack_key_for_a_day_to_come_or_before_the_session() {
    let site = Site::new();
    let server = credentials_of("Greedy");
    for day in ["20251230", "20260102", "20270101"] {
        let scope = format!("{day}/eu-west-1/reports/aws4_request");
        let (status, refused) = key_of(&site, &server, martha(), &scope).await;
        assert_eq!((status, refused["code"].as_str()), (409, Some("ValidationError")), "{day}");
    }
    // A client whose clock is a little late may have signed the day before.
    assert_eq!(key_of(&site, &server, martha(), "20251231/eu-west-1/reports/aws4_request").await.0, 200);
}

#[tokio::test]
async fn attack_stranger_asking_for_a_key() {
    let site = Site::new();
    let body = form(martha(), martha().session_token().expose(), SCOPE);
    let unsigned = wanted(body.clone()).sign(martha()).with(|w| w.remove("authorization"));
    assert_eq!(told(&site, &unsigned).await.1["code"], "MissingAuthenticationToken");
    // Whose session it is gives no right to its key.
    let (status, refused) = told(&site, &wanted(body.clone()).sign(martha())).await;
    assert_eq!((status, refused["code"].as_str()), (403, Some("AccessDenied")));
    let altered = wanted(body).sign(&credentials_of("ReportsServer"));
    let altered = altered.with(|w| w.body = form(somebody_else(), "x", SCOPE).into_bytes());
    assert_eq!(told(&site, &altered).await.1["code"], "SignatureDoesNotMatch");
}

#[tokio::test]
async fn attack_key_for_a_session_that_is_not_one() {
    let site = Site::new();
    let server = credentials_of("Greedy");
    let token = somebody_else().session_token().expose();
    let borrowed = wanted(form(martha(), token, SCOPE)).sign(&server);
    assert_eq!(told(&site, &borrowed).await, (409, told(&site, &borrowed).await.1));
    assert_eq!(told(&site, &borrowed).await.1["code"], "InvalidClientTokenId");
    let mut claims = fixture::claims();
    claims["exp"] = (NOW + 60).into();
    claims["session"]["expiration"] = (NOW + 60).into();
    let short = fixture::credentials_of(&claims);
    assert_eq!(key_of(&site, &server, &short, SCOPE).await.0, 200);
    site.clock.advance(std::time::Duration::from_secs(60));
    let (status, refused) = key_of(&site, &server, &short, SCOPE).await;
    assert_eq!((status, refused["code"].as_str()), (409, Some("ExpiredToken")));
    let mut revocations = Revocations::new();
    revocations.revoke_access_key(martha().access_key_id().clone());
    site.broker.sessions().replace_revocations(revocations);
    let (status, refused) = key_of(&site, &server, martha(), SCOPE).await;
    assert_eq!((status, refused["code"].as_str()), (409, Some("AccessDenied")));
}

#[tokio::test]
async fn a_session_of_another_account_is_not_the_servers_business() {
    let site = Site::new();
    let mut claims = fixture::claims();
    claims["sub"] = "arn:aws:sts::222222222222:assumed-role/PhotoReader/martha".into();
    claims["session"]["role_arn"] = "arn:aws:iam::222222222222:role/PhotoReader".into();
    let foreign = fixture::credentials_of(&claims);
    let (status, refused) = key_of(&site, &credentials_of("ReportsServer"), &foreign, SCOPE).await;
    assert_eq!((status, refused["code"].as_str()), (403, Some("AccessDenied")));
}

#[tokio::test]
async fn a_form_that_can_be_read_in_two_ways_is_refused() {
    let site = Site::new();
    let server = credentials_of("ReportsServer");
    let honest = form(martha(), martha().session_token().expose(), SCOPE);
    for body in [
        String::new(),
        honest.replace("Scope=", "Range="),
        format!("{honest}&Scope={}", encode(SCOPE)),
        format!("{honest}&More=1"),
        honest.replace("reports", "re%2Fports"),
        form(martha(), martha().session_token().expose(), "20260101/eu-west-1/reports"),
    ] {
        let (status, refused) = told(&site, &wanted(body.clone()).sign(&server)).await;
        assert_eq!((status, refused["code"].as_str()), (409, Some("ValidationError")), "{body}");
    }
}
