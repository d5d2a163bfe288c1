//! A store in memory: for tests, and for one process that may forget when it stops.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::future::ready;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{Space, Store, StoreError, StoreFuture};
use crate::time::Timestamp;

/// The most bytes of one record.
const RECORD_LIMIT: usize = 64 * 1024;

/// Records in a map, at most `capacity` live ones; when it is full it refuses rather than forgets.
#[derive(Debug)]
pub struct MemoryStore {
    capacity: usize,
    records: Mutex<Records>,
}

#[derive(Debug, Default)]
struct Records {
    by_key: BTreeMap<(Space, String), (Vec<u8>, Timestamp)>,
    by_expiry: BTreeMap<(Timestamp, Space, String), ()>,
}

impl MemoryStore {
    /// An empty store for at most `capacity` live records.
    #[must_use]
    pub const fn new(capacity: usize) -> Self {
        let records = Records { by_key: BTreeMap::new(), by_expiry: BTreeMap::new() };
        Self { capacity, records: Mutex::new(records) }
    }

    fn live(&self, now: Timestamp) -> MutexGuard<'_, Records> {
        // A panic elsewhere cannot leave the two maps half changed: nothing between their changes can panic.
        let mut records = self.records.lock().unwrap_or_else(PoisonError::into_inner);
        records.forget_expired(now);
        records
    }

    fn insert(
        &self,
        space: Space,
        key: &str,
        value: &[u8],
        until: Timestamp,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        if value.len().saturating_add(key.len()) > RECORD_LIMIT {
            return Err(StoreError::TooLarge { limit: RECORD_LIMIT });
        }
        let mut records = self.live(now);
        let full = records.by_key.len() >= self.capacity;
        match records.by_key.entry((space, key.to_owned())) {
            Entry::Occupied(_) => return Ok(false),
            Entry::Vacant(_) if full => return Err(StoreError::Full { capacity: self.capacity }),
            Entry::Vacant(vacant) => vacant.insert((value.to_vec(), until)),
        };
        records.by_expiry.insert((until, space, key.to_owned()), ());
        Ok(true)
    }
}

impl Records {
    fn forget_expired(&mut self, now: Timestamp) {
        while let Some(entry) = self.by_expiry.first_entry().filter(|entry| entry.key().0 <= now) {
            let ((_, space, key), ()) = entry.remove_entry();
            self.by_key.remove(&(space, key));
        }
    }
}

impl Default for MemoryStore {
    /// A store for a million live records.
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

    fn read<'a>(&'a self, space: Space, key: &'a str, now: Timestamp) -> StoreFuture<'a, Option<Vec<u8>>> {
        let found = self.live(now).by_key.get(&(space, key.to_owned())).map(|(value, _)| value.clone());
        Box::pin(ready(Ok(found)))
    }

    fn take<'a>(&'a self, space: Space, key: &'a str, now: Timestamp) -> StoreFuture<'a, Option<Vec<u8>>> {
        let mut records = self.live(now);
        let taken = records.by_key.remove(&(space, key.to_owned())).map(|(value, until)| {
            records.by_expiry.remove(&(until, space, key.to_owned()));
            value
        });
        Box::pin(ready(Ok(taken)))
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
    async fn an_oversized_record_is_refused() {
        let refused = MemoryStore::new(1).insert_new(Space::Replay, "a", &[0; RECORD_LIMIT], at(1), at(0)).await;
        assert_eq!(refused, Err(StoreError::TooLarge { limit: RECORD_LIMIT }));
    }
}
