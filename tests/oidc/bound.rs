//! Requests that are pushed (RFC 9126) and tokens that are bound to a key (RFC 9449), as the provider sees them.

use daypass::explain::Report;
use daypass::http::fetch::FetchError;
use daypass::http::relying_party::{ClientCredential, DpopKey, RelyingParty, SignInError};
use serde_json::{Value, json};

use crate::scripted::{Answer, Scripted, pem, query_of};
use crate::support::{CLIENT, NOW, now};

fn par() -> Value {
    json!({ "pushed_authorization_request_endpoint": "/par", "require_pushed_authorization_requests": true })
}

fn bound(idp: &Scripted) -> RelyingParty {
    idp.party("secret").with_dpop(DpopKey::from_pem(&pem("ES256")).unwrap())
}

#[tokio::test]
async fn where_requests_are_pushed_the_browser_carries_a_name_alone() {
    let idp = Scripted::start(par()).await;
    let party = idp.party("secret");
    idp.answer_next("/par", Answer::json(201, json!({"request_uri": "urn:example:r&1", "expires_in": 60})));
    let started = party.begin(now()).await.unwrap();
    let sent = query_of(&started.redirect_url);
    let expected = [("client_id", CLIENT), ("request_uri", "urn:example:r&1"), ("tenant", "1")];
    assert_eq!(sent, expected.map(|(name, value)| (name.to_owned(), value.to_owned())).into());
    assert_eq!(started.redirect_until.unix_seconds(), NOW + 60);
    let pushed = idp.asked("/par").pop().unwrap();
    assert!(pushed.header("authorization").unwrap().starts_with("Basic "), "as at the token endpoint");
    for name in ["response_type", "state", "nonce", "code_challenge", "redirect_uri", "scope"] {
        assert!(!pushed.form[name].is_empty(), "{name}");
    }
    idp.come_back(&party, started, &mut Report::new(), |_| {}).await.unwrap();
}

#[tokio::test]
async fn a_refused_push_ends_the_sign_in_with_the_code_of_the_provider() {
    let idp = Scripted::start(par()).await;
    idp.answer_next("/par", Answer::json(400, json!({"error": "invalid_scope"})));
    let refused = idp.party("secret").begin(now()).await.unwrap_err();
    assert_eq!(refused, SignInError::Pushed { status: 400, error: Some("invalid_scope".to_owned()) });
    assert!(refused.reason().contains("invalid_scope"));
}

#[tokio::test]
async fn a_provider_that_requires_pushing_must_say_where() {
    let idp = Scripted::start(json!({ "require_pushed_authorization_requests": true })).await;
    let refused = idp.party("secret").begin(now()).await.unwrap_err();
    assert_eq!(refused, SignInError::Endpoint { member: "pushed_authorization_request_endpoint" });
}

#[tokio::test]
async fn an_absurd_request_uri_is_not_put_into_a_url() {
    let idp = Scripted::start(par()).await;
    let flood = format!("urn:{}", "x".repeat(20_000));
    for uri in ["", "x", "urn:a\r\nset-cookie: b", "urn:a#b c", flood.as_str()] {
        idp.answer_next("/par", Answer::json(201, json!({"request_uri": uri, "expires_in": 60})));
        let refused = idp.party("secret").begin(now()).await.unwrap_err();
        assert_eq!(refused, SignInError::PushedResponse { expected: "a request_uri of at most 1 KiB" });
    }
    idp.answer_next("/par", Answer::json(201, json!({"request_uri": "urn:a", "expires_in": 0})));
    let refused = idp.party("secret").begin(now()).await.unwrap_err();
    assert!(matches!(refused, SignInError::PushedResponse { expected: "expires_in in whole seconds" }), "{refused:?}");
}

#[tokio::test]
async fn an_authorization_endpoint_that_runs_in_the_page_is_none() {
    for url in ["javascript:alert(document.cookie)", "data:text/html,hello", "http://idp.example/authorize"] {
        let idp = Scripted::start(json!({ "authorization_endpoint": url })).await;
        let refused = idp.party("secret").begin(now()).await.unwrap_err();
        assert_eq!(refused, SignInError::Endpoint { member: "authorization_endpoint" });
    }
}

