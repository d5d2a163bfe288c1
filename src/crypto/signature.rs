//! Public keys and the signatures they verify. The key decides which algorithms are possible, never the message.

use std::fmt;

use super::backend::signature as backend;
use super::{CryptoError, SignatureValid};

/// The least RSA modulus accepted without a named opt-in, in bits (NIST SP 800-131A).
const RSA_MINIMUM_BITS: usize = 2048;
/// The least RSA modulus the backend verifies at all, in bits; reached only through `danger`.
#[cfg(feature = "saml")]
const RSA_LEGACY_MINIMUM_BITS: usize = 1024;

/// A named elliptic curve of FIPS 186.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum EcCurve {
    /// P-256.
    P256,
    /// P-384.
    P384,
    /// P-521.
    P521,
}

impl EcCurve {
    /// Length of one coordinate, in bytes.
    #[must_use]
    pub const fn coordinate_length(self) -> usize {
        match self {
            Self::P256 => 32,
            Self::P384 => 48,
            Self::P521 => 66,
        }
    }
}

/// What a public key is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PublicKeyKind {
    /// RSA with a modulus of this many bits.
    Rsa {
        /// Length of the modulus in bits.
        bits: usize,
    },
    /// A point on a named curve.
    Ec(EcCurve),
    /// Ed25519 (RFC 8032).
    Ed25519,
}

impl fmt::Display for PublicKeyKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rsa { bits } => write!(f, "RSA-{bits}"),
            Self::Ec(EcCurve::P256) => f.write_str("P-256"),
            Self::Ec(EcCurve::P384) => f.write_str("P-384"),
            Self::Ec(EcCurve::P521) => f.write_str("P-521"),
            Self::Ed25519 => f.write_str("Ed25519"),
        }
    }
}

/// A signature algorithm. ECDSA signatures are the fixed-width `r || s` of JWS and XML Signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SignatureAlgorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-1; only behind a named opt-in.
    RsaPkcs1Sha1,
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    RsaPkcs1Sha256,
    /// RSASSA-PKCS1-v1_5 with SHA-384.
    RsaPkcs1Sha384,
    /// RSASSA-PKCS1-v1_5 with SHA-512.
    RsaPkcs1Sha512,
    /// RSASSA-PSS with SHA-256 and a salt of 32 bytes.
    RsaPssSha256,
    /// RSASSA-PSS with SHA-384 and a salt of 48 bytes.
    RsaPssSha384,
    /// RSASSA-PSS with SHA-512 and a salt of 64 bytes.
    RsaPssSha512,
    /// ECDSA on P-256 with SHA-256.
    EcdsaP256Sha256,
    /// ECDSA on P-384 with SHA-384.
    EcdsaP384Sha384,
    /// ECDSA on P-521 with SHA-512.
    EcdsaP521Sha512,
    /// ECDSA on P-256 with SHA-384; XML Signature names the hash and leaves the curve to the key.
    EcdsaP256Sha384,
    /// ECDSA on P-256 with SHA-512.
    EcdsaP256Sha512,
    /// ECDSA on P-384 with SHA-256.
    EcdsaP384Sha256,
    /// ECDSA on P-384 with SHA-512.
    EcdsaP384Sha512,
    /// ECDSA on P-521 with SHA-256.
    EcdsaP521Sha256,
    /// ECDSA on P-521 with SHA-384.
    EcdsaP521Sha384,
    /// Ed25519.
    Ed25519,
}

/// A public key, read once and used for many verifications.
#[derive(Clone)]
pub struct PublicKey {
    kind: PublicKeyKind,
    /// As the backend takes it: RSAPublicKey in DER, an uncompressed point, or 32 bytes of Ed25519.
    bytes: Vec<u8>,
    rsa_minimum_bits: usize,
    parsed: Parsed,
}

impl PartialEq for PublicKey {
    fn eq(&self, other: &Self) -> bool {
        (self.kind, &self.bytes, self.rsa_minimum_bits) == (other.kind, &other.bytes, other.rsa_minimum_bits)
    }
}

impl Eq for PublicKey {}

