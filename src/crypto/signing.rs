//! Private keys that sign: the broker's own Ed25519 key for session tokens, and keys of certificates for messages.

use std::fmt;

use zeroize::Zeroizing;

use super::backend::rand::SystemRandom;
use super::backend::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, EcdsaSigningAlgorithm,
    Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256, RSA_PSS_SHA256, RsaEncoding, RsaKeyPair,
};
use super::pem::private_block;
use super::{CryptoError, EcCurve, PublicKeyKind, SecretBytes, SignatureAlgorithm};

/// An Ed25519 key pair (RFC 8032).
pub struct SigningKey(Ed25519KeyPair);

impl SigningKey {
    /// The key pair that belongs to a 32-byte `seed`.
    ///
    /// # Errors
    /// [`CryptoError::KeyMalformed`] when the backend refuses the seed.
    pub fn from_seed(seed: &Zeroizing<[u8; 32]>) -> Result<Self, CryptoError> {
        Ed25519KeyPair::from_seed_unchecked(seed.as_ref())
            .map(Self)
            .map_err(|_| CryptoError::KeyMalformed { expected: "a 32-byte Ed25519 seed" })
    }

    /// The public half, 32 bytes.
    #[must_use]
    pub fn public_key(&self) -> &[u8] {
        self.0.public_key().as_ref()
    }

    /// Signs `message`: 64 bytes.
    #[must_use]
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        self.0.sign(message).as_ref().to_vec()
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKey(redacted)")
    }
}

/// A private key whose public half others know by a certificate or a key set: RSA, ECDSA or Ed25519, each with the one
/// algorithm that belongs to it; RSA signs with PSS too, where that is asked for.
pub struct PrivateKey(Pair);

