//! What clients sign: the keys they register or send along, and the signatures of their assertions and proofs
//! (RFC 7515, RFC 7517, RFC 7638; the rules of RFC 8725).

use crate::sync::sha256;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::crypto::aws_lc;
use jsonwebtoken::{Algorithm, DecodingKey};
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value, json};
use std::fmt;
use x509_parser::prelude::FromDer;
use x509_parser::public_key::PublicKey as ParsedKey;
use x509_parser::x509::SubjectPublicKeyInfo;

/// The algorithms clients may sign with, as the discovery document lists them.
pub(crate) const ALGORITHMS: [&str; 6] = ["ES256", "ES384", "EdDSA", "Ed25519", "PS256", "RS256"];

const TOKEN_MOST: usize = 8 * 1024;
const SET_MOST: usize = 64 * 1024;
const KEYS_MOST: usize = 20;
/// 2048 bits; no more than 8192.
const RSA_BYTES: std::ops::RangeInclusive<usize> = 256..=1_024;
const PRIVATE_MEMBERS: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];
const ED25519: &str = "1.3.101.112";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Rsa,
    P256,
    P384,
    Ed25519,
}

impl Kind {
    /// The algorithm of this name, if keys of this kind have it (attack: the header chooses).
    fn algorithm(self, name: &str) -> Option<Algorithm> {
        match (self, name) {
            (Self::Rsa, "RS256") => Some(Algorithm::RS256),
            (Self::Rsa, "PS256") => Some(Algorithm::PS256),
            (Self::P256, "ES256") => Some(Algorithm::ES256),
            (Self::P384, "ES384") => Some(Algorithm::ES384),
            (Self::Ed25519, "EdDSA" | "Ed25519") => Some(Algorithm::EdDSA),
            _ => None,
        }
    }
}

/// A public key of somebody else's.
#[derive(Clone)]
pub(crate) struct PublicKey {
    kind: Kind,
    key_id: Option<String>,
    /// The one algorithm the key is for, if its JWK says.
    only: Option<String>,
    thumbprint: String,
    decoding: DecodingKey,
}

impl PublicKey {
    /// The usable keys of a JWK set; those that are not are passed over (RFC 7517 section 5).
    pub(crate) fn set(text: &str) -> Option<Vec<Self>> {
        let set: Value = (text.len() <= SET_MOST).then(|| serde_json::from_str(text).ok())??;
        let keys = set.get("keys")?.as_array().filter(|keys| keys.len() <= KEYS_MOST)?;
        let usable: Vec<Self> = keys.iter().filter_map(Value::as_object).filter_map(Self::from_jwk).collect();
        (!usable.is_empty()).then_some(usable)
    }

    /// A `PUBLIC KEY` in PEM.
    pub(crate) fn from_pem(text: &str) -> Option<Self> {
        let (_, rest) = text.split_once("-----BEGIN PUBLIC KEY-----")?;
        let (body, _) = rest.split_once("-----END PUBLIC KEY-----")?;
        let der = STANDARD.decode(body.split_ascii_whitespace().collect::<String>()).ok()?;
        let (rest, info) = SubjectPublicKeyInfo::from_der(&der).ok()?;
        let jwk = jwk_of(&info)?;
        rest.is_empty().then(|| jwk.as_object().and_then(Self::from_jwk))?
    }

    /// A JWK that holds nothing private, of a kind and size that is still good.
    pub(crate) fn from_jwk(jwk: &Map<String, Value>) -> Option<Self> {
        if PRIVATE_MEMBERS.iter().any(|name| jwk.contains_key(*name)) {
            return None;
        }
        let text = |name: &str| jwk.get(name).and_then(Value::as_str);
        if jwk.contains_key("use") && text("use") != Some("sig") {
            return None;
        }
        let is_long = |name: &str, bytes: usize| {
            text(name).and_then(|text| URL_SAFE_NO_PAD.decode(text).ok()).is_some_and(|it| it.len() == bytes)
        };
        // The members of the thumbprint, in its order.
        let (kind, bare) = match (text("kty")?, text("crv")) {
            ("RSA", _) => (Kind::Rsa, json!({ "e": text("e")?, "kty": "RSA", "n": text("n")? })),
            ("EC", Some("P-256")) if is_long("x", 32) && is_long("y", 32) => {
                (Kind::P256, json!({ "crv": "P-256", "kty": "EC", "x": text("x")?, "y": text("y")? }))
            }
            ("EC", Some("P-384")) if is_long("x", 48) && is_long("y", 48) => {
                (Kind::P384, json!({ "crv": "P-384", "kty": "EC", "x": text("x")?, "y": text("y")? }))
            }
            ("OKP", Some("Ed25519")) if is_long("x", 32) => {
                (Kind::Ed25519, json!({ "crv": "Ed25519", "kty": "OKP", "x": text("x")? }))
            }
            _ => return None,
        };
        if kind == Kind::Rsa && !RSA_BYTES.contains(&URL_SAFE_NO_PAD.decode(text("n")?).ok()?.len()) {
            return None;
        }
        Some(Self {
            kind,
            key_id: text("kid").map(str::to_owned),
            only: text("alg").map(str::to_owned),
            thumbprint: URL_SAFE_NO_PAD.encode(sha256(bare.to_string().as_bytes())),
            decoding: DecodingKey::from_jwk(&serde_json::from_value(bare).ok()?).ok()?,
        })
    }

