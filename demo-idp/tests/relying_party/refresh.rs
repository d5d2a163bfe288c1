//! Refresh tokens and revocation.

use crate::common::*;
use crate::fixture::*;
use serde_json::{Value, json};
use std::time::Duration;

const PROFILE: (&str, &str) = ("scope", "openid profile");

#[tokio::test]
async fn a_refresh_keeps_who_and_when_and_has_no_nonce() {
    let world = World::start().await;
    let first = world.tokens("portal", &[]).await;
    world.idp.advance(Duration::from_secs(30));
    let second = world.refresh("portal", &first["refresh_token"], &[]).await.json();
    let (old, new) = (claims(&first), claims(&second));
    for name in ["iss", "sub", "aud", "auth_time"] {
        assert_eq!(old[name], new[name], "{name}");
    }
    assert_eq!((&old["nonce"], &new["nonce"]), (&json!("a-nonce"), &Value::Null));
    assert_eq!(new["iat"].as_i64().unwrap(), old["iat"].as_i64().unwrap() + 30);
    assert_ne!(old["at_hash"], new["at_hash"]);
    assert_eq!(second["scope"], "openid profile offline_access");
    assert_ne!(first["refresh_token"], second["refresh_token"]);
    assert_eq!(world.userinfo("Bearer", &second["access_token"], &[]).await.json()["sub"], "martha");
}

fn claims(tokens: &Value) -> Value {
    token_part(tokens["id_token"].as_str().unwrap(), 1)
}

#[tokio::test]
async fn who_gets_a_refresh_token() {
    let world = World::start().await;
    assert!(world.tokens("portal", &[PROFILE]).await.get("refresh_token").is_none());
    assert!(world.tokens("portal", &[]).await["refresh_token"].is_string());
    assert!(world.tokens("other", &[PROFILE]).await["refresh_token"].is_string(), "registered to");
}

#[tokio::test]
async fn attack_a_refresh_token_used_twice_ends_the_family() {
    let world = World::start().await;
    let first = world.tokens("native", &[]).await;
    let second = world.refresh("native", &first["refresh_token"], &[]).await.json();
    let third = world.refresh("native", &second["refresh_token"], &[]).await.json();
    let again = world.refresh("native", &first["refresh_token"], &[]).await;
    let (status, code, text) = refusal(&again);
    assert_eq!((status, code.as_str()), (400, "invalid_grant"));
    assert!(text.starts_with("The refresh token was used before"), "{text}");
    let newest = world.refresh("native", &third["refresh_token"], &[]).await;
    assert_eq!(refusal(&newest).2, "The refresh token is unknown, revoked or too old.");
    for tokens in [first, second, third] {
        assert_eq!(world.userinfo("Bearer", &tokens["access_token"], &[]).await.status, 401);
    }
}

#[tokio::test]
async fn attack_a_code_used_twice_ends_the_refresh_tokens_too() {
    let world = World::start().await;
    let code = world.code("portal", &[]).await;
    let tokens = world.redeem("portal", &code, &[]).await.json();
    world.redeem("portal", &code, &[]).await;
    let refused = world.refresh("portal", &tokens["refresh_token"], &[]).await;
    assert_eq!(refusal(&refused).2, "The refresh token is unknown, revoked or too old.");
}

#[tokio::test]
async fn attack_another_client_neither_uses_nor_spends_it() {
    let world = World::start().await;
    let tokens = world.tokens("portal", &[]).await;
    let stolen = world.refresh("other", &tokens["refresh_token"], &[]).await;
    assert_eq!(
        refusal(&stolen),
        (400, "invalid_grant".to_owned(), "The refresh token was issued to another client.".to_owned())
    );
    let unproven = world
        .post(
            "/token",
            &[
                ("grant_type", "refresh_token"),
                ("refresh_token", tokens["refresh_token"].as_str().unwrap()),
                ("client_id", "portal"),
            ],
            &[],
        )
        .await;
    assert_eq!(refusal(&unproven).1, "invalid_client");
    assert_eq!(world.refresh("portal", &tokens["refresh_token"], &[]).await.status, 200);
}

