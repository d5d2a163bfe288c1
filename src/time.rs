//! Instants as the wire formats write them, and the clock through which `now` enters.
//!
//! Everything that expires compares [`Timestamp`]s handed in by its caller, so that a test can stand at any instant.

use std::fmt;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use time::format_description::well_known::Rfc3339;
use time::macros::format_description;
use time::{Date, Month, OffsetDateTime, PrimitiveDateTime};

/// An instant in UTC, in whole milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

/// Text that is not an instant in the expected form.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a date and time; expected {expected}")]
pub struct TimeError {
    expected: &'static str,
}

impl Timestamp {
    /// The first instant of 1970 in UTC.
    pub const EPOCH: Self = Self(0);
    /// The latest instant RFC 3339 can write: 9999-12-31T23:59:59Z.
    pub const MAX: Self = Self(253_402_300_799_000);

    /// The instant `seconds` after the epoch, kept inside what RFC 3339 can write.
    #[must_use]
    pub const fn from_unix_seconds(seconds: i64) -> Self {
        Self::from_unix_millis(seconds.saturating_mul(1000))
    }

    /// The instant `millis` milliseconds after the epoch, kept inside what RFC 3339 can write.
    #[must_use]
    pub const fn from_unix_millis(millis: i64) -> Self {
        if millis < 0 {
            Self::EPOCH
        } else if millis > Self::MAX.0 {
            Self::MAX
        } else {
            Self(millis)
        }
    }

    /// Whole seconds since the epoch, rounded down.
    #[must_use]
    pub const fn unix_seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// Milliseconds since the epoch.
    #[must_use]
    pub const fn unix_millis(self) -> i64 {
        self.0
    }

    /// This instant with its fraction of a second dropped, as the STS wire format carries it.
    #[must_use]
    pub const fn whole_seconds(self) -> Self {
        Self::from_unix_seconds(self.unix_seconds())
    }

    /// Reads RFC 3339 text, which is also `xs:dateTime` with a time zone (saml-core 1.3.3).
    ///
    /// # Errors
    /// [`TimeError`] when the text has no time zone, is not a calendar date, or lies before 1970.
    pub fn parse_rfc3339(text: &str) -> Result<Self, TimeError> {
        let expected = "RFC 3339, such as 2026-01-31T12:00:00Z";
        // The longest useful form has nine fraction digits and an offset.
        if text.len() > 40 {
            return Err(TimeError { expected });
        }
        let read = OffsetDateTime::parse(text, &Rfc3339).map_err(|_| TimeError { expected })?;
        Self::from_offset(read, expected)
    }

    /// Reads the basic ISO 8601 form of Signature Version 4, such as `20150830T123600Z`.
    ///
    /// # Errors
    /// [`TimeError`] for any other form.
    pub fn parse_amz_date(text: &str) -> Result<Self, TimeError> {
        let expected = "basic ISO 8601, such as 20260131T120000Z";
        let read = read_amz_date(text.as_bytes()).ok_or(TimeError { expected })?;
        Self::from_offset(read.assume_utc(), expected)
    }

    /// The basic ISO 8601 form of Signature Version 4, such as `20150830T123600Z`.
    #[must_use]
    pub fn amz_date(self) -> String {
        let form = format_description!("[year][month][day]T[hour][minute][second]Z");
        self.offset().format(form).unwrap_or_default()
    }

    /// The `Date` header of HTTP (RFC 9110, 5.6.7), such as `Sat, 31 Jan 2026 12:00:00 GMT`.
    #[must_use]
    pub fn http_date(self) -> String {
        let form =
            format_description!("[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT");
        self.offset().format(form).unwrap_or_default()
    }

    /// This instant moved later by `by`, stopping at [`Timestamp::MAX`].
    #[must_use]
    pub fn saturating_add(self, by: Duration) -> Self {
        Self::from_unix_millis(self.0.saturating_add(millis(by)))
    }

    /// This instant moved earlier by `by`, stopping at [`Timestamp::EPOCH`].
    #[must_use]
    pub fn saturating_sub(self, by: Duration) -> Self {
        Self::from_unix_millis(self.0.saturating_sub(millis(by)))
    }

    /// How long after `earlier` this instant is; zero when it is not later.
    #[must_use]
    pub fn duration_since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    fn from_offset(read: OffsetDateTime, expected: &'static str) -> Result<Self, TimeError> {
        // Not by way of its form in UTC: an hour west of the last year's end has none, and asking for it panics.
        let nanos = read.unix_timestamp_nanos();
        let millis = i64::try_from(nanos.div_euclid(1_000_000)).map_err(|_| TimeError { expected })?;
        if (0..=Self::MAX.0).contains(&millis) { Ok(Self(millis)) } else { Err(TimeError { expected }) }
    }

