//! Session tags: key and value pairs that conditions may test, within the limits of STS.

use std::collections::{BTreeMap, BTreeSet};

use super::SessionError;
use crate::policy::Keys;

/// The most tags of one session.
pub const MAX_TAGS: usize = 50;

/// The longest key of a tag, in characters.
const MAX_KEY: usize = 128;

/// The longest value of a tag, in characters.
const MAX_VALUE: usize = 256;

/// Principal tags of a session, and which of them are carried into further roles.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tags {
    values: BTreeMap<String, String>,
    transitive: Vec<String>,
}

impl Tags {
    /// Tags within the limits: at most 50, keys of 1 to 128 and values of up to 256 allowed characters, keys unique
    /// without regard to case, transitive keys among them.
    ///
    /// # Errors
    /// [`SessionError::Tag`] naming the rule that was broken.
    pub fn new(values: BTreeMap<String, String>, transitive: Vec<String>) -> Result<Self, SessionError> {
        let refuse = |rule: &'static str| Err(SessionError::Tag { rule });
        if values.len() > MAX_TAGS || transitive.len() > MAX_TAGS {
            return refuse("a session carries at most 50 tags");
        }
        let mut folded = BTreeSet::new();
        for (key, value) in &values {
            if !(1..=MAX_KEY).contains(&key.chars().count()) || !key.chars().all(is_tag_character) {
                return refuse("a tag key is 1 to 128 letters, spaces, digits and _.:/=+-@");
            }
            if key.to_ascii_lowercase().starts_with("aws:") {
                return refuse("a tag key must not begin with aws:");
            }
            if value.chars().count() > MAX_VALUE || !value.chars().all(is_tag_character) {
                return refuse("a tag value is at most 256 letters, spaces, digits and _.:/=+-@");
            }
            if !folded.insert(key.to_lowercase()) {
                return refuse("Duplicate tag keys found. Please note that Tag keys are case insensitive.");
            }
        }
        if !transitive.iter().all(|key| folded.contains(&key.to_lowercase())) {
            return refuse("The specified transitive tag key must be included in the requested tags.");
        }
        let mut seen = BTreeSet::new();
        let transitive = transitive.into_iter().filter(|key| seen.insert(key.to_lowercase())).collect();
        Ok(Self { values, transitive })
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// The tags by key.
    #[must_use]
    pub const fn values(&self) -> &BTreeMap<String, String> {
        &self.values
    }

    /// Keys of the tags carried into further roles.
    #[must_use]
    pub fn transitive(&self) -> &[String] {
        &self.transitive
    }

    /// Adds the condition keys of a call that sets these tags: `aws:RequestTag/…`, `aws:TagKeys`, `sts:TransitiveTagKeys`.
    pub(crate) fn request_keys(&self, keys: &mut Keys) {
        for (key, value) in &self.values {
            keys.set(&format!("aws:RequestTag/{key}"), value.as_str());
        }
        keys.set_list("aws:TagKeys", self.values.keys().map(String::as_str));
        keys.set_list("sts:TransitiveTagKeys", self.transitive.iter().map(String::as_str));
    }

    /// The tags that are carried into further roles, with their values.
    pub(super) fn carried(&self) -> impl Iterator<Item = (&String, &String)> {
        let is_carried = |key: &str| self.transitive.iter().any(|carried| carried.to_lowercase() == key.to_lowercase());
        self.values.iter().filter(move |(key, _)| is_carried(key))
    }

    /// These tags with those `inherited` from the calling session added.
    ///
    /// # Errors
    /// [`SessionError::Tag`] when one of these would override an inherited tag, or there are more than 50 together.
    pub(super) fn inheriting(mut self, inherited: &Self) -> Result<Self, SessionError> {
        // Keys are compared as condition keys are, beyond ASCII too: `ä` would otherwise stand over an inherited `Ä`.
        for key in inherited.transitive.iter().map(|key| key.to_lowercase()) {
            if self.values.keys().any(|own| own.to_lowercase() == key) {
                return Err(SessionError::Tag {
                    rule: "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from the calling session.",
                });
            }
            if let Some((key, value)) = inherited.values.iter().find(|(own, _)| own.to_lowercase() == key) {
                self.values.insert(key.clone(), value.clone());
                self.transitive.push(key.clone());
            }
        }
        Self::new(self.values, self.transitive)
    }
}

/// `[\p{L}\p{Z}\p{N}_.:/=+\-@]`
fn is_tag_character(character: char) -> bool {
    character.is_alphanumeric()
        || (character.is_whitespace() && !character.is_control())
        || "_.:/=+-@".contains(character)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tags(pairs: &[(&str, &str)], transitive: &[&str]) -> Result<Tags, SessionError> {
        let values = pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        Tags::new(values, transitive.iter().map(|key| (*key).to_owned()).collect())
    }

    #[test]
    fn tags_hold_to_their_limits() {
        assert!(tags(&[("team", "cats"), ("", "x")], &[]).is_err());
        assert!(tags(&[("aws:x", "x")], &[]).is_err());
        assert!(tags(&[("team", "*")], &[]).is_err());
        assert!(tags(&[("team", "a\nb")], &[]).is_err());
        assert!(tags(&[("team", "a"), ("Team", "b")], &[]).is_err());
        assert!(tags(&[("team", "a")], &["stage"]).is_err());
        assert!(tags(&[("team", "cats & dogs".replace('&', "+").as_str())], &["team"]).is_ok());
    }

    #[test]
    fn transitive_tags_are_inherited_and_cannot_be_overridden() {
        let parent = tags(&[("team", "cats"), ("stage", "one")], &["team"]).unwrap();
        let child = tags(&[("stage", "two")], &[]).unwrap().inheriting(&parent).unwrap();
        assert_eq!(child.values().get("team").map(String::as_str), Some("cats"));
        assert_eq!(child.values().get("stage").map(String::as_str), Some("two"));
        assert_eq!(child.transitive(), ["team"]);
        assert!(tags(&[("TEAM", "dogs")], &[]).unwrap().inheriting(&parent).is_err());
        let parent = tags(&[("Ä", "cats")], &["Ä"]).unwrap();
        assert!(tags(&[("ä", "dogs")], &[]).unwrap().inheriting(&parent).is_err(), "case beyond ASCII");
    }

    #[test]
    fn a_transitive_key_named_twice_is_inherited_once() {
        let parent = tags(&[("team", "cats")], &["team", "Team"]).unwrap();
        assert_eq!(parent.transitive(), ["team"]);
        assert_eq!(Tags::default().inheriting(&parent).unwrap(), parent);
    }

    #[test]
    fn inherited_and_own_tags_are_at_most_fifty_together() {
        let many = |prefix: &str, count: usize| -> Vec<(String, String)> {
            (0..count).map(|n| (format!("{prefix}{n}"), String::new())).collect()
        };
        let parent = many("parent", 30);
        let keys = parent.iter().map(|(key, _)| key.clone()).collect();
        let parent = Tags::new(parent.into_iter().collect(), keys).unwrap();
        let own = |count| Tags::new(many("own", count).into_iter().collect(), Vec::new()).unwrap();
        assert!(own(20).inheriting(&parent).is_ok());
        assert!(own(21).inheriting(&parent).is_err());
    }
}
