//! A store in memory: for tests, and for one process that may forget when it stops.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::future::ready;
use std::sync::{Mutex, PoisonError};

use super::{Space, Store, StoreError, StoreFuture};
use crate::time::Timestamp;

/// The most bytes of one record.
const RECORD_LIMIT: usize = 64 * 1024;

/// Records in maps, at most `capacity` live ones in each space; a full space refuses rather than forgets.
///
/// Anyone may begin sign-ins: were there one capacity for all, a flood of them would leave replay memory no room.
#[derive(Debug)]
pub struct MemoryStore {
    capacity: usize,
    spaces: Mutex<BTreeMap<Space, Records>>,
}

#[derive(Debug, Default)]
struct Records {
    by_key: BTreeMap<String, (Vec<u8>, Timestamp)>,
    by_expiry: BTreeSet<(Timestamp, String)>,
}

impl MemoryStore {
    /// An empty store for at most `capacity` live records in each space.
    #[must_use]
    pub const fn new(capacity: usize) -> Self {
        Self { capacity, spaces: Mutex::new(BTreeMap::new()) }
    }

    /// Does one thing to the live records of a space.
    fn with<T>(&self, space: Space, now: Timestamp, act: impl FnOnce(&mut Records) -> T) -> T {
        // A panic elsewhere cannot leave the two maps half changed: nothing between their changes can panic.
        let mut spaces = self.spaces.lock().unwrap_or_else(PoisonError::into_inner);
        let records = spaces.entry(space).or_default();
        records.forget_expired(now);
        act(records)
    }

    fn insert(
        &self,
        space: Space,
        key: &str,
        value: &[u8],
        until: Timestamp,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        within_limit(key, value)?;
        self.with(space, now, |records| {
            let full = records.by_key.len() >= self.capacity;
            match records.by_key.entry(key.to_owned()) {
                Entry::Occupied(_) => return Ok(false),
                Entry::Vacant(_) if full => return Err(StoreError::Full { capacity: self.capacity }),
                Entry::Vacant(vacant) => vacant.insert((value.to_vec(), until)),
            };
            records.by_expiry.insert((until, key.to_owned()));
            Ok(true)
        })
    }

    fn put(&self, space: Space, key: &str, value: &[u8], until: Timestamp, now: Timestamp) -> Result<(), StoreError> {
        within_limit(key, value)?;
        self.with(space, now, |records| {
            let former = records.take(key);
            if former.is_none() && records.by_key.len() >= self.capacity {
                return Err(StoreError::Full { capacity: self.capacity });
            }
            records.by_key.insert(key.to_owned(), (value.to_vec(), until));
            records.by_expiry.insert((until, key.to_owned()));
            Ok(())
        })
    }
}

const fn within_limit(key: &str, value: &[u8]) -> Result<(), StoreError> {
    if value.len().saturating_add(key.len()) > RECORD_LIMIT {
        return Err(StoreError::TooLarge { limit: RECORD_LIMIT });
    }
    Ok(())
}

impl Records {
    fn forget_expired(&mut self, now: Timestamp) {
        while self.by_expiry.first().is_some_and(|(until, _)| *until <= now) {
            if let Some((_, key)) = self.by_expiry.pop_first() {
                self.by_key.remove(&key);
            }
        }
    }

    fn take(&mut self, key: &str) -> Option<Vec<u8>> {
        let (value, until) = self.by_key.remove(key)?;
        self.by_expiry.remove(&(until, key.to_owned()));
        Some(value)
    }
}

impl Default for MemoryStore {
    /// A store for a million live records in each space.
    fn default() -> Self {
        Self::new(1_000_000)
    }
}

