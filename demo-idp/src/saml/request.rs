//! AuthnRequests, by redirect or by post (SAML bindings 3.4 and 3.5, profiles 4.1.4.1).
//!
//! Enters: what a stranger put into a query or a form. Leaves: a request whose answer goes to a registered address.
//! Signatures of requests are not verified; that is safe because nothing in a request is believed but where to send the
//! answer, and that must be registered.

use super::response::NameIdFormat;
use super::xml::Namespace;
use crate::core::Core;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::read::DeflateDecoder;
use roxmltree::{Document, Node, ParsingOptions};
use std::io::Read;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// The one way of signing in that is offered.
pub(super) const PASSWORD_CONTEXT: &str = "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport";

/// An AuthnRequest is one to three kilobytes; this is the bound after inflating (attack: deflate bomb).
const XML_MOST: u64 = 32 * 1024;
const ENCODED_MOST: usize = 64 * 1024;
const NODES_MOST: u32 = 1_000;
/// SAML bindings 3.4.3.
const RELAY_STATE_MOST: usize = 80;

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
    #[error("the SAMLRequest parameter is not base64")]
    Base64,
    #[error("the SAMLRequest parameter does not inflate to at most 32 KiB")]
    Inflate,
    #[error("the request is not well-formed XML, or has a document type or more than 1,000 nodes")]
    Xml,
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
    #[error("the RelayState is longer than 80 bytes")]
    RelayState,
}

/// Reads the `SAMLRequest` of the HTTP-Redirect binding: base64 over DEFLATE.
pub(crate) fn from_redirect(
    core: &Core,
    message: &str,
    relay_state: Option<&str>,
) -> Result<AuthnRequest, AuthnRequestError> {
    let deflated = decode(message)?;
    let mut xml = String::new();
    let mut inflating = DeflateDecoder::new(deflated.as_slice()).take(XML_MOST + 1);
    let read = inflating.read_to_string(&mut xml).map_err(|_| AuthnRequestError::Inflate)?;
    if u64::try_from(read).map_or(true, |read| read > XML_MOST) {
        return Err(AuthnRequestError::Inflate);
    }
    parse(core, &xml, relay_state)
}

/// Reads the `SAMLRequest` of the HTTP-POST binding: base64 alone.
pub(crate) fn from_post(
    core: &Core,
    message: &str,
    relay_state: Option<&str>,
) -> Result<AuthnRequest, AuthnRequestError> {
    let bytes = decode(message)?;
    if u64::try_from(bytes.len()).map_or(true, |length| length > XML_MOST) {
        return Err(AuthnRequestError::Inflate);
    }
    let xml = String::from_utf8(bytes).map_err(|_| AuthnRequestError::Xml)?;
    parse(core, &xml, relay_state)
}

fn decode(message: &str) -> Result<Vec<u8>, AuthnRequestError> {
    if message.len() > ENCODED_MOST {
        return Err(AuthnRequestError::Inflate);
    }
    // Lines may be wrapped (SAML bindings 3.5.4 cites RFC 2045).
    let unwrapped: String = message.split_ascii_whitespace().collect();
    STANDARD.decode(unwrapped).map_err(|_| AuthnRequestError::Base64)
}

fn parse(core: &Core, xml: &str, relay_state: Option<&str>) -> Result<AuthnRequest, AuthnRequestError> {
    if relay_state.is_some_and(|state| state.len() > RELAY_STATE_MOST) {
        return Err(AuthnRequestError::RelayState);
    }
    let options = ParsingOptions { allow_dtd: false, nodes_limit: NODES_MOST, ..ParsingOptions::default() };
    let document = Document::parse_with_options(xml, options).map_err(|_| AuthnRequestError::Xml)?;
    let root = document.root_element();
    if !root.has_tag_name((Namespace::Protocol.uri(), "AuthnRequest")) || attribute(root, "Version") != Some("2.0") {
        return Err(AuthnRequestError::NotAuthnRequest);
    }
    let id = attribute(root, "ID").filter(|id| is_id(id)).ok_or(AuthnRequestError::Missing("ID"))?;
    attribute(root, "IssueInstant")
        .filter(|instant| OffsetDateTime::parse(instant, &Rfc3339).is_ok())
        .ok_or(AuthnRequestError::Missing("IssueInstant"))?;
    if let Some(other) = attribute(root, "Destination").filter(|destination| *destination != core.sso_url()) {
        return Err(AuthnRequestError::Destination(other.to_owned()));
    }
    if let Some(other) = attribute(root, "ProtocolBinding").filter(|binding| !binding.ends_with(":bindings:HTTP-POST"))
    {
        return Err(AuthnRequestError::Binding(other.to_owned()));
    }
    let (service_provider, acs_url) = parse_return(core, root)?;
    Ok(AuthnRequest {
        id: id.to_owned(),
        service_provider,
        acs_url,
        relay_state: relay_state.map(str::to_owned),
        force_authn: is_true(root, "ForceAuthn"),
        is_passive: is_true(root, "IsPassive"),
        format: parse_format(root),
        context_is_offered: context_is_offered(root),
    })
}

fn parse_return(core: &Core, root: Node<'_, '_>) -> Result<(usize, String), AuthnRequestError> {
    let issuer =
        child(root, Namespace::Assertion, "Issuer").map(text_of).ok_or(AuthnRequestError::Missing("Issuer"))?;
    let (index, service_provider) = core
        .service_providers
        .iter()
        .enumerate()
        .find(|(_, registered)| registered.entity_id() == issuer)
        .ok_or_else(|| AuthnRequestError::UnknownIssuer(issuer.clone()))?;
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
        return Err(AuthnRequestError::UnregisteredAcs { issuer, acs_url: asked.to_owned() });
    }
    Ok((index, asked.to_owned()))
}

/// An absent policy, or one without a format, leaves the choice to the provider (SAML core 3.4.1.1).
fn parse_format(root: Node<'_, '_>) -> Option<NameIdFormat> {
    child(root, Namespace::Protocol, "NameIDPolicy")
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
    let Some(asked) = child(root, Namespace::Protocol, "RequestedAuthnContext") else {
        return true;
    };
    attribute(asked, "Comparison") != Some("better")
        && asked
            .children()
            .filter(|class| class.has_tag_name((Namespace::Assertion.uri(), "AuthnContextClassRef")))
            .any(|class| OFFERED.contains(&text_of(class).as_str()))
}

fn child<'a, 'input>(parent: Node<'a, 'input>, namespace: Namespace, name: &str) -> Option<Node<'a, 'input>> {
    parent.children().find(|child| child.has_tag_name((namespace.uri(), name)))
}

/// All text nodes joined, so that a comment cannot cut a value short.
fn text_of(node: Node<'_, '_>) -> String {
    let text: String = node.children().filter(Node::is_text).filter_map(|text| text.text()).collect();
    text.trim().to_owned()
}

fn is_true(node: Node<'_, '_>, name: &str) -> bool {
    matches!(attribute(node, name), Some("true" | "1"))
}

/// The attribute in no namespace; roxmltree's own look-up by name would also take `x:ID` for `ID`.
fn attribute<'a>(node: Node<'a, '_>, name: &str) -> Option<&'a str> {
    node.attributes().find(|found| found.namespace().is_none() && found.name() == name).map(|found| found.value())
}

/// `xs:ID` as far as it matters here: it is only ever echoed as `InResponseTo`.
fn is_id(id: &str) -> bool {
    id.len() <= 256
        && id.starts_with(|c: char| c.is_alphabetic() || c == '_')
        && id.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.'))
}
