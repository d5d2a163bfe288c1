//! The decision over every kind of policy, in the order of the IAM guide's evaluation logic.
//!
//! An explicit deny anywhere wins, one of a resource control policy too, which lets through all that it does not deny. Then
//! every level of service control policies must allow. Then, within one account, the resource policy or the identity policies,
//! and across accounts both; boundary and session policy limit what identity policies allow, and what a resource policy allows
//! unless it names the principal itself.
//!
//! Nothing is explained here: the answer keeps what it was made from, and [`Evaluation::explain`] goes over it again.

use std::fmt;

use super::action::ASSUMING;
use super::document::{Kind, Policy};
use super::layers::{Layer, Layers};
use super::principal::{Grant, Principal};
use super::request::Request;
use super::statement::{Effect, Statement};
use super::{Action, Keys, Resource};
use crate::json::Position;

/// How a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[expect(clippy::exhaustive_enums, reason = "a fourth outcome would be a hole in the other three")]
pub enum Outcome {
    /// Allowed.
    Allow,
    /// A statement denies it.
    ExplicitDeny,
    /// Nothing denies it, and not everything that must allow it does.
    ImplicitDeny,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Allow => "allowed",
            Self::ExplicitDeny => "explicitly denied",
            Self::ImplicitDeny => "implicitly denied",
        })
    }
}

/// A statement that matched a request, in the policy and layer where it stands.
#[derive(Clone, Copy)]
pub struct MatchedStatement<'a> {
    pub(super) layer: Layer,
    pub(super) policy: &'a Policy,
    pub(super) statement: &'a Statement,
}

impl<'a> MatchedStatement<'a> {
    /// The part its policy plays.
    #[must_use]
    pub fn layer(&self) -> Layer {
        self.layer
    }

    /// Its policy.
    #[must_use]
    pub fn policy(&self) -> &'a Policy {
        self.policy
    }

    /// Its sid, if it has one.
    #[must_use]
    pub fn sid(&self) -> Option<&'a str> {
        self.statement.sid.as_deref()
    }

    /// Its place among the statements of its policy, from 1.
    #[must_use]
    pub fn number(&self) -> usize {
        self.statement.number
    }

    /// Its effect.
    #[must_use]
    pub fn effect(&self) -> Effect {
        self.statement.effect
    }

    /// Where it starts in its document: at its opening brace.
    #[must_use]
    pub fn position(&self) -> Position {
        self.statement.at
    }

    /// Where it ends in its document: after its closing brace.
    #[must_use]
    pub fn end_position(&self) -> Position {
        self.statement.end
    }
}

impl fmt::Display for MatchedStatement<'_> {
    /// `statement DenyDelete of cat-photos`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "statement {} of {}", self.statement.label(), self.policy.name())
    }
}

impl fmt::Debug for MatchedStatement<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self} ({})", self.statement.at)
    }
}

/// The answer to one request.
#[derive(Clone, Copy, Debug)]
pub struct Evaluation<'a> {
    pub(super) outcome: Outcome,
    pub(super) decider: Decider<'a>,
    pub(super) grant: Option<Grant>,
    pub(super) layers: Layers<'a>,
    pub(super) request: Request<'a>,
    /// Only a trust policy was asked.
    pub(super) trust_only: bool,
}

/// What settled a request.
#[derive(Clone, Copy, Debug)]
pub(super) enum Decider<'a> {
    Statement(MatchedStatement<'a>),
    /// No statement of this layer, at this level of the organisation, allows.
    Silence(Layer, Option<&'a str>),
    /// The root user of an account may do what nothing denies.
    Root,
    /// The action needs no permission.
    Exempt,
    /// A policy stands in a layer that its kind has no part in.
    Misplaced(&'a Policy, Layer),
}

impl<'a> Evaluation<'a> {
    /// How it ended.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        self.outcome
    }

    /// The statement that decided; none when no statement did.
    #[must_use]
    pub fn statement(&self) -> Option<MatchedStatement<'a>> {
        match self.decider {
            Decider::Statement(matched) => Some(matched),
            Decider::Silence(..) | Decider::Root | Decider::Exempt | Decider::Misplaced(..) => None,
        }
    }

    /// How the resource or trust policy names the principal it admits; none when it does not admit it.
    #[must_use]
    pub fn grant(&self) -> Option<Grant> {
        self.grant
    }
}

