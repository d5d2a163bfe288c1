//! Sessions seen before: what makes the second request of a session cost its hashes and little more.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use arc_swap::ArcSwap;
use zeroize::Zeroizing;

use super::signing_keys::SigningKeys;
use super::token::{self, TokenError};
use super::{
    AccessKeyId, AccessKeys, CredentialScope, Keyring, LongTermKey, Revocations, Revoked, ScopedSigningKey,
    SecretAccessKey,
};
use crate::crypto::{CryptoError, MacKey, P256PublicKey, verify_equal};
use crate::session::{Caller, LongTermIdentity, Session};
use crate::time::Timestamp;

/// Sessions kept by default; each takes about three kilobytes.
const DEFAULT_CAPACITY: usize = 16_384;
/// Independent parts of the cache, so that threads rarely wait for each other.
const SHARDS: usize = 16;

/// Where the stage of signed requests has its sessions from: [`Sessions`] of a broker, or what a service without the master
/// key was given.
pub trait SessionSource: fmt::Debug + Send + Sync {
    /// Verifies `token`, presented with `access_key_id`.
    ///
    /// # Errors
    /// [`TokenError`], as [`Sessions::open`].
    fn open(&self, access_key_id: &AccessKeyId, token: &str, now: Timestamp) -> Result<Arc<OpenSession>, TokenError>;

    /// Holds a session against the revocations that are known, and tells who it is by now.
    ///
    /// # Errors
    /// [`Revoked`], saying by what.
    fn verify_live(&self, session: &Arc<Session>, access_key_id: &AccessKeyId) -> Result<Caller, Revoked>;

    /// The active long-term key of this id and whose it is.
    fn find_long_term(&self, access_key_id: &AccessKeyId) -> Option<(Arc<LongTermKey>, LongTermIdentity)>;

    /// Whether long-term keys are looked up here at all; where they are not, their holders are told so.
    fn has_long_term(&self) -> bool {
        true
    }

    /// Whether the whole secrets are here, of which alone the keys of Signature Version 4A can be derived.
    fn has_secrets(&self) -> bool {
        true
    }
}

/// A session whose token was verified, ready to verify what its holder signs.
pub struct OpenSession {
    session: Arc<Session>,
    access_key_id: AccessKeyId,
    token: Zeroizing<String>,
    /// Nothing where the broker gave keys of single scopes alone.
    secret: Option<SecretAccessKey>,
    signing_keys: SigningKeys,
}

impl OpenSession {
    /// A session whose `token` was verified offline, with no signing key yet.
    #[cfg(feature = "http")]
    pub(crate) fn scoped(verified: token::Verified, token: &str) -> Self {
        let (session, access_key_id) = verified.into_parts();
        Self {
            session: Arc::new(session),
            access_key_id,
            token: Zeroizing::new(token.to_owned()),
            secret: None,
            signing_keys: SigningKeys::default(),
        }
    }

    /// Keeps the key that the broker gave for `scope`.
    #[cfg(feature = "http")]
    pub(crate) fn keep_signing_key(&self, scope: &CredentialScope, key: &ScopedSigningKey) {
        self.signing_keys.keep(scope, &Arc::new(key.mac_key()));
    }

    /// Whether `token` is this session's; takes the same time however much of it agrees.
    pub(crate) fn holds(&self, token: &str) -> bool {
        verify_equal(self.token.as_bytes(), token.as_bytes()).is_ok()
    }

    /// The key of one scope for a service that holds no master secret; nothing where this session has none to derive from.
    #[must_use]
    pub fn scoped_signing_key(&self, scope: &CredentialScope) -> Option<ScopedSigningKey> {
        self.secret.as_ref().map(|secret| ScopedSigningKey::derive(secret, scope))
    }

    /// The session.
    #[must_use]
    pub const fn session(&self) -> &Arc<Session> {
        &self.session
    }

    /// The access key of the session.
    #[must_use]
    pub const fn access_key_id(&self) -> &AccessKeyId {
        &self.access_key_id
    }

    /// The key that verifies this session's signatures in `scope`, derived at first use; nothing where the broker alone could
    /// derive it.
    #[must_use]
    pub fn signing_key(&self, scope: &CredentialScope) -> Option<Arc<MacKey>> {
        match &self.secret {
            Some(secret) => Some(self.signing_keys.key(secret, scope)),
            None => self.signing_keys.known(scope),
        }
    }

    /// The key that verifies this session's signatures of Signature Version 4A, derived at first use; nothing where the broker
    /// alone could derive it.
    ///
    /// # Errors
    /// [`CryptoError::Unsupported`] with the `ring` backend.
    pub fn public_key(&self) -> Result<Option<Arc<P256PublicKey>>, CryptoError> {
        self.secret.as_ref().map(|secret| self.signing_keys.public_key(&self.access_key_id, secret)).transpose()
    }
}

impl fmt::Debug for OpenSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenSession").field("access_key_id", &self.access_key_id).finish_non_exhaustive()
    }
}

/// Two generations of entries: when the young one is full it becomes the old one, and what is still used moves back.
#[derive(Default)]
struct Shard {
    young: HashMap<AccessKeyId, Arc<OpenSession>>,
    old: HashMap<AccessKeyId, Arc<OpenSession>>,
}

/// Opens sessions by their tokens with one [`Keyring`], and remembers a bounded number of them.
pub struct Sessions {
    keyring: Keyring,
    shards: [RwLock<Shard>; SHARDS],
    /// Entries one generation of one shard holds.
    shard_capacity: usize,
    revocations: ArcSwap<Revocations>,
    access_keys: Option<Arc<dyn AccessKeys>>,
}

