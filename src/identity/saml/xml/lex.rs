//! Bytes of XML: what is a name, what is a character, where the next special byte stands, and what references mean.

use std::borrow::Cow;

use super::XmlError;

/// White space of XML 1.0, production 3.
pub(in crate::identity::saml) const fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

/// Where the bytes that a value cannot simply be copied past stand.
#[inline]
pub(super) fn position(bytes: &[u8], place: Place, end: u8) -> Option<usize> {
    // Most values are short: a table finds their end before vector instructions have begun.
    let (near, far) = bytes.split_at_checked(NEAR).unwrap_or((bytes, &[]));
    let classes = place.classes();
    let ends = |byte: &u8| *byte == end || classes.get(usize::from(*byte)).copied().unwrap_or(true);
    if let Some(index) = near.iter().position(ends) {
        return Some(index);
    }
    // Whole chunks at a time, which compiles to vector instructions.
    let (chunks, _) = far.as_chunks::<32>();
    let special = |byte: u8| byte == end || place.is_special(byte);
    let plain = chunks.iter().take_while(|chunk| !chunk.iter().fold(false, |found, byte| found | special(*byte)));
    let before = plain.count().saturating_mul(32);
    let index = far.get(before..)?.iter().position(ends)?;
    Some(near.len().saturating_add(before).saturating_add(index))
}

const NEAR: usize = 24;

/// Equality of short names: without the call, and the mispredictions in it, of a comparison for any length.
#[inline]
pub(super) fn same(one: &str, other: &str) -> bool {
    let ((one, end), (other, other_end)) = (one.as_bytes().as_chunks::<8>(), other.as_bytes().as_chunks::<8>());
    one.len() == other.len()
        && end.len() == other_end.len()
        && one.iter().zip(other).all(|(one, other)| one == other)
        && end.iter().zip(other_end).all(|(one, other)| one == other)
}

/// Index of the first `wanted`.
pub(super) fn position_of(bytes: &[u8], wanted: u8) -> Option<usize> {
    let (chunks, _) = bytes.as_chunks::<32>();
    let without = chunks.iter().take_while(|chunk| !chunk.iter().fold(false, |found, byte| found | (*byte == wanted)));
    let before = without.count().saturating_mul(32);
    let index = bytes.get(before..)?.iter().position(|byte| *byte == wanted)?;
    Some(before.saturating_add(index))
}

/// Length in bytes of the name without colons that `text` begins with (xml-names, production 4).
pub(super) fn ncname_length(text: &str) -> usize {
    let bytes = text.as_bytes();
    let in_name = |byte: &u8| ASCII_NAME.get(usize::from(*byte)).copied().unwrap_or(false);
    let ascii = bytes.iter().position(|byte| !in_name(byte)).unwrap_or(bytes.len());
    let begins = bytes.first().is_some_and(|byte| byte.is_ascii_alphabetic() || *byte == b'_');
    if begins && bytes.get(ascii).is_none_or(u8::is_ascii) { ascii } else { unicode_ncname_length(text) }
}

/// A table of the bytes that `$is`.
macro_rules! bytes {
    ($is:expr) => {{
        let mut table = [false; 256];
        let mut byte: u8 = 0;
        let mut rest: &mut [bool] = &mut table;
        while let Some((first, others)) = rest.split_first_mut() {
            *first = $is(byte);
            rest = others;
            byte = byte.wrapping_add(1);
        }
        table
    }};
}

static ASCII_NAME: [bool; 256] = bytes!(is_ascii_name);
static SPECIAL_IN_TEXT: [bool; 256] = bytes!(is_special_in_text);
static SPECIAL_IN_ATTRIBUTE: [bool; 256] = bytes!(is_special_in_attribute);

const fn is_ascii_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.')
}

const fn is_special_in_text(byte: u8) -> bool {
    Place::Text.is_special(byte)
}

const fn is_special_in_attribute(byte: u8) -> bool {
    Place::Attribute.is_special(byte)
}

fn unicode_ncname_length(text: &str) -> usize {
    let mut characters = text.char_indices();
    match characters.next() {
        Some((_, first)) if is_name_start(first) => {}
        _ => return 0,
    }
    characters.find(|(_, c)| !is_name_start(*c) && !is_name_extra(*c)).map_or(text.len(), |(index, _)| index)
}

fn is_name_start(c: char) -> bool {
    matches!(c, 'a'..='z' | 'A'..='Z' | '_')
        || matches!(c, '\u{c0}'..='\u{d6}' | '\u{d8}'..='\u{f6}' | '\u{f8}'..='\u{2ff}' | '\u{370}'..='\u{37d}'
            | '\u{37f}'..='\u{1fff}' | '\u{200c}'..='\u{200d}' | '\u{2070}'..='\u{218f}' | '\u{2c00}'..='\u{2fef}'
            | '\u{3001}'..='\u{d7ff}' | '\u{f900}'..='\u{fdcf}' | '\u{fdf0}'..='\u{fffd}' | '\u{10000}'..='\u{effff}')
}

