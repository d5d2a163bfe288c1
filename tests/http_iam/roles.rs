//! Roles: made, changed, tagged, deleted, with the limits and refusals that clients know.

use serde_json::json;

use crate::site::{Site, allow, arn, decoded, policy, trust};

fn open() -> String {
    trust(&json!({"AWS": "111111111111"}))
}

#[tokio::test]
async fn a_role_is_read_as_it_was_made() {
    let site = Site::start().await;
    let document = open();
    let made = site
        .done(
            "CreateRole",
            &[
                ("RoleName", "Reader"),
                ("Path", "/team/"),
                ("AssumeRolePolicyDocument", &document),
                ("Description", "reads & writes"),
                ("MaxSessionDuration", "7200"),
                ("Tags.member.1.Key", "team"),
                ("Tags.member.1.Value", "cats"),
            ],
        )
        .await;
    let read = site.done("GetRole", &[("RoleName", "reader")]).await;
    for reply in [made, read] {
        assert_eq!(reply.text("Arn"), Some(arn("role/team/Reader").as_str()));
        assert_eq!(reply.text("Path"), Some("/team/"));
        assert_eq!(reply.text("Description"), Some("reads &amp; writes"));
        assert_eq!(reply.text("MaxSessionDuration"), Some("7200"));
        assert_eq!(reply.text("CreateDate"), Some("2026-01-01T00:00:00Z"));
        assert_eq!(decoded(reply.text("AssumeRolePolicyDocument").unwrap()), document);
        assert!(reply.text("AssumeRolePolicyDocument").unwrap().starts_with("%7B%22"));
        assert!(reply.text("RoleId").unwrap().starts_with("AROA"));
        assert_eq!(reply.text("RoleId").unwrap().len(), 21);
        assert!(reply.body.contains("<member><Key>team</Key><Value>cats</Value></member>"), "{}", reply.body);
    }
}

/// Clients tell what is left out from what is empty.
#[tokio::test]
async fn what_a_role_has_not_is_left_out_or_empty_as_in_the_cloud() {
    let site = Site::start().await;
    let made = site.create_role("r", &open()).await;
    for element in ["RoleLastUsed", "MaxSessionDuration", "Tags", "Description", "PermissionsBoundary"] {
        assert!(!made.body.contains(element), "{}", made.body);
    }
    let read = site.done("GetRole", &[("RoleName", "r")]).await;
    assert!(read.body.contains("<RoleLastUsed></RoleLastUsed>"), "{}", read.body);
    assert_eq!(read.text("MaxSessionDuration"), Some("3600"));
    let listed = site.done("ListRoles", &[]).await;
    for element in ["Tags", "Description", "PermissionsBoundary"] {
        assert!(!read.body.contains(element), "{}", read.body);
        assert!(!listed.body.contains(element) && !listed.body.contains("RoleLastUsed"), "{}", listed.body);
    }
    assert!(listed.body.contains("MaxSessionDuration"));
    let details = site.done("GetAccountAuthorizationDetails", &[("Filter.member.1", "Role")]).await;
    assert!(details.body.contains("<Tags></Tags>") && details.body.contains("<RoleLastUsed>"), "{}", details.body);
}

#[tokio::test]
async fn a_role_is_changed_and_deleted() {
    let site = Site::start().await;
    site.create_role("r", &open()).await;
    let changes = [("RoleName", "r"), ("Description", "new"), ("MaxSessionDuration", "43200")];
    let updated = site.done("UpdateRole", &changes).await;
    assert!(updated.body.contains("<UpdateRoleResult></UpdateRoleResult>"), "{}", updated.body);
    let described = site.done("UpdateRoleDescription", &[("RoleName", "r"), ("Description", "newer")]).await;
    assert_eq!(described.text("Description"), Some("newer"));
    let other = trust(&json!({"Service": "ec2.amazonaws.com"}));
    site.done("UpdateAssumeRolePolicy", &[("RoleName", "r"), ("PolicyDocument", &other)]).await;
    let read = site.done("GetRole", &[("RoleName", "r")]).await;
    assert_eq!(read.text("MaxSessionDuration"), Some("43200"));
    assert_eq!(decoded(read.text("AssumeRolePolicyDocument").unwrap()), other);
    site.done("DeleteRole", &[("RoleName", "r")]).await;
    let (status, code, message) = site.refused("GetRole", &[("RoleName", "r")]).await;
    assert_eq!((status, code.as_str()), (404, "NoSuchEntity"));
    assert_eq!(message, "The role with name r cannot be found.");
}

