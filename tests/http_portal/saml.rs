//! Sign-in with SAML, and every way to abuse it.

use std::time::Duration;

use crate::site::{ACS, BROKER, Mode, Site};
use axum::http::Method;
use demo_idp::Fault;

#[tokio::test]
async fn a_person_signs_in_and_sees_what_is_theirs() {
    let site = Site::start().await;
    let browser = site.browser();
    let away = browser.get(&format!("{BROKER}/portal")).await;
    assert_eq!((away.status, away.location()), (303, "http://localhost:8200/signin?return=%2Fportal"));
    let choice = browser.get(away.location()).await;
    assert!(choice.text.contains(">Sign in with SAML</a>"), "{}", choice.text);
    assert!(choice.text.contains("href=\"/signin/saml/corp?return=%2Fportal\""), "{}", choice.text);

    let portal = browser.sign_in("martha").await;
    assert_eq!((portal.status, portal.heading()), (200, "Your accounts"));
    for seen in
        ["Martha Rivera", "Cat Photos Production", "Cat Photos Staging", "Yours through Admins", "keys last 4 hours"]
    {
        assert!(portal.text.contains(seen), "{seen} is not in {}", portal.text);
    }
    assert_eq!(portal.header("cache-control"), "no-store");
    assert_eq!(portal.header("referrer-policy"), "no-referrer");
    assert_eq!(portal.header("x-content-type-options"), "nosniff");
    assert_eq!(
        portal.header("content-security-policy"),
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; \
         form-action 'self' http://127.0.0.1:8300; frame-ancestors 'none'; base-uri 'none'"
    );
}

#[tokio::test]
async fn a_sign_in_comes_back_to_where_it_was_asked_from() {
    let site = Site::start().await;
    let browser = site.browser();
    let begin = format!("{BROKER}/signin/saml/corp?return=%2Fportal%3Fq%3Dstaging");
    let (response, state) = browser.saml_answer(&begin, "martha").await;
    let back = browser.post_back(&response, &state).await;
    assert_eq!(back.location(), "http://localhost:8200/portal?q=staging");
    let portal = browser.get(back.location()).await;
    assert!(portal.text.contains("Cat Photos Staging") && !portal.text.contains("Cat Photos Production"));
}

#[tokio::test]
async fn an_open_redirect_leads_to_the_portal_instead() {
    for target in
        ["https://evil.example/", "//evil.example", "/\\evil.example", "/\t/evil.example", "javascript:alert(1)"]
    {
        let site = Site::start().await;
        let browser = site.browser();
        let escaped: String = form_urlencoded::byte_serialize(target.as_bytes()).collect();
        let choice = browser.get(&format!("{BROKER}/signin?return={escaped}")).await;
        assert!(!choice.text.contains("evil.example") && !choice.text.contains("javascript"), "{target}");
        let begin = format!("{BROKER}/signin/saml/corp?return={escaped}");
        let (response, state) = browser.saml_answer(&begin, "martha").await;
        let back = browser.post_back(&response, &state).await;
        assert_eq!(back.location(), "http://localhost:8200/portal", "{target}");
    }
}

#[tokio::test]
async fn the_same_answer_posted_twice_is_refused() {
    let site = Site::start().await;
    let browser = site.browser();
    let (response, state) = browser.saml_answer(&format!("{BROKER}/signin/saml/corp"), "martha").await;
    assert_eq!(browser.post_back(&response, &state).await.status, 303);
    let again = browser.post_back(&response, &state).await;
    again.is_refused(400, "There is no sign-in to finish");
    assert!(again.text.contains("already finished"));
}

#[tokio::test]
async fn an_answer_in_another_browser_is_refused() {
    let site = Site::start().await;
    let (mine, theirs) = (site.browser(), site.browser());
    let (response, state) = mine.saml_answer(&format!("{BROKER}/signin/saml/corp"), "martha").await;
    let refused = theirs.post_back(&response, &state).await;
    refused.is_refused(403, "This browser did not begin this sign-in");
    assert_eq!(theirs.cookie("daypass_session"), None);
    assert_eq!(site.last_refusal().operation, "sign-in with SAML");
    // Nor with a sign-in of its own begun: login CSRF gives the victim a cookie, but never this one.
    let (response, state) = mine.saml_answer(&format!("{BROKER}/signin/saml/corp"), "martha").await;
    theirs.get(&format!("{BROKER}/signin/saml/corp")).await;
    theirs.post_back(&response, &state).await.is_refused(403, "This browser did not begin this sign-in");
    // The state is spent by the attempt.
    mine.post_back(&response, &state).await.is_refused(400, "There is no sign-in to finish");
}

