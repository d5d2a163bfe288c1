//! Text that one reader sees and another does not.

use super::super::signer::{DSIG, Fields};
use super::super::{rule, with};

#[test]
fn a_comment_inside_the_name_id() {
    // CVE-2017-11427 and its kin: canonicalization drops the comment, the reader stops at it.
    let message = Fields::default().signed_assertion();
    assert_eq!(rule(&message.replace("martha", "mar<!-- -->tha")), "comment");
    let signed = with(|f| f.name_id = "<saml:NameID>admin@example.com.evil.example</saml:NameID>".into());
    assert_eq!(rule(&signed.replace("admin@example.com", "admin@example.com<!-- -->")), "comment");
}

#[test]
fn a_comment_inside_the_digest_value() {
    let message = Fields::default().signed_assertion();
    assert_eq!(rule(&message.replace("<ds:DigestValue>", "<ds:DigestValue><!-- -->")), "comment");
}

#[test]
fn a_processing_instruction_inside_the_name_id() {
    assert_eq!(
        rule(&Fields::default().signed_assertion().replace("martha", "mar<?x y?>tha")),
        "processing_instruction"
    );
}

#[test]
fn a_cdata_section_inside_the_name_id() {
    assert_eq!(rule(&Fields::default().signed_assertion().replace("martha", "<![CDATA[martha]]>")), "cdata");
}

#[test]
fn an_element_inside_the_name_id_or_the_digest_value() {
    assert_eq!(rule(&with(|f| f.name_id = "<saml:NameID>admin<saml:x></saml:x>.evil</saml:NameID>".into())), "subject");
    let message = Fields::default().signed_assertion();
    assert_eq!(rule(&message.replace("<ds:DigestValue>", "<ds:DigestValue><ds:x></ds:x>")), "reference");
}

#[test]
fn a_document_type_with_entities() {
    // CVE-2016-10149 (pysaml2): external entities; and a billion laughs.
    let message = Fields::default().signed_assertion();
    for doctype in [
        "<!DOCTYPE x>",
        "<!DOCTYPE x [<!ENTITY who 'admin'>]>",
        "<!DOCTYPE x SYSTEM 'file:///etc/passwd'>",
        "<!DOCTYPE x [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;&a;&a;&a;&a;&a;'>]>",
        "<!DOCTYPE x [<!ATTLIST x ID ID #IMPLIED>]>",
    ] {
        assert_eq!(rule(&format!("{doctype}{message}")), "doctype");
    }
    assert_eq!(rule(&message.replace("martha", "&who;")), "well_formed");
}

#[test]
fn documents_that_lenient_parsers_repair() {
    // CVE-2025-25291, CVE-2025-25292 (ruby-saml): two parsers, two documents.
    let message = Fields::default().signed_assertion();
    for broken in [
        format!("{message}<x/>"),
        format!("{message}text"),
        message.trim_end_matches("</samlp:Response>").to_owned(),
        message.replace("</saml:NameID>", "</saml:nameid>"),
        message.replace("<saml:Subject>", "<saml:Subject a='1' a='2'>"),
        message.replace("<saml:NameID>", "<saml::NameID>"),
    ] {
        assert_eq!(rule(&broken), "well_formed", "{broken}");
    }
    assert_eq!(rule(&message.replace(&format!("xmlns:ds=\"{DSIG}\""), "")), "namespaces");
}