#[tokio::test]
async fn oversized_answers_are_not_read() {
    let flood = |status| Answer::json(status, json!({ "x": "y".repeat(200_000) }));
    let idp = Scripted::start(par()).await;
    idp.answer_next("/par", flood(201));
    let refused = idp.party("secret").begin(now()).await.unwrap_err();
    assert!(matches!(refused, SignInError::Fetch(FetchError::TooLong { .. })), "{refused:?}");
    let idp = Scripted::start(json!({})).await;
    idp.answer_next("/token", flood(200));
    let refused = idp.sign_in(&idp.party("secret"), &mut Report::new(), |_| {}).await.unwrap_err();
    assert!(matches!(refused, SignInError::Fetch(FetchError::TooLong { .. })), "{refused:?}");
    let idp = Scripted::start(json!({})).await;
    idp.answer_next("/userinfo", flood(200));
    let refused = idp.sign_in(&idp.party("secret").with_userinfo(), &mut Report::new(), |_| {}).await.unwrap_err();
    assert!(matches!(refused, SignInError::Fetch(FetchError::TooLong { .. })), "{refused:?}");
}

#[tokio::test]
async fn tokens_are_bound_to_the_key_from_the_request_to_userinfo() {
    let idp = Scripted::start(json!({ "dpop_signing_alg_values_supported": ["ES256"] })).await;
    let party = bound(&idp).with_userinfo();
    let thumbprint = DpopKey::from_pem(&pem("ES256")).unwrap().thumbprint();
    let started = party.begin(now()).await.unwrap();
    assert_eq!(query_of(&started.redirect_url)["dpop_jkt"], thumbprint, "the code is bound too");
    idp.answer_next("/userinfo", Answer::json(200, json!({"sub": "martha", "phone": "1"})));
    let bound_tokens = |tokens: &mut Value| tokens["token_type"] = json!("DPoP");
    let done = idp.come_back(&party, started, &mut Report::new(), bound_tokens).await.unwrap();
    assert_eq!(done.identity.attribute("phone"), ["1"]);
    let (header, claims) = idp.asked("/token")[0].proof();
    assert_eq!(header["typ"], json!("dpop+jwt"));
    assert_eq!(claims["htu"], json!(format!("{}/token", idp.issuer)), "without the query");
    assert_eq!(claims.get("ath"), None);
    let userinfo = idp.asked("/userinfo").pop().unwrap();
    assert_eq!(userinfo.header("authorization"), Some("DPoP access-1"));
    let (_, claims) = userinfo.proof();
    // The SHA-256 of `access-1`.
    assert_eq!(claims["ath"], json!("9MKET0Y7WpOlF96BtnoJyLnXlpe9Pn5RReIOHKIBPAY"));
    assert_eq!(claims["htm"], json!("GET"));
}

#[tokio::test]
async fn a_nonce_of_the_server_is_used_once_asked_for_and_kept() {
    let idp = Scripted::start(json!({})).await;
    let party = bound(&idp);
    let wanted = Answer::json(400, json!({"error": "use_dpop_nonce"})).with("dpop-nonce", "n-1");
    idp.answer_next("/token", wanted.clone());
    let dpop = |tokens: &mut Value| tokens["token_type"] = json!("DPoP");
    idp.sign_in(&party, &mut Report::new(), dpop).await.unwrap();
    let nonces = |idp: &Scripted| -> Vec<Value> {
        idp.asked("/token").iter().map(|asked| asked.proof().1.get("nonce").cloned().unwrap_or_default()).collect()
    };
    assert_eq!(nonces(&idp), [Value::Null, json!("n-1")]);
    let jtis: Vec<Value> = idp.asked("/token").iter().map(|asked| asked.proof().1["jti"].clone()).collect();
    assert_ne!(jtis[0], jtis[1], "a proof counts once");
    idp.sign_in(&party, &mut Report::new(), dpop).await.unwrap();
    assert_eq!(nonces(&idp)[2], json!("n-1"), "the next sign-in needs no second try");
}

#[tokio::test]
async fn a_server_that_is_never_content_with_a_nonce_is_asked_twice() {
    let idp = Scripted::start(json!({})).await;
    for nonce in ["n-1", "n-2", "n-3"] {
        let wanted = Answer::json(400, json!({"error": "use_dpop_nonce"})).with("dpop-nonce", nonce);
        idp.answer_next("/token", wanted);
    }
    let refused = idp.sign_in(&bound(&idp), &mut Report::new(), |_| {}).await.unwrap_err();
    assert!(matches!(refused, SignInError::Exchange { status: 400, .. }), "{refused:?}");
    assert_eq!(idp.asked("/token").len(), 2);
    // A nonce that is none is no reason to ask again.
    let idp = Scripted::start(json!({})).await;
    let absurd = "n".repeat(1000);
    idp.answer_next("/token", Answer::json(400, json!({"error": "use_dpop_nonce"})).with("dpop-nonce", &absurd));
    let refused = idp.sign_in(&bound(&idp), &mut Report::new(), |_| {}).await.unwrap_err();
    assert!(matches!(refused, SignInError::Exchange { status: 400, .. }), "{refused:?}");
    assert_eq!(idp.asked("/token").len(), 1);
}

