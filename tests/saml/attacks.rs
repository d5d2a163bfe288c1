//! Named attacks, each with where it worked. The assertion that the identity provider signed says `martha`; every forgery
//! says `admin`. What is asserted is the rule that refuses, so that no attack is stopped by luck.

use std::time::{Duration, Instant};

use aws_lc_rs::{digest, rsa};

use super::signer::{
    self, DSIG, EXCLUSIVE, Fields, Key, SAML, SAMLP, SP, STRANGER, Signing, TRUSTED, algorithm, attribute, issuer,
};
use super::{ACS, judge, judge_with, rule, with};
use daypass::identity::saml::SamlProvider;

/// The signed assertion, the same without its signature, the signature, and a forgery with an ID of its own.
struct Stolen {
    signed: String,
    bare: String,
    signature: String,
    forged: String,
}

fn stolen() -> Stolen {
    let fields = Fields::default();
    let bare = fields.assertion();
    let signature = Signing::default().signature(&bare, "_assertion", &TRUSTED);
    let signed = Signing::default().sign(&bare, "_assertion", &TRUSTED);
    let forged = bare.replace("martha", "admin").replace("_assertion", "_forged");
    Stolen { signed, bare, signature, forged }
}

fn response(content: &str) -> String {
    Fields::default().response(content)
}

/// `element` with `inserted` after its first Issuer, where a signature belongs.
fn after_issuer(element: &str, inserted: &str) -> String {
    element.replacen("</saml:Issuer>", &format!("</saml:Issuer>{inserted}"), 1)
}

// ---- Signature wrapping: Somorovsky and others, "On Breaking SAML: Be Whoever You Want to Be", USENIX Security 2012 ----

#[test]
fn xsw1_the_signed_response_inside_the_signature_of_a_forged_one() {
    let original = Fields::default().response(&Fields::default().assertion());
    let signature = Signing::default().signature(&original, "_response", &TRUSTED);
    let wrapped = signature.replace("</ds:Signature>", &format!("{original}</ds:Signature>"));
    let forged = original.replace("martha", "admin").replace("_response", "_evil").replace("_assertion", "_forged");
    assert_eq!(rule(&after_issuer(&forged, &wrapped)), "response");
}

#[test]
fn xsw2_the_signed_response_beside_the_signature_of_a_forged_one() {
    let original = Fields::default().response(&Fields::default().assertion());
    let signature = Signing::default().signature(&original, "_response", &TRUSTED);
    let forged = original.replace("martha", "admin").replace("_response", "_evil").replace("_assertion", "_forged");
    assert_eq!(rule(&after_issuer(&forged, &format!("{original}{signature}"))), "response");
}

#[test]
fn xsw3_a_forged_assertion_before_the_signed_one() {
    let Stolen { signed, forged, .. } = stolen();
    assert_eq!(rule(&response(&format!("{forged}{signed}"))), "response");
}

#[test]
fn xsw4_the_signed_assertion_inside_a_forged_one() {
    let Stolen { signed, forged, .. } = stolen();
    let wrapping = forged.replace("</saml:Assertion>", &format!("{signed}</saml:Assertion>"));
    assert_eq!(rule(&response(&wrapping)), "response");
}

#[test]
fn xsw5_the_signature_moved_into_a_forged_assertion() {
    let Stolen { bare, signature, forged, .. } = stolen();
    assert_eq!(rule(&response(&format!("{}{bare}", after_issuer(&forged, &signature)))), "response");
}

#[test]
fn xsw6_the_signed_assertion_inside_the_signature_of_a_forged_one() {
    let Stolen { bare, signature, forged, .. } = stolen();
    let wrapped = signature.replace("</ds:Signature>", &format!("{bare}</ds:Signature>"));
    assert_eq!(rule(&response(&after_issuer(&forged, &wrapped))), "response");
}

#[test]
fn xsw7_a_forged_assertion_in_extensions() {
    let Stolen { signed, forged, .. } = stolen();
    let extensions = format!("<samlp:Extensions>{forged}</samlp:Extensions>");
    let message = response(&signed).replace("<samlp:Status>", &format!("{extensions}<samlp:Status>"));
    assert_eq!(rule(&message), "response");
    // Where a provider is set to ignore extensions, an assertion in them is still one too many.
    let relaxed = daypass::identity::saml::danger::Relaxations::none().allow_extensions();
    let metadata = signer::metadata(&[("", &TRUSTED)]);
    let provider = daypass::identity::saml::danger::provider(&metadata, SP, ACS, relaxed).unwrap();
    assert_eq!(judge_with(&provider, &message).unwrap_err().rule().name, "response");
    let harmless = message.replace(&forged, "<e:hint xmlns:e=\"urn:e\"></e:hint>");
    assert!(judge_with(&provider, &harmless).is_ok());
}

