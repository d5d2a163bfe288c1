//! Managed policies and their versions.

use crate::site::{Site, allow, arn, decoded};

#[tokio::test]
async fn a_policy_is_read_listed_and_deleted() {
    let site = Site::start().await;
    let document = allow("s3:GetObject");
    let made = site
        .done(
            "CreatePolicy",
            &[
                ("PolicyName", "Read"),
                ("Path", "/team/"),
                ("PolicyDocument", &document),
                ("Description", "reads"),
                ("Tags.member.1.Key", "team"),
                ("Tags.member.1.Value", "cats"),
            ],
        )
        .await;
    let own = arn("policy/team/Read");
    assert_eq!(made.text("Arn"), Some(own.as_str()));
    assert!(made.text("PolicyId").unwrap().starts_with("ANPA"));
    let read = site.done("GetPolicy", &[("PolicyArn", &own)]).await;
    for (name, value) in
        [("DefaultVersionId", "v1"), ("AttachmentCount", "0"), ("Description", "reads"), ("Key", "team")]
    {
        assert_eq!(read.text(name), Some(value));
    }
    let version = site.done("GetPolicyVersion", &[("PolicyArn", &own), ("VersionId", "v1")]).await;
    assert_eq!(decoded(version.text("Document").unwrap()), document);
    let (status, code, message) =
        site.refused("CreatePolicy", &[("PolicyName", "READ"), ("PolicyDocument", &document)]).await;
    assert_eq!((status, code.as_str()), (409, "EntityAlreadyExists"));
    assert_eq!(message, "A policy called READ already exists. Duplicate names are not allowed.");
    site.done("DeletePolicy", &[("PolicyArn", &own)]).await;
    let (status, code, message) = site.refused("GetPolicy", &[("PolicyArn", &own)]).await;
    assert_eq!((status, code.as_str(), message), (404, "NoSuchEntity", format!("Policy {own} was not found.")));
}

#[tokio::test]
async fn lists_are_filtered_by_scope_use_and_path() {
    let site = Site::start().await;
    let own = site.create_policy("own", &allow("s3:*")).await;
    let bound = site.create_policy("bound", &allow("s3:*")).await;
    site.session_with("r", &allow("s3:*")).await;
    site.done("AttachRolePolicy", &[("RoleName", "r"), ("PolicyArn", &own)]).await;
    site.done("PutRolePermissionsBoundary", &[("RoleName", "r"), ("PermissionsBoundary", &bound)]).await;
    let list = async |parameters: &[(&str, &str)]| {
        let body = site.done("ListPolicies", parameters).await.body;
        ["policy/own<", "policy/bound<", "policy/AdministratorAccess<"].map(|name| body.contains(name))
    };
    assert_eq!(list(&[]).await, [true, true, true]);
    assert_eq!(list(&[("Scope", "Local")]).await, [true, true, false]);
    assert_eq!(list(&[("Scope", "AWS")]).await, [false, false, true]);
    assert_eq!(list(&[("OnlyAttached", "true")]).await, [true, true, false]);
    assert_eq!(list(&[("PolicyUsageFilter", "PermissionsPolicy")]).await, [true, false, false]);
    assert_eq!(list(&[("PolicyUsageFilter", "PermissionsBoundary")]).await, [false, true, false]);
    assert_eq!(list(&[("PathPrefix", "/team/")]).await, [false, false, false]);
    assert_eq!(site.refused("ListPolicies", &[("Scope", "Mine")]).await.1, "ValidationError");
}

