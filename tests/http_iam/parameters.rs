//! Parameters hold to what the service model and recorded answers say of their form.

use serde_json::json;

use crate::site::{ACCOUNT, Site, allow, arn, trust};

const PATH: &str = "The specified value for path is invalid. It must begin and end with / and contain only alphanumeric characters and/or / characters.";

fn broken(parameter: &str, constraint: &str) -> String {
    format!(
        "1 validation error detected: Value at '{parameter}' failed to satisfy constraint: Member must {constraint}"
    )
}

#[tokio::test]
async fn descriptions_of_roles_are_of_printable_characters() {
    let site = Site::start().await;
    let anyone = trust(&json!({"AWS": ACCOUNT}));
    let pattern = "satisfy regular expression pattern: [\\u0009\\u000A\\u000D\\u0020-\\u007E\\u00A1-\\u00FF]*";
    let expected = (400, "ValidationError".to_owned(), broken("description", pattern));
    let role = ("RoleName", "reader");
    for text in ["a\u{b2e4}", "a\u{7f}", "a\u{9f}", "a\u{a0}", "a\u{0}"] {
        let described = [role, ("Description", text)];
        let made = [&described[..], &[("AssumeRolePolicyDocument", anyone.as_str())]].concat();
        for (action, parameters) in
            [("CreateRole", &made[..]), ("UpdateRole", &described), ("UpdateRoleDescription", &described)]
        {
            assert_eq!(site.refused(action, parameters).await, expected, "{action} {text:?}");
        }
    }
    let text = "Caf\u{e9}\t\r\n\u{a1}~";
    site.done("CreateRole", &[role, ("Description", text), ("AssumeRolePolicyDocument", &anyone)]).await;
    assert!(site.done("GetRole", &[role]).await.body.contains("Caf\u{e9}\t"));
}

#[tokio::test]
async fn a_changed_description_is_answered_with_the_role_as_it_was_made() {
    let site = Site::start().await;
    let role = ("RoleName", "reader");
    site.create_role("reader", &trust(&json!({"AWS": ACCOUNT}))).await;
    let told = site.done("UpdateRoleDescription", &[role, ("Description", "reads")]).await;
    assert_eq!(told.text("Description"), Some("reads"));
    assert!(!told.body.contains("MaxSessionDuration") && !told.body.contains("RoleLastUsed"), "{}", told.body);
}

#[tokio::test]
async fn paths_of_policies_are_of_few_characters() {
    let site = Site::start().await;
    let document = allow("s3:GetObject");
    let pattern = |parameter| broken(parameter, "satisfy regular expression pattern: ((/[A-Za-z0-9\\.,\\+@=_-]+)*)/");
    for path in ["/a!b/", "/a:b/", "/a//b/", "//", "a/", "/a"] {
        let asked = [("PolicyName", "p"), ("PolicyDocument", document.as_str()), ("Path", path)];
        let (status, code, message) = site.refused("CreatePolicy", &asked).await;
        assert_eq!((status, code.as_str(), message), (400, "ValidationError", pattern("path")), "{path}");
        let listed = site.refused("ListPolicies", &[("PathPrefix", path)]).await;
        assert_eq!((listed.1.as_str(), listed.2), ("ValidationError", pattern("pathPrefix")), "{path}");
        let of_role = [("RoleName", "admin"), ("PathPrefix", path)];
        assert_eq!(site.refused("ListAttachedRolePolicies", &of_role).await.2, pattern("pathPrefix"), "{path}");
    }
    let asked = [("PolicyName", "p"), ("PolicyDocument", document.as_str()), ("Path", "/a.b,c+d@e=f_g-h/I9/")];
    let made = site.done("CreatePolicy", &asked).await;
    assert_eq!(made.text("Arn"), Some(arn("policy/a.b,c+d@e=f_g-h/I9/p").as_str()));
    let listed = site.done("ListPolicies", &[("PathPrefix", "/a.b,c+d@e=f_g-h/")]).await;
    assert_eq!(listed.body.matches("<Arn>").count(), 1, "{}", listed.body);
}

