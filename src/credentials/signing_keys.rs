//! Signing keys derived before: a client signs for few days, regions and services.

use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use super::{AccessKeyId, CredentialScope, ScopedSigningKey, SecretAccessKey, asymmetric};
use crate::crypto::{CryptoError, MacKey, P256PublicKey};

/// Signing keys kept of one secret: a client rarely signs for more days, regions and services than this.
const MAX_SIGNING_KEYS: usize = 8;

/// The signing keys of one secret, by scope, and the one public key of Signature Version 4A.
#[derive(Default)]
pub(super) struct SigningKeys {
    scoped: RwLock<Vec<(CredentialScope, Arc<MacKey>)>>,
    public: OnceLock<Arc<P256PublicKey>>,
}

impl SigningKeys {
    /// The key that verifies signatures of Signature Version 4A, whatever their scope; derived from `secret`, which is that of
    /// `access_key_id`, at first use.
    pub(super) fn public_key(
        &self,
        access_key_id: &AccessKeyId,
        secret: &SecretAccessKey,
    ) -> Result<Arc<P256PublicKey>, CryptoError> {
        if let Some(known) = self.public.get() {
            return Ok(Arc::clone(known));
        }
        let key = Arc::new(asymmetric::public_key(access_key_id, secret)?);
        Ok(Arc::clone(self.public.get_or_init(|| key)))
    }

    /// The key that verifies signatures in `scope`; derived from `secret` at first use.
    pub(super) fn key(&self, secret: &SecretAccessKey, scope: &CredentialScope) -> Arc<MacKey> {
        self.known(scope).unwrap_or_else(|| {
            let key = Arc::new(ScopedSigningKey::derive(secret, scope).mac_key());
            self.keep(scope, &key);
            key
        })
    }

    /// The key that is kept for `scope`.
    pub(super) fn known(&self, scope: &CredentialScope) -> Option<Arc<MacKey>> {
        // A thread that panicked while it held the lock left the list whole: it is changed by one call at a time.
        let known = self.scoped.read().unwrap_or_else(PoisonError::into_inner);
        known.iter().find(|(known, _)| known == scope).map(|(_, key)| Arc::clone(key))
    }

    /// Keeps a key for `scope`, in place of one that is there.
    pub(super) fn keep(&self, scope: &CredentialScope, key: &Arc<MacKey>) {
        let mut keys = self.scoped.write().unwrap_or_else(PoisonError::into_inner);
        keys.retain(|(known, _)| known != scope);
        if keys.len() >= MAX_SIGNING_KEYS {
            keys.remove(0);
        }
        keys.push((scope.clone(), Arc::clone(key)));
    }
}
