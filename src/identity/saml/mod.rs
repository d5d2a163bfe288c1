//! SAML 2.0, service-provider side: a posted response in, a [`VerifiedIdentity`] out.
//!
//! Bounded bytes, one strict parse, exactly one accepted signature shape, canonical signed bytes, a typed assertion built
//! from those bytes alone, then ordered checks. Enters: an [`UnverifiedResponse`], the [`SamlProvider`] it should come
//! from, and `now`. Refused: everything one of [`RULES`] names. Two parses are made, and the second is the one that is
//! read: it sees the bytes whose digest a trusted key signed, so what was wrapped, hidden or edited around them is gone.

pub mod danger;
pub mod logout;
pub mod metadata;

mod algorithm;
mod assertion;
mod authn_context;
mod binding;
mod canonical;
mod certificate;
mod conditions;
mod decrypt;
mod error;
mod explained;
mod identity;
mod markup;
mod name_id;
mod provider;
mod redirect;
mod request;
mod response;
mod rules;
mod sign;
mod signature;
mod signing_key;
mod xml;

pub use authn_context::Comparison;
pub use binding::PostForm;
pub use canonical::canonicalize;
pub use certificate::PinnedKey;
pub use error::{MetadataError, SamlError};
pub use explained::{Coverage, Explained, verify_explained};
pub use logout::{
    LogoutRequest, LogoutRequested, LogoutResponse, LogoutStatus, SamlSession, UnverifiedLogoutRequest,
    UnverifiedLogoutResponse, verify_logout_request, verify_logout_response,
};
pub use metadata::{ContactKind, IdpMetadata, LogoutEndpoint, MetadataPolicy, SpDescription};
pub use name_id::NameId;
pub use provider::{MAX_CLOCK_SKEW, SamlProvider};
pub use request::{AuthnRequest, NameIdPolicy};
pub use response::UnverifiedResponse;
pub use rules::RULES;
pub use signing_key::SpSigningKey;
pub use xml::XmlError;

use assertion::Assertion;
use decrypt::{Ciphertext, Plaintext};
use explained::Elsewhere;
use provider::SignatureOn;
use response::{Content, Envelope};
use signature::{CanonicalPlaintext, SignedElement};
use xml::{Document, Element, Profile};

use super::VerifiedIdentity;
use crate::explain::{Evidence, Listener, Silent};
use crate::time::Timestamp;

// Statics, for one address each: comparing a namespace is mostly comparing addresses.
static SAML: &str = "urn:oasis:names:tc:SAML:2.0:assertion";
static SAMLP: &str = "urn:oasis:names:tc:SAML:2.0:protocol";
static DSIG: &str = "http://www.w3.org/2000/09/xmldsig#";
static XENC: &str = "http://www.w3.org/2001/04/xmlenc#";
const DECRYPTED: &str = "an assertion encrypted to one of our keys";
const STATUS_SUCCESS: &str = "urn:oasis:names:tc:SAML:2.0:status:Success";

/// Verifies that `response` is `provider`'s word about who signed in, meant for this service, now.
///
/// Replay memory is the caller's: the assertion may have been seen before.
///
/// # Errors
/// The first of [`RULES`] that is broken, with its evidence.
pub fn verify<L: Listener>(
    provider: &SamlProvider,
    response: UnverifiedResponse,
    now: Timestamp,
    listener: &mut L,
) -> Result<VerifiedIdentity, SamlError> {
    let outcome = verify_in_order(provider, response, now, listener);
    if let Err(error) = &outcome {
        listener.failed(error.rule(), || error.evidence());
    }
    outcome
}

fn verify_in_order<L: Listener>(
    provider: &SamlProvider,
    response: UnverifiedResponse,
    now: Timestamp,
    listener: &mut L,
) -> Result<VerifiedIdentity, SamlError> {
    provider.in_service(now)?;
    let keys = provider.keys.len();
    listener.passed(rules::METADATA, || Evidence::new("at least one key, not run out", format_args!("{keys} keys")));
    let UnverifiedResponse { xml, expected } = response;
    let document = Document::parse(&xml, &provider.relaxations.message())?;
    gate_passed(xml.len(), &document, listener);
    let ids = response::unique_ids(&document)?;
    listener.passed(rules::UNIQUE_ID, || Evidence::new("each ID once", format_args!("{ids} different")));
    let envelope = Envelope::read(&document, provider)?;
    if envelope.extended {
        listener.relaxed(danger::NAME_EXTENSIONS);
    }
    listener.passed(rules::RESPONSE, || Evidence::new("one response with one assertion", "the same"));
    let content = envelope.verify(provider, &expected, listener)?;
    let signed = signed_assertion(provider, &envelope, content, now, listener)?;
    let tree = signed.document()?;
    let assertion = Assertion::read(&tree, provider)?;
    relaxed(assertion.name_id.needed.and(assertion.attributes.needed), listener);
    let validity = conditions::verify(&assertion, provider, &expected, now, listener)?;
    listener.passed(rules::ATTRIBUTES, || {
        Evidence::new("text values", format_args!("{} names", assertion.attributes.values.len()))
    });
    Ok(identity::build(provider, assertion, &validity))
}

fn relaxed<L: Listener>(needed: danger::Relaxations, listener: &mut L) {
    needed.names().for_each(|name| listener.relaxed(name));
}

