//! GetSessionToken and GetCallerIdentity.

use std::time::Duration;

use crate::site::{ACCOUNT, Signer, Site, allow};

#[tokio::test]
async fn everyone_who_signs_may_ask_who_they_are() {
    let site = Site::start().await;
    let deny = crate::site::policy(&serde_json::json!({"Effect": "Deny", "Action": "*", "Resource": "*"}));
    let martha = site.user(ACCOUNT, "martha", &deny);
    let who = site.sts(&martha, "GetCallerIdentity", &[]).await;
    assert_eq!(who.text("Arn"), "arn:aws:iam::111111111111:user/martha");
    assert!(who.text("UserId").starts_with("AIDA"), "{}", who.body);
    assert_eq!(who.text("Account"), ACCOUNT);
    let root = site.sts(&site.root(ACCOUNT), "GetCallerIdentity", &[]).await;
    assert_eq!((root.text("Arn"), root.text("UserId")), ("arn:aws:iam::111111111111:root", ACCOUNT));
    let session = site.sts(&martha, "GetSessionToken", &[]).await.credentials();
    let who = site.sts(&session, "GetCallerIdentity", &[]).await;
    assert_eq!(who.text("Arn"), "arn:aws:iam::111111111111:user/martha");
}

#[tokio::test]
async fn a_session_lasts_twelve_hours_or_as_long_as_is_asked_and_a_root_users_an_hour() {
    let site = Site::start().await;
    let martha = site.user(ACCOUNT, "martha", &allow(&["s3:*"]));
    let expires = |reply: crate::site::Reply| reply.text("Expiration").to_owned();
    assert_eq!(expires(site.sts(&martha, "GetSessionToken", &[]).await), "2026-01-01T12:00:00Z");
    let longest = site.sts(&martha, "GetSessionToken", &[("DurationSeconds", "129600")]).await;
    assert_eq!(expires(longest), "2026-01-02T12:00:00Z");
    let root = site.root(ACCOUNT);
    for duration in ["3600", "129600"] {
        let reply = site.sts(&root, "GetSessionToken", &[("DurationSeconds", duration)]).await;
        assert_eq!(expires(reply), "2026-01-01T01:00:00Z");
    }
    for (duration, bound) in [("899", "greater than or equal to 900"), ("129601", "less than or equal to 129600")] {
        let refused = site.sts(&martha, "GetSessionToken", &[("DurationSeconds", duration)]).await;
        let expected = format!(
            "1 validation error detected: Value '{duration}' at 'durationSeconds' failed to satisfy constraint: \
             Member must have value {bound}"
        );
        assert_eq!(refused.refusal(), (400, "ValidationError", expected));
    }
}

#[tokio::test]
async fn attack_a_session_that_renews_itself() {
    let site = Site::start().await;
    let everything = allow(&["*"]);
    let martha = site.user(ACCOUNT, "martha", &everything);
    let reader = site.role(
        ACCOUNT,
        "reader",
        &crate::site::trust(ACCOUNT, &["sts:AssumeRole"], &serde_json::json!({})),
        &everything,
    );
    let sessions = [
        site.sts(&martha, "GetSessionToken", &[]).await.credentials(),
        site.assume(&martha, &reader, &[]).await.credentials(),
        site.sts(&martha, "GetFederationToken", &[("Name", "rosa"), ("Policy", &everything)]).await.credentials(),
    ];
    for session in &sessions {
        let refused = site.sts(session, "GetSessionToken", &[]).await;
        let expected = "Cannot call GetSessionToken with session credentials".to_owned();
        assert_eq!(refused.refusal(), (403, "AccessDenied", expected));
        let refused = site.sts(session, "GetFederationToken", &[("Name", "rosa"), ("Policy", &everything)]).await;
        let expected = "Cannot call GetFederationToken with session credentials".to_owned();
        assert_eq!(refused.refusal(), (403, "AccessDenied", expected));
    }
}

#[tokio::test]
async fn attack_tokens_and_keys_that_do_not_belong_together() {
    let site = Site::start().await;
    let (martha, rosa) = (site.user(ACCOUNT, "martha", &allow(&["*"])), site.user(ACCOUNT, "rosa", &allow(&["*"])));
    let session = site.sts(&martha, "GetSessionToken", &[]).await.credentials();
    let other = site.sts(&rosa, "GetSessionToken", &[]).await.credentials();
    for (name, signer) in [
        ("long-term key with a token", Signer { token: session.token.clone(), ..rosa.clone() }),
        ("a temporary key without its token", Signer { token: None, ..session.clone() }),
        ("a temporary key with another's token", Signer { token: other.token.clone(), ..session.clone() }),
        ("a key nobody has", Signer { id: "AKIAAAAAAAAAAAAAAAAA".to_owned(), ..rosa.clone() }),
    ] {
        let refused = site.sts(&signer, "GetCallerIdentity", &[]).await;
        assert_eq!((refused.status, refused.text("Code")), (403, "InvalidClientTokenId"), "{name}: {}", refused.body);
    }
    let forged = Signer { secret: "A".repeat(40), ..rosa };
    let refused = site.sts(&forged, "GetCallerIdentity", &[]).await;
    assert_eq!((refused.status, refused.text("Code")), (403, "SignatureDoesNotMatch"));
}

#[tokio::test]
async fn a_session_that_is_over_opens_nothing() {
    let site = Site::start().await;
    let martha = site.user(ACCOUNT, "martha", &allow(&["*"]));
    let session = site.sts(&martha, "GetSessionToken", &[("DurationSeconds", "900")]).await.credentials();
    site.clock.advance(Duration::from_secs(901));
    let refused = site.sts(&session, "GetCallerIdentity", &[]).await;
    assert_eq!((refused.status, refused.text("Code")), (403, "ExpiredToken"));
}

#[tokio::test]
async fn a_user_made_anew_under_the_same_name_is_another_one() {
    let site = Site::start().await;
    let martha = site.user(ACCOUNT, "martha", &allow(&["sts:GetAccessKeyInfo", "sts:AssumeRole"]));
    let reader = site.role(
        ACCOUNT,
        "reader",
        &crate::site::trust("arn:aws:iam::111111111111:user/martha", &["sts:AssumeRole"], &serde_json::json!({})),
        &allow(&["s3:*"]),
    );
    let session = site.sts(&martha, "GetSessionToken", &[]).await.credentials();
    assert_eq!(site.assume(&session, &reader, &[]).await.status, 200);
    let id = crate::site::account(ACCOUNT);
    let gone = site.broker.registry().update(&id, |account, _| {
        account.delete_inline_policy(&daypass::iam::Holder::User("martha".to_owned()), "own")?;
        account.delete_access_key(&daypass::iam::KeyOwner::user("martha"), &martha.id.parse().unwrap())?;
        account.delete_user("martha")
    });
    gone.unwrap();
    let again = site.user(ACCOUNT, "martha", &allow(&["*"]));
    // Trust was in the user, not in the name; and a session of the former user is entitled to nothing of the latter's.
    assert_eq!(site.assume(&again, &reader, &[]).await.status, 403);
    let refused = site.sts(&session, "GetAccessKeyInfo", &[("AccessKeyId", &again.id)]).await;
    assert_eq!(refused.status, 403, "{}", refused.body);
}
