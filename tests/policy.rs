//! The policy language, through its public API.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "the lints know test functions, not the helpers beside them"
)]
#![expect(clippy::too_many_lines, reason = "a table reads best whole")]

#[path = "policy/attacks.rs"]
mod attacks;
#[path = "policy/documents.rs"]
mod documents;
#[path = "policy/explanations.rs"]
mod explanations;
#[path = "policy/layers.rs"]
mod layers;
#[path = "policy/lint.rs"]
mod lint;
#[path = "policy/lint_documents.rs"]
mod lint_documents;
#[path = "policy/lint_scope.rs"]
mod lint_scope;
#[path = "policy/matching.rs"]
mod matching;
#[path = "policy/matrix.rs"]
mod matrix;
#[path = "policy/operators.rs"]
mod operators;
#[path = "policy/principals.rs"]
mod principals;
#[path = "policy/properties.rs"]
mod properties;
#[path = "policy/reference.rs"]
mod reference;
#[path = "policy/sentences.rs"]
mod sentences;

use daypass::policy::{Action, Keys, Kind, Layers, Outcome, Policy, Principal, Request, Resource, evaluate};

pub(crate) const USER: &str = "arn:aws:iam::111111111111:user/martha";
pub(crate) const BUCKET: &str = "arn:aws:s3:::photos";
pub(crate) const OBJECT: &str = "arn:aws:s3:::photos/cats/1.svg";

/// A document of version 2012-10-17 around some statements.
pub(crate) fn document(statements: &str) -> String {
    format!(r#"{{"Version":"2012-10-17","Statement":[{statements}]}}"#)
}

pub(crate) fn policy(kind: Kind, statements: &str) -> Policy {
    Policy::parse_within(&document(statements), kind, 131_072)
        .unwrap_or_else(|e| panic!("{statements}: {}", e.reason()))
}

pub(crate) fn principal(arn: &str) -> Principal {
    Principal::from_arn(arn.parse().unwrap()).unwrap()
}

/// What these layers say of one request.
pub(crate) fn decide(layers: &Layers<'_>, who: &Principal, action: &str, resource: &str, keys: &Keys) -> Outcome {
    let action: Action = action.parse().unwrap();
    let resource: Resource = resource.parse().unwrap();
    evaluate(layers, &Request::new(who, &action, &resource, keys)).outcome()
}

/// What identity policies with these statements let a user of theirs do.
pub(crate) fn identity(statements: &str, action: &str, resource: &str, keys: &Keys) -> Outcome {
    let policies = [policy(Kind::Identity, statements)];
    decide(&Layers::new(&policies), &principal(USER), action, resource, keys)
}

/// Whether a condition block holds.
pub(crate) fn holds(condition: &str, keys: &Keys) -> bool {
    let statement = format!(r#"{{"Effect":"Allow","Action":"*","Resource":"*","Condition":{condition}}}"#);
    identity(&statement, "s3:GetObject", OBJECT, keys) == Outcome::Allow
}
