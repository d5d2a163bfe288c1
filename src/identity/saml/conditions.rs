//! An assertion and `now` in, when it stops being acceptable out, or which rule it breaks.
//!
//! The rules follow saml-profiles 4.1.4.3 and saml-core 2.5.1 in their order.

use super::assertion::{Assertion, AuthnStatement, Confirmation};
use super::error::shape;
use super::provider::{MAX_CLOCK_SKEW, SamlProvider};
use super::response::{Expected, answers_another, require_equal};
use super::{SamlError, rules};
use crate::explain::{Evidence, Listener, Rule};
use crate::time::Timestamp;

const BEARER: &str = "urn:oasis:names:tc:SAML:2.0:cm:bearer";

/// What a satisfied assertion says about its own life.
#[derive(Debug)]
pub(super) struct Validity {
    /// The earlier of its last confirmation's and its conditions' end.
    pub(super) not_on_or_after: Timestamp,
    pub(super) session_not_on_or_after: Option<Timestamp>,
    pub(super) authenticated_at: Timestamp,
}

/// Holds `assertion` to every rule that is left once its signature is good.
pub(super) fn verify<L: Listener>(
    assertion: &Assertion<'_>,
    provider: &SamlProvider,
    expected: &Expected,
    now: Timestamp,
    listener: &mut L,
) -> Result<Validity, SamlError> {
    let clock = Clock { now, provider };
    identify(assertion, provider, &clock, listener)?;
    let confirmed_until = confirm(&assertion.confirmations, provider, expected, &clock, listener)?;
    let conditions_until = limit(assertion, &clock, listener)?;
    restrict(assertion, provider, listener)?;
    let (authenticated_at, session_not_on_or_after) = sign_in(&assertion.authn_statements, provider, &clock, listener)?;
    Ok(Validity {
        not_on_or_after: conditions_until.map_or(confirmed_until, |until| until.min(confirmed_until)),
        session_not_on_or_after,
        authenticated_at,
    })
}

/// Comparisons with `now` that grant the provider's clock its skew, and no more.
struct Clock<'p> {
    now: Timestamp,
    provider: &'p SamlProvider,
}

impl Clock<'_> {
    fn reached(&self, rule: &'static Rule, not_before: Timestamp) -> Result<(), SamlError> {
        if self.now.saturating_add(self.provider.clock_skew) < not_before {
            return Err(SamlError::TooEarly { rule, not_before, now: self.now });
        }
        Ok(())
    }

    fn running(&self, rule: &'static Rule, not_on_or_after: Timestamp) -> Result<(), SamlError> {
        if self.now >= not_on_or_after.saturating_add(self.provider.clock_skew) {
            return Err(SamlError::Expired { rule, not_on_or_after, now: self.now });
        }
        Ok(())
    }
}

fn identify<L: Listener>(
    assertion: &Assertion<'_>,
    provider: &SamlProvider,
    clock: &Clock<'_>,
    listener: &mut L,
) -> Result<(), SamlError> {
    require_equal(rules::VERSION, "2.0", assertion.version)?;
    if assertion.id.is_empty() {
        return Err(shape(rules::ASSERTION, "an ID", "none"));
    }
    listener.passed(rules::ASSERTION, || Evidence::new("one assertion", assertion.id));
    require_equal(rules::ISSUER, provider.entity_id(), Some(&assertion.issuer))?;
    listener.passed(rules::ISSUER, || Evidence::new(provider.entity_id(), &assertion.issuer));
    // Honest clocks run minutes ahead, and Conditions say when it may be used: this only catches assertions made in advance.
    let latest = clock.now.saturating_add(MAX_CLOCK_SKEW);
    if assertion.issue_instant > latest {
        let (not_before, now) = (assertion.issue_instant, clock.now);
        return Err(SamlError::TooEarly { rule: rules::ISSUE_INSTANT, not_before, now });
    }
    listener
        .passed(rules::ISSUE_INSTANT, || Evidence::new(format_args!("not after {latest}"), assertion.issue_instant));
    listener.passed(rules::SUBJECT, || Evidence::new("one NameID", &assertion.name_id.value));
    Ok(())
}

