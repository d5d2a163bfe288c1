//! What was decided about one resource, and the result about an action that comes of all of them.

use std::collections::HashSet;

use crate::http::query::Element;
use crate::policy::{Explanation, Layer, Outcome, StatementReport};

/// The kinds of policies that decision details tell of, by the names that the cloud gives them.
const KINDS: [(&str, Layer); 3] = [
    ("IAM Policy", Layer::Identity),
    ("Resource Policy", Layer::Resource),
    ("Permissions Boundary Policy", Layer::Boundary),
];

/// One action on one resource, decided.
pub(super) struct Verdict<'r> {
    resource: &'r str,
    explanation: Explanation,
    /// Whether control policies let it pass; none where no organisation has a say.
    organizations: Option<bool>,
    /// Whether owner and principal are of two accounts.
    across: bool,
}

impl<'r> Verdict<'r> {
    /// What was decided about `resource`, for a principal whose account is a `member` of an organisation or not, and is
    /// another one than the owner's or not.
    pub(super) fn new(resource: &'r str, explanation: Explanation, member: bool, across: bool) -> Self {
        let mut levels = explanation.layers.iter().filter(|report| report.layer.is_control()).peekable();
        let asked = member || levels.peek().is_some();
        let organizations = asked.then(|| levels.all(|report| report.outcome == Outcome::Allow));
        Self { resource, explanation, organizations, across }
    }

    /// The verdict of the policies of one kind.
    fn of(&self, layer: Layer) -> Option<Outcome> {
        self.explanation.layers.iter().find(|report| report.layer == layer).map(|report| report.outcome)
    }

    fn boundary(&self) -> Option<bool> {
        self.of(Layer::Boundary).map(|outcome| outcome == Outcome::Allow)
    }

    /// The statements that decided. Those of control policies are told to nobody here: whose they are may not read them.
    fn deciding(&self) -> impl Iterator<Item = &StatementReport> {
        self.explanation.deciding.iter().filter(|report| !report.layer.is_control())
    }

    /// The keys that statements about the action read and nobody gave, those that control policies alone read left out.
    fn missing(&self) -> impl Iterator<Item = &str> {
        let keys = self.explanation.keys.iter().filter(|key| key.values.is_empty() && !key.control_only);
        keys.map(|key| key.name.as_str())
    }

    fn elements(&self) -> Vec<Element> {
        let mut elements = vec![
            Element::text("EvalResourceName", self.resource),
            Element::text("EvalResourceDecision", word(self.explanation.outcome)),
            Element::list("MatchedStatements", self.deciding().map(matched)),
            Element::texts("MissingContextValues", self.missing()),
        ];
        elements.extend(details(std::slice::from_ref(self)).filter(|_| self.across));
        elements.extend(self.boundary().map(boundary_detail));
        elements
    }
}

/// The result about `action`, which joins those about every resource; where resources are `named`, they are inside.
pub(super) fn result(action: &str, verdicts: &[Verdict<'_>], named: bool) -> Vec<Element> {
    let outcome = most_restrictive(verdicts.iter().map(|verdict| verdict.explanation.outcome));
    // An action's own form of resources is known to nobody here, so several have no name in common.
    let resource = match verdicts {
        [only] => only.resource,
        _ => "*",
    };
    let mut elements = vec![
        Element::text("EvalActionName", action),
        Element::text("EvalResourceName", resource),
        Element::text("EvalDecision", word(outcome)),
        Element::list("MatchedStatements", deciding(verdicts, outcome).into_iter().map(matched)),
        Element::texts("MissingContextValues", unique(verdicts.iter().flat_map(Verdict::missing))),
    ];
    if let Some(allowed) = joined(verdicts.iter().map(|verdict| verdict.organizations)) {
        let detail = vec![Element::Flag("AllowedByOrganizations", allowed)];
        elements.push(Element::Group("OrganizationsDecisionDetail", detail));
    }
    elements.extend(joined(verdicts.iter().map(Verdict::boundary)).map(boundary_detail));
    let across = verdicts.iter().any(|verdict| verdict.across);
    elements.extend(details(verdicts).filter(|_| named || across));
    if named {
        elements.push(Element::list("ResourceSpecificResults", verdicts.iter().map(Verdict::elements)));
    }
    elements
}

/// `EvalDecisionDetails`: what the policies of each kind say, of resources of other accounts. Where an organisation denies,
/// nothing else is told.
fn details(verdicts: &[Verdict<'_>]) -> Option<Element> {
    if verdicts.iter().any(|verdict| verdict.organizations == Some(false)) {
        return None;
    }
    let across = || verdicts.iter().filter(|verdict| verdict.across);
    let of = |(name, layer): (&'static str, Layer)| {
        let outcomes: Vec<_> = across().filter_map(|verdict| verdict.of(layer)).collect();
        (!outcomes.is_empty()).then(|| (name, Element::text("value", word(most_restrictive(outcomes.into_iter())))))
    };
    Some(Element::map("EvalDecisionDetails", KINDS.into_iter().filter_map(of)))
}

/// The statements that decided about the resources that ended as the whole did, each once.
fn deciding<'v>(verdicts: &'v [Verdict<'_>], outcome: Outcome) -> Vec<&'v StatementReport> {
    let ended = verdicts.iter().filter(|verdict| verdict.explanation.outcome == outcome);
    let mut seen = HashSet::new();
    let once = |report: &&StatementReport| seen.insert((report.layer, report.policy.clone(), report.follows));
    ended.flat_map(Verdict::deciding).filter(once).collect()
}

fn unique<'v>(names: impl Iterator<Item = &'v str>) -> impl Iterator<Item = &'v str> {
    let mut seen = HashSet::new();
    names.filter(move |name| seen.insert(name.to_ascii_lowercase()))
}

/// Whether all of those that were asked allow; none where none was asked.
fn joined(allowed: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    allowed.flatten().reduce(|all, one| all && one)
}

fn boundary_detail(allowed: bool) -> Element {
    Element::Group("PermissionsBoundaryDecisionDetail", vec![Element::Flag("AllowedByPermissionsBoundary", allowed)])
}

fn matched(report: &StatementReport) -> Vec<Element> {
    let kind = KINDS.into_iter().find(|(_, layer)| *layer == report.layer).map_or("IAM Policy", |(name, _)| name);
    let place = |name, line: u32, column: u32| {
        Element::Group(name, vec![Element::number("Line", line), Element::number("Column", column)])
    };
    vec![
        Element::text("SourcePolicyId", report.policy.as_str()),
        Element::text("SourcePolicyType", kind),
        place("StartPosition", report.follows.line, report.follows.column),
        place("EndPosition", report.end_line, report.end_column),
    ]
}

fn most_restrictive(outcomes: impl Iterator<Item = Outcome>) -> Outcome {
    outcomes
        .max_by_key(|outcome| match outcome {
            Outcome::Allow => 0,
            Outcome::ImplicitDeny => 1,
            Outcome::ExplicitDeny => 2,
        })
        .unwrap_or(Outcome::ImplicitDeny)
}

const fn word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Allow => "allowed",
        Outcome::ExplicitDeny => "explicitDeny",
        Outcome::ImplicitDeny => "implicitDeny",
    }
}
