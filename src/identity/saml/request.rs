//! The request that sends a person to the identity provider (saml-core 3.4.1).

use super::binding;
use super::metadata::escape;
use super::provider::SamlProvider;
use super::{MetadataError, SAML, SAMLP, SamlError};
use crate::crypto;
use crate::time::Timestamp;

/// A request for a sign-in, whose ID the answer must name.
#[derive(Clone, Debug)]
pub struct AuthnRequest<'p> {
    provider: &'p SamlProvider,
    id: String,
    issue_instant: Timestamp,
    force_authn: bool,
    is_passive: bool,
    name_id_format: Option<String>,
    authn_contexts: Vec<String>,
}

/// The fields of a form that carries a request by HTTP-POST. The page that shows them must escape every one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PostForm {
    /// Where the form is posted to.
    pub action: String,
    /// The value of the field SAMLRequest.
    pub saml_request: String,
    /// The value of the field RelayState, if there is one.
    pub relay_state: Option<String>,
}

impl<'p> AuthnRequest<'p> {
    /// A request to `provider` with a fresh 192-bit ID.
    ///
    /// # Errors
    /// [`SamlError::Randomness`] when the operating system gives none.
    pub fn new(provider: &'p SamlProvider, now: Timestamp) -> Result<Self, SamlError> {
        let random = crypto::random_id().map_err(|_| SamlError::Randomness)?;
        Ok(Self {
            provider,
            // An ID is an NCName: it may not begin with a digit or a hyphen (saml-core 1.3.4).
            id: format!("_{random}"),
            issue_instant: now,
            force_authn: false,
            is_passive: false,
            name_id_format: None,
            authn_contexts: provider.authn_contexts.clone(),
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

    /// Asks for a NameID of this format URI (NameIDPolicy).
    #[must_use]
    pub fn with_name_id_format(mut self, format: &str) -> Self {
        self.name_id_format = Some(format.to_owned());
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
    /// [`SamlError::Metadata`] when the identity provider has no such endpoint, [`SamlError::RelayStateTooLong`].
    pub fn redirect_url(&self, relay_state: Option<&str>) -> Result<String, SamlError> {
        let endpoint = self.provider.metadata().redirect_endpoint();
        let endpoint = endpoint.ok_or(MetadataError::NoEndpoint { binding: "HTTP-Redirect" })?;
        binding::redirect_url(endpoint, &self.to_xml(endpoint), relay_state)
    }

    /// The form to post by the browser (HTTP-POST).
    ///
    /// # Errors
    /// As [`AuthnRequest::redirect_url`].
    pub fn post_form(&self, relay_state: Option<&str>) -> Result<PostForm, SamlError> {
        let endpoint = self.provider.metadata().post_endpoint();
        let endpoint = endpoint.ok_or(MetadataError::NoEndpoint { binding: "HTTP-POST" })?;
        binding::bounded(relay_state)?;
        Ok(PostForm {
            action: endpoint.to_owned(),
            saml_request: binding::form_value(&self.to_xml(endpoint)),
            relay_state: relay_state.map(str::to_owned),
        })
    }

    fn to_xml(&self, destination: &str) -> String {
        let mut xml = String::with_capacity(1024);
        let attribute = |xml: &mut String, name: &str, value: &str| {
            xml.push(' ');
            xml.push_str(name);
            xml.push_str("=\"");
            escape(xml, value);
            xml.push('"');
        };
        xml.push_str("<samlp:AuthnRequest");
        attribute(&mut xml, "xmlns:samlp", SAMLP);
        attribute(&mut xml, "xmlns:saml", SAML);
        attribute(&mut xml, "ID", &self.id);
        attribute(&mut xml, "Version", "2.0");
        attribute(&mut xml, "IssueInstant", &self.issue_instant.to_string());
        attribute(&mut xml, "Destination", destination);
        if self.force_authn {
            attribute(&mut xml, "ForceAuthn", "true");
        }
        if self.is_passive {
            attribute(&mut xml, "IsPassive", "true");
        }
        attribute(&mut xml, "ProtocolBinding", "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST");
        attribute(&mut xml, "AssertionConsumerServiceURL", &self.provider.acs_url);
        xml.push_str("><saml:Issuer>");
        escape(&mut xml, &self.provider.sp_entity_id);
        xml.push_str("</saml:Issuer>");
        if let Some(format) = &self.name_id_format {
            xml.push_str("<samlp:NameIDPolicy");
            attribute(&mut xml, "Format", format);
            xml.push_str(" AllowCreate=\"true\"/>");
        }
        if !self.authn_contexts.is_empty() {
            xml.push_str("<samlp:RequestedAuthnContext Comparison=\"exact\">");
            for class_ref in &self.authn_contexts {
                xml.push_str("<saml:AuthnContextClassRef>");
                escape(&mut xml, class_ref);
                xml.push_str("</saml:AuthnContextClassRef>");
            }
            xml.push_str("</samlp:RequestedAuthnContext>");
        }
        xml.push_str("</samlp:AuthnRequest>");
        xml
    }
}
