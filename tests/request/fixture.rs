//! A keyring with a known secret, and credentials of a session that an independent signer vouches for.

use std::sync::OnceLock;

use aws_lc_rs::hkdf;
use daypass::credentials::{Credentials, Keyring, mint, token};
use daypass::time::Timestamp;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};

/// 2026-01-01T00:00:00Z.
pub(crate) const NOW: i64 = 1_767_225_600;
pub(crate) const SECRET: [u8; 32] = [7; 32];

pub(crate) fn now() -> Timestamp {
    Timestamp::from_unix_seconds(NOW)
}

pub(crate) fn keyring() -> Keyring {
    Keyring::from_secret(&SECRET.into()).unwrap()
}

struct Length;

impl hkdf::KeyType for Length {
    fn len(&self) -> usize {
        32
    }
}

/// HKDF as RFC 5869 has it, for the salt of version 1 of the keyring.
pub(crate) fn derive(secret: &[u8], info: &[&[u8]]) -> [u8; 32] {
    let mut out = [0; 32];
    hkdf::Salt::new(hkdf::HKDF_SHA256, b"daypass keyring 1")
        .extract(secret)
        .expand(info, Length)
        .unwrap()
        .fill(&mut out)
        .unwrap();
    out
}

/// The Ed25519 key a keyring signs tokens with, for an independent signer (PKCS #8, RFC 8410).
pub(crate) fn signing_key(secret: &[u8]) -> EncodingKey {
    let prefix = [0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];
    let seed = derive(secret, &[b"session token signing key"]);
    EncodingKey::from_ed_der(&[&prefix[..], &seed].concat())
}

pub(crate) fn key_id(keyring: &Keyring) -> String {
    let jwks: Value = serde_json::from_str(&keyring.jwks()).unwrap();
    jwks["keys"][0]["kid"].as_str().unwrap().to_owned()
}

/// The claims of a token that lasts an hour from [`NOW`].
pub(crate) fn claims() -> Value {
    json!({
        "iss": "urn:daypass",
        "sub": "arn:aws:sts::111111111111:assumed-role/PhotoReader/martha",
        "iat": NOW,
        "exp": NOW + 3600,
        "access_key_id": "ASIAAAAAAAAAAAAAAAAA",
        "session": {
            "role_arn": "arn:aws:iam::111111111111:role/PhotoReader",
            "role_id": "AROAAAAAAAAAAAAAAAAAA",
            "role_session_name": "martha",
            "origin": "saml",
            "issued_at": NOW,
            "expiration": NOW + 3600,
            "principal_tags": { "team": "cats" },
        },
    })
}

/// A token of `claims`, signed by another implementation of JWS.
pub(crate) fn sign(claims: &Value) -> String {
    static KEY_ID: OnceLock<String> = OnceLock::new();
    let mut header = Header::new(Algorithm::EdDSA);
    header.typ = Some("daypass+jwt".to_owned());
    header.kid = Some(KEY_ID.get_or_init(|| key_id(&keyring())).clone());
    jsonwebtoken::encode(&header, claims, &signing_key(&SECRET)).unwrap()
}

/// Freshly minted credentials of a session whose token carried `claims`.
pub(crate) fn credentials_of(claims: &Value) -> Credentials {
    let keyring = keyring();
    let (session, _) = token::verify(&keyring, &sign(claims), now()).unwrap().into_parts();
    mint(&keyring, session, now()).unwrap()
}
