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
async fn an_action_on_several_resources_ends_as_the_most_restricted_of_them() {
    let site = Site::start().await;
    let given = policy(&json!([
        {"Sid": "All", "Effect": "Allow", "Action": "s3:*", "Resource": ["arn:aws:s3:::a/*", "arn:aws:s3:::b/*"]},
        {"Sid": "NotB", "Effect": "Deny", "Action": "s3:*", "Resource": "arn:aws:s3:::b/*",
         "Condition": {"StringNotEquals": {"s3:prefix": "x"}}},
        {"Sid": "NotC", "Effect": "Deny", "Action": "s3:*", "Resource": "arn:aws:s3:::c/*"},
    ]));
    let ask = async |resources: &[&str]| {
        let places: Vec<_> = (1..=resources.len()).map(|place| format!("ResourceArns.member.{place}")).collect();
        let mut asked = vec![("PolicyInputList.member.1", given.as_str()), ("ActionNames.member.1", "s3:GetObject")];
        asked.extend(places.iter().map(String::as_str).zip(resources.iter().copied()));
        site.done("SimulateCustomPolicy", &asked).await.body
    };
    let body = ask(&["arn:aws:s3:::a/1", "arn:aws:s3:::b/1", "arn:aws:s3:::c/1", "arn:aws:s3:::d/1"]).await;
    let (whole, each) = body.split_once("<ResourceSpecificResults>").unwrap();
    assert!(whole.contains("<EvalResourceName>*</EvalResourceName><EvalDecision>explicitDeny<"), "{whole}");
    // Of what contributed, the two denials, each once; of missing keys all of them, once.
    assert_eq!(whole.matches("<SourcePolicyId>").count(), 2, "{whole}");
    assert_eq!(whole.matches("<member>s3:prefix</member>").count(), 1, "{whole}");
    let decisions: Vec<_> =
        each.split("<EvalResourceDecision>").skip(1).map(|rest| rest.split('<').next().unwrap()).collect();
    assert_eq!(decisions, ["allowed", "explicitDeny", "explicitDeny", "implicitDeny"], "{each}");
    assert_eq!(each.matches("<SourcePolicyId>").count(), 3, "{each}");
    let body = ask(&["arn:aws:s3:::a/1", "arn:aws:s3:::d/1"]).await;
    assert!(
        body.contains("<EvalDecision>implicitDeny</EvalDecision><MatchedStatements></MatchedStatements>"),
        "{body}"
    );
}

#[tokio::test]
async fn who_names_no_resource_is_told_of_none() {
    let site = Site::start().await;
    let base = [("PolicyInputList.member.1", OWN), ("ActionNames.member.1", "s3:GetObject")];
    for asked in [base.to_vec(), [&base[..], &[("ResourceArns.member.1", "*")]].concat()] {
        let everything = site.done("SimulateCustomPolicy", &asked).await;
        assert_eq!(everything.text("EvalResourceName"), Some("*"));
        for absent in ["ResourceSpecificResults", "EvalDecisionDetails", "OrganizationsDecisionDetail"] {
            assert!(!everything.body.contains(absent), "{absent}: {}", everything.body);
        }
    }
}

