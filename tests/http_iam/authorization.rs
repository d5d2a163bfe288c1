//! Calls of IAM are authorized by policy themselves: whom they are about, and what they ask.

use serde_json::json;

use crate::site::{Site, allow, arn, policy, trust};

const WORKER: (&str, &str) = ("RoleName", "worker");

#[tokio::test]
async fn who_may_not_is_told_what_was_missing() {
    let site = Site::start().await;
    let who = site.session_with("worker", &allow("s3:*")).await;
    let refused = site.iam_as(&who, "GetRole", &[("RoleName", "admin")]).await;
    assert_eq!((refused.status, refused.text("Code")), (403, Some("AccessDenied")));
    let expected = "User: arn:aws:sts::111111111111:assumed-role/worker/martha is not authorized to perform: iam:GetRole on \
                    resource: role admin because no identity-based policy allows the iam:GetRole action";
    assert_eq!(refused.text("Message"), Some(expected));
    let denying = policy(&json!([{"Effect": "Allow", "Action": "*", "Resource": "*"},
        {"Effect": "Deny", "Action": "iam:*", "Resource": "*"}]));
    let denied = site.session_with("denied", &denying).await;
    let refused = site.iam_as(&denied, "ListRoles", &[]).await;
    let message = refused.text("Message").unwrap();
    assert!(message.ends_with("iam:ListRoles on resource: arn:aws:iam::111111111111:role/ with an explicit deny in an identity-based policy"), "{message}");
}

#[tokio::test]
async fn a_call_without_permission_says_nothing_of_what_exists() {
    let site = Site::start().await;
    let who = site.session_with("worker", &allow("s3:*")).await;
    for action in ["GetRole", "DeleteRole", "ListRoleTags", "ListAttachedRolePolicies", "ListRolePolicies"] {
        let known = site.iam_as(&who, action, &[("RoleName", "admin")]).await;
        let unknown = site.iam_as(&who, action, &[("RoleName", "nobody")]).await;
        let told = |body: &str, name: &str| body.split("<RequestId>").next().unwrap().replace(name, "NAME");
        assert_eq!(told(&known.body, "admin"), told(&unknown.body, "nobody"), "{action}");
    }
}

#[tokio::test]
async fn permission_for_one_path_is_permission_for_no_other() {
    let site = Site::start().await;
    let team = policy(&json!({"Effect": "Allow", "Action": "iam:CreateRole", "Resource": arn("role/team/*")}));
    let who = site.session_with("worker", &team).await;
    let document = trust(&json!({"AWS": "111111111111"}));
    let create = async |path: &str| {
        let asked = [("RoleName", "new"), ("Path", path), ("AssumeRolePolicyDocument", document.as_str())];
        site.iam_as(&who, "CreateRole", &asked).await.status
    };
    assert_eq!(create("/").await, 403);
    assert_eq!(create("/teams/").await, 403);
    assert_eq!(create("/team/").await, 200);
}

#[tokio::test]
async fn conditions_see_the_policy_that_is_attached() {
    let site = Site::start().await;
    let read_only = "arn:aws:iam::aws:policy/IAMReadOnlyAccess";
    let only = policy(&json!({"Effect": "Allow", "Action": ["iam:AttachRolePolicy", "iam:DetachRolePolicy"],
        "Resource": "*", "Condition": {"ArnEquals": {"iam:PolicyARN": read_only}}}));
    let who = site.session_with("worker", &only).await;
    let attach =
        async |action: &str, policy: &str| site.iam_as(&who, action, &[WORKER, ("PolicyArn", policy)]).await.status;
    assert_eq!(attach("AttachRolePolicy", "arn:aws:iam::aws:policy/AdministratorAccess").await, 403);
    assert_eq!(attach("AttachRolePolicy", read_only).await, 200);
    assert_eq!(attach("DetachRolePolicy", read_only).await, 200);
}

