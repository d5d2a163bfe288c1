//! The directory: who is assigned what, and what an assignment gives.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::sync::Arc;
use std::time::Duration;

#[path = "common/issuer.rs"]
mod issuer;

use daypass::arn::AccountId;
use daypass::audit::{Discard, Recent};
use daypass::directory::{Assignment, Directory, DirectoryError, IdentityStore, PermissionSet, Subject, User};
use daypass::explain::{Report, Silent};
use daypass::identity::oidc::{self, UnverifiedIdToken};
use daypass::policy::PermissionsPolicy;
use daypass::session::{CONTEXT_PROVIDER_ARN, Origin, ProvidedContext, Role, SessionError, assume_assigned};
use daypass::time::ManualClock;
use daypass::{AssumeRole, Broker, Error, Keyring, VerifiedIdentity};
use serde_json::{Value, json};

const ACCOUNT: &str = "111111111111";
const OTHER_ACCOUNT: &str = "222222222222";

fn account(id: &str) -> AccountId {
    id.parse().unwrap()
}

fn set(name: &str) -> PermissionSet {
    let document = json!({"Version": "2012-10-17", "Statement": {"Sid": "SeePhotos", "Effect": "Allow",
        "Action": "s3:GetObject", "Resource": "arn:aws:s3:::photos/*"}});
    PermissionSet::new(name, "See photos.", document.to_string().parse::<PermissionsPolicy>().unwrap())
}

/// Developers read photos in one account; martha is one, otto is not.
fn directory(set: PermissionSet) -> Directory {
    let name = set.name.clone();
    Directory::new()
        .with_account(account(ACCOUNT), "Production")
        .with_account(account(OTHER_ACCOUNT), "Staging")
        .with_user(User::new("martha", "Martha Rivera").with_groups(["Developers"]))
        .with_user(User::new("otto", "Otto Brandt"))
        .with_permission_set(set)
        .with_assignment(Assignment::new(Subject::Group("Developers".to_owned()), account(ACCOUNT), name))
        .unwrap()
}

fn broker(set: PermissionSet) -> Broker {
    Broker::new(Keyring::generate().unwrap())
        .with_clock(Arc::new(ManualClock::new(issuer::now())))
        .with_directory(directory(set))
        .unwrap()
}

fn identity(claims: &Value) -> VerifiedIdentity {
    let token = UnverifiedIdToken::for_exchange(issuer::token(claims));
    oidc::verify(&issuer::provider(), &issuer::jwks(), token, issuer::now(), &mut Silent).unwrap()
}

fn assume(broker: &Broker, lasting: Option<u64>) -> Result<daypass::RoleSession, Error> {
    let martha = broker.directory().user("martha").unwrap();
    let assigned = broker.directory().assigned_role(martha, &account(ACCOUNT), "PhotoReader").unwrap();
    let ask = AssumeRole::new(assigned.role_arn().clone(), "martha".parse().unwrap());
    let ask = lasting.map(Duration::from_secs).into_iter().fold(ask, AssumeRole::lasting);
    broker.begin().unwrap().assume_assigned(&assigned, ask)
}

#[test]
fn people_are_known_by_the_subject_that_was_signed_and_by_nothing_else() {
    let directory = directory(set("PhotoReader"));
    assert_eq!(directory.user_for(&identity(&json!({}))).unwrap().display_name, "Martha Rivera");
    for claims in [
        json!({"sub": "Martha"}),
        json!({"sub": "martha "}),
        json!({"sub": "stranger", "email": "martha", "preferred_username": "martha", "name": "Martha Rivera"}),
    ] {
        let refused = directory.user_for(&identity(&claims)).unwrap_err();
        assert!(matches!(refused, DirectoryError::UnknownUser { .. }), "{claims}");
    }
}

