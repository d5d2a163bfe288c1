//! Durations as XML Schema writes them.

use std::time::Duration;

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;
/// A duration of the longest useful form, such as `P10675199DT2H48M5.477S`, is far below this.
const MOST_BYTES: usize = 64;

/// Reads an `xs:duration` (XML Schema part 2, 3.2.6), months as 30 days, years as 365, fractions of a second dropped. `None`
/// when it is not one, or is negative.
pub(super) fn parse_duration(text: &str) -> Option<Duration> {
    if text.len() > MOST_BYTES {
        return None;
    }
    let parts = text.strip_prefix('P')?;
    let (date, time) = match parts.split_once('T') {
        Some((_, "")) => return None,
        Some((date, time)) => (date, time),
        None => (parts, ""),
    };
    if date.is_empty() && time.is_empty() {
        return None;
    }
    let days = fields(date, &[('Y', 365 * DAY), ('M', 30 * DAY), ('D', DAY)])?;
    let seconds = fields(time, &[('H', HOUR), ('M', MINUTE), ('S', 1)])?;
    Some(Duration::from_secs(days.saturating_add(seconds)))
}

/// The sum of numbers, each followed by its unit; units stand in this order, each at most once.
fn fields(text: &str, units: &[(char, u64)]) -> Option<u64> {
    let mut rest = text;
    let mut sum: u64 = 0;
    for (unit, seconds) in units {
        let Some((number, after)) = rest.split_once(*unit) else { continue };
        let whole = match number.split_once('.') {
            Some((whole, fraction)) if *unit == 'S' && is_number(fraction) => whole,
            Some(_) => return None,
            None => number,
        };
        if !is_number(whole) {
            return None;
        }
        // A number beyond 64 bits is longer than any bound it is held to.
        sum = sum.saturating_add(whole.parse::<u64>().unwrap_or(u64::MAX).saturating_mul(*seconds));
        rest = after;
    }
    rest.is_empty().then_some(sum)
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read() {
        for (text, seconds) in [
            ("PT5M", 300),
            ("PT1H", 3600),
            ("P1D", 86_400),
            ("P7D", 604_800),
            ("P1DT2H3M4S", 93_784),
            ("PT604800S", 604_800),
            ("PT0S", 0),
            ("PT1.5S", 1),
            ("P1M", 30 * 86_400),
            ("P1Y", 365 * 86_400),
            ("P0Y0M1DT0H0M0.000S", 86_400),
            ("PT99999999999999999999S", u64::MAX),
            ("P99999999999999999999Y", u64::MAX),
        ] {
            assert_eq!(parse_duration(text), Some(Duration::from_secs(seconds)), "{text}");
        }
    }

    #[test]
    fn what_is_no_duration_is_refused() {
        for text in [
            "",
            "P",
            "PT",
            "P1DT",
            "-P1D",
            "1D",
            "P-1D",
            "P1H",
            "PT1D",
            "P1",
            "P1D1Y",
            "P1.5D",
            "PT1.S",
            "PT.5S",
            "p1d",
            " P1D",
            "P1D ",
            "PT1M1H",
            "P1DD",
            "P+1D",
            "P\u{661}D",
        ] {
            assert_eq!(parse_duration(text), None, "{text:?}");
        }
        assert_eq!(parse_duration(&format!("P{}D", "0".repeat(64))), None);
    }
}
