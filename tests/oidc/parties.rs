//! Which party asks which provider for what: metadata of issuers that sign nobody in, secrets in place of keys, and sign-ins
//! that another party began.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use daypass::explain::Report;
use daypass::http::relying_party::{PendingSignIn, RelyingParty, SignInError};
use daypass::identity::oidc::{HmacAlgorithm, OidcProvider};
use serde_json::json;

use crate::scripted::{Answer, CALLBACK, Scripted, decoded};
use crate::support::{CLIENT, now};

/// Managed Kubernetes and SPIRE fill in what nobody is meant to open.
#[tokio::test]
async fn metadata_of_issuers_that_sign_nobody_in_still_names_their_keys() {
    for nowhere in ["urn:kubernetes:programmatic_authorization", ""] {
        let idp = Scripted::start(json!({"authorization_endpoint": nowhere, "token_endpoint": null})).await;
        let party = idp.party("secret");
        let keys = party.keys().for_key_id(None, now()).await;
        assert!(keys.is_ok_and(|keys| !keys.keys().is_empty()), "{nowhere:?}");
        let refused = party.begin(now()).await.unwrap_err();
        assert_eq!(refused, SignInError::Endpoint { member: "authorization_endpoint" });
    }
}

#[tokio::test]
async fn a_provider_with_a_shared_secret_is_asked_for_no_keys() {
    let idp = Scripted::start(json!({})).await;
    let secret = "0123456789abcdef0123456789abcdef";
    let provider = OidcProvider::new(&idp.issuer, [CLIENT]).unwrap().with_local_network();
    let provider = provider.with_client_secret(HmacAlgorithm::Hs256, secret).unwrap();
    let party = RelyingParty::new(provider, secret, CALLBACK).unwrap().with_userinfo();
    idp.answer_next("/userinfo", Answer::json(200, json!({"sub": "martha", "phone": "1"})));
    let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    let mut report = Report::new();
    let signed_in = idp.sign_in(&party, &mut report, |tokens| {
        let (_, claims) = decoded(tokens["id_token"].as_str().unwrap());
        let input = format!("{}.{}", encode(br#"{"alg":"HS256"}"#), encode(claims.to_string().as_bytes()));
        let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, secret.as_bytes());
        let tag = aws_lc_rs::hmac::sign(&key, input.as_bytes());
        tokens["id_token"] = json!(format!("{input}.{}", encode(tag.as_ref())));
    });
    assert_eq!(signed_in.await.unwrap().identity.attribute("phone"), ["1"]);
    assert!(idp.asked("/jwks").is_empty());
}

/// The mix-up attack inside one application: no code, and no verifier, is sent to another provider than was asked.
#[tokio::test]
async fn a_sign_in_is_finished_by_the_party_that_began_it() {
    let (one, two) = (Scripted::start(json!({})).await, Scripted::start(json!({})).await);
    let (first, second) = (one.party("secret"), two.party("secret"));
    let started = first.begin(now()).await.unwrap();
    let query = format!("code=c&state={}", started.pending.state());
    let pending = PendingSignIn::from_text(&started.pending.to_text()).unwrap();
    let browser = std::str::from_utf8(started.browser_secret.expose()).unwrap();
    let mut report = Report::new();
    let refused = second.complete(pending, browser, &query, now(), &mut report).await.unwrap_err();
    assert_eq!(refused.rule().map(|rule| rule.name), Some("callback_issuer"));
    assert_eq!(report.failure().map(|check| check.name), Some("callback_issuer"));
    assert!(two.asked("/token").is_empty(), "the code was sent to the other provider");
}
