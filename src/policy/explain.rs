//! Why a request ended as it did: computed when somebody asks, never on the way to the decision.

use serde::Serialize;

use super::condition::Condition;
use super::document::Policy;
use super::evaluate::{Decider, Evaluation, MatchedStatement, Outcome, reaches};
use super::layers::Layer;
use super::principal::Grant;
use super::statement::{Effect, Statement};
use crate::explain::Evidence;

/// The whole story of one decision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Explanation {
    /// How it ended.
    pub outcome: Outcome,
    /// The smallest fact that decided, in one sentence.
    pub reason: String,
    /// Where a condition blocked: what it wanted and what the request held.
    #[serde(skip)]
    pub evidence: Evidence,
    /// The statements that decided: those that deny, or those that allow.
    pub deciding: Vec<StatementReport>,
    /// The verdict of every layer that has a say, in the order they are asked.
    pub layers: Vec<LayerReport>,
    /// The condition keys that statements about this action read.
    pub keys: Vec<KeyReport>,
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
    /// The column where it starts, from 1.
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
}

/// How close an allowing statement came, from far to near.
#[derive(Clone, Copy)]
enum Miss<'a> {
    Principal,
    Resource,
    Condition(&'a Condition, usize),
}

impl Miss<'_> {
    fn rank(self) -> (u8, std::cmp::Reverse<usize>) {
        match self {
            Self::Principal => (0, std::cmp::Reverse(0)),
            Self::Resource => (1, std::cmp::Reverse(0)),
            Self::Condition(_, failing) => (2, std::cmp::Reverse(failing)),
        }
    }
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
        let (reason, evidence) = self.reason();
        Explanation { outcome: self.outcome, reason, evidence, deciding, layers, keys: self.keys_read() }
    }

    fn reports(&self) -> Vec<LayerReport> {
        let present = self.layers.present().filter(|(layer, ..)| {
            reaches(*layer, self.request.principal()) && (!self.trust_only || *layer == Layer::Resource)
        });
        present.map(|(layer, level, policies)| self.report(layer, level, policies)).collect()
    }

    fn report(&self, layer: Layer, level: Option<&str>, policies: &[Policy]) -> LayerReport {
        let bounded = self.layers.boundary.is_some();
        let mut statements = Vec::new();
        for policy in policies.iter().filter(|policy| layer.accepts(policy.kind())) {
            let about = policy.statements().iter().filter(|own| own.matches_action(self.request.action()));
            let applying = about.filter(|own| own.applies(&self.request, bounded).is_some());
            statements.extend(applying.map(|statement| report(MatchedStatement { layer, policy, statement })));
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

    fn keys_read(&self) -> Vec<KeyReport> {
        let mut read: Vec<KeyReport> = Vec::new();
        let policies = self.layers.present().flat_map(|(_, _, policies)| policies);
        let statements = policies.flat_map(Policy::statements);
        for key in statements.filter(|own| own.matches_action(self.request.action())).flat_map(Statement::keys) {
            let name = key.to_string();
            if !read.iter().any(|known| known.name.eq_ignore_ascii_case(&name)) {
                let values = self.request.keys().values(&name).map(str::to_owned).collect();
                read.push(KeyReport { name, values });
            }
        }
        read
    }

    fn reason(&self) -> (String, Evidence) {
        let action = self.request.action();
        let plain = |text: String| (text, Evidence::default());
        match self.decider {
            Decider::Exempt => plain(format!("{action} needs no permission")),
            Decider::Root => plain(format!("the root user may do {action}, which nothing denies")),
            Decider::Misplaced(policy, layer) => {
                let place = if self.trust_only { "the trust policy".to_owned() } else { layer.to_string() };
                plain(format!("{} is {} and was given for {place}", policy.name(), policy.kind()))
            }
            Decider::Statement(matched) => {
                let verb = if matched.effect() == Effect::Deny { "denies" } else { "allows" };
                plain(format!("{matched} {verb} {action}"))
            }
            Decider::Silence(layer, level) => self.silence(layer, level),
        }
    }

    /// Names the statement that came closest to allowing, and what kept it from doing so.
    fn silence(&self, layer: Layer, level: Option<&str>) -> (String, Evidence) {
        let request = &self.request;
        let bounded = self.layers.boundary.is_some();
        // Within an account either the identity policies or the resource policy could have allowed.
        let asked = |own: Layer| own == layer || (layer == Layer::Identity && own == Layer::Resource);
        let mut nearest: Option<(Miss<'_>, MatchedStatement<'_>)> = None;
        let present = self.layers.present().filter(|(own, name, _)| asked(*own) && *name == level);
        for (layer, policy) in present.flat_map(|(layer, _, policies)| policies.iter().map(move |own| (layer, own))) {
            let about = policy.statements().iter().filter(|own| own.effect == Effect::Allow);
            for statement in about.filter(|own| own.matches_action(request.action())) {
                let miss = self.miss(statement, bounded);
                if let Some(miss) = miss
                    && nearest.is_none_or(|(known, _)| known.rank() < miss.rank())
                {
                    nearest = Some((miss, MatchedStatement { layer, policy, statement }));
                }
            }
        }
        let place = match (layer, level) {
            (Layer::ServiceControl, Some(level)) => format!("no service control policy at {level}"),
            (Layer::Boundary | Layer::Session, _) => format!("no statement of {layer}"),
            (Layer::Resource, _) if self.trust_only => "no statement of the trust policy".to_owned(),
            (Layer::Resource, _) => "no statement of the resource policy".to_owned(),
            _ => "no statement".to_owned(),
        };
        let action = request.action();
        let Some((miss, near)) = nearest else {
            let account_only = layer == Layer::Identity && self.grant == Some(Grant::Account);
            let text = if account_only {
                format!("the resource policy leaves it to the account, and no identity policy allows {action}")
            } else {
                format!("{place} allows {action}")
            };
            return (text, Evidence::default());
        };
        match miss {
            Miss::Principal => {
                let evidence = Evidence::new("a principal the statement names", request.principal());
                (format!("{near} allows {action}, but not to {}", request.principal()), evidence)
            }
            Miss::Resource => {
                let evidence = Evidence::new("a resource the statement names", request.resource());
                (format!("{near} allows {action}, but not on {}", request.resource()), evidence)
            }
            Miss::Condition(condition, _) => {
                let (wanted, found) = (condition.wanted(), condition.found(request.keys()));
                let title = condition.title();
                (format!("{near}: {title} wanted {wanted}, found {found}"), Evidence::new(wanted, found))
            }
        }
    }

    fn miss<'s>(&self, statement: &'s Statement, bounded: bool) -> Option<Miss<'s>> {
        if statement.grant(&self.request, bounded).is_none() {
            return Some(Miss::Principal);
        }
        if !statement.reaches(&self.request) {
            return Some(Miss::Resource);
        }
        let failing = || statement.conditions.iter().filter(|own| !own.holds(self.request.keys()));
        failing().next().map(|first| Miss::Condition(first, failing().count()))
    }
}

fn report(matched: MatchedStatement<'_>) -> StatementReport {
    StatementReport {
        layer: matched.layer,
        policy: matched.policy.name(),
        statement: matched.statement.label(),
        effect: matched.statement.effect,
        line: matched.statement.at.line,
        column: matched.statement.at.column,
    }
}
