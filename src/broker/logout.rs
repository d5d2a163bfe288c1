//! Single logout of a broker: which sessions a SAML provider has ended, and what it was asked.
//!
//! A request that is not the provider's own, or not new, ends nothing. Otherwise it leaves a mark for each session it
//! names, and a session is over when it began no later than its mark: whichever browser it is in, and however many broker
//! nodes share the store.

use std::time::Duration;

use super::record::Told;
use super::{Broker, Flow};
use crate::audit::{Outcome, Stage};
use crate::identity::saml::{
    LogoutRequest, LogoutRequested, LogoutStatus, SamlError, SamlProvider, SamlSession, UnverifiedLogoutRequest,
    UnverifiedLogoutResponse, logout, verify_logout_request, verify_logout_response,
};
use crate::store::{Space, StoreError};
use crate::time::Timestamp;
use crate::{Error, VerifiedIdentity};

const ASKED_BY_PROVIDER: &str = "logout by the SAML provider";
const ASKED_OF_PROVIDER: &str = "logout at the SAML provider";
const ANSWERED_BY_PROVIDER: &str = "answer to a logout at the SAML provider";
const SIGN_OUT: &str = "sign-out";

/// When sessions were ended. An assertion that was issued before, and comes later, is held to it too (saml-core 3.7.3.2)
/// for as long as the mark is kept.
struct Mark {
    /// By our clock, as the beginnings of our sessions are.
    at: Timestamp,
    /// By the identity provider's clock, as its assertions are.
    issued: Timestamp,
}

impl Mark {
    fn to_text(&self) -> String {
        let [at, issued] = [self.at, self.issued].map(Timestamp::unix_millis);
        format!("{at} {issued}")
    }

    /// A mark that cannot be read is the store's failure; taking it for none would keep ended sessions alive.
    fn from_record(record: &[u8]) -> Result<Self, StoreError> {
        let unreadable = || StoreError::Unavailable { reason: "a mark of an ended session cannot be read".to_owned() };
        let text = std::str::from_utf8(record).map_err(|_| unreadable())?;
        let mut instants = text.split(' ').map(|millis| millis.parse().map(Timestamp::from_unix_millis));
        match (instants.next(), instants.next(), instants.next()) {
            (Some(Ok(at)), Some(Ok(issued)), None) => Ok(Self { at, issued }),
            _ => Err(unreadable()),
        }
    }

    /// The later of the two in each respect: a request that was issued earlier and comes later takes nothing back.
    fn and(self, other: &Self) -> Self {
        Self { at: self.at.max(other.at), issued: self.issued.max(other.issued) }
    }
}

impl Broker {
    /// Whether a provider has ended a session that began at `began` and has one of `keys`
    /// ([`SamlSession::session_keys`]).
    ///
    /// # Errors
    /// That the store failed; the session must then not be taken for a live one.
    pub async fn has_ended(&self, keys: &[String], began: Timestamp) -> Result<bool, Error> {
        Ok(self.any_mark(keys, |mark| began <= mark.at).await?)
    }

    async fn any_mark(&self, keys: &[String], meant: impl Fn(&Mark) -> bool) -> Result<bool, StoreError> {
        for key in keys {
            if let Some(record) = self.store().read(Space::EndedSession, key, self.now()).await?
                && meant(&Mark::from_record(&record)?)
            {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Leaves the marks of `request`, once.
    async fn end_sessions(
        &self,
        provider: &SamlProvider,
        request: LogoutRequested,
        lasting: Duration,
    ) -> Result<LogoutRequested, Error> {
        let (store, now) = (self.store(), self.now());
        let (replay_key, late) = (request.replay_key(), request.remembered_until());
        if !store.insert_new(Space::Replay, &replay_key, &[], late, now).await? {
            return Err(Error::LogoutReplayed { request_id: request.id().to_owned() });
        }
        let until = now.saturating_add(lasting).max(late);
        for key in request.session_keys(provider) {
            let mark = Mark { at: now, issued: request.issue_instant() };
            if let Err(error) = self.leave(&key, mark, until).await {
                // The provider may try again with the same request.
                store.take(Space::Replay, &replay_key, now).await?;
                return Err(error.into());
            }
        }
        Ok(request)
    }

    async fn leave(&self, key: &str, mark: Mark, until: Timestamp) -> Result<(), StoreError> {
        let (store, now) = (self.store(), self.now());
        let mark = match store.read(Space::EndedSession, key, now).await? {
            Some(record) => mark.and(&Mark::from_record(&record)?),
            None => mark,
        };
        store.replace(Space::EndedSession, key, mark.to_text().as_bytes(), until, now).await
    }
}

impl Flow<'_> {
    /// Ends the sessions that the SAML provider called `name` asks to end. `lasting` is the longest that a session lasts
    /// here; keys already minted go on until they expire.
    ///
    /// # Errors
    /// [`Error::Saml`], [`Error::UnknownProvider`], [`Error::LogoutReplayed`], or that the store or the audit trail failed.
    pub async fn log_out(
        &self,
        name: &str,
        request: UnverifiedLogoutRequest,
        lasting: Duration,
    ) -> Result<LogoutRequested, Error> {
        let Some(standing) = self.broker().saml.get(name) else { return self.unknown(ASKED_BY_PROVIDER, name) };
        let mut provider = self.newest(standing).await;
        let again = standing.may_change().then(|| request.to_verify_again());
        let mut hearing = self.hearing();
        let mut verified = verify_logout_request(&provider, request, self.broker().now(), &mut hearing);
        if let (Err(SamlError::SignatureInvalid { .. }), Some(again)) = (&verified, again)
            && let Some(newer) = self.by_other_keys(standing, &provider).await
        {
            hearing = self.hearing();
            verified = verify_logout_request(&newer, again, self.broker().now(), &mut hearing);
            provider = newer;
        }
        let mut told = about(&provider, "");
        told.checks = hearing.finish(&logout::RULES);
        let ended = match verified {
            Ok(request) => {
                request.name_id().value().clone_into(&mut told.principal);
                self.broker().end_sessions(&provider, request, lasting).await
            }
            Err(error) => Err(error.into()),
        };
        self.conclude(Stage::Identity, ASKED_BY_PROVIDER, told, ended)
    }

    /// A request to `provider` to end `session`, which has ended here.
    ///
    /// # Errors
    /// [`Error::Saml`] when it cannot be made, or that the audit trail failed.
    pub fn log_out_of<'p>(
        &self,
        provider: &'p SamlProvider,
        session: &'p SamlSession,
    ) -> Result<LogoutRequest<'p>, Error> {
        let request = LogoutRequest::new(provider, session, self.broker().now()).map_err(Error::from);
        self.conclude(Stage::Identity, ASKED_OF_PROVIDER, about(provider, session.name_id().value()), request)
    }

