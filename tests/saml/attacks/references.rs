//! References to other things, and transforms that select, decode or execute.

use std::time::{Duration, Instant};

use super::super::rule;
use super::super::signer::{self, EXCLUSIVE, Fields, Signing, TRUSTED, algorithm};
use super::{Stolen, after_issuer, response, stolen};

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
