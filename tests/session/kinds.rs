//! Sessions of every kind, each read from a token that an independent signer made, and what they may do.

use daypass::arn::AccountId;
use daypass::credentials::{AccessKeyId, Revocations, TokenError, token};
use daypass::decision::{Decision, Question, authorize};
use daypass::organization::Organization;
use daypass::policy::{Keys, Kind, Level, Policy, ResourcePolicy};
use daypass::session::{Caller, Entitlements, Session};
use daypass::time::Timestamp;
use serde_json::{Value, json};

use crate::fixture::{NOW, keyring, now, sign};
use crate::world::policy;

const OBJECT: &str = "arn:aws:s3:::photos/1.svg";

fn token(member: &str, session: &Value, sub: &str) -> Value {
    let mut claims = json!({"iss": "urn:daypass", "sub": sub, "iat": NOW, "exp": NOW + 3600,
        "access_key_id": "ASIAAAAAAAAAAAAAAAAA"});
    claims[member] = session.clone();
    claims[member]["issued_at"] = json!(NOW);
    claims[member]["expiration"] = json!(NOW + 3600);
    claims
}

fn martha() -> Value {
    json!({"arn": "arn:aws:iam::111111111111:user/martha", "user_id": "AIDAAAAAAAAAAAAAAAAAA", "user_name": "martha"})
}

fn user_session(mfa: bool) -> Value {
    let mut session = json!({"account": "111111111111", "user": martha()});
    if mfa {
        session["mfa_authenticated_at"] = json!(NOW - 60);
    }
    token("user_session", &session, "arn:aws:iam::111111111111:user/martha")
}

fn root_user_session() -> Value {
    token("user_session", &json!({"account": "111111111111"}), "arn:aws:iam::111111111111:root")
}

fn federated_user(policies: &[String]) -> Value {
    let session = json!({"account": "111111111111", "name": "rosa", "user": martha(), "session_policies": policies,
        "principal_tags": {"team": "cats"}});
    token("federated_user", &session, "arn:aws:sts::111111111111:federated-user/rosa")
}

fn assumed_root(task: &str) -> Value {
    let session = json!({"account": "222222222222", "task_policy": format!("arn:aws:iam::aws:policy/root-task/{task}"),
        "asked_by": "arn:aws:iam::111111111111:user/martha"});
    token("assumed_root", &session, "arn:aws:iam::222222222222:root")
}

fn caller(claims: &Value) -> Caller {
    token::verify(&keyring(), &sign(claims), now()).unwrap().into_parts().0.into()
}

fn allowing(action: &str) -> Entitlements {
    let text = policy(&json!({"Effect": "Allow", "Action": action, "Resource": "*"}));
    Entitlements::new(vec![Policy::parse(&text, Kind::Identity).unwrap()])
}

fn decide(caller: &Caller, entitlements: &Entitlements, action: &str, resource: &str) -> Decision {
    authorize(Question::new(caller, entitlements), action, resource, now()).unwrap()
}

fn may(caller: &Caller, entitlements: &Entitlements, action: &str) -> bool {
    decide(caller, entitlements, action, "*").is_allow()
}

#[test]
fn attack_a_token_that_says_two_kinds_or_none() {
    let mut both = user_session(true);
    both["assumed_root"] = assumed_root("S3UnlockBucketPolicy")["assumed_root"].clone();
    let mut none = user_session(true);
    none.as_object_mut().unwrap().remove("user_session");
    for claims in [both, none] {
        assert_eq!(token::verify(&keyring(), &sign(&claims), now()).unwrap_err(), TokenError::Claims);
    }
}

#[test]
fn attack_a_kind_under_the_name_of_another() {
    for (from, to) in
        [("user_session", "session"), ("user_session", "assumed_root"), ("user_session", "federated_user")]
    {
        let mut claims = user_session(false);
        claims[to] = claims[from].clone();
        claims.as_object_mut().unwrap().remove(from);
        assert_eq!(token::verify(&keyring(), &sign(&claims), now()).unwrap_err(), TokenError::Claims, "{to}");
    }
}

