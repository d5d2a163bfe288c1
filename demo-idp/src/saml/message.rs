//! What service providers send, by redirect or by post (SAML bindings 3.4 and 3.5), and the signature it came with.
//!
//! Enters: what a stranger put into a query or a form. Leaves: bounded XML and, once somebody registered has been found
//! to be its sender, whether that sender's key signed it.

use super::enveloped;
use crate::keys::VerifyingKey;
use crate::params::{Params, ParamsError};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::read::DeflateDecoder;
use roxmltree::{Document, Node, ParsingOptions};
use std::io::Read;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// A request is one to three kilobytes; this is the bound after inflating (attack: deflate bomb).
const XML_MOST: u64 = 32 * 1024;
const ENCODED_MOST: usize = 64 * 1024;
const NODES_MOST: u32 = 1_000;
/// SAML bindings 3.4.3.
const RELAY_STATE_MOST: usize = 80;

/// A message and how it was signed.
#[derive(Debug, Clone)]
pub(crate) struct Message {
    pub(crate) xml: String,
    pub(crate) relay_state: Option<String>,
    seal: Seal,
}

#[derive(Debug, Clone)]
enum Seal {
    /// HTTP-Redirect without a signature.
    Missing,
    /// HTTP-Redirect: a signature over the query as it was sent.
    Query { octets: String, algorithm: String, signature: Vec<u8> },
    /// HTTP-POST: inside the XML, if there is one.
    Enveloped,
}

/// Why a message cannot be read or believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum MessageError {
    #[error(transparent)]
    Params(#[from] ParamsError),
    #[error("the message is not base64")]
    Base64,
    #[error("the message does not inflate to at most 32 KiB")]
    Inflate,
    #[error("the message is not well-formed XML, or has a document type or more than 1,000 nodes")]
    Xml,
    #[error("the RelayState is longer than 80 bytes")]
    RelayState,
    #[error("the message is not signed, and its sender must sign")]
    Unsigned,
    #[error("no certificate is registered for its sender, so nothing it signs can be believed")]
    NoCertificate,
    #[error("the signature of the message does not hold: {0}")]
    Signature(&'static str),
}

impl Message {
    /// Reads the parameter `name` of the HTTP-Redirect binding: base64 over DEFLATE.
    pub(crate) fn from_redirect(query: &str, name: &'static str) -> Result<Self, MessageError> {
        let params = Params::parse(query)?;
        let deflated = decode(params.get(name).unwrap_or_default())?;
        let mut xml = String::new();
        let mut inflating = DeflateDecoder::new(deflated.as_slice()).take(XML_MOST + 1);
        let read = inflating.read_to_string(&mut xml).map_err(|_| MessageError::Inflate)?;
        if u64::try_from(read).map_or(true, |read| read > XML_MOST) {
            return Err(MessageError::Inflate);
        }
        let seal = match (params.get("SigAlg"), params.get("Signature")) {
            (None, None) => Seal::Missing,
            (Some(algorithm), Some(signature)) => Seal::Query {
                octets: signed_octets(query, name, params.get("RelayState").is_some())?,
                algorithm: algorithm.to_owned(),
                signature: STANDARD.decode(signature).map_err(|_| MessageError::Signature("it is not base64"))?,
            },
            _ => return Err(MessageError::Signature("SigAlg and Signature belong together")),
        };
        Ok(Self { xml, relay_state: relay_state(&params)?, seal })
    }

    /// Reads the parameter `name` of the HTTP-POST binding: base64 alone.
    pub(crate) fn from_post(params: &Params, name: &'static str) -> Result<Self, MessageError> {
        let bytes = decode(params.get(name).unwrap_or_default())?;
        if u64::try_from(bytes.len()).map_or(true, |length| length > XML_MOST) {
            return Err(MessageError::Inflate);
        }
        let xml = String::from_utf8(bytes).map_err(|_| MessageError::Xml)?;
        Ok(Self { xml, relay_state: relay_state(params)?, seal: Seal::Enveloped })
    }

    /// The message as a tree.
    pub(crate) fn document(&self) -> Result<Document<'_>, MessageError> {
        let options = ParsingOptions { allow_dtd: false, nodes_limit: NODES_MOST, ..ParsingOptions::default() };
        Document::parse_with_options(&self.xml, options).map_err(|_| MessageError::Xml)
    }

    /// Holds the whole message, which `document` is the tree of, to having been signed by one of `keys`.
    pub(super) fn verify(&self, document: &Document<'_>, keys: &[VerifyingKey]) -> Result<(), MessageError> {
        if keys.is_empty() {
            return Err(MessageError::NoCertificate);
        }
        match &self.seal {
            Seal::Missing => Err(MessageError::Unsigned),
            Seal::Query { octets, algorithm, signature } => {
                let holds = |key: &VerifyingKey| key.verify(algorithm, octets.as_bytes(), signature).is_some();
                let held = keys.iter().any(holds).then_some(());
                held.ok_or(MessageError::Signature("it is by another key, or over another query"))
            }
            Seal::Enveloped => enveloped::verify(document, keys),
        }
    }
}

