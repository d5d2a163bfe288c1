//! Which policy a resource has.

use daypass::Broker;
use daypass::Keyring;
use daypass::policy::{Keys, ResourcePolicy};
use serde_json::json;

fn allowing(sid: &str) -> ResourcePolicy {
    let document = json!({"Version": "2012-10-17", "Statement": {"Sid": sid, "Effect": "Allow", "Principal": "*",
        "Action": "s3:GetObject", "Resource": "*"}});
    document.to_string().parse().unwrap()
}

fn broker(resources: &[&str]) -> Broker {
    let owner = || "111111111111".parse().unwrap();
    resources.iter().fold(Broker::new(Keyring::generate().unwrap()), |broker, resource| {
        broker.with_resource_policy(owner(), &resource.parse().unwrap(), allowing("Public"))
    })
}

#[test]
fn a_policy_covers_what_is_below_its_resource_however_deep() {
    let broker = broker(&["arn:aws:s3:::photos", "arn:aws:s3:::reports/2026"]);
    for covered in [
        "arn:aws:s3:::photos",
        "arn:aws:s3:::photos/",
        "arn:aws:s3:::photos/nap.svg",
        "arn:aws:s3:::photos/a/b//c",
        "arn:aws:s3:::reports/2026",
        "arn:aws:s3:::reports/2026/q1/january.csv",
    ] {
        assert!(broker.resource_policy(covered).is_some(), "{covered}");
    }
    for other in [
        "arn:aws:s3:::photos2",
        "arn:aws:s3:::photos2/nap.svg",
        "arn:aws:s3:::photo/s",
        "arn:aws:s3:::reports",
        "arn:aws:s3:::reports/2026.csv",
        "arn:aws:s3:::other/arn:aws:s3:::photos",
        "",
        "*",
    ] {
        assert!(broker.resource_policy(other).is_none(), "{other}");
    }
}

#[test]
fn the_nearest_policy_is_the_one_that_has_a_say() {
    let nothing = json!({"Version": "2012-10-17", "Statement": {"Sid": "Closed", "Effect": "Deny", "Principal": "*",
        "Action": "s3:*", "Resource": "*"}});
    let closed: ResourcePolicy = nothing.to_string().parse().unwrap();
    let below = "arn:aws:s3:::photos/private".parse().unwrap();
    let broker = broker(&["arn:aws:s3:::photos"]).with_resource_policy("111111111111".parse().unwrap(), &below, closed);
    let flow = broker.begin().unwrap();
    let ask = |resource: &str| flow.authorize_anonymous("s3:GetObject", resource, Keys::new()).unwrap().to_string();
    assert!(ask("arn:aws:s3:::photos/nap.svg").contains("Public"));
    assert!(ask("arn:aws:s3:::photos/private/nap.svg").contains("Closed"));
    assert!(ask("arn:aws:s3:::photos/private2/nap.svg").contains("Public"));
}
