//! Logout with OpenID Connect: signing out at the provider too, being signed out by it, and every way to abuse either.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::http::Method;
use daypass::audit::{AuditEvent, Discard, Outcome, Recent};
use daypass::explain::Verdict;
use daypass::store::{MemoryStore, Space, Store, StoreError};
use demo_idp::{Fault, LogoutTokenRequest};

use crate::logout::{go_on, is_in, leave_at_provider, onward, parameter};
use crate::openid_site::{APP_CLIENT, PORTAL_CLIENT, Wiring, enter, portal, start, start_with};
use crate::site::{APP, Answer, BROKER, Browser, Site};
use crate::watched::{Operation, Watched};

const SAID_BY_PROVIDER: &str = "logout by the OpenID provider";
const BACK: &str = "return from a logout at the OpenID provider";

async fn sign_out(browser: &Browser, origin: &str) -> Answer {
    browser.post(&format!("{origin}/signout"), &[]).await
}

/// Posts a logout token as a provider does, from no browser.
async fn say(site: &Site, origin: &str, token: &str) -> Answer {
    let form = [("logout_token", token)];
    site.browser().post_as(&format!("{origin}/oidc/backchannel-logout/corp"), &form, &[]).await
}

/// Holds an answer to a refusal as the standard has it, that repeats nothing.
fn is_refused(answer: &Answer, status: u16, error: &str) {
    assert_eq!((answer.status, answer.header("cache-control")), (status, "no-store"), "{}", answer.text);
    let body: serde_json::Value = serde_json::from_str(&answer.text).unwrap();
    let text = |name: &str| body.get(name).and_then(serde_json::Value::as_str).unwrap();
    assert_eq!(text("error"), error);
    assert_eq!(body.as_object().unwrap().len(), 2, "{body}");
    assert!(text("error_description").len() < 120, "{body}");
}

/// The rule that an event says was broken.
fn broken(event: &AuditEvent) -> &'static str {
    event.checks.iter().find(|check| check.verdict == Verdict::Failed).map_or("", |check| check.name)
}

/// Events of one operation, oldest first.
fn events(site: &Site, operation: &str) -> Vec<AuditEvent> {
    site.events().into_iter().filter(|event| event.operation == operation).collect()
}

#[tokio::test]
async fn signing_out_ends_the_session_at_the_provider_too() {
    for (origin, client) in [(BROKER, PORTAL_CLIENT), (APP, APP_CLIENT)] {
        let site = start().await;
        let browser = site.browser();
        enter(&browser, origin, "martha").await;
        let leaving = sign_out(&browser, origin).await;
        assert_eq!((leaving.status, leaving.heading()), (200, "Signing out"), "{}", leaving.text);
        assert_eq!((leaving.header("cache-control"), leaving.header("referrer-policy")), ("no-store", "no-referrer"));
        assert!(!is_in(&browser, origin).await, "the session here ends first");
        let url = onward(&leaving).unwrap();
        assert!(url.starts_with(&format!("{}/logout?", site.idp.base_url())), "{url}");
        assert_eq!(parameter(&url, "client_id"), client);
        assert_eq!(parameter(&url, "post_logout_redirect_uri"), format!("{origin}/oidc/signed-out"));
        assert_eq!(parameter(&url, "id_token_hint").split('.').count(), 3);
        let page = go_on(&browser, leaving).await;
        assert_eq!(page.heading(), "Sign in");
        assert!(page.text.contains("You are signed out here and at your identity provider."), "{}", page.text);
        let home = browser.get(&format!("{}/", site.idp.base_url())).await;
        assert!(home.location().contains("/login"), "nobody is signed in at the provider: {home:?}");

        let flow = events(&site, "sign-out").remove(0).correlation_id;
        let told: Vec<_> = site.events().into_iter().filter(|event| event.correlation_id == flow).collect();
        let told: Vec<_> =
            told.iter().map(|event| (event.operation.as_str(), event.outcome, event.principal.as_str())).collect();
        let accepted = |operation| (operation, Outcome::Accepted, "martha");
        let expected = ["sign-in with OpenID Connect", "sign-out", "logout at the OpenID provider", BACK];
        assert_eq!(told, expected.map(accepted));
    }
}

