//! GetAccessKeyInfo, DecodeAuthorizationMessage and GetDelegatedAccessToken.

use daypass::audit::Stage;
use serde_json::{Value, json};

use crate::site::{ACCOUNT, MEMBER, Site, allow, policy, trust};

#[tokio::test]
async fn the_account_of_a_key_is_told_without_remembering_any() {
    let site = Site::start().await;
    let martha = site.user(ACCOUNT, "martha", &allow(&["sts:*"]));
    let rosa = site.user(MEMBER, "rosa", &allow(&["s3:*"]));
    let there = site.role(MEMBER, "there", &trust(ACCOUNT, &["sts:AssumeRole"], &json!({})), &allow(&["s3:*"]));
    let temporary = site.assume(&martha, &there, &[]).await.credentials();
    for (id, account) in [(&martha.id, ACCOUNT), (&rosa.id, MEMBER), (&temporary.id, MEMBER)] {
        let reply = site.sts(&martha, "GetAccessKeyInfo", &[("AccessKeyId", id)]).await;
        assert_eq!(reply.text("Account"), account, "{id}");
    }
    for unknown in ["AKIAAAAAAAAAAAAAAAAA", "ASIAAAAAAAAAAAAAAAAA"] {
        let reply = site.sts(&martha, "GetAccessKeyInfo", &[("AccessKeyId", unknown)]).await;
        assert_eq!((reply.status, reply.text("Code")), (400, "ValidationError"), "{unknown}");
    }
    for malformed in ["short", "AKIA/AAAAAAAAAAAAAAA"] {
        let reply = site.sts(&martha, "GetAccessKeyInfo", &[("AccessKeyId", malformed)]).await;
        assert_eq!((reply.status, reply.text("Code")), (400, "ValidationError"), "{malformed}");
    }
    let refused = site.sts(&rosa, "GetAccessKeyInfo", &[("AccessKeyId", &martha.id)]).await;
    assert_eq!((refused.status, refused.text("Code")), (403, "AccessDenied"));
}

#[tokio::test]
async fn a_denial_carries_the_whole_decision_for_those_who_may_read_it() {
    let site = Site::start().await;
    let deny = policy(&json!([{"Sid": "NoKeys", "Effect": "Deny", "Action": "sts:GetAccessKeyInfo", "Resource": "*"}]));
    let (nosy, reader) =
        (site.user(ACCOUNT, "nosy", &deny), site.user(ACCOUNT, "reader", &allow(&["sts:DecodeAuthorizationMessage"])));
    let refused = site.sts(&nosy, "GetAccessKeyInfo", &[("AccessKeyId", &reader.id)]).await;
    let message = refused.text("Message").to_owned();
    assert!(message.contains("with an explicit deny in an identity-based policy"), "{message}");
    let (_, encoded) = message.split_once("Encoded authorization failure message: ").unwrap();
    assert!(!encoded.contains("NoKeys"));
    let decoded = site.sts(&reader, "DecodeAuthorizationMessage", &[("EncodedMessage", encoded)]).await;
    assert_eq!(decoded.status, 200, "{}", decoded.body);
    let decoded: Value = serde_json::from_str(&decoded.text("DecodedMessage").replace("&quot;", "\"")).unwrap();
    assert_eq!((&decoded["allowed"], &decoded["explicitDeny"]), (&json!(false), &json!(true)));
    assert_eq!(decoded["matchedStatements"]["items"][0]["statementId"], "NoKeys");
    assert_eq!(decoded["context"]["action"], "sts:GetAccessKeyInfo");
    assert_eq!(decoded["context"]["principal"]["arn"], "arn:aws:iam::111111111111:user/nosy");
    // Whoever was denied may not read why.
    let refused = site.sts(&nosy, "DecodeAuthorizationMessage", &[("EncodedMessage", encoded)]).await;
    assert_eq!((refused.status, refused.text("Code")), (403, "AccessDenied"));
}

#[tokio::test]
async fn attack_a_message_that_was_altered_or_made_up() {
    let site = Site::start().await;
    let reader = site.user(ACCOUNT, "reader", &allow(&["sts:DecodeAuthorizationMessage"]));
    let refused = site.sts(&reader, "GetAccessKeyInfo", &[("AccessKeyId", &reader.id)]).await;
    let message = refused.text("Message").to_owned();
    let (_, encoded) = message.split_once("Encoded authorization failure message: ").unwrap();
    let last = if encoded.ends_with('A') { "B" } else { "A" };
    let altered = format!("{last}{}", &encoded[1..]);
    for text in [altered.as_str(), "AAAA", "not base64!", &encoded[..40]] {
        let refused = site.sts(&reader, "DecodeAuthorizationMessage", &[("EncodedMessage", text)]).await;
        let (status, code, _) = refused.refusal();
        assert_eq!((status, code), (400, "InvalidAuthorizationMessageException"), "{text}");
    }
    let other = Site::start().await;
    let stranger = other.user(ACCOUNT, "reader", &allow(&["sts:DecodeAuthorizationMessage"]));
    let refused = other.sts(&stranger, "DecodeAuthorizationMessage", &[("EncodedMessage", encoded)]).await;
    assert_eq!(refused.text("Code"), "InvalidAuthorizationMessageException", "of another keyring");
    let long = "A".repeat(10_241);
    let refused = site.sts(&reader, "DecodeAuthorizationMessage", &[("EncodedMessage", &long)]).await;
    assert_eq!(refused.text("Code"), "ValidationError");
}

#[tokio::test]
async fn no_trade_in_token_is_good_here() {
    let site = Site::start().await;
    let martha = site.user(ACCOUNT, "martha", &allow(&["*"]));
    let refused = site.sts(&martha, "GetDelegatedAccessToken", &[("TradeInToken", "token")]).await;
    let (status, code, _) = refused.refusal();
    assert_eq!((status, code), (400, "ExpiredTradeInTokenException"));
    let event = site.trail.events().pop().unwrap();
    assert_eq!((event.stage, event.operation.as_str()), (Stage::Operation, "GetDelegatedAccessToken"));
    assert_eq!((event.principal.as_str(), event.code), ("arn:aws:iam::111111111111:user/martha", Some(code)));
    assert_eq!(site.sts(&martha, "GetDelegatedAccessToken", &[]).await.text("Code"), "ValidationError");
}

#[tokio::test]
async fn an_operation_that_nobody_knows_is_named() {
    let site = Site::start().await;
    let martha = site.user(ACCOUNT, "martha", &allow(&["*"]));
    let refused = site.sts(&martha, "GetEverything", &[]).await;
    assert_eq!((refused.status, refused.text("Code")), (400, "InvalidAction"));
}
