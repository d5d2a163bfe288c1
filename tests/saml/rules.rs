//! Each rule on its own: everything else about the message is right, the signature included.

use std::time::Duration;

use daypass::explain::{Report, Silent, Verdict};
use daypass::identity::Use;
use daypass::identity::saml::{RULES, SamlError, SamlProvider, UnverifiedResponse, verify};
use daypass::time::Timestamp;

use super::signer::{
    ACS, Fields, IDP, Key, REQUEST, SP, STRANGER, Signing, TRUSTED, attribute, audience, authn_statement, confirmation,
    issuer,
};
use super::{STANDARD, judge, judge_with, now, provider, rule, signer, with};
use base64::Engine as _;

#[test]
fn a_signed_assertion_gives_the_identity_it_states() {
    let identity = judge(&Fields::default().signed_assertion()).unwrap();
    assert_eq!(identity.provider().to_string(), "saml-provider/corp");
    assert_eq!(identity.issuer(), IDP);
    assert_eq!(identity.subject(), "martha");
    assert_eq!(identity.subject_type(), Some("urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified"));
    assert_eq!(identity.audience(), ACS);
    assert_eq!(identity.attribute("groups"), ["Admins", "Developers"]);
    assert_eq!(identity.assertion_id(), "_assertion");
    assert_eq!(identity.assertion_use(), Use::UntilExpiry);
    assert_eq!(identity.not_on_or_after().to_string(), "2026-06-01T12:05:00Z");
    assert_eq!(identity.session_not_on_or_after(), None);
    assert_eq!(identity.authenticated_at().unwrap().to_string(), "2026-06-01T11:59:50Z");
}

#[test]
fn a_signed_response_and_both_signed_are_accepted() {
    let fields = Fields::default();
    assert_eq!(judge(&fields.signed_response()).unwrap().subject(), "martha");
    let inner = Signing::default().sign(&fields.assertion(), "_assertion", &TRUSTED);
    let both = Signing::default().sign(&fields.response(&inner), "_response", &TRUSTED);
    assert_eq!(judge(&both).unwrap().subject(), "martha");
}

#[test]
fn of_two_signatures_both_must_be_good() {
    let fields = Fields::default();
    let inner = Signing::default().sign(&fields.assertion(), "_assertion", &STRANGER);
    let both = Signing::default().sign(&fields.response(&inner), "_response", &TRUSTED);
    assert_eq!(rule(&both), "signature");
    let inner = Signing::default().sign(&fields.assertion(), "_assertion", &TRUSTED);
    let both = Signing::default().sign(&fields.response(&inner), "_response", &STRANGER);
    assert_eq!(rule(&both), "signature");
}

#[test]
fn every_listed_algorithm_verifies() {
    let rsa = "http://www.w3.org/2001/04/xmldsig-more#rsa-";
    for method in
        [&format!("{rsa}sha384"), &format!("{rsa}sha512"), "http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1"]
    {
        let signed = Signing::method(method).sign(&Fields::default().assertion(), "_assertion", &TRUSTED);
        assert!(judge(&Fields::default().response(&signed)).is_ok(), "{method}");
    }
    for (key, hash) in [(Key::p256(), "sha256"), (Key::p384(), "sha384")] {
        let provider = SamlProvider::new(&signer::metadata(&[("", &key)]), SP, ACS).unwrap();
        let method = format!("http://www.w3.org/2001/04/xmldsig-more#ecdsa-{hash}");
        let signed = Signing::method(&method).sign(&Fields::default().assertion(), "_assertion", &key);
        assert!(judge_with(&provider, &Fields::default().response(&signed)).is_ok(), "{method}");
    }
}

#[test]
fn during_rollover_every_listed_key_signs() {
    let metadata = signer::metadata(&[("", &STRANGER), (" use=\"signing\"", &TRUSTED)]);
    let provider = SamlProvider::new(&metadata, SP, ACS).unwrap();
    assert!(judge_with(&provider, &Fields::default().signed_assertion()).is_ok());
}

#[test]
fn versions_other_than_2_0_are_refused() {
    assert_eq!(rule(&with(|f| f.response_attributes = f.response_attributes.replace("2.0", "1.1"))), "version");
    assert_eq!(rule(&with(|f| f.assertion_attributes = f.assertion_attributes.replace("2.0", "1.1"))), "version");
}

