//! Web browser single sign-on over HTTP, as a service provider and a browser see it.
#![cfg(test)]

mod common;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use common::*;
use demo_idp::{Fault, Idp, ServiceProvider, SignedPart, demo_directory};
use flate2::Compression;
use flate2::write::DeflateEncoder;
use std::io::Write;

const OTHER_ACS: &str = "http://sp.localhost/saml/acs2";

async fn start() -> (Idp, Browser) {
    let idp = Idp::builder()
        .users(demo_directory())
        .service_provider(ServiceProvider::new(SP, ACS).with_acs(OTHER_ACS).with_name("Cat <Photos>"))
        .seed(21)
        .start()
        .await
        .unwrap();
    let browser = Browser::new(idp.base_url());
    (idp, browser)
}

/// An AuthnRequest with more attributes and children.
fn request(attributes: &str, children: &str) -> String {
    format!(
        "<samlp:AuthnRequest xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\" xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\" \
         ID=\"_request-1\" Version=\"2.0\" IssueInstant=\"2026-08-01T12:00:00Z\" {attributes}>\
         <saml:Issuer>{SP}</saml:Issuer>{children}</samlp:AuthnRequest>"
    )
}

fn deflated(xml: &str) -> String {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(xml.as_bytes()).unwrap();
    STANDARD.encode(encoder.finish().unwrap())
}

fn redirect(xml: &str, relay_state: &str) -> String {
    format!("/saml/sso?{}", query(&[("SAMLRequest", &deflated(xml)), ("RelayState", relay_state)]))
}

async fn sign_in(browser: &Browser, url: &str) -> Answer {
    let login = browser.get(url).await;
    assert!(login.location().contains("/login?flow="), "{} {}", login.status, login.text);
    browser.sign_in(login.location(), "martha", "correct-horse").await
}

fn response(page: &Answer) -> String {
    xml_of(&page.field("SAMLResponse").expect("a response"))
}

