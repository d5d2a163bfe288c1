//! Signatures inside what service providers post (XML Signature, the profile of SAML core 5.4).
//!
//! The one signature that is accepted stands directly in the root and covers the root, so there is no part of the
//! message that it might not cover (attack: signature wrapping).

use super::canonical::canonical;
use super::message::{MessageError, attribute, child, text_of};
use super::xml::Namespace;
use crate::keys::VerifyingKey;
use aws_lc_rs::digest;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use roxmltree::{Document, Node};

const EXCLUSIVE: &str = "http://www.w3.org/2001/10/xml-exc-c14n#";
const ENVELOPED: &str = "http://www.w3.org/2000/09/xmldsig#enveloped-signature";

pub(super) fn verify(document: &Document<'_>, keys: &[VerifyingKey]) -> Result<(), MessageError> {
    let root = document.root_element();
    let mut signatures = root.children().filter(|node| is_ds(*node, "Signature"));
    let signature = signatures.next().ok_or(MessageError::Unsigned)?;
    if signatures.next().is_some() {
        return Err(MessageError::Signature("there are two"));
    }
    let shape = || MessageError::Signature("it has not the shape that SAML gives it");
    let signed_info = ds(signature, "SignedInfo").ok_or_else(shape)?;
    let (hash, digest_value) = reference(signed_info, attribute(root, "ID").unwrap_or_default()).ok_or_else(shape)?;
    let covered = canonical(root, Some(signature)).ok_or_else(shape)?;
    if digest::digest(hash, covered.as_bytes()).as_ref() != digest_value {
        return Err(MessageError::Signature("the message was changed"));
    }
    let algorithm = ds(signed_info, "SignatureMethod").and_then(|method| attribute(method, "Algorithm"));
    let value = ds(signature, "SignatureValue").and_then(base64_of).ok_or_else(shape)?;
    let octets = canonical(signed_info, None).ok_or_else(shape)?;
    let holds = |key: &VerifyingKey| key.verify(algorithm.unwrap_or_default(), octets.as_bytes(), &value).is_some();
    keys.iter().any(holds).then_some(()).ok_or(MessageError::Signature("it is by another key"))
}

/// The hash of the one reference and what it should come to; only where that is to the whole message.
fn reference(signed_info: Node<'_, '_>, id: &str) -> Option<(&'static digest::Algorithm, Vec<u8>)> {
    let algorithm_of = |node: Node<'_, '_>| attribute(node, "Algorithm").map(str::to_owned);
    let plain = |node: &Node<'_, '_>| !node.children().any(|child| child.is_element());
    ds(signed_info, "CanonicalizationMethod")
        .filter(plain)
        .filter(|method| algorithm_of(*method).as_deref() == Some(EXCLUSIVE))?;
    let mut references = signed_info.children().filter(|node| is_ds(*node, "Reference"));
    let reference = references.next()?;
    let to_root = attribute(reference, "URI")?.strip_prefix('#')? == id && !id.is_empty();
    let transforms: Vec<_> = ds(reference, "Transforms")?.children().filter(Node::is_element).collect();
    let named: Vec<_> = transforms.iter().filter_map(|transform| algorithm_of(*transform)).collect();
    let expected = named.iter().map(String::as_str).eq([ENVELOPED, EXCLUSIVE]) && transforms.iter().all(plain);
    if references.next().is_some() || !to_root || !expected {
        return None;
    }
    let hash = match attribute(ds(reference, "DigestMethod")?, "Algorithm")? {
        "http://www.w3.org/2001/04/xmlenc#sha256" => &digest::SHA256,
        "http://www.w3.org/2001/04/xmldsig-more#sha384" => &digest::SHA384,
        "http://www.w3.org/2001/04/xmlenc#sha512" => &digest::SHA512,
        _ => return None,
    };
    Some((hash, ds(reference, "DigestValue").and_then(base64_of)?))
}

fn is_ds(node: Node<'_, '_>, name: &str) -> bool {
    node.has_tag_name((Namespace::Signature.uri(), name))
}

fn ds<'a, 'input>(parent: Node<'a, 'input>, name: &str) -> Option<Node<'a, 'input>> {
    child(parent, Namespace::Signature.uri(), name)
}

fn base64_of(node: Node<'_, '_>) -> Option<Vec<u8>> {
    let packed: String = text_of(node).split_ascii_whitespace().collect();
    STANDARD.decode(packed).ok()
}
