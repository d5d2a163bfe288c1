//! The counters of key caches as a page that monitoring systems read (Prometheus text format, 0.0.4).

use std::fmt::Write as _;

use super::KeyCacheMetrics;

/// A line of the page: the name of the metric, its kind, what it counts, and how it is read.
type Metric = (&'static str, &'static str, &'static str, fn(&KeyCacheMetrics) -> Option<u64>);

const METRICS: [Metric; 5] = [
    ("daypass_issuer_key_fetches_total", "counter", "Fetches of the keys begun.", |found| Some(found.fetches)),
    ("daypass_issuer_key_fetch_failures_total", "counter", "Fetches that failed or were lost.", |found| {
        Some(found.failures)
    }),
    (
        "daypass_issuer_key_cooldown_refusals_total",
        "counter",
        "Requests that caused no fetch because the last one was too recent.",
        |found| Some(found.cooldown_refusals),
    ),
    (
        "daypass_issuer_key_unknown_refusals_total",
        "counter",
        "Requests refused because their key id is remembered as unknown.",
        |found| Some(found.unknown_key_refusals),
    ),
    ("daypass_issuer_keys_age_seconds", "gauge", "Age of the keys at hand.", |found| found.age_seconds),
];

/// Writes the counters of these issuers; serve it as `text/plain; version=0.0.4`.
///
/// ```
/// use daypass::identity::oidc::keys::{KeyCache, exposition};
/// use daypass::time::Timestamp;
///
/// let page = exposition([("https://login.example.com", KeyCache::new().metrics(Timestamp::EPOCH))]);
/// assert!(page.contains("daypass_issuer_key_fetches_total{issuer=\"https://login.example.com\"} 0\n"));
/// ```
#[must_use]
pub fn exposition<'i>(issuers: impl IntoIterator<Item = (&'i str, KeyCacheMetrics)>) -> String {
    let issuers: Vec<_> = issuers.into_iter().map(|(issuer, found)| (escaped(issuer), found)).collect();
    let mut page = String::new();
    for (name, kind, help, read) in METRICS {
        // Writing to a String does not fail.
        let _ = writeln!(page, "# HELP {name} {help}\n# TYPE {name} {kind}");
        for (issuer, found) in &issuers {
            if let Some(value) = read(found) {
                let _ = writeln!(page, "{name}{{issuer=\"{issuer}\"}} {value}");
            }
        }
    }
    page
}

fn escaped(label: &str) -> String {
    label.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_that_were_never_had_have_no_age_and_labels_cannot_break_a_line() {
        let none = KeyCacheMetrics { fetches: 2, ..KeyCacheMetrics::default() };
        let page = exposition([("a\"\n\\b", none)]);
        assert!(page.contains("daypass_issuer_key_fetches_total{issuer=\"a\\\"\\n\\\\b\"} 2\n"), "{page}");
        assert!(!page.contains("daypass_issuer_keys_age_seconds{"), "{page}");
        assert_eq!(page.lines().count(), 5 * 2 + 4);
    }
}
