//! Each deliberate mistake is made where it belongs, once, and nothing else is wrong.

use crate::common::*;
use crate::fixture::*;
use demo_idp::{Fault, IdTokenRequest};
use serde_json::{Value, json};

/// Header and claims, without those that a fault changes.
fn without(token: &str, names: &[&str]) -> (Value, Value) {
    let (mut header, mut claims) = (token_part(token, 0), token_part(token, 1));
    for name in names {
        header.as_object_mut().unwrap().remove(*name);
        claims.as_object_mut().unwrap().remove(*name);
    }
    (header, claims)
}

#[tokio::test]
async fn mistakes_in_an_id_token_are_the_only_thing_wrong_with_it() {
    let world = World::start().await;
    let mint = |fault: Option<Fault>| {
        let request = IdTokenRequest::new("martha", "portal").with_nonce("n");
        let request = fault.into_iter().fold(request, IdTokenRequest::with_fault);
        world.idp.id_token_for(request).unwrap()
    };
    let good = mint(None);
    let keys = world.browser.get("/jwks").await.json();
    let now = world.idp.now().unix_timestamp();
    for (fault, changes) in [
        (Fault::WrongAuthorizedParty, json!({ "azp": "somebody-else" })),
        (Fault::ExtraAudience, json!({ "aud": ["portal", "somebody-else"], "azp": "portal" })),
        (Fault::FutureIat, json!({ "iat": now + 3_600, "exp": now + 7_200 })),
    ] {
        let bad = mint(Some(fault));
        signature_verifies(&bad, &keys).unwrap();
        let names: Vec<&str> = changes.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(without(&bad, &names), without(&good, &names), "{fault}");
        for name in names {
            assert_eq!(token_part(&bad, 1)[name], changes[name], "{fault}");
        }
    }
    let typed = mint(Some(Fault::WrongTyp));
    signature_verifies(&typed, &keys).unwrap();
    assert_eq!(token_part(&typed, 0)["typ"], "at+jwt");
    assert_eq!(without(&typed, &["typ"]), without(&good, &["typ"]));

    let unknown = mint(Some(Fault::UnknownKey));
    assert_eq!(signature_verifies(&unknown, &keys).unwrap_err(), "unknown key");
    assert_eq!(without(&unknown, &["kid"]), without(&good, &["kid"]));
    assert_ne!(token_part(&unknown, 0)["kid"], token_part(&good, 0)["kid"]);
}

#[tokio::test]
async fn a_wrong_at_hash_is_of_another_token() {
    let world = World::start().await;
    world.idp.break_next(Fault::WrongAtHash);
    let half = |text: &str| {
        use base64::Engine;
        use base64::engine::general_purpose::URL_SAFE_NO_PAD;
        let whole = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, text.as_bytes());
        URL_SAFE_NO_PAD.encode(&whole.as_ref()[..16])
    };
    let bad = world.tokens("portal", &[]).await;
    let good = world.tokens("portal", &[]).await;
    let token = |tokens: &Value| tokens["id_token"].as_str().unwrap().to_owned();
    let own = half(good["access_token"].as_str().unwrap());
    assert_eq!(token_part(&token(&good), 1)["at_hash"], own);
    let wrong = token_part(&token(&bad), 1)["at_hash"].clone();
    assert_ne!(wrong, half(bad["access_token"].as_str().unwrap()));
    assert_eq!(wrong.as_str().unwrap().len(), own.len());
    assert_eq!(without(&token(&bad), &["at_hash"]), without(&token(&good), &["at_hash"]));
}

#[tokio::test]
async fn mistakes_in_the_answer_to_a_request() {
    let world = World::start().await;
    let pairs = async || -> Vec<(String, String)> {
        let answer = world.answer(&World::authorize("portal", &[])).await;
        let (address, query) = answer.location().split_once('?').unwrap();
        assert_eq!(address, CALLBACK);
        form_urlencoded::parse(query.as_bytes()).into_owned().filter(|(name, _)| name != "code").collect()
    };
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let (state, iss) = (pair("state", "a-state"), pair("iss", world.idp.issuer()));
    for (fault, expected) in [
        (None, vec![state.clone(), iss.clone()]),
        (Some(Fault::MissingResponseIssuer), vec![state.clone()]),
        (Some(Fault::WrongResponseIssuer), vec![state.clone(), pair("iss", "https://somebody-else.example")]),
        (Some(Fault::WrongState), vec![iss.clone(), pair("state", "a-state-nobody-sent")]),
        (Some(Fault::DuplicateState), vec![state.clone(), iss.clone(), state.clone()]),
        (None, vec![state, iss]),
    ] {
        fault.into_iter().for_each(|fault| world.idp.break_next(fault));
        assert_eq!(pairs().await, expected, "{fault:?}");
    }
    world.idp.break_next(Fault::DuplicateCode);
    let answer = world.answer(&World::authorize("portal", &[])).await;
    let query = answer.location().split_once('?').unwrap().1.to_owned();
    let codes: Vec<String> = form_urlencoded::parse(query.as_bytes())
        .filter(|(name, _)| name == "code")
        .map(|(_, value)| value.into_owned())
        .collect();
    assert!(codes.len() == 2 && codes[0] == codes[1]);
    assert_eq!(world.redeem("portal", &codes[0], &[]).await.status, 200);
}

