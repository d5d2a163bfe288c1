//! What must outlive a request: replay memory, sign-ins under way, portal sessions.
//!
//! A [`Store`] keeps small records that expire, each in a [`Space`]. Its four operations are atomic, so that an
//! assertion is used once and a sign-in is finished once however many broker nodes share the store.

mod memory;

use std::fmt;
use std::future::Future;
use std::pin::Pin;

use crate::time::Timestamp;

pub use memory::MemoryStore;

/// What a record is for; keys of different spaces never meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Space {
    /// Assertions and tokens that were used, until they expire.
    Replay,
    /// Sign-ins that were sent to a provider and have not come back.
    PendingSignIn,
    /// People signed in to the portal.
    PortalSession,
    /// People signed in to an application.
    ApplicationSession,
    /// Sign-outs that were sent to a provider and have not come back.
    PendingSignOut,
    /// Which sessions identity providers have ended, and when.
    EndedSession,
}

/// The answer of a [`Store`], later.
pub type StoreFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

/// Why the store gave no answer; whoever asked must refuse.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// No room is left for records that have not expired.
    #[error("the store is full")]
    Full {
        /// The most records it keeps.
        capacity: usize,
    },
    /// The record is larger than the store keeps.
    #[error("the record is larger than {limit} bytes")]
    TooLarge {
        /// The most bytes of one record.
        limit: usize,
    },
    /// The store could not be reached or did not answer.
    #[error("the store is not available")]
    Unavailable {
        /// What the store said, for the log.
        reason: String,
    },
}

/// Keeps expiring records.
pub trait Store: fmt::Debug + Send + Sync {
    /// Keeps `value` until `until` if no live record has this key, and says whether it did.
    fn insert_new<'a>(
        &'a self,
        space: Space,
        key: &'a str,
        value: &'a [u8],
        until: Timestamp,
        now: Timestamp,
    ) -> StoreFuture<'a, bool>;

    /// Keeps `value` until `until` in place of whatever is kept under this key.
    fn replace<'a>(
        &'a self,
        space: Space,
        key: &'a str,
        value: &'a [u8],
        until: Timestamp,
        now: Timestamp,
    ) -> StoreFuture<'a, ()>;

    /// The live record under `key`.
    fn read<'a>(&'a self, space: Space, key: &'a str, now: Timestamp) -> StoreFuture<'a, Option<Vec<u8>>>;

    /// Removes the record under `key` and returns it if it was live; of two callers only one receives it.
    fn take<'a>(&'a self, space: Space, key: &'a str, now: Timestamp) -> StoreFuture<'a, Option<Vec<u8>>>;
}
