//! Logout by HTTP-Redirect: the signature is over the raw query, and what was signed and what is read must be one thing.

use std::io::Write as _;

use base64::Engine as _;
use daypass::explain::{Report, Silent};
use daypass::identity::saml::{SamlProvider, UnverifiedLogoutRequest, UnverifiedLogoutResponse, verify_logout_request};
use flate2::Compression;
use flate2::write::DeflateEncoder;

use super::logout::{Asked, SLO, judge_redirect, metadata, provider};
use super::signer::{ACS, Key, RSA_SHA256, SP, STRANGER, TRUSTED};
use super::{STANDARD, now};

const ECDSA_SHA256: &str = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256";

pub(crate) fn deflated(xml: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(xml).unwrap();
    encoder.finish().unwrap()
}

fn escaped(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

/// A signed query that carries `xml`.
pub(crate) fn query(parameter: &str, xml: &str, relay_state: Option<&str>, key: &Key) -> String {
    let mut octets = format!("{parameter}={}", escaped(&STANDARD.encode(deflated(xml.as_bytes()))));
    if let Some(relay_state) = relay_state {
        octets += &format!("&RelayState={}", escaped(relay_state));
    }
    signed(&octets, RSA_SHA256, key)
}

/// `octets` with an algorithm and a signature after them.
fn signed(octets: &str, method: &str, key: &Key) -> String {
    let octets = format!("{octets}&SigAlg={}", escaped(method));
    let value = STANDARD.encode(key.sign(method, octets.as_bytes()));
    format!("{octets}&Signature={}", escaped(&value))
}

fn honest() -> String {
    query("SAMLRequest", &Asked::default().xml(), Some("state"), &TRUSTED)
}

#[track_caller]
fn rule(raw_query: &str) -> &'static str {
    judge_redirect(&provider(), raw_query).unwrap_err().rule().name
}

#[test]
fn an_honest_query_is_read_with_its_relay_state() {
    let asked = judge_redirect(&provider(), &honest()).unwrap();
    assert_eq!(asked.relay_state(), Some("state"));
    assert_eq!(asked.name_id().value(), "martha");
}

#[test]
fn an_unsigned_or_foreign_query_is_refused() {
    let (unsigned, _) =
        honest().split_once("&SigAlg=").map(|(before, after)| (before.to_owned(), after.to_owned())).unwrap();
    assert_eq!(rule(&unsigned), "signed");
    assert_eq!(rule(&query("SAMLRequest", &Asked::default().xml(), None, &STRANGER)), "signature");
    // Half a signature is not "no signature".
    let without_algorithm =
        honest().split('&').filter(|pair| !pair.starts_with("SigAlg")).collect::<Vec<_>>().join("&");
    assert_eq!(rule(&without_algorithm), "query");
    let without_value = honest().split('&').filter(|pair| !pair.starts_with("Signature")).collect::<Vec<_>>().join("&");
    assert_eq!(rule(&without_value), "query");
}

#[test]
fn an_xml_signature_inside_does_not_stand_for_that_of_the_query() {
    let inside = Asked::default().signed(&TRUSTED);
    let carried = format!("SAMLRequest={}", escaped(&STANDARD.encode(deflated(inside.as_bytes()))));
    assert_eq!(rule(&carried), "signed");
    // The binding says to take it out, so a query signed over one is not understood (saml-bindings 3.4.4.1).
    assert_eq!(rule(&query("SAMLRequest", &inside, None, &TRUSTED)), "subject");
}

#[test]
fn no_octet_of_what_was_signed_can_change() {
    let honest = honest();
    let end = honest.find("&Signature=").unwrap();
    for at in [15, 40, end - 1] {
        let mut edited = honest.clone().into_bytes();
        edited[at] = if edited[at] == b'A' { b'B' } else { b'A' };
        let error = judge_redirect(&provider(), std::str::from_utf8(&edited).unwrap()).unwrap_err();
        assert!(["signature", "algorithm", "query"].contains(&error.rule().name), "{at}: {}", error.reason());
    }
    // Another spelling of the same value is another text: what is signed is octets, not meaning (CVE-2026-18217).
    assert_eq!(rule(&honest.replace("RelayState=state", "RelayState=%73tate")), "signature");
    assert_eq!(rule(&honest.replace("RelayState=state", "RelayState=other")), "signature");
    assert_eq!(rule(&honest.replace("&RelayState=state", "")), "signature");
    assert_eq!(rule(&honest.replace("%2F", "%2f")), "signature");
}

#[test]
fn a_parameter_given_twice_is_refused_whichever_is_signed() {
    let honest = honest();
    let forged = Asked { name_id: Asked::default().name_id.replace("martha", "rosa"), ..Asked::default() };
    let forged = escaped(&STANDARD.encode(deflated(forged.xml().as_bytes())));
    for twice in [
        format!("{honest}&SAMLRequest={forged}"),
        format!("SAMLRequest={forged}&{honest}"),
        format!("{honest}&RelayState=other"),
        format!("{honest}&SigAlg={}", escaped(RSA_SHA256)),
        format!("{honest}&Signature=AAAA"),
        format!("Signature=AAAA&{honest}"),
    ] {
        assert_eq!(rule(&twice), "query", "{twice}");
    }
    // SimpleSAMLphp verified one and read the other (CVE-2025-27773).
    assert_eq!(rule(&format!("{honest}&SAMLResponse={forged}")), "query");
    assert_eq!(rule(&format!("SAMLResponse={forged}&{honest}")), "query");
    let answer = UnverifiedLogoutResponse::from_redirect(&format!("{honest}&SAMLResponse={forged}"), "_request");
    assert_eq!(answer.unwrap_err().rule().name, "query");
}