    /// What the SAML provider called `name` made of a request to log `subject` out.
    ///
    /// # Errors
    /// [`Error::Saml`], [`Error::UnknownProvider`], or that the audit trail failed.
    pub fn logged_out_of(
        &self,
        name: &str,
        subject: &str,
        response: UnverifiedLogoutResponse,
    ) -> Result<LogoutStatus, Error> {
        let Some(provider) = self.broker().saml_provider(name) else { return self.unknown(ANSWERED_BY_PROVIDER, name) };
        let mut hearing = self.hearing();
        let verified = verify_logout_response(&provider, response, self.broker().now(), &mut hearing);
        let mut told = about(&provider, subject);
        told.checks = hearing.finish(&logout::RULES);
        if verified == Ok(LogoutStatus::PartialLogout) {
            let mut event = self.event(Stage::Identity, ANSWERED_BY_PROVIDER, Outcome::Accepted, told);
            "PartialLogout: a session may be left elsewhere".clone_into(&mut event.reason);
            self.record(event)?;
            return Ok(LogoutStatus::PartialLogout);
        }
        self.conclude(Stage::Identity, ANSWERED_BY_PROVIDER, told, verified.map_err(Error::from))
    }

    /// Records that `user_name`, who had come by `provider`, signed out here.
    ///
    /// # Errors
    /// [`Error::Audit`] when the audit trail failed.
    pub fn signed_out(&self, user_name: &str, provider: &str) -> Result<(), Error> {
        let told = Told { principal: user_name.to_owned(), resource: provider.to_owned(), ..Told::default() };
        self.record(self.event(Stage::Identity, SIGN_OUT, Outcome::Accepted, told))
    }

    /// Refuses an assertion about a session that a logout request has ended, also when the request overtook it
    /// (saml-core 3.7.3.2).
    pub(super) async fn still_live(
        &self,
        provider: &SamlProvider,
        identity: VerifiedIdentity,
    ) -> Result<VerifiedIdentity, Error> {
        let Some(session) = identity.saml_session() else { return Ok(identity) };
        let issued = identity.issued_at().unwrap_or_else(|| self.broker().now());
        let overtaken = |mark: &Mark| issued <= mark.issued;
        if self.broker().any_mark(&session.session_keys(provider), overtaken).await? {
            return Err(Error::LoggedOut { subject: identity.subject().to_owned() });
        }
        Ok(identity)
    }
}

fn about(provider: &SamlProvider, subject: &str) -> Told {
    Told { principal: subject.to_owned(), resource: provider.name().to_string(), ..Told::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_moves_forward_only() {
        let mark =
            |at, issued| Mark { at: Timestamp::from_unix_millis(at), issued: Timestamp::from_unix_millis(issued) };
        assert_eq!(mark(2, 10).and(&mark(1, 20)).to_text(), "2 20");
    }

    #[test]
    fn a_mark_is_read_back_and_a_damaged_one_is_no_mark_at_all() {
        let [at, issued] = [1, 600_001].map(Timestamp::from_unix_millis);
        let read = Mark::from_record(Mark { at, issued }.to_text().as_bytes()).unwrap();
        assert_eq!((read.at, read.issued), (at, issued));
        for damaged in [&b""[..], b"1", b"1 x", b"1 2 3", b"\xff 1"] {
            assert!(Mark::from_record(damaged).is_err());
        }
    }
}
