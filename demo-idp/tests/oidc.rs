//! The authorization code flow over HTTP, as a client and a browser see it.
#![cfg(test)]

mod common;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use common::*;
use demo_idp::{Client, Fault, IdTokenAlgorithm, Idp, demo_directory};
use serde_json::json;
use std::time::Duration;

const CALLBACK: &str = "http://portal.localhost/oidc/callback";
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
/// RFC 7636 appendix B.
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

async fn start() -> (Idp, Browser) {
    let portal =
        Client::confidential("portal", "s3cr&t:+", [CALLBACK]).with_post_logout_redirect("http://portal.localhost/bye");
    let idp = Idp::builder()
        .users(demo_directory())
        .client(portal.with_name("Cat Photos"))
        .client(Client::public("native", ["com.example.app:/cb"]).with_algorithm(IdTokenAlgorithm::EdDsa))
        .seed(11)
        .start()
        .await
        .unwrap();
    let browser = Browser::new(idp.base_url());
    (idp, browser)
}

fn authorize_with(changes: &[(&str, Option<&str>)]) -> String {
    let mut pairs = vec![
        ("response_type", "code"),
        ("client_id", "portal"),
        ("redirect_uri", CALLBACK),
        ("scope", "openid profile"),
        ("state", "a state & more"),
        ("nonce", "a-nonce"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ];
    for (name, value) in changes {
        pairs.retain(|(kept, _)| kept != name);
        pairs.extend(value.map(|value| (*name, value)));
    }
    format!("/authorize?{}", query(&pairs))
}

async fn code_for(browser: &Browser, user: &str) -> String {
    let mut answer = browser.get(&authorize_with(&[])).await;
    if answer.location().contains("/login") {
        answer = browser.sign_in(answer.location(), user, "correct-horse").await;
    }
    parameter(answer.location(), "code").expect("a code")
}

async fn redeem(browser: &Browser, code: &str, changes: &[(&str, &str)]) -> Answer {
    let mut form = vec![
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
        ("client_id", "portal"),
        ("client_secret", "s3cr&t:+"),
    ];
    for change in changes {
        form.retain(|(name, _)| *name != change.0);
        form.push(*change);
    }
    browser.post("/token", &form).await
}

async fn userinfo(browser: &Browser, idp: &Idp, token: &str) -> Answer {
    let request = browser.client().get(format!("{}/userinfo", idp.base_url()));
    browser.send(request.header("authorization", format!("Bearer {token}"))).await
}

#[tokio::test]
async fn discovery_names_what_is_served() {
    let (idp, browser) = start().await;
    let document = browser.get("/.well-known/openid-configuration").await.json();
    assert_eq!(document["issuer"], idp.base_url());
    assert_eq!(document["code_challenge_methods_supported"], json!(["S256"]));
    assert_eq!(document["authorization_response_iss_parameter_supported"], true);
    assert_eq!(document["id_token_signing_alg_values_supported"], json!(["ES256", "EdDSA"]));
    for endpoint in
        ["authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri", "end_session_endpoint"]
    {
        let answer = browser.get(document[endpoint].as_str().unwrap()).await;
        assert_ne!(answer.status, 404, "{endpoint}");
    }
}

#[tokio::test]
async fn the_whole_flow_gives_verified_claims() {
    let (idp, browser) = start().await;
    let login = browser.get(&authorize_with(&[])).await;
    assert_eq!(login.status, 303);
    let page = browser.get(login.location()).await;
    assert!(page.text.contains("Cat Photos"), "the page says who asks");
    assert!(page.header("content-security-policy").contains("form-action 'self' http://portal.localhost;"));

    let back = browser.sign_in(login.location(), "martha", "correct-horse").await;
    assert!(back.location().starts_with(&format!("{CALLBACK}?code=")), "{}", back.location());
    assert_eq!(parameter(back.location(), "state").as_deref(), Some("a state & more"));
    assert_eq!(parameter(back.location(), "iss").as_deref(), Some(idp.issuer()));

    let code = parameter(back.location(), "code").unwrap();
    let tokens = redeem(&browser, &code, &[]).await;
    assert_eq!((tokens.status, tokens.header("cache-control")), (200, "no-store"));
    let tokens = tokens.json();
    assert_eq!((&tokens["token_type"], &tokens["expires_in"]), (&json!("Bearer"), &json!(300)));
    let id_token = tokens["id_token"].as_str().unwrap();
    let access_token = tokens["access_token"].as_str().unwrap();
    signature_verifies(id_token, &browser.get("/jwks").await.json()).unwrap();
    let claims = token_part(id_token, 1);
    assert_eq!(claims["iss"], idp.issuer());
    assert_eq!(claims["aud"], "portal");
    assert_eq!(claims["sub"], "martha");
    assert_eq!(claims["nonce"], "a-nonce");
    assert!(claims["auth_time"].is_i64());
    let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, access_token.as_bytes());
    assert_eq!(claims["at_hash"], URL_SAFE_NO_PAD.encode(&hash.as_ref()[..16]));

    let person = userinfo(&browser, &idp, access_token).await;
    assert_eq!(person.json()["sub"], "martha");
    assert_eq!(person.json()["name"], "Martha Rivera");
    let outcomes: Vec<_> = idp.requests().into_iter().filter_map(|request| request.outcome).collect();
    assert_eq!(outcomes, ["martha signed in", "code about martha for portal", "tokens about martha for portal"]);
}

