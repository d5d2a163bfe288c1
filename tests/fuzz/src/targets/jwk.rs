//! Key set documents. A finding: a set that takes too long or grows past its bounds, and a key that is used or left out
//! where a second reader of the same JSON would not.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use daypass::identity::oidc::{CompactJws, Jwk, Jwks, JwsAlgorithm, MAX_KEYS, UnusableKey};
use serde_json::Value;

use super::jws::HONEST;
use crate::judge::in_time;

const ALGORITHMS: [JwsAlgorithm; 10] = [
    JwsAlgorithm::Rs256,
    JwsAlgorithm::Rs384,
    JwsAlgorithm::Rs512,
    JwsAlgorithm::Ps256,
    JwsAlgorithm::Ps384,
    JwsAlgorithm::Ps512,
    JwsAlgorithm::Es256,
    JwsAlgorithm::Es384,
    JwsAlgorithm::Es512,
    JwsAlgorithm::EdDsa,
];

/// A key as the second reader sees it: its name, and the names of the algorithms it makes.
#[derive(Debug, PartialEq, Eq)]
struct Reading {
    key_id: Option<String>,
    algorithms: Vec<&'static str>,
}

/// Reads the set in `data`.
pub fn target(data: &[u8]) {
    let jwks = match in_time(data, || Jwks::parse(data)) {
        Ok(jwks) => jwks,
        Err(error) => {
            let _ = (error.to_string(), error.reason());
            return;
        }
    };
    let document: Value = match serde_json::from_slice(data) {
        Ok(document) => document,
        // The other parser makes numbers of numbers.
        Err(error) if error.to_string().contains("number out of range") => return,
        Err(error) => panic!("a set that is no JSON: {error}"),
    };
    let listed = document["keys"].as_array().expect("a list of keys");
    assert!(listed.len() <= MAX_KEYS && jwks.keys().len() + jwks.skipped().len() <= listed.len());
    for (index, entry) in listed.iter().enumerate() {
        let skipped = jwks.skipped().iter().find(|skipped| skipped.index == index).map(|skipped| &skipped.reason);
        let used = |own: &Reading| jwks.keys().iter().any(|key| seen(key) == *own);
        // The same key listed twice is one key, and where it clashes with another its first place says so.
        let clashes = |own: &Reading| {
            let mut clashing = jwks.skipped().iter().filter(|skipped| skipped.reason == UnusableKey::DuplicateKeyId);
            clashing.any(|skipped| reading(&listed[skipped.index]).as_ref() == Some(own))
        };
        match (skipped, reading(entry)) {
            (None, Some(own)) => assert!(used(&own) || clashes(&own), "left out without a reason: {entry}"),
            (None, None) => panic!("used: {entry}"),
            (Some(reason), Some(_)) if looked_into(reason) => {}
            (Some(_), None) => {}
            (Some(reason), Some(_)) => panic!("left out: {reason}: {entry}"),
        }
    }
    for key in jwks.keys() {
        assert!(listed.iter().filter_map(reading).any(|reading| seen(key) == reading), "made up: {key:?}");
        assert!(key.key_id().is_none_or(|key_id| jwks.has_key_id(key_id)));
    }
    // Whatever its numbers are, a key answers.
    for token in HONEST.iter() {
        let jws = CompactJws::parse(token).expect("an honest token");
        let _ = in_time(data, || jwks.verify(&jws).is_ok());
        for key in jwks.keys().iter().take(4) {
            let _ = in_time(data, || jws.verify(key).is_ok());
        }
    }
}

/// Whether a key was left out for what no reader of JSON sees.
const fn looked_into(reason: &UnusableKey) -> bool {
    matches!(reason, UnusableKey::DuplicateKeyId | UnusableKey::Factorable | UnusableKey::SmallOrder)
}

fn seen(key: &Jwk) -> Reading {
    let algorithms = ALGORITHMS.into_iter().filter(|algorithm| key.permits(*algorithm)).map(JwsAlgorithm::name);
    Reading { key_id: key.key_id().map(str::to_owned), algorithms: algorithms.collect() }
}

/// The second reader: what a key is by RFC 7517, RFC 7518 and RFC 8037, of the sizes that are accepted.
fn reading(entry: &Value) -> Option<Reading> {
    let text = |name: &str| match entry.get(name) {
        None => Some(None),
        Some(found) => found.as_str().map(Some),
    };
    let number = |name: &str| URL_SAFE_NO_PAD.decode(entry.get(name)?.as_str()?).ok();
    let key_id = text("kid")?;
    if key_id.is_some_and(|key_id| key_id.len() > 256) || text("use")?.is_some_and(|purpose| purpose != "sig") {
        return None;
    }
    if let Some(operations) = entry.get("key_ops") {
        operations.as_array()?.iter().find(|operation| *operation == "verify")?;
    }
    let mut algorithms: Vec<&'static str> = match (text("kty")??, text("crv")) {
        ("RSA", _) => {
            let (modulus, exponent) = (number("n")?, number("e")?);
            let bits = bits(&modulus);
            let odd = exponent.last().is_some_and(|last| last % 2 == 1);
            let fits = (2048..=8192).contains(&bits) && odd && (2..=40).contains(&self::bits(&exponent));
            fits.then(|| vec!["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"])?
        }
        ("EC", crv) => {
            let (width, name) = match crv?? {
                "P-256" => (32, "ES256"),
                "P-384" => (48, "ES384"),
                "P-521" => (66, "ES512"),
                _ => return None,
            };
            (number("x")?.len() == width && number("y")?.len() == width).then(|| vec![name])?
        }
        ("OKP", crv) => (crv?? == "Ed25519" && number("x")?.len() == 32).then(|| vec!["EdDSA"])?,
        _ => return None,
    };
    if let Some(own) = text("alg")? {
        algorithms.retain(|name| *name == own || (*name == "EdDSA" && own == "Ed25519"));
    }
    (!algorithms.is_empty()).then(|| Reading { key_id: key_id.map(str::to_owned), algorithms })
}

/// How long a number is.
fn bits(number: &[u8]) -> usize {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    number.get(zeros).map_or(0, |first| (number.len() - zeros) * 8 - first.leading_zeros() as usize)
}
