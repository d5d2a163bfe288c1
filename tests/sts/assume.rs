//! AssumeRole by users and by sessions.

use daypass::organization::Organization;
use daypass::policy::{Kind, Level, Policy};
use serde_json::json;

use crate::site::{ACCOUNT, MEMBER, STRANGER, Site, account, allow, policy, trust};

const MARTHA: &str = "arn:aws:iam::111111111111:user/martha";

#[tokio::test]
async fn a_user_assumes_a_role_for_as_long_as_the_role_allows() {
    let site = Site::start().await;
    let martha = site.user(ACCOUNT, "martha", &allow(&["sts:AssumeRole"]));
    let reader = site.role(ACCOUNT, "reader", &trust(ACCOUNT, &["sts:AssumeRole"], &json!({})), &allow(&["s3:*"]));
    let reply = site.assume(&martha, &reader, &[("DurationSeconds", "43200")]).await;
    assert_eq!(reply.text("Expiration"), "2026-01-01T12:00:00Z");
    assert!(reply.text("AssumedRoleId").starts_with("AROA") && reply.text("AssumedRoleId").ends_with(":chain"));
    assert!(!reply.has("PackedPolicySize") && !reply.has("SourceIdentity"), "{}", reply.body);
    // A user's own session is the user, and no chain.
    let session = site.sts(&martha, "GetSessionToken", &[]).await.credentials();
    assert_eq!(site.assume(&session, &reader, &[("DurationSeconds", "43200")]).await.status, 200);
}

#[tokio::test]
async fn a_chain_lasts_an_hour_and_the_refusal_says_why() {
    let site = Site::start().await;
    let martha = site.user(ACCOUNT, "martha", &allow(&["sts:AssumeRole"]));
    let open = trust(ACCOUNT, &["sts:AssumeRole"], &json!({}));
    let first = site.role(ACCOUNT, "first", &open, &allow(&["sts:AssumeRole"]));
    let second = site.role(ACCOUNT, "second", &open, &allow(&["s3:*"]));
    let session = site.assume(&martha, &first, &[]).await.credentials();
    let refused = site.assume(&session, &second, &[("DurationSeconds", "3601")]).await;
    let expected =
        "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.".to_owned();
    assert_eq!(refused.refusal(), (400, "ValidationError", expected));
    assert_eq!(site.assume(&session, &second, &[]).await.text("Expiration"), "2026-01-01T01:00:00Z");
}

#[tokio::test]
async fn both_sides_must_allow_across_accounts() {
    let site = Site::start().await;
    let allowed = site.user(ACCOUNT, "martha", &allow(&["sts:AssumeRole"]));
    let closed = site.user(ACCOUNT, "closed", &allow(&["s3:*"]));
    let there = site.role(MEMBER, "there", &trust(ACCOUNT, &["sts:AssumeRole"], &json!({})), &allow(&["s3:*"]));
    assert_eq!(site.assume(&allowed, &there, &[]).await.status, 200);
    let refused = site.assume(&closed, &there, &[]).await;
    let expected = format!(
        "User: arn:aws:iam::111111111111:user/closed is not authorized to perform: sts:AssumeRole on resource: {there}"
    );
    assert_eq!(refused.refusal(), (403, "AccessDenied", expected));
    let elsewhere =
        site.role(MEMBER, "elsewhere", &trust(STRANGER, &["sts:AssumeRole"], &json!({})), &allow(&["s3:*"]));
    assert_eq!(site.assume(&allowed, &elsewhere, &[]).await.status, 403);
    let nowhere = site.assume(&allowed, "arn:aws:iam::222222222222:role/nobody", &[]).await;
    assert_eq!((nowhere.status, nowhere.text("Code")), (403, "AccessDenied"));
}

/// There are no regions to switch on and off; what a client signs for is what policies are asked about.
#[tokio::test]
async fn policies_hold_callers_to_the_regions_that_they_sign_for() {
    let site = Site::start().await;
    let elsewhere = |region: &str| {
        policy(&json!([{"Effect": "Allow", "Action": "*", "Resource": "*"},
            {"Effect": "Deny", "Action": "sts:AssumeRole", "Resource": "*",
             "Condition": {"StringNotEquals": {"aws:RequestedRegion": region}}}]))
    };
    let role = site.role(ACCOUNT, "reader", &trust(ACCOUNT, &["sts:AssumeRole"], &json!({})), &allow(&["s3:*"]));
    // The clients of these tests sign for eu-west-1.
    let here = site.user(ACCOUNT, "here", &elsewhere("eu-west-1"));
    let there = site.user(ACCOUNT, "there", &elsewhere("us-east-1"));
    assert_eq!((site.assume(&here, &role, &[]).await.status, site.assume(&there, &role, &[]).await.status), (200, 403));
}

