//! A key set as it was given: public keys, or shared secrets and nothing else.
//!
//! Secrets serve bare signatures alone: whoever gives a set of them says with it that tokens are signed with a secret. One
//! beside public keys has been published with them, and is left out. For identities the library takes public keys, and so
//! does this.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use daypass::crypto::SecretBytes;
use daypass::identity::oidc::{CompactJws, HmacAlgorithm, Jwks, JwksError, JwsError, SecretJwk, SignedPayload};
use serde::Deserialize;

#[derive(Debug)]
pub(super) struct Keys {
    pub(super) public: Jwks,
    secrets: Vec<Secret>,
}

#[derive(Debug)]
struct Secret {
    key_id: Option<String>,
    /// None where it cannot be used: it still takes its name.
    key: Option<SecretJwk>,
}

#[derive(Deserialize)]
struct Document {
    keys: Vec<Octets>,
}

#[derive(Deserialize)]
struct Octets {
    kty: Option<String>,
    kid: Option<String>,
    alg: Option<String>,
    k: Option<String>,
}

impl From<Jwks> for Keys {
    fn from(public: Jwks) -> Self {
        Self { public, secrets: Vec::new() }
    }
}

impl Keys {
    pub(super) fn parse(document: &str) -> Result<Self, JwksError> {
        let public = Jwks::parse(document.as_bytes())?;
        let secrets = if public.keys().is_empty() { secrets(document) } else { Vec::new() };
        Ok(Self { public, secrets })
    }

    /// Verifies a signature and nothing else.
    pub(super) fn verify<'j>(&self, jws: &'j CompactJws<'_>) -> Result<SignedPayload<'j>, JwsError> {
        match self.public.verify(jws) {
            // The name of an HMAC is none of a public key's algorithms.
            Err(refused @ JwsError::Algorithm { .. }) if !self.secrets.is_empty() => self.verify_secret(jws, refused),
            other => other,
        }
    }

    /// With the one secret the token can mean: two of one name are no choice.
    fn verify_secret<'j>(&self, jws: &'j CompactJws<'_>, refused: JwsError) -> Result<SignedPayload<'j>, JwsError> {
        let named = || {
            let all = self.secrets.iter();
            all.filter(|own| jws.key_id().is_none_or(|key_id| own.key_id.as_deref() == Some(key_id)))
        };
        let mut candidates = named();
        match (candidates.next(), candidates.next()) {
            (Some(Secret { key: Some(only), .. }), None) => jws.verify_secret(only),
            (Some(Secret { key: None, .. }), None) => Err(refused),
            (Some(_), Some(_)) => Err(JwsError::AmbiguousKey { candidates: named().count() }),
            (None, _) => match jws.key_id() {
                Some(key_id) => Err(JwsError::UnknownKey { key_id: key_id.to_owned() }),
                None => Err(refused),
            },
        }
    }
}

/// The secrets of a set that holds nothing else.
fn secrets(document: &str) -> Vec<Secret> {
    match serde_json::from_str(document) {
        Ok(Document { keys }) if keys.iter().all(|key| key.kty.as_deref() == Some("oct")) => {
            keys.into_iter().map(Secret::new).collect()
        }
        _ => Vec::new(),
    }
}

impl Secret {
    /// Only a secret that says for which algorithm it is can be used.
    fn new(Octets { kid, alg, k, .. }: Octets) -> Self {
        let secret = k.and_then(|text| URL_SAFE_NO_PAD.decode(text).ok()).map(SecretBytes::new);
        let algorithm = alg.and_then(|name| HmacAlgorithm::from_name(&name));
        let key = algorithm.zip(secret).and_then(|(algorithm, secret)| SecretJwk::new(algorithm, secret.expose()).ok());
        Self { key_id: kid, key }
    }
}
