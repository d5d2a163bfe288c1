//! `/_control` and `/_demo`: for tests in any language, and for what a demonstration prints.
#![cfg(test)]

mod common;

use common::*;
use demo_idp::{Client, Idp, ServiceProvider, demo_directory};
use serde_json::{Value, json};

async fn start() -> (Idp, Browser) {
    let idp = Idp::builder()
        .users(demo_directory())
        .service_provider(ServiceProvider::new(SP, ACS))
        .client(Client::public("app", ["http://app.localhost/cb"]))
        .audience("sts.example")
        .seed(31)
        .test_controls(true)
        .demo_endpoints(true)
        .start()
        .await
        .unwrap();
    let browser = Browser::new(idp.base_url());
    (idp, browser)
}

async fn post_json(browser: &Browser, idp: &Idp, path: &str, body: &Value) -> Answer {
    let request = browser.client().post(format!("{}{path}", idp.base_url())).body(body.to_string());
    browser.send(request.header("content-type", "application/json")).await
}

#[tokio::test]
async fn faults_can_be_set_seen_and_mended() {
    let (idp, browser) = start().await;
    let audience = async || {
        let token = browser.get("/_demo/token?user=martha").await.json()["token"].as_str().unwrap().to_owned();
        token_part(&token, 1)["aud"].clone()
    };
    let set = post_json(&browser, &idp, "/_control/faults", &json!({ "fault": "wrong-audience" })).await;
    assert_eq!((set.status, set.json()["next"].clone()), (200, json!(["wrong-audience"])));
    assert_ne!(audience().await, "sts.example");
    assert_eq!(audience().await, "sts.example");
    let always = json!({ "fault": "wrong-audience", "mode": "always" });
    assert_eq!(
        post_json(&browser, &idp, "/_control/faults", &always).await.json()["always"],
        json!(["wrong-audience"])
    );
    assert_ne!(audience().await, "sts.example");
    assert_ne!(audience().await, "sts.example");
    let mend = browser.client().delete(format!("{}/_control/faults", idp.base_url()));
    assert_eq!(browser.send(mend).await.json()["always"], json!([]));
    assert_eq!(audience().await, "sts.example");
    assert_eq!(
        browser.get("/_control/faults").await.json()["known"].as_array().unwrap().len(),
        demo_idp::Fault::ALL.len()
    );
}

#[tokio::test]
async fn the_clock_can_be_moved_and_requests_counted() {
    let (idp, browser) = start().await;
    let before = browser.get("/_control/clock").await.json()["now"].as_str().unwrap().to_owned();
    let after = post_json(&browser, &idp, "/_control/clock", &json!({ "advance_seconds": 31_622_400 })).await;
    assert!(after.json()["now"].as_str().unwrap() > before.as_str());
    browser.get("/jwks").await;
    browser.get("/nowhere").await;
    let requests = browser.get("/_control/requests").await.json()["requests"].clone();
    let seen: Vec<_> =
        requests.as_array().unwrap().iter().map(|it| (it["path"].clone(), it["status"].clone())).collect();
    assert_eq!(seen, [(json!("/jwks"), json!(200)), (json!("/nowhere"), json!(404))]);
    assert_eq!(idp.requests().len(), 2);
    browser.send(browser.client().delete(format!("{}/_control/requests", idp.base_url()))).await;
    assert!(idp.requests().is_empty());
}

#[tokio::test]
async fn the_demo_endpoints_give_what_the_terminal_prints() {
    let (idp, browser) = start().await;
    let answer = browser.get("/_demo/token?user=martha&audience=app").await.json();
    let token = answer["token"].as_str().unwrap();
    assert_eq!(token_part(token, 1)["aud"], "app");
    signature_verifies(token, &browser.get("/jwks").await.json()).unwrap();
    let answer = browser.get("/_demo/assertion?user=sam").await.json();
    assert_eq!(answer["acs_url"], ACS);
    assert_eq!(text_of(&xml_of(answer["saml_response"].as_str().unwrap()), "NameID").as_deref(), Some("sam"));
    for path in [
        "/_demo/token?user=nobody",
        "/_demo/token?user=martha&audience=x",
        "/_demo/assertion?user=nobody",
        "/_demo/assertion?user=sam&sp=x",
    ] {
        let answer = browser.get(path).await;
        assert_eq!(answer.status, 404, "{path}");
        assert!(answer.json()["error"].as_str().unwrap().len() > 10, "{path}");
    }
    assert_eq!(idp.requests().iter().filter(|request| request.outcome.is_some()).count(), 2);
}

#[tokio::test]
async fn people_are_shown_in_a_demonstration_only() {
    let (_idp, browser) = start().await;
    let page = browser.get("/login?as=rosa").await;
    for text in ["Martha Rivera", "Otto Brandt", "value=\"rosa\"", "value=\"correct-horse\""] {
        assert!(page.text.contains(text), "{text}");
    }
    let quiet = Idp::builder().users(demo_directory()).seed(32).start().await.unwrap();
    let page = Browser::new(quiet.base_url()).get("/login?as=rosa").await;
    assert!(!page.text.contains("Martha") && !page.text.contains("correct-horse"));
}

#[tokio::test]
async fn attack_pages_of_other_sites_cannot_use_the_switches() {
    let (idp, browser) = start().await;
    let base = idp.base_url();
    let simple = browser.client().post(format!("{base}/_control/faults")).body("{\"fault\":\"expired\"}");
    assert_eq!(browser.send(simple.header("content-type", "text/plain")).await.status, 415, "a form can send this");
    for path in ["/_control/faults", "/_demo/token?user=martha", "/_demo/assertion?user=martha"] {
        let rebound = browser.client().get(format!("{base}{path}")).header("host", "evil.example:80");
        assert_eq!(browser.send(rebound).await.status, 403, "DNS rebinding: {path}");
    }
    assert_eq!(browser.get("/_control/faults").await.header("access-control-allow-origin"), "");
}

#[tokio::test]
async fn bad_orders_are_named() {
    let (idp, browser) = start().await;
    for (path, body) in [
        ("/_control/faults", json!({ "fault": "gremlins" })),
        ("/_control/faults", json!({ "fault": "expired", "mode": "twice" })),
        ("/_control/faults", json!({ "fault": "expired", "times": 2 })),
        ("/_control/clock", json!({ "advance_seconds": "soon" })),
        ("/_control/clock", json!([])),
    ] {
        let answer = post_json(&browser, &idp, path, &body).await;
        assert_eq!(answer.status, 400, "{body}");
        assert!(!answer.json()["error"].as_str().unwrap().is_empty());
    }
    let large = post_json(&browser, &idp, "/_control/clock", &json!({ "x": "y".repeat(100_000) })).await;
    assert_eq!(large.status, 413);
}
