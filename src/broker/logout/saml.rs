//! Single logout with SAML providers: what they ask, and what they were asked.

use std::time::Duration;

use super::{Broker, Ending, Flow, Told};
use crate::audit::{Outcome, Stage};
use crate::identity::saml::{
    LogoutRequest, LogoutRequested, LogoutStatus, SamlError, SamlProvider, SamlSession, UnverifiedLogoutRequest,
    UnverifiedLogoutResponse, logout, verify_logout_request, verify_logout_response,
};
use crate::{Error, VerifiedIdentity};

const ASKED_BY_PROVIDER: &str = "logout by the SAML provider";
const ASKED_OF_PROVIDER: &str = "logout at the SAML provider";
const ANSWERED_BY_PROVIDER: &str = "answer to a logout at the SAML provider";

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
                end_sessions(self.broker(), &provider, request, lasting).await
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

    /// Refuses an assertion about a session that a logout request has ended, also when the request overtook it
    /// (saml-core 3.7.3.2).
    pub(in crate::broker) async fn still_live(
        &self,
        provider: &SamlProvider,
        identity: VerifiedIdentity,
    ) -> Result<VerifiedIdentity, Error> {
        let Some(session) = identity.saml_session() else { return Ok(identity) };
        let issued = identity.issued_at().unwrap_or_else(|| self.broker().now());
        if self.broker().is_overtaken(&session.session_keys(provider), issued).await? {
            return Err(Error::LoggedOut { subject: identity.subject().to_owned() });
        }
        Ok(identity)
    }
}

async fn end_sessions(
    broker: &Broker,
    provider: &SamlProvider,
    request: LogoutRequested,
    lasting: Duration,
) -> Result<LogoutRequested, Error> {
    let ending = Ending {
        id: request.id(),
        replay_key: request.replay_key(),
        remembered_until: request.remembered_until(),
        keys: request.session_keys(provider),
        issued: request.issue_instant(),
        lasting,
    };
    broker.end_sessions(ending).await?;
    Ok(request)
}

fn about(provider: &SamlProvider, subject: &str) -> Told {
    Told { principal: subject.to_owned(), resource: provider.name().to_string(), ..Told::default() }
}
