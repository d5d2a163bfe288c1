//! Condition blocks: operators over condition keys.
//!
//! Blocks and keys are joined by AND, the values of one key by OR, those of a negated operator by NOR. An absent key
//! makes a positive operator false and a negated one true, `IfExists` makes either true, and `Null` tests just that.
//! A multivalued key is compared through `ForAllValues:` (true of no values) or `ForAnyValue:` (false of no values),
//! negation pair by pair; without either, no comparison with it holds.

mod arn;
mod binary;
mod boolean;
mod date;
mod ip;
mod null;
mod numeric;
mod operator;
mod shape;
mod string;

use std::cmp::Ordering;

use self::operator::{Family, Quantifier};
use super::keys::{Found, KeyName, Keys};
use super::pattern::{Pattern, Syntax};
use crate::json::Position;

/// One key under one operator.
#[derive(Clone, Debug)]
pub(super) struct Condition {
    operator: Operator,
    key: KeyName,
    /// Where the key stands.
    at: Position,
    test: Test,
    /// The values as they are written, for explanations.
    wanted: Box<[Box<str>]>,
}

/// The values of a condition, as their operator compares them.
#[derive(Clone, Debug)]
enum Test {
    Text(string::Texts),
    Number(Box<[numeric::Number]>, numeric::Comparison),
    Date(Box<[date::Instant]>, numeric::Comparison),
    Bool(boolean::Booleans),
    Binary(binary::Octets),
    Address(ip::Networks),
    Arn(arn::Arns),
    Null(null::Presence),
}

impl Condition {
    /// Reads one key under one operator; the error says what its values must be.
    pub(super) fn parse(
        operator: Operator,
        (key, at): (&str, Position),
        values: Vec<Box<str>>,
        syntax: Syntax,
    ) -> Result<Self, &'static str> {
        let test = Test::parse(operator.family, &values, syntax)?;
        Ok(Self { operator, key: KeyName::new(key), at, test, wanted: values.into_boxed_slice() })
    }

    /// Whether the condition holds.
    pub(super) fn holds(&self, keys: &Keys) -> bool {
        let found = keys.find(&self.key);
        if let Test::Null(presence) = &self.test {
            return presence.fits(found.is_none());
        }
        let Operator { quantifier, negated, if_exists, .. } = self.operator;
        let Some(found) = found else {
            return if_exists
                || match quantifier {
                    Quantifier::One => negated,
                    Quantifier::Each => true,
                    Quantifier::Some => false,
                };
        };
        match (quantifier, found) {
            (Quantifier::One, Found::One(value)) => self.test.fits(value, keys) != negated,
            (Quantifier::One, Found::Many(_)) => false,
            (Quantifier::Each, found) => found.iter().all(|value| self.test.fits(value, keys) != negated),
            (Quantifier::Some, found) => found.iter().any(|value| self.test.fits(value, keys) != negated),
        }
    }

    /// The condition keys it reads: its own, then those of its variables.
    pub(super) fn keys(&self) -> impl Iterator<Item = &KeyName> {
        let patterns: Vec<&Pattern> = match &self.test {
            Test::Text(texts) => texts.patterns().collect(),
            Test::Bool(booleans) => booleans.patterns().collect(),
            Test::Arn(arns) => arns.patterns().collect(),
            Test::Number(..) | Test::Date(..) | Test::Binary(_) | Test::Address(_) | Test::Null(_) => Vec::new(),
        };
        std::iter::once(&self.key).chain(patterns.into_iter().flat_map(Pattern::keys))
    }

    /// `condition StringEquals on saml:aud`.
    pub(super) fn title(&self) -> String {
        format!("condition {} on {}", self.operator, self.key)
    }

    /// What would have made it hold.
    pub(super) fn wanted(&self) -> String {
        let values: Vec<_> = self.wanted.iter().map(|value| format!("{value:?}")).collect();
        let values = if values.is_empty() { "no value".to_owned() } else { values.join(" or ") };
        if let Test::Null(presence) = &self.test {
            return presence.wanted().to_owned();
        }
        match (self.operator.quantifier, self.operator.negated) {
            (Quantifier::One, false) => values,
            (Quantifier::One, true) => format!("anything but {values}"),
            (Quantifier::Each, false) => format!("every value to be {values}"),
            (Quantifier::Each, true) => format!("no value to be {values}"),
            (Quantifier::Some, false) => format!("some value to be {values}"),
            (Quantifier::Some, true) => format!("some value other than {values}"),
        }
    }

    /// What would have kept it from holding.
    pub(super) fn avoided(&self) -> String {
        let values: Vec<_> = self.wanted.iter().map(|value| format!("{value:?}")).collect();
        let values = if values.is_empty() { "a value".to_owned() } else { values.join(" or ") };
        if let Test::Null(presence) = &self.test {
            return presence.avoided().to_owned();
        }
        match (self.operator.quantifier, self.operator.negated) {
            (Quantifier::One, false) => format!("anything but {values}"),
            (Quantifier::One, true) => values,
            (Quantifier::Each, false) => format!("some value other than {values}"),
            (Quantifier::Each, true) => format!("some value to be {values}"),
            (Quantifier::Some, false) => format!("no value to be {values}"),
            (Quantifier::Some, true) => format!("every value to be {values}"),
        }
    }

    /// What the request held.
    pub(super) fn found(&self, keys: &Keys) -> String {
        match keys.find(&self.key) {
            None => "no such key".to_owned(),
            Some(Found::One(value)) => format!("{value:?}"),
            Some(Found::Many(values)) => format!("the list {values:?}"),
        }
    }
}

