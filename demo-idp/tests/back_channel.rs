//! Logout tokens as the clients that somebody was signed in to get them.
#![cfg(test)]

mod common;
#[path = "common/party.rs"]
#[expect(dead_code, reason = "nothing here is signed as a form")]
mod party;

use axum::Router;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use common::*;
use demo_idp::{Client, Fault, IdTokenAlgorithm, Idp, IdpError, LogoutTokenRequest, ServiceProvider, demo_directory};
use party::*;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use time::format_description::well_known::Rfc3339;
use tokio::net::TcpListener;

const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
/// RFC 7636 appendix B.
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// A client's address for logout tokens, and the tokens that came there.
struct Ear {
    address: String,
    heard: Arc<Mutex<Vec<String>>>,
}

impl Ear {
    /// Answers every token with `status`.
    async fn open(status: StatusCode) -> Self {
        let heard = Arc::new(Mutex::new(Vec::new()));
        let hearing = Arc::clone(&heard);
        let hear = move |headers: HeaderMap, body: String| {
            assert_eq!(headers["content-type"], "application/x-www-form-urlencoded");
            let mut form = form_urlencoded::parse(body.as_bytes()).into_owned();
            let (name, token) = form.next().unwrap();
            assert_eq!((name.as_str(), form.next()), ("logout_token", None));
            hearing.lock().unwrap().push(token);
            std::future::ready(status)
        };
        let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}/logout?from=idp", socket.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(socket, Router::new().route("/logout", post(hear))).await });
        Self { address, heard }
    }

    fn tokens(&self) -> Vec<String> {
        std::mem::take(&mut *self.heard.lock().unwrap())
    }
}

fn client(id: &str) -> Client {
    Client::confidential(id, "secret", [format!("http://{id}.localhost/callback")]).with_name(id)
}

async fn start(clients: impl IntoIterator<Item = Client>) -> (Idp, Browser) {
    let builder = clients.into_iter().fold(Idp::builder().users(demo_directory()).seed(23), |idp, one| idp.client(one));
    let idp = builder.start().await.unwrap();
    let browser = Browser::new(idp.base_url());
    (idp, browser)
}

/// Signs in to a client, and gives its ID token.
async fn sign_in(browser: &Browser, client: &str) -> String {
    let callback = format!("http://{client}.localhost/callback");
    let request = query(&[
        ("response_type", "code"),
        ("client_id", client),
        ("redirect_uri", &callback),
        ("scope", "openid"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ]);
    let mut answer = browser.get(&format!("/authorize?{request}")).await;
    if answer.location().contains("/login") {
        answer = browser.sign_in(answer.location(), "martha", "correct-horse").await;
    }
    let code = parameter(answer.location(), "code").expect("a code");
    let form = [
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("redirect_uri", &callback),
        ("code_verifier", VERIFIER),
        ("client_id", client),
        ("client_secret", "secret"),
    ];
    browser.post("/token", &form).await.json()["id_token"].as_str().unwrap().to_owned()
}

async fn sign_out(idp: &Idp, browser: &Browser) -> Answer {
    browser.post_from("/signout", &[], Some(idp.base_url())).await
}

#[tokio::test]
async fn every_client_that_a_session_led_to_is_told_that_it_is_over() {
    let (whole, person, never) =
        (Ear::open(StatusCode::OK).await, Ear::open(StatusCode::NO_CONTENT).await, Ear::open(StatusCode::OK).await);
    let (idp, browser) = start([
        client("whole").with_backchannel_session_logout(&whole.address).with_algorithm(IdTokenAlgorithm::EdDsa),
        client("person").with_backchannel_logout(&person.address),
        client("never").with_backchannel_logout(&never.address),
    ])
    .await;
    let session_id = token_part(&sign_in(&browser, "whole").await, 1)["sid"].clone();
    assert_eq!(token_part(&sign_in(&browser, "person").await, 1)["sid"], session_id);
    let elsewhere = Browser::new(idp.base_url());
    assert_ne!(token_part(&sign_in(&elsewhere, "whole").await, 1)["sid"], session_id);

    let page = sign_out(&idp, &browser).await;
    assert_eq!(page.text.matches("signed you out").count(), 2, "{}", page.text);
    let (whole, person) = (whole.tokens(), person.tokens());
    assert_eq!((whole.len(), person.len(), never.tokens().len()), (1, 1, 0));
    let keys = browser.get("/jwks").await.json();
    for (token, client, algorithm) in [(&whole[0], "whole", "EdDSA"), (&person[0], "person", "ES256")] {
        signature_verifies(token, &keys).unwrap();
        let header = token_part(token, 0);
        assert_eq!((&header["typ"], &header["alg"]), (&json!("logout+jwt"), &json!(algorithm)));
        let claims = token_part(token, 1);
        assert_eq!((&claims["iss"], &claims["aud"]), (&json!(idp.issuer()), &json!(client)));
        assert_eq!((&claims["sub"], &claims["events"]), (&json!("martha"), &json!({EVENT: {}})));
        assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 120);
        assert!(claims.get("nonce").is_none() && claims["jti"].as_str().unwrap().len() > 20);
    }
    assert_eq!(token_part(&whole[0], 1)["sid"], session_id);
    assert_eq!(token_part(&person[0], 1).get("sid"), None, "a client that did not ask is told whose alone");
    assert_ne!(token_part(&whole[0], 1)["jti"], token_part(&person[0], 1)["jti"]);
    let told = idp.requests().into_iter().rfind(|request| request.path == "/signout").unwrap().outcome.unwrap();
    assert_eq!(told, "signed out; whole was told; person was told");
    assert_eq!(elsewhere.get("/").await.status, 200, "the session in another browser goes on");
}

