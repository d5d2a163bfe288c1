//! ID tokens by HMAC with the client secret: only where a provider chose it, and then nothing else (OpenID Connect Core,
//! 10.1 and 3.1.3.7, 8).

use std::sync::Arc;

use aws_lc_rs::hmac;
use axum::Router;
use axum::http::{Request, StatusCode};
use daypass::explain::{Report, Silent};
use daypass::http::application::SignIn;
use daypass::http::relying_party::RelyingParty;
use daypass::identity::oidc::{self, HmacAlgorithm, Jwks, JwsError, OidcError, OidcProvider, UnverifiedIdToken};
use daypass::time::ManualClock;
use daypass::{Broker, Keyring};
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::scripted::{Scripted, decoded};
use crate::support::{CLIENT, Keys, NONCE, NOW, b64, claims, now, provider, refused, sign_in, verify_at};

const SECRET: &str = "the-secret-of-client-1-is-long-enough-for-any-hash-of-them-and-then-some";

fn signed_with(secret: &[u8], alg: &str) -> String {
    let algorithm = match alg {
        "HS384" => hmac::HMAC_SHA384,
        "HS512" => hmac::HMAC_SHA512,
        _ => hmac::HMAC_SHA256,
    };
    with_secret(secret, algorithm, &json!({"alg": alg, "kid": "RSA", "typ": "JWT"}), &claims())
}

fn with_secret(secret: &[u8], algorithm: hmac::Algorithm, header: &Value, claims: &Value) -> String {
    let input = format!("{}.{}", b64(header.to_string()), b64(claims.to_string()));
    let code = hmac::sign(&hmac::Key::new(algorithm, secret), input.as_bytes());
    format!("{input}.{}", b64(code))
}

fn chosen(algorithm: HmacAlgorithm) -> OidcProvider {
    provider().with_client_secret(algorithm, SECRET).unwrap()
}

/// The rule that refuses the token where HS256 was chosen.
fn refused_by(token: UnverifiedIdToken) -> &'static str {
    verify_at(&chosen(HmacAlgorithm::Hs256), token, now()).unwrap_err().rule().name
}

#[test]
fn the_chosen_algorithm_is_accepted_without_any_public_key() {
    for (algorithm, alg) in
        [(HmacAlgorithm::Hs256, "HS256"), (HmacAlgorithm::Hs384, "HS384"), (HmacAlgorithm::Hs512, "HS512")]
    {
        let token = sign_in(signed_with(SECRET.as_bytes(), alg));
        let mut report = Report::new();
        let verified = oidc::verify(&chosen(algorithm), &Jwks::default(), token, now(), &mut report);
        assert_eq!(verified.unwrap().subject(), "martha", "{alg}");
        let key = report.checks().iter().find(|check| check.name == "key").unwrap();
        assert_eq!(key.found, "the client secret");
        assert!(!format!("{report:?}").contains(SECRET));
    }
}

#[test]
fn no_algorithm_but_the_chosen_one_is_accepted() {
    for alg in ["HS384", "HS512"] {
        assert_eq!(refused_by(sign_in(signed_with(SECRET.as_bytes(), alg))), "algorithm", "{alg}");
    }
    for alg in ["RS256", "PS256", "ES256", "EdDSA"] {
        // Signed by a key that the issuer publishes, and all else right.
        assert_eq!(refused_by(sign_in(Keys::of_issuer().sign(alg, &claims()))), "algorithm", "{alg}");
    }
    for alg in ["none", "hs256", "HS1", ""] {
        assert_eq!(refused_by(sign_in(signed_with(SECRET.as_bytes(), alg))), "algorithm", "{alg}");
    }
}

#[test]
fn the_public_key_is_no_secret_in_either_mode() {
    // CVE-2017-11424.
    let jwks = Keys::of_issuer().jwks_json().to_string();
    let der = aws_lc_rs::signature::KeyPair::public_key(&Keys::of_issuer().rsa).as_ref();
    for secret in [jwks.as_bytes(), der, b""] {
        let token = signed_with(secret, "HS256");
        assert_eq!(refused_by(sign_in(token.clone())), "signature");
        assert_eq!(refused(token), "algorithm");
    }
}

#[test]
fn without_the_choice_the_client_secret_signs_nothing() {
    for alg in ["HS256", "HS384", "HS512"] {
        assert_eq!(refused(signed_with(SECRET.as_bytes(), alg)), "algorithm", "{alg}");
    }
    // Nor where the issuer publishes it.
    let published = json!({"keys": [{"kty": "oct", "alg": "HS256", "kid": "RSA", "k": b64(SECRET)}]}).to_string();
    let jwks = Jwks::parse(published.as_bytes()).unwrap();
    let token = sign_in(signed_with(SECRET.as_bytes(), "HS256"));
    let refused = oidc::verify(&provider(), &jwks, token, now(), &mut Silent).unwrap_err();
    assert_eq!(refused.rule().name, "algorithm");
}

