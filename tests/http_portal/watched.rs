//! A store in memory whose every operation is told to a test first, which may have it fail.

use std::fmt;

use daypass::store::{MemoryStore, Space, Store, StoreError, StoreFuture};
use daypass::time::Timestamp;

/// What is about to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    InsertNew,
    Replace,
    Read,
    Take,
}

type Watch = dyn Fn(Operation, Space) -> Result<(), StoreError> + Send + Sync;

pub(crate) struct Watched {
    store: MemoryStore,
    watch: Box<Watch>,
}

impl Watched {
    pub(crate) fn new(watch: impl Fn(Operation, Space) -> Result<(), StoreError> + Send + Sync + 'static) -> Self {
        Self { store: MemoryStore::default(), watch: Box::new(watch) }
    }
}

impl fmt::Debug for Watched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watched").finish_non_exhaustive()
    }
}

impl Store for Watched {
    fn insert_new<'a>(
        &'a self,
        space: Space,
        key: &'a str,
        value: &'a [u8],
        until: Timestamp,
        now: Timestamp,
    ) -> StoreFuture<'a, bool> {
        // Memory acts when it is asked, not when it is awaited: what is to fail must not be asked.
        (self.watch)(Operation::InsertNew, space)
            .map_or_else(failed, |()| self.store.insert_new(space, key, value, until, now))
    }

    fn replace<'a>(
        &'a self,
        space: Space,
        key: &'a str,
        value: &'a [u8],
        until: Timestamp,
        now: Timestamp,
    ) -> StoreFuture<'a, ()> {
        (self.watch)(Operation::Replace, space)
            .map_or_else(failed, |()| self.store.replace(space, key, value, until, now))
    }

    fn read<'a>(&'a self, space: Space, key: &'a str, now: Timestamp) -> StoreFuture<'a, Option<Vec<u8>>> {
        (self.watch)(Operation::Read, space).map_or_else(failed, |()| self.store.read(space, key, now))
    }

    fn take<'a>(&'a self, space: Space, key: &'a str, now: Timestamp) -> StoreFuture<'a, Option<Vec<u8>>> {
        (self.watch)(Operation::Take, space).map_or_else(failed, |()| self.store.take(space, key, now))
    }
}

fn failed<'a, T: Send + 'a>(error: StoreError) -> StoreFuture<'a, T> {
    Box::pin(std::future::ready(Err(error)))
}
