//! Secrets, message authentication codes and key derivation.

use std::fmt;

use zeroize::Zeroizing;

use super::backend::{hkdf, hmac};
use super::{CryptoError, SignatureValid};

/// Bytes that are wiped when dropped and never printed.
pub struct SecretBytes(Zeroizing<Vec<u8>>);

impl SecretBytes {
    /// Takes ownership of `bytes`, which should not be kept anywhere else.
    #[must_use]
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// The secret itself.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for SecretBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretBytes(redacted)")
    }
}

/// A key for HMAC-SHA256 (RFC 2104), ready for use.
#[derive(Clone)]
pub struct MacKey(hmac::Key);

impl MacKey {
    /// A key from `secret`, of any length.
    #[must_use]
    pub fn new(secret: &[u8]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, secret))
    }

    /// The authentication code of `message`.
    #[must_use]
    pub fn sign(&self, message: &[u8]) -> [u8; 32] {
        let mut code = [0; 32];
        for (to, from) in code.iter_mut().zip(hmac::sign(&self.0, message).as_ref()) {
            *to = *from;
        }
        code
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

impl fmt::Debug for MacKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MacKey(redacted)")
    }
}

/// Compares two byte strings in time that depends on their lengths alone.
///
/// # Errors
/// [`CryptoError::SignatureInvalid`] when they differ.
pub fn verify_equal(one: &[u8], other: &[u8]) -> Result<(), CryptoError> {
    let differences = one.iter().zip(other).fold(0, |seen, (left, right)| seen | (left ^ right));
    // Keeps the compiler from ending the fold at the first difference.
    if std::hint::black_box(differences) == 0 && one.len() == other.len() {
        Ok(())
    } else {
        Err(CryptoError::SignatureInvalid)
    }
}

/// Derives 32 bytes for the purpose named by `info` (RFC 5869, HKDF with SHA-256).
///
/// # Errors
/// Never with the lengths used here; the backend's own refusal is passed on as [`CryptoError::KeyMalformed`].
pub fn derive(salt: &[u8], secret: &SecretBytes, info: &[&[u8]]) -> Result<Zeroizing<[u8; 32]>, CryptoError> {
    let refused = |_| CryptoError::KeyMalformed { expected: "a secret for HKDF" };
    let extracted = hkdf::Salt::new(hkdf::HKDF_SHA256, salt).extract(secret.expose());
    let mut output = Zeroizing::new([0; 32]);
    extracted.expand(info, hkdf::HKDF_SHA256).map_err(refused)?.fill(output.as_mut()).map_err(refused)?;
    Ok(output)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hmac_gives_the_published_value_and_refuses_another() {
        // RFC 4231, test case 2.
        let key = MacKey::new(b"Jefe");
        let code = key.sign(b"what do ya want for nothing?");
        assert_eq!(super::super::hex(&code), "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
        assert!(key.verify(b"what do ya want for nothing?", &code).is_ok());
        assert_eq!(key.verify(b"another", &code).unwrap_err(), CryptoError::SignatureInvalid);
    }

    #[test]
    fn equal_means_every_byte_and_the_length() {
        assert!(verify_equal(b"token", b"token").is_ok());
        for other in [&b"tokem"[..], b"toke", b"tokens", b""] {
            assert!(verify_equal(b"token", other).is_err());
        }
    }

    #[test]
    fn secrets_are_not_printed() {
        let printed = format!("{:?} {:?}", SecretBytes::new(b"hunter2".to_vec()), MacKey::new(b"hunter2"));
        assert_eq!(printed, "SecretBytes(redacted) MacKey(redacted)");
    }

    #[test]
    fn derived_keys_differ_by_purpose() {
        let secret = SecretBytes::new(vec![7; 32]);
        let one = derive(b"salt", &secret, &[b"one"]).unwrap();
        let two = derive(b"salt", &secret, &[b"two"]).unwrap();
        assert_ne!(one, two);
        assert_eq!(one, derive(b"salt", &secret, &[b"one"]).unwrap());
    }
}
