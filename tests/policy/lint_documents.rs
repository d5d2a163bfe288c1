//! The policies that this project shows people have nothing in them that a reviewer would point at.

use std::fs;
use std::path::Path;

use daypass::policy::lint::{self, Finding};
use daypass::policy::{Kind, Policy};
use proptest::prelude::*;

use super::lint::lints;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

fn read(path: &str) -> String {
    fs::read_to_string(Path::new(ROOT).join(path)).unwrap()
}

/// The objects of a text that start with `opening`, by their braces.
fn objects(text: &str, opening: &str) -> Vec<String> {
    let starts = text.match_indices(opening).map(|(at, _)| &text[at..]);
    let ends = starts.map(|rest| {
        let mut depth = 0;
        let end = rest.char_indices().find(|(_, character)| {
            depth += i32::from(*character == '{') - i32::from(*character == '}');
            depth == 0
        });
        rest[..=end.unwrap().0].to_owned()
    });
    ends.collect()
}

fn warnings(text: &str, kind: Kind) -> Vec<Finding> {
    let policy = Policy::parse(text, kind).unwrap_or_else(|error| panic!("{text}: {}", error.reason()));
    let findings = lint::findings(&policy);
    findings.into_iter().filter(|finding| finding.lint.severity.is_warning()).collect()
}

/// Documents written out in code and prose, read as what they are.
fn clean(path: &str, text: &str) -> usize {
    let documents = objects(text, r#"{"Version""#);
    for document in &documents {
        let kind = match () {
            () if document.contains("sts:AssumeRoleWith") => Kind::Trust,
            () if document.contains("\"Principal\"") => Kind::Resource,
            () => Kind::Identity,
        };
        assert_eq!(lints(&warnings(document, kind)), [""; 0], "{path}: {document}");
    }
    documents.len()
}

#[test]
fn the_policies_of_the_readme_and_the_examples_are_clean() {
    let mut documents = clean("README.md", &read("README.md"));
    for entry in fs::read_dir(Path::new(ROOT).join("examples")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "rs") {
            documents += clean(&path.display().to_string(), &fs::read_to_string(&path).unwrap());
        }
    }
    assert!(documents >= 6, "{documents}");
}

