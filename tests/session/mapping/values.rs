//! Session name, source identity, length and tags: from where, and what is refused.

use std::time::Duration;

use daypass::VerifiedIdentity;
use daypass::identity::NameFormat;
use daypass::session::{Mapping, MappingError};
use serde_json::{Value, json};

use super::{READER, assertion, attribute, given, martha, refused, roles, with, with_rules};
use crate::world;

fn session_name(of: &Value, identity: &VerifiedIdentity) -> String {
    with(&json!({"session_name": of})).apply(identity).unwrap().role_session_name.unwrap().to_string()
}

#[test]
fn the_first_attribute_that_has_a_value_counts() {
    let from = json!({"from": ["email", "upn", "$subject"]});
    assert_eq!(session_name(&from, &martha(&[("upn", &["m@corp"]), ("email", &["m@example.com"])])), "m@example.com");
    assert_eq!(session_name(&from, &martha(&[("email", &[]), ("upn", &["m@corp"])])), "m@corp");
    assert_eq!(session_name(&from, &martha(&[("email", &[""])])), "martha");
}

#[test]
fn transforms_are_applied_in_order() {
    let identity = martha(&[("account", &["CORP\\Martha.Rivera@corp.example"])]);
    let of = |transform: Value| session_name(&json!({"from": "account", "transform": transform}), &identity);
    assert_eq!(of(json!(["account_name", "local_part", "lower_case"])), "martha.rivera");
    assert_eq!(of(json!("account_name")), "Martha.Rivera@corp.example");
}

#[test]
fn a_missing_value_is_named_unless_it_is_optional() {
    let nobody = martha(&[]);
    let needed = with(&json!({"session_name": {"from": ["email", "upn"]}}));
    let error = refused(&needed, &nobody);
    assert_eq!(error.reason(), "session_name: expected a value of email or upn, found none");
    assert!(matches!(error, MappingError::Missing { .. }));
    let optional = with(&json!({"session_name": {"from": "email", "optional": true}}));
    assert_eq!(optional.apply(&nobody).unwrap().role_session_name, None);
    for (field, target) in [
        (json!({"source_identity": {"from": "email"}}), "source_identity"),
        (json!({"session_duration": {"from": "email"}}), "session_duration"),
        (json!({"tags": {"Team": {"from": "email"}}}), "tags[\"Team\"]"),
    ] {
        assert_eq!(
            refused(&with(&field), &nobody).reason(),
            format!("{target}: expected a value of email, found none")
        );
    }
}

#[test]
fn of_two_values_none_is_taken() {
    let mapping = with(&json!({"session_name": {"from": "email"}}));
    let error = refused(&mapping, &martha(&[("email", &["a@example.com", "b@example.com"])]));
    assert_eq!(error.reason(), "session_name: expected one value of email, found 2");
    // The same value twice is one.
    assert!(mapping.apply(&martha(&[("email", &["a@example.com"]), ("email", &["a@example.com"])])).is_ok());
}

#[test]
fn a_value_that_a_session_cannot_carry_is_refused_and_not_repaired() {
    for (field, value, expected) in [
        (
            json!({"session_name": {"from": "x"}}),
            "Søren",
            "session_name: expected 2 to 64 characters of [\\w+=,.@-] from x, found \"Søren\"",
        ),
        (
            json!({"source_identity": {"from": "x"}}),
            "a b",
            "source_identity: expected 2 to 64 characters of [\\w+=,.@-] from x, found \"a b\"",
        ),
        (
            json!({"session_duration": {"from": "x"}}),
            "60",
            "session_duration: expected a whole number of seconds from 900 to 43200 from x, found \"60\"",
        ),
        (
            json!({"tags": {"Team": {"from": "x"}}}),
            "a*b",
            "tags[\"Team\"]: expected a tag value is at most 256 letters, spaces, digits and _.:/=+-@ from x, found \"a*b\"",
        ),
    ] {
        assert_eq!(refused(&with(&field), &martha(&[("x", &[value])])).reason(), expected);
    }
}

#[test]
fn lengths_are_constant_or_of_an_attribute() {
    let length = |field: Value, identity: &VerifiedIdentity| {
        with(&json!({"session_duration": field})).apply(identity).unwrap().session_duration
    };
    assert_eq!(length(json!(1800), &martha(&[])), Some(Duration::from_secs(1800)));
    assert_eq!(length(json!({"from": "hours"}), &martha(&[("hours", &["7200"])])), Some(Duration::from_secs(7200)));
    assert_eq!(length(json!({"from": "hours", "optional": true}), &martha(&[])), None);
}

#[test]
fn tags_are_constant_or_of_an_attribute() {
    let mapping = with(&json!({
        "tags": {"Department": {"from": "department"}, "Source": "okta", "Floor": {"from": "floor", "optional": true}},
        "transitive_tags": ["Department", "Floor"],
    }));
    let tags = mapping.apply(&martha(&[("department", &["Photos & Cats".replace('&', "+").as_str()])])).unwrap().tags;
    let values: Vec<_> = tags.values().iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
    assert_eq!(values, [("Department", "Photos + Cats"), ("Source", "okta")]);
    assert_eq!(tags.transitive(), ["Department"], "a tag that is not there is not transitive");
}