#[tokio::test]
async fn a_client_authenticates_by_header_too_and_one_way_at_a_time() {
    let (idp, browser) = start().await;
    let with_basic = async |secret: &str, form: &str| {
        let code = code_for(&browser, "sam").await;
        let body = query(&[
            ("grant_type", "authorization_code"),
            ("code", &code),
            ("redirect_uri", CALLBACK),
            ("code_verifier", VERIFIER),
        ]);
        let credentials = STANDARD.encode(format!("portal:{secret}"));
        let request = browser.client().post(format!("{}/token", idp.base_url())).body(format!("{body}{form}"));
        browser.send(request.header("authorization", format!("Basic {credentials}"))).await
    };
    assert_eq!(with_basic("s3cr%26t%3A%2B", "").await.status, 200);
    assert_eq!(with_basic("s3cr%26t%3A%2B", "&client_id=portal").await.status, 200);
    let wrong = with_basic("wrong", "").await;
    assert_eq!((wrong.status, wrong.json()["error"].clone()), (401, json!("invalid_client")));
    assert!(wrong.header("www-authenticate").starts_with("Basic "));
    let both = with_basic("s3cr%26t%3A%2B", "&client_secret=s3cr%26t%3A%2B").await;
    assert_eq!((both.status, both.json()["error"].clone()), (400, json!("invalid_request")));
    let other = with_basic("s3cr%26t%3A%2B", "&client_id=native").await;
    assert_eq!((other.status, other.json()["error"].clone()), (400, json!("invalid_request")));
}

#[tokio::test]
async fn a_public_client_needs_its_verifier_and_no_secret() {
    let (_idp, browser) = start().await;
    let url = authorize_with(&[("client_id", Some("native")), ("redirect_uri", Some("com.example.app:/cb"))]);
    let login = browser.get(&url).await;
    let page = browser.get(login.location()).await;
    assert!(page.header("content-security-policy").contains("form-action 'self' com.example.app:;"));
    let back = browser.sign_in(login.location(), "sam", "correct-horse").await;
    let code = parameter(back.location(), "code").unwrap();
    let form = [
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("redirect_uri", "com.example.app:/cb"),
        ("code_verifier", VERIFIER),
        ("client_id", "native"),
    ];
    let tokens = browser.post("/token", &form).await;
    assert_eq!(tokens.status, 200, "{}", tokens.text);
    let token = tokens.json()["id_token"].as_str().unwrap().to_owned();
    assert_eq!(token_part(&token, 0)["alg"], "EdDSA");
    signature_verifies(&token, &browser.get("/jwks").await.json()).unwrap();
}

#[tokio::test]
async fn attack_wrong_redemptions_are_refused_and_spend_the_code() {
    let (_idp, browser) = start().await;
    let cases = [
        ("code_verifier", "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", "invalid_grant"),
        ("code_verifier", "", "invalid_grant"),
        ("redirect_uri", "http://portal.localhost/oidc/callback/", "invalid_grant"),
        ("redirect_uri", "", "invalid_grant"),
        ("client_secret", "wrong", "invalid_client"),
        ("client_id", "nobody", "invalid_client"),
        ("grant_type", "password", "unsupported_grant_type"),
        ("code", "", "invalid_request"),
    ];
    for (name, value, expected) in cases {
        let code = code_for(&browser, "martha").await;
        let answer = redeem(&browser, &code, &[(name, value)]).await;
        assert_eq!(answer.json()["error"], expected, "{name}={value}");
        assert_eq!(answer.status, if expected == "invalid_client" { 401 } else { 400 });
        let again = redeem(&browser, &code, &[]).await;
        assert_eq!(again.status, if expected == "invalid_grant" { 400 } else { 200 }, "{name}={value}");
    }
    let code = code_for(&browser, "martha").await;
    let form = [("client_id", "native"), ("client_secret", ""), ("redirect_uri", "com.example.app:/cb")];
    let stolen = redeem(&browser, &code, &form).await;
    assert_eq!(stolen.json()["error_description"], "The code was issued to another client.");
}

