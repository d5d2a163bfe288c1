//! Mistakes that published engines make and that let somebody in, each by name.

use std::time::{Duration, Instant};

use super::{BUCKET, OBJECT, decide, document, holds, identity, policy, principal};
use daypass::policy::{Action, Keys, Kind, Layers, Level, Outcome, Policy, Principal, evaluate_trust};

#[test]
fn first_match_evaluation() {
    let allow = r#"{"Effect":"Allow","Action":"s3:*","Resource":"*"}"#;
    let deny = r#"{"Effect":"Deny","Action":"s3:DeleteObject","Resource":"*"}"#;
    for statements in [format!("{allow},{deny}"), format!("{deny},{allow}")] {
        assert_eq!(identity(&statements, "s3:DeleteObject", OBJECT, &Keys::new()), Outcome::ExplicitDeny);
        assert_eq!(identity(&statements, "s3:GetObject", OBJECT, &Keys::new()), Outcome::Allow);
    }
}

#[test]
fn prefix_matched_federation() {
    let trust = policy(
        Kind::Trust,
        r#"{"Effect":"Allow","Principal":{"Federated":["arn:aws:iam::111111111111:oidc-provider/login.example.com","accounts.google.com"]},
            "Action":"sts:AssumeRoleWithWebIdentity"}"#,
    );
    let action: Action = "sts:AssumeRoleWithWebIdentity".parse().unwrap();
    let allowed = |who: &Principal| evaluate_trust(&trust, who, &action, &Keys::new()).outcome() == Outcome::Allow;
    let provider = |arn: &str| Principal::Federated { provider_arn: arn.parse().unwrap() };
    assert!(allowed(&provider("arn:aws:iam::111111111111:oidc-provider/login.example.com")));
    for arn in [
        "arn:aws:iam::111111111111:oidc-provider/login.example.com.attacker.example",
        "arn:aws:iam::111111111111:oidc-provider/login.example.com/tenant",
        "arn:aws:iam::111111111111:oidc-provider/login.example.co",
        "arn:aws:iam::222222222222:oidc-provider/login.example.com",
    ] {
        assert!(!allowed(&provider(arn)), "{arn}");
    }
    assert!(!allowed(&Principal::WellKnownProvider { name: "accounts.google.com.attacker.example".into() }));
    assert!(!allowed(&Principal::Service { name: "accounts.google.com".into() }));
}

#[test]
fn tag_value_star_widens_a_resource() {
    let statement =
        r#"{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::photos/${aws:PrincipalTag/team}/*"}"#;
    for value in ["*", "?ats", "c*", "cats*", "${aws:x}", "${*}"] {
        let keys = Keys::new().with("aws:PrincipalTag/team", value).with("aws:x", "cats");
        assert_eq!(identity(statement, "s3:GetObject", OBJECT, &keys), Outcome::ImplicitDeny, "{value}");
        let literal = format!("arn:aws:s3:::photos/{value}/1.svg");
        assert_eq!(identity(statement, "s3:GetObject", &literal, &keys), Outcome::Allow, "{value}");
    }
    let like = r#"{"StringLike":{"s3:prefix":"${aws:PrincipalTag/team}/*"}}"#;
    assert!(!holds(like, &Keys::new().with("aws:PrincipalTag/team", "*").with("s3:prefix", "dogs/1")));
    let arn = r#"{"ArnLike":{"aws:SourceArn":"arn:aws:s3:::${aws:PrincipalTag/team}"}}"#;
    assert!(!holds(arn, &Keys::new().with("aws:PrincipalTag/team", "*").with("aws:SourceArn", BUCKET)));
}

#[test]
fn empty_tag_value_reaches_the_folder_above() {
    let statement =
        r#"{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::photos/${aws:PrincipalTag/team}/*"}"#;
    let keys = Keys::new().with("aws:PrincipalTag/team", "");
    assert_eq!(identity(statement, "s3:GetObject", OBJECT, &keys), Outcome::ImplicitDeny);
}

