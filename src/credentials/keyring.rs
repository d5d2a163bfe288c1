//! The broker's secrets: what session tokens are signed with and secret access keys are derived from.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, Zeroizing};

use super::token_key::TokenKey;
use super::{AccessKeyId, CredentialScope, ScopedSigningKey, SecretAccessKey};
use crate::arn::AccountId;
use crate::crypto::{CryptoError, MacKey, SealingKey, SecretBytes, SigningKey, derive, random, verify_equal};

/// The version of the text that [`Keyring::to_text`] writes.
const VERSION: u32 = 1;
/// More generations than any rotation keeps alive; a bound on what is read.
const MAX_GENERATIONS: usize = 16;
/// The longest keyring text that is read, in bytes.
const MAX_TEXT_LENGTH: usize = 4096;
/// The random characters of a temporary access key id behind `ASIA`, 60 bits; four more tell its account.
pub(super) const ACCESS_KEY_RANDOM: usize = 12;
/// Separates this use of HKDF from any other use of the same secret.
const SALT: &[u8] = b"daypass keyring 1";

/// Text that is not a keyring.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyringError {
    /// The text is not the JSON that [`Keyring::to_text`] writes.
    #[error("not a keyring; expected the text an earlier keyring was written to")]
    Shape,
    /// The text was written by another version of this library.
    #[error("the keyring has version {found}; version {VERSION} is understood")]
    Version {
        /// The version found.
        found: u32,
    },
    /// The text holds no secret, or more than a rotation keeps.
    #[error("the keyring must hold 1 to {MAX_GENERATIONS} secrets")]
    Count {
        /// How many secrets the text holds.
        found: usize,
    },
    /// No secret of the keyring made the key that was asked for.
    #[error("the key does not belong to the keyring")]
    UnknownKey,
    /// The operating system or the cryptography library failed.
    #[error("the keyring could not be made")]
    Crypto(#[from] CryptoError),
}

impl KeyringError {
    /// What happened, for logs; never a part of the secret.
    #[must_use]
    pub fn reason(&self) -> String {
        match self {
            Self::Crypto(error) => error.to_string(),
            Self::Count { found } => format!("the keyring holds {found} secrets"),
            Self::Shape | Self::Version { .. } | Self::UnknownKey => self.to_string(),
        }
    }
}

/// One master secret and what is derived from it.
pub(super) struct Generation {
    master: SecretBytes,
    signing_key: SigningKey,
    token_key: TokenKey,
    tag_key: MacKey,
}

impl Generation {
    fn new(master: SecretBytes) -> Result<Self, CryptoError> {
        let seed = derive(SALT, &master, &[b"session token signing key"])?;
        let signing_key = SigningKey::from_seed(&seed)?;
        let token_key = TokenKey::new(signing_key.public_key())?;
        let tag_key = MacKey::new(derive(SALT, &master, &[b"account of an access key"])?.as_slice());
        Ok(Self { master, signing_key, token_key, tag_key })
    }

    pub(super) const fn signing_key(&self) -> &SigningKey {
        &self.signing_key
    }

    pub(super) const fn token_key(&self) -> &TokenKey {
        &self.token_key
    }

    pub(super) fn key_id(&self) -> &str {
        self.token_key.key_id()
    }

    /// Four characters that tie an access key id to its account, for whoever holds the secret.
    pub(super) fn account_tag(&self, random: &str, account: &AccountId) -> String {
        let code = self.tag_key.sign(format!("{account} {random}").as_bytes());
        code.iter().take(4).map(|byte| crate::crypto::base32_letter(*byte)).collect()
    }

    /// The secret half of `access_key_id`: forty characters, as AWS SDKs expect.
    pub(super) fn secret_access_key(&self, access_key_id: &AccessKeyId) -> Result<SecretAccessKey, CryptoError> {
        let derived = derive(SALT, &self.master, &[b"secret access key ", access_key_id.as_str().as_bytes()])?;
        // Thirty bytes make exactly forty characters of base64, without padding.
        let bytes = derived.get(..30).unwrap_or_default();
        Ok(SecretAccessKey::new(STANDARD.encode(bytes)))
    }

    fn message_key(&self) -> Result<SealingKey, CryptoError> {
        let key = derive(SALT, &self.master, &[b"authorization message"])?;
        SealingKey::new(&key)
    }

    fn context_key(&self) -> Result<MacKey, CryptoError> {
        self.mac_key(b"context assertion")
    }

    #[cfg(feature = "http")]
    fn state_key(&self) -> Result<MacKey, CryptoError> {
        self.mac_key(b"state in a browser")
    }

    fn mac_key(&self, purpose: &[u8]) -> Result<MacKey, CryptoError> {
        derive(SALT, &self.master, &[purpose]).map(|key| MacKey::new(key.as_slice()))
    }
}