#[test]
fn xsw8_the_signed_assertion_in_an_object_of_the_signature() {
    let Stolen { bare, signature, forged, .. } = stolen();
    let object = format!("<ds:Object>{bare}</ds:Object></ds:Signature>");
    let wrapped = signature.replace("</ds:Signature>", &object);
    assert_eq!(rule(&response(&after_issuer(&forged, &wrapped))), "response");
}

#[test]
fn a_signature_moved_onto_a_forged_assertion_that_claims_the_signed_id() {
    let Stolen { signature, forged, .. } = stolen();
    assert_eq!(rule(&response(&after_issuer(&forged.replace("_forged", "_assertion"), &signature))), "digest");
    assert_eq!(rule(&response(&after_issuer(&forged, &signature))), "reference");
}

#[test]
fn two_elements_of_the_signed_id() {
    let Stolen { signed, forged, .. } = stolen();
    let twin = forged.replace("_forged", "_assertion");
    assert_eq!(rule(&response(&format!("{twin}{signed}"))), "unique_id");
    // Under another spelling of the attribute too: some verifiers look for Id or id.
    for name in ["Id", "id"] {
        let hidden = Fields::default();
        let message =
            hidden.response(&signed).replace("<samlp:Status>", &format!("<samlp:Status {name}=\"_assertion\">"));
        assert_eq!(rule(&message), "unique_id");
    }
}

#[test]
fn ids_in_a_namespace() {
    // CVE-2025-23369 (GitHub): `xml:id` or `evil:ID` names the element for one half of the verifier and not for the other.
    let Stolen { signed, .. } = stolen();
    let honest = response(&signed);
    assert_eq!(rule(&honest.replace("<samlp:Status>", "<samlp:Status xml:id=\"_x\">")), "unique_id");
    assert_eq!(rule(&honest.replace("<samlp:Status>", "<samlp:Status xmlns:e=\"urn:e\" e:ID=\"_x\">")), "unique_id");
}

#[test]
fn a_second_assertion_before_or_after() {
    // CVE-2022-41912 (crewjam/saml), CVE-2026-25922 (authentik).
    let Stolen { signed, forged, .. } = stolen();
    assert_eq!(rule(&response(&format!("{signed}{forged}"))), "response");
    assert_eq!(rule(&response(&format!("{forged}{signed}"))), "response");
}

#[test]
fn a_decoy_signature_of_a_signed_error_response() {
    // An error response is signed and harmless; its signature on a forged success is not over what is read.
    let mut failure = Fields::default();
    failure.status = failure.status.replace("Success", "AuthnFailed");
    let signature = Signing::default().signature(&failure.response(""), "_response", &TRUSTED);
    let Stolen { bare, .. } = stolen();
    assert_eq!(rule(&after_issuer(&response(&bare.replace("martha", "admin")), &signature)), "digest");
    let twice = after_issuer(&response(&bare), &signature.repeat(2));
    assert_eq!(rule(&twice), "signature_shape");
}

#[test]
fn an_assertion_smuggled_through_advice_or_a_status_detail() {
    let Stolen { signed, forged, bare, .. } = stolen();
    let detail = format!("<samlp:StatusDetail>{signed}</samlp:StatusDetail></samlp:Status>");
    assert_eq!(rule(&response(&forged).replace("</samlp:Status>", &detail)), "response");
    let advice = format!("</saml:Conditions><saml:Advice>{signed}</saml:Advice>");
    assert_eq!(
        rule(&response(
            &bare.replace("martha", "admin").replace("_assertion", "_forged").replace("</saml:Conditions>", &advice)
        )),
        "signed"
    );
}

// ---- Leaving out, editing, other keys ----

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

// ---- References and transforms ----

#[test]
fn references_to_anything_but_the_parent() {
    // samael fetched `http:` and read `file:` before it looked at the signature.
    for uri in [
        "",
        "#",
        "#_response",
        "http://evil.example/x",
        "file:///etc/passwd",
        "#xpointer(/)",
        "#xpointer(id('_assertion'))",
        "_assertion",
        "#_assertion ",
    ] {
        let signing = Signing { uri: Some(uri.into()), ..Signing::default() };
        let signed = signing.sign(&Fields::default().assertion(), "_assertion", &TRUSTED);
        assert_eq!(rule(&response(&signed)), "reference", "{uri:?}");
    }
    let signed = stolen().signed.replace(" URI=\"#_assertion\"", "");
    assert_eq!(rule(&response(&signed)), "reference");
}

