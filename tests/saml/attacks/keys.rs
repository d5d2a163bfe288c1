//! Signatures left out, edited, or made by keys that the message brought.

use aws_lc_rs::{digest, rsa};
use daypass::identity::saml::SamlProvider;

use super::super::signer::{self, ACS, Fields, Key, SP, STRANGER, Signing, TRUSTED, algorithm};
use super::super::{judge, judge_with, rule};
use super::{Stolen, response, stolen};

#[test]
fn the_signature_stripped() {
    // CVE-2026-28323 (SolarWinds), CVE-2025-59718 (Fortinet): no signature meant no check.
    let Stolen { bare, forged, .. } = stolen();
    assert_eq!(rule(&response(&bare)), "signed");
    assert_eq!(rule(&response(&forged)), "signed");
}

#[test]
fn the_assertion_edited() {
    assert_eq!(rule(&Fields::default().signed_assertion().replace("martha", "admin")), "digest");
    assert_eq!(rule(&Fields::default().signed_response().replace("martha", "admin")), "digest");
    assert_eq!(rule(&Fields::default().signed_assertion().replace("Developers", "Admins")), "digest");
}

#[test]
fn the_digest_edited_with_the_assertion() {
    let Stolen { bare, signed, .. } = stolen();
    let forged = bare.replace("martha", "admin");
    let value = |text: &str| {
        Signing::default().signature(text, "_assertion", &TRUSTED).split("DigestValue>").nth(1).unwrap().to_owned()
    };
    let message = signed.replace("martha", "admin").replace(&value(&bare), &value(&forged));
    assert_eq!(rule(&response(&message)), "signature");
}

#[test]
fn signed_by_another_key() {
    let fields = Fields::default();
    let signed = Signing::default().sign(&fields.assertion(), "_assertion", &STRANGER);
    assert_eq!(rule(&fields.response(&signed)), "signature");
}

#[test]
fn the_key_in_key_info() {
    // CVE-2018-7644 and many since: the message brings the key that verifies it.
    let certificate = STRANGER.certificate();
    let key_info = format!(
        "<ds:KeyInfo><ds:X509Data><ds:X509Certificate>{certificate}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>"
    );
    let fields = Fields::default();
    let signed =
        Signing { more: key_info.clone(), ..Signing::default() }.sign(&fields.assertion(), "_assertion", &STRANGER);
    assert_eq!(rule(&fields.response(&signed)), "signature");
    // And an honest signer's KeyInfo is ignored, whatever it says.
    let signed = Signing { more: key_info, ..Signing::default() }.sign(&fields.assertion(), "_assertion", &TRUSTED);
    assert!(judge(&fields.response(&signed)).is_ok());
}

#[test]
fn a_public_key_used_as_a_shared_secret_and_other_weak_methods() {
    // CVE-2021-21239 (pysaml2): HMAC keyed with the public certificate.
    for method in [
        "http://www.w3.org/2000/09/xmldsig#hmac-sha1",
        "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256",
        "http://www.w3.org/2000/09/xmldsig#dsa-sha1",
        "http://www.w3.org/2000/09/xmldsig#rsa-sha1",
        "http://www.w3.org/2001/04/xmldsig-more#rsa-md5",
        "none",
        "",
    ] {
        let signed = Signing::method(method).sign(&Fields::default().assertion(), "_assertion", &TRUSTED);
        assert_eq!(rule(&response(&signed)), "algorithm", "{method}");
    }
}

#[test]
fn a_truncated_comparison_asked_for_by_a_parameter() {
    // CVE-2009-0217: HMACOutputLength of a few bits.
    let method = algorithm("SignatureMethod", signer::RSA_SHA256)
        .replace("></ds:SignatureMethod>", "><ds:HMACOutputLength>1</ds:HMACOutputLength></ds:SignatureMethod>");
    let signed = Signing { method, ..Signing::default() }.sign(&Fields::default().assertion(), "_assertion", &TRUSTED);
    assert_eq!(rule(&response(&signed)), "algorithm");
}

#[test]
fn a_signature_method_of_another_kind_of_key() {
    let signed = Signing::method("http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256").sign(
        &Fields::default().assertion(),
        "_assertion",
        &TRUSTED,
    );
    assert_eq!(rule(&response(&signed)), "signature");
}

#[test]
fn a_sha1_digest() {
    let signing = Signing {
        digest_method: "http://www.w3.org/2000/09/xmldsig#sha1".into(),
        digest: &digest::SHA1_FOR_LEGACY_USE_ONLY,
        ..Signing::default()
    };
    let signed = signing.sign(&Fields::default().assertion(), "_assertion", &TRUSTED);
    assert_eq!(rule(&response(&signed)), "algorithm");
}

#[test]
fn a_key_that_is_not_in_the_metadata_any_more() {
    let old = Key::rsa(rsa::KeySize::Rsa2048);
    let provider = SamlProvider::new(&signer::metadata(&[("", &old)]), SP, ACS).unwrap();
    assert_eq!(judge_with(&provider, &Fields::default().signed_assertion()).unwrap_err().rule().name, "signature");
}
