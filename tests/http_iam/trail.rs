//! Whether the audit trail tells what was done and what was tried.

use std::sync::Arc;

use daypass::audit::{AuditEvent, Discard, Outcome, Recent, Stage};
use serde_json::json;

use crate::caller::Keys;
use crate::site::{Site, allow, arn, trust};

struct Audited {
    site: Site,
    trail: Arc<Recent<Discard>>,
}

impl Audited {
    async fn start() -> Self {
        let trail = Arc::new(Recent::new(1000, Discard));
        let kept = Arc::clone(&trail);
        Self { site: Site::with(|broker| broker.with_audit(kept)).await, trail }
    }

    /// A user who may do `action`, with a password.
    async fn user(&self, action: &str) -> Keys {
        let martha = self.site.user("martha").await;
        let inline = [("UserName", "martha"), ("PolicyName", "p"), ("PolicyDocument", &allow(action))];
        self.site.done("PutUserPolicy", &inline).await;
        self.site.done("CreateLoginProfile", &[("UserName", "martha"), ("Password", "Correct-horse-1")]).await;
        martha
    }

    /// The last decision about `action`.
    fn decision(&self, action: &str) -> AuditEvent {
        let events = self.trail.events();
        let decided = |event: &&AuditEvent| event.stage == Stage::Decision && event.operation == action;
        events.iter().rfind(decided).unwrap().clone()
    }

    /// The one event that concluded the last call.
    fn conclusion(&self) -> AuditEvent {
        let events = self.trail.events();
        let last = events.last().unwrap();
        let flow = |event: &AuditEvent| event.request_id.clone().unwrap_or_else(|| event.correlation_id.clone());
        let of_call = events.iter().filter(|event| flow(event) == flow(last));
        let concluding: Vec<_> = of_call.filter(|event| event.stage == Stage::Operation).collect();
        assert_eq!(concluding, [last], "one event concludes a call, and is its last");
        last.clone()
    }
}

#[tokio::test]
async fn a_guess_at_a_password_is_told_of_and_the_password_is_not() {
    let audited = Audited::start().await;
    let martha = audited.user("iam:ChangePassword").await;
    let asked = [("OldPassword", "Wrong-horse-1"), ("NewPassword", "Other-horse-1")];
    assert_eq!(audited.site.iam_as(&martha, "ChangePassword", &asked).await.status, 403);
    let event = audited.conclusion();
    assert_eq!((event.operation.as_str(), event.outcome), ("ChangePassword", Outcome::Refused));
    assert_eq!((event.principal, event.resource), (arn("user/martha"), arn("user/martha")));
    assert!(event.code.is_some() && !event.reason.is_empty());
    let everything = serde_json::to_string(&audited.trail.events()).unwrap();
    assert!(!everything.contains("horse"), "{everything}");
}

#[tokio::test]
async fn the_policy_that_was_attached_is_told_of() {
    let audited = Audited::start().await;
    audited.site.create_role("r", &trust(&json!({"AWS": "111111111111"}))).await;
    let administrator = "arn:aws:iam::aws:policy/AdministratorAccess";
    audited.site.done("AttachRolePolicy", &[("RoleName", "r"), ("PolicyArn", administrator)]).await;
    let event = audited.conclusion();
    assert_eq!((event.operation.as_str(), event.outcome, event.code), ("AttachRolePolicy", Outcome::Accepted, None));
    assert_eq!(event.resource, arn("role/r"));
    let parameters = [("PolicyArn", administrator.to_owned()), ("RoleName", "r".to_owned())];
    assert_eq!(event.parameters, parameters.into());
}

#[tokio::test]
async fn the_role_that_was_put_into_an_instance_profile_is_told_of() {
    let audited = Audited::start().await;
    audited.site.create_role("r", &trust(&json!({"AWS": "111111111111"}))).await;
    let profile = ("InstanceProfileName", "web");
    audited.site.done("CreateInstanceProfile", &[profile]).await;
    let event = audited.conclusion();
    assert_eq!(event.parameters.get("Arn"), Some(&arn("instance-profile/web")));
    audited.site.done("AddRoleToInstanceProfile", &[profile, ("RoleName", "r")]).await;
    let event = audited.conclusion();
    assert_eq!((event.operation.as_str(), event.resource), ("AddRoleToInstanceProfile", arn("instance-profile/web")));
    assert_eq!(event.parameters, [("InstanceProfileName", "web".to_owned()), ("RoleName", "r".to_owned())].into());
}