#[tokio::test]
async fn versions_are_numbered_once_and_one_is_in_force() {
    let site = Site::start().await;
    let policy = site.create_policy("p", &allow("s3:*")).await;
    let arn = ("PolicyArn", policy.as_str());
    let document = allow("sqs:*");
    let with = |more: &[(&'static str, &'static str)]| [&[arn, ("PolicyDocument", &document)], more].concat();
    let second = site.done("CreatePolicyVersion", &with(&[])).await;
    assert_eq!((second.text("VersionId"), second.text("IsDefaultVersion")), (Some("v2"), Some("false")));
    let third = site.done("CreatePolicyVersion", &with(&[("SetAsDefault", "true")])).await;
    assert_eq!((third.text("VersionId"), third.text("IsDefaultVersion")), (Some("v3"), Some("true")));
    let (status, code, message) = site.refused("DeletePolicyVersion", &[arn, ("VersionId", "v3")]).await;
    assert_eq!((status, code.as_str()), (409, "DeleteConflict"));
    assert_eq!(message, "Cannot delete the default version of a policy.");
    site.done("DeletePolicyVersion", &[arn, ("VersionId", "v2")]).await;
    site.done("CreatePolicyVersion", &with(&[])).await;
    let listed = site.done("ListPolicyVersions", &[arn]).await;
    let places = ["v4", "v3", "v1"].map(|id| listed.body.find(&format!("<VersionId>{id}<")).unwrap());
    assert!(places.is_sorted() && !listed.body.contains(">v2<"), "{}", listed.body);
    let one = site.done("ListPolicyVersions", &[arn, ("MaxItems", "1")]).await;
    let next = [arn, ("Marker", one.text("Marker").unwrap())];
    assert_eq!(site.done("ListPolicyVersions", &next).await.text("VersionId"), Some("v3"));
    site.done("SetDefaultPolicyVersion", &[arn, ("VersionId", "v1")]).await;
    assert_eq!(site.done("GetPolicy", &[arn]).await.text("DefaultVersionId"), Some("v1"));
    site.done("CreatePolicyVersion", &with(&[])).await;
    site.done("CreatePolicyVersion", &with(&[])).await;
    let (status, code, message) = site.refused("CreatePolicyVersion", &with(&[])).await;
    assert_eq!((status, code.as_str()), (409, "LimitExceeded"));
    assert!(message.starts_with("A managed policy can have up to 5 versions."), "{message}");
    let (_, code, message) = site.refused("DeletePolicy", &[arn]).await;
    assert_eq!(code, "DeleteConflict");
    assert!(message.starts_with("This policy has more than one version."), "{message}");
    for version in ["v9", "v0", "9", ""] {
        let (status, _, _) = site.refused("GetPolicyVersion", &[arn, ("VersionId", version)]).await;
        assert_eq!(status, if version == "v9" { 404 } else { 400 }, "{version}");
    }
}

#[tokio::test]
async fn a_new_default_version_is_in_force_at_once() {
    let site = Site::start().await;
    let policy = site.create_policy("p", &allow("iam:GetRole")).await;
    let who = site.session_with("worker", &allow("s3:*")).await;
    site.done("AttachRolePolicy", &[("RoleName", "worker"), ("PolicyArn", &policy)]).await;
    let ask = async |action: &str| site.iam_as(&who, action, &[("RoleName", "admin")]).await.status;
    assert_eq!((ask("GetRole").await, ask("ListRoleTags").await), (200, 403));
    let document = allow("iam:ListRoleTags");
    let new = [("PolicyArn", policy.as_str()), ("PolicyDocument", &document), ("SetAsDefault", "true")];
    site.done("CreatePolicyVersion", &new).await;
    assert_eq!((ask("GetRole").await, ask("ListRoleTags").await), (403, 200));
    site.done("SetDefaultPolicyVersion", &[("PolicyArn", &policy), ("VersionId", "v1")]).await;
    assert_eq!((ask("GetRole").await, ask("ListRoleTags").await), (200, 403));
}

