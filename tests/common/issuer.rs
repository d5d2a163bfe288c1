//! An OpenID provider that signs whatever claims a test wants, with ES256; it shares no code with what it tests.

use std::sync::OnceLock;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use daypass::identity::oidc::{Jwks, OidcProvider};
use daypass::time::Timestamp;
use serde_json::{Value, json};

pub(crate) const ISSUER: &str = "https://login.example.com";
pub(crate) const AUDIENCE: &str = "sts.example.com";
/// 2026-01-01T00:00:00Z.
pub(crate) const NOW: i64 = 1_767_225_600;

pub(crate) fn now() -> Timestamp {
    Timestamp::from_unix_seconds(NOW)
}

pub(crate) fn provider() -> OidcProvider {
    OidcProvider::new(ISSUER, [AUDIENCE]).unwrap()
}

fn key() -> &'static EcdsaKeyPair {
    static KEY: OnceLock<EcdsaKeyPair> = OnceLock::new();
    KEY.get_or_init(|| EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap())
}

pub(crate) fn jwks() -> Jwks {
    let point = &key().public_key().as_ref()[1..];
    let (x, y) = point.split_at(32);
    let key = json!({"kty": "EC", "crv": "P-256", "kid": "one", "alg": "ES256",
        "x": URL_SAFE_NO_PAD.encode(x), "y": URL_SAFE_NO_PAD.encode(y)});
    Jwks::parse(json!({"keys": [key]}).to_string().as_bytes()).unwrap()
}

/// A token about martha, good for five minutes, with `changes` made to its claims.
pub(crate) fn token(changes: &Value) -> String {
    typed("JWT", changes)
}

/// The same, as a token that says to be of another type.
pub(crate) fn typed(typ: &str, changes: &Value) -> String {
    let mut claims = json!({"iss": ISSUER, "aud": AUDIENCE, "sub": "martha", "iat": NOW, "exp": NOW + 300});
    for (name, value) in changes.as_object().unwrap() {
        claims[name] = value.clone();
    }
    let header = json!({"alg": "ES256", "kid": "one", "typ": typ});
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let input = format!("{}.{}", part(&header), part(&claims));
    let signature = key().sign(&SystemRandom::new(), input.as_bytes()).unwrap();
    format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature))
}
