//! Single logout: signing out at the identity provider too, being signed out by it, and every way to abuse either.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use daypass::audit::Outcome;
use daypass::store::{Space, StoreError};
use demo_idp::Fault;

use crate::site::{APP, Answer, BROKER, Browser, Logout, Setup, Site};
use crate::watched::{Operation, Watched};

/// Follows redirects, and the pages that go on by themselves, to where a person would stop.
pub(crate) async fn go_on(browser: &Browser, mut answer: Answer) -> Answer {
    for _ in 0..12 {
        answer = match step(browser, &answer).await {
            Some(next) => next,
            None => return answer,
        };
    }
    panic!("a browser would go round for ever: {answer:?}");
}

async fn step(browser: &Browser, answer: &Answer) -> Option<Answer> {
    if answer.status == 303 {
        return Some(browser.get(answer.location()).await);
    }
    if let Some(url) = onward(answer) {
        return Some(browser.get(&url).await);
    }
    let field =
        ["SAMLRequest", "SAMLResponse"].into_iter().find(|field| answer.text.contains(&format!("\"{field}\"")))?;
    let (_, action) = answer.text.split_once("method=\"post\" action=\"")?;
    let message = answer.field(field);
    let mut form = vec![(field, message)];
    if answer.text.contains("name=\"RelayState\"") {
        form.push(("RelayState", answer.field("RelayState")));
    }
    let form: Vec<_> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let headers = [("origin", "https://idp.example"), ("sec-fetch-site", "cross-site")];
    Some(browser.post_as(action.split('"').next()?, &form, &headers).await)
}

/// Where a page goes on to by itself.
pub(crate) fn onward(answer: &Answer) -> Option<String> {
    let (_, url) = answer.text.split_once("http-equiv=\"refresh\" content=\"0; url=")?;
    Some(url.split('"').next()?.replace("&#38;", "&"))
}

async fn sign_out(browser: &Browser) -> Answer {
    browser.post(&format!("{BROKER}/signout"), &[]).await
}

pub(crate) async fn is_in(browser: &Browser, origin: &str) -> bool {
    let page = if origin == BROKER { "/portal" } else { "/" };
    browser.get(&format!("{origin}{page}")).await.status == 200
}

/// Presses "Sign out" on the identity provider's own page.
pub(crate) async fn leave_at_provider(site: &Site, browser: &Browser) -> Answer {
    browser.post(&format!("{}/signout", site.idp.base_url()), &[]).await
}

pub(crate) fn parameter(url: &str, name: &str) -> String {
    let (_, query) = url.split_once('?').unwrap();
    form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key == name).unwrap().1.into_owned()
}

#[tokio::test]
async fn signing_out_ends_the_session_at_the_provider_too() {
    for logout in [Logout::Redirect, Logout::Post] {
        let site = Site::with_logout(logout).await;
        let browser = site.browser();
        browser.sign_in("martha").await;
        let leaving = sign_out(&browser).await;
        assert_eq!((leaving.status, leaving.heading()), (200, "Signing out"), "{}", leaving.text);
        assert_eq!(leaving.header("cache-control"), "no-store");
        assert!(leaving.header("content-security-policy").contains("script-src 'self';"));
        assert!(!is_in(&browser, BROKER).await, "the session here ends first");
        let page = go_on(&browser, leaving).await;
        assert_eq!(page.heading(), "Sign in");
        assert!(page.text.contains("You are signed out here and at your identity provider"), "{}", page.text);
        let home = browser.get(&format!("{}/", site.idp.base_url())).await;
        assert!(home.location().contains("/login"), "nobody is signed in at the provider: {home:?}");

        let flow = site.events().into_iter().find(|event| event.operation == "sign-out").unwrap().correlation_id;
        let told: Vec<_> = site.events().into_iter().filter(|event| event.correlation_id == flow).collect();
        let told: Vec<_> =
            told.iter().map(|event| (event.operation.as_str(), event.outcome, event.principal.as_str())).collect();
        let accepted = |operation| (operation, Outcome::Accepted, "martha");
        let expected =
            ["sign-in with SAML", "sign-out", "logout at the SAML provider", "answer to a logout at the SAML provider"];
        assert_eq!(told, expected.map(accepted));
    }
}