impl Test {
    fn parse(family: Family, values: &[Box<str>], syntax: Syntax) -> Result<Self, &'static str> {
        Ok(match family {
            Family::Text(mode) => Self::Text(string::Texts::parse(values, mode, syntax)?),
            Family::Number(comparison) => Self::Number(each(values, numeric::Number::parse)?, comparison),
            Family::Date(comparison) => Self::Date(each(values, date::Instant::parse)?, comparison),
            Family::Bool => Self::Bool(boolean::Booleans::parse(values, syntax)?),
            Family::Binary => Self::Binary(binary::Octets::parse(values)?),
            Family::Address => Self::Address(ip::Networks::parse(values)?),
            Family::Arn => Self::Arn(arn::Arns::parse(values, syntax)?),
            Family::Null => Self::Null(null::Presence::parse(values)?),
        })
    }

    /// Whether one value of the request fits any value of the condition.
    fn fits(&self, found: &str, keys: &Keys) -> bool {
        match self {
            Self::Text(texts) => texts.fits(found, keys),
            Self::Number(numbers, comparison) => numeric::Number::read(found)
                .is_some_and(|found| fits_any(numbers, *comparison, |own| found.compare(own))),
            Self::Date(instants, comparison) => {
                date::Instant::read(found).is_some_and(|found| fits_any(instants, *comparison, |own| found.cmp(own)))
            }
            Self::Bool(booleans) => booleans.fits(found, keys),
            Self::Binary(octets) => octets.fits(found),
            Self::Address(networks) => networks.fits(found),
            Self::Arn(arns) => arns.fits(found, keys),
            // Tests for presence, which `Condition::holds` has answered before it looks at values.
            Self::Null(_) => false,
        }
    }
}

fn each<T>(values: &[Box<str>], read: impl Fn(&str) -> Result<T, &'static str>) -> Result<Box<[T]>, &'static str> {
    values.iter().map(|value| read(value)).collect()
}

fn fits_any<T>(values: &[T], comparison: numeric::Comparison, compare: impl Fn(&T) -> Ordering) -> bool {
    values.iter().any(|value| comparison.accepts(compare(value)))
}

pub(super) use self::operator::{Operator, parse as parse_operator};
