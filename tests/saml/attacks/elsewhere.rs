//! True assertions used elsewhere, at another time, or by another.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use daypass::VerifiedIdentity;
use daypass::explain::Silent;
use daypass::identity::saml::{SamlError, SamlProvider, UnverifiedResponse, verify};
use daypass::time::{Clock as _, SystemClock, Timestamp};

use super::super::signer::{self, ACS, Fields, IDP, REQUEST, SP, Signing, TRUSTED, attribute, authn_statement, issuer};
use super::super::{judge, judge_with, now, provider, rule, with};

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

#[test]
fn other_spellings_of_this_service_are_other_services() {
    // node-saml compared none of the three, python3-saml by prefix and containment (saml-profiles 4.1.4.3: exact).
    for other in [
        "https://sp.example/metadata/",
        "https://sp.example/metadata?x",
        "https://sp.example/METADATA",
        "HTTPS://sp.example/metadata",
        "https://sp.example:443/metadata",
        "https://sp.example/metadat",
        "https://sp.example/./metadata",
        "https://sp.example/metadata https://sp.example/other",
        "https://sp.example.evil/metadata",
        "",
    ] {
        assert_eq!(rule(&with(|f| f.conditions = f.conditions.replace(SP, other))), "audience", "{other}");
    }
    for other in [
        "https://sp.example/acs/",
        "https://sp.example/acs?x=1",
        "https://sp.example/acs/../other",
        "https://sp.example/ACS",
        "https://sp.example/ac",
        " https://sp.example/acs",
        "https://sp.example.evil/acs",
        "http://sp.example/acs",
    ] {
        assert_eq!(rule(&with(|f| f.confirmations = f.confirmations.replace(ACS, other))), "recipient", "{other}");
        let to = with(|f| f.response_attributes = f.response_attributes.replace(ACS, other));
        assert_eq!(rule(&to), "destination", "{other}");
    }
    assert_eq!(rule(&with(|f| f.confirmations = f.confirmations.replace(ACS, ""))), "recipient");
    for other in ["https://idp.example/metadata/", "https://IDP.example/metadata", "https://idp.example/metadat"] {
        assert_eq!(rule(&with(|f| f.response_issuer = issuer(other))), "response_issuer", "{other}");
        assert_eq!(rule(&with(|f| f.issuer = f.issuer.replace(IDP, other))), "issuer", "{other}");
    }
}

#[test]
fn a_failure_that_carries_an_assertion() {
    // OneUptime 2981, samael: the assertion was read although the status said that nobody was authenticated.
    let failed = |f: &mut Fields| f.status = f.status.replace("status:Success", "status:Responder");
    let mut fields = Fields::default();
    failed(&mut fields);
    for message in [with(failed), fields.signed_response()] {
        assert_eq!(rule(&message), "status");
    }
    for status in [
        "",
        "<samlp:StatusCode></samlp:StatusCode>",
        "<samlp:StatusCode Value=\"\"></samlp:StatusCode>",
        "<samlp:StatusCode Value=\"urn:oasis:names:tc:SAML:2.0:status:success\"></samlp:StatusCode>",
        "<samlp:StatusCode Value=\"urn:oasis:names:tc:SAML:2.0:status:Success \"></samlp:StatusCode>",
        "<samlp:StatusMessage>urn:oasis:names:tc:SAML:2.0:status:Success</samlp:StatusMessage>",
        "<e:StatusCode xmlns:e=\"urn:e\" Value=\"urn:oasis:names:tc:SAML:2.0:status:Success\"></e:StatusCode>",
        "<samlp:StatusCode Value=\"urn:oasis:names:tc:SAML:2.0:status:Requester\"></samlp:StatusCode><samlp:StatusCode Value=\"urn:oasis:names:tc:SAML:2.0:status:Success\"></samlp:StatusCode>",
    ] {
        assert_eq!(rule(&with(|f| f.status = status.into())), "status", "{status}");
    }
}

