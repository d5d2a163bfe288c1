//! A document of ours in, the same with an enveloped signature out (saml-core 5.4): the one shape that `signature` accepts.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::algorithm::{ENVELOPED, EXCLUSIVE_C14N, SHA256};
use super::canonical::canonical_form;
use super::error::shape;
use super::signing_key::SpSigningKey;
use super::xml::{Document, Profile};
use super::{DSIG, SAML, SamlError, rules};
use crate::crypto::{self, DigestAlgorithm};

/// Signs the root of `xml`, which must have an ID. The signature comes right after the issuer where that is the first child,
/// as in every message, and else before the first child, as in metadata: where the schemas have it.
pub(super) fn sign_enveloped(xml: &str, key: &SpSigningKey) -> Result<String, SamlError> {
    let document = Document::parse_text(xml, &Profile::METADATA, &[])?;
    let unsignable = || shape(rules::REFERENCE, "an ID and a first child in what is signed", "none");
    let root = document.root().ok_or_else(unsignable)?;
    let id = root.attribute("ID").ok_or_else(unsignable)?;
    let first = root.elements().next().ok_or_else(unsignable)?;
    let at = if first.is(SAML, "Issuer") { first.bytes().end } else { first.bytes().start };
    let (before, after) = xml.split_at_checked(at).ok_or_else(unsignable)?;
    let canonical = canonical_form(root, None, &[], &Profile::CANONICAL)?;
    let digest = STANDARD.encode(crypto::digest(DigestAlgorithm::Sha256, canonical.as_bytes()));
    let inside = signed_info(id, key.method_uri(), &digest);
    // Canonical already: what is signed is this text where the namespace is declared on SignedInfo itself.
    let octets = format!("<ds:SignedInfo xmlns:ds=\"{DSIG}\">{inside}</ds:SignedInfo>");
    let value = STANDARD.encode(key.sign(octets.as_bytes())?);
    let certificate = STANDARD.encode(key.certificate());
    Ok(format!(
        "{before}<ds:Signature xmlns:ds=\"{DSIG}\"><ds:SignedInfo>{inside}</ds:SignedInfo>\
         <ds:SignatureValue>{value}</ds:SignatureValue><ds:KeyInfo><ds:X509Data><ds:X509Certificate>{certificate}\
         </ds:X509Certificate></ds:X509Data></ds:KeyInfo></ds:Signature>{after}"
    ))
}

/// The content of SignedInfo in canonical form. `id` is an NCName of our own making and needs no escaping.
fn signed_info(id: &str, method: &str, digest: &str) -> String {
    let named = |element, uri| format!("<ds:{element} Algorithm=\"{uri}\"></ds:{element}>");
    [
        named("CanonicalizationMethod", EXCLUSIVE_C14N),
        named("SignatureMethod", method),
        format!("<ds:Reference URI=\"#{id}\"><ds:Transforms>"),
        named("Transform", ENVELOPED),
        named("Transform", EXCLUSIVE_C14N),
        "</ds:Transforms>".to_owned(),
        named("DigestMethod", SHA256),
        format!("<ds:DigestValue>{digest}</ds:DigestValue></ds:Reference>"),
    ]
    .concat()
}
