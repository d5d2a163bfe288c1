//! What the userinfo endpoint says, and in which form.

use crate::common::*;
use crate::fixture::*;
use serde_json::json;

#[tokio::test]
async fn a_scope_decides_what_is_said() {
    let world = World::start().await;
    let said = async |scope: &str| {
        let tokens = world.tokens("portal", &[("scope", scope)]).await;
        (tokens["scope"].clone(), world.userinfo("Bearer", &tokens["access_token"], &[]).await.json())
    };
    assert_eq!(said("openid").await, (json!("openid"), json!({ "sub": "martha" })));
    let mail = json!({ "sub": "martha", "email": "martha@example.com", "email_verified": true });
    assert_eq!(said("email openid").await, (json!("openid email"), mail));
    let groups = json!({ "sub": "martha", "groups": ["Admins", "Developers"] });
    assert_eq!(said("openid groups unheard-of").await, (json!("openid groups"), groups), "unknown words are left out");
    let names = json!({ "sub": "martha", "name": "Martha Rivera", "preferred_username": "martha" });
    assert_eq!(said("openid profile").await, (json!("openid profile"), names));
}

#[tokio::test]
async fn a_client_that_registered_for_it_is_answered_in_a_signed_token() {
    let world = World::start().await;
    let tokens = world.tokens("sealed", &[("scope", "openid")]).await;
    let answer = world.userinfo("Bearer", &tokens["access_token"], &[]).await;
    assert_eq!((answer.header("content-type"), answer.header("cache-control")), ("application/jwt", "no-store"));
    signature_verifies(&answer.text, &world.browser.get("/jwks").await.json()).unwrap();
    assert_eq!(token_part(&answer.text, 0)["alg"], "EdDSA");
    assert_eq!(token_part(&answer.text, 1), json!({ "sub": "martha", "iss": world.idp.issuer(), "aud": "sealed" }));
}
