//! Strict, bounded JSON (RFC 8259) in which every value knows where it stands.
//!
//! Enters: untrusted bytes and [`Limits`]. Leaves: a [`Value`] tree that borrows from them. Refused: a key given twice
//! (two readers that keep different members of the pair read two different documents), anything past the limits,
//! text that is not UTF-8, lone surrogates, and every extension of the grammar.

mod slip;

use std::borrow::Cow;
use std::fmt;

pub(crate) use slip::character as slip;

/// A place in a document, counted from one; columns count characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
pub struct Position {
    /// The line, from 1.
    pub line: u32,
    /// The character of the line, from 1.
    pub column: u32,
}

impl Position {
    /// The place that follows a text which starts a document.
    pub(crate) fn after(text: &str) -> Self {
        Self { line: 1, column: 1 }.past(text.as_bytes())
    }

    /// The place after one character, no line break, that stands here.
    pub(crate) fn next(self) -> Self {
        Self { column: self.column.saturating_add(1), ..self }
    }

    /// How many bytes of a document precede this place of it.
    pub(crate) fn offset(self, document: &str) -> Option<usize> {
        let index = |number: u32| usize::try_from(number).ok()?.checked_sub(1);
        let mut lines = document.match_indices('\n').map(|(at, _)| at.saturating_add(1));
        let start = index(self.line)?.checked_sub(1).map_or(Some(0), |before| lines.nth(before))?;
        let (line, column) = (document.get(start..)?, index(self.column)?);
        let mut characters = line.char_indices().map(|(at, _)| at).chain([line.len()]);
        characters.nth(column)?.checked_add(start)
    }

    /// The place that follows `bytes` which stand here.
    fn past(mut self, bytes: &[u8]) -> Self {
        for byte in bytes {
            if *byte == b'\n' {
                self = Self { line: self.line.saturating_add(1), column: 1 };
            } else {
                // A character counts once, at its first byte.
                self.column = self.column.saturating_add(u32::from(byte & 0xC0 != 0x80));
            }
        }
        self
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}", self.line, self.column)
    }
}

/// Text that is not the JSON that was asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JsonError {
    /// The text is longer than the limit.
    #[error("the document is too long")]
    TooLong {
        /// The length in bytes.
        bytes: usize,
        /// The most that is read.
        limit: usize,
    },
    /// Arrays and objects are nested deeper than the limit.
    #[error("the document is nested too deeply")]
    TooDeep {
        /// Where the limit was passed.
        at: Position,
        /// The most levels that are read.
        limit: usize,
    },
    /// There are more values than the limit.
    #[error("the document holds too many values")]
    TooMany {
        /// Where the limit was passed.
        at: Position,
        /// The most values that are read.
        limit: usize,
    },
    /// The bytes are not UTF-8.
    #[error("the document is not UTF-8")]
    Encoding,
    /// An object gives one key twice.
    #[error("a key is given twice")]
    DuplicateKey {
        /// Where the second one stands.
        at: Position,
        /// The key.
        key: String,
    },
    /// The grammar wants something else here.
    #[error("the document is not valid JSON")]
    Syntax {
        /// Where it goes wrong.
        at: Position,
        /// What could have stood here.
        expected: &'static str,
        /// What stands here, where it is a slip that people make; empty for anything else.
        found: &'static str,
    },
}

impl JsonError {
    /// Where the document goes wrong, unless all of it does.
    #[must_use]
    pub fn position(&self) -> Option<Position> {
        match self {
            Self::TooLong { .. } | Self::Encoding => None,
            Self::TooDeep { at, .. } | Self::TooMany { at, .. } => Some(*at),
            Self::DuplicateKey { at, .. } | Self::Syntax { at, .. } => Some(*at),
        }
    }

    /// What was wrong, for logs and audit.
    #[must_use]
    pub fn reason(&self) -> String {
        match self {
            Self::TooLong { bytes, limit } => format!("{bytes} bytes, at most {limit} are read"),
            Self::TooDeep { at, limit } => format!("{at}: more than {limit} levels"),
            Self::TooMany { at, limit } => format!("{at}: more than {limit} values"),
            Self::Encoding => self.to_string(),
            Self::DuplicateKey { at, key } => {
                format!("{at}: the key {key:?} is given twice in one object; expected each key once")
            }
            Self::Syntax { at, expected, found: "" } => format!("{at}: expected {expected}"),
            Self::Syntax { at, expected, found } => format!("{at}: expected {expected}, found {found}"),
        }
    }
}

