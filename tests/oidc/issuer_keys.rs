//! Fetching keys from an issuer on this machine that counts what it is asked.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use daypass::explain::{Report, Silent};
use daypass::http::fetch::{FetchError, Fetcher, IssuerKeys};
use daypass::identity::oidc::discovery::DiscoveryError;
use daypass::identity::oidc::keys::exposition;
use daypass::identity::oidc::{self, Jwks, OidcError, OidcProvider, UnverifiedIdToken};
use daypass::time::Timestamp;
use serde_json::{Value, json};

use crate::scripted::{Answer, Scripted, decoded};
use crate::support::{CLIENT, Keys, claims_with, now};

/// What the issuer publishes, and how often it was asked for its keys.
#[derive(Debug)]
struct Published {
    issuer: Mutex<String>,
    keys: Mutex<Result<Value, StatusCode>>,
    cache_control: Mutex<&'static str>,
    asked: AtomicUsize,
}

struct Issuer {
    url: String,
    published: Arc<Published>,
}

impl Issuer {
    async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let published = Arc::new(Published {
            issuer: Mutex::new(url.clone()),
            keys: Mutex::new(Ok(Keys::of_issuer().jwks_json())),
            cache_control: Mutex::new("private"),
            asked: AtomicUsize::new(0),
        });
        let router = Router::new()
            .route("/.well-known/openid-configuration", get(metadata))
            .route("/keys", get(keys))
            .with_state(Arc::clone(&published));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, published }
    }

    fn provider(&self) -> OidcProvider {
        OidcProvider::new(&self.url, [CLIENT]).unwrap().with_local_network()
    }

    fn keys(&self) -> IssuerKeys {
        IssuerKeys::new(&self.provider()).unwrap()
    }

    fn publish(&self, keys: Result<Value, StatusCode>) {
        *self.published.keys.lock().unwrap() = keys;
    }

    fn asked(&self) -> usize {
        self.published.asked.load(Ordering::SeqCst)
    }

    /// A token of this issuer, signed as `kid` by `keys`.
    fn token(&self, keys: &Keys, kid: &str) -> UnverifiedIdToken {
        let header = json!({"alg": "ES256", "kid": kid}).to_string();
        let claims = claims_with(json!({"iss": self.url})).to_string();
        UnverifiedIdToken::for_exchange(keys.sign_raw("ES256", &header, claims))
    }
}

async fn metadata(State(published): State<Arc<Published>>) -> Json<Value> {
    let issuer = published.issuer.lock().unwrap().clone();
    Json(json!({"issuer": issuer, "jwks_uri": format!("{issuer}/keys")}))
}

async fn keys(
    State(published): State<Arc<Published>>,
) -> Result<([(&'static str, &'static str); 1], Json<Value>), StatusCode> {
    published.asked.fetch_add(1, Ordering::SeqCst);
    tokio::time::sleep(Duration::from_millis(20)).await;
    let caching = [("cache-control", *published.cache_control.lock().unwrap())];
    published.keys.lock().unwrap().clone().map(|keys| (caching, Json(keys)))
}

fn renamed(kid: &str, keys: &Keys) -> Value {
    let mut key = keys.jwks_json()["keys"][2].clone();
    key["kid"] = json!(kid);
    json!({ "keys": [key] })
}

#[tokio::test]
async fn a_crowd_causes_one_fetch() {
    let issuer = Issuer::start().await;
    let keys = issuer.keys();
    let tasks: Vec<_> = (0..50)
        .map(|_| {
            let (keys, token) = (keys.clone(), issuer.token(Keys::of_issuer(), "ES256"));
            tokio::spawn(async move { keys.for_token(&token, now()).await.map(|jwks| jwks.keys().len()) })
        })
        .collect();
    for task in tasks {
        assert_eq!(task.await.unwrap(), Ok(5));
    }
    assert_eq!(issuer.asked(), 1);
    assert_eq!(keys.metrics(now()).fetches, 1);
}

#[tokio::test]
async fn a_rotation_loses_no_one_and_random_key_ids_cause_one_fetch_a_minute() {
    let issuer = Issuer::start().await;
    let keys = issuer.keys();
    let honest = || issuer.token(Keys::of_issuer(), "ES256");
    keys.for_token(&honest(), now()).await.unwrap();

    let next = Keys::generate();
    issuer.publish(Ok(renamed("next", &next)));
    let jwks = keys.for_token(&issuer.token(&next, "next"), now()).await.unwrap();
    let verified = oidc::verify(&issuer.provider(), &jwks, issuer.token(&next, "next"), now(), &mut Silent);
    assert_eq!(verified.unwrap().subject(), "martha");
    assert_eq!(issuer.asked(), 2);

    for index in 0..200 {
        let forged = issuer.token(&next, &format!("random-{index}"));
        let jwks = keys.for_token(&forged, now()).await.unwrap();
        let refused = oidc::verify(&issuer.provider(), &jwks, forged, now(), &mut Silent).unwrap_err();
        assert!(matches!(refused, OidcError::UnknownKey { .. }));
    }
    assert_eq!(issuer.asked(), 2, "the minute of the rotation's fetch is not over");
    let later = Timestamp::from_unix_seconds(now().unix_seconds() + 60);
    keys.for_token(&issuer.token(&next, "random"), later).await.unwrap();
    assert_eq!(issuer.asked(), 3);
}

