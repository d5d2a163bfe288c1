//! A mapping never widens what a trust policy permits.

use std::time::Duration;

use daypass::explain::Report;
use daypass::identity::ProviderName;
use daypass::session::{AssumeRole, Mapping, Role, SessionError, assume_federated, assume_mapped};
use daypass::{Broker, Error, Keyring, RoleSession};
use serde_json::{Value, json};

use super::{READER, martha, of_groups, with_rules};
use crate::issuer;
use crate::world::{self, key, role};

const CORP: &str = "arn:aws:iam::111111111111:saml-provider/corp";

fn trusting(provider: &str, condition: &Value) -> Role {
    let actions = ["sts:AssumeRoleWithSAML", "sts:AssumeRoleWithWebIdentity", "sts:TagSession"];
    role(
        READER,
        &json!({"Effect": "Allow", "Principal": {"Federated": provider}, "Action": actions, "Condition": condition}),
    )
}

fn developers_read() -> Mapping {
    with_rules(&json!([{"name": "readers", "when": {"attribute": "groups", "any_of": "Developers"}, "roles": READER}]))
}

fn assume(
    mapping: &Mapping,
    identity: &daypass::VerifiedIdentity,
    role: &Role,
) -> Result<RoleSession, (SessionError, Option<&'static str>)> {
    let mut report = Report::new();
    let ask = AssumeRole::new(role.arn().clone(), "asked".parse().unwrap());
    assume_mapped(identity, mapping, role, ask, issuer::now(), &mut report)
        .map_err(|error| (error, report.failure().map(|check| check.name)))
}

#[test]
fn a_group_gives_the_role_and_the_trust_policy_decides() {
    let developer = of_groups(&["Developers"]);
    let open = trusting(CORP, &json!({}));
    assert!(assume(&developers_read(), &developer, &open).is_ok());
    for closed in [
        trusting("arn:aws:iam::111111111111:saml-provider/other", &json!({})),
        trusting(CORP, &json!({"StringEquals": {"saml:sub": "rosa"}})),
    ] {
        let (error, rule) = assume(&developers_read(), &developer, &closed).unwrap_err();
        assert_eq!((error.code(), rule), ("AccessDenied", Some("trust policy")));
    }
    let (error, rule) = assume(&developers_read(), &of_groups(&["Support"]), &open).unwrap_err();
    assert!(matches!(error, SessionError::NotListed { .. }));
    assert_eq!((error.code(), rule), ("AccessDenied", Some("role listed by provider")));
}

#[test]
fn without_the_mapping_a_group_gives_nothing() {
    let open = trusting(CORP, &json!({}));
    let ask = AssumeRole::new(READER.parse().unwrap(), "asked".parse().unwrap());
    let refused = assume_federated(&of_groups(&["Developers"]), &open, ask, issuer::now(), &mut Report::new());
    assert!(matches!(refused, Err(SessionError::NotListed { .. })));
}

#[test]
fn an_attribute_that_cannot_be_used_is_told_by_the_rule_of_mappings() {
    let mapping: Mapping = json!({"version": 1, "session_name": {"from": "email"},
        "rules": [{"when": {"attribute": "groups", "any_of": "Developers"}, "roles": READER}]})
    .to_string()
    .parse()
    .unwrap();
    let (error, rule) = assume(&mapping, &of_groups(&["Developers"]), &trusting(CORP, &json!({}))).unwrap_err();
    assert_eq!((error.code(), rule), ("InvalidIdentityToken", Some("attributes mapped")));
    assert!(error.reason().contains("email") && !error.to_string().contains("email"), "{error}");
}