impl Sessions {
    /// Remembers up to about 16,000 sessions.
    #[must_use]
    pub fn new(keyring: Keyring) -> Self {
        Self::with_capacity(keyring, DEFAULT_CAPACITY)
    }

    /// Remembers up to about `capacity` sessions.
    #[must_use]
    pub fn with_capacity(keyring: Keyring, capacity: usize) -> Self {
        Self {
            keyring,
            shards: Default::default(),
            shard_capacity: capacity.div_ceil(SHARDS * 2).max(1),
            revocations: ArcSwap::default(),
            access_keys: None,
        }
    }

    /// Looks long-term access keys, and whoever sessions are of, up in `access_keys`; otherwise nobody has a key, and a session
    /// is of whom its token names.
    #[must_use]
    pub fn with_access_keys(mut self, access_keys: Arc<dyn AccessKeys>) -> Self {
        self.access_keys = Some(access_keys);
        self
    }

    /// The active long-term key of this id, and whose it is.
    #[must_use]
    pub fn find_long_term(&self, access_key_id: &AccessKeyId) -> Option<(Arc<LongTermKey>, LongTermIdentity)> {
        self.access_keys.as_ref()?.find(access_key_id)
    }

    /// The keyring whose tokens are opened.
    #[must_use]
    pub const fn keyring(&self) -> &Keyring {
        &self.keyring
    }

    /// Puts other revocations into force at once, for sessions remembered and new.
    pub fn replace_revocations(&self, revocations: Revocations) {
        self.revocations.store(Arc::new(revocations));
    }

    /// Verifies `token`, presented with `access_key_id`.
    ///
    /// # Errors
    /// [`TokenError`], as [`token::verify`], and [`TokenError::AccessKey`] when the token belongs to another access key.
    pub fn open(
        &self,
        access_key_id: &AccessKeyId,
        token: &str,
        now: Timestamp,
    ) -> Result<Arc<OpenSession>, TokenError> {
        // The token is compared whole, so that one whose claims were edited does not pass for the one remembered.
        if let Some(known) = self.find(access_key_id)
            && known.holds(token)
        {
            token::verify_time(&known.session, now)?;
            return Ok(known);
        }
        let (verified, generation) = token::verify_with_generation(&self.keyring, token, now)?;
        let (session, belongs_to) = verified.into_parts();
        if belongs_to != *access_key_id {
            return Err(TokenError::AccessKey { presented: access_key_id.clone(), belongs_to });
        }
        let opened = Arc::new(OpenSession {
            session: Arc::new(session),
            secret: Some(generation.secret_access_key(access_key_id)?),
            access_key_id: belongs_to,
            token: Zeroizing::new(token.to_owned()),
            signing_keys: SigningKeys::default(),
        });
        self.remember(&opened);
        Ok(opened)
    }

    /// Holds a session against the revocations in force, and tells who it is by now: its user under the present name.
    ///
    /// # Errors
    /// [`Revoked`], saying by what; [`Revoked::PrincipalGone`] when the role or user that it is of is gone.
    pub fn verify_live(&self, session: &Arc<Session>, access_key_id: &AccessKeyId) -> Result<Caller, Revoked> {
        self.revocations.load().verify(session, access_key_id)?;
        let Some(principals) = &self.access_keys else { return Ok(Caller::temporary(Arc::clone(session))) };
        let gone = || Revoked::PrincipalGone { principal_id: session.principal_id().to_owned() };
        principals.present(session).ok_or_else(gone)
    }

    fn find(&self, access_key_id: &AccessKeyId) -> Option<Arc<OpenSession>> {
        let shard = self.shard(access_key_id)?;
        {
            let shard = read(shard);
            if let Some(known) = shard.young.get(access_key_id) {
                return Some(Arc::clone(known));
            }
            if !shard.old.contains_key(access_key_id) {
                return None;
            }
        }
        let known = write(shard).old.remove(access_key_id)?;
        self.remember(&known);
        Some(known)
    }

    fn remember(&self, opened: &Arc<OpenSession>) {
        let Some(shard) = self.shard(&opened.access_key_id) else {
            return;
        };
        let mut shard = write(shard);
        if shard.young.len() >= self.shard_capacity {
            shard.old = std::mem::take(&mut shard.young);
        }
        shard.young.insert(opened.access_key_id.clone(), Arc::clone(opened));
    }

    /// Minted access key ids are random, so their last character spreads sessions evenly.
    fn shard(&self, access_key_id: &AccessKeyId) -> Option<&RwLock<Shard>> {
        let last = access_key_id.as_str().bytes().next_back()?;
        self.shards.get(usize::from(last) % SHARDS)
    }
}

impl SessionSource for Sessions {
    fn open(&self, access_key_id: &AccessKeyId, token: &str, now: Timestamp) -> Result<Arc<OpenSession>, TokenError> {
        Self::open(self, access_key_id, token, now)
    }

    fn verify_live(&self, session: &Arc<Session>, access_key_id: &AccessKeyId) -> Result<Caller, Revoked> {
        Self::verify_live(self, session, access_key_id)
    }

    fn find_long_term(&self, access_key_id: &AccessKeyId) -> Option<(Arc<LongTermKey>, LongTermIdentity)> {
        Self::find_long_term(self, access_key_id)
    }
}

impl fmt::Debug for Sessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sessions").field("keyring", &self.keyring).finish_non_exhaustive()
    }
}

// A thread that panicked while it held the lock left a map or a list whole: each is changed by one call.
fn read<T>(lock: &RwLock<T>) -> RwLockReadGuard<'_, T> {
    lock.read().unwrap_or_else(PoisonError::into_inner)
}

fn write<T>(lock: &RwLock<T>) -> RwLockWriteGuard<'_, T> {
    lock.write().unwrap_or_else(PoisonError::into_inner)
}
