//! Policies attached, written inline, and boundaries: what they come to, and their limits.

use crate::site::{Site, allow, decoded, policy};
use serde_json::json;

const ADMINISTRATOR: &str = "arn:aws:iam::aws:policy/AdministratorAccess";
const ROLE: (&str, &str) = ("RoleName", "worker");

#[tokio::test]
async fn an_attached_policy_counts_at_once_and_until_it_is_detached() {
    let site = Site::start().await;
    let who = site.session_with("worker", &allow("s3:*")).await;
    let ask = async || site.iam_as(&who, "GetRole", &[ROLE]).await.status;
    assert_eq!(ask().await, 403);
    let attached = [ROLE, ("PolicyArn", "arn:aws:iam::aws:policy/IAMReadOnlyAccess")];
    site.done("AttachRolePolicy", &attached).await;
    site.done("AttachRolePolicy", &attached).await;
    assert_eq!(ask().await, 200);
    let listed = site.done("ListAttachedRolePolicies", &[ROLE]).await;
    assert_eq!(listed.text("PolicyName"), Some("IAMReadOnlyAccess"));
    assert_eq!(listed.body.matches("<PolicyArn>").count(), 1);
    let elsewhere = site.done("ListAttachedRolePolicies", &[ROLE, ("PathPrefix", "/team/")]).await;
    assert_eq!(elsewhere.text("PolicyName"), None);
    site.done("DetachRolePolicy", &attached).await;
    assert_eq!(ask().await, 403);
    let (status, code, _) = site.refused("DetachRolePolicy", &attached).await;
    assert_eq!((status, code.as_str()), (404, "NoSuchEntity"));
}

#[tokio::test]
async fn a_policy_that_is_not_there_is_not_attached() {
    let site = Site::start().await;
    site.session_with("worker", &allow("s3:*")).await;
    for policy in [
        "arn:aws:iam::111111111111:policy/none",
        "arn:aws:iam::222222222222:policy/other",
        "arn:aws:iam::aws:policy/NoSuchPolicy",
        "arn:aws:iam::111111111111:role/worker",
    ] {
        let (status, code, message) = site.refused("AttachRolePolicy", &[ROLE, ("PolicyArn", policy)]).await;
        assert_eq!((status, code.as_str()), (404, "NoSuchEntity"));
        assert_eq!(message, format!("Policy {policy} does not exist or is not attachable."));
        let boundary = [ROLE, ("PermissionsBoundary", policy)];
        let (_, code, message) = site.refused("PutRolePermissionsBoundary", &boundary).await;
        let expected = match policy.contains(":policy/") {
            true => ("NoSuchEntity", format!("Scope ARN: {policy} does not exist or is not attachable.")),
            false => ("InvalidInput", format!("ARN {policy} is not valid.")),
        };
        assert_eq!((code.as_str(), message), expected);
    }
    let nobody = [("RoleName", "nobody"), ("PolicyArn", ADMINISTRATOR)];
    assert_eq!(site.refused("AttachRolePolicy", &nobody).await.2, "The role with name nobody cannot be found.");
}

#[tokio::test]
async fn as_many_policies_are_attached_as_the_quota_allows() {
    let site = Site::start().await;
    site.session_with("worker", &allow("s3:*")).await;
    for number in 0..10 {
        let policy = site.create_policy(&format!("p{number}"), &allow("s3:*")).await;
        site.done("AttachRolePolicy", &[ROLE, ("PolicyArn", &policy)]).await;
    }
    let (status, code, message) = site.refused("AttachRolePolicy", &[ROLE, ("PolicyArn", ADMINISTRATOR)]).await;
    assert_eq!((status, code.as_str()), (409, "LimitExceeded"));
    assert_eq!(message, "Cannot exceed quota for PoliciesPerRole: 10");
}

#[tokio::test]
async fn inline_policies_are_written_read_and_deleted() {
    let site = Site::start().await;
    let who = site.session_with("worker", &allow("s3:*")).await;
    let document = allow("iam:GetRole");
    let put = [ROLE, ("PolicyName", "look"), ("PolicyDocument", document.as_str())];
    site.done("PutRolePolicy", &put).await;
    assert_eq!(site.iam_as(&who, "GetRole", &[ROLE]).await.status, 200);
    let read = site.done("GetRolePolicy", &put[..2]).await;
    assert_eq!((read.text("RoleName"), read.text("PolicyName")), (Some("worker"), Some("look")));
    assert_eq!(decoded(read.text("PolicyDocument").unwrap()), document);
    let names = site.done("ListRolePolicies", &[ROLE]).await;
    assert!(names.body.contains("<member>look</member><member>permissions-1</member>"), "{}", names.body);
    site.done("DeleteRolePolicy", &put[..2]).await;
    assert_eq!(site.iam_as(&who, "GetRole", &[ROLE]).await.status, 403);
    let (status, code, message) = site.refused("GetRolePolicy", &put[..2]).await;
    assert_eq!((status, code.as_str()), (404, "NoSuchEntity"));
    assert_eq!(message, "The role policy with name look cannot be found.");
}