impl Store for MemoryStore {
    fn insert_new<'a>(
        &'a self,
        space: Space,
        key: &'a str,
        value: &'a [u8],
        until: Timestamp,
        now: Timestamp,
    ) -> StoreFuture<'a, bool> {
        Box::pin(ready(self.insert(space, key, value, until, now)))
    }

    fn replace<'a>(
        &'a self,
        space: Space,
        key: &'a str,
        value: &'a [u8],
        until: Timestamp,
        now: Timestamp,
    ) -> StoreFuture<'a, ()> {
        Box::pin(ready(self.put(space, key, value, until, now)))
    }

    fn read<'a>(&'a self, space: Space, key: &'a str, now: Timestamp) -> StoreFuture<'a, Option<Vec<u8>>> {
        let found = self.with(space, now, |records| records.by_key.get(key).map(|(value, _)| value.clone()));
        Box::pin(ready(Ok(found)))
    }

    fn take<'a>(&'a self, space: Space, key: &'a str, now: Timestamp) -> StoreFuture<'a, Option<Vec<u8>>> {
        Box::pin(ready(Ok(self.with(space, now, |records| records.take(key)))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_unix_seconds(seconds)
    }

    #[tokio::test]
    async fn a_key_is_inserted_once_until_it_expires() {
        let store = MemoryStore::new(10);
        assert_eq!(store.insert_new(Space::Replay, "a", b"1", at(10), at(0)).await, Ok(true));
        assert_eq!(store.insert_new(Space::Replay, "a", b"2", at(10), at(9)).await, Ok(false));
        assert_eq!(store.insert_new(Space::PendingSignIn, "a", b"3", at(10), at(9)).await, Ok(true));
        assert_eq!(store.read(Space::Replay, "a", at(9)).await, Ok(Some(b"1".to_vec())));
        assert_eq!(store.insert_new(Space::Replay, "a", b"4", at(20), at(10)).await, Ok(true));
    }

    #[tokio::test]
    async fn a_record_is_taken_once() {
        let store = MemoryStore::new(10);
        store.insert_new(Space::PendingSignIn, "a", b"1", at(10), at(0)).await.unwrap();
        assert_eq!(store.take(Space::PendingSignIn, "a", at(1)).await, Ok(Some(b"1".to_vec())));
        assert_eq!(store.take(Space::PendingSignIn, "a", at(1)).await, Ok(None));
    }

    #[tokio::test]
    async fn a_full_store_refuses_rather_than_forgets() {
        let store = MemoryStore::new(1);
        store.insert_new(Space::Replay, "a", b"", at(10), at(0)).await.unwrap();
        let refused = store.insert_new(Space::Replay, "b", b"", at(10), at(0)).await;
        assert_eq!(refused, Err(StoreError::Full { capacity: 1 }));
        assert_eq!(store.insert_new(Space::Replay, "b", b"", at(20), at(10)).await, Ok(true));
    }

    #[tokio::test]
    async fn a_flood_of_sign_ins_leaves_replay_memory_its_room() {
        let store = MemoryStore::new(1);
        store.insert_new(Space::PendingSignIn, "a", b"", at(10), at(0)).await.unwrap();
        assert!(store.insert_new(Space::PendingSignIn, "b", b"", at(10), at(0)).await.is_err());
        assert_eq!(store.insert_new(Space::Replay, "a", b"", at(10), at(0)).await, Ok(true));
    }

    #[tokio::test]
    async fn a_record_is_replaced_with_its_expiry() {
        let store = MemoryStore::new(1);
        Store::replace(&store, Space::EndedSession, "a", b"1", at(10), at(0)).await.unwrap();
        Store::replace(&store, Space::EndedSession, "a", b"2", at(20), at(0)).await.unwrap();
        assert_eq!(store.read(Space::EndedSession, "a", at(19)).await, Ok(Some(b"2".to_vec())));
        let refused = Store::replace(&store, Space::EndedSession, "b", b"", at(30), at(19)).await;
        assert_eq!(refused, Err(StoreError::Full { capacity: 1 }));
        assert_eq!(store.read(Space::EndedSession, "a", at(20)).await, Ok(None));
    }

    #[tokio::test]
    async fn an_oversized_record_is_refused() {
        let refused = MemoryStore::new(1).insert_new(Space::Replay, "a", &[0; RECORD_LIMIT], at(1), at(0)).await;
        assert_eq!(refused, Err(StoreError::TooLarge { limit: RECORD_LIMIT }));
    }
}
