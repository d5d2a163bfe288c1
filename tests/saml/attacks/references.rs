//! References to other things, and transforms that select, decode or execute.

use std::time::Instant;

use super::super::signer::{self, EXCLUSIVE, Fields, Signing, TRUSTED, algorithm};
use super::super::{judge, rule};
use super::{AT_ONCE, Stolen, after_issuer, response, stolen};

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
        " #_assertion",
        "##_assertion",
        "#_ASSERTION",
        "#%5Fassertion",
        "?#_assertion",
        "https://sp.example/acs#_assertion",
        "cid:_assertion",
        "data:,_assertion",
        "ftp://evil.example/x",
        "file:///dev/zero",
        "\\\\evil.example\\share",
        "#xmlns(a=urn:a)xpointer(//*)",
        "#element(/1/2)",
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
        "http://www.w3.org/TR/2001/REC-xml-c14n-20010315#WithComments",
        "http://www.w3.org/2006/12/xml-c14n11#WithComments",
        "http://www.w3.org/2002/07/decrypt#XML",
        "http://www.w3.org/2002/07/decrypt#Binary",
        "http://www.w3.org/2001/04/xmldsig-more/xptr",
        "http://www.w3.org/2010/xmldsig2#transform",
        "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0#STR-Transform",
        "http://santuario.apache.org/2014/transforms#example",
        "",
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
    assert!(started.elapsed() < AT_ONCE);
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

/// Signs an assertion with this InclusiveNamespaces element in the transform, and again in the canonicalization of SignedInfo.
fn with_inclusive(inclusive: &str) -> [String; 2] {
    let method = |element: &str| {
        let end = format!("></ds:{element}>");
        algorithm(element, EXCLUSIVE).replace(&end, &format!(">{inclusive}</ds:{element}>"))
    };
    let transforms = format!("{}{}", algorithm("Transform", signer::ENVELOPED), method("Transform"));
    let in_transform = Signing { transforms, ..Signing::default() };
    let in_info = Signing { canonicalization: method("CanonicalizationMethod"), ..Signing::default() };
    [in_transform, in_info]
        .map(|signing| response(&signing.sign(&Fields::default().assertion(), "_assertion", &TRUSTED)))
}

#[test]
fn prefix_lists_in_every_dress() {
    let list = |value: &str| {
        format!("<ec:InclusiveNamespaces xmlns:ec=\"{EXCLUSIVE}\" PrefixList=\"{value}\"></ec:InclusiveNamespaces>")
    };
    // Honest ones: prefixes that are in scope anyway, unknown ones, one twice, none at all, `xml`.
    for value in ["saml", "unknown", "saml saml", "", "  ", "xml", &"p ".repeat(16)] {
        for message in with_inclusive(&list(value)) {
            match judge(&message) {
                Ok(identity) => assert_eq!(identity.subject(), "martha"),
                // In SignedInfo a listed prefix of the assertion is written too, which the test's signer did not sign.
                Err(error) => assert_eq!((error.rule().name, value.contains("saml")), ("signature", true), "{value}"),
            }
        }
    }
    let namespaced = list("a").replace("PrefixList", "ec:PrefixList");
    for message in with_inclusive(&namespaced) {
        // A list in a namespace is no list: nothing is inclusive, and nothing was.
        assert_eq!(judge(&message).unwrap().subject(), "martha");
    }
    let refused = [
        list("#default"),
        list("p #default"),
        list(&"p ".repeat(17)),
        list("a").repeat(2),
        list("a").replace(EXCLUSIVE, "urn:another"),
        list("a").replace("InclusiveNamespaces", "Inclusive"),
        format!("text{}", list("a")),
        "<ds:XPath>self::node()</ds:XPath>".to_owned(),
        list("a").replace("></ec:", "><ec:x></ec:x></ec:"),
    ];
    for inclusive in refused {
        let [in_transform, in_info] = with_inclusive(&inclusive);
        assert_eq!(rule(&in_transform), "transforms", "{inclusive}");
        assert_eq!(rule(&in_info), "canonicalization", "{inclusive}");
    }
}

#[test]
fn parameters_of_the_enveloped_transform() {
    let exclusive = algorithm("Transform", EXCLUSIVE);
    for inside in ["<ds:XPath>not(self::node())</ds:XPath>", "x", " "] {
        let enveloped =
            algorithm("Transform", signer::ENVELOPED).replace("></ds:Transform>", &format!(">{inside}</ds:Transform>"));
        let signing = Signing { transforms: format!("{enveloped}{exclusive}"), ..Signing::default() };
        let signed = signing.sign(&Fields::default().assertion(), "_assertion", &TRUSTED);
        assert_eq!(rule(&response(&signed)), "transforms", "{inside}");
    }
}

