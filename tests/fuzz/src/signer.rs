//! A client of the harness and its broker: session token, keys and signatures made with the cryptography library itself, and
//! canonical requests written by hand, so that nothing is shared with what verifies them.

use std::sync::LazyLock;

use aws_lc_rs::signature::Ed25519KeyPair;
use aws_lc_rs::{digest, hkdf, hmac};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use daypass::AuthenticatedRequest;
use daypass::credentials::{Keyring, Sessions};
use daypass::explain::{Report, Silent};
use daypass::request::{RequestError, Service, SignedRequest, authenticate};
use daypass::time::Timestamp;
use p256::ecdsa::signature::Signer;
use p256::ecdsa::{DerSignature, SigningKey};

use crate::judge::in_time;

/// 2027-01-15T08:00:00Z, when everything is signed and judged.
const NOW: i64 = 1_800_000_000;
/// The same instant as it is signed.
pub const DATE: &str = "20270115T080000Z";
const SECRET: [u8; 32] = [7; 32];
/// The access key of the client.
pub const ACCESS_KEY_ID: &str = "ASIAAAAAAAAAAAAAAAAA";

/// The session token of the client.
pub static TOKEN: LazyLock<String> = LazyLock::new(|| {
    let pair = Ed25519KeyPair::from_seed_unchecked(&derive(&[b"session token signing key"])).unwrap();
    let jwks: serde_json::Value = serde_json::from_str(&Keyring::from_secret(&SECRET.into()).unwrap().jwks()).unwrap();
    let header = format!(r#"{{"typ":"daypass+jwt","alg":"EdDSA","kid":{}}}"#, jwks["keys"][0]["kid"]);
    let claims = format!(
        r#"{{"iss":"urn:daypass","sub":"arn:aws:sts::111111111111:assumed-role/R/martha","iat":{NOW},"exp":{},"access_key_id":"{ACCESS_KEY_ID}","session":{{"role_arn":"arn:aws:iam::111111111111:role/R","role_id":"AROAAAAAAAAAAAAAAAAAA","role_session_name":"martha","origin":"saml","issued_at":{NOW},"expiration":{}}}}}"#,
        NOW + 3600,
        NOW + 3600
    );
    let message = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
    let signature = URL_SAFE_NO_PAD.encode(pair.sign(message.as_bytes()));
    format!("{message}.{signature}")
});

static SESSIONS: LazyLock<Sessions> = LazyLock::new(|| Sessions::new(Keyring::from_secret(&SECRET.into()).unwrap()));

struct Length;

impl hkdf::KeyType for Length {
    fn len(&self) -> usize {
        32
    }
}

fn derive(info: &[&[u8]]) -> [u8; 32] {
    let mut out = [0; 32];
    let salt = hkdf::Salt::new(hkdf::HKDF_SHA256, b"daypass keyring 1");
    salt.extract(&SECRET).expand(info, Length).unwrap().fill(&mut out).unwrap();
    out
}

fn mac(key: &[u8], message: &str) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), message.as_bytes()).as_ref().to_vec()
}

/// Lower-case hexadecimal digits.
pub fn hex(bytes: impl AsRef<[u8]>) -> String {
    bytes.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The SHA-256 digest of `text`, in hexadecimal.
pub fn sha256(text: impl AsRef<[u8]>) -> String {
    hex(digest::digest(&digest::SHA256, text.as_ref()))
}

/// What the client signs with.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Version {
    /// Signature Version 4.
    V4,
    /// Signature Version 4A, for [`REGIONS`].
    V4a,
}

impl Version {
    /// The name of the algorithm.
    pub fn algorithm(self) -> &'static str {
        match self {
            Self::V4 => "AWS4-HMAC-SHA256",
            Self::V4a => "AWS4-ECDSA-P256-SHA256",
        }
    }
}

/// The regions that requests of Signature Version 4A are signed for.
pub const REGIONS: &str = "r-*,eu-west-1";

fn secret() -> String {
    STANDARD.encode(&derive(&[b"secret access key ", ACCESS_KEY_ID.as_bytes()])[..30])
}

/// The client's key of Signature Version 4A. Its derivation has one chance in four billions to need a second attempt, which
/// the one client of the harness does not.
static PAIR: LazyLock<SigningKey> = LazyLock::new(|| {
    let input = [b"\0\0\0\x01AWS4-ECDSA-P256-SHA256\0", ACCESS_KEY_ID.as_bytes(), b"\x01\0\0\x01\0"].concat();
    let key = hmac::Key::new(hmac::HMAC_SHA256, format!("AWS4A{}", secret()).as_bytes());
    let mut scalar = hmac::sign(&key, &input).as_ref().to_vec();
    for digit in scalar.iter_mut().rev() {
        *digit = digit.wrapping_add(1);
        if *digit != 0 {
            break;
        }
    }
    SigningKey::from_slice(&scalar).unwrap()
});

/// The signature of `text` by the client's key for `service`.
pub fn sign(version: Version, service: &str, text: &str) -> String {
    if version == Version::V4a {
        let signature: DerSignature = PAIR.sign(text.as_bytes());
        return hex(signature.as_bytes());
    }
    let mut key = mac(format!("AWS4{}", secret()).as_bytes(), &DATE[..8]);
    for part in ["r-1", service, "aws4_request"] {
        key = mac(&key, part);
    }
    hex(mac(&key, text))
}

/// The credential scope of `service`.
pub fn scope(version: Version, service: &str) -> String {
    let region = if version == Version::V4 { "r-1/" } else { "" };
    format!("{}/{region}{service}/aws4_request", &DATE[..8])
}

/// The signature of a request whose canonical form is `canonical`.
pub fn sign_request(version: Version, service: &str, canonical: &str) -> String {
    let (algorithm, scope) = (version.algorithm(), scope(version, service));
    sign(version, service, &format!("{algorithm}\n{DATE}\n{scope}\n{}", sha256(canonical)))
}

/// What the broker says of a request to `service`, in the text form of HTTP; whoever listens must hear the same.
pub fn verdict(service: &str, message: &[u8]) -> Result<AuthenticatedRequest, RequestError> {
    let now = Timestamp::from_unix_seconds(NOW);
    // One takes Signature Version 4A by itself, one because it says so, and the rest do not.
    let asymmetric = service == "reports";
    let service = Service::new(service.to_owned());
    let service = if asymmetric { service.with_asymmetric_signatures() } else { service };
    let quiet =
        in_time(message, || authenticate(&*SESSIONS, &service, SignedRequest::parse(message)?, now, &mut Silent));
    let mut report = Report::new();
    if let Ok(parsed) = SignedRequest::parse(message) {
        let told = authenticate(&*SESSIONS, &service, parsed, now, &mut report);
        assert_eq!(format!("{quiet:?}"), format!("{told:?}"), "listening changed the verdict");
        assert_eq!(told.is_err(), report.failure().is_some());
    }
    if let Err(error) = &quiet {
        // What goes to callers and to logs must be writable for every refusal.
        let _ = (error.to_string(), error.reason(), error.code(), error.s3_code());
    }
    quiet
}
