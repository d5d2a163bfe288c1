//! What users and root users do for themselves with long-term keys, and what a stolen or withdrawn key is good for.

use std::time::Duration;

use serde_json::json;

use crate::site::{Site, refusal};

/// What lets a user manage what is the user's own.
fn own() -> serde_json::Value {
    json!({"Effect": "Allow", "Action": "iam:*", "Resource": "arn:aws:iam::111111111111:user/${aws:username}"})
}

#[tokio::test]
async fn without_a_name_a_user_means_itself() {
    let site = Site::start().await;
    let ana = site.user("Ana", &own());
    let read = site.iam_as(&*ana, "GetUser", &[]).await;
    assert_eq!((read.status, read.text("UserName")), (200, Some("Ana")), "{}", read.body);
    site.clock().advance(Duration::from_secs(1));
    let made = site.iam_as(&*ana, "CreateAccessKey", &[]).await;
    assert_eq!(made.text("UserName"), Some("Ana"), "{}", made.body);
    let listed = site.iam_as(&*ana, "ListAccessKeys", &[]).await;
    assert_eq!(listed.body.matches("<AccessKeyId>").count(), 2);
    assert_eq!(listed.text("AccessKeyId"), Some(ana.access_key_id().as_str()), "oldest first");
    let second = made.text("AccessKeyId").unwrap();
    let deleted = site.iam_as(&*ana, "DeleteAccessKey", &[("AccessKeyId", second)]).await;
    assert_eq!(deleted.status, 200, "{}", deleted.body);
}

#[tokio::test]
async fn a_user_reaches_no_other_user() {
    let site = Site::start().await;
    let ana = site.user("ana", &own());
    site.user("bob", &own());
    for action in ["GetUser", "CreateAccessKey", "ListAccessKeys", "ListMFADevices", "DeleteUser"] {
        let (status, code, message) = site.refused_to(&*ana, action, &[("UserName", "bob")]).await;
        assert_eq!((status, code.as_str()), (403, "AccessDenied"), "{action}");
        assert!(message.starts_with("User: arn:aws:iam::111111111111:user/ana is not authorized"), "{message}");
    }
}

#[tokio::test]
async fn the_last_use_of_a_key_is_told() {
    let site = Site::start().await;
    let ana = site.user("ana", &own());
    site.clock().advance(Duration::from_secs(600));
    site.iam_as(&*ana, "GetUser", &[]).await;
    let used = site.done("GetAccessKeyLastUsed", &[("AccessKeyId", ana.access_key_id().as_str())]).await;
    assert_eq!(used.text("LastUsedDate"), Some("2026-01-01T00:10:00Z"), "{}", used.body);
    assert_eq!((used.text("ServiceName"), used.text("Region")), (Some("iam"), Some("eu-west-1")));
}

#[tokio::test]
async fn a_deactivated_key_opens_nothing_until_it_is_active_again() {
    let site = Site::start().await;
    let ana = site.user("ana", &own());
    let status = |status| [("UserName", "ana"), ("AccessKeyId", ana.access_key_id().as_str()), ("Status", status)];
    site.done("UpdateAccessKey", &status("Inactive")).await;
    let (code, refused, _) = site.refused_to(&*ana, "GetUser", &[]).await;
    assert_eq!((code, refused.as_str()), (403, "InvalidClientTokenId"));
    site.done("UpdateAccessKey", &status("Active")).await;
    assert_eq!(site.iam_as(&*ana, "GetUser", &[]).await.status, 200);
}

#[tokio::test]
async fn a_key_of_a_deleted_user_opens_nothing_also_when_the_name_is_given_again() {
    let site = Site::start().await;
    let ana = site.user("ana", &own());
    site.done("DeleteAccessKey", &[("UserName", "ana"), ("AccessKeyId", ana.access_key_id().as_str())]).await;
    site.done("DeleteUserPolicy", &[("UserName", "ana"), ("PolicyName", "own")]).await;
    site.done("DeleteUser", &[("UserName", "ana")]).await;
    let again = site.user("ana", &own());
    assert_eq!(site.refused_to(&*ana, "GetUser", &[]).await.1, "InvalidClientTokenId");
    assert_eq!(site.iam_as(&*again, "GetUser", &[]).await.status, 200);
}

#[tokio::test]
async fn a_renamed_user_signs_on_under_its_new_name() {
    let site = Site::start().await;
    let ana = site.user("ana", &own());
    site.done("UpdateUser", &[("UserName", "ana"), ("NewUserName", "anna")]).await;
    let read = site.iam_as(&*ana, "GetUser", &[]).await;
    assert_eq!(read.text("Arn"), Some("arn:aws:iam::111111111111:user/anna"), "{}", read.body);
}

