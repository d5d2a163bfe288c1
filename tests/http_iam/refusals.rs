//! What refusals tell those who may not know it.

use serde_json::json;

use crate::site::{ACCOUNT, Site, allow, trust};

/// The refusal names the role as it is, with its path and in its own spelling, and so tells that there is one.
#[tokio::test]
async fn a_refusal_tells_which_roles_and_users_there_are() {
    let site = Site::start().await;
    let document = trust(&json!({"AWS": ACCOUNT}));
    let role = [("RoleName", "Vault"), ("Path", "/secret/"), ("AssumeRolePolicyDocument", document.as_str())];
    site.done("CreateRole", &role).await;
    site.done("CreateUser", &[("UserName", "Martha"), ("Path", "/board/")]).await;
    let who = site.session_with("worker", &allow("s3:*")).await;
    let mut told = Vec::new();
    for (action, parameter, name, secret) in [
        ("GetRole", "RoleName", "vault", "secret"),
        ("AttachRolePolicy", "RoleName", "vault", "Vault"),
        ("GetUser", "UserName", "martha", "board"),
        ("CreateAccessKey", "UserName", "martha", "Martha"),
    ] {
        let asked = [(parameter, name), ("PolicyArn", "arn:aws:iam::aws:policy/ReadOnlyAccess")];
        let reply = site.iam_as(&who, action, &asked).await;
        assert_eq!(reply.status, 403, "{}", reply.body);
        if reply.body.contains(secret) {
            told.push(reply.text("Message").unwrap().to_owned());
        }
    }
    assert!(told.is_empty(), "{told:#?}");
}

/// An access key id, which is no secret, is answered with the name of its user.
#[tokio::test]
async fn a_refusal_tells_whose_an_access_key_is() {
    let site = Site::start().await;
    site.done("CreateUser", &[("UserName", "martha")]).await;
    let made = site.done("CreateAccessKey", &[("UserName", "martha")]).await;
    let id = made.text("AccessKeyId").unwrap();
    let who = site.session_with("worker", &allow("s3:*")).await;
    let known = site.iam_as(&who, "GetAccessKeyLastUsed", &[("AccessKeyId", id)]).await;
    let unknown = site.iam_as(&who, "GetAccessKeyLastUsed", &[("AccessKeyId", "AKIAAAAAAAAAAAAAAAAA")]).await;
    assert_eq!(known.text("Message"), unknown.text("Message"));
}
