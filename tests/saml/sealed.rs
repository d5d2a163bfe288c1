//! Responses that xmlsec 1.3 signed and encrypted: other cryptography, other shapes, and prefixes from outside the
//! ciphertext.

use std::path::{Path, PathBuf};

use daypass::VerifiedIdentity;
use daypass::crypto::RsaDecryptionKey;
use daypass::identity::saml::danger::{self, Relaxations};
use daypass::identity::saml::{SamlError, SamlProvider};
use serde_json::Value;

use super::judge_with;
use super::signer::{self, ACS, SP, TRUSTED};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/saml/encrypted")
}

fn our_key() -> RsaDecryptionKey {
    RsaDecryptionKey::from_pem(&std::fs::read_to_string(folder().join("sp.key")).unwrap()).unwrap()
}

fn everything() -> Relaxations {
    relaxations(&["cbc_in_unsigned_responses", "aes_192"]).allow_sha1().allow_extensions().allow_cdata()
}

fn relaxations(names: &[&str]) -> Relaxations {
    names.iter().fold(Relaxations::none(), |relaxed, name| match *name {
        "cbc" => relaxed.allow_cbc(),
        "cbc_in_unsigned_responses" => relaxed.allow_cbc_in_unsigned_responses(),
        "aes_192" => relaxed.allow_aes_192(),
        other => panic!("{other}"),
    })
}

fn provider(name: &str, relaxations: Relaxations) -> SamlProvider {
    let certificate = std::fs::read_to_string(folder().join(format!("{name}.cert"))).unwrap();
    let metadata = signer::metadata(&[("", &TRUSTED)]).replace(&TRUSTED.certificate(), certificate.trim());
    danger::provider(&metadata, SP, ACS, relaxations).unwrap()
}

fn xml(name: &str) -> String {
    std::fs::read_to_string(folder().join(format!("{name}.xml"))).unwrap()
}

fn judge(name: &str, relaxations: Relaxations) -> Result<VerifiedIdentity, SamlError> {
    judge_with(&provider(name, relaxations).with_decryption_key(our_key()), &xml(name))
}

fn cases() -> Vec<Value> {
    serde_json::from_str(include_str!("../vectors/saml/encrypted/cases.json")).unwrap()
}

#[test]
fn what_xmlsec_encrypted_is_read_by_exactly_the_relaxations_it_needs() {
    let mut seen = 0;
    for case in cases() {
        let name = case["file"].as_str().unwrap();
        let needs: Vec<&str> = case["needs"].as_array().unwrap().iter().map(|need| need.as_str().unwrap()).collect();
        if !case["refused"].is_null() {
            continue;
        }
        let identity = judge(name, relaxations(&needs)).unwrap_or_else(|error| panic!("{name}: {}", error.reason()));
        assert_eq!(identity.subject(), "martha & co <x>", "{name}");
        assert_eq!(identity.attribute("display\nname"), ["Z\u{fc}rich\n\t\r\u{20ac}"], "{name}");
        for left_out in &needs {
            let others: Vec<&str> = needs.iter().copied().filter(|need| need != left_out).collect();
            let error = judge(name, relaxations(&others)).unwrap_err();
            assert!(matches!(error, SamlError::AlgorithmNotAllowed { .. }), "{name} without {left_out}: {error:?}");
            assert_eq!(error.rule().name, "decryption");
        }
        seen += 1;
    }
    assert_eq!(seen, 25);
}

#[test]
fn cbc_in_an_unsigned_response_needs_more_than_cbc() {
    for case in cases().iter().filter(|case| case["file"].as_str().unwrap().ends_with("cbc-assertion")) {
        let name = case["file"].as_str().unwrap();
        let error = judge(name, relaxations(&["cbc", "aes_192"])).unwrap_err();
        assert!(matches!(error, SamlError::AlgorithmNotAllowed { .. }), "{name}: {error:?}");
    }
}

