//! Decryption of what others encrypted to us: RSA-OAEP key transport and AES content (XML Encryption 1.1).
//!
//! The `ring` backend decrypts no RSA: with it alone no key can be built, so nothing here can be reached.

use std::fmt;

#[cfg(feature = "aws-lc-rs")]
use aws_lc_rs::encoding::{AsDer as _, PublicKeyX509Der};
#[cfg(feature = "aws-lc-rs")]
use aws_lc_rs::{aead, cipher, iv::FixedLength, rsa};

use super::pem::private_block;
use super::signature::der;
use super::{CryptoError, SecretBytes};

/// The hash of RSA-OAEP, used for its mask too (RFC 8017, 7.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OaepHash {
    /// SHA-1, which is sound here: OAEP does not need collision resistance.
    Sha1,
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

/// How content is encrypted under a transported AES key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ContentMode {
    /// AES-GCM: a 12-byte nonce before, a 16-byte tag after.
    Gcm,
    /// AES-CBC with a 16-byte initialization vector before and ISO 10126 padding; open to padding oracles.
    Cbc,
}

/// An RSA private key that others encrypt to.
pub struct RsaDecryptionKey {
    #[cfg(feature = "aws-lc-rs")]
    key: rsa::OaepPrivateDecryptingKey,
    #[cfg(feature = "aws-lc-rs")]
    public_key: Vec<u8>,
    #[cfg(not(feature = "aws-lc-rs"))]
    never: std::convert::Infallible,
}

impl RsaDecryptionKey {
    /// Reads a private key in PEM, as PKCS#8 or PKCS#1.
    ///
    /// # Errors
    /// [`CryptoError::KeyMalformed`] when it is neither, or when the backend cannot decrypt.
    pub fn from_pem(pem: &str) -> Result<Self, CryptoError> {
        let malformed = CryptoError::KeyMalformed { expected: "an RSA private key in PEM" };
        if let Some(pkcs8) = private_block(pem, "PRIVATE KEY") {
            return Self::from_pkcs8(&pkcs8);
        }
        let pkcs1 = private_block(pem, "RSA PRIVATE KEY").ok_or(malformed)?;
        // PrivateKeyInfo (RFC 5208): version 0, rsaEncryption with NULL, the key as an octet string.
        let rsa_encryption = [0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00];
        let octets = SecretBytes::new(der(0x04, pkcs1.expose()));
        let content = SecretBytes::new([&[0x02, 0x01, 0x00], &rsa_encryption[..], octets.expose()].concat());
        Self::from_pkcs8(&SecretBytes::new(der(0x30, content.expose())))
    }

    /// Reads a private key in PKCS#8 DER.
    ///
    /// # Errors
    /// [`CryptoError::KeyMalformed`] as for [`RsaDecryptionKey::from_pem`].
    #[cfg(feature = "aws-lc-rs")]
    pub fn from_pkcs8(pkcs8: &SecretBytes) -> Result<Self, CryptoError> {
        let malformed = CryptoError::KeyMalformed { expected: "an RSA private key of 2048 bits or more" };
        let key = rsa::PrivateDecryptingKey::from_pkcs8(pkcs8.expose()).map_err(|_| malformed.clone())?;
        let public_key: PublicKeyX509Der<'_> = key.public_key().as_der().map_err(|_| malformed.clone())?;
        let public_key = public_key.as_ref().to_vec();
        let key = rsa::OaepPrivateDecryptingKey::new(key).map_err(|_| malformed)?;
        Ok(Self { key, public_key })
    }

    /// Never succeeds with this backend, which decrypts no RSA.
    ///
    /// # Errors
    /// [`CryptoError::KeyMalformed`], always.
    #[cfg(not(feature = "aws-lc-rs"))]
    pub fn from_pkcs8(_: &SecretBytes) -> Result<Self, CryptoError> {
        Err(CryptoError::KeyMalformed { expected: "the aws-lc-rs backend, which alone decrypts RSA" })
    }

    /// The public half as SubjectPublicKeyInfo in DER (RFC 5280, 4.1.2.7).
    #[must_use]
    pub fn public_key(&self) -> &[u8] {
        #[cfg(feature = "aws-lc-rs")]
        {
            &self.public_key
        }
        #[cfg(not(feature = "aws-lc-rs"))]
        {
            match self.never {}
        }
    }

