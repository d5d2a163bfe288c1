//! Which rules apply, and which roles they give.

use daypass::session::Mapping;
use serde_json::{Value, json};

use super::{EDITOR, READER, given, martha, of_groups, with_rules};

fn gives(when: &Value, identity: &daypass::VerifiedIdentity) -> bool {
    !given(&with_rules(&json!([{"when": when, "roles": READER}])), identity).is_empty()
}

#[test]
fn each_condition_asks_one_thing() {
    let groups = of_groups(&["Developers", "Support"]);
    for (when, holds) in [
        (json!({"attribute": "groups", "any_of": ["Admins", "Support"]}), true),
        (json!({"attribute": "groups", "any_of": "Admins"}), false),
        (json!({"attribute": "groups", "all_of": ["Developers", "Support"]}), true),
        (json!({"attribute": "groups", "all_of": ["Developers", "Admins"]}), false),
        (json!({"attribute": "groups", "matches": "Dev*"}), true),
        (json!({"attribute": "groups", "matches": ["Ops*", "*port"]}), true),
        (json!({"attribute": "groups", "matches": "Dev"}), false),
        (json!({"attribute": "Groups", "any_of": "Support"}), false),
        (json!({"attribute": "absent", "matches": "*"}), false),
        (json!({"attribute": "$subject", "any_of": "martha"}), true),
    ] {
        assert_eq!(gives(&when, &groups), holds, "{when}");
    }
}

#[test]
fn conditions_of_one_rule_must_all_hold() {
    let both = json!([{"attribute": "hd", "any_of": "example.com"}, {"attribute": "groups", "any_of": "Developers"}]);
    assert!(gives(&both, &martha(&[("hd", &["example.com"]), ("groups", &["Developers"])])));
    assert!(!gives(&both, &martha(&[("hd", &["example.org"]), ("groups", &["Developers"])])));
    assert!(!gives(&both, &of_groups(&["Developers"])));
}

#[test]
fn case_counts_unless_a_condition_says_otherwise() {
    let admins = of_groups(&["ADMINS"]);
    for test in ["any_of", "all_of", "matches"] {
        assert!(!gives(&json!({"attribute": "groups", test: "Admins"}), &admins), "{test}");
        assert!(gives(&json!({"attribute": "groups", test: "Admins", "ignore_case": true}), &admins), "{test}");
    }
    // Only ASCII: other letters have more than one notion of case.
    let greek = of_groups(&["ΣΑΣ"]);
    assert!(!gives(&json!({"attribute": "groups", "any_of": "σας", "ignore_case": true}), &greek));
}

#[test]
fn whoever_no_rule_speaks_of_gets_no_role() {
    let mapping = with_rules(&json!([{"when": {"attribute": "groups", "any_of": "Admins"}, "roles": READER}]));
    let request = mapping.apply(&of_groups(&["Developers"])).unwrap();
    assert_eq!(request.roles, Some(Vec::new()));
    assert!(given(&mapping, &of_groups(&[])).is_empty());
    assert!(given(&mapping, &martha(&[])).is_empty());
}

#[test]
fn every_rule_that_applies_gives_its_roles_once() {
    let mapping = with_rules(&json!([
        {"when": {"attribute": "groups", "any_of": "Developers"}, "roles": READER},
        {"when": {"attribute": "groups", "any_of": "Support"}, "roles": [READER, EDITOR]},
        {"when": {"attribute": "groups", "any_of": "Admins"}, "roles": "arn:aws:iam::111111111111:role/Admin"},
    ]));
    assert_eq!(given(&mapping, &of_groups(&["Support", "Developers"])), [READER, EDITOR]);
}

#[test]
fn the_shortest_length_of_the_rules_that_give_a_role_counts() {
    let mapping: Mapping = json!({"version": 1, "session_duration": 7200, "rules": [
        {"when": {"attribute": "groups", "any_of": "a"}, "roles": READER, "session_duration": 3600},
        {"when": {"attribute": "groups", "any_of": "b"}, "roles": READER, "session_duration": 1800},
        {"when": {"attribute": "groups", "any_of": "c"}, "roles": [READER, EDITOR]},
    ]})
    .to_string()
    .parse()
    .unwrap();
    let seconds = |groups: &[&str], role: &str| {
        let request = mapping.apply(&of_groups(groups)).unwrap();
        let provider = "arn:aws:iam::111111111111:saml-provider/corp".parse().unwrap();
        request.session_duration_of(&role.parse().unwrap(), &provider).unwrap().as_secs()
    };
    assert_eq!(seconds(&["a"], READER), 3600);
    assert_eq!(seconds(&["a", "b"], READER), 1800);
    assert_eq!(seconds(&["b", "c"], READER), 1800);
    assert_eq!(seconds(&["c"], READER), 7200);
    assert_eq!(seconds(&["b", "c"], EDITOR), 7200);
}