fn is_name_extra(c: char) -> bool {
    matches!(c, '-' | '.' | '0'..='9' | '\u{b7}' | '\u{300}'..='\u{36f}' | '\u{203f}'..='\u{2040}')
}

/// Characters of XML 1.0, production 2.
pub(super) fn is_character(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..='\u{10ffff}')
}

pub(super) fn is_absolute(uri: &str) -> bool {
    let scheme = uri.split_once(':').map_or("", |(scheme, _)| scheme);
    let mut bytes = scheme.bytes();
    bytes.next().is_some_and(|byte| byte.is_ascii_alphabetic())
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'))
        && uri.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'&' | b'<' | b'"'))
}

/// Where a value stands.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Text,
    Attribute,
}

impl Place {
    fn classes(self) -> &'static [bool; 256] {
        match self {
            Self::Text => &SPECIAL_IN_TEXT,
            Self::Attribute => &SPECIAL_IN_ATTRIBUTE,
        }
    }

    /// Whether `byte` may need work: a reference, a control character, what canonicalization escapes, or the first byte of
    /// U+FFFE and U+FFFF. Text without any stands as it is in the tree and in the canonical bytes.
    pub(super) const fn is_special(self, byte: u8) -> bool {
        let here = match self {
            Self::Text => byte == b'>' || (byte < b' ' && byte != b'\n' && byte != b'\t'),
            Self::Attribute => byte == b'"' || byte < b' ',
        };
        here || byte == b'&' || byte == b'<' || byte == 0xef
    }
}

/// Resolves references and normalizes line ends (xml 2.11) and, in attributes, white space (xml 3.3.3). Always owned:
/// what is borrowed from the document is what canonicalization need not look at.
pub(super) fn decode(raw: &str, place: Place, at: usize) -> Result<Cow<'_, str>, XmlError> {
    let malformed = |expected| XmlError::Malformed { at, expected };
    let bytes = raw.as_bytes();
    let mut text = String::with_capacity(raw.len());
    let (mut kept, mut next) = (0, 0);
    while let Some(byte) = bytes.get(next).copied() {
        let index = next;
        next = next.saturating_add(1);
        let written = match byte {
            b'&' => {
                let rest = raw.get(next..).unwrap_or_default();
                let (character, length) = referenced(rest).map_err(malformed)?;
                next = next.saturating_add(length);
                character
            }
            b'\r' => {
                next = next.saturating_add(usize::from(bytes.get(next) == Some(&b'\n')));
                if place == Place::Text { '\n' } else { ' ' }
            }
            b'\n' | b'\t' if place == Place::Attribute => ' ',
            b'<' if place == Place::Attribute => return Err(malformed("no < in an attribute value")),
            b'>' if place == Place::Text && bytes.get(..index).is_some_and(|before| before.ends_with(b"]]")) => {
                return Err(malformed("no ]]> in text"));
            }
            0xef if matches!(bytes.get(next..), Some([0xbf, 0xbe | 0xbf, ..])) => return Err(malformed(CHARACTERS)),
            b'\n' | b'\t' | b' '.. => continue,
            _ => return Err(malformed(CHARACTERS)),
        };
        text.push_str(raw.get(kept..index).unwrap_or_default());
        text.push(written);
        kept = next;
    }
    text.push_str(raw.get(kept..).unwrap_or_default());
    Ok(Cow::Owned(text))
}

pub(super) const CHARACTERS: &str = "characters that XML allows";

/// The longest reference between `&` and `;`: zeros may stand before the digits, in reason.
const REFERENCE_BYTES: usize = 32;

/// What the reference that `rest` begins with, behind its `&`, stands for, and its length with the `;`.
fn referenced(rest: &str) -> Result<(char, usize), &'static str> {
    let bytes = rest.as_bytes();
    let end = bytes.iter().take(REFERENCE_BYTES).position(|byte| *byte == b';').ok_or("; after a reference")?;
    let name = rest.get(..end).unwrap_or_default();
    let character = match name {
        "lt" => Some('<'),
        "gt" => Some('>'),
        "amp" => Some('&'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => match (name.strip_prefix("#x"), name.strip_prefix('#')) {
            (Some(digits), _) => numbered(digits, 16),
            (None, Some(digits)) => numbered(digits, 10),
            (None, None) => None,
        },
    };
    let character = character.ok_or("a predefined entity or a character reference")?;
    Ok((character, end.saturating_add(1)))
}

fn numbered(digits: &str, radix: u32) -> Option<char> {
    // `from_str_radix` takes a sign, XML does not.
    if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    u32::from_str_radix(digits, radix).ok().and_then(char::from_u32).filter(|c| is_character(*c))
}