/// Answers a request from every policy that has a say in it.
#[must_use]
pub fn evaluate<'a>(layers: &Layers<'a>, request: &Request<'a>) -> Evaluation<'a> {
    let question = Question { layers: *layers, request: *request, trust_only: false };
    if let Some((policy, layer)) = question.misplaced() {
        return question.answer(Outcome::ImplicitDeny, Decider::Misplaced(policy, layer), None);
    }
    if is_exempt(layers, request) {
        return question.answer(Outcome::Allow, Decider::Exempt, None);
    }
    if let Some(denial) = question.denial() {
        return question.answer(Outcome::ExplicitDeny, Decider::Statement(denial), None);
    }
    if let Some(level) = question.silent_level() {
        return question.answer(Outcome::ImplicitDeny, Decider::Silence(Layer::ServiceControl, Some(level)), None);
    }
    let admitted = question.admission();
    let grant = admitted.map(|(grant, _)| grant);
    match question.settle(admitted) {
        Ok(decider) => question.answer(Outcome::Allow, decider, grant),
        Err(layer) => question.answer(Outcome::ImplicitDeny, Decider::Silence(layer, None), grant),
    }
}

/// Answers whether a trust policy alone lets a principal assume its role.
///
/// An allowed answer whose [grant](Evaluation::grant) is [`Grant::Account`] leaves the decision to the identity policies
/// of the principal: ask [`evaluate`] with the trust policy as [resource policy](Layers::with_resource).
#[must_use]
pub fn evaluate_trust<'a>(
    policy: &'a Policy,
    principal: &'a Principal,
    action: &'a Action,
    keys: &'a Keys,
) -> Evaluation<'a> {
    let request = Request::new(principal, action, &Resource::All, keys);
    let question = Question { layers: Layers::new(&[]).with_resource(policy), request, trust_only: true };
    if policy.kind() != Kind::Trust {
        return question.answer(Outcome::ImplicitDeny, Decider::Misplaced(policy, Layer::Resource), None);
    }
    if let Some(denial) = question.denial() {
        return question.answer(Outcome::ExplicitDeny, Decider::Statement(denial), None);
    }
    match question.admission() {
        Some((grant, matched)) => question.answer(Outcome::Allow, Decider::Statement(matched), Some(grant)),
        None => question.answer(Outcome::ImplicitDeny, Decider::Silence(Layer::Resource, None), None),
    }
}

struct Question<'a> {
    layers: Layers<'a>,
    request: Request<'a>,
    trust_only: bool,
}

impl<'a> Question<'a> {
    fn answer(&self, outcome: Outcome, decider: Decider<'a>, grant: Option<Grant>) -> Evaluation<'a> {
        let Self { layers, request, trust_only } = *self;
        Evaluation { outcome, decider, grant, layers, request, trust_only }
    }

    fn misplaced(&self) -> Option<(&'a Policy, Layer)> {
        self.layers.present().find_map(|(layer, _, policies)| {
            policies.iter().find(|policy| !layer.accepts(policy.kind())).map(|policy| (policy, layer))
        })
    }

    fn denial(&self) -> Option<MatchedStatement<'a>> {
        let mut layers = self.layers.present().filter(|(layer, ..)| reaches(*layer, self.request.principal()));
        layers.find_map(|(layer, _, policies)| self.first(layer, policies, Effect::Deny))
    }

