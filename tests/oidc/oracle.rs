//! `jsonwebtoken` and `openidconnect` as the other opinions: what they sign or accept and refuse, beside ours.

use std::str::FromStr;

use daypass::identity::oidc::UnverifiedIdToken;
use daypass::time::{Clock, SystemClock};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use openidconnect::core::{CoreIdToken, CoreIdTokenVerifier, CoreJsonWebKeySet, CoreJwsSigningAlgorithm};
use openidconnect::{ClientId, IssuerUrl, Nonce};
use serde_json::{Value, json};

use crate::support::{CLIENT, ISSUER, Keys, NONCE, NOW, b64, claims, claims_with, header, kid, sign_in, verify};

fn encoding_key(alg: &str) -> (Algorithm, EncodingKey) {
    let keys = Keys::of_issuer();
    match alg {
        "RS256" => (Algorithm::RS256, EncodingKey::from_rsa_der(&keys.rsa_pkcs1)),
        "RS384" => (Algorithm::RS384, EncodingKey::from_rsa_der(&keys.rsa_pkcs1)),
        "RS512" => (Algorithm::RS512, EncodingKey::from_rsa_der(&keys.rsa_pkcs1)),
        "PS256" => (Algorithm::PS256, EncodingKey::from_rsa_der(&keys.rsa_pkcs1)),
        "PS384" => (Algorithm::PS384, EncodingKey::from_rsa_der(&keys.rsa_pkcs1)),
        "PS512" => (Algorithm::PS512, EncodingKey::from_rsa_der(&keys.rsa_pkcs1)),
        "ES256" => (Algorithm::ES256, EncodingKey::from_ec_der(&keys.ec("ES256").1)),
        "ES384" => (Algorithm::ES384, EncodingKey::from_ec_der(&keys.ec("ES384").1)),
        "EdDSA" => (Algorithm::EdDSA, EncodingKey::from_ed_der(&keys.ed_pkcs8)),
        other => panic!("{other}"),
    }
}

#[test]
fn what_jsonwebtoken_signs_we_accept() {
    for alg in ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA"] {
        let (algorithm, key) = encoding_key(alg);
        let mut header = Header::new(algorithm);
        header.kid = Some(kid(alg).to_owned());
        let token = jsonwebtoken::encode(&header, &claims(), &key).unwrap();
        assert_eq!(verify(sign_in(token)).expect(alg).subject(), "martha");
    }
}

/// The verdict of `jsonwebtoken` with issuer and audience set; `exp` and `nbf` are left out, since its clock is the
/// machine's.
fn oracle(token: &str) -> Result<(), String> {
    let (n, e) = Keys::of_issuer().rsa_components();
    let key = DecodingKey::from_rsa_raw_components(&n, &e);
    let mut validation = Validation::new(Algorithm::RS256);
    validation.set_issuer(&[ISSUER]);
    validation.set_audience(&[CLIENT]);
    validation.validate_exp = false;
    jsonwebtoken::decode::<Value>(token, &key, &validation).map(drop).map_err(|error| error.to_string())
}

