//! Answers of one provider to what another one was asked (RFC 9700 4.4; attacks: mix-up, COAT and CORF).

use reqwest::Url;

use crate::site::{Browser, World, callback, parameter, private};

/// What a person sees of an answer at an address it was not asked to come to, and what the audit trail says.
const ELSEWHERE: &str = "This answer belongs somewhere else";
const OTHER_ADDRESS: &str = "the answer came to another address than it was asked for";

fn query(url: &str) -> String {
    url.split_once('?').unwrap().1.to_owned()
}

fn red_was_asked_for_tokens(world: &World) -> bool {
    world.red.requests().iter().any(|request| request.path == "/token")
}

#[tokio::test]
async fn an_answer_at_the_address_of_another_provider_is_refused() {
    let world = World::start().await;
    let browser = Browser::at(world.sign_in_with_all().guard(private()));
    let begun = browser.open("/signin/oidc/red").await;
    let answer = browser.oidc_answer(begun.location()).await;
    assert!(answer.starts_with(&callback("red")), "{answer}");
    let refused = browser.open(&format!("{}?{}", callback("blue"), query(&answer))).await;
    assert!(refused.status == 403 && refused.text.contains(ELSEWHERE), "{refused:?}");
    assert!(world.last_refusal().1.contains(OTHER_ADDRESS), "{:?}", world.last_refusal());
    assert_eq!(browser.session(), None);
    assert!(!red_was_asked_for_tokens(&world));
    // The sign-in is spent with it, also for the answer at the right address.
    assert_eq!(browser.open(&answer).await.status, 400);
}

/// The person chose `red`, which is in the hands of an attacker and leads them on to `blue` instead.
async fn mixed_up(browser: &Browser) -> String {
    let to_red = browser.open("/signin/oidc/red").await.location().to_owned();
    let mut to_blue = Url::parse(browser.open("/signin/oidc/blue").await.location()).unwrap();
    let pairs: Vec<_> = to_blue.query_pairs().into_owned().collect();
    to_blue.query_pairs_mut().clear();
    for (name, value) in pairs {
        let of_red = ["state", "nonce", "code_challenge"].contains(&name.as_str());
        to_blue.query_pairs_mut().append_pair(&name, &if of_red { parameter(&to_red, &name) } else { value });
    }
    let answer = browser.oidc_answer(to_blue.as_str()).await;
    assert!(answer.starts_with(&callback("blue")), "{answer}");
    assert_eq!(parameter(&answer, "state"), parameter(&to_red, "state"));
    answer
}

#[tokio::test]
async fn a_mixed_up_code_comes_to_an_address_that_did_not_wait_for_it() {
    let world = World::start().await;
    let browser = Browser::at(world.sign_in_with_all().guard(private()));
    let answer = mixed_up(&browser).await;
    let refused = browser.open(&answer).await;
    assert!(refused.status == 403 && refused.text.contains(ELSEWHERE), "{refused:?}");
    assert!(world.last_refusal().1.contains(OTHER_ADDRESS), "{:?}", world.last_refusal());
    assert_eq!(browser.session(), None);
    assert!(!red_was_asked_for_tokens(&world), "the attacker must not be given the code");
}

#[tokio::test]
async fn a_mixed_up_code_that_is_carried_to_the_right_address_names_its_issuer() {
    let world = World::start().await;
    let browser = Browser::at(world.sign_in_with_all().guard(private()));
    let answer = mixed_up(&browser).await;
    let refused = browser.open(&format!("{}?{}", callback("red"), query(&answer))).await;
    assert_eq!(refused.status, 403, "{refused:?}");
    assert_eq!(world.last_refusal().0, Some("callback_issuer"));
    assert!(!red_was_asked_for_tokens(&world), "the attacker must not be given the code");
}

#[tokio::test]
async fn an_address_without_a_provider_or_of_none_takes_no_answers() {
    let world = World::start().await;
    let browser = Browser::at(world.sign_in_with_all().guard(private()));
    let begun = browser.open("/signin/oidc/red").await;
    let answer = browser.oidc_answer(begun.location()).await;
    let bare = browser.open(&format!("/oidc/callback?{}", query(&answer))).await;
    assert!(bare.status == 303 && bare.location().contains("/signin"), "a page like any other: {bare:?}");
    assert_eq!(browser.open(&format!("/oidc/callback/green?{}", query(&answer))).await.status, 403);
    assert_eq!(browser.session(), None);
}

#[tokio::test]
async fn a_response_of_another_saml_provider_finishes_nothing() {
    let world = World::start().await;
    let browser = Browser::at(world.sign_in_with_all().guard(private()));
    let begun = browser.open("/signin/saml/corp").await;
    // Signed by the provider of `other`, for this application, in answer to the very request that `corp` was sent.
    let form = world.saml_answer(&world.blue, begun.location(), "martha");
    let refused = browser.post_from("cross-site", "/saml/acs", &form).await;
    assert_eq!(refused.status, 403, "{refused:?}");
    assert_eq!(world.last_refusal().0, Some("response_issuer"), "{:?}", world.last_refusal());
    assert_eq!(browser.session(), None);
}

#[tokio::test]
async fn each_provider_finishes_its_own() {
    let world = World::start().await;
    for name in ["red", "blue"] {
        let browser = Browser::at(world.sign_in_with_all().guard(private()));
        let begun = browser.open(&format!("/signin/oidc/{name}?return=%2Fdeep%2Fpage")).await;
        let answer = browser.oidc_answer(begun.location()).await;
        let back = browser.open(&answer).await;
        assert_eq!((back.status, back.location()), (303, "https://app.example/deep/page"), "{}", back.text);
        assert!(browser.open("/").await.text.starts_with("the secret of martha"));
    }
}
