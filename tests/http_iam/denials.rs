//! What a denial says: the kind of policy that stood in the way, in the words that users of the cloud know.

use daypass::AssumeRole;
use daypass::organization::Organization;
use daypass::policy::{Kind, Level, Policy};
use daypass::session::SessionPolicies;
use serde_json::{Value, json};

use crate::issuer;
use crate::site::{ACCOUNT, Site, allow, arn, policy, role, session_of};

/// The second half of the message with which ListUsers is denied.
async fn why(site: &Site, ask: AssumeRole) -> String {
    let who = session_of(&site.broker, ask).await;
    let refused = site.iam_as(&who, "ListUsers", &[]).await;
    assert_eq!((refused.status, refused.text("Code")), (403, Some("AccessDenied")), "{}", refused.body);
    let message = refused.text("Message").unwrap();
    let first = "User: arn:aws:sts::111111111111:assumed-role/worker/martha is not authorized to perform: iam:ListUsers on \
                 resource: arn:aws:iam::111111111111:user/ ";
    message.strip_prefix(first).unwrap_or_else(|| panic!("{message}")).to_owned()
}

fn worker() -> AssumeRole {
    AssumeRole::new(arn("role/worker").parse().unwrap(), "martha".parse().unwrap())
}

fn deny() -> Value {
    json!([{"Effect": "Allow", "Action": "*", "Resource": "*"},
        {"Effect": "Deny", "Action": "iam:ListUsers", "Resource": "*"}])
}

#[tokio::test]
async fn the_policies_of_the_principal_are_named_by_kind() {
    let site = Site::start().await;
    for (permissions, expected) in [
        (allow("s3:*"), "because no identity-based policy allows the iam:ListUsers action"),
        (policy(&deny()), "with an explicit deny in an identity-based policy"),
    ] {
        site.session_with("worker", &permissions).await;
        assert_eq!(why(&site, worker()).await, expected);
    }
}

#[tokio::test]
async fn a_boundary_is_named() {
    let site = Site::start().await;
    for (boundary, expected) in [
        (allow("s3:*"), "because no permissions boundary allows the iam:ListUsers action"),
        (policy(&deny()), "with an explicit deny in a permissions boundary"),
    ] {
        let boundary = vec![Policy::parse(&boundary, Kind::Boundary).unwrap()];
        site.broker
            .registry()
            .configure_role(role(ACCOUNT, "worker", &allow("*")).with_boundary(boundary), issuer::now());
        assert_eq!(why(&site, worker()).await, expected);
    }
}

#[tokio::test]
async fn a_session_policy_is_named() {
    let site = Site::start().await;
    site.session_with("worker", &allow("*")).await;
    for (session, expected) in [
        (allow("s3:*"), "because no session policy allows the iam:ListUsers action"),
        (policy(&deny()), "with an explicit deny in a session policy"),
    ] {
        let policies = SessionPolicies::parse([session]).unwrap();
        assert_eq!(why(&site, worker().limited_to(policies)).await, expected);
    }
}

#[tokio::test]
async fn the_control_policies_of_the_organisation_are_named() {
    let level =
        |kind, statements: &Value| vec![Level::new("Root", vec![Policy::parse(&policy(statements), kind).unwrap()])];
    let own = || ACCOUNT.parse().unwrap();
    let organization = || Organization::new("o-a1b2c3d4e5", "999999999999".parse().unwrap());
    let only = json!({"Effect": "Allow", "Action": "s3:*", "Resource": "*"});
    let resources = json!({"Effect": "Deny", "Principal": "*", "Action": "iam:ListUsers", "Resource": "*"});
    for (organization, expected) in [
        (
            organization().with_service_control(own(), level(Kind::ServiceControl, &only)),
            "because no service control policy allows the iam:ListUsers action",
        ),
        (
            organization().with_service_control(own(), level(Kind::ServiceControl, &deny())),
            "with an explicit deny in a service control policy",
        ),
        (
            organization().with_resource_control(own(), level(Kind::ResourceControl, &resources)),
            "with an explicit deny in a resource control policy",
        ),
    ] {
        let site = Site::with(|broker| broker.with_organization(organization)).await;
        site.session_with("worker", &allow("*")).await;
        assert_eq!(why(&site, worker()).await, expected);
    }
}