#[tokio::test]
async fn a_sign_out_goes_round_every_service() {
    for logout in [Logout::Redirect, Logout::Post] {
        let site = Site::with_logout(logout).await;
        let browser = site.browser();
        browser.sign_in("martha").await;
        browser.sign_in_to_app("martha").await;
        assert!(is_in(&browser, APP).await);
        let page = go_on(&browser, sign_out(&browser).await).await;
        assert!(page.text.contains("You are signed out here and at your identity provider."), "{}", page.text);
        assert!(!is_in(&browser, BROKER).await && !is_in(&browser, APP).await);

        // And the other way round: the application asks, the portal is told.
        browser.sign_in("martha").await;
        browser.sign_in_to_app("martha").await;
        let page = go_on(&browser, browser.post(&format!("{APP}/signout"), &[]).await).await;
        assert!(page.text.contains("You are signed out here and at your identity provider."), "{}", page.text);
        assert!(!is_in(&browser, BROKER).await && !is_in(&browser, APP).await);
    }
}

#[tokio::test]
async fn a_sign_out_at_the_provider_ends_that_session_in_every_browser_and_no_other() {
    for logout in [Logout::Redirect, Logout::Post] {
        let site = Site::with_logout(logout).await;
        let (browser, elsewhere, sam) = (site.browser(), site.browser(), site.browser());
        for (browser, user) in [(&browser, "martha"), (&elsewhere, "martha"), (&sam, "sam")] {
            browser.sign_in(user).await;
            browser.sign_in_to_app(user).await;
        }
        let copy = browser.copy();
        assert!(is_in(&copy, BROKER).await);
        let page = go_on(&browser, leave_at_provider(&site, &browser).await).await;
        assert_eq!((page.status, page.heading()), (200, "You are signed out"));
        assert_eq!(page.text.matches("signed you out").count(), 2, "{}", page.text);
        for over in [&browser, &copy] {
            assert!(!is_in(over, BROKER).await && !is_in(over, APP).await);
        }
        for live in [&elsewhere, &sam] {
            assert!(is_in(live, BROKER).await && is_in(live, APP).await);
        }
        let event = site.events().into_iter().find(|event| event.operation == "logout by the SAML provider").unwrap();
        assert_eq!(
            (event.outcome, event.principal.as_str(), event.resource.as_str()),
            (Outcome::Accepted, "martha", "saml-provider/corp")
        );
        assert!(event.checks.iter().any(|check| check.name == "signature"), "{:?}", event.checks);
        // A new sign-in is a new session.
        browser.sign_in("martha").await;
        assert!(is_in(&browser, BROKER).await);
    }
}

#[tokio::test]
async fn a_request_that_names_no_session_ends_all_of_the_person() {
    let site = Site::with_logout(Logout::Redirect).await;
    let (one, two, sam) = (site.browser(), site.browser(), site.browser());
    for (browser, user) in [(&one, "martha"), (&two, "martha"), (&sam, "sam")] {
        browser.sign_in(user).await;
    }
    let url = site.idp.logout_url("martha", &format!("{BROKER}/saml/metadata")).unwrap();
    // Whoever opens it: an administrator, who has no session here at all.
    let administrator = site.browser();
    let told = administrator.get(&url).await;
    assert!(told.location().starts_with(&format!("{}/saml/slo?SAMLResponse=", site.idp.base_url())), "{told:?}");
    assert!(!is_in(&one, BROKER).await && !is_in(&two, BROKER).await && is_in(&sam, BROKER).await);
    site.advance(Duration::from_secs(2));
    one.sign_in("martha").await;
    assert!(is_in(&one, BROKER).await, "a session that begins afterwards is none of those");
}