#[tokio::test]
async fn clients_that_do_not_take_it_keep_nobody_signed_in() {
    let refusing = Ear::open(StatusCode::BAD_REQUEST).await;
    let away = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let gone = format!("http://{}/logout", away.local_addr().unwrap());
    drop(away);
    let (idp, browser) = start([
        client("refusing").with_backchannel_logout(&refusing.address),
        client("gone").with_backchannel_logout(gone),
        client("deaf"),
    ])
    .await;
    for id in ["refusing", "gone", "deaf"] {
        sign_in(&browser, id).await;
    }
    let page = sign_out(&idp, &browser).await;
    assert_eq!(page.text.matches("did not say that it signed you out").count(), 3, "{}", page.text);
    assert_eq!((refusing.tokens().len(), browser.get("/").await.status), (1, 303));
    let told = idp.requests().into_iter().rfind(|request| request.path == "/signout").unwrap().outcome.unwrap();
    assert_eq!(told, "signed out; refusing could not be told; gone could not be told; deaf could not be told");
}

#[tokio::test]
async fn a_client_that_never_answers_is_waited_for_two_seconds() {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}/logout", silent.local_addr().unwrap());
    let (idp, browser) = start([client("silent").with_backchannel_logout(address)]).await;
    sign_in(&browser, "silent").await;
    // Time goes by at once when nothing else happens.
    tokio::time::pause();
    let begun = tokio::time::Instant::now();
    let page = sign_out(&idp, &browser).await;
    assert!(page.text.contains("did not say"), "{}", page.text);
    assert_eq!(begun.elapsed().as_secs(), 2);
}

#[tokio::test]
async fn a_relying_party_that_signs_somebody_out_has_the_others_told() {
    let (one, other) = (Ear::open(StatusCode::OK).await, Ear::open(StatusCode::OK).await);
    let (_idp, browser) = start([
        client("one")
            .with_backchannel_session_logout(&one.address)
            .with_post_logout_redirect("http://one.localhost/bye"),
        client("other").with_backchannel_session_logout(&other.address),
    ])
    .await;
    let hint = sign_in(&browser, "one").await;
    sign_in(&browser, "other").await;
    let request = query(&[("id_token_hint", &hint), ("post_logout_redirect_uri", "http://one.localhost/bye")]);
    let back = browser.get(&format!("/logout?{request}")).await;
    assert_eq!(back.location(), "http://one.localhost/bye");
    assert_eq!((one.tokens().len(), other.tokens().len()), (1, 1));
}

