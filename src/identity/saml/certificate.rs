//! An X.509 certificate in, the key it pins and the time its owner stated out. Chains and revocation are not looked at:
//! the key is trusted because metadata names it (saml-metadata 2.4.1.1).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use x509_parser::prelude::FromDer as _;
use x509_parser::prelude::X509Certificate;
use x509_parser::public_key::PublicKey as Parsed;
use x509_parser::time::ASN1Time;
use x509_parser::x509::SubjectPublicKeyInfo;

use super::MetadataError;
use crate::crypto::{CryptoError, EcCurve, PublicKey, sha256_hex};
use crate::time::Timestamp;

const P384: &str = "1.3.132.0.34";
const P521: &str = "1.3.132.0.35";
const P256: &str = "1.2.840.10045.3.1.7";
const ED25519: &str = "1.3.101.112";

/// A signing key that metadata pins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PinnedKey {
    material: Material,
    validity: Option<(Timestamp, Timestamp)>,
    fingerprint: String,
    written: Written,
}

/// How metadata writes a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Written {
    /// As a certificate in DER.
    Certificate(Vec<u8>),
    /// As a bare key: modulus and exponent where it is RSA.
    Rsa,
    /// As a bare key: a SubjectPublicKeyInfo in DER.
    PublicKey(Vec<u8>),
}

/// What is needed to build the key, so that the provider's own limits apply when it does.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Material {
    Rsa { modulus: Vec<u8>, exponent: Vec<u8> },
    Ready(PublicKey),
}

impl PinnedKey {
    /// Reads a certificate in DER.
    pub(super) fn from_certificate(der: &[u8]) -> Result<Self, MetadataError> {
        let (rest, certificate) = X509Certificate::from_der(der).map_err(|_| MetadataError::CertificateMalformed)?;
        if !rest.is_empty() {
            return Err(MetadataError::CertificateMalformed);
        }
        let validity = certificate.validity();
        Ok(Self {
            material: material(certificate.public_key())?,
            validity: Some((timestamp(validity.not_before), timestamp(validity.not_after))),
            fingerprint: sha256_hex(der),
            written: Written::Certificate(der.to_vec()),
        })
    }

    /// Reads every certificate and public key of a PEM text, in its order (RFC 7468, 5 and 13).
    pub(super) fn all_from_pem(pem: &str) -> Result<Vec<Self>, MetadataError> {
        let mut keys = Vec::new();
        for (label, der) in pem_blocks(pem)? {
            match label {
                "CERTIFICATE" => keys.push(Self::from_certificate(&der)?),
                "PUBLIC KEY" => keys.push(Self::from_public_key(&der)?),
                _ => return Err(MetadataError::CertificateMalformed),
            }
        }
        if keys.is_empty() { Err(MetadataError::CertificateMalformed) } else { Ok(keys) }
    }

    /// Reads a SubjectPublicKeyInfo in DER, a key without a certificate.
    pub(super) fn from_public_key(der: &[u8]) -> Result<Self, MetadataError> {
        let (rest, info) = SubjectPublicKeyInfo::from_der(der).map_err(|_| MetadataError::CertificateMalformed)?;
        if !rest.is_empty() {
            return Err(MetadataError::CertificateMalformed);
        }
        let material = material(&info)?;
        let written = match &material {
            Material::Rsa { .. } => Written::Rsa,
            Material::Ready(_) => Written::PublicKey(der.to_vec()),
        };
        Ok(Self { material, validity: None, fingerprint: sha256_hex(der), written })
    }

    /// An RSA key given without a certificate (ds:RSAKeyValue).
    pub(super) fn from_rsa(modulus: Vec<u8>, exponent: Vec<u8>) -> Self {
        let fingerprint = sha256_hex(&modulus);
        Self { material: Material::Rsa { modulus, exponent }, validity: None, fingerprint, written: Written::Rsa }
    }