fn hostile() -> Vec<(&'static str, String)> {
    let keys = Keys::of_issuer();
    let token = keys.sign("RS256", &claims());
    let [head, payload, signature] = token.split('.').collect::<Vec<_>>().try_into().unwrap();
    let raw = |header: &str| keys.sign_raw("RS256", header, claims().to_string());
    let with = |changes: Value| keys.sign("RS256", &claims_with(changes));
    vec![
        ("honest", token.clone()),
        ("edited", format!("{head}.{}.{signature}", b64(claims_with(json!({"sub": "x"})).to_string()))),
        ("stripped", format!("{head}.{payload}.")),
        ("padded", format!("{token}=")),
        ("four parts", format!("{token}.AA")),
        ("none", format!("{}.{payload}.", b64(r#"{"alg":"none"}"#))),
        ("other alg", raw(r#"{"alg":"PS256","kid":"RSA"}"#)),
        ("unknown alg", raw(r#"{"alg":"RS1","kid":"RSA"}"#)),
        ("alg twice", raw(r#"{"alg":"RS256","alg":"RS256","kid":"RSA"}"#)),
        ("crit", raw(r#"{"alg":"RS256","kid":"RSA","crit":["x"],"x":1}"#)),
        ("b64", raw(r#"{"alg":"RS256","kid":"RSA","b64":false}"#)),
        ("at+jwt", raw(r#"{"alg":"RS256","kid":"RSA","typ":"at+jwt"}"#)),
        ("no iss", with(json!({"iss": null}))),
        ("iss number", with(json!({"iss": 5}))),
        ("iss list", with(json!({"iss": ["evil", ISSUER]}))),
        ("other iss", with(json!({"iss": "https://evil.example"}))),
        ("no aud", with(json!({"aud": null}))),
        ("aud number", with(json!({"aud": 7}))),
        ("other aud", with(json!({"aud": "client-2"}))),
        ("extra aud", with(json!({"aud": [CLIENT, "client-2"]}))),
        ("future iat", with(json!({"iat": NOW + 3600, "exp": NOW + 7200}))),
        ("future nbf", with(json!({"nbf": NOW + 3600, "exp": NOW + 7200}))),
        ("claim twice", {
            let text = claims().to_string().replacen('{', r#"{"role":"a","role":"b","#, 1);
            keys.sign_raw("RS256", &header("RS256").to_string(), text)
        }),
        ("not json", keys.sign_raw("RS256", &header("RS256").to_string(), "claims")),
    ]
}

/// Accepted by `jsonwebtoken` and refused here, with the reason.
const STRICTER: [(&str, &str); 12] = [
    ("crit", "RFC 7515 4.1.11: an extension that is not understood"),
    ("b64", "RFC 7797 6: only together with crit, which is refused"),
    ("at+jwt", "RFC 8725 3.11: an access token is no ID token"),
    ("no iss", "OpenID Connect Core 2: required"),
    ("iss number", "a wrong type is not absence"),
    ("iss list", "a wrong type is not absence"),
    ("no aud", "OpenID Connect Core 2: required"),
    ("aud number", "a wrong type is not absence"),
    ("extra aud", "OpenID Connect Core 3.1.3.7 (3): not trusted"),
    ("future iat", "a token from the future"),
    ("future nbf", "RFC 7519 4.1.5; not looked at unless asked for"),
    ("claim twice", "two readers would see two tokens"),
];

#[test]
fn what_jsonwebtoken_refuses_we_refuse() {
    let mut stricter = Vec::new();
    for (name, token) in hostile() {
        let ours = verify(UnverifiedIdToken::for_exchange(token.clone()));
        match (ours, oracle(&token)) {
            (Ok(_), Ok(())) => assert_eq!(name, "honest"),
            (Ok(_), Err(theirs)) => panic!("{name}: accepted here, refused there: {theirs}"),
            (Err(_), Ok(())) => stricter.push(name),
            (Err(_), Err(_)) => {}
        }
    }
    stricter.sort_unstable();
    let mut listed: Vec<_> = STRICTER.iter().map(|(name, _)| *name).collect();
    listed.sort_unstable();
    assert_eq!(stricter, listed, "each difference is listed with its reason");
}

/// The verdict of `openidconnect` on a sign-in. Its clock is the machine's, so these tokens are issued now.
fn relying_party(token: &str) -> Result<(), String> {
    let keys: CoreJsonWebKeySet = serde_json::from_value(Keys::of_issuer().jwks_json()).unwrap();
    let verifier = CoreIdTokenVerifier::new_public_client(
        ClientId::new(CLIENT.to_owned()),
        IssuerUrl::new(ISSUER.to_owned()).unwrap(),
        keys,
    )
    .set_allowed_algs([CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256]);
    let token = CoreIdToken::from_str(token).map_err(|error| error.to_string())?;
    token.claims(&verifier, &Nonce::new(NONCE.to_owned())).map(drop).map_err(|error| error.to_string())
}

fn sign_ins(now: i64) -> Vec<(&'static str, String)> {
    let keys = Keys::of_issuer();
    let issued = |changes: Value| {
        let mut claims = claims_with(json!({"iat": now, "exp": now + 300, "auth_time": now - 10}));
        for (name, value) in changes.as_object().unwrap() {
            match value {
                Value::Null => claims.as_object_mut().unwrap().remove(name).map_or((), drop),
                value => claims[name] = value.clone(),
            }
        }
        claims
    };
    let with = |changes: Value| keys.sign("RS256", &issued(changes));
    let raw = |header: &str| keys.sign_raw("RS256", header, issued(json!({})).to_string());
    vec![
        ("honest", with(json!({}))),
        ("no nonce", with(json!({"nonce": null}))),
        ("other nonce", with(json!({"nonce": "x"}))),
        ("other iss", with(json!({"iss": "https://evil.example"}))),
        ("no iss", with(json!({"iss": null}))),
        ("no aud", with(json!({"aud": null}))),
        ("other aud", with(json!({"aud": "client-2"}))),
        ("extra aud", with(json!({"aud": [CLIENT, "client-2"], "azp": CLIENT}))),
        ("other azp", with(json!({"azp": "client-2"}))),
        ("no sub", with(json!({"sub": null}))),
        ("no exp", with(json!({"exp": null}))),
        ("no iat", with(json!({"iat": null}))),
        ("expired", with(json!({"exp": now - 600, "iat": now - 900}))),
        ("expired a moment ago", with(json!({"exp": now - 30, "iat": now - 900}))),
        ("exp is text", with(json!({"exp": (now + 300).to_string()}))),
        ("future iat", with(json!({"iat": now + 3600, "exp": now + 7200}))),
        ("future nbf", with(json!({"nbf": now + 3600, "exp": now + 7200}))),
        ("good for a year", with(json!({"exp": now + 31_536_000}))),
        ("logout token", with(json!({"events": {}}))),
        ("none", format!("{}.{}.", b64(r#"{"alg":"none"}"#), b64(issued(json!({})).to_string()))),
        ("crit", raw(r#"{"alg":"RS256","kid":"RSA","crit":["x"],"x":1}"#)),
        ("cty", raw(r#"{"alg":"RS256","kid":"RSA","cty":"JWT"}"#)),
        ("jwk", raw(r#"{"alg":"RS256","kid":"RSA","jwk":{}}"#)),
        ("at+jwt", raw(r#"{"alg":"RS256","kid":"RSA","typ":"at+jwt"}"#)),
        ("unknown kid", raw(r#"{"alg":"RS256","kid":"x"}"#)),
        ("another's key", Keys::generate().sign("RS256", &issued(json!({})))),
    ]
}

/// Accepted by `openidconnect` and refused here, with the reason.
const STRICTER_AT_SIGN_IN: [(&str, &str); 6] = [
    ("other azp", "OpenID Connect Core 3.1.3.7 (5): another client obtained it"),
    ("future iat", "a token from the future; not looked at there"),
    ("future nbf", "RFC 7519 4.1.5; not looked at there"),
    ("good for a year", "RFC 8725 2.8: tokens end within a day"),
    ("logout token", "Back-Channel Logout 2.4: events mark another kind of token"),
    ("jwk", "a token does not bring its own key; there it is ignored"),
];

/// Refused by `openidconnect` and accepted here, with the reason.
const LENIENT_AT_SIGN_IN: [(&str, &str); 1] = [("expired a moment ago", "clocks may be 60 seconds apart; there 0")];

#[test]
fn what_openidconnect_refuses_we_refuse() {
    let now = SystemClock.now();
    let mut stricter = Vec::new();
    for (name, token) in sign_ins(now.unix_seconds()) {
        let ours = crate::support::verify_at(&crate::support::provider(), sign_in(token.clone()), now);
        match (ours, relying_party(&token)) {
            (Ok(_), Ok(())) => assert_eq!(name, "honest"),
            (Ok(_), Err(theirs)) => {
                assert!(
                    LENIENT_AT_SIGN_IN.iter().any(|(listed, _)| *listed == name),
                    "{name}: refused there: {theirs}"
                );
            }
            (Err(_), Ok(())) => stricter.push(name),
            (Err(_), Err(_)) => {}
        }
    }
    stricter.sort_unstable();
    let mut listed: Vec<_> = STRICTER_AT_SIGN_IN.iter().map(|(name, _)| *name).collect();
    listed.sort_unstable();
    assert_eq!(stricter, listed, "each difference is listed with its reason");
}
