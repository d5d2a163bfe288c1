//! AuthnRequests of service providers that sign: by redirect over the query, by post inside the XML.
#![cfg(test)]

mod common;
#[path = "common/party.rs"]
mod party;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use common::*;
use demo_idp::{Idp, IdpError, ServiceProvider, demo_directory};
use party::*;

async fn start(party: &Party) -> (Idp, Browser) {
    let sp = ServiceProvider::new(SP, ACS).with_certificate(&party.certificate);
    let idp = Idp::builder().users(demo_directory()).service_provider(sp).seed(31).start().await.unwrap();
    let browser = Browser::new(idp.base_url());
    (idp, browser)
}

fn request() -> String {
    format!(
        "<samlp:AuthnRequest xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\" xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\" \
         ID=\"_request-1\" Version=\"2.0\" IssueInstant=\"2026-08-01T12:00:00Z\"><saml:Issuer>{SP}</saml:Issuer>\
         <samlp:NameIDPolicy AllowCreate=\"true\"/></samlp:AuthnRequest>"
    )
}

async fn get(browser: &Browser, query: &str) -> Answer {
    browser.get(&format!("/saml/sso?{query}")).await
}

fn is_followed(answer: &Answer) {
    assert!(answer.location().contains("flow="), "{} {}", answer.status, answer.text);
}

fn is_refused(answer: &Answer, why: &str) {
    assert_eq!(answer.status, 400, "{why}");
    assert!(answer.text.contains(why), "{why}: {}", answer.text);
}

#[tokio::test]
async fn a_signed_redirect_is_followed_and_nothing_near_it() {
    let (party, stranger) = (Party::new(), Party::new());
    let (_idp, browser) = start(&party).await;
    let good = party.redirect("SAMLRequest", &request(), "state one");
    is_followed(&get(&browser, &good).await);
    let forced = request().replace("ID=", "ForceAuthn=\"true\" ID=");
    let other = party.redirect("SAMLRequest", &forced, "state one");
    let stateless = party.redirect("SAMLRequest", &request(), "");
    is_followed(&get(&browser, &stateless).await);
    let part = |query: &str, name: &str| query.split('&').find(|pair| pair.starts_with(name)).unwrap().to_owned();
    for (name, query, why) in [
        ("no signature", query(&[("SAMLRequest", &deflated(&request()))]), "is not signed"),
        ("another key", stranger.redirect("SAMLRequest", &request(), ""), "by another key"),
        ("another message", good.replace(&part(&good, "SAMLRequest"), &part(&other, "SAMLRequest")), "by another key"),
        ("another RelayState", good.replace("state+one", "state+two"), "over another query"),
        ("no RelayState", good.replace("RelayState=state+one&", ""), "over another query"),
        ("escaped otherwise", good.replace("state+one", "state%20one"), "over another query"),
        ("escaped name", good.replace("SAMLRequest=", "SAMLReques%74="), "name is escaped"),
        ("twice", format!("{good}&RelayState=state+two"), "is there twice"),
        ("twice, escaped", format!("{good}&Relay%53tate=state+two"), "is there twice"),
        ("escaped, unsigned", format!("{stateless}&Relay%53tate=evil"), "name is escaped"),
        ("other algorithm", good.replace("ecdsa-sha256", "rsa-sha256"), "by another key"),
        ("no algorithm", good.replace(&format!("&{}", part(&good, "SigAlg")), ""), "belong together"),
        ("signature that is none", good.replace(&part(&good, "Signature"), "Signature=%25"), "not base64"),
    ] {
        let answer = get(&browser, &query).await;
        assert_eq!(answer.status, 400, "{name}");
        is_refused(&answer, why);
    }
}

#[tokio::test]
async fn a_form_signed_by_xmlsec_is_followed_and_nothing_near_it() {
    let (party, stranger) = (Party::new(), Party::new());
    let (_idp, browser) = start(&party).await;
    let sign = |by: &Party| by.enveloped("form-signed", &request(), "_request-1");
    let (Some(good), Some(foreign)) = (sign(&party), sign(&stranger)) else { return };
    let post = async |xml: &str| browser.post("/saml/sso", &[("SAMLRequest", &STANDARD.encode(xml))]).await;
    is_followed(&post(&good).await);
    let (_, signature) = good.split_once("<ds:Signature ").unwrap();
    let signature = format!("<ds:Signature {}</ds:Signature>", signature.split_once("</ds:Signature>").unwrap().0);
    let forged = request().replace("_request-1", "_request-2").replace("ID=", "ForceAuthn=\"true\" ID=");
    let wrapped =
        forged.replace("</saml:Issuer>", &format!("</saml:Issuer><samlp:Extensions>{good}</samlp:Extensions>"));
    let borrowed = forged.replace("</saml:Issuer>", &format!("</saml:Issuer>{signature}"));
    for (xml, why) in [
        (request(), "is not signed"),
        (foreign, "by another key"),
        (good.replace("AllowCreate=\"true\"", "AllowCreate=\"false\""), "was changed"),
        (good.replace("ID=\"_request-1\"", "ID=\"_request-2\""), "has not the shape"),
        // Signature wrapping: the honest request inside, the signature left where it was or taken along.
        (wrapped, "is not signed"),
        (borrowed, "has not the shape"),
        (good.replace(&signature, &format!("{signature}{signature}")), "there are two"),
        (good.replace("xml-exc-c14n#", "xml-exc-c14n#WithComments"), "has not the shape"),
        (good.replace("#enveloped-signature\"/>", "#base64\"/>"), "has not the shape"),
        (good.replace("xmlenc#sha256", "xmldsig#sha1"), "has not the shape"),
        (good.replace("xmldsig-more#ecdsa-sha256", "xmldsig#hmac-sha1"), "by another key"),
    ] {
        is_refused(&post(&xml).await, why);
    }
}

#[tokio::test]
async fn where_signed_requests_are_wanted_metadata_says_so_and_nobody_else_is_served() {
    let building = Idp::builder().users(demo_directory()).service_provider(ServiceProvider::new(SP, ACS)).seed(32);
    let idp = building.want_signed_requests(true).start().await.unwrap();
    assert_eq!(
        attribute_of(&idp.saml_metadata(), "IDPSSODescriptor", "WantAuthnRequestsSigned").as_deref(),
        Some("true")
    );
    let browser = Browser::new(idp.base_url());
    is_refused(&get(&browser, &query(&[("SAMLRequest", &deflated(&request()))])).await, "no certificate is registered");
    let signed = Party::new().redirect("SAMLRequest", &request(), "");
    is_refused(&get(&browser, &signed).await, "no certificate is registered");
}

#[tokio::test]
async fn during_rollover_either_key_signs() {
    let (former, next) = (Party::new(), Party::new());
    let sp = ServiceProvider::new(SP, ACS).with_certificate(&former.certificate).with_certificate(&next.certificate);
    let idp = Idp::builder().users(demo_directory()).service_provider(sp).seed(33).start().await.unwrap();
    let browser = Browser::new(idp.base_url());
    for party in [former, next] {
        is_followed(&get(&browser, &party.redirect("SAMLRequest", &request(), "")).await);
    }
}

#[tokio::test]
async fn a_certificate_that_is_none_is_named_at_the_start() {
    let sp = ServiceProvider::new(SP, ACS).with_certificate("AAAA");
    let refused = Idp::builder().service_provider(sp).seed(34).start().await.unwrap_err();
    assert!(matches!(refused, IdpError::Certificate { ref service_provider } if service_provider == SP), "{refused}");
}
