//! SAML metadata: the identity provider's in (entity id, keys, endpoints), ours out.
//!
//! Enters: a document, and what an operator demands of it ([`MetadataPolicy`]). Leaves: [`IdpMetadata`]. Refused: documents
//! that hold no signing key, that describe the entity twice, that have run out, or that a pinned key has not signed where
//! one is demanded; from a signed document only the signed bytes are read. [`refresh`] says when to fetch it again.

mod believed;
mod duration;
mod policy;
mod read;
pub mod refresh;
mod service_provider;

use std::time::Duration;

use super::SamlError;
use super::certificate::PinnedKey;
use super::xml::Profile;
use crate::time::Timestamp;

pub use policy::MetadataPolicy;
pub use service_provider::{ContactKind, SpDescription};

pub(super) use service_provider::service_provider;

/// The longest metadata that is read, in bytes: what IAM takes for a SAML provider.
pub const MAX_METADATA_LENGTH: usize = Profile::METADATA.bytes;
const MD: &str = "urn:oasis:names:tc:SAML:2.0:metadata";
const POST: &str = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST";
const REDIRECT: &str = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect";

/// What an identity provider says of itself (saml-metadata 2.4.3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdpMetadata {
    entity_id: String,
    keys: Vec<PinnedKey>,
    redirect_endpoint: Option<String>,
    post_endpoint: Option<String>,
    logout_redirect: Option<LogoutEndpoint>,
    logout_post: Option<LogoutEndpoint>,
    valid_until: Option<Timestamp>,
    cache_duration: Option<Duration>,
    wants_signed_requests: bool,
}

/// A single logout service of the identity provider (saml-metadata 2.2.2 and 2.4.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogoutEndpoint {
    location: String,
    response_location: Option<String>,
}

impl LogoutEndpoint {
    /// Where it takes requests.
    #[must_use]
    pub fn location(&self) -> &str {
        &self.location
    }

    /// Where it takes responses: its own address for them, or that of requests.
    #[must_use]
    pub fn response_location(&self) -> &str {
        self.response_location.as_deref().unwrap_or(&self.location)
    }
}

impl IdpMetadata {
    /// Reads a document that describes exactly one identity provider, alone or in an aggregate.
    ///
    /// # Errors
    /// [`SamlError::Metadata`] with the cause: malformed, no or several identity providers, no signing key.
    pub fn parse(xml: &str) -> Result<Self, SamlError> {
        Ok(read::entity(read::document(xml)?.root(), None)?)
    }

    /// Reads the identity provider `entity_id` out of an aggregate.
    ///
    /// # Errors
    /// As [`IdpMetadata::parse`].
    pub fn pick(xml: &str, entity_id: &str) -> Result<Self, SamlError> {
        Ok(read::entity(read::document(xml)?.root(), Some(entity_id))?)
    }

    /// An identity provider that publishes no metadata: its entity id, and the certificates or public keys that an
    /// operator pins, in PEM.
    ///
    /// # Errors
    /// [`SamlError::Metadata`] for an entity id of another length than 1 to 1024 bytes, or a PEM text that holds neither.
    pub fn from_pem<'p>(entity_id: &str, pem: impl IntoIterator<Item = &'p str>) -> Result<Self, SamlError> {
        let entity_id = read::entity_id(entity_id)?;
        let mut keys = Vec::new();
        for text in pem {
            keys.extend(PinnedKey::all_from_pem(text)?);
        }
        keys.truncate(read::MOST_KEYS);
        Ok(Self {
            entity_id: entity_id.to_owned(),
            keys,
            redirect_endpoint: None,
            post_endpoint: None,
            logout_redirect: None,
            logout_post: None,
            valid_until: None,
            cache_duration: None,
            wants_signed_requests: false,
        })
    }

    /// This metadata, believed until `until` at the latest.
    pub(super) fn cut_short(mut self, until: Timestamp) -> Self {
        self.valid_until = Some(self.valid_until.map_or(until, |stated| stated.min(until)));
        self
    }

    /// What is believed of the identity provider, as a document: entity id, signing keys, endpoints, and until when. What else
    /// its publisher says is not in it, nor is a signature.
    #[must_use]
    pub fn document(&self) -> String {
        believed::document(self)
    }

    /// The name under which the identity provider issues.
    #[must_use]
    pub fn entity_id(&self) -> &str {
        &self.entity_id
    }

    /// Every signing key it states, in its order.
    #[must_use]
    pub fn keys(&self) -> &[PinnedKey] {
        &self.keys
    }

    /// Where it takes requests by HTTP-Redirect.
    #[must_use]
    pub fn redirect_endpoint(&self) -> Option<&str> {
        self.redirect_endpoint.as_deref()
    }

    /// Where it takes requests by HTTP-POST.
    #[must_use]
    pub fn post_endpoint(&self) -> Option<&str> {
        self.post_endpoint.as_deref()
    }

    /// Where it takes logout messages by HTTP-Redirect.
    #[must_use]
    pub const fn logout_redirect(&self) -> Option<&LogoutEndpoint> {
        self.logout_redirect.as_ref()
    }

    /// Where it takes logout messages by HTTP-POST.
    #[must_use]
    pub const fn logout_post(&self) -> Option<&LogoutEndpoint> {
        self.logout_post.as_ref()
    }

    /// When this description runs out (saml-metadata 2.3.2): nothing is accepted on it afterwards. Metadata that is fetched
    /// again and again runs out too when nobody could confirm it for long ([`refresh::MAX_STALE`]).
    #[must_use]
    pub const fn valid_until(&self) -> Option<Timestamp> {
        self.valid_until
    }

    /// How long its publisher wants a copy kept before it is fetched again (saml-metadata 2.3.2), if it says so.
    #[must_use]
    pub const fn cache_duration(&self) -> Option<Duration> {
        self.cache_duration
    }

    /// Whether it refuses unsigned requests.
    #[must_use]
    pub const fn wants_signed_requests(&self) -> bool {
        self.wants_signed_requests
    }
}
