//! The two signature algorithms: how each writes its scope, its signatures and its keys.

use std::fmt;
use std::sync::Arc;

use super::{RegionSet, RequestError};
use crate::credentials::{CredentialScope, RegionlessScope};
use crate::crypto::{MAX_DER_SIGNATURE, MacKey, P256PublicKey, SignatureValid, hex};

/// How a request is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Algorithm {
    /// Signature Version 4: HMAC with a key that is derived for one day, region and service.
    HmacSha256,
    /// Signature Version 4A: ECDSA on P-256 with a key that is derived of the access key, for a set of regions.
    EcdsaP256Sha256,
}

impl Algorithm {
    /// The name in requests and strings to sign.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::HmacSha256 => "AWS4-HMAC-SHA256",
            Self::EcdsaP256Sha256 => "AWS4-ECDSA-P256-SHA256",
        }
    }

    pub(super) fn parse(name: &str) -> Result<Self, RequestError> {
        [Self::HmacSha256, Self::EcdsaP256Sha256]
            .into_iter()
            .find(|known| known.name() == name)
            .ok_or_else(|| RequestError::Algorithm { found: told(name) })
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What stands in an algorithm's place, as far as it is the name of one. Whoever left the name out has written a token or a
/// password there, which no trail may keep.
fn told(name: &str) -> String {
    if matches!(name, "AWS" | "Basic" | "Bearer" | "Digest" | "DPoP" | "Negotiate") {
        return name.to_owned();
    }
    let of_name = |character: &char| character.is_ascii_alphanumeric() || *character == '-';
    if name.starts_with("AWS4-") { name.chars().take_while(of_name).take(40).collect() } else { String::new() }
}

/// What a signature is good for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Scope {
    Regional(CredentialScope),
    /// The service may have a region of its own, which is then the one of the set that the request is for.
    Regionless {
        scope: RegionlessScope,
        region_set: RegionSet,
        served_in: Option<String>,
    },
}

impl Scope {
    pub(super) const fn algorithm(&self) -> Algorithm {
        match self {
            Self::Regional(_) => Algorithm::HmacSha256,
            Self::Regionless { .. } => Algorithm::EcdsaP256Sha256,
        }
    }

    pub(super) fn as_str(&self) -> &str {
        match self {
            Self::Regional(scope) => scope.as_str(),
            Self::Regionless { scope, .. } => scope.as_str(),
        }
    }

    pub(super) fn date(&self) -> &str {
        match self {
            Self::Regional(scope) => scope.date(),
            Self::Regionless { scope, .. } => scope.date(),
        }
    }

    pub(super) fn service(&self) -> &str {
        match self {
            Self::Regional(scope) => scope.service(),
            Self::Regionless { scope, .. } => scope.service(),
        }
    }

    /// The region, or the set of them, as it was signed.
    pub(super) fn regions(&self) -> &str {
        match self {
            Self::Regional(scope) => scope.region(),
            Self::Regionless { region_set, .. } => region_set.as_str(),
        }
    }

    pub(super) fn includes(&self, region: &str) -> bool {
        match self {
            Self::Regional(scope) => scope.region() == region,
            Self::Regionless { region_set, .. } => region_set.includes(region),
        }
    }
}

/// A signature in the form of its algorithm, bounded and not yet verified.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Signature {
    Code([u8; 32]),
    /// ECDSA in DER.
    Der(Vec<u8>),
}

impl Signature {
    /// Reads hexadecimal digits in lower case: 64 of them, or as many as a DER signature has.
    pub(super) fn parse(algorithm: Algorithm, text: &str) -> Option<Self> {
        match algorithm {
            Algorithm::HmacSha256 => parse_hex(text).map(Self::Code),
            Algorithm::EcdsaP256Sha256 => {
                let length = text.len() / 2;
                // Two integers of one byte are the least; a longer one than the most is no signature on this curve.
                let mut read = Some(vec![0; length]).filter(|_| (8..=MAX_DER_SIGNATURE).contains(&length))?;
                read_hex(text.as_bytes(), &mut read)?;
                Some(Self::Der(read))
            }
        }
    }

    /// The signature of a chunk or trailer: one in DER is padded with asterisks, so that all of them are equally long.
    pub(super) fn parse_in_body(algorithm: Algorithm, text: &str) -> Option<Self> {
        match algorithm {
            Algorithm::HmacSha256 => Self::parse(algorithm, text),
            Algorithm::EcdsaP256Sha256 if text.len() > MAX_DER_SIGNATURE.saturating_mul(2) => None,
            Algorithm::EcdsaP256Sha256 => Self::parse(algorithm, text.trim_end_matches('*')),
        }
    }

    pub(super) fn hex(&self) -> String {
        match self {
            Self::Code(code) => hex(code),
            Self::Der(bytes) => hex(bytes),
        }
    }
}

impl fmt::Debug for Signature {
    /// Without the signature, which is as good as a password until it expires.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Signature(redacted)")
    }
}

/// The key that verifies what the holder of an access key signs.
#[derive(Clone, Debug)]
pub(super) enum VerifyingKey {
    Mac(Arc<MacKey>),
    Public(Arc<P256PublicKey>),
}

