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

    pub(crate) fn record(&self, request: LoggedRequest) {
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