#[test]
fn the_session_carries_what_the_document_says() {
    let mapping: Mapping = json!({"version": 1,
        "rules": [{"when": {"attribute": "groups", "any_of": "Developers"}, "roles": READER, "session_duration": 1200}],
        "session_name": {"from": "email", "transform": "local_part"}, "tags": {"Team": {"from": "team"}}})
    .to_string()
    .parse()
    .unwrap();
    let identity = martha(&[("groups", &["Developers"]), ("email", &["m.rivera@example.com"]), ("team", &["cats"])]);
    let role = trusting(CORP, &json!({"StringEquals": {"aws:RequestTag/Team": "cats"}}));
    let session = assume(&mapping, &identity, &role).unwrap();
    assert!(session.arn().as_str().ends_with("assumed-role/PhotoReader/m.rivera"));
    assert_eq!(session.expiration().duration_since(session.issued_at()), Duration::from_secs(1200));
    assert_eq!(key(&session, "aws:PrincipalTag/Team"), ["cats"]);
}

#[test]
fn the_caller_may_ask_for_a_shorter_session_than_the_document_says() {
    let mapping = with_rules(&json!([{"when": {"attribute": "groups", "any_of": "Developers"}, "roles": READER,
        "session_duration": 3600}]));
    let ask = AssumeRole::new(READER.parse().unwrap(), "asked".parse().unwrap()).lasting(Duration::from_secs(900));
    let role = trusting(CORP, &json!({}));
    let session =
        assume_mapped(&of_groups(&["Developers"]), &mapping, &role, ask, issuer::now(), &mut Report::new()).unwrap();
    assert_eq!(session.expiration().duration_since(session.issued_at()), Duration::from_secs(900));
}

#[test]
fn a_mapping_narrows_what_an_id_token_may_ask_for() {
    let role = trusting(world::OIDC_PROVIDER, &json!({}));
    let developer = world::identity(&json!({"groups": ["Developers"]}));
    let other = world::identity(&json!({"groups": ["Support"]}));
    let unmapped = |identity| {
        let ask = AssumeRole::new(READER.parse().unwrap(), "asked".parse().unwrap());
        assume_federated(identity, &role, ask, issuer::now(), &mut Report::new())
    };
    assert!(unmapped(&other).is_ok(), "without a mapping any trusted role may be asked for");
    assert!(assume(&developers_read(), &developer, &role).is_ok());
    let (error, rule) = assume(&developers_read(), &other, &role).unwrap_err();
    assert!(matches!(error, SessionError::NotListed { .. }));
    assert_eq!(rule, Some("role listed by provider"));
    // A pin takes what the mapping gives.
    let pinned = world::identity(&json!({"groups": ["Developers"], "https://aws.amazon.com/roles": []}));
    let (error, _) = assume(&developers_read(), &pinned, &role).unwrap_err();
    assert!(matches!(error, SessionError::PinnedElsewhere { .. }));
}

#[test]
fn a_broker_asks_the_mapping_of_the_provider() {
    let corp = || ProviderName::Saml("corp".to_owned());
    let broker = || {
        let metadata = crate::signer::metadata(&[("", &crate::signer::TRUSTED)]);
        let provider =
            daypass::identity::saml::SamlProvider::new(&metadata, crate::signer::SP, crate::signer::ACS).unwrap();
        Broker::new(Keyring::generate().unwrap()).with_provider(provider).with_role(trusting(CORP, &json!({})))
    };
    let ask = || AssumeRole::new(READER.parse().unwrap(), "asked".parse().unwrap());
    let developer = of_groups(&["Developers"]);
    assert!(broker().assume_role(&developer, ask()).is_err());
    let mapped = broker().with_mapping(corp(), developers_read()).unwrap();
    assert!(mapped.assume_role(&developer, ask()).is_ok());
    assert!(mapped.assume_role(&of_groups(&["Support"]), ask()).is_err());
    for unknown in [ProviderName::Saml("corpp".to_owned()), ProviderName::Oidc("corp".to_owned())] {
        let refused = broker().with_mapping(unknown, developers_read());
        assert!(matches!(refused, Err(Error::UnknownProvider { .. })));
    }
}