#[tokio::test]
async fn a_policy_in_use_is_not_deleted_and_those_of_everyone_never() {
    let site = Site::start().await;
    let policy = site.create_policy("p", &allow("s3:*")).await;
    site.session_with("worker", &allow("s3:*")).await;
    let (role, arn) = (("RoleName", "worker"), ("PolicyArn", policy.as_str()));
    site.done("AttachRolePolicy", &[role, arn]).await;
    let (status, code, message) = site.refused("DeletePolicy", &[arn]).await;
    assert_eq!(
        (status, code.as_str(), message.as_str()),
        (409, "DeleteConflict", "Cannot delete a policy attached to entities.")
    );
    let entities = site.done("ListEntitiesForPolicy", &[arn]).await;
    assert!(entities.body.contains("<PolicyRoles><member><RoleName>worker</RoleName>"), "{}", entities.body);
    let users = site.done("ListEntitiesForPolicy", &[arn, ("EntityFilter", "User")]).await;
    assert_eq!(users.text("RoleName"), None);
    site.done("DetachRolePolicy", &[role, arn]).await;
    site.done("PutRolePermissionsBoundary", &[role, ("PermissionsBoundary", &policy)]).await;
    assert_eq!(site.refused("DeletePolicy", &[arn]).await.1, "DeleteConflict");
    for (action, refusal) in [("DeletePolicy", (403, "AccessDenied")), ("TagPolicy", (404, "NoSuchEntity"))] {
        let (status, code, _) = site
            .refused(
                action,
                &[
                    ("PolicyArn", "arn:aws:iam::aws:policy/AdministratorAccess"),
                    ("Tags.member.1.Key", "k"),
                    ("Tags.member.1.Value", "v"),
                ],
            )
            .await;
        assert_eq!((status, code.as_str()), refusal, "{action}");
    }
}

#[tokio::test]
async fn a_policy_of_everyones_name_made_in_the_account_is_another_one() {
    let site = Site::start().await;
    let own = site.create_policy("AdministratorAccess", &allow("s3:GetObject")).await;
    assert_eq!(own, arn("policy/AdministratorAccess"));
    let shared = ("PolicyArn", "arn:aws:iam::aws:policy/AdministratorAccess");
    let version = ("VersionId", "v1");
    let everything = site.done("GetPolicyVersion", &[shared, version]).await;
    assert!(decoded(everything.text("Document").unwrap()).contains(r#""Action": "*""#), "{}", everything.body);
    let document = allow("*");
    let (_, code, _) = site.refused("CreatePolicyVersion", &[shared, ("PolicyDocument", &document)]).await;
    assert_eq!(code, "NoSuchEntity");
    let unchanged = site.done("GetPolicyVersion", &[("PolicyArn", &own), version]).await;
    assert!(decoded(unchanged.text("Document").unwrap()).contains("s3:GetObject"));
}

#[tokio::test]
async fn documents_are_held_to_the_quota_without_their_white_space() {
    let site = Site::start().await;
    let long = |characters: usize| {
        let document = allow("s3:GetObject").replace("s3:GetObject", &format!("s3:{}", "x".repeat(characters)));
        format!("{}{document}", " ".repeat(9000))
    };
    let (status, code, message) =
        site.refused("CreatePolicy", &[("PolicyName", "p"), ("PolicyDocument", &long(6144))]).await;
    assert_eq!(
        (status, code.as_str(), message.as_str()),
        (409, "LimitExceeded", "Cannot exceed quota for PolicySize: 6144")
    );
    site.create_policy("p", &long(6000)).await;
    let (status, code, message) =
        site.refused("CreatePolicy", &[("PolicyName", "q"), ("PolicyDocument", "{\"Version\": 1}")]).await;
    assert_eq!((status, code.as_str()), (400, "MalformedPolicyDocument"));
    assert!(message.starts_with("Syntax errors in policy. line 1, column"), "{message}");
}

/// Clients tell what is left out from what is empty.
#[tokio::test]
async fn a_policy_without_tags_says_so_when_it_is_read_alone() {
    let site = Site::start().await;
    let asked = [("PolicyName", "p"), ("PolicyDocument", &*allow("s3:*"))];
    let made = site.done("CreatePolicy", &asked).await;
    assert!(!made.body.contains("Tags"), "{}", made.body);
    let read = site.done("GetPolicy", &[("PolicyArn", made.text("Arn").unwrap())]).await;
    assert!(read.body.contains("<Tags></Tags>"), "{}", read.body);
    let listed = site.done("ListPolicies", &[("Scope", "Local")]).await;
    assert!(listed.text("Arn").is_some() && !listed.body.contains("Tags"), "{}", listed.body);
}