enum Pair {
    Rsa(RsaKeyPair),
    P256(EcdsaKeyPair),
    P384(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

impl PrivateKey {
    /// Reads a private key in PKCS#8 PEM: RSA of 2,048 bits or more, P-256, P-384 or Ed25519.
    ///
    /// # Errors
    /// [`CryptoError::KeyMalformed`] for anything else.
    pub fn from_pem(pem: &str) -> Result<Self, CryptoError> {
        let pkcs8 = private_block(pem, "PRIVATE KEY");
        Self::from_pkcs8(&pkcs8.ok_or(CryptoError::KeyMalformed { expected: "a private key in PKCS#8 PEM" })?)
    }

    /// Reads a private key in PKCS#8 DER, as [`PrivateKey::from_pem`] does.
    ///
    /// # Errors
    /// [`CryptoError::KeyMalformed`] for anything else.
    pub fn from_pkcs8(pkcs8: &SecretBytes) -> Result<Self, CryptoError> {
        // PKCS#8 says what it is; each backend refuses what is of another kind.
        let bytes = pkcs8.expose();
        let pair = RsaKeyPair::from_pkcs8(bytes).ok().map(Pair::Rsa);
        let pair = pair.or_else(|| ecdsa(&ECDSA_P256_SHA256_FIXED_SIGNING, bytes).map(Pair::P256));
        let pair = pair.or_else(|| ecdsa(&ECDSA_P384_SHA384_FIXED_SIGNING, bytes).map(Pair::P384));
        let pair = pair.or_else(|| Ed25519KeyPair::from_pkcs8_maybe_unchecked(bytes).ok().map(Pair::Ed25519));
        let pair = pair.ok_or(CryptoError::KeyMalformed {
            expected: "an RSA key of 2048 bits or more, a P-256, P-384 or Ed25519 key in PKCS#8",
        })?;
        Ok(Self(pair))
    }

    /// A fresh key on P-256.
    ///
    /// # Errors
    /// [`CryptoError::Randomness`] when the operating system gives none.
    pub fn generate_p256() -> Result<Self, CryptoError> {
        let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let document =
            EcdsaKeyPair::generate_pkcs8(algorithm, &SystemRandom::new()).map_err(|_| CryptoError::Randomness)?;
        Self::from_pkcs8(&SecretBytes::new(document.as_ref().to_vec()))
    }

    /// A fresh key on P-384.
    ///
    /// # Errors
    /// [`CryptoError::Randomness`] when the operating system gives none.
    pub fn generate_p384() -> Result<Self, CryptoError> {
        let algorithm = &ECDSA_P384_SHA384_FIXED_SIGNING;
        let document =
            EcdsaKeyPair::generate_pkcs8(algorithm, &SystemRandom::new()).map_err(|_| CryptoError::Randomness)?;
        Self::from_pkcs8(&SecretBytes::new(document.as_ref().to_vec()))
    }

    /// A fresh RSA key of 2,048 bits; the `ring` backend makes none.
    ///
    /// # Errors
    /// [`CryptoError::Randomness`] when the operating system gives none.
    #[cfg(feature = "aws-lc-rs")]
    pub fn generate_rsa() -> Result<Self, CryptoError> {
        let pair = RsaKeyPair::generate(aws_lc_rs::rsa::KeySize::Rsa2048).map_err(|_| CryptoError::Randomness)?;
        Ok(Self(Pair::Rsa(pair)))
    }

    /// The public half.
    ///
    /// # Errors
    /// [`CryptoError::KeyMalformed`] when the backend gives it in another form than it documents.
    pub fn public_parts(&self) -> Result<PublicParts, CryptoError> {
        let parts = match &self.0 {
            Pair::Rsa(pair) => rsa_parts(pair.public_key().as_ref()),
            Pair::P256(pair) => point(EcCurve::P256, pair.public_key().as_ref()),
            Pair::P384(pair) => point(EcCurve::P384, pair.public_key().as_ref()),
            Pair::Ed25519(pair) => Some(PublicParts::Ed25519(pair.public_key().as_ref().to_vec())),
        };
        parts.ok_or(CryptoError::KeyMalformed { expected: "a public key as the backend documents it" })
    }

    /// The algorithm that this key signs with unless it is asked for another.
    #[must_use]
    pub const fn algorithm(&self) -> SignatureAlgorithm {
        match self.0 {
            Pair::Rsa(_) => SignatureAlgorithm::RsaPkcs1Sha256,
            Pair::P256(_) => SignatureAlgorithm::EcdsaP256Sha256,
            Pair::P384(_) => SignatureAlgorithm::EcdsaP384Sha384,
            Pair::Ed25519(_) => SignatureAlgorithm::Ed25519,
        }
    }

    /// Whether this key signs with `algorithm`: its own, and for RSA also RSASSA-PSS with SHA-256.
    ///
    /// # Errors
    /// [`CryptoError::AlgorithmMismatch`] when it does not.
    pub fn permits(&self, algorithm: SignatureAlgorithm) -> Result<(), CryptoError> {
        let also = matches!(self.0, Pair::Rsa(_)) && algorithm == SignatureAlgorithm::RsaPssSha256;
        if also || algorithm == self.algorithm() {
            return Ok(());
        }
        Err(CryptoError::AlgorithmMismatch { key: self.kind(), algorithm })
    }

    /// Signs `message`; ECDSA gives the fixed-width `r || s`.
    ///
    /// # Errors
    /// [`CryptoError::Randomness`] when the backend cannot sign, for want of randomness.
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, CryptoError> {
        match &self.0 {
            Pair::Rsa(pair) => sign_rsa(pair, &RSA_PKCS1_SHA256, message),
            Pair::P256(pair) | Pair::P384(pair) => pair
                .sign(&SystemRandom::new(), message)
                .map(|signature| signature.as_ref().to_vec())
                .map_err(|_| CryptoError::Randomness),
            Pair::Ed25519(pair) => Ok(pair.sign(message).as_ref().to_vec()),
        }
    }

    /// Signs `message` with `algorithm`, as [`PrivateKey::sign`] does with the key's own.
    ///
    /// # Errors
    /// As [`PrivateKey::permits`] and [`PrivateKey::sign`].
    pub fn sign_with(&self, algorithm: SignatureAlgorithm, message: &[u8]) -> Result<Vec<u8>, CryptoError> {
        self.permits(algorithm)?;
        match &self.0 {
            Pair::Rsa(pair) if algorithm == SignatureAlgorithm::RsaPssSha256 => {
                sign_rsa(pair, &RSA_PSS_SHA256, message)
            }
            _ => self.sign(message),
        }
    }

    /// What the public half is.
    fn kind(&self) -> PublicKeyKind {
        match &self.0 {
            Pair::Rsa(pair) => PublicKeyKind::Rsa { bits: modulus_length(pair).saturating_mul(8) },
            Pair::P256(_) => PublicKeyKind::Ec(EcCurve::P256),
            Pair::P384(_) => PublicKeyKind::Ec(EcCurve::P384),
            Pair::Ed25519(_) => PublicKeyKind::Ed25519,
        }
    }
}

fn sign_rsa(pair: &RsaKeyPair, padding: &'static dyn RsaEncoding, message: &[u8]) -> Result<Vec<u8>, CryptoError> {
    let mut signature = vec![0; modulus_length(pair)];
    pair.sign(padding, &SystemRandom::new(), message, &mut signature).map_err(|_| CryptoError::Randomness)?;
    Ok(signature)
}

/// A public key in the parts that a JWK writes it in (RFC 7518, 6; RFC 8037, 2), each big-endian.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PublicParts {
    /// RSA.
    Rsa {
        /// Without leading zeros.
        modulus: Vec<u8>,
        /// Without leading zeros.
        exponent: Vec<u8>,
    },
    /// A point on a curve.
    Ec {
        /// The curve.
        curve: EcCurve,
        /// As long as the curve's coordinates are.
        x: Vec<u8>,
        /// As long as the curve's coordinates are.
        y: Vec<u8>,
    },
    /// 32 bytes of Ed25519.
    Ed25519(Vec<u8>),
}

/// An uncompressed point: 4, x, y (SEC 1, 2.3.3).
fn point(curve: EcCurve, bytes: &[u8]) -> Option<PublicParts> {
    let coordinates = bytes.strip_prefix(&[4])?;
    let (x, y) = coordinates.split_at_checked(curve.coordinate_length())?;
    (x.len() == y.len()).then(|| PublicParts::Ec { curve, x: x.to_vec(), y: y.to_vec() })
}

/// RSAPublicKey in DER (RFC 8017, A.1.1): a sequence of two integers.
fn rsa_parts(der: &[u8]) -> Option<PublicParts> {
    let (sequence, _) = der_element(0x30, der)?;
    let (modulus, rest) = der_element(0x02, sequence)?;
    let (exponent, _) = der_element(0x02, rest)?;
    let unsigned = |integer: &[u8]| integer.iter().copied().skip_while(|byte| *byte == 0).collect();
    Some(PublicParts::Rsa { modulus: unsigned(modulus), exponent: unsigned(exponent) })
}

/// The content of the first element, which must have this tag, and what follows it.
fn der_element(tag: u8, der: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = match der.strip_prefix(&[tag])? {
        [length @ 0..=0x7f, rest @ ..] => (usize::from(*length), rest),
        [0x81, length, rest @ ..] => (usize::from(*length), rest),
        [0x82, high, low, rest @ ..] => (usize::from(u16::from_be_bytes([*high, *low])), rest),
        _ => return None,
    };
    rest.split_at_checked(length)
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PrivateKey({:?}, redacted)", self.algorithm())
    }
}