#[test]
fn group_names_become_roles_and_bring_nothing_else_into_an_arn() {
    let mapping = with_rules(&json!([{
        "when": {"attribute": "groups", "captures": "aws#*#{role}#{account}"},
        "roles": ["arn:aws:iam::{account}:role/{role}", "arn:aws:iam::{account}:role/team/{role}-audit"],
    }]));
    let groups = of_groups(&["aws#photos#Reader#111111111111", "aws#mail#Admin#222222222222", "Everyone"]);
    assert_eq!(
        given(&mapping, &groups),
        [
            "arn:aws:iam::111111111111:role/Reader",
            "arn:aws:iam::111111111111:role/team/Reader-audit",
            "arn:aws:iam::222222222222:role/Admin",
            "arn:aws:iam::222222222222:role/team/Admin-audit",
        ]
    );
    for group in [
        "aws#photos#team/Admin#111111111111",
        "aws#photos#Admin:role/x#111111111111",
        "aws#photos#{role}#111111111111",
        "aws#photos#*#111111111111",
        "aws#photos#Admin#{account}",
        "aws#photos#Admin#11111111111",
        "aws#photos#Admin#111111111111#x",
        "x aws#photos#Admin#111111111111",
        "aws#a#Guest#aws#b#Admin#111111111111",
    ] {
        assert!(given(&mapping, &of_groups(&[group])).is_empty(), "{group}");
    }
}

#[test]
fn a_provider_that_joins_its_groups_has_them_taken_apart() {
    let rules = json!([{"when": {"attribute": "groups", "any_of": "Developers"}, "roles": READER}]);
    let joined = of_groups(&["Support; Developers;;"]);
    assert!(given(&with_rules(&rules), &joined).is_empty());
    let mapping: Mapping =
        json!({"version": 1, "separators": {"groups": ";"}, "rules": rules}).to_string().parse().unwrap();
    assert_eq!(given(&mapping, &joined), [READER]);
}

#[test]
fn more_roles_than_an_assertion_may_list_are_refused() {
    let mapping = with_rules(&json!([{
        "when": {"attribute": "groups", "captures": "aws-{role}"}, "roles": "arn:aws:iam::111111111111:role/{role}"}]));
    let groups = |count: usize| {
        let names: Vec<String> = (0..count).map(|number| format!("aws-r{number}")).collect();
        of_groups(&names.iter().map(String::as_str).collect::<Vec<_>>())
    };
    assert_eq!(given(&mapping, &groups(200)).len(), 200);
    assert_eq!(super::refused(&mapping, &groups(201)).reason(), "expected at most 200 roles, found more");
}

#[test]
fn a_thousand_rules_about_thousands_of_groups_are_no_burden() {
    let rules: Vec<_> = (0..1000)
        .map(|number| json!({"when": {"attribute": "groups", "any_of": format!("g{number}")}, "roles": READER}))
        .collect();
    let names: Vec<String> = (500..3500).map(|number| format!("g{number}")).collect();
    let identity = of_groups(&names.iter().map(String::as_str).collect::<Vec<_>>());
    let report = with_rules(&json!(rules)).explain(&identity);
    assert_eq!(report.rules.iter().filter(|rule| rule.roles.is_empty()).count(), 500);
    // What is told of a rule does not grow with what was sent.
    assert!(report.rules.iter().all(|rule| rule.found.len() < 200), "{:?}", report.rules.first());
}

#[test]
fn a_report_says_why_each_rule_gives_or_does_not() {
    let mapping = with_rules(&json!([
        {"name": "readers", "when": {"attribute": "groups", "any_of": "Developers"}, "roles": READER},
        {"name": "editors", "when": {"attribute": "groups", "any_of": ["Editors", "Admins"]}, "roles": EDITOR},
        {"when": {"attribute": "memberOf", "matches": "*"}, "roles": EDITOR},
    ]));
    let report = mapping.explain(&of_groups(&["Developers", "Support"]));
    assert_eq!(report.rules_giving(&READER.parse().unwrap()).collect::<Vec<_>>(), ["readers"]);
    let told: Vec<_> = report.rules.iter().map(|rule| (&*rule.name, &*rule.expected, &*rule.found)).collect();
    assert_eq!(
        told,
        [
            ("readers", "groups to hold any of Developers", ""),
            ("editors", "groups to hold any of Admins, Editors", "Developers, Support"),
            ("rule 3", "memberOf to match *", "none; the provider sent groups"),
        ]
    );
}
