//! The P-256 public key of a private scalar, for signatures of which the verifier knows the scalar alone (SigV4A).

use std::fmt;

use super::{CryptoError, SignatureValid};

/// The longest ECDSA signature on P-256 in DER, in bytes: two integers of 33 bytes with two bytes each, and two around them.
pub const MAX_DER_SIGNATURE: usize = 72;

/// A P-256 public key that verifies ECDSA signatures with SHA-256 in DER; a type of its own, so that no message whose
/// signatures have a fixed width is ever held to this form.
///
/// `aws-lc-rs` makes one from a scalar; `ring` has no operation that does, so that there it has no value.
pub struct P256PublicKey(imp::Key);

impl P256PublicKey {
    /// Whether this build can make one at all.
    ///
    /// # Errors
    /// [`CryptoError::Unsupported`] with the `ring` backend.
    pub const fn supported() -> Result<(), CryptoError> {
        imp::SUPPORTED
    }

    /// The public key of a private scalar, 32 bytes with the first one the greatest.
    ///
    /// # Errors
    /// [`CryptoError::KeyMalformed`] unless the scalar is at least one and less than the order of the curve;
    /// [`CryptoError::Unsupported`] with the `ring` backend.
    pub fn of_scalar(scalar: &[u8; 32]) -> Result<Self, CryptoError> {
        imp::of_scalar(scalar).map(Self)
    }

    /// Verifies an ECDSA signature in DER over the SHA-256 digest of `message`.
    ///
    /// # Errors
    /// [`CryptoError::SignatureInvalid`] when the signature is not this key's, or not DER of at most [`MAX_DER_SIGNATURE`] bytes.
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> Result<SignatureValid, CryptoError> {
        if signature.len() > MAX_DER_SIGNATURE {
            return Err(CryptoError::SignatureInvalid);
        }
        imp::verify(&self.0, message, signature)?;
        Ok(SignatureValid(()))
    }
}

impl fmt::Debug for P256PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("P256PublicKey")
    }
}

#[cfg(feature = "aws-lc-rs")]
mod imp {
    use aws_lc_rs::agreement::{ECDH_P256, PrivateKey};
    use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1, ParsedPublicKey};

    use super::CryptoError;

    /// The key as the backend computes with it, so that its point is read once.
    pub(super) type Key = ParsedPublicKey;

    pub(super) const SUPPORTED: Result<(), CryptoError> = Ok(());

    /// By way of key agreement, whose private keys give their public halves; nothing is agreed with anybody.
    pub(super) fn of_scalar(scalar: &[u8; 32]) -> Result<Key, CryptoError> {
        let malformed = CryptoError::KeyMalformed { expected: "a scalar from one to the order of P-256" };
        let private = PrivateKey::from_private_key(&ECDH_P256, scalar).map_err(|_| malformed.clone())?;
        let point = private.compute_public_key().map_err(|_| malformed.clone())?;
        ParsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, point.as_ref()).map_err(|_| malformed)
    }

    pub(super) fn verify(key: &Key, message: &[u8], signature: &[u8]) -> Result<(), CryptoError> {
        key.verify_sig(message, signature).map_err(|_| CryptoError::SignatureInvalid)
    }
}

#[cfg(all(feature = "ring", not(feature = "aws-lc-rs")))]
mod imp {
    use std::convert::Infallible;

    use super::CryptoError;

    pub(super) type Key = Infallible;

    const UNSUPPORTED: CryptoError =
        CryptoError::Unsupported { operation: "compute a public key from a private scalar" };

    pub(super) const SUPPORTED: Result<(), CryptoError> = Err(UNSUPPORTED);

    pub(super) const fn of_scalar(_: &[u8; 32]) -> Result<Key, CryptoError> {
        Err(UNSUPPORTED)
    }

    pub(super) const fn verify(key: &Key, _: &[u8], _: &[u8]) -> Result<(), CryptoError> {
        match *key {}
    }
}

#[cfg(all(test, feature = "aws-lc-rs"))]
mod tests {
    use super::*;

    /// The order of P-256 (SP 800-186, 3.2.1.3).
    const ORDER: [u8; 32] = [
        0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6,
        0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
    ];

    #[test]
    fn scalars_outside_of_the_group_have_no_key() {
        let (mut one, mut last, mut above) = ([0; 32], ORDER, ORDER);
        (one[31], last[31], above[31]) = (1, 0x50, 0x52);
        for scalar in [one, last] {
            assert!(P256PublicKey::of_scalar(&scalar).is_ok());
        }
        for scalar in [[0; 32], ORDER, above, [0xff; 32]] {
            assert!(matches!(P256PublicKey::of_scalar(&scalar), Err(CryptoError::KeyMalformed { .. })), "{scalar:?}");
        }
    }

    #[test]
    fn only_the_signature_of_the_scalar_over_the_message_verifies() {
        use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};
        let scalar = [7; 32];
        // SEC 1 (RFC 5915): version 1, the scalar, and the curve by name.
        let curve = [0xa0, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
        let der = [&[0x30, 0x31, 0x02, 0x01, 0x01, 0x04, 0x20][..], &scalar, &curve].concat();
        let pair = EcdsaKeyPair::from_private_key_der(&ECDSA_P256_SHA256_ASN1_SIGNING, &der).unwrap();
        assert_eq!(pair.public_key().as_ref().len(), 65);
        let signature = pair.sign(&aws_lc_rs::rand::SystemRandom::new(), b"message").unwrap();
        let (key, other) = (P256PublicKey::of_scalar(&scalar).unwrap(), P256PublicKey::of_scalar(&[8; 32]).unwrap());
        let signature = signature.as_ref();
        assert!(key.verify(b"message", signature).is_ok());
        let longer = [signature, &[0]].concat();
        for (key, message, signature) in [
            (&key, &b"massage"[..], signature),
            (&other, b"message", signature),
            (&key, b"message", &longer),
            (&key, b"message", &[0; 80]),
            (&key, b"message", &[]),
        ] {
            assert_eq!(key.verify(message, signature).unwrap_err(), CryptoError::SignatureInvalid);
        }
    }
}
