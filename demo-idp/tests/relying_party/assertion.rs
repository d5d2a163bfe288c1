//! Clients that authenticate by `private_key_jwt`.

use crate::common::*;
use crate::fixture::*;
use demo_idp::{Client, Idp, IdpError};
use serde_json::{Value, json};
use std::time::Duration;

impl World {
    fn claims(&self) -> Value {
        json!({
            "iss": "signer",
            "sub": "signer",
            "aud": self.idp.issuer(),
            "exp": self.idp.now().unix_timestamp() + 60,
            "iat": self.idp.now().unix_timestamp(),
            "jti": fresh(),
        })
    }

    /// What the token endpoint says to this assertion, the code being good.
    async fn present(&self, assertion: &str, more: &[(&str, &str)]) -> Answer {
        let code = self.code("signer", &[]).await;
        let mut form = vec![
            ("grant_type", "authorization_code"),
            ("code", &code),
            ("redirect_uri", CALLBACK),
            ("code_verifier", VERIFIER),
            ("client_assertion_type", ASSERTION_TYPE),
            ("client_assertion", assertion),
        ];
        form.retain(|(name, _)| !more.iter().any(|(changed, _)| changed == name));
        form.extend(more);
        self.post("/token", &form, &[]).await
    }

    async fn refused_for(&self, header: &Value, changes: &Value) -> String {
        let header = changed(json!({ "alg": "ES256", "typ": "client-authentication+jwt" }), header);
        let assertion = self.key.sign(&header, &changed(self.claims(), changes));
        let (status, code, text) = refusal(&self.present(&assertion, &[]).await);
        assert_eq!((status, code.as_str()), (401, "invalid_client"), "{header} {changes}");
        text
    }
}

#[tokio::test]
async fn an_assertion_in_either_type_is_good_for_one_request() {
    let world = World::start().await;
    for header in [json!({ "typ": "client-authentication+jwt" }), json!({ "typ": "JWT" }), json!({})] {
        let assertion = world.key.sign(&changed(json!({ "alg": "ES256" }), &header), &world.claims());
        let answer = world.present(&assertion, &[]).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        let again = world.present(&assertion, &[]).await;
        assert_eq!(refusal(&again).2, "The assertion was used before.");
    }
}

#[tokio::test]
async fn attack_assertions_for_others_or_of_another_time_are_refused() {
    let world = World::start().await;
    let now = world.idp.now().unix_timestamp();
    let issuer = world.idp.issuer().to_owned();
    let audience = "The aud of the assertion is not the issuer, as a single string.";
    let ended = "The assertion has expired, or has no exp.";
    for (changes, expected) in [
        (json!({ "aud": [issuer] }), audience),
        (json!({ "aud": format!("{issuer}/token") }), audience),
        (json!({ "aud": format!("{issuer}/") }), audience),
        (json!({ "aud": null }), audience),
        (json!({ "iss": "portal" }), "The iss of the assertion is not the client."),
        (json!({ "exp": now }), ended),
        (json!({ "exp": null }), ended),
        (json!({ "exp": (now + 60).to_string() }), ended),
        (json!({ "exp": now + 660 }), "The exp of the assertion is more than ten minutes away."),
        (json!({ "nbf": now + 90 }), "The nbf or iat of the assertion lies ahead."),
        (json!({ "iat": now + 90 }), "The nbf or iat of the assertion lies ahead."),
        (json!({ "iat": "soon" }), "The nbf or iat of the assertion lies ahead."),
        (json!({ "jti": null }), "The assertion has no jti of 1 to 200 bytes."),
        (json!({ "jti": "j".repeat(201) }), "The assertion has no jti of 1 to 200 bytes."),
        (json!({ "sub": "nobody" }), "The assertion is about no client of ours."),
        (json!({ "sub": "portal", "iss": "portal" }), "The signature of the assertion is by no key of the client."),
    ] {
        assert_eq!(world.refused_for(&json!({}), &changes).await, expected, "{changes}");
    }
}

#[tokio::test]
async fn attack_other_tokens_and_other_keys_are_no_assertion() {
    let world = World::start().await;
    let typ = "The typ of the assertion is that of another kind of token.";
    assert_eq!(world.refused_for(&json!({ "typ": "dpop+jwt" }), &json!({})).await, typ);
    assert_eq!(world.refused_for(&json!({ "typ": 5 }), &json!({})).await, typ);
    let signature = "The signature of the assertion is by no key of the client.";
    assert_eq!(world.refused_for(&json!({ "alg": "none" }), &json!({})).await, signature);
    assert_eq!(world.refused_for(&json!({ "alg": "HS256" }), &json!({})).await, signature);
    assert_eq!(
        world.refused_for(&json!({ "crit": ["x"] }), &json!({})).await,
        "The assertion is no JWS that can be read."
    );
    let stranger = Key::new();
    let header = json!({ "alg": "ES256", "jwk": stranger.jwk });
    let answer = world.present(&stranger.sign(&header, &world.claims()), &[]).await;
    assert_eq!(refusal(&answer).2, signature, "a key in the header is never read");
}

#[tokio::test]
async fn a_client_with_keys_has_no_other_way_in() {
    let world = World::start().await;
    let good = || world.key.sign(&json!({ "alg": "ES256" }), &world.claims());
    let code_of = |answer: Answer| refusal(&answer).1;
    let bare = [("client_assertion", ""), ("client_assertion_type", ""), ("client_id", "signer")];
    assert_eq!(code_of(world.present("", &bare).await), "invalid_client", "not as a public client");
    assert_eq!(code_of(world.present(&good(), &[("client_secret", "x")]).await), "invalid_request");
    assert_eq!(code_of(world.present(&good(), &[("client_id", "portal")]).await), "invalid_request");
    assert_eq!(code_of(world.present(&good(), &[("client_assertion_type", "urn:x")]).await), "invalid_request");
    assert_eq!(world.present(&good(), &[("client_id", "signer")]).await.status, 200);
}

#[tokio::test]
async fn a_used_jti_is_remembered_until_it_would_have_expired_and_per_client() {
    let world = World::start().await;
    let claims = changed(world.claims(), &json!({ "jti": "mine" }));
    assert_eq!(world.present(&world.key.sign(&json!({ "alg": "ES256" }), &claims), &[]).await.status, 200);
    world.idp.advance(Duration::from_secs(59));
    let text = world.refused_for(&json!({}), &json!({ "jti": "mine" })).await;
    assert_eq!(text, "The assertion was used before.");
    world.idp.advance(Duration::from_secs(2));
    let claims = changed(world.claims(), &json!({ "jti": "mine" }));
    assert_eq!(world.present(&world.key.sign(&json!({ "alg": "ES256" }), &claims), &[]).await.status, 200);
}

#[tokio::test]
async fn keys_that_cannot_be_used_are_refused_at_the_start() {
    for client in [
        Client::public("c", [CALLBACK]).with_jwks("{}"),
        Client::public("c", [CALLBACK]).with_jwks(r#"{"keys":[{"kty":"oct","k":"AA"}]}"#),
        Client::public("c", [CALLBACK]).with_public_key("-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----"),
    ] {
        let failed = Idp::builder().client(client).seed(1).start().await.unwrap_err();
        assert!(matches!(&failed, IdpError::ClientKey { client } if client == "c"), "{failed}");
    }
}