#[tokio::test]
async fn names_have_no_case_and_one_name_one_role() {
    let site = Site::start().await;
    site.create_role("Reader", &open()).await;
    let (status, code, message) =
        site.refused("CreateRole", &[("RoleName", "READER"), ("AssumeRolePolicyDocument", &open())]).await;
    assert_eq!((status, code.as_str()), (409, "EntityAlreadyExists"));
    assert_eq!(message, "Role with name READER already exists.");
}

#[tokio::test]
async fn a_role_with_policies_is_not_deleted() {
    let site = Site::start().await;
    site.create_role("r", &open()).await;
    let administrator = "arn:aws:iam::aws:policy/AdministratorAccess";
    site.done("AttachRolePolicy", &[("RoleName", "r"), ("PolicyArn", administrator)]).await;
    let inline = [("RoleName", "r"), ("PolicyName", "p"), ("PolicyDocument", &*allow("s3:*"))];
    site.done("PutRolePolicy", &inline).await;
    let (status, code, message) = site.refused("DeleteRole", &[("RoleName", "r")]).await;
    assert_eq!((status, code.as_str()), (409, "DeleteConflict"));
    assert_eq!(message, "Cannot delete entity, must detach all policies first.");
    site.done("DetachRolePolicy", &[("RoleName", "r"), ("PolicyArn", administrator)]).await;
    let (_, code, message) = site.refused("DeleteRole", &[("RoleName", "r")]).await;
    assert_eq!(
        (code.as_str(), message.as_str()),
        ("DeleteConflict", "Cannot delete entity, must delete policies first.")
    );
    site.done("DeleteRolePolicy", &[("RoleName", "r"), ("PolicyName", "p")]).await;
    site.done("DeleteRole", &[("RoleName", "r")]).await;
}

#[tokio::test]
async fn parameters_hold_to_the_limits_of_the_model() {
    let site = Site::start().await;
    let (document, long) = (open(), "x".repeat(65));
    let verbose = "x".repeat(1001);
    let base = ("AssumeRolePolicyDocument", document.as_str());
    for (parameters, expected) in [
        (
            vec![("RoleName", long.as_str()), base],
            "'roleName' failed to satisfy constraint: Member must have length less than or equal to 64",
        ),
        (
            vec![("RoleName", "a b"), base],
            "'roleName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\w+=,.@-]+",
        ),
        (vec![base], "Value null at 'roleName' failed to satisfy constraint: Member must not be null"),
        (vec![("RoleName", "r")], "'assumeRolePolicyDocument' failed to satisfy constraint: Member must not be null"),
        (
            vec![("RoleName", "r"), base, ("Path", "team")],
            "The specified value for path is invalid. It must begin and end with /",
        ),
        (vec![("RoleName", "r"), base, ("Description", &verbose)], "'description' failed to satisfy constraint"),
        (
            vec![("RoleName", "r"), base, ("MaxSessionDuration", "3599")],
            "Member must have value greater than or equal to 3600",
        ),
        (
            vec![("RoleName", "r"), base, ("MaxSessionDuration", "43201")],
            "Member must have value less than or equal to 43200",
        ),
        (
            vec![("RoleName", "r"), base, ("PermissionsBoundary", "short")],
            "'permissionsBoundary' failed to satisfy constraint",
        ),
    ] {
        let (status, code, message) = site.refused("CreateRole", &parameters).await;
        assert_eq!((status, code.as_str()), (400, "ValidationError"), "{message}");
        assert!(message.contains(expected), "{message}");
    }
    let spaced = policy(
        &json!({"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole", "Sid": "x".repeat(2048)}),
    );
    let (status, code, message) =
        site.refused("CreateRole", &[("RoleName", "r"), ("AssumeRolePolicyDocument", &spaced)]).await;
    assert_eq!((status, code.as_str()), (409, "LimitExceeded"));
    assert_eq!(message, "Cannot exceed quota for ACLSizePerRole: 2048");
}

