//! Sealing of what only its writer may read: AES-256-GCM (NIST SP 800-38D).

use std::fmt;

use super::backend::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use super::{CryptoError, random};

/// A key that seals and opens. Nonces are random: good for far more messages than one broker writes (2^32).
pub struct SealingKey(LessSafeKey);

impl SealingKey {
    /// A key from 32 secret bytes.
    ///
    /// # Errors
    /// [`CryptoError::KeyMalformed`] when the backend refuses them.
    pub fn new(secret: &[u8; 32]) -> Result<Self, CryptoError> {
        let key = UnboundKey::new(&AES_256_GCM, secret);
        key.map(|key| Self(LessSafeKey::new(key))).map_err(|_| CryptoError::KeyMalformed { expected: "32 bytes" })
    }

    /// Seals `text`: a nonce, the ciphertext and its tag. It opens only to who knows what it is `about`, which it does not tell.
    ///
    /// # Errors
    /// [`CryptoError::Randomness`].
    pub fn seal(&self, text: &[u8], about: &[u8]) -> Result<Vec<u8>, CryptoError> {
        let nonce = random::<NONCE_LEN>()?;
        let mut sealed = text.to_vec();
        let unique = Nonce::assume_unique_for_key(nonce);
        self.0.seal_in_place_append_tag(unique, Aad::from(about), &mut sealed).map_err(|_| CryptoError::Randomness)?;
        sealed.splice(..0, nonce);
        Ok(sealed)
    }

    /// Opens what [`SealingKey::seal`] made with this key `about` the same.
    ///
    /// # Errors
    /// [`CryptoError::DecryptionFailed`], for every cause alike.
    pub fn open(&self, mut sealed: Vec<u8>, about: &[u8]) -> Result<Vec<u8>, CryptoError> {
        let (nonce, text) = sealed.split_at_mut_checked(NONCE_LEN).ok_or(CryptoError::DecryptionFailed)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| CryptoError::DecryptionFailed)?;
        let opened = self.0.open_in_place(nonce, Aad::from(about), text).map_err(|_| CryptoError::DecryptionFailed)?;
        Ok(opened.to_vec())
    }
}

impl fmt::Debug for SealingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealingKey(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_sealed_opens_with_its_key_alone_and_unchanged() {
        let (key, other) = (SealingKey::new(&[7; 32]).unwrap(), SealingKey::new(&[8; 32]).unwrap());
        let sealed = key.seal(b"message", b"here").unwrap();
        assert_eq!(key.open(sealed.clone(), b"here").unwrap(), b"message");
        assert_eq!(key.open(sealed.clone(), b"elsewhere").unwrap_err(), CryptoError::DecryptionFailed);
        assert_eq!(other.open(sealed.clone(), b"here").unwrap_err(), CryptoError::DecryptionFailed);
        for place in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[place] ^= 1;
            assert_eq!(key.open(changed, b"here").unwrap_err(), CryptoError::DecryptionFailed);
        }
        assert_eq!(key.open(Vec::new(), b"here").unwrap_err(), CryptoError::DecryptionFailed);
        assert_ne!(sealed, key.seal(b"message", b"here").unwrap(), "the nonce is random");
    }
}
