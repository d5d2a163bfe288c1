//! Condition keys of a request: names without case, each with one value or a list of them.

use std::fmt;

/// The condition keys of one request.
///
/// A key set with [`Keys::with`] is single-valued, one set with [`Keys::with_list`] is multivalued whatever the length
/// of its list: only `ForAllValues:` and `ForAnyValue:` compare multivalued keys, and policy variables ignore them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Keys {
    /// In order of the hash of their names, so that a look-up touches few of them.
    entries: Vec<Entry>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Entry {
    name: KeyName,
    values: Values,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Values {
    One(Box<str>),
    Many(Box<[Box<str>]>),
}

/// What a request says of one key.
#[derive(Clone, Copy, Debug)]
pub(super) enum Found<'a> {
    One(&'a str),
    Many(&'a [Box<str>]),
}

impl<'a> Found<'a> {
    pub(super) fn iter(self) -> impl Iterator<Item = &'a str> {
        let (one, many): (Option<&str>, &[Box<str>]) = match self {
            Self::One(value) => (Some(value), &[]),
            Self::Many(values) => (None, values),
        };
        one.into_iter().chain(many.iter().map(AsRef::as_ref))
    }
}

impl Keys {
    /// No keys.
    #[must_use]
    pub const fn new() -> Self {
        Self { entries: Vec::new() }
    }

    /// These keys with `name` set to one value.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.set(name, value);
        self
    }

    /// These keys with `name` set to a list of values; an empty list leaves the key absent.
    #[must_use]
    pub fn with_list<V: Into<String>>(mut self, name: &str, values: impl IntoIterator<Item = V>) -> Self {
        self.set_list(name, values);
        self
    }

    /// Sets `name` to one value, in place of what it had.
    pub fn set(&mut self, name: &str, value: impl Into<String>) {
        self.replace(name, Some(Values::One(value.into().into_boxed_str())));
    }

    /// Sets `name` to a list of values, in place of what it had; an empty list leaves the key absent.
    pub fn set_list<V: Into<String>>(&mut self, name: &str, values: impl IntoIterator<Item = V>) {
        let values: Box<[Box<str>]> = values.into_iter().map(|value| value.into().into_boxed_str()).collect();
        self.replace(name, (!values.is_empty()).then_some(Values::Many(values)));
    }

    /// Sets every key of `other` as it is set there.
    pub fn extend(&mut self, other: &Self) {
        for entry in &other.entries {
            self.entries.retain(|own| own.name != entry.name);
            let place = self.entries.partition_point(|own| own.name.hash < entry.name.hash);
            self.entries.insert(place, entry.clone());
        }
    }

    /// Forgets every key whose name, in lower case, is `unwanted`.
    pub(crate) fn forget(&mut self, unwanted: impl Fn(&str) -> bool) {
        self.entries.retain(|entry| !unwanted(entry.name.folded()));
    }

    /// The values of `name`, none when it is absent.
    pub fn values(&self, name: &str) -> impl Iterator<Item = &str> {
        self.find(&KeyName::new(name)).into_iter().flat_map(Found::iter)
    }

    pub(super) fn find(&self, name: &KeyName) -> Option<Found<'_>> {
        let first = self.entries.partition_point(|entry| entry.name.hash < name.hash);
        let same = self.entries.iter().skip(first).take_while(|entry| entry.name.hash == name.hash);
        let entry = same.into_iter().find(|entry| entry.name == *name)?;
        Some(match &entry.values {
            Values::One(value) => Found::One(value),
            Values::Many(values) => Found::Many(values),
        })
    }

    fn replace(&mut self, name: &str, values: Option<Values>) {
        let name = KeyName::new(name);
        self.entries.retain(|entry| entry.name != name);
        if let Some(values) = values {
            let place = self.entries.partition_point(|entry| entry.name.hash < name.hash);
            self.entries.insert(place, Entry { name, values });
        }
    }
}

/// The name of a condition key: compared without case, tag keys after the slash too.
#[derive(Clone)]
pub(super) struct KeyName {
    hash: u64,
    folded: Box<str>,
    written: Box<str>,
}

impl KeyName {
    pub(super) fn new(written: &str) -> Self {
        let folded = written.to_lowercase().into_boxed_str();
        Self { hash: hash(&folded), folded, written: written.into() }
    }

    /// The name in lower case.
    pub(super) fn folded(&self) -> &str {
        &self.folded
    }
}

impl PartialEq for KeyName {
    fn eq(&self, other: &Self) -> bool {
        self.hash == other.hash && self.folded == other.folded
    }
}

impl Eq for KeyName {}

impl fmt::Display for KeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.written)
    }
}

impl fmt::Debug for KeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.written, f)
    }
}

/// FNV-1a, 64 bits. Whoever picks colliding names gains nothing: equal hashes are always followed by equal text.
pub(super) fn hash(text: &str) -> u64 {
    text.bytes().fold(0xCBF2_9CE4_8422_2325, |state, byte| (state ^ u64::from(byte)).wrapping_mul(0x100_0000_01B3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_no_case_and_the_last_value_stands() {
        let keys = Keys::new().with("aws:PrincipalTag/Team", "cats").with("AWS:principaltag/TEAM", "dogs");
        assert_eq!(keys.values("aws:principalTag/team").collect::<Vec<_>>(), ["dogs"]);
        assert_eq!(keys.values("aws:PrincipalTag/other").count(), 0);
    }

    #[test]
    fn an_empty_list_is_an_absent_key() {
        let keys = Keys::new().with_list("aws:TagKeys", ["a", "b"]);
        assert_eq!(keys.values("aws:tagkeys").collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(keys.with_list("aws:TagKeys", [""; 0]), Keys::new());
    }

    #[test]
    fn a_hundred_keys_are_each_found() {
        let mut keys = Keys::new();
        for n in 0..100 {
            keys.set(&format!("aws:RequestTag/{n}"), n.to_string());
        }
        for n in 0..100 {
            assert_eq!(keys.values(&format!("aws:requesttag/{n}")).collect::<Vec<_>>(), [n.to_string()]);
        }
    }
}
