//! How a client proves itself, and what its authorization request says, as the provider sees them.

use daypass::crypto::CryptoError;
use daypass::explain::Report;
use daypass::http::fetch::FetchError;
use daypass::http::relying_party::{BeginSignIn, ClientCredential, ClientKey, DpopKey, Prompt, SignInError};
use daypass::identity::oidc::discovery::DiscoveryError;
use daypass::identity::oidc::{CompactJws, Jwks};
use openidconnect::core::{CoreAuthPrompt, CoreAuthenticationFlow, CoreClient, CoreJsonWebKeySet};
use openidconnect::{
    AuthUrl, ClientId, CsrfToken, IssuerUrl, LoginHint, Nonce, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, Scope,
};
use serde_json::json;

use crate::scripted::{Answer, CALLBACK, Scripted, decoded, pem, pems, query_of};
use crate::support::{CLIENT, NOW, now};

const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

fn methods(methods: &[&str]) -> serde_json::Value {
    json!({ "token_endpoint_auth_methods_supported": methods })
}

#[tokio::test]
async fn a_private_key_signs_an_assertion_for_the_issuer_alone() {
    for (alg, pem) in pems() {
        let idp = Scripted::start(methods(&["client_secret_basic", "private_key_jwt"])).await;
        let key = ClientKey::from_pem(&pem).unwrap().with_key_id("k1");
        let registered = Jwks::parse(key.jwks().as_bytes()).unwrap();
        let party = idp.party(key);
        idp.sign_in(&party, &mut Report::new(), |_| {}).await.unwrap();
        let asked = idp.asked("/token").pop().unwrap();
        assert_eq!(asked.header("authorization"), None);
        assert_eq!(asked.form["client_assertion_type"], JWT_BEARER);
        assert!(!asked.form.contains_key("client_secret"));
        let assertion = &asked.form["client_assertion"];
        let (header, claims) = decoded(assertion);
        assert_eq!(header, json!({"alg": alg, "typ": "client-authentication+jwt", "kid": "k1"}));
        assert_eq!((&claims["iss"], &claims["sub"]), (&json!(CLIENT), &json!(CLIENT)));
        assert_eq!((&claims["iat"], &claims["exp"]), (&json!(NOW), &json!(NOW + 60)));
        assert!(claims["jti"].as_str().unwrap().len() >= 32);
        registered.verify(&CompactJws::parse(assertion).unwrap()).unwrap();
    }
}

/// CVE-2025-27370 and CVE-2025-27371: a provider that names another's token endpoint, or asks for a list, must not be
/// given an assertion that is good elsewhere.
#[tokio::test]
async fn audience_injection_on_client_assertions_gains_nothing() {
    let victim = Scripted::start(methods(&["private_key_jwt"])).await;
    let members = json!({
        "token_endpoint_auth_methods_supported": ["private_key_jwt"],
        "token_endpoint": format!("{}/token", victim.issuer),
        "pushed_authorization_request_endpoint": format!("{}/par", victim.issuer),
    });
    let attacker = Scripted::start(members).await;
    let party = attacker.party(ClientKey::from_pem(&pem("ES256")).unwrap());
    victim.answer_next("/par", Answer::json(201, json!({"request_uri": "urn:x:1", "expires_in": 60})));
    party.begin(now()).await.unwrap();
    let (_, claims) = decoded(&victim.asked("/par")[0].form["client_assertion"]);
    assert_eq!(claims["aud"], json!(attacker.issuer), "one string, and the issuer that was configured");
    // Metadata that claims to be the victim's is not read at all.
    let impostor = Scripted::start(json!({ "issuer": victim.issuer })).await;
    let refused = impostor.party(ClientKey::from_pem(&pem("ES256")).unwrap()).begin(now()).await.unwrap_err();
    assert!(matches!(refused, SignInError::Fetch(FetchError::Discovery(DiscoveryError::Issuer { .. }))), "{refused:?}");
}

