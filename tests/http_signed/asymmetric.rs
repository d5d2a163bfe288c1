//! Signature Version 4A over HTTP, and what policies are told of the region.

use std::sync::Arc;

use daypass::http::signed::RequireSignature;
use daypass::request::{Service, SignedRequest};
use daypass::{Broker, Role};

use crate::fixture;
use crate::oracle::{Draft, Wire, martha};
use crate::site::{Site, app, ask, draft, request, send};

fn signed(site: &Site, service: Service) -> RequireSignature {
    RequireSignature::new(Arc::clone(&site.broker), service)
}

#[tokio::test]
async fn a_layer_takes_version_4a_where_its_service_does() {
    let site = Site::new();
    let wire = draft("GET", "/reports/1").for_regions("eu-*").sign(martha());
    let (status, refused) = ask(app(signed(&site, Service::new("reports"))), &wire).await;
    assert_eq!((status, refused["code"].as_str()), (400, Some("IncompleteSignature")));
    assert!(refused["message"].as_str().unwrap().contains("the service takes AWS4-HMAC-SHA256 alone"), "{refused}");
    let taking = app(signed(&site, Service::new("reports").with_asymmetric_signatures()));
    let (status, _, text) = send(taking.clone(), request(&wire)).await;
    assert_eq!(status, 200, "{text}");
    let (status, refused) = ask(taking, &wire.with(|w| w.target = "/reports/2".to_owned())).await;
    assert_eq!((status, refused["code"].as_str()), (403, Some("SignatureDoesNotMatch")));
}

/// A broker whose one role has these permissions.
fn broker(policy: &str) -> Broker {
    let trust = r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "sts:AssumeRole",
        "Principal": {"AWS": "111111111111"}}}"#;
    let arn = "arn:aws:iam::111111111111:role/PhotoReader".parse().unwrap();
    let role = Role::new(arn, trust.parse().unwrap()).unwrap().with_id("AROAAAAAAAAAAAAAAAAAA".parse().unwrap());
    let clock = Arc::new(daypass::time::ManualClock::new(fixture::now()));
    Broker::new(fixture::keyring()).with_clock(clock).with_role(role.with_permissions(&policy.parse().unwrap()))
}

fn allowed(broker: &Broker, service: &Service, wire: &Wire) -> bool {
    let request = SignedRequest::new(wire.head().unwrap(), wire.body.clone());
    let request = broker.authenticate(service, request).unwrap();
    broker.authorize(&request, "s3:GetObject", "arn:aws:s3:::cat-photos/x").unwrap().is_allow()
}

#[test]
fn attack_set_of_regions_that_passes_for_the_one_a_policy_names() {
    const ALLOW_ONE: &str = r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:*",
        "Resource": "*", "Condition": {"StringEquals": {"aws:RequestedRegion": "eu-west-1"}}}}"#;
    const ALLOW_LIKE: &str = r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:*",
        "Resource": "*", "Condition": {"StringLike": {"aws:RequestedRegion": "eu-*"}}}}"#;
    const ALLOW_ANY: &str = r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:*",
        "Resource": "*", "Condition": {"ForAnyValue:StringEquals": {"aws:RequestedRegion": "eu-west-1"}}}}"#;
    const DENY_OTHERS: &str = r#"{"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "s3:*", "Resource": "*"},
        {"Effect": "Deny", "Action": "s3:*", "Resource": "*",
         "Condition": {"StringNotEquals": {"aws:RequestedRegion": "eu-west-1"}}}]}"#;
    let get = |set: Option<&'static str>| Draft { region_set: set, ..Draft::get("s3", "/cat-photos/x") }.sign(martha());
    let (anywhere, ireland) = (Service::S3, Service::S3.with_region("eu-west-1"));
    for policy in [ALLOW_ONE, ALLOW_LIKE, ALLOW_ANY, DENY_OTHERS] {
        let broker = broker(policy);
        assert!(allowed(&broker, &anywhere, &get(None)) && allowed(&broker, &anywhere, &get(Some("eu-west-1"))));
        // Nobody chose one of these regions, so that no policy may go by one of them.
        for set in ["*", "eu-*", "eu-west-1,us-east-1", "us-east-1,eu-west-1", "eu-west-1,eu-west-2", "us-east-1"] {
            assert!(!allowed(&broker, &anywhere, &get(Some(set))), "{policy} {set}");
        }
        // A service that is somewhere has chosen.
        for set in ["*", "eu-*", "us-east-1,eu-west-1"] {
            assert!(allowed(&broker, &ireland, &get(Some(set))), "{policy} {set}");
        }
    }
}
