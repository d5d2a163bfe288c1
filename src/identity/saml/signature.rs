//! An element and the trusted keys in, the bytes that a key signed out.
//!
//! One shape of XML Signature is accepted (saml-core 5.4): a direct child of the element it signs, one Reference to that
//! element's ID, the enveloped transform and then Exclusive C14N. What leaves is [`SignedElement`]: nothing of the
//! document is read afterwards but its bytes. KeyInfo is never looked at.

use std::ops::Range;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::algorithm::{ENVELOPED, EXCLUSIVE_C14N, SignatureMethod, digest_named};
use super::canonical::{acceptable, canonical_form, unacceptable_prefixes};
use super::danger::{self, Relaxations};
use super::error::shape;
use super::provider::{CertificateValidity, TrustedKey};
use super::xml::{Document, Element, Profile, XmlError, is_space};
use super::{DSIG, SamlError, rules};
use crate::crypto::{self, CryptoError, DigestAlgorithm, SignatureValid};
use crate::explain::{Evidence, Listener, Rule, Signed};
use crate::time::Timestamp;

/// Whose signatures count, and by which algorithms.
#[derive(Clone, Copy, Debug)]
pub(super) struct Trust<'k> {
    pub(super) keys: &'k [TrustedKey],
    pub(super) relaxations: Relaxations,
    pub(super) certificates: CertificateValidity,
    /// The signature methods that count; empty for every one there is.
    pub(super) methods: &'k [SignatureMethod],
    /// What the signed bytes may hold, at most.
    pub(super) canonical: &'static Profile,
}

impl Trust<'_> {
    /// The signature method that `uri` names, where it counts.
    pub(super) fn method(self, uri: &str) -> Option<SignatureMethod> {
        let known = SignatureMethod::named(uri, self.relaxations);
        known.filter(|method| self.methods.is_empty() || self.methods.contains(method))
    }
}

/// Canonical bytes that a trusted key signed. Only this module makes one, and only from a proof.
#[derive(Debug)]
pub(super) struct SignedElement {
    canonical: String,
    profile: &'static Profile,
    _proof: SignatureValid,
}

/// The tree over signed bytes: what an assertion may be read from.
#[derive(Debug)]
pub(super) struct SignedDocument<'s>(Document<'s>);

impl SignedElement {
    /// The second parse, and the only one that values are taken from.
    pub(super) fn document(&self) -> Result<SignedDocument<'_>, XmlError> {
        Document::parse_text(&self.canonical, self.profile, &[]).map(SignedDocument)
    }

    /// The canonical plaintext of what was signed as ciphertext: the signature of the response covers it.
    pub(super) fn decrypted_to(self, plaintext: CanonicalPlaintext) -> Self {
        Self { canonical: plaintext.0, ..self }
    }
}

/// An assertion that a signed response carried encrypted.
#[derive(Debug)]
pub(super) struct CanonicalPlaintext(String);

impl CanonicalPlaintext {
    pub(super) fn of(assertion: Element<'_, '_>) -> Result<Self, SamlError> {
        canonical_form(assertion, None, &[], &Profile::CANONICAL).map(Self)
    }
}

impl<'s> SignedDocument<'s> {
    pub(super) fn root(&self) -> Option<Element<'_, 's>> {
        self.0.root()
    }
}

/// The signature of `parent`, a direct child; that there is no other, anywhere, the survey of the document has found. The
/// schema wants it right after the issuer; some identity providers append it, and where among the children it stands
/// changes nothing about what it covers.
pub(super) fn find<'d, 't>(parent: Element<'d, 't>) -> Option<Element<'d, 't>> {
    parent.elements_named(DSIG, "Signature").next()
}

