//! Logout with OpenID providers: what they say over the back channel, and what a browser is sent there for.

use std::time::Duration;

use super::{Ending, Flow, Told};
use crate::audit::{Outcome, Stage};
use crate::identity::oidc::{
    Jwks, LOGOUT_RULES, LogoutToken, OidcProvider, OidcSession, UnverifiedLogoutToken, verify_logout_token,
};
use crate::{Error, VerifiedIdentity};

const SAID_BY_PROVIDER: &str = "logout by the OpenID provider";
const ASKED_OF_PROVIDER: &str = "logout at the OpenID provider";
const BACK_FROM_PROVIDER: &str = "return from a logout at the OpenID provider";

impl Flow<'_> {
    /// Ends the sessions that a logout token of `provider` names, which is verified with `jwks` (OpenID Connect Back-Channel
    /// Logout, 2.6 and 2.7). `lasting` is the longest that a session lasts here; keys already minted go on until they
    /// expire.
    ///
    /// # Errors
    /// [`Error::OidcLogout`], [`Error::LogoutReplayed`], or that the store or the audit trail failed.
    pub async fn log_out_by_token(
        &self,
        provider: &OidcProvider,
        jwks: &Jwks,
        token: UnverifiedLogoutToken,
        lasting: Duration,
    ) -> Result<LogoutToken, Error> {
        let mut hearing = self.hearing();
        let verified = verify_logout_token(provider, jwks, token, self.broker().now(), &mut hearing);
        let mut told = about(provider, "");
        told.checks = hearing.finish(&LOGOUT_RULES);
        let ended = match verified {
            Ok(token) => {
                token.subject().unwrap_or_default().clone_into(&mut told.principal);
                self.end_sessions_of(token, lasting).await
            }
            Err(error) => Err(error.into()),
        };
        self.conclude(Stage::Identity, SAID_BY_PROVIDER, told, ended)
    }

    async fn end_sessions_of(&self, token: LogoutToken, lasting: Duration) -> Result<LogoutToken, Error> {
        let ending = Ending {
            id: token.token_id(),
            replay_key: token.replay_key(),
            remembered_until: token.remembered_until(),
            keys: token.session_keys(),
            issued: token.issued_at(),
            lasting,
        };
        self.broker().end_sessions(ending).await?;
        Ok(token)
    }

    /// Records that a browser is sent to `provider` to end `session` there, which has ended here.
    ///
    /// # Errors
    /// [`Error::Audit`] when the audit trail failed.
    pub fn sent_to_log_out(&self, provider: &OidcProvider, session: &OidcSession) -> Result<(), Error> {
        self.record(self.event(
            Stage::Identity,
            ASKED_OF_PROVIDER,
            Outcome::Accepted,
            about(provider, session.subject()),
        ))
    }

    /// Records that a browser cannot be sent to `provider` to end `session` there, for this `reason`.
    ///
    /// # Errors
    /// [`Error::Audit`] when the audit trail failed.
    pub fn not_sent_to_log_out(
        &self,
        provider: &OidcProvider,
        session: &OidcSession,
        reason: &str,
    ) -> Result<(), Error> {
        let told = about(provider, session.subject());
        let mut event = self.event(Stage::Identity, ASKED_OF_PROVIDER, Outcome::Refused, told);
        event.code = Some("IDPCommunicationError");
        reason.clone_into(&mut event.reason);
        self.record(event)
    }

    /// Records that the browser in which `subject` signed out came back from `provider`.
    ///
    /// # Errors
    /// [`Error::Audit`] when the audit trail failed.
    pub fn back_from_logout(&self, provider: &OidcProvider, subject: &str) -> Result<(), Error> {
        self.record(self.event(Stage::Identity, BACK_FROM_PROVIDER, Outcome::Accepted, about(provider, subject)))
    }

    /// Refuses an ID token about a session that a logout token has ended, also when the logout token overtook it. Two tokens
    /// of the provider are compared, so its clock alone counts.
    pub(in crate::broker) async fn still_live_at_provider(
        &self,
        verified: Result<VerifiedIdentity, Error>,
    ) -> Result<VerifiedIdentity, Error> {
        let identity = verified?;
        let Some(session) = OidcSession::of(&identity) else { return Ok(identity) };
        let issued = identity.issued_at().unwrap_or_else(|| self.broker().now());
        if self.broker().is_overtaken(&session.session_keys(), issued).await? {
            return Err(Error::LoggedOut { subject: identity.subject().to_owned() });
        }
        Ok(identity)
    }
}

fn about(provider: &OidcProvider, subject: &str) -> Told {
    Told { principal: subject.to_owned(), resource: provider.name().to_string(), ..Told::default() }
}
