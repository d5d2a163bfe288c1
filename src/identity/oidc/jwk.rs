//! One JSON Web Key (RFC 7517; RFC 7518, 6; RFC 8037, 2): JSON in, a key that knows what it may be used for out.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::algorithm::{HmacAlgorithm, JwsAlgorithm};
use super::jws::MAX_KEY_ID_LENGTH;
use crate::crypto::{CryptoError, EcCurve, HmacKey, PublicKey, PublicKeyKind};
use crate::json::{Data, Value};

/// Why a key of a set is not used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UnusableKey {
    /// A member is missing or has the wrong JSON type.
    #[error("{member} is missing or not {expected}")]
    Member {
        /// The member.
        member: &'static str,
        /// What was expected.
        expected: &'static str,
    },
    /// `kty` or `crv` names a kind of key that is not supported here.
    #[error("the key type or curve is not supported")]
    Kind {
        /// What the key says.
        found: String,
    },
    /// `alg` is not a signature algorithm of this key.
    #[error("the key's algorithm is not one that verifies signatures with such a key")]
    Algorithm {
        /// What the key says.
        found: String,
    },
    /// `use` or `key_ops` say that the key does not verify signatures.
    #[error("the key is not for verifying signatures")]
    NotForVerifying,
    /// The key itself is malformed or too weak.
    #[error("the key is malformed or too weak")]
    Key(CryptoError),
    /// The modulus was made by the faulty generator of CVE-2017-15361 and can be factored.
    #[error("the RSA modulus comes from a broken generator")]
    Factorable,
    /// The Ed25519 point has a small order: anybody can sign for it.
    #[error("the Ed25519 key is a point of small order")]
    SmallOrder,
    /// Another key of the set has the same key id and serves the same algorithm.
    #[error("another key has the same key id")]
    DuplicateKeyId,
}

/// A public key and the algorithms it may verify.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Jwk {
    key_id: Option<String>,
    algorithm: Option<JwsAlgorithm>,
    key: PublicKey,
}

impl Jwk {
    /// Reads a key from a JSON value.
    pub(super) fn from_json(value: &Value<'_>) -> Result<Self, UnusableKey> {
        let key_id = key_id(value)?;
        for_verifying(value)?;
        let key = match string(value, "kty")? {
            "RSA" => rsa(value)?,
            "EC" => elliptic(value)?,
            "OKP" => edwards(value)?,
            other => return Err(kind(other)),
        };
        let algorithm = match optional_string(value, "alg")? {
            None => None,
            Some(name) => Some(
                JwsAlgorithm::from_name(name)
                    .filter(|algorithm| algorithm.fits(key.kind()))
                    .ok_or_else(|| UnusableKey::Algorithm { found: name.to_owned() })?,
            ),
        };
        Ok(Self { key_id, algorithm, key })
    }

    /// The `kid` of the key.
    #[must_use]
    pub fn key_id(&self) -> Option<&str> {
        self.key_id.as_deref()
    }

    /// Whether this key makes signatures of `algorithm`: its own `alg` decides, else its kind.
    #[must_use]
    pub fn permits(&self, algorithm: JwsAlgorithm) -> bool {
        algorithm.fits(self.key.kind()) && self.algorithm.is_none_or(|own| own == algorithm)
    }

    /// Whether some algorithm is permitted by both keys.
    pub(super) fn overlaps(&self, other: &Self) -> bool {
        match (self.algorithm, other.algorithm) {
            (Some(one), two) => two.is_none_or(|two| one == two) && one.fits(other.key.kind()),
            (None, Some(two)) => two.fits(self.key.kind()),
            (None, None) => match (self.key.kind(), other.key.kind()) {
                (PublicKeyKind::Rsa { .. }, PublicKeyKind::Rsa { .. }) => true,
                (one, two) => one == two,
            },
        }
    }

    pub(super) const fn public_key(&self) -> &PublicKey {
        &self.key
    }
}

/// A shared secret and the one algorithm it is for.
#[derive(Clone, Debug)]
pub struct SecretJwk {
    algorithm: HmacAlgorithm,
    key: HmacKey,
}

impl SecretJwk {
    /// A secret for `algorithm`.
    ///
    /// # Errors
    /// [`UnusableKey::Key`] when the secret is shorter than the hash (RFC 7518, 3.2).
    pub fn new(algorithm: HmacAlgorithm, secret: &[u8]) -> Result<Self, UnusableKey> {
        let key = HmacKey::new(algorithm.hash(), secret).map_err(UnusableKey::Key)?;
        Ok(Self { algorithm, key })
    }

    /// The algorithm the secret is for.
    #[must_use]
    pub const fn algorithm(&self) -> HmacAlgorithm {
        self.algorithm
    }

    pub(super) const fn hmac_key(&self) -> &HmacKey {
        &self.key
    }
}

fn rsa(value: &Value<'_>) -> Result<PublicKey, UnusableKey> {
    let (modulus, exponent) = (bytes(value, "n")?, bytes(value, "e")?);
    let key = PublicKey::rsa(&modulus, &exponent).map_err(UnusableKey::Key)?;
    if factorable(&modulus) {
        return Err(UnusableKey::Factorable);
    }
    Ok(key)
}

