//! Our answer to the identity provider that asked us to end sessions (saml-core 3.7.2).

use super::endpoint::{post, redirect};
use super::verify::LogoutRequested;
use crate::identity::saml::binding::{Direction, Outgoing, PostForm};
use crate::identity::saml::markup::{attribute, leaf};
use crate::identity::saml::request::{begin, fresh_id};
use crate::identity::saml::{STATUS_SUCCESS, SamlError, SamlProvider, signing_key::SpSigningKey};
use crate::time::Timestamp;

pub(super) const RESPONDER: &str = "urn:oasis:names:tc:SAML:2.0:status:Responder";
pub(super) const PARTIAL_LOGOUT: &str = "urn:oasis:names:tc:SAML:2.0:status:PartialLogout";

/// How a logout ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LogoutStatus {
    /// Every session is over.
    Success,
    /// The session with the sender is over, and somewhere else one may be left (PartialLogout).
    PartialLogout,
    /// No session was ended. Verifying never gives this: what an identity provider refused is
    /// [`SamlError::StatusNotSuccess`].
    Failed,
}

/// A signed answer to a logout request.
#[derive(Clone, Debug)]
pub struct LogoutResponse<'p> {
    provider: &'p SamlProvider,
    key: &'p SpSigningKey,
    id: String,
    in_response_to: String,
    status: LogoutStatus,
    issue_instant: Timestamp,
}

impl<'p> LogoutResponse<'p> {
    /// The answer of `status` to `request`, which `provider` sent.
    ///
    /// # Errors
    /// [`SamlError::NoOwnKey`] without a signing key (saml-profiles 4.4.4.2: an answer must be signed),
    /// [`SamlError::Randomness`].
    pub fn to(
        provider: &'p SamlProvider,
        request: &LogoutRequested,
        status: LogoutStatus,
        now: Timestamp,
    ) -> Result<Self, SamlError> {
        let key = provider.signing_key().ok_or(SamlError::NoOwnKey { needed: "logout responses" })?;
        Ok(Self { provider, key, id: fresh_id()?, in_response_to: request.id().to_owned(), status, issue_instant: now })
    }

    /// The URL to redirect the browser to (HTTP-Redirect). `relay_state` must be what came with the request.
    ///
    /// # Errors
    /// [`SamlError::Metadata`] when the identity provider has no such endpoint, [`SamlError::RelayStateTooLong`],
    /// [`SamlError::OwnKey`] when signing fails.
    pub fn redirect_url(&self, relay_state: Option<&str>) -> Result<String, SamlError> {
        let metadata = self.provider.metadata();
        let endpoint = redirect(metadata)?.response_location();
        self.outgoing(endpoint, &self.to_xml(endpoint), relay_state).redirect_url()
    }

    /// The form to post by the browser (HTTP-POST). `relay_state` must be what came with the request.
    ///
    /// # Errors
    /// As [`LogoutResponse::redirect_url`].
    pub fn post_form(&self, relay_state: Option<&str>) -> Result<PostForm, SamlError> {
        let metadata = self.provider.metadata();
        let endpoint = post(metadata)?.response_location();
        self.outgoing(endpoint, &self.to_xml(endpoint), relay_state).post_form()
    }

    fn outgoing<'m>(&'m self, endpoint: &'m str, xml: &'m str, relay_state: Option<&'m str>) -> Outgoing<'m> {
        Outgoing { direction: Direction::Response, endpoint, xml, relay_state, key: Some(self.key) }
    }

    fn to_xml(&self, destination: &str) -> String {
        let (code, second_level) = match self.status {
            LogoutStatus::Success => (STATUS_SUCCESS, None),
            LogoutStatus::PartialLogout => (STATUS_SUCCESS, Some(PARTIAL_LOGOUT)),
            LogoutStatus::Failed => (RESPONDER, None),
        };
        let mut xml = String::with_capacity(1024);
        begin(&mut xml, "LogoutResponse", &self.id, self.issue_instant, destination);
        attribute(&mut xml, "InResponseTo", &self.in_response_to);
        xml.push('>');
        leaf(&mut xml, "saml:Issuer", self.provider.sp_entity_id());
        xml.push_str("<samlp:Status><samlp:StatusCode");
        attribute(&mut xml, "Value", code);
        xml.push('>');
        if let Some(second_level) = second_level {
            xml.push_str("<samlp:StatusCode");
            attribute(&mut xml, "Value", second_level);
            xml.push_str("/>");
        }
        xml.push_str("</samlp:StatusCode></samlp:Status></samlp:LogoutResponse>");
        xml
    }
}