#[test]
fn what_nothing_relaxes_is_refused_by_name() {
    // PKCS#1 1.5 key transport and 3DES (Jager and Somorovsky, 2011 and 2012), and two different hashes in OAEP, which
    // the cryptography library does not compute.
    let mut seen = 0;
    for case in cases() {
        let (name, Some(refused)) = (case["file"].as_str().unwrap(), case["refused"].as_str()) else {
            continue;
        };
        let error = judge(name, everything()).unwrap_err();
        assert!(
            matches!(&error, SamlError::AlgorithmNotAllowed { algorithm, .. } if algorithm == refused),
            "{error:?}"
        );
        assert!(error.reason().contains(refused));
        seen += 1;
    }
    assert_eq!(seen, 5);
}

#[test]
fn any_of_several_decryption_keys_will_do() {
    let name = "aes256-gcm-beside-assertion";
    let other = || super::encryption::other_key();
    let both = provider(name, Relaxations::none()).with_decryption_key(other()).with_decryption_key(our_key());
    assert_eq!(judge_with(&both, &xml(name)).unwrap().subject(), "martha & co <x>");
    let without = provider(name, Relaxations::none()).with_decryption_key(other());
    assert_eq!(judge_with(&without, &xml(name)).unwrap_err(), SamlError::DecryptionFailed);
}

#[test]
fn an_encrypted_key_for_somebody_else_is_passed_over() {
    // Encrypted to several services at once: ours is the one that names us.
    let name = "aes256-gcm-inside-assertion";
    let message = xml(name);
    let from = message.find("<xenc:EncryptedKey").unwrap();
    let to = message.find("</xenc:EncryptedKey>").unwrap() + "</xenc:EncryptedKey>".len();
    let ours = &message[from..to];
    let theirs = ours.replace(SP, "https://other.example").replace("rsa-oaep-mgf1p", "rsa-1_5");
    let theirs: String = (0..5).map(|n| theirs.replace("_key-", &format!("_key{n}-"))).collect();
    let provider = || provider(name, Relaxations::none()).with_decryption_key(our_key());
    for both in [format!("{theirs}{ours}"), format!("{ours}{theirs}")] {
        assert!(judge_with(&provider(), &message.replace(ours, &both)).is_ok());
    }
    // A name that is nobody's is a mistake, and the key is tried.
    assert!(judge_with(&provider(), &message.replace(SP, "https://mistaken.example")).is_ok());
    let refused = judge_with(&provider(), &message.replace(ours, &theirs)).unwrap_err();
    assert!(refused.reason().contains("one to four"), "{}", refused.reason());
}

#[test]
fn a_retrieval_method_is_not_followed() {
    // Where it points is either beside the data, and found without it, or somewhere that would have to be fetched.
    let name = "aes256-gcm-beside-assertion";
    let provider = provider(name, Relaxations::none()).with_decryption_key(our_key());
    let honest = "URI=\"#_key-EncryptedAssertion\"";
    assert!(xml(name).contains(honest));
    for uri in ["http://evil.example/key", "file:///dev/zero", "#_response", ""] {
        let message = xml(name).replace(honest, &format!("URI=\"{uri}\""));
        assert!(judge_with(&provider, &message).is_ok(), "{uri}");
    }
}

#[test]
fn ciphertext_edited_under_a_signature_is_no_question_to_our_key() {
    // The signature of the response is looked at first: an unsigned question gets no answer from a private key.
    for name in ["aes256-gcm-inside-response", "aes128-cbc-response"] {
        let message = xml(name);
        for (index, _) in message.match_indices("<xenc:CipherValue>") {
            let at = index + "<xenc:CipherValue>".len() + 40;
            let letter = if &message[at..=at] == "A" { "B" } else { "A" };
            let edited = format!("{}{letter}{}", &message[..at], &message[at + 1..]);
            let provider = provider(name, everything()).with_decryption_key(our_key());
            assert_eq!(judge_with(&provider, &edited).unwrap_err().rule().name, "digest", "{name}");
        }
    }
}
