//! What was asked of the identity provider, for tests that must know.

use crate::sync::lock;
use std::collections::VecDeque;
use std::sync::Mutex;
use time::OffsetDateTime;

/// One HTTP request that was answered. It holds no query, body or header, and so no secret.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct LoggedRequest {
    /// When, by the clock of the identity provider.
    pub at: OffsetDateTime,
    /// The method, as in `GET`.
    pub method: String,
    /// The path, as in `/token`.
    pub path: String,
    /// The status it was answered with.
    pub status: u16,
    /// What it came to, in words, where there is more to say: `assertion about martha for https://sp.example`.
    pub outcome: Option<String>,
}

/// The latest requests.
#[derive(Debug, Default)]
pub(crate) struct Journal {
    requests: Mutex<VecDeque<LoggedRequest>>,
}

impl Journal {
    const MOST: usize = 1_000;

    /// Paths and outcomes may repeat what a stranger sent; this is as much of either as is kept.
    const TEXT_MOST: usize = 500;

    pub(crate) fn record(&self, mut request: LoggedRequest) {
        request.path = request.path.chars().take(Self::TEXT_MOST).collect();
        request.outcome = request.outcome.map(|text| text.chars().take(Self::TEXT_MOST).collect());
        let mut requests = lock(&self.requests);
        while requests.len() >= Self::MOST {
            requests.pop_front();
        }
        requests.push_back(request);
    }

    pub(crate) fn requests(&self) -> Vec<LoggedRequest> {
        lock(&self.requests).iter().cloned().collect()
    }

    pub(crate) fn clear(&self) {
        lock(&self.requests).clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_is_bounded_in_entries_and_in_bytes() {
        let journal = Journal::default();
        for status in 0..1_100 {
            let (method, path) = ("GET".to_owned(), "/x".repeat(1_000));
            let outcome = Some("y".repeat(1_000));
            journal.record(LoggedRequest { at: OffsetDateTime::UNIX_EPOCH, method, path, status, outcome });
        }
        let requests = journal.requests();
        assert_eq!((requests.len(), requests[0].status), (1_000, 100));
        assert!(requests.iter().all(|it| it.path.len() == 500 && it.outcome.as_ref().unwrap().len() == 500));
    }
}
