//! Taking the keys of a role, signing out, and reading how it came about.

use std::time::Duration;

use crate::site::{Answer, BROKER, Browser, Mode, PRODUCTION, Site};

const CREDENTIALS: &str = "http://localhost:8200/portal/credentials";
const READER: [(&str, &str); 2] = [("account", PRODUCTION), ("role", "PhotoReader")];

async fn take(browser: &Browser) -> Answer {
    browser.post(CREDENTIALS, &READER).await
}

fn exported<'a>(page: &'a Answer, name: &str) -> &'a str {
    let (_, after) = page.text.split_once(&format!("export {name}=")).unwrap();
    let line = after.split('\n').next().unwrap();
    line.split_once("<span class=\"secret\">").map_or(line, |(_, value)| value.split('<').next().unwrap())
}

#[tokio::test]
async fn keys_are_shown_once_with_their_expiry_and_every_form() {
    let site = Site::start().await;
    let browser = site.browser();
    browser.sign_in("martha").await;
    let page = take(&browser).await;
    assert_eq!((page.status, page.heading()), (200, "Access keys for PhotoReader"));
    assert_eq!(page.header("cache-control"), "no-store");
    assert!(exported(&page, "AWS_ACCESS_KEY_ID").starts_with("ASIA"));
    assert_eq!(exported(&page, "AWS_ENDPOINT_URL_STS"), BROKER);
    assert_eq!(exported(&page, "AWS_ENDPOINT_URL_S3"), "http://127.0.0.1:8300");
    let token = exported(&page, "AWS_SESSION_TOKEN");
    assert_eq!(page.field("session_token"), token);
    assert!(page.text.contains("action=\"http://127.0.0.1:8300/gallery/open\""));
    for form in
        ["$Env:AWS_SECRET_ACCESS_KEY=", "set AWS_SECRET_ACCESS_KEY=", "[PhotoReader-111111111111]", "boto3.Session("]
    {
        assert!(page.text.contains(form), "{form}");
    }
    assert!(page.text.contains(">1 h</span>"), "the keys last an hour: {}", page.text);
    assert!(page.text.contains("/martha</code>"), "the session has her name");
    assert_ne!(exported(&take(&browser).await, "AWS_ACCESS_KEY_ID"), exported(&page, "AWS_ACCESS_KEY_ID"));
}

#[tokio::test]
async fn a_link_never_makes_keys() {
    let site = Site::start().await;
    let browser = site.browser();
    browser.sign_in("martha").await;
    let before = site.events().len();
    let page = browser.get(&format!("{CREDENTIALS}?account={PRODUCTION}&role=PhotoReader")).await;
    assert_eq!((page.status, page.heading()), (200, "PhotoReader"));
    assert!(page.text.contains("Create access keys") && !page.text.contains("ASIA"));
    assert_eq!(site.events().len(), before);
}

#[tokio::test]
async fn forms_from_other_sites_are_refused() {
    let site = Site::start().await;
    let browser = site.browser();
    browser.sign_in("martha").await;
    for headers in [
        &[("origin", "https://evil.example"), ("sec-fetch-site", "cross-site")][..],
        &[("origin", "http://localhost:8100"), ("sec-fetch-site", "same-site")],
        &[("origin", "http://localhost:8200"), ("sec-fetch-site", "cross-site")],
        &[("origin", "http://localhost:8200.evil.example")],
        &[("origin", "null")],
        &[],
    ] {
        for address in [CREDENTIALS.to_owned(), format!("{BROKER}/signout")] {
            let refused = browser.post_as(&address, &READER, headers).await;
            refused.is_refused(403, "This was not sent from here");
        }
    }
    assert!(site.events().iter().all(|event| event.operation != "mint"));
    assert_eq!(browser.get(&format!("{BROKER}/portal")).await.status, 200, "still signed in");
    let hidden = [("origin", "null"), ("sec-fetch-site", "same-origin")];
    assert_eq!(browser.post_as(CREDENTIALS, &READER, &hidden).await.status, 200);
}

#[tokio::test]
async fn a_role_that_is_not_assigned_is_refused() {
    let site = Site::start().await;
    let browser = site.browser();
    browser.sign_in("sam").await;
    for (account, role) in [(PRODUCTION, "AdministratorAccess"), ("333333333333", "PhotoReader"), (PRODUCTION, "None")]
    {
        let refused = browser.post(CREDENTIALS, &[("account", account), ("role", role)]).await;
        refused.is_refused(403, "This role is not yours to take");
        assert_eq!(site.last_refusal().code, Some("AccessDenied"));
    }
    for form in [&[("account", PRODUCTION)][..], &[("account", "1"), ("role", "PhotoReader")], &[]] {
        browser.post(CREDENTIALS, form).await.is_refused(400, "This request could not be read");
    }
    let twice = [("account", PRODUCTION), ("role", "PhotoReader"), ("role", "AdministratorAccess")];
    browser.post(CREDENTIALS, &twice).await.is_refused(400, "This request could not be read");
}

