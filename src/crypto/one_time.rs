//! One-time codes of six digits (RFC 4226), the form that every authenticator application shows.

use std::fmt;

use super::backend::hmac;
use super::{CryptoError, SignatureValid, verify_equal};

/// A seed shared with an authenticator. Its codes are made with HMAC-SHA-1, which collisions do not weaken, and which is
/// the one hash that authenticators agree on.
#[derive(Clone)]
pub struct OneTimeCodeKey(hmac::Key);

impl OneTimeCodeKey {
    /// A key from the seed's bytes, of any length.
    #[must_use]
    pub fn new(seed: &[u8]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, seed))
    }

    /// Compares `code` with the one of `counter`, in time independent of both.
    ///
    /// # Errors
    /// [`CryptoError::SignatureInvalid`] when it is another one.
    pub fn verify(&self, counter: u64, code: &str) -> Result<SignatureValid, CryptoError> {
        verify_equal(self.code(counter).as_bytes(), code.as_bytes()).map(|()| SignatureValid(()))
    }

    /// The code of `counter` (RFC 4226, 5.3).
    fn code(&self, counter: u64) -> String {
        let tag = hmac::sign(&self.0, &counter.to_be_bytes());
        let bytes = tag.as_ref();
        let offset = bytes.last().map_or(0, |last| usize::from(last & 0x0F));
        let four = bytes.iter().skip(offset).take(4);
        let number = four.fold(0_u32, |number, byte| (number << 8) | u32::from(*byte)) & 0x7FFF_FFFF;
        format!("{:06}", number % 1_000_000)
    }
}

impl fmt::Debug for OneTimeCodeKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OneTimeCodeKey(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEED: &[u8] = b"12345678901234567890";

    #[test]
    fn codes_are_the_published_ones() {
        // RFC 4226, appendix D.
        let published = [755_224, 287_082, 359_152, 969_429, 338_314, 254_676, 287_922, 162_583, 399_871, 520_489];
        let key = OneTimeCodeKey::new(SEED);
        for (counter, code) in (0..).zip(published) {
            assert!(key.verify(counter, &format!("{code:06}")).is_ok(), "{counter}");
        }
    }

    #[test]
    fn codes_of_instants_are_the_published_ones() {
        // RFC 6238, appendix B, SHA-1, the last six of its eight digits; a step is 30 seconds.
        let key = OneTimeCodeKey::new(SEED);
        for (seconds, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert!(key.verify(seconds / 30, code).is_ok(), "{seconds}");
        }
    }

    #[test]
    fn another_code_is_refused_and_the_seed_is_not_printed() {
        let key = OneTimeCodeKey::new(SEED);
        for code in ["755225", "75522", "7552240", "", "755 224"] {
            assert_eq!(key.verify(0, code).unwrap_err(), CryptoError::SignatureInvalid, "{code}");
        }
        assert_eq!(format!("{key:?}"), "OneTimeCodeKey(redacted)");
    }
}
