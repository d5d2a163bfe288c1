//! Roles that a broker was given in code.

use std::sync::Arc;

use daypass::iam::{Limits, Registry};
use daypass::{Broker, Keyring, Role};

const TRUST: &str = r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "sts:AssumeRole",
    "Principal": {"AWS": "111111111111"}}}"#;

fn role(name: &str) -> Role {
    Role::new(format!("arn:aws:iam::111111111111:role/{name}").parse().unwrap(), TRUST.parse().unwrap()).unwrap()
}

#[test]
fn roles_that_were_added_before_the_registry_are_in_it() {
    let registry = Arc::new(Registry::new(Limits::default()));
    let (before, after) = (role("before"), role("after"));
    let arns = [before.arn().clone(), after.arn().clone()];
    let broker = Broker::new(Keyring::generate().unwrap()).with_role(before);
    let broker = broker.with_registry(Arc::clone(&registry)).with_role(after);
    for arn in &arns {
        assert!(broker.role(arn).is_some() && registry.read().role(arn).is_some(), "{arn}");
    }
}
