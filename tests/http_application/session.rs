//! The session: its cookie, when it begins and when it ends.

use std::time::Duration;

use crate::site::{Browser, SESSION, World, private};

#[tokio::test]
async fn the_cookie_is_for_this_host_alone_and_for_no_script() {
    let world = World::start().await;
    let browser = Browser::at(world.sign_in_with_all().guard(private()));
    let back = browser.sign_in(&world).await;
    let line = back.session_line().unwrap();
    let (value, attributes) = line.split_once(';').unwrap();
    assert_eq!(value.len(), SESSION.len() + 1 + 43, "256 bits: {line}");
    // The provider's session ends after eight hours too, and is told in whole seconds.
    let [to_the_second, rounded_down] =
        ["28800", "28799"].map(|age| format!(" Path=/; Max-Age={age}; HttpOnly; SameSite=Lax; Secure"));
    assert!(attributes == to_the_second || attributes == rounded_down, "{attributes}");
}

#[tokio::test]
async fn session_fixation_a_session_that_was_planted_is_not_the_one_signed_in_to() {
    let world = World::start().await;
    let app = world.sign_in_with_all().guard(private());
    let (victim, attacker) = (Browser::at(app.clone()), Browser::at(app));
    let planted = "a".repeat(43);
    victim.put_session(&planted);
    victim.sign_in(&world).await;
    assert_ne!(victim.session(), Some(planted.clone()));
    attacker.put_session(&planted);
    assert_eq!(attacker.open("/").await.status, 303);
}

#[tokio::test]
async fn signing_in_again_gives_a_new_session_and_ends_the_old_one() {
    let world = World::start().await;
    let app = world.sign_in_with_all().guard(private());
    let (browser, thief) = (Browser::at(app.clone()), Browser::at(app));
    browser.sign_in(&world).await;
    let first = browser.session().unwrap();
    thief.put_session(&first);
    assert_eq!(thief.open("/").await.status, 200);
    browser.sign_in(&world).await;
    assert_ne!(browser.session().unwrap(), first);
    assert_eq!(browser.open("/").await.status, 200);
    assert_eq!(thief.open("/").await.status, 303);
}

#[tokio::test]
async fn a_session_ends_for_good_when_its_lifetime_is_over() {
    let world = World::start().await;
    let lifetime = Duration::from_secs(900);
    let sign_in = world.sign_in_with_all().with_session_lifetime(lifetime).unwrap();
    let browser = Browser::at(sign_in.guard(private()));
    let back = browser.sign_in(&world).await;
    assert!(back.session_line().unwrap().contains("; Max-Age=900; "), "{back:?}");
    world.clock.advance(lifetime - Duration::from_secs(1));
    assert_eq!(browser.open("/").await.status, 200, "using it does not lengthen it");
    world.clock.advance(Duration::from_secs(1));
    assert_eq!(browser.open("/").await.status, 303);
}

#[tokio::test]
async fn signing_out_ends_the_session_everywhere_it_was_copied_to() {
    let world = World::start().await;
    let app = world.sign_in_with_all().guard(private());
    let (browser, thief) = (Browser::at(app.clone()), Browser::at(app));
    browser.sign_in(&world).await;
    thief.put_session(&browser.session().unwrap());
    let out = browser.post("/signout", &[]).await;
    assert_eq!((out.status, out.location()), (303, "https://app.example/signin?signed_out=1"));
    assert!(out.session_line().unwrap().contains("Max-Age=0"));
    assert_eq!(browser.session(), None);
    assert_eq!(thief.open("/").await.status, 303);
}

#[tokio::test]
async fn another_site_signs_nobody_out() {
    let world = World::start().await;
    let browser = Browser::at(world.sign_in_with_all().guard(private()));
    browser.sign_in(&world).await;
    for site in ["cross-site", "same-site", "none"] {
        assert_eq!(browser.post_from(site, "/signout", &[]).await.status, 403, "{site}");
    }
    let asked = browser.open("/signout").await;
    assert_eq!((asked.status, asked.header("cache-control")), (200, "no-store"));
    assert!(asked.text.contains("<form method=\"post\" action=\"/signout\">"), "{}", asked.text);
    assert!(asked.session_line().is_none(), "a link signs nobody out");
    assert_eq!(browser.open("/").await.status, 200);
}
