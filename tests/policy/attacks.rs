//! Mistakes that published engines make and that let somebody in, each by name.

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

/// Negation is of each pair, not of the whole: one value outside the set is enough.
#[test]
fn for_any_value_with_negation() {
    let deny = |keys: &Keys| {
        let statements = r#"{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"*","Resource":"*",
            "Condition":{"ForAnyValue:StringNotEquals":{"aws:TagKeys":["team","stage"]}}}"#;
        identity(statements, "s3:GetObject", OBJECT, keys)
    };
    let with = |values: &[&str]| Keys::new().with_list("aws:TagKeys", values.iter().copied());
    assert_eq!(deny(&with(&["team", "owner"])), Outcome::ExplicitDeny);
    assert_eq!(deny(&with(&["owner"])), Outcome::ExplicitDeny);
    assert_eq!(deny(&with(&["team", "stage"])), Outcome::Allow);
    assert_eq!(deny(&Keys::new()), Outcome::Allow);
}

/// A denial by a negated operator must reach requests without the key, or leaving the key out is the way around it.
#[test]
fn absent_key_makes_a_negated_operator_false() {
    let statements = r#"{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"*","Resource":"*",
        "Condition":{"StringNotEquals":{"aws:SourceVpce":"vpce-1"}}}"#;
    assert_eq!(identity(statements, "s3:GetObject", OBJECT, &Keys::new()), Outcome::ExplicitDeny);
    let inside = Keys::new().with("aws:SourceVpce", "vpce-1");
    assert_eq!(identity(statements, "s3:GetObject", OBJECT, &inside), Outcome::Allow);
}