/// Verifies that `signature` is a trusted key's over its parent, and hands out what it covers.
pub(super) fn verify<L: Listener>(
    trust: Trust<'_>,
    parent: Element<'_, '_>,
    signature: Element<'_, '_>,
    now: Timestamp,
    listener: &mut L,
) -> Result<SignedElement, SamlError> {
    let what = parent.local();
    let parts = Parts::read(signature, parent, trust)?;
    listener.passed(rules::SIGNATURE_SHAPE, || Evidence::new("one signature of one reference", what));
    listener.passed(rules::ALGORITHM, || Evidence::new("an allowed algorithm", parts.method_uri));
    listener.passed(rules::REFERENCE, || Evidence::new("the signed element itself", what));
    listener.passed(rules::TRANSFORMS, || Evidence::new("enveloped signature, exclusive C14N", "the same"));

    let signed_info = canonical_form(parts.signed_info, None, &parts.info_prefixes, trust.canonical)?;
    let (key, proof) = verify_octets(trust, parts.method, &parts.value, signed_info.as_bytes(), now, listener)?;

    let canonical = canonical_form(parent, Some(signature), &parts.reference_prefixes, trust.canonical)?;
    listener
        .passed(rules::CANONICALIZATION, || Evidence::new("exclusive C14N", format_args!("{} bytes", canonical.len())));
    let digest = crypto::digest(parts.digest, canonical.as_bytes());
    if digest.as_ref() != parts.digest_value {
        return Err(SamlError::DigestMismatch);
    }
    if parts.digest == DigestAlgorithm::Sha1 {
        listener.relaxed(danger::NAME_SHA1);
    }
    listener.passed(rules::DIGEST, || {
        let Range { start, end } = parent.bytes();
        Evidence::new("the digest that was signed", format_args!("the same, over {what} at bytes {start} to {end}"))
    });
    listener.signed(|| {
        let id = parent.attribute("ID").unwrap_or_default();
        Signed::new(what, id, key.key.fingerprint(), covered(parent, signature))
    });
    Ok(SignedElement { canonical, profile: trust.canonical, _proof: proof })
}

/// The bytes of `parent` without its `signature`.
pub(super) fn covered(parent: Element<'_, '_>, signature: Element<'_, '_>) -> Vec<Range<usize>> {
    let (whole, left_out) = (parent.bytes(), signature.bytes());
    vec![whole.start..left_out.start, left_out.end..whole.end]
}

/// Verifies that `value` is a trusted key's signature of `octets`, and says whose.
pub(super) fn verify_octets<'k, L: Listener>(
    trust: Trust<'k>,
    method: SignatureMethod,
    value: &[u8],
    octets: &[u8],
    now: Timestamp,
    listener: &mut L,
) -> Result<(&'k TrustedKey, SignatureValid), SamlError> {
    let (key, proof) = verify_value(trust, method, value, octets)?;
    let tried = key.key.kind();
    listener.passed(rules::SIGNATURE, || Evidence::new("a key of the metadata", tried));
    if method.is_sha1() {
        listener.relaxed(danger::NAME_SHA1);
    }
    if key.key.is_small() {
        listener.relaxed(danger::NAME_SMALL_RSA);
    }
    mind_certificate(trust, key, now, listener)?;
    Ok((key, proof))
}

/// Tries each trusted key that could have made such a signature. The key's kind decides, not the message: an HMAC or
/// another family is never tried with it.
fn verify_value<'k>(
    trust: Trust<'k>,
    method: SignatureMethod,
    value: &[u8],
    octets: &[u8],
) -> Result<(&'k TrustedKey, SignatureValid), SamlError> {
    let mut keys_tried: usize = 0;
    let mut last = None;
    for trusted in trust.keys {
        let Some(algorithm) = method.with_key(trusted.key.kind()) else {
            continue;
        };
        keys_tried = keys_tried.saturating_add(1);
        match trusted.key.verify(algorithm, octets, value) {
            Ok(proof) => return Ok((trusted, proof)),
            Err(error) => last = Some(error),
        }
    }
    match last {
        Some(error) => Err(SamlError::SignatureInvalid { keys_tried, error }),
        None => Err(SamlError::SignatureInvalid { keys_tried, error: CryptoError::SignatureInvalid }),
    }
}

fn mind_certificate<L: Listener>(
    trust: Trust<'_>,
    key: &TrustedKey,
    now: Timestamp,
    listener: &mut L,
) -> Result<(), SamlError> {
    let Some((not_before, not_after)) = key.validity else {
        return Ok(());
    };
    let valid = (not_before..=not_after).contains(&now);
    if trust.certificates == CertificateValidity::Required && !valid {
        return Err(SamlError::CertificateNotValid { not_before, not_after });
    }
    listener.passed(rules::CERTIFICATE, || {
        Evidence::new("a pinned certificate", format_args!("one valid from {not_before} to {not_after}"))
    });
    Ok(())
}

