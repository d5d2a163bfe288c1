//! The words in which every stage says what it verified and why.
//!
//! A stage names its rules once, in the order of the standard, and tells a [`Listener`] how each one ended. With
//! [`Silent`] listening the evidence is never built, so an unexplained verification pays nothing for this.

use std::fmt;
use std::ops::Range;

/// One rule of a standard that a stage holds its input to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// A short name, unique within its stage, in the standard's words: `audience`.
    pub name: &'static str,
    /// Where the standard says so: `saml-core 2.5.1.4`.
    pub section: &'static str,
    /// The attack or mistake that succeeds where this rule is left out, in a few words.
    pub prevents: &'static str,
}

/// What a rule expected, and what it found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Evidence {
    /// What would have satisfied the rule.
    pub expected: String,
    /// What the input held; never a secret.
    pub found: String,
}

impl Evidence {
    /// Evidence from anything that can be shown.
    #[must_use]
    pub fn new(expected: impl fmt::Display, found: impl fmt::Display) -> Self {
        Self { expected: expected.to_string(), found: found.to_string() }
    }
}

/// How a rule ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Verdict {
    /// The input satisfies the rule.
    Passed,
    /// The input breaks the rule; nothing after it was looked at.
    Failed,
    /// An earlier rule failed, or the input holds nothing the rule speaks of.
    NotReached,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::NotReached => "not reached",
        })
    }
}

/// One line of an explained verification.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Check {
    /// The rule's name.
    pub name: &'static str,
    /// The section of the standard.
    pub section: &'static str,
    /// The attack or mistake the rule prevents.
    pub prevents: &'static str,
    /// What would have satisfied the rule; empty when it was not reached.
    pub expected: String,
    /// What was found; empty when it was not reached.
    pub found: String,
    /// How it ended.
    pub verdict: Verdict,
}

/// What a signature that verified covers.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct Signed {
    /// The element's name without its prefix.
    pub element: String,
    /// Its ID, which the signature names.
    pub id: String,
    /// The key that made the signature: its kind, and the beginning of the SHA-256 digest of it.
    pub key: String,
    /// The bytes it covers of the document as it was sent, its own Signature left out. Inside of them it leaves open what
    /// canonicalization evens out: spaces in tags, quotes, the order of attributes, namespaces declared and not used. Empty
    /// for what came out of ciphertext and stands nowhere in that document.
    pub bytes: Vec<Range<usize>>,
}

impl Signed {
    /// Says that the signature of `key` covers `bytes`, the `element` of this `id`.
    #[must_use]
    pub fn new(element: &str, id: &str, key: String, bytes: Vec<Range<usize>>) -> Self {
        Self { element: element.to_owned(), id: id.to_owned(), key, bytes }
    }
}