#[tokio::test]
async fn secrets_go_where_the_provider_wants_them() {
    for (offered, by_header) in
        [(&["client_secret_post", "client_secret_basic"][..], false), (&["client_secret_basic"], true)]
    {
        let idp = Scripted::start(methods(offered)).await;
        idp.sign_in(&idp.party("s+ü"), &mut Report::new(), |_| {}).await.unwrap();
        let asked = idp.asked("/token").pop().unwrap();
        assert_eq!(asked.header("authorization").is_some(), by_header);
        assert_eq!(asked.form.get("client_secret").map(String::as_str), (!by_header).then_some("s+ü"));
    }
}

#[tokio::test]
async fn a_public_client_sends_its_name_and_nothing_else() {
    let idp = Scripted::start(methods(&["none"])).await;
    idp.sign_in(&idp.party(ClientCredential::public()), &mut Report::new(), |_| {}).await.unwrap();
    let asked = idp.asked("/token").pop().unwrap();
    assert_eq!(asked.header("authorization"), None);
    let names: Vec<_> = asked.form.keys().collect();
    assert_eq!(names, ["client_id", "code", "code_verifier", "grant_type", "redirect_uri"]);
}

#[tokio::test]
async fn a_method_or_algorithm_that_is_not_offered_is_an_error_before_anything_is_sent() {
    let key = || ClientCredential::from(ClientKey::from_pem(&pem("ES256")).unwrap());
    let par = json!("/par");
    for (credential, mut members) in [
        (key(), methods(&["client_secret_basic"])),
        (ClientCredential::public(), json!({})),
        ("secret".into(), methods(&["private_key_jwt", "none", "tls_client_auth"])),
    ] {
        members["pushed_authorization_request_endpoint"] = par.clone();
        let idp = Scripted::start(members).await;
        let refused = idp.party(credential).begin(now()).await.unwrap_err();
        assert!(matches!(refused, SignInError::ClientAuthentication { .. }), "{refused:?}");
        assert!(idp.asked("/par").is_empty());
    }
    let algorithms = json!({
        "token_endpoint_auth_methods_supported": ["private_key_jwt"],
        "token_endpoint_auth_signing_alg_values_supported": ["PS256"],
    });
    let refused = Scripted::start(algorithms).await.party(key()).begin(now()).await.unwrap_err();
    let offered = vec!["PS256".to_owned()];
    assert_eq!(refused, SignInError::SigningAlgorithm { algorithm: "ES256", offered });
    let idp = Scripted::start(json!({ "dpop_signing_alg_values_supported": ["EdDSA"] })).await;
    let refused = idp.party("secret").with_dpop(DpopKey::generate().unwrap()).begin(now()).await.unwrap_err();
    assert!(matches!(refused, SignInError::SigningAlgorithm { .. }), "{refused:?}");
}

#[tokio::test]
async fn an_ed25519_key_goes_by_the_name_the_provider_has_for_it() {
    let members = json!({
        "token_endpoint_auth_methods_supported": ["private_key_jwt"],
        "token_endpoint_auth_signing_alg_values_supported": ["Ed25519"],
    });
    let idp = Scripted::start(members).await;
    idp.sign_in(&idp.party(ClientKey::from_pem(&pem("EdDSA")).unwrap()), &mut Report::new(), |_| {}).await.unwrap();
    assert_eq!(decoded(&idp.asked("/token")[0].form["client_assertion"]).0["alg"], json!("Ed25519"));
}

