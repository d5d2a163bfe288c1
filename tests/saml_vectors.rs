//! Every case of the public SAML vectors: the verdict it states, the same NameID and attributes, under the relaxations it
//! names and no others. What this crate refuses whatever is relaxed stands in `tests/vectors/saml/exceptions.json`.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests stop where the tests would")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use daypass::VerifiedIdentity;
use daypass::crypto::RsaDecryptionKey;
use daypass::explain::Silent;
use daypass::identity::saml::danger::{self, Relaxations};
use daypass::identity::saml::{RULES, SamlError, SamlProvider, UnverifiedResponse, verify};
use daypass::time::Timestamp;
use serde_json::Value;

fn vectors() -> Option<PathBuf> {
    let root = std::env::var_os("DAYPASS_VECTORS")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/vectors"), PathBuf::from);
    Some(root.join("saml")).filter(|saml| saml.join("cases.jsonl").exists())
}

fn text<'c>(case: &'c Value, field: &str) -> &'c str {
    case[field].as_str().unwrap_or_default()
}

fn relaxed(case: &Value, name: &str) -> bool {
    case["policy"][name] == Value::Bool(true)
}

/// A minimal metadata document around the certificates of the case.
fn metadata(root: &Path, case: &Value) -> String {
    let mut keys = String::new();
    for certificate in case["idp_certs"].as_array().into_iter().flatten() {
        let pem = std::fs::read_to_string(root.join(certificate.as_str().unwrap())).unwrap();
        let body: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
        keys += &format!(
            "<md:KeyDescriptor><ds:KeyInfo><ds:X509Data><ds:X509Certificate>{body}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>"
        );
    }
    let entity_id = text(case, "idp_entity_id");
    format!(
        r#"<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" xmlns:ds="http://www.w3.org/2000/09/xmldsig#" entityID="{entity_id}"><md:IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">{keys}</md:IDPSSODescriptor></md:EntityDescriptor>"#
    )
}

fn provider(root: &Path, case: &Value) -> Result<SamlProvider, SamlError> {
    let mut relaxations = Relaxations::none();
    if relaxed(case, "allow_sha1") {
        relaxations = relaxations.allow_sha1();
    }
    if relaxed(case, "allow_small_rsa") {
        relaxations = relaxations.allow_small_rsa();
    }
    if relaxed(case, "allow_cbc") {
        // The vectors have one word for both: CBC inside a signature, and without one.
        relaxations = relaxations.allow_cbc_in_unsigned_responses();
    }
    let mut provider =
        danger::provider(&metadata(root, case), text(case, "sp_entity_id"), text(case, "acs_url"), relaxations)?;
    if let Some(seconds) = case["policy"]["clock_skew_s"].as_u64() {
        provider = provider.with_clock_skew(Duration::from_secs(seconds))?;
    }
    if relaxed(case, "want_response_signed") {
        provider = provider.with_signed_responses();
    }
    if relaxed(case, "check_idp_cert_validity") {
        provider = provider.with_certificate_validity();
    }
    if relaxed(case, "allow_unsolicited") {
        provider = provider.with_unsolicited_responses();
    }
    if let Some(key) = case["sp_key"].as_str() {
        let pem = std::fs::read_to_string(root.join(key)).unwrap();
        // Some cases hold a decryption key of 1,024 bits, which is refused whatever is relaxed.
        if let Ok(key) = RsaDecryptionKey::from_pem(&pem) {
            provider = provider.with_decryption_key(key);
        }
    }
    Ok(provider)
}

fn judge(root: &Path, case: &Value) -> Result<VerifiedIdentity, SamlError> {
    let provider = provider(root, case)?;
    let posted = STANDARD.encode(std::fs::read(root.join(text(case, "path"))).unwrap());
    let response = match case["request_id"].as_str() {
        Some(id) => UnverifiedResponse::from_post(&posted, id)?,
        None => UnverifiedResponse::unsolicited(&posted)?,
    };
    let now = Timestamp::parse_rfc3339(text(case, "now")).unwrap();
    verify(&provider, response, now, &mut Silent)
}

/// Whether the refusal is one of those that `exceptions.json` gives reasons for.
fn ours_alone(root: &Path, case: &Value, error: &SamlError) -> bool {
    let short_key = case["sp_key"]
        .as_str()
        .is_some_and(|key| RsaDecryptionKey::from_pem(&std::fs::read_to_string(root.join(key)).unwrap()).is_err());
    (short_key && *error == SamlError::DecryptionFailed)
        || matches!(error, SamlError::AlgorithmNotAllowed { algorithm, .. } if algorithm.ends_with("xml-c14n11"))
}

