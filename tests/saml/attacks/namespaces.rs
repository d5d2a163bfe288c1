//! Namespaces and canonicalization.

use std::time::{Duration, Instant};

use super::super::signer::{DSIG, Fields, SAML, SAMLP, Signing, TRUSTED};
use super::super::{judge, rule, with};
use super::{after_issuer, response};

#[test]
fn void_canonicalization_by_a_relative_namespace() {
    // CVE-2025-66568 (ruby-saml, xmlseclibs): canonicalization fails, and the digest of nothing is compared.
    let message = Fields::default().signed_assertion();
    assert_eq!(rule(&message.replace("<samlp:Response ", "<samlp:Response xmlns:ns=\"1\" ")), "namespaces");
    let empty = Signing::default().signature("", "_assertion", &TRUSTED);
    assert_eq!(rule(&response(&after_issuer(&Fields::default().assertion(), &empty))), "digest");
}

#[test]
fn namespace_names_that_libraries_write_differently() {
    let message = Fields::default().signed_assertion();
    assert_eq!(rule(&message.replace("<saml:NameID>", "<saml:NameID xmlns:x=\"urn:a&amp;b\">")), "namespaces");
}

#[test]
fn elements_of_the_right_name_in_another_namespace() {
    let message = Fields::default().signed_assertion();
    assert_eq!(rule(&message.replace(SAMLP, "urn:evil")), "response");
    assert_eq!(
        rule(
            &message
                .replace(&format!("<saml:Assertion xmlns:saml=\"{SAML}\""), "<saml:Assertion xmlns:saml=\"urn:evil\"")
        ),
        "response"
    );
    // A signature in another namespace is no signature.
    assert_eq!(rule(&message.replace(DSIG, "urn:evil")), "signed");
}

#[test]
fn pollution_with_namespaces_and_attributes_changes_nothing_unsigned() {
    let message = Fields::default().signed_assertion();
    // Unused declarations around the assertion leave the signed bytes as they were.
    let around = message.replace("<samlp:Response ", "<samlp:Response xmlns:x=\"urn:x\" xmlns:y=\"urn:y\" ");
    assert_eq!(judge(&around).unwrap().subject(), "martha");
    // Attributes on the assertion are signed; none can be added.
    assert_eq!(rule(&message.replace("<saml:Assertion ", "<saml:Assertion xml:space=\"preserve\" ")), "digest");
    assert_eq!(rule(&message.replace("<saml:NameID>", "<saml:NameID xmlns:x=\"urn:x\" x:y=\"1\">")), "digest");
    // xmlns tricks: the default namespace undeclared under a new one.
    assert_eq!(rule(&message.replace("<saml:Subject>", "<saml:Subject xmlns=\"urn:x\"><b xmlns=\"\"></b>")), "digest");
}

#[test]
fn quadratic_canonicalization() {
    // GHSA-qhrp-hfff-vphr (goxmldsig): one long declaration, written again at every element that uses it.
    let uri = format!("urn:{}", "x".repeat(500));
    let filler = format!("<saml:AttributeValue>{}</saml:AttributeValue>", "<q:b></q:b>".repeat(8_000));
    let message = with(|f| f.attributes = format!("<saml:Attribute Name=\"x\">{filler}</saml:Attribute>"))
        .replace("<samlp:Response ", &format!("<samlp:Response xmlns:q=\"{uri}\" "));
    let started = Instant::now();
    assert_eq!(rule(&message), "canonicalization");
    assert!(started.elapsed() < Duration::from_millis(500));
}
