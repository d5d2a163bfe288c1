//! Who gets past, and where everyone else ends.

use axum::Router;
use axum::http::Method;
use axum::http::header::CACHE_CONTROL;
use axum::routing::get;
use daypass::http::application::SignedIn;

use crate::site::{Browser, SESSION, World, private};

async fn closed(person: SignedIn) -> String {
    format!("only for {}", person.subject())
}

async fn either(person: Option<SignedIn>) -> String {
    person.map_or_else(|| "a stranger".to_owned(), |person| format!("known as {}", person.subject()))
}

/// A guarded application, beside pages that everyone may see and one that was forgotten.
fn app(world: &World) -> Router {
    let inner = Router::new().route("/closed", get(closed));
    let public = Router::new()
        .route("/closed", get(closed))
        .route("/either", get(either))
        .route("/plain", get(|| async { "for everyone" }))
        .nest("/nested", inner);
    let private = private().route("/kept", get(|| async { ([(CACHE_CONTROL, "private, max-age=60")], "kept") }));
    let careless = Router::new().route("/careless", get(closed)).route("/careless/either", get(either));
    careless.merge(world.sign_in_with_all().guard_beside(private, public))
}

const PROGRAM: [(&str, &str); 1] = [("accept", "application/json")];

#[tokio::test]
async fn strangers_are_sent_to_sign_in_and_come_back_to_where_they_were_going() {
    let world = World::start().await;
    let browser = Browser::at(app(&world));
    for (path, back) in [
        ("/", "%2F"),
        ("/deep/page?q=1", "%2Fdeep%2Fpage%3Fq%3D1"),
        ("/no/such/page", "%2Fno%2Fsuch%2Fpage"),
        ("/closed", "%2Fclosed"),
        ("/nested/closed?q=1", "%2Fnested%2Fclosed%3Fq%3D1"),
    ] {
        let sent = browser.open(path).await;
        let location = format!("https://app.example/signin?return={back}");
        assert_eq!((sent.status, sent.location(), sent.text.as_str()), (303, location.as_str(), ""), "{path}");
    }
    browser.sign_in(&world).await;
    assert!(browser.open("/deep/page?q=1").await.text.starts_with("the secret of martha until "));
    assert_eq!(browser.open("/nested/closed").await.text, "only for martha");
    assert_eq!(browser.open("/no/such/page").await.status, 404);
}

#[tokio::test]
async fn programs_are_told_and_not_sent_anywhere() {
    let world = World::start().await;
    let browser = Browser::at(app(&world));
    let html = ("accept", "text/html");
    for (method, path, headers) in [
        (Method::GET, "/", &PROGRAM[..]),
        (Method::GET, "/closed", &PROGRAM[..]),
        (Method::GET, "/", &[("accept", "*/*")][..]),
        (Method::GET, "/", &[("accept", "image/avif,image/webp,*/*;q=0.8")][..]),
        (Method::GET, "/", &[][..]),
        (Method::POST, "/", &[html][..]),
        (Method::DELETE, "/no/such/page", &[html][..]),
    ] {
        let told = browser.send(method.clone(), path, headers, String::new()).await;
        assert_eq!((told.status, told.header("cache-control")), (401, "no-store"), "{method} {path} {headers:?}");
        let body = r#"{"error":"sign_in_required","sign_in":"https://app.example/signin"}"#;
        assert_eq!((told.text.as_str(), told.location()), (body, ""), "{method} {path} {headers:?}");
    }
    browser.sign_in(&world).await;
    assert_eq!(browser.send(Method::GET, "/", &PROGRAM, String::new()).await.status, 200);
    assert_eq!(browser.send(Method::POST, "/", &PROGRAM, String::new()).await.status, 200);
}

#[tokio::test]
async fn a_handler_that_may_know_somebody_runs_for_everyone() {
    let world = World::start().await;
    let browser = Browser::at(app(&world));
    assert_eq!(browser.open("/either").await.text, "a stranger");
    assert_eq!(browser.open("/plain").await.text, "for everyone");
    browser.sign_in(&world).await;
    assert_eq!(browser.open("/either").await.text, "known as martha");
}

#[tokio::test]
async fn what_was_shown_to_one_person_is_kept_by_nobody() {
    let world = World::start().await;
    let browser = Browser::at(app(&world));
    browser.sign_in(&world).await;
    for (path, kept) in [
        ("/", "no-store"),
        ("/no/such/page", "no-store"),
        ("/closed", "no-store"),
        ("/either", "no-store"),
        ("/plain", ""),
        ("/kept", "private, max-age=60"),
    ] {
        assert_eq!(browser.open(path).await.header("cache-control"), kept, "{path}");
    }
    assert_eq!(Browser::at(app(&world)).open("/either").await.header("cache-control"), "no-store");
}

#[tokio::test]
async fn a_route_that_was_left_out_shows_and_knows_nobody() {
    let world = World::start().await;
    let browser = Browser::at(app(&world));
    browser.sign_in(&world).await;
    for path in ["/careless", "/careless/either"] {
        let answer = browser.open(path).await;
        assert_eq!((answer.status, answer.text.as_str()), (500, "sign-in was not set up for this route\n"), "{path}");
    }
}

#[tokio::test]
async fn the_fallback_of_what_is_guarded_is_guarded_too() {
    let world = World::start().await;
    let browser = Browser::at(world.sign_in_with_all().guard(private().fallback(closed)));
    assert_eq!(browser.open("/no/such/page").await.status, 303);
    browser.sign_in(&world).await;
    assert_eq!(browser.open("/no/such/page").await.text, "only for martha");
}

#[tokio::test]
async fn an_application_keeps_its_own_state() {
    let world = World::start().await;
    let handler = async |axum::extract::State(of): axum::extract::State<&'static str>, person: SignedIn| {
        format!("{of} {}", person.subject())
    };
    let private: Router<&'static str> = Router::new().route("/", get(handler));
    let browser = Browser::at(world.sign_in_with_all().guard(private).with_state("reports of"));
    browser.sign_in(&world).await;
    assert_eq!(browser.open("/").await.text, "reports of martha");
}

#[tokio::test]
async fn cookies_that_no_sign_in_gave_open_nothing() {
    let world = World::start().await;
    let app = app(&world);
    let long = "a".repeat(43);
    for cookie in [
        format!("{SESSION}={long}"),
        format!("daypass_application={long}"),
        format!("__Host-daypass_session={long}"),
        format!("{SESSION}="),
        format!("{SESSION}=../../etc/passwd"),
    ] {
        let headers = [("accept", "text/html"), ("cookie", cookie.as_str())];
        let sent = Browser::at(app.clone()).send(Method::GET, "/", &headers, String::new()).await;
        assert_eq!(sent.status, 303, "{cookie}");
    }
}
