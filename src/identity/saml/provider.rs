//! One identity provider, as this service trusts it.
//!
//! A [`SamlProvider`] never changes: a verification sees one set of keys from its first signature to its last. New metadata
//! makes a new one, with [`SamlProvider::renewed`], that takes the old one's place between two verifications.

use std::sync::Arc;
use std::time::Duration;

use super::algorithm::SignatureMethod;
use super::authn_context::{Comparison, RequestedAuthnContext};
use super::certificate::{PinnedKey, certificate_from_pem};
use super::danger::Relaxations;
use super::metadata::{self, IdpMetadata, SpDescription};
use super::signature::Trust;
use super::signing_key::SpSigningKey;
use super::xml::Profile;
use super::{MetadataError, SamlError, rules};
use crate::arn::AccountId;
use crate::crypto::{PublicKey, RsaDecryptionKey};
use crate::identity::{ProviderName, Use};
use crate::time::Timestamp;

/// The largest clock skew a provider may be given. Replay memory keeps an assertion this long past its expiry.
pub const MAX_CLOCK_SKEW: Duration = Duration::from_secs(300);
const DEFAULT_CLOCK_SKEW: Duration = Duration::from_secs(60);

/// An identity provider that assertions are accepted from, and the service they must be meant for.
#[derive(Clone, Debug)]
pub struct SamlProvider {
    pub(super) name: ProviderName,
    /// Whose own it is; none when it is for every account.
    pub(super) account: Option<AccountId>,
    pub(super) service: Service,
    pub(super) metadata: IdpMetadata,
    pub(super) keys: Vec<TrustedKey>,
    pub(super) sp_entity_id: String,
    pub(super) acs_url: String,
    pub(super) clock_skew: Duration,
    pub(super) signature_methods: Vec<SignatureMethod>,
    pub(super) signature_on: SignatureOn,
    pub(super) unsolicited: Unsolicited,
    pub(super) assertion_use: Use,
    pub(super) certificates: CertificateValidity,
    pub(super) authn_age: Option<Duration>,
    /// Any of these satisfies `requested_authn_context`; empty when none was asked for.
    pub(super) authn_contexts: Vec<String>,
    pub(super) requested_authn_context: RequestedAuthnContext,
    pub(super) signing_keys: Vec<Arc<SpSigningKey>>,
    pub(super) logout_url: Option<String>,
    pub(super) decryption_keys: Vec<Arc<RsaDecryptionKey>>,
    /// What metadata says of each decryption key.
    pub(super) encryption_keys: Vec<EncryptionKey>,
    pub(super) description: SpDescription,
    pub(super) relaxations: Relaxations,
}

/// The public half of a decryption key, as identity providers are told it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum EncryptionKey {
    /// A certificate in DER.
    Certificate(Vec<u8>),
    /// The bare key.
    Rsa { modulus: Vec<u8>, exponent: Vec<u8> },
}

/// Whether an operator lets the provider sign people in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Service {
    Enabled,
    Disabled,
}

/// A pinned key ready for use.
#[derive(Clone, Debug)]
pub(super) struct TrustedKey {
    pub(super) key: PublicKey,
    pub(super) validity: Option<(Timestamp, Timestamp)>,
}

/// What must carry the signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SignatureOn {
    /// The response, the assertion, or both.
    Either,
    /// The response at least.
    Response,
}

/// Whether a response that answers no request may sign someone in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unsolicited {
    Refused,
    Allowed,
}

/// Whether the stated validity of a signing certificate counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CertificateValidity {
    Reported,
    Required,
}

impl SamlProvider {
    /// Trusts the one identity provider of `idp_metadata` for assertions addressed to `sp_entity_id` and posted to
    /// `acs_url`. It is called `corp` until [`SamlProvider::named`].
    ///
    /// # Errors
    /// [`SamlError::Metadata`] when the metadata cannot be read or holds no signing key.
    pub fn new(idp_metadata: &str, sp_entity_id: &str, acs_url: &str) -> Result<Self, SamlError> {
        Self::from_metadata(IdpMetadata::parse(idp_metadata)?, sp_entity_id, acs_url)
    }

    /// As [`SamlProvider::new`], with metadata read before, such as one entity of an aggregate.
    ///
    /// # Errors
    /// [`SamlError::Metadata`] when it holds no signing key.
    pub fn from_metadata(metadata: IdpMetadata, sp_entity_id: &str, acs_url: &str) -> Result<Self, SamlError> {
        Self::build(metadata, sp_entity_id, acs_url, Relaxations::none())
    }

