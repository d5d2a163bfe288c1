//! Sessions whose role or user is gone, was made anew, or goes by another name.

use std::time::Duration;

use daypass::WebIdentityAsk;
use daypass::audit::Stage;
use daypass::credentials::{Revocations, WebIdentityAlgorithm};
use daypass::iam::{Holder, KeyOwner};
use daypass::policy::Keys;
use serde_json::json;

use crate::site::{ACCOUNT, MEMBER, Signer, Site, account, allow, policy, trust};

const INVALID: &str = "The security token included in the request is invalid.";

async fn verify_refused(site: &Site, who: &Signer) {
    let refused = site.sts(who, "GetCallerIdentity", &[]).await;
    assert_eq!(refused.refusal(), (403, "InvalidClientTokenId", INVALID.to_owned()), "{}", refused.body);
    let refused = site.iam(who, "ListUsers", &[]).await;
    assert_eq!((refused.status, refused.text("Code")), (403, "InvalidClientTokenId"));
}

fn delete_user(site: &Site, signer: &Signer, name: &str) {
    let deleted = site.broker.registry().update(&account(ACCOUNT), |account, _| {
        account.delete_access_key(&KeyOwner::user(name), &signer.id.parse().unwrap())?;
        account.delete_inline_policy(&Holder::User(name.to_owned()), "own")?;
        account.delete_user(name)
    });
    deleted.unwrap();
}

/// Whoever takes a role away because its credentials leaked must have locked its sessions out of other roles too.
#[tokio::test]
async fn attack_a_session_of_a_deleted_role_assumes_what_trusted_the_role() {
    let site = Site::start().await;
    let martha = site.user(ACCOUNT, "martha", &allow(&["sts:*"]));
    let open = || trust(ACCOUNT, &["sts:AssumeRole"], &json!({}));
    let leaked = site.role(ACCOUNT, "leaked", &open(), &allow(&["*"]));
    let next = site.role(ACCOUNT, "next", &trust(&leaked, &["sts:AssumeRole"], &json!({})), &allow(&["*"]));
    let session = site.assume(&martha, &leaked, &[]).await.credentials();
    assert_eq!(site.assume(&session, &next, &[]).await.status, 200);
    let deleted = site.broker.registry().update(&account(ACCOUNT), |account, _| {
        account.delete_inline_policy(&Holder::Role("leaked".to_owned()), "own")?;
        account.delete_role("leaked")
    });
    deleted.unwrap();
    verify_refused(&site, &session).await;
    assert_eq!(site.assume(&session, &next, &[]).await.text("Code"), "InvalidClientTokenId");
    site.role(ACCOUNT, "leaked", &open(), &allow(&["*"]));
    verify_refused(&site, &session).await;
    assert_eq!(site.assume(&martha, &leaked, &[]).await.status, 200);
}

/// Between the signature and the answer: whatever was asked for, the trail says by whom and that it was refused.
#[tokio::test]
async fn a_caller_that_goes_while_a_call_is_answered_leaves_an_event() {
    let site = Site::start().await;
    let martha = site.user(ACCOUNT, "martha", &allow(&["*"]));
    let request = site.authenticated(&martha);
    delete_user(&site, &martha, "martha");
    let flow = site.broker.begin().unwrap();
    let ask = WebIdentityAsk::new(vec!["https://api.example".to_owned()], WebIdentityAlgorithm::Es384);
    let refused = [
        ("get session token", flow.get_session_token(&request, None, None).map(drop)),
        ("get web identity token", flow.get_web_identity_token(&request, &ask, Keys::new()).map(drop)),
    ];
    let events: Vec<_> = site.trail.events().into_iter().filter(|event| event.stage == Stage::Session).collect();
    assert_eq!(events.len(), refused.len());
    for ((operation, refused), event) in refused.into_iter().zip(events) {
        assert_eq!(refused.unwrap_err().code(), "InvalidClientTokenId");
        let told = (event.operation.as_str(), event.principal.as_str(), event.code);
        assert_eq!(told, (operation, "arn:aws:iam::111111111111:user/martha", Some("InvalidClientTokenId")));
    }
}

