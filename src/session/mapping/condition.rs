//! When a rule applies: what is asked of the values of one attribute.

use std::collections::BTreeSet;
use std::rc::Rc;

use super::error::MappingError;
use super::pattern::{Captured, Captures, Glob};
use super::source::{Source, Sources, Values};
use crate::VerifiedIdentity;

/// The most values that a reason quotes.
const MOST_QUOTED: usize = 8;

/// One question about one attribute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Condition {
    pub(super) source: Source,
    pub(super) test: Test,
    pub(super) case: Case,
}

/// What is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Test {
    /// At least one of these is a value.
    AnyOf(BTreeSet<String>),
    /// All of these are values.
    AllOf(BTreeSet<String>),
    /// At least one value fits one of these.
    Matches(Vec<Glob>),
    /// At least one value fits; each that does gives roles.
    Captures(Captures),
}

/// How letters are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Case {
    /// `Admins` and `admins` are two groups.
    Exact,
    /// ASCII letters are the same in either case, as in Active Directory.
    Ignored,
}

/// How a condition ended.
#[derive(Debug)]
pub(super) enum Held<'a> {
    /// It holds, with what was captured in each value that fits; without places there is nothing in it.
    Yes(Vec<Captured<'a>>),
    /// It does not hold, for the values there are.
    No(Rc<Values<'a>>),
}

impl Condition {
    /// Asks it of an identity.
    ///
    /// # Errors
    /// [`MappingError`] when the values cannot be known.
    pub(super) fn evaluate<'a>(&'a self, sources: &Sources<'a>) -> Result<Held<'a>, MappingError> {
        let values = sources.values(&self.source)?;
        let ignore_case = self.case == Case::Ignored;
        let mut each = values.as_slice().iter();
        let holds = match &self.test {
            Test::AnyOf(wanted) => wanted.iter().any(|one| values.contains(one, self.case)),
            Test::AllOf(wanted) => wanted.iter().all(|one| values.contains(one, self.case)),
            Test::Matches(globs) => each.any(|value| globs.iter().any(|glob| glob.matches(value, ignore_case))),
            Test::Captures(pattern) => {
                let captured: Vec<_> = each.filter_map(|value| pattern.read(value, ignore_case)).collect();
                return Ok(if captured.is_empty() { Held::No(values) } else { Held::Yes(captured) });
            }
        };
        Ok(if holds { Held::Yes(Vec::new()) } else { Held::No(values) })
    }

    /// What it asks, in words.
    pub(super) fn expected(&self) -> String {
        let quoted = |texts: &BTreeSet<String>| quote(texts.iter().map(String::as_str), texts.len());
        let case = if self.case == Case::Ignored { ", in any case" } else { "" };
        let source = &self.source;
        match &self.test {
            Test::AnyOf(wanted) => format!("{source} to hold any of {}{case}", quoted(wanted)),
            Test::AllOf(wanted) => format!("{source} to hold all of {}{case}", quoted(wanted)),
            Test::Matches(globs) => {
                format!("{source} to match {}{case}", quote(globs.iter().map(Glob::as_str), globs.len()))
            }
            Test::Captures(pattern) => format!("{source} to fit {}{case}", pattern.as_str()),
        }
    }
}

/// The values that were found, in words; where there are none, what was sent in their place.
pub(super) fn found(values: &[&str], identity: &VerifiedIdentity) -> String {
    let names = identity.attributes();
    match values {
        [] if names.is_empty() => "none; the provider sent no attributes".to_owned(),
        [] => format!("none; the provider sent {}", quote(names.keys().map(String::as_str), names.len())),
        values => quote(values.iter().copied(), values.len()),
    }
}

fn quote<'t>(texts: impl Iterator<Item = &'t str>, count: usize) -> String {
    let shown: Vec<String> = texts.take(MOST_QUOTED).map(|text| text.chars().take(120).collect()).collect();
    let more = count.saturating_sub(shown.len());
    if more == 0 { shown.join(", ") } else { format!("{} and {more} more", shown.join(", ")) }
}