    pub(super) fn build(
        metadata: IdpMetadata,
        sp_entity_id: &str,
        acs_url: &str,
        relaxations: Relaxations,
    ) -> Result<Self, SamlError> {
        let keys = usable_keys(&metadata, relaxations)?;
        Ok(Self {
            name: ProviderName::Saml("corp".to_owned()),
            account: None,
            service: Service::Enabled,
            metadata,
            keys,
            sp_entity_id: sp_entity_id.to_owned(),
            acs_url: acs_url.to_owned(),
            clock_skew: DEFAULT_CLOCK_SKEW,
            signature_methods: Vec::new(),
            signature_on: SignatureOn::Either,
            unsolicited: Unsolicited::Refused,
            assertion_use: Use::UntilExpiry,
            certificates: CertificateValidity::Reported,
            authn_age: None,
            authn_contexts: Vec::new(),
            requested_authn_context: RequestedAuthnContext::default(),
            signing_keys: Vec::new(),
            logout_url: None,
            decryption_keys: Vec::new(),
            encryption_keys: Vec::new(),
            description: SpDescription::default(),
            relaxations,
        })
    }

    /// This provider by newer metadata of the same entity: its keys alone are trusted, everything an operator set stays.
    ///
    /// # Errors
    /// [`SamlError::Metadata`] when the metadata is another entity's or holds no usable signing key.
    pub fn renewed(&self, metadata: IdpMetadata) -> Result<Self, SamlError> {
        if metadata.entity_id() != self.entity_id() {
            return Err(MetadataError::EntityNotFound.into());
        }
        let keys = usable_keys(&metadata, self.relaxations)?;
        Ok(Self { metadata, keys, ..self.clone() })
    }

    /// This provider by the `stated` metadata it is made from.
    pub(super) fn stating(mut self, stated: &IdpMetadata) -> Self {
        self.metadata = stated.clone();
        self
    }

    /// This provider by the `stated` metadata it is made from, believed until `until` at the latest.
    pub(super) fn believed_until(mut self, stated: &IdpMetadata, until: Timestamp) -> Self {
        self.metadata = stated.clone().cut_short(until);
        self
    }

    /// This provider, out of service: every response of it is refused, also one that answers a request made before.
    #[must_use]
    pub const fn disabled(mut self) -> Self {
        self.service = Service::Disabled;
        self
    }

    /// Whether the provider may vouch for anyone at `now`: judged when its answer arrives, not when a sign-in begins
    /// (CVE-2026-2603, CVE-2026-3047).
    pub(super) fn in_service(&self, now: Timestamp) -> Result<(), MetadataError> {
        if self.service == Service::Disabled {
            return Err(MetadataError::ProviderDisabled);
        }
        match self.metadata.valid_until() {
            Some(valid_until) if now >= valid_until => Err(MetadataError::RunOut { valid_until }),
            _ => Ok(()),
        }
    }

