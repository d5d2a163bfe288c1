//! An unverified logout message in, what the identity provider asks or answers out.

use std::time::Duration;

use super::response::{LogoutStatus, PARTIAL_LOGOUT};
use super::rules;
use super::session::session_key;
use super::unverified::{UnverifiedLogoutRequest, UnverifiedLogoutResponse};
use crate::crypto::sha256_hex;
use crate::explain::{Evidence, Listener, Rule};
use crate::identity::saml::assertion::{SubjectName, leaf, optional_instant, required_instant, trimmed};
use crate::identity::saml::error::shape;
use crate::identity::saml::name_id::NameId;
use crate::identity::saml::response::require_equal;
use crate::identity::saml::xml::Element;
use crate::identity::saml::{
    MAX_CLOCK_SKEW, MetadataError, SAML, SAMLP, STATUS_SUCCESS, SamlError, SamlProvider, rules as shared,
};
use crate::time::Timestamp;

/// How long after its IssueInstant a logout message is acted on: the time of a chain of redirects.
const MOST_AGE: Duration = Duration::from_secs(300);
/// Each one is a mark in the store.
const MOST_SESSION_INDEXES: usize = 64;

/// What an identity provider asks: that sessions of one person end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogoutRequested {
    id: String,
    issuer: String,
    issue_instant: Timestamp,
    name_id: NameId,
    session_indexes: Vec<String>,
    reason: Option<String>,
    relay_state: Option<String>,
}

impl LogoutRequested {
    /// The ID that the answer names.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The entity id of the identity provider that asks.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// When it was issued, by the identity provider's clock: assertions it issued later are about other sessions.
    #[must_use]
    pub const fn issue_instant(&self) -> Timestamp {
        self.issue_instant
    }

    /// Whose sessions are to end.
    #[must_use]
    pub const fn name_id(&self) -> &NameId {
        &self.name_id
    }

    /// Which sessions are to end; every one of the person's when this is empty.
    #[must_use]
    pub fn session_indexes(&self) -> &[String] {
        &self.session_indexes
    }

    /// Why, as a URI, if the identity provider says so.
    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        self.reason.as_deref()
    }

    /// The RelayState of the query, which the answer must give back; with HTTP-POST it is a form field of its own.
    #[must_use]
    pub fn relay_state(&self) -> Option<&str> {
        self.relay_state.as_deref()
    }

    /// The keys of the sessions to end: those whose [`super::SamlSession::session_keys`] hold one of these.
    #[must_use]
    pub fn session_keys(&self, provider: &SamlProvider) -> Vec<String> {
        let key = |index| session_key(provider, &self.issuer, &self.name_id, index);
        if self.session_indexes.is_empty() {
            return vec![key(None)];
        }
        self.session_indexes.iter().map(|index| key(Some(index))).collect()
    }

    /// What replay memory remembers of this request: a request that it knows already must change nothing.
    #[must_use]
    pub fn replay_key(&self) -> String {
        sha256_hex(format!("logout:{}:{}{}", self.issuer.len(), self.issuer, self.id).as_bytes())
    }

    /// Until when replay memory must remember it.
    #[must_use]
    pub fn remembered_until(&self) -> Timestamp {
        self.issue_instant.saturating_add(MOST_AGE).saturating_add(MAX_CLOCK_SKEW)
    }
}

/// Verifies that `request` is `provider`'s, signed, meant for this service, now. That it was not seen before is the caller's
/// to find out ([`LogoutRequested::replay_key`]).
///
/// # Errors
/// The first of [`super::RULES`] that is broken, with its evidence.
pub fn verify_logout_request<L: Listener>(
    provider: &SamlProvider,
    request: UnverifiedLogoutRequest,
    now: Timestamp,
    listener: &mut L,
) -> Result<LogoutRequested, SamlError> {
    let outcome = current(provider, now, listener).and_then(|()| {
        let relay_state = request.relay_state().map(str::to_owned);
        request.0.signed(provider, "LogoutRequest", now, listener, |root, listener| {
            read_request(root, &Judge { provider, now }, relay_state, listener)
        })
    });
    told(outcome, listener)
}