#[test]
fn attack_claims_that_name_somebody_of_another_account() {
    for (member, pointer, value) in [
        ("user_session", "/user_session/account", json!("222222222222")),
        ("user_session", "/user_session/user/arn", json!("arn:aws:iam::111111111111:role/martha")),
        ("user_session", "/user_session/user/user_id", json!("")),
        ("federated_user", "/federated_user/name", json!("a/b")),
        ("assumed_root", "/assumed_root/task_policy", json!("arn:aws:iam::aws:policy/AdministratorAccess")),
        ("assumed_root", "/assumed_root/account", json!("everyone")),
    ] {
        let mut claims = match member {
            "user_session" => user_session(false),
            "federated_user" => federated_user(&[]),
            _ => assumed_root("S3UnlockBucketPolicy"),
        };
        *claims.pointer_mut(pointer).unwrap() = value;
        assert_eq!(token::verify(&keyring(), &sign(&claims), now()).unwrap_err(), TokenError::Claims, "{pointer}");
    }
}

#[test]
fn a_user_session_is_the_user() {
    let caller = caller(&user_session(true));
    assert!(matches!(&**caller.session().unwrap(), Session::User(_)));
    assert_eq!(caller.arn().as_str(), "arn:aws:iam::111111111111:user/martha");
    assert_eq!(caller.user_id(), "AIDAAAAAAAAAAAAAAAAAA");
    let mut keys = Keys::new();
    caller.principal_keys(&mut keys);
    for (name, value) in [
        ("aws:PrincipalType", "User"),
        ("aws:username", "martha"),
        ("aws:MultiFactorAuthPresent", "true"),
        ("aws:TokenIssueTime", "2026-01-01T00:00:00Z"),
    ] {
        assert_eq!(keys.values(name).collect::<Vec<_>>(), [value], "{name}");
    }
}

#[test]
fn without_a_second_factor_a_user_session_calls_no_iam() {
    let everything = allowing("*");
    let (with, without) = (caller(&user_session(true)), caller(&user_session(false)));
    assert!(may(&with, &everything, "iam:ListUsers") && may(&without, &everything, "s3:GetObject"));
    let denied = decide(&without, &everything, "iam:ListUsers", "*").to_string();
    let expected = "explicitly denied: statement NoIamWithoutMfa of the rules of GetSessionToken denies iam:ListUsers";
    assert!(denied.starts_with(expected), "{denied}");
}

#[test]
fn a_user_session_gets_no_further_tokens() {
    let (everything, caller) = (allowing("*"), caller(&user_session(true)));
    assert!(may(&caller, &everything, "sts:AssumeRole") && may(&caller, &everything, "sts:GetCallerIdentity"));
    for action in ["GetSessionToken", "GetFederationToken", "AssumeRoot", "GetWebIdentityToken", "GetAccessKeyInfo"] {
        assert!(!may(&caller, &everything, &format!("sts:{action}")), "{action}");
    }
}

#[test]
fn root_may_do_everything_but_assume_roles() {
    let (nothing, root) = (Entitlements::default(), caller(&root_user_session()));
    assert!(may(&root, &nothing, "s3:DeleteBucket"));
    assert!(!may(&root, &nothing, "sts:AssumeRole"));
    assert!(!may(&root, &nothing, "iam:ListUsers"), "without a second factor");
}

#[test]
fn a_federated_user_may_do_what_both_allow_and_nothing_without_a_policy() {
    let (everything, read) = (allowing("*"), policy(&json!({"Effect": "Allow", "Action": "*", "Resource": "*"})));
    assert!(!may(&caller(&federated_user(&[])), &everything, "s3:GetObject"));
    let rosa = caller(&federated_user(&[read]));
    assert_eq!((rosa.user_id().as_str(), rosa.account().as_str()), ("111111111111:rosa", "111111111111"));
    assert!(may(&rosa, &everything, "s3:GetObject"));
    assert!(!may(&rosa, &allowing("ec2:*"), "s3:GetObject"), "martha may not");
    for action in ["iam:ListUsers", "sts:AssumeRole", "sts:GetSessionToken", "sts:GetFederationToken"] {
        assert!(!may(&rosa, &everything, action), "{action}");
    }
    assert!(may(&rosa, &everything, "sts:GetCallerIdentity"));
}