#[test]
fn an_assignment_becomes_a_session_of_its_own_role() {
    let broker = broker(set("PhotoReader"));
    let session = assume(&broker, None).unwrap();
    assert_eq!(session.claims().origin, Origin::Assigned);
    let role = session.role_arn().resource();
    let name = role.strip_prefix("role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_PhotoReader_").unwrap();
    assert!(name.len() == 16 && name.bytes().all(|byte| byte.is_ascii_hexdigit()), "{role}");
    let session_arn = session.arn().as_str();
    assert!(
        session_arn.starts_with("arn:aws:sts::111111111111:assumed-role/AWSReservedSSO_PhotoReader_"),
        "{session_arn}"
    );
    assert!(broker.role(session.role_arn()).is_some());
    let elsewhere = Directory::provisioned_role_arn(&account(OTHER_ACCOUNT), "PhotoReader");
    assert!(broker.role(&elsewhere).is_none(), "a set is provisioned where it is assigned, and nowhere else");
}

#[test]
fn an_assignment_opens_its_role_and_no_other() {
    let broker = broker(set("PhotoReader"));
    let martha = broker.directory().user("martha").unwrap();
    let assigned = broker.directory().assigned_role(martha, &account(ACCOUNT), "PhotoReader").unwrap();
    let trust = json!({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": "*",
        "Action": "sts:AssumeRoleWithSAML"}});
    let other: Role =
        Role::new("arn:aws:iam::111111111111:role/other".parse().unwrap(), trust.to_string().parse().unwrap()).unwrap();
    let ask = AssumeRole::new(other.arn().clone(), "martha".parse().unwrap());
    let mut report = Report::new();
    let refused = assume_assigned(&assigned, &other, ask, issuer::now(), &mut report).unwrap_err();
    assert!(matches!(refused, SessionError::NotListed { .. }));
    assert_eq!(report.failure().map(|check| check.name), Some("role listed by provider"));
}

#[test]
fn no_assertion_from_outside_reaches_a_provisioned_role() {
    let broker = broker(set("PhotoReader"));
    let role = Directory::provisioned_role_arn(&account(ACCOUNT), "PhotoReader");
    let ask = AssumeRole::new(role, "martha".parse().unwrap());
    let refused = broker.assume_role(&identity(&json!({})), ask).unwrap_err();
    assert!(matches!(refused, Error::Session(SessionError::NotTrusted { .. })), "{refused:?}");
}

#[test]
fn a_session_lasts_as_long_as_its_permission_set_within_what_any_session_may() {
    let seconds = |set: PermissionSet, lasting| {
        assume(&broker(set), lasting).map(|session| session.expiration().duration_since(issuer::now()).as_secs())
    };
    let lasting = |seconds| set("PhotoReader").lasting(Duration::from_secs(seconds));
    assert_eq!(seconds(lasting(7200), None), Ok(7200));
    assert_eq!(seconds(lasting(7200), Some(900)), Ok(900));
    // Out of range by an operator's mistake, it is brought into range; asked for out of range, it is refused.
    assert_eq!(seconds(lasting(60), None), Ok(900));
    assert_eq!(seconds(lasting(48 * 3600), None), Ok(12 * 3600));
    assert!(matches!(seconds(lasting(7200), Some(7201)), Err(Error::Session(SessionError::Duration { .. }))));
}

#[test]
fn the_permission_set_decides_what_the_session_may() {
    let trail = Arc::new(Recent::new(10, Discard));
    let broker = broker(set("PhotoReader")).with_audit(trail.clone());
    let session = assume(&broker, None).unwrap();
    assert_eq!(trail.events().pop().unwrap().principal, "martha");
    let caller = daypass::session::Caller::from(session);
    let entitlements = broker.entitlements(&caller);
    let may = |action: &str| {
        let question = daypass::decision::Question::new(&caller, &entitlements);
        daypass::decision::authorize(question, action, "arn:aws:s3:::photos/nap.svg", issuer::now()).unwrap()
    };
    assert!(may("s3:GetObject").is_allow());
    assert!(may("s3:GetObject").to_string().contains("PhotoReader"), "the decision names the permission set");
    assert!(!may("s3:PutObject").is_allow());
}

const MARTHA: &str = "54c8f4d8-1001-7010-d5b9-2f1a0f0a1b2c";

