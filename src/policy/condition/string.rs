//! `StringEquals`, `StringEqualsIgnoreCase`, `StringLike` and their negations.

use super::{Keys, Pattern, Syntax};

/// How texts are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    Exact,
    IgnoreCase,
    /// With `*` and `?`, which match any character there is, line feeds too.
    Like,
}

/// The texts of a condition.
#[derive(Clone, Debug)]
pub(super) struct Texts {
    mode: Mode,
    patterns: Box<[Pattern]>,
}

impl Texts {
    pub(super) fn parse(values: &[Box<str>], mode: Mode, syntax: Syntax) -> Result<Self, &'static str> {
        let syntax = if mode == Mode::Like { syntax } else { syntax.without_wildcards() };
        let patterns = super::each(values, |value| Pattern::parse(value, syntax))?;
        Ok(Self { mode, patterns })
    }

    pub(super) fn fits(&self, found: &str, keys: &Keys) -> bool {
        self.patterns.iter().any(|pattern| match self.mode {
            Mode::Exact | Mode::Like => pattern.matches(found, keys),
            Mode::IgnoreCase => pattern.equals_ignoring_case(found, keys),
        })
    }

    pub(super) fn mode(&self) -> Mode {
        self.mode
    }

    pub(super) fn patterns(&self) -> impl Iterator<Item = &Pattern> {
        self.patterns.iter()
    }
}