/// Where recorded answers of the cloud say that statements start and end.
#[tokio::test]
async fn statements_stand_where_the_cloud_says_that_they_stand() {
    let site = Site::start().await;
    let single = r#"{"Version": "2012-10-17", "Statement": {"Sid": "", "Effect": "Allow", "Action": "s3:PutObject", "Resource": "*"}}"#;
    let compact = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"dynamodb:*","Resource":"*","Condition":{"DateGreaterThan":{"aws:CurrentTime":"2018-08-16T12:00:00Z"}}}}"#;
    let list = r#"{"Version": "2012-10-17", "Statement": [{"Sid": "s3", "Effect": "Allow", "Action": ["s3:GetObject", "s3:DeleteObject"], "Resource": ["arn:aws:s3:::tims-fancy-bucket/only-here/*"]}]}"#;
    let lines = "{\n  \"Version\": \"2012-10-17\",\n  \"Statement\": [\n    {\n      \"Effect\": \"Allow\",\n      \"Action\": \"*\",\n      \"Resource\": \"*\"\n    }\n  ]\n}";
    let places = |(line, column): (u32, u32), (end_line, end_column): (u32, u32)| {
        let place = |name, line, column| format!("<{name}><Line>{line}</Line><Column>{column}</Column></{name}>");
        place("StartPosition", line, column) + &place("EndPosition", end_line, end_column)
    };
    for (document, action, resource, expected) in [
        (single, "s3:PutObject", "arn:aws:s3:::bucket", places((1, 41), (1, 113))),
        (compact, "dynamodb:CreateBackup", "*", places((1, 38), (1, 167))),
        (list, "s3:GetObject", "arn:aws:s3:::tims-fancy-bucket/only-here/some-obj", places((1, 41), (1, 180))),
        (lines, "s3:GetObject", "*", places((3, 17), (8, 6))),
    ] {
        let asked = [
            ("PolicyInputList.member.1", document),
            ("ActionNames.member.1", action),
            ("ResourceArns.member.1", resource),
        ];
        let reply = site.done("SimulateCustomPolicy", &asked).await;
        assert!(reply.body.contains(&expected), "{expected}: {}", reply.body);
    }
    let bucket = r#"{"Version":"2012-10-17","Statement":[{"Sid":"DenyInsecureTransport","Effect":"Deny","Principal":"*","Action":"*","Resource":["arn:aws:s3:::tims-fancy-bucket/*","arn:aws:s3:::tims-fancy-bucket"],"Condition":{"Bool":{"aws:SecureTransport":"false"}}},{"Sid":"DenyTimDelete","Effect":"Deny","Principal":"*","Action":"s3:DeleteObject","Resource":"arn:aws:s3:::tims-fancy-bucket/*","Condition":{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::112233445566:role/tims-test-role"}}}]}"#;
    let asked = [
        ("PolicyInputList.member.1", list),
        ("ActionNames.member.1", "s3:DeleteObject"),
        ("ResourceArns.member.1", "arn:aws:s3:::tims-fancy-bucket/only-here/some-obj"),
        ("ResourcePolicy", bucket),
        ("CallerArn", "arn:aws:iam::111111111111:user/dummy"),
        ("ContextEntries.member.1.ContextKeyName", "aws:principalarn"),
        ("ContextEntries.member.1.ContextKeyValues.member.1", "arn:aws:iam::112233445566:role/tims-test-role"),
        ("ContextEntries.member.2.ContextKeyName", "aws:SecureTransport"),
        ("ContextEntries.member.2.ContextKeyValues.member.1", "true"),
    ];
    let reply = site.done("SimulateCustomPolicy", &asked).await;
    // The second of a list starts where the first one ends.
    let start = "<SourcePolicyType>Resource Policy</SourcePolicyType><StartPosition><Line>1</Line><Column>248</Column>";
    assert!(reply.body.contains(start), "{}", reply.body);
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
async fn policies_can_be_left_out_of_the_simulation_of_a_principal() {
    let site = Site::start().await;
    site.session_with("worker", &allow("s3:GetObject")).await;
    let attached = site.create_policy("attached", &allow("sqs:*")).await;
    let bound =
        site.create_policy("bound", &policy(&json!({"Effect": "Deny", "Action": "kms:*", "Resource": "*"}))).await;
    let role = ("RoleName", "worker");
    site.done("AttachRolePolicy", &[role, ("PolicyArn", &attached)]).await;
    site.done("AttachRolePolicy", &[role, ("PolicyArn", "arn:aws:iam::aws:policy/SecurityAudit")]).await;
    let source = arn("role/worker");
    let actions = ["s3:GetObject", "sqs:SendMessage", "iam:GetRole"];
    let places = ["ActionNames.member.1", "ActionNames.member.2", "ActionNames.member.3"];
    let ask = async |excluded: &[(&str, &str)]| {
        let names: Vec<_> = excluded.iter().map(|(name, _)| format!("PolicyExclusionList.member.1.{name}")).collect();
        let mut asked = vec![("PolicySourceArn", source.as_str())];
        asked.extend(places.into_iter().zip(actions));
        asked.extend(names.iter().map(String::as_str).zip(excluded.iter().map(|(_, value)| *value)));
        let reply = site.iam("SimulatePrincipalPolicy", &asked).await;
        let allowed = reply.body.split("<EvalDecision>").skip(1).map(|rest| rest.starts_with("allowed"));
        (allowed.collect::<Vec<_>>(), reply.text("Code").map(str::to_owned))
    };
    assert_eq!(ask(&[]).await.0, [true, true, true]);
    let managed = [("PolicyArn", arn("policy/att*d")), ("PolicyArn", arn("policy/?ttached"))];
    for (excluded, expected) in [
        (vec![("PolicyType", "inline")], [false, true, true]),
        (vec![("PolicyType", "aws-managed")], [true, true, false]),
        (vec![("PolicyType", "user-managed")], [true, false, true]),
        (vec![("PolicyType", "rcp")], [true, true, true]),
        (vec![("PolicyArn", attached.as_str())], [true, false, true]),
        (vec![(managed[0].0, managed[0].1.as_str())], [true, false, true]),
        (vec![(managed[1].0, managed[1].1.as_str())], [true, false, true]),
        (vec![("PolicyArn", "arn:aws:iam::aws:policy/Nothing")], [true, true, true]),
        (
            vec![
                ("InlinePolicyIdentifier.PolicyName", "permissions-1"),
                ("InlinePolicyIdentifier.AttachmentType", "role"),
                ("InlinePolicyIdentifier.AttachmentName", "Work*"),
            ],
            [false, true, true],
        ),
        (
            vec![
                ("InlinePolicyIdentifier.PolicyName", "permissions-1"),
                ("InlinePolicyIdentifier.AttachmentType", "user"),
                ("InlinePolicyIdentifier.AttachmentName", "*"),
            ],
            [true, true, true],
        ),
    ] {
        assert_eq!(ask(&excluded).await.0, expected, "{excluded:?}");
    }
    site.done("PutRolePermissionsBoundary", &[role, ("PermissionsBoundary", &bound)]).await;
    assert_eq!(ask(&[]).await.0, [false, false, false]);
    assert_eq!(ask(&[("PolicyType", "permission-boundary")]).await.0, [true, true, true]);
    for wrong in [
        vec![("PolicyType", "user")],
        vec![("PolicyType", "inline"), ("PolicyArn", attached.as_str())],
        vec![("PolicyArn", "arn:aws:iam::*:policy/attached")],
        vec![("PolicyArn", "arn:aws:iam::aws:policy/a*b*")],
        vec![("PolicyArn", "arn:aws:iam::aws:role/attached")],
        vec![("InlinePolicyIdentifier.PolicyName", "permissions-1")],
    ] {
        assert_eq!(ask(&wrong).await.1.as_deref(), Some("InvalidInput"), "{wrong:?}");
    }
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