    /// The level of the principal's organisation whose service control policies do not allow.
    fn silent_level(&self) -> Option<&'a str> {
        let mut levels = self.layers.service_control.iter();
        let silent =
            levels.find(|level| self.first(Layer::ServiceControl, level.policies(), Effect::Allow).is_none())?;
        reaches(Layer::ServiceControl, self.request.principal()).then_some(silent.name())
    }

    /// The statement of the resource policy that names the principal most directly.
    fn admission(&self) -> Option<(Grant, MatchedStatement<'a>)> {
        let policy = self.layers.resource?;
        let mut best: Option<(Grant, MatchedStatement<'a>)> = None;
        for statement in policy.candidates(Effect::Allow, self.request.action()) {
            if let Some(grant) = statement.applies(&self.request, self.bounded())
                && best.is_none_or(|(known, _)| known < grant)
            {
                best = Some((grant, MatchedStatement { layer: Layer::Resource, policy, statement }));
            }
        }
        best
    }

    /// What allows, or the first layer that should have and does not.
    fn settle(&self, admitted: Option<(Grant, MatchedStatement<'a>)>) -> Result<Decider<'a>, Layer> {
        let principal = self.request.principal();
        let by_resource = admitted.map(|(_, matched)| Decider::Statement(matched));
        if principal.account().is_none() {
            return by_resource.ok_or(Layer::Resource);
        }
        let across = self.request.is_cross_account();
        if (across || resource_must_allow(&self.layers, &self.request)) && admitted.is_none() {
            return Err(Layer::Resource);
        }
        let identity = || match self.first(Layer::Identity, self.layers.identity, Effect::Allow) {
            Some(matched) => Ok(Decider::Statement(matched)),
            None if principal.is_root() => Ok(Decider::Root),
            None => Err(Layer::Identity),
        };
        let decider = match admitted {
            Some((Grant::Direct, matched)) if !across => return Ok(Decider::Statement(matched)),
            Some((Grant::Limited, matched)) if !across => Decider::Statement(matched),
            _ => identity()?,
        };
        for (layer, policies) in [(Layer::Boundary, self.layers.boundary), (Layer::Session, self.layers.session)] {
            if policies.is_some_and(|policies| self.first(layer, policies, Effect::Allow).is_none()) {
                return Err(layer);
            }
        }
        Ok(decider)
    }

    fn first(&self, layer: Layer, policies: &'a [Policy], effect: Effect) -> Option<MatchedStatement<'a>> {
        policies.iter().find_map(|policy| {
            let mut candidates = policy.candidates(effect, self.request.action());
            let statement = candidates.find(|own| own.applies(&self.request, self.bounded()).is_some())?;
            Some(MatchedStatement { layer, policy, statement })
        })
    }

    fn bounded(&self) -> bool {
        self.layers.boundary.is_some()
    }
}

/// Service control policies reach the principals of an account, and nobody else.
pub(super) fn reaches(layer: Layer, principal: &Principal) -> bool {
    layer != Layer::ServiceControl || principal.account().is_some()
}

/// What no policy allows or denies: to ask who one is, for whoever signed, and for users and root users a session of their
/// own, which is how they authenticate (IAM user guide, permissions for GetSessionToken). Whoever has session policies, be it
/// in a session, be it the root user, whose limits are written as such, is asked for as any other action is.
fn is_exempt(layers: &Layers<'_>, request: &Request<'_>) -> bool {
    match request.action().folded() {
        "sts:getcalleridentity" => !matches!(request.principal(), Principal::Anonymous),
        "sts:getsessiontoken" => {
            layers.session.is_none() && matches!(request.principal(), Principal::User { .. } | Principal::Root { .. })
        }
        _ => false,
    }
}

/// Roles and KMS keys admit nobody but by their own policy, in the same account too.
pub(super) fn resource_must_allow(layers: &Layers<'_>, request: &Request<'_>) -> bool {
    if layers.resource.is_some_and(|policy| policy.kind() == Kind::Trust) {
        return true;
    }
    let Resource::Arn(arn) = request.resource() else { return false };
    match arn.service() {
        "kms" => arn.resource().starts_with("key/"),
        "iam" => arn.resource().starts_with("role/") && ASSUMING.contains(&request.action().folded()),
        _ => false,
    }
}
