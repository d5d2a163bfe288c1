//! A JSON Web Key Set (RFC 7517, 5): JSON in, the keys that may verify an issuer's tokens out.
//!
//! A key that cannot be used is skipped with its reason, so that an issuer may publish keys of kinds yet unknown; a
//! document past the limits is refused whole.

use super::algorithm::JwsAlgorithm;
use super::jwk::{Jwk, UnusableKey};
use super::jws::{CompactJws, JwsError, SignedPayload};
use crate::json::{self, Data, JsonError, Limits};

/// The longest document that is read: 256 KiB.
pub const MAX_JWKS_LENGTH: usize = 256 * 1024;
/// The most keys one set may hold.
pub const MAX_KEYS: usize = 100;

const LIMITS: Limits = Limits { bytes: MAX_JWKS_LENGTH, depth: 32, values: 8192 };

/// Why a document is not a key set.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JwksError {
    /// It is not JSON within the limits.
    #[error("the key set is not valid JSON")]
    Json(JsonError),
    /// It is not an object whose `keys` is a list of objects.
    #[error("the key set has no list of keys")]
    Shape,
    /// It holds more than [`MAX_KEYS`] keys.
    #[error("the key set holds too many keys")]
    TooManyKeys {
        /// How many it holds.
        found: usize,
    },
}

impl JwksError {
    /// What was wrong, for logs and audit.
    #[must_use]
    pub fn reason(&self) -> String {
        match self {
            Self::Json(error) => error.reason(),
            Self::Shape => self.to_string(),
            Self::TooManyKeys { found } => format!("{found} keys, at most {MAX_KEYS} are read"),
        }
    }
}

/// A key that was left out of the set.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SkippedKey {
    /// Its place in the document, from 0.
    pub index: usize,
    /// Why it is not used.
    pub reason: UnusableKey,
}

/// The usable public keys of one issuer.
#[derive(Clone, Debug, Default)]
pub struct Jwks {
    keys: Vec<Jwk>,
    skipped: Vec<SkippedKey>,
}

impl Jwks {
    /// Reads a key set.
    ///
    /// # Errors
    /// [`JwksError`] when the document as a whole is not a key set within the limits.
    pub fn parse(document: &[u8]) -> Result<Self, JwksError> {
        let value = json::parse(document, LIMITS).map_err(JwksError::Json)?;
        let Some(Data::Array(found)) = value.member("keys").map(|keys| &keys.data) else {
            return Err(JwksError::Shape);
        };
        if found.len() > MAX_KEYS {
            return Err(JwksError::TooManyKeys { found: found.len() });
        }
        let mut skipped = Vec::new();
        let mut keys: Vec<(usize, Jwk)> = Vec::with_capacity(found.len());
        for (index, value) in found.iter().enumerate() {
            match Jwk::from_json(value) {
                // The same key listed twice is one key.
                Ok(jwk) if keys.iter().any(|(_, known)| *known == jwk) => {}
                Ok(jwk) => keys.push((index, jwk)),
                Err(reason) => skipped.push(SkippedKey { index, reason }),
            }
        }
        let keys = without_duplicate_ids(keys, &mut skipped);
        Ok(Self { keys, skipped })
    }

    /// The usable keys, in the order of the document.
    #[must_use]
    pub fn keys(&self) -> &[Jwk] {
        &self.keys
    }

    /// The keys that were left out, with the reason of each.
    #[must_use]
    pub fn skipped(&self) -> &[SkippedKey] {
        &self.skipped
    }

    /// Whether a usable key has this `kid`.
    #[must_use]
    pub fn has_key_id(&self, key_id: &str) -> bool {
        self.keys.iter().any(|key| key.key_id() == Some(key_id))
    }

    /// Verifies a token with the key it names, or with the only one that could have signed it.
    ///
    /// # Errors
    /// [`JwsError`], of which [`JwsError::UnknownKey`] may be cured by fetching the set again.
    pub fn verify<'j>(&self, jws: &'j CompactJws<'_>) -> Result<SignedPayload<'j>, JwsError> {
        let algorithm = jws.algorithm()?;
        let key = self.select(jws.key_id(), algorithm)?;
        jws.verify(key)
    }

    /// Keys are looked up by comparing bytes: a key id is never a path, a query or a URL.
    fn select(&self, key_id: Option<&str>, algorithm: JwsAlgorithm) -> Result<&Jwk, JwsError> {
        let named = |key: &&Jwk| key_id.is_none() || key.key_id() == key_id;
        let mut fitting = self.keys.iter().filter(named).filter(|key| key.permits(algorithm));
        match (fitting.next(), fitting.next(), key_id) {
            (Some(key), None, _) => Ok(key),
            (None, _, Some(key_id)) if !self.has_key_id(key_id) => {
                Err(JwsError::UnknownKey { key_id: key_id.to_owned() })
            }
            (None, ..) => Err(JwsError::KeyAlgorithm { found: algorithm.name(), key_id: key_id.map(str::to_owned) }),
            (Some(_), Some(_), _) => Err(JwsError::AmbiguousKey { candidates: fitting.count().saturating_add(2) }),
        }
    }
}

/// Drops every key whose id and algorithm another key shares: which of them signed must not depend on their order.
fn without_duplicate_ids(keys: Vec<(usize, Jwk)>, skipped: &mut Vec<SkippedKey>) -> Vec<Jwk> {
    let clashes: Vec<bool> = keys
        .iter()
        .map(|(index, key)| {
            key.key_id().is_some()
                && keys.iter().any(|(other_index, other)| {
                    index != other_index && key.key_id() == other.key_id() && key.overlaps(other)
                })
        })
        .collect();
    let mut kept = Vec::with_capacity(keys.len());
    for ((index, key), clash) in keys.into_iter().zip(clashes) {
        if clash {
            skipped.push(SkippedKey { index, reason: UnusableKey::DuplicateKeyId });
        } else {
            kept.push(key);
        }
    }
    kept
}

#[cfg(test)]
mod tests;
