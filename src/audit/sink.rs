//! Where audit events go.

use std::collections::VecDeque;
use std::fmt;
use std::io::{self, Write};
use std::sync::{Mutex, PoisonError};

use super::AuditEvent;

/// Keeps audit events.
pub trait AuditSink: fmt::Debug + Send + Sync {
    /// Whether events should carry every check that was made; asking makes verification build its evidence.
    fn wants_checks(&self) -> bool;

    /// Keeps one event.
    ///
    /// # Errors
    /// The sink's own failure; the broker then refuses what the event would have recorded as accepted.
    fn record(&self, event: &AuditEvent) -> io::Result<()>;
}

/// Keeps nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Discard;

impl AuditSink for Discard {
    fn wants_checks(&self) -> bool {
        false
    }

    fn record(&self, _: &AuditEvent) -> io::Result<()> {
        Ok(())
    }
}

/// Writes each event as one line of JSON.
pub struct JsonLines<W>(Mutex<W>);

impl<W: Write + Send> JsonLines<W> {
    /// Writes to `to`, flushed after each event.
    pub const fn new(to: W) -> Self {
        Self(Mutex::new(to))
    }
}

impl<W> fmt::Debug for JsonLines<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JsonLines")
    }
}

impl<W: Write + Send> AuditSink for JsonLines<W> {
    fn wants_checks(&self) -> bool {
        true
    }

    fn record(&self, event: &AuditEvent) -> io::Result<()> {
        // One buffer and one write, so that lines of two processes appending to one file do not mix.
        let mut line = serde_json::to_vec(event)?;
        line.push(b'\n');
        let mut to = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        to.write_all(&line)?;
        to.flush()
    }
}

/// Keeps the last events in memory, for pages and tests that read them back; passes each on to another sink.
#[derive(Debug)]
pub struct Recent<S> {
    capacity: usize,
    events: Mutex<VecDeque<AuditEvent>>,
    next: S,
}

impl<S: AuditSink> Recent<S> {
    /// Keeps the last `capacity` events and passes each on to `next`.
    pub const fn new(capacity: usize, next: S) -> Self {
        Self { capacity, events: Mutex::new(VecDeque::new()), next }
    }

    /// The events kept, oldest first.
    #[must_use]
    pub fn events(&self) -> Vec<AuditEvent> {
        self.select(|_| true)
    }

    /// The events kept that `is_wanted`, oldest first; the others are not copied.
    pub(crate) fn select(&self, is_wanted: impl Fn(&AuditEvent) -> bool) -> Vec<AuditEvent> {
        let events = self.events.lock().unwrap_or_else(PoisonError::into_inner);
        events.iter().filter(|event| is_wanted(event)).cloned().collect()
    }
}

impl<S: AuditSink> AuditSink for Recent<S> {
    fn wants_checks(&self) -> bool {
        true
    }

    fn record(&self, event: &AuditEvent) -> io::Result<()> {
        let mut events = self.events.lock().unwrap_or_else(PoisonError::into_inner);
        if events.len() >= self.capacity {
            events.pop_front();
        }
        events.push_back(event.clone());
        drop(events);
        self.next.record(event)
    }
}

impl<S: AuditSink + ?Sized> AuditSink for std::sync::Arc<S> {
    fn wants_checks(&self) -> bool {
        (**self).wants_checks()
    }

    fn record(&self, event: &AuditEvent) -> io::Result<()> {
        (**self).record(event)
    }
}

impl<S: AuditSink + ?Sized> AuditSink for Box<S> {
    fn wants_checks(&self) -> bool {
        (**self).wants_checks()
    }

    fn record(&self, event: &AuditEvent) -> io::Result<()> {
        (**self).record(event)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Outcome, Stage};
    use super::*;
    use crate::explain::CorrelationId;
    use crate::time::Timestamp;

    fn event(operation: &str) -> AuditEvent {
        let id = CorrelationId::parse("flow-1").unwrap();
        AuditEvent::new(Timestamp::EPOCH, id, Stage::Identity, operation, Outcome::Refused)
    }

    #[test]
    fn each_event_is_one_line_of_json_whatever_it_holds() {
        let sink = JsonLines::new(Vec::new());
        let mut hostile = event("verify");
        hostile.reason = "line\nbreak \"quote\"".to_owned();
        sink.record(&hostile).unwrap();
        let text = String::from_utf8(sink.0.into_inner().unwrap()).unwrap();
        assert_eq!(text.lines().count(), 1);
        let read: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(read["reason"], "line\nbreak \"quote\"");
        assert_eq!(read["at"], "1970-01-01T00:00:00Z");
    }

    #[test]
    fn the_oldest_event_gives_way() {
        let sink = Recent::new(2, Discard);
        for operation in ["a", "b", "c"] {
            sink.record(&event(operation)).unwrap();
        }
        let kept: Vec<_> = sink.events().into_iter().map(|event| event.operation).collect();
        assert_eq!(kept, ["b", "c"]);
    }
}