#[tokio::test]
async fn the_key_that_was_made_is_told_of_and_its_secret_is_not() {
    let audited = Audited::start().await;
    audited.site.done("CreateUser", &[("UserName", "rosa")]).await;
    let made = audited.site.done("CreateAccessKey", &[("UserName", "rosa")]).await;
    let event = audited.conclusion();
    assert_eq!(event.parameters.get("AccessKeyId").map(String::as_str), made.text("AccessKeyId"));
    let everything = serde_json::to_string(&audited.trail.events()).unwrap();
    assert!(!everything.contains(made.text("SecretAccessKey").unwrap()));
}

#[tokio::test]
async fn what_the_account_grants_ends_as_done() {
    let audited = Audited::start().await;
    let martha = audited.user("s3:ListAllMyBuckets").await;
    audited.site.done("UpdateAccountPasswordPolicy", &[("AllowUsersToChangePassword", "true")]).await;
    let asked = [("OldPassword", "Correct-horse-1"), ("NewPassword", "Other-horse-1")];
    assert_eq!(audited.site.iam_as(&martha, "ChangePassword", &asked).await.status, 200);
    let event = audited.conclusion();
    assert_eq!((event.operation.as_str(), event.outcome), ("ChangePassword", Outcome::Accepted));
    assert!(event.reason.contains("the account grants this action"), "{}", event.reason);
    let decided = audited.decision("iam:ChangePassword");
    assert_eq!((decided.outcome, decided.code), (Outcome::Accepted, None), "{}", decided.reason);
    assert!(decided.reason.contains("the account grants this action"), "{}", decided.reason);
}

#[tokio::test]
async fn what_the_account_grants_over_a_denial_is_decided_as_refused() {
    let audited = Audited::start().await;
    let martha = audited.user("s3:ListAllMyBuckets").await;
    audited.site.done("UpdateAccountPasswordPolicy", &[("AllowUsersToChangePassword", "true")]).await;
    let deny = crate::site::policy(&json!({"Effect": "Deny", "Action": "iam:ChangePassword", "Resource": "*"}));
    let denied = [("UserName", "martha"), ("PolicyName", "deny"), ("PolicyDocument", deny.as_str())];
    audited.site.done("PutUserPolicy", &denied).await;
    let asked = [("OldPassword", "Correct-horse-1"), ("NewPassword", "Other-horse-1")];
    assert_eq!(audited.site.iam_as(&martha, "ChangePassword", &asked).await.status, 403);
    let decided = audited.decision("iam:ChangePassword");
    assert_eq!((decided.outcome, decided.code), (Outcome::Refused, Some("AccessDenied")));
}

#[tokio::test]
async fn a_write_that_was_allowed_and_failed_ends_as_refused() {
    let audited = Audited::start().await;
    assert_eq!(audited.site.refused("DeleteUser", &[("UserName", "nobody")]).await.1, "NoSuchEntity");
    let event = audited.conclusion();
    assert_eq!((event.outcome, event.code), (Outcome::Refused, Some("NoSuchEntity")));
    assert_eq!((event.resource, event.parameters), (arn("user/nobody"), [("UserName", "nobody".to_owned())].into()));
    assert!(event.reason.contains("nobody"), "{}", event.reason);
}

#[tokio::test]
async fn what_policy_denies_ends_as_refused() {
    let audited = Audited::start().await;
    let who = audited.site.session_with("worker", &allow("s3:*")).await;
    assert_eq!(audited.site.iam_as(&who, "DeleteUser", &[("UserName", "martha")]).await.status, 403);
    let event = audited.conclusion();
    assert_eq!((event.outcome, event.code), (Outcome::Refused, Some("AccessDenied")));
}
