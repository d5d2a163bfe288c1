//! Proof of possession (RFC 9449): tokens bound to a key of ours are of no use to whoever steals them.

use std::sync::{Mutex, PoisonError};

use serde_json::{Value, json};

use super::jose::{Signer, sha256};
use crate::crypto::{CryptoError, PrivateKey, SignatureAlgorithm, random_id};
use crate::time::Timestamp;

/// The longest nonce of a server that is kept, in bytes.
const MAX_NONCE_LENGTH: usize = 256;
/// The most endpoints whose nonces are kept; a provider has three that want one.
const MAX_NONCES: usize = 8;

/// A key on P-256 that tokens are bound to; it signs with ES256.
///
/// Several nodes of one application share a key ([`DpopKey::from_pem`]), so that each may refresh what another obtained.
#[derive(Debug)]
pub struct DpopKey {
    signer: Signer,
    /// The nonce each endpoint gave last (RFC 9449, 8.2).
    nonces: Mutex<Vec<(String, String)>>,
}

/// The request that a proof is for.
#[derive(Clone, Copy)]
pub(super) struct Proven<'p> {
    pub(super) method: &'static str,
    pub(super) url: &'p str,
    pub(super) access_token: Option<&'p str>,
}

impl DpopKey {
    /// A key of this process alone.
    ///
    /// # Errors
    /// [`CryptoError::Randomness`] when the operating system gives none.
    pub fn generate() -> Result<Self, CryptoError> {
        Self::new(PrivateKey::generate_p256()?)
    }

    /// Reads a private key on P-256 in PKCS#8 PEM.
    ///
    /// # Errors
    /// [`CryptoError::KeyMalformed`] for anything else.
    pub fn from_pem(pem: &str) -> Result<Self, CryptoError> {
        let key = PrivateKey::from_pem(pem)?;
        if key.algorithm() != SignatureAlgorithm::EcdsaP256Sha256 {
            return Err(CryptoError::KeyMalformed { expected: "a P-256 key in PKCS#8 PEM" });
        }
        Self::new(key)
    }

    fn new(key: PrivateKey) -> Result<Self, CryptoError> {
        Ok(Self { signer: Signer::new(key)?, nonces: Mutex::default() })
    }

    /// The algorithm of every proof.
    pub(super) const ALGORITHM: &'static str = "ES256";

    /// The thumbprint of the public key, as `dpop_jkt` and `cnf` have it (RFC 9449, 6.1 and 10).
    #[must_use]
    pub fn thumbprint(&self) -> String {
        self.signer.thumbprint()
    }

    /// A proof for one request (RFC 9449, 4.2), with the nonce that its endpoint gave last; and that nonce.
    pub(super) fn proof(&self, proven: Proven<'_>, now: Timestamp) -> Result<(String, Option<String>), CryptoError> {
        let header = json!({ "alg": Self::ALGORITHM, "typ": "dpop+jwt", "jwk": self.signer.public_jwk() });
        let htu = without_query(proven.url);
        let nonce = self.nonce_of(proven.url);
        let mut claims = json!({
            "jti": random_id()?, "htm": proven.method, "htu": htu, "iat": now.unix_seconds(),
        });
        if let Value::Object(members) = &mut claims {
            if let Some(access_token) = proven.access_token {
                members.insert("ath".to_owned(), sha256(access_token.as_bytes()).into());
            }
            if let Some(nonce) = &nonce {
                members.insert("nonce".to_owned(), nonce.as_str().into());
            }
        }
        Ok((self.signer.sign(&header, &claims)?, nonce))
    }

    /// Keeps a nonce that the endpoint at `url` gave; whether it is another than the proof held, which others may have
    /// learnt meanwhile.
    pub(super) fn remember(&self, url: &str, nonce: Option<&str>, held: Option<&str>) -> bool {
        let Some(nonce) = nonce.filter(|nonce| is_nonce(nonce)) else { return false };
        if held == Some(nonce) {
            return false;
        }
        let mut nonces = self.nonces.lock().unwrap_or_else(PoisonError::into_inner);
        nonces.retain(|(known, _)| known != without_query(url));
        if nonces.len() >= MAX_NONCES {
            nonces.remove(0);
        }
        nonces.push((without_query(url).to_owned(), nonce.to_owned()));
        true
    }

