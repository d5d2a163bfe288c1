//! The broker's own Ed25519 key, which signs session tokens.

use std::fmt;

use zeroize::Zeroizing;

use super::CryptoError;
use super::backend::signature::{Ed25519KeyPair, KeyPair};

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