#[tokio::test]
async fn an_answer_to_another_sign_in_of_the_same_browser_is_refused() {
    let site = Site::start().await;
    let browser = site.browser();
    let begin = format!("{BROKER}/signin/saml/corp");
    let (first, _) = browser.saml_answer(&begin, "martha").await;
    let (_, second_state) = browser.saml_answer(&begin, "martha").await;
    let swapped = browser.post_back(&first, &second_state).await;
    swapped.is_refused(403, "Your sign-in was not accepted");
    let refusal = site.last_refusal();
    assert!(refusal.reason.starts_with("in_response_to"), "{}", refusal.reason);
    // In a demonstration the page shows every check, with the one that failed.
    assert!(swapped.text.contains("Every check that was made"));
    assert!(swapped.text.contains("<span class=\"verdict failed\">"));
    assert!(swapped.text.contains(refusal.correlation_id.as_str()));
}

#[tokio::test]
async fn two_tabs_can_sign_in_side_by_side() {
    let site = Site::start().await;
    let browser = site.browser();
    let begin = format!("{BROKER}/signin/saml/corp");
    let (first, first_state) = browser.saml_answer(&begin, "martha").await;
    let (second, second_state) = browser.saml_answer(&begin, "martha").await;
    assert_eq!(browser.post_back(&second, &second_state).await.status, 303);
    assert_eq!(browser.post_back(&first, &first_state).await.status, 303);
}

#[tokio::test]
async fn an_answer_after_ten_minutes_is_refused() {
    let site = Site::start().await;
    let browser = site.browser();
    let (response, state) = browser.saml_answer(&format!("{BROKER}/signin/saml/corp"), "martha").await;
    site.clock.advance(Duration::from_secs(600));
    browser.post_back(&response, &state).await.is_refused(400, "There is no sign-in to finish");
}

#[tokio::test]
async fn a_sign_in_that_began_at_the_provider_is_refused() {
    let site = Site::start().await;
    let browser = site.browser();
    let response = site.idp.assertion("martha").unwrap();
    let refused = browser.post_as(ACS, &[("SAMLResponse", &response)], &[]).await;
    refused.is_refused(400, "This sign-in did not begin here");
    browser.post_back(&response, "made-up").await.is_refused(400, "There is no sign-in to finish");
}

#[tokio::test]
async fn each_fault_of_the_provider_ends_on_a_page_with_its_reason() {
    for (fault, status, rule) in [
        (Fault::Expired, 403, "confirmation_time"),
        (Fault::WrongAudience, 403, "audience"),
        (Fault::WrongRecipient, 403, "recipient"),
        (Fault::WrongInResponseTo, 403, "in_response_to"),
        (Fault::WrongKey, 403, "signature"),
        (Fault::Unsigned, 403, "signed"),
        (Fault::Tampered, 403, "digest"),
    ] {
        let site = Site::start().await;
        let browser = site.browser();
        site.idp.break_next(fault);
        let (response, state) = browser.saml_answer(&format!("{BROKER}/signin/saml/corp"), "martha").await;
        let refused = browser.post_back(&response, &state).await;
        refused.is_refused(status, "Your sign-in was not accepted");
        let reason = site.last_refusal().reason;
        assert!(reason.contains(rule), "{fault:?}: {reason}");
        assert_eq!(browser.cookie("daypass_session"), None);
    }
}

#[tokio::test]
async fn forms_of_the_wrong_shape_are_refused() {
    let site = Site::start().await;
    let browser = site.browser();
    let begin = format!("{BROKER}/signin/saml/corp");
    let (response, state) = browser.saml_answer(&begin, "martha").await;
    let twice = [("SAMLResponse", response.as_str()), ("RelayState", &state), ("RelayState", &state)];
    let refused = browser.post_as(ACS, &twice, &[]).await;
    refused.is_refused(400, "This request could not be read");
    assert!(refused.text.contains("sent twice"));
    browser.post_as(ACS, &[("RelayState", &state)], &[]).await.is_refused(400, "This request could not be read");

    let oversize = "A".repeat(401 * 1024);
    browser.post_back(&oversize, &state).await.is_refused(413, "This request could not be read");
    let announced = [("content-type", "application/x-www-form-urlencoded"), ("content-length", "99999999")];
    let refused = browser.send(Method::POST, ACS, &announced, "SAMLResponse=a".to_owned()).await;
    refused.is_refused(413, "This request could not be read");
    let json = [("content-type", "application/json")];
    browser.send(Method::POST, ACS, &json, "{}".to_owned()).await.is_refused(415, "This request could not be read");

    // None of them spent the sign-in.
    assert_eq!(browser.post_back(&response, &state).await.status, 303);
}

#[tokio::test]
async fn what_is_no_response_is_refused_as_unreadable() {
    for garbage in ["not base64!", "PHNhbWxwOlJlc3BvbnNl", "", "PCFET0NUWVBFIGE+PGEvPg=="] {
        let site = Site::start().await;
        let browser = site.browser();
        let (_, state) = browser.saml_answer(&format!("{BROKER}/signin/saml/corp"), "martha").await;
        let refused = browser.post_back(garbage, &state).await;
        refused.is_refused(400, "Your sign-in could not be read");
        assert_eq!(site.last_refusal().code, Some("InvalidIdentityToken"), "{garbage}");
    }
}