#[tokio::test]
async fn a_trust_policy_is_a_trust_policy() {
    let site = Site::start().await;
    for (document, expected) in [
        ("{", "This policy contains invalid Json"),
        (allow("sts:AssumeRole").as_str(), "Missing required field Principal: line 1, column"),
        (
            r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"martha"},"Action":"sts:AssumeRole"}]}"#,
            "Invalid principal in policy: \"AWS\":\"martha\": line 1, column 75: \"martha\" is no principal: AWS must be *, an account id,",
        ),
    ] {
        let (status, code, message) =
            site.refused("CreateRole", &[("RoleName", "r"), ("AssumeRolePolicyDocument", document)]).await;
        assert_eq!((status, code.as_str()), (400, "MalformedPolicyDocument"), "{message}");
        assert!(message.starts_with(expected), "{message}");
    }
}

#[tokio::test]
async fn tags_are_kept_by_key_without_case() {
    let site = Site::start().await;
    site.create_role("r", &open()).await;
    let pair = |place: u32, key: &str, value: &str| {
        [(format!("Tags.member.{place}.Key"), key.to_owned()), (format!("Tags.member.{place}.Value"), value.to_owned())]
    };
    let tag = async |pairs: &[[(String, String); 2]]| {
        let mut parameters = vec![("RoleName", "r")];
        parameters.extend(pairs.iter().flatten().map(|(name, value)| (name.as_str(), value.as_str())));
        site.iam("TagRole", &parameters).await
    };
    assert_eq!(tag(&[pair(1, "team", "cats"), pair(2, "empty", "")]).await.status, 200);
    assert_eq!(tag(&[pair(1, "Team", "dogs")]).await.status, 200);
    let tags = site.done("ListRoleTags", &[("RoleName", "r")]).await;
    assert!(tags.body.contains("<Key>Team</Key><Value>dogs</Value>"), "{}", tags.body);
    assert!(!tags.body.contains("cats") && tags.body.contains("<Key>empty</Key><Value></Value>"), "{}", tags.body);
    let twice = tag(&[pair(1, "a", "x"), pair(2, "A", "y")]).await;
    assert_eq!((twice.status, twice.text("Code")), (400, Some("InvalidInput")));
    assert_eq!(
        twice.text("Message"),
        Some("Duplicate tag keys found. Please note that Tag keys are case insensitive.")
    );
    let many: Vec<_> = (1..=50).map(|place| pair(place, &format!("k{place}"), "")).collect();
    let over = tag(&many).await;
    assert_eq!((over.status, over.text("Code")), (409, Some("LimitExceeded")), "{}", over.body);
    site.done("UntagRole", &[("RoleName", "r"), ("TagKeys.member.1", "TEAM"), ("TagKeys.member.2", "none")]).await;
    let tags = site.done("ListRoleTags", &[("RoleName", "r")]).await;
    assert!(!tags.body.contains("dogs"), "{}", tags.body);
}

#[tokio::test]
async fn a_role_that_the_directory_made_is_nobodys_to_change() {
    let path = "role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Admin_1";
    let site = Site::with(|broker| {
        let role = daypass::Role::new(arn(path).parse().unwrap(), open().parse().unwrap()).unwrap();
        broker.with_role(role)
    })
    .await;
    let name = ("RoleName", "AWSReservedSSO_Admin_1");
    let document = open();
    let administrator = ("PolicyArn", "arn:aws:iam::aws:policy/AdministratorAccess");
    for (action, more) in [
        ("UpdateAssumeRolePolicy", vec![("PolicyDocument", document.as_str())]),
        ("AttachRolePolicy", vec![administrator]),
        ("PutRolePolicy", vec![("PolicyName", "p"), ("PolicyDocument", &allow("*"))]),
        ("UpdateRole", vec![("Description", "x")]),
        ("TagRole", vec![("Tags.member.1.Key", "a"), ("Tags.member.1.Value", "b")]),
        ("DeleteRole", vec![]),
    ] {
        let (status, code, _) = site.refused(action, &[&[name][..], &more].concat()).await;
        assert_eq!((status, code.as_str()), (400, "UnmodifiableEntity"), "{action}");
    }
    let made = [("RoleName", "x"), ("Path", "/aws-reserved/"), ("AssumeRolePolicyDocument", document.as_str())];
    assert_eq!(site.refused("CreateRole", &made).await.1, "InvalidInput");
}