#[tokio::test]
async fn keys_survive_an_issuer_that_fails_or_publishes_nothing() {
    let issuer = Issuer::start().await;
    let keys = issuer.keys();
    let honest = || issuer.token(Keys::of_issuer(), "ES256");
    keys.for_token(&honest(), now()).await.unwrap();
    for (hours, publish) in [(2, Err(StatusCode::BAD_GATEWAY)), (4, Ok(json!({"keys": []})))] {
        issuer.publish(publish);
        let later = Timestamp::from_unix_seconds(now().unix_seconds() + hours * 3600);
        let jwks = keys.for_token(&honest(), later).await.unwrap();
        assert_eq!(jwks.keys().len(), 5);
    }
    assert_eq!(keys.metrics(now()).failures, 2);
}

#[tokio::test]
async fn without_keys_the_reason_is_told_and_the_issuer_left_alone_for_a_minute() {
    let issuer = Issuer::start().await;
    issuer.publish(Err(StatusCode::BAD_GATEWAY));
    let keys = issuer.keys();
    for _ in 0..5 {
        let refused = keys.for_token(&issuer.token(Keys::of_issuer(), "ES256"), now()).await;
        assert_eq!(refused.unwrap_err(), FetchError::Status { status: 502 });
    }
    assert_eq!(issuer.asked(), 1);
}

#[tokio::test]
async fn a_visitor_who_goes_away_takes_no_keys_along() {
    let issuer = Issuer::start().await;
    let keys = issuer.keys();
    let (visitor, token) = (keys.clone(), issuer.token(Keys::of_issuer(), "ES256"));
    let task = tokio::spawn(async move { visitor.for_token(&token, now()).await.map(drop) });
    tokio::time::sleep(Duration::from_millis(10)).await;
    task.abort();
    assert!(keys.for_token(&issuer.token(Keys::of_issuer(), "ES256"), now()).await.is_ok());
    assert_eq!(issuer.asked(), 1);
}

#[tokio::test]
async fn metadata_of_another_issuer_is_refused() {
    let issuer = Issuer::start().await;
    *issuer.published.issuer.lock().unwrap() = "https://evil.example".to_owned();
    let refused = issuer.keys().for_token(&issuer.token(Keys::of_issuer(), "ES256"), now()).await.unwrap_err();
    assert!(matches!(refused, FetchError::Discovery(DiscoveryError::Issuer { .. })));
    assert_eq!(issuer.asked(), 0);
}

#[tokio::test]
async fn a_provider_that_is_not_declared_local_is_not_fetched_from_this_machine() {
    let issuer = Issuer::start().await;
    let public = OidcProvider::new(&issuer.url, [CLIENT]).unwrap();
    let keys = IssuerKeys::new(&public).unwrap();
    let refused = keys.for_token(&issuer.token(Keys::of_issuer(), "ES256"), now()).await.unwrap_err();
    assert!(matches!(refused, FetchError::Url { .. }));
}