#[tokio::test]
async fn a_nonce_beside_another_answer_is_kept_and_no_reason_to_ask_again() {
    let idp = Scripted::start(json!({})).await;
    let party = bound(&idp);
    let refusal = Answer::json(400, json!({"error": "invalid_grant"})).with("dpop-nonce", "n-1");
    idp.answer_next("/token", refusal);
    let refused = idp.sign_in(&party, &mut Report::new(), |_| {}).await.unwrap_err();
    assert_eq!(refused, SignInError::Exchange { status: 400, error: Some("invalid_grant".to_owned()) });
    assert_eq!(idp.asked("/token").len(), 1, "a code is shown once");
    let _ = idp.sign_in(&party, &mut Report::new(), |_| {}).await;
    assert_eq!(idp.asked("/token")[1].proof().1["nonce"], json!("n-1"));
}

#[tokio::test]
async fn a_downgrade_from_bound_to_bearer_tokens_is_refused() {
    let idp = Scripted::start(json!({})).await;
    for (party, found) in [(bound(&idp), "Bearer"), (idp.party("secret"), "DPoP"), (idp.party("secret"), "N_A")] {
        let mut report = Report::new();
        let outcome = idp.sign_in(&party, &mut report, |tokens| tokens["token_type"] = json!(found)).await;
        let error = outcome.unwrap_err();
        assert_eq!(error.rule().map(|rule| rule.name), Some("token_type"), "{error:?}");
        assert_eq!(report.failure().map(|check| check.name), Some("token_type"));
    }
}

#[tokio::test]
async fn a_downgrade_while_a_sign_in_goes_on_is_refused() {
    let idp = Scripted::start(json!({})).await;
    for (party, given, found) in [(bound(&idp), "DPoP", "Bearer"), (idp.party("secret"), "Bearer", "DPoP")] {
        let typed = |tokens: &mut Value| tokens["token_type"] = json!(given);
        let tokens = idp.sign_in(&party, &mut Report::new(), typed).await.unwrap().tokens;
        idp.answer_next("/token", Answer::json(200, json!({"access_token": "access-2", "token_type": found})));
        let mut report = Report::new();
        let error = party.refresh(&tokens, now(), &mut report).await.unwrap_err();
        assert_eq!(error.rule().map(|rule| rule.name), Some("token_type"), "{error:?}");
        assert_eq!(report.failure().map(|check| check.name), Some("token_type"));
    }
}

#[tokio::test]
async fn a_public_client_with_a_key_refreshes_by_the_same_key() {
    let idp = Scripted::start(json!({ "token_endpoint_auth_methods_supported": ["none"] })).await;
    let party = idp.party(ClientCredential::public()).with_dpop(DpopKey::generate().unwrap());
    let dpop = |tokens: &mut Value| tokens["token_type"] = json!("DPoP");
    let done = idp.sign_in(&party, &mut Report::new(), dpop).await.unwrap();
    let fresh = json!({"access_token": "access-2", "token_type": "DPoP", "refresh_token": "refresh-2"});
    idp.answer_next("/token", Answer::json(200, fresh));
    let refreshed = party.refresh(&done.tokens, now(), &mut Report::new()).await.unwrap();
    assert_eq!(refreshed.tokens.refresh_token(), Some("refresh-2"));
    let asked = idp.asked("/token");
    assert_eq!(asked[0].proof().0["jwk"], asked[1].proof().0["jwk"]);
    assert_eq!((asked[1].form["client_id"].as_str(), asked[1].form["refresh_token"].as_str()), (CLIENT, "refresh-1"));
}

#[tokio::test]
async fn two_sign_ins_at_once_both_learn_a_fresh_nonce() {
    let idp = Scripted::start(json!({})).await;
    let party = bound(&idp);
    for _ in 0..2 {
        idp.answer_next("/token", Answer::json(400, json!({"error": "use_dpop_nonce"})).with("dpop-nonce", "n-1"));
    }
    let dpop = |tokens: &mut Value| tokens["token_type"] = json!("DPoP");
    let (mut one, mut two) = (Report::new(), Report::new());
    let (one, two) = tokio::join!(idp.sign_in(&party, &mut one, dpop), idp.sign_in(&party, &mut two, dpop));
    let refused: Vec<_> = [one.err(), two.err()].into_iter().flatten().collect();
    assert!(!refused.iter().any(|error| matches!(error, SignInError::Exchange { .. })), "{refused:?}");
}
