//! Single logout over HTTP, as two service providers and one browser see it.
#![cfg(test)]

mod common;
#[path = "common/party.rs"]
mod party;

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use common::*;
use demo_idp::{Fault, Idp, ServiceProvider, demo_directory};
use flate2::read::DeflateDecoder;
use party::*;
use std::io::Read;
use x509_parser::prelude::{FromDer, X509Certificate};

const SLO: &str = "http://sp.localhost/saml/slo";
const OTHER: &str = "http://other.localhost/saml/metadata";
const OTHER_SLO: &str = "http://other.localhost/saml/slo";

/// An identity provider, two service providers that sign, and one that knows no logout.
struct Site {
    idp: Idp,
    browser: Browser,
    party: Party,
    other: Party,
}

/// Where a service provider's messages go to, and what is in them.
#[derive(Debug)]
struct Sent {
    to: String,
    xml: String,
    relay_state: String,
}

impl Site {
    async fn start() -> Self {
        let (party, other) = (Party::new(), Party::new());
        let idp = Idp::builder()
            .users(demo_directory())
            .service_provider(
                ServiceProvider::new(SP, ACS).with_certificate(&party.certificate).with_logout(SLO).with_name("Cats"),
            )
            .service_provider(
                ServiceProvider::new(OTHER, "http://other.localhost/acs")
                    .with_certificate(&other.certificate)
                    .with_posted_logout(OTHER_SLO)
                    .with_name("Dogs"),
            )
            .service_provider(
                ServiceProvider::new("http://mute.localhost/", "http://mute.localhost/acs").with_name("Mute"),
            )
            .seed(41)
            .start()
            .await
            .unwrap();
        let browser = Browser::new(idp.base_url());
        Self { idp, browser, party, other }
    }

    /// Signs in to a service provider; returns the SessionIndex that it is told.
    async fn sign_in(&self, entity_id: &str) -> String {
        let request = format!(
            "<samlp:AuthnRequest xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\" xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\" \
             ID=\"_r\" Version=\"2.0\" IssueInstant=\"2026-08-01T12:00:00Z\"><saml:Issuer>{entity_id}</saml:Issuer></samlp:AuthnRequest>"
        );
        let query = match entity_id {
            SP => self.party.redirect("SAMLRequest", &request, ""),
            OTHER => self.other.redirect("SAMLRequest", &request, ""),
            _ => query(&[("SAMLRequest", &deflated(&request))]),
        };
        let mut page = self.browser.get(&format!("/saml/sso?{query}")).await;
        if page.location().contains("/login?") {
            page = self.browser.sign_in(page.location(), "martha", "correct-horse").await;
        }
        let xml = xml_of(&page.field("SAMLResponse").expect("a response"));
        attribute_of(&xml, "AuthnStatement", "SessionIndex").expect("a SessionIndex")
    }

    async fn is_signed_in(&self) -> bool {
        self.browser.get("/").await.status == 200
    }

    /// A LogoutRequest about martha.
    fn request(&self, issuer: &str, session_index: &str) -> String {
        let now = now();
        let index = match session_index {
            "" => String::new(),
            index => format!("<samlp:SessionIndex>{index}</samlp:SessionIndex>"),
        };
        format!(
            "<samlp:LogoutRequest xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\" xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\" \
             ID=\"_bye\" Version=\"2.0\" IssueInstant=\"{now}\" Destination=\"{}/saml/slo\"><saml:Issuer>{issuer}</saml:Issuer>\
             <saml:NameID>martha</saml:NameID>{index}</samlp:LogoutRequest>",
            self.idp.base_url()
        )
    }

    fn response(&self, issuer: &str, in_response_to: &str, status: &str) -> String {
        let now = now();
        format!(
            "<samlp:LogoutResponse xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\" xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\" \
             ID=\"_answer\" Version=\"2.0\" IssueInstant=\"{now}\" Destination=\"{}/saml/slo\" InResponseTo=\"{in_response_to}\">\
             <saml:Issuer>{issuer}</saml:Issuer><samlp:Status>{status}</samlp:Status></samlp:LogoutResponse>",
            self.idp.base_url()
        )
    }

    async fn slo(&self, query: &str) -> Answer {
        self.browser.get(&format!("/saml/slo?{query}")).await
    }

