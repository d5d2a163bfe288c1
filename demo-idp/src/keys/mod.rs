//! The keys statements are signed with: made at start, derived from a seed, or kept in a directory.

mod files;
mod key;
mod verifying;

pub(crate) use key::{Family, SigningKey};
pub(crate) use verifying::VerifyingKey;

use crate::error::KeyError;
use crate::relying::{IdTokenAlgorithm, SamlAlgorithm};
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

/// Where keys come from.
#[derive(Debug, Clone, Default)]
pub(crate) enum KeySource {
    #[default]
    Fresh,
    Seed(u64),
    Directory(PathBuf),
}

/// One key of each family, and the ones that faults sign with.
#[derive(Debug)]
pub(crate) struct Keys {
    rsa: RsaKey,
    p256: SigningKey,
    ed25519: SigningKey,
    strangers: [OnceLock<Option<SigningKey>>; 3],
}

#[derive(Debug)]
enum RsaKey {
    /// A seed makes none.
    Absent,
    Kept(SigningKey),
    /// Still being made: finding two primes takes 40 to 200 ms, which nobody should wait for who only starts us.
    Coming(Arc<OnceLock<Option<SigningKey>>>),
}

impl Keys {
    pub(crate) fn new(source: &KeySource) -> Result<Self, KeyError> {
        let (rsa, p256, ed25519) = match source {
            KeySource::Fresh => {
                (RsaKey::coming(), SigningKey::generate(Family::P256)?, SigningKey::generate(Family::Ed25519)?)
            }
            KeySource::Seed(seed) => (
                RsaKey::Absent,
                SigningKey::from_seed(Family::P256, *seed, "")?,
                SigningKey::from_seed(Family::Ed25519, *seed, "")?,
            ),
            KeySource::Directory(path) => (
                RsaKey::Kept(files::read_or_make(path, Family::Rsa)?),
                files::read_or_make(path, Family::P256)?,
                files::read_or_make(path, Family::Ed25519)?,
            ),
        };
        Ok(Self { rsa, p256, ed25519, strangers: Default::default() })
    }

    /// A P-256 key with its certificate, both as PEM, for a service provider of a demonstration to sign with.
    #[cfg(feature = "demo")]
    pub(crate) fn service_provider(source: &KeySource) -> Result<(zeroize::Zeroizing<String>, String), KeyError> {
        let key = match source {
            KeySource::Fresh => SigningKey::generate(Family::P256)?,
            KeySource::Seed(seed) => SigningKey::from_seed(Family::P256, *seed, "service provider")?,
            KeySource::Directory(path) => files::read_or_make(path, Family::P256)?,
        };
        Ok((zeroize::Zeroizing::new(key.private_pem().to_owned()), files::certificate_pem(&key)))
    }

    /// Whether RSA signatures can be had; `false` for keys made from a seed.
    pub(crate) const fn has_rsa(&self) -> bool {
        !matches!(self.rsa, RsaKey::Absent)
    }

    pub(crate) fn for_saml(&self, algorithm: Option<SamlAlgorithm>) -> Result<&SigningKey, KeyError> {
        match algorithm {
            Some(SamlAlgorithm::EcdsaSha256) => Ok(&self.p256),
            None if !self.has_rsa() => Ok(&self.p256),
            Some(SamlAlgorithm::RsaSha256) | None => self.rsa(),
        }
    }

    pub(crate) fn for_id_token(&self, algorithm: Option<IdTokenAlgorithm>) -> Result<&SigningKey, KeyError> {
        match algorithm {
            Some(IdTokenAlgorithm::Es256) => Ok(&self.p256),
            Some(IdTokenAlgorithm::EdDsa) => Ok(&self.ed25519),
            None if !self.has_rsa() => Ok(&self.p256),
            Some(IdTokenAlgorithm::Rs256) | None => self.rsa(),
        }
    }

    /// A key of the same family that is published nowhere.
    pub(crate) fn stranger(&self, family: Family) -> Result<&SigningKey, KeyError> {
        let [rsa, p256, ed25519] = &self.strangers;
        let slot = match family {
            Family::Rsa => rsa,
            Family::P256 => p256,
            Family::Ed25519 => ed25519,
        };
        slot.get_or_init(|| SigningKey::generate(family).ok()).as_ref().ok_or(KeyError::Crypto("making a key"))
    }

    /// The keys SAML may sign with, the usual one first.
    pub(crate) fn saml_keys(&self) -> impl Iterator<Item = &SigningKey> {
        self.rsa().ok().into_iter().chain([&self.p256])
    }

    /// The keys ID tokens may be signed with, the usual one first.
    pub(crate) fn id_token_keys(&self) -> impl Iterator<Item = &SigningKey> {
        self.saml_keys().chain([&self.ed25519])
    }

    fn rsa(&self) -> Result<&SigningKey, KeyError> {
        match &self.rsa {
            RsaKey::Absent => None,
            RsaKey::Kept(key) => Some(key),
            RsaKey::Coming(slot) => slot.get_or_init(make_rsa).as_ref(),
        }
        .ok_or(KeyError::Crypto("making an RSA key"))
    }
}

impl RsaKey {
    fn coming() -> Self {
        let slot = Arc::new(OnceLock::new());
        let ours = Arc::clone(&slot);
        std::thread::spawn(move || {
            ours.get_or_init(make_rsa);
        });
        Self::Coming(slot)
    }
}

fn make_rsa() -> Option<SigningKey> {
    SigningKey::generate(Family::Rsa).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_the_same_keys_again_and_no_rsa() {
        let ids = |seed| -> Vec<String> {
            let keys = Keys::new(&KeySource::Seed(seed)).unwrap();
            keys.id_token_keys().map(|key| key.id().to_owned()).collect()
        };
        assert_eq!(ids(7), ids(7));
        assert_ne!(ids(7), ids(8));
        assert_eq!(ids(7).len(), 2);
        let keys = Keys::new(&KeySource::Seed(7)).unwrap();
        assert!(keys.for_saml(Some(SamlAlgorithm::RsaSha256)).is_err());
        assert_eq!(keys.for_saml(None).unwrap().family(), Family::P256);
    }

    #[test]
    fn fresh_keys_sign_with_rsa_unless_asked_otherwise() {
        let keys = Keys::new(&KeySource::Fresh).unwrap();
        assert_eq!(keys.for_saml(None).unwrap().family(), Family::Rsa);
        assert_eq!(keys.for_id_token(None).unwrap().family(), Family::Rsa);
        assert_eq!(keys.for_id_token(Some(IdTokenAlgorithm::EdDsa)).unwrap().family(), Family::Ed25519);
        assert_eq!(keys.id_token_keys().count(), 3);
        assert_ne!(
            keys.stranger(Family::P256).unwrap().id(),
            keys.for_id_token(Some(IdTokenAlgorithm::Es256)).unwrap().id()
        );
    }
}
