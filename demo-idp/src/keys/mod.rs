//! The keys statements are signed with: made at start, derived from a seed, or kept in a directory.

mod files;
mod key;
mod verifying;

pub(crate) use key::{Family, SigningKey};
pub(crate) use verifying::VerifyingKey;

use crate::error::KeyError;
use crate::relying::{IdTokenAlgorithm, SamlAlgorithm};
use std::path::PathBuf;
use std::sync::{Arc, OnceLock, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// Where keys come from.
#[derive(Debug, Clone, Default)]
pub(crate) enum KeySource {
    #[default]
    Fresh,
    Seed(u64),
    Directory(PathBuf),
}

/// One key of each family for SAML and at first for OpenID Connect, those that came after them, and the ones that faults
/// sign with.
#[derive(Debug)]
pub(crate) struct Keys {
    first: Generation,
    seed: Option<u64>,
    id_tokens: RwLock<Published>,
    strangers: [OnceLock<Option<SigningKey>>; 3],
}

/// The generations of the JWK set, the one that signs first.
#[derive(Debug)]
struct Published {
    generations: Vec<Generation>,
    /// How often keys were rotated.
    rotations: u64,
}

#[derive(Debug, Clone)]
struct Generation {
    /// A seed makes none. Fresh ones may still be coming: finding two primes takes 40 to 200 ms, which nobody should
    /// wait for who only starts us.
    rsa: Option<Arc<OnceLock<Option<Arc<SigningKey>>>>>,
    p256: Arc<SigningKey>,
    ed25519: Arc<SigningKey>,
}

impl Keys {
    /// More generations than a relying party can have use for; the oldest go.
    const GENERATIONS_MOST: usize = 8;

    pub(crate) fn new(source: &KeySource) -> Result<Self, KeyError> {
        let (first, seed) = match source {
            KeySource::Fresh => (Generation::fresh()?, None),
            KeySource::Seed(seed) => (Generation::from_seed(*seed, "")?, Some(*seed)),
            KeySource::Directory(path) => {
                let kept = |family| files::read_or_make(path, family).map(Arc::new);
                let rsa = Some(Arc::new(OnceLock::from(Some(kept(Family::Rsa)?))));
                (Generation { rsa, p256: kept(Family::P256)?, ed25519: kept(Family::Ed25519)? }, None)
            }
        };
        let published = Published { generations: vec![first.clone()], rotations: 0 };
        Ok(Self { first, seed, id_tokens: RwLock::new(published), strangers: Default::default() })
    }

    /// New keys for ID tokens, which sign from now on; those before them stay in the key set. SAML keeps its keys: they
    /// are pinned in metadata. Keys of a seed are followed by keys of the same seed; keys of a directory by fresh ones,
    /// which are kept nowhere.
    pub(crate) fn rotate(&self) -> Result<(), KeyError> {
        let mut published = self.write();
        let rotations = published.rotations.saturating_add(1);
        let next = match self.seed {
            Some(seed) => Generation::from_seed(seed, &format!("rotation {rotations}"))?,
            None => Generation::fresh()?,
        };
        published.generations.insert(0, next);
        published.generations.truncate(Self::GENERATIONS_MOST);
        published.rotations = rotations;
        Ok(())
    }

    /// Takes the keys that sign no longer out of the key set.
    pub(crate) fn withdraw_old(&self) {
        self.write().generations.truncate(1);
    }

    fn read(&self) -> RwLockReadGuard<'_, Published> {
        self.id_tokens.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Published> {
        self.id_tokens.write().unwrap_or_else(PoisonError::into_inner)
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
        self.first.rsa.is_some()
    }

    pub(crate) fn for_saml(&self, algorithm: Option<SamlAlgorithm>) -> Result<&SigningKey, KeyError> {
        match algorithm {
            Some(SamlAlgorithm::EcdsaSha256) => Ok(&self.first.p256),
            None if !self.has_rsa() => Ok(&self.first.p256),
            Some(SamlAlgorithm::RsaSha256) | None => self.first.rsa().map(AsRef::as_ref),
        }
    }

    pub(crate) fn for_id_token(&self, algorithm: Option<IdTokenAlgorithm>) -> Result<Arc<SigningKey>, KeyError> {
        let signing = self.read().generations.first().cloned().unwrap_or_else(|| self.first.clone());
        match algorithm {
            Some(IdTokenAlgorithm::Es256) => Ok(signing.p256),
            Some(IdTokenAlgorithm::EdDsa) => Ok(signing.ed25519),
            None if !self.has_rsa() => Ok(signing.p256),
            Some(IdTokenAlgorithm::Rs256) | None => signing.rsa().map(Arc::clone),
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
        self.first.rsa().ok().into_iter().chain([&self.first.p256]).map(AsRef::as_ref)
    }

    /// The keys ID tokens may be signed with, the usual one first, and those that came before them.
    pub(crate) fn id_token_keys(&self) -> impl Iterator<Item = Arc<SigningKey>> {
        // The lock is not held while an RSA key is waited for.
        let generations = self.read().generations.clone();
        generations.into_iter().flat_map(|it| {
            let rsa = it.rsa().ok().map(Arc::clone);
            rsa.into_iter().chain([it.p256, it.ed25519])
        })
    }
}

impl Generation {
    fn fresh() -> Result<Self, KeyError> {
        let slot = Arc::new(OnceLock::new());
        let ours = Arc::clone(&slot);
        std::thread::spawn(move || {
            ours.get_or_init(make_rsa);
        });
        let made = |family| SigningKey::generate(family).map(Arc::new);
        Ok(Self { rsa: Some(slot), p256: made(Family::P256)?, ed25519: made(Family::Ed25519)? })
    }

    fn from_seed(seed: u64, holder: &str) -> Result<Self, KeyError> {
        let made = |family| SigningKey::from_seed(family, seed, holder).map(Arc::new);
        Ok(Self { rsa: None, p256: made(Family::P256)?, ed25519: made(Family::Ed25519)? })
    }

    fn rsa(&self) -> Result<&Arc<SigningKey>, KeyError> {
        let key = self.rsa.as_ref().and_then(|slot| slot.get_or_init(make_rsa).as_ref());
        key.ok_or(KeyError::Crypto("making an RSA key"))
    }
}

fn make_rsa() -> Option<Arc<SigningKey>> {
    SigningKey::generate(Family::Rsa).ok().map(Arc::new)
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
    fn rotated_keys_sign_at_once_and_the_old_ones_stay_until_they_are_withdrawn() {
        let ids = |keys: &Keys| -> Vec<String> { keys.id_token_keys().map(|key| key.id().to_owned()).collect() };
        let keys = Keys::new(&KeySource::Seed(7)).unwrap();
        let saml: Vec<String> = keys.saml_keys().map(|key| key.id().to_owned()).collect();
        let before = ids(&keys);
        keys.rotate().unwrap();
        let after = ids(&keys);
        assert_eq!((after.len(), &after[2..]), (4, before.as_slice()));
        assert_eq!(keys.for_id_token(None).unwrap().id(), after[0]);
        assert_ne!(after[0], before[0]);
        keys.withdraw_old();
        assert_eq!(ids(&keys), &after[..2]);
        for _ in 0..20 {
            keys.rotate().unwrap();
        }
        assert_eq!(ids(&keys).len(), 2 * Keys::GENERATIONS_MOST, "bounded");
        assert_eq!(keys.saml_keys().map(|key| key.id().to_owned()).collect::<Vec<_>>(), saml);
        let again = Keys::new(&KeySource::Seed(7)).unwrap();
        again.rotate().unwrap();
        assert_eq!(ids(&again)[0], after[0], "the same in every run");
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