#[tokio::test]
async fn trust_that_names_the_user_needs_no_permission_in_the_same_account() {
    let site = Site::start().await;
    let martha = site.user(ACCOUNT, "martha", &allow(&["s3:*"]));
    let reader = site.role(ACCOUNT, "reader", &trust(MARTHA, &["sts:AssumeRole"], &json!({})), &allow(&["s3:*"]));
    assert_eq!(site.assume(&martha, &reader, &[]).await.status, 200);
    let rosa = site.user(ACCOUNT, "rosa", &allow(&["sts:AssumeRole"]));
    assert_eq!(site.assume(&rosa, &reader, &[]).await.status, 403);
}

#[tokio::test]
async fn attack_root_takes_a_role() {
    let site = Site::start().await;
    let open = site.role(ACCOUNT, "open", &trust("*", &["sts:AssumeRole"], &json!({})), &allow(&["*"]));
    let root = site.root(ACCOUNT);
    let session = site.sts(&root, "GetSessionToken", &[]).await.credentials();
    for signer in [&root, &session] {
        let refused = site.assume(signer, &open, &[]).await;
        assert_eq!(refused.refusal(), (403, "AccessDenied", "Roles may not be assumed by root accounts.".to_owned()));
    }
}

#[tokio::test]
async fn managed_session_policies_limit_and_must_exist() {
    let site = Site::start().await;
    let everything = allow(&["*"]);
    let martha = site.user(ACCOUNT, "martha", &everything);
    let admin = site.role(ACCOUNT, "admin", &trust(ACCOUNT, &["sts:AssumeRole"], &json!({})), &everything);
    let own = site.managed_policy(ACCOUNT, "KeysOnly", &allow(&["sts:GetAccessKeyInfo"]));
    let info = [("AccessKeyId", martha.id.as_str())];
    for (arn, allowed) in [(own.as_str(), true), ("arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess", false)] {
        let reply = site.assume(&martha, &admin, &[("PolicyArns.member.1.arn", arn)]).await;
        assert_ne!(reply.text("PackedPolicySize"), "0");
        let session = reply.credentials();
        assert_eq!(site.sts(&session, "GetAccessKeyInfo", &info).await.status == 200, allowed, "{arn}");
    }
    // A policy that is gone allows nothing more.
    let session = site.assume(&martha, &admin, &[("PolicyArns.member.1.arn", &own)]).await.credentials();
    let gone = own.parse().unwrap();
    site.broker.registry().update(&account(ACCOUNT), |account, _| account.delete_policy(&gone)).unwrap();
    assert_eq!(site.sts(&session, "GetAccessKeyInfo", &info).await.status, 403);
    let missing = "arn:aws:iam::111111111111:policy/nothing";
    for arn in [missing, "arn:aws:iam::222222222222:policy/KeysOnly", "arn:aws:iam::aws:policy/Nothing"] {
        let refused = site.assume(&martha, &admin, &[("PolicyArns.member.1.arn", arn)]).await;
        assert_eq!(refused.refusal(), (400, "ValidationError", format!("{arn} is invalid")));
    }
}

#[tokio::test]
async fn inline_and_managed_session_policies_allow_together_what_the_role_allows() {
    let site = Site::start().await;
    let martha = site.user(ACCOUNT, "martha", &allow(&["*"]));
    let permissions = allow(&["sts:GetAccessKeyInfo", "sts:DecodeAuthorizationMessage"]);
    let role = site.role(ACCOUNT, "tell", &trust(ACCOUNT, &["sts:AssumeRole"], &json!({})), &permissions);
    let managed = site.managed_policy(ACCOUNT, "Keys", &allow(&["sts:GetAccessKeyInfo"]));
    let inline = allow(&["sts:DecodeAuthorizationMessage", "sts:GetWebIdentityToken"]);
    let limits = [("PolicyArns.member.1.arn", managed.as_str()), ("Policy", inline.as_str())];
    let session = site.assume(&martha, &role, &limits).await.credentials();
    assert_eq!(site.sts(&session, "GetAccessKeyInfo", &[("AccessKeyId", &martha.id)]).await.status, 200);
    let decoded = site.sts(&session, "DecodeAuthorizationMessage", &[("EncodedMessage", "AAAA")]).await;
    assert_eq!(decoded.text("Code"), "InvalidAuthorizationMessageException");
    let token = [("Audience.member.1", "x"), ("SigningAlgorithm", "ES384")];
    assert_eq!(site.sts(&session, "GetWebIdentityToken", &token).await.text("Code"), "AccessDenied");
}