#[test]
fn another_issuer_of_the_response_or_the_assertion_is_refused() {
    assert_eq!(rule(&with(|f| f.response_issuer = issuer("https://evil.example"))), "response_issuer");
    assert_eq!(rule(&with(|f| f.issuer = f.issuer.replace(IDP, "https://evil.example"))), "issuer");
}

#[test]
fn only_an_unsigned_response_may_leave_its_issuer_out() {
    assert!(judge(&with(|f| f.response_issuer = String::new())).is_ok());
    let fields = Fields { response_issuer: String::new(), ..Fields::default() };
    let response = fields.response(&fields.assertion());
    let (start, rest) = response.split_once('>').unwrap();
    let signature = Signing::default().signature(&response, "_response", &TRUSTED);
    assert_eq!(rule(&format!("{start}>{signature}{rest}")), "response_issuer");
}

#[test]
fn who_a_response_claims_to_be_from_is_read_whatever_it_will_be_held_to() {
    let claimed = |xml: &str| UnverifiedResponse::unsolicited(&STANDARD.encode(xml)).unwrap().claimed_issuer();
    assert_eq!(claimed(&with(|f| f.response_issuer = String::new())).as_deref(), Ok(IDP));
    let cdata = with(|f| f.response_issuer = issuer(IDP).replace(IDP, &format!("<![CDATA[{IDP}]]>")));
    assert_eq!(claimed(&cdata).as_deref(), Ok(IDP));
    assert_eq!(
        claimed("<samlp:Response xmlns:samlp='urn:oasis:names:tc:SAML:2.0:protocol'/>").unwrap_err().rule().name,
        "issuer"
    );
}

#[test]
fn indentation_around_issuers_and_audiences_is_no_difference() {
    let indented = with(|f| {
        f.response_issuer = issuer(&format!("\n    {IDP}\n  "));
        f.issuer = f.issuer.replace(IDP, &format!("\n    {IDP}\n  "));
        f.conditions = f.conditions.replace(SP, &format!("\n    {SP}\n  "));
    });
    assert!(judge(&indented).is_ok());
}

#[test]
fn another_destination_is_refused() {
    assert_eq!(
        rule(&with(|f| f.response_attributes = f.response_attributes.replace(ACS, "https://other.example/acs"))),
        "destination"
    );
    // A prefix is another address.
    assert_eq!(
        rule(&with(|f| f.response_attributes = f.response_attributes.replace(ACS, &format!("{ACS}/more")))),
        "destination"
    );
}

#[test]
fn a_status_other_than_success_is_refused_with_its_second_level_code() {
    let status = r#"<samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Responder"><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:AuthnFailed"></samlp:StatusCode></samlp:StatusCode>"#;
    let fields = Fields { status: status.into(), ..Fields::default() };
    let error = judge(&fields.response("")).unwrap_err();
    assert_eq!(error.rule().name, "status");
    assert_eq!(error.code(), "IDPRejectedClaim");
    assert!(error.reason().contains("status:AuthnFailed"), "{}", error.reason());
    assert!(!error.to_string().contains("AuthnFailed"));
    // A status hidden one level down is not success.
    let wrapped = with(|f| {
        f.status = f.status.replace("status:Success\"></samlp:StatusCode>", "status:Responder\"><samlp:StatusCode Value=\"urn:oasis:names:tc:SAML:2.0:status:Success\"></samlp:StatusCode></samlp:StatusCode>")
    });
    assert_eq!(rule(&wrapped), "status");
}

#[test]
fn a_successful_response_without_an_assertion_is_refused() {
    assert_eq!(rule(&Fields::default().response("")), "response");
}

#[test]
fn another_recipient_is_refused_and_none_is_too() {
    assert_eq!(
        rule(&with(|f| f.confirmations = f.confirmations.replace(ACS, "https://other.example/acs"))),
        "recipient"
    );
    assert_eq!(
        rule(&with(|f| f.confirmations = f.confirmations.replace(&format!(" Recipient=\"{ACS}\""), ""))),
        "recipient"
    );
}

#[test]
fn the_answer_to_another_request_is_refused() {
    assert_eq!(rule(&with(|f| f.confirmations = f.confirmations.replace(REQUEST, "_another"))), "in_response_to");
    assert_eq!(
        rule(&with(|f| f.response_attributes = f.response_attributes.replace(REQUEST, "_another"))),
        "in_response_to"
    );
}

#[test]
fn an_unsigned_in_response_to_does_not_stand_in_for_the_signed_one() {
    // CVE-2026-49284: the response named the request, the assertion named none.
    let message = with(|f| f.confirmations = f.confirmations.replace(&format!("InResponseTo=\"{REQUEST}\" "), ""));
    assert_eq!(rule(&message), "in_response_to");
}

