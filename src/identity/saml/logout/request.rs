//! Our request to the identity provider to end a session there and at every other service (saml-core 3.7.1).

use std::time::Duration;

use super::endpoint::{post, redirect};
use super::session::SamlSession;
use crate::identity::saml::binding::{Direction, Outgoing, PostForm};
use crate::identity::saml::markup::{attribute, leaf};
use crate::identity::saml::request::{begin, fresh_id};
use crate::identity::saml::response::require_equal;
use crate::identity::saml::{SamlError, SamlProvider, signing_key::SpSigningKey};
use crate::time::Timestamp;

/// How long the identity provider may act on a request of ours.
const LIFETIME: Duration = Duration::from_secs(300);
const REASON_USER: &str = "urn:oasis:names:tc:SAML:2.0:logout:user";

/// A signed request to log a person out, whose ID the answer must name.
#[derive(Clone, Debug)]
pub struct LogoutRequest<'p> {
    provider: &'p SamlProvider,
    key: &'p SpSigningKey,
    id: String,
    session: &'p SamlSession,
    issue_instant: Timestamp,
}

impl<'p> LogoutRequest<'p> {
    /// A request to end `session`, which `provider` began.
    ///
    /// # Errors
    /// [`SamlError::NoOwnKey`] without a signing key (saml-profiles 4.4.4.1: a request must be signed),
    /// [`SamlError::Mismatch`] when the session is another provider's, [`SamlError::Randomness`].
    pub fn new(provider: &'p SamlProvider, session: &'p SamlSession, now: Timestamp) -> Result<Self, SamlError> {
        let key = provider.signing_key().ok_or(SamlError::NoOwnKey { needed: "logout requests" })?;
        require_equal(super::rules::ISSUER, provider.entity_id(), Some(session.issuer()))?;
        Ok(Self { provider, key, id: fresh_id()?, session, issue_instant: now })
    }

    /// The ID that the answer must name: [`super::UnverifiedLogoutResponse`] takes it.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The URL to redirect the browser to (HTTP-Redirect).
    ///
    /// # Errors
    /// [`SamlError::Metadata`] when the identity provider has no such endpoint, [`SamlError::RelayStateTooLong`],
    /// [`SamlError::OwnKey`] when signing fails.
    pub fn redirect_url(&self, relay_state: Option<&str>) -> Result<String, SamlError> {
        let metadata = self.provider.metadata();
        let endpoint = redirect(metadata)?.location();
        self.outgoing(endpoint, &self.to_xml(endpoint), relay_state).redirect_url()
    }

    /// The form to post by the browser (HTTP-POST).
    ///
    /// # Errors
    /// As [`LogoutRequest::redirect_url`].
    pub fn post_form(&self, relay_state: Option<&str>) -> Result<PostForm, SamlError> {
        let metadata = self.provider.metadata();
        let endpoint = post(metadata)?.location();
        self.outgoing(endpoint, &self.to_xml(endpoint), relay_state).post_form()
    }

    fn outgoing<'m>(&'m self, endpoint: &'m str, xml: &'m str, relay_state: Option<&'m str>) -> Outgoing<'m> {
        Outgoing { direction: Direction::Request, endpoint, xml, relay_state, key: Some(self.key) }
    }

    fn to_xml(&self, destination: &str) -> String {
        let mut xml = String::with_capacity(1024);
        begin(&mut xml, "LogoutRequest", &self.id, self.issue_instant, destination);
        attribute(&mut xml, "NotOnOrAfter", &self.issue_instant.saturating_add(LIFETIME).to_string());
        attribute(&mut xml, "Reason", REASON_USER);
        xml.push('>');
        leaf(&mut xml, "saml:Issuer", self.provider.sp_entity_id());
        self.session.name_id().write(&mut xml);
        for index in self.session.session_indexes() {
            leaf(&mut xml, "samlp:SessionIndex", index);
        }
        xml.push_str("</samlp:LogoutRequest>");
        xml
    }
}
