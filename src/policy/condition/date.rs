//! `DateEquals`, `DateLessThan` and their kin: the W3C profile of ISO 8601, or seconds since 1970.

use crate::time::Timestamp;

/// A point in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Instant(Timestamp);

impl Instant {
    pub(super) fn parse(text: &str) -> Result<Self, &'static str> {
        Self::read(text).ok_or("a date such as 2026-01-31T12:00:00Z, or seconds since 1970")
    }

    /// Reads what W3C's profile lets a date leave out, too: the day, the time, or the seconds.
    pub(super) fn read(text: &str) -> Option<Self> {
        if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
            return text.parse().ok().map(|seconds| Self(Timestamp::from_unix_seconds(seconds)));
        }
        if let Ok(read) = Timestamp::parse_rfc3339(text) {
            return Some(Self(read));
        }
        let (day, clock) = match text.split_once('T') {
            Some((day, clock)) => (day, Some(clock)),
            None => (text, None),
        };
        let day = if day.len() == 7 { format!("{day}-01") } else { day.to_owned() };
        let clock = match clock {
            None => "00:00:00Z".to_owned(),
            Some(clock) => {
                let (time, zone) = clock.split_at_checked(clock.find(['Z', '+', '-'])?)?;
                // Hours and minutes without seconds.
                format!("{time}{}{zone}", if time.len() == 5 { ":00" } else { "" })
            }
        };
        Timestamp::parse_rfc3339(&format!("{day}T{clock}")).ok().map(Self)
    }
}
