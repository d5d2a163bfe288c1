//! What an explained verdict says of the document: which bytes a trusted key signed, and which relaxations it needed.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use daypass::identity::saml::danger::{self, Relaxations};
use daypass::identity::saml::{Coverage, Explained, RULES, SamlProvider, UnverifiedResponse, verify_explained};

use crate::algorithms::signed_weakly;
use crate::encryption::{Sealing, our_key};
use crate::signer::{self, ACS, Fields, REQUEST, SP, Signing, TRUSTED};
use crate::{now, provider};

fn explain_with(provider: &SamlProvider, xml: &str) -> Explained {
    let response = UnverifiedResponse::from_post(&STANDARD.encode(xml), REQUEST).unwrap();
    verify_explained(provider, response, now())
}

fn explain(xml: &str) -> Explained {
    explain_with(&provider(), xml)
}

fn signed_text(explained: &Explained) -> String {
    let signed = explained.pieces().into_iter().filter(|(coverage, _)| *coverage == Coverage::Signed);
    signed.map(|(_, piece)| piece).collect()
}

/// An assertion signed inside a response that is signed too.
fn signed_twice(fields: &Fields) -> String {
    let assertion = Signing::default().sign(&fields.assertion(), "_assertion", &TRUSTED);
    Signing::default().sign(&fields.response(&assertion), "_response", &TRUSTED)
}

#[test]
fn the_signed_bytes_are_the_element_without_its_signature() {
    let fields = Fields::default();
    let explained = explain(&fields.signed_assertion());
    assert!(explained.outcome.is_ok());
    assert_eq!(signed_text(&explained), fields.assertion());
    let [signed] = explained.signed.as_slice() else { panic!("{:?}", explained.signed) };
    assert_eq!((signed.element.as_str(), signed.id.as_str(), signed.bytes.len()), ("Assertion", "_assertion", 2));
    assert!(signed.key.starts_with("RSA-2048, sha256 "), "{}", signed.key);
    let pieces: String = explained.pieces().into_iter().map(|(_, piece)| piece).collect();
    assert_eq!(Some(pieces), explained.document);

    assert_eq!(signed_text(&explain(&fields.signed_response())), fields.response(&fields.assertion()));
    let both = explain(&signed_twice(&fields));
    let elements: Vec<_> = both.signed.iter().map(|signed| signed.element.as_str()).collect();
    assert_eq!(elements, ["Response", "Assertion"]);
    let document = both.document.as_deref().unwrap();
    let inner: String = both.signed[1].bytes.iter().map(|range| &document[range.clone()]).collect();
    assert_eq!(inner, fields.assertion());
}

#[test]
fn every_rule_is_listed_and_signed_bytes_are_known_even_when_a_later_rule_refuses() {
    let late = Fields { conditions: String::new(), ..Fields::default() };
    let explained = explain(&late.signed_assertion());
    assert_eq!(explained.outcome.as_ref().unwrap_err().rule().name, "conditions");
    assert_eq!(signed_text(&explained), late.assertion());
    for rule in RULES {
        assert!(explained.checks.iter().any(|check| check.name == rule.name), "{}", rule.name);
    }
    let unsigned = explain(&late.response(&late.assertion()));
    assert_eq!((unsigned.signed.len(), unsigned.pieces().len()), (0, 1));
    let edited = explain(&Fields::default().signed_assertion().replace("martha", "admin!"));
    assert_eq!(edited.outcome.unwrap_err().rule().name, "digest");
    assert!(edited.signed.is_empty(), "a signature over something else covers nothing");
}

#[test]
fn what_came_out_of_ciphertext_stands_nowhere_in_the_document() {
    let sealing = Sealing::default();
    let provider = provider().with_decryption_key(our_key());
    let inside = explain_with(&provider, &sealing.signed_inside());
    assert!(inside.outcome.is_ok(), "{:?}", inside.outcome);
    assert_eq!(inside.signed.iter().map(|signed| signed.bytes.len()).collect::<Vec<_>>(), [0]);
    assert_eq!(signed_text(&inside), "");
    let outside = explain_with(&provider, &sealing.signed_outside(&Fields::default().assertion()));
    assert!(outside.outcome.is_ok(), "{:?}", outside.outcome);
    assert!(signed_text(&outside).contains("CipherValue"), "the signature covers the ciphertext");
}