/// The master secrets of a broker, newest first; wiped when dropped, never printed.
///
/// The newest signs session tokens; all of them verify, so that sessions outlive a rotation.
pub struct Keyring {
    issuer: String,
    current: Generation,
    earlier: Vec<Generation>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Text {
    version: u32,
    secrets: Vec<String>,
}

impl Drop for Text {
    fn drop(&mut self) {
        self.secrets.zeroize();
    }
}

impl Keyring {
    /// A keyring with one fresh secret.
    ///
    /// # Errors
    /// [`KeyringError::Crypto`] when the operating system gives no randomness.
    pub fn generate() -> Result<Self, KeyringError> {
        let secret = Zeroizing::new(random::<32>()?);
        Self::from_secret(&secret)
    }

    /// The keyring of one 32-byte master secret; the same secret makes the same keyring.
    ///
    /// # Errors
    /// [`KeyringError::Crypto`] when the cryptography library refuses it.
    pub fn from_secret(secret: &Zeroizing<[u8; 32]>) -> Result<Self, KeyringError> {
        Ok(Self {
            issuer: "urn:daypass".to_owned(),
            current: Generation::new(SecretBytes::new(secret.to_vec()))?,
            earlier: Vec::new(),
        })
    }

    /// Names the broker in its tokens (`iss`), such as `https://broker.example`; otherwise they say `urn:daypass`.
    #[must_use]
    pub fn with_issuer(mut self, issuer: impl Into<String>) -> Self {
        self.issuer = issuer.into();
        self
    }

    /// This keyring with a fresh secret that signs from now on; the earlier ones still verify, the oldest beyond
    /// sixteen is dropped.
    ///
    /// # Errors
    /// [`KeyringError::Crypto`] when the operating system gives no randomness.
    pub fn rotate(mut self) -> Result<Self, KeyringError> {
        let secret = Zeroizing::new(random::<32>()?);
        let fresh = Generation::new(SecretBytes::new(secret.to_vec()))?;
        self.earlier.insert(0, std::mem::replace(&mut self.current, fresh));
        self.earlier.truncate(MAX_GENERATIONS.saturating_sub(1));
        Ok(self)
    }

    /// Reads what [`Keyring::to_text`] wrote.
    ///
    /// # Errors
    /// [`KeyringError`] when the text is of another form or version.
    pub fn from_text(text: &str) -> Result<Self, KeyringError> {
        if text.len() > MAX_TEXT_LENGTH {
            return Err(KeyringError::Shape);
        }
        let read: Text = serde_json::from_str(text).map_err(|_| KeyringError::Shape)?;
        if read.version != VERSION {
            return Err(KeyringError::Version { found: read.version });
        }
        let count = KeyringError::Count { found: read.secrets.len() };
        if read.secrets.len() > MAX_GENERATIONS {
            return Err(count);
        }
        let mut generations = read.secrets.iter().map(|secret| generation(secret));
        Ok(Self {
            issuer: "urn:daypass".to_owned(),
            current: generations.next().ok_or(count)??,
            earlier: generations.collect::<Result<_, _>>()?,
        })
    }

    /// The keyring as JSON text, secrets included; wiped when dropped. Keep it where only the broker can read it.
    ///
    /// # Errors
    /// [`KeyringError::Shape`] when it cannot be written, which does not happen.
    pub fn to_text(&self) -> Result<Zeroizing<String>, KeyringError> {
        let text = Text {
            version: VERSION,
            secrets: self.generations().map(|generation| STANDARD.encode(generation.master.expose())).collect(),
        };
        serde_json::to_string(&text).map(Zeroizing::new).map_err(|_| KeyringError::Shape)
    }

    /// The public keys that verify session tokens, as a JWK set (RFC 7517, RFC 8037).
    #[must_use]
    pub fn jwks(&self) -> String {
        let keys: Vec<_> = self
            .generations()
            .map(|generation| {
                serde_json::json!({
                    "kty": "OKP",
                    "crv": "Ed25519",
                    "use": "sig",
                    "alg": "EdDSA",
                    "kid": generation.key_id(),
                    "x": URL_SAFE_NO_PAD.encode(generation.signing_key.public_key()),
                })
            })
            .collect();
        serde_json::json!({ "keys": keys }).to_string()
    }

    /// What tokens carry as `iss`.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// The key that verifies one session's requests in one scope, for a service that holds no master secret.
    ///
    /// `signed_by` is the key id in the header of the session's token, as [`token::Verified::key_id`] gives it.
    ///
    /// [`token::Verified::key_id`]: super::token::Verified::key_id
    ///
    /// # Errors
    /// [`KeyringError::UnknownKey`] when no secret of this keyring has that key id.
    pub fn scoped_signing_key(
        &self,
        signed_by: &str,
        access_key_id: &AccessKeyId,
        scope: &CredentialScope,
    ) -> Result<ScopedSigningKey, KeyringError> {
        let generation =
            self.generations().find(|generation| generation.key_id() == signed_by).ok_or(KeyringError::UnknownKey)?;
        let secret = generation.secret_access_key(access_key_id)?;
        Ok(ScopedSigningKey::derive(&secret, scope))
    }