#[tokio::test]
async fn the_root_user_manages_keys_of_its_own() {
    let site = Site::start().await;
    let root = site.root();
    let read = site.iam_as(&*root, "GetUser", &[]).await;
    assert_eq!(read.text("Arn"), Some("arn:aws:iam::111111111111:root"), "{}", read.body);
    assert_eq!((read.text("UserId"), read.text("UserName")), (Some("111111111111"), None));
    let made = site.iam_as(&*root, "CreateAccessKey", &[]).await;
    assert_eq!(made.status, 200, "{}", made.body);
    let full = refusal(409, "LimitExceeded", "Cannot exceed quota for AccessKeysPerUser: 2");
    assert_eq!(site.refused_to(&*root, "CreateAccessKey", &[]).await, full);
    let summary = site.iam_as(&*root, "GetAccountSummary", &[]).await;
    assert!(summary.body.contains("<key>AccountAccessKeysPresent</key><value>1</value>"), "{}", summary.body);
    let asked = [("OldPassword", "correct-Horse-1"), ("NewPassword", "battery-Staple-2")];
    assert_eq!(site.refused_to(&*root, "ChangePassword", &asked).await.1, "InvalidUserType");
    assert_eq!(site.refused_to(&*root, "GetLoginProfile", &[]).await.0, 404);
    for id in [made.text("AccessKeyId").unwrap(), root.access_key_id().as_str()] {
        let deleted = site.iam_as(&*root, "DeleteAccessKey", &[("AccessKeyId", id)]).await;
        assert_eq!(deleted.status, 200, "{}", deleted.body);
    }
    assert_eq!(site.refused_to(&*root, "GetUser", &[]).await.1, "InvalidClientTokenId");
}

#[tokio::test]
async fn the_account_may_let_every_user_change_its_password_but_over_no_denial() {
    let site = Site::start().await;
    let ana = site.user("ana", &json!({"Effect": "Allow", "Action": "sts:*", "Resource": "*"}));
    let bob = site.user("bob", &json!({"Effect": "Deny", "Action": "iam:ChangePassword", "Resource": "*"}));
    for name in ["ana", "bob"] {
        site.done("CreateLoginProfile", &[("UserName", name), ("Password", "correct-Horse-1")]).await;
    }
    let asked = [("OldPassword", "correct-Horse-1"), ("NewPassword", "battery-Staple-2")];
    assert_eq!(site.refused_to(&*ana, "ChangePassword", &asked).await.1, "AccessDenied");
    site.done("UpdateAccountPasswordPolicy", &[("AllowUsersToChangePassword", "true")]).await;
    let changed = site.iam_as(&*ana, "ChangePassword", &asked).await;
    assert_eq!(changed.status, 200, "{}", changed.body);
    let wrong = refusal(403, "AccessDenied", "The old password was incorrect.");
    assert_eq!(site.refused_to(&*ana, "ChangePassword", &asked).await, wrong);
    let (_, _, message) = site.refused_to(&*bob, "ChangePassword", &asked).await;
    assert!(message.ends_with("with an explicit deny in an identity-based policy"), "{message}");
}

#[tokio::test]
async fn a_granted_change_of_password_does_not_pass_a_boundary() {
    let site = Site::start().await;
    let ana = site.user("ana", &json!({"Effect": "Allow", "Action": "*", "Resource": "*"}));
    let reads = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*"}}"#;
    let made = site.done("CreatePolicy", &[("PolicyName", "bounds"), ("PolicyDocument", reads)]).await;
    let arn = made.text("Arn").unwrap();
    site.done("PutUserPermissionsBoundary", &[("UserName", "ana"), ("PermissionsBoundary", arn)]).await;
    site.done("UpdateAccountPasswordPolicy", &[("AllowUsersToChangePassword", "true")]).await;
    site.done("CreateLoginProfile", &[("UserName", "ana"), ("Password", "correct-Horse-1")]).await;
    let asked = [("OldPassword", "correct-Horse-1"), ("NewPassword", "battery-Staple-2")];
    let (_, code, message) = site.refused_to(&*ana, "ChangePassword", &asked).await;
    assert_eq!(code, "AccessDenied", "{message}");
    let read = site.done("GetUser", &[("UserName", "ana")]).await;
    assert_eq!(read.text("PermissionsBoundaryArn"), Some(arn));
}

#[tokio::test]
async fn a_forged_request_is_no_use_of_the_key() {
    let site = Site::start().await;
    let ana = site.user("ana", &own());
    let forged = daypass::credentials::LongTermKey::new(
        ana.access_key_id().clone(),
        daypass::credentials::SecretAccessKey::new("x".repeat(40)),
        ana.created(),
    );
    assert_eq!(site.refused_to(&forged, "GetUser", &[]).await.1, "SignatureDoesNotMatch");
    assert!(ana.last_used().is_none());
}
