//! Public vectors for JWS and JWK: Wycheproof and the JOSE cookbook (RFC 7520).
//!
//! A verdict that differs from the label must be listed in `tests/oidc/vectors/exceptions.json` with its reason; a listed
//! case that comes out as labelled fails too.

#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test stops at the first surprise")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use daypass::identity::oidc::{CompactJws, HmacAlgorithm, Jwks, JwsError, SecretJwk};
use serde_json::{Value, json};

fn vectors(test: &str) -> Option<PathBuf> {
    let root = std::env::var_os("DAYPASS_VECTORS")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/vectors"), PathBuf::from);
    if root.is_dir() {
        return Some(root);
    }
    println!("skipped: no vectors: {test}");
    None
}

fn read(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).unwrap_or_else(|error| panic!("{path:?}: {error}"))).unwrap()
}

/// The payload, when a key of the set signed the token.
fn verify_public(keys: &Value, token: &str) -> Result<Vec<u8>, String> {
    let jwks = Jwks::parse(json!({ "keys": keys }).to_string().as_bytes()).map_err(|error| error.reason())?;
    let jws = CompactJws::parse(token).map_err(|error| error.reason())?;
    Ok(jwks.verify(&jws).map_err(|error| error.reason())?.payload().to_vec())
}

/// As [`verify_public`] for shared secrets, of which one is configured for a client: two under one name are no choice.
fn verify_secret(keys: &[Value], token: &str) -> Result<Vec<u8>, String> {
    let jws = CompactJws::parse(token).map_err(|error| error.reason())?;
    let mut named = keys.iter().filter(|key| jws.key_id().is_none_or(|key_id| key["kid"] == key_id));
    let (Some(key), None) = (named.next(), named.next()) else { return Err("not one key of that name".to_owned()) };
    let algorithm = HmacAlgorithm::from_name(key["alg"].as_str().unwrap()).ok_or("not an HMAC algorithm")?;
    let secret = URL_SAFE_NO_PAD.decode(key["k"].as_str().unwrap()).map_err(|error| error.to_string())?;
    let key = SecretJwk::new(algorithm, &secret).map_err(|error| error.to_string())?;
    Ok(jws.verify_secret(&key).map_err(|error| error.reason())?.payload().to_vec())
}

fn verify(keys: &Value, token: &str) -> Result<Vec<u8>, String> {
    let listed = keys.as_array().unwrap();
    if listed.iter().all(|key| key["kty"] == "oct") { verify_secret(listed, token) } else { verify_public(keys, token) }
}

/// Expected verdict of each listed case, by file and number.
fn exceptions() -> BTreeMap<(String, u64), bool> {
    let listed: Value = serde_json::from_str(include_str!("oidc/vectors/exceptions.json")).unwrap();
    let entry = |entry: &Value| {
        assert_ne!(entry["label"], entry["ours"]);
        assert!(entry["reason"].as_str().is_some_and(|reason| reason.len() > 20));
        ((entry["file"].as_str().unwrap().to_owned(), entry["tcId"].as_u64().unwrap()), entry["ours"] == "valid")
    };
    listed.as_array().unwrap().iter().map(entry).collect()
}

fn wycheproof(test: &str, file: &str, total: usize) {
    let Some(root) = vectors(test) else { return };
    let exceptions = exceptions();
    let document = read(&root.join("wycheproof").join(format!("{file}.json")));
    let (mut judged, mut wrong) = (0, Vec::new());
    for group in document["testGroups"].as_array().unwrap() {
        let key = group.get("public").unwrap_or(&group["private"]);
        let keys = key.get("keys").cloned().unwrap_or_else(|| json!([key]));
        for case in group["tests"].as_array().unwrap() {
            let id = case["tcId"].as_u64().unwrap();
            let label = case["result"] == "valid";
            let expected = exceptions.get(&(file.to_owned(), id)).copied().unwrap_or(label);
            let outcome = verify(&keys, case["jws"].as_str().unwrap());
            judged += 1;
            if outcome.is_ok() != expected {
                wrong.push(format!("{id} {}: expected valid={expected}, found {outcome:?}", case["comment"]));
            }
        }
    }
    println!("{file}: {judged} cases, {} listed exceptions", exceptions.keys().filter(|(of, _)| of == file).count());
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert_eq!(judged, total);
}

#[test]
fn wycheproof_json_web_signature() {
    wycheproof("wycheproof_json_web_signature", "json_web_signature_test", 401);
}

#[test]
fn wycheproof_json_web_key() {
    wycheproof("wycheproof_json_web_key", "json_web_key_test", 26);
}

fn files(root: &Path, folder: &str) -> Vec<(String, Value)> {
    let mut files: Vec<_> = std::fs::read_dir(root.join("jose-cookbook").join(folder))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .collect();
    files.sort();
    files.into_iter().map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), read(&path))).collect()
}

#[test]
fn cookbook_compact_signatures_are_verified() {
    let Some(root) = vectors("cookbook_compact_signatures_are_verified") else { return };
    let mut verified = Vec::new();
    for (name, case) in files(&root, "jws")
        .into_iter()
        .chain([("curve25519".to_owned(), read(&root.join("jose-cookbook/curve25519/jws.json")))])
    {
        let Some(compact) = case["output"]["compact"].as_str() else { continue };
        let mut key = case["input"]["key"].clone();
        if key["kty"] == "oct" {
            key["alg"] = case["input"]["alg"].clone();
        }
        let outcome = verify(&json!([key]), compact);
        if name.starts_with("4_5") {
            // Detached content: the payload of this token is not what was signed.
            assert!(outcome.is_err(), "{name}");
            continue;
        }
        let payload = outcome.unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(String::from_utf8(payload).unwrap(), case["input"]["payload"].as_str().unwrap(), "{name}");
        verified.push(name);
    }
    assert_eq!(verified.len(), 5, "{verified:?}");
}

#[test]
fn cookbook_encrypted_tokens_are_refused_by_their_shape() {
    let Some(root) = vectors("cookbook_encrypted_tokens_are_refused_by_their_shape") else { return };
    let mut refused = 0;
    for (name, case) in files(&root, "jwe") {
        let Some(compact) = case["output"]["compact"].as_str() else { continue };
        assert!(matches!(CompactJws::parse(compact), Err(JwsError::Encrypted)), "{name}");
        refused += 1;
    }
    assert_eq!(refused, 9);
}

#[test]
fn cookbook_keys_are_read_or_skipped_by_kind() {
    let Some(root) = vectors("cookbook_keys_are_read_or_skipped_by_kind") else { return };
    for (name, key) in files(&root, "jwk") {
        let jwks = Jwks::parse(json!({ "keys": [key] }).to_string().as_bytes()).unwrap();
        let symmetric = name.contains("symmetric");
        assert_eq!((jwks.keys().len(), jwks.skipped().len()), if symmetric { (0, 1) } else { (1, 0) }, "{name}");
    }
}

#[test]
fn unencoded_payloads_are_refused_by_name() {
    let Some(root) = vectors("unencoded_payloads_are_refused_by_name") else { return };
    for (name, case) in files(&root, "rfc7797") {
        let Some(compact) = case["output"]["compact"].as_str() else { continue };
        let (header, _) = compact.split_once('.').unwrap();
        // The payload of these tokens is not base64url either; the header alone must be enough to refuse.
        let outcome = CompactJws::parse(&format!("{header}.AA.AA")).map(drop).unwrap_err();
        assert!(matches!(outcome, JwsError::RefusedParameter { name: "b64" | "crit" }), "{name}: {outcome:?}");
        assert!(CompactJws::parse(compact).is_err(), "{name}");
    }
}
