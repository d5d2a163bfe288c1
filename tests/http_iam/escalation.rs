//! Callers with few permissions who want more; each test states what they must not reach.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use daypass::Role;
use daypass::audit::{AuditEvent, AuditSink};
use daypass::iam::{NewRole, Registry};
use daypass::policy::{Kind, PermissionsPolicy, Policy};
use serde_json::json;

use crate::issuer;
use crate::site::{ACCOUNT, Site, allow, arn, policy, session, trust};

fn configured(name: &str) -> Role {
    let trusted = json!({"Federated": format!("arn:aws:iam::{ACCOUNT}:oidc-provider/login.example.com")});
    let trust = policy(&json!({"Effect": "Allow", "Principal": trusted, "Action": "sts:AssumeRoleWithWebIdentity"}));
    Role::new(arn(&format!("role/{name}")).parse().unwrap(), trust.parse().unwrap()).unwrap()
}

fn tag(name: &str) -> [(&str, &str); 3] {
    [("RoleName", name), ("Tags.member.1.Key", "team"), ("Tags.member.1.Value", "cats")]
}

/// A role made in code with a boundary loses it as soon as IAM changes anything about the role, here one tag.
#[tokio::test]
async fn a_tag_takes_the_boundary_off_a_role_made_in_code() {
    let site = Site::start().await;
    let boundary = Policy::parse(&allow("s3:*"), Kind::Boundary).unwrap();
    let role = configured("bounded").with_permissions(&allow("*").parse().unwrap()).with_boundary(vec![boundary]);
    site.broker.registry().configure_role(role, issuer::now());
    let bounded = session(&site.broker, ACCOUNT, "bounded").await;
    assert_eq!(site.iam_as(&bounded, "ListUsers", &[]).await.status, 403);

    let tagger = site.session_with("tagger", &allow("iam:TagRole")).await;
    assert_eq!(site.iam_as(&tagger, "TagRole", &tag("bounded")).await.status, 200);
    assert_eq!(site.iam_as(&bounded, "ListUsers", &[]).await.status, 403, "the boundary is gone");
    let shown = site.done("GetRole", &[("RoleName", "bounded")]).await;
    assert_eq!(shown.text("PermissionsBoundaryArn"), Some(arn("policy/configured-boundary/bounded").as_str()));
}

/// Two policies of one name become one when IAM changes the role; the one that is lost may be the one that denies.
#[tokio::test]
async fn a_tag_takes_a_denial_off_a_role_made_in_code() {
    let site = Site::start().await;
    let deny = policy(&json!({"Effect": "Deny", "Action": "iam:*", "Resource": "*"}));
    let named = |text: &str| text.parse::<PermissionsPolicy>().unwrap().named("permissions");
    let role = configured("twice").with_permissions(&named(&deny)).with_permissions(&named(&allow("*")));
    site.broker.registry().configure_role(role, issuer::now());
    let held = session(&site.broker, ACCOUNT, "twice").await;
    assert_eq!(site.iam_as(&held, "ListUsers", &[]).await.status, 403);
    site.done("TagRole", &tag("twice")).await;
    assert_eq!(site.iam_as(&held, "ListUsers", &[]).await.status, 403, "the denial is gone");
    let listed = site.done("ListRolePolicies", &[("RoleName", "twice")]).await;
    assert_eq!(listed.body.matches("<member>").count(), 2, "{}", listed.body);
}

