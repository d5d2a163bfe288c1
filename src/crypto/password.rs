//! Passwords at rest: salted, and slow to try.

use std::fmt;
use std::num::NonZeroU32;

use zeroize::Zeroizing;

use super::backend::pbkdf2;
use super::{CryptoError, SignatureValid, random, verify_equal};

/// What OWASP asks of PBKDF2 with HMAC-SHA-256 (Password Storage Cheat Sheet, 2023).
const ITERATIONS: NonZeroU32 = match NonZeroU32::new(600_000) {
    Some(count) => count,
    None => NonZeroU32::MIN,
};

/// What is kept of a password: PBKDF2 with HMAC-SHA-256 (RFC 8018, 5.2) under a salt of its own.
///
/// It is copied with the account it belongs to, and every copy is wiped when dropped.
#[derive(Clone)]
pub struct PasswordHash {
    salt: [u8; 16],
    iterations: NonZeroU32,
    hash: Zeroizing<[u8; 32]>,
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
    /// ([`PasswordHash::verify_same`]); it takes as long as [`PasswordHash::of`].
    #[must_use]
    pub fn beside(&self, password: &str) -> Self {
        Self::derive(self.salt, self.iterations, password)
    }

    fn derive(salt: [u8; 16], iterations: NonZeroU32, password: &str) -> Self {
        let mut hash = Zeroizing::new([0; 32]);
        pbkdf2::derive(pbkdf2::PBKDF2_HMAC_SHA256, iterations, &salt, password.as_bytes(), &mut *hash);
        Self { salt, iterations, hash }
    }

    /// Compares `password` with the one that was hashed; it takes as long as hashing did.
    ///
    /// # Errors
    /// [`CryptoError::SignatureInvalid`] when it is another one.
    pub fn verify(&self, password: &str) -> Result<SignatureValid, CryptoError> {
        let refused = |_| CryptoError::SignatureInvalid;
        let (algorithm, password) = (pbkdf2::PBKDF2_HMAC_SHA256, password.as_bytes());
        pbkdf2::verify(algorithm, self.iterations, &self.salt, password, &*self.hash).map_err(refused)?;
        Ok(SignatureValid(()))
    }

    /// Compares the passwords of two hashes that were made under one salt.
    ///
    /// # Errors
    /// [`CryptoError::SignatureInvalid`] when they are two passwords, or one under two salts.
    pub fn verify_same(&self, other: &Self) -> Result<(), CryptoError> {
        self.verify_beside(other)?;
        verify_equal(&*self.hash, &*other.hash)
    }

    /// Holds that both were made under one salt, so that [`PasswordHash::verify_same`] compares their passwords.
    ///
    /// # Errors
    /// [`CryptoError::SignatureInvalid`] when they were not.
    pub fn verify_beside(&self, other: &Self) -> Result<(), CryptoError> {
        let beside = self.salt == other.salt && self.iterations == other.iterations;
        if beside { Ok(()) } else { Err(CryptoError::SignatureInvalid) }
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
        assert!(hash.verify_same(&other).is_err() && hash.verify_beside(&other).is_err());
        assert_eq!(format!("{hash:?}"), "PasswordHash(redacted)");
    }

    #[test]
    fn hashes_under_one_salt_tell_whether_the_passwords_are_one() {
        let hash = PasswordHash::of("correct-horse").unwrap();
        let (same, another) = (hash.beside("correct-horse"), hash.beside("correct-hors"));
        assert!(hash.verify_same(&same).is_ok() && hash.verify_beside(&another).is_ok());
        assert_eq!(hash.verify_same(&another), Err(CryptoError::SignatureInvalid));
        assert!(another.verify("correct-hors").is_ok());
    }

    #[test]
    fn hashing_is_as_slow_as_it_should_be() {
        assert_eq!(PasswordHash::of("x").unwrap().iterations.get(), 600_000);
    }
}
