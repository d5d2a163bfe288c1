//! Simulations: decisions, the statements behind them, and the keys that were missing.

use serde_json::json;

use crate::site::{Site, allow, arn, policy, trust};

const OWN: &str = r#"{
  "Version": "2012-10-17",
  "Statement": [
    {"Effect": "Allow", "Action": "s3:*", "Resource": "*"},
    {"Effect": "Deny", "Action": "s3:DeleteObject", "Resource": "*",
     "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "false"}}}
  ]
}"#;

#[tokio::test]
async fn each_action_is_decided_with_its_statements_and_what_was_missing() {
    let site = Site::start().await;
    let base = [
        ("PolicyInputList.member.1", OWN),
        ("ActionNames.member.1", "s3:DeleteObject"),
        ("ResourceArns.member.1", "arn:aws:s3:::photos/a"),
    ];
    let allowed = site.done("SimulateCustomPolicy", &base).await;
    assert_eq!(allowed.text("EvalActionName"), Some("s3:DeleteObject"));
    assert_eq!(allowed.text("EvalResourceName"), Some("arn:aws:s3:::photos/a"));
    assert_eq!(allowed.text("EvalDecision"), Some("allowed"));
    assert_eq!(allowed.text("SourcePolicyId"), Some("PolicyInputList.1"));
    let start = "<StartPosition><Line>3</Line><Column>17</Column></StartPosition>";
    assert!(allowed.body.contains(start), "{}", allowed.body);
    assert!(allowed.body.contains("<EndPosition><Line>4</Line><Column>59</Column></EndPosition>"), "{}", allowed.body);
    assert!(
        allowed.body.contains("<MissingContextValues><member>aws:MultiFactorAuthPresent</member>"),
        "{}",
        allowed.body
    );
    let entry = [
        ("ContextEntries.member.1.ContextKeyName", "aws:MultiFactorAuthPresent"),
        ("ContextEntries.member.1.ContextKeyType", "boolean"),
        ("ContextEntries.member.1.ContextKeyValues.member.1", "false"),
    ];
    let denied = site.done("SimulateCustomPolicy", &[&base[..], &entry].concat()).await;
    assert_eq!(denied.text("EvalDecision"), Some("explicitDeny"));
    assert!(
        denied.body.contains("<StartPosition><Line>4</Line><Column>59</Column>")
            && denied.body.contains("<EndPosition><Line>6</Line>")
    );
    assert!(denied.body.contains("<MissingContextValues></MissingContextValues>"), "{}", denied.body);
}

#[tokio::test]
async fn actions_are_paged_each_with_all_of_its_resources() {
    let site = Site::start().await;
    let base = [
        ("PolicyInputList.member.1", OWN),
        ("ActionNames.member.1", "s3:GetObject"),
        ("ActionNames.member.2", "sqs:SendMessage"),
        ("ResourceArns.member.1", "arn:aws:s3:::a"),
        ("ResourceArns.member.2", "arn:aws:s3:::b"),
    ];
    let all = site.done("SimulateCustomPolicy", &base).await;
    assert_eq!(all.body.matches("<EvalDecision>").count(), 2);
    let first = site.done("SimulateCustomPolicy", &[&base[..], &[("MaxItems", "1")]].concat()).await;
    assert_eq!(first.text("EvalActionName"), Some("s3:GetObject"));
    assert_eq!(first.body.matches("<EvalResourceDecision>allowed<").count(), 2, "{}", first.body);
    let rest = [("Marker", first.text("Marker").unwrap())];
    let rest = site.done("SimulateCustomPolicy", &[&base[..], &rest].concat()).await;
    assert_eq!(rest.text("EvalActionName"), Some("sqs:SendMessage"));
    assert_eq!(rest.body.matches("<EvalResourceDecision>implicitDeny<").count(), 2, "{}", rest.body);
}

#[tokio::test]
async fn a_boundary_limits_and_is_told_of() {
    let site = Site::start().await;
    let bound = allow("s3:GetObject");
    let ask = async |action: &str| {
        let asked = [
            ("PolicyInputList.member.1", OWN),
            ("PermissionsBoundaryPolicyInputList.member.1", bound.as_str()),
            ("ActionNames.member.1", action),
        ];
        let reply = site.done("SimulateCustomPolicy", &asked).await;
        (reply.text("EvalDecision").unwrap().to_owned(), reply.text("AllowedByPermissionsBoundary").unwrap().to_owned())
    };
    assert_eq!(ask("s3:GetObject").await, ("allowed".to_owned(), "true".to_owned()));
    assert_eq!(ask("s3:PutObject").await, ("implicitDeny".to_owned(), "false".to_owned()));
}