    /// What the identity provider sends the browser on with, seen to be signed by its published key.
    fn sent(&self, answer: &Answer) -> Sent {
        let certificate = certificates(&self.idp.saml_metadata()).remove(0);
        if answer.status == 200 {
            let field = if answer.text.contains("name=\"SAMLRequest\"") { "SAMLRequest" } else { "SAMLResponse" };
            let xml = xml_of(&answer.field(field).expect("a message"));
            let (_, action) = answer.text.split_once("action=\"").unwrap();
            return Sent {
                to: action.split('"').next().unwrap().to_owned(),
                relay_state: answer.field("RelayState").unwrap_or_default(),
                xml,
            };
        }
        let (to, query) = answer.location().split_once('?').unwrap_or_else(|| panic!("{answer:?}"));
        let (octets, signature) = query.split_once("&Signature=").expect("a signature");
        let signature = form_urlencoded::parse(format!("s={signature}").as_bytes()).next().unwrap().1.into_owned();
        let der = STANDARD.decode(certificate).unwrap();
        let (_, certificate) = X509Certificate::from_der(&der).unwrap();
        let point = certificate.public_key().subject_public_key.data.to_vec();
        let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point);
        key.verify(octets.as_bytes(), &STANDARD.decode(signature).unwrap()).expect("the query is signed");
        let field = octets.split('=').next().unwrap();
        let message = STANDARD.decode(parameter(answer.location(), field).unwrap()).unwrap();
        let mut xml = String::new();
        DeflateDecoder::new(message.as_slice()).read_to_string(&mut xml).unwrap();
        let relay_state = parameter(answer.location(), "RelayState").unwrap_or_default();
        Sent { to: to.to_owned(), xml, relay_state }
    }
}

fn now() -> String {
    let format = time::format_description::well_known::Rfc3339;
    time::OffsetDateTime::now_utc().replace_nanosecond(0).unwrap().format(&format).unwrap()
}

const SUCCESS: &str = "<samlp:StatusCode Value=\"urn:oasis:names:tc:SAML:2.0:status:Success\"/>";

