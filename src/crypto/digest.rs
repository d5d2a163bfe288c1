//! Hashes: bytes in, a digest out.

use std::fmt;

use super::backend::digest as hash;

/// A hash function by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DigestAlgorithm {
    /// SHA-1, broken for signatures; only behind a named opt-in.
    Sha1,
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

impl DigestAlgorithm {
    fn backend(self) -> &'static hash::Algorithm {
        match self {
            Self::Sha1 => &hash::SHA1_FOR_LEGACY_USE_ONLY,
            Self::Sha256 => &hash::SHA256,
            Self::Sha384 => &hash::SHA384,
            Self::Sha512 => &hash::SHA512,
        }
    }
}

/// A finished hash.
#[derive(Clone, Copy, Debug)]
pub struct Digest(hash::Digest);

impl AsRef<[u8]> for Digest {
    fn as_ref(&self) -> &[u8] {
        self.0.as_ref()
    }
}

/// A hash of bytes that arrive in pieces.
#[derive(Clone)]
pub struct Hashing(hash::Context);

impl Hashing {
    /// The hash of nothing yet.
    #[must_use]
    pub fn new(algorithm: DigestAlgorithm) -> Self {
        Self(hash::Context::new(algorithm.backend()))
    }

    /// Takes in the next piece.
    pub fn update(&mut self, data: &[u8]) {
        self.0.update(data);
    }

    /// The digest of every piece, in order.
    #[must_use]
    pub fn finish(self) -> Digest {
        Digest(self.0.finish())
    }
}

impl fmt::Debug for Hashing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hashing")
    }
}

/// The digest of `data`.
#[must_use]
pub fn digest(algorithm: DigestAlgorithm, data: &[u8]) -> Digest {
    Digest(hash::digest(algorithm.backend(), data))
}

/// The SHA-256 digest of `data` in lower-case hexadecimal.
#[must_use]
pub fn sha256_hex(data: &[u8]) -> String {
    hex(digest(DigestAlgorithm::Sha256, data).as_ref())
}

/// A SHA-256 digest in lower-case hexadecimal, without an allocation.
#[derive(Clone, Copy, Debug)]
pub struct HexDigest([u8; 64]);

impl HexDigest {
    /// The digest of `data`.
    #[must_use]
    pub fn of(data: &[u8]) -> Self {
        Self(hex_digits(digest(DigestAlgorithm::Sha256, data).as_ref()))
    }

    /// The 64 digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        str::from_utf8(&self.0).unwrap_or_default()
    }
}

/// `bytes` in lower-case hexadecimal.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().saturating_mul(2));
    push_hex(bytes, &mut text);
    text
}

/// Appends `bytes` in lower-case hexadecimal.
pub fn push_hex(bytes: &[u8], text: &mut String) {
    text.reserve(bytes.len().saturating_mul(2));
    // Two digests are on the path of every signed request, so their digits are added many at a time and not one by one.
    for part in bytes.chunks(32) {
        let digits = hex_digits(part);
        let used = digits.get(..part.len().saturating_mul(2)).unwrap_or_default();
        text.push_str(str::from_utf8(used).unwrap_or_default());
    }
}

/// The digits of up to 32 bytes, and zeros after them.
fn hex_digits(bytes: &[u8]) -> [u8; 64] {
    let mut digits = [b'0'; 64];
    for (pair, byte) in digits.chunks_exact_mut(2).zip(bytes) {
        for (digit, nibble) in pair.iter_mut().zip([byte >> 4, byte & 0x0f]) {
            let first = if nibble < 10 { b'0' } else { b'a'.wrapping_sub(10) };
            *digit = nibble.wrapping_add(first);
        }
    }
    digits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_hash_as_the_whole() {
        let mut pieces = Hashing::new(DigestAlgorithm::Sha256);
        pieces.update(b"one ");
        pieces.update(b"two");
        assert_eq!(hex(pieces.finish().as_ref()), sha256_hex(b"one two"));
    }

    #[test]
    fn every_byte_has_its_two_digits() {
        let bytes: Vec<u8> = (0..=255).chain([7]).collect();
        let expected: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex(&bytes), expected);
        assert_eq!(hex(&[]), "");
    }

    #[test]
    fn sha256_of_nothing_is_the_published_value() {
        // FIPS 180-4 example: the empty message.
        let published = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(sha256_hex(b""), published);
        assert_eq!(HexDigest::of(b"").as_str(), published);
    }
}
