//! Fetching metadata from an issuer that is slow, or fails.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use daypass::http::fetch::FetchError;
use daypass::http::relying_party::{RelyingParty, SignInError};
use daypass::identity::oidc::OidcProvider;
use daypass::time::Timestamp;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::scripted::{Answer, CALLBACK, Scripted};
use crate::support::{CLIENT, now};

/// An issuer that tells its metadata to so many who ask and lets everyone after them wait; and how many came.
async fn slow_issuer(answers: usize) -> (String, Arc<AtomicUsize>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let metadata = json!({
        "issuer": url, "jwks_uri": format!("{url}/keys"), "authorization_endpoint": format!("{url}/authorize"),
        "token_endpoint": format!("{url}/token"),
    });
    let answer = format!("HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n{metadata}");
    let came = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&came);
    tokio::spawn(async move {
        let mut waiting = Vec::new();
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            if counted.fetch_add(1, Ordering::SeqCst) < answers {
                let _ = stream.read(&mut [0; 4096]).await;
                stream.write_all(answer.as_bytes()).await.unwrap();
            } else {
                waiting.push(stream);
            }
        }
    });
    (url, came)
}

fn party_of(url: &str) -> RelyingParty {
    let provider = OidcProvider::new(url, [CLIENT]).unwrap().with_local_network();
    RelyingParty::new(provider, "secret", CALLBACK).unwrap()
}

fn after(seconds: i64) -> Timestamp {
    Timestamp::from_unix_seconds(now().unix_seconds() + seconds)
}

#[tokio::test]
async fn visitors_who_go_away_ask_for_the_metadata_once() {
    let (url, came) = slow_issuer(0).await;
    let party = party_of(&url);
    for _ in 0..20 {
        let left = tokio::time::timeout(Duration::from_millis(20), party.begin(now())).await;
        assert!(left.is_err(), "nobody was answered");
    }
    assert_eq!(came.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn old_metadata_serves_while_the_new_is_on_its_way() {
    let (url, came) = slow_issuer(1).await;
    let party = party_of(&url);
    party.begin(now()).await.unwrap();
    let left = tokio::time::timeout(Duration::from_millis(20), party.begin(after(3600))).await;
    assert!(left.is_err(), "who asks first waits");
    for _ in 0..3 {
        assert!(tokio::time::timeout(Duration::from_millis(500), party.begin(after(3600))).await.unwrap().is_ok());
    }
    assert_eq!(came.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn metadata_that_cannot_be_had_is_asked_for_once_a_minute() {
    const METADATA: &str = "/.well-known/openid-configuration";
    let idp = Scripted::start(json!({})).await;
    let party = idp.party("secret");
    let broken = || idp.answer_next(METADATA, Answer::json(502, json!({})));
    broken();
    for at in [0, 1, 59] {
        // Without the pause between attempts this would go on for ever.
        let ended = tokio::time::timeout(Duration::from_secs(5), party.begin(after(at))).await;
        let refused = ended.expect("an end").unwrap_err();
        assert_eq!(refused, SignInError::Fetch(FetchError::Status { status: 502 }));
    }
    assert_eq!(idp.asked(METADATA).len(), 1);
    party.begin(after(60)).await.unwrap();
    assert_eq!(idp.asked(METADATA).len(), 2);
    // What is at hand serves for a day, and the issuer is left alone for a minute then too.
    for at in [3660, 3661, 3719] {
        broken();
        party.begin(after(at)).await.unwrap();
    }
    assert_eq!(idp.asked(METADATA).len(), 3);
    assert!(party.begin(after(60 + 24 * 3600)).await.is_err(), "a day is over");
}
