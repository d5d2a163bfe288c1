//! The request that sends a person to the identity provider (saml-core 3.4.1).

use super::binding::{Direction, Outgoing, PostForm};
use super::markup::{attribute, leaf, optional_attribute};
use super::provider::SamlProvider;
use super::{MetadataError, SAML, SAMLP, SamlError};
use crate::crypto;
use crate::time::Timestamp;

const HTTP_POST: &str = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST";

/// A request for a sign-in, whose ID the answer must name. It is signed whenever the provider has a signing key of ours
/// ([`SamlProvider::with_signing_key`]).
#[derive(Clone, Debug)]
pub struct AuthnRequest<'p> {
    provider: &'p SamlProvider,
    id: String,
    issue_instant: Timestamp,
    force_authn: bool,
    is_passive: bool,
    consumer: Consumer,
    provider_name: Option<String>,
    subject: Option<String>,
    name_id_policy: Option<NameIdPolicy>,
}

/// Where the answer is to go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Consumer {
    Url,
    Index(u16),
}

/// What kind of NameID is asked for (NameIDPolicy, saml-core 3.4.1.1).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NameIdPolicy {
    format: Option<String>,
    sp_name_qualifier: Option<String>,
    allow_create: bool,
}

impl NameIdPolicy {
    /// No format in particular; the identity provider may not make a new identifier to answer.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks for this format URI.
    #[must_use]
    pub fn with_format(mut self, format: &str) -> Self {
        self.format = Some(format.to_owned());
        self
    }

    /// Asks for an identifier in the namespace of this service or group of services (SPNameQualifier).
    #[must_use]
    pub fn with_sp_name_qualifier(mut self, qualifier: &str) -> Self {
        self.sp_name_qualifier = Some(qualifier.to_owned());
        self
    }

    /// Lets the identity provider make a new identifier for the person (AllowCreate).
    #[must_use]
    pub const fn with_allow_create(mut self) -> Self {
        self.allow_create = true;
        self
    }

    fn write(&self, xml: &mut String) {
        xml.push_str("<samlp:NameIDPolicy");
        optional_attribute(xml, "Format", self.format.as_deref());
        optional_attribute(xml, "SPNameQualifier", self.sp_name_qualifier.as_deref());
        optional_attribute(xml, "AllowCreate", self.allow_create.then_some("true"));
        xml.push_str("/>");
    }
}

impl<'p> AuthnRequest<'p> {
    /// A request to `provider` with a fresh 192-bit ID.
    ///
    /// # Errors
    /// [`SamlError::NoOwnKey`] when the identity provider takes signed requests alone and there is no key to sign with,
    /// [`SamlError::Randomness`] when the operating system gives none.
    pub fn new(provider: &'p SamlProvider, now: Timestamp) -> Result<Self, SamlError> {
        if provider.metadata().wants_signed_requests() && provider.signing_key().is_none() {
            return Err(SamlError::NoOwnKey { needed: "requests, which the identity provider wants signed" });
        }
        Ok(Self {
            provider,
            id: fresh_id()?,
            issue_instant: now,
            force_authn: false,
            is_passive: false,
            consumer: Consumer::Url,
            provider_name: None,
            subject: None,
            name_id_policy: None,
        })
    }

    /// Asks the identity provider to have the person prove who they are again (ForceAuthn). Pair it with
    /// [`SamlProvider::with_authn_age`], which holds the answer to it.
    #[must_use]
    pub const fn with_force_authn(mut self) -> Self {
        self.force_authn = true;
        self
    }

    /// Asks the identity provider to show the person nothing (IsPassive).
    #[must_use]
    pub const fn with_passive(mut self) -> Self {
        self.is_passive = true;
        self
    }

    /// Asks for a kind of NameID (NameIDPolicy).
    #[must_use]
    pub fn with_name_id_policy(mut self, policy: NameIdPolicy) -> Self {
        self.name_id_policy = Some(policy);
        self
    }

    /// Tells the identity provider what to call this service where it speaks to the person (ProviderName).
    #[must_use]
    pub fn with_provider_name(mut self, name: &str) -> Self {
        self.provider_name = Some(name.to_owned());
        self
    }

