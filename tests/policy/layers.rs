//! Every kind of policy against every kind of principal, within one account and across two.

use super::{OBJECT, decide, policy, principal};
use daypass::arn::AccountId;
use daypass::policy::{Action, Keys, Kind, Layers, Level, Outcome, Policy, Principal, Request, Resource, evaluate};

use Outcome::{Allow, ExplicitDeny, ImplicitDeny};

const READ: &str = "s3:GetObject";
const ROLE: &str = "arn:aws:iam::111111111111:role/reader";
const SESSION: &str = "arn:aws:sts::111111111111:assumed-role/reader/martha";
const FEDERATED_USER: &str = "arn:aws:sts::111111111111:federated-user/bob";

fn permits(kind: Kind) -> Policy {
    policy(kind, r#"{"Effect":"Allow","Action":"s3:*","Resource":"*"}"#)
}

fn is_silent(kind: Kind) -> Policy {
    policy(kind, r#"{"Effect":"Allow","Action":"ec2:*","Resource":"*"}"#)
}

fn denies(kind: Kind) -> Policy {
    policy(
        kind,
        r#"{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"s3:Get*","Resource":"*"}"#,
    )
}

fn admits(element: &str) -> Policy {
    policy(Kind::Resource, &format!(r#"{{"Effect":"Allow","Principal":{element},"Action":"s3:*","Resource":"*"}}"#))
}

fn federated_user() -> Principal {
    Principal::FederatedUser { arn: FEDERATED_USER.parse().unwrap(), user_arn: Some(super::USER.parse().unwrap()) }
}

fn across(layers: &Layers<'_>, who: &Principal) -> Outcome {
    let (action, resource, keys): (Action, Resource, _) = (READ.parse().unwrap(), OBJECT.parse().unwrap(), Keys::new());
    let owner: AccountId = "222222222222".parse().unwrap();
    evaluate(layers, &Request::new(who, &action, &resource, &keys).in_account(&owner)).outcome()
}

fn within(layers: &Layers<'_>, who: &Principal) -> Outcome {
    decide(layers, who, READ, OBJECT, &Keys::new())
}

#[test]
fn what_a_resource_policy_may_grant_by_itself() {
    let aws = |arn: &str| format!(r#"{{"AWS":"{arn}"}}"#);
    let account = aws("111111111111");
    // Principal, how it is named, and whether the grant passes a silent identity policy, boundary and session policy.
    let table = [
        (principal(super::USER), aws(super::USER), (true, true, true)),
        (principal(super::USER), r#""*""#.to_owned(), (true, true, true)),
        (principal(super::USER), account.clone(), (false, false, false)),
        (principal(ROLE), aws(ROLE), (true, false, false)),
        (principal(ROLE), account.clone(), (false, false, false)),
        (principal(SESSION), aws(ROLE), (true, false, false)),
        (principal(SESSION), aws(SESSION), (true, true, true)),
        (principal(SESSION), r#""*""#.to_owned(), (true, true, true)),
        (principal(SESSION), account.clone(), (false, false, false)),
        (federated_user(), aws(FEDERATED_USER), (true, true, true)),
        (federated_user(), aws(super::USER), (true, false, false)),
        (federated_user(), account.clone(), (false, false, false)),
    ];
    let (identity, permitted) = ([is_silent(Kind::Identity)], [permits(Kind::Identity)]);
    let (boundary, session) = ([is_silent(Kind::Boundary)], [is_silent(Kind::Session)]);
    let verdict = |passes: bool| if passes { Allow } else { ImplicitDeny };
    for (who, element, (past_identity, past_boundary, past_session)) in table {
        let bucket = admits(&element);
        let both = Layers::new(&permitted).with_resource(&bucket);
        let alone = Layers::new(&identity).with_resource(&bucket);
        assert_eq!(within(&both, &who), Allow, "{who} {element}");
        assert_eq!(within(&alone, &who), verdict(past_identity), "{who} {element}");
        assert_eq!(within(&both.with_boundary(&boundary), &who), verdict(past_boundary), "{who} {element} boundary");
        assert_eq!(within(&both.with_session(&session), &who), verdict(past_session), "{who} {element} session");
        // Across accounts nothing passes by itself.
        assert_eq!(across(&both, &who), Allow, "{who} {element}");
        assert_eq!(across(&alone, &who), ImplicitDeny, "{who} {element}");
        assert_eq!(across(&both.with_boundary(&boundary), &who), ImplicitDeny, "{who} {element}");
        assert_eq!(across(&both.with_session(&session), &who), ImplicitDeny, "{who} {element}");
        assert_eq!(across(&Layers::new(&permitted), &who), ImplicitDeny, "{who}");
    }
}

#[test]
fn the_most_direct_of_several_grants_counts() {
    let statement =
        |name: &str| format!(r#"{{"Effect":"Allow","Principal":{{"AWS":"{name}"}},"Action":"s3:*","Resource":"*"}}"#);
    let (account, role, session) = (statement("111111111111"), statement(ROLE), statement(SESSION));
    let limits = [is_silent(Kind::Session)];
    let who = principal(SESSION);
    for (statements, alone, limited) in [
        (format!("{account},{role}"), Allow, ImplicitDeny),
        (format!("{role},{account}"), Allow, ImplicitDeny),
        (format!("{account},{role},{session}"), Allow, Allow),
        (format!("{session},{role},{account}"), Allow, Allow),
    ] {
        let bucket = policy(Kind::Resource, &statements);
        let layers = Layers::new(&[]).with_resource(&bucket);
        assert_eq!(within(&layers, &who), alone, "{statements}");
        assert_eq!(within(&layers.with_session(&limits), &who), limited, "{statements}");
    }
}

#[test]
fn an_explicit_deny_in_any_layer_wins_for_every_principal() {
    let bucket = admits(r#""*""#);
    let (identity, boundary, session) =
        ([permits(Kind::Identity)], [permits(Kind::Boundary)], [permits(Kind::Session)]);
    let (no_identity, no_boundary, no_session) =
        ([denies(Kind::Identity)], [denies(Kind::Boundary)], [denies(Kind::Session)]);
    let scp = [Level::new("root", vec![permits(Kind::ServiceControl)])];
    let no_scp = [Level::new("root", vec![permits(Kind::ServiceControl), denies(Kind::ServiceControl)])];
    let rcp_text = r#"{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"*"}"#;
    let no_rcp = [Level::new("root", vec![]), Level::new("unit", vec![policy(Kind::ResourceControl, rcp_text)])];
    let no_bucket = policy(
        Kind::Resource,
        r#"{"Effect":"Allow","Principal":"*","Action":"*"},{"Effect":"Deny","Principal":"*","Action":"s3:Get*"}"#,
    );
    let full = Layers::new(&identity)
        .with_resource(&bucket)
        .with_boundary(&boundary)
        .with_session(&session)
        .with_service_control(&scp);
    let root = Principal::Root { account: "111111111111".parse().unwrap() };
    for who in [principal(super::USER), principal(ROLE), principal(SESSION), federated_user(), root] {
        for ask in [within, across] {
            assert_eq!(ask(&full, &who), Allow, "{who}");
            for (layer, layers) in [
                ("resource", full.with_resource(&no_bucket)),
                ("boundary", full.with_boundary(&no_boundary)),
                ("session", full.with_session(&no_session)),
                ("scp", full.with_service_control(&no_scp)),
                ("rcp", full.with_resource_control(&no_rcp)),
                (
                    "identity",
                    Layers::new(&no_identity).with_resource(&bucket).with_boundary(&boundary).with_session(&session),
                ),
            ] {
                assert_eq!(ask(&layers, &who), ExplicitDeny, "{who} {layer}");
            }
        }
    }
}

#[test]
fn identity_policies_need_every_limit_to_agree() {
    let identity = [is_silent(Kind::Identity), permits(Kind::Identity)];
    let (yes, no) = ([permits(Kind::Boundary)], [is_silent(Kind::Boundary)]);
    for who in [principal(super::USER), principal(ROLE), principal(SESSION), federated_user()] {
        let layers = Layers::new(&identity);
        assert_eq!(within(&layers, &who), Allow);
        assert_eq!(within(&layers.with_boundary(&yes).with_session(&yes), &who), Allow);
        assert_eq!(within(&layers.with_boundary(&no).with_session(&yes), &who), ImplicitDeny);
        assert_eq!(within(&layers.with_boundary(&yes).with_session(&no), &who), ImplicitDeny);
        assert_eq!(within(&Layers::new(&[]).with_boundary(&yes).with_session(&yes), &who), ImplicitDeny);
        // Several session policies are one: any of them may allow. None at all allow nothing.
        let (either, none) = ([is_silent(Kind::Session), permits(Kind::Identity)], []);
        assert_eq!(within(&layers.with_session(&either), &who), Allow);
        assert_eq!(within(&layers.with_session(&none), &who), ImplicitDeny);
    }
}

#[test]
fn every_level_of_service_control_policies_must_allow() {
    let identity = [permits(Kind::Identity)];
    let full = || Level::new("root", vec![permits(Kind::ServiceControl)]);
    let levels = |unit: Vec<Policy>| [full(), Level::new("unit", unit), full()];
    for (unit, expected) in [
        (vec![permits(Kind::ServiceControl)], Allow),
        (vec![is_silent(Kind::ServiceControl), permits(Kind::ServiceControl)], Allow),
        (vec![is_silent(Kind::ServiceControl)], ImplicitDeny),
        (vec![], ImplicitDeny),
    ] {
        let levels = levels(unit);
        let layers = Layers::new(&identity).with_service_control(&levels);
        let root = Principal::Root { account: "111111111111".parse().unwrap() };
        for who in [principal(super::USER), principal(SESSION), federated_user(), root] {
            assert_eq!(within(&layers, &who), expected, "{who} {levels:?}");
        }
    }
    assert_eq!(within(&Layers::new(&identity).with_service_control(&[]), &principal(super::USER)), Allow);
}

#[test]
fn resource_control_policies_let_through_what_they_do_not_deny() {
    let identity = [permits(Kind::Identity)];
    let deny = |action: &str| {
        policy(
            Kind::ResourceControl,
            &format!(r#"{{"Effect":"Deny","Principal":"*","Action":"{action}","Resource":"*"}}"#),
        )
    };
    let levels = [Level::new("root", vec![]), Level::new("unit", vec![deny("s3:Delete*")])];
    let layers = Layers::new(&identity).with_resource_control(&levels);
    let who = principal(super::USER);
    assert_eq!(within(&layers, &who), Allow);
    assert_eq!(decide(&layers, &who, "s3:DeleteObject", OBJECT, &Keys::new()), ExplicitDeny);
    assert_eq!(within(&Layers::new(&[]).with_resource_control(&levels), &who), ImplicitDeny);
}

#[test]
fn those_without_an_account_are_admitted_by_the_resource_alone() {
    let provider = "arn:aws:iam::111111111111:saml-provider/corp".parse().unwrap();
    let silent_scp = [Level::new("root", vec![denies(Kind::ServiceControl)])];
    let identity = [permits(Kind::Identity)];
    for (who, element) in [
        (Principal::Service { name: "s3.amazonaws.com".into() }, r#"{"Service":"s3.amazonaws.com"}"#),
        (
            Principal::Federated { provider_arn: provider },
            r#"{"Federated":"arn:aws:iam::111111111111:saml-provider/corp"}"#,
        ),
        (Principal::WellKnownProvider { name: "accounts.google.com".into() }, r#"{"Federated":"accounts.google.com"}"#),
        (Principal::CanonicalUser { id: "79a59df9".into() }, r#"{"CanonicalUser":"79a59df9"}"#),
        (Principal::Anonymous, r#""*""#),
    ] {
        let bucket = admits(element);
        assert_eq!(within(&Layers::new(&identity), &who), ImplicitDeny, "{who}");
        for ask in [within, across] {
            assert_eq!(ask(&Layers::new(&[]).with_resource(&bucket), &who), Allow, "{who}");
            // Service control policies reach nobody outside the organisation's accounts; resource control policies do.
            let layers = Layers::new(&[]).with_resource(&bucket).with_service_control(&silent_scp);
            assert_eq!(ask(&layers, &who), Allow, "{who}");
            let rcp =
                policy(Kind::ResourceControl, r#"{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"*"}"#);
            let levels = [Level::new("root", vec![rcp])];
            assert_eq!(ask(&layers.with_resource_control(&levels), &who), ExplicitDeny, "{who}");
        }
        let other = admits(r#"{"AWS":"111111111111"}"#);
        assert_eq!(within(&Layers::new(&identity).with_resource(&other), &who), ImplicitDeny, "{who}");
    }
}

#[test]
fn root_may_do_in_its_account_what_nothing_denies() {
    let root = Principal::Root { account: "111111111111".parse().unwrap() };
    assert_eq!(within(&Layers::new(&[]), &root), Allow);
    assert_eq!(across(&Layers::new(&[]), &root), ImplicitDeny);
    let bucket = admits(r#"{"AWS":"111111111111"}"#);
    assert_eq!(across(&Layers::new(&[]).with_resource(&bucket), &root), Allow);
    let session = [is_silent(Kind::Session)];
    assert_eq!(within(&Layers::new(&[]).with_session(&session), &root), ImplicitDeny);
}

#[test]
fn roles_and_keys_admit_nobody_but_by_their_own_policy() {
    let everything = [policy(Kind::Identity, r#"{"Effect":"Allow","Action":"*","Resource":"*"}"#)];
    let (key, role) = ("arn:aws:kms:eu-west-1:111111111111:key/1", "arn:aws:iam::111111111111:role/editor");
    let user = principal(super::USER);
    let trust = |principal: &str| {
        policy(
            Kind::Trust,
            &format!(r#"{{"Effect":"Allow","Principal":{{"AWS":"{principal}"}},"Action":"sts:AssumeRole"}}"#),
        )
    };
    let ask = |layers: &Layers<'_>, action: &str, resource: &str| decide(layers, &user, action, resource, &Keys::new());
    assert_eq!(ask(&Layers::new(&everything), "sts:AssumeRole", role), ImplicitDeny);
    assert_eq!(ask(&Layers::new(&everything), "kms:Decrypt", key), ImplicitDeny);
    assert_eq!(ask(&Layers::new(&everything), "iam:GetRole", role), Allow);
    assert_eq!(ask(&Layers::new(&everything), "kms:CreateAlias", "arn:aws:kms:eu-west-1:111111111111:alias/a"), Allow);
    assert_eq!(ask(&Layers::new(&everything), "kms:ListKeys", "*"), Allow);

    let (account, named, other) = (trust("111111111111"), trust(super::USER), trust("222222222222"));
    assert_eq!(ask(&Layers::new(&everything).with_resource(&account), "sts:AssumeRole", role), Allow);
    assert_eq!(ask(&Layers::new(&[]).with_resource(&account), "sts:AssumeRole", role), ImplicitDeny);
    assert_eq!(ask(&Layers::new(&[]).with_resource(&named), "sts:AssumeRole", role), Allow);
    assert_eq!(ask(&Layers::new(&everything).with_resource(&other), "sts:AssumeRole", role), ImplicitDeny);
    for action in ["TagSession", "SetSourceIdentity", "SetContext", "AssumeRoleWithSAML", "AssumeRoleWithWebIdentity"] {
        let action = format!("sts:{action}");
        assert_eq!(ask(&Layers::new(&everything), &action, role), ImplicitDeny, "{action}");
        // GetFederationToken tags the session of a user, who has no trust policy.
        assert_eq!(ask(&Layers::new(&everything), &action, super::USER), Allow, "{action}");
    }
    let key_policy = admits(r#"{"AWS":"111111111111"}"#);
    assert_eq!(ask(&Layers::new(&everything).with_resource(&key_policy), "kms:Decrypt", key), ImplicitDeny);
}

#[test]
fn whoever_signs_may_ask_who_they_are() {
    let nothing = [policy(Kind::Identity, r#"{"Effect":"Deny","Action":"*","Resource":"*"}"#)];
    let layers = Layers::new(&nothing).with_session(&nothing);
    let ask = |who: &Principal| decide(&layers, who, "sts:GetCallerIdentity", "*", &Keys::new());
    assert_eq!(ask(&principal(SESSION)), Allow);
    assert_eq!(ask(&Principal::Anonymous), ExplicitDeny);
}

#[test]
fn not_principal_denies_whoever_has_a_boundary() {
    let bucket = policy(
        Kind::Resource,
        &format!(r#"{{"Effect":"Deny","NotPrincipal":{{"AWS":"{SESSION}"}},"Action":"s3:*","Resource":"*"}}"#),
    );
    let (identity, boundary) = ([permits(Kind::Identity)], [permits(Kind::Boundary)]);
    let layers = Layers::new(&identity).with_resource(&bucket);
    assert_eq!(within(&layers, &principal(SESSION)), Allow);
    assert_eq!(within(&layers, &principal(super::USER)), ExplicitDeny);
    assert_eq!(within(&layers.with_boundary(&boundary), &principal(SESSION)), ExplicitDeny);
}

#[test]
fn the_account_of_a_resource_is_its_arns_unless_told() {
    let identity = [policy(Kind::Identity, r#"{"Effect":"Allow","Action":"*","Resource":"*"}"#)];
    let ask = |resource: &str| decide(&Layers::new(&identity), &principal(super::USER), "a:B", resource, &Keys::new());
    assert_eq!(ask("arn:aws:sqs:eu-west-1:111111111111:q"), Allow);
    assert_eq!(ask("arn:aws:sqs:eu-west-1:222222222222:q"), ImplicitDeny);
    assert_eq!(ask("arn:aws:s3:::photos"), Allow);
    assert_eq!(ask("arn:aws:iam::aws:policy/ReadOnlyAccess"), Allow);
}

#[test]
fn a_policy_given_for_another_kind_denies() {
    let trust = policy(Kind::Trust, r#"{"Effect":"Allow","Principal":"*","Action":"sts:*"}"#);
    let bucket = admits(r#""*""#);
    let scp = permits(Kind::ServiceControl);
    let identity = [permits(Kind::Identity)];
    let who = principal(super::USER);
    for misplaced in [&trust, &bucket, &scp] {
        let given = [permits(Kind::Identity), misplaced.clone()];
        assert_eq!(within(&Layers::new(&given), &who), ImplicitDeny);
        assert_eq!(within(&Layers::new(&identity).with_boundary(&given), &who), ImplicitDeny);
        assert_eq!(within(&Layers::new(&identity).with_session(&given), &who), ImplicitDeny);
    }
    let levels = [Level::new("root", vec![permits(Kind::Identity)])];
    assert_eq!(within(&Layers::new(&identity).with_service_control(&levels), &who), ImplicitDeny);
    assert_eq!(within(&Layers::new(&identity).with_resource_control(&levels), &who), ImplicitDeny);
    assert_eq!(within(&Layers::new(&identity).with_resource(&identity[0]), &who), ImplicitDeny);
}
