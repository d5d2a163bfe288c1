//! The outer message: what a browser posted, and what its envelope says before anything is verified.
//!
//! Nothing of the envelope is handed on. It is only ever a reason to refuse.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::assertion::trimmed;
use super::danger;
use super::error::shape;
use super::provider::{SamlProvider, Unsolicited};
use super::xml::{Document, Element, Profile, is_space};
use super::{DSIG, SAML, SAMLP, STATUS_SUCCESS, SamlError, rules, signature};
use crate::explain::{Evidence, Listener};

/// The longest form value that is decoded.
const MOST_BASE64_BYTES: usize = 256 * 1024;

/// A SAML response that nobody has verified, and what it should answer.
#[derive(Debug)]
pub struct UnverifiedResponse {
    pub(super) xml: Vec<u8>,
    pub(super) expected: Expected,
}

/// What a response should answer.
#[derive(Clone, Debug)]
pub(super) enum Expected {
    /// The request of this ID.
    Request(String),
    /// No request.
    Nothing,
    /// Whatever it answered: it is exchanged for credentials by its bearer.
    Exchange,
}

impl UnverifiedResponse {
    /// A response posted to the assertion consumer service in answer to the request `in_response_to`
    /// (saml-bindings 3.5.4).
    ///
    /// # Errors
    /// [`SamlError::TooLarge`] above 256 KiB of base64, [`SamlError::NotBase64`].
    pub fn from_post(saml_response: &str, in_response_to: &str) -> Result<Self, SamlError> {
        Self::decode(saml_response, Expected::Request(in_response_to.to_owned()))
    }

    /// A response posted to the assertion consumer service that answers no request.
    ///
    /// # Errors
    /// As [`UnverifiedResponse::from_post`].
    pub fn unsolicited(saml_response: &str) -> Result<Self, SamlError> {
        Self::decode(saml_response, Expected::Nothing)
    }

    /// A response that its bearer exchanges for credentials (AssumeRoleWithSAML). That exchange knows of no request, so
    /// the assertion may name one or none.
    ///
    /// # Errors
    /// As [`UnverifiedResponse::from_post`].
    pub fn for_exchange(saml_assertion: &str) -> Result<Self, SamlError> {
        Self::decode(saml_assertion, Expected::Exchange)
    }

    /// Who the response, or else its assertion, says it is from. Nothing is verified yet: good for choosing whom to verify
    /// it against, and for nothing else.
    ///
    /// # Errors
    /// As for every response that is too large, not XML, or not a response.
    pub fn claimed_issuer(&self) -> Result<String, SamlError> {
        let document = Document::parse(&self.xml, &Profile::CLAIM)?;
        let root = document.root().filter(|root| root.is(SAMLP, "Response"));
        let issuer = root.and_then(|root| {
            let assertion = root.elements_named(SAML, "Assertion").next();
            std::iter::once(root).chain(assertion).find_map(|element| element.elements_named(SAML, "Issuer").next())
        });
        let issuer = issuer.ok_or_else(|| shape(rules::ISSUER, "a Response with an Issuer", "none"))?;
        Ok(trimmed(super::assertion::leaf(rules::ISSUER, issuer)?).into_owned())
    }

    /// The same response, to be verified a second time by newer keys where the first verification knew none that fits.
    pub(crate) fn to_verify_again(&self) -> Self {
        Self { xml: self.xml.clone(), expected: self.expected.clone() }
    }

    fn decode(text: &str, expected: Expected) -> Result<Self, SamlError> {
        Ok(Self { xml: decode_form_value(text)?, expected })
    }
}

/// The document that a form field carries (saml-bindings 3.5.4).
pub(super) fn decode_form_value(text: &str) -> Result<Vec<u8>, SamlError> {
    if text.len() > MOST_BASE64_BYTES {
        return Err(SamlError::TooLarge { counted: "bytes of base64", most: MOST_BASE64_BYTES });
    }
    // Most identity providers break no lines, and those who do are decoded again without them.
    STANDARD.decode(text).or_else(|_| {
        let packed: Vec<u8> = text.bytes().filter(|byte| !is_space(*byte)).collect();
        STANDARD.decode(packed).map_err(|_| SamlError::NotBase64)
    })
}