/// The one accepted shape, taken apart.
struct Parts<'d, 't> {
    signed_info: Element<'d, 't>,
    info_prefixes: Vec<&'d str>,
    method: SignatureMethod,
    method_uri: &'d str,
    reference_prefixes: Vec<&'d str>,
    digest: DigestAlgorithm,
    digest_value: Vec<u8>,
    value: Vec<u8>,
}

impl<'d, 't> Parts<'d, 't> {
    fn read(signature: Element<'d, 't>, parent: Element<'d, 't>, trust: Trust<'_>) -> Result<Self, SamlError> {
        let (signed_info, value) = signature_children(signature)?;
        let expected = "CanonicalizationMethod, SignatureMethod and one Reference in SignedInfo";
        let children = only_elements(rules::SIGNATURE_SHAPE, signed_info, expected)?;
        let [canonicalization, method, reference] = children.as_slice() else {
            return Err(shape(rules::SIGNATURE_SHAPE, expected, names(&children)));
        };
        for (child, name) in
            [(canonicalization, "CanonicalizationMethod"), (method, "SignatureMethod"), (reference, "Reference")]
        {
            if !child.is(DSIG, name) {
                return Err(shape(rules::SIGNATURE_SHAPE, expected, names(&children)));
            }
        }
        let info_prefixes = exclusive_c14n(rules::CANONICALIZATION, *canonicalization)?;
        let method_uri = method.attribute("Algorithm").unwrap_or_default();
        let known = trust.method(method_uri);
        // A child would be a parameter, such as HMACOutputLength, that changes what is compared.
        let plain = method.children().next().is_none();
        let method = known.filter(|_| plain).ok_or_else(|| SamlError::AlgorithmNotAllowed {
            rule: rules::ALGORITHM,
            algorithm: method_uri.to_owned(),
        })?;
        let (reference_prefixes, digest, digest_value) = read_reference(*reference, parent, trust.relaxations)?;
        let value = decode(rules::SIGNATURE_SHAPE, value, "base64 in SignatureValue")?;
        Ok(Self { signed_info, info_prefixes, method, method_uri, reference_prefixes, digest, digest_value, value })
    }
}

/// SignedInfo, SignatureValue and perhaps KeyInfo, in this order; an Object is where wrapped documents hide.
fn signature_children<'d, 't>(signature: Element<'d, 't>) -> Result<(Element<'d, 't>, Element<'d, 't>), SamlError> {
    let expected = "SignedInfo, SignatureValue and at most KeyInfo in Signature";
    let children = only_elements(rules::SIGNATURE_SHAPE, signature, expected)?;
    let found = || shape(rules::SIGNATURE_SHAPE, expected, names(&children));
    let (info, value, rest) = match children.as_slice() {
        [info, value, rest @ ..] if info.is(DSIG, "SignedInfo") && value.is(DSIG, "SignatureValue") => {
            (info, value, rest)
        }
        _ => return Err(found()),
    };
    match rest {
        [] => Ok((*info, *value)),
        [key_info] if key_info.is(DSIG, "KeyInfo") => Ok((*info, *value)),
        _ => Err(found()),
    }
}

type Reference<'d> = (Vec<&'d str>, DigestAlgorithm, Vec<u8>);

fn read_reference<'d>(
    reference: Element<'d, '_>,
    parent: Element<'d, '_>,
    relaxations: Relaxations,
) -> Result<Reference<'d>, SamlError> {
    let uri = reference.attribute("URI");
    let id = parent.attribute("ID").unwrap_or_default();
    if id.is_empty() || uri.and_then(|uri| uri.strip_prefix('#')) != Some(id) {
        return Err(SamlError::Mismatch {
            rule: rules::REFERENCE,
            expected: format!("#{id}"),
            found: uri.map(str::to_owned),
        });
    }
    let expected = "Transforms, DigestMethod and DigestValue in Reference";
    let children = only_elements(rules::REFERENCE, reference, expected)?;
    let (transforms, method, value) = match children.as_slice() {
        [transforms, method, value]
            if transforms.is(DSIG, "Transforms")
                && method.is(DSIG, "DigestMethod")
                && value.is(DSIG, "DigestValue") =>
        {
            (*transforms, *method, *value)
        }
        _ => return Err(shape(rules::REFERENCE, expected, names(&children))),
    };
    let prefixes = read_transforms(transforms)?;
    let algorithm = method.attribute("Algorithm").unwrap_or_default();
    let digest = digest_named(algorithm, relaxations)
        .filter(|_| is_empty(method))
        .ok_or_else(|| SamlError::AlgorithmNotAllowed { rule: rules::ALGORITHM, algorithm: algorithm.to_owned() })?;
    Ok((prefixes, digest, decode(rules::REFERENCE, value, "base64 in DigestValue")?))
}

