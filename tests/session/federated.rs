//! Roles assumed with an ID token whose claims a test chooses.

use std::collections::BTreeMap;
use std::time::Duration;

use daypass::organization::Organization;
use daypass::policy::{Keys, PermissionsPolicy};
use daypass::session::{Caller, Entitlements, Role, SessionError, SessionPolicies, request_keys};
use serde_json::{Value, json};

use crate::issuer::{AUDIENCE, now};
use crate::world::{
    ACCOUNT, EDITOR, OIDC_PROVIDER, READER, ask, error, federated, identity, key, open_role, refused, role, trusting,
    with_claims,
};

const ASSUME: &str = "sts:AssumeRoleWithWebIdentity";
const TAGS: &str = "https://aws.amazon.com/tags";
const ROLES: &str = "https://aws.amazon.com/roles";
const SOURCE_IDENTITY: &str = "https://aws.amazon.com/source_identity";

fn guarded(condition: &Value) -> Role {
    trusting(&[ASSUME], condition)
}

#[test]
fn the_trust_policy_decides_condition_by_condition() {
    let conditions = |audience: &str, subject: &str| {
        guarded(&json!({"StringEquals": {"login.example.com:aud": audience, "login.example.com:sub": subject}}))
    };
    let session = with_claims(&json!({}), &conditions(AUDIENCE, "martha")).unwrap();
    assert_eq!(session.arn().as_str(), "arn:aws:sts::111111111111:assumed-role/reader/martha");
    assert_eq!(session.user_id(), format!("{}:martha", session.claims().role_id));
    for role in [conditions("another.example", "martha"), conditions(AUDIENCE, "sam")] {
        let (error, rule) = with_claims(&json!({}), &role).unwrap_err();
        assert_eq!((error.code(), rule), ("AccessDenied", Some("trust policy")));
        assert!(error.reason().contains("Workloads"), "{}", error.reason());
        assert!(!error.to_string().contains("Workloads"), "a caller is not told what the policy wants: {error}");
    }
}

#[test]
fn the_sid_that_denies_is_named_and_wins_in_any_order() {
    let allow = json!({"Effect": "Allow", "Principal": {"Federated": OIDC_PROVIDER}, "Action": ASSUME});
    let deny = json!({"Sid": "NotRosa", "Effect": "Deny", "Principal": "*", "Action": ASSUME,
        "Condition": {"StringEquals": {"login.example.com:sub": "rosa"}}});
    for statements in [json!([allow, deny]), json!([deny, allow])] {
        let role = role(READER, &statements);
        assert!(with_claims(&json!({}), &role).is_ok());
        let (error, rule) = with_claims(&json!({"sub": "rosa"}), &role).unwrap_err();
        assert_eq!(rule, Some("trust policy"));
        assert!(error.reason().contains("NotRosa"), "{}", error.reason());
    }
}

#[test]
fn only_the_provider_and_the_operation_that_are_trusted_open_a_role() {
    for (provider, action) in [
        ("arn:aws:iam::111111111111:oidc-provider/login.example.org", ASSUME),
        ("arn:aws:iam::222222222222:oidc-provider/login.example.com", ASSUME),
        ("arn:aws:iam::111111111111:oidc-provider/login.example.com/tenant", ASSUME),
        (OIDC_PROVIDER, "sts:AssumeRoleWithSAML"),
    ] {
        let trust = json!({"Effect": "Allow", "Principal": {"Federated": provider}, "Action": action});
        assert_eq!(refused(with_claims(&json!({}), &role(READER, &trust))), "trust policy", "{provider} {action}");
    }
}

