//! Documents made to cost more than they should.

use std::time::Instant;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use daypass::identity::saml::{SamlProvider, UnverifiedResponse};

use super::super::signer::{self, ACS, Fields, Key, SP, STRANGER, attribute};
use super::super::{judge, judge_with, rule, with};
use super::AT_ONCE;

#[test]
fn bombs_are_refused_while_they_are_read() {
    let message = Fields::default().signed_assertion();
    let deep = "<saml:a>".repeat(30) + &"</saml:a>".repeat(30);
    let attributes: String = (0..20_000).map(|n| format!(" a{n}=\"\"")).collect();
    let declarations: String = (0..10_000).map(|n| format!(" xmlns:a{n}=\"urn:a\"")).collect();
    for bomb in [
        message.replace("<saml:Subject>", &format!("<saml:Subject>{deep}")),
        message.replace("<saml:Subject>", &format!("<saml:Subject>{}", "<saml:a/>".repeat(20_000))),
        message.replace("<saml:Subject>", &format!("<saml:Subject{attributes}>")),
        message.replace("<saml:Subject>", &format!("<saml:Subject{declarations}>")),
    ] {
        if bomb.len() > 190_000 {
            // Larger than what base64 of 256 KiB holds: cut to what reaches the parser.
            let cut = bomb.get(..190_000).unwrap();
            let started = Instant::now();
            assert_eq!(rule(cut), "size");
            assert!(started.elapsed() < AT_ONCE);
            continue;
        }
        let started = Instant::now();
        assert_eq!(rule(&bomb), "size");
        assert!(started.elapsed() < AT_ONCE);
    }
}

#[test]
fn a_bomb_of_keys_costs_a_bounded_number_of_verifications() {
    let many: Vec<(&str, &Key)> = (0..20).map(|_| ("", &*STRANGER)).collect();
    let provider = SamlProvider::new(&signer::metadata(&many), SP, ACS).unwrap();
    let error = judge_with(&provider, &Fields::default().signed_assertion()).unwrap_err();
    assert!(error.reason().contains("8 keys tried"), "{}", error.reason());
}

#[track_caller]
fn refused_at_once(xml: &str, expected: &str) {
    let started = Instant::now();
    assert_eq!(rule(xml), expected);
    assert!(started.elapsed() < AT_ONCE, "{:?}", started.elapsed());
}

#[test]
fn what_is_as_large_as_allowed_is_read() {
    let most = with(|f| f.attributes = attribute("x", &[&"y".repeat(190_000)]));
    assert!(STANDARD.encode(&most).len() > 250 * 1024);
    let started = Instant::now();
    assert_eq!(judge(&most).unwrap().attribute("x")[0].len(), 190_000);
    assert!(started.elapsed() < AT_ONCE, "{:?}", started.elapsed());
    let many: Vec<&str> = vec!["y"; 2_500];
    assert_eq!(judge(&with(|f| f.attributes = attribute("x", &many))).unwrap().attribute("x").len(), 2_500);
}

#[test]
fn a_form_value_above_the_limit_is_not_decoded() {
    let most = "A".repeat(256 * 1024);
    assert_eq!(UnverifiedResponse::from_post(&format!("{most}AAAA"), "_request").unwrap_err().rule().name, "size");
    // White space counts too: it is looked at byte by byte.
    assert_eq!(UnverifiedResponse::from_post(&" ".repeat(256 * 1024 + 1), "_request").unwrap_err().rule().name, "size");
    assert!(UnverifiedResponse::from_post(&most, "_request").is_ok());
}

#[test]
fn depth_in_every_place() {
    // CVE-2025-25293, CVE-2025-54572 (ruby-saml) and parsers that recurse: depth is counted while it is read.
    for at in ["<samlp:Status>", "<saml:Subject>", "<ds:SignedInfo>", "<saml:AttributeValue>"] {
        let message = Fields::default().signed_assertion();
        for levels in [30, 5_000] {
            let deep = format!("{at}{}{}", "<a>".repeat(levels), "</a>".repeat(levels));
            refused_at_once(&message.replacen(at, &deep, 1), "size");
        }
        refused_at_once(&message.replacen(at, &format!("{at}{}", "<a>".repeat(40_000)), 1), "size");
    }
}

