//! Stage 5 through its public interface: what a session may do, and which statement says so.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

#[path = "request/fixture.rs"]
#[expect(dead_code, reason = "shared with the tests of the request and credentials stages")]
mod fixture;

use daypass::arn::AccountId;
use daypass::credentials::token;
use daypass::decision::{Decision, Question, authorize};
use daypass::organization::Organization;
use daypass::policy::{Keys, Kind, Policy, ResourcePolicy};
use daypass::session::{Caller, Entitlements};
use daypass::time::Timestamp;
use fixture::{claims, keyring, now, sign};
use serde_json::{Value, json};

const OBJECT: &str = "arn:aws:s3:::photos/cats/1.svg";

/// The session whose token says `session`, over what the fixture's says.
fn session(over: &Value) -> Caller {
    let mut claims = claims();
    for (name, value) in over.as_object().unwrap() {
        claims["session"][name] = value.clone();
    }
    claims["sub"] = json!(format!(
        "arn:aws:sts::{}:assumed-role/{}/{}",
        claims["session"]["role_arn"].as_str().unwrap().split(':').nth(4).unwrap(),
        claims["session"]["role_arn"].as_str().unwrap().rsplit('/').next().unwrap(),
        claims["session"]["role_session_name"].as_str().unwrap()
    ));
    claims["iat"] = claims["session"]["issued_at"].clone();
    let later = Timestamp::from_unix_seconds(fixture::NOW + 60);
    token::verify(&keyring(), &sign(&claims), later).unwrap().into_parts().0.into()
}

fn permissions(statements: &Value) -> Entitlements {
    let document = json!({"Version": "2012-10-17", "Statement": statements});
    Entitlements::new(vec![Policy::parse(&document.to_string(), Kind::Identity).unwrap().named("permissions")])
}

fn everything() -> Entitlements {
    permissions(&json!({"Sid": "All", "Effect": "Allow", "Action": "*", "Resource": "*"}))
}

fn bucket_policy() -> ResourcePolicy {
    let document = json!({"Version": "2012-10-17", "Statement": {
        "Sid": "DenyDelete", "Effect": "Deny", "Principal": "*", "Action": "s3:DeleteObject", "Resource": "*",
        "Condition": {"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/Administrator"}}
    }});
    document.to_string().parse::<ResourcePolicy>().unwrap().named("cat-photos")
}

fn ask(question: Question<'_>, action: &str, resource: &str) -> Decision {
    authorize(question, action, resource, now()).unwrap()
}

#[test]
fn every_answer_names_what_decided() {
    let (session, owner, bucket) = (session(&json!({})), "111111111111".parse::<AccountId>().unwrap(), bucket_policy());
    let permissions = permissions(&json!([
        {"Sid": "OwnTeam", "Effect": "Allow", "Action": "s3:*Object",
         "Resource": "arn:aws:s3:::photos/${aws:PrincipalTag/team}/*"},
    ]));
    let question = || Question::new(&session, &permissions).with_resource_policy(&owner, &bucket);
    for (action, resource, expected) in [
        ("s3:GetObject", OBJECT, "allowed: statement OwnTeam of permissions allows s3:GetObject"),
        (
            "s3:DeleteObject",
            OBJECT,
            "explicitly denied: statement DenyDelete of cat-photos denies s3:DeleteObject: condition ArnNotLike on \
             aws:PrincipalArn is met by anything but \"arn:aws:iam::*:role/Administrator\", found \
             \"arn:aws:iam::111111111111:role/PhotoReader\"",
        ),
        (
            "s3:GetObject",
            "arn:aws:s3:::photos/dogs/1.svg",
            "implicitly denied: statement OwnTeam of permissions allows s3:GetObject, but not on \
             arn:aws:s3:::photos/dogs/1.svg; only on \"arn:aws:s3:::photos/${aws:PrincipalTag/team}/*\", where \
             aws:PrincipalTag/team is \"cats\"",
        ),
        ("s3:ListBucket", "arn:aws:s3:::photos", "implicitly denied: no statement allows s3:ListBucket"),
    ] {
        let told = ask(question(), action, resource).to_string();
        assert!(told.starts_with(expected), "{told}");
    }
    let deleted = ask(question(), "s3:DeleteObject", OBJECT);
    let deciding = &deleted.reason().explanation().deciding;
    assert_eq!((deciding.len(), deciding[0].policy.as_str(), deciding[0].line), (1, "cat-photos", 1));
}