#[tokio::test]
async fn a_sign_out_ends_the_sessions_of_every_service() {
    for (left, other) in [(BROKER, APP), (APP, BROKER)] {
        let site = start().await;
        let browser = site.browser();
        enter(&browser, BROKER, "martha").await;
        enter(&browser, APP, "martha").await;
        let page = go_on(&browser, sign_out(&browser, left).await).await;
        assert!(page.text.contains("You are signed out here and at your identity provider."), "{}", page.text);
        assert!(!is_in(&browser, left).await && !is_in(&browser, other).await);
    }
}

#[tokio::test]
async fn a_sign_out_at_the_provider_ends_that_session_in_every_browser_and_no_other() {
    let site = start().await;
    let (browser, elsewhere, sam) = (site.browser(), site.browser(), site.browser());
    for (browser, user) in [(&browser, "martha"), (&elsewhere, "martha"), (&sam, "sam")] {
        enter(browser, BROKER, user).await;
        enter(browser, APP, user).await;
    }
    let copy = browser.copy();
    assert!(is_in(&copy, BROKER).await && is_in(&copy, APP).await);
    let page = leave_at_provider(&site, &browser).await;
    assert_eq!(page.text.matches("signed you out").count(), 2, "{}", page.text);
    for over in [&browser, &copy] {
        assert!(!is_in(over, BROKER).await && !is_in(over, APP).await);
    }
    for live in [&elsewhere, &sam] {
        assert!(is_in(live, BROKER).await && is_in(live, APP).await);
    }
    let said = events(&site, SAID_BY_PROVIDER);
    assert_eq!(said.len(), 2, "one for each service");
    let issuer = site.idp.issuer().strip_prefix("http://").unwrap();
    for event in said {
        assert_eq!((event.outcome, event.principal.as_str()), (Outcome::Accepted, "martha"));
        assert_eq!(event.resource, format!("oidc-provider/{issuer}"));
        assert!(event.checks.iter().all(|check| check.verdict == Verdict::Passed), "{:?}", event.checks);
    }
    // A new sign-in is a new session, even within the second.
    enter(&browser, BROKER, "martha").await;
    assert!(is_in(&browser, BROKER).await);
}

#[tokio::test]
async fn a_token_that_names_no_session_ends_all_of_the_person() {
    let site = start_with(Wiring { names_sessions: false, ..Wiring::default() }).await;
    let (one, two, sam) = (site.browser(), site.browser(), site.browser());
    for (browser, user) in [(&one, "martha"), (&two, "martha"), (&sam, "sam")] {
        enter(browser, BROKER, user).await;
    }
    leave_at_provider(&site, &one).await;
    assert!(!is_in(&one, BROKER).await && !is_in(&two, BROKER).await && is_in(&sam, BROKER).await);
    site.advance(Duration::from_secs(2));
    enter(&one, BROKER, "martha").await;
    assert!(is_in(&one, BROKER).await, "a session that begins afterwards is none of those");
}

#[tokio::test]
async fn a_session_that_was_ended_gets_no_keys() {
    let site = start().await;
    let browser = site.browser();
    enter(&browser, BROKER, "martha").await;
    let told = say(&site, BROKER, &site.idp.logout_token("martha", PORTAL_CLIENT).unwrap()).await;
    assert_eq!((told.status, told.text.as_str(), told.header("cache-control")), (200, "", "no-store"));
    let form = [("account", "111111111111"), ("role", "PhotoReader")];
    let refused = browser.post(&format!("{BROKER}/portal/credentials"), &form).await;
    assert!(refused.location().starts_with(&format!("{BROKER}/signin")), "{refused:?}");
    assert!(events(&site, "mint").is_empty());
}

#[tokio::test]
async fn attack_a_forged_logout_token_signs_nobody_out() {
    let site = start().await;
    let browser = site.browser();
    for (origin, client) in [(BROKER, PORTAL_CLIENT), (APP, APP_CLIENT)] {
        enter(&browser, origin, "martha").await;
        for (fault, rule) in [
            (Fault::AlgNone, "algorithm"),
            (Fault::Unsigned, "algorithm"),
            (Fault::HmacWithPublicKey, "algorithm"),
            (Fault::WrongKey, "signature"),
            (Fault::Tampered, "signature"),
            (Fault::WrongIssuer, "issuer"),
            (Fault::WrongAudience, "audience"),
            (Fault::NotYetValid, "issued_at"),
            (Fault::Expired, "expiration"),
            (Fault::NoEvent, "events"),
            (Fault::WrongEvent, "events"),
            (Fault::WithNonce, "no_nonce"),
        ] {
            let request = LogoutTokenRequest::new("martha", client).with_fault(fault);
            let refused = say(&site, origin, &site.idp.logout_token_for(request).unwrap()).await;
            is_refused(&refused, 400, "invalid_request");
            let refusal = site.last_refusal();
            assert_eq!((refusal.operation.as_str(), broken(&refusal)), (SAID_BY_PROVIDER, rule), "{fault:?}");
            assert!(is_in(&browser, origin).await, "{fault:?}");
        }
    }
}

