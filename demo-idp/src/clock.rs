//! Where time enters the identity provider, so that a test can move it.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime};

/// A source of the current time; replace it to keep an identity provider, a broker and a test on one clock.
pub trait Clock: Send + Sync {
    /// The current time.
    fn now(&self) -> OffsetDateTime;
}

/// The clock of the machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> OffsetDateTime {
        OffsetDateTime::now_utc()
    }
}

/// A clock that can be pushed forward or back, in whole seconds, without touching the one beneath.
pub(crate) struct ShiftedClock {
    base: Arc<dyn Clock>,
    shift_seconds: AtomicI64,
}

/// No clock is shifted further than this, so that adding a lifetime to a time can never leave the calendar.
const LONGEST_SHIFT_SECONDS: i64 = 100 * 366 * 24 * 60 * 60;

impl ShiftedClock {
    pub(crate) fn new(base: Arc<dyn Clock>) -> Self {
        Self { base, shift_seconds: AtomicI64::new(0) }
    }

    /// Whole seconds only: SAML and JWT times carry no more, and a fraction would make `NotBefore` lie in the future.
    pub(crate) fn now(&self) -> OffsetDateTime {
        let shift = Duration::seconds(self.shift_seconds.load(Ordering::SeqCst));
        let now = self.base.now();
        let shifted = now.checked_add(shift).unwrap_or(now);
        shifted.replace_nanosecond(0).unwrap_or(shifted)
    }

    pub(crate) fn advance(&self, seconds: i64) {
        let shift = self.shift_seconds.load(Ordering::SeqCst).saturating_add(seconds);
        self.shift_seconds.store(shift.clamp(-LONGEST_SHIFT_SECONDS, LONGEST_SHIFT_SECONDS), Ordering::SeqCst);
    }
}

impl fmt::Debug for ShiftedClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ShiftedClock").field("shift_seconds", &self.shift_seconds).finish_non_exhaustive()
    }
}

/// `2026-08-01T09:30:00Z`, the `xs:dateTime` that SAML core 1.3.3 asks for.
pub(crate) fn date_time(at: OffsetDateTime) -> String {
    at.format(&Rfc3339).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Fixed;
    impl Clock for Fixed {
        fn now(&self) -> OffsetDateTime {
            OffsetDateTime::UNIX_EPOCH + Duration::milliseconds(1_500)
        }
    }

    #[test]
    fn a_shifted_clock_moves_and_drops_fractions() {
        let clock = ShiftedClock::new(Arc::new(Fixed));
        assert_eq!(date_time(clock.now()), "1970-01-01T00:00:01Z");
        clock.advance(3_600);
        assert_eq!(date_time(clock.now()), "1970-01-01T01:00:01Z");
        clock.advance(-3_601);
        assert_eq!(date_time(clock.now()), "1970-01-01T00:00:00Z");
    }

    #[test]
    fn a_clock_cannot_be_pushed_off_the_calendar() {
        let clock = ShiftedClock::new(Arc::new(Fixed));
        clock.advance(i64::MAX);
        assert_eq!(clock.now().year(), 2070);
    }
}