    /// Names the assertion consumer service by its index in our metadata in place of its URL, for identity providers that
    /// take nothing else. The answer is still accepted at [`SamlProvider::acs_url`] alone.
    #[must_use]
    pub const fn with_acs_index(mut self, index: u16) -> Self {
        self.consumer = Consumer::Index(index);
        self
    }

    /// Suggests who is about to sign in (Subject), such as a name typed before. A hint: the answer says who did.
    #[must_use]
    pub fn with_subject(mut self, name_id: &str) -> Self {
        self.subject = Some(name_id.to_owned());
        self
    }

    /// The ID that the response must answer to: [`super::UnverifiedResponse::from_post`] takes it.
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
        let endpoint = metadata.redirect_endpoint();
        let endpoint = endpoint.ok_or(MetadataError::NoEndpoint { binding: "HTTP-Redirect" })?;
        self.outgoing(endpoint, &self.to_xml(endpoint), relay_state).redirect_url()
    }

    /// The form to post by the browser (HTTP-POST).
    ///
    /// # Errors
    /// As [`AuthnRequest::redirect_url`].
    pub fn post_form(&self, relay_state: Option<&str>) -> Result<PostForm, SamlError> {
        let metadata = self.provider.metadata();
        let endpoint = metadata.post_endpoint();
        let endpoint = endpoint.ok_or(MetadataError::NoEndpoint { binding: "HTTP-POST" })?;
        self.outgoing(endpoint, &self.to_xml(endpoint), relay_state).post_form()
    }

    fn outgoing<'m>(&'m self, endpoint: &'m str, xml: &'m str, relay_state: Option<&'m str>) -> Outgoing<'m> {
        Outgoing { direction: Direction::Request, endpoint, xml, relay_state, key: self.provider.signing_key() }
    }

    fn to_xml(&self, destination: &str) -> String {
        let mut xml = String::with_capacity(1024);
        begin(&mut xml, "AuthnRequest", &self.id, self.issue_instant, destination);
        optional_attribute(&mut xml, "ForceAuthn", self.force_authn.then_some("true"));
        optional_attribute(&mut xml, "IsPassive", self.is_passive.then_some("true"));
        match self.consumer {
            Consumer::Url => {
                attribute(&mut xml, "ProtocolBinding", HTTP_POST);
                attribute(&mut xml, "AssertionConsumerServiceURL", &self.provider.acs_url);
            }
            // The schema's two ways exclude each other.
            Consumer::Index(index) => attribute(&mut xml, "AssertionConsumerServiceIndex", &index.to_string()),
        }
        optional_attribute(&mut xml, "ProviderName", self.provider_name.as_deref());
        xml.push('>');
        leaf(&mut xml, "saml:Issuer", &self.provider.sp_entity_id);
        if let Some(subject) = &self.subject {
            xml.push_str("<saml:Subject>");
            leaf(&mut xml, "saml:NameID", subject);
            xml.push_str("</saml:Subject>");
        }
        if let Some(policy) = &self.name_id_policy {
            policy.write(&mut xml);
        }
        self.provider.requested_authn_context.write(&mut xml);
        xml.push_str("</samlp:AuthnRequest>");
        xml
    }
}

/// An ID of 192 random bits (saml-core 1.3.4 wants 128 or more).
pub(super) fn fresh_id() -> Result<String, SamlError> {
    let random = crypto::random_id().map_err(|_| SamlError::Randomness)?;
    // An ID is an NCName: it may not begin with a digit or a hyphen.
    Ok(format!("_{random}"))
}

/// Writes the start of a message up to the attributes that are its own (saml-core 3.2.1, 3.2.2).
pub(super) fn begin(xml: &mut String, element: &str, id: &str, issue_instant: Timestamp, destination: &str) {
    xml.push_str("<samlp:");
    xml.push_str(element);
    attribute(xml, "xmlns:samlp", SAMLP);
    attribute(xml, "xmlns:saml", SAML);
    attribute(xml, "ID", id);
    attribute(xml, "Version", "2.0");
    attribute(xml, "IssueInstant", &issue_instant.to_string());
    attribute(xml, "Destination", destination);
}