#[tokio::test]
async fn a_person_the_directory_does_not_hold_is_refused() {
    let site = Site::start().await;
    let browser = site.browser();
    // Rosa is known to the provider alone.
    let (response, state) = browser.saml_answer(&format!("{BROKER}/signin/saml/corp"), "rosa").await;
    browser.post_back(&response, &state).await.is_refused(403, "Nobody here has your name");
    assert_eq!(browser.cookie("daypass_session"), None);
}

#[tokio::test]
async fn otto_signs_in_and_is_told_why_there_is_nothing() {
    let site = Site::start().await;
    let portal = site.browser().sign_in("otto").await;
    assert_eq!(portal.status, 200);
    assert!(portal.text.contains("Nothing is assigned to you yet") && portal.text.contains("you are in no group"));
    assert!(!portal.text.contains("Cat Photos"));
}

#[tokio::test]
async fn a_session_id_from_before_the_sign_in_is_worth_nothing() {
    let site = Site::start().await;
    let browser = site.browser();
    let planted = "A".repeat(43);
    browser.put_cookie("daypass_session", &planted);
    browser.sign_in("martha").await;
    let mine = browser.cookie("daypass_session").unwrap();
    assert_ne!(mine, planted);
    // A second sign-in ends the first session.
    browser.sign_in("martha").await;
    assert_ne!(browser.cookie("daypass_session").unwrap(), mine);
    let attacker = site.browser();
    for stale in [planted, mine] {
        attacker.put_cookie("daypass_session", &stale);
        assert_eq!(attacker.get(&format!("{BROKER}/portal")).await.status, 303);
    }
}

#[tokio::test]
async fn a_session_ends_after_eight_hours() {
    let site = Site::start().await;
    let browser = site.browser();
    browser.sign_in("martha").await;
    site.clock.advance(Duration::from_secs(8 * 3600 - 1));
    assert_eq!(browser.get(&format!("{BROKER}/portal")).await.status, 200);
    site.clock.advance(Duration::from_secs(1));
    assert_eq!(browser.get(&format!("{BROKER}/portal")).await.status, 303);
}

#[tokio::test]
async fn unknown_providers_and_pages_are_refused() {
    let site = Site::start().await;
    let browser = site.browser();
    for (path, heading) in [
        ("/signin/saml/other", "There is no such way to sign in"),
        ("/signin/oidc/other", "There is no such way to sign in"),
        ("/no-such-page", "There is no page here"),
        ("/inspector/none", "This flow is not in the inspector"),
    ] {
        browser.get(&format!("{BROKER}{path}")).await.is_refused(404, heading);
    }
    assert_eq!(browser.get(ACS).await.status, 405);
}

#[tokio::test]
async fn the_service_provider_metadata_names_where_answers_come() {
    let site = Site::start().await;
    let metadata = site.browser().get(&format!("{BROKER}/saml/metadata")).await;
    assert_eq!((metadata.status, metadata.header("content-type")), (200, "application/samlmetadata+xml"));
    assert!(metadata.text.contains(&format!("Location=\"{ACS}\"")), "{}", metadata.text);
}

#[tokio::test]
async fn a_pasted_response_is_judged_and_its_signed_bytes_are_shaded() {
    let site = Site::start_in(Mode::Demonstration).await;
    let browser = site.browser();
    let form = browser.get(&format!("{BROKER}/inspector/saml")).await;
    assert_eq!(form.status, 200);
    let asked = demo_idp::AssertionRequest::new("martha");
    let posted = site.idp.assertion_for(asked.with_service_provider(format!("{BROKER}/saml/metadata"))).unwrap();
    let page = browser.post(&format!("{BROKER}/inspector/saml"), &[("response", &posted)]).await;
    assert!(page.text.contains("Accepted: martha"), "{}", page.text);
    let signed = page.text.split("<span class=\"signed\">").nth(1).unwrap();
    assert!(signed.contains("&#60;saml:Assertion") || signed.contains("&lt;saml:Assertion"), "{signed}");
    assert!(page.text.contains("<span class=\"unsigned\">"));
    let hostile =
        browser.post(&format!("{BROKER}/inspector/saml"), &[("response", "<a><script>alert(1)</script>")]).await;
    assert!(hostile.text.contains("Refused by well_formed") && !hostile.text.contains("<script>alert"));
    let long = browser.post(&format!("{BROKER}/inspector/saml"), &[("response", &"x".repeat(900 * 1024))]).await;
    assert_eq!(long.status, 400);
    assert!(site.events().is_empty(), "nothing of it is kept");
    let closed = Site::start_in(Mode::Production).await;
    assert_eq!(closed.browser().get(&format!("{BROKER}/inspector/saml")).await.status, 404);
}
