//! Logout messages as a browser brings them, and the way from there to signed content.

use super::rules;
use crate::explain::{Evidence, Listener};
use crate::identity::saml::assertion::{leaf, trimmed};
use crate::identity::saml::binding::Direction;
use crate::identity::saml::error::shape;
use crate::identity::saml::redirect::RedirectMessage;
use crate::identity::saml::response::{decode_form_value, survey, unique_ids};
use crate::identity::saml::xml::{Document, Element, Profile};
use crate::identity::saml::{SAML, SAMLP, SamlError, SamlProvider, gate_passed, rules as shared, signature};
use crate::time::Timestamp;

/// A logout request that nobody has verified.
#[derive(Debug)]
pub struct UnverifiedLogoutRequest(pub(super) Carried);

/// An answer to a logout request that nobody has verified, and what it should answer.
#[derive(Debug)]
pub struct UnverifiedLogoutResponse {
    pub(super) carried: Carried,
    pub(super) in_response_to: String,
}

impl UnverifiedLogoutRequest {
    /// A request that came in the raw query of a URL (HTTP-Redirect), without its `?` and not decoded in any way: the
    /// signature is over these very octets.
    ///
    /// # Errors
    /// [`SamlError::Shape`] for parameters that are missing, repeated or spelled differently, [`SamlError::TooLarge`] above
    /// 256 KiB, [`SamlError::NotBase64`].
    pub fn from_redirect(raw_query: &str) -> Result<Self, SamlError> {
        RedirectMessage::parse(raw_query, Direction::Request).map(Carried::Redirect).map(Self)
    }

    /// A request that came as the form field SAMLRequest (HTTP-POST).
    ///
    /// # Errors
    /// [`SamlError::TooLarge`] above 256 KiB of base64, [`SamlError::NotBase64`].
    pub fn from_post(saml_request: &str) -> Result<Self, SamlError> {
        decode_form_value(saml_request).map(Carried::Post).map(Self)
    }

    /// The RelayState of the query, which the answer must give back; with HTTP-POST it is a form field of its own.
    #[must_use]
    pub fn relay_state(&self) -> Option<&str> {
        self.0.relay_state()
    }

    /// The same request, to be verified a second time by newer keys where the first verification knew none that fits.
    pub(crate) fn to_verify_again(&self) -> Self {
        Self(self.0.clone())
    }

    /// Who the message says it is from. Nothing is verified yet: good for choosing whom to verify it against, and for
    /// nothing else.
    ///
    /// # Errors
    /// As for every message that is too large, not XML, or not a logout request.
    pub fn claimed_issuer(&self) -> Result<String, SamlError> {
        let xml = self.0.xml()?;
        let document = Document::parse(&xml, &Profile::CLAIM)?;
        let root = root_named(&document, "LogoutRequest")?;
        let issuer = root.elements_named(SAML, "Issuer").next();
        let issuer = issuer.ok_or_else(|| shape(rules::ISSUER, "an Issuer", "none"))?;
        Ok(trimmed(leaf(rules::ISSUER, issuer)?).into_owned())
    }
}

impl UnverifiedLogoutResponse {
    /// An answer that came in the raw query of a URL (HTTP-Redirect), without its `?` and not decoded in any way, to the
    /// request of the ID `in_response_to`.
    ///
    /// # Errors
    /// As [`UnverifiedLogoutRequest::from_redirect`].
    pub fn from_redirect(raw_query: &str, in_response_to: &str) -> Result<Self, SamlError> {
        let carried = RedirectMessage::parse(raw_query, Direction::Response).map(Carried::Redirect)?;
        Ok(Self { carried, in_response_to: in_response_to.to_owned() })
    }

    /// An answer that came as the form field SAMLResponse (HTTP-POST), to the request of the ID `in_response_to`.
    ///
    /// # Errors
    /// As [`UnverifiedLogoutRequest::from_post`].
    pub fn from_post(saml_response: &str, in_response_to: &str) -> Result<Self, SamlError> {
        let carried = decode_form_value(saml_response).map(Carried::Post)?;
        Ok(Self { carried, in_response_to: in_response_to.to_owned() })
    }

    /// The RelayState of the query; with HTTP-POST it is a form field of its own.
    #[must_use]
    pub fn relay_state(&self) -> Option<&str> {
        self.carried.relay_state()
    }
}

/// How a message came.
#[derive(Clone, Debug)]
pub(super) enum Carried {
    Redirect(RedirectMessage),
    Post(Vec<u8>),
}

impl Carried {
    fn relay_state(&self) -> Option<&str> {
        match self {
            Self::Redirect(message) => message.relay_state(),
            Self::Post(_) => None,
        }
    }

    fn xml(&self) -> Result<Vec<u8>, SamlError> {
        match self {
            Self::Redirect(message) => message.inflate(),
            Self::Post(xml) => Ok(xml.clone()),
        }
    }

    /// Verifies the signature that this way of travelling demands, and lends out the root of what it covers.
    pub(super) fn signed<T, L: Listener>(
        self,
        provider: &SamlProvider,
        name: &'static str,
        now: Timestamp,
        listener: &mut L,
        read: impl FnOnce(Element<'_, '_>, &mut L) -> Result<T, SamlError>,
    ) -> Result<T, SamlError> {
        match self {
            Self::Redirect(message) => {
                message.verify(provider.trust(), now, listener)?;
                // The key signed these octets, and inflating them gives one text: there is nothing unsigned to drop.
                let xml = message.inflate()?;
                let document = gate(&xml, provider, listener)?;
                read(root_named(&document, name)?, listener)
            }
            Self::Post(xml) => {
                let signed = {
                    let document = gate(&xml, provider, listener)?;
                    let root = root_named(&document, name)?;
                    let unsigned = SamlError::NotSigned { expected: "a signature of the message" };
                    let signature = signature::find(root).ok_or(unsigned)?;
                    survey(&document, Some(signature), None)?;
                    signature::verify(provider.trust(), root, signature, now, listener)?
                };
                listener.passed(shared::SIGNED, || Evidence::new("a signature of the message", "the same"));
                let tree = signed.document()?;
                let root = tree.root().ok_or_else(|| another(name))?;
                read(root, listener)
            }
        }
    }
}

fn gate<'t, L: Listener>(xml: &'t [u8], provider: &SamlProvider, listener: &mut L) -> Result<Document<'t>, SamlError> {
    let document = Document::parse(xml, &provider.relaxations.message())?;
    gate_passed(xml.len(), &document, listener);
    let ids = unique_ids(&document)?;
    listener.passed(shared::UNIQUE_ID, || Evidence::new("each ID once", format_args!("{ids} different")));
    Ok(document)
}

fn root_named<'d, 't>(document: &'d Document<'t>, name: &'static str) -> Result<Element<'d, 't>, SamlError> {
    document.root().filter(|root| root.is(SAMLP, name)).ok_or_else(|| another(name))
}

fn another(name: &'static str) -> SamlError {
    shape(rules::MESSAGE, name, "another root")
}
