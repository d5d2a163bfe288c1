//! Signature wrapping: a true signature over one element, and another element that is read.
//!
//! Somorovsky and others, "On Breaking SAML: Be Whoever You Want to Be", USENIX Security 2012, name eight permutations;
//! CVE-2016-5697 and CVE-2017-11427 (ruby-saml), CVE-2020-5390 (pysaml2), CVE-2025-47949 (samlify) and CVE-2025-46572
//! (passport-wsfed-saml2) are later finds of the same. The eight are here by name; after them, every place at once.

use daypass::identity::saml::danger::{self, Relaxations};

use super::super::signer::{self, ACS, Fields, SP, Signing, TRUSTED};
use super::super::{judge, judge_with, rule};
use super::{Stolen, after_issuer, response, stolen};

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
    let relaxed = Relaxations::none().allow_extensions();
    let metadata = signer::metadata(&[("", &TRUSTED)]);
    let provider = danger::provider(&metadata, SP, ACS, relaxed).unwrap();
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

// ---- Every place at once ----

/// What the identity provider signed of the message that the attacker holds.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Signed {
    Response,
    Assertion,
    Both,
}

/// What becomes of the true signature.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Signature {
    /// It stays in the element it signs.
    Kept,
    /// It stands in the forged element, and what it signs is hidden without it.
    Moved,
    /// It stands in both.
    Copied,
}

/// A captured element: with its signature, without, and the signature alone.
fn captured(signed: Signed) -> (String, String, String) {
    let fields = Fields::default();
    let (bare, id) = match signed {
        Signed::Assertion => (fields.assertion(), "_assertion"),
        Signed::Response => (fields.response(&fields.assertion()), "_response"),
        Signed::Both => {
            let inner = Signing::default().sign(&fields.assertion(), "_assertion", &TRUSTED);
            (fields.response(&inner), "_response")
        }
    };
    let signature = Signing::default().signature(&bare, id, &TRUSTED);
    (after_issuer(&bare, &signature), bare, signature)
}

/// A message of the attacker's own, with IDs of its own, that carries the true signature where the signed element would.
fn forgery(signed: Signed, signature: &str) -> String {
    let fields = Fields::default();
    let assertion = fields.assertion().replace("martha", "admin").replace("_assertion", "_forged");
    match signed {
        Signed::Assertion => fields.response(&after_issuer(&assertion, signature)),
        _ => after_issuer(&fields.response(&assertion).replace("\"_response\"", "\"_evil\""), signature),
    }
}

/// Where the captured element is hidden: what stands in the forgery, and what stands there afterwards.
const PLACES: [(&str, &str, &str); 17] = [
    ("before the status", "<samlp:Status>", "{}<samlp:Status>"),
    ("before the assertion", "<saml:Assertion ", "{}<saml:Assertion "),
    ("after the assertion", "</samlp:Response>", "{}</samlp:Response>"),
    ("in Extensions", "<samlp:Status>", "<samlp:Extensions>{}</samlp:Extensions><samlp:Status>"),
    ("in the status", "</samlp:Status>", "{}</samlp:Status>"),
    ("in a status detail", "</samlp:Status>", "<samlp:StatusDetail>{}</samlp:StatusDetail></samlp:Status>"),
    ("in the status code", "</samlp:StatusCode>", "{}</samlp:StatusCode>"),
    ("in the subject", "</saml:Subject>", "{}</saml:Subject>"),
    ("in the name", "</saml:NameID>", "{}</saml:NameID>"),
    ("in the confirmation", "</saml:SubjectConfirmation>", "{}</saml:SubjectConfirmation>"),
    ("in the confirmation data", "</saml:SubjectConfirmationData>", "{}</saml:SubjectConfirmationData>"),
    ("in the conditions", "</saml:Conditions>", "{}</saml:Conditions>"),
    ("in an audience", "</saml:Audience>", "{}</saml:Audience>"),
    ("in the context", "</saml:AuthnContext>", "<saml:AuthnContextDecl>{}</saml:AuthnContextDecl></saml:AuthnContext>"),
    ("in an attribute value", "</saml:AttributeValue>", "{}</saml:AttributeValue>"),
    ("in an attribute statement", "</saml:AttributeStatement>", "{}</saml:AttributeStatement>"),
    ("at the end of the assertion", "</saml:Assertion>", "{}</saml:Assertion>"),
];

