//! `ArnEquals`, which is `ArnLike`, and their negations: part by part, wildcards in any.

use super::{KeyName, Keys, Pattern, Syntax};
use crate::policy::pattern::{ArnPattern, arn_parts};

/// The ARNs of a condition.
#[derive(Clone, Debug)]
pub(super) struct Arns(Box<[Own]>);

#[derive(Clone, Debug)]
enum Own {
    Anything,
    Parts(ArnPattern),
}

impl Arns {
    pub(super) fn parse(values: &[Box<str>], syntax: Syntax) -> Result<Self, &'static str> {
        super::each(values, |value| {
            let whole = Pattern::parse(value, syntax)?;
            if whole.is_anything() {
                return Ok(Own::Anything);
            }
            let pattern = ArnPattern::parse(value, syntax)?;
            // All six parts, or a last * that stands for some of them, or one variable that stands for all of them.
            let complete = match pattern.parts() {
                [_] => whole.keys().next().is_some(),
                parts => parts.len() == 6 || value.ends_with('*'),
            };
            if complete { Ok(Own::Parts(pattern)) } else { Err("an ARN, in which parts may hold wildcards") }
        })
        .map(Self)
    }

    pub(super) fn fits(&self, found: &str, keys: &Keys) -> bool {
        self.0.iter().any(|own| match own {
            Own::Anything => true,
            Own::Parts(pattern) if pattern.parts().len() == 1 => {
                pattern.parts().iter().all(|whole| whole.matches(found, keys))
            }
            Own::Parts(pattern) => arn_parts(found).is_some_and(|parts| pattern.matches(parts, keys)),
        })
    }

    /// Whether one of them is any ARN, whatever stands before its first colon.
    pub(super) fn is_open(&self, key: &KeyName) -> bool {
        self.0.iter().any(|own| match own {
            Own::Anything => true,
            Own::Parts(pattern) => match pattern.parts() {
                [whole] => whole.is_open(key),
                [_, rest @ ..] => rest.iter().all(|part| part.is_open(key)),
                [] => false,
            },
        })
    }

    pub(super) fn patterns(&self) -> impl Iterator<Item = &Pattern> {
        self.0.iter().flat_map(|own| match own {
            Own::Anything => &[],
            Own::Parts(pattern) => pattern.parts(),
        })
    }
}