/// Who may make a thing but not tag it must not make it tagged: tags decide in attribute-based access control.
#[tokio::test]
async fn tags_set_while_making_by_who_may_not_tag() {
    let site = Site::start().await;
    let statement = json!([{"Effect": "Allow", "Action": ["iam:Create*"], "Resource": "*"},
        {"Effect": "Deny", "Action": "iam:Tag*", "Resource": "*"}]);
    let who = site.session_with("maker", &policy(&statement)).await;
    let trust = trust(&json!({"AWS": ACCOUNT}));
    let tags = [("Tags.member.1.Key", "team"), ("Tags.member.1.Value", "admins")];
    let everything = allow("*");
    let metadata = format!("<x>{}</x>", " ".repeat(1000));
    let makes: [(&str, Vec<(&str, &str)>); 6] = [
        ("CreateSAMLProvider", vec![("Name", "s"), ("SAMLMetadataDocument", &metadata)]),
        ("CreateUser", vec![("UserName", "u")]),
        ("CreateVirtualMFADevice", vec![("VirtualMFADeviceName", "m")]),
        ("CreateRole", vec![("RoleName", "r"), ("AssumeRolePolicyDocument", &trust)]),
        ("CreatePolicy", vec![("PolicyName", "p"), ("PolicyDocument", &everything)]),
        ("CreateOpenIDConnectProvider", vec![("Url", "https://idp.example/a"), ("ClientIDList.member.1", "app")]),
    ];
    let mut made = Vec::new();
    for (action, parameters) in makes {
        if site.iam_as(&who, action, &[&parameters[..], &tags].concat()).await.status != 403 {
            made.push(action);
        }
    }
    assert!(made.is_empty(), "made with tags: {made:?}");
}

/// The provider is found by the end of the ARN alone, and the ARN is what policies are asked about.
#[tokio::test]
async fn an_oidc_provider_deleted_under_another_arn() {
    let site = Site::start().await;
    let url = [("Url", "https://idp.example"), ("ClientIDList.member.1", "app")];
    site.done("CreateOpenIDConnectProvider", &url).await;
    let statement = json!([{"Effect": "Allow", "Action": "iam:*", "Resource": "*"},
        {"Effect": "Deny", "Action": "iam:DeleteOpenIDConnectProvider", "Resource": arn("oidc-provider/idp.example")}]);
    let who = site.session_with("worker", &policy(&statement)).await;
    let own = arn("oidc-provider/idp.example");
    for name in [
        own.clone(),
        own.replace("arn:aws:", "arn:aws-cn:"),
        own.replace(":iam::", ":iam:eu-west-1:"),
        own.replace(ACCOUNT, ""),
        own.replace(":iam:", ":sso:"),
    ] {
        site.iam_as(&who, "DeleteOpenIDConnectProvider", &[("OpenIDConnectProviderArn", &name)]).await;
        let kept = site.iam("GetOpenIDConnectProvider", &[("OpenIDConnectProviderArn", &own)]).await;
        assert_eq!(kept.status, 200, "deleted as {name}");
    }
}

/// Tag keys have no case where tags are taken away, and have one where policies are asked.
#[tokio::test]
async fn a_protected_tag_taken_away_in_another_case() {
    let site = Site::start().await;
    site.create_role("r", &trust(&json!({"AWS": ACCOUNT}))).await;
    let protected = [("RoleName", "r"), ("Tags.member.1.Key", "Department"), ("Tags.member.1.Value", "hr")];
    site.done("TagRole", &protected).await;
    let statement = json!([{"Effect": "Allow", "Action": ["iam:UntagRole", "iam:TagRole"], "Resource": "*"},
        {"Effect": "Deny", "Action": ["iam:UntagRole", "iam:TagRole"], "Resource": "*",
         "Condition": {"ForAnyValue:StringEquals": {"aws:TagKeys": ["Department"]}}}]);
    let who = site.session_with("worker", &policy(&statement)).await;
    let untag =
        async |key: &str| site.iam_as(&who, "UntagRole", &[("RoleName", "r"), ("TagKeys.member.1", key)]).await.status;
    assert_eq!(untag("Department").await, 403);
    untag("department").await;
    let tags = site.done("ListRoleTags", &[("RoleName", "r")]).await;
    assert_eq!(tags.text("Key"), Some("Department"), "the tag is gone");
}