    /// RFC 7638, with SHA-256.
    pub(crate) fn thumbprint(&self) -> &str {
        &self.thumbprint
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PublicKey")
            .field("kind", &self.kind)
            .field("thumbprint", &self.thumbprint)
            .finish_non_exhaustive()
    }
}

fn jwk_of(info: &SubjectPublicKeyInfo<'_>) -> Option<Value> {
    let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    let bits: &[u8] = &info.subject_public_key.data;
    if info.algorithm.algorithm.to_id_string() == ED25519 {
        return Some(json!({ "kty": "OKP", "crv": "Ed25519", "x": encode(bits) }));
    }
    match info.parsed().ok()? {
        ParsedKey::RSA(key) => {
            let modulus = key.modulus.strip_prefix(&[0]).unwrap_or(key.modulus);
            Some(json!({ "kty": "RSA", "n": encode(modulus), "e": encode(key.exponent) }))
        }
        ParsedKey::EC(_) => {
            let point = bits.strip_prefix(&[4])?;
            let (x, y) = point.split_at_checked(point.len() / 2)?;
            let curve = match x.len() {
                32 => "P-256",
                48 => "P-384",
                _ => return None,
            };
            Some(json!({ "kty": "EC", "crv": curve, "x": encode(x), "y": encode(y) }))
        }
        _ => None,
    }
}

/// A token in three parts that nobody has vouched for yet.
#[derive(Debug)]
pub(crate) struct UnverifiedJws<'a> {
    header: Map<String, Value>,
    payload: Map<String, Value>,
    message: &'a str,
    signature: Vec<u8>,
}

/// The claims of a token whose signature is good.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Claims<'a>(&'a Map<String, Value>);

impl<'a> UnverifiedJws<'a> {
    pub(crate) fn parse(text: &'a str) -> Option<Self> {
        let (message, signature) = (text.len() <= TOKEN_MOST).then(|| text.rsplit_once('.'))??;
        let (header, payload) = message.split_once('.').filter(|(_, payload)| !payload.contains('.'))?;
        let object = |part: &str| {
            let bytes = URL_SAFE_NO_PAD.decode(part).ok()?;
            serde_json::from_slice::<Object>(&bytes).ok().map(|object| object.0)
        };
        let header = object(header).filter(|header| !header.contains_key("crit"))?;
        let signature = URL_SAFE_NO_PAD.decode(signature).ok().filter(|signature| !signature.is_empty())?;
        Some(Self { header, payload: object(payload)?, message, signature })
    }

    pub(crate) fn header(&self, name: &str) -> Option<&Value> {
        self.header.get(name)
    }

    /// Whom the token says it is about, which decides whose keys are tried and nothing else.
    pub(crate) fn alleged_subject(&self) -> Option<&str> {
        self.payload.get("sub").and_then(Value::as_str)
    }

    /// The claims, if this key made the signature, by an algorithm of its own.
    pub(crate) fn verify(&self, key: &PublicKey) -> Option<Claims<'_>> {
        let named = self.header.get("alg").and_then(Value::as_str)?;
        if key.only.as_deref().is_some_and(|only| key.kind.algorithm(only) != key.kind.algorithm(named)) {
            return None;
        }
        let algorithm = key.kind.algorithm(named)?;
        let verifier = (aws_lc::DEFAULT_PROVIDER.verifier_factory)(&algorithm, &key.decoding).ok()?;
        verifier.verify(self.message.as_bytes(), &self.signature).ok()?;
        Some(Claims(&self.payload))
    }

    /// The same by any of these keys, or by the one the header names.
    pub(crate) fn verify_by_any(&self, keys: &[PublicKey]) -> Option<Claims<'_>> {
        let named = self.header.get("kid").map(|kid| kid.as_str().unwrap_or_default());
        let fits = |key: &&PublicKey| named.is_none() || key.key_id.is_none() || key.key_id.as_deref() == named;
        keys.iter().filter(fits).find_map(|key| self.verify(key))
    }
}

impl<'a> Claims<'a> {
    pub(crate) fn text(self, name: &str) -> Option<&'a str> {
        self.0.get(name).and_then(Value::as_str)
    }

    /// Whole seconds since 1970.
    pub(crate) fn seconds(self, name: &str) -> Option<i64> {
        self.0.get(name).and_then(Value::as_i64)
    }

    pub(crate) fn has(self, name: &str) -> bool {
        self.0.contains_key(name)
    }
}

/// A JSON object with no name twice (attack: two readers pick different ones).
struct Object(Map<String, Value>);

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Once;
        impl<'de> Visitor<'de> for Once {
            type Value = Object;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Object, A::Error> {
                let mut object = Map::new();
                while let Some((name, value)) = entries.next_entry::<String, Value>()? {
                    if object.insert(name, value).is_some() {
                        return Err(A::Error::custom("a name is there twice"));
                    }
                }
                Ok(Object(object))
            }
        }
        deserializer.deserialize_map(Once)
    }
}

#[cfg(test)]
mod tests;