#[tokio::test]
async fn a_role_is_simulated_with_everything_it_has() {
    let site = Site::start().await;
    site.session_with("worker", &allow("s3:GetObject")).await;
    let attached = site.create_policy("attached", &allow("sqs:*")).await;
    let bound = site
        .create_policy(
            "bound",
            &policy(&json!({"Effect": "Allow", "Action": ["s3:*", "sqs:SendMessage"], "Resource": "*"})),
        )
        .await;
    let role = ("RoleName", "worker");
    site.done("AttachRolePolicy", &[role, ("PolicyArn", &attached)]).await;
    site.done("AttachRolePolicy", &[role, ("PolicyArn", "arn:aws:iam::aws:policy/SecurityAudit")]).await;
    site.done("PutRolePermissionsBoundary", &[role, ("PermissionsBoundary", &bound)]).await;
    let source = arn("role/worker");
    let ask = async |action: &str| {
        let asked = [("PolicySourceArn", source.as_str()), ("ActionNames.member.1", action)];
        let reply = site.done("SimulatePrincipalPolicy", &asked).await;
        let text = |name| reply.text(name).unwrap_or_default().to_owned();
        [text("EvalDecision"), text("SourcePolicyId"), text("SourcePolicyType")]
    };
    assert_eq!(ask("s3:GetObject").await, ["allowed", "role_worker_permissions-1", "IAM Policy"]);
    assert_eq!(ask("sqs:SendMessage").await, ["allowed", "attached", "IAM Policy"]);
    assert_eq!(ask("sqs:DeleteQueue").await, ["implicitDeny", "", ""]);
    assert_eq!(ask("iam:GetRole").await, ["implicitDeny", "", ""]);
}

#[tokio::test]
async fn a_principal_that_does_not_exist_is_named_as_it_is_called() {
    let site = Site::start().await;
    for (source, expected) in [
        (arn("role/team/nobody"), "The role with name nobody cannot be found."),
        (arn("user/nobody"), "The user with name nobody cannot be found."),
        (arn("group/nobody"), "The group with name nobody cannot be found."),
    ] {
        let asked = [("PolicySourceArn", source.as_str()), ("ActionNames.member.1", "s3:GetObject")];
        let told = (404, "NoSuchEntity".to_owned(), expected.to_owned());
        assert_eq!(site.refused("SimulatePrincipalPolicy", &asked).await, told);
        assert_eq!(site.refused("GetContextKeysForPrincipalPolicy", &asked[..1]).await, told);
    }
}

#[tokio::test]
async fn assuming_a_role_is_decided_by_its_trust_policy_too() {
    let site = Site::start().await;
    site.session_with("worker", &allow("sts:AssumeRole")).await;
    site.session_with("other", &allow("sts:AssumeRole")).await;
    site.create_role("target", &trust(&json!({"AWS": arn("role/worker")}))).await;
    let target = arn("role/target");
    let ask = async |source: &str| {
        let source = arn(source);
        let asked = [
            ("PolicySourceArn", source.as_str()),
            ("ActionNames.member.1", "sts:AssumeRole"),
            ("ResourceArns.member.1", target.as_str()),
        ];
        let reply = site.done("SimulatePrincipalPolicy", &asked).await;
        (
            reply.text("EvalDecision").unwrap().to_owned(),
            reply.body.contains("<SourcePolicyId>trust policy</SourcePolicyId><SourcePolicyType>Resource Policy<"),
        )
    };
    assert_eq!(ask("role/worker").await, ("allowed".to_owned(), true));
    assert_eq!(ask("role/other").await, ("implicitDeny".to_owned(), false));
}

#[tokio::test]
async fn a_resource_policy_decides_across_accounts_with_the_caller_it_is_asked_about() {
    let site = Site::start().await;
    let caller = "arn:aws:iam::111111111111:user/martha";
    let resource =
        policy(&json!({"Effect": "Allow", "Principal": {"AWS": caller}, "Action": "s3:GetObject", "Resource": "*"}));
    let base = [
        ("PolicyInputList.member.1", OWN),
        ("ActionNames.member.1", "s3:GetObject"),
        ("ActionNames.member.2", "s3:PutObject"),
        ("ResourceArns.member.1", "arn:aws:s3:::photos/a"),
        ("ResourcePolicy", resource.as_str()),
        ("ResourceOwner", "arn:aws:iam::222222222222:root"),
    ];
    let (_, code, message) = site.refused("SimulateCustomPolicy", &base).await;
    assert_eq!(code, "InvalidInput");
    assert!(message.contains("CallerArn"), "{message}");
    let reply = site.done("SimulateCustomPolicy", &[&base[..], &[("CallerArn", caller)]].concat()).await;
    let decisions: Vec<_> =
        reply.body.split("<EvalDecision>").skip(1).map(|rest| rest.split('<').next().unwrap()).collect();
    assert_eq!(decisions, ["allowed", "implicitDeny"], "{}", reply.body);
    let source = "<SourcePolicyId>ResourcePolicy</SourcePolicyId><SourcePolicyType>Resource Policy<";
    assert!(reply.body.contains(source), "{}", reply.body);
    // Across accounts it is told what the policies of each kind say, of all resources and of each.
    let details = |kind: &str, word: &str| format!("<key>{kind}</key><value>{word}</value>");
    for (detail, times) in [
        (details("IAM Policy", "allowed"), 4),
        (details("Resource Policy", "allowed"), 2),
        (details("Resource Policy", "implicitDeny"), 2),
    ] {
        assert_eq!(reply.body.matches(&detail).count(), times, "{detail}: {}", reply.body);
    }
}