/// Hears how each rule ended, in order.
pub trait Listener {
    /// The input satisfies `rule`.
    fn passed(&mut self, rule: &'static Rule, evidence: impl FnOnce() -> Evidence);
    /// The input breaks `rule`; the stage stops here.
    fn failed(&mut self, rule: &'static Rule, evidence: impl FnOnce() -> Evidence);
    /// The input was only not refused because an operator relaxed a rule by this name.
    #[inline]
    fn relaxed(&mut self, _relaxation: &'static str) {}
    /// A signature verified, over this.
    #[inline]
    fn signed(&mut self, _element: impl FnOnce() -> Signed) {}
}

/// Hears nothing and costs nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Listener for Silent {
    #[inline]
    fn passed(&mut self, _: &'static Rule, _: impl FnOnce() -> Evidence) {}
    #[inline]
    fn failed(&mut self, _: &'static Rule, _: impl FnOnce() -> Evidence) {}
}

/// Keeps every check that was made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    checks: Vec<Check>,
    relaxations: Vec<&'static str>,
    signed: Vec<Signed>,
}

impl Report {
    /// An empty report.
    #[must_use]
    pub const fn new() -> Self {
        Self { checks: Vec::new(), relaxations: Vec::new(), signed: Vec::new() }
    }

    /// The checks made so far, in order.
    #[must_use]
    pub fn checks(&self) -> &[Check] {
        &self.checks
    }

    /// The relaxations that were needed, each once.
    #[must_use]
    pub fn relaxations(&self) -> &[&'static str] {
        &self.relaxations
    }

    /// What the signatures that verified cover.
    #[must_use]
    pub fn signed_elements(&self) -> &[Signed] {
        &self.signed
    }

    /// The check that failed, if one did.
    #[must_use]
    pub fn failure(&self) -> Option<&Check> {
        self.checks.iter().find(|check| check.verdict == Verdict::Failed)
    }

    /// Every check made, then each of `rules` that was never heard of, as not reached.
    #[must_use]
    pub fn finish(mut self, rules: &[&'static Rule]) -> Vec<Check> {
        for rule in rules {
            if !self.checks.iter().any(|check| check.name == rule.name) {
                self.push(rule, Evidence::default(), Verdict::NotReached);
            }
        }
        self.checks
    }

    fn push(&mut self, rule: &'static Rule, evidence: Evidence, verdict: Verdict) {
        self.checks.push(Check {
            name: rule.name,
            section: rule.section,
            prevents: rule.prevents,
            expected: evidence.expected,
            found: evidence.found,
            verdict,
        });
    }
}

impl Listener for Report {
    fn passed(&mut self, rule: &'static Rule, evidence: impl FnOnce() -> Evidence) {
        self.push(rule, evidence(), Verdict::Passed);
    }
    fn failed(&mut self, rule: &'static Rule, evidence: impl FnOnce() -> Evidence) {
        self.push(rule, evidence(), Verdict::Failed);
    }
    fn relaxed(&mut self, relaxation: &'static str) {
        if !self.relaxations.contains(&relaxation) {
            self.relaxations.push(relaxation);
        }
    }
    fn signed(&mut self, element: impl FnOnce() -> Signed) {
        self.signed.push(element());
    }
}

/// Follows one person's flow through every stage: opaque, and no secret.
#[derive(Clone, Debug, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(transparent)]
pub struct CorrelationId(String);

impl CorrelationId {
    /// Reads a correlation id carried by a message.
    ///
    /// Returns `None` unless it is 1 to 64 ASCII letters, digits and hyphens: it is printed in logs.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let fits = (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        fits.then(|| Self(text.to_owned()))
    }

    /// The id that these random bytes make: a UUID of version 4 (RFC 9562, 5.4), which is how clients know ids of requests.
    pub(crate) fn random(bytes: [u8; 16]) -> Self {
        let bits = u128::from_be_bytes(bytes) & !(0xF << 76 | 0x3 << 62) | 0x4 << 76 | 0x2 << 62;
        let digits = format!("{bits:032x}");
        let mut id = String::with_capacity(36);
        for (place, digit) in digits.chars().enumerate() {
            if matches!(place, 8 | 12 | 16 | 20) {
                id.push('-');
            }
            id.push(digit);
        }
        Self(id)
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for CorrelationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: Rule = Rule { name: "first", section: "1", prevents: "a" };
    const SECOND: Rule = Rule { name: "second", section: "2", prevents: "b" };

    #[test]
    fn rules_never_heard_of_are_reported_as_not_reached() {
        let mut report = Report::new();
        report.failed(&FIRST, || Evidence::new("x", "y"));
        assert_eq!(report.failure().map(|check| check.name), Some("first"));
        let checks = report.finish(&[&FIRST, &SECOND]);
        let verdicts: Vec<_> = checks.iter().map(|check| check.verdict).collect();
        assert_eq!(verdicts, [Verdict::Failed, Verdict::NotReached]);
    }

    #[test]
    fn nobody_listening_builds_no_evidence() {
        Silent.passed(&FIRST, || unreachable!("evidence was built"));
    }

    #[test]
    fn random_correlation_ids_are_uuids_of_version_4() {
        assert_eq!(CorrelationId::random([0; 16]).as_str(), "00000000-0000-4000-8000-000000000000");
        assert_eq!(CorrelationId::random([0xFF; 16]).as_str(), "ffffffff-ffff-4fff-bfff-ffffffffffff");
        let numbered = std::array::from_fn(|place| u8::try_from(place).unwrap());
        assert_eq!(CorrelationId::random(numbered).as_str(), "00010203-0405-4607-8809-0a0b0c0d0e0f");
    }

    #[test]
    fn correlation_ids_cannot_break_a_log_line() {
        assert!(CorrelationId::parse("abc-123").is_some());
        for text in ["", "a b", "a\nb", &"x".repeat(65)] {
            assert!(CorrelationId::parse(text).is_none(), "{text:?}");
        }
    }
}
