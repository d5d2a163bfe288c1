//! Trust policies name users and roles by what they are, not by what they are called.

use serde_json::json;

use crate::caller::Reply;
use crate::site::{Site, allow, arn, decoded, session, trust};

async fn assume(site: &Site, role: &str) -> Reply {
    let who = session(&site.broker, "111111111111", "caller").await;
    site.sts_as(Some(&who), "AssumeRole", &[("RoleArn", &arn(role)), ("RoleSessionName", "s1")]).await
}

#[tokio::test]
async fn a_role_made_anew_under_the_name_is_not_trusted_in_the_place_of_the_first() {
    let site = Site::start().await;
    site.session_with("caller", &allow("sts:AssumeRole")).await;
    let named = trust(&json!({"AWS": [arn("role/caller"), "arn:aws:iam::222222222222:role/elsewhere"]}));
    site.create_role("target", &named).await;
    assert_eq!(decoded(shown(&site, "target").await.text("AssumeRolePolicyDocument").unwrap()), named);
    assert_eq!(assume(&site, "role/target").await.status, 200);

    let first = site.done("GetRole", &[("RoleName", "caller")]).await.text("RoleId").unwrap().to_owned();
    site.done("DeleteRolePolicy", &[("RoleName", "caller"), ("PolicyName", "permissions-1")]).await;
    site.done("DeleteRole", &[("RoleName", "caller")]).await;
    let bare = decoded(shown(&site, "target").await.text("AssumeRolePolicyDocument").unwrap());
    assert!(bare.contains(&first) && !bare.contains("role/caller"), "{bare}");
    assert!(bare.contains("arn:aws:iam::222222222222:role/elsewhere"), "{bare}");

    let open = json!({"Federated": arn("oidc-provider/login.example.com")});
    let open = trust(&open).replace("sts:AssumeRole\"", "sts:AssumeRoleWithWebIdentity\"");
    let again = site.create_role("caller", &open).await;
    assert_ne!(again.text("RoleId").unwrap(), first);
    site.done(
        "PutRolePolicy",
        &[("RoleName", "caller"), ("PolicyName", "p"), ("PolicyDocument", &allow("sts:AssumeRole"))],
    )
    .await;
    let refused = assume(&site, "role/target").await;
    assert_eq!((refused.status, refused.text("Code")), (403, Some("AccessDenied")), "{}", refused.body);

    let (_, code, message) =
        site.refused("UpdateAssumeRolePolicy", &[("RoleName", "target"), ("PolicyDocument", &bare)]).await;
    assert_eq!(code, "MalformedPolicyDocument");
    assert_eq!(message, format!("Invalid principal in policy: \"AWS\":\"{first}\""));
    site.done("UpdateAssumeRolePolicy", &[("RoleName", "target"), ("PolicyDocument", &named)]).await;
    assert_eq!(assume(&site, "role/target").await.status, 200);
}

async fn shown(site: &Site, role: &str) -> Reply {
    site.done("GetRole", &[("RoleName", role)]).await
}

#[tokio::test]
async fn a_principal_that_does_not_exist_is_refused_when_the_policy_is_saved() {
    let site = Site::start().await;
    site.create_role("r", &trust(&json!({"AWS": "*"}))).await;
    for principal in [
        arn("role/nobody"),
        arn("user/nobody"),
        arn("role/path/admin"),
        "arn:aws:iam::222222222222:role/nobody".to_owned(),
        "arn:aws:iam::333333333333:role/admin".to_owned(),
    ] {
        let document = trust(&json!({"AWS": principal}));
        let expected = format!("Invalid principal in policy: \"AWS\":\"{principal}\"");
        let made = [("RoleName", "new"), ("AssumeRolePolicyDocument", document.as_str())];
        let saved = [("RoleName", "r"), ("PolicyDocument", document.as_str())];
        for (action, parameters) in [("CreateRole", made), ("UpdateAssumeRolePolicy", saved)] {
            let (status, code, message) = site.refused(action, &parameters).await;
            assert_eq!((status, code.as_str()), (400, "MalformedPolicyDocument"));
            assert_eq!(message, expected);
        }
    }
    for principal in [json!({"AWS": "*"}), json!({"AWS": "333333333333"}), json!({"Service": "ec2.amazonaws.com"})] {
        let document = trust(&principal);
        site.done("UpdateAssumeRolePolicy", &[("RoleName", "r"), ("PolicyDocument", &document)]).await;
    }
}

