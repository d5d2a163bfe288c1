//! GetFederationToken.

use daypass::audit::Outcome;
use serde_json::json;

use crate::site::{ACCOUNT, Site, allow, policy};

#[tokio::test]
async fn a_user_vouches_for_somebody() {
    let site = Site::start().await;
    let martha = site.user(ACCOUNT, "martha", &allow(&["sts:*", "s3:*"]));
    let reply = site.sts(&martha, "GetFederationToken", &[("Name", "rosa"), ("Policy", &allow(&["s3:*"]))]).await;
    assert_eq!(reply.text("FederatedUserId"), "111111111111:rosa");
    assert_eq!(reply.text("Arn"), "arn:aws:sts::111111111111:federated-user/rosa");
    assert_eq!(reply.text("Expiration"), "2026-01-01T12:00:00Z");
    assert_ne!(reply.text("PackedPolicySize"), "0");
    let rosa = reply.credentials();
    let who = site.sts(&rosa, "GetCallerIdentity", &[]).await;
    assert_eq!(who.text("Arn"), "arn:aws:sts::111111111111:federated-user/rosa");
    assert_eq!(who.text("UserId"), "111111111111:rosa");
    let refused = site.iam(&rosa, "ListUsers", &[]).await;
    assert_eq!((refused.status, refused.text("Code")), (403, "AccessDenied"));
    let bare = site.sts(&martha, "GetFederationToken", &[("Name", "rosa")]).await;
    assert_eq!(bare.text("PackedPolicySize"), "0");
}

#[tokio::test]
async fn vouching_needs_a_permission_and_tags_need_another() {
    let site = Site::start().await;
    let nobody = site.user(ACCOUNT, "nobody", &allow(&["s3:*"]));
    let refused = site.sts(&nobody, "GetFederationToken", &[("Name", "rosa")]).await;
    let (status, code, message) = refused.refusal();
    assert_eq!((status, code), (403, "AccessDenied"));
    let expected = "User: arn:aws:iam::111111111111:user/nobody is not authorized to perform: sts:GetFederationToken on \
                    resource: arn:aws:sts::111111111111:federated-user/rosa because no identity-based policy allows the \
                    sts:GetFederationToken action. Encoded authorization failure message: ";
    assert!(message.starts_with(expected), "{message}");
    let untagged = site.user(ACCOUNT, "untagged", &allow(&["sts:GetFederationToken"]));
    let tags = [("Name", "rosa"), ("Tags.member.1.Key", "team"), ("Tags.member.1.Value", "cats")];
    let refused = site.sts(&untagged, "GetFederationToken", &tags).await;
    assert!(refused.text("Message").contains("sts:TagSession"), "{}", refused.body);
    let tagging = site.user(ACCOUNT, "tagging", &allow(&["sts:GetFederationToken", "sts:TagSession"]));
    assert_eq!(site.sts(&tagging, "GetFederationToken", &tags).await.status, 200);
}

/// Whoever reads the trail for what was given out must not find what was denied.
#[tokio::test]
async fn a_session_that_policies_deny_is_told_to_be_refused() {
    let site = Site::start().await;
    let refused = |name: &str| {
        let principal = format!("arn:aws:iam::111111111111:user/{name}");
        vec![("get federation token".to_owned(), principal, Outcome::Refused, Some("AccessDenied"))]
    };
    let (nobody, untagged) =
        (site.user(ACCOUNT, "nobody", &allow(&["s3:*"])), site.user(ACCOUNT, "untagged", &allow(&["sts:Get*"])));
    let tags = [("Name", "rosa"), ("Tags.member.1.Key", "team"), ("Tags.member.1.Value", "cats")];
    assert_eq!(site.sts(&nobody, "GetFederationToken", &[("Name", "rosa")]).await.status, 403);
    assert_eq!(site.session_events(), refused("nobody"));
    assert_eq!(site.sts(&untagged, "GetFederationToken", &tags).await.status, 403);
    assert_eq!(site.session_events(), [refused("nobody"), refused("untagged")].concat());
    assert_eq!(site.sts(&untagged, "GetFederationToken", &[("Name", "rosa")]).await.status, 200);
    let (_, _, outcome, code) = site.session_events().pop().unwrap();
    assert_eq!((outcome, code), (Outcome::Accepted, None));
}

#[tokio::test]
async fn a_permission_may_name_the_federated_user() {
    let site = Site::start().await;
    let own = policy(&json!({"Effect": "Allow", "Action": "sts:GetFederationToken",
        "Resource": "arn:aws:sts::111111111111:federated-user/rosa"}));
    let martha = site.user(ACCOUNT, "martha", &own);
    assert_eq!(site.sts(&martha, "GetFederationToken", &[("Name", "rosa")]).await.status, 200);
    assert_eq!(site.sts(&martha, "GetFederationToken", &[("Name", "rosalind")]).await.status, 403);
}

#[tokio::test]
async fn names_policies_and_tags_outside_the_limits_are_refused() {
    let site = Site::start().await;
    let martha = site.user(ACCOUNT, "martha", &allow(&["*"]));
    let refused = site.sts(&martha, "GetFederationToken", &[("Name", "a b")]).await;
    let expected = "1 validation error detected: Value 'a b' at 'name' failed to satisfy constraint: Member must satisfy \
                    regular expression pattern: [\\w+=,.@-]*";
    assert_eq!(refused.refusal(), (400, "ValidationError", expected.to_owned()));
    let long = "x".repeat(33);
    for name in ["a", long.as_str()] {
        assert_eq!(site.sts(&martha, "GetFederationToken", &[("Name", name)]).await.text("Code"), "ValidationError");
    }
    let refused = site.sts(&martha, "GetFederationToken", &[("Name", "rosa"), ("Policy", "{")]).await;
    let expected = "This policy contains invalid Json: line 1, column 2: expected a key in double quotes, found the end of the document: something is not closed".to_owned();
    assert_eq!(refused.refusal(), (400, "MalformedPolicyDocument", expected));
    let arn = "arn:aws:iam::aws:policy/ReadOnlyAccess";
    let many: Vec<(String, &str)> = (1..=11).map(|n| (format!("PolicyArns.member.{n}.arn"), arn)).collect();
    let many: Vec<(&str, &str)> =
        many.iter().map(|(name, arn)| (name.as_str(), *arn)).chain([("Name", "rosa")]).collect();
    assert_eq!(site.sts(&martha, "GetFederationToken", &many).await.text("Code"), "ValidationError");
    let named = [("Name", "rosa"), ("PolicyArns.member.1.arn", arn)];
    assert_eq!(site.sts(&martha, "GetFederationToken", &named).await.status, 200);
    let large = format!("{}{}", allow(&["s3:*"]), " ".repeat(1940));
    let packed = [("Name", "rosa"), ("Policy", large.as_str()), ("PolicyArns.member.1.arn", arn)];
    let refused = site.sts(&martha, "GetFederationToken", &packed).await;
    assert_eq!((refused.status, refused.text("Code")), (400, "PackedPolicyTooLarge"), "{}", refused.body);
}
