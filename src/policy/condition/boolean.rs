//! `Bool`.

use super::{Keys, Pattern, Syntax};

/// The truth values of a condition, in any case.
#[derive(Clone, Debug)]
pub(super) struct Booleans(Box<[Pattern]>);

impl Booleans {
    pub(super) fn parse(values: &[Box<str>], syntax: Syntax) -> Result<Self, &'static str> {
        super::each(values, |value| {
            let pattern = Pattern::parse(value, syntax.without_wildcards())?;
            let sound = pattern.literal().is_none_or(is_boolean);
            if sound { Ok(pattern) } else { Err("true or false") }
        })
        .map(Self)
    }

    pub(super) fn fits(&self, found: &str, keys: &Keys) -> bool {
        is_boolean(found) && self.0.iter().any(|pattern| pattern.equals_ignoring_case(found, keys))
    }

    pub(super) fn patterns(&self) -> impl Iterator<Item = &Pattern> {
        self.0.iter()
    }
}

fn is_boolean(text: &str) -> bool {
    text.eq_ignore_ascii_case("true") || text.eq_ignore_ascii_case("false")
}