fn gate_passed<L: Listener>(bytes: usize, document: &Document<'_>, listener: &mut L) {
    let most = Profile::MESSAGE.bytes;
    listener.passed(rules::SIZE, || Evidence::new(format_args!("at most {most} bytes"), format_args!("{bytes} bytes")));
    listener.passed(rules::ENCODING, || Evidence::new("base64 of UTF-8", "the same"));
    for rule in [rules::DOCTYPE, rules::COMMENT, rules::PROCESSING_INSTRUCTION] {
        listener.passed(rule, || Evidence::new("none", "none"));
    }
    if document.is_sectioned() {
        listener.relaxed(danger::NAME_CDATA);
    }
    let cdata = if document.is_sectioned() { "some, read as text" } else { "none" };
    listener.passed(rules::CDATA, || Evidence::new("none, or read as text by opt-in", cdata));
    listener.passed(rules::WELL_FORMED, || Evidence::new("XML 1.0 to the last byte", "the same"));
    listener.passed(rules::NAMESPACES, || Evidence::new("absolute and declared", "the same"));
}

/// Finds the signature that covers the assertion, verifies every signature there is, and hands out the signed bytes.
fn signed_assertion<L: Listener>(
    provider: &SamlProvider,
    envelope: &Envelope<'_, '_>,
    content: Content<'_, '_>,
    now: Timestamp,
    listener: &mut L,
) -> Result<SignedElement, SamlError> {
    let signed = match envelope.signature {
        Some(signature) => {
            let outer = signature::verify(provider.trust(), envelope.element, signature, now, listener)?;
            inside(provider, outer, content, now, listener)?
        }
        None if provider.signature_on == SignatureOn::Response => {
            return Err(SamlError::NotSigned { expected: "a signature of the response" });
        }
        None => match content {
            Content::Assertion(assertion) => bare(provider, assertion, now, listener)?,
            Content::Encrypted(encrypted) => {
                let plaintext = decrypt::decrypt(encrypted, provider, Ciphertext::Unsigned)?;
                if plaintext.malleable {
                    // Where ciphertext can be varied unnoticed, every refusal of the plaintext must look the same, in
                    // the error and in what the listener hears: it hears of the plaintext only once it is known good.
                    let read = |assertion: Element<'_, '_>| bare(provider, assertion, now, &mut Silent);
                    with_plaintext(&plaintext, encrypted, read).map_err(|_| SamlError::DecryptionFailed)?;
                }
                listener.passed(rules::DECRYPTION, || Evidence::new(DECRYPTED, plaintext.algorithm));
                relaxed(plaintext.needed, listener);
                let mut nowhere = Elsewhere { listener: &mut *listener, bytes: Vec::new };
                with_plaintext(&plaintext, encrypted, |assertion| bare(provider, assertion, now, &mut nowhere))?
            }
        },
    };
    listener.passed(rules::SIGNED, || Evidence::new("a signature that covers the assertion", "the same"));
    Ok(signed)
}

/// An assertion in a response that is not signed: it must be signed itself.
fn bare<L: Listener>(
    provider: &SamlProvider,
    assertion: Element<'_, '_>,
    now: Timestamp,
    listener: &mut L,
) -> Result<SignedElement, SamlError> {
    let unsigned = SamlError::NotSigned { expected: "a signature of the response or of the assertion" };
    let signature = signature::find(assertion).ok_or(unsigned)?;
    signature::verify(provider.trust(), assertion, signature, now, listener)
}

/// The assertion of a signed response, read from the signed bytes; its own signature, if it has one, must be good too.
fn inside<L: Listener>(
    provider: &SamlProvider,
    outer: SignedElement,
    content: Content<'_, '_>,
    now: Timestamp,
    listener: &mut L,
) -> Result<SignedElement, SamlError> {
    let posted = match content {
        Content::Assertion(assertion) => match signature::find(assertion) {
            None => return Ok(outer),
            Some(signature) => Some((assertion, signature)),
        },
        Content::Encrypted(_) => None,
    };
    // What is verified next stands in the canonical bytes, or came out of ciphertext.
    let bytes = || posted.map(|(assertion, signature)| signature::covered(assertion, signature)).unwrap_or_default();
    let listener = &mut Elsewhere { listener, bytes };
    let inner = {
        let tree = outer.document()?;
        let none = || error::shape(rules::ASSERTION, "one assertion in the signed bytes", "none");
        let root = tree.root().ok_or_else(none)?;
        if let Some(assertion) = root.elements_named(SAML, "Assertion").next() {
            return bare(provider, assertion, now, listener);
        }
        let encrypted = root.elements_named(SAML, "EncryptedAssertion").next().ok_or_else(none)?;
        let plaintext = decrypt::decrypt(encrypted, provider, Ciphertext::Signed)?;
        listener.passed(rules::DECRYPTION, || Evidence::new(DECRYPTED, plaintext.algorithm));
        relaxed(plaintext.needed, listener);
        with_plaintext(&plaintext, encrypted, |assertion| match signature::find(assertion) {
            Some(_) => bare(provider, assertion, now, listener).map(Inner::Signed),
            None => CanonicalPlaintext::of(assertion).map(Inner::Covered),
        })?
    };
    Ok(match inner {
        Inner::Signed(signed) => signed,
        Inner::Covered(plaintext) => outer.decrypted_to(plaintext),
    })
}

/// What was found encrypted inside a signed response.
enum Inner {
    Signed(SignedElement),
    Covered(CanonicalPlaintext),
}

/// Sends decrypted bytes through the gate, and lends out the assertion they must be.
fn with_plaintext<T>(
    plaintext: &Plaintext<'_>,
    encrypted: Element<'_, '_>,
    read: impl FnOnce(Element<'_, '_>) -> Result<T, SamlError>,
) -> Result<T, SamlError> {
    decrypt::parse(plaintext, encrypted, |document, root| {
        response::unique_ids(document)?;
        let assertion = Some(root).filter(|root| root.is(SAML, "Assertion"));
        let assertion = assertion.ok_or_else(|| error::shape(rules::DECRYPTION, "an Assertion", "another element"))?;
        response::survey(document, None, Some(assertion))?;
        read(assertion)
    })
}