#[tokio::test]
async fn a_scope_can_be_narrowed_for_once_and_never_widened() {
    let world = World::start().await;
    let tokens = world.tokens("portal", &[]).await;
    let with_scope = async |token: &Value, scope: &str| {
        let mut form = vec![("grant_type", "refresh_token"), ("refresh_token", token.as_str().unwrap())];
        form.extend(credentials("portal"));
        form.push(("scope", scope));
        world.post("/token", &form, &[]).await
    };
    let wide = with_scope(&tokens["refresh_token"], "openid email").await;
    assert_eq!((refusal(&wide).0, refusal(&wide).1.as_str()), (400, "invalid_scope"));
    let narrow = with_scope(&tokens["refresh_token"], "openid").await.json();
    assert_eq!(narrow["scope"], "openid");
    assert_eq!(world.userinfo("Bearer", &narrow["access_token"], &[]).await.json(), json!({ "sub": "martha" }));
    let whole = world.refresh("portal", &narrow["refresh_token"], &[]).await.json();
    assert_eq!(whole["scope"], "openid profile offline_access");
}

#[tokio::test]
async fn refresh_tokens_end_by_the_clock() {
    let world = World::start().await;
    let mut token = world.tokens("portal", &[]).await["refresh_token"].clone();
    for _ in 0..29 {
        world.idp.advance(Duration::from_secs(24 * 3_600 - 1));
        token = world.refresh("portal", &token, &[]).await.json()["refresh_token"].clone();
    }
    world.idp.advance(Duration::from_secs(24 * 3_600 - 1));
    let old = world.refresh("portal", &token, &[]).await;
    assert_eq!(old.status, 200, "thirty days less half a minute");
    world.idp.advance(Duration::from_secs(31));
    let refused = world.refresh("portal", &old.json()["refresh_token"], &[]).await;
    assert_eq!(refusal(&refused).2, "The refresh token is unknown, revoked or too old.");

    let idle = world.tokens("portal", &[("prompt", "login")]).await;
    world.idp.advance(Duration::from_secs(24 * 3_600));
    assert_eq!(refusal(&world.refresh("portal", &idle["refresh_token"], &[]).await).1, "invalid_grant");
}

#[tokio::test]
async fn a_revoked_refresh_token_takes_all_with_it_and_an_access_token_itself() {
    let world = World::start().await;
    let tokens = world.tokens("portal", &[]).await;
    let revoke = async |client_id: &str, token: &str| {
        let mut form = credentials(client_id);
        form.push(("token", token));
        world.post("/revoke", &form, &[]).await
    };
    let access_token = tokens["access_token"].as_str().unwrap();
    let refresh_token = tokens["refresh_token"].as_str().unwrap();
    for token in [access_token, refresh_token] {
        let foreign = revoke("other", token).await;
        assert_eq!(refusal(&foreign).2, "The token was issued to another client.");
    }
    assert_eq!(revoke("portal", "unknown").await.status, 200, "RFC 7009 section 2.2");
    assert_eq!(refusal(&revoke("portal", "").await).1, "invalid_request");
    assert_eq!(refusal(&revoke("nobody", access_token).await).0, 401);
    assert_eq!(world.userinfo("Bearer", &tokens["access_token"], &[]).await.status, 200);

    assert_eq!(revoke("portal", access_token).await.status, 200);
    assert_eq!(world.userinfo("Bearer", &tokens["access_token"], &[]).await.status, 401);
    let next = world.refresh("portal", &tokens["refresh_token"], &[]).await.json();
    assert_eq!(revoke("portal", next["refresh_token"].as_str().unwrap()).await.status, 200);
    assert_eq!(world.userinfo("Bearer", &next["access_token"], &[]).await.status, 401);
    assert_eq!(refusal(&world.refresh("portal", &next["refresh_token"], &[]).await).1, "invalid_grant");
}
