//! The names of condition operators.

use std::fmt;

use super::numeric::Comparison;
use super::string::Mode;

/// A condition operator, taken apart.
#[derive(Clone, Copy, Debug)]
pub(in crate::policy) struct Operator {
    name: &'static str,
    pub(super) family: Family,
    pub(super) negated: bool,
    pub(super) quantifier: Quantifier,
    pub(super) if_exists: bool,
}

/// What an operator compares.
#[derive(Clone, Copy, Debug)]
pub(super) enum Family {
    Text(Mode),
    Number(Comparison),
    Date(Comparison),
    Bool,
    Binary,
    Address,
    Arn,
    Null,
}

/// How many of the request's values an operator looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Quantifier {
    /// The value of a single-valued key.
    One,
    /// `ForAllValues:`
    Each,
    /// `ForAnyValue:`
    Some,
}

/// Every operator: its name, what it compares, whether it is negated.
const OPERATORS: [(&str, Family, bool); 27] = [
    ("StringEquals", Family::Text(Mode::Exact), false),
    ("StringNotEquals", Family::Text(Mode::Exact), true),
    ("StringEqualsIgnoreCase", Family::Text(Mode::IgnoreCase), false),
    ("StringNotEqualsIgnoreCase", Family::Text(Mode::IgnoreCase), true),
    ("StringLike", Family::Text(Mode::Like), false),
    ("StringNotLike", Family::Text(Mode::Like), true),
    ("NumericEquals", Family::Number(Comparison::Equal), false),
    ("NumericNotEquals", Family::Number(Comparison::Equal), true),
    ("NumericLessThan", Family::Number(Comparison::Less), false),
    ("NumericLessThanEquals", Family::Number(Comparison::LessOrEqual), false),
    ("NumericGreaterThan", Family::Number(Comparison::Greater), false),
    ("NumericGreaterThanEquals", Family::Number(Comparison::GreaterOrEqual), false),
    ("DateEquals", Family::Date(Comparison::Equal), false),
    ("DateNotEquals", Family::Date(Comparison::Equal), true),
    ("DateLessThan", Family::Date(Comparison::Less), false),
    ("DateLessThanEquals", Family::Date(Comparison::LessOrEqual), false),
    ("DateGreaterThan", Family::Date(Comparison::Greater), false),
    ("DateGreaterThanEquals", Family::Date(Comparison::GreaterOrEqual), false),
    ("Bool", Family::Bool, false),
    ("BinaryEquals", Family::Binary, false),
    ("IpAddress", Family::Address, false),
    ("NotIpAddress", Family::Address, true),
    ("ArnEquals", Family::Arn, false),
    ("ArnLike", Family::Arn, false),
    ("ArnNotEquals", Family::Arn, true),
    ("ArnNotLike", Family::Arn, true),
    ("Null", Family::Null, false),
];

/// Reads an operator with its qualifier and suffix; none when the language has no such operator.
pub(in crate::policy) fn parse(text: &str) -> Option<Operator> {
    let (quantifier, rest) = match text.split_once(':') {
        Some(("ForAllValues", rest)) => (Quantifier::Each, rest),
        Some(("ForAnyValue", rest)) => (Quantifier::Some, rest),
        Some(_) => return None,
        None => (Quantifier::One, text),
    };
    let (wanted, if_exists) = rest.strip_suffix("IfExists").map_or((rest, false), |name| (name, true));
    let (name, family, negated) = OPERATORS.into_iter().find(|(name, ..)| *name == wanted)?;
    // A test for presence that holds when the key is absent would always hold.
    let meaningless = if_exists && matches!(family, Family::Null);
    (!meaningless).then_some(Operator { name, family, negated, quantifier, if_exists })
}

impl Operator {
    /// Whether it compares dates.
    pub(in crate::policy) const fn is_of_dates(self) -> bool {
        matches!(self.family, Family::Date(_))
    }

    /// Whether it lets only requests through that have the key, with one of the texts it is compared with.
    pub(in crate::policy) const fn selects_text(self) -> bool {
        matches!(self.family, Family::Text(_))
            && !self.negated
            && !self.if_exists
            && !matches!(self.quantifier, Quantifier::Each)
    }

    /// Whether it does so with texts that hold no wildcards.
    pub(in crate::policy) const fn equals_text(self) -> bool {
        self.selects_text() && matches!(self.family, Family::Text(Mode::Exact | Mode::IgnoreCase))
    }
}

impl fmt::Display for Operator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let prefix = match self.quantifier {
            Quantifier::One => "",
            Quantifier::Each => "ForAllValues:",
            Quantifier::Some => "ForAnyValue:",
        };
        write!(f, "{prefix}{}{}", self.name, if self.if_exists { "IfExists" } else { "" })
    }
}