#[test]
fn the_exception_of_the_bucket_policy_is_the_role_and_not_its_look_alike() {
    let (owner, bucket, everything) = ("111111111111".parse::<AccountId>().unwrap(), bucket_policy(), everything());
    let delete = |role: &str| {
        let session = session(&json!({"role_arn": format!("arn:aws:iam::111111111111:role/{role}")}));
        let question = Question::new(&session, &everything).with_resource_policy(&owner, &bucket);
        matches!(ask(question, "s3:DeleteObject", OBJECT), Decision::Allow(_))
    };
    assert!(delete("Administrator"));
    assert!(!delete("AdministratorX") && !delete("team/Administrator") && !delete("PhotoReader"));
}

/// Attack: a role made without a path under the name of one that a bucket trusts with its path. The token says which it is.
#[test]
fn a_bucket_that_admits_a_role_with_a_path_admits_no_role_without_it() {
    let owner = "111111111111".parse::<AccountId>().unwrap();
    let admits = |named: &str, own: &str| {
        let document = json!({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:GetObject",
            "Principal": {"AWS": format!("arn:aws:iam::111111111111:role/{named}")}, "Resource": "*"}});
        let bucket: ResourcePolicy = document.to_string().parse().unwrap();
        let session = session(&json!({"role_arn": format!("arn:aws:iam::111111111111:role/{own}")}));
        let nothing = Entitlements::new(Vec::new());
        let question = Question::new(&session, &nothing).with_resource_policy(&owner, &bucket);
        matches!(ask(question, "s3:GetObject", OBJECT), Decision::Allow(_))
    };
    for (named, own) in [("admin/app", "app"), ("app", "admin/app"), ("admin/app", "dev/app")] {
        assert!(admits(own, own) && !admits(named, own), "{named} {own}");
    }
}

#[test]
fn a_policy_may_ask_whose_the_resource_is() {
    let session = session(&json!({}));
    let own = "111111111111".parse::<AccountId>().unwrap();
    let organization = Organization::new("o-example", "999999999999".parse().unwrap())
        .with_account(own.clone(), "o-example/r-1/ou-cats/");
    for (operator, key, value, other) in [
        ("StringEquals", "aws:ResourceAccount", "111111111111", "222222222222"),
        ("StringEquals", "aws:ResourceOrgID", "o-example", "o-other"),
        ("ForAnyValue:StringLike", "aws:ResourceOrgPaths", "o-example/r-1/*", "o-example/r-2/*"),
    ] {
        let only = |value: &str| {
            permissions(&json!({"Effect": "Allow", "Action": "s3:*", "Resource": "*",
                "Condition": {operator: {key: value}}}))
        };
        let (meant, elsewhere) = (only(value), only(other));
        let asked = |permissions| Question::new(&session, permissions).within(&organization);
        assert!(ask(asked(&meant).with_owner(&own), "s3:GetObject", OBJECT).is_allow(), "{key}");
        assert!(!ask(asked(&elsewhere).with_owner(&own), "s3:GetObject", OBJECT).is_allow(), "{key}");
        assert!(!ask(asked(&meant), "s3:GetObject", OBJECT).is_allow(), "{key} of nobody");
    }
}

#[test]
fn a_session_policy_limits_and_never_widens() {
    let limit = json!({"Version": "2012-10-17", "Statement":
        {"Sid": "ReadOnly", "Effect": "Allow", "Action": ["s3:Get*", "ec2:*"], "Resource": "*"}});
    let limited = session(&json!({"session_policies": [limit.to_string()]}));
    let s3 = permissions(&json!({"Effect": "Allow", "Action": "s3:*", "Resource": "*"}));
    let allowed = |action: &str| ask(Question::new(&limited, &s3), action, "*").is_allow();
    assert!(allowed("s3:GetObject"));
    assert!(!allowed("s3:PutObject") && !allowed("ec2:RunInstances"));
    assert_eq!(
        ask(Question::new(&limited, &s3), "s3:PutObject", "*").to_string(),
        "implicitly denied: no statement of session policies allows s3:PutObject; there statement ReadOnly of \
         session policy 1 allows \"s3:Get*\" or \"ec2:*\""
    );
}

