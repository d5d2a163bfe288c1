//! Namespaces and canonicalization.

use std::time::Instant;

use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::super::signer::{ACS, DSIG, Fields, SAML, SAMLP, Signing, TRUSTED, confirmation};
use super::super::{judge, rule, with};
use super::{AT_ONCE, after_issuer, response};

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
    assert!(started.elapsed() < AT_ONCE);
}

#[test]
fn void_canonicalization_in_every_dress() {
    // "The Fragile Lock", 2025: what makes a canonicalizer fail leaves an empty string to be digested. CVE-2025-66475,
    // CVE-2025-66568: the failure was not an error.
    let nothing = STANDARD.encode(digest::digest(&digest::SHA256, b""));
    let forged = Fields::default().assertion().replace("martha", "admin");
    let signature = Signing::default().signature("", "_assertion", &TRUSTED);
    assert!(signature.contains(&nothing));
    let message = response(&after_issuer(&forged, &signature));
    assert_eq!(rule(&message), "digest");
    for declaration in [
        "xmlns:ns=\"1\"",
        "xmlns:ns=\"relative/path\"",
        "xmlns:ns=\"../up\"",
        "xmlns:ns=\"#fragment\"",
        "xmlns:ns=\"?query\"",
        "xmlns:ns=\"//host/path\"",
        "xmlns:ns=\":x\"",
        "xmlns:ns=\"1urn:x\"",
        "xmlns:ns=\" urn:x\"",
        "xmlns:ns=\"urn:\u{e9}\"",
        "xmlns:ns=\"\"",
        "xmlns=\"relative\"",
        "xmlns:xml=\"urn:x\"",
        "xmlns:xmlns=\"urn:x\"",
        "xmlns:ns=\"http://www.w3.org/XML/1998/namespace\"",
        "xmlns:ns=\"http://www.w3.org/2000/xmlns/\"",
        "xmlns=\"http://www.w3.org/2000/xmlns/\"",
        "xmlns:ns=\"urn:a\" xmlns:ns=\"urn:a\"",
        "ns:a=\"1\"",
    ] {
        for at in ["<samlp:Response ", "<saml:Assertion ", "<ds:Signature ", "<ds:Reference ", "<saml:NameID"] {
            let (name, space) = at.split_at(at.trim_end().len());
            let polluted = message.replacen(at, &format!("{name} {declaration}{space}"), 1);
            let refused = rule(&polluted);
            // Two declarations of one prefix are no XML at all.
            let expected = if declaration.contains("urn:a") { "well_formed" } else { "namespaces" };
            assert_eq!(refused, expected, "{declaration} {at}");
        }
    }
}

#[test]
fn prefixes_bound_again_on_the_way_down() {
    // A reader that resolves prefixes by their first declaration sees other elements than the canonicalizer wrote.
    let message = Fields::default().signed_assertion();
    let saml = format!("xmlns:saml=\"{SAML}\"");
    for (from, to, expected) in [
        // Between response and assertion: the assertion declares its own and the signed bytes are the same.
        ("<samlp:Response ", "<samlp:Response xmlns:saml=\"urn:evil\" ", None),
        ("<samlp:Response ", "<samlp:Response xmlns=\"urn:evil\" xmlns:xs=\"urn:xs\" ", None),
        ("<saml:Subject>", "<saml:Subject xmlns:saml=\"urn:evil\">", Some("digest")),
        ("<saml:Subject>", "<saml:Subject xmlns:q=\"urn:evil\">", None),
        ("<saml:NameID>", "<saml:NameID xmlns=\"urn:evil\">", None),
        (
            "<saml:NameID>martha",
            "<saml:NameID>admin</saml:NameID><saml:NameID xmlns:saml=\"urn:evil\">martha",
            Some("digest"),
        ),
        ("<ds:SignedInfo>", "<ds:SignedInfo xmlns:ds=\"urn:evil\">", Some("signature_shape")),
        ("<ds:Reference ", "<ds:Reference xmlns:ds=\"urn:evil\" ", Some("signature_shape")),
        ("<ds:Transform ", "<ds:Transform xmlns:ds=\"urn:evil\" ", Some("transforms")),
        ("<saml:Conditions ", "<saml:Conditions xmlns:saml=\"urn:evil\" ", Some("digest")),
    ] {
        let edited = message.replacen(from, to, 1);
        assert_ne!(edited, message);
        match expected {
            None => assert_eq!(judge(&edited).unwrap().subject(), "martha", "{to}"),
            Some(expected) => assert_eq!(rule(&edited), expected, "{to}"),
        }
    }
    // Another prefix for the same name is another canonical form.
    let renamed = message.replace(&saml, &format!("xmlns:s=\"{SAML}\"")).replace("saml:", "s:");
    assert_eq!(rule(&renamed), "digest");
}

