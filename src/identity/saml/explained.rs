//! A response judged aloud: every check, what was relaxed, and which bytes of it a trusted key signed.

use std::ops::Range;

use super::{RULES, SamlError, SamlProvider, UnverifiedResponse, verify};
use crate::explain::{Check, Evidence, Listener, Report, Rule, Signed};
use crate::identity::VerifiedIdentity;
use crate::time::Timestamp;

/// The verdict about a response, and everything that led to it.
#[derive(Debug)]
#[non_exhaustive]
pub struct Explained {
    /// What [`verify`] returned.
    pub outcome: Result<VerifiedIdentity, SamlError>,
    /// Every rule in its order: passed, failed or not reached.
    pub checks: Vec<Check>,
    /// The document as it was posted, after base64; none when it is not UTF-8.
    pub document: Option<String>,
    /// What the signatures that verified cover, even where a later check failed.
    pub signed: Vec<Signed>,
    /// The relaxations without which it would have been refused earlier, by name.
    pub relaxations: Vec<&'static str>,
}

/// Whether a verified signature covers a part of the document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Coverage {
    /// A trusted key signed it.
    Signed,
    /// Anyone could have written it.
    Unsigned,
}

/// As [`verify`], with everything it heard.
#[must_use]
pub fn verify_explained(provider: &SamlProvider, response: UnverifiedResponse, now: Timestamp) -> Explained {
    let document = String::from_utf8(response.xml.clone()).ok();
    let mut report = Report::new();
    let outcome = verify(provider, response, now, &mut report);
    let (signed, relaxations) = (report.signed_elements().to_vec(), report.relaxations().to_vec());
    Explained { outcome, checks: report.finish(&RULES), document, signed, relaxations }
}

impl Explained {
    /// The document in order, in pieces that are signed or not.
    #[must_use]
    pub fn pieces(&self) -> Vec<(Coverage, &str)> {
        let text = self.document.as_deref().unwrap_or_default();
        let mut ranges: Vec<&Range<usize>> = self.signed.iter().flat_map(|signed| &signed.bytes).collect();
        ranges.sort_unstable_by_key(|range| range.start);
        let (mut pieces, mut at) = (Vec::new(), 0);
        let mut add = |coverage, range: Range<usize>| {
            pieces.extend(text.get(range).filter(|piece| !piece.is_empty()).map(|piece| (coverage, piece)));
        };
        for range in ranges {
            add(Coverage::Unsigned, at..range.start.max(at));
            add(Coverage::Signed, range.start.max(at)..range.end.max(at));
            at = at.max(range.end);
        }
        add(Coverage::Unsigned, at..text.len());
        pieces
    }
}

/// A listener for what is verified in another text than the posted one: it is told where that stands there, if it does.
pub(super) struct Elsewhere<'l, L, F> {
    pub(super) listener: &'l mut L,
    pub(super) bytes: F,
}

impl<L: Listener, F: Fn() -> Vec<Range<usize>>> Listener for Elsewhere<'_, L, F> {
    fn passed(&mut self, rule: &'static Rule, evidence: impl FnOnce() -> Evidence) {
        self.listener.passed(rule, evidence);
    }

    fn failed(&mut self, rule: &'static Rule, evidence: impl FnOnce() -> Evidence) {
        self.listener.failed(rule, evidence);
    }

    fn relaxed(&mut self, relaxation: &'static str) {
        self.listener.relaxed(relaxation);
    }

    fn signed(&mut self, element: impl FnOnce() -> Signed) {
        let bytes = &self.bytes;
        self.listener.signed(|| Signed { bytes: bytes(), ..element() });
    }
}
