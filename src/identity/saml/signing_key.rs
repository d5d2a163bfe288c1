//! The key with which this service signs its messages, and the certificate by which identity providers know it.

use super::certificate::{PinnedKey, certificate_from_pem};
use super::{MetadataError, SamlError};
use crate::crypto::{PrivateKey, SignatureAlgorithm};
use crate::time::Timestamp;

/// Signed once when a key is loaded: only the certificate's own key verifies it.
const PROBE: &[u8] = b"Does this key belong to its certificate?";

/// A private key of this service, with its certificate.
#[derive(Debug)]
pub struct SpSigningKey {
    key: PrivateKey,
    certificate: Vec<u8>,
    fingerprint: String,
    validity: (Timestamp, Timestamp),
}

impl SpSigningKey {
    /// Reads a private key in PKCS#8 PEM (RSA of 2,048 bits or more, P-256, P-384 or Ed25519) and its certificate in PEM.
    /// The certificate may be self-signed: identity providers pin it, as this service pins theirs. RSA is what every identity
    /// provider verifies; `openssl req -x509 -newkey rsa:3072 -noenc -keyout key.pem -out certificate.pem -days 1095 -subj
    /// /CN=sign-in` makes both.
    ///
    /// # Errors
    /// [`SamlError::OwnKey`] for another private key, or one that is not the certificate's;
    /// [`MetadataError::CertificateMalformed`] when there is not exactly one certificate.
    pub fn from_pem(pkcs8_pem: &str, certificate_pem: &str) -> Result<Self, SamlError> {
        let key = PrivateKey::from_pem(pkcs8_pem).map_err(SamlError::OwnKey)?;
        let certificate = certificate_from_pem(certificate_pem)?;
        let pinned = PinnedKey::from_certificate(&certificate)?;
        let public = pinned.key(false).map_err(SamlError::OwnKey)?;
        let signed = key.sign(PROBE).map_err(SamlError::OwnKey)?;
        public.verify(key.algorithm(), PROBE, &signed).map_err(SamlError::OwnKey)?;
        Ok(Self {
            key,
            certificate,
            fingerprint: pinned.fingerprint().to_owned(),
            validity: pinned.validity().ok_or(MetadataError::CertificateMalformed)?,
        })
    }

    /// The certificate in DER, for metadata.
    #[must_use]
    pub fn certificate(&self) -> &[u8] {
        &self.certificate
    }

    /// SHA-256 of the certificate in hexadecimal.
    #[must_use]
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// The certificate's first and last instant: a new key should be published before the last.
    #[must_use]
    pub const fn validity(&self) -> (Timestamp, Timestamp) {
        self.validity
    }

    /// The algorithm's URI (RFC 9231), for SignatureMethod and SigAlg.
    pub(super) const fn method_uri(&self) -> &'static str {
        match self.key.algorithm() {
            SignatureAlgorithm::EcdsaP256Sha256 => "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256",
            SignatureAlgorithm::EcdsaP384Sha384 => "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384",
            SignatureAlgorithm::Ed25519 => "http://www.w3.org/2021/04/xmldsig-more#eddsa-ed25519",
            _ => "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
        }
    }

    pub(super) fn sign(&self, octets: &[u8]) -> Result<Vec<u8>, SamlError> {
        self.key.sign(octets).map_err(SamlError::OwnKey)
    }
}
