//! The smallest fact that decided, in one sentence, and what would have ended it otherwise.

use super::Part;
use super::near::{Near, spared};
use crate::explain::Evidence;
use crate::policy::document::Kind;
use crate::policy::evaluate::{Decider, Evaluation, MatchedStatement, resource_must_allow};
use crate::policy::layers::Layer;
use crate::policy::principal::Grant;
use crate::policy::statement::Effect;

impl Evaluation<'_> {
    pub(super) fn reason(&self, nearest: Option<&Near<'_>>) -> (String, Evidence) {
        let action = self.request.action();
        let plain = |text: String| (text, Evidence::default());
        match self.decider {
            Decider::Exempt => plain(format!("{action} needs no permission")),
            Decider::Root => plain(format!("the root user may do {action}, which nothing denies")),
            Decider::Misplaced(policy, layer) => {
                let place = if self.trust_only { "the trust policy".to_owned() } else { layer.to_string() };
                plain(format!("{} is {} and was given for {place}", policy.name(), policy.kind()))
            }
            Decider::Statement(matched) if matched.effect() == Effect::Deny => self.denial(matched),
            Decider::Statement(matched) => plain(format!("{matched} allows {action}")),
            Decider::Silence(layer, level) => self.silence(layer, level, nearest),
        }
    }

    /// Names what made a statement deny: an element that spares others, a condition that holds.
    fn denial(&self, matched: MatchedStatement<'_>) -> (String, Evidence) {
        let (action, keys) = (self.request.action(), self.request.keys());
        let conditions = &matched.statement.conditions;
        let mut grounds = spared(matched, self.layers.boundary.is_some());
        grounds.extend(
            conditions
                .iter()
                .map(|own| format!("{} is met by {}, found {}", own.title(), own.wanted(), own.found(keys))),
        );
        let told = if grounds.is_empty() { String::new() } else { format!(": {}", grounds.join("; ")) };
        let evidence = conditions
            .first()
            .map(|own| Evidence::new(own.avoided(), own.found(keys)))
            .unwrap_or_else(|| Evidence::new(format_args!("no statement that denies {action}"), matched));
        (format!("{matched} denies {action}{told}"), evidence)
    }

    /// Names the statement that came closest to allowing, and what kept it from doing so.
    fn silence(&self, layer: Layer, level: Option<&str>, nearest: Option<&Near<'_>>) -> (String, Evidence) {
        let (request, action) = (&self.request, self.request.action());
        let Some(near) = nearest else {
            let expected = match (layer, level) {
                (_, Some(level)) => format!("a statement of {layer} at {level} that allows {action}"),
                (_, None) => format!("a statement of {} that allows {action}", self.called(layer)),
            };
            return (self.nobody(layer, level), Evidence::new(expected, "none"));
        };
        let (matched, evidence) = (near.matched, self.evidence(near));
        let text = match (near.part, near.failing.first()) {
            (Part::Action, _) => {
                let only = &evidence.expected;
                format!("{}; there {matched} allows {only}", self.nobody(layer, level))
            }
            (Part::Principal, _) => {
                format!("{matched} allows {action}, but not to {}; only to {}", request.principal(), evidence.expected)
            }
            (Part::Resource, _) => {
                format!("{matched} allows {action}, but not on {}; only on {}", request.resource(), evidence.expected)
            }
            (Part::Condition, first) => {
                let title = first.map(|own| own.title()).unwrap_or_default();
                let more = match near.failing.len().saturating_sub(1) {
                    0 => String::new(),
                    1 => " (and one more condition fails)".to_owned(),
                    count => format!(" (and {count} more conditions fail)"),
                };
                format!("{matched}: {title} wanted {}, found {}{more}", evidence.expected, evidence.found)
            }
        };
        (text, evidence)
    }

    /// What people call the policies of a layer.
    fn called(&self, layer: Layer) -> String {
        match self.layers.resource {
            Some(policy) if layer == Layer::Resource && policy.kind() == Kind::Trust => "the trust policy".to_owned(),
            _ => layer.to_string(),
        }
    }

    /// That nothing of a layer allows, and why that layer had to.
    fn nobody(&self, layer: Layer, level: Option<&str>) -> String {
        let (action, across) = (self.request.action(), self.request.is_cross_account());
        let place = match (layer, level) {
            (Layer::ServiceControl, Some(level)) => format!("no service control policy at {level} allows"),
            (Layer::Boundary | Layer::Session, _) => format!("no statement of {layer} allows"),
            (Layer::Resource, _) if self.layers.resource.is_none() => "there is no resource policy to allow".to_owned(),
            (Layer::Resource, _) => format!("no statement of {} allows", self.called(layer)),
            (Layer::Identity, _) if self.grant == Some(Grant::Account) => {
                let leaves = format!("{} leaves it to the account", self.called(Layer::Resource));
                return format!("{leaves}, and no identity policy allows {action}");
            }
            _ => "no statement allows".to_owned(),
        };
        let why = match layer {
            Layer::Resource if self.trust_only => "",
            Layer::Resource if self.request.principal().account().is_none() => {
                ", and nothing else can let in a caller without an account"
            }
            Layer::Resource if across => ", which it must across accounts",
            Layer::Resource if resource_must_allow(&self.layers, &self.request) => {
                ", which it must for roles and keys in the same account too"
            }
            Layer::Identity if across => ", which an identity policy must across accounts",
            _ => "",
        };
        format!("{place} {action}{why}")
    }
}
