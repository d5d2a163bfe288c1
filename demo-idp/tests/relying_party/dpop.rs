//! Proofs of possession (RFC 9449).

use crate::common::*;
use crate::fixture::*;
use serde_json::{Value, json};
use std::time::Duration;

impl World {
    async fn bound_tokens(&self, client_id: &str, key: &Key) -> Value {
        let code = self.code(client_id, &[]).await;
        let answer = self.redeem(client_id, &code, &[self.proof(key, "/token", &json!({}))]).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.json()
    }

    /// A proof for the userinfo endpoint and this access token.
    fn use_of(&self, key: &Key, token: &Value, changes: &Value) -> String {
        let usual = json!({ "htm": "GET", "ath": hash(token.as_str().unwrap()) });
        self.proof(key, "/userinfo", &changed(usual, changes))
    }

    async fn refused_proof(&self, proofs: &[String]) -> String {
        let code = self.code("native", &[]).await;
        let (status, code, text) = refusal(&self.redeem("native", &code, proofs).await);
        assert_eq!((status, code.as_str()), (400, "invalid_dpop_proof"), "{text}");
        text
    }
}

#[tokio::test]
async fn a_bound_token_works_with_its_key_and_no_other_way() {
    let world = World::start().await;
    let (key, other) = (Key::new(), Key::new());
    let tokens = world.bound_tokens("native", &key).await;
    assert_eq!(tokens["token_type"], "DPoP");
    let token = &tokens["access_token"];
    let good = world.userinfo("DPoP", token, &[world.use_of(&key, token, &json!({}))]).await;
    assert_eq!((good.status, good.json()["sub"].clone()), (200, json!("martha")));

    let as_bearer = world.userinfo("Bearer", token, &[]).await;
    assert_eq!(as_bearer.header("www-authenticate"), "Bearer realm=\"userinfo\", error=\"invalid_token\"");
    let without = world.userinfo("DPoP", token, &[]).await;
    assert!(
        without.header("www-authenticate").starts_with("DPoP realm=\"userinfo\", error=\"invalid_dpop_proof\", algs=")
    );
    let stolen = world.userinfo("DPoP", token, &[world.use_of(&other, token, &json!({}))]).await;
    assert!(stolen.header("www-authenticate").starts_with("DPoP realm=\"userinfo\", error=\"invalid_token\", algs="));
    for changes in [json!({ "ath": null }), json!({ "ath": hash("another") }), json!({ "htm": "POST" })] {
        let answer = world.userinfo("DPoP", token, &[world.use_of(&key, token, &changes)]).await;
        assert_eq!((answer.status, answer.json()["error"].clone()), (401, json!("invalid_dpop_proof")), "{changes}");
    }
    let unbound = world.tokens("native", &[]).await["access_token"].clone();
    let raised = world.userinfo("DPoP", &unbound, &[world.use_of(&key, &unbound, &json!({}))]).await;
    assert_eq!(raised.json()["error"], "invalid_token", "a bearer's token is not bound by whoever uses it");
}

#[tokio::test]
async fn attack_proofs_for_others_or_of_another_time_are_refused() {
    let world = World::start().await;
    let key = Key::new();
    let now = world.idp.now().unix_timestamp();
    let time = "The iat of the proof is more than a minute from now.";
    for (changes, expected) in [
        (json!({ "htm": "GET" }), "The htm of the proof is not the method of the request."),
        (json!({ "htm": "post" }), "The htm of the proof is not the method of the request."),
        (
            json!({ "htu": "https://somebody-else.example/token" }),
            "The htu of the proof is not the address of this endpoint.",
        ),
        (json!({ "htu": null }), "The htu of the proof is not the address of this endpoint."),
        (json!({ "iat": now - 90 }), time),
        (json!({ "iat": now + 90 }), time),
        (json!({ "iat": i64::MIN }), time),
        (json!({ "iat": 1e300 }), "The proof has no iat, or one that is no number of seconds."),
        (json!({ "iat": null }), "The proof has no iat, or one that is no number of seconds."),
        (json!({ "jti": null }), "The proof has no jti of 1 to 200 bytes."),
        (json!({ "jti": "j".repeat(201) }), "The proof has no jti of 1 to 200 bytes."),
    ] {
        assert_eq!(world.refused_proof(&[world.proof(&key, "/token", &changes)]).await, expected, "{changes}");
    }
    let with_query = json!({ "htu": format!("{}/token?a=b#c", world.idp.base_url()) });
    let code = world.code("native", &[]).await;
    let answer = world.redeem("native", &code, &[world.proof(&key, "/token", &with_query)]).await;
    assert_eq!(answer.status, 200, "query and fragment do not count");
}

#[tokio::test]
async fn attack_what_is_no_proof_is_refused() {
    let world = World::start().await;
    let (key, other) = (Key::new(), Key::new());
    let claims = token_part(&world.proof(&key, "/token", &json!({})), 1);
    let header = json!({ "typ": "dpop+jwt", "alg": "ES256", "jwk": key.jwk });
    let by_key = "The signature of the proof is not by the key it holds.";
    let no_key = "The proof holds no public key of a kind that is accepted here.";
    for (changes, expected) in [
        (json!({ "typ": "JWT" }), "The typ of the proof is not dpop+jwt."),
        (json!({ "typ": null }), "The typ of the proof is not dpop+jwt."),
        (json!({ "jwk": null }), no_key),
        (json!({ "jwk": { "kty": "oct", "k": "AAAA" } }), no_key),
        (json!({ "jwk": changed(key.jwk.clone(), &json!({ "d": "AAAA" })) }), no_key),
        (json!({ "jwk": other.jwk }), by_key),
        (json!({ "alg": "none" }), by_key),
        (json!({ "alg": "HS256" }), by_key),
    ] {
        assert_eq!(world.refused_proof(&[key.sign(&changed(header.clone(), &changes), &claims)]).await, expected);
    }
    assert_eq!(world.refused_proof(&["not a JWS".to_owned()]).await, "The proof is no JWS that can be read.");
    let two = [world.proof(&key, "/token", &json!({})), world.proof(&key, "/token", &json!({}))];
    assert_eq!(world.refused_proof(&two).await, "There is more than one DPoP header.");
}

