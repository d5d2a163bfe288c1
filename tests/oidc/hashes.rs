//! Access tokens and codes are held to the ID token they came with, on every way an ID token comes.

use aws_lc_rs::digest::{SHA256, digest};
use daypass::explain::Report;
use serde_json::{Value, json};

use crate::scripted::{Answer, Scripted, decoded};
use crate::support::{Keys, b64, now};

/// The left half of the SHA-256 of `text` (OpenID Connect Core, 3.1.3.6).
fn half_hash(text: &str) -> String {
    b64(&digest(&SHA256, text.as_bytes()).as_ref()[..16])
}

/// Says in the ID token of a token response that `claim` is the hash of `of`.
fn hashed(tokens: &mut Value, claim: &str, of: &str) {
    let (_, mut claims) = decoded(tokens["id_token"].as_str().unwrap());
    claims[claim] = json!(half_hash(of));
    tokens["id_token"] = json!(Keys::of_issuer().sign("ES256", &claims));
}

#[tokio::test]
async fn a_swapped_code_or_access_token_ends_a_sign_in() {
    let idp = Scripted::start(json!({})).await;
    let party = idp.party("secret");
    for (claim, honest) in [("c_hash", "c-1"), ("at_hash", "access-1")] {
        let mut report = Report::new();
        idp.sign_in(&party, &mut report, |tokens| hashed(tokens, claim, honest)).await.unwrap();
        assert!(report.checks().iter().any(|check| check.name == claim), "{claim} was looked at");
        let mut report = Report::new();
        let swapped = idp.sign_in(&party, &mut report, |tokens| hashed(tokens, claim, "another")).await;
        assert_eq!(swapped.unwrap_err().rule().map(|rule| rule.name), Some(claim));
        assert_eq!(report.failure().map(|check| check.name), Some(claim));
    }
}

#[tokio::test]
async fn a_swapped_access_token_ends_a_refresh() {
    let idp = Scripted::start(json!({})).await;
    let party = idp.party("secret");
    let tokens = idp.sign_in(&party, &mut Report::new(), |_| {}).await.unwrap().tokens;
    // The one before is another one too.
    for (of, refused_by) in [("access-2", None), ("access-1", Some("at_hash"))] {
        let mut fresh = json!({
            "access_token": "access-2", "token_type": "Bearer", "id_token": idp.id_token("x", json!({"nonce": null})),
        });
        hashed(&mut fresh, "at_hash", of);
        idp.answer_next("/token", Answer::json(200, fresh));
        let outcome = party.refresh(&tokens, now(), &mut Report::new()).await;
        let rule = outcome.err().and_then(|error| error.rule().map(|rule| rule.name));
        assert_eq!(rule, refused_by, "{of}");
    }
}
