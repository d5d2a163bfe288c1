//! Decisions over compiled policies.
//!
//! Targets, on one core in the bench profile: `small` (three statements with a variable and conditions) under 1 µs,
//! `big` (a hundred statements, the one that matters last) under 5 µs. Beside them, what a decision avoids: parsing
//! the document each time.
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot start has nothing to measure")]

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use daypass::policy::{Action, Keys, Kind, Layers, Outcome, Policy, Principal, Request, Resource};

const SMALL: &str = r#"{
  "Version": "2012-10-17",
  "Statement": [
    {"Sid": "List", "Effect": "Allow", "Action": "s3:ListBucket", "Resource": "arn:aws:s3:::photos"},
    {"Sid": "OwnFolder", "Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject"],
     "Resource": "arn:aws:s3:::photos/${aws:PrincipalTag/team}/*",
     "Condition": {"StringEquals": {"aws:PrincipalTag/stage": ["test", "production"]},
                   "IpAddress": {"aws:SourceIp": ["10.0.0.0/8", "2001:db8::/32"]}}},
    {"Sid": "TlsOnly", "Effect": "Deny", "Action": "s3:*", "Resource": "*",
     "Condition": {"Bool": {"aws:SecureTransport": "false"}}}
  ]
}"#;

/// A hundred statements; `spread` over as many services, or all about the same action.
fn big(spread: bool) -> String {
    let statements: Vec<_> = (0..100)
        .map(|n| {
            let action = if spread && n < 99 { format!("service{n}:Get*") } else { "s3:GetObject".to_owned() };
            let bucket = if n == 99 { "photos".to_owned() } else { format!("bucket-{n}") };
            format!(r#"{{"Effect":"Allow","Action":"{action}","Resource":"arn:aws:s3:::{bucket}/*"}}"#)
        })
        .collect();
    format!(r#"{{"Version":"2012-10-17","Statement":[{}]}}"#, statements.join(","))
}

fn keys() -> Keys {
    Keys::new()
        .with("aws:PrincipalArn", "arn:aws:iam::111111111111:role/reader")
        .with("aws:PrincipalAccount", "111111111111")
        .with("aws:PrincipalType", "AssumedRole")
        .with("aws:userid", "AROAEXAMPLEEXAMPLE123:martha")
        .with("aws:PrincipalTag/team", "cats")
        .with("aws:PrincipalTag/stage", "production")
        .with("aws:SourceIp", "10.1.2.3")
        .with("aws:SecureTransport", "true")
        .with("aws:CurrentTime", "2026-01-31T12:00:00Z")
        .with("aws:EpochTime", "1769860800")
        .with("aws:TokenIssueTime", "2026-01-31T11:45:00Z")
        .with("aws:RequestedRegion", "eu-west-1")
}

fn decisions(criterion: &mut Criterion) {
    let session = "arn:aws:sts::111111111111:assumed-role/reader/martha".parse().unwrap();
    let principal = Principal::from_arn(session).unwrap();
    let action: Action = "s3:GetObject".parse().unwrap();
    let resource: Resource = "arn:aws:s3:::photos/cats/1.svg".parse().unwrap();
    let keys = keys();
    let request = Request::new(&principal, &action, &resource, &keys);

    let mut group = criterion.benchmark_group("policy");
    let documents = [
        ("small (target < 1 us)", SMALL.to_owned()),
        ("big, one action (target < 5 us)", big(false)),
        ("big, a hundred services (target < 5 us)", big(true)),
    ];
    for (name, document) in documents {
        let policies = [Policy::parse(&document, Kind::Identity).unwrap()];
        let layers = Layers::new(&policies);
        assert_eq!(daypass::policy::evaluate(&layers, &request).outcome(), Outcome::Allow);
        group.bench_function(name, |bencher| {
            bencher.iter(|| daypass::policy::evaluate(black_box(&layers), black_box(&request)).outcome());
        });
    }
    let policies = [Policy::parse(SMALL, Kind::Identity).unwrap()];
    let layers = Layers::new(&policies);
    group.bench_function("small, explained", |bencher| {
        bencher.iter(|| daypass::policy::evaluate(black_box(&layers), black_box(&request)).explain());
    });
    group.bench_function("parse small (avoided)", |bencher| {
        bencher.iter(|| Policy::parse(black_box(SMALL), Kind::Identity));
    });
    group.finish();
}

criterion_group!(benches, decisions);
criterion_main!(benches);