#[test]
fn the_answer_to_no_request_or_to_another() {
    // CSRF of the sign-in: an attacker's own assertion, planted in somebody else's browser.
    let unasked = |f: &mut Fields| {
        f.confirmations = f.confirmations.replace("InResponseTo=\"_request\" ", "");
        f.response_attributes = f.response_attributes.replace("InResponseTo=\"_request\" ", "");
    };
    assert_eq!(rule(&with(unasked)), "in_response_to");
    let posted = UnverifiedResponse::unsolicited(&STANDARD.encode(with(unasked))).unwrap();
    let refused = verify(&provider(), posted, now(), &mut Silent).unwrap_err();
    assert_eq!(refused, SamlError::Unsolicited);
    for other in ["_Request", "_request ", "_reques", "_request2", ""] {
        let signed = with(|f| f.confirmations = f.confirmations.replace(REQUEST, other));
        assert_eq!(rule(&signed), "in_response_to", "{other}");
        let unsigned = with(|f| f.response_attributes = f.response_attributes.replace(REQUEST, other));
        assert_eq!(rule(&unsigned), "in_response_to", "{other}");
    }
    // One good confirmation does not lend its InResponseTo to a bad one.
    let split = with(|f| {
        let elsewhere = f.confirmations.replace(ACS, "https://other.example/acs");
        f.confirmations = format!("{elsewhere}{}", f.confirmations.replace(REQUEST, "_another"));
    });
    assert_eq!(rule(&split), "recipient", "the refusal of the first confirmation is the one reported");
}

fn at(instant: &str, provider: &SamlProvider, xml: &str) -> Result<VerifiedIdentity, SamlError> {
    let response = UnverifiedResponse::from_post(&STANDARD.encode(xml), REQUEST)?;
    verify(provider, response, Timestamp::parse_rfc3339(instant).unwrap(), &mut Silent)
}

#[test]
fn clocks_that_are_turned() {
    let message = Fields::default().signed_assertion();
    let strict = provider().with_clock_skew(Duration::ZERO).unwrap();
    let slack = provider().with_clock_skew(Duration::from_secs(300)).unwrap();
    for (instant, provider, expected) in [
        ("2026-06-01T11:59:00Z", &strict, None),
        ("2026-06-01T11:58:59.999Z", &strict, Some("not_before")),
        ("2026-06-01T12:04:59.999Z", &strict, None),
        ("2026-06-01T12:05:00Z", &strict, Some("confirmation_time")),
        ("2026-06-01T12:09:59.999Z", &slack, None),
        ("2026-06-01T12:10:00Z", &slack, Some("confirmation_time")),
        // IssueInstant is held to the largest skew there is.
        ("2026-06-01T11:55:00Z", &slack, None),
        ("2026-06-01T11:54:59.999Z", &slack, Some("issue_instant")),
        ("1970-01-01T00:00:00Z", &slack, Some("issue_instant")),
        ("9999-12-31T23:59:59Z", &slack, Some("confirmation_time")),
    ] {
        match (at(instant, provider, &message), expected) {
            (Ok(identity), None) => assert_eq!(identity.subject(), "martha"),
            (Err(error), Some(expected)) => assert_eq!(error.rule().name, expected, "{instant}"),
            (verdict, expected) => panic!("{instant}: {verdict:?} instead of {expected:?}"),
        }
    }
    // A confirmation that never ends ends with the conditions.
    let endless = with(|f| f.confirmations = f.confirmations.replace("2026-06-01T12:05:00Z", "9999-12-31T23:59:59Z"));
    assert_eq!(at("2026-06-01T12:10:00Z", &strict, &endless).unwrap_err().rule().name, "not_on_or_after");
    assert_eq!(judge(&endless).unwrap().not_on_or_after().to_string(), "2026-06-01T12:10:00Z");
    let without_end = with(|f| f.conditions = f.conditions.replace(" NotOnOrAfter=\"2026-06-01T12:10:00Z\"", ""));
    assert_eq!(judge(&without_end).unwrap().not_on_or_after().to_string(), "2026-06-01T12:05:00Z");
}