fn codes(xml: &str) -> Vec<String> {
    let document = roxmltree::Document::parse(xml).unwrap();
    let codes = document.descendants().filter(|node| node.tag_name().name() == "StatusCode");
    codes.map(|node| node.attribute("Value").unwrap().rsplit(':').next().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_service_provider_signs_somebody_out_everywhere() {
    let site = Site::start().await;
    let index = site.sign_in(SP).await;
    assert_eq!(site.sign_in(OTHER).await, index);
    let asked = site.slo(&site.party.redirect("SAMLRequest", &site.request(SP, &index), "mine")).await;
    assert!(!site.is_signed_in().await);
    // The other one is told first, by post, with a signature inside the XML.
    let request = site.sent(&asked);
    assert_eq!(request.to, OTHER_SLO);
    assert_eq!(text_of(&request.xml, "NameID").as_deref(), Some("martha"));
    assert_eq!(text_of(&request.xml, "SessionIndex"), Some(index));
    assert_eq!(signed_elements(&request.xml), ["LogoutRequest"]);
    let certificate = certificates(&site.idp.saml_metadata()).remove(0);
    assert_ne!(xmlsec_verifies("logout", &request.xml, &certificate), Some(false));
    assert!(
        asked
            .header("content-security-policy")
            .contains("form-action 'self' http://other.localhost http://sp.localhost")
    );
    let id = attribute_of(&request.xml, "LogoutRequest", "ID").unwrap();
    let done = site.other.redirect("SAMLResponse", &site.response(OTHER, &id, SUCCESS), &request.relay_state);
    let answer = site.sent(&site.slo(&done).await);
    assert_eq!((answer.to.as_str(), answer.relay_state.as_str()), (SLO, "mine"));
    assert_eq!(attribute_of(&answer.xml, "LogoutResponse", "InResponseTo").as_deref(), Some("_bye"));
    assert_eq!(attribute_of(&answer.xml, "LogoutResponse", "Destination").as_deref(), Some(SLO));
    assert_eq!(codes(&answer.xml), ["Success"]);
    // The answer was used.
    assert_eq!(site.slo(&done).await.status, 400);
}

#[tokio::test]
async fn what_could_not_be_done_is_said() {
    for (status, told) in [
        (SUCCESS, ["Success"].as_slice()),
        ("<samlp:StatusCode Value=\"urn:oasis:names:tc:SAML:2.0:status:Responder\"/>", &["Success", "PartialLogout"]),
        (
            "<samlp:StatusCode Value=\"urn:oasis:names:tc:SAML:2.0:status:Success\"><samlp:StatusCode Value=\"urn:oasis:names:tc:SAML:2.0:status:PartialLogout\"/></samlp:StatusCode>",
            &["Success", "PartialLogout"],
        ),
    ] {
        let site = Site::start().await;
        let index = site.sign_in(SP).await;
        site.sign_in(OTHER).await;
        let asked = site.slo(&site.party.redirect("SAMLRequest", &site.request(SP, &index), "")).await;
        let request = site.sent(&asked);
        let id = attribute_of(&request.xml, "LogoutRequest", "ID").unwrap();
        let answer = site.other.redirect("SAMLResponse", &site.response(OTHER, &id, status), &request.relay_state);
        assert_eq!(codes(&site.sent(&site.slo(&answer).await).xml), told);
    }
    let site = Site::start().await;
    let index = site.sign_in(SP).await;
    site.sign_in("http://mute.localhost/").await;
    let asked = site.slo(&site.party.redirect("SAMLRequest", &site.request(SP, &index), "")).await;
    assert_eq!(codes(&site.sent(&asked).xml), ["Success", "PartialLogout"]);
}

#[tokio::test]
async fn signing_out_on_the_start_page_goes_round_all_of_them() {
    let site = Site::start().await;
    site.sign_in(OTHER).await;
    site.sign_in(SP).await;
    site.sign_in("http://mute.localhost/").await;
    let home = site.browser.get("/").await;
    let policy = home.header("content-security-policy");
    assert!(policy.contains("http://sp.localhost") && policy.contains("http://other.localhost"), "{policy}");
    let mut next = site.browser.post_from("/signout", &[], Some(site.idp.base_url())).await;
    assert!(!site.is_signed_in().await);
    for _ in 0..2 {
        let request = site.sent(&next);
        let (issuer, party) = if request.to == SLO { (SP, &site.party) } else { (OTHER, &site.other) };
        let id = attribute_of(&request.xml, "LogoutRequest", "ID").unwrap();
        let response = site.response(issuer, &id, SUCCESS);
        next = site.slo(&party.redirect("SAMLResponse", &response, &request.relay_state)).await;
    }
    assert_eq!(next.status, 200);
    for seen in [
        "You are signed out",
        "Cats <span class=\"soft\">signed you out",
        "Dogs <span class=\"soft\">signed you out",
        "Mute <span class=\"soft\">did not say",
    ] {
        assert!(next.text.contains(seen), "{seen}: {}", next.text);
    }
}

#[tokio::test]
async fn attack_requests_that_nobody_registered_signed_sign_nobody_out() {
    let site = Site::start().await;
    let index = site.sign_in(SP).await;
    let stranger = Party::new();
    let honest = site.request(SP, &index);
    let sign = |xml: &str| site.party.redirect("SAMLRequest", xml, "");
    let old = now().replace("20", "19");
    for (name, query, why) in [
        ("unsigned", query(&[("SAMLRequest", &deflated(&honest))]), "is not signed"),
        ("another key", stranger.redirect("SAMLRequest", &honest, ""), "by another key"),
        ("another provider's key", site.other.redirect("SAMLRequest", &honest, ""), "by another key"),
        ("unknown", sign(&honest.replace(SP, "http://evil.localhost/")), "not registered here"),
        ("without certificate", sign(&honest.replace(SP, "http://mute.localhost/")), "no certificate is registered"),
        ("other destination", sign(&honest.replace("/saml/slo\"", "/saml/other\"")), "made for another address"),
        ("no destination", sign(&honest.replace("Destination=", "Consent=")), "made for another address"),
        ("old", sign(&honest.replace("IssueInstant=\"20", "IssueInstant=\"19")), "five minutes"),
        ("ended", sign(&honest.replace("Version=", &format!("NotOnOrAfter=\"{old}\" Version="))), "five minutes"),
        ("no name", sign(&honest.replace("saml:NameID", "saml:BaseID")), "no usable NameID"),
        ("not a request", sign(&honest.replace("LogoutRequest", "LogoutResponse")), "not a SAML 2.0 LogoutRequest"),
        ("DTD", sign(&format!("<!DOCTYPE x>{honest}")), "not well-formed"),
    ] {
        let answer = site.slo(&query).await;
        assert_eq!(answer.status, 400, "{name}");
        assert!(answer.text.contains(why), "{name}: {}", answer.text);
        assert!(site.is_signed_in().await, "{name}");
    }
    // Signed by a service provider, but about a session that is none of its own.
    for (party, xml) in [
        (&site.other, site.request(OTHER, &index)),
        (&site.party, site.request(SP, "_another")),
        (&site.party, honest.replace(">martha<", ">sam<")),
    ] {
        let answer = site.slo(&party.redirect("SAMLRequest", &xml, "")).await;
        assert_eq!(codes(&site.sent(&answer).xml), ["Success"], "there was nothing to end");
        assert!(site.is_signed_in().await);
    }
    site.slo(&sign(&honest)).await;
    assert!(!site.is_signed_in().await);
}

#[tokio::test]
async fn attack_answers_that_were_not_asked_for_end_no_round() {
    let site = Site::start().await;
    let index = site.sign_in(SP).await;
    site.sign_in(OTHER).await;
    let asked = site.slo(&site.party.redirect("SAMLRequest", &site.request(SP, &index), "")).await;
    let request = site.sent(&asked);
    let id = attribute_of(&request.xml, "LogoutRequest", "ID").unwrap();
    let honest = site.response(OTHER, &id, SUCCESS);
    let sign = |party: &Party, xml: &str, state: &str| party.redirect("SAMLResponse", xml, state);
    for (name, query) in [
        ("unsigned", query(&[("SAMLResponse", &deflated(&honest)), ("RelayState", &request.relay_state)])),
        ("by the one who asked", sign(&site.party, &honest.replace(OTHER, SP), &request.relay_state)),
        ("by a stranger", sign(&Party::new(), &honest, &request.relay_state)),
        ("other request", sign(&site.other, &honest.replace(&id, "_x"), &request.relay_state)),
        ("other round", sign(&site.other, &honest, "made-up")),
        ("no round", sign(&site.other, &honest, "")),
    ] {
        assert_eq!(site.slo(&query).await.status, 400, "{name}");
    }
    let answer = site.slo(&sign(&site.other, &honest, &request.relay_state)).await;
    assert_eq!(codes(&site.sent(&answer).xml), ["Success"]);
}

#[tokio::test]
async fn typing_the_password_again_keeps_the_session_that_service_providers_know() {
    let site = Site::start().await;
    let index = site.sign_in(SP).await;
    site.browser.sign_in("/login", "martha", "correct-horse").await;
    assert_eq!(site.sign_in(OTHER).await, index);
    let asked = site.slo(&site.other.redirect("SAMLRequest", &site.request(OTHER, &index), "")).await;
    assert_eq!(site.sent(&asked).to, SLO, "the first one is told too");
}

#[tokio::test]
async fn posted_requests_work_like_redirected_ones() {
    let site = Site::start().await;
    let index = site.sign_in(SP).await;
    let Some(xml) = site.party.enveloped("posted-logout", &site.request(SP, &index), "_bye") else { return };
    let tampered = xml.replace(">martha<", ">sam<");
    let post = async |xml: &str| site.browser.post("/saml/slo", &[("SAMLRequest", &STANDARD.encode(xml))]).await;
    assert!(post(&tampered).await.text.contains("was changed"));
    assert!(site.is_signed_in().await);
    assert_eq!(codes(&site.sent(&post(&xml).await).xml), ["Success"]);
    assert!(!site.is_signed_in().await);
}

#[tokio::test]
async fn each_fault_is_in_the_message_it_is_named_after() {
    for fault in
        [Fault::Unsigned, Fault::WrongKey, Fault::WrongDestination, Fault::WrongIssuer, Fault::Expired, Fault::Tampered]
    {
        let site = Site::start().await;
        site.sign_in(SP).await;
        site.idp.break_next(fault);
        let sent = site.browser.post_from("/signout", &[], Some(site.idp.base_url())).await;
        let raw = |name: &str| parameter(sent.location(), name);
        let mut xml = String::new();
        let message = STANDARD.decode(raw("SAMLRequest").unwrap()).unwrap();
        DeflateDecoder::new(message.as_slice()).read_to_string(&mut xml).unwrap();
        match fault {
            Fault::Unsigned => assert_eq!(raw("Signature"), None),
            Fault::WrongDestination => {
                assert!(attribute_of(&xml, "LogoutRequest", "Destination").unwrap().contains("somebody-else"));
            }
            Fault::WrongIssuer => assert!(text_of(&xml, "Issuer").unwrap().contains("somebody-else")),
            Fault::Expired => assert!(attribute_of(&xml, "LogoutRequest", "NotOnOrAfter").unwrap() < now()),
            Fault::Tampered => assert_eq!(text_of(&xml, "NameID").as_deref(), Some("administrator")),
            _ => assert!(raw("Signature").is_some()),
        }
    }
    for (fault, expected) in
        [(Fault::WrongInResponseTo, ["Success"].as_slice()), (Fault::Denied, &["Responder", "RequestDenied"])]
    {
        let site = Site::start().await;
        let index = site.sign_in(SP).await;
        site.idp.break_next(fault);
        let answer = site.sent(&site.slo(&site.party.redirect("SAMLRequest", &site.request(SP, &index), "")).await);
        assert_eq!(codes(&answer.xml), expected);
        let answered = attribute_of(&answer.xml, "LogoutResponse", "InResponseTo").unwrap();
        assert_eq!(answered == "_bye", fault == Fault::Denied);
    }
}

#[tokio::test]
async fn metadata_names_the_logout_service() {
    let site = Site::start().await;
    let metadata = site.idp.saml_metadata();
    let document = roxmltree::Document::parse(&metadata).unwrap();
    let services = document.descendants().filter(|node| node.tag_name().name() == "SingleLogoutService");
    let url = format!("{}/saml/slo", site.idp.base_url());
    assert_eq!(services.filter(|node| node.attribute("Location") == Some(&url)).count(), 2);
}
