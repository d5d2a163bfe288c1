//! Keys that are replaced while tokens they signed are about.

use crate::common::*;
use crate::fixture::*;
use demo_idp::Idp;
use serde_json::{Value, json};
use std::time::Duration;

async fn jwks(world: &World) -> Value {
    world.browser.get("/jwks").await.json()
}

#[tokio::test]
async fn new_keys_sign_at_once_and_old_ones_stay_published_until_withdrawn() {
    let world = World::start().await;
    let token = || world.idp.id_token("martha", "portal").unwrap();
    let old = token();
    let kept = jwks(&world).await;
    world.idp.rotate_keys().unwrap();
    let new = token();
    assert_ne!(token_part(&old, 0)["kid"], token_part(&new, 0)["kid"]);
    assert!(signature_verifies(&new, &kept).is_err(), "whoever kept the old set has to come again");
    let fresh = jwks(&world).await;
    signature_verifies(&new, &fresh).unwrap();
    signature_verifies(&old, &fresh).unwrap();
    world.idp.withdraw_old_keys();
    let fresh = jwks(&world).await;
    signature_verifies(&new, &fresh).unwrap();
    assert_eq!(signature_verifies(&old, &fresh).unwrap_err(), "unknown key");
}

#[tokio::test]
async fn a_rotation_can_be_ordered_over_http() {
    let world = World::start_with(|builder| builder.test_controls(true)).await;
    let rotate = async |body: Value| {
        let request = world.browser.client().post(format!("{}/_control/keys/rotate", world.idp.base_url()));
        world.browser.send(request.header("content-type", "application/json").body(body.to_string())).await
    };
    let count = |answer: &Answer| answer.json()["keys"].as_array().unwrap().len();
    let first = rotate(json!({})).await;
    assert_eq!((first.status, count(&first)), (200, 4), "it answers with the key set");
    assert_eq!(count(&rotate(json!({ "withdraw": true })).await), 2);
    assert_eq!(rotate(json!({ "withdraw": 1 })).await.status, 400);
    assert_eq!(rotate(json!({ "keep": true })).await.status, 400);
    let unasked = world.browser.client().post(format!("{}/_control/keys/rotate", world.idp.base_url())).body("{}");
    assert_eq!(world.browser.send(unasked).await.status, 415);
}

#[tokio::test]
async fn the_key_set_says_how_long_it_may_be_kept() {
    let world = World::start().await;
    assert_eq!(world.browser.get("/jwks").await.header("cache-control"), "public, max-age=300");
    let world = World::start_with(|builder| builder.jwks_max_age(Duration::from_secs(7))).await;
    assert_eq!(world.browser.get("/jwks").await.header("cache-control"), "public, max-age=7");
}

#[tokio::test]
async fn rsa_keys_are_replaced_too_and_saml_keeps_its_own() {
    let idp = Idp::builder().users(demo_directory_of_one()).audience("api").start().await.unwrap();
    let metadata = idp.saml_metadata();
    let old = idp.id_token("martha", "api").unwrap();
    idp.rotate_keys().unwrap();
    let new = idp.id_token("martha", "api").unwrap();
    assert_eq!((token_part(&new, 0)["alg"].clone(), idp.saml_metadata() == metadata), (json!("RS256"), true));
    let jwks = json_at(format!("{}/jwks", idp.base_url())).await;
    signature_verifies(&old, &jwks).unwrap();
    signature_verifies(&new, &jwks).unwrap();
}

fn demo_directory_of_one() -> Vec<demo_idp::User> {
    vec![demo_idp::User::new("martha", "correct-horse")]
}
