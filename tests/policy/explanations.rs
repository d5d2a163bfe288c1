//! What an answer says of itself.

use super::{OBJECT, policy, principal};
use daypass::policy::{
    Action, Explanation, Keys, Kind, Layer, Layers, Level, Outcome, Principal, Request, Resource, evaluate,
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