    fn offset(self) -> OffsetDateTime {
        // Every constructor keeps the value inside the range of `time`, so the fallback is never taken.
        OffsetDateTime::from_unix_timestamp(self.unix_seconds()).unwrap_or(OffsetDateTime::UNIX_EPOCH)
    }
}

/// Reads the digits, which every signed request has, without the parser of formats; what is a date the calendar says.
fn read_amz_date(text: &[u8]) -> Option<PrimitiveDateTime> {
    let [y1, y2, y3, y4, m1, m2, d1, d2, b'T', h1, h2, n1, n2, s1, s2, b'Z'] = text else { return None };
    let number = |digits: &[&u8]| {
        digits.iter().try_fold(0_u16, |number, digit| {
            let digit = digit.is_ascii_digit().then(|| digit.wrapping_sub(b'0'))?;
            Some(number.wrapping_mul(10).wrapping_add(u16::from(digit)))
        })
    };
    let two = |digits: [&u8; 2]| u8::try_from(number(&digits)?).ok();
    let year = i32::from(number(&[y1, y2, y3, y4])?);
    let date = Date::from_calendar_date(year, Month::try_from(two([m1, m2])?).ok()?, two([d1, d2])?).ok()?;
    date.with_hms(two([h1, h2])?, two([n1, n2])?, two([s1, s2])?).ok()
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

impl fmt::Display for Timestamp {
    /// RFC 3339 in UTC with whole seconds, as STS and SAML messages write it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let form = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]Z");
        f.write_str(&self.offset().format(form).unwrap_or_default())
    }
}

/// Where `now` comes from; replaced in tests and demonstrations.
pub trait Clock: fmt::Debug + Send + Sync {
    /// The present instant.
    fn now(&self) -> Timestamp;
}

/// The clock of the operating system.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_unix_millis(
            i64::try_from(OffsetDateTime::now_utc().unix_timestamp_nanos().div_euclid(1_000_000)).unwrap_or(0),
        )
    }
}

/// A clock that stands still until it is moved.
#[derive(Debug)]
pub struct ManualClock(AtomicI64);

impl ManualClock {
    /// A clock standing at `now`.
    #[must_use]
    pub const fn new(now: Timestamp) -> Self {
        Self(AtomicI64::new(now.0))
    }

    /// Moves the clock later by `by`.
    pub fn advance(&self, by: Duration) {
        self.0.fetch_add(millis(by), Ordering::SeqCst);
    }

    /// Puts the clock at `now`.
    pub fn set(&self, now: Timestamp) {
        self.0.store(now.0, Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_unix_millis(self.0.load(Ordering::SeqCst))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc3339_reads_offsets_and_fractions_and_prints_utc_seconds() {
        let read = Timestamp::parse_rfc3339("2026-01-31T14:00:00.250+02:00").unwrap();
        assert_eq!(read.to_string(), "2026-01-31T12:00:00Z");
        assert_eq!(read.unix_millis() % 1000, 250);
    }

    #[test]
    fn text_without_a_time_zone_or_calendar_is_refused() {
        for text in ["2026-01-31T12:00:00", "2026-02-30T12:00:00Z", "yesterday", "", "1969-12-31T23:59:59Z"] {
            assert!(Timestamp::parse_rfc3339(text).is_err(), "{text}");
        }
    }

    #[test]
    fn text_whose_form_in_utc_no_calendar_holds_is_refused() {
        // Fuzzing found that it was a panic, which whoever writes a policy or signs a message could cause.
        for text in ["9999-12-31T23:59:59-14:00", "0000-01-01T00:00:00+14:00"] {
            assert!(Timestamp::parse_rfc3339(text).is_err(), "{text}");
        }
    }

    #[test]
    fn amz_dates_round_trip() {
        let read = Timestamp::parse_amz_date("20150830T123600Z").unwrap();
        assert_eq!(read.amz_date(), "20150830T123600Z");
        assert_eq!(read.http_date(), "Sun, 30 Aug 2015 12:36:00 GMT");
        for text in [
            "2015-08-30T12:36:00Z",
            "+20150830T123600Z",
            "20150230T123600Z",
            "20151330T123600Z",
            "20150830T243600Z",
            "20150830T126000Z",
            "2015083xT123600Z",
            "20150830 123600Z",
            "20150830T123600",
            "00000000T000000Z",
            "19691231T235959Z",
        ] {
            assert!(Timestamp::parse_amz_date(text).is_err(), "{text}");
        }
    }

    #[test]
    fn arithmetic_stops_at_both_ends() {
        assert_eq!(Timestamp::EPOCH.saturating_sub(Duration::from_secs(1)), Timestamp::EPOCH);
        assert_eq!(Timestamp::MAX.saturating_add(Duration::MAX), Timestamp::MAX);
        assert_eq!(Timestamp::EPOCH.duration_since(Timestamp::MAX), Duration::ZERO);
    }
}