#[tokio::test]
async fn tags_need_a_permission_on_both_sides() {
    let site = Site::start().await;
    let tags = [("Tags.member.1.Key", "team"), ("Tags.member.1.Value", "cats")];
    let tagging = site.user(ACCOUNT, "tagging", &allow(&["sts:AssumeRole", "sts:TagSession"]));
    let plain = site.user(ACCOUNT, "plain", &allow(&["sts:AssumeRole"]));
    let both = ["sts:AssumeRole", "sts:TagSession"];
    let open = site.role(ACCOUNT, "open", &trust(ACCOUNT, &both, &json!({})), &allow(&["s3:*"]));
    let closed = site.role(ACCOUNT, "closed", &trust(ACCOUNT, &both[..1], &json!({})), &allow(&["s3:*"]));
    assert_eq!(site.assume(&tagging, &open, &tags).await.status, 200);
    assert_eq!(site.assume(&plain, &open, &tags).await.status, 403);
    assert_eq!(site.assume(&tagging, &closed, &tags).await.status, 403);
    for (more, message) in [
        (
            ("TransitiveTagKeys.member.1", "stage"),
            "The specified transitive tag key must be included in the requested tags.",
        ),
        (("Tags.member.2.Key", "TEAM"), "Duplicate tag keys found. Please note that Tag keys are case insensitive."),
    ] {
        let mut asked = tags.to_vec();
        asked.push(more);
        if more.0.ends_with("Key") {
            asked.push(("Tags.member.2.Value", "dogs"));
        }
        let refused = site.assume(&tagging, &open, &asked).await;
        assert_eq!(refused.refusal(), (400, "InvalidParameterValue", message.to_owned()));
    }
}

#[tokio::test]
async fn attack_a_chain_that_shakes_off_its_tags_and_source_identity() {
    let site = Site::start().await;
    let all = ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"];
    let martha = site.user(ACCOUNT, "martha", &allow(&all));
    let open = trust(ACCOUNT, &all, &json!({}));
    let first = site.role(ACCOUNT, "first", &open, &allow(&all));
    let second = site.role(ACCOUNT, "second", &open, &allow(&["sts:GetAccessKeyInfo"]));
    let start = [
        ("Tags.member.1.Key", "team"),
        ("Tags.member.1.Value", "cats"),
        ("TransitiveTagKeys.member.1", "team"),
        ("SourceIdentity", "martha"),
    ];
    let reply = site.assume(&martha, &first, &start).await;
    assert_eq!(reply.text("SourceIdentity"), "martha");
    let session = reply.credentials();
    let refused = site.assume(&session, &second, &[("SourceIdentity", "rosa")]).await;
    assert_eq!((refused.status, refused.text("Code")), (403, "AccessDenied"));
    let refused =
        site.assume(&session, &second, &[("Tags.member.1.Key", "Team"), ("Tags.member.1.Value", "dogs")]).await;
    let expected = "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key \
                    from the calling session.";
    assert_eq!(refused.refusal(), (400, "InvalidParameterValue", expected.to_owned()));
    let reply = site.assume(&session, &second, &[]).await;
    assert_eq!(reply.text("SourceIdentity"), "martha", "it goes down the chain unasked");
    let deaf = trust(ACCOUNT, &all[..2], &json!({}));
    let third = site.role(ACCOUNT, "third", &deaf, &allow(&["s3:*"]));
    assert_eq!(site.assume(&session, &third, &[]).await.status, 403, "the role does not let it be set");
}

#[tokio::test]
async fn tags_of_the_role_stand_behind_those_of_the_session() {
    let site = Site::start().await;
    let martha = site.user(ACCOUNT, "martha", &allow(&["sts:*"]));
    let own = policy(&json!({"Effect": "Allow", "Action": "sts:GetAccessKeyInfo", "Resource": "*",
        "Condition": {"StringEquals": {"aws:PrincipalTag/department": "cats"}}}));
    let both = ["sts:AssumeRole", "sts:TagSession"];
    let matching =
        json!({"StringEquals": {"iam:ResourceTag/department": "cats", "aws:ResourceTag/department": "cats"}});
    let role = site.role(ACCOUNT, "tagged", &trust(ACCOUNT, &both, &matching), &own);
    let info = [("AccessKeyId", martha.id.as_str())];
    let session = site.assume(&martha, &role, &[]).await.credentials();
    assert_eq!(site.sts(&session, "GetAccessKeyInfo", &info).await.status, 200);
    let tags = [("Tags.member.1.Key", "Department"), ("Tags.member.1.Value", "dogs")];
    let session = site.assume(&martha, &role, &tags).await.credentials();
    assert_eq!(site.sts(&session, "GetAccessKeyInfo", &info).await.status, 403);
}