/// The envelope of a response whose shape is right.
#[derive(Debug)]
pub(super) struct Envelope<'d, 't> {
    pub(super) element: Element<'d, 't>,
    pub(super) signature: Option<Element<'d, 't>>,
    issuer: Option<Cow<'d, str>>,
    status: Option<&'d str>,
    second_level: Option<&'d str>,
    content: Option<Content<'d, 't>>,
    /// Whether Extensions were ignored.
    pub(super) extended: bool,
}

/// What a successful response carries.
#[derive(Clone, Copy, Debug)]
pub(super) enum Content<'d, 't> {
    Assertion(Element<'d, 't>),
    Encrypted(Element<'d, 't>),
}

impl<'d, 't> Envelope<'d, 't> {
    /// Reads the shape of saml-core 3.3.3: perhaps Issuer and Signature, Status, and one assertion.
    pub(super) fn read(document: &'d Document<'t>, provider: &SamlProvider) -> Result<Self, SamlError> {
        let expected =
            "perhaps Issuer and Signature, Status, and one Assertion or EncryptedAssertion in samlp:Response";
        let root = document.root().filter(|root| root.is(SAMLP, "Response"));
        let element = root.ok_or_else(|| shape(rules::RESPONSE, expected, "another root"))?;
        let found = || shape(rules::RESPONSE, expected, children(element));
        let signature = signature::find(element);
        let children = element.only_elements().ok_or_else(found)?;
        let mut rest = children.into_iter().filter(|child| !child.is(DSIG, "Signature")).peekable();
        let issuer = rest.next_if(|child| child.is(SAML, "Issuer"));
        let issuer = issuer.map(|issuer| issuer.text().map(trimmed).ok_or_else(found)).transpose()?;
        let ignored = |child: &Element<'_, '_>| provider.relaxations.extensions() && child.is(SAMLP, "Extensions");
        let extended = rest.next_if(ignored).is_some();
        let status = rest.next().filter(|status| status.is(SAMLP, "Status")).ok_or_else(found)?;
        let code = status.elements_named(SAMLP, "StatusCode").next();
        let second = code.and_then(|code| code.elements_named(SAMLP, "StatusCode").next());
        let content = match rest.next() {
            None => None,
            Some(child) if child.is(SAML, "Assertion") => Some(Content::Assertion(child)),
            Some(child) if child.is(SAML, "EncryptedAssertion") => Some(Content::Encrypted(child)),
            Some(_) => return Err(found()),
        };
        if rest.next().is_some() {
            return Err(found());
        }
        let envelope = Self {
            element,
            signature,
            issuer,
            status: code.and_then(|code| code.attribute("Value")),
            second_level: second.and_then(|code| code.attribute("Value")),
            content,
            extended,
        };
        let assertion = match content {
            Some(Content::Assertion(assertion)) => Some(assertion),
            _ => None,
        };
        survey(document, signature, assertion)?;
        Ok(envelope)
    }

    /// What the envelope must say before its signature is worth a look. Returns what it carries.
    pub(super) fn verify<L: Listener>(
        &self,
        provider: &SamlProvider,
        expected: &Expected,
        listener: &mut L,
    ) -> Result<Content<'d, 't>, SamlError> {
        let version = self.element.attribute("Version");
        require_equal(rules::VERSION, "2.0", version)?;
        listener.passed(rules::VERSION, || Evidence::new("2.0", "2.0"));
        // A response that is not signed may leave it out (saml-profiles 4.1.4.2): the assertion's signed Issuer decides.
        if self.issuer.is_some() || self.signature.is_some() {
            require_equal(rules::RESPONSE_ISSUER, provider.entity_id(), self.issuer.as_deref())?;
        }
        listener.passed(rules::RESPONSE_ISSUER, || {
            Evidence::new(
                provider.entity_id(),
                self.issuer.as_deref().unwrap_or("none: the assertion's Issuer decides"),
            )
        });
        // Absent or empty, the signed Recipient alone says for whom it is (saml-core 3.2.2: optional).
        let destination = self.element.attribute("Destination").filter(|value| !value.is_empty());
        if destination.is_some() {
            require_equal(rules::DESTINATION, &provider.acs_url, destination)?;
        }
        listener.passed(rules::DESTINATION, || {
            Evidence::new(&provider.acs_url, destination.unwrap_or("none: Recipient decides"))
        });
        if self.status != Some(STATUS_SUCCESS) {
            return Err(SamlError::StatusNotSuccess {
                code: self.status.unwrap_or_default().to_owned(),
                second_level: self.second_level.map(str::to_owned),
            });
        }
        listener.passed(rules::STATUS, || Evidence::new(STATUS_SUCCESS, STATUS_SUCCESS));
        self.answers(provider, expected)?;
        if matches!(expected, Expected::Nothing) {
            listener.relaxed(danger::NAME_UNSOLICITED);
        }
        self.content.ok_or_else(|| shape(rules::RESPONSE, "one assertion", "none"))
    }