#[tokio::test]
async fn a_service_that_is_no_host_name_is_refused_when_the_policy_is_saved() {
    let site = Site::start().await;
    site.create_role("r", &trust(&json!({"Service": ["ec2.amazonaws.com", "photos.example.com"]}))).await;
    let trusted = shown(&site, "r").await;
    for service in ["ec2", "*", "*.amazonaws.com", "arn:aws:iam::111111111111:role/admin", "ec2.amazonaws.com/", ""] {
        let document = trust(&json!({"Service": ["ec2.amazonaws.com", service]}));
        let made = [("RoleName", "new"), ("AssumeRolePolicyDocument", document.as_str())];
        let saved = [("RoleName", "r"), ("PolicyDocument", document.as_str())];
        for (action, parameters) in [("CreateRole", made), ("UpdateAssumeRolePolicy", saved)] {
            let (status, code, message) = site.refused(action, &parameters).await;
            assert_eq!((status, code.as_str()), (400, "MalformedPolicyDocument"));
            let expected = format!("Invalid principal in policy: \"SERVICE\":\"{service}\": line 1, column ");
            assert!(message.starts_with(&expected), "{message}");
        }
    }
    assert_eq!(shown(&site, "r").await.text("AssumeRolePolicyDocument"), trusted.text("AssumeRolePolicyDocument"));
}

#[tokio::test]
async fn an_arn_in_a_condition_stays_an_arn() {
    let site = Site::start().await;
    let caller = arn("role/admin");
    let document = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": caller},
        "Action": "sts:AssumeRole", "Condition": {"ArnEquals": {"aws:PrincipalArn": caller}}}]})
    .to_string();
    site.create_role("target", &document).await;
    assert_eq!(decoded(shown(&site, "target").await.text("AssumeRolePolicyDocument").unwrap()), document);
    let role = site.broker.role(&arn("role/target").parse().unwrap()).unwrap();
    let stored = role.trust_policy().policy().text();
    assert_eq!(stored.matches(&caller).count(), 1, "{stored}");
    assert_eq!(stored.matches("AROA").count(), 1, "{stored}");
}

#[tokio::test]
async fn a_session_of_a_deleted_role_may_nothing_that_its_successor_may() {
    let site = Site::start().await;
    let open = json!({"Federated": arn("oidc-provider/login.example.com")});
    let open = trust(&open).replace("sts:AssumeRole\"", "sts:AssumeRoleWithWebIdentity\"");
    let (everything, role) = (allow("iam:*"), ("RoleName", "caller"));
    let policy = [role, ("PolicyName", "p"), ("PolicyDocument", everything.as_str())];
    site.create_role("caller", &open).await;
    site.done("PutRolePolicy", &policy).await;
    let before = session(&site.broker, "111111111111", "caller").await;
    assert_eq!(site.iam_as(&before, "ListRoles", &[]).await.status, 200);
    site.done("DeleteRolePolicy", &policy[..2]).await;
    site.done("DeleteRole", &[role]).await;
    assert_eq!(site.iam_as(&before, "ListRoles", &[]).await.status, 403);
    site.create_role("caller", &open).await;
    site.done("PutRolePolicy", &policy).await;
    assert_eq!(site.iam_as(&before, "ListRoles", &[]).await.status, 403);
    let after = session(&site.broker, "111111111111", "caller").await;
    assert_eq!(site.iam_as(&after, "ListRoles", &[]).await.status, 200);
}