#[tokio::test]
async fn attack_another_clients_logout_token_signs_nobody_out() {
    let site = start().await;
    let browser = site.browser();
    enter(&browser, BROKER, "martha").await;
    let theirs = site.idp.logout_token("martha", APP_CLIENT).unwrap();
    is_refused(&say(&site, BROKER, &theirs).await, 400, "invalid_request");
    assert_eq!(broken(&site.last_refusal()), "audience");
    assert!(is_in(&browser, BROKER).await);
}

#[tokio::test]
async fn attack_an_id_token_is_no_logout_token() {
    let site = start().await;
    let browser = site.browser();
    enter(&browser, BROKER, "martha").await;
    let hint = parameter(&onward(&sign_out(&browser, BROKER).await).unwrap(), "id_token_hint");
    enter(&browser, BROKER, "martha").await;
    for token in [hint, site.idp.id_token("martha", PORTAL_CLIENT).unwrap()] {
        is_refused(&say(&site, BROKER, &token).await, 400, "invalid_request");
        // Good for an hour, it is refused before its events are looked at; those alone refuse it in `tests/oidc`.
        assert_eq!(broken(&site.last_refusal()), "lifetime");
    }
    assert!(is_in(&browser, BROKER).await);
}

#[tokio::test]
async fn attack_a_replayed_logout_token_ends_no_later_session() {
    let site = start().await;
    let browser = site.browser();
    enter(&browser, BROKER, "martha").await;
    let token = site.idp.logout_token("martha", PORTAL_CLIENT).unwrap();
    assert_eq!(say(&site, BROKER, &token).await.status, 200);
    assert!(!is_in(&browser, BROKER).await);
    site.advance(Duration::from_secs(2));
    enter(&browser, BROKER, "martha").await;
    site.advance(Duration::from_secs(2));
    is_refused(&say(&site, BROKER, &token).await, 400, "invalid_request");
    assert!(site.last_refusal().reason.contains("was followed before"), "{}", site.last_refusal().reason);
    assert!(is_in(&browser, BROKER).await);
    // Long after it was made, it is too old to be looked up.
    site.advance(Duration::from_secs(600));
    is_refused(&say(&site, BROKER, &token).await, 400, "invalid_request");
    assert_eq!(broken(&site.last_refusal()), "expiration");
    assert!(is_in(&browser, BROKER).await);
}

#[tokio::test]
async fn attack_an_id_token_that_a_logout_overtook_signs_nobody_in() {
    let site = start().await;
    let browser = site.browser();
    let begin = format!("{BROKER}/signin/oidc/corp");
    let callback = browser.answered(&begin, "martha").await.location().to_owned();
    assert_eq!(say(&site, BROKER, &site.idp.logout_token("martha", PORTAL_CLIENT).unwrap()).await.status, 200);
    browser.get(&callback).await.is_refused(403, "Your sign-in was not accepted");
    let refusal = site.last_refusal();
    assert!(refusal.reason.contains("was ended by a logout request"), "{}", refusal.reason);
    assert_eq!(browser.cookie("daypass_session"), None);
    site.advance(Duration::from_secs(1));
    enter(&browser, BROKER, "martha").await;
    assert!(is_in(&browser, BROKER).await, "a token issued later is about another session");
}

