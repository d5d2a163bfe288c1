//! AssumeRoot.

use daypass::audit::Outcome;
use daypass::organization::Organization;

use crate::site::{ACCOUNT, MEMBER, STRANGER, Site, account, allow};

const AUDIT: &str = "arn:aws:iam::aws:policy/root-task/IAMAuditRootUserCredentials";

fn ask<'a>(target: &'a str, task: &'a str) -> [(&'a str, &'a str); 2] {
    [("TargetPrincipal", target), ("TaskPolicyArn.arn", task)]
}

#[tokio::test]
async fn the_management_account_takes_a_root_session_of_a_member_for_one_task() {
    let site = Site::start().await;
    let martha = site.user(ACCOUNT, "martha", &allow(&["sts:AssumeRoot"]));
    for target in [MEMBER, "arn:aws:iam::222222222222:root"] {
        let reply = site.sts(&martha, "AssumeRoot", &ask(target, AUDIT)).await;
        assert_eq!(reply.text("Expiration"), "2026-01-01T00:15:00Z");
        let root = reply.credentials();
        let who = site.sts(&root, "GetCallerIdentity", &[]).await;
        assert_eq!((who.text("Arn"), who.text("Account")), ("arn:aws:iam::222222222222:root", MEMBER));
        assert_eq!(site.iam(&root, "GetAccountSummary", &[]).await.status, 200);
        let refused = site.iam(&root, "CreateUser", &[("UserName", "mallory")]).await;
        let (status, code, message) = refused.refusal();
        assert_eq!((status, code), (403, "AccessDenied"), "{message}");
        assert!(message.ends_with("with an explicit deny in a root task policy"), "{message}");
        assert_eq!(site.sts(&root, "GetSessionToken", &[]).await.status, 403);
    }
}

#[tokio::test]
async fn attack_a_member_account_takes_root_of_another_or_of_the_management_account() {
    let site = Site::start().await;
    let everything = allow(&["*"]);
    let (manager, member) = (site.user(ACCOUNT, "martha", &everything), site.user(MEMBER, "mallory", &everything));
    for (signer, target) in [
        (&member, ACCOUNT),
        (&member, MEMBER),
        (&manager, ACCOUNT),
        (&manager, STRANGER),
        (&manager, "999999999999"),
        (&manager, "arn:aws:iam::222222222222:user/rosa"),
    ] {
        let refused = site.sts(signer, "AssumeRoot", &ask(target, AUDIT)).await;
        assert_eq!((refused.status, refused.text("Code")), (403, "AccessDenied"), "{target}: {}", refused.body);
    }
    for target in [STRANGER, "arn:aws:iam::333333333333:root"] {
        let refused = site.sts(&manager, "AssumeRoot", &ask(target, AUDIT)).await;
        let expected = "User: arn:aws:iam::111111111111:user/martha is not authorized to perform: sts:AssumeRoot on \
                        resource: arn:aws:iam::333333333333:root";
        assert_eq!(refused.refusal(), (403, "AccessDenied", expected.to_owned()));
    }
}

#[tokio::test]
async fn root_sessions_need_a_permission_and_must_be_enabled() {
    let site = Site::start().await;
    let nobody = site.user(ACCOUNT, "nobody", &allow(&["s3:*"]));
    assert_eq!(site.sts(&nobody, "AssumeRoot", &ask(MEMBER, AUDIT)).await.text("Code"), "AccessDenied");
    let principal = "arn:aws:iam::111111111111:user/nobody".to_owned();
    let told = vec![("assume root".to_owned(), principal, Outcome::Refused, Some("AccessDenied"))];
    assert_eq!(site.session_events(), told, "and none of a session that was given");
    let one_task =
        crate::site::policy(&serde_json::json!({"Effect": "Allow", "Action": "sts:AssumeRoot", "Resource": "*",
        "Condition": {"StringEquals": {"sts:TaskPolicyArn": AUDIT}}}));
    let auditor = site.user(ACCOUNT, "auditor", &one_task);
    assert_eq!(site.sts(&auditor, "AssumeRoot", &ask(MEMBER, AUDIT)).await.status, 200);
    let unlock = "arn:aws:iam::aws:policy/root-task/S3UnlockBucketPolicy";
    assert_eq!(site.sts(&auditor, "AssumeRoot", &ask(MEMBER, unlock)).await.status, 403);
    let organization = Organization::new("o-example", account(ACCOUNT)).with_account(account(MEMBER), "o-example/r-1/");
    let site = Site::within(organization).await;
    let martha = site.user(ACCOUNT, "martha", &allow(&["sts:AssumeRoot"]));
    assert_eq!(site.sts(&martha, "AssumeRoot", &ask(MEMBER, AUDIT)).await.text("Code"), "AccessDenied");
}

#[tokio::test]
async fn no_other_policy_serves_as_a_task() {
    let site = Site::start().await;
    let martha = site.user(ACCOUNT, "martha", &allow(&["*"]));
    let administrator = "arn:aws:iam::aws:policy/AdministratorAccess";
    let refused = site.sts(&martha, "AssumeRoot", &ask(MEMBER, administrator)).await;
    assert_eq!(refused.refusal(), (400, "ValidationError", format!("{administrator} is invalid")));
    let long = [&ask(MEMBER, AUDIT)[..], &[("DurationSeconds", "901")]].concat();
    assert_eq!(site.sts(&martha, "AssumeRoot", &long).await.text("Code"), "ValidationError");
}
