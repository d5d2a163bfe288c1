//! Why a request ended as it did: computed when somebody asks, never on the way to the decision.

mod near;
mod reason;

use std::collections::HashMap;

use serde::Serialize;

use self::near::Near;
use super::condition::Condition;
use super::document::Policy;
use super::evaluate::{Decider, Evaluation, MatchedStatement, Outcome, reaches};
use super::layers::Layer;
use super::statement::{Effect, Statement};
use crate::explain::Evidence;
use crate::json::Position;

/// How many statements that came near are told; a document can hold hundreds.
const MOST_NEAR_MISSES: usize = 8;

/// The whole story of one decision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Explanation {
    /// How it ended.
    pub outcome: Outcome,
    /// The smallest fact that decided, in one sentence.
    pub reason: String,
    /// Of a denial: what would have ended it otherwise, and what was there instead.
    #[serde(flatten, serialize_with = "both")]
    pub evidence: Evidence,
    /// Of an implicit denial: the layer that had to allow and did not.
    pub silent: Option<SilentLayer>,
    /// Of an implicit denial: the statements of that layer that came near to allowing, the nearest first.
    ///
    /// At most eight. Within an account the resource policy could have allowed in the place of identity policies, so
    /// its statements are among theirs.
    pub near_misses: Vec<NearMiss>,
    /// The statements that decided: those that deny, or those that allow.
    pub deciding: Vec<StatementReport>,
    /// The verdict of every layer that has a say, in the order they are asked.
    pub layers: Vec<LayerReport>,
    /// The condition keys that statements about this action read.
    pub keys: Vec<KeyReport>,
}

/// A layer, or one level of it, in which no statement allows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct SilentLayer {
    /// The layer.
    pub layer: Layer,
    /// The level of the organisation, where the layer has levels.
    pub level: Option<String>,
}

/// A statement that allows, and would have allowed this but for one part of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct NearMiss {
    /// The statement, with the conditions that did not hold.
    #[serde(flatten)]
    pub statement: StatementReport,
    /// The part of it that did not match.
    pub part: Part,
    /// What would have matched; of several conditions the first one's.
    pub expected: String,
    /// What the request held.
    pub found: String,
}

/// A part of a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Part {
    /// `Action` or `NotAction`.
    Action,
    /// `Principal` or `NotPrincipal`.
    Principal,
    /// `Resource` or `NotResource`.
    Resource,
    /// `Condition`.
    Condition,
}

/// One statement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct StatementReport {
    /// The part its policy plays.
    pub layer: Layer,
    /// The name of its policy.
    pub policy: String,
    /// Its sid, or its number from 1.
    pub statement: String,
    /// Its effect.
    pub effect: Effect,
    /// The line where it starts, from 1.
    pub line: u32,
    /// The column where it starts, from 1: that of its opening brace.
    pub column: u32,
    /// The line where it ends, from 1.
    pub end_line: u32,
    /// The column after its closing brace, from 1.
    pub end_column: u32,
    /// Where the cloud says that it starts: the line and column after what precedes it in its list, before any comma and
    /// white space; after its opening brace where there is no list.
    #[serde(skip)]
    pub follows: Position,
    /// Its conditions: those that held of a statement that applies, those that did not of one that came near.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<ConditionReport>,
}

/// One key under one condition operator.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ConditionReport {
    /// The operator with its qualifier and suffix.
    pub operator: String,
    /// The condition key as the policy writes it.
    pub key: String,
    /// What makes the condition hold.
    pub expected: String,
    /// What the request held.
    pub found: String,
    /// The line where the key stands, from 1.
    pub line: u32,
    /// The column where the key stands, from 1.
    pub column: u32,
}

/// One layer, or one level of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct LayerReport {
    /// The layer.
    pub layer: Layer,
    /// The level of the organisation, where the layer has levels.
    pub level: Option<String>,
    /// Its own verdict; the decision joins them.
    pub outcome: Outcome,
    /// The statements that apply.
    pub statements: Vec<StatementReport>,
}

/// One condition key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct KeyReport {
    /// Its name, as a policy writes it.
    pub name: String,
    /// Its values in the request; empty when it is absent.
    pub values: Vec<String>,
    /// Whether control policies of an organisation alone read it.
    #[serde(skip)]
    pub control_only: bool,
}