#[test]
fn resource_policy_bypasses_service_control_policies() {
    let bucket = policy(
        Kind::Resource,
        &format!(r#"{{"Effect":"Allow","Principal":{{"AWS":"{}"}},"Action":"s3:*","Resource":"*"}}"#, super::USER),
    );
    let silent = [Level::new(
        "root",
        vec![policy(Kind::ServiceControl, r#"{"Effect":"Allow","Action":"ec2:*","Resource":"*"}"#)],
    )];
    let layers = Layers::new(&[]).with_resource(&bucket);
    let ask = |layers: &Layers<'_>| decide(layers, &principal(super::USER), "s3:GetObject", OBJECT, &Keys::new());
    assert_eq!(ask(&layers), Outcome::Allow);
    assert_eq!(ask(&layers.with_service_control(&silent)), Outcome::ImplicitDeny);
}

#[test]
fn wildcard_service() {
    for action in ["s3*:GetObject", "*:GetObject", "?3:GetObject", "*:*"] {
        let statement = format!(r#"{{"Effect":"Allow","Action":"{action}","Resource":"*"}}"#);
        assert_eq!(identity(&statement, "s3:GetObject", OBJECT, &Keys::new()), Outcome::ImplicitDeny, "{action}");
    }
}

#[test]
fn string_like_with_newline() {
    let deny = r#"{"Effect":"Allow","Action":"*","Resource":"*"},
        {"Effect":"Deny","Action":"*","Resource":"*","Condition":{"StringLike":{"aws:UserAgent":"*curl*"}}}"#;
    for agent in ["curl/8", "x\ncurl/8", "\r\ncurl\n", "a\u{2028}curl"] {
        let keys = Keys::new().with("aws:UserAgent", agent);
        assert_eq!(identity(deny, "s3:GetObject", OBJECT, &keys), Outcome::ExplicitDeny, "{agent:?}");
    }
}

#[test]
fn quadratic_pattern() {
    // A matcher that tries again after each `*` needs 2^40 steps for the first of these.
    let long = "a".repeat(2000);
    for pattern in ["*a".repeat(40) + "*b", "*?".repeat(500) + "b", "*a?".repeat(40) + "b", "*".repeat(1000) + "b"] {
        let statement = format!(r#"{{"Effect":"Allow","Action":"*","Resource":"arn:aws:s3:::x/{pattern}"}}"#);
        let started = Instant::now();
        let outcome = identity(&statement, "s3:GetObject", &format!("arn:aws:s3:::x/{long}"), &Keys::new());
        assert_eq!(outcome, Outcome::ImplicitDeny);
        assert!(started.elapsed() < Duration::from_secs(1), "{:?}", started.elapsed());
    }
}

#[test]
fn negated_operator_over_several_values_is_nor() {
    let condition = r#"{"StringNotEquals":{"aws:PrincipalTag/team":["cats","dogs"]}}"#;
    assert!(!holds(condition, &Keys::new().with("aws:PrincipalTag/team", "cats")));
    assert!(!holds(condition, &Keys::new().with("aws:PrincipalTag/team", "dogs")));
    assert!(holds(condition, &Keys::new().with("aws:PrincipalTag/team", "birds")));
}

#[test]
fn wildcard_principal_of_a_request_matches_everything() {
    // Names in requests are data: one that holds a wildcard is only ever equal to itself.
    let bucket = policy(
        Kind::Resource,
        &format!(r#"{{"Effect":"Allow","Principal":{{"AWS":"{}"}},"Action":"s3:*","Resource":"*"}}"#, super::USER),
    );
    for arn in ["arn:aws:iam::111111111111:user/*", "arn:aws:iam::111111111111:user/m*"] {
        let outcome =
            decide(&Layers::new(&[]).with_resource(&bucket), &principal(arn), "s3:GetObject", OBJECT, &Keys::new());
        assert_eq!(outcome, Outcome::ImplicitDeny, "{arn}");
    }
}

#[test]
fn arn_like_crosses_colons() {
    let condition = r#"{"ArnLike":{"aws:SourceArn":"arn:aws:sns:*:topic"}}"#;
    let text = document(&format!(r#"{{"Effect":"Allow","Action":"*","Resource":"*","Condition":{condition}}}"#));
    assert!(Policy::parse(&text, Kind::Identity).is_err());
    let condition = r#"{"ArnLike":{"aws:SourceArn":"arn:aws:sns:*:1:topic"}}"#;
    assert!(!holds(condition, &Keys::new().with("aws:SourceArn", "arn:aws:sns:eu:2:1:topic")));
}

#[test]
fn binary_equals_ignores_case() {
    let condition = r#"{"BinaryEquals":{"aws:key":"QUJD"}}"#;
    assert!(holds(condition, &Keys::new().with("aws:key", "QUJD")));
    assert!(!holds(condition, &Keys::new().with("aws:key", "qujd")));
}

#[test]
fn duplicate_effect_is_read_two_ways() {
    let text = document(r#"{"Effect":"Deny","Effect":"Allow","Action":"*","Resource":"*"}"#);
    assert!(Policy::parse(&text, Kind::Identity).is_err());
}

#[test]
fn misspelt_condition_is_no_condition() {
    let text = document(
        r#"{"Effect":"Allow","Action":"*","Resource":"*","Conditions":{"Bool":{"aws:MultiFactorAuthPresent":"true"}}}"#,
    );
    assert!(Policy::parse(&text, Kind::Identity).is_err());
}

#[test]
fn exact_numbers_are_not_rounded_to_equality() {
    let condition = r#"{"NumericLessThanEquals":{"s3:max-keys":"9007199254740992"}}"#;
    assert!(!holds(condition, &Keys::new().with("s3:max-keys", "9007199254740993")));
}