#[test]
fn unsolicited_responses_need_the_providers_consent_and_must_name_no_request() {
    let silent = |fields: &mut Fields| {
        fields.confirmations = fields.confirmations.replace(&format!("InResponseTo=\"{REQUEST}\" "), "");
        fields.response_attributes = fields.response_attributes.replace(&format!("InResponseTo=\"{REQUEST}\" "), "");
    };
    let unsolicited = |provider: &SamlProvider, xml: &str| {
        let response = UnverifiedResponse::unsolicited(&STANDARD.encode(xml)).unwrap();
        verify(provider, response, now(), &mut Silent)
    };
    assert_eq!(unsolicited(&provider(), &with(silent)).unwrap_err(), SamlError::Unsolicited);
    let open = provider().with_unsolicited_responses();
    assert_eq!(unsolicited(&open, &with(silent)).unwrap().subject(), "martha");
    let answering = Fields::default();
    assert_eq!(unsolicited(&open, &answering.signed_assertion()).unwrap_err().rule().name, "in_response_to");
    let half =
        with(|f| f.response_attributes = f.response_attributes.replace(&format!("InResponseTo=\"{REQUEST}\" "), ""));
    assert_eq!(unsolicited(&open, &half).unwrap_err().rule().name, "in_response_to");
}

#[test]
fn an_exchange_takes_assertions_with_and_without_a_request() {
    let exchange = |xml: &str| {
        let response = UnverifiedResponse::for_exchange(&STANDARD.encode(xml)).unwrap();
        verify(&provider(), response, now(), &mut Silent)
    };
    assert!(exchange(&Fields::default().signed_assertion()).is_ok());
    let none = with(|f| f.confirmations = f.confirmations.replace(&format!("InResponseTo=\"{REQUEST}\" "), ""));
    assert!(exchange(&none).is_ok());
}