#[tokio::test]
async fn what_is_asked_for_on_the_way_is_empty_or_refused_with_a_reason() {
    let site = Site::start().await;
    site.create_role("r", &open()).await;
    let profiles = site.done("ListInstanceProfilesForRole", &[("RoleName", "r")]).await;
    assert!(profiles.body.contains("<InstanceProfiles></InstanceProfiles><IsTruncated>false"), "{}", profiles.body);
    for action in ["ListInstanceProfiles", "ListServerCertificates"] {
        assert_eq!(site.done(action, &[]).await.text("IsTruncated"), Some("false"));
    }
    site.done("CreateUser", &[("UserName", "martha")]).await;
    for action in ["ListSigningCertificates", "ListSSHPublicKeys", "ListServiceSpecificCredentials"] {
        assert_eq!(site.done(action, &[("UserName", "martha")]).await.text("IsTruncated"), Some("false"));
        assert_eq!(site.refused(action, &[]).await.1, "ValidationError", "the caller is no user");
    }
    let key = [("UserName", "martha"), ("SSHPublicKeyId", "APKAXXXXXXXXXXXXXXXXX")];
    let (_, code, message) = site.refused("GetSSHPublicKey", &key).await;
    let expected = "The Public Key with id APKAXXXXXXXXXXXXXXXXX cannot be found.";
    assert_eq!((code.as_str(), message.as_str()), ("NoSuchEntity", expected));
    let (_, code, message) = site.refused("GetServerCertificate", &[("ServerCertificateName", "c")]).await;
    let expected = "The Server Certificate with name c cannot be found.";
    assert_eq!((code.as_str(), message.as_str()), ("NoSuchEntity", expected));
    let (_, code, message) = site.refused("CreateServiceLinkedRole", &[("AWSServiceName", "es.amazonaws.com")]).await;
    assert_eq!(code, "InvalidInput");
    assert!(message.contains("es.amazonaws.com"), "{message}");
    let (status, code, message) = site.refused("UploadServerCertificate", &[("ServerCertificateName", "x")]).await;
    assert_eq!((status, code.as_str()), (400, "InvalidAction"));
    assert_eq!(message, "Could not find operation UploadServerCertificate for version 2010-05-08");
}

#[tokio::test]
async fn a_role_tells_when_its_sessions_last_signed() {
    let site = Site::start().await;
    site.create_role("idle", &open()).await;
    let idle = site.done("GetRole", &[("RoleName", "idle")]).await;
    assert!(idle.body.contains("<RoleLastUsed></RoleLastUsed>"), "{}", idle.body);
    let used = site.done("GetRole", &[("RoleName", "admin")]).await;
    assert_eq!(used.text("LastUsedDate"), Some(crate::issuer::now().to_string().as_str()));
    assert_eq!(used.text("Region"), Some("eu-west-1"));
    let made = daypass::Role::new(arn("role/admin").parse().unwrap(), open().parse().unwrap()).unwrap();
    let made = made.with_id("AROAANOTHERROLEBYNAME".parse().unwrap());
    let before = site.broker.registry().read();
    site.broker.registry().configure_role(made, crate::issuer::now());
    site.iam("ListRoles", &[]).await;
    let now = site.broker.registry().read();
    let record = |accounts: &daypass::iam::Accounts| {
        accounts.find(&"111111111111".parse().unwrap()).unwrap().existing_role("admin").unwrap().last_used()
    };
    assert!(record(&before).is_some());
    assert_eq!(record(&now), None, "another role has the name");
}
