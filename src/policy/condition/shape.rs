//! What a condition asks of a request, before there is one.

use std::cmp::Ordering;

use super::numeric::Comparison;
use super::string::Mode;
use super::{Condition, KeyName, Keys, Operator, Position, Quantifier, Test};

impl Condition {
    /// The key it tests.
    pub(in crate::policy) fn key(&self) -> &KeyName {
        &self.key
    }

    /// Where its key stands in the document.
    pub(in crate::policy) fn position(&self) -> Position {
        self.at
    }

    pub(in crate::policy) fn operator(&self) -> Operator {
        self.operator
    }

    /// Its values as they are written.
    pub(in crate::policy) fn values(&self) -> &[Box<str>] {
        &self.wanted
    }

    /// Whether it never holds of a request without the key.
    pub(in crate::policy) fn needs_key(&self) -> bool {
        match &self.test {
            Test::Null(presence) => !presence.fits(true),
            _ if self.operator.if_exists => false,
            _ => match self.operator.quantifier {
                Quantifier::One => !self.operator.negated,
                Quantifier::Each => false,
                Quantifier::Some => true,
            },
        }
    }

    /// Whether it holds of a request without the key, and of no other.
    pub(in crate::policy) fn needs_absence(&self) -> bool {
        matches!(&self.test, Test::Null(presence) if presence.fits(true) && !presence.fits(false))
    }

    /// Whether it holds only where the key has one of its values.
    pub(in crate::policy) fn is_positive(&self) -> bool {
        self.needs_key() && !self.operator.negated && !self.is_null()
    }

    /// The same, of values that are not just whatever the key may have.
    pub(in crate::policy) fn is_pinning(&self) -> bool {
        self.is_positive() && !self.is_open()
    }

    /// Whether one of its values is whatever the key may have: wildcards alone, the key's own variable, half the world.
    pub(in crate::policy) fn is_open(&self) -> bool {
        match &self.test {
            Test::Text(texts) => texts.patterns().any(|own| own.is_open(&self.key)),
            Test::Arn(arns) => arns.is_open(&self.key),
            Test::Address(networks) => networks.is_open(),
            Test::Bool(booleans) => {
                let none = Keys::new();
                booleans.fits("true", &none) && booleans.fits("false", &none)
                    || booleans.patterns().any(|own| own.is_open(&self.key))
            }
            Test::Number(..) | Test::Date(..) | Test::Binary(_) | Test::Null(_) => false,
        }
    }

    pub(in crate::policy) fn is_null(&self) -> bool {
        matches!(self.test, Test::Null(_))
    }

    pub(in crate::policy) fn is_negated(&self) -> bool {
        self.operator.negated
    }

    pub(in crate::policy) fn is_if_exists(&self) -> bool {
        self.operator.if_exists
    }

    pub(in crate::policy) fn has_set_operator(&self) -> bool {
        self.operator.quantifier != Quantifier::One
    }

    pub(in crate::policy) fn is_for_all_values(&self) -> bool {
        self.operator.quantifier == Quantifier::Each
    }

    /// Whether it compares text in which `*` is no wildcard.
    pub(in crate::policy) fn is_plain_text(&self) -> bool {
        matches!(&self.test, Test::Text(texts) if texts.mode() != Mode::Like)
    }

    /// Whether it compares text with `*` and `?`.
    pub(in crate::policy) fn is_text_pattern(&self) -> bool {
        matches!(&self.test, Test::Text(texts) if texts.mode() == Mode::Like)
    }

    pub(in crate::policy) fn is_date(&self) -> bool {
        matches!(self.test, Test::Date(..))
    }

    pub(in crate::policy) fn is_address(&self) -> bool {
        matches!(self.test, Test::Address(_))
    }

    /// Whether its values may hold variables.
    pub(in crate::policy) fn takes_variables(&self) -> bool {
        matches!(self.test, Test::Text(_) | Test::Bool(_) | Test::Arn(_))
    }

    /// Whether no request meets both, as far as the two alone tell: false where that depends on variables.
    pub(in crate::policy) fn excludes(&self, other: &Self) -> bool {
        if self.key != other.key {
            return false;
        }
        let absent_and_present =
            |one: &Self, two: &Self| one.needs_absence() && two.needs_key() || two.needs_absence() && one.needs_key();
        absent_and_present(self, other)
            || self.shares_no_truth_with(other)
            || self.rejects_all_of(other)
            || other.rejects_all_of(self)
            || self.ends_before(other)
            || other.ends_before(self)
    }

    /// Whether both are about truth values, and neither of the two meets both.
    fn shares_no_truth_with(&self, other: &Self) -> bool {
        let plain = |own: &Self| {
            own.operator.quantifier == Quantifier::One && matches!(own.test, Test::Bool(_)) && own.keys().count() == 1
        };
        let meets_both = |truth: &&str| {
            let keys = Keys::new().with(&self.key.to_string(), *truth);
            self.holds(&keys) && other.holds(&keys)
        };
        plain(self)
            && plain(other)
            && (self.needs_key() || other.needs_key())
            && !["true", "false"].iter().any(meets_both)
    }

    /// Whether `other` takes a few texts or networks only, and none of them here.
    fn rejects_all_of(&self, other: &Self) -> bool {
        if let (Test::Address(shut), Test::Address(open)) = (&self.test, &other.test) {
            let one = |own: &Self| own.operator.quantifier == Quantifier::One;
            return self.operator.negated && other.is_positive() && one(self) && one(other) && shut.cover(open);
        }
        let Test::Text(texts) = &other.test else { return false };
        let few = other.is_positive() && other.operator.quantifier == Quantifier::One && texts.mode() == Mode::Exact;
        let own_key_alone = |condition: &Self| condition.keys().count() == 1;
        if !few || !own_key_alone(self) || !own_key_alone(other) || self.operator.quantifier != Quantifier::One {
            return false;
        }
        let mut literals = texts.patterns().filter_map(super::Pattern::literal);
        !literals.any(|literal| self.holds(&Keys::new().with(&self.key.to_string(), literal)))
    }

    /// Whether the latest or largest value accepted here is below the earliest or smallest accepted there.
    fn ends_before(&self, other: &Self) -> bool {
        let one = |condition: &Self| condition.operator.quantifier == Quantifier::One;
        if !(one(self) && one(other) && (self.needs_key() || other.needs_key())) {
            return false;
        }
        match (&self.test, &other.test) {
            (Test::Number(upper, to), Test::Number(lower, from)) => {
                is_apart(upper, *to, lower, *from, |one, two| one.as_read().compare(two))
            }
            (Test::Date(upper, to), Test::Date(lower, from)) => is_apart(upper, *to, lower, *from, Ord::cmp),
            _ => false,
        }
    }
}

fn is_apart<T>(
    upper: &[T],
    to: Comparison,
    lower: &[T],
    from: Comparison,
    compare: impl Fn(&T, &T) -> Ordering,
) -> bool {
    let strict = match (to, from) {
        (Comparison::LessOrEqual, Comparison::GreaterOrEqual) => false,
        (Comparison::Less | Comparison::LessOrEqual, Comparison::Greater | Comparison::GreaterOrEqual) => true,
        _ => return false,
    };
    // The values of one condition are alternatives: the loosest bound counts.
    let highest = upper.iter().max_by(|one, two| compare(one, two));
    let lowest = lower.iter().min_by(|one, two| compare(one, two));
    highest.zip(lowest).is_some_and(|(highest, lowest)| match compare(highest, lowest) {
        Ordering::Less => true,
        Ordering::Equal => strict,
        Ordering::Greater => false,
    })
}