#[test]
fn a_list_of_one_is_compared_as_a_list() {
    let any = |key: &str| guarded(&json!({"ForAnyValue:StringEquals": {key: "mfa"}}));
    let plain = |key: &str| guarded(&json!({"StringEquals": {key: "mfa"}}));
    let (amr, acr) = ("login.example.com:amr", "login.example.com:acr");
    for values in [json!(["mfa"]), json!(["pwd", "mfa"])] {
        assert!(with_claims(&json!({"amr": values}), &any(amr)).is_ok(), "{values}");
        assert_eq!(refused(with_claims(&json!({"amr": values}), &plain(amr))), "trust policy", "{values}");
    }
    assert_eq!(refused(with_claims(&json!({"amr": ["pwd"]}), &any(amr))), "trust policy");
    assert_eq!(refused(with_claims(&json!({"amr": []}), &any(amr))), "trust policy");
    assert!(with_claims(&json!({"acr": "mfa"}), &plain(acr)).is_ok());
    // The audience of every token is one, in a list or not.
    let audience = guarded(&json!({"StringEquals": {"login.example.com:aud": AUDIENCE}}));
    assert!(with_claims(&json!({"aud": [AUDIENCE]}), &audience).is_ok());
}

#[test]
fn a_token_pinned_to_some_roles_opens_no_other() {
    let role = open_role();
    assert!(with_claims(&json!({ROLES: [READER]}), &role).is_ok());
    assert!(with_claims(&json!({ROLES: READER}), &role).is_ok());
    assert!(with_claims(&json!({ROLES: [EDITOR, READER]}), &role).is_ok());
    for pinned in [json!([EDITOR]), json!([]), json!({}), json!([7, {}]), json!(null)] {
        let (error, rule) = with_claims(&json!({ROLES: pinned}), &role).unwrap_err();
        assert_eq!(error, SessionError::PinnedElsewhere { role: READER.parse().unwrap() }, "{pinned}");
        assert_eq!((error.code(), rule), ("InvalidIdentityToken", Some("role listed by provider")));
    }
    for unreadable in [json!(["reader"]), json!([format!("{READER},{EDITOR}")]), json!("*")] {
        match error(with_claims(&json!({ROLES: unreadable}), &role)) {
            SessionError::FederationAttribute { attribute, .. } => assert_eq!(attribute, "roles"),
            // An ARN in shape, but of no role that anyone asks for.
            other => assert_eq!(other, SessionError::PinnedElsewhere { role: READER.parse().unwrap() }),
        }
    }
}

#[test]
fn a_trust_policy_can_ask_for_the_pin() {
    let role = guarded(&json!({"Bool": {"sts:RoleAuthorizedByIdp": "true"}}));
    assert!(with_claims(&json!({ROLES: [READER]}), &role).is_ok());
    assert_eq!(refused(with_claims(&json!({}), &role)), "trust policy");
}

#[test]
fn tags_need_leave_to_be_set_and_stay_what_the_provider_said() {
    let claims = json!({TAGS: {"principal_tags": {"team": ["cats"]}, "transitive_tag_keys": ["team"]}});
    assert_eq!(refused(with_claims(&claims, &guarded(&json!({})))), "session tags permitted");
    let of_team = |team: &str| {
        trusting(
            &[ASSUME, "sts:TagSession"],
            &json!({
            "StringEquals": {"aws:RequestTag/team": team},
            "ForAllValues:StringEquals": {"aws:TagKeys": ["team"], "sts:TransitiveTagKeys": ["team"]}}),
        )
    };
    let session = with_claims(&claims, &of_team("cats")).unwrap();
    assert_eq!(key(&session, "aws:PrincipalTag/team"), ["cats"]);
    assert_eq!(session.claims().transitive_tag_keys, ["team"]);
    assert_eq!(refused(with_claims(&claims, &of_team("dogs"))), "trust policy");
    let more = json!({TAGS: {"principal_tags": {"team": ["cats"], "role": ["admin"]}}});
    assert_eq!(refused(with_claims(&more, &of_team("cats"))), "trust policy");
    // What the caller asks for does not stand over what the provider signed.
    let own = daypass::session::Tags::new([("team".to_owned(), "dogs".to_owned())].into(), Vec::new()).unwrap();
    let role = of_team("cats");
    let session = federated(&identity(&claims), &role, ask(&role).with_tags(own), now()).unwrap();
    assert_eq!(key(&session, "aws:PrincipalTag/team"), ["cats"]);
}

