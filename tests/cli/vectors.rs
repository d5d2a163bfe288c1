//! The public vectors through the command: the same verdicts as the library gives in `tests/saml_vectors.rs` and
//! `tests/jose_vectors.rs`, from the same lists of exceptions.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use daypass::identity::saml::RULES;
use serde_json::{Value, json};

use crate::{run, run_with};

fn vectors(test: &str, file: &str) -> Option<PathBuf> {
    let root = std::env::var_os("DAYPASS_VECTORS")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/vectors"), PathBuf::from);
    let found = Some(root.join(file)).filter(|path| path.exists());
    if found.is_none() {
        println!("skipped: no vectors: {test}");
    }
    found
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap()
}

/// Whether the response passed its signature and failed at a later rule.
fn after_signature(check: &Value) -> bool {
    let position = |name: &str| RULES.iter().position(|rule| rule.name == name);
    position(check.as_str().unwrap()) > position("signed")
}

#[test]
fn every_saml_case_has_its_verdict() {
    let Some(file) = vectors("every_saml_case_has_its_verdict", "saml/cases.jsonl") else { return };
    let mut listed: BTreeMap<String, String> =
        serde_json::from_str(include_str!("../vectors/saml/exceptions.json")).unwrap();
    let ran = run(&["saml", "verify", "--batch", file.to_str().unwrap()]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    let answers = ran.lines();
    let cases: Vec<Value> = read(&file).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(answers.len(), cases.len());
    let mut wrong = Vec::new();
    let mut tally: BTreeMap<&str, usize> = BTreeMap::new();
    for (case, answer) in cases.iter().zip(&answers) {
        assert_eq!(case["id"], answer["id"]);
        let id = case["id"].as_str().unwrap();
        let as_stated = |field: &str| case[field].is_null() || case[field] == answer[field];
        let outcome = match (case["expect"].as_str(), answer["verdict"].as_str()) {
            (Some("accept"), Some("accept")) if as_stated("name_id") && as_stated("attributes") => "accepted",
            // Only the signature of such a case is claimed to be good; the command judges in full.
            (Some("accept"), _) if case["layer"] == "signature" && after_signature(&answer["check"]) => "accepted",
            (Some("reject"), Some("reject")) if answer["check"] == "policy" => {
                // The library, which cannot be asked for this, accepts these: the command refuses to judge by less.
                assert_eq!(case["policy"]["check_sp_cert_validity"], true, "{id}");
                listed.remove(id).unwrap();
                "not to be asked for"
            }
            (Some("reject"), Some("reject")) if before_the_point(answer) => "before the point",
            (Some("reject"), Some("reject")) => "refused",
            (Some("reject"), _) if case["safe_name_id"] == answer["name_id"] => "refused",
            (Some("accept"), Some("reject")) if listed.remove(id).is_some() => "exception",
            _ => {
                wrong.push(format!("{case}\n{answer}"));
                "wrong"
            }
        };
        *tally.entry(outcome).or_default() += 1;
        assert!(case["forged_name_id"].is_null() || case["forged_name_id"] != answer["name_id"], "FORGED {id}");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(listed.is_empty(), "no longer exceptions: {listed:?}");
    // What `tests/saml_vectors.rs` counts, but for two of its eight exceptions, which the command can only decline.
    let expected =
        [("accepted", 35), ("before the point", 15), ("exception", 6), ("not to be asked for", 2), ("refused", 408)];
    assert_eq!(tally, BTreeMap::from(expected));
}

/// Whether a refusal is for a reason of ours alone, so that what the case is about was never reached: no pass.
fn before_the_point(answer: &Value) -> bool {
    let reason = answer["reason"].as_str().unwrap();
    (answer["check"] == "decryption" && reason.contains("sp_key was not loaded")) || reason.ends_with("xml-c14n11")
}

fn wycheproof(test: &str, file: &str, total: usize) {
    let Some(path) = vectors(test, &format!("wycheproof/{file}.json")) else { return };
    let listed: Vec<Value> = serde_json::from_str(include_str!("../oidc/vectors/exceptions.json")).unwrap();
    let document: Value = serde_json::from_str(&read(&path)).unwrap();
    let (mut lines, mut expected) = (String::new(), Vec::new());
    for group in document["testGroups"].as_array().unwrap() {
        let key = group.get("public").unwrap_or(&group["private"]);
        let jwks = if key.get("keys").is_some() { key.clone() } else { json!({ "keys": [key] }) };
        for case in group["tests"].as_array().unwrap() {
            let id = &case["tcId"];
            lines += &format!("{}\n", json!({"id": id, "token": case["jws"], "jwks": jwks, "use": "signature"}));
            let ours = listed.iter().find(|entry| entry["file"] == file && entry["tcId"] == *id);
            let label = ours.map_or(&case["result"], |entry| &entry["ours"]);
            expected.push((id.clone(), label == "valid"));
        }
    }
    let ran = run_with(&["jwt", "verify", "--batch"], &lines);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    let found: Vec<_> =
        ran.lines().iter().map(|answer| (answer["id"].clone(), answer["verdict"] == "accept")).collect();
    assert_eq!(found, expected);
    assert_eq!(found.len(), total);
}

#[test]
fn wycheproof_json_web_signature() {
    wycheproof("wycheproof_json_web_signature", "json_web_signature_test", 401);
}

#[test]
fn wycheproof_json_web_key() {
    wycheproof("wycheproof_json_web_key", "json_web_key_test", 26);
}
