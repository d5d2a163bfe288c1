//! Pushed authorization requests (RFC 9126).

use crate::common::*;
use crate::fixture::*;
use serde_json::json;
use std::time::Duration;

impl World {
    async fn push(&self, client_id: &str, more: &[(&str, &str)]) -> Answer {
        let text = Self::authorize(client_id, more);
        let mut pairs: Vec<(String, String)> = form_urlencoded::parse(text.as_bytes()).into_owned().collect();
        let secret = credentials(client_id).into_iter().filter(|(name, _)| *name == "client_secret");
        pairs.extend(secret.map(|(name, value)| (name.to_owned(), value.to_owned())));
        let form: Vec<(&str, &str)> = pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        self.post("/par", &form, &[]).await
    }

    async fn go(&self, client_id: &str, request_uri: &str) -> Answer {
        self.answer(&query(&[("client_id", client_id), ("request_uri", request_uri)])).await
    }
}

#[tokio::test]
async fn a_pushed_request_is_answered_once() {
    let world = World::start().await;
    let pushed = world.push("portal", &[]).await;
    assert_eq!((pushed.status, pushed.json()["expires_in"].clone()), (201, json!(90)));
    assert_eq!(pushed.header("cache-control"), "no-store");
    let uri = pushed.json()["request_uri"].as_str().unwrap().to_owned();
    assert!(uri.starts_with("urn:ietf:params:oauth:request_uri:"));
    let back = world.go("portal", &uri).await;
    assert_eq!(parameter(back.location(), "state").as_deref(), Some("a-state"));
    let code = parameter(back.location(), "code").unwrap();
    assert_eq!(world.redeem("portal", &code, &[]).await.status, 200);
    let again = world.go("portal", &uri).await;
    assert_eq!((again.status, again.location()), (400, ""));
    assert!(again.text.contains("no pushed request under this request_uri"), "{}", again.text);
}

#[tokio::test]
async fn attack_a_pushed_request_is_its_clients_and_ends() {
    let world = World::start().await;
    let uri = world.push("portal", &[]).await.json()["request_uri"].as_str().unwrap().to_owned();
    let stolen = world.go("other", &uri).await;
    assert!(stolen.status == 400 && stolen.text.contains("no pushed request under this request_uri"));
    world.idp.advance(Duration::from_secs(89));
    assert!(world.go("portal", &uri).await.location().starts_with(CALLBACK), "not spent by the other");
    let uri = world.push("portal", &[]).await.json()["request_uri"].as_str().unwrap().to_owned();
    world.idp.advance(Duration::from_secs(90));
    assert_eq!(world.go("portal", &uri).await.status, 400);
}

#[tokio::test]
async fn what_the_browser_says_beside_it_does_not_count() {
    let world = World::start().await;
    let uri = world.push("portal", &[]).await.json()["request_uri"].as_str().unwrap().to_owned();
    let pairs = [
        ("client_id", "portal"),
        ("request_uri", &uri),
        ("state", "another"),
        ("redirect_uri", "http://evil.localhost"),
    ];
    let back = world.answer(&query(&pairs)).await;
    assert!(back.location().starts_with(CALLBACK), "{}", back.location());
    assert_eq!(parameter(back.location(), "state").as_deref(), Some("a-state"));
}

#[tokio::test]
async fn unknown_parameters_are_ignored() {
    let world = World::start().await;
    let unknown = ("unheard_of", "x");
    let uri = world.push("portal", &[unknown]).await.json()["request_uri"].as_str().unwrap().to_owned();
    let pushed = world.answer(&query(&[("client_id", "portal"), ("request_uri", &uri), unknown])).await;
    let direct = world.answer(&World::authorize("portal", &[unknown])).await;
    for answer in [pushed, direct] {
        let code = parameter(answer.location(), "code").unwrap();
        let mut form = credentials("portal");
        form.extend([("grant_type", "authorization_code"), ("code", &code), ("redirect_uri", CALLBACK)]);
        form.extend([("code_verifier", VERIFIER), unknown]);
        assert_eq!(world.post("/token", &form, &[]).await.status, 200);
    }
}

#[tokio::test]
async fn a_client_that_must_push_is_refused_otherwise() {
    let world = World::start().await;
    let direct = world.answer(&World::authorize("pushy", &[])).await;
    assert_eq!(parameter(direct.location(), "error").as_deref(), Some("invalid_request"));
    assert_eq!(
        parameter(direct.location(), "error_description").as_deref(),
        Some("This client registered to push its requests.")
    );
    let uri = world.push("pushy", &[]).await.json()["request_uri"].as_str().unwrap().to_owned();
    let back = world.go("pushy", &uri).await;
    assert!(parameter(back.location(), "code").is_some());
}

#[tokio::test]
async fn a_request_is_judged_when_it_is_pushed() {
    let world = World::start().await;
    let refused = async |client_id: &str, change: (&'static str, &'static str)| {
        let (status, code, _) = refusal(&world.push(client_id, &[change]).await);
        (status, code)
    };
    let invalid = |code: &str| (400, code.to_owned());
    assert_eq!(refused("portal", ("redirect_uri", "http://evil.localhost/")).await, invalid("invalid_request"));
    assert_eq!(refused("portal", ("scope", "profile")).await, invalid("invalid_scope"));
    assert_eq!(refused("portal", ("code_challenge_method", "plain")).await, invalid("invalid_request"));
    assert_eq!(refused("portal", ("dpop_jkt", "short")).await, invalid("invalid_request"));
    assert_eq!(refused("portal", ("request_uri", "urn:x")).await, invalid("invalid_request"));
    assert_eq!(refused("nobody", ("state", "s")).await, (401, "invalid_client".to_owned()));
    assert_eq!(world.push("native", &[]).await.status, 201, "public clients too");
}

#[tokio::test]
async fn a_proof_with_the_push_binds_the_code() {
    let world = World::start().await;
    let (key, other) = (Key::new(), Key::new());
    let text = World::authorize("native", &[]);
    let pairs: Vec<(String, String)> = form_urlencoded::parse(text.as_bytes()).into_owned().collect();
    let mut form: Vec<(&str, &str)> = pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let pushed = world.post("/par", &form, &[world.proof(&key, "/par", &json!({}))]).await;
    let uri = pushed.json()["request_uri"].as_str().unwrap().to_owned();
    let code = parameter(world.go("native", &uri).await.location(), "code").unwrap();
    let refused = world.redeem("native", &code, &[world.proof(&other, "/token", &json!({}))]).await;
    assert_eq!(refusal(&refused).2, "The code is bound to a key that was not proven.");

    let thumbprint = other.thumbprint();
    form.push(("dpop_jkt", &thumbprint));
    let crossed = world.post("/par", &form, &[world.proof(&key, "/par", &json!({}))]).await;
    assert_eq!(refusal(&crossed).2, "The key of the proof is not the one dpop_jkt names.");
}

#[tokio::test]
async fn a_provider_that_takes_no_pushed_requests_does_not_offer_them() {
    for taken in [true, false] {
        let world = World::start_with(|builder| builder.pushed_requests(taken)).await;
        let document = world.browser.get("/.well-known/openid-configuration").await.json();
        assert_eq!(document.get("pushed_authorization_request_endpoint").is_some(), taken);
        assert_eq!(world.push("portal", &[]).await.status, if taken { 201 } else { 404 });
    }
}