#[test]
fn tags_outside_their_form_are_refused() {
    let role = open_role();
    for tags in [json!({"team": ["cats", "dogs"]}), json!({"team": []})] {
        let refusal = error(with_claims(&json!({TAGS: {"principal_tags": tags}}), &role));
        assert_eq!(refusal.code(), "InvalidIdentityToken", "{tags}: {refusal}");
    }
    for tags in [json!({"aws:team": ["cats"]}), json!({"Team": ["a"], "team": ["b"]}), json!({"team": ["*"]})] {
        let refusal = error(with_claims(&json!({TAGS: {"principal_tags": tags}}), &role));
        assert!(matches!(refusal, SessionError::Tag { .. }), "{tags}: {refusal}");
    }
}

#[test]
fn a_source_identity_needs_leave_to_be_set_and_has_one_form() {
    let claims = json!({SOURCE_IDENTITY: "martha@example.com"});
    assert_eq!(refused(with_claims(&claims, &guarded(&json!({})))), "source identity permitted");
    let session = with_claims(&claims, &open_role()).unwrap();
    assert_eq!(key(&session, "aws:SourceIdentity"), ["martha@example.com"]);
    let condition = json!({"StringLike": {"sts:SourceIdentity": "*@example.org"}});
    let role = trusting(&[ASSUME, "sts:SetSourceIdentity"], &condition);
    assert_eq!(refused(with_claims(&claims, &role)), "trust policy");
    for value in [json!("a b"), json!("aws:martha"), json!(["one", "two"]), json!({"name": "martha"})] {
        let refusal = error(with_claims(&json!({SOURCE_IDENTITY: value}), &open_role()));
        let expected = ["InvalidIdentityToken", "ValidationError"];
        assert!(expected.contains(&refusal.code()), "{value}: {refusal}");
    }
}

#[test]
fn the_session_name_can_be_tested() {
    let role = guarded(&json!({"StringEquals": {"sts:RoleSessionName": "${login.example.com:sub}"}}));
    assert!(with_claims(&json!({}), &role).is_ok());
    assert_eq!(refused(with_claims(&json!({"sub": "sam"}), &role)), "trust policy");
}

