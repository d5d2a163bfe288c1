//! Where a browser is sent to sign out, by what a provider publishes and what was kept of the sign-in.

use axum::Router;
use axum::routing::get;
use daypass::http::relying_party::RelyingParty;
use daypass::identity::oidc::{OidcProvider, OidcSession};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::support::{CLIENT, Keys, claims_with, now, sign_in, verify};

const BACK: (&str, &str) = ("https://app.example/oidc/signed-out", "a state");

/// A client of a provider whose metadata holds this `end_session_endpoint`.
async fn party(endpoint: Value) -> RelyingParty {
    let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let issuer = format!("http://{}", socket.local_addr().unwrap());
    let mut document = json!({"issuer": issuer, "jwks_uri": format!("{issuer}/jwks")});
    if !endpoint.is_null() {
        document["end_session_endpoint"] = endpoint;
    }
    let answer = move || std::future::ready(document.to_string());
    let router = Router::new().route("/.well-known/openid-configuration", get(answer));
    tokio::spawn(async move { axum::serve(socket, router).await });
    let provider = OidcProvider::new(&issuer, [CLIENT]).unwrap().with_local_network();
    RelyingParty::new(provider, "secret", "https://app.example/callback").unwrap()
}

/// The session of a sign-in whose token has this much in it.
fn session(ballast: usize) -> OidcSession {
    let token = Keys::of_issuer().sign("ES256", &claims_with(json!({"ballast": "x".repeat(ballast)})));
    let token = sign_in(token);
    let hint = token.hint();
    OidcSession::of(&verify(token).unwrap()).unwrap().with_hint(hint)
}

fn query(url: &str) -> Vec<(String, String)> {
    let (_, query) = url.split_once('?').unwrap();
    form_urlencoded::parse(query.as_bytes()).into_owned().collect()
}

#[tokio::test]
async fn the_token_goes_along_and_so_does_the_way_back() {
    let session = session(0);
    let url = party(json!("https://idp.example/bye")).await.end_session_url(&session, BACK, now()).await.unwrap();
    let url = url.unwrap();
    assert!(url.starts_with("https://idp.example/bye?id_token_hint=eyJ"), "{url}");
    let names: Vec<_> = query(&url).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["id_token_hint", "client_id", "post_logout_redirect_uri", "state"]);
    assert_eq!(
        query(&url)[1..],
        [("client_id", CLIENT), ("post_logout_redirect_uri", BACK.0), ("state", BACK.1)]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
    );
    let stays = party(json!("https://idp.example/bye")).await.without_post_logout_return();
    let url = stays.end_session_url(&session, BACK, now()).await.unwrap().unwrap();
    assert_eq!(query(&url).len(), 2, "{url}");
}

#[tokio::test]
async fn a_token_too_long_for_a_url_stays_here() {
    let session = session(4096);
    assert_eq!(session.id_token_hint(), None);
    let url = party(json!("https://idp.example/bye")).await.end_session_url(&session, BACK, now()).await.unwrap();
    assert_eq!(query(&url.unwrap())[0], ("logout_hint".to_owned(), "martha".to_owned()));
}

#[tokio::test]
async fn a_query_of_the_provider_is_kept() {
    let url = party(json!("https://idp.example/bye?tenant=a")).await;
    let url = url.end_session_url(&session(0), BACK, now()).await.unwrap().unwrap();
    assert_eq!(query(&url)[0], ("tenant".to_owned(), "a".to_owned()));
    assert_eq!(url.matches('?').count(), 1, "{url}");
}

#[tokio::test]
async fn a_provider_without_the_endpoint_is_not_asked() {
    assert_eq!(party(Value::Null).await.end_session_url(&session(0), BACK, now()).await, Ok(None));
}

#[tokio::test]
async fn attack_a_browser_is_not_sent_to_what_is_no_page() {
    for endpoint in
        ["javascript:alert(1)", "data:text/html,x", "//evil.example", "https://a.example/\n", "https://a/#x"]
    {
        let sent = party(json!(endpoint)).await.end_session_url(&session(0), BACK, now()).await;
        assert_eq!(sent, Ok(None), "{endpoint}");
    }
}