impl Evaluation<'_> {
    /// Goes over the request again and says why it ended so.
    #[must_use]
    pub fn explain(&self) -> Explanation {
        let layers: Vec<_> = self.reports();
        let wanted = match self.outcome {
            Outcome::Allow => Some(Effect::Allow),
            Outcome::ExplicitDeny => Some(Effect::Deny),
            Outcome::ImplicitDeny => None,
        };
        let decides = |layer| wanted == Some(Effect::Deny) || matches!(layer, Layer::Resource | Layer::Identity);
        let exempt = matches!(self.decider, Decider::Exempt);
        let deciding = layers.iter().filter(|report| !exempt && decides(report.layer));
        let deciding = deciding.flat_map(|report| report.statements.iter().cloned());
        let deciding = deciding.filter(|statement| Some(statement.effect) == wanted).collect();
        let near = self.near();
        let (reason, evidence) = self.reason(near.first());
        Explanation {
            outcome: self.outcome,
            reason,
            evidence,
            silent: match self.decider {
                Decider::Silence(layer, level) => Some(SilentLayer { layer, level: level.map(str::to_owned) }),
                _ => None,
            },
            near_misses: near.iter().take(MOST_NEAR_MISSES).map(|own| self.near_miss(own)).collect(),
            deciding,
            layers,
            keys: self.keys_read(),
        }
    }

    fn reports(&self) -> Vec<LayerReport> {
        let principal = self.request.principal();
        let present = self.layers.present().filter(|(layer, _, policies)| {
            // Who belongs to no account has no policies, and an empty list of them is silent about nobody.
            let has_say = *layer != Layer::Identity || principal.account().is_some() || !policies.is_empty();
            has_say && reaches(*layer, principal) && (!self.trust_only || *layer == Layer::Resource)
        });
        present.map(|(layer, level, policies)| self.report(layer, level, policies)).collect()
    }

    fn report(&self, layer: Layer, level: Option<&str>, policies: &[Policy]) -> LayerReport {
        let bounded = self.layers.boundary.is_some();
        let mut statements = Vec::new();
        for policy in policies.iter().filter(|policy| layer.accepts(policy.kind())) {
            let about = policy.statements().iter().filter(|own| own.matches_action(self.request.action()));
            let applying = about.filter(|own| own.applies(&self.request, bounded).is_some());
            statements.extend(applying.map(|statement| {
                self.statement_report(MatchedStatement { layer, policy, statement }, statement.conditions.iter())
            }));
        }
        let has = |effect| statements.iter().any(|statement: &StatementReport| statement.effect == effect);
        let root = layer == Layer::Identity && self.request.principal().is_root();
        let outcome = if has(Effect::Deny) {
            Outcome::ExplicitDeny
        } else if has(Effect::Allow) || root || layer == Layer::ResourceControl {
            Outcome::Allow
        } else {
            Outcome::ImplicitDeny
        };
        LayerReport { layer, level: level.map(str::to_owned), outcome, statements }
    }

    fn near_miss(&self, near: &Near<'_>) -> NearMiss {
        let Evidence { expected, found } = self.evidence(near);
        NearMiss {
            statement: self.statement_report(near.matched, near.failing.iter().copied()),
            part: near.part,
            expected,
            found,
        }
    }

    fn statement_report<'c>(
        &self,
        matched: MatchedStatement<'_>,
        conditions: impl Iterator<Item = &'c Condition>,
    ) -> StatementReport {
        let Statement { effect, follows, at, end, .. } = matched.statement;
        StatementReport {
            layer: matched.layer,
            policy: matched.policy.name(),
            statement: matched.statement.label(),
            effect: *effect,
            line: at.line,
            column: at.column,
            end_line: end.line,
            end_column: end.column,
            follows: *follows,
            conditions: conditions.map(|own| self.condition_report(own)).collect(),
        }
    }

    fn condition_report(&self, condition: &Condition) -> ConditionReport {
        let at = condition.position();
        ConditionReport {
            operator: condition.operator().to_string(),
            key: condition.key().to_string(),
            expected: condition.wanted(),
            found: condition.found(self.request.keys()),
            line: at.line,
            column: at.column,
        }
    }

    fn keys_read(&self) -> Vec<KeyReport> {
        let mut places = HashMap::new();
        let mut read: Vec<KeyReport> = Vec::new();
        let policies =
            self.layers.present().flat_map(|(layer, _, policies)| policies.iter().map(move |own| (layer, own)));
        let statements = policies.flat_map(|(layer, policy)| policy.statements().iter().map(move |own| (layer, own)));
        let about = statements.filter(|(_, own)| own.matches_action(self.request.action()));
        for (layer, key) in about.flat_map(|(layer, own)| own.keys().map(move |key| (layer, key))) {
            let place = *places.entry(key.folded()).or_insert(read.len());
            if let Some(known) = read.get_mut(place) {
                known.control_only &= layer.is_control();
                continue;
            }
            let name = key.to_string();
            let values = self.request.keys().values(&name).map(str::to_owned).collect();
            read.push(KeyReport { name, values, control_only: layer.is_control() });
        }
        read
    }
}

/// Evidence as two members of the story.
fn both<S: serde::Serializer>(evidence: &Evidence, serializer: S) -> Result<S::Ok, S::Error> {
    use serde::ser::SerializeMap as _;
    let mut members = serializer.serialize_map(Some(2))?;
    members.serialize_entry("expected", &evidence.expected)?;
    members.serialize_entry("found", &evidence.found)?;
    members.end()
}
