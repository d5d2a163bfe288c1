//! An assertion's key in, whether this is its first use out.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use crate::time::Timestamp;

/// Why a use was refused. Anything but certainty refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReplayError {
    /// It was used before.
    #[error("the assertion was used before")]
    Replayed,
    /// The memory holds as many assertions that still count as it may.
    #[error("the replay memory is full")]
    Full,
    /// The memory could not be asked.
    #[error("the replay memory cannot be reached")]
    Unavailable,
}

/// Remembers which assertions were used, until they could not be used anyway.
pub trait ReplayMemory: std::fmt::Debug + Send + Sync {
    /// Marks `key` as used until `until`, atomically.
    ///
    /// # Errors
    /// [`ReplayError::Replayed`] when it is marked already; any other error means that nobody can tell, and refuses too.
    fn first_use(&self, key: &str, until: Timestamp, now: Timestamp) -> Result<(), ReplayError>;
}

/// A bounded [`ReplayMemory`] inside one process.
#[derive(Debug)]
pub struct MemoryReplay {
    most: usize,
    seen: Mutex<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    until_by_key: BTreeMap<String, Timestamp>,
    /// The same entries, the one that ends first first.
    keys_by_end: BTreeMap<Timestamp, Vec<String>>,
}

impl MemoryReplay {
    /// A memory of at most `most` assertions at a time. When it is full it refuses new ones: forgetting one early would
    /// let it be used again.
    #[must_use]
    pub fn new(most: usize) -> Self {
        Self {
            most,
            seen: Mutex::default(),
        }
    }
}

impl Default for MemoryReplay {
    /// A memory of 100,000 assertions, about 20 MB.
    fn default() -> Self {
        Self::new(100_000)
    }
}

impl ReplayMemory for MemoryReplay {
    fn first_use(&self, key: &str, until: Timestamp, now: Timestamp) -> Result<(), ReplayError> {
        // No operation below can leave the maps half changed, so a panic elsewhere does not spoil them.
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.forget_ended(now);
        if seen.until_by_key.contains_key(key) {
            return Err(ReplayError::Replayed);
        }
        if seen.until_by_key.len() >= self.most {
            return Err(ReplayError::Full);
        }
        seen.until_by_key.insert(key.to_owned(), until);
        seen.keys_by_end
            .entry(until)
            .or_default()
            .push(key.to_owned());
        Ok(())
    }
}

impl Seen {
    fn forget_ended(&mut self, now: Timestamp) {
        while let Some(entry) = self.keys_by_end.first_entry() {
            if *entry.key() > now {
                break;
            }
            for key in entry.remove() {
                self.until_by_key.remove(&key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const NOON: Timestamp = Timestamp::from_unix_seconds(1_800_000_000);

    #[test]
    fn a_second_use_is_refused_until_the_first_has_ended() {
        let memory = MemoryReplay::default();
        let until = NOON.saturating_add(Duration::from_secs(60));
        assert_eq!(memory.first_use("idp#1", until, NOON), Ok(()));
        assert_eq!(
            memory.first_use("idp#1", until, NOON),
            Err(ReplayError::Replayed)
        );
        assert_eq!(memory.first_use("other#1", until, NOON), Ok(()));
        assert_eq!(memory.first_use("idp#1", until, until), Ok(()));
    }

    #[test]
    fn a_full_memory_refuses_rather_than_forgets() {
        let memory = MemoryReplay::new(1);
        let until = NOON.saturating_add(Duration::from_secs(60));
        assert_eq!(memory.first_use("a", until, NOON), Ok(()));
        assert_eq!(memory.first_use("b", until, NOON), Err(ReplayError::Full));
        assert_eq!(
            memory.first_use("a", until, NOON),
            Err(ReplayError::Replayed)
        );
        assert_eq!(memory.first_use("b", until, until), Ok(()));
    }

    #[test]
    fn one_of_many_threads_is_first() {
        let memory = MemoryReplay::default();
        let until = NOON.saturating_add(Duration::from_secs(60));
        let firsts = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..16)
                .map(|_| scope.spawn(|| memory.first_use("a", until, NOON)))
                .collect();
            threads
                .into_iter()
                .map(|thread| thread.join().unwrap())
                .filter(Result::is_ok)
                .count()
        });
        assert_eq!(firsts, 1);
    }
}