#[tokio::test]
async fn a_session_that_was_ended_gets_no_keys() {
    let site = Site::with_logout(Logout::Redirect).await;
    let browser = site.browser();
    browser.sign_in("martha").await;
    browser.get(&site.idp.logout_url("martha", &format!("{BROKER}/saml/metadata")).unwrap()).await;
    let form = [("account", "111111111111"), ("role", "PhotoReader")];
    let refused = browser.post(&format!("{BROKER}/portal/credentials"), &form).await;
    assert!(refused.location().starts_with(&format!("{BROKER}/signin")), "{refused:?}");
    assert!(site.events().iter().all(|event| event.operation != "mint"));
}

#[tokio::test]
async fn attack_a_forged_logout_signs_nobody_out() {
    for (fault, rule) in [
        (Fault::Unsigned, "signed"),
        (Fault::WrongKey, "signature"),
        (Fault::Tampered, "signature"),
        (Fault::WrongDestination, "destination"),
        (Fault::WrongIssuer, "no provider is configured"),
        (Fault::Expired, "issue_instant"),
    ] {
        let site = Site::with_logout(Logout::Redirect).await;
        let browser = site.browser();
        browser.sign_in("martha").await;
        site.idp.break_next(fault);
        let url = site.idp.logout_url("martha", &format!("{BROKER}/saml/metadata")).unwrap();
        let refused = browser.get(&url).await;
        refused.is_refused(403, "This sign-out was not accepted");
        assert!(is_in(&browser, BROKER).await, "{fault:?}");
        let refusal = site.last_refusal();
        assert!(refusal.reason.contains(rule), "{fault:?}: {}", refusal.reason);
        assert_eq!(refusal.operation, "logout by the SAML provider");
    }
}

#[tokio::test]
async fn attack_a_forged_logout_by_post_signs_nobody_out() {
    for (fault, rule) in [(Fault::Unsigned, "signed"), (Fault::WrongKey, "signature"), (Fault::Tampered, "digest")] {
        let site = Site::with_logout(Logout::Post).await;
        let browser = site.browser();
        browser.sign_in("martha").await;
        site.idp.break_next(fault);
        let form = leave_at_provider(&site, &browser).await;
        let refused = step(&browser, &form).await.unwrap();
        refused.is_refused(403, "This sign-out was not accepted");
        assert!(is_in(&browser, BROKER).await, "{fault:?}");
        let refusal = site.last_refusal();
        assert!(refusal.reason.contains(rule), "{fault:?}: {}", refusal.reason);
    }
}

#[tokio::test]
async fn attack_a_replayed_logout_ends_no_later_session() {
    let site = Site::with_logout(Logout::Redirect).await;
    let browser = site.browser();
    browser.sign_in("martha").await;
    let url = site.idp.logout_url("martha", &format!("{BROKER}/saml/metadata")).unwrap();
    assert_eq!(browser.get(&url).await.status, 303);
    assert!(!is_in(&browser, BROKER).await);
    site.advance(Duration::from_secs(2));
    browser.sign_in("martha").await;
    site.advance(Duration::from_secs(2));
    let again = browser.get(&url).await;
    again.is_refused(403, "This sign-out was not accepted");
    assert!(again.text.contains("followed before"));
    assert!(is_in(&browser, BROKER).await);
    // Long after it was made, it is too old to be looked up.
    site.advance(Duration::from_secs(600));
    browser.get(&url).await.is_refused(403, "This sign-out was not accepted");
    assert!(site.last_refusal().reason.contains("issue_instant"), "{}", site.last_refusal().reason);
    assert!(is_in(&browser, BROKER).await);
}