#[test]
fn signed_info_in_every_wrong_order_and_number() {
    // CVE-2025-29774, CVE-2025-29775 (xml-crypto): the SignedInfo that was verified was not the one that was read.
    let Stolen { bare, signature, .. } = stolen();
    let info = |text: &str| {
        let from = text.find("<ds:SignedInfo>").unwrap();
        text[from..text.find("</ds:SignedInfo>").unwrap() + "</ds:SignedInfo>".len()].to_owned()
    };
    let forged = bare.replace("martha", "admin");
    let evil = info(&Signing::default().signature(&forged, "_assertion", &TRUSTED));
    let honest = info(&signature);
    let value = {
        let from = signature.find("<ds:SignatureValue>").unwrap();
        signature[from..signature.find("</ds:SignatureValue>").unwrap() + "</ds:SignatureValue>".len()].to_owned()
    };
    for inside in [
        format!("{evil}{honest}{value}"),
        format!("{honest}{evil}{value}"),
        format!("{honest}{value}{evil}"),
        format!("{evil}{value}{honest}"),
        format!("{value}{honest}"),
        format!("{honest}{value}{value}"),
        honest.clone(),
        value.clone(),
        String::new(),
        format!("<ds:Object>{honest}</ds:Object>{evil}{value}"),
        format!("{}{value}", evil.replace("</ds:SignedInfo>", &format!("{honest}</ds:SignedInfo>"))),
        format!("{}{value}", evil.replace("<ds:SignedInfo>", &format!("<ds:SignedInfo>{honest}"))),
        format!("<ds:Wrap>{honest}</ds:Wrap>{evil}{value}"),
        format!("<ds:Wrap>{honest}{value}</ds:Wrap>"),
        format!("text{honest}{value}"),
        format!("{honest}{value}<ds:Object></ds:Object>"),
        format!("{honest}{value}<ds:KeyInfo></ds:KeyInfo><ds:Object></ds:Object>"),
        format!("{honest}{value}<ds:Manifest></ds:Manifest>"),
        format!("{}{value}", honest.replace("ds:SignedInfo", "ds:signedInfo")),
        format!("{honest}{}", value.replace("SignatureValue", "signatureValue")),
    ] {
        let evil = format!("<ds:Signature xmlns:ds=\"{}\">{inside}</ds:Signature>", signer::DSIG);
        for assertion in [&bare, &forged] {
            assert_eq!(rule(&response(&after_issuer(assertion, &evil))), "signature_shape", "{inside}");
        }
    }
    // A signature inside a signature is one too many wherever it stands.
    let nested = signature.replace("</ds:Signature>", &format!("{signature}</ds:Signature>"));
    assert_eq!(rule(&response(&after_issuer(&bare, &nested))), "signature_shape");
    let outside = format!("<ds:Signature xmlns:ds=\"{}\">{signature}</ds:Signature>", signer::DSIG);
    assert_eq!(rule(&response(&after_issuer(&bare, &outside))), "signature_shape");
}

#[test]
fn the_children_of_signed_info_in_every_wrong_order_and_number() {
    let c14n = algorithm("CanonicalizationMethod", EXCLUSIVE);
    let method = algorithm("SignatureMethod", signer::RSA_SHA256);
    let sign = |signing: Signing| response(&signing.sign(&Fields::default().assertion(), "_assertion", &TRUSTED));
    for (canonicalization, method) in [
        (String::new(), method.clone()),
        (c14n.clone(), String::new()),
        (method.clone(), c14n.clone()),
        (c14n.repeat(2), method.clone()),
        (c14n.clone(), method.repeat(2)),
        (c14n.replace("CanonicalizationMethod", "Canonicalization"), method.clone()),
        (c14n.clone(), method.replace("SignatureMethod", "Method")),
        (format!("text{c14n}"), method.clone()),
    ] {
        // The signer takes the method from the first quoted value, which here may be another: it signs with its key anyway.
        let signed_by =
            Signing { canonicalization: canonicalization.clone(), method: method.clone(), ..Signing::default() };
        if method.is_empty() {
            let honest = sign(Signing { canonicalization, ..Signing::default() });
            let without = honest.replace(&algorithm("SignatureMethod", signer::RSA_SHA256), "");
            assert_eq!(rule(&without), "signature_shape");
        } else {
            assert_eq!(rule(&sign(signed_by)), "signature_shape", "{canonicalization}{method}");
        }
    }
    for more in ["<ds:Reference></ds:Reference>", "<ds:Object></ds:Object>", "<x></x>", "text"] {
        let signing = Signing { more_signed_info: more.to_owned(), ..Signing::default() };
        assert_eq!(rule(&sign(signing)), "signature_shape", "{more}");
    }
    assert_eq!(rule(&sign(Signing { digest_method: "\"/><x y=\"".to_owned(), ..Signing::default() })), "well_formed");
}

