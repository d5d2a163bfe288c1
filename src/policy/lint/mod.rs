//! What a reviewer looks for in a policy that is valid: wildcards that let strangers in, statements that never apply.
//!
//! Enters: a compiled [`Policy`]. Leaves: [`Finding`]s in the order of the document, each with its [`Lint`], its place,
//! what is wrong there and what to write instead. A finding is an opinion on the text: decisions never depend on one.
//!
//! Nothing is asked of an account, a clock or a list of services, so what only they could tell is not found. Time grows
//! with the length of the document; comparisons of one statement with another stop at a fixed amount of work.
//!
//! ```
//! use daypass::policy::{Kind, Policy, lint};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let trust = r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "sts:AssumeRoleWithWebIdentity",
//!     "Principal": {"Federated": "arn:aws:iam::111111111111:oidc-provider/token.actions.githubusercontent.com"},
//!     "Condition": {"StringLike": {"token.actions.githubusercontent.com:sub": "repo:octo-org/*"},
//!         "StringEquals": {"token.actions.githubusercontent.com:aud": "sts.amazonaws.com"}}}}"#;
//! let findings = lint::findings(&Policy::parse(trust, Kind::Trust)?);
//! let [found] = findings.as_slice() else { return Err("one finding".into()) };
//! assert_eq!((found.lint.name, found.at.line), ("subject-wildcard", 3));
//! assert_eq!(found.problem, "StringLike on token.actions.githubusercontent.com:sub takes \"repo:octo-org/*\": \
//!     every repository of octo-org, with all its branches and pull requests");
//! # Ok(()) }
//! ```

mod callers;
mod conditions;
mod grants;
mod known;
mod lints;
mod network;
mod principals;
mod reach;
mod report;
mod subject;
mod trust;
pub(super) mod view;

pub use lints::{ALL, Lint, Severity};
pub use report::Finding;

use self::report::Report;
use self::view::Document;
use super::{Policy, parse};

/// What there is to say of a policy, in the order of the document.
#[must_use]
pub fn findings(policy: &Policy) -> Vec<Finding> {
    // The text was read as JSON once before, when the policy was compiled.
    let Ok(root) = parse::tree(policy.text()) else { return Vec::new() };
    let document = Document::new(policy, &root);
    let mut report = Report::default();
    conditions::version(&document, &mut report);
    for statement in &document.statements {
        trust::look(statement, &mut report);
        principals::look(statement, &mut report);
        grants::look(statement, &mut report);
        conditions::look(statement, document.variables, &mut report);
        network::look(statement, &mut report);
    }
    reach::look(&document.statements, &mut report);
    report.into_findings()
}