    fn nonce_of(&self, url: &str) -> Option<String> {
        let nonces = self.nonces.lock().unwrap_or_else(PoisonError::into_inner);
        nonces.iter().find(|(known, _)| known == without_query(url)).map(|(_, nonce)| nonce.clone())
    }
}

fn without_query(url: &str) -> &str {
    url.split(['?', '#']).next().unwrap_or_default()
}

/// `NQCHAR` of RFC 6749, A: printable, without space, quote and backslash.
fn is_nonce(text: &str) -> bool {
    (1..=MAX_NONCE_LENGTH).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\')
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    use super::*;
    use crate::identity::oidc::{CompactJws, Jwks};

    fn parts(jwt: &str) -> (Value, Value) {
        let mut parts = jwt.split('.').map(|part| URL_SAFE_NO_PAD.decode(part).unwrap());
        let mut next = || serde_json::from_slice(&parts.next().unwrap()).unwrap();
        (next(), next())
    }

    #[test]
    fn a_proof_says_what_the_standard_wants_and_nothing_of_the_query() {
        let key = DpopKey::generate().unwrap();
        let url = "https://a.example/token?tenant=x#y";
        assert!(key.remember(url, Some("n-1"), None));
        let proven = Proven { method: "POST", url, access_token: Some("access") };
        let now = Timestamp::from_unix_seconds(1_800_000_000);
        let (proof, held) = key.proof(proven, now).unwrap();
        let (header, claims) = parts(&proof);
        assert_eq!(held.as_deref(), Some("n-1"));
        assert_eq!((&header["alg"], &header["typ"]), (&json!("ES256"), &json!("dpop+jwt")));
        assert_eq!(header["jwk"].as_object().unwrap().keys().collect::<Vec<_>>(), ["crv", "kty", "x", "y"]);
        assert_eq!((&claims["htm"], &claims["htu"]), (&json!("POST"), &json!("https://a.example/token")));
        assert_eq!((&claims["iat"], &claims["nonce"]), (&json!(1_800_000_000), &json!("n-1")));
        assert_eq!(claims["ath"], json!(sha256(b"access")));
        let (_, again) = parts(&key.proof(Proven { access_token: None, ..proven }, now).unwrap().0);
        assert_ne!(claims["jti"], again["jti"]);
        assert_eq!(again.get("ath"), None);
    }

    #[test]
    fn a_proof_is_signed_by_the_key_that_its_thumbprint_names() {
        let key = DpopKey::generate().unwrap();
        let proven = Proven { method: "GET", url: "https://a.example/me", access_token: None };
        let (proof, _) = key.proof(proven, Timestamp::EPOCH).unwrap();
        let (header, _) = parts(&proof);
        let jwks = Jwks::parse(json!({"keys": [header["jwk"]]}).to_string().as_bytes()).unwrap();
        // Our reader refuses a token that brings its own key, so the parts are verified under another header.
        let refused = CompactJws::parse(&proof).unwrap_err();
        assert_eq!(refused.rule().name, "header_parameters");
        let signed = key.signer.sign(&json!({"alg": "ES256"}), &json!({})).unwrap();
        jwks.verify(&CompactJws::parse(&signed).unwrap()).unwrap();
        let members = serde_json::to_string(&header["jwk"]).unwrap();
        assert_eq!(key.thumbprint(), sha256(members.as_bytes()));
    }

    #[test]
    fn nonces_are_bounded_and_of_one_endpoint() {
        let key = DpopKey::generate().unwrap();
        for absurd in [None, Some(""), Some("a b"), Some("a\"b"), Some("ü"), Some(&*"x".repeat(257))] {
            assert!(!key.remember("https://a.example/token", absurd, None), "{absurd:?}");
        }
        let token = "https://a.example/token";
        assert!(key.remember(token, Some("1"), None));
        assert!(!key.remember(token, Some("1"), Some("1")), "the same is no reason to ask again");
        assert!(key.remember(token, Some("1"), Some("0")), "also where another request has learnt it first");
        assert_eq!(key.nonce_of("https://a.example/me"), None);
        for index in 0..20 {
            key.remember(&format!("https://a.example/{index}"), Some("1"), None);
        }
        assert_eq!(key.nonces.lock().unwrap().len(), MAX_NONCES);
    }

    #[test]
    fn only_keys_on_p256_are_taken_and_none_is_printed() {
        assert!(DpopKey::from_pem("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----").is_err());
        let printed = format!("{:?}", DpopKey::generate().unwrap());
        assert!(printed.contains("redacted"), "{printed}");
    }
}