/// Each byte of the document changed, in one of three ways: inside of what is shown as signed that refuses, and outside of it
/// nothing that is accepted says anything else.
#[test]
fn no_byte_shown_as_signed_can_be_changed_and_no_other_byte_is_read() {
    let fields = Fields::default();
    let provider = provider();
    for honest in [fields.signed_assertion(), fields.signed_response(), signed_twice(&fields)] {
        let explained = explain_with(&provider, &honest);
        let identity = format!("{:?}", explained.outcome.as_ref().unwrap());
        let ranges: Vec<_> = explained.signed.iter().flat_map(|signed| signed.bytes.clone()).collect();
        let mut refused_outside = 0;
        for at in 0..honest.len() {
            let replacement = [honest.as_bytes()[at] ^ 1, b'x', b'<'][at % 3];
            let mut edited = honest.clone().into_bytes();
            if std::mem::replace(&mut edited[at], replacement) == replacement {
                continue;
            }
            let outcome = explain_with(&provider, &String::from_utf8(edited).unwrap()).outcome;
            let inside = ranges.iter().any(|range| range.contains(&at));
            match outcome {
                Ok(_) if inside => panic!("byte {at} is shown as signed, and can be {replacement:?}"),
                Ok(found) => assert_eq!(format!("{found:?}"), identity, "byte {at} is not signed, and is read"),
                Err(_) => refused_outside += usize::from(!inside),
            }
        }
        assert!(refused_outside > 0);
    }
}

#[test]
fn a_relaxation_is_heard_when_it_was_needed_and_only_then() {
    let everything = Relaxations::none()
        .allow_sha1()
        .allow_small_rsa()
        .allow_cbc_in_unsigned_responses()
        .allow_aes_192()
        .allow_extensions()
        .allow_cdata();
    let provider = danger::provider(&signer::metadata(&[("", &TRUSTED)]), SP, ACS, everything).unwrap();
    let provider = provider.with_decryption_key(our_key());
    let needed = |xml: &str| {
        let explained = explain_with(&provider, xml);
        assert!(explained.outcome.is_ok(), "{:?}", explained.outcome);
        explained.relaxations
    };
    let fields = Fields::default();
    assert_eq!(needed(&fields.signed_assertion()), [""; 0]);
    let sectioned = fields.signed_assertion().replace("martha", "<![CDATA[martha]]>");
    assert_eq!(needed(&sectioned), ["cdata"]);
    let extended =
        fields.signed_assertion().replace("<samlp:Status>", "<samlp:Extensions></samlp:Extensions><samlp:Status>");
    assert_eq!(needed(&extended), ["extensions"]);
    let aes_192 = Sealing {
        content_method: "http://www.w3.org/2009/xmlenc11#aes192-gcm",
        key: vec![7; 24],
        ..Sealing::default()
    };
    assert_eq!(needed(&aes_192.signed_inside()), ["aes_192"]);
    let cbc = Sealing { content_method: "http://www.w3.org/2001/04/xmlenc#aes256-cbc", ..Sealing::default() };
    assert_eq!(needed(&cbc.signed_inside()), ["cbc", "cbc_in_unsigned_responses"]);
    assert_eq!(needed(&cbc.signed_outside(&fields.assertion())), ["cbc"]);
    let name_id = aes_192.seal_as("EncryptedID", "", "<saml:NameID>rosa</saml:NameID>");
    assert_eq!(needed(&Fields { name_id, ..Fields::default() }.signed_assertion()), ["aes_192"]);
    let attributes = cbc.seal_as("EncryptedAttribute", "", &signer::attribute("groups", &["Security"]));
    assert_eq!(needed(&Fields { attributes, ..Fields::default() }.signed_assertion()), ["cbc"]);
}

#[test]
fn weak_signatures_are_heard_by_exactly_their_names() {
    for (path, needs) in signed_weakly() {
        let certificate = std::fs::read_to_string(path.with_extension("cert")).unwrap();
        let metadata = signer::metadata(&[("", &TRUSTED)]).replace(&TRUSTED.certificate(), certificate.trim());
        let relaxations = Relaxations::none().allow_sha1().allow_small_rsa().allow_cbc();
        let provider = danger::provider(&metadata, SP, ACS, relaxations).unwrap();
        let explained = explain_with(&provider, &std::fs::read_to_string(&path).unwrap());
        assert!(explained.outcome.is_ok(), "{}: {:?}", path.display(), explained.outcome);
        assert_eq!(explained.relaxations.into_iter().collect::<BTreeSet<_>>(), needs, "{}", path.display());
    }
}