/// As above, by writing over it.
#[tokio::test]
async fn a_protected_tag_replaced_in_another_case() {
    let site = Site::start().await;
    site.create_role("r", &trust(&json!({"AWS": ACCOUNT}))).await;
    let protected = [("RoleName", "r"), ("Tags.member.1.Key", "Department"), ("Tags.member.1.Value", "hr")];
    site.done("TagRole", &protected).await;
    let statement = json!([{"Effect": "Allow", "Action": "iam:TagRole", "Resource": "*"},
        {"Effect": "Deny", "Action": "iam:TagRole", "Resource": "*",
         "Condition": {"ForAnyValue:StringEquals": {"aws:TagKeys": ["Department"]}}}]);
    let who = site.session_with("worker", &policy(&statement)).await;
    let asked = [("RoleName", "r"), ("Tags.member.1.Key", "department"), ("Tags.member.1.Value", "it")];
    site.iam_as(&who, "TagRole", &asked).await;
    let tags = site.done("ListRoleTags", &[("RoleName", "r")]).await;
    assert_eq!(tags.text("Value"), Some("hr"), "the tag was replaced");
}

/// The tags of a user are asked for at the old name and not at the new one.
#[tokio::test]
async fn a_protected_user_moved_where_the_denial_asks_for_its_tags() {
    let site = Site::start().await;
    let tagged = [("UserName", "martha"), ("Tags.member.1.Key", "protected"), ("Tags.member.1.Value", "yes")];
    site.done("CreateUser", &tagged).await;
    let statement = json!([{"Effect": "Allow", "Action": "iam:UpdateUser", "Resource": "*"},
        {"Effect": "Deny", "Action": "iam:UpdateUser", "Resource": arn("user/admins/*"),
         "Condition": {"StringEquals": {"iam:ResourceTag/protected": "yes"}}}]);
    let who = site.session_with("worker", &policy(&statement)).await;
    let moved = [("UserName", "martha"), ("NewPath", "/admins/")];
    assert_eq!(site.iam_as(&who, "UpdateUser", &moved).await.status, 403);
}

/// An issuer with a slash at its end has the same ARN as the one without, which is configured for every account.
#[tokio::test]
async fn a_provider_under_the_arn_of_a_configured_one() {
    let site = Site::start().await;
    let configured = [("Url", "https://login.example.com"), ("ClientIDList.member.1", "mine")];
    assert_eq!(site.refused("CreateOpenIDConnectProvider", &configured).await.1, "EntityAlreadyExists");
    let twin = [("Url", "https://login.example.com/"), ("ClientIDList.member.1", "mine")];
    let made = site.iam("CreateOpenIDConnectProvider", &twin).await;
    assert_ne!(made.status, 200, "{}", made.body);
}

/// Everything written about a role in a trust policy is by id, whatever way the document is written.
#[tokio::test]
async fn a_trust_policy_that_keeps_a_name_instead_of_an_id() {
    let site = Site::start().await;
    site.create_role("a", &trust(&json!({"AWS": ACCOUNT}))).await;
    let named = arn("role/a");
    let escaped = named.replace('/', "\\/").replace("role", "\\u0072ole");
    let document = |before: &str, principal: &str| {
        format!(
            "{{\"Version\":\"2012-10-17\",{before}\"Statement\":[{{\"Effect\":\"Allow\",\t\"Principal\":{principal},\r\"Action\":\"sts:AssumeRole\"}}]}}"
        )
    };
    for text in [
        document("\r\n", &format!("{{\"AWS\":[\"{named}\",\"{escaped}\"]}}")),
        document("\"Id\":\"\u{e9}\u{85}\u{a0}\",\n", &format!("{{\"AWS\":\"{escaped}\"}}")),
        document("", &format!("{{\"\\u0041WS\":\"{named}\"}}")),
    ] {
        site.create_role("b", &text).await;
        let accounts = site.broker.registry().read();
        let record = accounts.find(&ACCOUNT.parse().unwrap()).unwrap().existing_role("b").unwrap().clone();
        let stored = record.role.trust_policy().policy().text().to_owned();
        assert!(!stored.contains("ole/a") && !stored.contains("ole\\/a"), "{stored}");
        assert!(stored.contains("AROA"), "{stored}");
        site.done("DeleteRole", &[("RoleName", "b")]).await;
    }
}

