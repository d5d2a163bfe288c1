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
        // Where an organisation denies, what other policies say is not told.
        assert_eq!(
            reply.body.contains("EvalDecisionDetails"),
            text("AllowedByOrganizations") == "true",
            "{}",
            reply.body
        );
        [text("EvalDecision"), text("AllowedByOrganizations"), text("SourcePolicyId"), text("SourcePolicyType")]
    };
    // Whose policies they are may not read them, so the statement is not told.
    let denied = ["explicitDeny", "false", "", ""];
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

#[tokio::test]
async fn members_of_an_organisation_are_told_what_it_says_as_recorded() {
    let site =
        Site::with(|broker| broker.with_organization(Organization::new("o-a1b2c3d4e5", ACCOUNT.parse().unwrap())))
            .await;
    let document = r#"{"Version": "2012-10-17", "Statement": {"Sid": "", "Effect": "Allow", "Action": "s3:PutObject", "Resource": "*"}}"#;
    let attached = site.create_policy("attached", document).await;
    site.done("CreateUser", &[("UserName", "martha")]).await;
    site.done("AttachUserPolicy", &[("UserName", "martha"), ("PolicyArn", &attached)]).await;
    let source = arn("user/martha");
    let asked = [
        ("PolicySourceArn", source.as_str()),
        ("ActionNames.member.1", "s3:PutObject"),
        ("ActionNames.member.2", "s3:GetObjectVersion"),
        ("ResourceArns.member.1", "arn:aws:s3:::bucket"),
    ];
    let reply = site.done("SimulatePrincipalPolicy", &asked).await;
    let statements = "<MatchedStatements><member><SourcePolicyId>attached</SourcePolicyId><SourcePolicyType>IAM \
        Policy</SourcePolicyType><StartPosition><Line>1</Line><Column>41</Column></StartPosition><EndPosition><Line>1\
        </Line><Column>113</Column></EndPosition></member></MatchedStatements>";
    let result = |action: &str, decision: &str, statements: &str| {
        let name = "<EvalResourceName>arn:aws:s3:::bucket</EvalResourceName>";
        let missing = "<MissingContextValues></MissingContextValues>";
        let organizations = "<OrganizationsDecisionDetail><AllowedByOrganizations>true</AllowedByOrganizations>\
            </OrganizationsDecisionDetail><EvalDecisionDetails></EvalDecisionDetails>";
        format!(
            "<member><EvalActionName>{action}</EvalActionName>{name}<EvalDecision>{decision}</EvalDecision>{statements}\
             {missing}{organizations}<ResourceSpecificResults><member>{name}<EvalResourceDecision>{decision}\
             </EvalResourceDecision>{statements}{missing}</member></ResourceSpecificResults></member>"
        )
    };
    let expected = result("s3:PutObject", "allowed", statements)
        + &result("s3:GetObjectVersion", "implicitDeny", "<MatchedStatements></MatchedStatements>");
    assert!(reply.body.contains(&format!("<EvaluationResults>{expected}</EvaluationResults>")), "{}", reply.body);
}

#[tokio::test]
async fn what_control_policies_alone_read_is_not_among_the_missing_keys() {
    let other = json!([{"Effect": "Allow", "Action": "*", "Resource": "*"}, {"Effect": "Deny", "Action": "s3:*",
        "Resource": "*", "Condition": {"StringEquals": {"aws:RequestTag/x": "1", "s3:prefix": "1"}}}]);
    let levels = level("Root", Kind::ServiceControl, &other);
    let site = Site::with(|broker| {
        let organization = Organization::new("o-a1b2c3d4e5", "999999999999".parse().unwrap());
        broker.with_organization(organization.with_service_control(ACCOUNT.parse().unwrap(), levels))
    })
    .await;
    let own = policy(&json!({"Effect": "Allow", "Action": "s3:*", "Resource": "*",
        "Condition": {"StringNotEquals": {"S3:Prefix": "1"}}}));
    let asked = [("PolicyInputList.member.1", own.as_str()), ("ActionNames.member.1", "s3:GetObject")];
    let reply = site.done("SimulateCustomPolicy", &asked).await;
    assert!(
        reply.body.to_lowercase().contains("<missingcontextvalues><member>s3:prefix</member></missing"),
        "{}",
        reply.body
    );
}

#[tokio::test]
async fn an_organisation_can_be_given_from_its_root_to_the_account() {
    let site = site().await;
    let (everything, storage) = (allow("*"), allow("s3:*"));
    let base = [
        ("PolicyInputList.member.1", everything.as_str()),
        ("ActionNames.member.1", "sqs:SendMessage"),
        ("OrderedOrganizationPolicyInputList.member.1.ServiceControlPolicyInputList.member.1", everything.as_str()),
    ];
    let ask = async |more: &[(&str, &str)]| {
        let reply = site.done("SimulateCustomPolicy", &[&base[..], more].concat()).await;
        let text = |name| reply.text(name).unwrap_or_default().to_owned();
        [text("EvalDecision"), text("AllowedByOrganizations")]
    };
    assert_eq!(ask(&[]).await, ["allowed", "true"], "it stands in the place of the account's own, which denies");
    let below = "OrderedOrganizationPolicyInputList.member.2.ServiceControlPolicyInputList.member.1";
    assert_eq!(ask(&[(below, storage.as_str())]).await, ["implicitDeny", "false"]);
    let places: Vec<_> = (1..=8)
        .map(|level| {
            format!("OrderedOrganizationPolicyInputList.member.{level}.ServiceControlPolicyInputList.member.1")
        })
        .collect();
    let mut deep = base[..2].to_vec();
    deep.extend(places.iter().map(|place| (place.as_str(), everything.as_str())));
    let (status, code, message) = site.refused("SimulateCustomPolicy", &deep).await;
    assert_eq!((status, code.as_str()), (400, "InvalidInput"));
    assert!(message.contains("at most 7 levels"), "{message}");
}

#[tokio::test]
async fn service_control_policies_can_be_left_out() {
    let site = site().await;
    site.session_with("worker", &allow("*")).await;
    let worker = arn("role/worker");
    let asked = [
        ("PolicySourceArn", worker.as_str()),
        ("ActionNames.member.1", "sqs:SendMessage"),
        ("PolicyExclusionList.member.1.PolicyType", "scp"),
    ];
    let reply = site.done("SimulatePrincipalPolicy", &asked).await;
    assert_eq!((reply.text("EvalDecision"), reply.text("AllowedByOrganizations")), (Some("allowed"), Some("true")));
}
