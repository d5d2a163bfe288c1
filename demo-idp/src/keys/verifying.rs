//! The public keys of service providers, taken out of the certificates they registered.

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384,
    RSA_PKCS1_2048_8192_SHA512, UnparsedPublicKey, VerificationAlgorithm,
};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use x509_parser::prelude::{FromDer, X509Certificate};
use x509_parser::public_key::PublicKey;

const RSA_BITS_LEAST: usize = 2048;
const RSA: &str = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha";
const ECDSA: &str = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha";

/// A key that somebody else signs with.
#[derive(Debug, Clone)]
pub(crate) struct VerifyingKey {
    kind: Kind,
    bytes: Vec<u8>,
}

#[derive(Debug, Clone, Copy)]
enum Kind {
    Rsa,
    P256,
    P384,
}

impl VerifyingKey {
    /// Reads a certificate in PEM or bare base64. Who issued it and when it ends does not matter: it is a pin.
    pub(crate) fn from_certificate(text: &str) -> Option<Self> {
        let lines = text.lines().map(str::trim).filter(|line| !line.starts_with("-----"));
        let der = STANDARD.decode(lines.collect::<String>()).ok()?;
        let (rest, certificate) = X509Certificate::from_der(&der).ok()?;
        let info = certificate.public_key();
        let kind = match info.parsed().ok()? {
            PublicKey::RSA(key) if key.key_size() >= RSA_BITS_LEAST => Kind::Rsa,
            PublicKey::EC(_) => match info.algorithm.parameters.as_ref()?.as_oid().ok()?.to_id_string().as_str() {
                "1.2.840.10045.3.1.7" => Kind::P256,
                "1.3.132.0.34" => Kind::P384,
                _ => return None,
            },
            _ => return None,
        };
        rest.is_empty().then(|| Self { kind, bytes: info.subject_public_key.data.to_vec() })
    }

    /// Whether this key signed `message` by the algorithm of that URI, which must be one of its own kind.
    pub(crate) fn verify(&self, algorithm: &str, message: &[u8], signature: &[u8]) -> Option<()> {
        let hash = algorithm.strip_prefix(if matches!(self.kind, Kind::Rsa) { RSA } else { ECDSA })?;
        let algorithm: &'static dyn VerificationAlgorithm = match (self.kind, hash) {
            (Kind::Rsa, "256") => &RSA_PKCS1_2048_8192_SHA256,
            (Kind::Rsa, "384") => &RSA_PKCS1_2048_8192_SHA384,
            (Kind::Rsa, "512") => &RSA_PKCS1_2048_8192_SHA512,
            (Kind::P256, "256") => &ECDSA_P256_SHA256_FIXED,
            (Kind::P384, "384") => &ECDSA_P384_SHA384_FIXED,
            _ => return None,
        };
        UnparsedPublicKey::new(algorithm, &self.bytes).verify(message, signature).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::{Family, SigningKey};

    #[test]
    fn a_certificate_verifies_what_its_key_signed_and_nothing_else() {
        let (rsa, ecdsa) = (format!("{RSA}256"), format!("{ECDSA}256"));
        for (family, own, other) in [(Family::Rsa, &rsa, &ecdsa), (Family::P256, &ecdsa, &rsa)] {
            let key = SigningKey::generate(family).unwrap();
            let signature = key.sign(b"message").unwrap();
            let known = VerifyingKey::from_certificate(&key.certificate_base64()).unwrap();
            assert!(known.verify(own, b"message", &signature).is_some());
            assert!(known.verify(own, b"another", &signature).is_none());
            assert!(known.verify(other, b"message", &signature).is_none(), "the key chooses the kind of algorithm");
            let stranger = SigningKey::generate(family).unwrap();
            assert!(known.verify(own, b"message", &stranger.sign(b"message").unwrap()).is_none());
        }
    }

    #[test]
    fn what_is_no_certificate_of_a_usable_key_is_refused() {
        let ed25519 = SigningKey::generate(Family::Ed25519).unwrap().certificate_base64();
        let good = SigningKey::generate(Family::P256).unwrap().certificate_base64();
        let wrapped = format!("-----BEGIN CERTIFICATE-----\r\n{good}\r\n-----END CERTIFICATE-----\r\n");
        assert!(VerifyingKey::from_certificate(&wrapped).is_some());
        for text in ["", "not base64", "AAAA", &ed25519, &format!("{}AAAA", good.trim_end_matches('='))] {
            assert!(VerifyingKey::from_certificate(text).is_none(), "{text}");
        }
    }
}
