//! Findings and how they are collected.

use std::fmt;

use super::lints::Lint;
use super::view::Statement;
use crate::json::Position;

/// One thing that a reviewer would point at.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct Finding {
    /// The lint that found it.
    #[serde(flatten)]
    pub lint: &'static Lint,
    /// The statement by its sid, or by its number from 1; none where the finding is of the whole document.
    pub statement: Option<String>,
    /// Where in the document.
    #[serde(flatten)]
    pub at: Position,
    /// What is wrong there, in one sentence with the words of the document.
    pub problem: String,
    /// What to write instead.
    pub instead: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}: {}; instead: {}", self.at, self.lint.severity, self.problem, self.instead)
    }
}

#[derive(Debug, Default)]
pub(super) struct Report(Vec<Finding>);

impl Report {
    pub(super) fn add(
        &mut self,
        lint: &'static Lint,
        statement: &Statement<'_>,
        at: Position,
        (problem, instead): (String, impl Into<String>),
    ) {
        let statement = Some(statement.name.clone());
        self.0.push(Finding { lint, statement, at, problem, instead: instead.into() });
    }

    pub(super) fn add_to_document(&mut self, lint: &'static Lint, at: Position, (problem, instead): (&str, &str)) {
        self.0.push(Finding { lint, statement: None, at, problem: problem.to_owned(), instead: instead.to_owned() });
    }

    pub(super) fn into_findings(mut self) -> Vec<Finding> {
        self.0.sort_by(|one, two| one.at.cmp(&two.at).then_with(|| one.lint.name.cmp(two.lint.name)));
        self.0
    }
}

/// Words of the document in a sentence: quoted, and the beginning of them where they are many.
pub(super) fn quote(text: &str) -> String {
    format!("{:?}", clip(text))
}

pub(super) fn clip(text: &str) -> String {
    const MOST: usize = 160;
    match text.char_indices().nth(MOST) {
        Some((at, _)) => format!("{}…", text.get(..at).unwrap_or_default()),
        None => text.to_owned(),
    }
}