#[tokio::test]
async fn nobody_is_signed_in_while_it_cannot_be_told_who_was_signed_out() {
    for lost_space in [Space::EndedSession, Space::Replay] {
        let lost = Arc::new(AtomicBool::new(false));
        let losing = Arc::clone(&lost);
        let store = Watched::new(move |operation, space| {
            let gone = space == lost_space && losing.load(Ordering::SeqCst) && operation != Operation::Take;
            if gone { Err(StoreError::Unavailable { reason: "connection refused".to_owned() }) } else { Ok(()) }
        });
        let site = start_with(Wiring { store: Some(Arc::new(store)), ..Wiring::default() }).await;
        let browser = site.browser();
        enter(&browser, BROKER, "martha").await;
        let token = site.idp.logout_token("martha", PORTAL_CLIENT).unwrap();
        lost.store(true, Ordering::SeqCst);
        is_refused(&say(&site, BROKER, &token).await, 503, "temporarily_unavailable");
        if lost_space == Space::EndedSession {
            let portal = browser.get(&format!("{BROKER}/portal")).await;
            portal.is_refused(503, "There is no answer at the moment");
        }
        lost.store(false, Ordering::SeqCst);
        assert!(is_in(&browser, BROKER).await);
        // The token that could not be followed was not used up.
        assert_eq!(say(&site, BROKER, &token).await.status, 200);
        assert!(!is_in(&browser, BROKER).await);
    }
}

#[tokio::test]
async fn a_token_is_not_judged_without_the_providers_keys() {
    let site = start().await;
    let token = site.idp.logout_token("martha", PORTAL_CLIENT).unwrap();
    let browser = site.without_provider().await;
    let form = [("logout_token", token.as_str())];
    let answer = browser.post_as(&format!("{BROKER}/oidc/backchannel-logout/corp"), &form, &[]).await;
    is_refused(&answer, 503, "temporarily_unavailable");
}

#[tokio::test]
async fn what_is_no_logout_token_is_refused() {
    let site = start().await;
    let browser = site.browser();
    enter(&browser, BROKER, "martha").await;
    let address = format!("{BROKER}/oidc/backchannel-logout/corp");
    let token = site.idp.logout_token("martha", PORTAL_CLIENT).unwrap();
    let long = "A".repeat(21 * 1024);
    for form in [
        &[][..],
        &[("token", token.as_str())],
        &[("logout_token", &token), ("logout_token", &token)],
        &[("logout_token", &long)],
        &[("logout_token", "")],
        &[("logout_token", "a.b.c")],
    ] {
        is_refused(&site.browser().post_as(&address, form, &[]).await, 400, "invalid_request");
    }
    let json = [("content-type", "application/json")];
    let body = format!("{{\"logout_token\":\"{token}\"}}");
    is_refused(&browser.send(Method::POST, &address, &json, body).await, 400, "invalid_request");
    let unknown = format!("{BROKER}/oidc/backchannel-logout/other");
    is_refused(&browser.post_as(&unknown, &[("logout_token", &token)], &[]).await, 404, "invalid_request");
    assert_eq!(browser.get(&format!("{address}?logout_token={token}")).await.status, 405);
    assert!(is_in(&browser, BROKER).await);
}

#[tokio::test]
async fn attack_a_return_that_nobody_waits_for_says_nothing() {
    let site = start().await;
    let (browser, victim) = (site.browser(), site.browser());
    enter(&browser, BROKER, "martha").await;
    enter(&victim, BROKER, "sam").await;
    let leaving = sign_out(&browser, BROKER).await;
    let back = browser.get(&onward(&leaving).unwrap()).await.location().to_owned();
    assert!(back.starts_with(&format!("{BROKER}/oidc/signed-out?state=")), "{back}");
    let state = parameter(&back, "state");
    let (rest, last) = state.split_at(state.len() - 1);
    let forged = back.replace(&state, &format!("{rest}{}", if last == "A" { "Q" } else { "A" }));
    let bare = format!("{BROKER}/oidc/signed-out");
    for stray in [&forged, &bare, &format!("{bare}?state=")] {
        browser.get(stray).await.is_refused(400, "There is no sign-out to finish");
        assert_eq!(site.last_refusal().operation, BACK);
    }
    browser.get(&format!("{back}&state={state}")).await.is_refused(400, "This request could not be read");
    victim.get(&back).await.is_refused(400, "There is no sign-out to finish");
    assert!(is_in(&victim, BROKER).await, "and it ends no session either");
    // The attempt spent it.
    browser.get(&back).await.is_refused(400, "There is no sign-out to finish");
    assert!(events(&site, BACK).iter().all(|event| event.outcome == Outcome::Refused));
}

