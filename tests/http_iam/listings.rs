//! Lists in pages, and the whole account at once.

use serde_json::json;

use crate::site::{Site, allow, decoded, trust};

#[tokio::test]
async fn pages_join_to_the_whole_list() {
    let site = Site::start().await;
    let document = trust(&json!({"AWS": "111111111111"}));
    for name in ["d", "B", "a", "c"] {
        site.create_role(name, &document).await;
    }
    let mut names = Vec::new();
    let mut marker: Option<String> = None;
    loop {
        let mut asked = vec![("MaxItems", "2")];
        asked.extend(marker.as_deref().map(|marker| ("Marker", marker)));
        let page = site.done("ListRoles", &asked).await;
        let found: Vec<_> =
            page.body.split("<RoleName>").skip(1).map(|rest| rest.split('<').next().unwrap().to_owned()).collect();
        assert!(found.len() <= 2);
        names.extend(found);
        marker = page.text("Marker").map(str::to_owned);
        assert_eq!(page.text("IsTruncated"), Some(if marker.is_some() { "true" } else { "false" }));
        if marker.is_none() {
            break;
        }
    }
    assert_eq!(names, ["a", "admin", "B", "c", "d"]);
}

#[tokio::test]
async fn what_is_no_marker_is_refused() {
    let site = Site::start().await;
    let (status, code, message) = site.refused("ListRoles", &[("Marker", "!")]).await;
    assert_eq!((status, code.as_str(), message.as_str()), (400, "ValidationError", "Invalid Marker."));
    for most in ["0", "1001", "x", ""] {
        assert_eq!(site.refused("ListRoles", &[("MaxItems", most)]).await.1, "ValidationError", "{most}");
    }
}

#[tokio::test]
async fn roles_are_listed_by_path() {
    let site = Site::start().await;
    let document = trust(&json!({"AWS": "111111111111"}));
    for (name, path) in [("one", "/team/"), ("two", "/team/cats/"), ("three", "/teams/")] {
        let asked = [("RoleName", name), ("Path", path), ("AssumeRolePolicyDocument", document.as_str())];
        site.done("CreateRole", &asked).await;
    }
    let listed = site.done("ListRoles", &[("PathPrefix", "/team/")]).await;
    assert!(listed.body.contains(">one<") && listed.body.contains(">two<") && !listed.body.contains(">three<"));
    assert_eq!(site.refused("ListRoles", &[("PathPrefix", "team")]).await.1, "ValidationError");
}

#[tokio::test]
async fn the_whole_account_is_told_in_one_list_filtered_and_in_pages() {
    let site = Site::start().await;
    let own = site.create_policy("own", &allow("s3:GetObject")).await;
    site.create_policy("idle", &allow("s3:PutObject")).await;
    site.session_with("worker", &allow("s3:ListBucket")).await;
    let role = ("RoleName", "worker");
    site.done("AttachRolePolicy", &[role, ("PolicyArn", &own)]).await;
    site.done("AttachRolePolicy", &[role, ("PolicyArn", "arn:aws:iam::aws:policy/SecurityAudit")]).await;

    let all = site.done("GetAccountAuthorizationDetails", &[]).await;
    let roles = all.body.split("<RoleDetailList>").nth(1).unwrap().split("</RoleDetailList>").next().unwrap();
    let worker = roles.split("<RoleName>worker<").nth(1).unwrap();
    let document = worker.split("<PolicyDocument>").nth(1).unwrap().split('<').next().unwrap();
    assert_eq!(decoded(document), allow("s3:ListBucket"));
    assert!(worker.contains("<PolicyArn>arn:aws:iam::aws:policy/SecurityAudit</PolicyArn>"), "{worker}");
    let policies = all.body.split("<Policies>").nth(1).unwrap();
    for name in ["own", "idle", "SecurityAudit"] {
        assert!(policies.contains(&format!("<PolicyName>{name}</PolicyName>")), "{name}");
    }
    assert!(!policies.contains("PowerUserAccess"), "of those of everyone the attached ones alone");

    let own = site.done("GetAccountAuthorizationDetails", &[("Filter.member.1", "LocalManagedPolicy")]).await;
    assert!(own.body.contains(">idle<") && !own.body.contains(">worker<") && !own.body.contains("SecurityAudit"));
    let one = site.done("GetAccountAuthorizationDetails", &[("MaxItems", "1")]).await;
    assert_eq!((one.text("RoleName"), one.text("IsTruncated")), (Some("admin"), Some("true")));
    let next = [("Marker", one.text("Marker").unwrap()), ("MaxItems", "1")];
    assert_eq!(site.done("GetAccountAuthorizationDetails", &next).await.text("RoleName"), Some("worker"));
    let wrong = [("Filter.member.1", "Everything")];
    assert_eq!(site.refused("GetAccountAuthorizationDetails", &wrong).await.1, "ValidationError");
}