/// An algorithm by its name, and as the backend has it for this key.
type Chosen = (SignatureAlgorithm, &'static dyn backend::VerificationAlgorithm);

/// The key as the backend computes with it, kept from the first signature that verified; all clones share it.
#[cfg(feature = "aws-lc-rs")]
#[derive(Clone, Default)]
struct Parsed(std::sync::Arc<std::sync::OnceLock<(SignatureAlgorithm, backend::ParsedPublicKey)>>);

#[cfg(feature = "aws-lc-rs")]
impl Parsed {
    fn empty() -> Self {
        Self::default()
    }

    fn verify(&self, key: &[u8], chosen: Chosen, message: &[u8], signature: &[u8]) -> Result<(), CryptoError> {
        let (algorithm, parameters) = chosen;
        if let Some((known, parsed)) = self.0.get()
            && *known == algorithm
        {
            return parsed.verify_sig(message, signature).map_err(|_| CryptoError::SignatureInvalid);
        }
        let parsed = backend::ParsedPublicKey::new(parameters, key).map_err(|_| CryptoError::SignatureInvalid)?;
        parsed.verify_sig(message, signature).map_err(|_| CryptoError::SignatureInvalid)?;
        // Kept only now: a forged signature must not choose for which algorithm the key is ready.
        let _ = self.0.set((algorithm, parsed));
        Ok(())
    }
}

/// This backend has no parsed form of a key.
#[cfg(all(feature = "ring", not(feature = "aws-lc-rs")))]
#[derive(Clone, Default)]
struct Parsed;

#[cfg(all(feature = "ring", not(feature = "aws-lc-rs")))]
impl Parsed {
    /// The backend keeps no parsed key, so there is nothing to remember.
    const fn empty() -> Self {
        Self
    }

    fn verify(&self, key: &[u8], chosen: Chosen, message: &[u8], signature: &[u8]) -> Result<(), CryptoError> {
        let key = backend::UnparsedPublicKey::new(chosen.1, key);
        key.verify(message, signature).map_err(|_| CryptoError::SignatureInvalid)
    }
}

impl PublicKey {
    /// An RSA key from its big-endian modulus and public exponent.
    ///
    /// # Errors
    /// [`CryptoError::KeyTooShort`] under 2,048 bits; [`CryptoError::KeyMalformed`] for an exponent that is even or under 3.
    pub fn rsa(modulus: &[u8], exponent: &[u8]) -> Result<Self, CryptoError> {
        Self::rsa_of_at_least(modulus, exponent, RSA_MINIMUM_BITS)
    }

    /// As [`PublicKey::rsa`], down to 1,024 bits: for a named opt-in of one provider.
    ///
    /// # Errors
    /// As [`PublicKey::rsa`].
    #[cfg(feature = "saml")]
    pub(crate) fn rsa_legacy(modulus: &[u8], exponent: &[u8]) -> Result<Self, CryptoError> {
        Self::rsa_of_at_least(modulus, exponent, RSA_LEGACY_MINIMUM_BITS)
    }

    fn rsa_of_at_least(modulus: &[u8], exponent: &[u8], minimum: usize) -> Result<Self, CryptoError> {
        let (modulus, exponent) = (without_leading_zeros(modulus), without_leading_zeros(exponent));
        let leading = modulus.first().map_or(0, |byte| byte.leading_zeros());
        let bits = modulus.len().saturating_mul(8).saturating_sub(usize::try_from(leading).unwrap_or(0));
        if bits < minimum {
            return Err(CryptoError::KeyTooShort { bits, minimum });
        }
        let odd = exponent.last().is_some_and(|byte| byte & 1 == 1);
        if !odd || exponent == [1] || exponent.len() > 5 || bits > 8192 {
            return Err(CryptoError::KeyMalformed {
                expected: "an RSA modulus of at most 8192 bits and an odd exponent from 3 to 2^33",
            });
        }
        let content = [der_integer(modulus), der_integer(exponent)].concat();
        let bytes = der(0x30, &content);
        Ok(Self { kind: PublicKeyKind::Rsa { bits }, bytes, rsa_minimum_bits: minimum, parsed: Parsed::empty() })
    }

    /// An elliptic-curve key from its two coordinates, each of the curve's full width.
    ///
    /// # Errors
    /// [`CryptoError::KeyMalformed`] for coordinates of another width. A point off the curve is refused when it verifies.
    pub fn ec(curve: EcCurve, x: &[u8], y: &[u8]) -> Result<Self, CryptoError> {
        let width = curve.coordinate_length();
        if x.len() != width || y.len() != width {
            return Err(CryptoError::KeyMalformed { expected: "two coordinates of the curve's full width" });
        }
        let bytes = [&[0x04], x, y].concat();
        Ok(Self { kind: PublicKeyKind::Ec(curve), bytes, rsa_minimum_bits: RSA_MINIMUM_BITS, parsed: Parsed::empty() })
    }

    /// An Ed25519 key from its 32 bytes.
    ///
    /// # Errors
    /// [`CryptoError::KeyMalformed`] for any other length.
    pub fn ed25519(bytes: &[u8]) -> Result<Self, CryptoError> {
        if bytes.len() != 32 {
            return Err(CryptoError::KeyMalformed { expected: "32 bytes of an Ed25519 public key" });
        }
        Ok(Self {
            kind: PublicKeyKind::Ed25519,
            bytes: bytes.to_vec(),
            rsa_minimum_bits: RSA_MINIMUM_BITS,
            parsed: Parsed::empty(),
        })
    }

    /// What the key is.
    #[must_use]
    pub const fn kind(&self) -> PublicKeyKind {
        self.kind
    }

    /// Whether only a named opt-in lets this key verify: an RSA modulus under 2,048 bits.
    #[cfg(feature = "saml")]
    pub(crate) const fn is_small(&self) -> bool {
        matches!(self.kind, PublicKeyKind::Rsa { bits } if bits < RSA_MINIMUM_BITS)
    }

    /// Its kind and the beginning of the SHA-256 digest of its bytes, to tell keys apart by.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let digest = super::sha256_hex(&self.bytes);
        format!("{}, sha256 {}", self.kind, digest.get(..16).unwrap_or_default())
    }

    /// Verifies `signature` over `message`.
    ///
    /// # Errors
    /// [`CryptoError::AlgorithmMismatch`] when the key cannot make such signatures, before any arithmetic;
    /// [`CryptoError::SignatureInvalid`] when the signature is not this key's.
    pub fn verify(
        &self,
        algorithm: SignatureAlgorithm,
        message: &[u8],
        signature: &[u8],
    ) -> Result<SignatureValid, CryptoError> {
        let parameters = self.parameters(algorithm)?;
        let converted;
        let signature = match (self.kind, algorithm) {
            (
                PublicKeyKind::Ec(curve),
                SignatureAlgorithm::EcdsaP256Sha384
                | SignatureAlgorithm::EcdsaP256Sha512
                | SignatureAlgorithm::EcdsaP384Sha256
                | SignatureAlgorithm::EcdsaP384Sha512,
            ) => {
                converted = der_signature(curve, signature).ok_or(CryptoError::SignatureInvalid)?;
                &converted
            }
            _ => signature,
        };
        self.parsed.verify(&self.bytes, (algorithm, parameters), message, signature)?;
        Ok(SignatureValid(()))
    }

    fn parameters(
        &self,
        algorithm: SignatureAlgorithm,
    ) -> Result<&'static dyn backend::VerificationAlgorithm, CryptoError> {
        use SignatureAlgorithm as A;
        let legacy = self.rsa_minimum_bits < RSA_MINIMUM_BITS;
        Ok(match (self.kind, algorithm) {
            (PublicKeyKind::Rsa { .. }, A::RsaPkcs1Sha1) if legacy => {
                &backend::RSA_PKCS1_1024_8192_SHA1_FOR_LEGACY_USE_ONLY
            }
            (PublicKeyKind::Rsa { .. }, A::RsaPkcs1Sha1) => &backend::RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY,
            (PublicKeyKind::Rsa { .. }, A::RsaPkcs1Sha256) if legacy => {
                &backend::RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY
            }
            (PublicKeyKind::Rsa { .. }, A::RsaPkcs1Sha256) => &backend::RSA_PKCS1_2048_8192_SHA256,
            (PublicKeyKind::Rsa { .. }, A::RsaPkcs1Sha384) => &backend::RSA_PKCS1_2048_8192_SHA384,
            (PublicKeyKind::Rsa { .. }, A::RsaPkcs1Sha512) if legacy => {
                &backend::RSA_PKCS1_1024_8192_SHA512_FOR_LEGACY_USE_ONLY
            }
            (PublicKeyKind::Rsa { .. }, A::RsaPkcs1Sha512) => &backend::RSA_PKCS1_2048_8192_SHA512,
            (PublicKeyKind::Rsa { .. }, A::RsaPssSha256) => &backend::RSA_PSS_2048_8192_SHA256,
            (PublicKeyKind::Rsa { .. }, A::RsaPssSha384) => &backend::RSA_PSS_2048_8192_SHA384,
            (PublicKeyKind::Rsa { .. }, A::RsaPssSha512) => &backend::RSA_PSS_2048_8192_SHA512,
            (PublicKeyKind::Ec(EcCurve::P256), A::EcdsaP256Sha256) => &backend::ECDSA_P256_SHA256_FIXED,
            (PublicKeyKind::Ec(EcCurve::P384), A::EcdsaP384Sha384) => &backend::ECDSA_P384_SHA384_FIXED,
            (PublicKeyKind::Ec(EcCurve::P256), A::EcdsaP256Sha384) => &backend::ECDSA_P256_SHA384_ASN1,
            (PublicKeyKind::Ec(EcCurve::P384), A::EcdsaP384Sha256) => &backend::ECDSA_P384_SHA256_ASN1,
            #[cfg(feature = "aws-lc-rs")]
            (PublicKeyKind::Ec(EcCurve::P256), A::EcdsaP256Sha512) => &backend::ECDSA_P256_SHA512_ASN1,
            #[cfg(feature = "aws-lc-rs")]
            (PublicKeyKind::Ec(EcCurve::P384), A::EcdsaP384Sha512) => &backend::ECDSA_P384_SHA512_ASN1,
            #[cfg(feature = "aws-lc-rs")]
            (PublicKeyKind::Ec(EcCurve::P521), A::EcdsaP521Sha256) => &backend::ECDSA_P521_SHA256_FIXED,
            #[cfg(feature = "aws-lc-rs")]
            (PublicKeyKind::Ec(EcCurve::P521), A::EcdsaP521Sha384) => &backend::ECDSA_P521_SHA384_FIXED,
            #[cfg(feature = "aws-lc-rs")]
            (PublicKeyKind::Ec(EcCurve::P521), A::EcdsaP521Sha512) => &backend::ECDSA_P521_SHA512_FIXED,
            (PublicKeyKind::Ed25519, A::Ed25519) => &backend::ED25519,
            (key, algorithm) => return Err(CryptoError::AlgorithmMismatch { key, algorithm }),
        })
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({})", self.fingerprint())
    }
}

