//! What xmlsec1 and openssl signed: another canonicalization, other cryptography, declarations from outside the signed part,
//! and queries escaped in other ways.

use std::path::Path;

use base64::Engine as _;
use daypass::explain::Silent;
use daypass::identity::saml::{
    LogoutStatus, SamlProvider, UnverifiedLogoutRequest, UnverifiedLogoutResponse, verify_logout_request,
    verify_logout_response,
};

use super::logout::{SLO, metadata};
use super::signer::{self, ACS, IDP, SP, TRUSTED};
use super::{STANDARD, judge_with, now};

#[test]
fn what_xmlsec1_signed_is_accepted_and_any_edit_is_not() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/saml/signed");
    let mut seen = 0;
    for entry in std::fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "xml") {
            continue;
        }
        let certificate = std::fs::read_to_string(path.with_extension("cert")).unwrap();
        let metadata = signer::metadata(&[("", &TRUSTED)]).replace(&TRUSTED.certificate(), certificate.trim());
        let provider = SamlProvider::new(&metadata, SP, ACS).unwrap();
        let xml = std::fs::read_to_string(&path).unwrap();
        let identity =
            judge_with(&provider, &xml).unwrap_or_else(|error| panic!("{}: {}", path.display(), error.reason()));
        assert_eq!(identity.subject(), "martha & co <x>");
        assert_eq!(identity.subject_type(), Some("persistent"));
        assert_eq!(identity.attribute("display\nname"), ["Z\u{fc}rich\n\t\r\u{20ac}"]);
        let edited = xml.replace("rtha &amp; co", "rtha &amp; Co");
        assert_ne!(edited, xml);
        assert_eq!(judge_with(&provider, &edited).unwrap_err().rule().name, "digest");
        seen += 1;
    }
    assert_eq!(seen, 23);
}

#[test]
fn logout_messages_that_other_tools_signed_are_accepted() {
    let vectors = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/saml/logout/messages.jsonl");
    let mut seen = 0;
    for line in std::fs::read_to_string(vectors).unwrap().lines() {
        let case: serde_json::Value = serde_json::from_str(line).unwrap();
        let text = |name: &str| case[name].as_str().unwrap_or_default().to_owned();
        let metadata = metadata(&TRUSTED).replace(&TRUSTED.certificate(), &text("certificate"));
        let provider = SamlProvider::new(&metadata, SP, ACS).unwrap().with_logout_url(SLO);
        let name = text("name");
        let posted = STANDARD.encode(text("xml"));
        if text("message") == "LogoutResponse" {
            let response = match case["carried"].as_str() {
                Some("post") => UnverifiedLogoutResponse::from_post(&posted, "_request"),
                _ => UnverifiedLogoutResponse::from_redirect(&text("query"), "_request"),
            };
            let status = verify_logout_response(&provider, response.unwrap(), now(), &mut Silent);
            assert_eq!(status.unwrap(), LogoutStatus::Success, "{name}");
        } else {
            let request = match case["carried"].as_str() {
                Some("post") => UnverifiedLogoutRequest::from_post(&posted),
                _ => UnverifiedLogoutRequest::from_redirect(&text("query")),
            };
            let request = request.unwrap();
            assert_eq!(request.claimed_issuer().unwrap(), IDP, "{name}");
            let asked = verify_logout_request(&provider, request, now(), &mut Silent);
            let asked = asked.unwrap_or_else(|error| panic!("{name}: {}", error.reason()));
            assert_eq!(asked.name_id().value(), "martha & co", "{name}");
            assert_eq!(asked.name_id().format(), "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent");
            assert_eq!(asked.name_id().name_qualifier(), Some(IDP));
            assert_eq!((asked.id(), asked.issuer()), ("_message", IDP));
            assert_eq!(asked.session_indexes(), ["s-1", "s-2"]);
            assert_eq!(asked.reason(), Some("urn:oasis:names:tc:SAML:2.0:logout:user"));
            assert_eq!(asked.relay_state(), case["relay_state"].as_str(), "{name}");
        }
        seen += 1;
    }
    assert_eq!(seen, 15);
}
