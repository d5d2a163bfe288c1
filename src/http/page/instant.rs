//! Instants and durations as people read them.

use std::time::Duration;

use crate::time::Timestamp;

/// An instant beside the present one.
#[derive(Clone, Copy, Debug)]
pub(in crate::http) struct Instant {
    at: Timestamp,
    now: Timestamp,
}

impl Instant {
    /// `at`, seen from `now`.
    pub(in crate::http) const fn new(at: Timestamp, now: Timestamp) -> Self {
        // Expiries are whole seconds; without this an hour from now reads as 59 minutes.
        Self { at, now: now.whole_seconds() }
    }

    /// The instant itself.
    pub(in crate::http) const fn at(&self) -> Timestamp {
        self.at
    }

    /// For machines: RFC 3339.
    pub(in crate::http) fn iso(&self) -> String {
        self.at.to_string()
    }

    /// For people: `22 Nov 2026, 20:15 UTC`.
    pub(in crate::http) fn date(&self) -> String {
        let text = self.at.http_date();
        let mut words = text.split([' ', ',']).filter(|word| !word.is_empty()).skip(1);
        let [day, month, year, time] = [(); 4].map(|()| words.next().unwrap_or_default());
        let (minutes, _) = time.rsplit_once(':').unwrap_or((time, ""));
        format!("{day} {month} {year}, {minutes} UTC")
    }

    /// The time of day to the second, for lists of one day.
    pub(in crate::http) fn time_of_day(&self) -> String {
        let text = self.at.to_string();
        text.split(['T', 'Z']).nth(1).unwrap_or_default().to_owned()
    }

    /// How long until then: `59 min`, or `expired`.
    pub(in crate::http) fn left(&self) -> String {
        if self.at <= self.now {
            return "expired".to_owned();
        }
        let seconds = self.at.duration_since(self.now).as_secs();
        let (hours, minutes) = (seconds.div_euclid(3600), seconds.div_euclid(60).rem_euclid(60));
        match (hours, minutes) {
            (0, 0) => format!("{seconds} s"),
            (0, minutes) => format!("{minutes} min"),
            (hours, 0) => format!("{hours} h"),
            (hours, minutes) => format!("{hours} h {minutes} min"),
        }
    }
}

/// A length of time as people say it: `1 hour`, `90 minutes`.
pub(in crate::http) fn duration_in_words(duration: Duration) -> String {
    let minutes = duration.as_secs().div_euclid(60);
    match (minutes.div_euclid(60), minutes.rem_euclid(60)) {
        (1, 0) => "1 hour".to_owned(),
        (hours, 0) if hours > 1 => format!("{hours} hours"),
        _ if minutes == 1 => "1 minute".to_owned(),
        _ => format!("{minutes} minutes"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_reads_as_a_date_and_as_time_left() {
        let now = Timestamp::parse_rfc3339("2026-11-22T20:15:00Z").unwrap();
        let later = |seconds| Instant::new(now.saturating_add(Duration::from_secs(seconds)), now);
        assert_eq!(later(0).date(), "22 Nov 2026, 20:15 UTC");
        assert_eq!(later(65).time_of_day(), "20:16:05");
        let left: Vec<_> = [0, 59, 60, 3599, 3600, 28_740].map(|seconds| later(seconds).left()).into();
        assert_eq!(left, ["expired", "59 s", "1 min", "59 min", "1 h", "7 h 59 min"]);
    }

    #[test]
    fn durations_read_as_people_say_them() {
        let words: Vec<_> = [60, 900, 3600, 5400, 43_200].map(|s| duration_in_words(Duration::from_secs(s))).into();
        assert_eq!(words, ["1 minute", "15 minutes", "1 hour", "90 minutes", "12 hours"]);
    }
}