#[tokio::test]
async fn an_rsa_key_signs_with_pss_where_that_alone_is_taken_or_where_it_was_told_to() {
    let rsa = || ClientKey::from_pem(&pem("RS256")).unwrap();
    for (told, offered, alg) in [
        (false, json!(["RS256", "PS256"]), Some("RS256")),
        (false, json!(["PS256", "RS256"]), Some("RS256")),
        (false, json!(["PS256", "ES256"]), Some("PS256")),
        (false, json!(["PS384", "ES256"]), None),
        (false, json!(null), Some("RS256")),
        (true, json!(["RS256", "PS256"]), Some("PS256")),
        (true, json!(["RS256"]), None),
        (true, json!(null), Some("PS256")),
    ] {
        let mut members = methods(&["private_key_jwt"]);
        members["token_endpoint_auth_signing_alg_values_supported"] = offered.clone();
        let idp = Scripted::start(members).await;
        let key = if told { rsa().with_ps256().unwrap() } else { rsa() };
        let registered: serde_json::Value = serde_json::from_str(&key.jwks()).unwrap();
        let expected = told.then_some("PS256");
        assert_eq!(registered["keys"][0].get("alg").and_then(|alg| alg.as_str()), expected);
        let registered = Jwks::parse(registered.to_string().as_bytes()).unwrap();
        let done = idp.sign_in(&idp.party(key), &mut Report::new(), |_| {}).await;
        let Some(alg) = alg else {
            let algorithm = if told { "PS256" } else { "RS256" };
            let offered = serde_json::from_value(offered).unwrap();
            assert_eq!(done.unwrap_err(), SignInError::SigningAlgorithm { algorithm, offered });
            continue;
        };
        done.unwrap();
        let assertion = &idp.asked("/token").pop().unwrap().form["client_assertion"];
        assert_eq!(decoded(assertion).0["alg"], json!(alg), "{told} {offered}");
        registered.verify(&CompactJws::parse(assertion).unwrap()).unwrap();
    }
    for other in ["ES256", "ES384", "EdDSA"] {
        let refused = ClientKey::from_pem(&pem(other)).unwrap().with_ps256().unwrap_err();
        assert!(matches!(refused, CryptoError::AlgorithmMismatch { .. }), "{refused:?}");
    }
}

#[tokio::test]
async fn the_authorization_request_says_what_openidconnect_says() {
    let idp = Scripted::start(json!({})).await;
    let party = idp.party("secret").with_scopes(["email"]).with_max_age(std::time::Duration::from_secs(60));
    let wishes = BeginSignIn::new().with_login_hint("martha@example.com").with_prompt(Prompt::Login);
    let started = party.begin_with(&wishes.with_acr_values(["phr"]), now()).await.unwrap();
    let ours = query_of(&started.redirect_url);
    assert_eq!((ours["tenant"].as_str(), started.redirect_until), ("1", started.pending.expires()));
    let kept: (String, String, String) = {
        let fields: Vec<serde_json::Value> = serde_json::from_str(&started.pending.to_text()).unwrap();
        let text = |index: usize| fields[index].as_str().unwrap().to_owned();
        (text(1), text(2), text(3))
    };
    let endpoint = AuthUrl::new(format!("{}/authorize?tenant=1", idp.issuer)).unwrap();
    let issuer = IssuerUrl::new(idp.issuer.clone()).unwrap();
    let client = CoreClient::new(ClientId::new(CLIENT.to_owned()), issuer, CoreJsonWebKeySet::default())
        .set_auth_uri(endpoint)
        .set_redirect_uri(RedirectUrl::new(CALLBACK.to_owned()).unwrap());
    let (state, nonce, verifier) = kept;
    let theirs = client
        .authorize_url(CoreAuthenticationFlow::AuthorizationCode, || CsrfToken::new(state), || Nonce::new(nonce))
        .add_scope(Scope::new("email".to_owned()))
        .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&PkceCodeVerifier::new(verifier)))
        .set_login_hint(LoginHint::new("martha@example.com".to_owned()))
        .add_prompt(CoreAuthPrompt::Login)
        .add_auth_context_value(openidconnect::AuthenticationContextClass::new("phr".to_owned()))
        .set_max_age(std::time::Duration::from_secs(60))
        .url()
        .0;
    assert_eq!(ours, query_of(theirs.as_str()));
}