#[test]
fn the_children_of_the_reference_in_every_wrong_order_and_number() {
    let Stolen { bare, signature, .. } = stolen();
    let cut = |name: &str| {
        let end = format!("</ds:{name}>");
        let from = signature.find(&format!("<ds:{name}")).unwrap();
        signature[from..signature.find(&end).unwrap() + end.len()].to_owned()
    };
    let (transforms, method, value) = (cut("Transforms"), cut("DigestMethod"), cut("DigestValue"));
    let honest = format!("{transforms}{method}{value}");
    for inside in [
        format!("{method}{value}"),
        format!("{transforms}{value}"),
        format!("{transforms}{method}"),
        format!("{method}{transforms}{value}"),
        format!("{transforms}{value}{method}"),
        format!("{transforms}{method}{value}{value}"),
        format!("{transforms}{method}{value}<ds:x></ds:x>"),
        format!("text{honest}"),
        honest.replace("ds:Transforms", "ds:transforms"),
        honest.replace("ds:DigestMethod", "ds:Digest"),
        honest.replace("ds:DigestValue", "ds:Value"),
        honest.replace("<ds:DigestValue>", "<ds:DigestValue>!"),
        honest.replace("<ds:DigestValue>", "<ds:DigestValue>A"),
    ] {
        let evil = signature.replace(&honest, &inside);
        assert_eq!(rule(&response(&after_issuer(&bare, &evil))), "reference", "{inside}");
    }
    let parameter = method.replace("></ds:DigestMethod>", "><ds:Length>1</ds:Length></ds:DigestMethod>");
    assert_eq!(rule(&response(&after_issuer(&bare, &signature.replace(&method, &parameter)))), "algorithm");
    let empty = signature.replace(&value, "<ds:DigestValue></ds:DigestValue>");
    assert_eq!(rule(&response(&after_issuer(&bare, &empty))), "signature");
    let not_base64 = signature.replace("<ds:SignatureValue>", "<ds:SignatureValue>!");
    assert_eq!(rule(&response(&after_issuer(&bare, &not_base64))), "signature_shape");
}

#[test]
fn an_element_without_an_id_cannot_be_referred_to() {
    // `URI="#"` and an absent ID are equal to a careless comparison.
    let fields = Fields::default();
    for (uri, attributes) in [("#", "ID=\"\" "), ("#", ""), ("", ""), ("#_assertion", "")] {
        let bare = fields.assertion().replace("ID=\"_assertion\" ", attributes);
        let signing = Signing { uri: Some(uri.to_owned()), ..Signing::default() };
        let signed = signing.sign(&bare, "", &TRUSTED);
        assert_eq!(rule(&response(&signed)), "reference", "{uri} {attributes}");
    }
}

#[test]
fn a_refused_signature_says_what_it_held_and_not_without_end() {
    let reason = |xml: &str| judge(xml).unwrap_err().reason();
    let honest = response(&stolen().signed);
    let object = honest.replace("</ds:Signature>", "<ds:Object></ds:Object></ds:Signature>");
    assert!(reason(&object).ends_with("found SignedInfo, SignatureValue, Object"), "{}", reason(&object));
    let many =
        honest.replace("</ds:Signature>", &format!("{}</ds:Signature>", "<ds:Object></ds:Object>".repeat(5_000)));
    assert_eq!(reason(&many).matches("Object").count(), 6, "{}", reason(&many));
    let sign = |transforms: String| {
        let signing = Signing { transforms, ..Signing::default() };
        response(&signing.sign(&Fields::default().assertion(), "_assertion", &TRUSTED))
    };
    let one = reason(&sign(algorithm("Transform", "urn:evil")));
    assert!(one.ends_with("found urn:evil"), "{one}");
    let many = reason(&sign(algorithm("Transform", "urn:evil").repeat(2_000)));
    assert_eq!(many.matches("urn:evil").count(), 8, "{many}");
}
