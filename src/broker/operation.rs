//! The event that concludes an operation, and what is known of a signed request before its body is here.

use std::collections::BTreeMap;

use super::Flow;
use super::record::Told;
use crate::Error;
use crate::audit::{Outcome, Stage};
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

impl Flow<'_> {
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
