//! Policy documents. The input is a document and, behind a byte 0xff that none holds, a request one part a line: principal,
//! action, resource, then condition keys as `name=value` or, of a list, `name+=value`. The document is read as every kind
//! of policy. A finding: a document that a second reader of JSON refuses, another decision about the same document written
//! by that reader, an allowance that a denial of everything does not end, one by a document that allows nothing, a place
//! outside of the document, or an explanation that ends otherwise than the decision.

use std::collections::BTreeMap;

use daypass::policy::{
    Action, Explanation, Keys, Kind, Layers, Level, Outcome, Policy, Principal, Request, Resource, evaluate, lint,
};
use serde_json::Value;

use crate::judge::in_time;

const KINDS: [Kind; 7] = [
    Kind::Identity,
    Kind::Trust,
    Kind::Resource,
    Kind::Boundary,
    Kind::Session,
    Kind::ServiceControl,
    Kind::ResourceControl,
];
const EVERYTHING: &str = r#"{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#;
const NOTHING: &str = r#"{"Statement":{"Effect":"Deny","Action":"*","Resource":"*"}}"#;

struct Asked {
    principal: Principal,
    action: Action,
    resource: Resource,
    keys: Keys,
}

/// Reads the document in `data` as every kind, and asks it the request.
pub fn target(data: &[u8]) {
    let (document, request) = match data.iter().position(|byte| *byte == 0xff) {
        Some(at) => (&data[..at], &data[at + 1..]),
        None => (data, [].as_slice()),
    };
    let (Ok(document), Ok(request)) = (std::str::from_utf8(document), std::str::from_utf8(request)) else { return };
    let asked = asked(request);
    for kind in KINDS {
        let policy = match in_time(data, || Policy::parse(document, kind)) {
            Ok(policy) => policy,
            Err(error) => {
                let _ = (error.to_string(), error.reason(), error.code());
                continue;
            }
        };
        assert_eq!(policy.text(), document);
        assert!(policy.size() <= kind.quota(), "{kind}: over its quota");
        let mut seen = std::collections::HashSet::new();
        assert!(policy.context_keys().iter().all(|key| seen.insert(key.to_lowercase())), "a key is named twice");
        for finding in in_time(data, || lint::findings(&policy)) {
            let line = document.lines().nth(finding.at.line as usize - 1).expect("a line of the document");
            assert!(finding.at.column as usize <= line.chars().count() + 1, "{finding}");
        }
        judge(data, &policy, &asked);
    }
}

fn judge(data: &[u8], policy: &Policy, asked: &Asked) {
    let told = in_time(data, || decide(policy, asked, None));
    let document: Value = match serde_json::from_str(policy.text()) {
        Ok(document) => document,
        // Its numbers are floats, ours are text.
        Err(error) => return assert!(error.to_string().contains("number out of range"), "{error}"),
    };
    // The other kinds leave it to the identity policy of the harness: resource and resource control policies may say nothing.
    let must_allow = matches!(policy.kind(), Kind::Identity | Kind::Boundary | Kind::Session | Kind::ServiceControl);
    let allows = !must_allow || statements(&document).any(|own| own["Effect"] == "Allow");
    assert!(allows || told.outcome != Outcome::Allow || is_exempt(asked), "allowed by a document that allows nothing");
    let denied = decide(policy, asked, Some(NOTHING));
    assert!(is_exempt(asked) || denied.outcome == Outcome::ExplicitDeny, "a denial of everything was passed over");
    // The same document in other words; a number may be written in several ways, and each is another text.
    if !has_number(&document)
        && let Ok(rewritten) = Policy::parse_within(&document.to_string(), policy.kind(), usize::MAX)
    {
        assert_eq!(decide(&rewritten, asked, None).outcome, told.outcome, "white space or order decides");
    }
}

/// What the document decides in the layer of its kind, beside an identity policy that allows everything.
fn decide(policy: &Policy, asked: &Asked, denying: Option<&str>) -> Explanation {
    let parse = |text: &str| Policy::parse(text, Kind::Identity).expect("a policy of the harness");
    let (own, levels) = (std::slice::from_ref(policy), [Level::new("level", vec![policy.clone()])]);
    let mut identity = vec![parse(EVERYTHING)];
    if policy.kind() == Kind::Identity {
        identity = own.to_vec();
    }
    identity.extend(denying.map(parse));
    let layers = Layers::new(&identity);
    let layers = match policy.kind() {
        Kind::Trust | Kind::Resource => layers.with_resource(policy),
        Kind::Boundary => layers.with_boundary(own),
        Kind::Session => layers.with_session(own),
        Kind::ServiceControl => layers.with_service_control(&levels),
        Kind::ResourceControl => layers.with_resource_control(&levels),
        _ => layers,
    };
    let evaluation = evaluate(&layers, &Request::new(&asked.principal, &asked.action, &asked.resource, &asked.keys));
    let told = evaluation.explain();
    assert_eq!(told.outcome, evaluation.outcome(), "explaining changed the outcome");
    assert!(!told.reason.is_empty());
    assert_eq!(
        evaluation.statement().is_some_and(|own| told.reason.starts_with(&own.to_string())),
        evaluation.statement().is_some()
    );
    told
}

fn is_exempt(asked: &Asked) -> bool {
    asked.action.as_str().eq_ignore_ascii_case("sts:GetCallerIdentity")
}

fn statements(document: &Value) -> Box<dyn Iterator<Item = &Value> + '_> {
    match &document["Statement"] {
        Value::Array(statements) => Box::new(statements.iter()),
        one => Box::new(std::iter::once(one)),
    }
}

fn has_number(value: &Value) -> bool {
    match value {
        Value::Number(_) => true,
        Value::Array(values) => values.iter().any(has_number),
        Value::Object(members) => members.values().any(has_number),
        Value::Null | Value::Bool(_) | Value::String(_) => false,
    }
}

fn asked(text: &str) -> Asked {
    let mut lines = text.lines();
    let principal = lines.next().and_then(|line| Principal::from_arn(line.parse().ok()?).ok());
    let martha = || Principal::User { arn: "arn:aws:iam::111111111111:user/martha".parse().expect("an ARN") };
    let action = lines.next().and_then(|line| line.parse().ok());
    let resource = lines.next().and_then(|line| line.parse().ok());
    let (mut keys, mut lists) = (Keys::new(), BTreeMap::<&str, Vec<&str>>::new());
    for (name, value) in lines.filter_map(|line| line.split_once('=')) {
        match name.strip_suffix('+') {
            Some(name) => lists.entry(name).or_default().push(value),
            None => keys.set(name, value),
        }
    }
    lists.into_iter().for_each(|(name, values)| keys.set_list(name, values));
    Asked {
        // The root user needs no policy.
        principal: principal.filter(|own| !matches!(own, Principal::Root { .. })).unwrap_or_else(martha),
        action: action.unwrap_or_else(|| "s3:GetObject".parse().expect("an action")),
        resource: resource.unwrap_or_else(|| "arn:aws:s3:::photos/cats/1.svg".parse().expect("an ARN")),
        keys,
    }
}
