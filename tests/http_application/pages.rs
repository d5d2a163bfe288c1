//! The pages of sign-in, and what leads to a provider.

use crate::site::{Answer, Browser, World, parameter, private};

fn email(typed: &str) -> [(&'static str, String); 2] {
    [("email", typed.to_owned()), ("return", "/deep/page".to_owned())]
}

/// Where the page that follows a form leads.
fn onward(page: &Answer) -> String {
    let link = page.text.split("<a class=\"button\" href=\"").nth(1).unwrap().split('"').next().unwrap();
    link.replace("&#38;", "&")
}

#[tokio::test]
async fn the_page_belongs_to_the_application_and_offers_each_provider() {
    let world = World::start().await;
    let sign_in = world.sign_in_with_all().with_name("Reports & <more>");
    let browser = Browser::at(sign_in.guard(private()));
    let page = browser.open("/signin?return=%2Fdeep%2Fpage").await.text;
    assert!(page.contains("<h1>Sign in to Reports &#38; &#60;more&#62;</h1>"), "{page}");
    for (path, label) in [
        ("saml/corp", "Example Corp"),
        ("saml/other", "Other Corp"),
        ("oidc/red", "Red Ltd"),
        ("oidc/blue", "Blue Ltd"),
    ] {
        assert!(
            page.contains(&format!("href=\"/signin/{path}?return=%2Fdeep%2Fpage\">Sign in with {label}</a>")),
            "{page}"
        );
    }
    assert!(!page.contains("name=\"email\""), "no domain was set: {page}");
    assert!(!page.contains("\"/portal\"") && !page.contains("daypass</"), "{page}");
    assert_eq!(browser.open("/portal").await.status, 303, "no page of ours");
}

#[tokio::test]
async fn an_address_leads_to_the_provider_of_its_domain_with_a_hint() {
    let world = World::start().await;
    let sign_in = world.sign_in_with_all().with_domains("red", ["red.example", "crimson.example"]).unwrap();
    let browser = Browser::at(sign_in.with_domains("other", ["other.example"]).unwrap().guard(private()));
    for typed in [" Martha+x@RED.example ", "martha@crimson.example"] {
        let page = browser.post("/signin", &email(typed)).await;
        let url = onward(&page);
        assert!(page.status == 200 && url.starts_with(world.red.issuer()), "{page:?}");
        assert_eq!(parameter(&url, "login_hint"), typed.trim());
        assert!(page.text.contains("http-equiv=\"refresh\""), "it goes on by itself, without script");
        let back = browser.open(&browser.oidc_answer(&url).await).await;
        assert_eq!((back.status, back.location()), (303, "https://app.example/deep/page"), "{}", back.text);
    }
    let by_saml = onward(&browser.post("/signin", &email("martha@other.example")).await);
    assert!(by_saml.starts_with(world.blue.base_url()), "{by_saml}");
    let form = world.saml_answer(&world.blue, &by_saml, "martha");
    assert_eq!(browser.post_from("cross-site", "/saml/acs", &form).await.status, 303);
}

#[tokio::test]
async fn an_address_says_where_to_sign_in_and_never_who_somebody_is() {
    let world = World::start().await;
    let sign_in = world.sign_in_with_all().with_domains("red", ["red.example"]).unwrap();
    let browser = Browser::at(sign_in.guard(private()));
    let url = onward(&browser.post("/signin", &email("boss@red.example")).await);
    browser.open(&browser.oidc_answer(&url).await).await;
    assert!(browser.open("/").await.text.starts_with("the secret of martha "), "whom the provider signed for");
}

#[tokio::test]
async fn an_unknown_domain_leads_to_the_buttons_with_a_sentence() {
    let world = World::start().await;
    let sign_in = world.sign_in_with_all().with_domains("red", ["red.example"]).unwrap();
    let browser = Browser::at(sign_in.guard(private()));
    for (typed, told) in [
        ("martha@sub.red.example", "No one here signs in with sub.red.example. Check the address, or choose below."),
        ("martha@red.example.evil.example", "No one here signs in with red.example.evil.example."),
        ("martha", "This is not an e-mail address."),
        ("", "This is not an e-mail address."),
        ("<b>@<i>", "This is not an e-mail address."),
    ] {
        let page = browser.post("/signin", &email(typed)).await;
        assert_eq!(page.status, 422, "{page:?}");
        assert!(page.text.contains(told), "{typed}: {}", page.text);
        assert!(page.text.contains("/signin/oidc/blue?return=%2Fdeep%2Fpage"), "{}", page.text);
        assert!(page.text.contains("name=\"return\" value=\"/deep/page\""), "{}", page.text);
        assert!(!page.text.contains("<b>") && !page.text.contains("<i>"), "{}", page.text);
    }
    let long = format!("{}@red.example", "m".repeat(300));
    let page = browser.post("/signin", &email(&long)).await;
    assert!(page.status == 422 && !page.text.contains("mmmm"), "{page:?}");
    let flood = format!("{}@red.example", "m".repeat(5000));
    assert_eq!(browser.post("/signin", &email(&flood)).await.status, 413);
}

#[tokio::test]
async fn the_form_leads_nowhere_else_and_comes_from_our_page() {
    let world = World::start().await;
    let sign_in = world.sign_in_with_all().with_domains("red", ["red.example"]).unwrap();
    let browser = Browser::at(sign_in.guard(private()));
    assert_eq!(browser.post_from("cross-site", "/signin", &email("martha@red.example")).await.status, 403);
    for elsewhere in ["//evil.example/", "https://evil.example/", "/\\evil.example"] {
        let form = [("email", "martha@red.example".to_owned()), ("return", elsewhere.to_owned())];
        let url = onward(&browser.post("/signin", &form).await);
        let back = browser.open(&browser.oidc_answer(&url).await).await;
        assert_eq!(back.location(), "https://app.example/", "{elsewhere}");
    }
}

#[tokio::test]
async fn the_only_provider_is_gone_to_at_once_and_never_after_signing_out() {
    let world = World::start().await;
    let saml = || world.sign_in().with_saml("corp", "Example Corp").unwrap();
    let browser = Browser::at(saml().guard(private()));
    let sent = browser.open("/deep/page").await;
    assert_eq!(sent.location(), "https://app.example/signin/saml/corp?return=%2Fdeep%2Fpage");
    browser.sign_in(&world).await;
    let out = browser.post("/signout", &[]).await;
    let page = browser.open(out.location()).await;
    assert!(page.status == 200 && page.text.contains("You are signed out here."), "{page:?}");
    assert_eq!(page.header("clear-site-data"), "\"cache\"", "browsers keep pages for Back in spite of no-store");
    assert_eq!(browser.open("/signin").await.header("clear-site-data"), "");
    let oidc = world.sign_in().with_relying_party("red", "Red Ltd", world.relying_party("red")).unwrap();
    let sent = Browser::at(oidc.guard(private())).open("/").await.location().to_owned();
    assert_eq!(sent, "https://app.example/signin/oidc/red?return=%2F");
    let with_domains = saml().with_domains("corp", ["corp.example"]).unwrap();
    let sent = Browser::at(with_domains.guard(private())).open("/").await.location().to_owned();
    assert_eq!(sent, "https://app.example/signin?return=%2F", "other domains have no business there");
}

#[tokio::test]
async fn an_answer_that_nobody_asked_for_signs_nobody_in() {
    let world = World::start().await;
    let browser = Browser::at(world.sign_in_with_all().guard(private()));
    let form = [("SAMLResponse", world.red.assertion("martha").unwrap())];
    assert_eq!(browser.post_from("cross-site", "/saml/acs", &form).await.status, 400);
    assert_eq!(browser.session(), None);
}

#[tokio::test]
async fn a_refusal_leads_back_to_the_application() {
    let world = World::start().await;
    let browser = Browser::at(world.sign_in_with_all().guard(private()));
    let refused = browser.post_from("cross-site", "/signout", &[]).await;
    assert!(refused.text.contains("href=\"https://app.example/\">Back to the first page</a>"), "{}", refused.text);
    let strange = browser.post_from("cross-site", "/saml/acs", &[]).await;
    assert!(strange.text.contains("tell whoever runs this application"), "{}", strange.text);
    for answer in [refused, strange, browser.open("/signin/saml/nobody").await, browser.open("/signout").await] {
        assert!(!answer.text.contains("{here}") && !answer.text.contains(" portal"), "{}", answer.text);
    }
}