    /// Whose signatures count for this provider.
    pub(super) fn trust(&self) -> Trust<'_> {
        Trust {
            keys: &self.keys,
            relaxations: self.relaxations,
            certificates: self.certificates,
            methods: &self.signature_methods,
            canonical: &Profile::CANONICAL,
        }
    }

    /// The name under which accounts register it.
    #[must_use]
    pub fn named(mut self, name: &str) -> Self {
        self.name = ProviderName::Saml(name.to_owned());
        self
    }

    /// This provider as one of `account` alone: whom it vouches for assumes no role of another account.
    #[must_use]
    pub fn of_account(mut self, account: AccountId) -> Self {
        self.account = Some(account);
        self
    }

    /// How far the identity provider's clock may be from ours: 60 s unless set, at most [`MAX_CLOCK_SKEW`].
    ///
    /// # Errors
    /// [`SamlError::Metadata`] above that: skew lengthens the life of every stolen assertion.
    pub fn with_clock_skew(mut self, skew: Duration) -> Result<Self, SamlError> {
        if skew > MAX_CLOCK_SKEW {
            return Err(MetadataError::ClockSkewTooLarge.into());
        }
        self.clock_skew = skew;
        Ok(self)
    }

    /// Accepts signatures by these SignatureMethod URIs alone, such as
    /// `http://www.w3.org/2001/04/xmldsig-more#rsa-sha256`; without this, by every one that fits a pinned key.
    ///
    /// # Errors
    /// [`SamlError::AlgorithmNotAllowed`] for a URI that names none that this provider's relaxations allow, and for no URI
    /// at all.
    pub fn with_signature_methods<'u>(mut self, uris: impl IntoIterator<Item = &'u str>) -> Result<Self, SamlError> {
        for uri in uris {
            let unknown = || SamlError::AlgorithmNotAllowed { rule: rules::ALGORITHM, algorithm: uri.to_owned() };
            self.signature_methods.push(SignatureMethod::named(uri, self.relaxations).ok_or_else(unknown)?);
        }
        if self.signature_methods.is_empty() {
            return Err(SamlError::AlgorithmNotAllowed { rule: rules::ALGORITHM, algorithm: String::new() });
        }
        Ok(self)
    }

    /// Demands a signature on the response itself, whatever else is signed.
    #[must_use]
    pub const fn with_signed_responses(mut self) -> Self {
        self.signature_on = SignatureOn::Response;
        self
    }

    /// Accepts responses that answer no request (identity-provider-initiated sign-in). Anyone who can make a browser
    /// post a form can then sign it in as himself.
    #[must_use]
    pub const fn with_unsolicited_responses(mut self) -> Self {
        self.unsolicited = Unsolicited::Allowed;
        self
    }

    /// Whether responses that answer no request are accepted.
    #[must_use]
    pub fn accepts_unsolicited(&self) -> bool {
        self.unsolicited == Unsolicited::Allowed
    }

    /// How often one assertion may be exchanged for credentials; [`Use::UntilExpiry`] unless set, as in the cloud.
    /// An assertion that says OneTimeUse is used once whatever is set here.
    #[must_use]
    pub const fn with_assertion_use(mut self, assertion_use: Use) -> Self {
        self.assertion_use = assertion_use;
        self
    }

    /// Refuses signatures by keys whose certificate is not yet or no longer valid; otherwise validity is only reported.
    #[must_use]
    pub const fn with_certificate_validity(mut self) -> Self {
        self.certificates = CertificateValidity::Required;
        self
    }

    /// Refuses sign-ins at the identity provider longer ago than `age`, such as after ForceAuthn.
    #[must_use]
    pub const fn with_authn_age(mut self, age: Duration) -> Self {
        self.authn_age = Some(age);
        self
    }

    /// Demands that the person signed in by one of these AuthnContextClassRef URIs: requests ask for them exactly.
    #[must_use]
    pub fn with_authn_contexts<I: Into<String>>(mut self, class_refs: impl IntoIterator<Item = I>) -> Self {
        self.authn_contexts = class_refs.into_iter().map(Into::into).collect();
        self.requested_authn_context = RequestedAuthnContext::new(Comparison::Exact, self.authn_contexts.clone());
        self
    }

    /// Demands that the person signed in by a way that compares to `requested` as stated. The standard leaves which way is
    /// stronger to the parties, so the operator says it: `weakest_first` are all AuthnContextClassRef URIs that are known,
    /// and answers of any other are refused.
    ///
    /// # Errors
    /// [`MetadataError::AuthnContextNotOrdered`] when the order lacks one of `requested`, or nothing could satisfy this.
    pub fn with_compared_authn_contexts<I: Into<String>, O: Into<String>>(
        mut self,
        comparison: Comparison,
        requested: impl IntoIterator<Item = I>,
        weakest_first: impl IntoIterator<Item = O>,
    ) -> Result<Self, SamlError> {
        let requested = RequestedAuthnContext::new(comparison, requested.into_iter().map(Into::into).collect());
        let order: Vec<String> = weakest_first.into_iter().map(Into::into).collect();
        self.authn_contexts = requested.satisfied_by(&order)?;
        self.requested_authn_context = requested;
        Ok(self)
    }

    /// Adds a key that signs our messages. The first one added signs; the others are published in our metadata, so that
    /// identity providers know the next key before it is used.
    #[must_use]
    pub fn with_signing_key(mut self, key: impl Into<Arc<SpSigningKey>>) -> Self {
        self.signing_keys.push(key.into());
        self
    }

    /// Where this service takes logout messages (single logout, HTTP-Redirect and HTTP-POST alike): the Destination that
    /// they must name. Without it none is accepted.
    #[must_use]
    pub fn with_logout_url(mut self, url: &str) -> Self {
        self.logout_url = Some(url.to_owned());
        self
    }

    /// Adds a key that assertions may be encrypted to; during rollover there are several, and for a message with one
    /// EncryptedKey the first four are tried. Metadata publishes every one, in
    /// this order, as a bare key. Most identity providers want a certificate, and some stop reading at a bare key: prefer
    /// [`SamlProvider::with_certified_decryption_key`].
    #[must_use]
    pub fn with_decryption_key(mut self, key: RsaDecryptionKey) -> Self {
        if let Ok(public) = PinnedKey::from_public_key(key.public_key())
            && let Some((modulus, exponent)) = public.rsa()
        {
            let (modulus, exponent) = (modulus.to_vec(), exponent.to_vec());
            self.encryption_keys.push(EncryptionKey::Rsa { modulus, exponent });
        }
        self.decryption_keys.push(Arc::new(key));
        self
    }

    /// As [`SamlProvider::with_decryption_key`], published by its certificate in PEM, which may be self-signed.
    ///
    /// # Errors
    /// [`MetadataError::CertificateMalformed`] when there is not exactly one certificate, or it is another key's.
    pub fn with_certified_decryption_key(
        mut self,
        key: RsaDecryptionKey,
        certificate_pem: &str,
    ) -> Result<Self, SamlError> {
        let der = certificate_from_pem(certificate_pem)?;
        let (certified, own) = (PinnedKey::from_certificate(&der)?, PinnedKey::from_public_key(key.public_key())?);
        // A certificate of another key would have every assertion encrypted so that nobody can read it.
        if certified.rsa().is_none() || certified.rsa() != own.rsa() {
            return Err(MetadataError::CertificateMalformed.into());
        }
        self.encryption_keys.push(EncryptionKey::Certificate(der));
        self.decryption_keys.push(Arc::new(key));
        Ok(self)
    }

    /// What our metadata says beside keys and addresses.
    #[must_use]
    pub fn with_description(mut self, description: SpDescription) -> Self {
        self.description = description;
        self
    }

    /// The name under which accounts register it.
    #[must_use]
    pub const fn name(&self) -> &ProviderName {
        &self.name
    }

    /// The identity provider's entity id.
    #[must_use]
    pub fn entity_id(&self) -> &str {
        self.metadata.entity_id()
    }

    /// What the identity provider says of itself.
    #[must_use]
    pub const fn metadata(&self) -> &IdpMetadata {
        &self.metadata
    }

    /// The pinned signing keys, as metadata states them.
    #[must_use]
    pub fn pinned_keys(&self) -> &[PinnedKey] {
        self.metadata.keys()
    }

    /// Our entity id, the audience assertions must name.
    #[must_use]
    pub fn sp_entity_id(&self) -> &str {
        &self.sp_entity_id
    }

    /// Our assertion consumer service, the recipient assertions must name.
    #[must_use]
    pub fn acs_url(&self) -> &str {
        &self.acs_url
    }

    /// Where this service takes logout messages, if it does.
    #[must_use]
    pub fn logout_url(&self) -> Option<&str> {
        self.logout_url.as_deref()
    }

    /// Every key of ours that signs or will sign, the one that signs now first.
    #[must_use]
    pub fn signing_keys(&self) -> &[Arc<SpSigningKey>] {
        &self.signing_keys
    }

    /// The key that signs now.
    pub(super) fn signing_key(&self) -> Option<&SpSigningKey> {
        self.signing_keys.first().map(AsRef::as_ref)
    }

    /// How far the identity provider's clock may be from ours.
    #[must_use]
    pub const fn clock_skew(&self) -> Duration {
        self.clock_skew
    }

    /// How often one assertion may be exchanged for credentials.
    #[must_use]
    pub const fn assertion_use(&self) -> Use {
        self.assertion_use
    }

    /// What is relaxed for this provider, to be listed in configuration and audit.
    #[must_use]
    pub const fn relaxations(&self) -> Relaxations {
        self.relaxations
    }

    /// Our metadata at `now`, for the identity provider to be configured with: signed when there is a signing key, and with
    /// every signing and decryption key, so that a rollover is known before it happens.
    ///
    /// # Errors
    /// [`SamlError::OwnKey`] when it cannot be signed: it is never published unsigned then.
    pub fn sp_metadata(&self, now: Timestamp) -> Result<String, SamlError> {
        metadata::service_provider(self, now)
    }
}

/// Every key of the metadata that the provider may be trusted by; without one nothing could ever be verified.
fn usable_keys(metadata: &IdpMetadata, relaxations: Relaxations) -> Result<Vec<TrustedKey>, MetadataError> {
    let mut keys = Vec::new();
    let mut last = None;
    for pinned in metadata.keys() {
        match pinned.key(relaxations.small_rsa()) {
            Ok(key) => keys.push(TrustedKey { key, validity: pinned.validity() }),
            Err(error) => last = Some(error),
        }
    }
    if keys.is_empty() { Err(MetadataError::NoSigningKey { last }) } else { Ok(keys) }
}