#[test]
fn unknown_variable_as_empty_string() {
    let folder = r#"{"Effect":"Allow","Action":"*","Resource":"arn:aws:s3:::photos/${aws:PrincipalTag/folder}*"}"#;
    assert_eq!(identity(folder, "s3:GetObject", OBJECT, &Keys::new()), Outcome::ImplicitDeny);
    assert!(!holds(r#"{"StringEquals":{"aws:x":"${aws:unknown}"}}"#, &Keys::new().with("aws:x", "")));
    assert!(!holds(r#"{"StringLike":{"aws:x":"${aws:unknown}*"}}"#, &Keys::new().with("aws:x", "anything")));
    let arn = r#"{"ArnLike":{"aws:x":"arn:aws:s3:::${aws:unknown}*"}}"#;
    assert!(!holds(arn, &Keys::new().with("aws:x", BUCKET)));
}

/// A list of values is no single value that one of them could stand for.
#[test]
fn one_good_value_of_many_passes_a_plain_operator() {
    let keys = Keys::new().with_list("aws:TagKeys", ["team", "admin"]);
    assert!(!holds(r#"{"StringEquals":{"aws:TagKeys":"team"}}"#, &keys));
    assert!(!holds(r#"{"StringNotEquals":{"aws:TagKeys":"stage"}}"#, &keys));
    let variable = r#"{"Effect":"Allow","Action":"*","Resource":"arn:aws:s3:::photos/${aws:TagKeys}/*"}"#;
    assert_eq!(identity(variable, "s3:GetObject", "arn:aws:s3:::photos/team/1", &keys), Outcome::ImplicitDeny);
}

#[test]
fn account_principal_is_taken_for_all_of_its_users() {
    for name in ["111111111111", "arn:aws:iam::111111111111:root"] {
        let statement =
            format!(r#"{{"Effect":"Allow","Principal":{{"AWS":"{name}"}},"Action":"s3:*","Resource":"*"}}"#);
        let bucket = policy(Kind::Resource, &statement);
        let ask = |identity: &[Policy]| {
            let layers = Layers::new(identity).with_resource(&bucket);
            decide(&layers, &principal(super::USER), "s3:GetObject", OBJECT, &Keys::new())
        };
        assert_eq!(ask(&[]), Outcome::ImplicitDeny, "{name}");
        let read = policy(Kind::Identity, r#"{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}"#);
        assert_eq!(ask(&[read]), Outcome::Allow, "{name}");
    }
}

#[test]
fn role_is_assumed_without_its_trust_policy() {
    let everything = [policy(Kind::Identity, r#"{"Effect":"Allow","Action":"*","Resource":"*"}"#)];
    let role = "arn:aws:iam::111111111111:role/admin";
    let root = principal("arn:aws:iam::111111111111:root");
    for who in [principal(super::USER), root] {
        let ask = |layers: &Layers<'_>| decide(layers, &who, "sts:AssumeRole", role, &Keys::new());
        assert_eq!(ask(&Layers::new(&everything)), Outcome::ImplicitDeny, "{who}");
        let other =
            policy(Kind::Trust, r#"{"Effect":"Allow","Principal":{"AWS":"222222222222"},"Action":"sts:AssumeRole"}"#);
        assert_eq!(ask(&Layers::new(&everything).with_resource(&other)), Outcome::ImplicitDeny, "{who}");
    }
}

#[test]
fn levels_of_service_control_policies_are_one_union() {
    let identity = [policy(Kind::Identity, r#"{"Effect":"Allow","Action":"*","Resource":"*"}"#)];
    let allow = |action: &str| {
        policy(Kind::ServiceControl, &format!(r#"{{"Effect":"Allow","Action":"{action}","Resource":"*"}}"#))
    };
    let ask = |levels: &[Level]| {
        let layers = Layers::new(&identity).with_service_control(levels);
        decide(&layers, &principal(super::USER), "s3:GetObject", OBJECT, &Keys::new())
    };
    let level = |policies| Level::new("level", policies);
    assert_eq!(ask(&[level(vec![allow("s3:*")]), level(vec![allow("ec2:*")])]), Outcome::ImplicitDeny);
    assert_eq!(ask(&[level(vec![allow("ec2:*")]), level(vec![allow("s3:*")])]), Outcome::ImplicitDeny);
    assert_eq!(ask(&[level(vec![allow("s3:*")]), level(vec![])]), Outcome::ImplicitDeny);
    // The mistake in the other direction: the policies of one level are alternatives.
    assert_eq!(ask(&[level(vec![allow("ec2:*"), allow("s3:*")]), level(vec![allow("*")])]), Outcome::Allow);
}

#[test]
fn resource_policy_bypasses_resource_control_policies() {
    let bucket = policy(Kind::Resource, r#"{"Effect":"Allow","Principal":"*","Action":"s3:*","Resource":"*"}"#);
    let control = policy(
        Kind::ResourceControl,
        r#"{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"*","Condition":{"Bool":{"aws:SecureTransport":"false"}}}"#,
    );
    let levels = [Level::new("root", vec![control])];
    let layers = Layers::new(&[]).with_resource(&bucket).with_resource_control(&levels);
    for who in [Principal::Anonymous, principal(super::USER), Principal::Service { name: "s3.amazonaws.com".into() }] {
        let ask = |secure: &str| {
            decide(&layers, &who, "s3:GetObject", OBJECT, &Keys::new().with("aws:SecureTransport", secure))
        };
        assert_eq!((ask("false"), ask("true")), (Outcome::ExplicitDeny, Outcome::Allow), "{who}");
    }
}

#[test]
fn session_policy_adds_to_the_role() {
    let (nothing, wide) = ([], [policy(Kind::Session, r#"{"Effect":"Allow","Action":"*","Resource":"*"}"#)]);
    let who = principal("arn:aws:sts::111111111111:assumed-role/reader/martha");
    let ask = |layers: &Layers<'_>| decide(layers, &who, "s3:GetObject", OBJECT, &Keys::new());
    assert_eq!(ask(&Layers::new(&nothing).with_session(&wide)), Outcome::ImplicitDeny);
    let read = [policy(Kind::Identity, r#"{"Effect":"Allow","Action":"s3:*","Resource":"*"}"#)];
    assert_eq!(ask(&Layers::new(&read).with_session(&nothing)), Outcome::ImplicitDeny);
    assert_eq!(ask(&Layers::new(&read).with_session(&wide)), Outcome::Allow);
}

/// In another account's resource one side alone is never enough, the root user's neither.
#[test]
fn one_account_decides_for_two() {
    let theirs = "arn:aws:sqs:eu-west-1:222222222222:queue";
    let queue = policy(Kind::Resource, r#"{"Effect":"Allow","Principal":"*","Action":"sqs:*","Resource":"*"}"#);
    let everything = [policy(Kind::Identity, r#"{"Effect":"Allow","Action":"*","Resource":"*"}"#)];
    for who in [principal(super::USER), principal("arn:aws:iam::111111111111:root")] {
        let ask = |layers: &Layers<'_>| decide(layers, &who, "sqs:SendMessage", theirs, &Keys::new());
        assert_eq!(ask(&Layers::new(&everything)), Outcome::ImplicitDeny, "{who}");
        let both = ask(&Layers::new(&everything).with_resource(&queue));
        assert_eq!(both, Outcome::Allow, "{who}");
    }
    let layers = Layers::new(&[]).with_resource(&queue);
    let alone = decide(&layers, &principal(super::USER), "sqs:SendMessage", theirs, &Keys::new());
    assert_eq!(alone, Outcome::ImplicitDeny);
}

#[test]
fn prefix_matched_users_and_accounts() {
    let admits = |name: &str, who: &str| {
        let statement =
            format!(r#"{{"Effect":"Allow","Principal":{{"AWS":"{name}"}},"Action":"s3:*","Resource":"*"}}"#);
        let bucket = policy(Kind::Resource, &statement);
        let layers = Layers::new(&[]).with_resource(&bucket);
        decide(&layers, &principal(who), "s3:GetObject", OBJECT, &Keys::new()) == Outcome::Allow
    };
    assert!(admits(super::USER, super::USER));
    for look_alike in [
        "arn:aws:iam::111111111111:user/martha2",
        "arn:aws:iam::111111111111:user/martha/x",
        "arn:aws:iam::111111111111:user/team/martha",
        "arn:aws:iam::111111111111:user/Martha",
        "arn:aws:iam::111111111111:role/martha",
        "arn:aws:sts::111111111111:assumed-role/martha/martha",
        "arn:aws:sts::111111111111:federated-user/martha",
        "arn:aws-cn:iam::111111111111:user/martha",
    ] {
        assert!(!admits(super::USER, look_alike), "{look_alike}");
        assert!(!admits(look_alike, super::USER), "{look_alike}");
    }
}

/// A session of the root user is made for one task, and a resource policy that names its account is no way around it.
#[test]
fn root_session_escapes_its_task() {
    let bucket = policy(
        Kind::Resource,
        r#"{"Effect":"Allow","Principal":{"AWS":"111111111111"},"Action":"s3:*","Resource":"*"}"#,
    );
    let task = [policy(Kind::Session, r#"{"Effect":"Allow","Action":"s3:DeleteBucketPolicy","Resource":"*"}"#)];
    let layers = Layers::new(&[]).with_resource(&bucket).with_session(&task);
    let root = principal("arn:aws:iam::111111111111:root");
    let ask = |action: &str| decide(&layers, &root, action, BUCKET, &Keys::new());
    assert_eq!((ask("s3:DeleteBucketPolicy"), ask("s3:GetObject")), (Outcome::Allow, Outcome::ImplicitDeny));
}

/// Resources, tag values and bucket names have case; actions and the names of keys have none.
#[test]
fn case_of_resources_is_ignored() {
    let statement = r#"{"Effect":"Allow","Action":"S3:GETOBJECT","Resource":"arn:aws:s3:::photos/*"}"#;
    assert_eq!(identity(statement, "s3:getobject", OBJECT, &Keys::new()), Outcome::Allow);
    assert_eq!(
        identity(statement, "s3:GetObject", "arn:aws:s3:::PHOTOS/cats/1.svg", &Keys::new()),
        Outcome::ImplicitDeny
    );
    let tag = r#"{"StringEquals":{"AWS:PRINCIPALTAG/TEAM":"cats"}}"#;
    assert!(holds(tag, &Keys::new().with("aws:PrincipalTag/team", "cats")));
    assert!(!holds(tag, &Keys::new().with("aws:PrincipalTag/team", "Cats")));
}