#[test]
fn the_trust_policies_of_the_workload_presets_are_clean() {
    let text = read("src/identity/oidc/workload/mod.rs");
    let prose: Vec<_> = text.lines().filter_map(|line| line.strip_prefix("/// ")).collect();
    let statements = objects(&prose.join("\n"), r#"{"Effect""#);
    assert!(statements.len() >= 6, "{}", statements.len());
    for statement in statements {
        let document = format!(r#"{{"Version": "2012-10-17", "Statement": {statement}}}"#);
        let policy = Policy::parse(&document, Kind::Trust).unwrap();
        assert_eq!(lints(&lint::findings(&policy)), [""; 0], "{statement}");
    }
}

#[test]
fn the_bucket_policy_of_the_demo_is_clean_but_for_the_note_that_is_public() {
    let found = warnings(&read("demo-idp/assets/photos/bucket-policy.json"), Kind::Resource);
    assert_eq!(lints(&found), ["everyone-admitted"]);
}

/// The demo makes its documents in code: the statements as they come out of it.
#[test]
fn the_role_policies_of_the_demo_are_clean_but_for_the_administrators() {
    let text = read("demo-idp/src/demo/world.rs");
    for words in
        [r#""saml:aud": site.acs_url()"#, r#"format!("{issuer}:aud"): AUDIENCE"#, r#"format!("{issuer}:sub"): ["#]
    {
        assert!(text.contains(words), "the demo's trust policy has changed: {words}");
    }
    let trust = r#"{"Version": "2012-10-17", "Statement": [
        {"Sid": "SignedInWithSaml", "Effect": "Allow", "Action": ["sts:AssumeRoleWithSAML", "sts:TagSession"],
         "Principal": {"Federated": "arn:aws:iam::111111111111:saml-provider/demo"},
         "Condition": {"StringEquals": {"saml:aud": "http://127.0.0.1:8080/acs"}}},
        {"Sid": "BearsAnIdToken", "Effect": "Allow", "Action": "sts:AssumeRoleWithWebIdentity",
         "Principal": {"Federated": "arn:aws:iam::111111111111:oidc-provider/localhost:8081"},
         "Condition": {"StringEquals": {"localhost:8081:aud": "sts", "localhost:8081:sub": ["martha", "sam"]}}},
        {"Sid": "ComesFromAnotherRole", "Effect": "Allow", "Action": "sts:AssumeRole",
         "Principal": {"AWS": "arn:aws:iam::111111111111:role/PhotoReader"}}]}"#;
    assert_eq!(lints(&lint::findings(&Policy::parse(trust, Kind::Trust).unwrap())), [""; 0]);
    // What permissions the demo writes without names of its own.
    let permissions: Vec<_> =
        objects(&text, "{\n        \"Sid\"").into_iter().filter(|own| !own.contains("format!")).collect();
    assert!(permissions.len() >= 3, "{permissions:?}");
    for statement in permissions {
        let found = warnings(&format!(r#"{{"Version": "2012-10-17", "Statement": {statement}}}"#), Kind::Identity);
        let expected: &[&str] = match () {
            () if statement.contains("\"Everything\"") => &["allow-all"],
            () if statement.contains("\"ManageTheAccount\"") => {
                &["escalation", "every-role", "escalation", "every-role"]
            }
            () => &[],
        };
        assert_eq!(lints(&found), expected, "{statement}");
    }
}

fn words() -> impl Strategy<Value = String> {
    prop::sample::select(vec![
        "*",
        "repo:*",
        "repo:a/*",
        "repo:a/b:*",
        "project_path:",
        "system:serviceaccount:?",
        "spiffe://é/*",
        "a",
        "é*",
        "${*}",
        "${aws:username}",
        "",
        "arn:aws:s3:::a/*",
        "true",
        "organization:a:*",
    ])
    .prop_map(str::to_owned)
}

fn condition_blocks() -> impl Strategy<Value = serde_json::Value> {
    let operators = [
        "StringEquals",
        "StringLike",
        "StringNotLike",
        "StringEqualsIfExists",
        "ForAllValues:StringLike",
        "ForAnyValue:StringNotEquals",
    ];
    let keys = [
        "g.example:sub",
        "g.example:aud",
        "h.example:sub",
        "saml:aud",
        "aws:PrincipalTags/é",
        "aws:é",
        "é:",
        ":",
        "g.example",
    ];
    let texts = prop::collection::vec(words(), 0..3);
    let tests = prop::collection::btree_map(prop::sample::select(keys.to_vec()), texts, 0..3);
    prop::collection::btree_map(prop::sample::select(operators.to_vec()), tests, 0..4)
        .prop_map(|block| serde_json::json!(block))
}

fn statements() -> impl Strategy<Value = serde_json::Value> {
    let actions = prop::sample::select(vec![
        "sts:AssumeRoleWithWebIdentity",
        "sts:*",
        "sts:AssumeRoleWithSAML",
        "sts:TagSession",
    ]);
    let principals = prop::sample::select(vec![
        r#""*""#,
        r#"{"Federated":"arn:aws:iam::111111111111:oidc-provider/g.example"}"#,
        r#"{"Federated":["arn:aws:iam::111111111111:oidc-provider/G.example","arn:aws:iam::111111111111:saml-provider/a"]}"#,
        r#"{"AWS":["111111111111","arn:aws:iam::111111111111:role/*"],"Federated":"accounts.google.com"}"#,
    ]);
    (any::<bool>(), actions, principals, condition_blocks()).prop_map(|(allows, action, principal, block)| {
        let principal: serde_json::Value = serde_json::from_str(principal).unwrap();
        let effect = if allows { "Allow" } else { "Deny" };
        serde_json::json!({"Effect": effect, "Action": action, "Principal": principal, "Condition": block})
    })
}

proptest! {
    #[test]
    fn white_space_changes_places_and_nothing_else(statements in prop::collection::vec(statements(), 1..5), version in any::<bool>()) {
        let mut document = serde_json::json!({"Statement": statements});
        if version {
            document["Version"] = "2012-10-17".into();
        }
        let read = |text: &str| Policy::parse_within(text, Kind::Trust, 131_072).map(|policy| lint::findings(&policy));
        let (dense, airy) = (document.to_string(), serde_json::to_string_pretty(&document).unwrap());
        let (Ok(dense), Ok(airy)) = (read(&dense), read(&airy)) else {
            return Err(TestCaseError::fail(format!("not a policy: {airy}")));
        };
        let said = |findings: &[Finding]| findings.iter().map(|own| (own.lint.name, own.statement.clone(), own.problem.clone())).collect::<Vec<_>>();
        prop_assert_eq!(said(&dense), said(&airy));
        // Findings come in the order of the document, and point into it.
        prop_assert!(airy.is_sorted_by_key(|own| own.at));
    }
}