#[test]
fn only_bearer_confirmations_count_and_one_good_one_is_enough() {
    let holder = |f: &mut Fields| f.confirmations = f.confirmations.replace("cm:bearer", "cm:holder-of-key");
    assert_eq!(rule(&with(holder)), "bearer");
    assert_eq!(rule(&with(|f| f.confirmations = String::new())), "bearer");
    let two = with(|f| {
        let other = confirmation(r#"NotOnOrAfter="2026-06-01T12:05:00Z" Recipient="https://other.example/acs""#);
        f.confirmations = format!("{other}{}", f.confirmations);
    });
    assert!(judge(&two).is_ok());
}

fn at(instant: &str, xml: &str) -> Result<daypass::VerifiedIdentity, SamlError> {
    let response = UnverifiedResponse::from_post(&STANDARD.encode(xml), REQUEST).unwrap();
    verify(&provider(), response, Timestamp::parse_rfc3339(instant).unwrap(), &mut Silent)
}

#[test]
fn confirmation_times_hold_to_the_millisecond_of_the_skew() {
    let message = Fields::default().signed_assertion();
    assert!(at("2026-06-01T12:05:59.999Z", &message).is_ok());
    let late = at("2026-06-01T12:06:00Z", &message).unwrap_err();
    assert_eq!((late.rule().name, late.code()), ("confirmation_time", "ExpiredTokenException"));
    let endless = with(|f| f.confirmations = f.confirmations.replace(r#"NotOnOrAfter="2026-06-01T12:05:00Z" "#, ""));
    assert_eq!(rule(&endless), "confirmation_time");
    let early = with(|f| {
        f.confirmations = f.confirmations.replace("NotOnOrAfter", "NotBefore=\"2026-06-01T12:02:00Z\" NotOnOrAfter")
    });
    assert_eq!(rule(&early), "confirmation_time");
}

#[test]
fn condition_times_hold_to_the_millisecond_of_the_skew() {
    let message = with(|f| f.confirmations = f.confirmations.replace("12:05:00Z", "13:00:00Z"));
    assert!(at("2026-06-01T11:58:00Z", &message).is_ok());
    assert_eq!(at("2026-06-01T11:57:59.999Z", &message).unwrap_err().rule().name, "not_before");
    assert!(at("2026-06-01T12:10:59.999Z", &message).is_ok());
    assert_eq!(at("2026-06-01T12:11:00Z", &message).unwrap_err().rule().name, "not_on_or_after");
    let empty = with(|f| f.conditions = f.conditions.replace("12:10:00Z", "11:59:00Z"));
    assert_eq!(rule(&empty), "conditions");
}

#[test]
fn skew_is_bounded() {
    assert!(provider().with_clock_skew(Duration::from_secs(300)).is_ok());
    assert!(provider().with_clock_skew(Duration::from_secs(301)).is_err());
}

#[test]
fn unreadable_instants_are_refused() {
    for bad in ["2026-06-01T12:10:00", "tomorrow", "2026-13-01T12:10:00Z", ""] {
        assert_eq!(
            rule(&with(|f| f.conditions = f.conditions.replace("2026-06-01T12:10:00Z", bad))),
            "not_on_or_after",
            "{bad}"
        );
        assert_eq!(
            rule(&with(|f| f.assertion_attributes = f.assertion_attributes.replace("2026-06-01T12:00:00Z", bad))),
            "issue_instant"
        );
    }
}

#[test]
fn an_assertion_made_in_advance_is_refused() {
    assert_eq!(
        rule(&with(|f| f.assertion_attributes = f.assertion_attributes.replace("2026", "2099"))),
        "issue_instant"
    );
}

#[test]
fn every_audience_restriction_must_name_this_service() {
    let other = audience("https://other.example");
    assert_eq!(rule(&with(|f| f.conditions = f.conditions.replace(SP, "https://other.example"))), "audience");
    assert_eq!(rule(&with(|f| f.conditions = f.conditions.replace(&audience(SP), ""))), "audience");
    // Read as alternatives, the second restriction would satisfy what the first refuses.
    assert_eq!(
        rule(&with(|f| f.conditions = f.conditions.replace(&audience(SP), &format!("{other}{}", audience(SP))))),
        "audience"
    );
    let one_of =
        audience(SP).replace("<saml:Audience>", "<saml:Audience>https://other.example</saml:Audience><saml:Audience>");
    assert!(judge(&with(|f| f.conditions = f.conditions.replace(&audience(SP), &one_of))).is_ok());
}

#[test]
fn conditions_must_be_there_and_be_understood() {
    assert_eq!(rule(&with(|f| f.conditions = String::new())), "conditions");
    let unknown = format!(
        "{}<saml:Condition xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:type=\"evil\"></saml:Condition>",
        audience(SP)
    );
    assert_eq!(rule(&with(|f| f.conditions = f.conditions.replace(&audience(SP), &unknown))), "conditions");
}

#[test]
fn one_time_use_is_stated_or_set() {
    let stated = with(|f| {
        f.conditions =
            f.conditions.replace("</saml:Conditions>", "<saml:OneTimeUse></saml:OneTimeUse></saml:Conditions>")
    });
    assert_eq!(judge(&stated).unwrap().assertion_use(), Use::Once);
    let set = provider().with_assertion_use(Use::Once);
    assert_eq!(judge_with(&set, &Fields::default().signed_assertion()).unwrap().assertion_use(), Use::Once);
}

#[test]
fn a_proxy_restriction_is_understood() {
    let stated = with(|f| {
        f.conditions = f.conditions.replace(
            "</saml:Conditions>",
            "<saml:ProxyRestriction Count=\"0\"></saml:ProxyRestriction></saml:Conditions>",
        )
    });
    assert!(judge(&stated).is_ok());
}

#[test]
fn an_assertion_about_no_sign_in_is_refused() {
    assert_eq!(rule(&with(|f| f.authn_statement = String::new())), "authn_statement");
}

#[test]
fn a_session_that_has_ended_is_refused() {
    let until = |end: &str| with(|f| f.authn_statement = authn_statement(&format!(r#" SessionNotOnOrAfter="{end}""#)));
    let identity = judge(&until("2026-06-01T20:00:00Z")).unwrap();
    assert_eq!(identity.session_not_on_or_after().unwrap().to_string(), "2026-06-01T20:00:00Z");
    assert_eq!(rule(&until("2026-06-01T11:59:30Z")), "session");
}

#[test]
fn sign_ins_are_held_to_an_age_and_a_context_when_set() {
    let message = Fields::default().signed_assertion();
    let fresh = provider().with_authn_age(Duration::from_secs(30));
    assert!(judge_with(&fresh, &message).is_ok());
    let old = with(|f| f.authn_statement = f.authn_statement.replace("11:59:50", "11:58:59"));
    assert_eq!(judge_with(&fresh, &old).unwrap_err().rule().name, "authn_instant");
    let ahead = with(|f| f.authn_statement = f.authn_statement.replace("11:59:50", "12:01:31"));
    assert_eq!(judge_with(&fresh, &ahead).unwrap_err().rule().name, "authn_instant");
    let password = "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport";
    assert!(judge_with(&provider().with_authn_contexts([password]), &message).is_ok());
    let strong = provider().with_authn_contexts(["urn:oasis:names:tc:SAML:2.0:ac:classes:X509"]);
    assert_eq!(judge_with(&strong, &message).unwrap_err().rule().name, "authn_context");
}

#[test]
fn an_assertion_needs_an_id() {
    // Replay memory knows assertions by it.
    let mut fields = Fields::default();
    fields.assertion_attributes = fields.assertion_attributes.replace(r#"ID="_assertion" "#, "");
    assert_eq!(rule(&fields.signed_response()), "assertion");
}

#[test]
fn a_confirmation_says_one_thing() {
    let data = "</saml:SubjectConfirmationData>";
    let two = with(|f| {
        f.confirmations = f.confirmations.replace(data, &format!("{data}<saml:SubjectConfirmationData>{data}"))
    });
    assert_eq!(rule(&two), "bearer");
}

#[test]
fn the_subject_must_be_one_name_that_is_not_empty() {
    assert_eq!(rule(&with(|f| f.name_id = String::new())), "subject");
    assert_eq!(rule(&with(|f| f.name_id = "<saml:NameID> </saml:NameID>".into())), "subject");
    assert_eq!(rule(&with(|f| f.name_id = f.name_id.repeat(2))), "subject");
    assert_eq!(rule(&with(|f| f.name_id = "<saml:NameID><saml:b>martha</saml:b></saml:NameID>".into())), "subject");
}

#[test]
fn name_ids_keep_their_spaces_and_lose_indentation() {
    let named = |text: &str| {
        judge(&with(|f| f.name_id = format!("<saml:NameID>{text}</saml:NameID>"))).unwrap().subject().to_owned()
    };
    assert_eq!(named(" martha"), " martha");
    assert_eq!(named("\n    martha\n  "), "martha");
    assert_eq!(named("a &amp; &lt;b&gt;"), "a & <b>");
}

#[test]
fn name_id_formats_are_reported_as_sts_does() {
    let format = r#"<saml:NameID Format="urn:oasis:names:tc:SAML:2.0:nameid-format:persistent">x</saml:NameID>"#;
    let identity = judge(&with(|f| f.name_id = format.into())).unwrap();
    assert_eq!(identity.subject_type(), Some("persistent"));
    let keys = identity.condition_keys();
    assert!(keys.contains(&("saml:sub_type".to_owned(), vec!["persistent".to_owned()])));
}

#[test]
fn attributes_are_text_leaves_by_name() {
    let two = with(|f| f.attributes = attribute("groups", &["A"]) + &attribute("groups", &["B", ""]));
    assert_eq!(judge(&two).unwrap().attribute("groups"), ["A", "B", ""]);
    let markup = with(|f| f.attributes = attribute("groups", &["<saml:b>Admins</saml:b>"]));
    assert_eq!(rule(&markup), "attributes");
    let targeted =
        with(|f| f.attributes = attribute("urn:oid:1.3.6.1.4.1.5923.1.1.1.10", &["<saml:NameID>opaque</saml:NameID>"]));
    let identity = judge(&targeted).unwrap();
    assert!(identity.condition_keys().contains(&("saml:edupersontargetedid".to_owned(), vec!["opaque".to_owned()])));
}

#[test]
fn condition_keys_carry_what_trust_policies_test() {
    let identity = judge(&with(|f| f.attributes = attribute("mail", &["martha@example.com"]))).unwrap();
    let value =
        |key: &str| identity.condition_keys().iter().find(|(name, _)| name == key).map(|(_, values)| values.concat());
    assert_eq!(value("saml:aud").as_deref(), Some(ACS));
    assert_eq!(value("saml:iss").as_deref(), Some(IDP));
    assert_eq!(value("saml:sub").as_deref(), Some("martha"));
    assert_eq!(value("saml:mail").as_deref(), Some("martha@example.com"));
}

#[test]
fn two_names_of_one_condition_key_are_joined() {
    let both = with(|f| {
        f.attributes =
            attribute("mail", &["a@example.com"]) + &attribute("urn:oid:0.9.2342.19200300.100.1.3", &["b@example.com"])
    });
    let identity = judge(&both).unwrap();
    let mail: Vec<_> = identity.condition_keys().iter().filter(|(key, _)| key == "saml:mail").collect();
    assert_eq!(mail, [&("saml:mail".to_owned(), vec!["a@example.com".to_owned(), "b@example.com".to_owned()])]);
}

#[test]
fn a_demanded_response_signature_is_not_replaced_by_the_assertions() {
    let strict = provider().with_signed_responses();
    assert_eq!(judge_with(&strict, &Fields::default().signed_assertion()).unwrap_err().rule().name, "signed");
    assert!(judge_with(&strict, &Fields::default().signed_response()).is_ok());
}

#[test]
fn certificate_validity_is_reported_and_refuses_only_when_set() {
    let message = with(|f| {
        f.conditions = f.conditions.replace("2026", "2027");
        f.confirmations = f.confirmations.replace("2026", "2027");
    });
    assert!(at("2027-06-01T12:00:00Z", &message).is_ok());
    let strict = provider().with_certificate_validity();
    let response = UnverifiedResponse::from_post(&STANDARD.encode(&message), REQUEST).unwrap();
    let later = Timestamp::parse_rfc3339("2027-06-01T12:00:00Z").unwrap();
    assert_eq!(verify(&strict, response, later, &mut Silent).unwrap_err().rule().name, "certificate");
}

#[test]
fn a_report_lists_the_checks_in_the_order_of_the_rules() {
    let mut report = Report::new();
    let response =
        UnverifiedResponse::from_post(&STANDARD.encode(Fields::default().signed_assertion()), REQUEST).unwrap();
    verify(&provider(), response, now(), &mut report).unwrap();
    let positions: Vec<_> =
        report.checks().iter().map(|check| RULES.iter().position(|rule| rule.name == check.name).unwrap()).collect();
    assert!(positions.is_sorted(), "{:?}", report.checks().iter().map(|check| check.name).collect::<Vec<_>>());
    let heard: Vec<_> = report.checks().iter().map(|check| check.name).collect();
    // What this message gave no occasion for: nothing was encrypted, no session end stated, nothing demanded.
    let silent = ["decryption", "authn_instant", "session", "authn_context"];
    let all = RULES.iter().map(|rule| rule.name);
    assert_eq!(heard, all.filter(|name| !silent.contains(name)).collect::<Vec<_>>());
    let digest = report.checks().iter().find(|check| check.name == "digest").unwrap();
    assert!(digest.found.contains("Assertion at bytes"), "{}", digest.found);
}

#[test]
fn a_report_of_a_refusal_names_the_rule_and_leaves_the_rest_unreached() {
    let mut report = Report::new();
    let message = with(|f| f.conditions = f.conditions.replace(SP, "https://other.example"));
    let response = UnverifiedResponse::from_post(&STANDARD.encode(message), REQUEST).unwrap();
    verify(&provider(), response, now(), &mut report).unwrap_err();
    let failure = report.failure().unwrap();
    assert_eq!(
        (failure.name, failure.expected.as_str(), failure.found.as_str()),
        ("audience", SP, "https://other.example")
    );
    let unreached = report.finish(&RULES).into_iter().filter(|check| check.verdict == Verdict::NotReached).count();
    assert!(unreached > 3);
}

#[test]
fn rules_have_different_names() {
    let mut names: Vec<_> = RULES.iter().map(|rule| rule.name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), RULES.len());
}

#[test]
fn form_values_are_bounded_and_base64() {
    let too_large = "A".repeat(256 * 1024 + 4);
    assert_eq!(UnverifiedResponse::from_post(&too_large, REQUEST).unwrap_err().rule().name, "size");
    assert_eq!(UnverifiedResponse::from_post("not base64!", REQUEST).unwrap_err(), SamlError::NotBase64);
    let mut broken = STANDARD.encode(Fields::default().signed_assertion());
    broken.insert_str(76, "\r\n");
    assert!(verify(&provider(), UnverifiedResponse::from_post(&broken, REQUEST).unwrap(), now(), &mut Silent).is_ok());
}

#[test]
fn a_response_of_another_shape_is_told_what_it_holds() {
    let error = judge(&Fields::default().response("<samlp:More></samlp:More>")).unwrap_err();
    assert!(error.reason().ends_with("found Issuer, Status, More"), "{}", error.reason());
    // A hostile message may hold thousands.
    let many = judge(&Fields::default().response(&"<samlp:More></samlp:More>".repeat(5_000))).unwrap_err();
    assert_eq!(many.reason().matches("More").count(), 6, "{}", many.reason());
}