    /// The unsigned half of InResponseTo: it can refuse, and only the signed half can satisfy (CVE-2026-49284).
    fn answers(&self, provider: &SamlProvider, expected: &Expected) -> Result<(), SamlError> {
        let in_response_to = self.element.attribute("InResponseTo");
        match (expected, in_response_to) {
            (Expected::Request(id), Some(_)) => require_equal(rules::IN_RESPONSE_TO, id, in_response_to),
            (Expected::Nothing, _) if provider.unsolicited == Unsolicited::Refused => Err(SamlError::Unsolicited),
            (Expected::Nothing, Some(found)) => Err(answers_another(found)),
            (Expected::Request(_) | Expected::Nothing, None) | (Expected::Exchange, _) => Ok(()),
        }
    }
}

/// Refuses assertions and signatures anywhere else in the document: whatever they are for, it is not signing in.
pub(super) fn survey<'d, 't>(
    document: &'d Document<'t>,
    signature: Option<Element<'d, 't>>,
    assertion: Option<Element<'d, 't>>,
) -> Result<(), SamlError> {
    let advice = assertion.and_then(|assertion| assertion.elements_named(SAML, "Advice").next());
    let inner_signature = assertion.and_then(signature::find);
    for element in document.elements() {
        // Advice may hold other people's signed assertions (saml-core 2.3.3); it is never read.
        if advice.is_some_and(|advice| advice.contains(element)) {
            continue;
        }
        let is = |other: Option<Element<'_, '_>>| other.is_some_and(|other| other.same_as(element));
        if element.is(SAML, "Assertion") && !is(assertion) {
            return Err(shape(rules::RESPONSE, "one assertion", "another one elsewhere"));
        }
        if element.is(DSIG, "Signature") && !is(signature) && !is(inner_signature) {
            let expected = "signatures of the response and the assertion alone";
            return Err(shape(rules::SIGNATURE_SHAPE, expected, "another one elsewhere"));
        }
    }
    Ok(())
}

/// An unsolicited response must name no request (saml-profiles 4.1.5).
pub(super) fn answers_another(found: &str) -> SamlError {
    SamlError::Mismatch {
        rule: rules::IN_RESPONSE_TO,
        expected: "no request".to_owned(),
        found: Some(found.to_owned()),
    }
}

pub(super) fn require_equal(
    rule: &'static crate::explain::Rule,
    expected: &str,
    found: Option<&str>,
) -> Result<(), SamlError> {
    if found == Some(expected) {
        return Ok(());
    }
    Err(SamlError::Mismatch { rule, expected: expected.to_owned(), found: found.map(str::to_owned) })
}

/// Every ID once, and none in a namespace (`xml:id`, `evil:ID`): a second meaning of "the element of this ID" is what
/// signature wrapping lives on (CVE-2025-23369).
pub(super) fn unique_ids(document: &Document<'_>) -> Result<usize, SamlError> {
    let mut ids: Vec<&str> = Vec::new();
    for element in document.elements() {
        for attribute in element.attributes() {
            if attribute.local.eq_ignore_ascii_case("id") {
                if !attribute.namespace.is_empty() {
                    return Err(SamlError::IdNotUnique { id: format!("{}:{}", attribute.prefix, attribute.local) });
                }
                ids.push(&attribute.value);
            }
        }
    }
    ids.sort_unstable();
    match ids.windows(2).find(|pair| pair.first() == pair.last()) {
        Some(pair) => Err(SamlError::IdNotUnique { id: pair.first().copied().unwrap_or_default().to_owned() }),
        None => Ok(ids.len()),
    }
}

fn children(element: Element<'_, '_>) -> String {
    // A hostile message may have thousands; the first few say enough.
    element.elements().take(8).map(|child| child.local()).collect::<Vec<_>>().join(", ")
}
