//! An issuer of honest and hostile tokens. It signs with the cryptography library itself and shares no code with what
//! it tests, so that it can write what no JWT library would.

use std::sync::OnceLock;

use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, ECDSA_P521_SHA512_FIXED_SIGNING, EcdsaKeyPair,
    Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256, RSA_PKCS1_SHA384, RSA_PKCS1_SHA512, RSA_PSS_SHA256, RSA_PSS_SHA384,
    RSA_PSS_SHA512, RsaKeyPair,
};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use daypass::VerifiedIdentity;
use daypass::explain::{Report, Verdict};
use daypass::identity::oidc::{self, Jwks, OidcError, OidcProvider, RULES, UnverifiedIdToken};
use daypass::time::Timestamp;
use serde_json::{Map, Value, json};

pub(crate) const ISSUER: &str = "https://idp.example/tenant";
pub(crate) const CLIENT: &str = "client-1";
pub(crate) const NONCE: &str = "n-0S6_WzA2Mj";
pub(crate) const NOW: i64 = 1_800_000_000;

pub(crate) fn b64(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

pub(crate) struct Keys {
    pub(crate) rsa: RsaKeyPair,
    pub(crate) rsa_pkcs1: Vec<u8>,
    pub(crate) ec: [(&'static str, Vec<u8>, EcdsaKeyPair); 3],
    pub(crate) ed_pkcs8: Vec<u8>,
    pub(crate) ed: Ed25519KeyPair,
}

impl Keys {
    pub(crate) fn generate() -> Self {
        let rsa = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
        let pkcs8 = rsa.as_der().unwrap();
        // RSAPrivateKey stands behind the 26 bytes of its PKCS#8 wrapping.
        let rsa_pkcs1 = pkcs8.as_ref()[26..].to_vec();
        let random = SystemRandom::new();
        let ec = [
            ("ES256", &ECDSA_P256_SHA256_FIXED_SIGNING),
            ("ES384", &ECDSA_P384_SHA384_FIXED_SIGNING),
            ("ES512", &ECDSA_P521_SHA512_FIXED_SIGNING),
        ]
        .map(|(alg, algorithm)| {
            let pkcs8 = EcdsaKeyPair::generate_pkcs8(algorithm, &random).unwrap().as_ref().to_vec();
            let pair = EcdsaKeyPair::from_pkcs8(algorithm, &pkcs8).unwrap();
            (alg, pkcs8, pair)
        });
        let ed_pkcs8 = Ed25519KeyPair::generate_pkcs8(&random).unwrap().as_ref().to_vec();
        let ed = Ed25519KeyPair::from_pkcs8(&ed_pkcs8).unwrap();
        Self { rsa, rsa_pkcs1, ec, ed_pkcs8, ed }
    }

    /// The issuer of these tests, made once.
    pub(crate) fn of_issuer() -> &'static Self {
        static KEYS: OnceLock<Keys> = OnceLock::new();
        KEYS.get_or_init(Self::generate)
    }

    pub(crate) fn ec(&self, alg: &str) -> &(&'static str, Vec<u8>, EcdsaKeyPair) {
        self.ec.iter().find(|(name, ..)| *name == alg).unwrap()
    }

    /// Modulus and exponent, out of RSAPublicKey in DER.
    pub(crate) fn rsa_components(&self) -> (Vec<u8>, Vec<u8>) {
        let der = self.rsa.public_key().as_ref();
        let modulus_length = usize::from(u16::from_be_bytes([der[6], der[7]]));
        let modulus = der[8..8 + modulus_length].to_vec();
        let exponent = der[8 + modulus_length + 2..].to_vec();
        (modulus[1..].to_vec(), exponent)
    }

    /// One key of each kind, its `kid` the name of its algorithm, or `RSA`.
    pub(crate) fn jwks_json(&self) -> Value {
        let (n, e) = self.rsa_components();
        let mut keys = vec![
            json!({"kty": "RSA", "kid": "RSA", "use": "sig", "n": b64(n), "e": b64(e)}),
            json!({"kty": "OKP", "crv": "Ed25519", "kid": "EdDSA", "x": b64(self.ed.public_key())}),
        ];
        for ((alg, _, pair), crv) in self.ec.iter().zip(["P-256", "P-384", "P-521"]) {
            let point = &pair.public_key().as_ref()[1..];
            let (x, y) = point.split_at(point.len() / 2);
            keys.push(json!({"kty": "EC", "crv": crv, "kid": alg, "alg": alg, "x": b64(x), "y": b64(y)}));
        }
        json!({ "keys": keys })
    }

    pub(crate) fn jwks(&self) -> Jwks {
        Jwks::parse(self.jwks_json().to_string().as_bytes()).unwrap()
    }

    pub(crate) fn signature(&self, alg: &str, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        let padding: &'static dyn aws_lc_rs::signature::RsaEncoding = match alg {
            "RS256" => &RSA_PKCS1_SHA256,
            "RS384" => &RSA_PKCS1_SHA384,
            "RS512" => &RSA_PKCS1_SHA512,
            "PS256" => &RSA_PSS_SHA256,
            "PS384" => &RSA_PSS_SHA384,
            "PS512" => &RSA_PSS_SHA512,
            "EdDSA" => return self.ed.sign(message).as_ref().to_vec(),
            alg => return self.ec(alg).2.sign(&random, message).unwrap().as_ref().to_vec(),
        };
        let mut signature = vec![0; self.rsa.public_modulus_len()];
        self.rsa.sign(padding, &random, message, &mut signature).unwrap();
        signature
    }

    /// Signs any bytes under any header, as `alg` of this issuer.
    pub(crate) fn sign_raw(&self, alg: &str, header: &str, payload: impl AsRef<[u8]>) -> String {
        let input = format!("{}.{}", b64(header), b64(payload));
        let signature = self.signature(alg, input.as_bytes());
        format!("{input}.{}", b64(signature))
    }

    pub(crate) fn sign(&self, alg: &str, claims: &Value) -> String {
        self.sign_raw(alg, &header(alg).to_string(), claims.to_string())
    }
}

pub(crate) fn kid(alg: &str) -> &str {
    if alg.starts_with("RS") || alg.starts_with("PS") { "RSA" } else { alg }
}

pub(crate) fn header(alg: &str) -> Value {
    json!({"alg": alg, "kid": kid(alg), "typ": "JWT"})
}

/// The claims of an honest sign-in.
pub(crate) fn claims() -> Value {
    json!({
        "iss": ISSUER, "sub": "martha", "aud": CLIENT, "nonce": NONCE,
        "iat": NOW, "exp": NOW + 300, "auth_time": NOW - 10,
        "email": "martha@example.com", "email_verified": true, "groups": ["Admins", "Developers"], "amr": ["pwd"],
    })
}

/// Honest claims with `changes` made to them; `null` takes a claim away.
pub(crate) fn claims_with(changes: Value) -> Value {
    let mut claims = claims();
    let (Value::Object(claims_map), Value::Object(changes)) = (&mut claims, changes) else { panic!("objects") };
    change(claims_map, changes);
    claims
}

fn change(claims: &mut Map<String, Value>, changes: Map<String, Value>) {
    for (name, value) in changes {
        if value.is_null() {
            claims.remove(&name);
        } else {
            claims.insert(name, value);
        }
    }
}

pub(crate) fn provider() -> OidcProvider {
    OidcProvider::new(ISSUER, [CLIENT]).unwrap()
}

pub(crate) fn now() -> Timestamp {
    Timestamp::from_unix_seconds(NOW)
}

pub(crate) fn sign_in(token: impl Into<String>) -> UnverifiedIdToken {
    UnverifiedIdToken::for_sign_in(token, NONCE)
}

pub(crate) fn verify_at(
    provider: &OidcProvider,
    token: UnverifiedIdToken,
    now: Timestamp,
) -> Result<VerifiedIdentity, OidcError> {
    let mut report = Report::new();
    let outcome = oidc::verify(provider, &Keys::of_issuer().jwks(), token, now, &mut report);
    assert_told_in_order(report, &outcome);
    outcome
}

pub(crate) fn verify(token: UnverifiedIdToken) -> Result<VerifiedIdentity, OidcError> {
    verify_at(&provider(), token, now())
}

/// What the listener heard agrees with the outcome, and follows the order of the rules.
fn assert_told_in_order(report: Report, outcome: &Result<VerifiedIdentity, OidcError>) {
    let broken = outcome.as_ref().err().map(|error| error.rule().name);
    assert_eq!(report.failure().map(|check| check.name), broken);
    let place = |name: &str| RULES.iter().position(|rule| rule.name == name).unwrap();
    let heard: Vec<usize> = report.checks().iter().map(|check| place(check.name)).collect();
    assert!(heard.is_sorted(), "{heard:?}");
    if let Some(broken) = broken {
        let after = report.finish(&RULES).into_iter().filter(|check| place(check.name) > place(broken));
        assert!(after.map(|check| check.verdict).all(|verdict| verdict == Verdict::NotReached));
    }
}

/// The name of the rule that refuses a token at sign-in.
pub(crate) fn refused(token: impl Into<String>) -> &'static str {
    verify(sign_in(token)).expect_err("the token is accepted").rule().name
}

/// The name of the rule that refuses these claims, signed by the issuer.
pub(crate) fn refused_claims(changes: Value) -> &'static str {
    refused(Keys::of_issuer().sign("ES256", &claims_with(changes)))
}

/// The name of the rule that refuses this header over honest claims, signed by the issuer.
pub(crate) fn refused_header(header: &str) -> &'static str {
    refused(Keys::of_issuer().sign_raw("ES256", header, claims().to_string()))
}