/// How much of a document is read before it is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limits {
    /// Bytes of text.
    pub(crate) bytes: usize,
    /// Levels of arrays and objects.
    pub(crate) depth: usize,
    /// Values of any kind, keys not counted.
    pub(crate) values: usize,
}

/// One value and where it starts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Value<'a> {
    /// Its first character.
    pub(crate) at: Position,
    /// The place after its last character.
    pub(crate) end: Position,
    /// What it holds.
    pub(crate) data: Data<'a>,
}

/// What a value holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Data<'a> {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number, as it is written: rounding is the reader's decision.
    Number(&'a str),
    /// Text, its escapes replaced.
    String(Cow<'a, str>),
    /// Values in order.
    Array(Vec<Value<'a>>),
    /// Members in order, each key once.
    Object(Vec<Member<'a>>),
}

/// One key of an object with its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Member<'a> {
    /// Where the key starts.
    pub(crate) at: Position,
    /// The key, its escapes replaced.
    pub(crate) key: Cow<'a, str>,
    /// The value.
    pub(crate) value: Value<'a>,
}

impl<'a> Value<'a> {
    /// The text, if this is a string.
    pub(crate) fn as_str(&self) -> Option<&str> {
        match &self.data {
            Data::String(text) => Some(text),
            Data::Null | Data::Bool(_) | Data::Number(_) | Data::Array(_) | Data::Object(_) => None,
        }
    }

    /// The value under `key`, if this is an object that has it.
    pub(crate) fn member(&self, key: &str) -> Option<&Self> {
        match &self.data {
            Data::Object(members) => members.iter().find(|member| member.key == key).map(|member| &member.value),
            Data::Null | Data::Bool(_) | Data::Number(_) | Data::String(_) | Data::Array(_) => None,
        }
    }
}

/// Reads one document, with nothing but white space around it.
///
/// # Errors
/// [`JsonError`] for anything else.
pub(crate) fn parse(bytes: &[u8], limits: Limits) -> Result<Value<'_>, JsonError> {
    if bytes.len() > limits.bytes {
        return Err(JsonError::TooLong { bytes: bytes.len(), limit: limits.bytes });
    }
    let text = std::str::from_utf8(bytes).map_err(|_| JsonError::Encoding)?;
    let at = Position { line: 1, column: 1 };
    let mut reader = Reader { text, offset: 0, counted: 0, at, depth: 0, values: 0, limits };
    let value = reader.value()?;
    reader.blank();
    if reader.rest().is_empty() { Ok(value) } else { Err(reader.syntax("the end of the document")) }
}

struct Reader<'a> {
    text: &'a str,
    /// How many bytes were read.
    offset: usize,
    /// Up to where lines and columns were counted, which is done when a place is asked for.
    counted: usize,
    /// The place there.
    at: Position,
    depth: usize,
    values: usize,
    limits: Limits,
}

impl<'a> Reader<'a> {
    fn syntax(&mut self, expected: &'static str) -> JsonError {
        let (before, rest) = self.text.split_at_checked(self.offset).unwrap_or_default();
        JsonError::Syntax { at: self.place(), expected, found: slip::found(before, rest) }
    }

