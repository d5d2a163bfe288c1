//! `NumericEquals`, `NumericLessThan` and their kin: exact decimals, since a float would call neighbours equal.

use std::cmp::Ordering;

/// Which order of two values an operator accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Comparison {
    /// Whether a request's value so ordered against the condition's is accepted.
    pub(super) fn accepts(self, order: Ordering) -> bool {
        match self {
            Self::Equal => order == Ordering::Equal,
            Self::Less => order == Ordering::Less,
            Self::LessOrEqual => order != Ordering::Greater,
            Self::Greater => order == Ordering::Greater,
            Self::GreaterOrEqual => order != Ordering::Less,
        }
    }
}

/// A decimal of any length, without the zeros that do not count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Number<T = Box<str>> {
    negative: bool,
    whole: T,
    fraction: T,
}

impl Number {
    pub(super) fn parse(text: &str) -> Result<Self, &'static str> {
        let read = Self::read(text).ok_or("a decimal number, such as 3600 or -1.5")?;
        Ok(Self { negative: read.negative, whole: read.whole.into(), fraction: read.fraction.into() })
    }

    pub(super) fn as_read(&self) -> Number<&str> {
        Number { negative: self.negative, whole: &self.whole, fraction: &self.fraction }
    }

    pub(super) fn read(text: &str) -> Option<Number<&str>> {
        let (negative, digits) = match text.strip_prefix('-') {
            Some(digits) => (true, digits),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
        let plain = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        if !plain(whole) || !plain(fraction) {
            return None;
        }
        let (whole, fraction) = (whole.trim_start_matches('0'), fraction.trim_end_matches('0'));
        Some(Number { negative: negative && !(whole.is_empty() && fraction.is_empty()), whole, fraction })
    }
}

impl Number<&str> {
    /// The order of this number against one of the condition's.
    pub(super) fn compare(&self, other: &Number) -> Ordering {
        let size = |whole: &str, other: &str| whole.len().cmp(&other.len()).then_with(|| whole.cmp(other));
        let magnitude = size(self.whole, &other.whole).then_with(|| self.fraction.cmp(&other.fraction));
        match (self.negative, other.negative) {
            (false, false) => magnitude,
            (true, true) => magnitude.reverse(),
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
        }
    }
}
