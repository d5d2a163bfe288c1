//! Roles assumed from another role's session.

use std::time::Duration;

use daypass::policy::PermissionsPolicy;
use daypass::session::{Caller, Origin, Role, SessionError, SessionPolicies, Tags};
use serde_json::{Value, json};

use crate::issuer::now;
use crate::world::{EDITOR, READER, ask, chained, error, federated, identity, key, open_role, policy, refused, role};

const CROSS_ACCOUNT: &str = "arn:aws:iam::222222222222:role/editor";

/// A session of the reader, from a token with these claims.
fn reader(claims: &Value) -> Caller {
    let role = open_role();
    federated(&identity(claims), &role, ask(&role), now()).unwrap().into()
}

fn may_assume(resource: &str) -> Role {
    let statement = json!({"Sid": "MayAssume", "Effect": "Allow", "Action": ["sts:AssumeRole", "sts:TagSession"],
        "Resource": resource});
    open_role().with_permissions(&policy(&statement).parse::<PermissionsPolicy>().unwrap())
}

fn trusting(principal: &str, actions: &[&str], condition: &Value) -> Value {
    json!({"Sid": "FromReader", "Effect": "Allow", "Principal": {"AWS": principal}, "Action": actions,
        "Condition": condition})
}

fn editor(actions: &[&str]) -> Role {
    role(EDITOR, &trusting(READER, actions, &json!({})))
}

fn tags(pairs: &[(&str, &str)]) -> Tags {
    let values = pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    Tags::new(values, Vec::new()).unwrap()
}

#[test]
fn a_trust_policy_that_names_the_role_admits_its_sessions() {
    let editor = editor(&["sts:AssumeRole"]);
    let session = chained(&reader(&json!({})), &[], &editor, ask(&editor)).unwrap();
    assert_eq!(session.claims().origin, Origin::Chained);
    assert_eq!(session.arn().as_str(), "arn:aws:sts::111111111111:assumed-role/editor/martha");
    assert_eq!(key(&session, "login.example.com:sub"), ["martha"]);
    let other = role(EDITOR, &trusting(EDITOR, &["sts:AssumeRole"], &json!({})));
    assert_eq!(refused(chained(&reader(&json!({})), &[], &other, ask(&other))), "caller permitted");
}

#[test]
fn a_trust_policy_that_names_the_account_leaves_it_to_the_callers_permissions() {
    let editor = role(EDITOR, &trusting("111111111111", &["sts:AssumeRole"], &json!({})));
    let from = reader(&json!({}));
    assert!(chained(&from, &[&may_assume(EDITOR)], &editor, ask(&editor)).is_ok());
    assert_eq!(refused(chained(&from, &[&may_assume(READER)], &editor, ask(&editor))), "caller permitted");
    assert_eq!(refused(chained(&from, &[], &editor, ask(&editor))), "caller permitted");
}

#[test]
fn across_accounts_both_sides_must_allow() {
    let editor = role(CROSS_ACCOUNT, &trusting(READER, &["sts:AssumeRole"], &json!({})));
    let from = reader(&json!({}));
    assert!(chained(&from, &[&may_assume(CROSS_ACCOUNT)], &editor, ask(&editor)).is_ok());
    assert_eq!(refused(chained(&from, &[], &editor, ask(&editor))), "caller permitted");
}