#[tokio::test]
async fn attack_a_code_used_twice_revokes_what_it_gave() {
    let (idp, browser) = start().await;
    let code = code_for(&browser, "martha").await;
    let access_token = redeem(&browser, &code, &[]).await.json()["access_token"].as_str().unwrap().to_owned();
    assert_eq!(userinfo(&browser, &idp, &access_token).await.status, 200);
    idp.advance(Duration::from_secs(120));
    let again = redeem(&browser, &code, &[]).await;
    assert_eq!((again.status, again.json()["error"].clone()), (400, json!("invalid_grant")));
    let revoked = userinfo(&browser, &idp, &access_token).await;
    assert_eq!(revoked.status, 401);
    assert!(revoked.header("www-authenticate").contains("error=\"invalid_token\""));
}

#[tokio::test]
async fn codes_and_tokens_end_by_the_clock() {
    let (idp, browser) = start().await;
    let code = code_for(&browser, "martha").await;
    idp.advance(Duration::from_secs(61));
    assert_eq!(redeem(&browser, &code, &[]).await.json()["error"], "invalid_grant");
    let code = code_for(&browser, "martha").await;
    let access_token = redeem(&browser, &code, &[]).await.json()["access_token"].as_str().unwrap().to_owned();
    idp.advance(Duration::from_secs(301));
    assert_eq!(userinfo(&browser, &idp, &access_token).await.status, 401);
    let bare = browser.get("/userinfo").await;
    assert_eq!((bare.status, bare.header("www-authenticate")), (401, "Bearer realm=\"userinfo\""));
}

#[tokio::test]
async fn attack_an_unregistered_redirect_gets_a_page_and_no_redirect() {
    let (_idp, browser) = start().await;
    let others = [
        ("redirect_uri", Some("http://evil.localhost/")),
        ("redirect_uri", Some("http://portal.localhost/oidc/callback/../x")),
        ("redirect_uri", Some("http://portal.localhost/oidc/callback?x=1")),
        ("redirect_uri", None),
        ("client_id", Some("nobody")),
    ];
    for change in others {
        let answer = browser.get(&authorize_with(&[change])).await;
        assert_eq!((answer.status, answer.location()), (400, ""), "{change:?}");
        assert!(answer.text.contains("This application is not known here"));
        assert!(!answer.text.contains("href=\"http://evil"));
    }
}

#[tokio::test]
async fn requests_that_cannot_be_granted_tell_the_client_why() {
    let (idp, browser) = start().await;
    let cases = [
        (("code_challenge", None), "invalid_request"),
        (("code_challenge_method", Some("plain")), "invalid_request"),
        (("code_challenge_method", None), "invalid_request"),
        (("code_challenge", Some("short")), "invalid_request"),
        (("response_type", Some("token")), "unsupported_response_type"),
        (("response_mode", Some("fragment")), "invalid_request"),
        (("scope", Some("profile")), "invalid_scope"),
        (("request", Some("e30.e30.")), "request_not_supported"),
        (("request_uri", Some("https://evil.localhost/")), "request_uri_not_supported"),
        (("prompt", Some("none login")), "invalid_request"),
        (("prompt", Some("dance")), "invalid_request"),
        (("max_age", Some("-1")), "invalid_request"),
        (("prompt", Some("none")), "login_required"),
    ];
    for (change, expected) in cases {
        let answer = browser.get(&authorize_with(&[change])).await;
        assert_eq!(answer.status, 303, "{change:?}");
        assert_eq!(parameter(answer.location(), "error").as_deref(), Some(expected), "{change:?}");
        assert_eq!(parameter(answer.location(), "state").as_deref(), Some("a state & more"));
        assert_eq!(parameter(answer.location(), "iss").as_deref(), Some(idp.issuer()));
    }
    let long = "x".repeat(2_049);
    let answer = browser.get(&authorize_with(&[("state", Some(&long))])).await;
    assert_eq!(parameter(answer.location(), "error").as_deref(), Some("invalid_request"));
}

