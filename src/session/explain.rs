//! Why a caller may assume a role, or may not: both sides asked, each with its statements and conditions.

use serde::Serialize;

use super::rules;
use crate::explain::{Check, Evidence, Listener, Report, Rule};
use crate::policy::{Explanation, Outcome};

/// The answer to "why may I not assume this role?".
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct AssumeReport {
    /// Who asks.
    pub caller: String,
    /// The role.
    pub role: String,
    /// Whether the call would succeed.
    pub allowed: bool,
    /// The smallest fact that is in the way, in one sentence; empty when nothing is.
    pub blocked_by: String,
    /// What the call needs, one by one.
    pub actions: Vec<ActionReport>,
    /// The rules of the call in their order; what was not asked of it, or comes after the one that fails, is not reached.
    pub checks: Vec<Check>,
}

/// One action that the call needs: assuming the role, and setting tags, the source identity or a context where that is asked
/// for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ActionReport {
    /// The action, such as `sts:AssumeRole`.
    pub action: &'static str,
    /// The caller's side: every policy that speaks for or limits the caller, with the trust policy.
    pub caller: Explanation,
    /// The role's side: its trust policy alone.
    pub trust: Explanation,
}

impl ActionReport {
    pub(super) fn new(action: &'static str, caller: Explanation, trust: Explanation) -> Self {
        Self { action, caller, trust }
    }

    /// The sentence of the side that does not allow.
    fn blocked_by(&self) -> Option<String> {
        // The role's side first: where it is silent the other side says no more than that.
        let sides = [("the trust policy of the role", &self.trust), ("the caller's side", &self.caller)];
        let blocking = sides.into_iter().find(|(_, side)| side.outcome != Outcome::Allow);
        blocking.map(|(name, side)| format!("{} is {} by {name}: {}", self.action, side.outcome, side.reason))
    }
}

impl AssumeReport {
    /// What is said of a `(caller, role)` whose call provides a context that is refused, before any policy is asked.
    pub(crate) fn without_context((caller, role): (String, String), expected: &str, refusal: String) -> Self {
        let mut heard = Report::new();
        heard.failed(&rules::CONTEXT, || Evidence::new(expected, &refusal));
        Self::new(caller, role, Some(refusal), Vec::new()).with_checks(heard, &rules::OF_CALLERS)
    }

    pub(super) fn new(caller: String, role: String, refusal: Option<String>, actions: Vec<ActionReport>) -> Self {
        let blocked = actions.iter().find_map(ActionReport::blocked_by).or(refusal);
        let (allowed, blocked_by) = (blocked.is_none(), blocked.unwrap_or_default());
        Self { caller, role, allowed, blocked_by, actions, checks: Vec::new() }
    }

    /// The same with what was heard of `asked`, the rules of such a call.
    pub(super) fn with_checks(self, heard: Report, asked: &[&'static Rule]) -> Self {
        let mut checks = heard.finish(asked);
        let place = |check: &Check| asked.iter().position(|rule| rule.name == check.name);
        checks.sort_by_key(|check| place(check).unwrap_or(asked.len()));
        Self { checks, ..self }
    }
}
