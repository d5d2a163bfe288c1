//! What the broker said of sessions, for a bounded number of them.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::standing::Standing;
use crate::credentials::{AccessKeyId, OpenSession};
use crate::time::Timestamp;

/// One session: its keys, what it is entitled to, and when the broker last said so.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) opened: Arc<OpenSession>,
    pub(super) standing: Standing,
    pub(super) asked_at: Timestamp,
}

/// Two generations of entries: when the young one is full it becomes the old one, and what is still used moves back.
pub(super) struct Cache {
    generations: Mutex<Generations>,
    capacity: usize,
}

#[derive(Default)]
struct Generations {
    young: HashMap<AccessKeyId, Arc<Known>>,
    old: HashMap<AccessKeyId, Arc<Known>>,
}

impl Cache {
    /// Remembers up to about `capacity` sessions.
    pub(super) fn new(capacity: usize) -> Self {
        Self { generations: Mutex::default(), capacity: capacity.div_ceil(2).max(1) }
    }

    pub(super) fn find(&self, id: &AccessKeyId) -> Option<Arc<Known>> {
        let mut generations = self.lock();
        if let Some(known) = generations.young.get(id) {
            return Some(Arc::clone(known));
        }
        let known = generations.old.remove(id)?;
        generations.keep(id, &known, self.capacity);
        Some(known)
    }

    pub(super) fn keep(&self, id: &AccessKeyId, known: &Arc<Known>) {
        self.lock().keep(id, known, self.capacity);
    }

    pub(super) fn forget(&self, id: &AccessKeyId) {
        let mut generations = self.lock();
        generations.young.remove(id);
        generations.old.remove(id);
    }

    /// A thread that panicked left the maps whole: each is changed by one call.
    fn lock(&self) -> MutexGuard<'_, Generations> {
        self.generations.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Generations {
    fn keep(&mut self, id: &AccessKeyId, known: &Arc<Known>, capacity: usize) {
        if self.young.len() >= capacity && !self.young.contains_key(id) {
            self.old = std::mem::take(&mut self.young);
        }
        self.old.remove(id);
        self.young.insert(id.clone(), Arc::clone(known));
    }
}

impl fmt::Debug for Cache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cache").field("capacity", &self.capacity).finish_non_exhaustive()
    }
}
