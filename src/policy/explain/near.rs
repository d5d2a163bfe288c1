//! Statements that came near to allowing, and the part of each that did not match.

use std::collections::HashSet;

use super::Part;
use crate::explain::Evidence;
use crate::policy::condition::Condition;
use crate::policy::evaluate::{Decider, Evaluation, MatchedStatement};
use crate::policy::layers::Layer;
use crate::policy::lint::view::{Element, either};
use crate::policy::parse;
use crate::policy::pattern::Pattern;
use crate::policy::resource::{ResourceElement, ResourcePattern};
use crate::policy::statement::{Effect, Statement};

/// How many values of an element are told.
const MOST_VALUES: usize = 4;
const NAMES_NOTHING: &str =
    ", which names nothing: an ARN has six parts, and no wildcards in its service and its resource type";
const SOME_NAME_NOTHING: &str =
    ", some of which name nothing: an ARN has six parts, and no wildcards in its service and its resource type";

/// A statement that allows something, and what kept it from allowing this.
pub(super) struct Near<'a> {
    pub(super) matched: MatchedStatement<'a>,
    pub(super) part: Part,
    /// The conditions that do not hold, where that is what kept it.
    pub(super) failing: Vec<&'a Condition>,
}

impl Near<'_> {
    /// How near it came, from far to near.
    fn rank(&self) -> (u8, std::cmp::Reverse<usize>) {
        let part = match self.part {
            Part::Action => 0,
            Part::Principal => 1,
            Part::Resource => 2,
            Part::Condition => 3,
        };
        (part, std::cmp::Reverse(self.failing.len()))
    }
}

impl<'a> Evaluation<'a> {
    /// The statements of the silent layer that came near, the nearest first.
    pub(super) fn near(&self) -> Vec<Near<'a>> {
        let Decider::Silence(layer, level) = self.decider else { return Vec::new() };
        // Within an account either the identity policies or the resource policy could have allowed.
        let asked = |own: Layer| own == layer || (layer == Layer::Identity && own == Layer::Resource);
        let present = self.layers.present().filter(|(own, name, _)| asked(*own) && *name == level);
        let policies = present.flat_map(|(layer, _, policies)| policies.iter().map(move |policy| (layer, policy)));
        let mut near = Vec::new();
        for (layer, policy) in policies {
            let allowing = policy.statements().iter().filter(|own| own.effect == Effect::Allow);
            near.extend(allowing.filter_map(|statement| self.miss(MatchedStatement { layer, policy, statement })));
        }
        near.sort_by_key(|own| std::cmp::Reverse(own.rank()));
        near
    }

    fn miss(&self, matched: MatchedStatement<'a>) -> Option<Near<'a>> {
        let (statement, request) = (matched.statement, &self.request);
        let near = |part, failing| Some(Near { matched, part, failing });
        let named = statement.grant(request, self.layers.boundary.is_some()).is_some();
        let reached = statement.reaches(request);
        let failing: Vec<_> = statement.conditions.iter().filter(|own| !own.holds(request.keys())).collect();
        if !statement.matches_action(request.action()) {
            // Whoever may do other things of the same service to the same resource has left one out.
            let close = statement.actions.is_of(request.action().service()) && named && reached && failing.is_empty();
            return if close { near(Part::Action, Vec::new()) } else { None };
        }
        match (named, reached) {
            (false, _) => near(Part::Principal, Vec::new()),
            (true, false) => near(Part::Resource, Vec::new()),
            // One that applies names the account, which leaves the decision to identity policies.
            (true, true) if failing.is_empty() => None,
            (true, true) => near(Part::Condition, failing),
        }
    }

    /// What would have matched, and what was there.
    pub(super) fn evidence(&self, near: &Near<'_>) -> Evidence {
        let request = &self.request;
        match (near.part, near.failing.first()) {
            (Part::Action, _) => Evidence::new(written(near.matched, Part::Action), request.action()),
            (Part::Principal, _) => Evidence::new(written(near.matched, Part::Principal), request.principal()),
            (Part::Resource, _) => {
                let resources = near.matched.statement.resources.as_ref();
                let filled = resources.map(|own| self.filled(own)).unwrap_or_default();
                let names = written(near.matched, Part::Resource);
                let nothing = resources.map(naming_nothing).unwrap_or_default();
                Evidence::new(format_args!("{names}{filled}{nothing}"), request.resource())
            }
            (Part::Condition, Some(condition)) => Evidence::new(condition.wanted(), condition.found(request.keys())),
            (Part::Condition, None) => Evidence::default(),
        }
    }

    /// What stands for the variables of a resource element.
    fn filled(&self, element: &ResourceElement) -> String {
        let keys = self.request.keys();
        let (mut seen, mut told) = (HashSet::new(), Vec::new());
        for variable in element.texts().flat_map(Pattern::variables) {
            let name = variable.key();
            let text = match variable.value(keys) {
                Some(value) => format!("{name} is {value:?}"),
                None => format!("{name} has no single value"),
            };
            if seen.insert(text.clone()) {
                told.push(text);
            }
        }
        if told.is_empty() { String::new() } else { format!(", where {}", told.join(" and ")) }
    }
}