fn without_leading_zeros(bytes: &[u8]) -> &[u8] {
    let start = bytes.iter().position(|byte| *byte != 0).unwrap_or(bytes.len());
    bytes.get(start..).unwrap_or_default()
}

/// One DER element; contents here are under 64 KiB, which two length bytes hold.
pub(super) fn der(tag: u8, content: &[u8]) -> Vec<u8> {
    let [_, _, .., high, low] = content.len().to_be_bytes();
    let mut element = vec![tag];
    match (high, low) {
        (0, low) if low < 0x80 => element.push(low),
        (0, low) => element.extend([0x81, low]),
        (high, low) => element.extend([0x82, high, low]),
    }
    element.extend(content);
    element
}

fn der_integer(magnitude: &[u8]) -> Vec<u8> {
    let sign = magnitude.first().is_some_and(|byte| byte & 0x80 != 0);
    let zero: &[u8] = if sign { &[0] } else { &[] };
    der(0x02, &[zero, magnitude].concat())
}

/// The DER form of a fixed-width `r || s`: the backends take curve and hash of different sizes in that form alone.
fn der_signature(curve: EcCurve, fixed: &[u8]) -> Option<Vec<u8>> {
    let width = curve.coordinate_length();
    let (r, s) = fixed.split_at_checked(width)?;
    if s.len() != width {
        return None;
    }
    let integer = |bytes| match without_leading_zeros(bytes) {
        [] => der_integer(&[0]),
        magnitude => der_integer(magnitude),
    };
    Some(der(0x30, &[integer(r), integer(s)].concat()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_rsa_keys_are_refused_and_reached_only_by_the_legacy_door() {
        let modulus = [0xff; 128];
        assert_eq!(PublicKey::rsa(&modulus, &[1, 0, 1]), Err(CryptoError::KeyTooShort { bits: 1024, minimum: 2048 }));
        assert!(PublicKey::rsa_legacy(&modulus, &[1, 0, 1]).is_ok());
    }

    #[test]
    fn exponents_that_break_rsa_are_refused() {
        for exponent in [&[1][..], &[2], &[0], &[1, 0, 0, 0, 0, 1]] {
            assert!(matches!(PublicKey::rsa(&[0xff; 256], exponent), Err(CryptoError::KeyMalformed { .. })));
        }
    }

    #[test]
    fn a_key_that_verified_once_still_refuses_other_signatures_and_algorithms() {
        let key_pair = super::super::SigningKey::from_seed(&zeroize::Zeroizing::new([7; 32])).unwrap();
        let key = PublicKey::ed25519(key_pair.public_key()).unwrap();
        let signature = key_pair.sign(b"message");
        for _ in 0..2 {
            assert!(key.verify(SignatureAlgorithm::Ed25519, b"message", &signature).is_ok());
            let forged = key.verify(SignatureAlgorithm::Ed25519, b"another", &signature).unwrap_err();
            assert_eq!(forged, CryptoError::SignatureInvalid);
            let mismatch = key.verify(SignatureAlgorithm::EcdsaP256Sha256, b"message", &signature).unwrap_err();
            assert!(matches!(mismatch, CryptoError::AlgorithmMismatch { .. }));
        }
        let clone = key.clone();
        assert_eq!(clone, PublicKey::ed25519(key_pair.public_key()).unwrap());
    }

    #[test]
    fn a_key_of_another_kind_is_refused_before_any_arithmetic() {
        let key = PublicKey::ed25519(&[1; 32]).unwrap();
        let refused = key.verify(SignatureAlgorithm::RsaPkcs1Sha256, b"", b"").unwrap_err();
        assert!(matches!(refused, CryptoError::AlgorithmMismatch { .. }));
    }
}