#[test]
fn another_spelling_of_a_parameters_name_is_refused() {
    // Whoever decodes names before looking would see it twice, or see another one first (CVE-2025-31335).
    for spelled in ["SAML%52equest", "%53AMLRequest", "Relay%53tate", "Sig%41lg", "Signatur%65"] {
        assert_eq!(rule(&format!("{spelled}=AAAA&{}", honest())), "query", "{spelled}");
    }
    assert_eq!(
        rule(&honest().replace("&RelayState=", "&Relay%53tate=")),
        "query",
        "its only spelling is its plain name"
    );
    let without_relay_state = query("SAMLRequest", &Asked::default().xml(), None, &TRUSTED);
    assert_eq!(rule(&format!("{without_relay_state}&RelayState")), "query", "a name alone is no value that was signed");
    for broken in
        ["SAMLRequest=%zz", "SAMLRequest=%a", "SAMLRequest=%ff", "%ff=1", "SAMLResponse=AAAA", "SAMLRequest", ""]
    {
        assert_eq!(UnverifiedLogoutRequest::from_redirect(broken).unwrap_err().rule().name, "query", "{broken}");
    }
}

#[test]
fn algorithms_are_allowed_by_name_and_belong_to_the_key() {
    let octets = format!("SAMLRequest={}", escaped(&STANDARD.encode(deflated(Asked::default().xml().as_bytes()))));
    for method in [
        "http://www.w3.org/2000/09/xmldsig#rsa-sha1",
        "http://www.w3.org/2000/09/xmldsig#dsa-sha1",
        "http://www.w3.org/2000/09/xmldsig#hmac-sha1",
        "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256",
        "",
    ] {
        assert_eq!(rule(&signed(&octets, method, &TRUSTED)), "algorithm", "{method}");
    }
    assert_eq!(rule(&signed(&octets, ECDSA_SHA256, &TRUSTED)), "signature");
    let key = Key::p256();
    let provider = SamlProvider::new(&metadata(&key), SP, ACS).unwrap().with_logout_url(SLO);
    assert!(judge_redirect(&provider, &signed(&octets, ECDSA_SHA256, &key)).is_ok());
}

#[test]
fn only_deflate_is_understood() {
    let deflate = escaped("urn:oasis:names:tc:SAML:2.0:bindings:URL-Encoding:DEFLATE");
    assert!(judge_redirect(&provider(), &format!("SAMLEncoding={deflate}&{}", honest())).is_ok());
    assert_eq!(rule(&format!("SAMLEncoding=urn:other&{}", honest())), "query");
    let xml = Asked::default().xml();
    let plain = signed(&format!("SAMLRequest={}", escaped(&STANDARD.encode(&xml))), RSA_SHA256, &TRUSTED);
    assert_eq!(rule(&plain), "encoding");
    let followed = [deflated(xml.as_bytes()), b"more".to_vec()].concat();
    let followed = signed(&format!("SAMLRequest={}", escaped(&STANDARD.encode(followed))), RSA_SHA256, &TRUSTED);
    assert_eq!(rule(&followed), "encoding");
    let unescaped_plus = signed("SAMLRequest=AAAA+", RSA_SHA256, &TRUSTED);
    assert_eq!(UnverifiedLogoutRequest::from_redirect(&unescaped_plus).unwrap_err().rule().name, "encoding");
}

#[test]
fn a_stranger_makes_nothing_inflate() {
    // Not XML, not even DEFLATE: the signature is what it is refused for, before anyone looks.
    let octets = format!("SAMLRequest={}", escaped(&STANDARD.encode([0xff; 64])));
    let mut report = Report::new();
    let request = UnverifiedLogoutRequest::from_redirect(&signed(&octets, RSA_SHA256, &STRANGER)).unwrap();
    verify_logout_request(&provider(), request, now(), &mut report).unwrap_err();
    assert_eq!(report.failure().unwrap().name, "signature");
}

#[test]
fn a_deflate_bomb_stops_at_the_limit_of_a_message() {
    // CVE-2025-25293. One megabyte of zeros is a kilobyte; whole blocks can be repeated, up to a gibibyte and beyond.
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(&vec![b' '; 1 << 20]).unwrap();
    encoder.flush().unwrap();
    let block = encoder.get_ref().clone();
    let most = 255 * 1024 / 4 * 3 / block.len() * block.len();
    let bomb: Vec<u8> = block.iter().copied().cycle().take(most).collect();
    assert!(most / block.len() > 150, "{} blocks of a mebibyte", most / block.len());
    let carried = format!("SAMLRequest={}", STANDARD.encode(&bomb).replace('+', "%2B"));
    let request = UnverifiedLogoutRequest::from_redirect(&carried);
    let refused = request.unwrap().claimed_issuer().unwrap_err();
    assert!(refused.reason().contains("bytes inflated"), "{}", refused.reason());
    let signed =
        signed(&format!("SAMLRequest={}", escaped(&STANDARD.encode(&bomb[..block.len() * 2]))), RSA_SHA256, &TRUSTED);
    assert_eq!(rule(&signed), "size");
    let long = format!("SAMLRequest={}", "A".repeat(256 * 1024));
    assert_eq!(UnverifiedLogoutRequest::from_redirect(&long).unwrap_err().rule().name, "size");
}

#[test]
fn the_claimed_issuer_is_a_claim() {
    let forged = query("SAMLRequest", &Asked::default().xml(), None, &STRANGER);
    let request = UnverifiedLogoutRequest::from_redirect(&forged).unwrap();
    assert_eq!(request.claimed_issuer().unwrap(), super::signer::IDP);
    assert!(verify_logout_request(&provider(), request, now(), &mut Silent).is_err());
}
