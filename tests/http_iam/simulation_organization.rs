//! Simulations are held to the control policies of the organisation, as real requests are.

use daypass::organization::Organization;
use daypass::policy::{Kind, Level, Policy};
use serde_json::{Value, json};

use crate::site::{ACCOUNT, Site, allow, arn, policy, trust};

fn level(name: &str, kind: Kind, statements: &Value) -> Vec<Level> {
    let document = Policy::parse(&policy(statements), kind).unwrap().named(&format!("{name}-policy"));
    vec![Level::new(name, vec![document])]
}

/// The account of the tests is a member, under both kinds of control policies; another member owns resources.
fn organization() -> Organization {
    let root = "o-a1b2c3d4e5/r-ab12/";
    let own = json!([{"Effect": "Allow", "Action": "*", "Resource": "*"},
        {"Effect": "Deny", "Action": "sqs:*", "Resource": "*"}]);
    let strangers = json!({"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*",
        "Condition": {"StringNotEquals": {"aws:PrincipalOrgID": "o-other"}, "Bool": {"aws:PrincipalIsAWSService": "false"},
            "StringLike": {"aws:ResourceOrgID": "o-*"}}});
    let trusted = json!({"Effect": "Deny", "Principal": "*", "Action": "sts:AssumeRole", "Resource": "*",
        "Condition": {"StringEquals": {"aws:PrincipalAccount": ACCOUNT}}});
    Organization::new("o-a1b2c3d4e5", "999999999999".parse().unwrap())
        .with_account(ACCOUNT.parse().unwrap(), root)
        .with_account("222222222222".parse().unwrap(), root)
        .with_service_control(ACCOUNT.parse().unwrap(), level("Root", Kind::ServiceControl, &own))
        .with_resource_control(ACCOUNT.parse().unwrap(), level("Root", Kind::ResourceControl, &trusted))
        .with_resource_control("222222222222".parse().unwrap(), level("Root", Kind::ResourceControl, &strangers))
}

async fn site() -> Site {
    Site::with(|broker| broker.with_organization(organization())).await
}

#[tokio::test]
async fn service_control_policies_limit_both_simulations() {
    let site = site().await;
    site.session_with("worker", &allow("*")).await;
    let (everything, worker) = (allow("*"), arn("role/worker"));
    for (operation, about) in [
        ("SimulateCustomPolicy", ("PolicyInputList.member.1", everything.as_str())),
        ("SimulatePrincipalPolicy", ("PolicySourceArn", worker.as_str())),
    ] {
        let ask = async |action: &str| {
            let reply = site.done(operation, &[about, ("ActionNames.member.1", action)]).await;
            let text = |name| reply.text(name).unwrap_or_default().to_owned();
            (text("EvalDecision"), text("AllowedByOrganizations"))
        };
        assert_eq!(ask("s3:GetObject").await, ("allowed".to_owned(), "true".to_owned()), "{operation}");
        assert_eq!(ask("sqs:SendMessage").await, ("explicitDeny".to_owned(), "false".to_owned()), "{operation}");
    }
}

#[tokio::test]
async fn resource_control_policies_of_the_owner_deny() {
    let site = site().await;
    let (everything, caller) = (allow("*"), arn("user/martha"));
    let open = policy(&json!({"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "s3:*", "Resource": "*"}));
    let ask = async |owner: &str, more: &[(&str, &str)]| {
        let base = [
            ("PolicyInputList.member.1", everything.as_str()),
            ("ActionNames.member.1", "s3:GetObject"),
            ("ResourceArns.member.1", "arn:aws:s3:::photos/a"),
            ("ResourcePolicy", open.as_str()),
            ("CallerArn", caller.as_str()),
            ("ResourceOwner", owner),
        ];
        let reply = site.done("SimulateCustomPolicy", &[&base[..], more].concat()).await;
        let text = |name| reply.text(name).unwrap_or_default().to_owned();
        [text("EvalDecision"), text("AllowedByOrganizations"), text("SourcePolicyId"), text("SourcePolicyType")]
    };
    let denied = ["explicitDeny", "false", "Root-policy", "none"];
    assert_eq!(ask("222222222222", &[]).await, denied);
    assert_eq!(ask("333333333333", &[]).await[..2], ["allowed", "true"]);
    assert_eq!(ask(ACCOUNT, &[]).await[..2], ["allowed", "true"]);
    let given = |name, value| {
        [
            ("ContextEntries.member.1.ContextKeyName", name),
            ("ContextEntries.member.1.ContextKeyType", "string"),
            ("ContextEntries.member.1.ContextKeyValues.member.1", value),
        ]
    };
    for (name, value) in
        [("aws:PrincipalOrgID", "o-other"), ("aws:PrincipalIsAWSService", "true"), ("aws:ResourceOrgID", "x")]
    {
        let answered = ask("222222222222", &given(name, value)).await;
        assert_eq!(answered[..2], ["allowed", "true"], "what the call gives of {name} stands over what is known");
    }
}

#[tokio::test]
async fn the_account_that_an_arn_names_owns_the_resource_whatever_the_call_says() {
    let site = site().await;
    let everything = allow("*");
    let ask = async |resource: &str| {
        let asked = [
            ("PolicyInputList.member.1", everything.as_str()),
            ("ActionNames.member.1", "sns:Publish"),
            ("ResourceArns.member.1", resource),
            ("ResourceOwner", ACCOUNT),
        ];
        site.done("SimulateCustomPolicy", &asked).await.text("EvalDecision").unwrap().to_owned()
    };
    assert_eq!(ask("arn:aws:sns:eu-west-1:222222222222:topic").await, "explicitDeny");
    assert_eq!(ask("arn:aws:sns:eu-west-1:111111111111:topic").await, "allowed");
}

#[tokio::test]
async fn assuming_a_role_is_simulated_as_it_would_be_decided() {
    let site = site().await;
    let worker = site.session_with("worker", &allow("sts:AssumeRole")).await;
    site.create_role("target", &trust(&json!({"AWS": arn("role/worker")}))).await;
    let (source, target) = (arn("role/worker"), arn("role/target"));
    let asked = [
        ("PolicySourceArn", source.as_str()),
        ("ActionNames.member.1", "sts:AssumeRole"),
        ("ResourceArns.member.1", target.as_str()),
    ];
    let simulated = site.done("SimulatePrincipalPolicy", &asked).await;
    assert_eq!(simulated.text("EvalDecision"), Some("explicitDeny"));
    let real = [("RoleArn", target.as_str()), ("RoleSessionName", "worker")];
    assert_eq!(site.sts_as(Some(&worker), "AssumeRole", &real).await.status, 403);
}