#[test]
fn two_references() {
    // CVE-2026-33487 (goxmldsig): the one that was checked was not the one that was used.
    let reference =
        stolen().signature.split("<ds:Reference").nth(1).unwrap().split("</ds:SignedInfo>").next().unwrap().to_owned();
    let signing = Signing { more_signed_info: format!("<ds:Reference{reference}"), ..Signing::default() };
    let signed = signing.sign(&Fields::default().assertion(), "_assertion", &TRUSTED);
    assert_eq!(rule(&response(&signed)), "signature_shape");
}

#[test]
fn two_signed_infos() {
    // CVE-2025-29775 (xml-crypto, SAMLStorm).
    let Stolen { bare, signature, .. } = stolen();
    let info =
        format!("{}</ds:SignedInfo>", signature.split("</ds:SignedInfo>").next().unwrap().split_once('>').unwrap().1);
    let evil = signature.replace("</ds:SignedInfo>", &format!("</ds:SignedInfo>{info}"));
    assert_eq!(rule(&response(&after_issuer(&bare, &evil))), "signature_shape");
    let wrapped = signature
        .replace("<ds:SignedInfo>", "<ds:Wrap><ds:SignedInfo>")
        .replace("</ds:SignedInfo>", "</ds:SignedInfo></ds:Wrap>");
    assert_eq!(rule(&response(&after_issuer(&bare, &wrapped))), "signature_shape");
}

#[test]
fn transforms_that_select_decode_or_execute() {
    let enveloped = algorithm("Transform", signer::ENVELOPED);
    let exclusive = algorithm("Transform", EXCLUSIVE);
    for uri in [
        "http://www.w3.org/TR/1999/REC-xpath-19991116",
        "http://www.w3.org/2002/06/xmldsig-filter2",
        "http://www.w3.org/TR/1999/REC-xslt-19991116",
        "http://www.w3.org/2000/09/xmldsig#base64",
        "http://www.w3.org/TR/2001/REC-xml-c14n-20010315",
        "http://www.w3.org/2006/12/xml-c14n11",
        "http://www.w3.org/2001/10/xml-exc-c14n#WithComments",
    ] {
        let evil = algorithm("Transform", uri);
        for transforms in [
            evil.clone(),
            format!("{enveloped}{evil}"),
            format!("{evil}{exclusive}"),
            format!("{enveloped}{evil}{exclusive}"),
        ] {
            let signed = Signing { transforms, ..Signing::default() }.sign(
                &Fields::default().assertion(),
                "_assertion",
                &TRUSTED,
            );
            assert_eq!(rule(&response(&signed)), "transforms", "{uri}");
        }
        let signing = Signing { canonicalization: algorithm("CanonicalizationMethod", uri), ..Signing::default() };
        let signed = signing.sign(&Fields::default().assertion(), "_assertion", &TRUSTED);
        assert_eq!(rule(&response(&signed)), "canonicalization", "{uri}");
    }
    for transforms in [
        String::new(),
        enveloped.clone(),
        exclusive.clone(),
        format!("{exclusive}{enveloped}"),
        format!("{enveloped}{exclusive}{exclusive}"),
    ] {
        let signed =
            Signing { transforms, ..Signing::default() }.sign(&Fields::default().assertion(), "_assertion", &TRUSTED);
        assert_eq!(rule(&response(&signed)), "transforms");
    }
}

#[test]
fn a_transform_under_another_name() {
    let honest = Signing::default().transforms;
    for transforms in [
        honest.replacen("ds:Transform", "ds:Other", 2),
        honest.replace("ds:Transform ", "ds:Other ").replace("/ds:Transform", "/ds:Other"),
    ] {
        let signed =
            Signing { transforms, ..Signing::default() }.sign(&Fields::default().assertion(), "_assertion", &TRUSTED);
        assert_eq!(rule(&response(&signed)), "transforms");
    }
}