#[tokio::test]
async fn who_may_make_roles_within_a_boundary_alone_cannot_leave_it_out_or_take_it_off() {
    let site = Site::start().await;
    let boundary = site.create_policy("bound", &allow("s3:*")).await;
    let other = site.create_policy("other", &allow("*")).await;
    let delegated =
        policy(&json!({"Effect": "Allow", "Resource": "*", "Action": ["iam:CreateRole", "iam:PutRolePolicy",
        "iam:AttachRolePolicy", "iam:PutRolePermissionsBoundary", "iam:DeleteRolePolicy"],
        "Condition": {"StringEquals": {"iam:PermissionsBoundary": boundary}}}));
    let who = site.session_with("worker", &delegated).await;
    let document = trust(&json!({"AWS": "111111111111"}));
    let create = async |name: &str, more: &[(&str, &str)]| {
        let asked = [&[("RoleName", name), ("AssumeRolePolicyDocument", document.as_str())], more].concat();
        site.iam_as(&who, "CreateRole", &asked).await.status
    };
    assert_eq!(create("r", &[]).await, 403);
    assert_eq!(create("r", &[("PermissionsBoundary", &other)]).await, 403);
    assert_eq!(create("r", &[("PermissionsBoundary", &boundary)]).await, 200);
    let everything = allow("*");
    let put = async |role: &str| {
        let asked = [("RoleName", role), ("PolicyName", "p"), ("PolicyDocument", everything.as_str())];
        site.iam_as(&who, "PutRolePolicy", &asked).await.status
    };
    assert_eq!((put("r").await, put("admin").await), (200, 403));
    let bound = async |boundary: &str| {
        let asked = [("RoleName", "r"), ("PermissionsBoundary", boundary)];
        site.iam_as(&who, "PutRolePermissionsBoundary", &asked).await.status
    };
    assert_eq!((bound(&other).await, bound(&boundary).await), (403, 200));
    assert_eq!(site.iam_as(&who, "DeleteRolePermissionsBoundary", &[("RoleName", "r")]).await.status, 403);
}

#[tokio::test]
async fn conditions_see_the_tags_asked_for_and_those_there_are() {
    let site = Site::start().await;
    let tagging = policy(&json!([
        {"Effect": "Allow", "Action": "iam:TagRole", "Resource": "*", "Condition": {
            "StringEquals": {"aws:RequestTag/team": "cats"}, "ForAllValues:StringEquals": {"aws:TagKeys": ["team"]}}},
        {"Effect": "Allow", "Action": ["iam:DeleteRole", "iam:UntagRole"], "Resource": "*", "Condition": {
            "StringEquals": {"aws:ResourceTag/team": "cats", "iam:ResourceTag/team": "cats"}}}]));
    let who = site.session_with("worker", &tagging).await;
    site.create_role("r", &trust(&json!({"AWS": "111111111111"}))).await;
    let tag = async |key: &str, value: &str| {
        let asked = [("RoleName", "r"), ("Tags.member.1.Key", key), ("Tags.member.1.Value", value)];
        site.iam_as(&who, "TagRole", &asked).await.status
    };
    let delete = async || site.iam_as(&who, "DeleteRole", &[("RoleName", "r")]).await.status;
    assert_eq!((tag("team", "dogs").await, tag("stage", "cats").await, delete().await), (403, 403, 403));
    assert_eq!(tag("team", "cats").await, 200);
    assert_eq!(delete().await, 200);
}

#[tokio::test]
async fn a_call_is_about_the_callers_account_alone() {
    let site = Site::start().await;
    let theirs = "arn:aws:iam::222222222222:policy/p";
    for action in ["GetPolicy", "DeletePolicy", "ListPolicyVersions", "ListEntitiesForPolicy"] {
        let (status, code, message) = site.refused(action, &[("PolicyArn", theirs)]).await;
        assert_eq!((status, code.as_str()), (403, "AccessDenied"), "{action}");
        assert!(message.contains("no resource-based policy allows"), "{message}");
    }
    let (_, code, _) = site.refused("GetRole", &[("RoleName", "elsewhere")]).await;
    assert_eq!(code, "NoSuchEntity");
    let provider = ("SAMLProviderArn", "arn:aws:iam::222222222222:saml-provider/corp");
    assert_eq!(site.refused("DeleteSAMLProvider", &[provider]).await.1, "AccessDenied");
}