    /// The place that was read up to.
    fn place(&mut self) -> Position {
        self.at = self.at.past(self.text.as_bytes().get(self.counted..self.offset).unwrap_or_default());
        self.counted = self.offset;
        self.at
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.offset..).unwrap_or_default()
    }

    /// Takes the next `length` bytes, which end at a character.
    fn take(&mut self, length: usize) -> &'a str {
        let end = self.offset.saturating_add(length);
        let taken = self.text.get(self.offset..end).unwrap_or_default();
        self.offset = end.min(self.text.len());
        taken
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.offset).copied()
    }

    fn next_is(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.offset = self.offset.saturating_add(usize::from(found));
        found
    }

    fn blank(&mut self) {
        while let Some(b' ' | b'\t' | b'\r' | b'\n') = self.peek() {
            self.offset = self.offset.saturating_add(1);
        }
    }

    fn value(&mut self) -> Result<Value<'a>, JsonError> {
        self.blank();
        let at = self.place();
        self.values = self.values.saturating_add(1);
        if self.values > self.limits.values {
            return Err(JsonError::TooMany { at, limit: self.limits.values });
        }
        let data = match self.peek() {
            Some(b'{') => self.nested(Self::object)?,
            Some(b'[') => self.nested(Self::array)?,
            Some(b'"') => Data::String(self.string()?),
            Some(b'-' | b'0'..=b'9') => Data::Number(self.number()?),
            _ => self.word()?,
        };
        Ok(Value { at, end: self.place(), data })
    }

    fn nested(&mut self, read: impl FnOnce(&mut Self) -> Result<Data<'a>, JsonError>) -> Result<Data<'a>, JsonError> {
        if self.depth >= self.limits.depth {
            return Err(JsonError::TooDeep { at: self.place(), limit: self.limits.depth });
        }
        self.depth = self.depth.saturating_add(1);
        self.take(1);
        let data = read(self)?;
        self.depth = self.depth.saturating_sub(1);
        Ok(data)
    }

    fn object(&mut self) -> Result<Data<'a>, JsonError> {
        let mut members = Vec::new();
        self.blank();
        if self.next_is(b'}') {
            return Ok(Data::Object(members));
        }
        loop {
            self.blank();
            let at = self.place();
            if self.peek() != Some(b'"') {
                return Err(self.syntax("a key in double quotes"));
            }
            let key = self.string()?;
            self.blank();
            if !self.next_is(b':') {
                return Err(self.syntax("a colon"));
            }
            let value = self.value()?;
            members.push(Member { at, key, value });
            self.blank();
            if self.next_is(b'}') {
                return unique(&members).map(|()| Data::Object(members));
            }
            if !self.next_is(b',') {
                return Err(self.syntax("a comma or a closing brace"));
            }
        }
    }

    fn array(&mut self) -> Result<Data<'a>, JsonError> {
        let mut values = Vec::new();
        self.blank();
        if self.next_is(b']') {
            return Ok(Data::Array(values));
        }
        loop {
            values.push(self.value()?);
            self.blank();
            if self.next_is(b']') {
                return Ok(Data::Array(values));
            }
            if !self.next_is(b',') {
                return Err(self.syntax("a comma or a closing bracket"));
            }
        }
    }

    fn word(&mut self) -> Result<Data<'a>, JsonError> {
        for (word, data) in [("true", Data::Bool(true)), ("false", Data::Bool(false)), ("null", Data::Null)] {
            if self.rest().starts_with(word) {
                self.take(word.len());
                return Ok(data);
            }
        }
        Err(self.syntax("a value"))
    }

    fn number(&mut self) -> Result<&'a str, JsonError> {
        let begin = self.offset;
        self.next_is(b'-');
        if !self.next_is(b'0') {
            self.digits()?;
        }
        if self.next_is(b'.') {
            self.digits()?;
        }
        if self.next_is(b'e') || self.next_is(b'E') {
            if !self.next_is(b'+') {
                self.next_is(b'-');
            }
            self.digits()?;
        }
        Ok(self.text.get(begin..self.offset).unwrap_or_default())
    }

    fn digits(&mut self) -> Result<(), JsonError> {
        let count = self.rest().bytes().take_while(u8::is_ascii_digit).count();
        if count == 0 {
            return Err(self.syntax("a digit"));
        }
        self.take(count);
        Ok(())
    }

    fn string(&mut self) -> Result<Cow<'a, str>, JsonError> {
        self.take(1);
        let mut text = Cow::Borrowed("");
        loop {
            let plain = self.rest().bytes().take_while(|byte| !matches!(byte, b'"' | b'\\' | 0..=0x1F)).count();
            let run = self.take(plain);
            if text.is_empty() {
                text = Cow::Borrowed(run);
            } else {
                text.to_mut().push_str(run);
            }
            match self.peek() {
                Some(b'"') => {
                    self.take(1);
                    return Ok(text);
                }
                Some(b'\\') => text.to_mut().push(self.escape()?),
                Some(_) => return Err(self.syntax("no unescaped control character in a string")),
                None => return Err(self.syntax("a closing double quote")),
            }
        }
    }

    fn escape(&mut self) -> Result<char, JsonError> {
        self.take(1);
        // Asked for before every escape, so that what stands there is not looked at.
        let wrong = JsonError::Syntax { at: self.place(), expected: "an escape of RFC 8259, section 7", found: "" };
        let character = match self.peek() {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{C}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => return self.unicode().ok_or(wrong),
            _ => return Err(wrong),
        };
        self.take(1);
        Ok(character)
    }

    /// Reads `uXXXX`, or a pair of them joined by a backslash when the first is a high surrogate.
    fn unicode(&mut self) -> Option<char> {
        let first = self.code_unit()?;
        if !(0xD800..0xDC00).contains(&first) {
            return char::from_u32(first);
        }
        if !self.next_is(b'\\') {
            return None;
        }
        let second = self.code_unit().filter(|unit| (0xDC00..0xE000).contains(unit))?;
        char::from_u32((first & 0x3FF).checked_shl(10)?.checked_add(second & 0x3FF)?.checked_add(0x1_0000)?)
    }

    fn code_unit(&mut self) -> Option<u32> {
        let digits = self.rest().strip_prefix('u')?.get(..4)?;
        if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        self.take(5);
        u32::from_str_radix(digits, 16).ok()
    }
}