#[tokio::test]
async fn inline_policies_are_counted_together() {
    let site = Site::start().await;
    site.session_with("worker", &allow("s3:*")).await;
    let long = |characters: usize| allow(&format!("s3:{}", "x".repeat(characters)));
    let put = async |name: &str, document: &str| {
        site.iam("PutRolePolicy", &[ROLE, ("PolicyName", name), ("PolicyDocument", document)]).await
    };
    assert_eq!(put("one", &long(5000)).await.status, 200);
    let over = put("two", &long(5100)).await;
    assert_eq!((over.status, over.text("Code")), (409, Some("LimitExceeded")));
    assert_eq!(over.text("Message"), Some("Maximum policy size of 10240 bytes exceeded for role worker"));
    assert_eq!(put("one", &long(5100)).await.status, 200, "what is replaced does not count");
}

#[tokio::test]
async fn a_boundary_is_shown_and_taken_off() {
    let site = Site::start().await;
    site.session_with("worker", &allow("s3:*")).await;
    let boundary = site.create_policy("bound", &allow("iam:GetRole")).await;
    site.done("PutRolePermissionsBoundary", &[ROLE, ("PermissionsBoundary", &boundary)]).await;
    let read = site.done("GetRole", &[ROLE]).await;
    assert_eq!(read.text("PermissionsBoundaryArn"), Some(boundary.as_str()));
    let role = site.broker.role(&"arn:aws:iam::111111111111:role/worker".parse().unwrap()).unwrap();
    assert_eq!(role.boundary().unwrap().len(), 1);
    site.done("DeleteRolePermissionsBoundary", &[ROLE]).await;
    let role = site.broker.role(&"arn:aws:iam::111111111111:role/worker".parse().unwrap()).unwrap();
    assert!(role.boundary().is_none());
    assert_eq!(site.done("GetRole", &[ROLE]).await.text("PermissionsBoundaryArn"), None);
}

#[tokio::test]
async fn a_malformed_inline_policy_says_where() {
    let site = Site::start().await;
    site.session_with("worker", &allow("s3:*")).await;
    let document = policy(&json!({"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": "*"}));
    let put = [ROLE, ("PolicyName", "p"), ("PolicyDocument", document.as_str())];
    let (status, code, message) = site.refused("PutRolePolicy", &put).await;
    assert_eq!((status, code.as_str()), (400, "MalformedPolicyDocument"));
    assert!(message.contains("line 1, column") && message.contains("Principal"), "{message}");
    let foreign =
        [ROLE, ("PolicyName", "p"), ("PolicyDocument", "{\"Version\": \"2012-10-17\", \"Id\": \"\u{20ac}\"}")];
    let (_, code, message) = site.refused("PutRolePolicy", &foreign).await;
    assert_eq!(code, "ValidationError");
    assert!(message.contains("[\\u0009\\u000A\\u000D\\u0020-\\u00FF]+"), "{message}");
}

#[tokio::test]
async fn the_policy_for_passwords_is_good_for_ones_own_alone() {
    let site = Site::start().await;
    let martha = site.user("martha").await;
    for name in ["martha", "rosa"] {
        if name != "martha" {
            site.done("CreateUser", &[("UserName", name)]).await;
        }
        site.done("CreateLoginProfile", &[("UserName", name), ("Password", "Correct-horse-1")]).await;
    }
    let asked = [("OldPassword", "Correct-horse-1"), ("NewPassword", "Other-horse-1")];
    assert_eq!(site.iam_as(&martha, "ChangePassword", &asked).await.status, 403);
    let attached = [("UserName", "martha"), ("PolicyArn", "arn:aws:iam::aws:policy/IAMUserChangePassword")];
    site.done("AttachUserPolicy", &attached).await;
    assert_eq!(site.iam_as(&martha, "ChangePassword", &asked).await.status, 200);
    let other = [("UserName", "rosa"), ("Password", "Other-horse-1")];
    assert_eq!(site.iam_as(&martha, "UpdateLoginProfile", &other).await.status, 403);
}