#[test]
fn instants_that_calendars_disagree_about() {
    // What cannot be read is refused, not taken for "no limit" (gosaml2 and node-saml fixtures).
    let until = |text: &str| with(|f| f.conditions = f.conditions.replace("2026-06-01T12:10:00Z", text));
    for readable in [
        "2026-06-01T12:10:00.123Z",
        "2026-06-01T12:10:00.123456789Z",
        "2026-06-01T14:10:00+02:00",
        "2026-06-01T05:10:00-07:00",
        "9999-12-31T23:59:59Z",
    ] {
        assert_eq!(judge(&until(readable)).unwrap().subject(), "martha", "{readable}");
    }
    for unreadable in [
        "2026-06-01T12:10:00",
        "2026-06-01",
        "2026-06-01T24:00:00Z",
        "2026-06-01T25:00:00Z",
        "2026-06-01T12:60:00Z",
        "2026-06-01T12:10:61Z",
        "2026-02-29T12:10:00Z",
        "2026-06-31T12:10:00Z",
        "2026-00-01T12:10:00Z",
        "2026-6-1T12:10:00Z",
        "2026-06-01T12:10:00+25:00",
        "2026-06-01T12:10:00 Z",
        " 2026-06-01T12:10:00Z",
        "2026-06-01T12:10Z",
        "10000-01-01T00:00:00Z",
        "+2026-06-01T12:10:00Z",
        "-2026-06-01T12:10:00Z",
        "0000-01-01T00:00:00Z",
        "1969-12-31T23:59:59Z",
        "2026-06-01T12:10:00.Z",
        "2026-06-01T12:10:00,5Z",
        "2026-06-01T12:10:00Z\u{0}",
        "\u{662}\u{660}\u{662}\u{666}-06-01T12:10:00Z",
        "1780315800",
        "",
    ] {
        let expected = if unreadable.contains('\u{0}') { "well_formed" } else { "not_on_or_after" };
        assert_eq!(rule(&until(unreadable)), expected, "{unreadable}");
    }
    for (field, name) in [("11:59:00Z", "not_before"), ("12:10:00Z", "not_on_or_after")] {
        assert_eq!(rule(&with(|f| f.conditions = f.conditions.replace(field, "soon"))), name);
    }
    let late = "NotOnOrAfter=\"2026-06-01T12:05:00Z\"";
    assert_eq!(rule(&with(|f| f.confirmations = f.confirmations.replace("12:05:00Z", "soon"))), "confirmation_time");
    let from = with(|f| f.confirmations = f.confirmations.replace(late, &format!("NotBefore=\"soon\" {late}")));
    assert_eq!(rule(&from), "confirmation_time");
    assert_eq!(rule(&with(|f| f.authn_statement = f.authn_statement.replace("11:59:50Z", "soon"))), "authn_instant");
    assert_eq!(rule(&with(|f| f.authn_statement = authn_statement(" SessionNotOnOrAfter=\"soon\""))), "session");
}

#[test]
fn a_leap_second_is_the_end_of_its_minute() {
    let leap = with(|f| f.conditions = f.conditions.replace("2026-06-01T12:10:00Z", "2026-06-30T23:59:60Z"));
    assert_eq!(judge(&leap).unwrap().subject(), "martha");
}

#[test]
fn markup_in_what_the_identity_provider_was_told() {
    // NCC and Fox-IT, samlify's attribute-injection tests: the provider pasted its users' names into what it signs.
    let name = "mar<tha> & \"co\" ]]> <!-- -->";
    let group = "x</saml:AttributeValue><saml:AttributeValue>Admins";
    let idp = demo_idp::Idp::builder()
        .base_url("http://localhost:8100")
        .user(demo_idp::User::new(name, "correct-horse").with_groups([group]))
        .service_provider(demo_idp::ServiceProvider::new(SP, ACS))
        .build()
        .unwrap();
    let provider = SamlProvider::new(&idp.saml_metadata(), SP, ACS).unwrap();
    let response = UnverifiedResponse::for_exchange(&idp.assertion(name).unwrap()).unwrap();
    let identity = verify(&provider, response, SystemClock.now(), &mut Silent).unwrap();
    assert_eq!((identity.subject(), identity.attribute("groups")), (name, &[group.to_owned()][..]));
}

#[test]
fn two_signed_assertions_of_two_people() {
    // Both are true; which is read must not depend on order (CVE-2026-25922, authentik).
    let other = Fields { name_id: "<saml:NameID>rosa</saml:NameID>".into(), ..Fields::default() };
    let rosa = other.assertion().replace("\"_assertion\"", "\"_rosa\"");
    let rosa = Signing::default().sign(&rosa, "_rosa", &TRUSTED);
    let martha = Signing::default().sign(&Fields::default().assertion(), "_assertion", &TRUSTED);
    for both in [format!("{rosa}{martha}"), format!("{martha}{rosa}")] {
        assert_eq!(rule(&other.response(&both)), "response");
        // Even where one signature covers both.
        let signed = Signing::default().sign(&other.response(&both), "_response", &TRUSTED);
        assert_eq!(rule(&signed), "response");
    }
}