#[test]
fn a_resource_that_names_the_federated_user_admits_it_without_a_policy() {
    let admits = |principal: &str| -> ResourcePolicy {
        policy(&json!({"Effect": "Allow", "Principal": {"AWS": principal}, "Action": "s3:*", "Resource": "*"}))
            .parse()
            .unwrap()
    };
    let (rosa, owner) = (caller(&federated_user(&[])), "111111111111".parse::<AccountId>().unwrap());
    let nothing = Entitlements::default();
    let read = |bucket: &ResourcePolicy| {
        let question = Question::new(&rosa, &nothing).with_resource_policy(&owner, bucket);
        authorize(question, "s3:GetObject", OBJECT, now()).unwrap().is_allow()
    };
    assert!(read(&admits("arn:aws:sts::111111111111:federated-user/rosa")));
    assert!(!read(&admits("arn:aws:iam::111111111111:user/martha")), "no session policy allows it");
}

#[test]
fn attack_an_assumed_root_session_beyond_its_task() {
    let root = caller(&assumed_root("S3UnlockBucketPolicy"));
    let nothing = Entitlements::default();
    assert!(may(&root, &nothing, "s3:DeleteBucketPolicy"));
    for action in ["s3:GetObject", "iam:CreateUser", "sts:AssumeRole", "sts:GetSessionToken", "ec2:RunInstances"] {
        assert!(!may(&root, &nothing, action), "{action}");
    }
    // A resource that admits the account names its root user, whom session policies do not limit.
    let bucket: ResourcePolicy =
        policy(&json!({"Effect": "Allow", "Principal": {"AWS": "222222222222"}, "Action": "s3:*", "Resource": "*"}))
            .parse()
            .unwrap();
    let owner = "222222222222".parse::<AccountId>().unwrap();
    let question = Question::new(&root, &nothing).with_resource_policy(&owner, &bucket);
    assert!(!authorize(question, "s3:GetObject", OBJECT, now()).unwrap().is_allow());
    let mut keys = Keys::new();
    root.principal_keys(&mut keys);
    assert_eq!(keys.values("aws:AssumedRoot").collect::<Vec<_>>(), ["true"]);
}

/// The tasks are about the root user's credentials; the cloud's own policies deny them on everything else.
#[test]
fn attack_a_root_session_that_takes_or_makes_credentials_of_users() {
    let nothing = Entitlements::default();
    for (task, action) in [
        ("IAMDeleteRootUserCredentials", "iam:DeleteAccessKey"),
        ("IAMDeleteRootUserCredentials", "iam:DeleteLoginProfile"),
        ("IAMDeleteRootUserCredentials", "iam:DeactivateMFADevice"),
        ("IAMCreateRootUserPassword", "iam:CreateLoginProfile"),
        ("IAMAuditRootUserCredentials", "iam:ListAccessKeys"),
    ] {
        let caller = caller(&assumed_root(task));
        let may = |resource| decide(&caller, &nothing, action, resource).is_allow();
        assert!(may("arn:aws:iam::222222222222:root"), "{task} is for {action} of the root user");
        for other in ["arn:aws:iam::222222222222:user/martha", "arn:aws:iam::222222222222:user/root", "*"] {
            assert!(!may(other), "{action} of {other}");
        }
    }
    let device = "arn:aws:iam::222222222222:mfa/phone";
    let delete = caller(&assumed_root("IAMDeleteRootUserCredentials"));
    assert!(decide(&delete, &nothing, "iam:DeleteVirtualMFADevice", device).is_allow());
    assert!(may(&caller(&assumed_root("IAMAuditRootUserCredentials")), &nothing, "iam:GetAccountSummary"));
}

/// Whether a policy that asks for `value` of `key` allows, when the request came with `environment`.
fn holds(caller: &Caller, environment: Keys, key: &str, value: &str, now: Timestamp) -> bool {
    let text = policy(&json!({"Effect": "Allow", "Action": "s3:*", "Resource": "*",
        "Condition": {"StringEquals": {key: value}}}));
    let entitlements = Entitlements::new(vec![Policy::parse(&text, Kind::Identity).unwrap()]);
    let question = Question::new(caller, &entitlements).with_environment(environment);
    authorize(question, "s3:GetObject", OBJECT, now).unwrap().is_allow()
}