#[tokio::test]
async fn a_state_of_a_sign_in_finishes_no_sign_out_and_a_return_counts_once() {
    let site = start().await;
    let browser = site.browser();
    let callback = browser.answered(&format!("{BROKER}/signin/oidc/corp"), "martha").await.location().to_owned();
    let borrowed = format!("{BROKER}/oidc/signed-out?state={}", parameter(&callback, "state"));
    browser.get(&borrowed).await.is_refused(400, "There is no sign-out to finish");
    assert_eq!(browser.get(&callback).await.status, 303, "and it is still good for what it was made for");
    let leaving = sign_out(&browser, BROKER).await;
    let back = browser.get(&onward(&leaving).unwrap()).await.location().to_owned();
    assert_eq!(browser.get(&back).await.location(), format!("{BROKER}/signin?signed_out=everywhere"));
    browser.get(&back).await.is_refused(400, "There is no sign-out to finish");
}

#[tokio::test]
async fn a_return_after_ten_minutes_is_none() {
    let site = start().await;
    let browser = site.browser();
    enter(&browser, BROKER, "martha").await;
    let leaving = sign_out(&browser, BROKER).await;
    let back = browser.get(&onward(&leaving).unwrap()).await.location().to_owned();
    site.clock.advance(Duration::from_secs(600));
    browser.get(&back).await.is_refused(400, "There is no sign-out to finish");
}

#[tokio::test]
async fn where_no_return_is_registered_people_stay_at_the_provider() {
    let site = start_with(Wiring { returns: false, ..Wiring::default() }).await;
    let browser = site.browser();
    enter(&browser, BROKER, "martha").await;
    let leaving = sign_out(&browser, BROKER).await;
    let url = onward(&leaving).unwrap();
    assert!(!url.contains("post_logout_redirect_uri") && !url.contains("state="), "{url}");
    let page = go_on(&browser, leaving).await;
    assert_eq!(page.heading(), "You are signed out", "{}", page.text);
    assert!(!is_in(&browser, BROKER).await);
}

#[tokio::test]
async fn a_token_that_the_store_does_not_take_is_left_out_of_the_session() {
    let full = Arc::new(AtomicBool::new(true));
    let store = Watched::new(move |operation, space| {
        let keeping = space == Space::PortalSession && operation == Operation::InsertNew;
        let refuses = keeping && full.swap(false, Ordering::SeqCst);
        if refuses { Err(StoreError::TooLarge { limit: 1024 }) } else { Ok(()) }
    });
    let site = start_with(Wiring { store: Some(Arc::new(store)), ..Wiring::default() }).await;
    let browser = site.browser();
    enter(&browser, BROKER, "martha").await;
    let leaving = sign_out(&browser, BROKER).await;
    let url = onward(&leaving).unwrap();
    assert!(!url.contains("id_token_hint"), "{url}");
    assert_eq!((parameter(&url, "logout_hint"), parameter(&url, "client_id")), ("martha".into(), PORTAL_CLIENT.into()));
    // Without the token the provider asks the person first.
    let page = browser.get(&url).await;
    assert_eq!(page.heading(), "Sign out?", "{}", page.text);
    let state = page.field("state");
    let form = [
        ("client_id", PORTAL_CLIENT),
        ("post_logout_redirect_uri", &format!("{BROKER}/oidc/signed-out")),
        ("state", &state),
    ];
    let page = go_on(&browser, browser.post(&format!("{}/signout", site.idp.base_url()), &form).await).await;
    assert!(page.text.contains("You are signed out here and at your identity provider."), "{}", page.text);
}

#[tokio::test]
async fn where_the_provider_cannot_be_asked_signing_out_stays_here() {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::default());
    let site = start_with(Wiring { store: Some(Arc::clone(&store)), ..Wiring::default() }).await;
    let browser = site.browser();
    enter(&browser, BROKER, "martha").await;
    // Another node, which has not read the provider's metadata yet.
    let trail = Arc::new(Recent::new(10, Discard));
    let node = portal(site.idp.issuer(), &Wiring { store: Some(store), ..Wiring::default() }, &site.clock, &trail);
    let browser = browser.at(BROKER, node);
    assert!(is_in(&browser, BROKER).await);
    site.idp.stop().await;
    let out = sign_out(&browser, BROKER).await;
    assert_eq!((out.status, out.location()), (303, "http://localhost:8200/signin?signed_out=1"));
    assert!(!is_in(&browser, BROKER).await);
    let told: Vec<_> = trail.events().iter().map(|event| (event.operation.clone(), event.outcome)).collect();
    let refused = ("logout at the OpenID provider".to_owned(), Outcome::Refused);
    assert_eq!(told, [("sign-out".to_owned(), Outcome::Accepted), refused]);
}