#[tokio::test]
async fn keys_need_a_live_session() {
    let site = Site::start().await;
    let browser = site.browser();
    let away = take(&browser).await;
    assert_eq!((away.status, away.location()), (303, "http://localhost:8200/signin?return=%2Fportal"));
    browser.sign_in("martha").await;
    site.clock.advance(Duration::from_secs(8 * 3600));
    assert_eq!(take(&browser).await.status, 303);
}

#[tokio::test]
async fn signing_out_ends_the_session_everywhere_it_was_copied_to() {
    let site = Site::start().await;
    let (browser, copy) = (site.browser(), site.browser());
    browser.sign_in("martha").await;
    copy.put_cookie("daypass_session", &browser.cookie("daypass_session").unwrap());
    let out = browser.post(&format!("{BROKER}/signout"), &[]).await;
    assert_eq!((out.status, out.location()), (303, "http://localhost:8200/signin?signed_out=1"));
    assert_eq!(browser.cookie("daypass_session"), None);
    assert!(browser.get(out.location()).await.text.contains("You are signed out here"));
    assert_eq!(copy.get(&format!("{BROKER}/portal")).await.status, 303);
    browser.sign_in("martha").await;
    let asked = browser.get(&format!("{BROKER}/signout")).await;
    assert_eq!((asked.status, asked.heading(), asked.header("cache-control")), (200, "Sign out?", "no-store"));
    assert!(asked.text.contains("<form method=\"post\" action=\"/signout\">"), "{}", asked.text);
    assert_eq!(browser.get(&format!("{BROKER}/portal")).await.status, 200, "a link signs nobody out");
}

#[tokio::test]
async fn a_search_needs_no_script() {
    let site = Site::start().await;
    let browser = site.browser();
    browser.sign_in("martha").await;
    let found = browser.get(&format!("{BROKER}/portal?q=stag")).await;
    assert!(found.text.contains("Cat Photos Staging") && !found.text.contains("Cat Photos Production"));
    let nothing = browser.get(&format!("{BROKER}/portal?q=%3Cscript%3E")).await;
    assert!(nothing.text.contains("Nothing matches “&#60;script&#62;”"), "{}", nothing.text);
}

#[tokio::test]
async fn the_inspector_tells_the_whole_flow() {
    let site = Site::start().await;
    let browser = site.browser();
    browser.sign_in("martha").await;
    take(&browser).await;
    let list = browser.get(&format!("{BROKER}/inspector")).await;
    let (_, after) = list.text.split_once("<li><a href=\"/inspector/").unwrap();
    let id = after.split('"').next().unwrap();
    let flow = browser.get(&format!("{BROKER}/inspector/{id}")).await;
    let order: Vec<_> = ["sign-in with SAML", "audience", "assume assigned role", "mint"]
        .map(|step| flow.text.find(step).unwrap_or_else(|| panic!("{step} is not in {}", flow.text)))
        .into();
    assert!(order.is_sorted(), "{order:?}");
    let json = browser.get(&format!("{BROKER}/inspector/{id}.json")).await;
    assert_eq!(json.header("content-type"), "application/json");
    let events: serde_json::Value = serde_json::from_str(&json.text).unwrap();
    assert_eq!(events[0]["operation"], "sign-in with SAML");
    assert_eq!(events[0]["checks"].as_array().unwrap().iter().filter(|check| check["verdict"] == "failed").count(), 0);
    let token = exported(&take(&browser).await, "AWS_SESSION_TOKEN").to_owned();
    assert!(!json.text.contains(&token) && !flow.text.contains(&token));
}

#[tokio::test]
async fn outside_a_demonstration_there_is_no_inspector_and_no_evidence() {
    let site = Site::start_in(Mode::Production).await;
    let browser = site.browser();
    browser.get(&format!("{BROKER}/inspector")).await.is_refused(404, "There is no page here");
    site.idp.break_next(demo_idp::Fault::WrongAudience);
    let (response, state) = browser.saml_answer(&format!("{BROKER}/signin/saml/corp"), "martha").await;
    let refused = browser.post_back(&response, &state).await;
    refused.is_refused(403, "Your sign-in was not accepted");
    assert!(!refused.text.contains("Every check") && !refused.text.contains("/inspector"));
    assert!(refused.text.contains(site.last_refusal().correlation_id.as_str()), "the reference is there");
}

#[tokio::test]
async fn style_and_script_are_kept_by_browsers_and_pages_are_not() {
    let site = Site::start().await;
    let browser = site.browser();
    let page = browser.get(&format!("{BROKER}/signin")).await;
    assert!(page.text.len() < 30_000);
    for (attribute, kind) in [
        ("href=\"/assets/daypass", "text/css; charset=utf-8"),
        ("src=\"/assets/portal", "text/javascript; charset=utf-8"),
    ] {
        let (_, after) = page.text.split_once(attribute).unwrap();
        let prefix = attribute.split('"').nth(1).unwrap();
        let path = format!("{prefix}{}", after.split('"').next().unwrap());
        let file = browser.get(&format!("{BROKER}{path}")).await;
        assert_eq!((file.status, file.header("content-type")), (200, kind));
        assert!(file.header("cache-control").ends_with("immutable"));
    }
}