#[test]
fn an_xslt_bomb_is_refused_at_once() {
    // python3-saml spends seconds to hours on one such message before it authenticates anyone.
    let style = "<xsl:for-each select=\"//.\">".repeat(10) + &"</xsl:for-each>".repeat(10);
    let bomb = algorithm("Transform", "http://www.w3.org/TR/1999/REC-xslt-19991116")
        .replace("></ds:Transform>", &format!("><xsl:stylesheet xmlns:xsl=\"http://www.w3.org/1999/XSL/Transform\">{style}</xsl:stylesheet></ds:Transform>"));
    let signed =
        Signing { transforms: bomb, ..Signing::default() }.sign(&Fields::default().assertion(), "_assertion", &TRUSTED);
    let started = Instant::now();
    assert_eq!(rule(&response(&signed)), "transforms");
    assert!(started.elapsed() < Duration::from_millis(50));
}

#[test]
fn prefix_lists_with_the_default_namespace_or_without_end() {
    for list in ["#default", "p #default", &"p ".repeat(17)] {
        let inclusive =
            format!("<ec:InclusiveNamespaces xmlns:ec=\"{EXCLUSIVE}\" PrefixList=\"{list}\"></ec:InclusiveNamespaces>");
        let exclusive =
            algorithm("Transform", EXCLUSIVE).replace("></ds:Transform>", &format!(">{inclusive}</ds:Transform>"));
        let transforms = format!("{}{exclusive}", algorithm("Transform", signer::ENVELOPED));
        let signed =
            Signing { transforms, ..Signing::default() }.sign(&Fields::default().assertion(), "_assertion", &TRUSTED);
        assert_eq!(rule(&response(&signed)), "transforms", "{list}");
    }
}

// ---- Text that one reader sees and another does not ----

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

// ---- Namespaces and canonicalization ----

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

// ---- Size ----

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
            assert!(started.elapsed() < Duration::from_millis(250));
            continue;
        }
        let started = Instant::now();
        assert_eq!(rule(&bomb), "size");
        assert!(started.elapsed() < Duration::from_millis(250));
    }
}

#[test]
fn a_bomb_of_keys_costs_a_bounded_number_of_verifications() {
    let many: Vec<(&str, &Key)> = (0..20).map(|_| ("", &*STRANGER)).collect();
    let provider = SamlProvider::new(&signer::metadata(&many), SP, ACS).unwrap();
    let error = judge_with(&provider, &Fields::default().signed_assertion()).unwrap_err();
    assert!(error.reason().contains("8 keys tried"), "{}", error.reason());
}

// ---- Use elsewhere ----

#[test]
fn an_assertion_for_another_service_of_the_same_identity_provider() {
    let elsewhere = SamlProvider::new(&signer::metadata(&[("", &TRUSTED)]), "https://other.example", ACS).unwrap();
    assert_eq!(judge_with(&elsewhere, &Fields::default().signed_assertion()).unwrap_err().rule().name, "audience");
    let other_acs = "https://sp.example/other";
    let elsewhere = SamlProvider::new(&signer::metadata(&[("", &TRUSTED)]), SP, other_acs).unwrap();
    assert_eq!(judge_with(&elsewhere, &Fields::default().signed_assertion()).unwrap_err().rule().name, "destination");
    let unsaid =
        with(|f| f.response_attributes = f.response_attributes.replace(&format!("Destination=\"{ACS}\" "), ""));
    assert_eq!(judge_with(&elsewhere, &unsaid).unwrap_err().rule().name, "recipient");
}

#[test]
fn one_identity_provider_vouching_for_another() {
    // CVE-2026-49284 (SimpleSAMLphp): the response of one, the assertion of the other.
    let message = with(|f| f.response_issuer = issuer("https://other-idp.example"));
    assert_eq!(rule(&message), "response_issuer");
}

#[test]
fn markup_in_values_stays_text() {
    let message =
        with(|f| f.attributes = attribute("x", &["&lt;/saml:AttributeValue&gt;&lt;saml:AttributeValue&gt;Admins"]));
    assert_eq!(judge(&message).unwrap().attribute("x"), ["</saml:AttributeValue><saml:AttributeValue>Admins"]);
}

#[test]
fn every_single_byte_changed_is_refused_or_changes_nothing() {
    let message = Fields::default().signed_assertion();
    let honest = judge(&message).unwrap();
    for index in 0..message.len() {
        let mut bytes = message.clone().into_bytes();
        bytes[index] ^= 1;
        let Ok(text) = String::from_utf8(bytes) else {
            continue;
        };
        if let Ok(identity) = judge(&text) {
            assert_eq!(identity.subject(), honest.subject());
            assert_eq!(identity.attributes(), honest.attributes());
            assert_eq!(identity.not_on_or_after(), honest.not_on_or_after());
        }
    }
}