#[test]
fn names_values_and_references_without_end() {
    let message = Fields::default().signed_assertion();
    let long = "x".repeat(150_000);
    refused_at_once(&message.replace("martha", &long), "digest");
    refused_at_once(&message.replace("martha", &"&amp;".repeat(30_000)), "digest");
    refused_at_once(&message.replace("martha", &"&#x41;".repeat(25_000)), "digest");
    refused_at_once(&message.replace("martha", &"\r".repeat(150_000)), "digest");
    refused_at_once(&message.replace("martha", &"&".repeat(150_000)), "well_formed");
    refused_at_once(&message.replace("<saml:Subject>", &format!("<saml:Subject a=\"{long}\">")), "digest");
    refused_at_once(&message.replace("<saml:Subject>", &format!("<saml:Subject><{long}></{long}>")), "size");
    refused_at_once(&message.replace("<saml:Subject>", &format!("<saml:Subject><{long}/>")), "digest");
    refused_at_once(&message.replace("<saml:Subject>", &format!("<saml:Subject xmlns:a=\"urn:{long}\">")), "size");
    refused_at_once(
        &message.replace("<ds:DigestValue>", &format!("<ds:DigestValue>{}", " ".repeat(150_000))),
        "signature",
    );
    refused_at_once(
        &message.replace("<ds:SignatureValue>", &format!("<ds:SignatureValue>{}", "A".repeat(150_000))),
        "signature",
    );
    assert!(judge(&format!("{}{message}", " ".repeat(150_000))).is_ok());
    let ids: String = (0..9_000).map(|n| format!("<a ID=\"{n}\"/>")).collect();
    refused_at_once(&message.replace("<saml:Subject>", &format!("<saml:Subject>{ids}")), "digest");
    let same = "<a ID=\"_x\"/>".repeat(9_000);
    refused_at_once(&message.replace("<saml:Subject>", &format!("<saml:Subject>{same}")), "unique_id");
    let assertions = "<saml:Assertion xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\"/>".repeat(2_000);
    refused_at_once(&message.replace("</samlp:Response>", &format!("{assertions}</samlp:Response>")), "response");
    let audiences = signer::audience(SP).repeat(1_500);
    refused_at_once(&message.replace("</saml:Conditions>", &format!("{audiences}</saml:Conditions>")), "digest");
}

#[test]
fn declarations_that_make_canonicalization_quadratic() {
    // GHSA-qhrp-hfff-vphr (goxmldsig): the same prefixes shadowed at every level, listed as inclusive, and looked up at
    // every element.
    let declared = |n: usize| (0..15).map(|p| format!(" xmlns:p{p}=\"urn:{n}-{p}\"")).collect::<String>();
    let used: String = (0..15).map(|p| format!("<p{p}:a/>")).collect();
    let level = |n: usize| format!("<x{}>{used}</x>", declared(n));
    let siblings: String = (0..150).map(level).collect();
    let message = Fields::default().signed_assertion();
    refused_at_once(&message.replace("<saml:Subject>", &format!("<saml:Subject>{siblings}")), "digest");
    let nested =
        format!("{}{}", "<x xmlns:p=\"urn:a\"><x xmlns:p=\"urn:b\">".repeat(8), "</x></x>".repeat(8)).repeat(300);
    refused_at_once(&message.replace("<saml:Subject>", &format!("<saml:Subject>{nested}")), "digest");
    let in_scope: String = (0..70).map(|p| format!("<x xmlns:p{p}=\"urn:p\">")).collect();
    refused_at_once(&message.replace("<saml:Subject>", &format!("<saml:Subject>{in_scope}")), "size");
}