#[test]
fn a_bucket_of_another_account_needs_both_sides() {
    let (session, own, other) = (session(&json!({})), everything(), "222222222222".parse::<AccountId>().unwrap());
    let admits = |principal: Value| -> ResourcePolicy {
        let document =
            json!({"Statement": {"Effect": "Allow", "Principal": principal, "Action": "s3:*", "Resource": "*"}});
        document.to_string().parse().unwrap()
    };
    let (admitting, silent) = (admits(json!({"AWS": "111111111111"})), admits(json!({"AWS": "333333333333"})));
    let read = |permissions: &Entitlements, policy: &ResourcePolicy| {
        ask(Question::new(&session, permissions).with_resource_policy(&other, policy), "s3:GetObject", OBJECT)
            .is_allow()
    };
    assert!(read(&own, &admitting));
    assert!(!read(&own, &silent) && !read(&Entitlements::default(), &admitting));
}

#[test]
fn the_keys_of_a_session_are_its_tokens_and_nobody_elses() {
    let signed = session(&json!({
        "source_identity": "martha@example.com",
        "federated_provider": "arn:aws:iam::111111111111:saml-provider/corp",
        "federation_keys": {"saml:sub": ["martha"]},
    }));
    let holds = |environment: Keys, operator: &str, key: &str, value: &str| {
        let condition =
            json!({"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {operator: {key: value}}});
        let permissions = permissions(&condition);
        ask(Question::new(&signed, &permissions).with_environment(environment), "s3:GetObject", OBJECT).is_allow()
    };
    for (operator, key, value) in [
        ("ArnEquals", "aws:PrincipalArn", "arn:aws:iam::111111111111:role/PhotoReader"),
        ("StringEquals", "aws:PrincipalAccount", "111111111111"),
        ("StringEquals", "aws:PrincipalType", "AssumedRole"),
        ("StringEquals", "aws:userid", "AROAAAAAAAAAAAAAAAAAA:martha"),
        ("StringEquals", "aws:PrincipalTag/team", "cats"),
        ("StringEquals", "aws:SourceIdentity", "martha@example.com"),
        ("StringEquals", "aws:FederatedProvider", "arn:aws:iam::111111111111:saml-provider/corp"),
        ("StringEquals", "saml:sub", "martha"),
        ("DateEquals", "aws:TokenIssueTime", "2026-01-01T00:00:00Z"),
        ("DateEquals", "aws:CurrentTime", "2026-01-01T00:00:00Z"),
        ("NumericEquals", "aws:EpochTime", "1767225600"),
    ] {
        assert!(holds(Keys::new(), operator, key, value), "{key}");
        // What the call says of itself does not stand over what the token says.
        assert!(holds(Keys::new().with(key, "999999999999"), operator, key, value), "{key}");
    }
    assert!(holds(Keys::new().with("aws:SourceIp", "10.1.2.3"), "IpAddress", "aws:SourceIp", "10.0.0.0/8"));
}

#[test]
fn revoking_older_sessions_is_a_denial_by_issue_time() {
    let permissions = permissions(&json!([
        {"Effect": "Allow", "Action": "*", "Resource": "*"},
        {"Sid": "Revoke", "Effect": "Deny", "Action": "*", "Resource": "*",
         "Condition": {"DateLessThan": {"aws:TokenIssueTime": "2026-01-01T00:00:01Z"}}},
    ]));
    let (old, new) = (session(&json!({})), session(&json!({"issued_at": fixture::NOW + 1})));
    assert!(matches!(ask(Question::new(&old, &permissions), "s3:GetObject", OBJECT), Decision::ExplicitDeny(_)));
    assert!(ask(Question::new(&new, &permissions), "s3:GetObject", OBJECT).is_allow());
}

#[test]
fn a_name_that_is_none_is_an_error_and_no_decision() {
    let (session, everything) = (session(&json!({})), everything());
    for (action, resource) in
        [("GetObject", OBJECT), ("s3:*", OBJECT), ("s3:GetObject", "photos"), ("s3:GetObject", "")]
    {
        assert!(
            authorize(Question::new(&session, &everything), action, resource, Timestamp::EPOCH).is_err(),
            "{action}"
        );
    }
}
