//! What became of every rule, and where every value came from.

use std::fmt;

use super::Rule;
use super::condition::{self, Condition};
use crate::VerifiedIdentity;
use crate::arn::Arn;
use crate::session::{FederationRequest, SessionError};

/// An explained mapping.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MappingReport {
    /// Each rule that was asked, in the order of the document.
    pub rules: Vec<RuleReport>,
    /// Each value that was found.
    pub values: Vec<MappedValue>,
    /// What the identity is to become, or why nothing.
    pub request: Result<FederationRequest, SessionError>,
}

impl MappingReport {
    /// The names of the rules that give `role`; none where the provider lists it itself.
    pub fn rules_giving<'r>(&'r self, role: &'r Arn) -> impl Iterator<Item = &'r str> {
        self.rules.iter().filter(move |rule| rule.roles.contains(role)).map(|rule| rule.name.as_str())
    }
}

impl fmt::Display for MappingReport {
    /// Which rule gives what, and why the others give nothing, on one line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, rule) in self.rules.iter().enumerate() {
            let join = if index == 0 { "" } else { "; " };
            let roles: Vec<&str> = rule.roles.iter().map(Arn::as_str).collect();
            if roles.is_empty() {
                write!(f, "{join}{}: expected {}, found {}", rule.name, rule.expected, rule.found)?;
            } else {
                write!(f, "{join}{}: gives {}", rule.name, roles.join(" "))?;
            }
        }
        Ok(())
    }
}

/// What became of one rule.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct RuleReport {
    /// Its name, or `rule` and its number.
    pub name: String,
    /// The roles it gives; empty when it does not apply.
    pub roles: Vec<Arn>,
    /// The condition that does not hold; for a rule that applies, all of them.
    pub expected: String,
    /// What was found; empty when it applies.
    pub found: String,
}

impl RuleReport {
    pub(super) fn applied(rule: &Rule, roles: &[Arn]) -> Self {
        let conditions: Vec<String> = rule.when.iter().map(Condition::expected).collect();
        let found = if roles.is_empty() { "captured names that no role has".to_owned() } else { String::new() };
        Self { name: rule.name.clone(), roles: roles.to_vec(), expected: conditions.join(" and "), found }
    }

    pub(super) fn missed(rule: &Rule, condition: &Condition, values: &[&str], identity: &VerifiedIdentity) -> Self {
        let found = condition::found(values, identity);
        Self { name: rule.name.clone(), roles: Vec::new(), expected: condition.expected(), found }
    }
}

/// One value and where it came from.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct MappedValue {
    /// The field of the document, such as `session_name`.
    pub target: String,
    /// The attribute, or `the document` for a constant.
    pub from: String,
    /// The value, transformed.
    pub value: String,
}

/// What is kept while a mapping is applied: nothing, unless somebody wants a report.
#[derive(Debug, Default)]
pub(super) struct Trail(Option<(Vec<RuleReport>, Vec<MappedValue>)>);

impl Trail {
    pub(super) fn kept() -> Self {
        Self(Some(Default::default()))
    }

    pub(super) fn rule(&mut self, report: impl FnOnce() -> RuleReport) {
        if let Some((rules, _)) = &mut self.0 {
            rules.push(report());
        }
    }

    pub(super) fn value(&mut self, target: &str, from: &dyn fmt::Display, value: &str) {
        if let Some((_, values)) = &mut self.0 {
            values.push(MappedValue { target: target.to_owned(), from: from.to_string(), value: value.to_owned() });
        }
    }

    pub(super) fn report(self, request: Result<FederationRequest, SessionError>) -> MappingReport {
        let (rules, values) = self.0.unwrap_or_default();
        MappingReport { rules, values, request }
    }
}