/// Few keys are compared with each other, which takes less time than hashing them.
fn unique(members: &[Member<'_>]) -> Result<(), JsonError> {
    const FEW: usize = 24;
    let again = if members.len() <= FEW {
        let before = |index: usize| members.get(..index).unwrap_or_default();
        let mut each = members.iter().enumerate();
        each.find(|(index, member)| before(*index).iter().any(|other| other.key == member.key)).map(|(_, found)| found)
    } else {
        let mut seen = std::collections::HashSet::with_capacity(members.len());
        members.iter().find(|member| !seen.insert(member.key.as_ref()))
    };
    match again {
        None => Ok(()),
        Some(member) => Err(JsonError::DuplicateKey { at: member.at, key: member.key.clone().into_owned() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const LIMITS: Limits = Limits { bytes: 4096, depth: 8, values: 64 };

    fn read(text: &str) -> Result<Value<'_>, JsonError> {
        parse(text.as_bytes(), LIMITS)
    }

    fn at(line: u32, column: u32) -> Position {
        Position { line, column }
    }

    #[test]
    fn every_kind_of_value_is_read_with_its_position() {
        let value = read("{\"a\": [null, true,\n  -1.5e+3],\n \"é\": \"x\\u00e9\\n\\ud83d\\ude00\"}").unwrap();
        let Data::Array(items) = &value.member("a").unwrap().data else { panic!("no array") };
        let kinds: Vec<_> = items.iter().map(|item| (item.at, &item.data)).collect();
        assert_eq!(
            kinds,
            [(at(1, 8), &Data::Null), (at(1, 14), &Data::Bool(true)), (at(2, 3), &Data::Number("-1.5e+3"))]
        );
        let text = value.member("é").unwrap();
        assert_eq!((text.at, text.as_str()), (at(3, 7), Some("xé\n😀")));
        let ends: Vec<_> = items.iter().map(|item| item.end).collect();
        assert_eq!(ends, [at(1, 12), at(1, 18), at(2, 10)]);
        assert_eq!((value.at, text.end, value.end), (at(1, 1), at(3, 30), at(3, 31)));
    }

    #[test]
    fn a_place_leads_back_into_the_document() {
        let text = "{\n \"é\": [1,\n\n2]\n}";
        for (offset, _) in text.char_indices().chain([(text.len(), ' ')]) {
            let place = Position::after(text.get(..offset).unwrap());
            assert_eq!(place.offset(text), Some(offset), "{place}");
        }
        for (line, column) in [(0, 1), (1, 0), (6, 1), (5, 3)] {
            assert_eq!(at(line, column).offset(text), None, "{line} {column}");
        }
    }

    #[test]
    fn a_key_given_twice_is_refused_even_when_one_is_escaped() {
        let error = read("{\"Effect\": 1,\n \"\\u0045ffect\": 2}").unwrap_err();
        assert_eq!(error, JsonError::DuplicateKey { at: at(2, 2), key: "Effect".into() });
    }

    #[test]
    fn each_limit_is_held() {
        assert_eq!(read(&" ".repeat(4097)), Err(JsonError::TooLong { bytes: 4097, limit: 4096 }));
        assert!(matches!(read(&"[".repeat(2000)), Err(JsonError::TooDeep { limit: 8, .. })));
        assert!(read(&format!("{}{}", "[".repeat(8), "]".repeat(8))).is_ok());
        assert!(matches!(read(&format!("[{}1]", "1,".repeat(64))), Err(JsonError::TooMany { limit: 64, .. })));
    }

    #[test]
    fn extensions_of_the_grammar_are_refused_where_they_stand() {
        for (text, position) in [
            ("", at(1, 1)),
            ("{\"a\":1,}", at(1, 8)),
            ("[1,]", at(1, 4)),
            ("[1] x", at(1, 5)),
            ("01", at(1, 2)),
            ("1.", at(1, 3)),
            ("+1", at(1, 1)),
            ("NaN", at(1, 1)),
            ("'a'", at(1, 1)),
            ("{a:1}", at(1, 2)),
            ("[1 // x\n]", at(1, 4)),
            ("\u{FEFF}1", at(1, 1)),
            ("\"a\nb\"", at(1, 3)),
            ("\"abc", at(1, 5)),
            ("\"\\x\"", at(1, 3)),
            ("\"\\ud800\"", at(1, 3)),
            ("\"\\udc00\"", at(1, 3)),
            ("\"\\ud800\\u0041\"", at(1, 3)),
            ("\"\\u+123\"", at(1, 3)),
        ] {
            let error = read(text).unwrap_err();
            assert!(matches!(error, JsonError::Syntax { .. }), "{text:?}: {error:?}");
            assert_eq!(error.position(), Some(position), "{text:?}: {}", error.reason());
        }
        assert_eq!(parse(b"\"\xFF\"", LIMITS), Err(JsonError::Encoding));
    }

    proptest! {
        /// serde_json shares no code with this reader; where both read a document they read the same one.
        #[test]
        fn agrees_with_serde_json(text in r#"[\[\]{}:,"\\u0-9a-ftrulsn.eE+\- \n]{0,24}"#) {
            let ours = parse(text.as_bytes(), LIMITS);
            let theirs: Result<serde_json::Value, _> = serde_json::from_str(&text);
            match (&ours, &theirs) {
                (Ok(value), Ok(oracle)) => prop_assert!(same(value, oracle)),
                // serde_json keeps the last of two equal keys and refuses numbers beyond f64.
                (Err(JsonError::DuplicateKey { .. }), Ok(_)) | (Err(_), Err(_)) => {}
                (Ok(_), Err(error)) => prop_assert!(error.to_string().contains("number out of range"), "{}", error),
                (Err(error), Ok(_)) => prop_assert!(false, "refused: {}", error.reason()),
            }
        }
    }

    fn same(ours: &Value<'_>, theirs: &serde_json::Value) -> bool {
        match (&ours.data, theirs) {
            (Data::Null, serde_json::Value::Null) => true,
            (Data::Bool(ours), serde_json::Value::Bool(theirs)) => ours == theirs,
            (Data::Number(ours), serde_json::Value::Number(theirs)) => ours.parse::<f64>().ok() == theirs.as_f64(),
            (Data::String(ours), serde_json::Value::String(theirs)) => ours.as_ref() == theirs,
            (Data::Array(ours), serde_json::Value::Array(theirs)) => {
                ours.len() == theirs.len() && ours.iter().zip(theirs).all(|(ours, theirs)| same(ours, theirs))
            }
            (Data::Object(ours), serde_json::Value::Object(theirs)) => {
                ours.len() == theirs.len()
                    && ours.iter().all(|m| theirs.get(m.key.as_ref()).is_some_and(|theirs| same(&m.value, theirs)))
            }
            _ => false,
        }
    }
}