impl VerifyingKey {
    pub(super) const fn algorithm(&self) -> Algorithm {
        match self {
            Self::Mac(_) => Algorithm::HmacSha256,
            Self::Public(_) => Algorithm::EcdsaP256Sha256,
        }
    }

    /// Verifies a signature of this key's algorithm; one of another is refused like a wrong one.
    pub(super) fn verify(&self, message: &[u8], signature: &Signature) -> Result<SignatureValid, RequestError> {
        let verified = match (self, signature) {
            (Self::Mac(key), Signature::Code(code)) => key.verify(message, code),
            (Self::Public(key), Signature::Der(bytes)) => key.verify(message, bytes),
            (Self::Mac(_), Signature::Der(_)) | (Self::Public(_), Signature::Code(_)) => {
                return Err(RequestError::SignatureMismatch);
            }
        };
        verified.map_err(|_| RequestError::SignatureMismatch)
    }
}

/// Exactly 64 hexadecimal digits in lower case.
pub(super) fn parse_hex(text: &str) -> Option<[u8; 32]> {
    let mut read = [0; 32];
    read_hex(text.as_bytes(), &mut read)?;
    Some(read)
}

/// Exactly as many hexadecimal digits in lower case as `out` takes, in time independent of what they are.
fn read_hex(digits: &[u8], out: &mut [u8]) -> Option<()> {
    if digits.len() != out.len().saturating_mul(2) {
        return None;
    }
    let mut worst = 0;
    for (byte, pair) in out.iter_mut().zip(digits.chunks_exact(2)) {
        for digit in pair {
            let value = match digit {
                b'0'..=b'9' => digit.wrapping_sub(b'0'),
                b'a'..=b'f' => digit.wrapping_sub(b'a').wrapping_add(10),
                _ => u8::MAX,
            };
            worst = worst.max(value);
            *byte = (*byte << 4) | (value & 0x0f);
        }
    }
    (worst < 16).then_some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signatures_have_the_form_of_their_algorithm() {
        let (mac, ecdsa) = (Algorithm::HmacSha256, Algorithm::EcdsaP256Sha256);
        let digits = |length| "0a".repeat(length);
        for length in 0..90 {
            assert_eq!(Signature::parse(mac, &digits(length)).is_some(), length == 32, "{length}");
            assert_eq!(Signature::parse(ecdsa, &digits(length)).is_some(), (8..=72).contains(&length), "{length}");
        }
        for wrong in ["0A".repeat(70), format!("{}0", digits(70)), format!("{}0g", digits(69)), "\u{e4}".repeat(70)] {
            assert!(Signature::parse(ecdsa, &wrong).is_none(), "{wrong}");
        }
        assert_eq!(Signature::parse(ecdsa, &digits(71)).unwrap().hex(), digits(71));
    }

    #[test]
    fn a_signature_in_a_body_is_padded_and_no_longer_than_the_longest() {
        let ecdsa = Algorithm::EcdsaP256Sha256;
        let read = |text: &str| Signature::parse_in_body(ecdsa, text).map(|signature| signature.hex());
        let digits = "0a".repeat(70);
        for padded in [format!("{digits}****"), digits.clone(), format!("{digits}*")] {
            assert_eq!(read(&padded).as_ref(), Some(&digits));
        }
        for wrong in
            [format!("{digits}*****"), format!("*{digits}"), format!("{}*0a", "0a".repeat(69)), "*".repeat(144)]
        {
            assert_eq!(read(&wrong), None, "{wrong}");
        }
        assert!(Signature::parse_in_body(ecdsa, &"0a".repeat(72)).is_some());
        assert!(Signature::parse_in_body(Algorithm::HmacSha256, &format!("{}*", "0a".repeat(32))).is_none());
    }

    #[test]
    fn what_is_no_name_of_an_algorithm_is_not_told() {
        for (text, told) in [
            ("AWS4-HMAC-SHA512", "AWS4-HMAC-SHA512"),
            ("AWS4-HMAC-SHA256,Credential=AKIDEXAMPLE", "AWS4-HMAC-SHA256"),
            ("AWS", "AWS"),
            ("Bearer", "Bearer"),
            ("Basic", "Basic"),
            ("sk_live_0123456789abcdefSECRET", ""),
            ("AWSsecret", ""),
            ("bWFydGhhOmh1bnRlcjI=", ""),
            ("", ""),
        ] {
            let Err(error) = Algorithm::parse(text) else { panic!("{text}") };
            assert_eq!(error, RequestError::Algorithm { found: told.to_owned() }, "{text}");
        }
        let error = Algorithm::parse("sk_live_0123456789abcdefSECRET").unwrap_err();
        let evidence = error.evidence();
        for text in [error.to_string(), error.reason(), evidence.expected, evidence.found] {
            assert!(!text.contains("sk_live"), "{text}");
        }
    }

    #[test]
    fn a_signature_of_the_other_algorithm_is_refused_like_a_wrong_one() {
        let key = VerifyingKey::Mac(Arc::new(MacKey::new(b"key")));
        let refused = key.verify(b"message", &Signature::Der(vec![0; 70])).unwrap_err();
        assert_eq!(refused, RequestError::SignatureMismatch);
    }
}
