//! What a client signs: a header and claims as a compact JWS (RFC 7515, 3.1), and its public key as a JWK (RFC 7517).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

use crate::crypto::{CryptoError, DigestAlgorithm, EcCurve, PrivateKey, PublicParts, SignatureAlgorithm, digest};

/// A private key with what others know of it.
#[derive(Debug)]
pub(super) struct Signer {
    key: PrivateKey,
    /// The required members alone, in the order of RFC 7638, 3.
    public_jwk: String,
}

impl Signer {
    pub(super) fn new(key: PrivateKey) -> Result<Self, CryptoError> {
        let public_jwk = match key.public_parts()? {
            PublicParts::Rsa { modulus, exponent } => {
                format!(r#"{{"e":"{}","kty":"RSA","n":"{}"}}"#, encode(&exponent), encode(&modulus))
            }
            PublicParts::Ec { curve, x, y } => {
                let crv = curve_name(curve);
                format!(r#"{{"crv":"{crv}","kty":"EC","x":"{}","y":"{}"}}"#, encode(&x), encode(&y))
            }
            PublicParts::Ed25519(x) => format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{}"}}"#, encode(&x)),
        };
        Ok(Self { key, public_jwk })
    }

    /// The key's own algorithm.
    pub(super) const fn algorithm(&self) -> SignatureAlgorithm {
        self.key.algorithm()
    }

    /// Whether the key signs with `algorithm`.
    pub(super) fn permits(&self, algorithm: SignatureAlgorithm) -> Result<(), CryptoError> {
        self.key.permits(algorithm)
    }

    /// The members of the public key.
    pub(super) fn public_jwk(&self) -> Map<String, Value> {
        serde_json::from_str(&self.public_jwk).unwrap_or_default()
    }

    /// The thumbprint of the public key (RFC 7638).
    pub(super) fn thumbprint(&self) -> String {
        sha256(self.public_jwk.as_bytes())
    }

    /// `claims` under `header`, signed with the key's own algorithm.
    pub(super) fn sign(&self, header: &Value, claims: &Value) -> Result<String, CryptoError> {
        self.sign_with(self.algorithm(), header, claims)
    }

    /// `claims` under `header`, signed with `algorithm`.
    pub(super) fn sign_with(
        &self,
        algorithm: SignatureAlgorithm,
        header: &Value,
        claims: &Value,
    ) -> Result<String, CryptoError> {
        let input = format!("{}.{}", encode(header.to_string().as_bytes()), encode(claims.to_string().as_bytes()));
        let signature = self.key.sign_with(algorithm, input.as_bytes())?;
        Ok(format!("{input}.{}", encode(&signature)))
    }
}

/// The SHA-256 of `data` in base64url, as thumbprints, `ath` and `code_challenge` have it.
pub(super) fn sha256(data: &[u8]) -> String {
    encode(digest(DigestAlgorithm::Sha256, data).as_ref())
}

fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

const fn curve_name(curve: EcCurve) -> &'static str {
    match curve {
        EcCurve::P256 => "P-256",
        EcCurve::P384 => "P-384",
        EcCurve::P521 => "P-521",
    }
}