#[tokio::test]
async fn prompt_and_max_age_decide_when_a_password_is_needed() {
    let (idp, browser) = start().await;
    code_for(&browser, "martha").await;
    let goes_back = async |change| browser.get(&authorize_with(&[change])).await.location().starts_with(CALLBACK);
    assert!(goes_back(("prompt", None)).await);
    assert!(goes_back(("prompt", Some("none"))).await);
    assert!(!goes_back(("prompt", Some("login"))).await);
    assert!(!goes_back(("max_age", Some("0"))).await);
    assert!(goes_back(("max_age", Some("60"))).await);
    idp.advance(Duration::from_secs(61));
    assert!(!goes_back(("max_age", Some("60"))).await);
    let silent = browser.get(&authorize_with(&[("max_age", Some("60")), ("prompt", Some("none"))])).await;
    assert_eq!(parameter(silent.location(), "error").as_deref(), Some("login_required"));

    let login = browser.get(&authorize_with(&[("prompt", Some("login"))])).await;
    let around = browser.get(&login.location().replace("/login", "/continue")).await;
    assert!(around.location().contains("/login?flow="), "the old session does not do");
    let back = browser.sign_in(login.location(), "martha", "correct-horse").await;
    assert!(back.location().starts_with(CALLBACK));
}

#[tokio::test]
async fn the_request_may_be_posted() {
    let (_idp, browser) = start().await;
    let url = authorize_with(&[]);
    let pairs: Vec<(String, String)> =
        form_urlencoded::parse(url.split_once('?').unwrap().1.as_bytes()).into_owned().collect();
    let form: Vec<(&str, &str)> = pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let next = browser.post_from("/authorize", &form, Some("http://portal.localhost")).await;
    assert!(next.location().contains("/continue?flow="));
    let login = browser.get(next.location()).await;
    assert!(login.location().contains("/login?flow="));
}

#[tokio::test]
async fn passwords_fail_alike_and_run_out() {
    let (_idp, browser) = start().await;
    let login = browser.get(&authorize_with(&[])).await;
    let wrong = browser.sign_in(login.location(), "martha", "wrong").await;
    let nobody = browser.sign_in(login.location(), "nobody", "wrong").await;
    assert_eq!((wrong.status, nobody.status), (403, 403));
    assert_eq!(wrong.text.replace("martha", "nobody"), nobody.text);
    assert!(wrong.text.contains("do not go together"));
    for _ in 0..4 {
        browser.sign_in(login.location(), "martha", "wrong").await;
    }
    let tired = browser.sign_in(login.location(), "martha", "correct-horse").await;
    assert_eq!((tired.status, tired.header("retry-after").is_empty()), (429, false));
    assert!(browser.sign_in(login.location(), "sam", "correct-horse").await.location().starts_with(CALLBACK));
}

#[tokio::test]
async fn attack_forms_of_other_sites_are_refused() {
    let (idp, browser) = start().await;
    let form = [("username", "martha"), ("password", "correct-horse")];
    for origin in ["http://evil.localhost", "null", "http://127.0.0.1"] {
        let answer = browser.post_from("/login", &form, Some(origin)).await;
        assert_eq!((answer.status, browser.cookie()), (403, None), "{origin}");
    }
    let fetched = browser.client().post(format!("{}/login", idp.base_url())).header("sec-fetch-site", "cross-site");
    assert_eq!(browser.send(fetched.body(query(&form))).await.status, 403);
    assert_eq!(browser.post_from("/login", &form, Some(idp.base_url())).await.status, 303);
    assert_eq!(browser.post_from("/signout", &[], Some("http://evil.localhost")).await.status, 403);
    assert_eq!(browser.get("/").await.status, 200, "still signed in");
}

#[tokio::test]
async fn attack_the_session_has_a_new_name_after_each_sign_in() {
    let (_idp, browser) = start().await;
    browser.sign_in("/login", "martha", "correct-horse").await;
    let first = browser.cookie().unwrap();
    let answer = browser.post("/login", &[("username", "sam"), ("password", "correct-horse")]).await;
    let cookie = answer.header("set-cookie");
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax") && cookie.contains("Path=/;"), "{cookie}");
    assert_ne!(browser.cookie().unwrap(), first);
    let stale = browser.client().get(answer.location()).header("cookie", first).send().await.unwrap();
    assert_eq!(stale.status(), 303, "the old session is gone");
}

