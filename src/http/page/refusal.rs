//! The page that says what was refused, why, and what to do next.

use askama::Template;
use axum::http::StatusCode;

use super::Frame;
use crate::explain::{Check, CorrelationId, Verdict};

/// What a person can do about a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::http) enum Next {
    /// Begin a new sign-in.
    SignIn,
    /// Go back to the list of accounts.
    Portal,
}

impl Next {
    /// Where that is.
    pub(in crate::http) const fn path(self, home: &str) -> &str {
        match self {
            Self::SignIn => "/signin",
            Self::Portal => home,
        }
    }

    /// What its button says, where that of the first page is `home_label`.
    pub(in crate::http) const fn label(self, home_label: &'static str) -> &'static str {
        match self {
            Self::SignIn => "Sign in again",
            Self::Portal => home_label,
        }
    }
}

/// What stands in the words of a [`Refusal`] for what people call the place they were refused at.
const HERE: &str = "{here}";

/// Something that was refused, in words for the person it was refused to.
///
/// In `because` and `advice`, `{here}` stands for what the door they came to is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::http) struct Refusal {
    /// The HTTP status.
    pub(in crate::http) status: StatusCode,
    /// What happened, as the page's heading.
    pub(in crate::http) happened: &'static str,
    /// Why, in one sentence that holds nothing of the message refused.
    pub(in crate::http) because: String,
    /// What helps, in one sentence.
    pub(in crate::http) advice: &'static str,
    /// Where to go on.
    pub(in crate::http) next: Next,
    /// What to name when asking for help.
    pub(in crate::http) reference: Option<CorrelationId>,
}

impl Refusal {
    /// A refusal without a reference.
    pub(in crate::http) fn new(
        status: StatusCode,
        happened: &'static str,
        because: impl Into<String>,
        advice: &'static str,
        next: Next,
    ) -> Self {
        Self { status, happened, because: because.into(), advice, next, reference: None }
    }

    /// Names the flow that was refused.
    pub(in crate::http) fn following(mut self, flow: &CorrelationId) -> Self {
        self.reference = Some(flow.clone());
        self
    }
}

/// One check as a table shows it.
#[derive(Clone, Debug)]
pub(in crate::http) struct CheckRow<'a>(&'a Check);

impl<'a> CheckRow<'a> {
    /// Each of `checks` as a row.
    pub(in crate::http) fn all(checks: &'a [Check]) -> Vec<Self> {
        checks.iter().map(CheckRow).collect()
    }

    /// How many of `rows` ended how: `34 checks passed, 1 failed, 9 not reached`.
    pub(in crate::http) fn summary(rows: &[Self]) -> String {
        let count = |verdict| rows.iter().filter(|row| row.0.verdict == verdict).count();
        let told = [Verdict::Passed, Verdict::Failed, Verdict::NotReached].map(|verdict| (count(verdict), verdict));
        let mut words = String::new();
        for (count, verdict) in told.into_iter().filter(|(count, _)| *count > 0) {
            let unit = match (words.is_empty(), count) {
                (false, _) => "",
                (true, 1) => " check",
                (true, _) => " checks",
            };
            let comma = if words.is_empty() { "" } else { ", " };
            words.push_str(&format!("{comma}{count}{unit} {verdict}"));
        }
        words
    }

    /// The check itself.
    pub(in crate::http) const fn check(&self) -> &'a Check {
        self.0
    }

    /// Its name in the pieces that a line may end between.
    pub(in crate::http) fn name(&self) -> impl Iterator<Item = &'a str> {
        self.0.name.split_inclusive('_')
    }

    /// Whether nothing was there for it to look at.
    pub(in crate::http) fn is_idle(&self) -> bool {
        self.0.verdict == Verdict::NotReached
    }

    /// The class that colours its verdict.
    pub(in crate::http) const fn class(&self) -> &'static str {
        match self.0.verdict {
            Verdict::Passed => "passed",
            Verdict::Failed => "failed",
            Verdict::NotReached => "idle",
        }
    }

    /// The sign that stands beside the verdict's word.
    pub(in crate::http) const fn sign(&self) -> &'static str {
        match self.0.verdict {
            Verdict::Passed => "✓",
            Verdict::Failed => "✕",
            Verdict::NotReached => "–",
        }
    }
}

/// A [`Refusal`] as a page.
#[derive(Debug, Template)]
#[template(path = "refusal.html")]
pub(in crate::http) struct RefusalPage<'a> {
    frame: Frame<'a>,
    refusal: &'a Refusal,
    because: String,
    advice: String,
    /// The origin people should be at; a person may have come by another name of this host.
    base_url: &'a str,
    label: &'static str,
    failed: Vec<CheckRow<'a>>,
    checks: Vec<CheckRow<'a>>,
    summary: String,
}

impl<'a> RefusalPage<'a> {
    /// The page of `refusal` at a place called `here`, with what led to it.
    pub(in crate::http) fn new(
        frame: Frame<'a>,
        (refusal, here): (&'a Refusal, &str),
        (base_url, label): (&'a str, &'static str),
        checks: &'a [Check],
    ) -> Self {
        let checks = CheckRow::all(checks);
        let failed = checks.iter().filter(|row| row.0.verdict == Verdict::Failed).cloned().collect();
        let (because, advice) = (refusal.because.replace(HERE, here), refusal.advice.replace(HERE, here));
        Self { frame, refusal, because, advice, base_url, label, failed, summary: CheckRow::summary(&checks), checks }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checks_are_counted_in_words() {
        let check = |verdict| Check {
            name: "audience",
            section: "saml-core 2.5.1.4",
            prevents: "",
            expected: String::new(),
            found: String::new(),
            verdict,
        };
        let checks = [Verdict::Passed, Verdict::Passed, Verdict::Failed, Verdict::NotReached].map(check);
        let summary = |checks| CheckRow::summary(&CheckRow::all(checks));
        assert_eq!(summary(&checks[..]), "2 checks passed, 1 failed, 1 not reached");
        assert_eq!(summary(&checks[..1]), "1 check passed");
        assert_eq!(summary(&[]), "");
    }
}
