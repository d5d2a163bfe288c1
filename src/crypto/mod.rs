//! The one caller of the cryptography library.
//!
//! Takes keys and bytes; gives proofs ([`SignatureValid`]), digests and secrets, never a `bool` that could be read the
//! wrong way round. The backend is `aws-lc-rs`, or `ring` where that feature alone is on.

mod decryption;
mod digest;
mod hmac;
mod keyed;
mod one_time;
mod p256;
mod password;
mod pem;
mod random;
mod sealing;
mod signature;
mod signing;

#[cfg(feature = "aws-lc-rs")]
use aws_lc_rs as backend;
#[cfg(all(feature = "ring", not(feature = "aws-lc-rs")))]
use ring as backend;

pub use decryption::{ContentMode, OaepHash, RsaDecryptionKey, decrypt_content};
pub use digest::{Digest, DigestAlgorithm, Hashing, HexDigest, digest, hex, push_hex, sha256_hex};
pub use hmac::HmacKey;
pub use keyed::{MacKey, SecretBytes, derive, verify_equal};
pub use one_time::OneTimeCodeKey;
pub use p256::{MAX_DER_SIGNATURE, P256PublicKey};
pub use password::PasswordHash;
pub use random::{base32_letter, random, random_base32, random_id};
pub use sealing::SealingKey;
pub use signature::{EcCurve, PublicKey, PublicKeyKind, SignatureAlgorithm};
pub use signing::{PrivateKey, PublicParts, SigningKey};

/// Why a cryptographic operation gave no result.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CryptoError {
    /// The signature or message authentication code is not the key holder's.
    #[error("the signature does not verify")]
    SignatureInvalid,
    /// The key cannot be used with the algorithm that was asked for.
    #[error("the key and the signature algorithm do not belong together")]
    AlgorithmMismatch {
        /// What the key is.
        key: PublicKeyKind,
        /// What was asked for.
        algorithm: SignatureAlgorithm,
    },
    /// The bytes are not a key of the expected form.
    #[error("not a usable key; expected {expected}")]
    KeyMalformed {
        /// The form that was expected.
        expected: &'static str,
    },
    /// The key is weaker than allowed.
    #[error("the RSA key is shorter than {minimum} bits")]
    KeyTooShort {
        /// Length of the modulus in bits.
        bits: usize,
        /// The least that is allowed, in bits.
        minimum: usize,
    },
    /// Ciphertext could not be decrypted; the cause is not told, it would answer an attacker's questions.
    #[error("the content cannot be decrypted")]
    DecryptionFailed,
    /// The backend that was chosen when this was built has no such operation.
    #[error("the cryptography library of this build cannot {operation}")]
    Unsupported {
        /// What it cannot do.
        operation: &'static str,
    },
    /// The operating system gave no randomness.
    #[error("the operating system gave no randomness")]
    Randomness,
}

/// Proof that a signature or message authentication code was verified; only this module makes one.
#[derive(Debug)]
pub struct SignatureValid(());