/// Places inside a ds:Signature, which its own digest does not cover.
const PLACES_IN_A_SIGNATURE: [(&str, &str, &str); 8] = [
    ("in the signature", "</ds:Signature>", "{}</ds:Signature>"),
    ("first in the signature", "<ds:SignedInfo>", "{}<ds:SignedInfo>"),
    ("in an object", "</ds:Signature>", "<ds:Object>{}</ds:Object></ds:Signature>"),
    ("in KeyInfo", "</ds:Signature>", "<ds:KeyInfo>{}</ds:KeyInfo></ds:Signature>"),
    ("in the signature value", "</ds:SignatureValue>", "{}</ds:SignatureValue>"),
    ("in SignedInfo", "</ds:SignedInfo>", "{}</ds:SignedInfo>"),
    ("in the reference", "</ds:Reference>", "{}</ds:Reference>"),
    ("in a transform", "</ds:Transform>", "{}</ds:Transform>"),
];

fn hidden(place: (&str, &str, &str), message: &str, what: &str) -> String {
    let (_, at, with) = place;
    assert!(message.contains(at), "{place:?}: {message}");
    message.replacen(at, &with.replace("{}", what), 1)
}

#[test]
fn what_was_signed_hidden_anywhere_in_a_forgery() {
    let mut seen = 0;
    for signed in [Signed::Response, Signed::Assertion, Signed::Both] {
        let (whole, bare, true_signature) = captured(signed);
        for kept in [Signature::Kept, Signature::Moved, Signature::Copied] {
            let on_forgery = if kept == Signature::Kept { "" } else { &*true_signature };
            let forgery = forgery(signed, on_forgery);
            let hides = if kept == Signature::Moved { &bare } else { &whole };
            let inside: &[_] = if kept == Signature::Kept { &[] } else { &PLACES_IN_A_SIGNATURE };
            for (index, place) in PLACES.iter().chain(inside).enumerate() {
                // The first four break the shape of the response; elsewhere what is met first is named: a hidden
                // response comes with its signature before its assertion.
                let signature_first = index > 3 && signed != Signed::Assertion && kept != Signature::Moved;
                let expected = if signature_first { "signature_shape" } else { "response" };
                assert_eq!(rule(&hidden(*place, &forgery, hides)), expected, "{signed:?} {kept:?} {place:?}");
                seen += 1;
            }
        }
    }
    assert_eq!(seen, 3 * (17 + 25 + 25));
}

#[test]
fn what_was_signed_hidden_in_the_advice_of_a_forgery() {
    // Advice may hold signed assertions of others (saml-core 2.3.3), and they vouch for nothing.
    let advice = ("in advice", "</saml:Conditions>", "</saml:Conditions><saml:Advice>{}</saml:Advice>");
    let (whole, bare, signature) = captured(Signed::Assertion);
    assert_eq!(rule(&hidden(advice, &forgery(Signed::Assertion, ""), &whole)), "signed");
    for hides in [&whole, &bare] {
        assert_eq!(rule(&hidden(advice, &forgery(Signed::Assertion, &signature), hides)), "reference");
    }
    let (whole, bare, signature) = captured(Signed::Response);
    assert_eq!(rule(&hidden(advice, &forgery(Signed::Response, ""), &whole)), "signed");
    for hides in [&whole, &bare] {
        assert_eq!(rule(&hidden(advice, &forgery(Signed::Response, &signature), hides)), "reference");
    }
    // An honest assertion with advice is read as if it had none.
    let fields = Fields::default();
    let advised = captured(Signed::Assertion).0.replace("martha", "admin").replace("_assertion", "_advised");
    // In canonical form, the prefix is declared once.
    let advised = advised.replace(" xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\"", "");
    let honest = hidden(advice, &fields.assertion(), &advised);
    let message = response(&Signing::default().sign(&honest, "_assertion", &TRUSTED));
    assert_eq!(judge(&message).unwrap().subject(), "martha");
}

