//! Sign-in with OpenID Connect, and every way to abuse it.

use std::time::Duration;

use crate::site::{ACS, BROKER, CALLBACK, Mode, Site};
use demo_idp::{Fault, IdTokenRequest};

const BEGIN: &str = "http://localhost:8200/signin/oidc/corp";

#[tokio::test]
async fn a_person_signs_in_and_sees_what_is_theirs() {
    let site = Site::start().await;
    let browser = site.browser();
    let choice = browser.get(&format!("{BROKER}/signin")).await;
    assert!(choice.text.contains(">Sign in with OpenID Connect</a>"), "{}", choice.text);
    let callback = browser.oidc_answer(&format!("{BEGIN}?return=%2Fportal%3Fq%3Dcat"), "martha").await;
    let back = browser.get(&callback).await;
    assert_eq!((back.status, back.location()), (303, "http://localhost:8200/portal?q=cat"), "{}", back.text);
    let portal = browser.get(back.location()).await;
    assert!(portal.text.contains("Martha Rivera") && portal.text.contains("Cat Photos Production"));
    let verified = site.events().into_iter().find(|event| event.operation == "sign-in with OpenID Connect").unwrap();
    assert!(verified.checks.iter().any(|check| check.name == "nonce"));
}

#[tokio::test]
async fn the_same_answer_brought_twice_is_refused() {
    let site = Site::start().await;
    let browser = site.browser();
    let callback = browser.oidc_answer(BEGIN, "martha").await;
    assert_eq!(browser.get(&callback).await.status, 303);
    browser.get(&callback).await.is_refused(400, "There is no sign-in to finish");
}

#[tokio::test]
async fn an_answer_in_another_browser_is_refused() {
    let site = Site::start().await;
    let (mine, theirs) = (site.browser(), site.browser());
    let callback = mine.oidc_answer(BEGIN, "martha").await;
    theirs.get(BEGIN).await;
    theirs.get(&callback).await.is_refused(403, "This browser did not begin this sign-in");
    assert_eq!(theirs.cookie("daypass_session"), None);
    mine.get(&callback).await.is_refused(400, "There is no sign-in to finish");
}

#[tokio::test]
async fn a_code_under_the_state_of_another_sign_in_is_refused() {
    let site = Site::start().await;
    let browser = site.browser();
    let (first, second) = (browser.oidc_answer(BEGIN, "martha").await, browser.oidc_answer(BEGIN, "martha").await);
    let part = |url: &str, name: &str| {
        let query = url.split_once('?').unwrap().1.as_bytes();
        form_urlencoded::parse(query).find(|(found, _)| found == name).unwrap().1.into_owned()
    };
    let swapped = form_urlencoded::Serializer::new(format!("{CALLBACK}?"))
        .append_pair("code", &part(&first, "code"))
        .append_pair("state", &part(&second, "state"))
        .append_pair("iss", &part(&first, "iss"))
        .finish();
    // The code verifier belongs to the other sign-in, so the provider does not exchange the code.
    let refused = browser.get(&swapped.replacen("?&", "?", 1)).await;
    refused.is_refused(403, "Your sign-in was not accepted");
    let refusal = site.last_refusal();
    let failed = refusal.checks.iter().find(|check| check.verdict == daypass::explain::Verdict::Failed).unwrap();
    assert_eq!(failed.name, "code_exchange", "{refusal:?}");
}

#[tokio::test]
async fn two_tabs_can_sign_in_side_by_side() {
    let site = Site::start().await;
    let browser = site.browser();
    let (first, second) = (browser.oidc_answer(BEGIN, "martha").await, browser.oidc_answer(BEGIN, "martha").await);
    assert_eq!(browser.get(&second).await.status, 303);
    assert_eq!(browser.get(&first).await.status, 303);
}

#[tokio::test]
async fn a_state_of_one_protocol_finishes_nothing_of_the_other() {
    let site = Site::start().await;
    let browser = site.browser();
    let (response, relay_state) = browser.saml_answer(&format!("{BROKER}/signin/saml/corp"), "martha").await;
    let crossed = browser.get(&format!("{CALLBACK}?code=c&state={relay_state}")).await;
    crossed.is_refused(400, "There is no sign-in to finish");
    assert_eq!(
        browser.post_as(ACS, &[("SAMLResponse", &response), ("RelayState", &relay_state)], &[]).await.status,
        303
    );
}

#[tokio::test]
async fn an_answer_after_ten_minutes_is_refused() {
    let site = Site::start().await;
    let browser = site.browser();
    let callback = browser.oidc_answer(BEGIN, "martha").await;
    site.clock.advance(Duration::from_secs(600));
    browser.get(&callback).await.is_refused(400, "There is no sign-in to finish");
}

