//! Results of simulations as the service model and recorded answers have them, and policies that are left out.

use serde_json::json;

use crate::site::{Site, allow, arn, policy};

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
    let own = allow("s3:*");
    let base = [("PolicyInputList.member.1", own.as_str()), ("ActionNames.member.1", "s3:GetObject")];
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

/// A role with an inline policy, one of the account and one that every account has, one for each action.
async fn worker(site: &Site) -> String {
    site.session_with("worker", &allow("s3:GetObject")).await;
    let attached = site.create_policy("attached", &allow("sqs:*")).await;
    for policy in [attached.as_str(), "arn:aws:iam::aws:policy/SecurityAudit"] {
        site.done("AttachRolePolicy", &[("RoleName", "worker"), ("PolicyArn", policy)]).await;
    }
    attached
}

/// Whether each action is allowed to the role without what `excluded` names, or with which code that is refused.
async fn without(site: &Site, excluded: &[(&str, &str)]) -> (Vec<bool>, Option<String>) {
    let source = arn("role/worker");
    let names: Vec<_> = excluded.iter().map(|(name, _)| format!("PolicyExclusionList.member.1.{name}")).collect();
    let mut asked = vec![
        ("PolicySourceArn", source.as_str()),
        ("ActionNames.member.1", "s3:GetObject"),
        ("ActionNames.member.2", "sqs:SendMessage"),
        ("ActionNames.member.3", "iam:GetRole"),
    ];
    asked.extend(names.iter().map(String::as_str).zip(excluded.iter().map(|(_, value)| *value)));
    let reply = site.iam("SimulatePrincipalPolicy", &asked).await;
    let allowed = reply.body.split("<EvalDecision>").skip(1).map(|rest| rest.starts_with("allowed"));
    (allowed.collect(), reply.text("Code").map(str::to_owned))
}

fn inline<'a>(kind: &'a str, name: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![
        ("InlinePolicyIdentifier.PolicyName", "permissions-1"),
        ("InlinePolicyIdentifier.AttachmentType", kind),
        ("InlinePolicyIdentifier.AttachmentName", name),
    ]
}

#[tokio::test]
async fn policies_can_be_left_out_of_the_simulation_of_a_principal() {
    let site = Site::start().await;
    let attached = worker(&site).await;
    let (star, mark) = (arn("policy/att*d"), arn("policy/?ttached"));
    for (excluded, expected) in [
        (vec![], [true, true, true]),
        (vec![("PolicyType", "inline")], [false, true, true]),
        (vec![("PolicyType", "aws-managed")], [true, true, false]),
        (vec![("PolicyType", "user-managed")], [true, false, true]),
        (vec![("PolicyType", "rcp")], [true, true, true]),
        (vec![("PolicyArn", attached.as_str())], [true, false, true]),
        (vec![("PolicyArn", star.as_str())], [true, false, true]),
        (vec![("PolicyArn", mark.as_str())], [true, false, true]),
        (vec![("PolicyArn", "arn:aws:iam::aws:policy/Nothing")], [true, true, true]),
        (inline("role", "Work*"), [false, true, true]),
        (inline("user", "*"), [true, true, true]),
    ] {
        assert_eq!(without(&site, &excluded).await.0, expected, "{excluded:?}");
    }
    let kms = policy(&json!({"Effect": "Allow", "Action": "kms:*", "Resource": "*"}));
    let bound = site.create_policy("bound", &kms).await;
    site.done("PutRolePermissionsBoundary", &[("RoleName", "worker"), ("PermissionsBoundary", &bound)]).await;
    assert_eq!(without(&site, &[]).await.0, [false, false, false]);
    assert_eq!(without(&site, &[("PolicyType", "permission-boundary")]).await.0, [true, true, true]);
}

#[tokio::test]
async fn what_identifies_no_policy_is_refused() {
    let site = Site::start().await;
    let attached = worker(&site).await;
    for wrong in [
        vec![("PolicyType", "user")],
        vec![("PolicyType", "inline"), ("PolicyArn", attached.as_str())],
        vec![("PolicyArn", "arn:aws:iam::*:policy/attached")],
        vec![("PolicyArn", "arn:aws:iam::aws:policy/a*b*")],
        vec![("PolicyArn", "arn:aws:iam::aws:role/attached")],
        vec![("InlinePolicyIdentifier.PolicyName", "permissions-1")],
        inline("policy", "worker"),
        inline("role", "a*b*"),
    ] {
        assert_eq!(without(&site, &wrong).await.1.as_deref(), Some("InvalidInput"), "{wrong:?}");
    }
}
