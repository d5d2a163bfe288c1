//! What answers are made of: named values, which XML writes as text and JSON by their types.

use std::fmt;

use serde::ser::{Serialize, Serializer};
use zeroize::Zeroizing;

use crate::time::Timestamp;

/// The most bytes of a number, a flag or an instant.
const LONGEST_VALUE: usize = 20;
/// Bytes around the key of a map's entry.
const ENTRY: usize = "<entry><key></key></entry>".len();

/// One element of an answer.
pub(in crate::http) enum Element {
    /// An element that holds text.
    Text(&'static str, String),
    /// An element that holds a secret; wiped when dropped.
    Secret(&'static str, Zeroizing<String>),
    /// An element that holds a whole number.
    Number(&'static str, u64),
    /// An element that holds `true` or `false`.
    Flag(&'static str, bool),
    /// An element that holds an instant, to the second.
    Instant(&'static str, Timestamp),
    /// An element that holds elements.
    Group(&'static str, Vec<Self>),
    /// An element that holds any number of elements of one shape; what they are called does not matter.
    List(&'static str, Vec<Self>),
    /// An element that holds values by keys.
    Map(&'static str, Vec<(String, Self)>),
}

impl fmt::Debug for Element {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.name())?;
        match self {
            Self::Text(_, value) => write!(f, "{value:?}"),
            Self::Secret(..) => write!(f, "redacted"),
            Self::Number(_, value) => write!(f, "{value}"),
            Self::Flag(_, value) => write!(f, "{value}"),
            Self::Instant(_, value) => write!(f, "{value}"),
            Self::Group(_, elements) | Self::List(_, elements) => write!(f, "{elements:?}"),
            Self::Map(_, entries) => write!(f, "{entries:?}"),
        }
    }
}

impl Element {
    /// An element that holds text.
    pub(in crate::http) fn text(name: &'static str, value: impl Into<String>) -> Self {
        Self::Text(name, value.into())
    }

    /// An element that holds a secret, which its owner is shown.
    pub(in crate::http) fn secret(name: &'static str, value: impl Into<String>) -> Self {
        Self::Secret(name, Zeroizing::new(value.into()))
    }

    /// An element that holds a whole number.
    pub(in crate::http) fn number(name: &'static str, value: impl TryInto<u64>) -> Self {
        Self::Number(name, value.try_into().unwrap_or(u64::MAX))
    }

    /// An element that holds a policy document, which is percent-encoded (RFC 3986, 2.1) as IAM writes it.
    pub(in crate::http) fn document(name: &'static str, document: &str) -> Self {
        Self::Text(name, percent_encoded(document))
    }

    /// A list of structures.
    pub(in crate::http) fn list(name: &'static str, members: impl IntoIterator<Item = Vec<Self>>) -> Self {
        Self::List(name, members.into_iter().map(|member| Self::Group("member", member)).collect())
    }

    /// A list of texts.
    pub(in crate::http) fn texts<T: Into<String>>(name: &'static str, members: impl IntoIterator<Item = T>) -> Self {
        Self::List(name, members.into_iter().map(|member| Self::text("member", member)).collect())
    }

    /// Values by keys; each value is an element called `value`.
    pub(in crate::http) fn map<K: Into<String>>(
        name: &'static str,
        entries: impl IntoIterator<Item = (K, Self)>,
    ) -> Self {
        Self::Map(name, entries.into_iter().map(|(key, value)| (key.into(), value)).collect())
    }

    const fn name(&self) -> &'static str {
        match self {
            Self::Text(name, _)
            | Self::Secret(name, _)
            | Self::Number(name, _)
            | Self::Flag(name, _)
            | Self::Instant(name, _)
            | Self::Group(name, _)
            | Self::List(name, _)
            | Self::Map(name, _) => name,
        }
    }

    /// Writes the element as XML.
    pub(super) fn write_xml(&self, to: &mut String) {
        open(to, self.name());
        match self {
            Self::Text(_, value) => escape(value, to),
            Self::Secret(_, value) => escape(value, to),
            Self::Number(_, value) => to.push_str(&value.to_string()),
            Self::Flag(_, value) => to.push_str(if *value { "true" } else { "false" }),
            Self::Instant(_, value) => to.push_str(&value.to_string()),
            Self::Group(_, elements) | Self::List(_, elements) => {
                elements.iter().for_each(|element| element.write_xml(to));
            }
            Self::Map(_, entries) => entries.iter().for_each(|(key, value)| {
                open(to, "entry");
                open(to, "key");
                escape(key, to);
                close(to, "key");
                value.write_xml(to);
                close(to, "entry");
            }),
        }
        close(to, self.name());
    }

    /// Bytes that the element takes in either form where nothing in it has to be escaped.
    pub(super) fn room(&self) -> usize {
        let inside = match self {
            Self::Text(_, value) => value.len(),
            Self::Secret(_, value) => value.len(),
            Self::Number(..) | Self::Flag(..) | Self::Instant(..) => LONGEST_VALUE,
            Self::Group(_, elements) | Self::List(_, elements) => elements.iter().map(Self::room).sum(),
            Self::Map(_, entries) => {
                entries.iter().map(|(key, value)| value.room().saturating_add(ENTRY).saturating_add(key.len())).sum()
            }
        };
        inside.saturating_add("<></>".len()).saturating_add(self.name().len().saturating_mul(2))
    }
}

/// The value of an element in JSON: an instant is a number of seconds since 1970.
impl Serialize for Element {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(_, value) => serializer.serialize_str(value),
            Self::Secret(_, value) => serializer.serialize_str(value),
            Self::Number(_, value) => serializer.serialize_u64(*value),
            Self::Flag(_, value) => serializer.serialize_bool(*value),
            Self::Instant(_, value) => serializer.serialize_i64(value.unix_seconds()),
            Self::Group(_, elements) => Members(elements).serialize(serializer),
            Self::List(_, elements) => serializer.collect_seq(elements),
            Self::Map(_, entries) => serializer.collect_map(entries.iter().map(|(key, value)| (key, value))),
        }
    }
}

/// Elements as the members of an object of JSON.
pub(super) struct Members<'a>(pub(super) &'a [Element]);

impl Serialize for Members<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|element| (element.name(), element)))
    }
}