/// That values which look as if they matched name nothing.
fn naming_nothing(element: &ResourceElement) -> &'static str {
    let is_nothing = |pattern: &ResourcePattern| matches!(pattern, ResourcePattern::Nothing);
    let count = element.patterns.iter().filter(|pattern| is_nothing(pattern)).count();
    match count {
        0 => "",
        _ if count == element.patterns.len() => NAMES_NOTHING,
        _ => SOME_NAME_NOTHING,
    }
}

/// The values of one element of a statement as they are written: `"s3:GetObject" or "s3:PutObject"`.
pub(super) fn written(matched: MatchedStatement<'_>, part: Part) -> String {
    let (positive, negative) = match part {
        Part::Action => ("Action", "NotAction"),
        Part::Principal => ("Principal", "NotPrincipal"),
        Part::Resource => ("Resource", "NotResource"),
        Part::Condition => return String::new(),
    };
    // That text was read as JSON once before, when the policy was compiled.
    let text = matched.policy.text();
    let (start, end) = (matched.statement.at.offset(text), matched.statement.end.offset(text));
    let text = start.zip(end).and_then(|(start, end)| text.get(start..end)).unwrap_or_default();
    let Ok(statement) = parse::tree(text) else { return String::new() };
    either(&statement, positive, negative).as_ref().map(values).unwrap_or_default()
}

fn values(element: &Element<'_>) -> String {
    let shown: Vec<_> = element.texts.iter().take(MOST_VALUES).map(|own| format!("{:?}", own.text)).collect();
    let more = match element.texts.len().saturating_sub(MOST_VALUES) {
        0 => String::new(),
        count => format!(" or {count} more"),
    };
    let but = if element.name.starts_with("Not") { "anything but " } else { "" };
    format!("{but}{}{more}", shown.join(" or "))
}

/// What a statement that denies spares, element by element.
pub(super) fn spared(matched: MatchedStatement<'_>, bounded: bool) -> Vec<String> {
    let Statement { actions, resources, principal, .. } = matched.statement;
    let mut told = Vec::new();
    if actions.negated {
        told.push(format!("NotAction is {}", written(matched, Part::Action)));
    }
    if resources.as_ref().is_some_and(|own| own.negated) {
        told.push(format!("NotResource is {}", written(matched, Part::Resource)));
    }
    if principal.as_ref().is_some_and(|own| own.negated) {
        let nobody = if bounded { ", and it spares nobody who has a permissions boundary" } else { "" };
        told.push(format!("NotPrincipal is {}{nobody}", written(matched, Part::Principal)));
    }
    told
}