#[test]
fn a_friendly_name_counts_only_where_it_is_asked_for() {
    let oid = "urn:oid:1.3.6.1.4.1.5923.1.5.1.1";
    let identity = assertion("martha", &[attribute("isMemberOf", oid, "uri", &["photos"])]);
    let gives = |name: &str| {
        given(&with_rules(&json!([{"when": {"attribute": name, "any_of": "photos"}, "roles": READER}])), &identity)
    };
    assert_eq!(gives(oid), [READER]);
    assert_eq!(gives("$friendly:isMemberOf"), [READER]);
    assert!(gives("isMemberOf").is_empty());
    assert!(gives("$friendly:memberOf").is_empty());
    let [name] = identity.attribute_names() else { panic!("not one attribute") };
    assert_eq!((name.name(), name.friendly_name(), name.name_format()), (oid, Some("isMemberOf"), &NameFormat::Uri));
}

#[test]
fn an_attribute_that_takes_anothers_friendly_name_speaks_for_neither() {
    let both = [
        attribute("isMemberOf", "urn:oid:1.3.6.1.4.1.5923.1.5.1.1", "uri", &["students"]),
        attribute("isMemberOf", "https://self.service.example/nickname", "uri", &["photos"]),
    ];
    let mapping =
        with_rules(&json!([{"when": {"attribute": "$friendly:isMemberOf", "any_of": "photos"}, "roles": READER}]));
    assert_eq!(
        refused(&mapping, &assertion("martha", &both)).reason(),
        "$friendly:isMemberOf: expected one attribute, found 2"
    );
}

#[test]
fn two_attributes_of_one_name_are_joined_in_order_whatever_their_format() {
    let twice = [attribute("", "Role", "basic", &["b", "a"]), attribute("r", "Role", "uri", &["c"])];
    let identity = assertion("martha", &twice);
    assert_eq!(identity.attribute("Role"), ["b", "a", "c"]);
    assert_eq!(identity.attribute_names().len(), 2);
}

#[test]
fn nested_claims_have_one_place_and_no_condition_key() {
    let identity = world::identity(&json!({
        "realm_access": {"roles": ["reader"], "a/b": {"c~d": 7}},
        "realm_access.roles": ["admin"], "/realm_access/roles": ["admin"]}));
    let gives = |attribute: &str, value: &str| {
        !given(&with_rules(&json!([{"when": {"attribute": attribute, "any_of": value}, "roles": READER}])), &identity)
            .is_empty()
    };
    assert!(gives("$claim:/realm_access/roles", "reader"));
    assert!(!gives("$claim:/realm_access/roles", "admin"), "a claim that is called so stands elsewhere");
    assert!(gives("$claim:/realm_access/a~1b/c~0d", "7"));
    assert!(!gives("realm_access", "reader"));
    assert!(
        identity
            .condition_keys()
            .iter()
            .all(|(key, values)| !key.contains("a~1b") && !values.contains(&"reader".to_owned()))
    );
}

#[test]
fn the_clouds_attributes_count_only_where_the_document_says_so() {
    let role = "https://aws.amazon.com/SAML/Attributes/Role";
    let other = "arn:aws:iam::111111111111:role/Admin";
    let pair = format!("{other},arn:aws:iam::111111111111:saml-provider/corp");
    let identity = martha(&[
        (role, &[&pair]),
        ("https://aws.amazon.com/SAML/Attributes/RoleSessionName", &["from-provider"]),
        ("https://aws.amazon.com/SAML/Attributes/SessionDuration", &["43200"]),
        ("https://aws.amazon.com/SAML/Attributes/PrincipalTag:team", &["theirs"]),
        ("https://aws.amazon.com/SAML/Attributes/PrincipalTag:Stage", &["one"]),
        ("https://aws.amazon.com/SAML/Attributes/SourceIdentity", &["theirs"]),
    ]);
    let document =
        |cloud: &str| with(&json!({"aws_attributes": cloud, "session_duration": 900, "tags": {"Team": "ours"}}));
    for ignoring in [document("ignore"), with(&json!({"session_duration": 900, "tags": {"Team": "ours"}}))] {
        let request = ignoring.apply(&identity).unwrap();
        assert_eq!(roles(&request), [READER]);
        assert_eq!((request.role_session_name, request.source_identity), (None, None));
        assert_eq!(request.tags.values().len(), 1);
    }
    let merged = document("merge").apply(&identity).unwrap();
    assert_eq!(roles(&merged), [READER, other]);
    assert_eq!(merged.role_session_name.unwrap().as_str(), "from-provider");
    assert_eq!(merged.session_duration, Some(Duration::from_secs(900)), "the document stands over the provider");
    let tags: Vec<_> = merged.tags.values().iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
    assert_eq!(tags, [("Stage", "one"), ("Team", "ours")]);
}

#[test]
fn a_pin_is_never_ignored() {
    let other = "arn:aws:iam::111111111111:role/Other";
    let identity = world::identity(&json!({"https://aws.amazon.com/roles": [other]}));
    let mapping: Mapping = with(&json!({"aws_attributes": "ignore"}));
    assert_eq!(mapping.apply(&identity).unwrap().pinned_roles, Some(vec![other.parse().unwrap()]));
}