#[tokio::test]
async fn what_cannot_be_simulated_is_refused_with_a_reason() {
    let site = Site::start().await;
    for (parameters, expected) in [
        (vec![("ActionNames.member.1", "s3:GetObject")], "policyInputList"),
        (vec![("PolicyInputList.member.1", OWN)], "actionNames"),
        (
            vec![("PolicyInputList.member.1", "{"), ("ActionNames.member.1", "s3:GetObject")],
            "PolicyInputList.1 is not valid",
        ),
        (vec![("PolicyInputList.member.1", OWN), ("ActionNames.member.1", "GetObject")], "GetObject is invalid"),
        (
            vec![
                ("PolicyInputList.member.1", OWN),
                ("ActionNames.member.1", "s3:GetObject"),
                ("ResourceArns.member.1", "photos"),
            ],
            "photos is invalid",
        ),
        (
            vec![
                ("PolicyInputList.member.1", OWN),
                ("ActionNames.member.1", "s3:GetObject"),
                ("ContextEntries.member.2.ContextKeyName", "aws:x"),
            ],
            "without a gap",
        ),
        (
            vec![
                ("PolicyInputList.member.1", OWN),
                ("ActionNames.member.1", "s3:GetObject"),
                ("ContextEntries.member.1.ContextKeyName", "aws:username"),
                ("ContextEntries.member.1.ContextKeyType", "text"),
            ],
            "none of the types",
        ),
    ] {
        let (status, _, message) = site.refused("SimulateCustomPolicy", &parameters).await;
        assert_eq!(status, 400);
        assert!(message.contains(expected), "{message}");
    }
}

#[tokio::test]
async fn the_keys_that_policies_read_are_named_once() {
    let site = Site::start().await;
    let first = policy(&json!({"Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s3:::${aws:username}/*",
        "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}}}));
    let bucket = policy(&json!({"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": "*",
        "Condition": {"StringLike": {"aws:UserName": "m*"}, "IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}}));
    let asked = [("PolicyInputList.member.1", first.as_str()), ("PolicyInputList.member.2", bucket.as_str())];
    let reply = site.done("GetContextKeysForCustomPolicy", &asked).await;
    assert_eq!(reply.body.matches("<member>").count(), 3, "{}", reply.body);
    site.session_with("worker", &first).await;
    let source = arn("role/worker");
    let more = ("PolicyInputList.member.1", bucket.as_str());
    let reply = site.done("GetContextKeysForPrincipalPolicy", &[("PolicySourceArn", &source), more]).await;
    assert_eq!(reply.body.matches("<member>").count(), 3, "{}", reply.body);
}

#[tokio::test]
async fn more_policies_than_a_page_of_decisions_can_go_over_are_refused() {
    let site = Site::start().await;
    let long = format!("{}{}", " ".repeat(100_000), allow("s3:GetObject"));
    let places: Vec<_> = (1..=3).map(|place| format!("PolicyInputList.member.{place}")).collect();
    let mut asked = vec![("ActionNames.member.1", "s3:GetObject")];
    asked.extend(places.iter().map(|place| (place.as_str(), long.as_str())));
    let (status, code, message) = site.refused("SimulateCustomPolicy", &asked).await;
    assert_eq!((status, code.as_str()), (400, "InvalidInput"));
    assert!(message.contains("longer than 262144 characters together"), "{message}");
    assert_eq!(site.iam("SimulateCustomPolicy", &asked[..3]).await.status, 200);
    let resources: Vec<_> = (1..=50).map(|place| format!("ResourceArns.member.{place}")).collect();
    let mut many = asked[..3].to_vec();
    many.extend(resources.iter().map(|place| (place.as_str(), "arn:aws:s3:::photos/a")));
    let (status, code, message) = site.refused("SimulateCustomPolicy", &many).await;
    assert_eq!((status, code.as_str()), (400, "InvalidInput"));
    assert!(message.contains("at most 20 resources can be asked about"), "{message}");
    assert_eq!(site.iam("SimulateCustomPolicy", &many[..23]).await.status, 200);
}
