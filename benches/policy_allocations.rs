//! How often a decision asks for memory: never, whatever does not match, in whichever layer and however many there are.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a benchmark whose set-up fails must stop")]

use std::io::Write as _;

use daypass::policy::{Action, Keys, Kind, Layers, Level, Policy, Principal, Request, Resource, evaluate};

/// One statement that does not apply, by what keeps it from applying.
const MISSES: [(&str, &str); 9] = [
    ("another service", r#""Action":"ec2:Run*","Resource":"*""#),
    ("another action", r#""Action":["s3:Put*","s3:DeleteObject"],"Resource":"*""#),
    ("another resource", r#""Action":"s3:GetObject","Resource":"arn:aws:s3:::b-*/x/*""#),
    ("another folder", r#""Action":"s3:*","Resource":"arn:aws:s3:::*/${aws:PrincipalTag/team}/x/*""#),
    ("a text", r#""Action":"*","Resource":"*","Condition":{"StringEquals":{"aws:PrincipalTag/team":["dogs","owls"]}}"#),
    ("a pattern", r#""Action":"*","Resource":"*","Condition":{"StringLike":{"aws:userid":"*:bob-?*"}}"#),
    ("a number", r#""Action":"*","Resource":"*","Condition":{"NumericLessThan":{"aws:EpochTime":"17"}}"#),
    (
        "an address",
        r#""Action":"*","Resource":"*","Condition":{"IpAddress":{"aws:SourceIp":["11.0.0.0/8","2001:db8::/32"]}}"#,
    ),
    (
        "an ARN",
        r#""Action":"*","Resource":"*","Condition":{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::*:role/*/admin"}}"#,
    ),
];

fn document(kind: Kind, count: usize, rest: &str) -> Policy {
    let who = if kind == Kind::Resource { r#""Principal":{"AWS":"*"},"# } else { "" };
    let statements: Vec<_> = (0..count).map(|_| format!(r#"{{"Effect":"Allow",{who}{rest}}}"#)).collect();
    let text = format!(r#"{{"Version":"2012-10-17","Statement":[{}]}}"#, statements.join(","));
    Policy::parse_within(&text, kind, usize::MAX).unwrap()
}

fn main() {
    let principal = "arn:aws:sts::111111111111:assumed-role/reader/martha".parse().unwrap();
    let principal = Principal::from_arn(principal).unwrap();
    let action: Action = "s3:GetObject".parse().unwrap();
    let resource: Resource = "arn:aws:s3:::photos/cats/1.svg".parse().unwrap();
    let keys = Keys::new()
        .with("aws:PrincipalArn", "arn:aws:iam::111111111111:role/reader")
        .with("aws:userid", "AROAEXAMPLEEXAMPLE123:martha")
        .with("aws:PrincipalTag/team", "cats")
        .with("aws:EpochTime", "1769860800")
        .with("aws:SourceIp", "10.1.2.3");
    let request = Request::new(&principal, &action, &resource, &keys);
    let mut out = std::io::stdout();
    for (name, rest) in MISSES {
        let (identity, bucket) = ([document(Kind::Identity, 100, rest)], document(Kind::Resource, 100, rest));
        let levels = [Level::new("root", vec![document(Kind::ServiceControl, 1, r#""Action":"*","Resource":"*""#)])];
        let layers = Layers::new(&identity).with_resource(&bucket).with_service_control(&levels);
        let info = allocation_counter::measure(|| {
            std::hint::black_box(evaluate(&layers, &request).outcome());
        });
        writeln!(out, "200 statements that miss by {name:<20} {:>3} allocations", info.count_total)
            .expect("standard output");
        assert_eq!(info.count_total, 0, "{name}: a decision asks for memory");
    }
}