#[tokio::test]
async fn pinned_keys_are_never_fetched() {
    let issuer = Issuer::start().await;
    let pinned = IssuerKeys::pinned(&issuer.provider(), Keys::of_issuer().jwks()).unwrap();
    for kid in ["ES256", "random"] {
        assert_eq!(pinned.for_token(&issuer.token(Keys::of_issuer(), kid), now()).await.unwrap().keys().len(), 5);
    }
    assert_eq!(issuer.asked(), 0);
    let none = Jwks::parse(br#"{"keys":[{"kty":"oct","k":"AA"}]}"#).unwrap();
    assert_eq!(IssuerKeys::pinned(&issuer.provider(), none).unwrap_err(), FetchError::NoUsableKey { skipped: 1 });
}

#[tokio::test]
async fn what_the_issuer_says_of_caching_is_kept_within_bounds() {
    let issuer = Issuer::start().await;
    let after = |seconds: i64| Timestamp::from_unix_seconds(now().unix_seconds() + seconds);
    for (said, fresh) in [
        ("max-age=0", 300),
        ("no-store", 300),
        ("public, max-age=600, must-revalidate", 600),
        ("max-age=31536000", 86_400),
        ("private", 3600),
        ("max-age=rubbish", 3600),
    ] {
        *issuer.published.cache_control.lock().unwrap() = said;
        let keys = issuer.keys();
        let before = issuer.asked();
        for (at, asked) in [(0, 1), (fresh - 1, 1), (fresh, 2)] {
            keys.for_token(&issuer.token(Keys::of_issuer(), "ES256"), after(at)).await.unwrap();
            assert_eq!(issuer.asked() - before, asked, "{said} after {at} seconds");
        }
    }
}

#[tokio::test]
async fn the_counters_of_a_running_service_can_be_read_from_outside() {
    let issuer = Issuer::start().await;
    let keys = issuer.keys();
    let later = Timestamp::from_unix_seconds(now().unix_seconds() + 3600);
    let broker = daypass::Broker::new(daypass::Keyring::generate().unwrap())
        .with_provider(issuer.provider())
        .with_clock(Arc::new(daypass::time::ManualClock::new(later)));
    let sts = daypass::http::sts::Sts::new(Arc::new(broker)).with_issuer(&issuer.url, keys.clone());
    // What an operator's own page does.
    let counted = sts.clone();
    let page = Router::new().route(
        "/metrics",
        get(move || async move {
            let found = counted.key_metrics();
            exposition(found.iter().map(|(issuer, metrics)| (issuer.as_str(), *metrics)))
        }),
    );
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, sts.router().merge(page)).await });
    keys.for_token(&issuer.token(Keys::of_issuer(), "ES256"), now()).await.unwrap();
    for kid in ["random-1", "random-2", "random-1"] {
        keys.for_token(&issuer.token(Keys::of_issuer(), kid), now()).await.unwrap();
    }
    issuer.publish(Err(StatusCode::BAD_GATEWAY));
    keys.for_token(&issuer.token(Keys::of_issuer(), "ES256"), later).await.unwrap();
    let page = reqwest::get(format!("{url}/metrics")).await.unwrap().text().await.unwrap();
    for (name, value) in [
        ("daypass_issuer_key_fetches_total", 3),
        ("daypass_issuer_key_fetch_failures_total", 1),
        // The second random key id, and the one after the failure that was served with the keys at hand.
        ("daypass_issuer_key_cooldown_refusals_total", 2),
        // The first, when its own fetch had not brought it, and the third.
        ("daypass_issuer_key_unknown_refusals_total", 2),
        ("daypass_issuer_keys_age_seconds", 3600),
    ] {
        let line = format!("{name}{{issuer=\"{}\"}} {value}\n", issuer.url);
        assert!(page.contains(&line), "{line}{page}");
    }
}

#[tokio::test]
async fn issuers_share_a_fetcher_of_their_own_reach_alone() {
    let issuer = Issuer::start().await;
    let (local, public) = (Fetcher::local().unwrap(), Fetcher::public().unwrap());
    let keys = IssuerKeys::fetched_by(&issuer.provider(), &local).unwrap();
    assert!(keys.for_token(&issuer.token(Keys::of_issuer(), "ES256"), now()).await.is_ok());
    assert_eq!(IssuerKeys::fetched_by(&issuer.provider(), &public).unwrap_err(), FetchError::Reach);
    let elsewhere = OidcProvider::new("https://idp.example", [CLIENT]).unwrap();
    assert_eq!(IssuerKeys::fetched_by(&elsewhere, &local).unwrap_err(), FetchError::Reach);
}

#[tokio::test]
async fn a_stranger_delays_no_sign_in_with_a_key_that_is_new() {
    let idp = Scripted::start(json!({})).await;
    let party = idp.party("secret");
    idp.sign_in(&party, &mut Report::new(), |_| {}).await.unwrap();
    party.keys().for_key_id(Some("random"), now()).await.unwrap();
    assert_eq!(idp.asked("/jwks").len(), 2, "the minute of the stranger's fetch begins");
    let next = Keys::generate();
    idp.answer_next("/jwks", Answer::json(200, renamed("next", &next)));
    let rotated = |tokens: &mut Value| {
        let (_, claims) = decoded(tokens["id_token"].as_str().unwrap());
        let header = json!({"alg": "ES256", "kid": "next"}).to_string();
        tokens["id_token"] = json!(next.sign_raw("ES256", &header, claims.to_string()));
    };
    let done = idp.sign_in(&party, &mut Report::new(), rotated).await.unwrap();
    assert_eq!(done.identity.subject(), "martha");
    assert_eq!(idp.asked("/jwks").len(), 3);
}