#[tokio::test]
async fn answers_of_the_wrong_shape_are_refused() {
    let site = Site::start().await;
    let browser = site.browser();
    let callback = browser.oidc_answer(BEGIN, "martha").await;
    for wrong in [format!("{callback}&state=again"), CALLBACK.to_owned(), format!("{CALLBACK}?code=c")] {
        browser.get(&wrong).await.is_refused(400, "This request could not be read");
    }
    let refused = browser.get(&format!("{CALLBACK}?state=unknown&error=access_denied")).await;
    refused.is_refused(400, "There is no sign-in to finish");
    // Another provider's answer (RFC 9207 mix-up).
    let other = callback.replace("iss=http", "iss=https");
    browser.get(&other).await.is_refused(403, "Your sign-in was not accepted");
    assert!(site.last_refusal().reason.starts_with("iss:"), "{}", site.last_refusal().reason);
}

#[tokio::test]
async fn a_person_who_says_no_is_told_so() {
    let site = Site::start().await;
    let browser = site.browser();
    site.idp.break_next(Fault::Denied);
    let callback = browser.oidc_answer(BEGIN, "martha").await;
    assert!(callback.contains("error=access_denied"), "{callback}");
    browser.get(&callback).await.is_refused(403, "You are not signed in");
}

#[tokio::test]
async fn each_fault_of_the_provider_ends_on_a_page_with_its_reason() {
    for (fault, rule) in [
        (Fault::Expired, "exp"),
        (Fault::WrongAudience, "aud"),
        (Fault::WrongNonce, "nonce"),
        (Fault::WrongKey, "signature"),
        (Fault::AlgNone, "alg"),
        (Fault::HmacWithPublicKey, "alg"),
    ] {
        let site = Site::start().await;
        let browser = site.browser();
        site.idp.break_next(fault);
        let callback = browser.oidc_answer(BEGIN, "martha").await;
        let refused = browser.get(&callback).await;
        refused.is_refused(403, "Your sign-in was not accepted");
        let refusal = site.last_refusal();
        let failed = refusal.checks.iter().find(|check| check.verdict == daypass::explain::Verdict::Failed).unwrap();
        assert!(failed.name.contains(rule) || failed.found.contains(rule), "{fault:?}: {failed:?}");
        assert!(refused.text.contains(failed.name), "the page shows the check that failed");
        assert_eq!(browser.cookie("daypass_session"), None);
    }
}

#[tokio::test]
async fn a_provider_that_does_not_answer_is_said_to_be_away() {
    let site = Site::start().await;
    let browser = site.without_provider().await;
    browser.get(BEGIN).await.is_refused(502, "Your identity provider cannot be reached");
}

#[tokio::test]
async fn a_pasted_token_is_judged_and_its_parts_are_shown() {
    let site = Site::start_in(Mode::Demonstration).await;
    let (browser, page) = (site.browser(), format!("{BROKER}/inspector/jwt"));
    assert_eq!(browser.get(&page).await.status, 200);
    let token = site.idp.id_token_for(IdTokenRequest::new("martha", "daypass-portal").with_nonce("n-1")).unwrap();
    let accepted = browser.post(&page, &[("token", &token), ("nonce", "n-1")]).await;
    assert!(accepted.text.contains("Accepted: martha"), "{}", accepted.text);
    assert!(accepted.text.contains("<span class=\"signed\">{"), "{}", accepted.text);
    assert!(accepted.text.contains("<span class=\"rule\">subject_<wbr>form</span>"), "{}", accepted.text);
    // What had nothing to look at is folded away, behind every check that had.
    let (told, folded) = accepted.text.split_once("<details>").unwrap();
    assert!(told.contains(">nonce</span>") && !told.contains("not reached</span>"), "{told}");
    assert!(folded.contains("not reached</span>") && !folded.contains("passed</span>"), "{folded}");
    let (signed, _) = token.rsplit_once('.').unwrap();
    let forged = browser.post(&page, &[("token", &format!("{signed}.AAAA")), ("nonce", "n-1")]).await;
    assert!(forged.text.contains("Refused by signature") && !forged.text.contains("<span class=\"signed\">"));
    let other = browser.post(&page, &[("token", &token), ("nonce", "n-2")]).await;
    let reason = "Refused by nonce</span></h2>\n    <p>the token belongs to another sign-in</p>";
    assert!(other.text.contains(reason) && !other.text.contains("<details>"), "{}", other.text);
    let hostile = browser.post(&page, &[("token", "<script>alert(1)</script>")]).await;
    assert!(hostile.text.contains("Refused by token_form") && !hostile.text.contains("<script>alert"));
    assert_eq!(browser.post(&page, &[("token", &"x".repeat(70_000))]).await.status, 400);
    assert!(site.events().is_empty(), "nothing of it is kept");
    let closed = Site::start_in(Mode::Production).await;
    assert_eq!(closed.browser().get(&page).await.status, 404);
}