#[test]
fn a_forgery_hidden_anywhere_in_what_was_signed() {
    let forged = stolen().forged;
    for signed in [Signed::Response, Signed::Assertion, Signed::Both] {
        let whole = captured(signed).0;
        let honest = if signed == Signed::Assertion { response(&whole) } else { whole };
        assert_eq!(judge(&honest).unwrap().subject(), "martha", "{signed:?}");
        for place in PLACES.iter().chain(&PLACES_IN_A_SIGNATURE) {
            assert_eq!(rule(&hidden(*place, &honest, &forged)), "response", "{signed:?} {place:?}");
        }
        let advice = ("in advice", "</saml:Conditions>", "</saml:Conditions><saml:Advice>{}</saml:Advice>");
        assert_eq!(rule(&hidden(advice, &honest, &forged)), "digest", "{signed:?}");
    }
}

#[test]
fn a_forged_name_hidden_anywhere_in_what_was_signed() {
    // No second assertion, only pieces of one: a reader that searches the document for NameID would find the first.
    let name = "<saml:NameID xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\">admin</saml:NameID>";
    for signed in [Signed::Response, Signed::Assertion, Signed::Both] {
        let whole = captured(signed).0;
        let honest = if signed == Signed::Assertion { response(&whole) } else { whole };
        for place in PLACES.iter().chain(&PLACES_IN_A_SIGNATURE) {
            if let Ok(identity) = judge(&hidden(*place, &honest, name)) {
                assert_eq!(identity.subject(), "martha", "{signed:?} {place:?}");
                let unsigned = ["in the status", "in a status detail", "in the status code"];
                assert!(place.0 == "in KeyInfo" || (signed == Signed::Assertion && unsigned.contains(&place.0)));
            }
        }
    }
}

#[test]
fn the_signature_of_the_assertion_as_a_child_of_the_response() {
    // CVE-2024-8698 (Keycloak): where the signature stood decided what it was taken to cover, not its reference.
    let Stolen { bare, signature, forged, .. } = stolen();
    assert_eq!(rule(&after_issuer(&response(&bare), &signature)), "reference");
    assert_eq!(rule(&after_issuer(&response(&forged), &signature)), "reference");
    let (_, _, of_the_response) = captured(Signed::Response);
    assert_eq!(rule(&response(&after_issuer(&bare, &of_the_response))), "reference");
}

#[test]
fn a_digest_value_smuggled_before_the_one_that_was_signed() {
    // CVE-2024-45409 (ruby-saml): `//ds:DigestValue` found the attacker's, outside the signature.
    let Stolen { bare, signature, .. } = stolen();
    let forged = bare.replace("martha", "admin");
    let evil = Signing::default().signature(&forged, "_assertion", &TRUSTED);
    let value = evil.split("<ds:DigestValue>").nth(1).unwrap().split('<').next().unwrap();
    let smuggled = format!("<ds:DigestValue xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\">{value}</ds:DigestValue>");
    let message = response(&after_issuer(&forged, &signature));
    let relaxed =
        danger::provider(&signer::metadata(&[("", &TRUSTED)]), SP, ACS, Relaxations::none().allow_extensions())
            .unwrap();
    for place in ["in Extensions", "in a status detail", "in the status code"] {
        let place = PLACES.iter().find(|known| known.0 == place).unwrap();
        let error = judge_with(&relaxed, &hidden(*place, &message, &smuggled)).unwrap_err();
        assert_eq!(error.rule().name, "digest", "{place:?}");
    }
}
