//! What a check found, as its evidence says it.

use super::jws::shown;
use crate::time::Timestamp;

pub(super) fn or_none(found: Option<&str>) -> String {
    found.map_or_else(|| "none".to_owned(), shown)
}

pub(super) fn or_no_time(found: Option<Timestamp>) -> String {
    found.map_or_else(|| "none".to_owned(), |time| time.to_string())
}