/// Exactly the enveloped transform and then exclusive C14N; XPath, XSLT, base64 and the rest are refused before they run.
fn read_transforms<'d>(transforms: Element<'d, '_>) -> Result<Vec<&'d str>, SamlError> {
    let expected = "the enveloped-signature transform, then exclusive C14N";
    let children = only_elements(rules::TRANSFORMS, transforms, expected)?;
    let named = || {
        let algorithms = children.iter().take(8).map(|child| child.attribute("Algorithm").unwrap_or("nothing"));
        algorithms.collect::<Vec<_>>().join(", ")
    };
    let [enveloped, exclusive] = children.as_slice() else {
        return Err(shape(rules::TRANSFORMS, expected, named()));
    };
    let transform = |element: Element<'_, '_>| element.is(DSIG, "Transform");
    let plain = enveloped.attribute("Algorithm") == Some(ENVELOPED) && enveloped.children().next().is_none();
    if !plain || !transform(*enveloped) || !transform(*exclusive) {
        return Err(shape(rules::TRANSFORMS, expected, named()));
    }
    exclusive_c14n(rules::TRANSFORMS, *exclusive)
}

/// The prefixes of an exclusive C14N method.
fn exclusive_c14n<'d>(rule: &'static Rule, method: Element<'d, '_>) -> Result<Vec<&'d str>, SamlError> {
    let algorithm = method.attribute("Algorithm").unwrap_or_default();
    if algorithm != EXCLUSIVE_C14N {
        return Err(SamlError::AlgorithmNotAllowed { rule, algorithm: algorithm.to_owned() });
    }
    let expected = "at most InclusiveNamespaces in exclusive C14N";
    let children = only_elements(rule, method, expected)?;
    let list = match children.as_slice() {
        [] => return Ok(Vec::new()),
        [inclusive] if inclusive.is(EXCLUSIVE_C14N, "InclusiveNamespaces") && is_empty(*inclusive) => {
            inclusive.attribute("PrefixList").unwrap_or_default()
        }
        _ => return Err(shape(rule, expected, names(&children))),
    };
    let prefixes: Vec<&str> = list.split_ascii_whitespace().collect();
    if !acceptable(&prefixes) {
        return Err(unacceptable_prefixes(rule, list));
    }
    Ok(prefixes)
}

/// Whether an element holds nothing but white space: what else it held would be a parameter that nobody reads.
fn is_empty(element: Element<'_, '_>) -> bool {
    element.only_elements().is_some_and(|elements| elements.is_empty())
}

fn only_elements<'d, 't>(
    rule: &'static Rule,
    element: Element<'d, 't>,
    expected: &'static str,
) -> Result<Vec<Element<'d, 't>>, SamlError> {
    element.only_elements().ok_or_else(|| shape(rule, expected, "text"))
}

fn names(elements: &[Element<'_, '_>]) -> String {
    // A hostile signature may have thousands; the first few say enough.
    elements.iter().take(8).map(|element| element.local()).collect::<Vec<_>>().join(", ")
}

/// Base64 with line breaks, as signers write it. An element inside would be a second reading of the value.
pub(super) fn decode(
    rule: &'static Rule,
    element: Element<'_, '_>,
    expected: &'static str,
) -> Result<Vec<u8>, SamlError> {
    let text = element.text().ok_or_else(|| shape(rule, expected, "an element"))?;
    let packed: Vec<u8> = text.bytes().filter(|byte| !is_space(*byte)).collect();
    STANDARD.decode(packed).map_err(|_| shape(rule, expected, "something else"))
}