/// One bearer confirmation must satisfy every rule; the refusal of the first is the one reported.
fn confirm<L: Listener>(
    confirmations: &[Confirmation<'_>],
    provider: &SamlProvider,
    expected: &Expected,
    clock: &Clock<'_>,
    listener: &mut L,
) -> Result<Timestamp, SamlError> {
    let mut refusal = None;
    for confirmation in confirmations.iter().filter(|confirmation| confirmation.method == BEARER) {
        match satisfies(confirmation, provider, expected, clock) {
            Ok(not_on_or_after) => {
                let (recipient, until) = (confirmation.recipient.unwrap_or_default(), not_on_or_after);
                listener.passed(rules::BEARER, || Evidence::new(BEARER, BEARER));
                listener.passed(rules::RECIPIENT, || Evidence::new(&provider.acs_url, recipient));
                listener.passed(rules::CONFIRMATION_TIME, || Evidence::new(format_args!("before {until}"), clock.now));
                listener.passed(rules::IN_RESPONSE_TO, || in_response_to_evidence(confirmation, expected));
                return Ok(latest(confirmations, provider, until));
            }
            Err(error) => refusal = refusal.or(Some(error)),
        }
    }
    Err(refusal.unwrap_or_else(|| {
        let methods: Vec<_> = confirmations.iter().map(|confirmation| confirmation.method).collect();
        shape(rules::BEARER, "a bearer confirmation", methods.join(", "))
    }))
}

/// When the last of the confirmations ends that could serve here: remembered only until the first one ends, an assertion
/// could be used again by the second.
fn latest(confirmations: &[Confirmation<'_>], provider: &SamlProvider, satisfied: Timestamp) -> Timestamp {
    let here = confirmations.iter().filter(|confirmation| {
        confirmation.method == BEARER && confirmation.recipient == Some(provider.acs_url.as_str())
    });
    here.filter_map(|confirmation| confirmation.not_on_or_after).fold(satisfied, Timestamp::max)
}

fn satisfies(
    confirmation: &Confirmation<'_>,
    provider: &SamlProvider,
    expected: &Expected,
    clock: &Clock<'_>,
) -> Result<Timestamp, SamlError> {
    require_equal(rules::RECIPIENT, &provider.acs_url, confirmation.recipient)?;
    let until = confirmation.not_on_or_after.ok_or_else(|| SamlError::InstantMalformed {
        rule: rules::CONFIRMATION_TIME,
        found: "no NotOnOrAfter".to_owned(),
    })?;
    if let Some(not_before) = confirmation.not_before {
        clock.reached(rules::CONFIRMATION_TIME, not_before)?;
    }
    clock.running(rules::CONFIRMATION_TIME, until)?;
    match (expected, confirmation.in_response_to) {
        (Expected::Request(id), found) => require_equal(rules::IN_RESPONSE_TO, id, found)?,
        (Expected::Nothing, Some(found)) => return Err(answers_another(found)),
        (Expected::Nothing, None) | (Expected::Exchange, _) => {}
    }
    Ok(until)
}

fn in_response_to_evidence(confirmation: &Confirmation<'_>, expected: &Expected) -> Evidence {
    let found = confirmation.in_response_to.unwrap_or("no request");
    match expected {
        Expected::Request(id) => Evidence::new(id, found),
        Expected::Nothing => Evidence::new("no request", found),
        Expected::Exchange => Evidence::new("any request or none: an exchange", found),
    }
}

fn limit<L: Listener>(
    assertion: &Assertion<'_>,
    clock: &Clock<'_>,
    listener: &mut L,
) -> Result<Option<Timestamp>, SamlError> {
    let conditions = &assertion.conditions;
    if let (Some(from), Some(until)) = (conditions.not_before, conditions.not_on_or_after)
        && from >= until
    {
        return Err(shape(rules::CONDITIONS, "NotBefore before NotOnOrAfter", format!("{from} and {until}")));
    }
    if let Some(not_before) = conditions.not_before {
        clock.reached(rules::NOT_BEFORE, not_before)?;
        listener.passed(rules::NOT_BEFORE, || Evidence::new(format_args!("{not_before} or later"), clock.now));
    }
    if let Some(until) = conditions.not_on_or_after {
        clock.running(rules::NOT_ON_OR_AFTER, until)?;
        listener.passed(rules::NOT_ON_OR_AFTER, || Evidence::new(format_args!("before {until}"), clock.now));
    }
    Ok(conditions.not_on_or_after)
}

fn restrict<L: Listener>(
    assertion: &Assertion<'_>,
    provider: &SamlProvider,
    listener: &mut L,
) -> Result<(), SamlError> {
    let conditions = &assertion.conditions;
    let restrictions = &conditions.audience_restrictions;
    let satisfied = |audiences: &Vec<_>| audiences.iter().any(|audience| audience == &provider.sp_entity_id);
    let failing = restrictions.iter().find(|audiences| !satisfied(audiences));
    if restrictions.is_empty() || failing.is_some() {
        return Err(SamlError::Mismatch {
            rule: rules::AUDIENCE,
            expected: provider.sp_entity_id.clone(),
            found: failing.map(|audiences| audiences.join(", ")),
        });
    }
    listener.passed(rules::AUDIENCE, || Evidence::new(&provider.sp_entity_id, &provider.sp_entity_id));
    if let Some(unknown) = conditions.unknown {
        return Err(shape(rules::CONDITIONS, "conditions that are understood", unknown));
    }
    listener.passed(rules::CONDITIONS, || Evidence::new("conditions that are understood", "no other"));
    let once = if conditions.one_time_use { "stated" } else { "not stated" };
    listener.passed(rules::ONE_TIME_USE, || Evidence::new("replay memory decides", once));
    let proxy = if conditions.proxy_restricted { "stated" } else { "not stated" };
    // Restricts issuing assertions from this one, which this service never does.
    listener.passed(rules::PROXY_RESTRICTION, || Evidence::new("no assertion is issued from this one", proxy));
    Ok(())
}

fn sign_in<L: Listener>(
    statements: &[AuthnStatement<'_>],
    provider: &SamlProvider,
    clock: &Clock<'_>,
    listener: &mut L,
) -> Result<(Timestamp, Option<Timestamp>), SamlError> {
    let none = || shape(rules::AUTHN_STATEMENT, "an AuthnStatement", "none");
    let latest = statements.iter().max_by_key(|statement| statement.authn_instant).ok_or_else(none)?;
    listener.passed(rules::AUTHN_STATEMENT, || Evidence::new("at least one", statements.len()));
    let instant = latest.authn_instant;
    if let Some(age) = provider.authn_age {
        clock.reached(rules::AUTHN_INSTANT, instant)?;
        clock.running(rules::AUTHN_INSTANT, instant.saturating_add(age))?;
        listener.passed(rules::AUTHN_INSTANT, || {
            Evidence::new(format_args!("in the {} s before {}", age.as_secs(), clock.now), instant)
        });
    }
    let session_end = statements.iter().filter_map(|statement| statement.session_not_on_or_after).min();
    if let Some(end) = session_end {
        clock.running(rules::SESSION, end)?;
        listener.passed(rules::SESSION, || Evidence::new(format_args!("before {end}"), clock.now));
    }
    let wanted = &provider.authn_contexts;
    if !wanted.is_empty() {
        let met = statements.iter().any(|statement| {
            statement.class_ref.as_ref().is_some_and(|found| wanted.iter().any(|class_ref| class_ref == found))
        });
        if !met {
            return Err(SamlError::Mismatch {
                rule: rules::AUTHN_CONTEXT,
                expected: wanted.join(", "),
                found: latest.class_ref.as_deref().map(str::to_owned),
            });
        }
        listener.passed(rules::AUTHN_CONTEXT, || Evidence::new(wanted.join(", "), "one of them"));
    }
    Ok((instant, session_end))
}