#[test]
fn the_call_itself_can_be_tested() {
    let role = guarded(&json!({"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}));
    let from = |address: &str| {
        let environment = Keys::new().with("aws:SourceIp", address);
        federated(&identity(&json!({})), &role, ask(&role).with_environment(environment), now())
    };
    assert!(from("10.1.2.3").is_ok());
    assert_eq!(refused(from("192.0.2.1")), "trust policy");
    let by_day = guarded(&json!({"DateLessThan": {"aws:CurrentTime": "2026-01-01T00:00:00Z"}}));
    assert_eq!(refused(with_claims(&json!({}), &by_day)), "trust policy");
}

#[test]
fn a_session_lasts_an_hour_unless_asked_and_never_longer_than_its_role() {
    let role = open_role().lasting_at_most(Duration::from_secs(4 * 3600));
    let lasting =
        |seconds: u64| federated(&identity(&json!({})), &role, ask(&role).lasting(Duration::from_secs(seconds)), now());
    let usual = with_claims(&json!({}), &role).unwrap();
    assert_eq!(usual.expiration().duration_since(usual.issued_at()), Duration::from_secs(3600));
    for seconds in [900, 4 * 3600] {
        let session = lasting(seconds).unwrap();
        assert_eq!(session.expiration().duration_since(now()), Duration::from_secs(seconds));
    }
    for seconds in [0, 899, 4 * 3600 + 1, u64::MAX] {
        let (error, rule) = lasting(seconds).unwrap_err();
        assert_eq!(error, SessionError::Duration { seconds, least: 900, most: 4 * 3600 });
        assert_eq!((error.code(), rule), ("ValidationError", Some("duration")));
    }
}

#[test]
fn a_session_policy_limits_and_cannot_widen() {
    let statement = |action: &str| {
        json!({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": action, "Resource": "*"}})
            .to_string()
    };
    let permissions: PermissionsPolicy = statement("s3:*").parse().unwrap();
    let role = open_role().with_permissions(&permissions);
    let limited = |texts: &[String]| SessionPolicies::parse(texts.iter().cloned());
    let limits = limited(&[statement("s3:GetObject"), statement("ec2:*")]).unwrap();
    let session = federated(&identity(&json!({})), &role, ask(&role).limited_to(limits), now()).unwrap();
    let (caller, entitlements) = (Caller::from(session), Entitlements::of_role(&role));
    let allows = |action: &str| {
        let question = daypass::decision::Question::new(&caller, &entitlements);
        daypass::decision::authorize(question, action, "arn:aws:s3:::photos/1.svg", now()).unwrap().is_allow()
    };
    assert!(allows("s3:GetObject"));
    assert!(!allows("s3:PutObject"), "the session policy does not allow it");
    assert!(!allows("ec2:RunInstances"), "the role does not allow it");
    assert_eq!(limited(&["{}".to_owned()]).unwrap_err().code(), "MalformedPolicyDocument");
    let long = statement(&format!("s3:{}", "a".repeat(2048)));
    assert!(
        matches!(limited(&[long]).unwrap_err(), SessionError::SessionPoliciesTooLarge { characters } if characters > 2048)
    );
}

#[test]
fn requests_of_a_session_carry_who_it_is() {
    let session = with_claims(&json!({"email": "martha@example.com"}), &open_role()).unwrap();
    for (name, value) in [
        // The role, not the session: policies name roles.
        ("aws:PrincipalArn", READER),
        ("aws:PrincipalAccount", ACCOUNT),
        ("aws:PrincipalType", "AssumedRole"),
        ("aws:userid", &session.user_id()),
        ("aws:FederatedProvider", OIDC_PROVIDER),
        ("login.example.com:sub", "martha"),
        ("login.example.com:aud", AUDIENCE),
    ] {
        assert_eq!(key(&session, name), [value], "{name}");
    }
    assert!(key(&session, "login.example.com:email").is_empty(), "it serves the trust policy alone");
}

#[test]
fn a_claim_named_like_another_providers_subject_does_not_outlive_the_federation() {
    let session = with_claims(&json!({"8443:sub": "root", "8443:aud": "root"}), &open_role()).unwrap();
    assert!(key(&session, "login.example.com:8443:sub").is_empty());
    assert!(key(&session, "login.example.com:8443:aud").is_empty());
}

#[test]
fn what_came_with_the_request_does_not_pass_for_what_the_session_is() {
    let session = with_claims(&json!({}), &open_role()).unwrap();
    let came = Keys::new()
        .with("aws:PrincipalArn", EDITOR)
        .with("AWS:PRINCIPALACCOUNT", "222222222222")
        .with("aws:SourceIdentity", "root")
        .with("login.example.com:sub", "root");
    let keys = request_keys(Some(&session.into()), &BTreeMap::new(), &Organization::default(), came, now());
    let of = |name: &str| keys.values(name).collect::<Vec<_>>();
    assert_eq!(of("aws:PrincipalArn"), [READER]);
    assert_eq!(of("aws:PrincipalAccount"), [ACCOUNT]);
    assert_eq!(of("aws:SourceIdentity"), [""; 0]);
    assert_eq!(of("login.example.com:sub"), ["martha"]);
}

#[test]
fn a_role_of_no_account_is_no_role() {
    for arn in
        ["arn:aws:iam::111111111111:user/martha", "arn:aws:iam::aws:role/reader", "arn:aws:sts::111111111111:role/x"]
    {
        let trust = r#"{"Version":"2012-10-17","Statement":{"Effect":"Deny","Principal":"*","Action":"sts:*"}}"#;
        let refused = Role::new(arn.parse().unwrap(), trust.parse().unwrap()).unwrap_err();
        assert_eq!(refused, SessionError::RoleArn { found: arn.to_owned() });
    }
}
