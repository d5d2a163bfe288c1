//! Private keys that sign: the broker's own Ed25519 key for session tokens, and keys of certificates for messages.

use std::fmt;

use zeroize::Zeroizing;

use super::backend::rand::SystemRandom;
use super::backend::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, EcdsaSigningAlgorithm,
    Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256, RsaKeyPair,
};
use super::pem::private_block;
use super::{CryptoError, SecretBytes, SignatureAlgorithm};

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

/// A private key whose public half others know by a certificate: RSA, ECDSA or Ed25519, always with the one algorithm
/// that belongs to it.
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

    /// The algorithm that this key signs with.
    #[must_use]
    pub const fn algorithm(&self) -> SignatureAlgorithm {
        match self.0 {
            Pair::Rsa(_) => SignatureAlgorithm::RsaPkcs1Sha256,
            Pair::P256(_) => SignatureAlgorithm::EcdsaP256Sha256,
            Pair::P384(_) => SignatureAlgorithm::EcdsaP384Sha384,
            Pair::Ed25519(_) => SignatureAlgorithm::Ed25519,
        }
    }

    /// Signs `message`; ECDSA gives the fixed-width `r || s`.
    ///
    /// # Errors
    /// [`CryptoError::Randomness`] when the backend cannot sign, for want of randomness.
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, CryptoError> {
        let random = SystemRandom::new();
        match &self.0 {
            Pair::Rsa(pair) => {
                let mut signature = vec![0; modulus_length(pair)];
                pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature).map_err(|_| CryptoError::Randomness)?;
                Ok(signature)
            }
            Pair::P256(pair) | Pair::P384(pair) => pair
                .sign(&random, message)
                .map(|signature| signature.as_ref().to_vec())
                .map_err(|_| CryptoError::Randomness),
            Pair::Ed25519(pair) => Ok(pair.sign(message).as_ref().to_vec()),
        }
    }
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
