//! The event that concludes an operation, and what is known of a signed request before its body is here.

use std::collections::BTreeMap;

use super::Flow;
use super::record::Told;
use crate::Error;
use crate::audit::{Outcome, Stage};
use crate::decision::Decision;
use crate::policy::{self, Keys, Layer};
use crate::request::{self, AuthenticatedRequest, Service, SignedHead};

/// How an operation ended that somebody asked for.
pub(crate) struct Conclusion<'a> {
    /// Its name.
    pub(crate) operation: &'a str,
    /// What it is about.
    pub(crate) subject: String,
    /// What was asked for, without anything secret.
    pub(crate) parameters: BTreeMap<&'static str, String>,
    /// The wire code of a refusal; none when the operation was carried out.
    pub(crate) code: Option<&'static str>,
    /// Why, where there is something to say.
    pub(crate) reason: String,
}

/// Whether somebody may do what the account may grant to all its users.
pub(crate) enum Granted {
    /// The caller's own policies allow it.
    ByPolicy,
    /// They do not speak of it, and the account's grant stands in for them.
    ByAccount,
    /// It is denied.
    Not(Decision),
}

/// What the trail says of a grant of the account.
pub(crate) const GRANTED: &str = "the account grants this action to its users, whose own policies do not speak of it";

impl Flow<'_> {
    /// As [`Flow::authorize`], for an action that the caller's account grants to all its users: the grant takes the place of
    /// identity policies and resource policies that do not speak of it, and of nothing else.
    pub(crate) fn authorize_granted(
        &self,
        request: &AuthenticatedRequest,
        action: &str,
        resource: &str,
        environment: Keys,
    ) -> Result<Granted, Error> {
        let environment = super::flow::environment(request, environment);
        let (decision, told) = self.weigh(Some(request.caller()), None, action, resource, environment)?;
        let layers = &decision.reason().explanation().layers;
        let of_others = |layer| !matches!(layer, Layer::Identity | Layer::Resource);
        let others_allow = layers.iter().all(|own| !of_others(own.layer) || own.outcome == policy::Outcome::Allow);
        let (granted, outcome, reason) = match decision {
            Decision::Allow(_) => (Granted::ByPolicy, Outcome::Accepted, decision.to_string()),
            Decision::ImplicitDeny(_) if others_allow => {
                (Granted::ByAccount, Outcome::Accepted, format!("granted: {GRANTED}"))
            }
            Decision::ImplicitDeny(_) | Decision::ExplicitDeny(_) => {
                let reason = decision.to_string();
                (Granted::Not(decision), Outcome::Refused, reason)
            }
        };
        self.tell_decision(action, told, outcome, reason)?;
        Ok(granted)
    }

    /// Records how an operation ended: a decision tells what somebody may do, this tells what they did.
    pub(crate) fn conclude_operation(
        &self,
        request: &AuthenticatedRequest,
        conclusion: Conclusion<'_>,
    ) -> Result<(), Error> {
        let Conclusion { operation, subject, parameters, code, reason } = conclusion;
        let outcome = if code.is_none() { Outcome::Accepted } else { Outcome::Refused };
        let told = Told { resource: subject, ..Told::of_caller(request.caller()) };
        let mut event = self.event(Stage::Operation, operation, outcome, told);
        (event.parameters, event.code, event.reason) = (parameters, code, reason);
        self.record(event)
    }

    /// Refuses a request that cannot turn out authentic whatever its body is, so that nobody's body is waited for.
    pub(crate) fn foresee(&self, service: &Service, head: &SignedHead) -> Result<(), Error> {
        let (sessions, now) = (self.broker().sessions(), self.broker().now());
        let foreseen = request::verify_head(sessions, service, head, now);
        // What may still turn out authentic is recorded when it has.
        let Err(error) = foreseen else { return Ok(()) };
        let resource = format!("{} {}", head.method(), head.path());
        let told = Told { resource, ..Told::default() };
        self.conclude(Stage::Request, "authenticate", told, Err(error.into()))
    }
}