#[tokio::test]
async fn logging_out_needs_proof_or_a_person() {
    let (_idp, browser) = start().await;
    let code = code_for(&browser, "martha").await;
    let token = redeem(&browser, &code, &[]).await.json()["id_token"].as_str().unwrap().to_owned();
    let request = |pairs: &[(&str, &str)]| format!("/logout?{}", query(pairs));
    let bye = ("post_logout_redirect_uri", "http://portal.localhost/bye");

    let asked = browser.get(&request(&[("client_id", "portal"), bye])).await;
    assert!(asked.status == 200 && asked.text.contains("Sign out?"), "no proof, so the person is asked");
    let forged = token.replacen("eyJ", "eyK", 1);
    assert!(browser.get(&request(&[("id_token_hint", &forged), bye])).await.text.contains("Sign out?"));
    assert_eq!(browser.get("/").await.status, 200);

    let gone = browser.get(&request(&[("id_token_hint", &token), bye, ("state", "s t")])).await;
    assert_eq!((gone.status, gone.location()), (303, "http://portal.localhost/bye?state=s+t"));
    assert_eq!(browser.get("/").await.status, 303);

    code_for(&browser, "martha").await;
    let elsewhere = ("post_logout_redirect_uri", "http://evil.localhost/");
    let out = browser.get(&request(&[("id_token_hint", &token), elsewhere])).await;
    assert_eq!((out.status, out.location()), (200, ""), "nobody is sent to an address that is not registered");

    code_for(&browser, "martha").await;
    let agreed = browser.post("/signout", &[("client_id", "portal"), bye]).await;
    assert_eq!(agreed.location(), "http://portal.localhost/bye");
}

#[tokio::test]
async fn faults_reach_the_flow() {
    let (idp, browser) = start().await;
    idp.break_next(Fault::Denied);
    let login = browser.get(&authorize_with(&[])).await;
    let back = browser.sign_in(login.location(), "martha", "correct-horse").await;
    assert_eq!(parameter(back.location(), "error").as_deref(), Some("access_denied"));
    let tokens = async |fault| {
        idp.break_next(fault);
        let code = code_for(&browser, "martha").await;
        redeem(&browser, &code, &[]).await
    };
    assert_eq!(tokens(Fault::RejectedCode).await.json()["error"], "invalid_grant");
    assert_eq!(tokens(Fault::ServerError).await.status, 503);
    let token = tokens(Fault::WrongNonce).await.json()["id_token"].as_str().unwrap().to_owned();
    assert_eq!(token_part(&token, 1)["nonce"], "a-nonce-nobody-sent");
}

#[tokio::test]
async fn bad_input_gets_an_answer_and_not_a_crash() {
    let (_idp, browser) = start().await;
    assert_eq!(browser.get("/authorize?client_id=portal&client_id=portal").await.status, 400);
    assert_eq!(browser.get(&format!("/authorize?{}", "a=1&".repeat(100))).await.status, 400);
    assert_eq!(browser.get(&format!("/authorize?{}", "x".repeat(40_000))).await.status, 400);
    assert_eq!(browser.post("/token", &[("x", &"y".repeat(200_000))]).await.json()["error"], "invalid_request");
    assert_eq!(browser.post("/login", &[("username", &"y".repeat(50_000)), ("password", "x")]).await.status, 403);
    assert_eq!(browser.get("/login?flow=nothing").await.status, 410);
    assert_eq!(browser.get("/continue").await.status, 410);
    assert_eq!(browser.get("/token").await.status, 405);
    let missing = browser.get("/nowhere").await;
    assert_eq!(missing.status, 404);
    assert_eq!(browser.get("/_control/clock").await.status, 404);
    assert_eq!(browser.get("/_demo/token?user=martha").await.status, 404);
    for header in ["content-security-policy", "cache-control", "x-content-type-options", "referrer-policy"] {
        assert_ne!(missing.header(header), "", "{header}");
    }
    assert!(missing.header("content-security-policy").contains("default-src 'none'"));
    assert!(missing.header("content-security-policy").contains("frame-ancestors 'none'"));
}

#[tokio::test]
async fn behind_https_the_cookie_is_bound_to_the_host() {
    let idp = Idp::builder().users(demo_directory()).base_url("https://idp.example").seed(12).start().await.unwrap();
    let browser = Browser::new(&format!("http://{}", idp.local_addr().unwrap()));
    let form = [("username", "martha"), ("password", "correct-horse")];
    let answer = browser.post_from("/login", &form, Some("https://idp.example")).await;
    let cookie = answer.header("set-cookie");
    assert!(cookie.starts_with("__Host-demo_idp") && cookie.ends_with("; Secure"), "{cookie}");
    assert_eq!(answer.location(), "https://idp.example/");
}
