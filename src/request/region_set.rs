//! The regions that a request of Signature Version 4A is good for.

use std::fmt;

use super::RequestError;

/// The header and the query parameter.
const NAME: &str = "X-Amz-Region-Set";
/// More regions than there are, with room for their commas.
const MAX_LENGTH: usize = 1024;
/// The longest name of a region, as in credential scopes.
const MAX_NAME: usize = 64;

/// The regions a request is signed for: names, or patterns in which `*` stands for any text, with commas between them
/// (`X-Amz-Region-Set`).
#[derive(Clone, PartialEq, Eq)]
pub struct RegionSet(String);

impl RegionSet {
    /// Reads a set: at least one region, each of 1 to 64 letters, digits and `-_.*`, at most 1,024 bytes in all.
    ///
    /// # Errors
    /// [`RequestError::Malformed`].
    pub fn parse(text: &str) -> Result<Self, RequestError> {
        let set = Self(text.to_owned());
        let well_formed = |name: &str| {
            (1..=MAX_NAME).contains(&name.len())
                && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.*".contains(&byte))
        };
        if text.len() > MAX_LENGTH || !set.patterns().all(well_formed) {
            return Err(RequestError::malformed(NAME, text));
        }
        Ok(set)
    }

    /// The set as it was signed.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a region of this name is in the set.
    #[must_use]
    pub fn includes(&self, region: &str) -> bool {
        self.patterns().any(|pattern| matches(pattern, region))
    }

    /// The one region of a set that names no other.
    #[must_use]
    pub fn only(&self) -> Option<&str> {
        let mut patterns = self.patterns();
        let first = patterns.next().filter(|first| !first.contains('*'));
        first.filter(|_| patterns.next().is_none())
    }

    fn patterns(&self) -> impl Iterator<Item = &str> {
        self.0.split(',').map(|name| name.trim_matches(' '))
    }
}

/// Tries no asterisk twice: what the first one that fits leaves is the most that any leaves.
fn matches(pattern: &str, region: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else {
        return pattern == region;
    };
    let (middle, end) = rest.rsplit_once('*').unwrap_or(("", rest));
    let Some(mut left) = region.strip_prefix(start) else { return false };
    for piece in middle.split('*') {
        let Some((_, after)) = left.split_once(piece) else { return false };
        left = after;
    }
    left.ends_with(end)
}

impl fmt::Display for RegionSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for RegionSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_includes_what_one_of_its_patterns_names() {
        for (set, region, included) in [
            ("eu-west-1", "eu-west-1", true),
            ("eu-west-1", "eu-west-11", false),
            ("eu-west-1", "EU-WEST-1", false),
            ("eu-west-11", "eu-west-1", false),
            ("*", "eu-west-1", true),
            ("eu-*", "eu-west-1", true),
            ("eu-*", "us-west-1", false),
            ("eu-*", "eu-", true),
            ("eu-*", "eu", false),
            ("*-west-*", "eu-west-1", true),
            ("*-west-*", "eu-east-1", false),
            ("*-1", "eu-west-1", true),
            ("*-1", "eu-west-2", false),
            ("e*t*1", "eu-west-1", true),
            ("a*a", "a", false),
            ("a*b*b", "ab", false),
            ("**", "eu-west-1", true),
            ("us-east-1,eu-west-1", "eu-west-1", true),
            ("us-east-1, eu-*", "eu-west-1", true),
            ("us-east-1,us-*", "eu-west-1", false),
        ] {
            assert_eq!(RegionSet::parse(set).unwrap().includes(region), included, "{set} {region}");
        }
    }

    #[test]
    fn one_region_is_one_without_an_asterisk() {
        for (set, only) in
            [("eu-west-1", Some("eu-west-1")), ("*", None), ("eu-*", None), ("eu-west-1,eu-west-2", None)]
        {
            assert_eq!(RegionSet::parse(set).unwrap().only(), only);
        }
    }

    #[test]
    fn sets_are_bounded_and_hold_names_alone() {
        let long = vec!["eu-west-1"; 103].join(",");
        for set in
            ["", ",", "eu-west-1,", ",eu-west-1", "eu west 1", "eu-west-1;x", "eu-w\u{e4}st-1", "/", "a\tb", &long]
        {
            assert!(matches!(RegionSet::parse(set), Err(RequestError::Malformed { .. })), "{set}");
        }
        assert!(RegionSet::parse(&"a".repeat(64)).is_ok() && RegionSet::parse(&"a".repeat(65)).is_err());
        assert!(RegionSet::parse(&vec!["eu-west-1"; 102].join(",")).is_ok());
    }
}