/// Verifies that `response` is `provider`'s, signed, the answer to the request that was sent, and says how the logout ended.
///
/// # Errors
/// The first of [`super::RULES`] that is broken, with its evidence; [`SamlError::StatusNotSuccess`] when the identity
/// provider ended nothing.
pub fn verify_logout_response<L: Listener>(
    provider: &SamlProvider,
    response: UnverifiedLogoutResponse,
    now: Timestamp,
    listener: &mut L,
) -> Result<LogoutStatus, SamlError> {
    let outcome = current(provider, now, listener).and_then(|()| {
        let UnverifiedLogoutResponse { carried, in_response_to } = response;
        carried.signed(provider, "LogoutResponse", now, listener, |root, listener| {
            read_response(root, &Judge { provider, now }, &in_response_to, listener)
        })
    });
    told(outcome, listener)
}

fn told<T, L: Listener>(outcome: Result<T, SamlError>, listener: &mut L) -> Result<T, SamlError> {
    if let Err(error) = &outcome {
        listener.failed(error.rule(), || error.evidence());
    }
    outcome
}

fn current<L: Listener>(provider: &SamlProvider, now: Timestamp, listener: &mut L) -> Result<(), SamlError> {
    provider.in_service(now)?;
    listener.passed(shared::METADATA, || Evidence::new("a provider in service", "the same"));
    Ok(())
}

struct Judge<'p> {
    provider: &'p SamlProvider,
    now: Timestamp,
}

/// What every message of the protocol says of itself (saml-core 3.2.1, 3.2.2).
struct Header<'d, 't> {
    id: &'d str,
    issue_instant: Timestamp,
    /// What follows the issuer.
    rest: Vec<Element<'d, 't>>,
}

impl Judge<'_> {
    fn header<'d, 't, L: Listener>(
        &self,
        root: Element<'d, 't>,
        listener: &mut L,
    ) -> Result<Header<'d, 't>, SamlError> {
        let provider = self.provider;
        let expected = "elements, the first of them Issuer";
        let malformed = || shape(rules::MESSAGE, expected, "something else");
        let mut rest = root.only_elements().ok_or_else(malformed)?;
        let issuer = rest.first().filter(|first| first.is(SAML, "Issuer")).copied().ok_or_else(malformed)?;
        let id = root.attribute("ID").filter(|id| !id.is_empty());
        let id = id.ok_or_else(|| shape(rules::MESSAGE, "an ID", "none"))?;
        rest.remove(0);
        let extended = rest.first().is_some_and(|first| first.is(SAMLP, "Extensions"));
        if provider.relaxations().extensions() && extended {
            rest.remove(0);
        }
        listener.passed(rules::MESSAGE, || Evidence::new(root.local(), id));
        require_equal(rules::VERSION, "2.0", root.attribute("Version"))?;
        listener.passed(rules::VERSION, || Evidence::new("2.0", "2.0"));
        let issuer = trimmed(leaf(rules::ISSUER, issuer)?);
        require_equal(rules::ISSUER, provider.entity_id(), Some(&issuer))?;
        listener.passed(rules::ISSUER, || Evidence::new(provider.entity_id(), &issuer));
        // A signed message must say where it was sent (saml-bindings 3.4.5.2, 3.5.5.2), so absence refuses too.
        let here = provider.logout_url().ok_or(MetadataError::NoLogoutUrl)?;
        require_equal(rules::DESTINATION, here, root.attribute("Destination"))?;
        listener.passed(rules::DESTINATION, || Evidence::new(here, here));
        let issue_instant = required_instant(rules::ISSUE_INSTANT, root, "IssueInstant")?;
        self.fresh(issue_instant, listener)?;
        Ok(Header { id, issue_instant, rest })
    }

    fn fresh<L: Listener>(&self, issued: Timestamp, listener: &mut L) -> Result<(), SamlError> {
        let (now, skew) = (self.now, self.provider.clock_skew());
        if issued > now.saturating_add(skew) {
            return Err(SamlError::TooEarly { rule: rules::ISSUE_INSTANT, not_before: issued, now });
        }
        let until = issued.saturating_add(MOST_AGE);
        self.running(rules::ISSUE_INSTANT, until)?;
        listener.passed(rules::ISSUE_INSTANT, || Evidence::new(format_args!("in the 300 s before {now}"), issued));
        Ok(())
    }

    fn running(&self, rule: &'static Rule, not_on_or_after: Timestamp) -> Result<(), SamlError> {
        if self.now >= not_on_or_after.saturating_add(self.provider.clock_skew()) {
            return Err(SamlError::Expired { rule, not_on_or_after, now: self.now });
        }
        Ok(())
    }
}