#[cfg(feature = "aws-lc-rs")]
fn ecdsa(algorithm: &'static EcdsaSigningAlgorithm, pkcs8: &[u8]) -> Option<EcdsaKeyPair> {
    EcdsaKeyPair::from_pkcs8(algorithm, pkcs8).ok()
}

#[cfg(all(feature = "ring", not(feature = "aws-lc-rs")))]
fn ecdsa(algorithm: &'static EcdsaSigningAlgorithm, pkcs8: &[u8]) -> Option<EcdsaKeyPair> {
    EcdsaKeyPair::from_pkcs8(algorithm, pkcs8, &SystemRandom::new()).ok()
}

#[cfg(feature = "aws-lc-rs")]
fn modulus_length(pair: &RsaKeyPair) -> usize {
    pair.public_modulus_len()
}

#[cfg(all(feature = "ring", not(feature = "aws-lc-rs")))]
fn modulus_length(pair: &RsaKeyPair) -> usize {
    pair.public().modulus_len()
}

#[cfg(test)]
mod tests {
    use super::super::PublicKey;
    use super::*;

    #[test]
    fn the_public_parts_of_a_fresh_key_verify_what_it_signs() {
        let key = PrivateKey::generate_p256().unwrap();
        let PublicParts::Ec { curve, x, y } = key.public_parts().unwrap() else { panic!("a point") };
        let signature = key.sign(b"message").unwrap();
        PublicKey::ec(curve, &x, &y).unwrap().verify(key.algorithm(), b"message", &signature).unwrap();
    }

