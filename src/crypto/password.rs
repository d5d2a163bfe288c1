//! Passwords at rest: salted, and slow to try.

use std::fmt;
use std::num::NonZeroU32;

use super::backend::pbkdf2;
use super::{CryptoError, SignatureValid, random, verify_equal};

/// What OWASP asks of PBKDF2 with HMAC-SHA-256 (Password Storage Cheat Sheet, 2023).
const ITERATIONS: NonZeroU32 = match NonZeroU32::new(600_000) {
    Some(count) => count,
    None => NonZeroU32::MIN,
};

/// What is kept of a password: PBKDF2 with HMAC-SHA-256 (RFC 8018, 5.2) under a salt of its own.
#[derive(Clone)]
pub struct PasswordHash {
    salt: [u8; 16],
    iterations: NonZeroU32,
    hash: [u8; 32],
}

impl PasswordHash {
    /// Hashes `password` under a fresh salt; it takes a good part of a second.
    ///
    /// # Errors
    /// [`CryptoError::Randomness`].
    pub fn of(password: &str) -> Result<Self, CryptoError> {
        Ok(Self::derive(random()?, ITERATIONS, password))
    }

    /// Hashes `password` under the salt of this hash, so that any number of hashes made so are compared with it at once
    /// ([`PasswordHash::is_same`]); it takes as long as [`PasswordHash::of`].
    #[must_use]
    pub fn beside(&self, password: &str) -> Self {
        Self::derive(self.salt, self.iterations, password)
    }

    fn derive(salt: [u8; 16], iterations: NonZeroU32, password: &str) -> Self {
        let mut hash = [0; 32];
        pbkdf2::derive(pbkdf2::PBKDF2_HMAC_SHA256, iterations, &salt, password.as_bytes(), &mut hash);
        Self { salt, iterations, hash }
    }

    /// Compares `password` with the one that was hashed; it takes as long as hashing did.
    ///
    /// # Errors
    /// [`CryptoError::SignatureInvalid`] when it is another one.
    pub fn verify(&self, password: &str) -> Result<SignatureValid, CryptoError> {
        let refused = |_| CryptoError::SignatureInvalid;
        let (algorithm, password) = (pbkdf2::PBKDF2_HMAC_SHA256, password.as_bytes());
        pbkdf2::verify(algorithm, self.iterations, &self.salt, password, &self.hash).map_err(refused)?;
        Ok(SignatureValid(()))
    }

    /// Whether both are hashes of one password under one salt; of one password under two salts they are not the same.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        self.is_beside(other) && verify_equal(&self.hash, &other.hash).is_ok()
    }

    /// Whether both were made under one salt, so that [`PasswordHash::is_same`] tells whether the passwords are one.
    #[must_use]
    pub fn is_beside(&self, other: &Self) -> bool {
        self.salt == other.salt && self.iterations == other.iterations
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_password_verifies_and_another_does_not_and_no_salt_is_used_twice() {
        let hash = PasswordHash::of("correct-horse").unwrap();
        assert!(hash.verify("correct-horse").is_ok());
        assert_eq!(hash.verify("correct-hors").unwrap_err(), CryptoError::SignatureInvalid);
        let other = PasswordHash::of("correct-horse").unwrap();
        assert!(!hash.is_same(&other) && !hash.is_beside(&other));
        assert_eq!(format!("{hash:?}"), "PasswordHash(redacted)");
    }

    #[test]
    fn hashes_under_one_salt_tell_whether_the_passwords_are_one() {
        let hash = PasswordHash::of("correct-horse").unwrap();
        let (same, another) = (hash.beside("correct-horse"), hash.beside("correct-hors"));
        assert!(hash.is_same(&same) && hash.is_beside(&another) && !hash.is_same(&another));
        assert!(another.verify("correct-hors").is_ok());
    }

    #[test]
    fn hashing_is_as_slow_as_it_should_be() {
        assert_eq!(PasswordHash::of("x").unwrap().iterations.get(), 600_000);
    }
}