#[test]
fn attributes_of_the_xml_namespace_around_what_was_signed() {
    // Inclusive canonicalization imports xml: attributes of the ancestors, exclusive does not: nothing signed changes.
    let message = Fields::default().signed_assertion();
    for attribute in ["xml:lang=\"en\"", "xml:space=\"preserve\"", "xml:base=\"http://evil.example/\""] {
        let around = message.replace("<samlp:Response ", &format!("<samlp:Response {attribute} "));
        assert_eq!(judge(&around).unwrap().subject(), "martha", "{attribute}");
        for inside in ["<saml:Assertion ", "<saml:Conditions ", "<saml:Attribute "] {
            let polluted = message.replace(inside, &format!("{inside}{attribute} "));
            assert_eq!(rule(&polluted), "digest", "{attribute} {inside}");
        }
        let in_info = message.replace("<ds:Reference ", &format!("<ds:Reference {attribute} "));
        assert_eq!(rule(&in_info), "signature", "{attribute}");
    }
    for id in
        ["xml:id=\"_x\"", "xml:Id=\"_x\"", "xmlns:e=\"urn:e\" e:ID=\"_assertion\"", "xmlns:e=\"urn:e\" e:id=\"_x\""]
    {
        for inside in ["<samlp:Response ", "<saml:Assertion ", "<ds:Signature ", "<saml:Attribute "] {
            let polluted = message.replacen(inside, &format!("{inside}{id} "), 1);
            assert_eq!(rule(&polluted), "unique_id", "{id} {inside}");
        }
    }
}

#[test]
fn attributes_in_a_namespace_are_not_the_ones_that_are_read() {
    // CVE-2025-23369 (GitHub), "The Fragile Lock": `evil:URI`, `evil:Algorithm` or `evil:Recipient` found by local name.
    // Canonical order: declarations, attributes in no namespace, then the others.
    let all = [("InResponseTo", "_request"), ("NotOnOrAfter", "2026-06-01T12:05:00Z"), ("Recipient", ACS)];
    for (polluted, expected) in
        [("Recipient", "recipient"), ("InResponseTo", "in_response_to"), ("NotOnOrAfter", "confirmation_time")]
    {
        let (evil, good): (Vec<_>, Vec<_>) = all.iter().partition(|(name, _)| *name == polluted);
        let mut data = "xmlns:e=\"urn:e\"".to_owned();
        good.iter().for_each(|(name, value)| data += &format!(" {name}=\"{value}\""));
        evil.iter().for_each(|(name, value)| data += &format!(" e:{name}=\"{value}\""));
        assert_eq!(rule(&with(|f| f.confirmations = confirmation(&data))), expected, "{polluted}");
    }
    let evil = "xmlns:e=\"urn:e\" e:";
    let message = Fields::default().signed_assertion();
    assert_eq!(rule(&message.replace(" URI=", &format!(" {evil}URI="))), "reference");
    assert_eq!(
        rule(&message.replacen("<ds:SignatureMethod Algorithm=", &format!("<ds:SignatureMethod {evil}Algorithm="), 1)),
        "algorithm"
    );
    assert_eq!(
        rule(&message.replacen("<ds:DigestMethod Algorithm=", &format!("<ds:DigestMethod {evil}Algorithm="), 1)),
        "algorithm"
    );
    assert_eq!(
        rule(&message.replace(" Version=\"2.0\"><saml:Issuer", &format!(" {evil}Version=\"2.0\"><saml:Issuer"))),
        "version"
    );
    assert_eq!(rule(&message.replace("<samlp:StatusCode Value", &format!("<samlp:StatusCode {evil}Value"))), "status");
}

#[test]
fn elements_of_the_right_name_in_another_namespace_inside_the_assertion() {
    for name in ["Subject", "Conditions", "AuthnStatement", "AttributeStatement", "Issuer"] {
        let other = Fields::default().assertion().replacen(
            &format!("<saml:{name}"),
            &format!("<e:{name} xmlns:e=\"urn:e\""),
            1,
        );
        let other = other.replacen(&format!("</saml:{name}>"), &format!("</e:{name}>"), 1);
        // The test's signer has no issuer to sign after when it is the issuer that is foreign.
        let message = match name {
            "Issuer" => Signing::default().sign(&response(&other), "_response", &TRUSTED),
            _ => response(&Signing::default().sign(&other, "_assertion", &TRUSTED)),
        };
        assert_eq!(rule(&message), "assertion", "{name}");
    }
    for (field, expected) in
        [("NameID", "subject"), ("SubjectConfirmation", "bearer"), ("SubjectConfirmationData", "recipient")]
    {
        let other = Fields::default()
            .assertion()
            .replacen(&format!("<saml:{field}"), &format!("<e:{field} xmlns:e=\"urn:e\""), 1)
            .replacen(&format!("</saml:{field}>"), &format!("</e:{field}>"), 1);
        let message = response(&Signing::default().sign(&other, "_assertion", &TRUSTED));
        assert_eq!(rule(&message), expected, "{field}");
    }
}