    #[test]
    fn rsa_signs_with_pss_where_that_is_asked_for_and_nothing_else_does() {
        let rsa = PrivateKey::from_pem(include_str!("../../tests/vectors/saml/encrypted/sp.key")).unwrap();
        let PublicParts::Rsa { modulus, exponent } = rsa.public_parts().unwrap() else { panic!("RSA") };
        let public = PublicKey::rsa(&modulus, &exponent).unwrap();
        let (pkcs1, pss) = (SignatureAlgorithm::RsaPkcs1Sha256, SignatureAlgorithm::RsaPssSha256);
        for (asked, other) in [(pkcs1, pss), (pss, pkcs1)] {
            let signature = rsa.sign_with(asked, b"message").unwrap();
            public.verify(asked, b"message", &signature).unwrap();
            public.verify(other, b"message", &signature).unwrap_err();
        }
        assert_ne!(rsa.sign_with(pss, b"message"), rsa.sign_with(pss, b"message"), "the salt is random");
        let algorithm = SignatureAlgorithm::RsaPssSha384;
        let mismatch = CryptoError::AlgorithmMismatch { key: PublicKeyKind::Rsa { bits: 2048 }, algorithm };
        assert_eq!(rsa.sign_with(algorithm, b"message"), Err(mismatch));
        let p256 = PrivateKey::generate_p256().unwrap();
        p256.permits(SignatureAlgorithm::EcdsaP256Sha256).unwrap();
        let mismatch = CryptoError::AlgorithmMismatch { key: PublicKeyKind::Ec(EcCurve::P256), algorithm: pss };
        assert_eq!(p256.sign_with(pss, b"message"), Err(mismatch));
    }

    #[test]
    fn an_rsa_key_is_read_without_the_zeros_of_its_encoding() {
        let parts = PublicParts::Rsa { modulus: vec![0x80, 1], exponent: vec![1, 0, 1] };
        assert_eq!(rsa_parts(&[0x30, 10, 2, 3, 0, 0x80, 1, 2, 3, 1, 0, 1]), Some(parts.clone()));
        assert_eq!(rsa_parts(&[0x30, 0x81, 10, 2, 3, 0, 0x80, 1, 2, 3, 1, 0, 1]), Some(parts));
    }

    #[test]
    fn cut_or_mislabelled_keys_have_no_parts() {
        for der in [&b""[..], &[0x30], &[0x31, 0], &[0x30, 0x83, 0, 0, 1], &[0x30, 5, 2, 1, 1]] {
            assert_eq!(rsa_parts(der), None);
        }
        assert_eq!(point(EcCurve::P256, &[4; 64]), None);
        assert_eq!(point(EcCurve::P256, &[2; 65]), None);
    }
}