#[tokio::test]
async fn attack_an_assertion_that_a_logout_overtook_signs_nobody_in() {
    let site = Site::with_logout(Logout::Redirect).await;
    let browser = site.browser();
    let (response, state) = browser.saml_answer(&format!("{BROKER}/signin/saml/corp"), "martha").await;
    browser.get(&site.idp.logout_url("martha", &format!("{BROKER}/saml/metadata")).unwrap()).await;
    let refused = browser.post_back(&response, &state).await;
    refused.is_refused(403, "Your sign-in was not accepted");
    assert!(site.last_refusal().reason.contains("was ended by a logout request"));
    assert_eq!(browser.cookie("daypass_session"), None);
}

#[tokio::test]
async fn the_answer_of_the_provider_is_believed_only_when_it_is_its_own() {
    for (fault, rule) in [
        (Fault::Unsigned, "signed"),
        (Fault::WrongKey, "signature"),
        (Fault::WrongDestination, "destination"),
        (Fault::WrongIssuer, "issuer"),
        (Fault::WrongInResponseTo, "in_response_to"),
        (Fault::Expired, "issue_instant"),
        (Fault::Denied, "status"),
    ] {
        let site = Site::with_logout(Logout::Redirect).await;
        let browser = site.browser();
        browser.sign_in("martha").await;
        let leaving = sign_out(&browser).await;
        site.idp.break_next(fault);
        let page = go_on(&browser, leaving).await;
        page.is_refused(403, "You are signed out here alone");
        assert!(!is_in(&browser, BROKER).await);
        let refusal = site.last_refusal();
        assert!(refusal.reason.contains(rule), "{fault:?}: {}", refusal.reason);
        assert_eq!(refusal.operation, "answer to a logout at the SAML provider");
    }
}

#[tokio::test]
async fn a_logout_in_part_is_said_to_be_one() {
    let setup = Setup { logout: Logout::Redirect, app_logout: Some(Logout::None), ..Setup::default() };
    let site = Site::start_with(setup).await;
    let browser = site.browser();
    browser.sign_in("martha").await;
    browser.sign_in_to_app("martha").await;
    let page = go_on(&browser, sign_out(&browser).await).await;
    assert!(page.text.contains("it could not reach every service"), "{}", page.text);
    assert!(!is_in(&browser, BROKER).await && is_in(&browser, APP).await);
    let told = site.events().into_iter().rfind(|event| event.operation.starts_with("answer to a logout")).unwrap();
    assert_eq!((told.outcome, told.reason.starts_with("PartialLogout")), (Outcome::Accepted, true));
}

#[tokio::test]
async fn nobody_is_signed_in_while_it_cannot_be_told_who_was_signed_out() {
    let lost = Arc::new(AtomicBool::new(false));
    let losing = Arc::clone(&lost);
    let store = Watched::new(move |operation, space| {
        let gone = space == Space::EndedSession && losing.load(Ordering::SeqCst);
        let lost = gone && matches!(operation, Operation::Replace | Operation::Read);
        if lost { Err(StoreError::Unavailable { reason: "connection refused".to_owned() }) } else { Ok(()) }
    });
    let setup = Setup { logout: Logout::Redirect, store: Some(Arc::new(store)), ..Setup::default() };
    let site = Site::start_with(setup).await;
    let browser = site.browser();
    browser.sign_in("martha").await;
    let url = site.idp.logout_url("martha", &format!("{BROKER}/saml/metadata")).unwrap();
    lost.store(true, Ordering::SeqCst);
    let unavailable = "There is no answer at the moment";
    browser.get(&format!("{BROKER}/portal")).await.is_refused(503, unavailable);
    browser.get(&url).await.is_refused(503, unavailable);
    lost.store(false, Ordering::SeqCst);
    assert!(is_in(&browser, BROKER).await);
    // The request that could not be followed was not used up.
    assert_eq!(browser.get(&url).await.status, 303);
    assert!(!is_in(&browser, BROKER).await);
}