#[test]
fn a_limited_session_does_not_widen_itself_through_another_role() {
    let role = open_role();
    let limit = policy(&json!({"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}));
    let limits = SessionPolicies::parse([limit]).unwrap();
    let from = federated(&identity(&json!({})), &role, ask(&role).limited_to(limits), now()).unwrap().into();
    let editor = editor(&["sts:AssumeRole"]);
    assert_eq!(refused(chained(&from, &[&may_assume("*")], &editor, ask(&editor))), "caller permitted");
}

#[test]
fn a_chain_lasts_an_hour_whatever_the_role_allows() {
    let editor = editor(&["sts:AssumeRole"]).lasting_at_most(Duration::from_secs(12 * 3600));
    let from = reader(&json!({}));
    let lasting = |seconds| chained(&from, &[], &editor, ask(&editor).lasting(Duration::from_secs(seconds)));
    assert_eq!(lasting(3600).unwrap().expiration().duration_since(now()), Duration::from_secs(3600));
    let (error, rule) = lasting(3601).unwrap_err();
    assert_eq!(error, SessionError::ChainedDuration { seconds: 3601, most: 3600 });
    assert_eq!((error.code(), rule), ("ValidationError", Some("duration")));
    assert!(matches!(lasting(899).unwrap_err().0, SessionError::Duration { seconds: 899, least: 900, most: 3600 }));
}

#[test]
fn the_external_id_keeps_a_deputy_from_being_confused() {
    let condition = json!({"StringEquals": {"sts:ExternalId": "customer-7"}});
    let editor = role(EDITOR, &trusting(READER, &["sts:AssumeRole"], &condition));
    let from = reader(&json!({}));
    assert!(chained(&from, &[], &editor, ask(&editor).with_external_id("customer-7")).is_ok());
    assert_eq!(refused(chained(&from, &[], &editor, ask(&editor).with_external_id("customer-8"))), "caller permitted");
    assert_eq!(refused(chained(&from, &[], &editor, ask(&editor))), "caller permitted");
}

#[test]
fn transitive_tags_go_down_the_chain_and_cannot_be_overridden() {
    let claims = json!({"https://aws.amazon.com/tags": {
        "principal_tags": {"team": ["cats"], "stage": ["one"]}, "transitive_tag_keys": ["team"]}});
    let editor = editor(&["sts:AssumeRole", "sts:TagSession"]);
    let from = reader(&claims);
    let child = chained(&from, &[], &editor, ask(&editor).with_tags(tags(&[("stage", "two")]))).unwrap();
    assert_eq!(key(&child, "aws:PrincipalTag/team"), ["cats"]);
    assert_eq!(key(&child, "aws:PrincipalTag/stage"), ["two"]);
    let child = Caller::from(child);
    let grandchild =
        chained(&child, &[], &role(READER, &trusting(EDITOR, &["sts:AssumeRole"], &json!({}))), ask(&open_role()));
    let grandchild = grandchild.unwrap();
    assert_eq!(key(&grandchild, "aws:PrincipalTag/team"), ["cats"]);
    assert_eq!(key(&grandchild, "aws:PrincipalTag/stage"), [""; 0]);
    for own in ["team", "TEAM"] {
        let refusal = error(chained(&from, &[], &editor, ask(&editor).with_tags(tags(&[(own, "dogs")]))));
        assert!(matches!(refusal, SessionError::Tag { .. }), "{own}: {refusal}");
    }
}

#[test]
fn a_source_identity_goes_down_the_chain_and_cannot_be_changed() {
    let from = reader(&json!({"https://aws.amazon.com/source_identity": "martha"}));
    let closed = editor(&["sts:AssumeRole"]);
    assert_eq!(refused(chained(&from, &[], &closed, ask(&closed))), "caller permitted");
    let open = editor(&["sts:AssumeRole", "sts:SetSourceIdentity"]);
    let session = chained(&from, &[], &open, ask(&open)).unwrap();
    assert_eq!(key(&session, "aws:SourceIdentity"), ["martha"]);
    assert!(chained(&from, &[], &open, ask(&open).with_source_identity("martha".parse().unwrap())).is_ok());
    let (error, rule) =
        chained(&from, &[], &open, ask(&open).with_source_identity("rosa".parse().unwrap())).unwrap_err();
    assert_eq!(error, SessionError::SourceIdentityFixed { set: "martha".to_owned() });
    assert_eq!((error.code(), rule), ("AccessDenied", Some("source identity permitted")));
}