    /// The key that seals what a denial tells, for DecodeAuthorizationMessage.
    pub(crate) fn message_key(&self) -> Result<SealingKey, CryptoError> {
        self.current.message_key()
    }

    /// The keys that open it, after a rotation those of earlier generations as well.
    pub(crate) fn message_keys(&self) -> impl Iterator<Item = Result<SealingKey, CryptoError>> {
        self.generations().map(Generation::message_key)
    }

    /// Whose account a temporary access key was made for with this keyring, of those that are `known`.
    pub(crate) fn account_of<'a>(
        &self,
        access_key_id: &AccessKeyId,
        known: impl Iterator<Item = &'a AccountId>,
    ) -> Option<&'a AccountId> {
        let (random, tag) = access_key_id.as_str().strip_prefix("ASIA")?.split_at_checked(ACCESS_KEY_RANDOM)?;
        let made_for = |generation: &Generation, account: &AccountId| {
            verify_equal(generation.account_tag(random, account).as_bytes(), tag.as_bytes()).is_ok()
        };
        let mut known = known;
        known.find(|account| self.generations().any(|generation| made_for(generation, account)))
    }

    /// The key that signs context assertions.
    pub(super) fn context_key(&self) -> Result<MacKey, CryptoError> {
        self.current.context_key()
    }

    /// The keys that verify them, after a rotation those of earlier generations as well.
    pub(super) fn context_keys(&self) -> impl Iterator<Item = Result<MacKey, CryptoError>> {
        self.generations().map(Generation::context_key)
    }

    /// The key that signs what this broker hands to a browser and wants back unchanged, such as RelayState.
    #[cfg(feature = "http")]
    pub(crate) fn state_key(&self) -> Result<MacKey, CryptoError> {
        self.current.state_key()
    }

    /// The keys that verify it, after a rotation those of earlier generations as well.
    #[cfg(feature = "http")]
    pub(crate) fn state_keys(&self) -> impl Iterator<Item = Result<MacKey, CryptoError>> {
        self.generations().map(Generation::state_key)
    }

    pub(super) const fn current(&self) -> &Generation {
        &self.current
    }

    pub(super) fn generations(&self) -> impl Iterator<Item = &Generation> + Clone {
        std::iter::once(&self.current).chain(&self.earlier)
    }
}

fn generation(secret: &str) -> Result<Generation, KeyringError> {
    let bytes = STANDARD.decode(secret).map_err(|_| KeyringError::Shape)?;
    let master = SecretBytes::new(bytes);
    if master.expose().len() != 32 {
        return Err(KeyringError::Shape);
    }
    Ok(Generation::new(master)?)
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.generations().map(Generation::key_id)).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_brings_the_same_keys_back() {
        let keyring = Keyring::generate().unwrap().rotate().unwrap();
        let again = Keyring::from_text(&keyring.to_text().unwrap()).unwrap();
        assert_eq!(keyring.jwks(), again.jwks());
        assert_eq!(again.generations().count(), 2);
    }

    #[test]
    fn text_of_another_form_is_refused() {
        let short = STANDARD.encode([1; 31]);
        let many = vec![STANDARD.encode([1; 32]); 17];
        for (text, error) in [
            (String::new(), KeyringError::Shape),
            (r#"{"version":2,"secrets":[]}"#.to_owned(), KeyringError::Version { found: 2 }),
            (r#"{"version":1,"secrets":[]}"#.to_owned(), KeyringError::Count { found: 0 }),
            (format!(r#"{{"version":1,"secrets":["{short}"]}}"#), KeyringError::Shape),
            (serde_json::json!({"version": 1, "secrets": many}).to_string(), KeyringError::Count { found: 17 }),
            (r#"{"version":1,"secrets":[],"more":1}"#.to_owned(), KeyringError::Shape),
            (" ".repeat(5000), KeyringError::Shape),
        ] {
            assert_eq!(Keyring::from_text(&text).unwrap_err(), error, "{text}");
        }
    }

    #[test]
    fn a_keyring_prints_its_key_ids_alone() {
        let keyring = Keyring::generate().unwrap();
        let printed = format!("{keyring:?}");
        assert_eq!(printed, format!("[{:?}]", keyring.current().key_id()));
    }

    #[test]
    fn rotation_keeps_a_bounded_number_of_secrets() {
        let mut keyring = Keyring::generate().unwrap();
        for _ in 0..20 {
            keyring = keyring.rotate().unwrap();
        }
        assert_eq!(keyring.generations().count(), MAX_GENERATIONS);
    }
}
