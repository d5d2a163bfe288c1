//! One JSON object of a batch, by the names of its fields, so that what is wrong can be said of the field it is wrong in.

use std::collections::BTreeMap;
use std::fmt;

use daypass::time::Timestamp;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::error::InputError;

/// What a line calls itself, as it was written; none where it does not, which is answered with null.
pub(crate) type Id = Option<Box<RawValue>>;

/// The fields of one object, each as it was written.
#[derive(Debug)]
pub(crate) struct Fields<'l>(BTreeMap<String, &'l RawValue>);

impl<'l> Fields<'l> {
    /// Reads an object in which no field is given twice; `place` is what it is called when it is none.
    pub(crate) fn parse(text: &'l str, place: &str) -> Result<Self, InputError> {
        Members::parse(text, place)?.each_once(place)
    }

    /// Reads the object of a line, and its `id` also where something else is wrong with it.
    pub(crate) fn with_id(text: &'l str, place: &str) -> (Id, Result<Self, InputError>) {
        match Members::parse(text, place) {
            Ok(members) => (members.id(), members.each_once(place)),
            Err(error) => (None, Err(error)),
        }
    }

    /// Refuses every field but these.
    pub(crate) fn none_but(&self, inside: &str, known: &[&str]) -> Result<(), InputError> {
        match self.0.keys().find(|name| !known.contains(&name.as_str())) {
            Some(other) => Err(unknown(inside, other, known)),
            None => Ok(()),
        }
    }

    /// Refuses a field that is a slip away from one of these: misspelt, it would be taken for left out. Any other is
    /// somebody's note beside the case.
    pub(crate) fn not_misspelt(&self, known: &[&str]) -> Result<(), InputError> {
        let mut fields = self.0.keys().filter(|name| !known.contains(&name.as_str()));
        // Short names are a letter away from too much.
        let meant = |name: &String| known.iter().any(|field| field.len() > 3 && is_slip(name, field));
        let found = fields.find(|name| meant(name));
        found.map_or(Ok(()), |other| Err(unknown("", other, known)))
    }

    /// Refuses a field whose name speaks of `topics` and is none of these: a limit under another name would be left out.
    pub(crate) fn not_another(&self, known: &[&str], topics: &[&str]) -> Result<(), InputError> {
        let speaks = |name: &str| topics.iter().any(|topic| name.to_ascii_lowercase().contains(topic));
        let mut fields = self.0.keys().filter(|name| !known.contains(&name.as_str()));
        let found = fields.find(|name| speaks(name));
        found.map_or(Ok(()), |other| Err(unknown("", other, known)))
    }

    /// A field as it was written; none for null.
    pub(crate) fn raw(&self, name: &str) -> Option<&'l str> {
        self.0.get(name).map(|raw| raw.get()).filter(|text| *text != "null")
    }

    /// A field, if it is there and not null.
    pub(crate) fn read<T: Deserialize<'l>>(&self, name: &str, expected: &str) -> Result<Option<T>, InputError> {
        let Some(raw) = self.raw(name) else { return Ok(None) };
        serde_json::from_str(raw).map(Some).map_err(|_| InputError::new(name, format!("expected {expected}")))
    }

    /// A field that must be there.
    pub(crate) fn require<T: Deserialize<'l>>(&self, name: &str, expected: &str) -> Result<T, InputError> {
        self.read(name, expected)?.ok_or_else(|| InputError::new(name, format!("missing; expected {expected}")))
    }

    /// A text, empty where there is none.
    pub(crate) fn text(&self, name: &str) -> Result<String, InputError> {
        Ok(self.read(name, "text")?.unwrap_or_default())
    }

    /// A list of texts, or one text for a list of one.
    pub(crate) fn texts(&self, name: &str) -> Result<Vec<String>, InputError> {
        match self.read(name, "text or a list of texts")? {
            None => Ok(Vec::new()),
            Some(OneOrMany::One(text)) => Ok(vec![text]),
            Some(OneOrMany::Many(texts)) => Ok(texts),
        }
    }

    /// An instant: RFC 3339, or the seconds since 1970 that tokens count in.
    pub(crate) fn instant(&self, name: &str) -> Result<Option<Timestamp>, InputError> {
        let expected = "RFC 3339 text, such as 2026-01-31T12:00:00Z, or seconds since 1970";
        let read = match self.read::<Value>(name, expected)? {
            None => return Ok(None),
            Some(Value::String(text)) => Timestamp::parse_rfc3339(&text).ok(),
            Some(number) => number.as_i64().filter(|seconds| *seconds >= 0).map(Timestamp::from_unix_seconds),
        };
        read.map(Some).ok_or_else(|| InputError::new(name, format!("expected {expected}")))
    }

    /// Every field that is not null, in order of their names.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &'l str)> {
        self.0.iter().map(|(name, raw)| (name.as_str(), raw.get())).filter(|(_, text)| *text != "null")
    }
}

/// The fields of one object in the order in which they stand, those that are given twice too.
struct Members<'l>(Vec<(String, &'l RawValue)>);

impl<'l> Members<'l> {
    fn parse(text: &'l str, place: &str) -> Result<Self, InputError> {
        let read = serde_json::from_str(text);
        read.map_err(|error| InputError::new(place, format!("expected a JSON object: {error}")))
    }

    fn id(&self) -> Id {
        let mut ids = self.0.iter().filter(|(name, _)| name == "id");
        match (ids.next(), ids.next()) {
            (Some((_, only)), None) => Some((*only).to_owned()),
            _ => None,
        }
    }

    /// Whoever keeps the last of two, or the first, reads another case than somebody else.
    fn each_once(self, place: &str) -> Result<Fields<'l>, InputError> {
        let mut fields = BTreeMap::new();
        for (name, raw) in self.0 {
            if fields.contains_key(&name) {
                let problem = format!("the field {name:?} is given twice in one object; expected each field once");
                return Err(InputError::new(place, problem));
            }
            fields.insert(name, raw);
        }
        Ok(Fields(fields))
    }
}

impl<'l> Deserialize<'l> for Members<'l> {
    fn deserialize<D: Deserializer<'l>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'l> Visitor<'l> for Reader {
            type Value = Members<'l>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'l>>(self, mut access: A) -> Result<Members<'l>, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = access.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Reader)
    }
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

fn unknown(inside: &str, name: &str, known: &[&str]) -> InputError {
    let name = format!("{inside}{name}");
    InputError::new(format!("unknown field {name:?}"), format!("expected one of {}", known.join(", ")))
}

/// Whether `written` is `meant` but for case, or for one letter too many, too few, wrong, or two that changed places.
fn is_slip(written: &str, meant: &str) -> bool {
    let (written, meant) = (written.to_ascii_lowercase(), meant.to_ascii_lowercase());
    let (mut written, mut meant): (Vec<u8>, Vec<u8>) = (written.into_bytes(), meant.into_bytes());
    while written.last().is_some() && written.last() == meant.last() {
        written.pop();
        meant.pop();
    }
    let same = written.iter().zip(&meant).take_while(|(one, other)| one == other).count();
    match (written.get(same..), meant.get(same..)) {
        (Some([] | [_]), Some([] | [_])) => true,
        (Some([one, two]), Some([three, four])) => (one, two) == (four, three),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_one_letter_and_a_note_is_none() {
        for slip in ["nonse", "nonc", "noncee", "nnoce", "Nonce", "onnce"] {
            assert!(is_slip(slip, "nonce"), "{slip}");
        }
        for note in ["expect", "comment", "note", "no", "token", "nonsense", "ecnon", ""] {
            assert!(!is_slip(note, "nonce"), "{note}");
        }
    }
}
