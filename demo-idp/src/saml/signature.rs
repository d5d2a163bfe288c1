//! Enveloped XML signatures: exclusive canonicalisation, SHA-256, RSA or ECDSA.

use super::xml::{Element, Namespace};
use crate::error::KeyError;
use crate::keys::{Family, SigningKey};
use crate::sync::sha256;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

const EXCLUSIVE: &str = "http://www.w3.org/2001/10/xml-exc-c14n#";
const ENVELOPED: &str = "http://www.w3.org/2000/09/xmldsig#enveloped-signature";
const SHA256: &str = "http://www.w3.org/2001/04/xmlenc#sha256";

/// Puts a signature over `element` into it, after its issuer.
///
/// `presented` is the key whose certificate goes into `KeyInfo`: the signing key, unless a fault lies about it.
pub(super) fn sign(element: &mut Element, key: &SigningKey, presented: &SigningKey) -> Result<(), KeyError> {
    let digest = STANDARD.encode(sha256(element.canonical().as_bytes()));
    let reference = format!("#{}", element.attribute("ID").unwrap_or_default());
    let signed_info = signed_info(&reference, digest, key.family());
    let value = STANDARD.encode(key.sign(signed_info.canonical().as_bytes())?);
    let certificate = ds("X509Certificate").text(presented.certificate_base64());
    element.insert_second(
        ds("Signature")
            .child(signed_info)
            .child(ds("SignatureValue").text(value))
            .child(ds("KeyInfo").child(ds("X509Data").child(certificate))),
    );
    Ok(())
}

/// What signatures by this kind of key are called, in XML and in a query.
pub(super) const fn algorithm_uri(family: Family) -> &'static str {
    match family {
        Family::Rsa => "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
        Family::P256 => "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256",
        Family::Ed25519 => "http://www.w3.org/2021/04/xmldsig-more#eddsa-ed25519",
    }
}

fn signed_info(reference: &str, digest: String, family: Family) -> Element {
    let transforms = ds("Transforms")
        .child(ds("Transform").with("Algorithm", ENVELOPED))
        .child(ds("Transform").with("Algorithm", EXCLUSIVE));
    ds("SignedInfo")
        .child(ds("CanonicalizationMethod").with("Algorithm", EXCLUSIVE))
        .child(ds("SignatureMethod").with("Algorithm", algorithm_uri(family)))
        .child(
            ds("Reference")
                .with("URI", reference)
                .child(transforms)
                .child(ds("DigestMethod").with("Algorithm", SHA256))
                .child(ds("DigestValue").text(digest)),
        )
}

const fn ds(name: &'static str) -> Element {
    Element::new(Namespace::Signature, name)
}