fn read_request<L: Listener>(
    root: Element<'_, '_>,
    judge: &Judge<'_>,
    relay_state: Option<String>,
    listener: &mut L,
) -> Result<LogoutRequested, SamlError> {
    let header = judge.header(root, listener)?;
    if let Some(until) = optional_instant(rules::NOT_ON_OR_AFTER, root, "NotOnOrAfter")? {
        judge.running(rules::NOT_ON_OR_AFTER, until)?;
        listener.passed(rules::NOT_ON_OR_AFTER, || Evidence::new(format_args!("before {until}"), judge.now));
    }
    let expected = "NameID or EncryptedID, then SessionIndex alone";
    let (name_id, rest) = match header.rest.as_slice() {
        [name_id, rest @ ..] if SubjectName::is_name(*name_id) => (*name_id, rest),
        _ => return Err(shape(shared::SUBJECT, expected, names(&header.rest))),
    };
    let name_id = SubjectName::read(name_id, judge.provider)?.into_name_id();
    listener.passed(shared::SUBJECT, || Evidence::new("one NameID", name_id.value()));
    if rest.len() > MOST_SESSION_INDEXES {
        return Err(shape(rules::SESSION_INDEX, "at most 64 of SessionIndex", rest.len().to_string()));
    }
    let mut session_indexes = Vec::with_capacity(rest.len());
    for index in rest {
        if !index.is(SAMLP, "SessionIndex") {
            return Err(shape(rules::MESSAGE, expected, names(rest)));
        }
        let text = trimmed(leaf(rules::SESSION_INDEX, *index)?);
        // An empty one would name no session, and no name at all would end every one.
        if text.is_empty() {
            return Err(shape(rules::SESSION_INDEX, "a SessionIndex that is not empty", "an empty one"));
        }
        session_indexes.push(text.into_owned());
    }
    let named = session_indexes.len();
    listener.passed(rules::SESSION_INDEX, || Evidence::new("at most 64, or none for all", named));
    Ok(LogoutRequested {
        id: header.id.to_owned(),
        issuer: judge.provider.entity_id().to_owned(),
        issue_instant: header.issue_instant,
        name_id,
        session_indexes,
        reason: root.attribute("Reason").map(str::to_owned),
        relay_state,
    })
}

fn read_response<L: Listener>(
    root: Element<'_, '_>,
    judge: &Judge<'_>,
    in_response_to: &str,
    listener: &mut L,
) -> Result<LogoutStatus, SamlError> {
    let header = judge.header(root, listener)?;
    require_equal(rules::IN_RESPONSE_TO, in_response_to, root.attribute("InResponseTo"))?;
    listener.passed(rules::IN_RESPONSE_TO, || Evidence::new(in_response_to, in_response_to));
    let status = match header.rest.as_slice() {
        [status] if status.is(SAMLP, "Status") => *status,
        _ => return Err(shape(rules::MESSAGE, "Status alone", names(&header.rest))),
    };
    let code = status.elements_named(SAMLP, "StatusCode").next();
    let second = code.and_then(|code| code.elements_named(SAMLP, "StatusCode").next());
    let value = |code: Option<Element<'_, '_>>| code.and_then(|code| code.attribute("Value").map(str::to_owned));
    let (code, second_level) = (value(code).unwrap_or_default(), value(second));
    // Some identity providers put PartialLogout below Success, some below Responder; the standard says where neither.
    let ended = if second_level.as_deref() == Some(PARTIAL_LOGOUT) {
        LogoutStatus::PartialLogout
    } else if code == STATUS_SUCCESS {
        LogoutStatus::Success
    } else {
        return Err(SamlError::StatusNotSuccess { code, second_level });
    };
    listener.passed(shared::STATUS, || Evidence::new(STATUS_SUCCESS, second_level.unwrap_or(code)));
    Ok(ended)
}

fn names(elements: &[Element<'_, '_>]) -> String {
    elements.iter().take(8).map(|element| element.local()).collect::<Vec<_>>().join(", ")
}