fn status(xml: &str) -> Vec<String> {
    let document = roxmltree::Document::parse(xml).unwrap();
    document
        .descendants()
        .filter(|node| node.tag_name().name() == "StatusCode")
        .map(|node| node.attribute("Value").unwrap().rsplit(':').next().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn metadata_is_where_the_entity_id_says() {
    let (idp, browser) = start().await;
    let answer = browser.get(&idp.saml_entity_id()).await;
    assert_eq!(answer.header("content-type"), "application/samlmetadata+xml");
    assert_eq!(answer.text, idp.saml_metadata());
    let document = roxmltree::Document::parse(&answer.text).unwrap();
    assert_eq!(document.root_element().attribute("entityID"), Some(idp.saml_entity_id().as_str()));
    let of = |name: &str| document.descendants().filter(|node| node.tag_name().name() == name).collect::<Vec<_>>();
    let bindings: Vec<_> =
        of("SingleSignOnService").iter().map(|node| node.attribute("Binding").unwrap().to_owned()).collect();
    assert_eq!(bindings, ["HTTP-Redirect", "HTTP-POST"].map(|it| format!("urn:oasis:names:tc:SAML:2.0:bindings:{it}")));
    assert!(
        of("SingleSignOnService")
            .iter()
            .all(|node| node.attribute("Location") == Some(&format!("{}/saml/sso", idp.base_url())))
    );
    assert!(of("KeyDescriptor").iter().all(|node| node.attribute("use") == Some("signing")));
    assert_eq!(of("X509Certificate").len(), 1);
    assert!(of("NameIDFormat")[0].text().unwrap().ends_with(":unspecified"));
}

#[tokio::test]
async fn a_redirected_request_ends_in_a_signed_post() {
    let (idp, browser) = start().await;
    let relay_state = "a/b?c=\"d\"&<e>'";
    let login = browser.get(&redirect(&request("", ""), relay_state)).await;
    let page = browser.get(login.location()).await;
    assert!(page.text.contains("Cat &#60;Photos&#62;"), "the page says who asks, as text");
    assert!(page.text.contains("sp.localhost"));
    let page = browser.sign_in(login.location(), "martha", "correct-horse").await;
    assert_eq!(page.status, 200);
    assert!(page.text.contains(&format!("action=\"{ACS}\"")));
    assert!(page.text.contains("<button") && page.text.contains("/assets/post.js"));
    assert!(page.header("content-security-policy").contains("form-action 'self' http://sp.localhost;"));
    assert!(page.header("content-security-policy").contains("script-src 'self';"));
    assert_eq!(page.field("RelayState").as_deref(), Some(relay_state));
    let xml = response(&page);
    assert_eq!(status(&xml), ["Success"]);
    assert_eq!(attribute_of(&xml, "Response", "InResponseTo").as_deref(), Some("_request-1"));
    assert_eq!(attribute_of(&xml, "SubjectConfirmationData", "InResponseTo").as_deref(), Some("_request-1"));
    assert_eq!(text_of(&xml, "NameID").as_deref(), Some("martha"));
    assert_ne!(xmlsec_verifies("redirect", &xml, &certificates(&idp.saml_metadata())[0]), Some(false));
    let outcomes: Vec<_> = idp.requests().into_iter().filter_map(|request| request.outcome).collect();
    assert_eq!(outcomes, ["martha signed in", &format!("assertion about martha for {SP}")]);
}

#[tokio::test]
async fn a_posted_request_from_another_site_finds_the_session_it_could_not_send() {
    let (_idp, browser) = start().await;
    browser.sign_in("/login", "sam", "correct-horse").await;
    let encoded = STANDARD.encode(request("", ""));
    let wrapped =
        encoded.as_bytes().chunks(76).map(|line| String::from_utf8_lossy(line)).collect::<Vec<_>>().join("\r\n");
    let form = [("SAMLRequest", wrapped.as_str()), ("RelayState", "token")];
    let next = browser.post_from("/saml/sso", &form, Some("http://sp.localhost")).await;
    assert_eq!(next.status, 303);
    let page = browser.get(next.location()).await;
    assert_eq!(page.field("RelayState").as_deref(), Some("token"));
    assert_eq!(text_of(&response(&page), "NameID").as_deref(), Some("sam"));
    assert_eq!(browser.get(next.location()).await.status, 410, "a flow is finished once");
}

#[tokio::test]
async fn the_answer_goes_to_the_registered_address_that_was_asked_for() {
    let (_idp, browser) = start().await;
    browser.sign_in("/login", "martha", "correct-horse").await;
    let by_url = format!("AssertionConsumerServiceURL=\"{OTHER_ACS}\"");
    for (attributes, expected) in [("", ACS), (&by_url, OTHER_ACS), ("AssertionConsumerServiceIndex=\"1\"", OTHER_ACS)]
    {
        let page = browser.get(&redirect(&request(attributes, ""), "")).await;
        let xml = response(&page);
        assert!(page.text.contains(&format!("action=\"{expected}\"")));
        assert_eq!(attribute_of(&xml, "Response", "Destination").as_deref(), Some(expected));
        assert_eq!(attribute_of(&xml, "SubjectConfirmationData", "Recipient").as_deref(), Some(expected));
    }
}

#[tokio::test]
async fn attack_requests_that_cannot_be_trusted_get_a_page_and_no_post() {
    let (_idp, browser) = start().await;
    browser.sign_in("/login", "martha", "correct-horse").await;
    let plain = request("", "");
    let cases = [
        (
            "unregistered ACS",
            request("AssertionConsumerServiceURL=\"http://evil.localhost/\"", ""),
            "is not registered as an assertion consumer",
        ),
        (
            "ACS by prefix",
            request(&format!("AssertionConsumerServiceURL=\"{ACS}/\""), ""),
            "is not registered as an assertion consumer",
        ),
        ("ACS index", request("AssertionConsumerServiceIndex=\"7\"", ""), "AssertionConsumerServiceIndex"),
        ("unknown issuer", plain.replace(SP, "http://evil.localhost/"), "is not registered here"),
        ("comment in issuer", plain.replace(SP, &format!("{SP}<!---->.evil")), "is not registered here"),
        ("other destination", request("Destination=\"http://evil.localhost/\"", ""), "made for another address"),
        (
            "artifact binding",
            request("ProtocolBinding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Artifact\"", ""),
            "another binding",
        ),
        ("no ID", plain.replace("ID=\"_request-1\"", ""), "no usable ID"),
        ("prefixed ID", plain.replace(" ID=", " saml:ID="), "no usable ID"),
        ("ID that is none", plain.replace("_request-1", "&#34;&lt;x"), "no usable ID"),
        ("no instant", plain.replace("2026-08-01T12:00:00Z", "yesterday"), "no usable IssueInstant"),
        ("no issuer", plain.replace("saml:Issuer", "saml:Other"), "no usable Issuer"),
        ("wrong version", plain.replace("\"2.0\"", "\"1.1\""), "not a SAML 2.0 AuthnRequest"),
        ("wrong namespace", plain.replace("2.0:protocol", "2.0:other"), "not a SAML 2.0 AuthnRequest"),
        ("DTD", format!("<!DOCTYPE x [<!ENTITY e \"x\">]>{plain}"), "not well-formed"),
        ("truncated", plain.trim_end_matches("est>").to_owned(), "not well-formed"),
        ("many nodes", request("", &"<a/>".repeat(1_001)), "not well-formed"),
        ("deep", request("", &format!("{}{}", "<a>".repeat(900), "</a>".repeat(900))), ""),
        ("bomb", request("", &" ".repeat(3_000_000)), "does not inflate"),
    ];
    for (name, xml, expected) in cases {
        let answer = browser.get(&redirect(&xml, "")).await;
        if name == "deep" {
            assert_eq!(answer.status, 200, "{name}: ignored, not overflowed");
            continue;
        }
        assert_eq!(answer.status, 400, "{name}");
        assert!(answer.text.contains(expected), "{name}: {}", answer.text);
        assert!(answer.field("SAMLResponse").is_none() && !answer.text.contains("action=\"http"), "{name}");
    }
}

#[tokio::test]
async fn bad_input_is_named() {
    let (_idp, browser) = start().await;
    for (url, expected) in [
        ("/saml/sso?SAMLRequest=%25%25".to_owned(), "not base64"),
        ("/saml/sso?SAMLRequest=AAAA".to_owned(), "does not inflate"),
        ("/saml/sso".to_owned(), "does not inflate"),
        (redirect(&request("", ""), &"x".repeat(81)), "longer than 80 bytes"),
        (format!("{}&RelayState=again", redirect(&request("", ""), "once")), "is there twice"),
        (format!("/saml/sso?SAMLRequest={}", "A".repeat(60_000)), "does not inflate"),
    ] {
        let answer = browser.get(&url).await;
        assert_eq!(answer.status, 400, "{url:.80}");
        assert!(answer.text.contains(expected), "{url:.80}: {}", answer.text);
    }
    let large = STANDARD.encode(request("", &" ".repeat(33_000)));
    assert!(browser.post("/saml/sso", &[("SAMLRequest", &large)]).await.text.contains("does not inflate"));
    let huge = "A".repeat(200_000);
    assert!(browser.post("/saml/sso", &[("SAMLRequest", &huge)]).await.text.contains("longer than 96 KiB"));
}

#[tokio::test]
async fn force_authn_asks_again_and_is_passive_never_asks() {
    let (_idp, browser) = start().await;
    let passive = redirect(&request("IsPassive=\"true\"", ""), "r");
    let refused = browser.get(&passive).await;
    assert_eq!(status(&response(&refused)), ["Responder", "NoPassive"]);
    assert_eq!(refused.field("RelayState").as_deref(), Some("r"));

    browser.sign_in("/login", "martha", "correct-horse").await;
    assert_eq!(status(&response(&browser.get(&passive).await)), ["Success"]);
    let forced = redirect(&request("ForceAuthn=\"1\"", ""), "");
    assert_eq!(status(&response(&sign_in(&browser, &forced).await)), ["Success"]);
    let both = browser.get(&redirect(&request("ForceAuthn=\"true\" IsPassive=\"true\"", ""), "")).await;
    assert_eq!(status(&response(&both)), ["Responder", "NoPassive"]);
}

#[tokio::test]
async fn refusals_are_signed_and_say_why() {
    let (idp, browser) = start().await;
    let policy = |format: &str| format!("<samlp:NameIDPolicy Format=\"urn:oasis:names:tc:SAML:{format}\"/>");
    let context = |class: &str, comparison: &str| {
        format!(
            "<samlp:RequestedAuthnContext Comparison=\"{comparison}\"><saml:AuthnContextClassRef>\
             urn:oasis:names:tc:SAML:2.0:ac:classes:{class}</saml:AuthnContextClassRef></samlp:RequestedAuthnContext>"
        )
    };
    let certificate = certificates(&idp.saml_metadata()).remove(0);
    for (children, expected) in [
        (policy("2.0:nameid-format:encrypted"), ["Requester", "InvalidNameIDPolicy"]),
        (context("X509", "exact"), ["Responder", "NoAuthnContext"]),
        (context("Password", "better"), ["Responder", "NoAuthnContext"]),
    ] {
        let xml = response(&browser.get(&redirect(&request("", &children), "")).await);
        assert_eq!(status(&xml), expected);
        assert_eq!(signed_elements(&xml), ["Response"]);
        assert_ne!(xmlsec_verifies("refusals", &xml, &certificate), Some(false));
        assert!(text_of(&xml, "Assertion").is_none());
    }
    browser.sign_in("/login", "martha", "correct-horse").await;
    let email = policy("1.1:nameid-format:emailAddress");
    let xml = response(&browser.get(&redirect(&request("", &email), "")).await);
    assert_eq!(text_of(&xml, "NameID").as_deref(), Some("martha@example.com"));
    let xml = response(&browser.get(&redirect(&request("", &context("Password", "minimum")), "")).await);
    assert_eq!(status(&xml), ["Success"]);
    idp.break_next(Fault::Denied);
    assert_eq!(status(&response(&browser.get(&redirect(&request("", ""), "")).await)), ["Responder", "RequestDenied"]);
}

#[tokio::test]
async fn an_embedded_provider_lives_under_a_path() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}/idp", listener.local_addr().unwrap());
    let idp = Idp::builder()
        .users(demo_directory())
        .service_provider(ServiceProvider::new(SP, ACS).with_signed(SignedPart::Both))
        .base_url(&base)
        .seed(22)
        .build()
        .unwrap();
    let router = axum::Router::new().nest("/idp", idp.router());
    tokio::spawn(async move { axum::serve(listener, router).await });
    let browser = Browser::new(&base);
    assert_eq!(browser.get("/saml/metadata").await.text, idp.saml_metadata());
    let login = browser.get(&redirect(&request("", ""), "")).await;
    assert!(login.location().starts_with(&format!("{base}/login?flow=")));
    let page = browser.get(login.location()).await;
    assert!(page.text.contains("action=\"/idp/login\"") && page.text.contains("/idp/assets/base.css"));
    let (_, host) = base.split_once("://").unwrap();
    let origin = format!("http://{}", host.trim_end_matches("/idp"));
    let flow = parameter(login.location(), "flow").unwrap();
    let form = [("flow", flow.as_str()), ("username", "martha"), ("password", "correct-horse")];
    let next = browser.post_from("/login", &form, Some(&origin)).await;
    assert!(next.header("set-cookie").contains("Path=/idp;"));
    assert_eq!(signed_elements(&response(&browser.get(next.location()).await)), ["Response", "Assertion"]);
}
