//! The public keys that verify session tokens: for a service that holds no master secret.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;

use super::token::{self, TokenError, Verified};
use crate::crypto::{CryptoError, DigestAlgorithm, PublicKey, digest};
use crate::time::Timestamp;

/// The longest key set that is read, in bytes: a keyring publishes at most sixteen keys.
pub const MAX_KEY_SET_LENGTH: usize = 16 * 1024;

/// The public half of one generation of a keyring.
#[derive(Clone)]
pub(super) struct TokenKey {
    public_key: PublicKey,
    key_id: String,
    /// The one header a token signed by this key has, base64url encoded.
    header: String,
}

impl TokenKey {
    pub(super) fn new(public_key: &[u8]) -> Result<Self, CryptoError> {
        let key_id = thumbprint(public_key);
        let header = format!(r#"{{"typ":"{}","alg":"EdDSA","kid":"{key_id}"}}"#, token::TYPE);
        Ok(Self { public_key: PublicKey::ed25519(public_key)?, key_id, header: URL_SAFE_NO_PAD.encode(header) })
    }

    pub(super) const fn public_key(&self) -> &PublicKey {
        &self.public_key
    }

    pub(super) fn key_id(&self) -> &str {
        &self.key_id
    }

    pub(super) fn header(&self) -> &str {
        &self.header
    }
}

/// A document that is not the key set of a broker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not the key set of a broker; expected a JWK set with an Ed25519 key")]
pub struct TokenKeysError;

/// The keys by which session tokens of one broker are verified, offline.
#[derive(Clone)]
pub struct TokenKeys {
    issuer: String,
    keys: Vec<TokenKey>,
}

/// A JWK (RFC 7517, 4), as far as it matters here.
#[derive(Deserialize)]
struct Jwk {
    kty: String,
    crv: Option<String>,
    x: Option<String>,
}

#[derive(Deserialize)]
struct KeySet {
    keys: Vec<Jwk>,
}

impl TokenKeys {
    /// Reads the key set that the broker `issuer` publishes (RFC 7517, RFC 8037). Keys of other kinds are passed over; the
    /// key ids are computed anew (RFC 7638), so that a document cannot give a key the name of another.
    ///
    /// # Errors
    /// [`TokenKeysError`] when it is longer than [`MAX_KEY_SET_LENGTH`], not a key set, or without a usable key.
    pub fn from_jwks(issuer: impl Into<String>, document: &[u8]) -> Result<Self, TokenKeysError> {
        if document.len() > MAX_KEY_SET_LENGTH {
            return Err(TokenKeysError);
        }
        let set: KeySet = serde_json::from_slice(document).map_err(|_| TokenKeysError)?;
        let usable = set.keys.iter().filter(|jwk| jwk.kty == "OKP" && jwk.crv.as_deref() == Some("Ed25519"));
        let keys: Vec<_> = usable
            .filter_map(|jwk| URL_SAFE_NO_PAD.decode(jwk.x.as_deref()?).ok())
            .filter_map(|bytes| TokenKey::new(&bytes).ok())
            .collect();
        if keys.is_empty() { Err(TokenKeysError) } else { Ok(Self { issuer: issuer.into(), keys }) }
    }

    /// Reads a session back from a token that one of the keys signed.
    ///
    /// # Errors
    /// [`TokenError`], as [`token::verify`]; [`TokenError::UnknownKey`] may be cured by reading the key set anew.
    pub fn verify(&self, token: &str, now: Timestamp) -> Result<Verified, TokenError> {
        let (verified, _) = token::verify_by(&self.issuer, self.keys.iter(), |key| key, token, now)?;
        Ok(verified)
    }
}

impl fmt::Debug for TokenKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.keys.iter().map(TokenKey::key_id)).finish()
    }
}

/// The key id of an Ed25519 key: its JWK thumbprint (RFC 7638, RFC 8037 appendix A.3).
fn thumbprint(public_key: &[u8]) -> String {
    let members = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{}"}}"#, URL_SAFE_NO_PAD.encode(public_key));
    URL_SAFE_NO_PAD.encode(digest(DigestAlgorithm::Sha256, members.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_thumbprint_is_the_published_one() {
        // RFC 8037, appendices A.1 and A.3.
        let key = URL_SAFE_NO_PAD.decode("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo").unwrap();
        assert_eq!(thumbprint(&key), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    }

    #[test]
    fn a_document_without_a_usable_key_is_no_key_set() {
        let small = URL_SAFE_NO_PAD.encode([1; 31]);
        for document in [
            String::new(),
            r#"{"keys":[]}"#.to_owned(),
            r#"{"keys":{}}"#.to_owned(),
            r#"{"keys":[{"kty":"RSA","n":"AQAB","e":"AQAB"}]}"#.to_owned(),
            format!(r#"{{"keys":[{{"kty":"OKP","crv":"Ed25519","x":"{small}"}}]}}"#),
            format!(r#"{{"keys":[],"keys":[]}}{}"#, " ".repeat(MAX_KEY_SET_LENGTH)),
        ] {
            assert_eq!(TokenKeys::from_jwks("urn:daypass", document.as_bytes()).unwrap_err(), TokenKeysError);
        }
    }
}
