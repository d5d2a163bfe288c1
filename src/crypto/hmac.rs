//! HMAC with any hash of the SHA-2 family, for JWS `HS256`, `HS384` and `HS512`.

use std::fmt;

use super::backend::hmac;
use super::{CryptoError, DigestAlgorithm, SignatureValid};

/// A shared secret for verifying HMAC; a type of its own, so that no public key is ever taken for one.
#[derive(Clone)]
pub struct HmacKey(hmac::Key);

impl HmacKey {
    /// A key for HMAC with `algorithm` from `secret`.
    ///
    /// # Errors
    /// [`CryptoError::KeyMalformed`] when the secret is shorter than the hash (RFC 7518, 3.2), or for SHA-1.
    pub fn new(algorithm: DigestAlgorithm, secret: &[u8]) -> Result<Self, CryptoError> {
        let (backend, least, expected) = match algorithm {
            DigestAlgorithm::Sha256 => (hmac::HMAC_SHA256, 32, "an HMAC secret of 32 bytes or more"),
            DigestAlgorithm::Sha384 => (hmac::HMAC_SHA384, 48, "an HMAC secret of 48 bytes or more"),
            DigestAlgorithm::Sha512 => (hmac::HMAC_SHA512, 64, "an HMAC secret of 64 bytes or more"),
            DigestAlgorithm::Sha1 => {
                return Err(CryptoError::KeyMalformed { expected: "an HMAC hash of the SHA-2 family" });
            }
        };
        if secret.len() < least {
            return Err(CryptoError::KeyMalformed { expected });
        }
        Ok(Self(hmac::Key::new(backend, secret)))
    }

    /// Compares `code` with the authentication code of `message`, in time independent of both.
    ///
    /// # Errors
    /// [`CryptoError::SignatureInvalid`] when they differ.
    pub fn verify(&self, message: &[u8], code: &[u8]) -> Result<SignatureValid, CryptoError> {
        hmac::verify(&self.0, message, code).map_err(|_| CryptoError::SignatureInvalid)?;
        Ok(SignatureValid(()))
    }
}

impl fmt::Debug for HmacKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HmacKey(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_shorter_than_the_hash_are_refused() {
        for (algorithm, length) in
            [(DigestAlgorithm::Sha256, 32), (DigestAlgorithm::Sha384, 48), (DigestAlgorithm::Sha512, 64)]
        {
            assert!(HmacKey::new(algorithm, &vec![7; length]).is_ok());
            assert!(HmacKey::new(algorithm, &vec![7; length - 1]).is_err());
        }
        assert!(HmacKey::new(DigestAlgorithm::Sha1, &[7; 64]).is_err());
    }

    #[test]
    fn another_code_is_refused_and_the_key_is_not_printed() {
        let key = HmacKey::new(DigestAlgorithm::Sha256, &[7; 32]).unwrap();
        assert_eq!(key.verify(b"message", &[0; 32]).unwrap_err(), CryptoError::SignatureInvalid);
        assert_eq!(format!("{key:?}"), "HmacKey(redacted)");
    }
}
