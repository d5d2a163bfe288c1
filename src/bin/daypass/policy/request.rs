//! One request with every policy that has a say in it, owned, so that the library's question can borrow from it.

use daypass::arn::{AccountId, Arn};
use daypass::policy::{Action, Evaluation, Keys, Layers, Level, Policy, Principal, Request, Resource, evaluate};
use serde::Serialize;

use super::args::PrincipalType;
use crate::error::InputError;

/// Everything a decision is made from.
#[derive(Debug)]
pub(super) struct Question {
    pub(super) principal: Principal,
    pub(super) action: Action,
    pub(super) resource: Resource,
    pub(super) resource_account: Option<AccountId>,
    pub(super) keys: Keys,
    pub(super) policies: Policies,
}

/// The policies by layer; a layer without any is not there.
#[derive(Debug, Default)]
pub(super) struct Policies {
    pub(super) identity: Vec<Policy>,
    pub(super) resource: Option<Policy>,
    pub(super) boundary: Vec<Policy>,
    pub(super) session: Vec<Policy>,
    pub(super) service_control: Vec<Level>,
    pub(super) resource_control: Vec<Level>,
}

impl Question {
    pub(super) fn evaluate(&self) -> Evaluation<'_> {
        let policies = &self.policies;
        let mut layers = Layers::new(&policies.identity)
            .with_service_control(&policies.service_control)
            .with_resource_control(&policies.resource_control);
        if let Some(policy) = &policies.resource {
            layers = layers.with_resource(policy);
        }
        if !policies.boundary.is_empty() {
            layers = layers.with_boundary(&policies.boundary);
        }
        if !policies.session.is_empty() {
            layers = layers.with_session(&policies.session);
        }
        let mut request = Request::new(&self.principal, &self.action, &self.resource, &self.keys);
        if let Some(account) = &self.resource_account {
            request = request.in_account(account);
        }
        evaluate(&layers, &request)
    }
}

/// The principal of this name; nobody's name is nobody who signed.
pub(super) fn principal(name: Option<&str>, kind: Option<PrincipalType>) -> Result<Principal, InputError> {
    let wrong = |problem: String| InputError::new("principal", problem);
    let named = |expected: &str| {
        name.filter(|name| !name.is_empty()).ok_or_else(|| wrong(format!("missing; expected {expected}")))
    };
    let kind =
        kind.unwrap_or(if matches!(name, None | Some("*")) { PrincipalType::Anonymous } else { PrincipalType::Aws });
    match kind {
        PrincipalType::Anonymous => Ok(Principal::Anonymous),
        PrincipalType::Service => Ok(Principal::Service { name: named("the name of a service")?.to_owned() }),
        PrincipalType::Canonical => Ok(Principal::CanonicalUser { id: named("a canonical user id")?.to_owned() }),
        PrincipalType::Federated => {
            let name = named("the ARN or the name of a provider")?;
            Ok(match name.parse::<Arn>() {
                Ok(provider_arn) => Principal::Federated { provider_arn },
                Err(_) => Principal::WellKnownProvider { name: name.to_owned() },
            })
        }
        PrincipalType::Aws => {
            let name = named("an ARN or an account id")?;
            if let Ok(account) = name.parse() {
                return Ok(Principal::Root { account });
            }
            let arn: Arn = name.parse().map_err(|error| wrong(format!("{name:?}: {error}")))?;
            Principal::from_arn(arn).map_err(|error| wrong(format!("{name:?}: {error}")))
        }
    }
}

/// Reads the name of an action, resource or account that `place` holds.
pub(super) fn name<T: std::str::FromStr<Err: std::fmt::Display>>(place: &str, text: &str) -> Result<T, InputError> {
    text.parse().map_err(|error: T::Err| InputError::new(place, format!("{text:?}: {error}")))
}

/// The statement that decided.
#[derive(Debug, Serialize)]
pub(super) struct Deciding {
    layer: daypass::policy::Layer,
    policy: String,
    sid: Option<String>,
    /// Its place among the statements of its policy, from 1.
    number: usize,
    effect: daypass::policy::Effect,
    line: u32,
    column: u32,
    end_line: u32,
    end_column: u32,
}

impl Deciding {
    pub(super) fn of(evaluation: &Evaluation<'_>) -> Option<Self> {
        let statement = evaluation.statement()?;
        Some(Self {
            layer: statement.layer(),
            policy: statement.policy().name(),
            sid: statement.sid().map(str::to_owned),
            number: statement.number(),
            effect: statement.effect(),
            line: statement.position().line,
            column: statement.position().column,
            end_line: statement.end_position().line,
            end_column: statement.end_position().column,
        })
    }
}
