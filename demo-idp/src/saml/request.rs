//! AuthnRequests (SAML core 3.4.1, profiles 4.1.4.1).
//!
//! Enters: a message of a stranger. Leaves: a request whose answer goes to a registered address. Whoever registered a
//! certificate must sign; of others nothing is believed but where to send the answer, and that must be registered.

use super::message::{Message, MessageError, attribute, child, instant, message_id, text_of};
use super::response::NameIdFormat;
use super::xml::Namespace;
use crate::core::Core;
use crate::relying::ServiceProvider;
use roxmltree::Node;

/// The one way of signing in that is offered.
pub(super) const PASSWORD_CONTEXT: &str = "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport";

/// A request that may be answered.
#[derive(Debug, Clone)]
pub(crate) struct AuthnRequest {
    pub(crate) id: String,
    pub(crate) service_provider: usize,
    pub(crate) acs_url: String,
    pub(crate) relay_state: Option<String>,
    pub(crate) force_authn: bool,
    pub(crate) is_passive: bool,
    /// `None` when the request asks for a format that is not offered.
    pub(crate) format: Option<NameIdFormat>,
    pub(crate) context_is_offered: bool,
}

/// Why a request was not even answered with an error, but shown to the person in front of the browser.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum AuthnRequestError {
    #[error(transparent)]
    Message(#[from] MessageError),
    #[error("the document is not a SAML 2.0 AuthnRequest")]
    NotAuthnRequest,
    #[error("the request has no usable {0}")]
    Missing(&'static str),
    #[error("the request was made for another address: {0}")]
    Destination(String),
    #[error("the service provider {0:?} is not registered here")]
    UnknownIssuer(String),
    #[error("{acs_url:?} is not registered as an assertion consumer service of {issuer:?}")]
    UnregisteredAcs { issuer: String, acs_url: String },
    #[error("the request wants its answer by another binding than HTTP-POST: {0}")]
    Binding(String),
}

/// Reads and judges a request.
pub(crate) fn parse(core: &Core, message: &Message) -> Result<AuthnRequest, AuthnRequestError> {
    let document = message.document()?;
    let root = document.root_element();
    if !root.has_tag_name((Namespace::Protocol.uri(), "AuthnRequest")) || attribute(root, "Version") != Some("2.0") {
        return Err(AuthnRequestError::NotAuthnRequest);
    }
    let id = message_id(root).ok_or(AuthnRequestError::Missing("ID"))?;
    instant(root, "IssueInstant").ok_or(AuthnRequestError::Missing("IssueInstant"))?;
    if let Some(other) = attribute(root, "Destination").filter(|destination| *destination != core.sso_url()) {
        return Err(AuthnRequestError::Destination(other.to_owned()));
    }
    if let Some(other) = attribute(root, "ProtocolBinding").filter(|binding| !binding.ends_with(":bindings:HTTP-POST"))
    {
        return Err(AuthnRequestError::Binding(other.to_owned()));
    }
    let (index, service_provider) = asker(core, root)?;
    if core.want_signed_requests || !service_provider.keys().is_empty() {
        message.verify(&document, service_provider.keys())?;
    }
    let acs_url = parse_return(service_provider, root)?;
    Ok(AuthnRequest {
        id: id.to_owned(),
        service_provider: index,
        acs_url,
        relay_state: message.relay_state.clone(),
        force_authn: is_true(root, "ForceAuthn"),
        is_passive: is_true(root, "IsPassive"),
        format: parse_format(root),
        context_is_offered: context_is_offered(root),
    })
}

fn asker<'a>(core: &'a Core, root: Node<'_, '_>) -> Result<(usize, &'a ServiceProvider), AuthnRequestError> {
    let issuer =
        child(root, Namespace::Assertion.uri(), "Issuer").map(text_of).ok_or(AuthnRequestError::Missing("Issuer"))?;
    core.service_provider_at(&issuer).ok_or(AuthnRequestError::UnknownIssuer(issuer))
}

fn parse_return(service_provider: &ServiceProvider, root: Node<'_, '_>) -> Result<String, AuthnRequestError> {
    let asked = match (attribute(root, "AssertionConsumerServiceURL"), attribute(root, "AssertionConsumerServiceIndex"))
    {
        (Some(url), _) => url,
        (None, Some(index)) => index
            .parse()
            .ok()
            .and_then(|index| service_provider.acs_at(index))
            .ok_or(AuthnRequestError::Missing("AssertionConsumerServiceIndex"))?,
        (None, None) => service_provider.default_acs(),
    };
    if !service_provider.has_acs(asked) {
        let issuer = service_provider.entity_id().to_owned();
        return Err(AuthnRequestError::UnregisteredAcs { issuer, acs_url: asked.to_owned() });
    }
    Ok(asked.to_owned())
}

/// An absent policy, or one without a format, leaves the choice to the provider (SAML core 3.4.1.1).
fn parse_format(root: Node<'_, '_>) -> Option<NameIdFormat> {
    child(root, Namespace::Protocol.uri(), "NameIDPolicy")
        .and_then(|policy| attribute(policy, "Format"))
        .map_or(Some(NameIdFormat::default()), NameIdFormat::from_uri)
}

/// SAML core 3.3.2.2.1: a password satisfies a request that names it, unless something better is demanded.
fn context_is_offered(root: Node<'_, '_>) -> bool {
    const OFFERED: [&str; 3] = [
        PASSWORD_CONTEXT,
        "urn:oasis:names:tc:SAML:2.0:ac:classes:Password",
        "urn:oasis:names:tc:SAML:2.0:ac:classes:unspecified",
    ];
    let Some(asked) = child(root, Namespace::Protocol.uri(), "RequestedAuthnContext") else {
        return true;
    };
    attribute(asked, "Comparison") != Some("better")
        && asked
            .children()
            .filter(|class| class.has_tag_name((Namespace::Assertion.uri(), "AuthnContextClassRef")))
            .any(|class| OFFERED.contains(&text_of(class).as_str()))
}

fn is_true(node: Node<'_, '_>, name: &str) -> bool {
    matches!(attribute(node, name), Some("true" | "1"))
}
