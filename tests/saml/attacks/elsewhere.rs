//! True assertions used elsewhere, at another time, or by another.

use daypass::identity::saml::SamlProvider;

use super::super::signer::{self, ACS, Fields, SP, TRUSTED, attribute, issuer};
use super::super::{judge, judge_with, rule, with};

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
