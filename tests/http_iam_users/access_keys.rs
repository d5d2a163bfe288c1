//! Access keys as clients of the query protocol meet them.

use serde_json::json;

use crate::site::{Site, refusal};

#[tokio::test]
async fn a_key_is_made_shown_once_deactivated_and_deleted() {
    let site = Site::start().await;
    site.done("CreateUser", &[("UserName", "Ana")]).await;
    let made = site.done("CreateAccessKey", &[("UserName", "ana")]).await;
    let id = made.text("AccessKeyId").unwrap();
    assert!(id.starts_with("AKIA") && id.len() == 20, "{id}");
    assert_eq!((made.text("UserName"), made.text("Status")), (Some("Ana"), Some("Active")));
    assert_eq!(made.text("SecretAccessKey").unwrap().len(), 40);
    let key =
        |more: &'static [(&'static str, &'static str)]| [&[("UserName", "ana"), ("AccessKeyId", id)], more].concat();
    site.done("UpdateAccessKey", &key(&[("Status", "Inactive")])).await;
    let listed = site.done("ListAccessKeys", &[("UserName", "ana")]).await;
    assert_eq!((listed.text("AccessKeyId"), listed.text("Status")), (Some(id), Some("Inactive")));
    assert!(!listed.body.contains("Secret"), "{}", listed.body);
    let used = site.done("GetAccessKeyLastUsed", &[("AccessKeyId", id)]).await;
    assert_eq!(
        (used.text("UserName"), used.text("ServiceName"), used.text("Region")),
        (Some("Ana"), Some("N/A"), Some("N/A"))
    );
    let kept = refusal(409, "DeleteConflict", "Cannot delete entity, must delete access keys first.");
    assert_eq!(site.refused("DeleteUser", &[("UserName", "ana")]).await, kept);
    site.done("DeleteAccessKey", &key(&[])).await;
    let gone = refusal(404, "NoSuchEntity", &format!("The Access Key with id {id} cannot be found."));
    assert_eq!(site.refused("DeleteAccessKey", &key(&[])).await, gone);
    for unknown in [id, "AKIA0000000000000000", "no_key_at_all_of_anybody"] {
        let (status, code, message) = site.refused("GetAccessKeyLastUsed", &[("AccessKeyId", unknown)]).await;
        assert_eq!((status, code.as_str()), (403, "AccessDenied"));
        let end = format!("is not authorized to perform iam:GetAccessKeyLastUsed on resource: access key {unknown}");
        assert!(message.ends_with(&end), "{message}");
    }
}

#[tokio::test]
async fn a_third_key_is_refused() {
    let site = Site::start().await;
    site.done("CreateUser", &[("UserName", "ana")]).await;
    for _ in 0..2 {
        site.done("CreateAccessKey", &[("UserName", "ana")]).await;
    }
    let full = refusal(409, "LimitExceeded", "Cannot exceed quota for AccessKeysPerUser: 2");
    assert_eq!(site.refused("CreateAccessKey", &[("UserName", "ana")]).await, full);
}

#[tokio::test]
async fn a_status_that_is_none_is_refused() {
    let site = Site::start().await;
    site.done("CreateUser", &[("UserName", "ana")]).await;
    let made = site.done("CreateAccessKey", &[("UserName", "ana")]).await;
    let id = made.text("AccessKeyId").unwrap();
    for (status, expected) in [("active", "ValidationError"), ("Expired", "InvalidInput"), ("", "ValidationError")] {
        let (_, code, message) =
            site.refused("UpdateAccessKey", &[("UserName", "ana"), ("AccessKeyId", id), ("Status", status)]).await;
        assert_eq!(code, expected, "{status}: {message}");
    }
}

#[tokio::test]
async fn who_may_make_keys_for_one_user_makes_none_for_another() {
    let site = Site::start().await;
    let limited = site
        .session_with(&json!({"Effect": "Allow", "Action": "iam:*AccessKey*", "Resource": "arn:aws:iam::*:user/ana"}))
        .await;
    for name in ["ana", "bob"] {
        site.done("CreateUser", &[("UserName", name)]).await;
    }
    let made = site.iam_as(&limited, "CreateAccessKey", &[("UserName", "ana")]).await;
    assert_eq!(made.status, 200, "{}", made.body);
    assert_eq!(site.refused_to(&limited, "CreateAccessKey", &[("UserName", "bob")]).await.1, "AccessDenied");
    let of_bob = site.done("CreateAccessKey", &[("UserName", "bob")]).await;
    let id = of_bob.text("AccessKeyId").unwrap();
    let as_ana = [("UserName", "ana"), ("AccessKeyId", id)];
    assert_eq!(site.refused_to(&limited, "DeleteAccessKey", &as_ana).await.1, "NoSuchEntity");
    assert_eq!(site.refused_to(&limited, "GetAccessKeyLastUsed", &[("AccessKeyId", id)]).await.1, "AccessDenied");
}