/// As a path with two slashes was recorded to be taken, and one without the first or the last was not.
#[tokio::test]
async fn other_paths_may_have_empty_segments() {
    let site = Site::start().await;
    let anyone = trust(&json!({"AWS": ACCOUNT}));
    for (action, name, kind) in [
        ("CreateUser", "UserName", "user"),
        ("CreateGroup", "GroupName", "group"),
        ("CreateRole", "RoleName", "role"),
        ("CreateInstanceProfile", "InstanceProfileName", "instance-profile"),
        ("CreateVirtualMFADevice", "VirtualMFADeviceName", "mfa"),
    ] {
        let base = [(name, "x"), ("AssumeRolePolicyDocument", anyone.as_str())];
        for path in ["//", "a/", "/a", "/a b/", "/\u{7f}/"] {
            let refused = site.refused(action, &[&base[..], &[("Path", path)]].concat()).await;
            assert_eq!(refused, (400, "ValidationError".to_owned(), PATH.to_owned()), "{action} {path}");
        }
        let made = site.done(action, &[&base[..], &[("Path", "/test//double!/")]].concat()).await;
        let element = if kind == "mfa" { "SerialNumber" } else { "Arn" };
        assert_eq!(made.text(element), Some(arn(&format!("{kind}/test//double!/x")).as_str()));
    }
    let listed = site.done("ListRoles", &[("PathPrefix", "/test//")]).await;
    assert_eq!(listed.text("RoleName"), Some("x"));
}

#[tokio::test]
async fn a_word_that_is_none_of_a_set_is_refused_without_the_set() {
    let site = Site::start().await;
    let recorded = broken("status", "satisfy enum value set");
    let asked = [("AccessKeyId", "AKIAAAAAAAAAAAAAAAAA"), ("Status", "Foo")];
    assert_eq!(site.refused("UpdateAccessKey", &asked).await.2, recorded);
    let wrong = [("Filter.member.1", "Everything")];
    let told = site.refused("GetAccountAuthorizationDetails", &wrong).await.2;
    assert!(told.ends_with("Member must satisfy enum value set"), "{told}");
}

#[tokio::test]
async fn what_was_given_is_never_called_null() {
    let site = Site::start().await;
    let long = "Aa1!".repeat(33);
    let user = ("UserName", "martha");
    site.done("CreateUser", &[user]).await;
    let too_long = "have length less than or equal to 128";
    let told = site.refused("UpdateLoginProfile", &[user, ("Password", &long)]).await.2;
    assert_eq!(told, broken("password", too_long));
    let told = site.refused("UpdateLoginProfile", &[user, ("Password", "\u{b2e4}")]).await.2;
    assert_eq!(told, broken("password", "satisfy regular expression pattern: [\\u0009\\u000A\\u000D\\u0020-\\u00FF]+"));
    for (action, parameter, place) in [
        ("CreateUser", "UserName", "userName"),
        ("CreateRole", "AssumeRolePolicyDocument", "assumeRolePolicyDocument"),
        ("UpdateLoginProfile", "Password", "password"),
    ] {
        let others = [user, ("RoleName", "reader")];
        let given = others.into_iter().filter(|(name, _)| *name != parameter).chain([(parameter, "")]);
        let told = site.refused(action, &given.collect::<Vec<_>>()).await.2;
        assert_eq!(told, broken(place, "have length greater than or equal to 1"), "{action}");
    }
    let told = site.refused("ChangePassword", &[("NewPassword", "Aa1!Aa1!")]).await.2;
    assert!(
        told.contains("Value null at 'oldPassword' failed to satisfy constraint: Member must not be null"),
        "{told}"
    );
}

#[tokio::test]
async fn policies_that_services_alone_attach_are_not_attached() {
    let site = Site::start().await;
    site.create_role("reader", &trust(&json!({"AWS": ACCOUNT}))).await;
    let role = ("RoleName", "reader");
    let policy = "arn:aws:iam::aws:policy/aws-service-role/AmazonECSServiceRolePolicy";
    let told = "Cannot attach a Service Role Policy to a Customer Role.".to_owned();
    for (action, parameter) in
        [("AttachRolePolicy", "PolicyArn"), ("PutRolePermissionsBoundary", "PermissionsBoundary")]
    {
        let refused = site.refused(action, &[role, (parameter, policy)]).await;
        assert_eq!(refused, (400, "PolicyNotAttachable".to_owned(), told.clone()), "{action}");
    }
    let own = arn("policy/aws-service-role/Mine");
    assert_eq!(site.refused("AttachRolePolicy", &[role, ("PolicyArn", &own)]).await.1, "NoSuchEntity");
}

#[tokio::test]
async fn boundaries_are_called_as_the_cloud_calls_them() {
    let site = Site::start().await;
    let bound = site.create_policy("bound", &allow("s3:*")).await;
    site.done("CreateUser", &[("UserName", "martha"), ("PermissionsBoundary", &bound)]).await;
    let told = site.done("GetUser", &[("UserName", "martha")]).await;
    assert_eq!(told.text("PermissionsBoundaryType"), Some("Policy"));
}
