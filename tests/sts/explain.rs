//! "Why may I not assume this role?"

use daypass::AssumeRole;
use daypass::iam::KeyOwner;
use daypass::session::AssumeReport;
use serde_json::json;

use crate::site::{ACCOUNT, MEMBER, Site, account, allow, trust};

fn ask(role: &str) -> AssumeRole {
    AssumeRole::new(role.parse().unwrap(), "chain".parse().unwrap())
}

/// The report about a user of the account, by name.
fn report(site: &Site, name: &str, ask: AssumeRole) -> AssumeReport {
    let accounts = site.broker.registry().read();
    let identity = accounts.find(&account(ACCOUNT)).unwrap().identity(&KeyOwner::user(name)).unwrap();
    site.broker.explain_assume(&identity, ask).unwrap()
}

#[tokio::test]
async fn the_condition_that_failed_is_named_with_what_it_wanted_and_found() {
    let site = Site::start().await;
    site.user(ACCOUNT, "martha", &allow(&["sts:*"]));
    let condition = json!({"StringEquals": {"sts:ExternalId": "customer-7"}});
    let role = site.role(ACCOUNT, "partner", &trust(ACCOUNT, &["sts:AssumeRole"], &condition), &allow(&["s3:*"]));
    let refused = report(&site, "martha", ask(&role).with_external_id("customer-8"));
    assert!(!refused.allowed);
    for part in ["trust policy", "sts:ExternalId", "customer-7", "customer-8"] {
        assert!(refused.blocked_by.contains(part), "{part}: {}", refused.blocked_by);
    }
    let allowed = report(&site, "martha", ask(&role).with_external_id("customer-7"));
    assert_eq!((allowed.allowed, allowed.blocked_by.as_str()), (true, ""));
    let json = serde_json::to_value(&refused).unwrap();
    assert_eq!(json["actions"][0]["action"], "sts:AssumeRole");
    assert_eq!(json["actions"][0]["trust"]["outcome"], "ImplicitDeny");
}

#[tokio::test]
async fn the_side_that_does_not_allow_is_named() {
    let site = Site::start().await;
    site.user(ACCOUNT, "closed", &allow(&["s3:*"]));
    let there = site.role(MEMBER, "there", &trust(ACCOUNT, &["sts:AssumeRole"], &json!({})), &allow(&["s3:*"]));
    let refused = report(&site, "closed", ask(&there));
    assert!(refused.blocked_by.starts_with("sts:AssumeRole is implicitly denied by the caller's side"), "{refused:?}");
}

#[tokio::test]
async fn a_duration_beyond_the_role_is_a_reason_too() {
    let site = Site::start().await;
    site.user(ACCOUNT, "martha", &allow(&["sts:*"]));
    let role = site.role(ACCOUNT, "reader", &trust(ACCOUNT, &["sts:AssumeRole"], &json!({})), &allow(&["s3:*"]));
    let refused = report(&site, "martha", ask(&role).lasting(std::time::Duration::from_secs(43_201)));
    assert!(refused.blocked_by.contains("43201 seconds"), "{}", refused.blocked_by);
}
