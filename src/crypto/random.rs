//! Randomness from the operating system.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use zeroize::Zeroizing;

use super::CryptoError;
use super::backend::rand::{SecureRandom, SystemRandom};

/// `N` random bytes.
///
/// # Errors
/// [`CryptoError::Randomness`] when the operating system gives none.
pub fn random<const N: usize>() -> Result<[u8; N], CryptoError> {
    let mut bytes = [0; N];
    SystemRandom::new().fill(&mut bytes).map_err(|_| CryptoError::Randomness)?;
    Ok(bytes)
}

/// A 192-bit random identifier of 32 URL-safe characters, for request ids, state and nonces.
///
/// # Errors
/// [`CryptoError::Randomness`] when the operating system gives none.
pub fn random_id() -> Result<String, CryptoError> {
    Ok(URL_SAFE_NO_PAD.encode(random::<24>()?))
}

/// `length` random letters and digits of the base 32 alphabet (RFC 4648), five bits each: the alphabet of AWS ids.
///
/// # Errors
/// [`CryptoError::Randomness`] when the operating system gives none.
pub fn random_base32(length: usize) -> Result<String, CryptoError> {
    // What is made of them may be a secret.
    let mut bytes = Zeroizing::new(vec![0; length]);
    SystemRandom::new().fill(&mut bytes).map_err(|_| CryptoError::Randomness)?;
    Ok(bytes.iter().map(|byte| base32_letter(*byte)).collect())
}

/// The letter or digit of the base 32 alphabet (RFC 4648) for the low five bits of `byte`.
#[must_use]
pub fn base32_letter(byte: u8) -> char {
    const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    ALPHABET.get(usize::from(byte & 31)).copied().map_or('A', char::from)
}