#[tokio::test]
async fn mistakes_of_a_refresh_and_of_userinfo() {
    let world = World::start().await;
    world.idp.break_next(Fault::OtherPersonRefreshed);
    world.idp.break_next(Fault::WrongUserinfoSubject);
    let first = world.tokens("portal", &[]).await;
    let second = world.refresh("portal", &first["refresh_token"], &[]).await.json();
    let third = world.refresh("portal", &second["refresh_token"], &[]).await.json();
    let token = |tokens: &Value| tokens["id_token"].as_str().unwrap().to_owned();
    let subjects = [&first, &second, &third].map(|tokens| token_part(&token(tokens), 1)["sub"].clone());
    assert_eq!(subjects, ["martha", "somebody-else", "martha"]);
    signature_verifies(&token(&second), &world.browser.get("/jwks").await.json()).unwrap();
    assert_eq!(without(&token(&second), &["sub", "at_hash"]), without(&token(&third), &["sub", "at_hash"]));

    let said = async || world.userinfo("Bearer", &third["access_token"], &[]).await.json();
    let (bad, good) = (said().await, said().await);
    assert_eq!((&bad["sub"], &good["sub"]), (&json!("somebody-else"), &json!("martha")));
    assert_eq!(changed(bad, &json!({ "sub": "martha" })), good);
}

#[tokio::test]
async fn mistakes_of_the_token_endpoint() {
    let world = World::start().await;
    let key = Key::new();
    let redeem = async || {
        let code = world.code("native", &[]).await;
        world.redeem("native", &code, &[world.proof(&key, "/token", &json!({}))]).await
    };
    world.idp.break_next(Fault::TokenTypeDowngrade);
    assert_eq!(world.tokens("native", &[]).await["token_type"], "Bearer", "nothing was bound, so nothing is wrong");
    let bad = redeem().await.json();
    assert_eq!((&bad["token_type"], &bad["expires_in"]), (&json!("Bearer"), &json!(300)));
    let refused = world.userinfo("Bearer", &bad["access_token"], &[]).await;
    assert_eq!(refused.status, 401, "bound all the same");
    assert_eq!(redeem().await.json()["token_type"], "DPoP");

    world.idp.break_always(Fault::UseDpopNonce);
    for _ in 0..3 {
        assert_eq!(refusal(&redeem().await).1, "use_dpop_nonce");
    }
    assert_eq!(world.tokens("native", &[]).await["token_type"], "Bearer");
    world.idp.mend();
    assert_eq!(redeem().await.status, 200);

    world.idp.break_next(Fault::OversizeAnswer);
    let large = redeem().await;
    assert!(large.status == 200 && large.text.len() > 2 * 1024 * 1024);
    assert_eq!(large.json()["token_type"], "DPoP");
    assert!(redeem().await.text.len() < 4_096);
}

#[tokio::test]
async fn mistakes_in_what_is_published() {
    let world = World::start().await;
    let document = async || world.browser.get("/.well-known/openid-configuration").await.json();
    world.idp.break_next(Fault::WrongDiscoveryIssuer);
    world.idp.break_next(Fault::KeysUnavailable);
    let (bad, good) = (document().await, document().await);
    assert_eq!(bad["issuer"], "https://somebody-else.example");
    assert_eq!(changed(bad, &json!({ "issuer": world.idp.issuer() })), good);
    assert_eq!(world.browser.get("/jwks").await.status, 503);
    assert_eq!(world.browser.get("/jwks").await.status, 200);
}

/// What is promised is kept: every endpoint answers, and every list is the one that the endpoints go by.
#[tokio::test]
async fn the_discovery_document_is_true() {
    let world = World::start().await;
    let document = world.browser.get("/.well-known/openid-configuration").await.json();
    let endpoints = document
        .as_object()
        .unwrap()
        .iter()
        .filter(|(name, _)| name.ends_with("_endpoint") || name.as_str() == "jwks_uri");
    let mut count = 0;
    for (name, address) in endpoints {
        assert_ne!(world.browser.get(address.as_str().unwrap()).await.status, 404, "{name}");
        count += 1;
    }
    assert_eq!(count, 7);
    let lists = |name: &str, value: &str| document[name].as_array().unwrap().contains(&json!(value));
    for (name, value) in [
        ("grant_types_supported", "refresh_token"),
        ("scopes_supported", "offline_access"),
        ("token_endpoint_auth_methods_supported", "private_key_jwt"),
        ("token_endpoint_auth_signing_alg_values_supported", "ES256"),
        ("revocation_endpoint_auth_methods_supported", "private_key_jwt"),
        ("dpop_signing_alg_values_supported", "ES256"),
        ("userinfo_signing_alg_values_supported", "EdDSA"),
    ] {
        assert!(lists(name, value), "{name} {value}");
    }
    for word in document["prompt_values_supported"].as_array().unwrap() {
        let answer = world
            .browser
            .get(&format!("/authorize?{}", World::authorize("portal", &[("prompt", word.as_str().unwrap())])))
            .await;
        assert_ne!(parameter(answer.location(), "error").as_deref(), Some("invalid_request"), "{word}");
    }
}