    /// Unwraps a transported key.
    ///
    /// # Errors
    /// [`CryptoError::DecryptionFailed`], for every cause alike.
    #[cfg(feature = "aws-lc-rs")]
    pub fn unwrap_key(&self, hash: OaepHash, label: Option<&[u8]>, wrapped: &[u8]) -> Result<SecretBytes, CryptoError> {
        let algorithm = match hash {
            OaepHash::Sha1 => &rsa::OAEP_SHA1_MGF1SHA1,
            OaepHash::Sha256 => &rsa::OAEP_SHA256_MGF1SHA256,
            OaepHash::Sha384 => &rsa::OAEP_SHA384_MGF1SHA384,
            OaepHash::Sha512 => &rsa::OAEP_SHA512_MGF1SHA512,
        };
        let mut output = vec![0; self.key.min_output_size()];
        let key = self.key.decrypt(algorithm, wrapped, &mut output, label);
        let key = key.map(|key| key.to_vec()).map_err(|_| CryptoError::DecryptionFailed);
        zeroize::Zeroize::zeroize(&mut output);
        key.map(SecretBytes::new)
    }

    /// Cannot be reached with this backend.
    ///
    /// # Errors
    /// [`CryptoError::DecryptionFailed`], for every cause alike.
    #[cfg(not(feature = "aws-lc-rs"))]
    pub fn unwrap_key(&self, _: OaepHash, _: Option<&[u8]>, _: &[u8]) -> Result<SecretBytes, CryptoError> {
        match self.never {}
    }
}

impl fmt::Debug for RsaDecryptionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RsaDecryptionKey(redacted)")
    }
}

/// Decrypts `content` under an AES key of 16, 24 or 32 bytes.
///
/// # Errors
/// [`CryptoError::DecryptionFailed`], for every cause alike.
#[cfg(feature = "aws-lc-rs")]
pub fn decrypt_content(mode: ContentMode, key: &SecretBytes, content: Vec<u8>) -> Result<Vec<u8>, CryptoError> {
    match mode {
        ContentMode::Gcm => decrypt_gcm(key.expose(), content),
        ContentMode::Cbc => decrypt_cbc(key.expose(), content),
    }
    .ok_or(CryptoError::DecryptionFailed)
}

/// Cannot succeed with this backend, with which no key is ever unwrapped.
///
/// # Errors
/// [`CryptoError::DecryptionFailed`].
#[cfg(not(feature = "aws-lc-rs"))]
pub fn decrypt_content(_: ContentMode, _: &SecretBytes, _: Vec<u8>) -> Result<Vec<u8>, CryptoError> {
    Err(CryptoError::DecryptionFailed)
}

#[cfg(feature = "aws-lc-rs")]
fn decrypt_gcm(key: &[u8], mut content: Vec<u8>) -> Option<Vec<u8>> {
    let algorithm = match key.len() {
        16 => &aead::AES_128_GCM,
        24 => &aead::AES_192_GCM,
        32 => &aead::AES_256_GCM,
        _ => return None,
    };
    let (nonce, sealed) = content.split_at_mut_checked(12)?;
    let nonce = aead::Nonce::try_assume_unique_for_key(nonce).ok()?;
    let key = aead::LessSafeKey::new(aead::UnboundKey::new(algorithm, key).ok()?);
    key.open_in_place(nonce, aead::Aad::empty(), sealed).ok().map(|plain| plain.to_vec())
}

#[cfg(feature = "aws-lc-rs")]
fn decrypt_cbc(key: &[u8], mut content: Vec<u8>) -> Option<Vec<u8>> {
    let algorithm = match key.len() {
        16 => &cipher::AES_128,
        24 => &cipher::AES_192,
        32 => &cipher::AES_256,
        _ => return None,
    };
    let (vector, sealed) = content.split_at_mut_checked(16)?;
    let vector: [u8; 16] = (&*vector).try_into().ok()?;
    let key = cipher::UnboundCipherKey::new(algorithm, key).ok()?;
    let key = cipher::PaddedBlockDecryptingKey::cbc_iso10126(key).ok()?;
    let context = cipher::DecryptionContext::Iv128(FixedLength::from(vector));
    key.decrypt(sealed, context).ok().map(|plain| plain.to_vec())
}
