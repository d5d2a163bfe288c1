//! One JSON object of a batch, by the names of its fields, so that what is wrong can be said of the field it is wrong in.

use std::collections::BTreeMap;

use daypass::time::Timestamp;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::error::InputError;

/// The fields of one object, each as it was written.
#[derive(Debug)]
pub(crate) struct Fields<'l>(BTreeMap<String, &'l RawValue>);

impl<'l> Fields<'l> {
    /// Reads an object; `place` is what it is called when it is none.
    pub(crate) fn parse(text: &'l str, place: &str) -> Result<Self, InputError> {
        match serde_json::from_str(text) {
            Ok(fields) => Ok(Self(fields)),
            Err(error) => Err(InputError::new(place, format!("expected a JSON object: {error}"))),
        }
    }

    /// Refuses a field that is a slip away from one of these: misspelt, it would be taken for left out. Any other is
    /// somebody's note beside the case. `inside` names the object.
    pub(crate) fn not_misspelt(&self, inside: &str, known: &[&str]) -> Result<(), InputError> {
        let unknown = self.0.keys().filter(|name| !known.contains(&name.as_str()));
        // Short names are a letter away from too much.
        let meant = |name: &String| known.iter().any(|field| field.len() > 3 && is_slip(name, field));
        let Some(other) = unknown.into_iter().find(|name| meant(name)) else { return Ok(()) };
        let other = format!("{inside}{other}");
        Err(InputError::new(format!("unknown field {other:?}"), format!("expected one of {}", known.join(", "))))
    }

    /// Refuses a field whose name speaks of `topics` and is none of these: a limit under another name would be left out.
    pub(crate) fn not_another(&self, known: &[&str], topics: &[&str]) -> Result<(), InputError> {
        let speaks = |name: &str| topics.iter().any(|topic| name.to_ascii_lowercase().contains(topic));
        let mut unknown = self.0.keys().filter(|name| !known.contains(&name.as_str()));
        let Some(other) = unknown.find(|name| speaks(name)) else { return Ok(()) };
        Err(InputError::new(format!("unknown field {other:?}"), format!("expected one of {}", known.join(", "))))
    }

    /// The `id`, whatever it is; null where there is none.
    pub(crate) fn id(&self) -> Value {
        self.0.get("id").and_then(|raw| serde_json::from_str(raw.get()).ok()).unwrap_or(Value::Null)
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

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
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