#[tokio::test]
async fn attack_a_proof_is_good_once() {
    let world = World::start().await;
    let key = Key::new();
    let proof = world.proof(&key, "/token", &json!({ "jti": "mine" }));
    let code = world.code("native", &[]).await;
    assert_eq!(world.redeem("native", &code, std::slice::from_ref(&proof)).await.status, 200);
    assert_eq!(world.refused_proof(&[proof]).await, "The proof was used before.");
    world.idp.advance(Duration::from_secs(60));
    let again = world.proof(&key, "/token", &json!({ "jti": "mine", "iat": world.idp.now().unix_timestamp() - 60 }));
    assert_eq!(world.refused_proof(&[again]).await, "The proof was used before.", "to the end of its window");
}

#[tokio::test]
async fn a_code_can_be_bound_from_the_start() {
    let world = World::start().await;
    let (key, other) = (Key::new(), Key::new());
    let bound = "The code is bound to a key that was not proven.";
    for proofs in [vec![], vec![world.proof(&other, "/token", &json!({}))]] {
        let code = world.code("native", &[("dpop_jkt", &key.thumbprint())]).await;
        assert_eq!(refusal(&world.redeem("native", &code, &proofs).await).2, bound);
    }
    let code = world.code("native", &[("dpop_jkt", &key.thumbprint())]).await;
    assert_eq!(world.redeem("native", &code, &[world.proof(&key, "/token", &json!({}))]).await.status, 200);
    let bad = world.answer(&World::authorize("native", &[("dpop_jkt", "short")])).await;
    assert_eq!(parameter(bad.location(), "error").as_deref(), Some("invalid_request"));
}

#[tokio::test]
async fn a_client_that_registered_for_it_must_come_with_a_proof() {
    let world = World::start().await;
    let code = world.code("bound", &[]).await;
    let refused = world.redeem("bound", &code, &[]).await;
    assert_eq!(refusal(&refused).2, "This client registered to use DPoP, and sent no proof.");
    let answer = world.redeem("bound", &code, &[world.proof(&Key::new(), "/token", &json!({}))]).await;
    assert_eq!(answer.status, 200, "the code was not spent");
}

#[tokio::test]
async fn refresh_tokens_of_public_clients_are_bound_and_of_others_are_not() {
    let world = World::start().await;
    let (key, other) = (Key::new(), Key::new());
    let tokens = world.bound_tokens("native", &key).await;
    for proofs in [vec![], vec![world.proof(&other, "/token", &json!({}))]] {
        let stolen = world.refresh("native", &tokens["refresh_token"], &proofs).await;
        assert_eq!(refusal(&stolen).2, "The refresh token is bound to a key that was not proven.");
    }
    let next =
        world.refresh("native", &tokens["refresh_token"], &[world.proof(&key, "/token", &json!({}))]).await.json();
    assert_eq!(next["token_type"], "DPoP", "and it was not spent");
    let stolen = world.refresh("native", &next["refresh_token"], &[]).await;
    assert_eq!(refusal(&stolen).1, "invalid_grant", "its successor is bound too");

    let tokens = world.bound_tokens("portal", &key).await;
    let next =
        world.refresh("portal", &tokens["refresh_token"], &[world.proof(&other, "/token", &json!({}))]).await.json();
    let token = &next["access_token"];
    assert_eq!(world.userinfo("DPoP", token, &[world.use_of(&other, token, &json!({}))]).await.status, 200);
    assert_eq!(world.userinfo("DPoP", token, &[world.use_of(&key, token, &json!({}))]).await.status, 401);
}

#[tokio::test]
async fn a_nonce_is_asked_for_and_spends_nothing() {
    let world = World::start_with(|builder| builder.dpop_nonce(true)).await;
    let key = Key::new();
    let code = world.code("native", &[]).await;
    let asked = world.redeem("native", &code, &[world.proof(&key, "/token", &json!({}))]).await;
    assert_eq!((refusal(&asked).0, refusal(&asked).1.as_str()), (400, "use_dpop_nonce"));
    let nonce = asked.header("dpop-nonce").to_owned();
    let made_up = world.redeem("native", &code, &[world.proof(&key, "/token", &json!({ "nonce": "mine" }))]).await;
    assert_eq!(refusal(&made_up).1, "use_dpop_nonce");
    let answer = world.redeem("native", &code, &[world.proof(&key, "/token", &json!({ "nonce": nonce }))]).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let token = &answer.json()["access_token"];
    let asked = world.userinfo("DPoP", token, &[world.use_of(&key, token, &json!({}))]).await;
    assert!(asked.header("www-authenticate").contains("error=\"use_dpop_nonce\""), "{:?}", asked.headers);
    let nonce = json!({ "nonce": asked.header("dpop-nonce") });
    assert_eq!(world.userinfo("DPoP", token, &[world.use_of(&key, token, &nonce)]).await.status, 200);
    world.idp.advance(Duration::from_secs(240));
    let old = world.redeem("native", "x", &[world.proof(&key, "/token", &nonce)]).await;
    assert_eq!(refusal(&old).1, "use_dpop_nonce");
    assert_ne!(old.header("dpop-nonce"), nonce["nonce"].as_str().unwrap());
    assert_eq!(World::start().await.tokens("native", &[]).await["token_type"], "Bearer", "nobody else is bothered");
}