fn elliptic(value: &Value<'_>) -> Result<PublicKey, UnusableKey> {
    let curve = match string(value, "crv")? {
        "P-256" => EcCurve::P256,
        "P-384" => EcCurve::P384,
        "P-521" => EcCurve::P521,
        other => return Err(kind(other)),
    };
    PublicKey::ec(curve, &bytes(value, "x")?, &bytes(value, "y")?).map_err(UnusableKey::Key)
}

fn edwards(value: &Value<'_>) -> Result<PublicKey, UnusableKey> {
    match string(value, "crv")? {
        "Ed25519" => {
            let point = bytes(value, "x")?;
            let key = PublicKey::ed25519(&point).map_err(UnusableKey::Key)?;
            if small_order(&point) { Err(UnusableKey::SmallOrder) } else { Ok(key) }
        }
        other => Err(kind(other)),
    }
}

fn kind(found: &str) -> UnusableKey {
    UnusableKey::Kind { found: found.to_owned() }
}

fn key_id(value: &Value<'_>) -> Result<Option<String>, UnusableKey> {
    let found = optional_string(value, "kid")?;
    if found.is_some_and(|key_id| key_id.len() > MAX_KEY_ID_LENGTH) {
        return Err(UnusableKey::Member { member: "kid", expected: "at most 256 bytes" });
    }
    Ok(found.map(str::to_owned))
}

/// RFC 7517, 4.2 and 4.3: what the owner says the key is for is honoured.
fn for_verifying(value: &Value<'_>) -> Result<(), UnusableKey> {
    if optional_string(value, "use")?.is_some_and(|purpose| purpose != "sig") {
        return Err(UnusableKey::NotForVerifying);
    }
    match value.member("key_ops").map(|operations| &operations.data) {
        None => Ok(()),
        Some(Data::Array(operations)) => operations
            .iter()
            .any(|operation| operation.as_str() == Some("verify"))
            .then_some(())
            .ok_or(UnusableKey::NotForVerifying),
        Some(_) => Err(UnusableKey::Member { member: "key_ops", expected: "a list of operations" }),
    }
}

fn string<'v>(value: &'v Value<'_>, member: &'static str) -> Result<&'v str, UnusableKey> {
    optional_string(value, member)?.ok_or(UnusableKey::Member { member, expected: "a string" })
}

fn optional_string<'v>(value: &'v Value<'_>, member: &'static str) -> Result<Option<&'v str>, UnusableKey> {
    match value.member(member) {
        None => Ok(None),
        Some(found) => found.as_str().map(Some).ok_or(UnusableKey::Member { member, expected: "a string" }),
    }
}

fn bytes(value: &Value<'_>, member: &'static str) -> Result<Vec<u8>, UnusableKey> {
    URL_SAFE_NO_PAD
        .decode(string(value, member)?)
        .map_err(|_| UnusableKey::Member { member, expected: "base64url without padding" })
}

/// The fingerprint of the generator behind CVE-2017-15361: modulo each small prime, its moduli are powers of 65,537.
///
/// A random modulus passes all of these by chance less than once in 2^25 keys.
fn factorable(modulus: &[u8]) -> bool {
    const PRIMES: [u32; 38] = [
        3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101, 103, 107,
        109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167,
    ];
    PRIMES.into_iter().all(|prime| {
        let step = |rest: u32, byte: &u8| {
            rest.wrapping_mul(256).wrapping_add(u32::from(*byte)).checked_rem(prime).unwrap_or(0)
        };
        let residue = modulus.iter().fold(0, step);
        let power = |last: &u32| last.wrapping_mul(65_537 % prime).checked_rem(prime);
        std::iter::successors(Some(1), power).take(usize::try_from(prime).unwrap_or(0)).any(|power| power == residue)
    })
}

/// The points of order 1, 2, 4 and 8 in every encoding and with either sign: the heights 0, 1 and -1, the
/// first two also beyond the prime, and the two of order 8.
///
/// Under such a key the signature of one message is that of every second, fourth or eighth other, or of all.
fn small_order(point: &[u8]) -> bool {
    const ENDS: [(u8, u8); 5] = [(0x00, 0x00), (0x01, 0x00), (0xec, 0x7f), (0xed, 0x7f), (0xee, 0x7f)];
    const OF_EIGHT: [[u8; 32]; 2] = [
        [
            0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5, 0xdf,
            0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05,
        ],
        [
            0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f, 0x2a, 0x20,
            0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a,
        ],
    ];
    let [first, middle @ .., last] = point else { return false };
    let height = last & 0x7f;
    let between = if height == 0 { 0x00 } else { 0xff };
    let at_an_end = ENDS.contains(&(*first, height)) && middle.iter().all(|byte| *byte == between);
    at_an_end || OF_EIGHT.iter().any(|[known @ .., top]| *top == height && point.starts_with(known))
}