/// Whether the response passed its signature and failed at a later rule.
fn after_signature(error: &SamlError) -> bool {
    let position = |name| RULES.iter().position(|rule| rule.name == name);
    position(error.rule().name) > position("signed")
}

/// What is wrong with accepting, if anything: another identity than the case states.
fn differs(case: &Value, identity: &VerifiedIdentity) -> Option<String> {
    if case["forged_name_id"].as_str() == Some(identity.subject()) {
        return Some(format!("FORGED {}", identity.subject()));
    }
    if let Some(name_id) = case["name_id"].as_str()
        && name_id != identity.subject()
    {
        return Some(format!("NameID {} instead of {name_id}", identity.subject()));
    }
    if case["attributes"].is_object() {
        let stated: BTreeMap<String, Vec<String>> = serde_json::from_value(case["attributes"].clone()).unwrap();
        if stated != *identity.attributes() {
            return Some(format!("attributes {:?} instead of {stated:?}", identity.attributes()));
        }
    }
    None
}

#[derive(Default)]
struct Tally {
    accepted: usize,
    refused: usize,
    /// Refused for a reason of ours, so that the case's own point was never reached.
    before_the_point: usize,
    exceptions: Vec<String>,
    wrong: Vec<String>,
    rules: BTreeMap<&'static str, usize>,
}

impl Tally {
    fn count(&mut self, root: &Path, case: &Value, listed: &BTreeMap<String, String>) {
        let (id, started) = (text(case, "id"), Instant::now());
        let verdict = judge(root, case);
        let took = started.elapsed();
        if case["max_ms"].as_u64().is_some_and(|most| took > Duration::from_millis(most)) {
            self.wrong.push(format!("{id}: took {took:?}"));
        }
        match (text(case, "expect"), verdict) {
            ("accept", Ok(identity)) => match differs(case, &identity) {
                None => self.accepted += 1,
                Some(difference) => self.wrong.push(format!("{id}: {difference}")),
            },
            // Such a case lacks what the full profile wants: only its signature is claimed to be good.
            ("accept", Err(error)) if text(case, "layer") == "signature" && after_signature(&error) => {
                self.accepted += 1;
            }
            ("accept", Err(error)) if listed.contains_key(id) => {
                self.exceptions.push(format!("{id}: {}", error.reason()));
            }
            ("accept", Err(error)) => self.wrong.push(format!("{id}: refused: {}", error.reason())),
            (_, Err(error)) if ours_alone(root, case, &error) => self.before_the_point += 1,
            (_, Err(error)) => {
                self.refused += 1;
                *self.rules.entry(error.rule().name).or_default() += 1;
            }
            (_, Ok(identity)) => self.accepted_against(case, &identity, listed),
        }
    }

    fn accepted_against(&mut self, case: &Value, identity: &VerifiedIdentity, listed: &BTreeMap<String, String>) {
        let (id, subject) = (text(case, "id"), identity.subject());
        if case["safe_name_id"].as_str() == Some(subject) {
            self.refused += 1;
        } else if listed.contains_key(id) && case["forged_name_id"].as_str() != Some(subject) {
            self.exceptions.push(format!("{id}: accepted"));
        } else {
            self.wrong.push(format!("{id}: accepted as {subject}: {}", text(case, "reason")));
        }
    }
}

#[test]
fn every_public_case_has_its_verdict() {
    let Some(root) = vectors() else {
        eprintln!("every_public_case_has_its_verdict skipped: no vectors");
        return;
    };
    let listed: BTreeMap<String, String> = serde_json::from_str(include_str!("vectors/saml/exceptions.json")).unwrap();
    let mut tally = Tally::default();
    for line in std::fs::read_to_string(root.join("cases.jsonl")).unwrap().lines() {
        tally.count(&root, &serde_json::from_str(line).unwrap(), &listed);
    }
    let Tally { accepted, refused, before_the_point, exceptions, wrong, rules } = tally;
    println!(
        "accepted {accepted}, refused {refused}, exceptions {}, refused by policy {before_the_point}",
        exceptions.len()
    );
    println!("refused by {rules:?}\n{}", exceptions.join("\n"));
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
    assert_eq!(exceptions.len(), listed.len(), "an exception is no longer one");
}