#[tokio::test]
async fn attack_an_answer_in_another_browser_or_to_nothing_says_nothing() {
    let site = Site::with_logout(Logout::Redirect).await;
    let (browser, victim) = (site.browser(), site.browser());
    browser.sign_in("martha").await;
    victim.sign_in("sam").await;
    let leaving = sign_out(&browser).await;
    let answer = browser.get(&onward(&leaving).unwrap()).await;
    let url = answer.location().to_owned();
    assert!(url.starts_with(&format!("{BROKER}/saml/slo?SAMLResponse=")), "{url}");
    let state = parameter(&url, "RelayState");
    let (rest, last) = state.split_at(state.len() - 1);
    let forged = url.replace(&state, &format!("{rest}{}", if last == "A" { "Q" } else { "A" }));
    let parts = url.split('&').filter(|part| !part.starts_with("RelayState="));
    let unstated = parts.collect::<Vec<_>>().join("&");
    for stray in [forged.as_str(), &unstated] {
        browser.get(stray).await.is_refused(400, "There is no sign-out to finish");
    }
    victim.get(&url).await.is_refused(400, "There is no sign-out to finish");
    assert!(is_in(&victim, BROKER).await, "and it ends no session either");
    // The attempt spent it.
    browser.get(&url).await.is_refused(400, "There is no sign-out to finish");
}

#[tokio::test]
async fn what_is_no_logout_message_is_refused() {
    let site = Site::with_logout(Logout::Redirect).await;
    let browser = site.browser();
    browser.sign_in("martha").await;
    let slo = format!("{BROKER}/saml/slo");
    browser.get(&slo).await.is_refused(400, "This request could not be read");
    browser.get(&format!("{slo}?SAMLRequest=a&SAMLResponse=b")).await.is_refused(400, "This request could not be read");
    browser.get(&format!("{slo}?SAMLRequest=a&SAMLRequest=b")).await.is_refused(400, "This request could not be read");
    for garbage in ["a", "%%%", "AAAA"] {
        browser.get(&format!("{slo}?SAMLRequest={garbage}")).await.is_refused(403, "This sign-out was not accepted");
        let posted = browser.post_as(&slo, &[("SAMLRequest", garbage)], &[]).await;
        posted.is_refused(403, "This sign-out was not accepted");
    }
    let oversize = "A".repeat(401 * 1024);
    browser.post_as(&slo, &[("SAMLRequest", &oversize)], &[]).await.is_refused(413, "This request could not be read");
    // A sign-in's own RelayState is none of a sign-out's.
    let (_, state) = browser.saml_answer(&format!("{BROKER}/signin/saml/corp"), "martha").await;
    let borrowed = format!("{slo}?SAMLResponse=AAAA&RelayState={state}");
    browser.get(&borrowed).await.is_refused(400, "There is no sign-out to finish");
    assert!(is_in(&browser, BROKER).await);
}

#[tokio::test]
async fn where_the_provider_takes_no_logout_signing_out_stays_here() {
    let site = Site::start().await;
    let browser = site.browser();
    browser.sign_in("martha").await;
    let out = sign_out(&browser).await;
    assert_eq!((out.status, out.location()), (303, "http://localhost:8200/signin?signed_out=1"));
    let slo = format!("{BROKER}/saml/slo");
    browser.get(&format!("{slo}?SAMLRequest=AAAA")).await.is_refused(403, "This sign-out was not accepted");
    // Whoever came by OpenID Connect has nothing that SAML could end.
    let site = Site::with_logout(Logout::Redirect).await;
    let browser = site.browser();
    let callback = browser.oidc_answer(&format!("{BROKER}/signin/oidc/corp"), "martha").await;
    assert_eq!(browser.get(&callback).await.status, 303);
    assert!(is_in(&browser, BROKER).await);
    let leaving = sign_out(&browser).await;
    assert!(!leaving.text.contains("SAMLRequest"), "{}", leaving.text);
    assert!(!is_in(&browser, BROKER).await);
}