#[test]
fn attack_keys_of_the_environment_that_only_the_session_may_say() {
    let caller = caller(&user_session(false));
    for (key, value) in [
        ("aws:MultiFactorAuthPresent", "true"),
        ("aws:MultiFactorAuthAge", "1"),
        ("aws:PrincipalTag/team", "admins"),
        ("aws:PrincipalOrgID", "o-example"),
        ("aws:SourceIdentity", "rosa"),
        ("aws:FederatedProvider", "arn:aws:iam::111111111111:saml-provider/corp"),
        ("aws:AssumedRoot", "true"),
        ("saml:sub", "martha"),
        ("login.example.com:sub", "martha"),
        ("localhost:8100:sub", "martha"),
        ("aws:username", "rosa"),
        ("aws:userid", "AIDABBBBBBBBBBBBBBBBB"),
        ("aws:PrincipalArn", "arn:aws:iam::111111111111:user/rosa"),
        ("aws:PrincipalIsAWSService", "true"),
        ("aws:CurrentTime", "1999-01-01T00:00:00Z"),
    ] {
        for written in [key.to_owned(), key.to_uppercase()] {
            assert!(!holds(&caller, Keys::new().with(&written, value), key, value, now()), "{written}");
        }
    }
    assert!(holds(&caller, Keys::new().with("aws:SourceIp", "10.0.0.1"), "aws:SourceIp", "10.0.0.1", now()));
}

#[test]
fn the_age_of_a_second_factor_is_counted_from_when_it_was_proved() {
    let caller = caller(&user_session(true));
    let later = Timestamp::from_unix_seconds(NOW + 100);
    assert!(holds(&caller, Keys::new(), "aws:MultiFactorAuthAge", "160", later));
}

#[test]
fn control_policies_of_the_organisation_limit_root_and_not_the_management_account() {
    let deny = Policy::parse(
        &policy(&json!([{"Effect": "Allow", "Action": "*", "Resource": "*"},
            {"Sid": "NoS3", "Effect": "Deny", "Action": "s3:*", "Resource": "*"}])),
        Kind::ServiceControl,
    )
    .unwrap();
    let member: AccountId = "111111111111".parse().unwrap();
    let level = || vec![Level::new("Root", vec![deny.clone()])];
    let nothing = Entitlements::default();
    let root = caller(&root_user_session());
    let organization = |management: &str| {
        Organization::new("o-example", management.parse().unwrap()).with_service_control(member.clone(), level())
    };
    let allowed = |organization: &Organization| {
        let question = Question::new(&root, &nothing).within(organization);
        authorize(question, "s3:GetObject", OBJECT, now()).unwrap().is_allow()
    };
    assert!(!allowed(&organization("999999999999")));
    assert!(allowed(&organization("111111111111")));
}

#[test]
fn resource_control_policies_reach_strangers_that_a_bucket_admits() {
    let deny = policy(&json!({"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*",
        "Condition": {"StringNotEqualsIfExists": {"aws:PrincipalOrgID": "o-example"}}}));
    let deny = Policy::parse(&deny, Kind::ResourceControl).unwrap();
    let owner: AccountId = "222222222222".parse().unwrap();
    let organization = Organization::new("o-example", "999999999999".parse().unwrap())
        .with_resource_control(owner.clone(), vec![Level::new("Root", vec![deny])]);
    let bucket: ResourcePolicy =
        policy(&json!({"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": "*"})).parse().unwrap();
    let (stranger, everything) = (caller(&user_session(true)), allowing("*"));
    let allowed = |organization: &Organization| {
        let question = Question::new(&stranger, &everything).within(organization).with_resource_policy(&owner, &bucket);
        authorize(question, "s3:GetObject", OBJECT, now()).unwrap().is_allow()
    };
    assert!(!allowed(&organization));
    let joined = organization.with_account("111111111111".parse().unwrap(), "o-example/r-1/");
    assert!(allowed(&joined));
}

#[test]
fn revoking_a_user_ends_its_sessions_and_those_of_whom_it_vouched_for() {
    let id: AccessKeyId = "ASIAAAAAAAAAAAAAAAAA".parse().unwrap();
    let mut revocations = Revocations::new();
    revocations.revoke_before("AIDAAAAAAAAAAAAAAAAAA", Timestamp::from_unix_seconds(NOW + 1));
    for (claims, ended) in
        [(user_session(true), true), (federated_user(&[]), true), (assumed_root("S3UnlockBucketPolicy"), false)]
    {
        let caller = caller(&claims);
        assert_eq!(revocations.verify(caller.session().unwrap(), &id).is_err(), ended, "{}", caller.arn());
    }
}