/// What another administrator does between a question to policies and the deed.
#[derive(Debug)]
struct Meanwhile {
    operation: &'static str,
    registry: OnceLock<Arc<Registry>>,
    done: AtomicBool,
}

impl AuditSink for Meanwhile {
    fn wants_checks(&self) -> bool {
        false
    }

    fn record(&self, event: &AuditEvent) -> std::io::Result<()> {
        if event.operation == self.operation && !self.done.swap(true, Ordering::Relaxed) {
            remake_in_admins(self.registry.get().unwrap());
        }
        Ok(())
    }
}

fn remake_in_admins(registry: &Registry) {
    let (trust, elsewhere) = (trust(&json!({"AWS": ACCOUNT})), registry.read());
    let remade = registry.update(&ACCOUNT.parse().unwrap(), |account, limits| {
        account.delete_role("r")?;
        let new = NewRole {
            name: "r".parse()?,
            path: "/admins/".parse()?,
            trust_policy: &trust,
            description: None,
            max_session_duration: std::time::Duration::from_secs(3600),
            boundary: None,
            tags: BTreeMap::new(),
        };
        account.create_role(new, &elsewhere, limits, issuer::now())?;
        account.update_user("martha", None, Some("/admins/".parse()?))?;
        account.update_group("team", None, Some("/admins/".parse()?))
    });
    remade.unwrap();
}

/// What was allowed for one role, user or group is not done to another one that took its name in between.
#[tokio::test]
async fn a_thing_remade_between_the_question_and_the_deed() {
    let document = trust(&json!({"AWS": ACCOUNT}));
    let administrator = ("PolicyArn", "arn:aws:iam::aws:policy/AdministratorAccess");
    let tag = [("Tags.member.1.Key", "a"), ("Tags.member.1.Value", "b")];
    for (operation, parameters) in [
        ("iam:AttachRolePolicy", vec![("RoleName", "r"), administrator]),
        ("iam:TagRole", [&[("RoleName", "r")], &tag[..]].concat()),
        ("iam:UpdateRole", vec![("RoleName", "r"), ("Description", "mine")]),
        ("iam:UpdateAssumeRolePolicy", vec![("RoleName", "r"), ("PolicyDocument", &document)]),
        ("iam:DeleteRole", vec![("RoleName", "r")]),
        ("iam:PutUserPolicy", vec![("UserName", "martha"), ("PolicyName", "p"), ("PolicyDocument", &allow("*"))]),
        ("iam:CreateAccessKey", vec![("UserName", "martha")]),
        ("iam:CreateLoginProfile", vec![("UserName", "martha"), ("Password", "Correct-horse-1")]),
        ("iam:DeleteUser", vec![("UserName", "martha")]),
        ("iam:AddUserToGroup", vec![("UserName", "martha"), ("GroupName", "team")]),
        ("iam:DeleteGroup", vec![("GroupName", "team")]),
    ] {
        let (registry, done) = (OnceLock::new(), AtomicBool::new(false));
        let meanwhile = Arc::new(Meanwhile { operation, registry, done });
        let sink = Arc::clone(&meanwhile);
        let site = Site::with(|broker| broker.with_audit(sink)).await;
        meanwhile.registry.set(Arc::clone(site.broker.registry())).unwrap();
        site.done("CreateRole", &[("RoleName", "r"), ("Path", "/dev/"), ("AssumeRolePolicyDocument", &document)]).await;
        site.done("CreateUser", &[("UserName", "martha"), ("Path", "/dev/")]).await;
        site.done("CreateGroup", &[("GroupName", "team"), ("Path", "/dev/")]).await;
        let dev = [arn("role/dev/*"), arn("user/dev/*"), arn("group/dev/*")];
        let statement = json!({"Effect": "Allow", "Action": operation, "Resource": dev});
        let who = site.session_with("worker", &policy(&statement)).await;
        let reply = site.iam_as(&who, operation.trim_start_matches("iam:"), &parameters).await;
        assert_eq!(
            (reply.status, reply.text("Code")),
            (409, Some("ConcurrentModification")),
            "{operation}: {}",
            reply.body
        );
    }
}
