//! Logout messages that identity providers send: honest ones, each rule on its own, and attacks. What can come both ways is
//! judged both ways: in a form with a signature inside, and in a query with a signature beside it.

use base64::Engine as _;
use daypass::explain::{Report, Silent, Verdict};
use daypass::identity::saml::danger::{self, Relaxations};
use daypass::identity::saml::{
    LogoutRequested, LogoutStatus, SamlError, SamlProvider, UnverifiedLogoutRequest, UnverifiedLogoutResponse, logout,
    verify_logout_request, verify_logout_response,
};

use super::encryption::{Sealing, our_key};
use super::logout_redirect::query;
use super::signer::{self, ACS, IDP, Key, SAML, SAMLP, SP, STRANGER, Signing, TRUSTED, issuer};
use super::{STANDARD, now};

pub(crate) const SLO: &str = "https://sp.example/slo";
const SUCCESS: &str = "urn:oasis:names:tc:SAML:2.0:status:Success";

/// Metadata with endpoints for logout, whose responses go elsewhere in a form.
pub(crate) fn metadata(key: &Key) -> String {
    let endpoint = |binding, more| {
        format!(
            r#"<md:SingleLogoutService Binding="urn:oasis:names:tc:SAML:2.0:bindings:{binding}" Location="https://idp.example/slo"{more}/>"#
        )
    };
    let endpoints = [
        endpoint("HTTP-Redirect", ""),
        endpoint("HTTP-POST", r#" ResponseLocation="https://idp.example/slo/answers""#),
    ];
    let end = "</md:IDPSSODescriptor>";
    signer::metadata(&[("", key)]).replace(end, &format!("{}{end}", endpoints.concat()))
}

pub(crate) fn provider() -> SamlProvider {
    SamlProvider::new(&metadata(&TRUSTED), SP, ACS).unwrap().with_logout_url(SLO)
}

/// A request as an honest identity provider would write it at `now`, in canonical form.
#[derive(Clone)]
pub(crate) struct Asked {
    pub(crate) attributes: String,
    pub(crate) issuer: String,
    pub(crate) name_id: String,
    pub(crate) indexes: String,
}

impl Default for Asked {
    fn default() -> Self {
        Self {
            attributes: format!(
                r#"Destination="{SLO}" ID="_logout" IssueInstant="2026-06-01T12:00:00Z" NotOnOrAfter="2026-06-01T12:05:00Z" Version="2.0""#
            ),
            issuer: issuer(IDP),
            name_id: name_id("martha"),
            indexes: "<samlp:SessionIndex>s-1</samlp:SessionIndex>".into(),
        }
    }
}

fn name_id(name: &str) -> String {
    format!(r#"<saml:NameID xmlns:saml="{SAML}">{name}</saml:NameID>"#)
}

impl Asked {
    pub(crate) fn xml(&self) -> String {
        let Self { attributes, issuer, name_id, indexes } = self;
        format!(
            r#"<samlp:LogoutRequest xmlns:samlp="{SAMLP}" {attributes}>{issuer}{name_id}{indexes}</samlp:LogoutRequest>"#
        )
    }

    pub(crate) fn signed(&self, key: &Key) -> String {
        Signing::default().sign(&self.xml(), "_logout", key)
    }
}

fn answer(attributes: &str, status: &str) -> String {
    format!(
        r#"<samlp:LogoutResponse xmlns:samlp="{SAMLP}" {attributes}>{}<samlp:Status>{status}</samlp:Status></samlp:LogoutResponse>"#,
        issuer(IDP)
    )
}

const ANSWERED: &str = r#"Destination="https://sp.example/slo" ID="_answer" InResponseTo="_request" IssueInstant="2026-06-01T12:00:00Z" Version="2.0""#;

fn code(value: &str, inside: &str) -> String {
    format!(r#"<samlp:StatusCode Value="{value}">{inside}</samlp:StatusCode>"#)
}

pub(crate) fn judge_post(provider: &SamlProvider, xml: &str) -> Result<LogoutRequested, SamlError> {
    let request = UnverifiedLogoutRequest::from_post(&STANDARD.encode(xml))?;
    verify_logout_request(provider, request, now(), &mut Silent)
}

pub(crate) fn judge_redirect(provider: &SamlProvider, raw_query: &str) -> Result<LogoutRequested, SamlError> {
    verify_logout_request(provider, UnverifiedLogoutRequest::from_redirect(raw_query)?, now(), &mut Silent)
}

fn judge_answer(xml: &str) -> Result<LogoutStatus, SamlError> {
    let signed = Signing::default().sign(xml, "_answer", &TRUSTED);
    let posted = UnverifiedLogoutResponse::from_post(&STANDARD.encode(signed), "_request")?;
    let posted = verify_logout_response(&provider(), posted, now(), &mut Silent);
    let redirected = UnverifiedLogoutResponse::from_redirect(&query("SAMLResponse", xml, None, &TRUSTED), "_request")?;
    assert_eq!(posted, verify_logout_response(&provider(), redirected, now(), &mut Silent));
    posted
}

/// The rule that refuses an otherwise honest request, the same in a form and in a query.
#[track_caller]
fn rule(change: impl FnOnce(&mut Asked)) -> &'static str {
    let mut asked = Asked::default();
    change(&mut asked);
    let posted = judge_post(&provider(), &asked.signed(&TRUSTED)).unwrap_err();
    let redirected = judge_redirect(&provider(), &query("SAMLRequest", &asked.xml(), None, &TRUSTED)).unwrap_err();
    assert_eq!(posted.reason(), redirected.reason());
    posted.rule().name
}

#[test]
fn both_ways_of_travelling_give_the_same_request() {
    let posted = judge_post(&provider(), &Asked::default().signed(&TRUSTED)).unwrap();
    let redirected =
        judge_redirect(&provider(), &query("SAMLRequest", &Asked::default().xml(), None, &TRUSTED)).unwrap();
    assert_eq!(posted, redirected);
    assert_eq!(posted.remembered_until().to_string(), "2026-06-01T12:10:00Z");
}

#[test]
fn every_rule_is_reported_in_the_order_of_the_list() {
    let mut report = Report::new();
    let request = UnverifiedLogoutRequest::from_post(&STANDARD.encode(Asked::default().signed(&TRUSTED))).unwrap();
    verify_logout_request(&provider(), request, now(), &mut report).unwrap();
    let order = |name: &str| logout::RULES.iter().position(|rule| rule.name == name).unwrap();
    let heard: Vec<usize> = report.checks().iter().map(|check| order(check.name)).collect();
    assert!(heard.is_sorted(), "{:?}", report.checks());
    let refused = Asked { name_id: String::new(), ..Asked::default() };
    let request = UnverifiedLogoutRequest::from_post(&STANDARD.encode(refused.signed(&TRUSTED))).unwrap();
    let mut report = Report::new();
    verify_logout_request(&provider(), request, now(), &mut report).unwrap_err();
    assert_eq!(report.failure().unwrap().name, "subject");
    let checks = report.finish(&logout::RULES);
    assert!(checks.iter().any(|check| check.name == "status" && check.verdict == Verdict::NotReached));
    let mut names: Vec<_> = logout::RULES.iter().map(|rule| rule.name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), logout::RULES.len());
}

#[test]
fn an_unsigned_or_foreign_logout_is_refused() {
    let unsigned = judge_post(&provider(), &Asked::default().xml()).unwrap_err();
    assert_eq!(unsigned.rule().name, "signed");
    let foreign = judge_post(&provider(), &Asked::default().signed(&STRANGER)).unwrap_err();
    assert_eq!(foreign.rule().name, "signature");
    let edited = Asked::default().signed(&TRUSTED).replace(">martha<", ">rosa<");
    assert_eq!(judge_post(&provider(), &edited).unwrap_err().rule().name, "digest");
    // The answer to a logout is held to the same (Rocket.Chat 41646: its signature was never looked at).
    let answer =
        UnverifiedLogoutResponse::from_post(&STANDARD.encode(answer(ANSWERED, &code(SUCCESS, ""))), "_request");
    let refused = verify_logout_response(&provider(), answer.unwrap(), now(), &mut Silent).unwrap_err();
    assert_eq!(refused.rule().name, "signed");
}

#[test]
fn a_signed_request_wrapped_in_a_forged_one_is_refused() {
    // samlify 634: XSW on a LogoutRequest. The signature is true and stands where it stood in its own message.
    let honest = Asked::default().signed(&TRUSTED);
    let forged = Asked { name_id: name_id("rosa"), ..Asked::default() };
    let (_, from) = honest.split_once("<ds:Signature ").unwrap();
    let (inside, _) = from.split_once("</ds:Signature>").unwrap();
    let signature = format!("<ds:Signature {inside}</ds:Signature>");
    let forged_id = forged.attributes.replace("_logout", "_forged");
    let around =
        |issuer_and_more: String| Asked { attributes: forged_id.clone(), issuer: issuer_and_more, ..forged.clone() };
    for (wrapped, refused_by) in [
        (around(format!("{}{signature}", issuer(IDP))).xml(), "reference"),
        (around(format!("{}{honest}", issuer(IDP))).xml(), "signed"),
        (around(format!("{}<samlp:Extensions>{honest}</samlp:Extensions>", issuer(IDP))).xml(), "signed"),
        (around(format!("{}{signature}{}", issuer(IDP), Asked::default().xml())).xml(), "reference"),
        (Asked { issuer: format!("{}{signature}", issuer(IDP)), ..forged.clone() }.xml(), "digest"),
        (
            honest.replace("</ds:Signature>", &format!("<ds:Object>{}</ds:Object></ds:Signature>", forged.xml())),
            "unique_id",
        ),
        (honest.replace("</ds:Signature>", "<ds:Object></ds:Object></ds:Signature>"), "signature_shape"),
        (honest.replace("<ds:Signature ", &format!("{signature}<ds:Signature ")), "signature_shape"),
    ] {
        assert_eq!(judge_post(&provider(), &wrapped).unwrap_err().rule().name, refused_by, "{wrapped}");
    }
}

#[test]
fn the_gate_of_every_message_stands_before_logout_too() {
    let honest = Asked::default().signed(&TRUSTED);
    for (edited, refused_by) in [
        (honest.replace(">martha<", ">mar<!-- -->tha<"), "comment"),
        (honest.replace(">martha<", "><![CDATA[martha]]><"), "cdata"),
        (honest.replace(">martha<", ">mar<?x?>tha<"), "processing_instruction"),
        (format!("<!DOCTYPE x>{honest}"), "doctype"),
        (format!("{honest}<x/>"), "well_formed"),
        (honest.replace("ID=\"_logout\"", "ID=\"_logout\" xml:id=\"_logout\""), "unique_id"),
    ] {
        assert_eq!(judge_post(&provider(), &edited).unwrap_err().rule().name, refused_by, "{edited}");
    }
    let long = "A".repeat(256 * 1024 + 1);
    assert_eq!(UnverifiedLogoutRequest::from_post(&long).unwrap_err().rule().name, "size");
}

#[test]
fn each_rule_of_a_request_refuses_on_its_own() {
    assert_eq!(rule(|asked| asked.attributes = asked.attributes.replace("2.0", "1.1")), "version");
    assert_eq!(rule(|asked| asked.issuer = issuer("https://other.example")), "issuer");
    assert_eq!(rule(|asked| asked.name_id += &std::mem::take(&mut asked.issuer)), "logout_message");
    assert_eq!(
        rule(|asked| asked.attributes = asked.attributes.replace(SLO, "https://other.example/slo")),
        "destination"
    );
    let without = format!(r#"Destination="{SLO}" "#);
    assert_eq!(rule(|asked| asked.attributes = asked.attributes.replace(&without, "")), "destination");
    assert_eq!(rule(|asked| asked.name_id = String::new()), "subject");
    assert_eq!(rule(|asked| asked.name_id = name_id(" ")), "subject");
    assert_eq!(rule(|asked| asked.name_id = name_id("martha") + &name_id("rosa")), "logout_message");
    assert_eq!(rule(|asked| asked.name_id = asked.name_id.replace("NameID", "BaseID")), "subject");
    assert_eq!(rule(|asked| asked.indexes += "<samlp:Other></samlp:Other>"), "logout_message");
    assert_eq!(rule(|asked| asked.indexes = "<samlp:SessionIndex> </samlp:SessionIndex>".into()), "session_index");
    assert_eq!(rule(|asked| asked.indexes = asked.indexes.repeat(65)), "session_index");
    assert_eq!(
        rule(|asked| asked.indexes = format!("<samlp:Extensions></samlp:Extensions>{}", asked.indexes)),
        "logout_message"
    );
}

#[test]
fn messages_of_another_kind_are_refused() {
    let response = Signing::default().sign(&answer(ANSWERED, &code(SUCCESS, "")), "_answer", &TRUSTED);
    assert_eq!(judge_post(&provider(), &response).unwrap_err().rule().name, "logout_message");
    let request = UnverifiedLogoutResponse::from_post(&STANDARD.encode(Asked::default().signed(&TRUSTED)), "_request");
    let refused = verify_logout_response(&provider(), request.unwrap(), now(), &mut Silent).unwrap_err();
    assert_eq!(refused.rule().name, "logout_message");
    // A true sign-in of the same key is not a logout, wherever it is posted.
    let sign_in = signer::Fields::default().signed_response();
    assert_eq!(judge_post(&provider(), &sign_in).unwrap_err().rule().name, "logout_message");
}

#[test]
fn logouts_too_old_or_from_the_future_are_refused() {
    let issued = |at: &str| {
        let attributes = Asked::default().attributes;
        let without_end = attributes.replace(r#" NotOnOrAfter="2026-06-01T12:05:00Z""#, "");
        Asked { attributes: without_end.replace("2026-06-01T12:00:00Z", at), ..Asked::default() }
    };
    let judged = |asked: &Asked| judge_post(&provider(), &asked.signed(&TRUSTED));
    // Judged at 12:00:30 with 60 s of skew and 300 s of age.
    assert!(judged(&issued("2026-06-01T11:54:31Z")).is_ok());
    assert_eq!(judged(&issued("2026-06-01T11:54:30Z")).unwrap_err().rule().name, "issue_instant");
    assert!(judged(&issued("2026-06-01T12:01:30Z")).is_ok());
    assert_eq!(judged(&issued("2026-06-01T12:01:31Z")).unwrap_err().rule().name, "issue_instant");
    assert_eq!(judged(&issued("yesterday")).unwrap_err().rule().name, "issue_instant");
    let ended = |at: &str| Asked {
        attributes: Asked::default().attributes.replace("2026-06-01T12:05:00Z", at),
        ..Asked::default()
    };
    assert!(judged(&ended("2026-06-01T11:59:31Z")).is_ok());
    assert_eq!(judged(&ended("2026-06-01T11:59:30Z")).unwrap_err().rule().name, "not_on_or_after");
    assert_eq!(judged(&ended("never")).unwrap_err().rule().name, "not_on_or_after");
}

#[test]
fn a_message_needs_an_id_and_a_provider_in_service() {
    let nameless = Asked { attributes: Asked::default().attributes.replace("_logout", ""), ..Asked::default() };
    let redirected = query("SAMLRequest", &nameless.xml(), None, &TRUSTED);
    assert_eq!(judge_redirect(&provider(), &redirected).unwrap_err().rule().name, "logout_message");
    let run_out = metadata(&TRUSTED).replace("entityID=", r#"validUntil="2026-06-01T12:00:00Z" entityID="#);
    let run_out = SamlProvider::new(&run_out, SP, ACS).unwrap().with_logout_url(SLO);
    assert_eq!(judge_post(&run_out, &Asked::default().signed(&TRUSTED)).unwrap_err().rule().name, "metadata");
}

#[test]
fn a_service_without_an_address_for_logout_takes_none() {
    let provider = SamlProvider::new(&metadata(&TRUSTED), SP, ACS).unwrap();
    let error = judge_post(&provider, &Asked::default().signed(&TRUSTED)).unwrap_err();
    assert!(error.reason().contains("no address for logout messages"), "{}", error.reason());
}

#[test]
fn an_encrypted_name_is_read_with_our_key() {
    let sealed = Sealing::default().seal_as("EncryptedID", &format!(r#" xmlns:saml="{SAML}""#), &name_id("martha"));
    let asked = Asked { name_id: sealed, ..Asked::default() };
    let ours = provider().with_decryption_key(our_key());
    assert_eq!(judge_post(&ours, &asked.signed(&TRUSTED)).unwrap().name_id().value(), "martha");
    assert_eq!(judge_post(&provider(), &asked.signed(&TRUSTED)).unwrap_err(), SamlError::DecryptionFailed);
}

#[test]
fn extensions_and_sha1_need_the_relaxation_of_their_name() {
    let extended = format!("{}<samlp:Extensions></samlp:Extensions>", issuer(IDP));
    let signed = Asked { issuer: extended, ..Asked::default() }.signed(&TRUSTED);
    let relaxed = danger::provider(&metadata(&TRUSTED), SP, ACS, Relaxations::none().allow_extensions()).unwrap();
    assert!(judge_post(&relaxed.with_logout_url(SLO), &signed).is_ok());
    assert_eq!(judge_post(&provider(), &signed).unwrap_err().rule().name, "subject");
    let sha1 = Signing::method("http://www.w3.org/2000/09/xmldsig#rsa-sha1").sign(
        &Asked::default().xml(),
        "_logout",
        &TRUSTED,
    );
    assert_eq!(judge_post(&provider(), &sha1).unwrap_err().rule().name, "algorithm");
}

#[test]
fn an_answer_must_be_to_our_request_and_say_how_it_ended() {
    assert_eq!(judge_answer(&answer(ANSWERED, &code(SUCCESS, ""))).unwrap(), LogoutStatus::Success);
    let partial = code("urn:oasis:names:tc:SAML:2.0:status:PartialLogout", "");
    let responder = "urn:oasis:names:tc:SAML:2.0:status:Responder";
    for top in [SUCCESS, responder] {
        assert_eq!(
            judge_answer(&answer(ANSWERED, &code(top, &partial))).unwrap(),
            LogoutStatus::PartialLogout,
            "{top}"
        );
    }
    let denied = code(responder, &code("urn:oasis:names:tc:SAML:2.0:status:RequestDenied", ""));
    let refused = judge_answer(&answer(ANSWERED, &denied)).unwrap_err();
    assert_eq!(refused.rule().name, "status");
    assert!(refused.reason().contains("RequestDenied"));
    for (attributes, refused_by) in [
        (ANSWERED.replace("_request", "_another"), "in_response_to"),
        (ANSWERED.replace(r#"InResponseTo="_request" "#, ""), "in_response_to"),
        (ANSWERED.replace("sp.example", "other.example"), "destination"),
        (ANSWERED.replace("12:00:00Z", "11:50:00Z"), "issue_instant"),
        (ANSWERED.replace("2.0", "2.1"), "version"),
    ] {
        let refused = judge_answer(&answer(&attributes, &code(SUCCESS, ""))).unwrap_err();
        assert_eq!(refused.rule().name, refused_by, "{attributes}");
    }
    let foreign = answer(ANSWERED, &code(SUCCESS, "")).replace(IDP, "https://other.example");
    assert_eq!(judge_answer(&foreign).unwrap_err().rule().name, "issuer");
    assert_eq!(judge_answer(&answer(ANSWERED, "")).unwrap_err().rule().name, "status");
    let more =
        answer(ANSWERED, &code(SUCCESS, "")).replace("</samlp:Status>", "</samlp:Status><samlp:Other></samlp:Other>");
    assert_eq!(judge_answer(&more).unwrap_err().rule().name, "logout_message");
}
