//! What a document may say, and what its author is told.

use super::*;

const READER: &str = "arn:aws:iam::111111111111:role/PhotoReader";

/// A document of one rule with this condition, and more fields after the rules.
fn with(when: &str, more: &str) -> String {
    format!(r#"{{"version": 1, "rules": [{{"when": {when}, "roles": "{READER}"}}]{more}}}"#)
}

const GROUPS: &str = r#"{"attribute": "groups", "any_of": "a"}"#;

fn reason(document: &str) -> String {
    Mapping::parse(document).expect_err(document).reason()
}

#[test]
fn a_misspelt_field_is_named_with_its_place_and_what_there_is() {
    assert_eq!(
        reason(
            "{\"version\": 1,\n \"rules\": [\n  {\"when\": {\"attribute\": \"groups\", \"any_off\": \"a\"}, \"roles\": []}]}"
        ),
        "line 3, column 36: there is no field rules[0].when.any_off; expected attribute, any_of, all_of, matches, captures, \
         ignore_case"
    );
    for (document, path) in [
        (with(GROUPS, r#", "session_names": {}"#), "session_names"),
        (with(GROUPS, r#", "session_name": {"form": "email"}"#), "session_name.form"),
        (with(GROUPS, r#", "tags": {"Team": {"from": "team", "join": ":"}}"#), "tags[\"Team\"].join"),
        (format!(r#"{{"version": 1, "rules": [{{"when": {GROUPS}, "role": "{READER}"}}]}}"#), "rules[0].role"),
    ] {
        assert!(reason(&document).contains(&format!("there is no field {path}; expected ")), "{}", reason(&document));
    }
}

#[test]
fn what_is_missing_is_named() {
    for (document, path) in [
        (format!(r#"{{"rules": [{{"when": {GROUPS}, "roles": "{READER}"}}]}}"#), "version"),
        (r#"{"version": 1}"#.to_owned(), "rules"),
        (format!(r#"{{"version": 1, "rules": [{{"roles": "{READER}"}}]}}"#), "rules[0].when"),
        (format!(r#"{{"version": 1, "rules": [{{"when": {GROUPS}}}]}}"#), "rules[0].roles"),
        (with(r#"[{"any_of": "a"}]"#, ""), "rules[0].when[0].attribute"),
        (with(GROUPS, r#", "session_name": {}"#), "session_name.from"),
    ] {
        assert!(reason(&document).ends_with(&format!(": {path} is missing")), "{}", reason(&document));
    }
}

#[test]
fn each_field_holds_one_kind_of_thing() {
    let rule = |roles: &str| format!(r#"{{"version": 1, "rules": [{{"when": {GROUPS}, "roles": {roles}}}]}}"#);
    for (document, path) in [
        ("[]".to_owned(), "the document"),
        (with(GROUPS, "").replace(": 1", ": 2"), "version"),
        (with(GROUPS, "").replace(": 1", ": \"1\""), "version"),
        (r#"{"version": 1, "rules": []}"#.to_owned(), "rules"),
        (with(r#"{"attribute": "groups"}"#, ""), "rules[0].when"),
        (with("[]", ""), "rules[0].when"),
        (with(r#"{"attribute": "groups", "any_of": "a", "matches": "a"}"#, ""), "rules[0].when"),
        (with(r#"{"attribute": "groups", "any_of": []}"#, ""), "rules[0].when.any_of"),
        (with(r#"{"attribute": "groups", "any_of": [""]}"#, ""), "rules[0].when.any_of"),
        (with(r#"{"attribute": "groups", "any_of": [7]}"#, ""), "rules[0].when.any_of"),
        (with(r#"{"attribute": "groups", "any_of": "a", "ignore_case": "yes"}"#, ""), "rules[0].when.ignore_case"),
        (with(r#"{"attribute": "groups", "captures": "aws-*"}"#, ""), "rules[0].when.captures"),
        (with(r#"{"attribute": "", "any_of": "a"}"#, ""), "rules[0].when.attribute"),
        (with(r#"{"attribute": "$group", "any_of": "a"}"#, ""), "rules[0].when.attribute"),
        (with(r#"{"attribute": "$claim:realm_access", "any_of": "a"}"#, ""), "rules[0].when.attribute"),
        (rule("\"PhotoReader\""), "rules[0].roles"),
        (rule("[]"), "rules[0].roles"),
        (rule("[\"arn:aws:iam::111111111111:role/{role}\"]"), "rules[0].roles[0]"),
        (rule("\"arn:aws:iam::{account}:role/PhotoReader\""), "rules[0].roles"),
        (with(GROUPS, r#", "aws_attributes": true"#), "aws_attributes"),
        (with(GROUPS, r#", "separators": {"groups": " "}"#), "separators[\"groups\"]"),
        (with(GROUPS, r#", "session_name": {"from": []}"#), "session_name.from"),
        (with(GROUPS, r#", "session_name": {"from": "a", "transform": "upper"}"#), "session_name.transform"),
        (with(GROUPS, r#", "session_duration": 60"#), "session_duration"),
        (with(GROUPS, r#", "session_duration": 3600.0"#), "session_duration"),
        (with(GROUPS, r#", "tags": {"aws:Team": "cats"}"#), "tags"),
        (with(GROUPS, r#", "tags": {"Team": "a*b"}"#), "tags"),
        (with(GROUPS, r#", "tags": {"Team": "a"}, "transitive_tags": ["Floor"]"#), "transitive_tags"),
    ] {
        assert!(reason(&document).contains(&format!(": {path}: expected ")), "{document}: {}", reason(&document));
    }
}

#[test]
fn one_pattern_fills_the_places_of_a_rule() {
    let captures = |pattern: &str| format!(r#"{{"attribute": "groups", "captures": "{pattern}"}}"#);
    let two = format!("[{}, {}]", captures("a-{role}"), captures("b-{account}"));
    assert!(reason(&with(&two, "")).contains("at most one captures"));
}

#[test]
fn rules_of_one_name_and_keys_given_twice_are_refused() {
    let rule = format!(r#"{{"name": "readers", "when": {GROUPS}, "roles": "{READER}"}}"#);
    assert!(
        reason(&format!(r#"{{"version": 1, "rules": [{rule}, {rule}]}}"#)).contains("a name that no other rule has")
    );
    let twice = with(GROUPS, r#", "aws_attributes": "ignore", "aws_attributes": "merge""#);
    assert!(matches!(Mapping::parse(&twice), Err(MappingDocumentError::Json(_))));
}

#[test]
fn documents_are_bounded() {
    let rule = format!(r#"{{"when": {GROUPS}, "roles": "{READER}"}}"#);
    let of = |count: usize| format!(r#"{{"version": 1, "rules": [{}]}}"#, vec![rule.as_str(); count].join(","));
    assert!(Mapping::parse(&of(1000)).is_ok());
    assert!(reason(&of(1001)).contains("rules: expected a list of 1 to 1000 rules"));
    let long = with(GROUPS, &" ".repeat(262_144));
    assert!(matches!(Mapping::parse(&long), Err(MappingDocumentError::Json(_))));
}

#[test]
fn oddities_are_found() {
    let found = |document: &str| -> Vec<String> {
        let mapping = Mapping::parse(document).expect(document);
        mapping.findings().into_iter().map(|finding| finding.to_string()).collect()
    };
    let named = r#", "session_name": {"from": "email"}"#;
    assert!(found(&with(GROUPS, named)).is_empty());
    for (document, problem) in [
        (with(GROUPS, ""), "session_name is missing"),
        (with(r#"{"attribute": "groups", "matches": "*"}"#, named), "rule 1 gives its roles to everyone"),
        (with(GROUPS, &format!(r#", "separators": {{"group": ";"}}{named}"#)), "separators: nothing reads group"),
        (with(r#"{"attribute": "groups", "captures": "AWS-{account}-x"}"#, named), "not every role is in the account"),
        (
            with(r#"{"attribute": "groups", "captures": "AWS-{role}-x"}"#, named).replace("PhotoReader", "{role}"),
            "{role} ends at the first '-'",
        ),
        (
            with(r#"{"attribute": "groups", "captures": "{role}"}"#, named).replace("PhotoReader", "{role}"),
            "any group may name a role",
        ),
        (with(GROUPS, named).replace(&format!("\"{READER}\""), &format!("[\"{READER}\", \"{READER}\"]")), "twice"),
    ] {
        let all = found(&document);
        assert!(all.len() == 1 && all.iter().all(|one| one.contains(problem)), "{document}: {all:?}");
    }
    let rule = format!(r#"{{"when": {GROUPS}, "roles": "{READER}"}}"#);
    let needless = format!(r#"{{"version": 1, "rules": [{rule}, {rule}]{named}}}"#);
    assert_eq!(found(&needless), ["line 1, column 131: rule 2 gives nothing that rule 1 does not give"]);
}
