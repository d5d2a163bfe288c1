//! What an operator demands of metadata before anything in it is believed.

use std::time::Duration;

use super::{IdpMetadata, read};
use crate::explain::Silent;
use crate::identity::saml::certificate::PinnedKey;
use crate::identity::saml::danger::Relaxations;
use crate::identity::saml::error::{MetadataError, SamlError};
use crate::identity::saml::provider::{CertificateValidity, TrustedKey};
use crate::identity::saml::signature::{self, SignedElement, Trust};
use crate::identity::saml::xml::{Document, Element, Profile};
use crate::identity::saml::{DSIG, SamlProvider, response};
use crate::time::Timestamp;

/// Which entity metadata must describe, who must have signed it, and for how long it may be valid.
#[derive(Clone, Debug)]
pub struct MetadataPolicy {
    entity_id: String,
    signers: Vec<TrustedKey>,
    validity_horizon: Option<Duration>,
}

impl MetadataPolicy {
    /// Demands metadata of the identity provider `entity_id`. Without [`MetadataPolicy::with_signers`] whoever hands over the
    /// document is believed: a file that an operator read, or a server whose TLS certificate was verified.
    ///
    /// # Errors
    /// [`SamlError::Metadata`] for an entity id of another length than 1 to 1024 bytes.
    pub fn new(entity_id: &str) -> Result<Self, SamlError> {
        let entity_id = read::entity_id(entity_id)?.to_owned();
        Ok(Self { entity_id, signers: Vec::new(), validity_horizon: None })
    }

    /// Demands a signature (saml-metadata 3) by a key of these certificates or public keys in PEM: the identity provider's
    /// own, or those of the federation that publishes the aggregate. RSA from 2048 bits, ECDSA and Ed25519; never SHA-1.
    ///
    /// # Errors
    /// [`SamlError::Metadata`] for a PEM text that holds neither, or for a key that is too weak.
    pub fn with_signers<'p>(mut self, pem: impl IntoIterator<Item = &'p str>) -> Result<Self, SamlError> {
        for text in pem {
            for pinned in PinnedKey::all_from_pem(text)? {
                let key = pinned.key(false).map_err(|error| MetadataError::NoSigningKey { last: Some(error) })?;
                self.signers.push(TrustedKey { key, validity: pinned.validity() });
            }
        }
        if self.signers.is_empty() {
            return Err(MetadataError::NoSigningKey { last: None }.into());
        }
        Ok(self)
    }

    /// Demands a `validUntil` at most this far ahead. Whoever kept an old signed document, whose keys have been stolen since,
    /// can present it until then and no longer.
    #[must_use]
    pub const fn with_validity_horizon(mut self, horizon: Duration) -> Self {
        self.validity_horizon = Some(horizon);
        self
    }

    /// The entity it demands.
    #[must_use]
    pub fn entity_id(&self) -> &str {
        &self.entity_id
    }

    /// Reads the entity out of a document that satisfies this policy at `now`; where a signature is demanded, out of the
    /// signed bytes alone.
    ///
    /// # Errors
    /// [`SamlError::Metadata`] with the cause.
    pub fn read(&self, xml: &str, now: Timestamp) -> Result<IdpMetadata, SamlError> {
        let document = read::document(xml)?;
        let metadata = if self.signers.is_empty() {
            read::entity(document.root(), Some(&self.entity_id))?
        } else {
            let signed = self.signed(&document, now)?;
            let tree = signed.document().map_err(MetadataError::Xml)?;
            read::entity(tree.root(), Some(&self.entity_id))?
        };
        self.in_time(&metadata, now)?;
        Ok(metadata)
    }

    /// The provider by a newer document, which may change what it says and never weaken what is demanded of it: it must
    /// satisfy this policy as the first one did, hold a key that can be used, and send nobody from `https` to `http`. Where
    /// a signature is demanded, it must not run out before the one at hand: a signature outlives the key it vouches for, and
    /// whoever kept an older document would bring a stolen key back. A publisher who comes to sign for a shorter time is
    /// believed again once that catches up.
    ///
    /// `current` is the provider as its publisher states it
    /// ([`MetadataCache::as_stated`](super::refresh::MetadataCache::as_stated)), not as long as it is believed.
    ///
    /// # Errors
    /// As [`MetadataPolicy::read`]; `current` then stays as it is.
    pub fn renew(&self, current: &SamlProvider, xml: &str, now: Timestamp) -> Result<SamlProvider, SamlError> {
        let metadata = self.read(xml, now)?;
        if let (Some(at_hand), Some(valid_until)) = (current.metadata().valid_until(), metadata.valid_until())
            && valid_until < at_hand
            && !self.signers.is_empty()
        {
            return Err(MetadataError::RolledBack { valid_until, at_hand }.into());
        }
        let was_secure = addresses(current.metadata()).all(is_secure);
        if was_secure && !addresses(&metadata).all(is_secure) {
            return Err(MetadataError::EndpointDowngraded.into());
        }
        current.renewed(metadata)
    }

    fn in_time(&self, metadata: &IdpMetadata, now: Timestamp) -> Result<(), MetadataError> {
        let valid_until = metadata.valid_until();
        match (valid_until, self.validity_horizon) {
            (Some(valid_until), _) if now >= valid_until => Err(MetadataError::RunOut { valid_until }),
            (Some(until), Some(horizon)) if until <= now.saturating_add(horizon) => Ok(()),
            (_, Some(horizon)) => Err(MetadataError::BeyondHorizon { valid_until, horizon }),
            (_, None) => Ok(()),
        }
    }

    fn signed(&self, document: &Document<'_>, now: Timestamp) -> Result<SignedElement, MetadataError> {
        let entity = read::find(document.root(), Some(&self.entity_id))?.element;
        let untrusted = |error| MetadataError::Untrusted(Box::new(error));
        response::unique_ids(document).map_err(untrusted)?;
        let (signed, signature) = outermost_signed(document.root(), entity)?;
        let trust = Trust {
            keys: &self.signers,
            relaxations: Relaxations::none(),
            certificates: CertificateValidity::Reported,
            methods: &[],
            canonical: &Profile::CANONICAL_METADATA,
        };
        signature::verify(trust, signed, signature, now, &mut Silent).map_err(untrusted)
    }
}

/// Of the elements from the root down to `entity`, the first that carries a signature, and that signature. One further in
/// is the word of someone the publisher collected from, and one elsewhere covers something else.
fn outermost_signed<'d, 't>(
    root: Option<Element<'d, 't>>,
    entity: Element<'d, 't>,
) -> Result<(Element<'d, 't>, Element<'d, 't>), MetadataError> {
    let mut next = root;
    while let Some(element) = next {
        let mut signatures = element.elements_named(DSIG, "Signature");
        match (signatures.next(), signatures.next()) {
            (Some(signature), None) => return Ok((element, signature)),
            (Some(_), Some(_)) => return Err(MetadataError::Shape { expected: "at most one signature of an element" }),
            (None, _) => next = element.elements().find(|child| child.contains(entity)),
        }
    }
    Err(MetadataError::NotSigned)
}

fn addresses(metadata: &IdpMetadata) -> impl Iterator<Item = &str> {
    let sign_on = [metadata.redirect_endpoint(), metadata.post_endpoint()];
    let logout = [metadata.logout_redirect(), metadata.logout_post()];
    let logout = logout.into_iter().flatten().flat_map(|endpoint| [endpoint.location(), endpoint.response_location()]);
    sign_on.into_iter().flatten().chain(logout)
}

fn is_secure(address: &str) -> bool {
    address.starts_with("https://")
}
