//! What a flow hears of each stage, and the event it leaves.

use super::Flow;
use crate::Error;
use crate::audit::{AuditEvent, OnBehalfOf, Outcome, Stage};
use crate::explain::{Check, CorrelationId, Evidence, Listener, Report, Rule};
use crate::iam::Warning;
use crate::session::{Caller, Session};

/// The most of one text that an event keeps, in bytes. A trail is kept for long, and much of what it tells was sent by
/// strangers: 200 KiB of an unsigned SAML response must not be kept once per refusal (attack: filling memory or disk).
const MOST_TEXT: usize = 4096;

/// What a flow hears of a stage: nothing unless the audit trail asked for it.
pub(super) struct Hearing {
    report: Option<Report>,
    /// Heard always: who weakens a provider sees in every event what it was needed for.
    relaxations: Vec<&'static str>,
}

impl Listener for Hearing {
    fn passed(&mut self, rule: &'static Rule, evidence: impl FnOnce() -> Evidence) {
        if let Some(report) = &mut self.report {
            report.passed(rule, evidence);
        }
    }

    fn failed(&mut self, rule: &'static Rule, evidence: impl FnOnce() -> Evidence) {
        if let Some(report) = &mut self.report {
            report.failed(rule, evidence);
        }
    }

    fn relaxed(&mut self, relaxation: &'static str) {
        if !self.relaxations.contains(&relaxation) {
            self.relaxations.push(relaxation);
        }
    }
}

/// What an event says beside its outcome.
#[derive(Default)]
pub(super) struct Told {
    pub(super) principal: String,
    pub(super) resource: String,
    pub(super) checks: Vec<Check>,
    /// The relaxations that it needed, by name.
    pub(super) relaxations: Vec<&'static str>,
    /// What a careful operator would change about it.
    pub(super) warnings: Vec<String>,
    /// The flow that the session it is about came from.
    pub(super) origin: Option<CorrelationId>,
    /// On whose behalf it was done.
    pub(super) on_behalf_of: Option<OnBehalfOf>,
}

impl Told {
    /// About what a session does.
    pub(super) fn of(session: &Session) -> Self {
        let origin = session.correlation_id().and_then(CorrelationId::parse);
        Self { principal: session.arn().to_string(), origin, on_behalf_of: on_behalf_of(session), ..Self::default() }
    }

    /// About what whoever signed does.
    pub(super) fn of_caller(caller: &Caller) -> Self {
        let origin = caller.correlation_id().and_then(CorrelationId::parse);
        let on_behalf_of = caller.session().and_then(|session| on_behalf_of(session));
        Self { principal: caller.arn().to_string(), origin, on_behalf_of, ..Self::default() }
    }

    /// About who signed a request, with what there is to say of the key.
    pub(super) fn of_signer(caller: &Caller) -> Self {
        let warning = caller.long_term_identity().and_then(Warning::of_signer);
        Self { warnings: warning.iter().map(ToString::to_string).collect(), ..Self::of_caller(caller) }
    }
}

impl Flow<'_> {
    pub(super) fn conclude<T>(
        &self,
        stage: Stage,
        operation: &str,
        told: Told,
        result: Result<T, Error>,
    ) -> Result<T, Error> {
        let outcome = if result.is_ok() { Outcome::Accepted } else { Outcome::Refused };
        let mut event = self.event(stage, operation, outcome, told);
        if let Err(error) = &result {
            event.code = Some(error.code());
            event.reason = error.reason();
        }
        // What cannot be recorded does not happen.
        self.record(event)?;
        result
    }

    pub(super) fn event(&self, stage: Stage, operation: &str, outcome: Outcome, told: Told) -> AuditEvent {
        let own = self.correlation_id();
        let request_id = told.origin.as_ref().filter(|origin| *origin != own).map(|_| own.clone());
        let correlation_id = told.origin.unwrap_or_else(|| own.clone());
        let mut event = AuditEvent::new(self.broker().now(), correlation_id, stage, operation, outcome);
        event.request_id = request_id;
        event.principal = told.principal;
        event.resource = told.resource;
        event.checks = told.checks;
        event.relaxations = told.relaxations;
        event.warnings = told.warnings;
        event.on_behalf_of = told.on_behalf_of;
        event
    }

    pub(super) fn record(&self, mut event: AuditEvent) -> Result<(), Error> {
        bound(&mut event);
        self.broker().audit.record(&event).map_err(|error| Error::Audit { reason: error.to_string() })
    }

    pub(super) fn hearing(&self) -> Hearing {
        Hearing { report: self.broker().audit.wants_checks().then(Report::new), relaxations: Vec::new() }
    }
}

fn on_behalf_of(session: &Session) -> Option<OnBehalfOf> {
    session.as_role()?.claims().identity_context.as_deref().map(Into::into)
}

/// Shortens every text of an event to what a trail keeps.
pub(crate) fn bound(event: &mut AuditEvent) {
    let evidence = event.checks.iter_mut().flat_map(|check| [&mut check.expected, &mut check.found]);
    let texts = [&mut event.operation, &mut event.principal, &mut event.resource, &mut event.reason];
    texts.into_iter().chain(event.parameters.values_mut()).chain(evidence).for_each(shorten);
}

fn shorten(text: &mut String) {
    if text.len() > MOST_TEXT {
        text.truncate(text.floor_char_boundary(MOST_TEXT));
        text.push('…');
        text.shrink_to_fit();
    }
}

impl Hearing {
    #[cfg(feature = "saml")]
    pub(super) fn relaxations(&self) -> Vec<&'static str> {
        self.relaxations.clone()
    }

    pub(super) fn finish(self, rules: &[&'static Rule]) -> Vec<Check> {
        self.report.map(|report| report.finish(rules)).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::audit::{Discard, Recent};
    use crate::explain::Verdict;
    use crate::{Broker, Keyring};

    #[test]
    fn what_strangers_sent_fills_no_audit_trail() {
        let trail = Arc::new(Recent::new(10, Discard));
        let broker = Broker::new(Keyring::generate().unwrap()).with_audit(trail.clone());
        let long = "é".repeat(100_000);
        let check = Check {
            name: "issuer",
            section: "",
            prevents: "",
            expected: long.clone(),
            found: long.clone(),
            verdict: Verdict::Failed,
        };
        broker.begin().unwrap().refuse_after(&long, "InvalidIdentityToken", &long, vec![check]).unwrap();
        let told = Told { principal: long.clone(), resource: long.clone(), ..Told::default() };
        let refused = Err::<(), _>(Error::UnknownProvider { issuer: long });
        broker.begin().unwrap().conclude(Stage::Identity, "verify", told, refused).unwrap_err();
        for event in trail.events() {
            let texts = [&event.operation, &event.principal, &event.resource, &event.reason];
            let evidence = event.checks.iter().flat_map(|check| [&check.expected, &check.found]);
            for text in texts.into_iter().chain(evidence) {
                assert!(text.len() <= MOST_TEXT + '…'.len_utf8(), "{} bytes are kept", text.len());
            }
        }
    }
}
