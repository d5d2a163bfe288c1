//! One statement of a policy, compiled.

use super::action::{Action, ActionElement};
use super::condition::Condition;
use super::keys::KeyName;
use super::principal::{Grant, PrincipalElement};
use super::request::Request;
use super::resource::ResourceElement;
use crate::json::Position;

/// What a statement does when it applies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[expect(clippy::exhaustive_enums, reason = "the language has two effects")]
pub enum Effect {
    /// It allows.
    Allow,
    /// It denies, whatever else allows.
    Deny,
}

/// One statement: it applies when its action, resource, principal and every condition match.
#[derive(Clone, Debug)]
pub(super) struct Statement {
    pub(super) sid: Option<Box<str>>,
    /// Its place in the document, from 1.
    pub(super) number: usize,
    /// The place after what precedes it in its list; after its own brace where there is no list.
    pub(super) follows: Position,
    pub(super) at: Position,
    /// The place after its closing brace.
    pub(super) end: Position,
    pub(super) effect: Effect,
    /// None in kinds of policy that speak for whom they are attached to.
    pub(super) principal: Option<PrincipalElement>,
    pub(super) actions: ActionElement,
    /// None in kinds of policy that speak of what they are attached to.
    pub(super) resources: Option<ResourceElement>,
    pub(super) conditions: Box<[Condition]>,
}

impl Statement {
    /// How the statement applies to a request whose action it matches.
    pub(super) fn applies(&self, request: &Request<'_>, bounded: bool) -> Option<Grant> {
        if !self.reaches(request) {
            return None;
        }
        let grant = self.grant(request, bounded)?;
        self.conditions.iter().all(|condition| condition.holds(request.keys())).then_some(grant)
    }

    /// Whether the resource of the request is among those of the statement.
    ///
    /// A variable without a value names no resource. Excluding nothing must not widen what a statement allows, so
    /// `NotResource` with such a variable allows nothing, and denies everything its other values do not exclude.
    pub(super) fn reaches(&self, request: &Request<'_>) -> bool {
        self.resources.as_ref().is_none_or(|element| {
            let unsettled = element.negated && self.effect == Effect::Allow && !element.is_settled(request.keys());
            !unsettled && element.matches(request.resource(), request.keys())
        })
    }

    /// How the statement names the principal of the request.
    pub(super) fn grant(&self, request: &Request<'_>, bounded: bool) -> Option<Grant> {
        match &self.principal {
            None => Some(Grant::Direct),
            // A denial with NotPrincipal reaches every principal that has a permissions boundary, named or not.
            Some(element) if element.negated && self.effect == Effect::Deny => {
                let spared = !bounded && element.names_itself(request.principal(), request.keys());
                (!spared).then_some(Grant::Direct)
            }
            Some(element) => element.grant(request.principal(), request.keys()),
        }
    }

    /// The condition keys it reads.
    pub(super) fn keys(&self) -> impl Iterator<Item = &KeyName> {
        let resources = self.resources.iter().flat_map(ResourceElement::keys);
        resources.chain(self.conditions.iter().flat_map(Condition::keys))
    }

    pub(super) fn matches_action(&self, action: &Action) -> bool {
        self.actions.matches(action)
    }

    /// How people refer to it: its sid, or its number.
    pub(super) fn label(&self) -> String {
        self.sid.as_ref().map_or_else(|| self.number.to_string(), ToString::to_string)
    }
}
