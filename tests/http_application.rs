//! Sign-in for an application: who gets past the guard, and where everyone else ends.
//! That people who signed in do get past it is shown by `examples/sign_in.rs`, which `tests/examples.rs` runs.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, Response, StatusCode};
use axum::routing::get;
use daypass::http::application::{SignIn, SignedIn};
use daypass::http::portal::PortalError;
use daypass::identity::saml::SamlProvider;
use daypass::{Broker, Keyring};
use demo_idp::{Idp, ServiceProvider};
use tower::ServiceExt;

const APP: &str = "https://app.example";
const ACS: &str = "https://app.example/saml/acs";

async fn broker(acs_url: &str) -> Arc<Broker> {
    let idp = Idp::builder().seed(7).service_provider(ServiceProvider::new(APP, acs_url)).start().await.unwrap();
    let corp = SamlProvider::new(&idp.saml_metadata(), APP, acs_url).unwrap();
    Arc::new(Broker::new(Keyring::generate().unwrap()).with_provider(corp))
}

async fn home(person: SignedIn) -> String {
    format!("the secret of {}", person.subject())
}

async fn app() -> Router {
    let sign_in = SignIn::new(broker(ACS).await, APP).unwrap().with_saml("corp", "Example Corp").unwrap();
    let private = Router::new().route("/", get(home).post(home)).route("/deep/page", get(home));
    sign_in.guard(private).route("/open", get(|| async { "open" })).route("/careless", get(home))
}

async fn send(method: &str, path: &str, cookie: &str) -> Response<Body> {
    let request = Request::builder().method(method).uri(path).header("cookie", cookie);
    app().await.oneshot(request.body(Body::empty()).unwrap()).await.unwrap()
}

async fn text(response: Response<Body>) -> String {
    String::from_utf8(to_bytes(response.into_body(), 1 << 20).await.unwrap().to_vec()).unwrap()
}

#[tokio::test]
async fn strangers_are_sent_to_sign_in_and_come_back_to_where_they_were_going() {
    for (path, back) in [("/", "%2F"), ("/deep/page?q=1", "%2Fdeep%2Fpage%3Fq%3D1")] {
        let response = send("GET", path, "").await;
        assert_eq!(response.status(), StatusCode::SEE_OTHER, "{path}");
        assert_eq!(response.headers()["location"], format!("{APP}/signin?return={back}"), "{path}");
        assert!(!text(response).await.contains("secret"));
    }
}

#[tokio::test]
async fn the_fallback_of_what_is_guarded_is_guarded_too() {
    let sign_in = SignIn::new(broker(ACS).await, APP).unwrap();
    let app = sign_in.guard(Router::new().route("/", get(home)).fallback(home));
    let request = Request::get("/no/such/page").body(Body::empty()).unwrap();
    assert_eq!(app.oneshot(request).await.unwrap().status(), StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_form_that_nobody_signed_in_has_sent_is_refused() {
    assert_eq!(send("POST", "/", "").await.status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn cookies_that_no_sign_in_gave_open_nothing() {
    let long = "a".repeat(43);
    for cookie in [
        format!("__Host-daypass_application={long}"),
        format!("daypass_application={long}"),
        format!("__Host-daypass_session={long}"),
        "__Host-daypass_application=".to_owned(),
        "__Host-daypass_application=../../etc/passwd".to_owned(),
    ] {
        assert_eq!(send("GET", "/", &cookie).await.status(), StatusCode::SEE_OTHER, "{cookie}");
    }
}

#[tokio::test]
async fn what_is_outside_the_guard_is_open_and_knows_nobody() {
    assert_eq!(text(send("GET", "/open", "").await).await, "open");
    let careless = send("GET", "/careless", "").await;
    assert_eq!(careless.status(), StatusCode::INTERNAL_SERVER_ERROR);
    assert!(!text(careless).await.contains("secret"));
}

#[tokio::test]
async fn the_pages_of_sign_in_belong_to_the_application() {
    let page = text(send("GET", "/signin", "").await).await;
    assert!(page.contains("/signin/saml/corp") && page.contains("Example Corp"), "{page}");
    assert!(!page.contains("\"/portal\""), "an application has no portal: {page}");
    let begun = send("GET", "/signin/saml/corp", "").await;
    let location = begun.headers()["location"].to_str().unwrap();
    assert!(location.contains("SAMLRequest=") && location.contains("RelayState="), "{location}");
    assert_eq!(send("GET", "/portal", "").await.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn an_answer_that_nobody_asked_for_signs_nobody_in() {
    let idp = Idp::builder().seed(7).user(demo_idp::User::new("martha", "correct-horse"));
    let idp = idp.service_provider(ServiceProvider::new(APP, ACS)).start().await.unwrap();
    let mut form = reqwest::Url::parse("http://form").unwrap();
    form.query_pairs_mut().append_pair("SAMLResponse", &idp.assertion("martha").unwrap());
    let request = Request::post("/saml/acs").header("content-type", "application/x-www-form-urlencoded");
    let body = Body::from(form.query().unwrap().to_owned());
    let response = app().await.oneshot(request.body(body).unwrap()).await.unwrap();
    assert_eq!(response.status(), StatusCode::BAD_REQUEST);
    assert!(!response.headers().contains_key("set-cookie"));
}

#[tokio::test]
async fn a_provider_that_answers_elsewhere_is_refused_at_the_start() {
    let sign_in = SignIn::new(broker("https://other.example/saml/acs").await, APP).unwrap();
    let refused = sign_in.with_saml("corp", "Example Corp").unwrap_err();
    assert!(matches!(refused, PortalError::AnswerElsewhere { .. }), "{refused:?}");
    let sign_in = SignIn::new(broker(ACS).await, APP).unwrap();
    assert!(matches!(sign_in.with_saml("nobody", "Nobody"), Err(PortalError::UnknownProvider { .. })));
    assert!(matches!(SignIn::new(broker(ACS).await, "app.example"), Err(PortalError::BaseUrl { .. })));
}
