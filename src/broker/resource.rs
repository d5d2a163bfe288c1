//! What services do with signed requests: bodies that are still to come, and keys for services that run elsewhere.

use super::Flow;
use super::record::Told;
use crate::Error;
use crate::audit::Stage;
use crate::credentials::{AccessKeyId, CredentialScope, HandedKey, hand_over};
use crate::request::{self, AuthenticatedRequest, RequestError, Service, SignedHead, StreamedRequest};

impl Flow<'_> {
    /// As [`Flow::authenticate`], for a request whose body is still to come: it must be declared in `x-amz-content-sha256`,
    /// and be fed to the payload that comes with the request.
    ///
    /// # Errors
    /// [`Error::Request`], or that the audit trail failed.
    pub fn authenticate_streamed(&self, service: &Service, head: SignedHead) -> Result<StreamedRequest, Error> {
        let mut hearing = self.hearing();
        let resource = format!("{} {}", head.method(), head.path());
        let (sessions, now) = (self.broker().sessions(), self.broker().now());
        let authenticated = request::authenticate_streamed(sessions, service, head, now, &mut hearing);
        let told =
            authenticated.as_ref().map(|streamed| Told::of_signer(streamed.request().caller())).unwrap_or_default();
        let told = Told { resource, checks: hearing.finish(&request::RULES), ..told };
        if let Ok(streamed) = &authenticated {
            self.note_use(streamed.request(), now);
        }
        self.conclude(Stage::Request, "authenticate", told, authenticated.map_err(Error::from))
    }

    /// Records that the body of an authenticated request turned out not to be the one that was signed.
    ///
    /// # Errors
    /// [`Error::Request`] with `error` itself, or that the audit trail failed.
    pub fn refuse_body(&self, request: &AuthenticatedRequest, error: RequestError) -> Result<(), Error> {
        let resource = format!("{} {}", request.head().method(), request.head().path());
        let told = Told { resource, ..Told::of_caller(request.caller()) };
        self.conclude(Stage::Request, "verify body", told, Err(error.into()))
    }

    /// Makes the key by which a service that holds no master secret verifies what one session signs for it in `scope`.
    /// Whether the service may have it is to be decided before, as action `daypass:GetSigningKey`.
    ///
    /// # Errors
    /// [`Error::Handover`], or that the audit trail failed.
    pub fn hand_over(
        &self,
        access_key_id: &AccessKeyId,
        session_token: &str,
        scope: &CredentialScope,
    ) -> Result<HandedKey, Error> {
        let (sessions, now) = (self.broker().sessions(), self.broker().now());
        let handed = hand_over(sessions, access_key_id, session_token, scope, now);
        let told = handed.as_ref().map(|handed| Told::of(handed.session())).unwrap_or_default();
        let told = Told { resource: scope.to_string(), ..told };
        self.conclude(Stage::Credentials, "hand over a signing key", told, handed.map_err(Error::from))
    }
}
