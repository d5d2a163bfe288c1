//! An assertion serves once where it must, and until it expires where it may.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use daypass::Error;
use daypass::identity::Use;
use daypass::identity::saml::UnverifiedResponse;
use daypass::store::{MemoryStore, StoreError};
use daypass::time::{Clock, SystemClock};
use serde_json::json;

use crate::issuer;
use crate::world::{Unreachable, World, from_post, posted, saml, sign_in_token};

fn replayed<T: std::fmt::Debug>(outcome: Result<T, Error>) {
    let error = outcome.unwrap_err();
    assert!(matches!(error, Error::Replayed { .. }), "{error:?}");
    assert_eq!(error.code(), "InvalidIdentityToken");
}

#[tokio::test]
async fn an_id_token_signs_in_once() {
    let world = World::new();
    let token = sign_in_token();
    world.sign_in(&token).await.unwrap();
    replayed(world.sign_in(&token).await);
    // Another token about the same person in the same second is another token.
    world.sign_in(&issuer::token(&json!({"nonce": "nonce", "jti": "2"}))).await.unwrap();
}

#[tokio::test]
async fn the_twin_of_an_ecdsa_signature_does_not_make_a_new_token() {
    let world = World::new();
    let token = sign_in_token();
    let twin = twin(&token);
    assert_ne!(token, twin);
    World::new().sign_in(&twin).await.expect("the twin verifies, or this test shows nothing");
    world.sign_in(&token).await.unwrap();
    replayed(world.sign_in(&twin).await);
}

/// The same token with `(r, n - s)` for `(r, s)`, which verifies too.
fn twin(token: &str) -> String {
    const ORDER: &str = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let mut signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
    let mut borrow = 0_i32;
    for place in (0..32).rev() {
        let order = i32::from_str_radix(&ORDER[place * 2..place * 2 + 2], 16).unwrap();
        let difference = order - i32::from(signature[32 + place]) - borrow;
        borrow = i32::from(difference < 0);
        signature[32 + place] = u8::try_from(difference + borrow * 256).unwrap();
    }
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
}

#[tokio::test]
async fn a_token_of_a_workload_is_exchanged_until_it_expires() {
    let world = World::new();
    let token = issuer::token(&json!({}));
    for _ in 0..3 {
        world.exchange(&token).await.unwrap();
    }
    world.clock.advance(Duration::from_secs(300 + 60));
    let error = world.exchange(&token).await.unwrap_err();
    assert!(matches!(error, Error::Oidc(_)), "{error:?}");
}

#[tokio::test]
async fn a_used_assertion_is_remembered_for_as_long_as_it_could_be_used() {
    let world = World::new();
    let token = sign_in_token();
    world.sign_in(&token).await.unwrap();
    // Good for 300 s, and 60 s more for clocks that differ; after that its expiry refuses it.
    for (advance, expected_replay) in [(300, true), (59, true), (1, false)] {
        world.clock.advance(Duration::from_secs(advance));
        let error = world.sign_in(&token).await.unwrap_err();
        assert_eq!(matches!(error, Error::Replayed { .. }), expected_replay, "{advance}: {error:?}");
    }
}

#[tokio::test]
async fn a_saml_response_signs_in_once_and_is_exchanged_until_it_expires() {
    let (idp, provider) = saml().await;
    let world = World::new().with_saml(provider);
    world.clock.set(SystemClock.now());
    let response = posted(&idp);
    world.broker.verify(from_post(&response)).await.unwrap();
    replayed(world.broker.verify(from_post(&response)).await);
    let flow = world.broker.begin().unwrap();
    let assertion = idp.assertion("martha").unwrap();
    for _ in 0..3 {
        flow.exchange("corp", UnverifiedResponse::for_exchange(&assertion).unwrap()).await.unwrap();
    }
}

#[tokio::test]
async fn a_provider_set_to_once_lets_an_assertion_be_exchanged_once() {
    let (idp, provider) = saml().await;
    let world = World::new().with_saml(provider.with_assertion_use(Use::Once));
    world.clock.set(SystemClock.now());
    let flow = world.broker.begin().unwrap();
    let assertion = idp.assertion("martha").unwrap();
    flow.exchange("corp", UnverifiedResponse::for_exchange(&assertion).unwrap()).await.unwrap();
    replayed(flow.exchange("corp", UnverifiedResponse::for_exchange(&assertion).unwrap()).await);
}

#[tokio::test]
async fn of_two_sign_ins_at_once_one_succeeds() {
    let world = Arc::new(World::new());
    let token = sign_in_token();
    let attempts = (0..8).map(|_| {
        let (world, token) = (Arc::clone(&world), token.clone());
        tokio::spawn(async move { world.sign_in(&token).await.is_ok() })
    });
    let mut succeeded = 0;
    for attempt in attempts.collect::<Vec<_>>() {
        succeeded += usize::from(attempt.await.unwrap());
    }
    assert_eq!(succeeded, 1);
}

#[tokio::test]
async fn what_cannot_be_remembered_is_refused() {
    let world = World::new().with_store(Unreachable);
    let error = world.sign_in(&sign_in_token()).await.unwrap_err();
    assert!(matches!(error, Error::Store(StoreError::Unavailable { .. })), "{error:?}");
    assert_eq!((error.code(), error.reason().as_str()), ("ServiceUnavailable", "connection refused"));
    assert!(!error.to_string().contains("connection"), "callers do not learn what the store says: {error}");
    assert_eq!(world.last().code, Some("ServiceUnavailable"));
    // What needs no memory goes on.
    assert!(world.exchange(&issuer::token(&json!({}))).await.is_ok());
}

#[tokio::test]
async fn a_full_memory_refuses_rather_than_forgets() {
    let world = World::new().with_store(MemoryStore::new(1));
    let token = sign_in_token();
    world.sign_in(&token).await.unwrap();
    let error = world.sign_in(&issuer::token(&json!({"nonce": "nonce", "jti": "2"}))).await.unwrap_err();
    assert!(matches!(error, Error::Store(StoreError::Full { capacity: 1 })), "{error:?}");
    replayed(world.sign_in(&token).await);
}
