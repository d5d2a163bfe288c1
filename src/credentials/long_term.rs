//! Access keys that do not expire: users' and root users', looked up instead of derived.

use std::fmt;
use std::sync::Arc;

use arc_swap::ArcSwapOption;

use super::signing_keys::SigningKeys;
use super::{AccessKeyId, CredentialScope, SecretAccessKey};
use crate::crypto::{CryptoError, MacKey, P256PublicKey, random};
use crate::session::{Caller, LongTermIdentity, Session};
use crate::time::Timestamp;

/// When, where and for what an access key was last used.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LastUsed {
    /// When.
    pub at: Timestamp,
    /// The region its holder signed for, or the set of regions.
    pub region: String,
    /// The service its holder signed for.
    pub service: String,
}

/// A long-term access key, active or not.
pub struct LongTermKey {
    access_key_id: AccessKeyId,
    secret: SecretAccessKey,
    created: Timestamp,
    last_used: ArcSwapOption<LastUsed>,
    signing_keys: SigningKeys,
}

impl LongTermKey {
    /// A key of this id and secret.
    #[must_use]
    pub fn new(access_key_id: AccessKeyId, secret: SecretAccessKey, created: Timestamp) -> Self {
        Self { access_key_id, secret, created, last_used: ArcSwapOption::empty(), signing_keys: SigningKeys::default() }
    }

    /// A fresh key: `AKIA` and sixteen characters, and a secret of 240 random bits as forty characters.
    ///
    /// # Errors
    /// [`CryptoError::Randomness`].
    pub fn fresh(created: Timestamp) -> Result<Self, CryptoError> {
        use base64::Engine;
        let id = AccessKeyId(format!("AKIA{}", crate::crypto::random_base32(16)?));
        let bytes = zeroize::Zeroizing::new(random::<30>()?);
        let secret = base64::engine::general_purpose::STANDARD.encode(*bytes);
        Ok(Self::new(id, SecretAccessKey::new(secret), created))
    }

    /// The public half.
    #[must_use]
    pub const fn access_key_id(&self) -> &AccessKeyId {
        &self.access_key_id
    }

    /// The secret half; its owner is shown it once.
    #[must_use]
    pub const fn secret_access_key(&self) -> &SecretAccessKey {
        &self.secret
    }

    /// The key that verifies signatures in `scope`; derived at first use.
    #[must_use]
    pub fn signing_key(&self, scope: &CredentialScope) -> Arc<MacKey> {
        self.signing_keys.key(&self.secret, scope)
    }

    /// The key that verifies signatures of Signature Version 4A, whatever their scope; derived at first use.
    ///
    /// # Errors
    /// [`CryptoError::Unsupported`] with the `ring` backend.
    pub fn public_key(&self) -> Result<Arc<P256PublicKey>, CryptoError> {
        self.signing_keys.public_key(&self.access_key_id, &self.secret)
    }

    /// When it was made.
    #[must_use]
    pub const fn created(&self) -> Timestamp {
        self.created
    }

    /// When it was last used, if ever.
    #[must_use]
    pub fn last_used(&self) -> Option<Arc<LastUsed>> {
        self.last_used.load_full()
    }

    /// Notes a request that was signed with it, for a region (or a set of them) and a service.
    pub fn note_use(&self, region: &str, service: &str, at: Timestamp) {
        let used = LastUsed { at, region: region.to_owned(), service: service.to_owned() };
        self.last_used.store(Some(Arc::new(used)));
    }
}

impl fmt::Debug for LongTermKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LongTermKey").field("access_key_id", &self.access_key_id).finish_non_exhaustive()
    }
}

/// Where long-term access keys, and whoever sessions are of, are looked up.
pub trait AccessKeys: fmt::Debug + Send + Sync {
    /// The active key of this id and whose it is; none when it is unknown or inactive.
    fn find(&self, access_key_id: &AccessKeyId) -> Option<(Arc<LongTermKey>, LongTermIdentity)>;

    /// Who the session is by now; none when its role or user is gone, also when another one has the name.
    fn present(&self, session: &Arc<Session>) -> Option<Caller>;
}