/// Writes an opening tag.
pub(super) fn open(to: &mut String, name: &str) {
    to.extend(["<", name, ">"]);
}

/// Writes a closing tag.
pub(super) fn close(to: &mut String, name: &str) {
    to.extend(["</", name, ">"]);
}

fn escape(value: &str, to: &mut String) {
    // Most text, a session token above all, needs nothing.
    if value.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'&' | b'<' | b'>')) {
        to.push_str(value);
        return;
    }
    for character in value.chars() {
        match character {
            '&' => to.push_str("&amp;"),
            '<' => to.push_str("&lt;"),
            '>' => to.push_str("&gt;"),
            '\r' => to.push_str("&#xD;"),
            // XML 1.0, 2.2 has no way to write the other control characters.
            control
                if (control.is_control() && !matches!(control, '\n' | '\t'))
                    || matches!(control, '\u{FFFE}' | '\u{FFFF}') =>
            {
                to.push('\u{FFFD}')
            }
            other => to.push(other),
        }
    }
}

fn percent_encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len().saturating_mul(2));
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(byte.into());
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn text_cannot_become_markup() {
        let mut xml = String::new();
        Element::text("Message", "</Message><Code>x\u{0}\u{FFFF}").write_xml(&mut xml);
        assert_eq!(xml, "<Message>&lt;/Message&gt;&lt;Code&gt;x\u{FFFD}\u{FFFD}</Message>");
    }

    #[test]
    fn lists_have_members_and_documents_are_percent_encoded() {
        let mut xml = String::new();
        Element::list("Tags", [vec![Element::text("Key", "k")]]).write_xml(&mut xml);
        Element::texts("Names", ["a", "b"]).write_xml(&mut xml);
        Element::document("Document", "{\"A\": \"*+é\"}").write_xml(&mut xml);
        let expected = "<Tags><member><Key>k</Key></member></Tags><Names><member>a</member><member>b</member></Names>\
                        <Document>%7B%22A%22%3A%20%22%2A%2B%C3%A9%22%7D</Document>";
        assert_eq!(xml, expected);
    }

    #[test]
    fn a_map_has_entries() {
        let mut xml = String::new();
        Element::map("M", [("a<", Element::number("value", 1_usize))]).write_xml(&mut xml);
        assert_eq!(xml, "<M><entry><key>a&lt;</key><value>1</value></entry></M>");
    }

    #[test]
    fn a_secret_is_written_like_a_text_and_not_printed_like_one() {
        let (mut xml, secret) = (String::new(), Element::secret("SecretAccessKey", "a/b"));
        secret.write_xml(&mut xml);
        assert_eq!((xml.as_str(), xml.len()), ("<SecretAccessKey>a/b</SecretAccessKey>", secret.room()));
        assert_eq!(format!("{secret:?}"), "SecretAccessKey: redacted");
        let group = Element::Group("AccessKey", vec![Element::text("UserName", "ana"), secret]);
        let mut whole = String::new();
        group.write_xml(&mut whole);
        assert_eq!(whole.len(), group.room());
        assert!(serde_json::to_string(&group).unwrap().len() <= group.room());
    }

    #[test]
    fn json_has_the_types_of_values() {
        let elements = [
            Element::list("Tags", [vec![Element::text("Key", "k\"")]]),
            Element::texts("Names", ["a"]),
            Element::secret("Secret", "s"),
            Element::list("None", []),
            Element::Group("Empty", Vec::new()),
            Element::number("Size", 3_u32),
            Element::Flag("Is", true),
            Element::Instant("At", Timestamp::from_unix_millis(1_500)),
            Element::map("M", [("a", Element::number("value", 1_usize))]),
        ];
        let expected = json!({"Tags": [{"Key": "k\""}], "Names": ["a"], "Secret": "s", "None": [], "Empty": {}, "Size": 3,
            "Is": true, "At": 1, "M": {"a": 1}});
        assert_eq!(serde_json::to_value(Members(&elements)).unwrap(), expected);
    }
}
