//! RelayState: sealed on the way out, opened on the way in, and never followed anywhere else when it is a stranger's.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::site::{ACS, BROKER, Setup, Site};
use crate::watched::{Operation, Watched};

async fn accepting() -> Site {
    Site::start_with(Setup { unsolicited: true, ..Setup::default() }).await
}

#[tokio::test]
async fn attack_a_forged_relay_state_is_refused_before_the_store_is_asked() {
    let taken = Arc::new(AtomicUsize::new(0));
    let counting = Arc::clone(&taken);
    let store = Watched::new(move |operation, _| {
        counting.fetch_add(usize::from(operation == Operation::Take), Ordering::SeqCst);
        Ok(())
    });
    let site = Site::start_with(Setup { store: Some(Arc::new(store)), ..Setup::default() }).await;
    let browser = site.browser();
    let (response, state) = browser.saml_answer(&format!("{BROKER}/signin/saml/corp"), "martha").await;
    assert!(state.len() <= 80, "{state}");
    let (handle, proof) = state.rsplit_once('.').unwrap();
    for forged in
        [handle.to_owned(), format!("{handle}."), format!("A{state}"), format!("other.{proof}"), "x".repeat(90)]
    {
        browser.post_back(&response, &forged).await.is_refused(400, "There is no sign-in to finish");
    }
    assert_eq!(taken.load(Ordering::SeqCst), 0);
    assert_eq!(browser.post_back(&response, &state).await.status, 303);
    assert_eq!(taken.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_sign_in_that_began_at_the_provider_is_accepted_where_that_was_chosen() {
    let site = accepting().await;
    for (state, lands) in [
        (None, "/portal"),
        (Some(""), "/portal"),
        (Some("/portal?q=staging"), "/portal?q=staging"),
        (Some("http://localhost:8200/portal?q=staging"), "/portal?q=staging"),
        // A value of the provider's own that means nothing here.
        (Some("8f14e45fceea167a"), "/portal"),
    ] {
        let browser = site.browser();
        let response = site.idp.assertion("martha").unwrap();
        let form = [("SAMLResponse", response.as_str())].into_iter().chain(state.map(|state| ("RelayState", state)));
        let back = browser.post_as(ACS, &form.collect::<Vec<_>>(), &[]).await;
        assert_eq!((back.status, back.location()), (303, format!("{BROKER}{lands}").as_str()), "{state:?}");
        assert_eq!(browser.get(&format!("{BROKER}/portal")).await.status, 200);
    }
}

#[tokio::test]
async fn attack_the_relay_state_of_a_stranger_leads_nowhere_else() {
    let site = accepting().await;
    for target in [
        "https://evil.example/",
        "//evil.example",
        "\\\\evil.example",
        "/\\evil.example",
        "/\t/evil.example",
        "/\n/evil.example",
        " //evil.example",
        "javascript:alert(1)",
        "data:text/html,x",
        "%2F%2Fevil.example",
        "http://localhost:8200.evil.example/",
        "http://localhost:8200@evil.example/",
        "http://localhost:8200//evil.example",
        "http://localhost:8200\\@evil.example/",
        "HTTP://evil.example/",
        "/signin?return=//evil.example",
        "/signout",
        "/saml/slo?SAMLRequest=x",
    ] {
        let browser = site.browser();
        let response = site.idp.assertion("martha").unwrap();
        let back = browser.post_back(&response, target).await;
        assert_eq!((back.status, back.location()), (303, "http://localhost:8200/portal"), "{target:?}");
    }
    // What is a path of ours stays one, however it is escaped.
    for path in ["/%2F/evil.example", "/%09/evil.example", "/..//evil.example"] {
        let browser = site.browser();
        let response = site.idp.assertion("martha").unwrap();
        let back = browser.post_back(&response, path).await;
        assert_eq!(back.location(), format!("{BROKER}{path}"), "{path:?}");
    }
}

#[tokio::test]
async fn attack_an_answer_to_a_request_is_no_unsolicited_one() {
    let site = accepting().await;
    let (mine, theirs) = (site.browser(), site.browser());
    let (response, _) = mine.saml_answer(&format!("{BROKER}/signin/saml/corp"), "martha").await;
    for state in ["", "/portal"] {
        let refused = theirs.post_back(&response, state).await;
        refused.is_refused(403, "Your sign-in was not accepted");
        assert!(site.last_refusal().reason.starts_with("in_response_to"), "{}", site.last_refusal().reason);
    }
    assert_eq!(theirs.cookie("daypass_session"), None);
}

#[tokio::test]
async fn an_unsolicited_response_serves_once() {
    let site = accepting().await;
    let response = site.idp.assertion("martha").unwrap();
    assert_eq!(site.browser().post_back(&response, "").await.status, 303);
    site.browser().post_back(&response, "").await.is_refused(403, "Your sign-in was not accepted");
    assert_eq!(site.last_refusal().code, Some("InvalidIdentityToken"));
}