/// What a redirect signs: three parameters in this order, escaped as they were sent (SAML bindings 3.4.4.1). Escaping
/// them anew would verify something else than was received.
fn signed_octets(query: &str, name: &'static str, has_state: bool) -> Result<String, MessageError> {
    let raw = |wanted: &str| query.split('&').find(|pair| pair.split_once('=').is_some_and(|(name, _)| name == wanted));
    let (message, algorithm) = (raw(name), raw("SigAlg"));
    let escaped = Err(MessageError::Signature("a parameter's name is escaped"));
    let (Some(message), Some(algorithm)) = (message, algorithm) else { return escaped };
    let state = raw("RelayState");
    if has_state && state.is_none() {
        return escaped;
    }
    Ok([Some(message), state, Some(algorithm)].into_iter().flatten().collect::<Vec<_>>().join("&"))
}

fn relay_state(params: &Params) -> Result<Option<String>, MessageError> {
    match params.get("RelayState") {
        Some(state) if state.len() > RELAY_STATE_MOST => Err(MessageError::RelayState),
        state => Ok(state.map(str::to_owned)),
    }
}

fn decode(message: &str) -> Result<Vec<u8>, MessageError> {
    if message.len() > ENCODED_MOST {
        return Err(MessageError::Inflate);
    }
    // Lines may be wrapped (SAML bindings 3.5.4 cites RFC 2045).
    let unwrapped: String = message.split_ascii_whitespace().collect();
    STANDARD.decode(unwrapped).map_err(|_| MessageError::Base64)
}

pub(super) fn child<'a, 'input>(parent: Node<'a, 'input>, namespace: &str, name: &str) -> Option<Node<'a, 'input>> {
    parent.children().find(|child| child.has_tag_name((namespace, name)))
}

/// All text nodes joined, so that a comment cannot cut a value short.
pub(super) fn text_of(node: Node<'_, '_>) -> String {
    let text: String = node.children().filter(Node::is_text).filter_map(|text| text.text()).collect();
    text.trim().to_owned()
}

/// The attribute in no namespace; roxmltree's own look-up by name would also take `x:ID` for `ID`.
pub(super) fn attribute<'a>(node: Node<'a, '_>, name: &str) -> Option<&'a str> {
    node.attributes().find(|found| found.namespace().is_none() && found.name() == name).map(|found| found.value())
}

/// An instant in an attribute.
pub(super) fn instant(node: Node<'_, '_>, name: &str) -> Option<OffsetDateTime> {
    attribute(node, name).and_then(|text| OffsetDateTime::parse(text, &Rfc3339).ok())
}

/// `xs:ID` as far as it matters here: it is only ever echoed as `InResponseTo`.
pub(super) fn message_id<'a>(node: Node<'a, '_>) -> Option<&'a str> {
    attribute(node, "ID").filter(|id| {
        id.len() <= 256
            && id.starts_with(|c: char| c.is_alphabetic() || c == '_')
            && id.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.'))
    })
}