#[tokio::test]
async fn a_service_provider_that_signs_somebody_out_has_them_told_too() {
    let ear = Ear::open(StatusCode::OK).await;
    let party = Party::new();
    let service = ServiceProvider::new(SP, ACS).with_certificate(&party.certificate);
    let service = service.with_logout("http://sp.localhost/saml/slo");
    let builder = Idp::builder().users(demo_directory()).seed(23).service_provider(service);
    let idp = builder.client(client("one").with_backchannel_session_logout(&ear.address)).start().await.unwrap();
    let browser = Browser::new(idp.base_url());
    let session_id = token_part(&sign_in(&browser, "one").await, 1)["sid"].clone();
    let namespaces =
        "xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\" xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\"";
    let request = format!(
        "<samlp:AuthnRequest {namespaces} ID=\"_r\" Version=\"2.0\" IssueInstant=\"2026-08-01T12:00:00Z\">\
         <saml:Issuer>{SP}</saml:Issuer></samlp:AuthnRequest>"
    );
    browser.get(&format!("/saml/sso?{}", party.redirect("SAMLRequest", &request, ""))).await;
    let bye = format!(
        "<samlp:LogoutRequest {namespaces} ID=\"_bye\" Version=\"2.0\" IssueInstant=\"{}\" Destination=\"{}/saml/slo\">\
         <saml:Issuer>{SP}</saml:Issuer><saml:NameID>martha</saml:NameID></samlp:LogoutRequest>",
        idp.now().format(&Rfc3339).unwrap(),
        idp.base_url()
    );
    let answer = browser.get(&format!("/saml/slo?{}", party.redirect("SAMLRequest", &bye, ""))).await;
    assert!(answer.location().starts_with("http://sp.localhost/saml/slo?SAMLResponse="), "{answer:?}");
    let tokens = ear.tokens();
    assert_eq!((tokens.len(), &token_part(&tokens[0], 1)["sid"]), (1, &session_id));
}

#[tokio::test]
async fn each_fault_is_one_mistake() {
    let ear = Ear::open(StatusCode::OK).await;
    let (idp, browser) = start([client("one").with_backchannel_session_logout(&ear.address)]).await;
    let keys = browser.get("/jwks").await.json();
    let make = |fault| {
        let request = LogoutTokenRequest::new("martha", "one").with_session_id("a session").with_fault(fault);
        idp.logout_token_for(request).unwrap()
    };
    let names = ["iss", "aud", "sub", "sid", "events", "nonce"];
    let honest = token_part(&idp.logout_token("martha", "one").unwrap(), 1);
    for (fault, claim) in [
        (Fault::WrongIssuer, "iss"),
        (Fault::WrongAudience, "aud"),
        (Fault::NoEvent, "events"),
        (Fault::WrongEvent, "events"),
        (Fault::WithNonce, "nonce"),
    ] {
        let token = make(fault);
        signature_verifies(&token, &keys).unwrap();
        let claims = token_part(&token, 1);
        let changed: Vec<_> = names.into_iter().filter(|name| claims.get(name) != honest.get(name)).collect();
        assert_eq!(changed.into_iter().filter(|name| *name != "sid").collect::<Vec<_>>(), [claim], "{fault}");
    }
    let since = |fault: Fault| token_part(&make(fault), 1)["iat"].as_i64().unwrap() - idp.now().unix_timestamp();
    assert!((-3601..=-3599).contains(&since(Fault::Expired)) && (3599..=3601).contains(&since(Fault::NotYetValid)));
    for fault in [Fault::WrongKey, Fault::Tampered, Fault::Unsigned, Fault::AlgNone, Fault::HmacWithPublicKey] {
        assert!(signature_verifies(&make(fault), &keys).is_err(), "{fault}");
    }
    let refused = idp.logout_token_for(LogoutTokenRequest::new("martha", "one").with_fault(Fault::WrongNonce));
    assert!(matches!(refused, Err(IdpError::FaultDoesNotApply { .. })), "{refused:?}");
    assert!(matches!(idp.logout_token("martha", "nobody"), Err(IdpError::UnknownAudience(_))));
    // One that waits reaches what is posted.
    sign_in(&browser, "one").await;
    idp.break_next(Fault::WithNonce);
    sign_out(&idp, &browser).await;
    assert_eq!(token_part(&ear.tokens()[0], 1)["nonce"], "a-nonce-nobody-sent");
}

#[tokio::test]
async fn what_is_offered_is_said() {
    let (idp, browser) = start([]).await;
    let document: Value = browser.get("/.well-known/openid-configuration").await.json();
    assert_eq!(document["backchannel_logout_supported"], true);
    assert_eq!(document["backchannel_logout_session_supported"], true);
    assert!(document["claims_supported"].as_array().unwrap().contains(&json!("sid")));
    for unusable in ["https://one.localhost/logout", "one.localhost/logout", "app:/logout", ""] {
        let refused = Idp::builder().client(client("one").with_backchannel_logout(unusable)).start().await;
        assert!(matches!(refused, Err(IdpError::Address { .. })), "{unusable}");
    }
    drop(idp);
}
