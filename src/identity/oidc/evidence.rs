//! What a check found, as its evidence says it.

use std::time::Duration;

use super::jws::shown;
use crate::time::Timestamp;

pub(super) fn or_none(found: Option<&str>) -> String {
    found.map_or_else(|| "none".to_owned(), shown)
}

pub(super) fn or_no_time(found: Option<Timestamp>) -> String {
    found.map_or_else(|| "none".to_owned(), |time| time.to_string())
}

/// The instant that a claim is compared with, and how far clocks may be apart: without it, evidence of a check that passed
/// within the skew would speak against it.
pub(super) fn by_our_clock(now: Timestamp, skew: Duration) -> String {
    format!("{now}, give or take {} s", skew.as_secs())
}
