//! Identifiers that may be used once: the `jti` of client assertions and of DPoP proofs.

use crate::sync::{Fingerprint, lock};
use std::collections::HashMap;
use std::sync::Mutex;
use time::OffsetDateTime;

/// What has been seen, until it would be refused for its age anyway.
#[derive(Debug, Default)]
pub(crate) struct Replays(Mutex<HashMap<Fingerprint, OffsetDateTime>>);

impl Replays {
    const MOST: usize = 20_000;

    /// Whether this is the first use. Full memory says no: forgetting would let old ones in again.
    pub(crate) fn is_first(&self, what: &str, ends: OffsetDateTime, now: OffsetDateTime) -> bool {
        let mut seen = lock(&self.0);
        if seen.len() >= Self::MOST {
            seen.retain(|_, ends| *ends >= now);
        }
        if seen.len() >= Self::MOST {
            return false;
        }
        let key = Fingerprint::of(what);
        match seen.get(&key) {
            Some(ends) if *ends >= now => false,
            Some(_) | None => {
                seen.insert(key, ends);
                true
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::Duration;

    const NOON: OffsetDateTime = time::macros::datetime!(2026-08-01 12:00 UTC);

    #[test]
    fn attack_a_second_use_is_none_until_the_first_has_ended() {
        let replays = Replays::default();
        let ends = NOON + Duration::minutes(1);
        assert!(replays.is_first("a", ends, NOON));
        assert!(!replays.is_first("a", ends, ends));
        assert!(replays.is_first("b", ends, NOON));
        assert!(replays.is_first("a", ends, ends + Duration::seconds(1)));
    }

    #[test]
    fn attack_full_memory_refuses_and_does_not_forget() {
        let replays = Replays::default();
        let ends = NOON + Duration::minutes(1);
        for number in 0..Replays::MOST {
            assert!(replays.is_first(&number.to_string(), ends, NOON));
        }
        assert!(!replays.is_first("one more", ends, NOON));
        assert!(!replays.is_first("0", ends, NOON));
        assert!(replays.is_first("one more", ends, ends + Duration::seconds(1)), "room again");
    }
}
