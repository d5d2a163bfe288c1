//! What an answer says of itself.

use super::{OBJECT, policy, principal};
use daypass::policy::{
    Action, Explanation, Keys, Kind, Layer, Layers, Level, Outcome, Part, Principal, Request, Resource, evaluate,
    evaluate_trust,
};

const SESSION: &str = "arn:aws:sts::111111111111:assumed-role/reader/martha";

fn explain(layers: &Layers<'_>, action: &str, keys: &Keys) -> Explanation {
    let (who, action, resource): (_, Action, Resource) =
        (principal(SESSION), action.parse().unwrap(), OBJECT.parse().unwrap());
    evaluate(layers, &Request::new(&who, &action, &resource, keys)).explain()
}

fn trust_reason(statements: &str, who: &Principal, action: &str, keys: &Keys) -> String {
    let trust = policy(Kind::Trust, statements).named("the trust policy of editor");
    let action: Action = action.parse().unwrap();
    evaluate_trust(&trust, who, &action, keys).explain().reason
}

#[test]
fn a_denial_names_the_smallest_fact_that_blocked_it() {
    let read = policy(
        Kind::Identity,
        r#"{"Sid":"Read","Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::photos/dogs/*"},
           {"Sid":"Tagged","Effect":"Allow","Action":"s3:PutObject","Resource":"*",
            "Condition":{"StringEquals":{"aws:PrincipalTag/team":["cats","lions"]},"Bool":{"aws:SecureTransport":"true"}}}"#,
    );
    let identity = [read.named("reader")];
    let layers = Layers::new(&identity);
    let reason = |action: &str, keys: &Keys| explain(&layers, action, keys).reason;
    let none = Keys::new();
    assert_eq!(reason("s3:DeleteObject", &none), "no statement allows s3:DeleteObject");
    assert_eq!(
        reason("s3:GetObject", &none),
        "statement Read of reader allows s3:GetObject, but not on arn:aws:s3:::photos/cats/1.svg; \
         only on \"arn:aws:s3:::photos/dogs/*\""
    );
    let keys = Keys::new().with("aws:PrincipalTag/team", "dogs").with("aws:SecureTransport", "true");
    assert_eq!(
        reason("s3:PutObject", &keys),
        r#"statement Tagged of reader: condition StringEquals on aws:PrincipalTag/team wanted "cats" or "lions", found "dogs""#
    );
    assert_eq!(
        reason("s3:PutObject", &Keys::new().with("aws:PrincipalTag/team", "cats")),
        r#"statement Tagged of reader: condition Bool on aws:SecureTransport wanted "true", found no such key"#
    );
    let denied = explain(&layers, "s3:PutObject", &keys);
    assert_eq!(
        (denied.evidence.expected.as_str(), denied.evidence.found.as_str()),
        (r#""cats" or "lions""#, r#""dogs""#)
    );
    assert!(denied.deciding.is_empty());
}

#[test]
fn the_nearest_miss_is_the_one_that_is_told() {
    let statements = r#"{"Sid":"Far","Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::other"},
        {"Sid":"Two","Effect":"Allow","Action":"s3:*","Resource":"*","Condition":{"StringEquals":{"a:x":"2","a:y":"1"}}},
        {"Sid":"One","Effect":"Allow","Action":"s3:*","Resource":"*","Condition":{"StringEquals":{"a:x":"1","a:z":"1"}}}"#;
    let identity = [policy(Kind::Identity, statements).named("p")];
    let reason =
        explain(&Layers::new(&identity), "s3:GetObject", &Keys::new().with("a:x", "1").with("a:z", "2")).reason;
    assert_eq!(reason, r#"statement One of p: condition StringEquals on a:z wanted "1", found "2""#);
}

#[test]
fn why_may_i_not_assume_this_role() {
    let trust = r#"{"Sid":"Corp","Effect":"Allow","Principal":{"Federated":"arn:aws:iam::111111111111:saml-provider/corp"},
        "Action":"sts:AssumeRoleWithSAML","Condition":{"StringEquals":{"saml:aud":"https://broker.example/acs"}}}"#;
    let corp = Principal::Federated { provider_arn: "arn:aws:iam::111111111111:saml-provider/corp".parse().unwrap() };
    let other = Principal::Federated { provider_arn: "arn:aws:iam::111111111111:saml-provider/other".parse().unwrap() };
    let keys = Keys::new().with("saml:aud", "https://other.example/acs");
    let saml = "sts:AssumeRoleWithSAML";
    assert_eq!(
        trust_reason(trust, &corp, saml, &keys),
        r#"statement Corp of the trust policy of editor: condition StringEquals on saml:aud wanted "https://broker.example/acs", found "https://other.example/acs""#
    );
    assert_eq!(
        trust_reason(trust, &other, saml, &keys),
        "statement Corp of the trust policy of editor allows sts:AssumeRoleWithSAML, \
         but not to arn:aws:iam::111111111111:saml-provider/other; \
         only to \"arn:aws:iam::111111111111:saml-provider/corp\""
    );
    assert_eq!(
        trust_reason(trust, &corp, "sts:TagSession", &keys),
        "no statement of the trust policy allows sts:TagSession"
    );
    let right = Keys::new().with("saml:aud", "https://broker.example/acs");
    assert_eq!(
        trust_reason(trust, &corp, saml, &right),
        "statement Corp of the trust policy of editor allows sts:AssumeRoleWithSAML"
    );
    let denied = format!(r#"{trust},{{"Sid":"Closed","Effect":"Deny","Principal":"*","Action":"sts:*"}}"#);
    assert_eq!(
        trust_reason(&denied, &corp, saml, &right),
        "statement Closed of the trust policy of editor denies sts:AssumeRoleWithSAML"
    );
}

#[test]
fn each_layer_that_blocks_is_named() {
    let all = |kind| policy(kind, r#"{"Effect":"Allow","Action":"*","Resource":"*"}"#);
    let ec2 = |kind| policy(kind, r#"{"Effect":"Allow","Action":"ec2:*","Resource":"*"}"#);
    let identity = [all(Kind::Identity)];
    let layers = Layers::new(&identity);
    let reason = |layers: &Layers<'_>| explain(layers, "s3:GetObject", &Keys::new()).reason;
    let (boundary, session) = ([ec2(Kind::Boundary)], [ec2(Kind::Session)]);
    let levels =
        [Level::new("root", vec![all(Kind::ServiceControl)]), Level::new("cats", vec![ec2(Kind::ServiceControl)])];
    assert_eq!(
        reason(&layers.with_boundary(&boundary)),
        "no statement of the permissions boundary allows s3:GetObject"
    );
    assert_eq!(reason(&layers.with_session(&session)), "no statement of session policies allows s3:GetObject");
    assert_eq!(reason(&layers.with_service_control(&levels)), "no service control policy at cats allows s3:GetObject");
    let bucket = policy(
        Kind::Resource,
        r#"{"Effect":"Allow","Principal":{"AWS":"111111111111"},"Action":"s3:*","Resource":"*"}"#,
    );
    assert_eq!(
        reason(&Layers::new(&[]).with_resource(&bucket)),
        "the resource policy leaves it to the account, and no identity policy allows s3:GetObject"
    );
    assert_eq!(
        explain(&layers, "sts:GetCallerIdentity", &Keys::new()).reason,
        "sts:GetCallerIdentity needs no permission"
    );
}

#[test]
fn everything_that_had_a_say_is_reported() {
    let identity = [policy(
        Kind::Identity,
        r#"{"Sid":"All","Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::photos/${aws:PrincipalTag/Team}/*"},
           {"Effect":"Allow","Action":["s3:Get*","s3:*Object"],"Resource":"*","Condition":{"Bool":{"aws:SecureTransport":"true"}}},
           {"Sid":"Other","Effect":"Allow","Action":"ec2:*","Resource":"*","Condition":{"Bool":{"aws:Unread":"true"}}}"#,
    )
    .named("reader")];
    let bucket = policy(
        Kind::Resource,
        r#"{"Sid":"Gone","Effect":"Deny","Principal":"*","Action":"s3:DeleteObject","Resource":"*",
            "Condition":{"ArnNotEquals":{"aws:PrincipalArn":"arn:aws:iam::111111111111:role/admin"}}}"#,
    )
    .named("photos");
    let layers = Layers::new(&identity).with_resource(&bucket);
    let keys = Keys::new().with("aws:principaltag/team", "cats").with("aws:SecureTransport", "true");

    let allowed = explain(&layers, "s3:GetObject", &keys);
    assert_eq!(allowed.outcome, Outcome::Allow);
    let deciding: Vec<_> = allowed.deciding.iter().map(|own| (own.statement.as_str(), own.line, own.column)).collect();
    assert_eq!(deciding, [("All", 1, 38), ("2", 2, 12)]);
    let layers_told: Vec<_> = allowed.layers.iter().map(|report| (report.layer, report.outcome)).collect();
    assert_eq!(layers_told, [(Layer::Resource, Outcome::ImplicitDeny), (Layer::Identity, Outcome::Allow)]);
    let read: Vec<_> = allowed.keys.iter().map(|key| (key.name.as_str(), key.values.concat())).collect();
    assert_eq!(read, [("aws:PrincipalTag/Team", "cats".to_owned()), ("aws:SecureTransport", "true".to_owned())]);

    let denied = explain(&layers, "s3:DeleteObject", &keys);
    assert_eq!(
        denied.reason,
        "statement Gone of photos denies s3:DeleteObject: condition ArnNotEquals on aws:PrincipalArn is met by \
         anything but \"arn:aws:iam::111111111111:role/admin\", found no such key"
    );
    // What would have kept it from denying.
    assert_eq!(denied.evidence.expected, "\"arn:aws:iam::111111111111:role/admin\"");
    assert_eq!(denied.deciding.len(), 1);
    let json = serde_json::to_value(&denied).unwrap();
    assert_eq!(json["outcome"], "ExplicitDeny");
    assert_eq!(json["deciding"][0]["policy"], "photos");
    assert_eq!(json["deciding"][0]["layer"], "resource");
    assert_eq!(json["layers"][1]["outcome"], "Allow");
}

fn tell(layers: &Layers<'_>, who: &Principal, action: &str, resource: &str, keys: &Keys) -> Explanation {
    let (action, resource): (Action, Resource) = (action.parse().unwrap(), resource.parse().unwrap());
    evaluate(layers, &Request::new(who, &action, &resource, keys)).explain()
}

#[test]
fn a_statement_that_denies_says_what_it_denies_by() {
    let scp = policy(
        Kind::ServiceControl,
        r#"{"Effect":"Allow","Action":"*","Resource":"*"},
           {"Sid":"Region","Effect":"Deny","NotAction":["iam:*","sts:*"],"Resource":"*",
            "Condition":{"StringNotEquals":{"aws:RequestedRegion":"eu-west-1"}}}"#,
    );
    let levels = [Level::new("root", vec![scp.named("region-lock")])];
    let layers = Layers::new(&[]).with_service_control(&levels);
    let denied = tell(
        &layers,
        &principal(SESSION),
        "s3:GetObject",
        OBJECT,
        &Keys::new().with("aws:RequestedRegion", "us-east-1"),
    );
    assert_eq!(
        denied.reason,
        r#"statement Region of region-lock denies s3:GetObject: NotAction is anything but "iam:*" or "sts:*"; condition StringNotEquals on aws:RequestedRegion is met by anything but "eu-west-1", found "us-east-1""#
    );
    let told = (denied.evidence.expected.as_str(), denied.evidence.found.as_str());
    assert_eq!(told, (r#""eu-west-1""#, r#""us-east-1""#));
    let condition = &denied.deciding[0].conditions[0];
    assert_eq!((condition.operator.as_str(), condition.key.as_str()), ("StringNotEquals", "aws:RequestedRegion"));
    assert_eq!((condition.line, condition.column), (3, 45));

    // A key that is absent meets BoolIfExists: the usual way in which a demand for MFA locks out long-term keys.
    let mfa = [policy(
        Kind::Identity,
        r#"{"Effect":"Allow","Action":"*","Resource":"*"},{"Sid":"Mfa","Effect":"Deny","Action":"*","Resource":"*",
            "Condition":{"BoolIfExists":{"aws:MultiFactorAuthPresent":"false"}}}"#,
    )
    .named("admins")];
    let denied = tell(&Layers::new(&mfa), &principal(super::USER), "s3:GetObject", OBJECT, &Keys::new());
    assert_eq!(
        denied.reason,
        r#"statement Mfa of admins denies s3:GetObject: condition BoolIfExists on aws:MultiFactorAuthPresent is met by "false", found no such key"#
    );
    assert_eq!(denied.evidence.expected, r#"anything but "false""#);

    let bucket = policy(
        Kind::Resource,
        r#"{"Sid":"Only","Effect":"Deny","NotPrincipal":{"AWS":"arn:aws:iam::111111111111:role/reader"},"Action":"*","NotResource":"arn:aws:s3:::open/*"}"#,
    )
    .named("photos");
    let boundary = [policy(Kind::Boundary, r#"{"Effect":"Allow","Action":"*","Resource":"*"}"#)];
    let layers = Layers::new(&mfa).with_resource(&bucket).with_boundary(&boundary);
    let denied = tell(
        &layers,
        &principal(SESSION),
        "s3:GetObject",
        OBJECT,
        &Keys::new().with("aws:MultiFactorAuthPresent", "true"),
    );
    assert_eq!(
        denied.reason,
        r#"statement Only of photos denies s3:GetObject: NotResource is anything but "arn:aws:s3:::open/*"; NotPrincipal is anything but "arn:aws:iam::111111111111:role/reader", and it spares nobody who has a permissions boundary"#
    );
    assert_eq!(denied.evidence.expected, "no statement that denies s3:GetObject");
}

#[test]
fn a_silent_layer_is_named_with_why_it_had_to_speak() {
    let identity = [policy(Kind::Identity, r#"{"Effect":"Allow","Action":"*","Resource":"*"}"#)];
    let layers = Layers::new(&identity);
    let who = principal(SESSION);
    let reason = |layers: &Layers<'_>, who: &Principal, action: &str, resource: &str| {
        let told = tell(layers, who, action, resource, &Keys::new());
        let silent = told.silent.expect("a silent layer");
        (told.reason, silent.layer, silent.level)
    };
    let queue = "arn:aws:sqs:eu-west-1:222222222222:queue";
    assert_eq!(
        reason(&layers, &who, "sqs:SendMessage", queue),
        (
            "there is no resource policy to allow sqs:SendMessage, which it must across accounts".to_owned(),
            Layer::Resource,
            None
        )
    );
    let other = policy(Kind::Resource, r#"{"Effect":"Allow","Principal":"*","Action":"sns:*","Resource":"*"}"#);
    assert_eq!(
        reason(&layers.with_resource(&other), &who, "sqs:SendMessage", queue).0,
        "no statement of the resource policy allows sqs:SendMessage, which it must across accounts"
    );
    let open = policy(Kind::Resource, r#"{"Effect":"Allow","Principal":"*","Action":"sqs:*","Resource":"*"}"#);
    assert_eq!(
        reason(&Layers::new(&[]).with_resource(&open), &who, "sqs:SendMessage", queue),
        (
            "no statement allows sqs:SendMessage, which an identity policy must across accounts".to_owned(),
            Layer::Identity,
            None
        )
    );
    assert_eq!(
        reason(&layers, &who, "sts:AssumeRole", "arn:aws:iam::111111111111:role/admin").0,
        "there is no resource policy to allow sts:AssumeRole, which it must for roles and keys in the same account too"
    );
    assert_eq!(
        reason(&layers, &Principal::Anonymous, "s3:GetObject", OBJECT).0,
        "there is no resource policy to allow s3:GetObject, and nothing else can let in a caller without an account"
    );
    let trust =
        policy(Kind::Trust, r#"{"Effect":"Allow","Principal":{"AWS":"111111111111"},"Action":"sts:AssumeRole"}"#);
    let role = "arn:aws:iam::111111111111:role/admin";
    assert_eq!(
        reason(&Layers::new(&[]).with_resource(&trust), &who, "sts:AssumeRole", role).0,
        "the trust policy leaves it to the account, and no identity policy allows sts:AssumeRole"
    );
    assert_eq!(
        reason(&layers.with_resource(&trust), &who, "sts:TagSession", role).0,
        "no statement of the trust policy allows sts:TagSession, which it must for roles and keys in the same account \
         too; there statement 1 of a trust policy allows \"sts:AssumeRole\""
    );
    // Who has no account has no identity policies that could be silent.
    let told =
        tell(&Layers::new(&[]).with_resource(&other), &Principal::Anonymous, "s3:GetObject", OBJECT, &Keys::new());
    assert_eq!(told.layers.iter().map(|own| own.layer).collect::<Vec<_>>(), [Layer::Resource]);
    let levels = [Level::new("unit", vec![])];
    assert_eq!(
        reason(&layers.with_service_control(&levels), &who, "s3:GetObject", OBJECT),
        (
            "no service control policy at unit allows s3:GetObject".to_owned(),
            Layer::ServiceControl,
            Some("unit".into())
        )
    );
}

#[test]
fn statements_that_came_near_are_told_with_what_kept_them() {
    let identity = [policy(
        Kind::Identity,
        r#"{"Sid":"Write","Effect":"Allow","Action":["s3:PutObject","s3:DeleteObject"],"Resource":"*"},
           {"Sid":"Team","Effect":"Allow","Action":"s3:Get*","Resource":["arn:aws:s3:::photos/${aws:PrincipalTag/team}/*","arn:aws:s3:::photos/${aws:PrincipalTag/unit, 'none'}/*"]},
           {"Sid":"Safe","Effect":"Allow","Action":"s3:GetObject","Resource":"*","Condition":{"Bool":{"aws:SecureTransport":"true"},
            "DateLessThan":{"aws:CurrentTime":"2026-01-01"},"IpAddress":{"aws:SourceIp":"10.0.0.0/8"}}}"#,
    )
    .named("reader")];
    let bucket = policy(
        Kind::Resource,
        r#"{"Sid":"Martha","Effect":"Allow","Principal":{"AWS":["arn:aws:iam::111111111111:user/martha","222222222222"]},"Action":"s3:*","Resource":"*"}"#,
    )
    .named("photos");
    let layers = Layers::new(&identity).with_resource(&bucket);
    let keys = Keys::new().with("aws:SourceIp", "10.1.2.3");
    let told = tell(&layers, &principal(SESSION), "s3:GetObject", OBJECT, &keys);
    assert_eq!(
        told.reason,
        r#"statement Safe of reader: condition Bool on aws:SecureTransport wanted "true", found no such key (and one more condition fails)"#
    );
    let near: Vec<_> = told
        .near_misses
        .iter()
        .map(|own| (own.statement.statement.as_str(), own.part, own.expected.as_str(), own.found.as_str()))
        .collect();
    let (team, martha) = (
        r#""arn:aws:s3:::photos/${aws:PrincipalTag/team}/*" or "arn:aws:s3:::photos/${aws:PrincipalTag/unit, 'none'}/*", where aws:PrincipalTag/team has no single value and aws:PrincipalTag/unit is "none""#,
        r#""arn:aws:iam::111111111111:user/martha" or "222222222222""#,
    );
    assert_eq!(
        near,
        [
            ("Safe", Part::Condition, r#""true""#, "no such key"),
            ("Team", Part::Resource, team, OBJECT),
            ("Martha", Part::Principal, martha, SESSION),
            ("Write", Part::Action, r#""s3:PutObject" or "s3:DeleteObject""#, "s3:GetObject"),
        ]
    );
    // Those that hold are not told of a statement that came near.
    let failing: Vec<_> = told.near_misses[0].statement.conditions.iter().map(|own| own.key.as_str()).collect();
    assert_eq!(failing, ["aws:SecureTransport", "aws:CurrentTime"]);
    let json = serde_json::to_value(&told).unwrap();
    assert_eq!((&json["expected"], &json["found"]), (&r#""true""#.into(), &"no such key".into()));
    assert_eq!((&json["silent"]["layer"], &json["near_misses"][1]["part"]), (&"identity".into(), &"resource".into()));
    assert_eq!(json["near_misses"][0]["statement"], "Safe");

    let deleted = tell(&Layers::new(&identity), &principal(SESSION), "s3:GetBucketTagging", OBJECT, &keys);
    assert_eq!(deleted.near_misses[0].part, Part::Resource);
    let listed = tell(&Layers::new(&identity), &principal(SESSION), "s3:ListBucket", OBJECT, &keys);
    assert_eq!(
        listed.reason,
        r#"no statement allows s3:ListBucket; there statement Write of reader allows "s3:PutObject" or "s3:DeleteObject""#
    );
    // Another service's statements are no help.
    let queued = tell(&Layers::new(&identity), &principal(SESSION), "sqs:SendMessage", "*", &keys);
    assert_eq!((queued.reason.as_str(), queued.near_misses.len()), ("no statement allows sqs:SendMessage", 0));
    assert_eq!(queued.evidence.expected, "a statement of identity policies that allows sqs:SendMessage");
}