#[tokio::test]
async fn attack_sessions_of_a_deleted_user_and_of_whom_the_user_vouched_for() {
    let site = Site::start().await;
    let martha = site.user(ACCOUNT, "martha", &allow(&["*"]));
    let session = site.sts(&martha, "GetSessionToken", &[]).await.credentials();
    let everything = allow(&["*"]);
    let asked = [("Name", "rosa"), ("Policy", everything.as_str())];
    let federated = site.sts(&martha, "GetFederationToken", &asked).await.credentials();
    for who in [&session, &federated] {
        assert_eq!(site.sts(who, "GetCallerIdentity", &[]).await.status, 200);
    }
    delete_user(&site, &martha, "martha");
    for who in [&session, &federated] {
        verify_refused(&site, who).await;
    }
    let anew = site.user(ACCOUNT, "martha", &allow(&["*"]));
    for who in [&session, &federated] {
        verify_refused(&site, who).await;
    }
    assert_eq!(site.sts(&anew, "GetCallerIdentity", &[]).await.status, 200);
}

/// The path and the name of a user are what policies ask for; a session from before must not evade them.
#[tokio::test]
async fn attack_a_session_that_goes_by_the_name_and_path_its_user_had() {
    let site = Site::start().await;
    let unless_contractor = policy(&json!([{"Effect": "Allow", "Action": "*", "Resource": "*"},
        {"Effect": "Deny", "Action": "sts:AssumeRole", "Resource": "*",
         "Condition": {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::111111111111:user/contractors/*"}}}]));
    let martha = site.user(ACCOUNT, "martha", &unless_contractor);
    let role = site.role(ACCOUNT, "reader", &trust(ACCOUNT, &["sts:AssumeRole"], &json!({})), &allow(&["*"]));
    let session = site.sts(&martha, "GetSessionToken", &[]).await.credentials();
    assert_eq!(site.assume(&session, &role, &[]).await.status, 200);
    let moved = site.broker.registry().update(&account(ACCOUNT), |account, _| {
        account.update_user("martha", Some("rosa".parse()?), Some("/contractors/".parse()?))
    });
    moved.unwrap();
    for who in [&martha, &session] {
        let identity = site.sts(who, "GetCallerIdentity", &[]).await;
        assert_eq!(identity.text("Arn"), "arn:aws:iam::111111111111:user/contractors/rosa");
        assert_eq!(site.assume(who, &role, &[]).await.text("Code"), "AccessDenied");
    }
}

/// A resource policy, or a role's trust, that names who vouches means whoever it is by now.
#[tokio::test]
async fn a_federated_user_rests_on_the_user_as_the_user_is_by_now() {
    let site = Site::start().await;
    let martha = site.user(ACCOUNT, "martha", &allow(&["*"]));
    let everything = allow(&["*"]);
    let asked = [("Name", "rosa"), ("Policy", everything.as_str())];
    let federated = site.sts(&martha, "GetFederationToken", &asked).await.credentials();
    let flow = site.broker.begin().unwrap();
    let may = || {
        let bearer = flow.authenticate_bearer(federated.token.as_deref().unwrap()).unwrap();
        assert_eq!(bearer.caller().arn().as_str(), "arn:aws:sts::111111111111:federated-user/rosa");
        let decision = flow.authorize_bearer(&bearer, "s3:GetObject", "arn:aws:s3:::photos/1", Default::default());
        (decision.unwrap().is_allow(), bearer.caller().rests_on().unwrap().arn().to_string())
    };
    assert_eq!(may(), (true, "arn:aws:iam::111111111111:user/martha".to_owned()));
    let renamed = site
        .broker
        .registry()
        .update(&account(ACCOUNT), |account, _| account.update_user("martha", Some("maria".parse()?), None));
    renamed.unwrap();
    assert_eq!(may(), (true, "arn:aws:iam::111111111111:user/maria".to_owned()));
}

/// A root session is the root user's and not its asker's, as a role session is the role's: it outlives the asker, and ends by
/// the number of its account.
#[tokio::test]
async fn a_root_session_ends_when_those_of_its_account_are_revoked() {
    let site = Site::start().await;
    let manager = site.user(ACCOUNT, "manager", &allow(&["sts:AssumeRoot"]));
    let task = "arn:aws:iam::aws:policy/root-task/IAMAuditRootUserCredentials";
    let asked = [("TargetPrincipal", MEMBER), ("TaskPolicyArn.arn", task)];
    let root = site.sts(&manager, "AssumeRoot", &asked).await.credentials();
    delete_user(&site, &manager, "manager");
    assert_eq!(site.sts(&root, "GetCallerIdentity", &[]).await.status, 200);
    let mut revocations = Revocations::new();
    revocations.revoke_before(MEMBER, site.broker.now().saturating_add(Duration::from_secs(1)));
    site.broker.sessions().replace_revocations(revocations);
    let refused = site.sts(&root, "GetCallerIdentity", &[]).await;
    assert_eq!((refused.status, refused.text("Code")), (403, "AccessDenied"), "{}", refused.body);
}

/// The tasks are about the root user's credentials; the cloud's own policies deny them on everything else.
#[tokio::test]
async fn attack_a_root_session_that_takes_the_credentials_of_a_user() {
    let site = Site::start().await;
    let manager = site.user(ACCOUNT, "manager", &allow(&["sts:AssumeRoot"]));
    let rosa = site.user(MEMBER, "rosa", &allow(&["*"]));
    let task = "arn:aws:iam::aws:policy/root-task/IAMDeleteRootUserCredentials";
    let asked = [("TargetPrincipal", MEMBER), ("TaskPolicyArn.arn", task)];
    let root = site.sts(&manager, "AssumeRoot", &asked).await.credentials();
    assert_eq!(site.iam(&root, "ListAccessKeys", &[]).await.status, 200);
    for (action, more) in
        [("ListAccessKeys", None), ("DeleteAccessKey", Some(("AccessKeyId", rosa.id.as_str()))), ("GetUser", None)]
    {
        let parameters: Vec<_> = [("UserName", "rosa")].into_iter().chain(more).collect();
        let refused = site.iam(&root, action, &parameters).await;
        assert_eq!((refused.status, refused.text("Code")), (403, "AccessDenied"), "{action}: {}", refused.body);
    }
    assert_eq!(site.sts(&rosa, "GetCallerIdentity", &[]).await.status, 200);
}

/// A denial tells what was asked and which statements decided: nothing for the administrators of another account.
#[tokio::test]
async fn attack_a_denial_of_another_account_that_is_read() {
    let site = Site::start().await;
    let nosy = site.user(ACCOUNT, "nosy", &allow(&["s3:*"]));
    let reader = allow(&["sts:DecodeAuthorizationMessage"]);
    let (here, there) = (site.user(ACCOUNT, "reader", &reader), site.user(MEMBER, "reader", &reader));
    let refused = site.sts(&nosy, "GetAccessKeyInfo", &[("AccessKeyId", &here.id)]).await;
    let message = refused.text("Message").to_owned();
    let (_, encoded) = message.split_once("Encoded authorization failure message: ").unwrap();
    let asked = [("EncodedMessage", encoded)];
    assert_eq!(site.sts(&here, "DecodeAuthorizationMessage", &asked).await.status, 200);
    let refused = site.sts(&there, "DecodeAuthorizationMessage", &asked).await;
    assert_eq!((refused.status, refused.text("Code")), (400, "InvalidAuthorizationMessageException"));
}