#[test]
fn a_workloads_token_is_never_accepted_by_a_secret() {
    let exchanged = UnverifiedIdToken::for_exchange(signed_with(SECRET.as_bytes(), "HS256"));
    assert_eq!(refused_by(exchanged), "algorithm");
}

#[test]
fn edited_and_unsigned_tokens_are_refused() {
    let token = signed_with(SECRET.as_bytes(), "HS256");
    let (input, code) = token.rsplit_once('.').unwrap();
    let unsigned = verify_at(&chosen(HmacAlgorithm::Hs256), sign_in(format!("{input}.")), now()).unwrap_err();
    assert_eq!(unsigned, OidcError::Jws(JwsError::Unsigned));
    assert_eq!(refused_by(sign_in(format!("{input}.{}", &code[..code.len() - 3]))), "signature");
    let (header, _) = input.split_once('.').unwrap();
    let edited = claims().to_string().replace("martha", "admin");
    assert_eq!(refused_by(sign_in(format!("{header}.{}.{code}", b64(edited)))), "signature");
}

#[test]
fn the_other_rules_hold_as_for_every_token() {
    let token = || signed_with(SECRET.as_bytes(), "HS256");
    assert_eq!(refused_by(UnverifiedIdToken::for_sign_in(token(), "another")), "nonce");
    let other = OidcProvider::new("https://idp.example/tenant", ["client-2"]).unwrap();
    let other = other.with_client_secret(HmacAlgorithm::Hs256, SECRET).unwrap();
    let token = UnverifiedIdToken::for_sign_in(token(), NONCE);
    assert_eq!(verify_at(&other, token, now()).unwrap_err().rule().name, "audience");
}

/// A provider by client secret, whose key set cannot be had, and this application's registration with it.
async fn without_keys() -> (Scripted, RelyingParty) {
    let idp = Scripted::start(json!({ "jwks_uri": "/nothing" })).await;
    let provider = OidcProvider::new(&idp.issuer, [CLIENT]).unwrap().with_local_network();
    let provider = provider.with_client_secret(HmacAlgorithm::Hs256, SECRET).unwrap();
    let party = RelyingParty::new(provider, SECRET, "http://localhost:8200/oidc/callback/corp").unwrap();
    (idp, party)
}

#[tokio::test]
async fn people_sign_in_by_the_secret_where_no_key_can_be_had() {
    let (idp, party) = without_keys().await;
    let by_secret = |tokens: &mut Value| {
        let (_, claims) = decoded(tokens["id_token"].as_str().unwrap());
        let header = json!({"alg": "HS256"});
        tokens["id_token"] = json!(with_secret(SECRET.as_bytes(), hmac::HMAC_SHA256, &header, &claims));
    };
    let done = idp.sign_in(&party, &mut Report::new(), by_secret).await.unwrap();
    assert_eq!(done.identity.subject(), "martha");
    assert!(idp.asked("/nothing").is_empty(), "nobody asks for keys");
}

#[tokio::test]
async fn logout_tokens_by_the_secret_are_taken_where_no_key_can_be_had() {
    let (idp, party) = without_keys().await;
    let broker = Broker::new(Keyring::generate().unwrap()).with_clock(Arc::new(ManualClock::new(now())));
    let sign_in = SignIn::new(Arc::new(broker), "http://localhost:8200").unwrap();
    let app: Router = sign_in.with_relying_party("corp", "Corp", party).unwrap().guard(Router::new());
    let claims = json!({
        "iss": idp.issuer, "aud": CLIENT, "sub": "martha", "iat": NOW, "exp": NOW + 120, "jti": "token-1",
        "events": {"http://schemas.openid.net/event/backchannel-logout": {}},
    });
    let header = json!({"alg": "HS256", "kid": "any", "typ": "logout+jwt"});
    for (secret, status) in [("another".repeat(9), StatusCode::BAD_REQUEST), (SECRET.to_owned(), StatusCode::OK)] {
        let token = with_secret(secret.as_bytes(), hmac::HMAC_SHA256, &header, &claims);
        let said = Request::post("/oidc/backchannel-logout/corp")
            .header("content-type", "application/x-www-form-urlencoded")
            .body(format!("logout_token={token}"))
            .unwrap();
        assert_eq!(app.clone().oneshot(said).await.unwrap().status(), status);
    }
    assert!(idp.asked("/nothing").is_empty(), "nobody asks for keys");
}