/// The same directory as an identity store in which martha has an id, and otto none.
fn store() -> Directory {
    let store = IdentityStore::new(account(ACCOUNT), "d-906766a9c1").unwrap();
    let store = store.with_instance("ssoins-1234567890abcdef").unwrap();
    let martha = User::new("martha", "Martha").with_groups(["Developers"]).with_user_id(MARTHA.parse().unwrap());
    directory(set("PhotoReader")).with_identity_store(store).with_user(martha)
}

#[test]
fn a_context_is_asserted_for_whom_a_provider_signed_and_the_directory_has_an_id() {
    let trail = Arc::new(Recent::new(10, Discard));
    let broker = Broker::new(Keyring::generate().unwrap())
        .with_directory(store())
        .unwrap()
        .with_clock(Arc::new(ManualClock::new(issuer::now())))
        .with_audit(trail.clone());
    let asserted = broker.issue_context_assertion(&identity(&json!({})), None).unwrap();
    assert_eq!(asserted.expiration().duration_since(issuer::now()), Duration::from_secs(300));
    let event = trail.events().pop().unwrap();
    let told = event.on_behalf_of.unwrap();
    assert_eq!((told.user_id.as_str(), told.credential_id.as_deref()), (MARTHA, Some(asserted.credential_id())));
    for (name, refused) in [
        ("otto", DirectoryError::NoUserId { user_name: "otto".to_owned() }),
        ("mallory", DirectoryError::UnknownUser { subject: "mallory".to_owned() }),
    ] {
        assert_eq!(
            broker.issue_context_assertion(&identity(&json!({"sub": name})), None).unwrap_err(),
            Error::Directory(refused)
        );
        let event = trail.events().pop().unwrap();
        assert_eq!((event.code, event.on_behalf_of), (Some("AccessDenied"), None), "{name}");
    }
    let other = "arn:aws:sso::222222222222:application/ssoins-1234567890abcdef/apl-1234567890abcdef".parse().unwrap();
    let refused = broker.issue_context_assertion(&identity(&json!({})), Some(&other)).unwrap_err();
    let expected = DirectoryError::NoIdentityStore { application: Some(other.to_string()) };
    assert_eq!(refused, Error::Directory(expected));
}

#[test]
fn a_directory_that_is_no_identity_store_asserts_nothing() {
    let broker = Broker::new(Keyring::generate().unwrap()).with_directory(directory(set("PhotoReader"))).unwrap();
    let refused = broker.issue_context_assertion(&identity(&json!({})), None).unwrap_err();
    assert_eq!(refused, Error::Directory(DirectoryError::NoIdentityStore { application: None }));
}

#[test]
fn an_assigned_role_acts_on_behalf_of_the_person_it_is_assigned_to() {
    let broker = Broker::new(Keyring::generate().unwrap())
        .with_clock(Arc::new(ManualClock::new(issuer::now())))
        .with_directory(store())
        .unwrap();
    let context = assume(&broker, None).unwrap().claims().identity_context.clone().unwrap();
    assert_eq!((context.user_id.as_str(), context.credential_id), (MARTHA, None));
    assert_eq!(context.identity_store_arn, "arn:aws:identitystore::111111111111:identitystore/d-906766a9c1");
    let without = assume(&self::broker(set("PhotoReader")), None).unwrap();
    assert_eq!(without.claims().identity_context, None, "a directory that is no identity store says nothing");
}

#[test]
fn an_assigned_role_takes_no_context() {
    let broker = Broker::new(Keyring::generate().unwrap()).with_directory(store()).unwrap();
    let martha = broker.directory().user("martha").unwrap();
    let assigned = broker.directory().assigned_role(martha, &account(ACCOUNT), "PhotoReader").unwrap();
    let ask = AssumeRole::new(assigned.role_arn().clone(), "martha".parse().unwrap())
        .with_provided_context(ProvidedContext::new(CONTEXT_PROVIDER_ARN, "e30.e30."));
    let refused = broker.begin().unwrap().assume_assigned(&assigned, ask).unwrap_err();
    assert_eq!(refused, Error::Session(SessionError::ContextNotTaken));
}