    /// The certificate's validity, first and last instant; `None` for a bare key.
    #[must_use]
    pub const fn validity(&self) -> Option<(Timestamp, Timestamp)> {
        self.validity
    }

    /// SHA-256 of the certificate (of the modulus or the public key for a bare key), in hexadecimal.
    #[must_use]
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// How metadata writes it.
    pub(super) const fn written(&self) -> &Written {
        &self.written
    }

    /// Modulus and exponent of an RSA key, without leading zeros (ds:CryptoBinary).
    pub(super) fn rsa(&self) -> Option<(&[u8], &[u8])> {
        let significant = |bytes| <[u8]>::get(bytes, bytes.iter().take_while(|byte| **byte == 0).count()..);
        match &self.material {
            Material::Rsa { modulus, exponent } => Some((significant(modulus)?, significant(exponent)?)),
            Material::Ready(_) => None,
        }
    }

    /// The key, held to the least length the provider accepts.
    pub(super) fn key(&self, allow_small_rsa: bool) -> Result<PublicKey, CryptoError> {
        match &self.material {
            Material::Rsa { modulus, exponent } if allow_small_rsa => PublicKey::rsa_legacy(modulus, exponent),
            Material::Rsa { modulus, exponent } => PublicKey::rsa(modulus, exponent),
            Material::Ready(key) => Ok(key.clone()),
        }
    }
}

/// The one certificate of a PEM text, in DER.
pub(super) fn certificate_from_pem(pem: &str) -> Result<Vec<u8>, MetadataError> {
    let mut blocks = pem_blocks(pem)?;
    match (blocks.pop(), blocks.is_empty()) {
        (Some(("CERTIFICATE", der)), true) => Ok(der),
        _ => Err(MetadataError::CertificateMalformed),
    }
}

/// The label and content of every block (RFC 7468, 3).
fn pem_blocks(pem: &str) -> Result<Vec<(&str, Vec<u8>)>, MetadataError> {
    let malformed = || MetadataError::CertificateMalformed;
    let mut blocks = Vec::new();
    let mut rest = pem;
    while let Some((_, block)) = rest.split_once("-----BEGIN ") {
        let (label, block) = block.split_once("-----").ok_or_else(malformed)?;
        let (body, after) = block.split_once("-----END ").ok_or_else(malformed)?;
        let packed: Vec<u8> = body.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
        blocks.push((label, STANDARD.decode(packed).map_err(|_| malformed())?));
        rest = after;
    }
    Ok(blocks)
}

fn material(info: &SubjectPublicKeyInfo<'_>) -> Result<Material, MetadataError> {
    let malformed = |_| MetadataError::CertificateMalformed;
    let algorithm = info.algorithm.algorithm.to_id_string();
    if algorithm == ED25519 {
        return PublicKey::ed25519(info.subject_public_key.as_ref()).map(Material::Ready).map_err(malformed);
    }
    match info.parsed() {
        Ok(Parsed::RSA(key)) => Ok(Material::Rsa { modulus: key.modulus.to_vec(), exponent: key.exponent.to_vec() }),
        Ok(Parsed::EC(point)) => {
            let parameters = info.algorithm.parameters.as_ref().and_then(|any| any.as_oid().ok());
            let curve = match parameters.map(|oid| oid.to_id_string()).as_deref() {
                Some(P256) => EcCurve::P256,
                Some(P384) => EcCurve::P384,
                Some(P521) => EcCurve::P521,
                _ => return Err(MetadataError::CertificateMalformed),
            };
            let coordinates = point.data().strip_prefix(&[0x04]);
            let (x, y) = coordinates
                .and_then(|both| both.split_at_checked(curve.coordinate_length()))
                .ok_or(MetadataError::CertificateMalformed)?;
            PublicKey::ec(curve, x, y).map(Material::Ready).map_err(malformed)
        }
        _ => Err(MetadataError::CertificateMalformed),
    }
}

fn timestamp(time: ASN1Time) -> Timestamp {
    Timestamp::from_unix_seconds(time.timestamp())
}