#[tokio::test]
async fn attack_a_context_that_nobody_vouches_for() {
    let site = Site::start().await;
    let martha = site.user(ACCOUNT, "martha", &allow(&["sts:*"]));
    let role = site.role(ACCOUNT, "open", &trust(ACCOUNT, &["sts:*"], &json!({})), &allow(&["s3:*"]));
    let context = [
        ("ProvidedContexts.member.1.ProviderArn", "arn:aws:iam::aws:contextProvider/IdentityCenter"),
        ("ProvidedContexts.member.1.ContextAssertion", "e30.e30."),
    ];
    let refused = site.assume(&martha, &role, &context).await;
    assert_eq!((refused.status, refused.text("Code")), (400, "ValidationError"), "{}", refused.body);
}

#[tokio::test]
async fn parameters_outside_their_limits_are_named() {
    let site = Site::start().await;
    let martha = site.user(ACCOUNT, "martha", &allow(&["sts:*"]));
    let asked = [("RoleArn", "not-an-arn-but-long-enough"), ("RoleSessionName", "chain")];
    let refused = site.sts(&martha, "AssumeRole", &asked).await;
    assert_eq!(refused.refusal(), (400, "ValidationError", "not-an-arn-but-long-enough is invalid".to_owned()));
    let asked = [("RoleArn", "arn:aws:iam::111111111111:role/x"), ("RoleSessionName", "a b")];
    let refused = site.sts(&martha, "AssumeRole", &asked).await;
    let expected = "1 validation error detected: Value 'a b' at 'roleSessionName' failed to satisfy constraint: Member \
                    must satisfy regular expression pattern: [\\w+=,.@-]*";
    assert_eq!(refused.refusal(), (400, "ValidationError", expected.to_owned()));
}

#[tokio::test]
async fn control_policies_of_both_accounts_have_a_say() {
    let deny = |kind: Kind, principal: Option<&str>| {
        let mut statement = json!({"Sid": "Closed", "Effect": "Deny", "Action": "sts:AssumeRole", "Resource": "*"});
        let mut statements = vec![];
        match principal {
            Some(principal) => statement["Principal"] = json!(principal),
            None => statements.push(json!({"Effect": "Allow", "Action": "*", "Resource": "*"})),
        }
        statements.push(statement);
        vec![Level::new("Root", vec![Policy::parse(&policy(&json!(statements)), kind).unwrap()])]
    };
    let organization = Organization::new("o-example", account(ACCOUNT))
        .with_service_control(account(MEMBER), deny(Kind::ServiceControl, None))
        .with_resource_control(account(STRANGER), deny(Kind::ResourceControl, Some("*")));
    let site = Site::within(organization).await;
    let allowed = allow(&["sts:AssumeRole"]);
    let (manager, member) = (site.user(ACCOUNT, "martha", &allowed), site.user(MEMBER, "rosa", &allowed));
    let open = trust("*", &["sts:AssumeRole"], &json!({}));
    let [here, there, closed] = [ACCOUNT, MEMBER, STRANGER].map(|of| site.role(of, "open", &open, &allow(&["s3:*"])));
    assert_eq!(site.assume(&manager, &here, &[]).await.status, 200);
    assert_eq!(site.assume(&manager, &there, &[]).await.status, 200);
    assert_eq!(site.assume(&member, &there, &[]).await.status, 403, "the caller's account forbids it");
    assert_eq!(site.assume(&manager, &closed, &[]).await.status, 403, "the role's account forbids it");
}

#[tokio::test]
async fn attack_a_federated_user_or_an_assumed_root_takes_a_role() {
    let site = Site::start().await;
    let everything = allow(&["*"]);
    let martha = site.user(ACCOUNT, "martha", &everything);
    let open = site.role(ACCOUNT, "open", &trust("*", &["sts:AssumeRole"], &json!({})), &everything);
    let task = "arn:aws:iam::aws:policy/root-task/IAMAuditRootUserCredentials";
    let federated = site.sts(&martha, "GetFederationToken", &[("Name", "rosa"), ("Policy", &everything)]).await;
    let root = site.sts(&martha, "AssumeRoot", &[("TargetPrincipal", MEMBER), ("TaskPolicyArn.arn", task)]).await;
    for session in [federated.credentials(), root.credentials()] {
        let refused = site.assume(&session, &open, &[]).await;
        assert_eq!((refused.status, refused.text("Code")), (403, "AccessDenied"));
    }
}
