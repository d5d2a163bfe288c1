//! The parser proper: one pass, no backtracking beyond the markup at hand.

use std::borrow::Cow;

use super::{
    Attribute, Binding, Cdata, Comments, Content, Document, ElementData, Node, Profile, XML_NAMESPACE, XmlError,
    any_byte, is_space, lookup, within,
};

/// The longest namespace name; those of SAML stay under 60 bytes, and canonicalization may repeat one per element.
const NAMESPACE_NAME_BYTES: usize = 512;
const XMLNS_NAMESPACE: &str = "http://www.w3.org/2000/xmlns/";

pub(super) struct Parser<'t, 'p> {
    length: usize,
    rest: &'t str,
    profile: &'p Profile,
    document: Document<'t>,
    /// The elements whose end tag is still to come.
    open: Vec<Open<'t>>,
    scope: Option<usize>,
    /// Declarations in scope of the element being read.
    in_scope: usize,
}

struct Open<'t> {
    index: usize,
    /// The name as written, which the end tag must repeat.
    name: &'t str,
    /// The scope to return to, and how many declarations it holds.
    outer: (Option<usize>, usize),
}

impl<'t, 'p> Parser<'t, 'p> {
    pub(super) fn new(text: &'t str, profile: &'p Profile, inherited: &[(&'t str, &'t str)]) -> Self {
        let mut parser = Self {
            length: text.len(),
            rest: text,
            profile,
            document: Document {
                // Markup of a message is about one node per 40 bytes; growing costs more than reserving.
                nodes: Vec::with_capacity(text.len() / 40),
                attributes: Vec::with_capacity(text.len() / 80),
                bindings: Vec::with_capacity(16),
            },
            open: Vec::with_capacity(profile.depth),
            scope: None,
            in_scope: 0,
        };
        for (prefix, uri) in inherited {
            parser.bind(prefix, uri);
        }
        parser
    }

    pub(super) fn document(mut self) -> Result<Document<'t>, XmlError> {
        self.prolog()?;
        self.start_tag()?;
        while !self.open.is_empty() {
            self.text()?;
            if self.rest.starts_with("</") {
                self.end_tag()?;
            } else if !self.skip_markup()? {
                self.start_tag()?;
            }
        }
        loop {
            self.spaces();
            if self.rest.is_empty() {
                return Ok(self.document);
            }
            if !self.skip_markup()? {
                return Err(self.malformed("nothing after the document element"));
            }
        }
    }

    fn prolog(&mut self) -> Result<(), XmlError> {
        // Some writers put a byte order mark before UTF-8; it is no part of the document (xml 4.3.3).
        self.take("\u{feff}");
        if self.rest.starts_with("<?xml") && self.rest.as_bytes().get(5).copied().is_some_and(is_space) {
            self.declaration()?;
        }
        self.spaces();
        while self.skip_markup()? {
            self.spaces();
        }
        Ok(())
    }

    /// Reads `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>`, the last two optional.
    fn declaration(&mut self) -> Result<(), XmlError> {
        let expected = "an XML declaration of version 1.0 in UTF-8";
        let (inside, rest) = self
            .rest
            .strip_prefix("<?xml")
            .and_then(|rest| rest.split_once("?>"))
            .ok_or_else(|| self.malformed(expected))?;
        let mut words = inside.split_ascii_whitespace().map(|word| word.replace('\'', "\""));
        let version = words.next();
        let mut next = words.next();
        let encoded = next
            .as_deref()
            .is_none_or(|word| !word.starts_with("encoding") || word.eq_ignore_ascii_case("encoding=\"utf-8\""));
        if next.as_deref().is_some_and(|word| word.starts_with("encoding")) {
            next = words.next();
        }
        let alone = matches!(next.as_deref(), None | Some("standalone=\"yes\"" | "standalone=\"no\""));
        if version.as_deref() != Some("version=\"1.0\"") || !encoded || !alone || words.next().is_some() {
            return Err(self.malformed(expected));
        }
        self.rest = rest;
        Ok(())
    }

    /// Refuses what the profile refuses by name; skips a comment where comments are skipped, and takes a CDATA section
    /// where they are text. `false`: something else is next.
    fn skip_markup(&mut self) -> Result<bool, XmlError> {
        let at = self.at();
        if self.rest.starts_with("<!--") {
            if self.profile.comments == Comments::Refused {
                return Err(XmlError::Comment { at });
            }
            let rest = self
                .rest
                .strip_prefix("<!--")
                .and_then(|rest| rest.split_once("--"))
                .and_then(|(_, rest)| rest.strip_prefix('>'))
                .ok_or_else(|| self.malformed("the end of a comment"))?;
            self.rest = rest;
            return Ok(true);
        }
        if let Some(rest) = self.rest.strip_prefix("<![CDATA[") {
            if self.profile.cdata == Cdata::Refused || self.open.is_empty() {
                return Err(XmlError::Cdata { at });
            }
            let (raw, rest) = rest.split_once("]]>").ok_or_else(|| self.malformed("the end of a CDATA section"))?;
            self.rest = rest;
            self.cdata(raw, at)?;
            return Ok(true);
        }
        if self.rest.starts_with("<!") {
            return Err(XmlError::Doctype { at });
        }
        if self.rest.starts_with("<?") {
            return Err(XmlError::ProcessingInstruction { at });
        }
        Ok(false)
    }

    fn text(&mut self) -> Result<(), XmlError> {
        let at = self.at();
        let Some((raw, rest)) = self.rest.find('<').and_then(|end| self.rest.split_at_checked(end)) else {
            return Err(self.malformed("an end tag"));
        };
        self.rest = rest;
        if raw.is_empty() {
            return Ok(());
        }
        let text = decode(raw, Place::Text, at)?;
        self.push(Content::Text(text))?;
        Ok(())
    }

    /// Keeps what a CDATA section holds as the text it stands for: nothing of the section itself reaches the tree.
    fn cdata(&mut self, raw: &'t str, at: usize) -> Result<(), XmlError> {
        if !raw.chars().all(is_character) {
            return Err(XmlError::Malformed { at, expected: "characters that XML allows" });
        }
        if raw.is_empty() {
            return Ok(());
        }
        let text = match raw.contains('\r') {
            true => Cow::Owned(raw.replace("\r\n", "\n").replace('\r', "\n")),
            false => Cow::Borrowed(raw),
        };
        self.push(Content::Text(text)).map(drop)
    }

    fn start_tag(&mut self) -> Result<(), XmlError> {
        let start = self.at();
        if !self.take("<") {
            return Err(self.malformed("an element"));
        }
        let outer = (self.scope, self.in_scope);
        let (prefix, local, name) = self.qualified_name()?;
        let first = self.document.attributes.len();
        let empty = self.attributes_and_declarations(first)?;
        let namespace = self.resolve(prefix, start)?;
        self.resolve_attributes(first, start)?;
        let index = self.push(Content::Element(ElementData {
            prefix,
            local,
            namespace,
            attributes: first..self.document.attributes.len(),
            scope: self.scope,
            bytes: start..self.at(),
        }))?;
        if empty {
            (self.scope, self.in_scope) = outer;
        } else {
            self.open.push(Open { index, name, outer });
            within("levels", self.open.len(), self.profile.depth)?;
        }
        Ok(())
    }

    /// Reads up to the end of the tag; `true` when the element is empty.
    fn attributes_and_declarations(&mut self, first: usize) -> Result<bool, XmlError> {
        let mut count: usize = 0;
        let outer = self.scope;
        loop {
            let spaced = self.spaces();
            if self.take(">") {
                return Ok(false);
            }
            if self.take("/>") {
                return Ok(true);
            }
            if !spaced {
                return Err(self.malformed("white space before an attribute"));
            }
            count = count.saturating_add(1);
            within("attributes of one element", count, self.profile.attributes)?;
            let at = self.at();
            let (prefix, local, _) = self.qualified_name()?;
            let value = self.attribute_value()?;
            match (prefix, local) {
                ("", "xmlns") => self.declare("", value, outer, at)?,
                ("xmlns", prefix) => self.declare(prefix, value, outer, at)?,
                _ => {
                    let twice = self
                        .document
                        .attributes
                        .iter()
                        .skip(first)
                        .any(|other| other.local == local && other.prefix == prefix);
                    if twice {
                        return Err(XmlError::Malformed { at, expected: "each attribute once" });
                    }
                    let value = decode(value, Place::Attribute, at)?;
                    self.document.attributes.push(Attribute { prefix, local, namespace: "", value });
                }
            }
        }
    }

    fn attribute_value(&mut self) -> Result<&'t str, XmlError> {
        self.spaces();
        if !self.take("=") {
            return Err(self.malformed("= after an attribute's name"));
        }
        self.spaces();
        let quote = match self.rest.as_bytes().first() {
            Some(b'"') => '"',
            Some(b'\'') => '\'',
            _ => return Err(self.malformed("a quoted attribute value")),
        };
        let inside = self.rest.get(1..).unwrap_or_default();
        let (value, rest) = inside.split_once(quote).ok_or_else(|| self.malformed("the end of an attribute value"))?;
        self.rest = rest;
        Ok(value)
    }

    /// Takes a namespace declaration. Names with `&` are written differently by libxml2 and by the specification, and
    /// relative ones make canonicalization fail in some libraries and succeed in others (CVE-2025-66568): both are refused.
    fn declare(&mut self, prefix: &'t str, uri: &'t str, outer: Option<usize>, at: usize) -> Result<(), XmlError> {
        let refuse = |problem| Err(XmlError::Namespace { at, problem });
        if uri.len() > NAMESPACE_NAME_BYTES {
            return Err(XmlError::Limit { counted: "bytes of a namespace name", most: NAMESPACE_NAME_BYTES });
        }
        if prefix == "xmlns" || uri == XMLNS_NAMESPACE {
            return refuse("the namespace of declarations is declared");
        }
        if (prefix == "xml") != (uri == XML_NAMESPACE) {
            return refuse("xml is bound to another namespace");
        }
        if uri.is_empty() && !prefix.is_empty() {
            return refuse("a prefix is undeclared");
        }
        if !uri.is_empty() && !is_absolute(uri) {
            return refuse("a namespace name is not a plain absolute URI");
        }
        let mut scope = self.scope;
        while scope != outer {
            let Some(binding) = scope.and_then(|index| self.document.bindings.get(index)) else {
                break;
            };
            if binding.prefix == prefix {
                return Err(XmlError::Malformed { at, expected: "each prefix declared once" });
            }
            scope = binding.outer;
        }
        self.bind(prefix, uri);
        within("namespace declarations in scope", self.in_scope, self.profile.namespaces)
    }

    fn bind(&mut self, prefix: &'t str, uri: &'t str) {
        let outer = self.scope;
        self.scope = Some(self.document.bindings.len());
        self.document.bindings.push(Binding { prefix, uri, outer });
        self.in_scope = self.in_scope.saturating_add(1);
    }

    fn resolve(&self, prefix: &str, at: usize) -> Result<&'t str, XmlError> {
        if prefix == "xmlns" {
            return Err(XmlError::Namespace { at, problem: "xmlns is used as a prefix" });
        }
        match lookup(&self.document.bindings, self.scope, prefix) {
            Some(uri) => Ok(uri),
            None if prefix.is_empty() => Ok(""),
            None => Err(XmlError::Namespace { at, problem: "a prefix is not declared" }),
        }
    }

    /// Binds prefixed attributes, and refuses two of the same expanded name (xml-names 6.3).
    fn resolve_attributes(&mut self, first: usize, at: usize) -> Result<(), XmlError> {
        for index in first..self.document.attributes.len() {
            let Some(&Attribute { prefix, local, .. }) = self.document.attributes.get(index) else {
                break;
            };
            if prefix.is_empty() {
                continue;
            }
            let namespace = self.resolve(prefix, at)?;
            let earlier = self.document.attributes.get(first..index).unwrap_or_default();
            if earlier.iter().any(|other| other.local == local && other.namespace == namespace) {
                return Err(XmlError::Namespace { at, problem: "two attributes have the same expanded name" });
            }
            if let Some(attribute) = self.document.attributes.get_mut(index) {
                attribute.namespace = namespace;
            }
        }
        Ok(())
    }

    fn end_tag(&mut self) -> Result<(), XmlError> {
        let expected = "the end tag of the innermost open element";
        let Some(open) = self.open.pop() else {
            return Err(self.malformed(expected));
        };
        let rest = self.rest.strip_prefix("</").and_then(|rest| rest.strip_prefix(open.name));
        let Some(rest) = rest else {
            return Err(self.malformed(expected));
        };
        self.rest = rest;
        self.spaces();
        if !self.take(">") {
            return Err(self.malformed(expected));
        }
        let (end, at) = (self.document.nodes.len(), self.at());
        if let Some(node) = self.document.nodes.get_mut(open.index) {
            node.end = end;
            if let Content::Element(data) = &mut node.content {
                data.bytes.end = at;
            }
        }
        (self.scope, self.in_scope) = open.outer;
        Ok(())
    }

    fn push(&mut self, content: Content<'t>) -> Result<usize, XmlError> {
        let index = self.document.nodes.len();
        within("nodes", index.saturating_add(1), self.profile.nodes)?;
        self.document.nodes.push(Node { end: index.saturating_add(1), content });
        Ok(index)
    }

    /// Reads a qualified name: its prefix (or nothing), its local part, and the whole as written.
    fn qualified_name(&mut self) -> Result<(&'t str, &'t str, &'t str), XmlError> {
        let expected = "a qualified name";
        let first = ncname_length(self.rest);
        let (head, rest) = self.rest.split_at_checked(first).unwrap_or_default();
        if first == 0 {
            return Err(self.malformed(expected));
        }
        let Some(after) = rest.strip_prefix(':') else {
            self.rest = rest;
            return Ok(("", head, head));
        };
        let second = ncname_length(after);
        let whole = first.saturating_add(1).saturating_add(second);
        let (Some(local), Some((name, rest))) = (after.get(..second), self.rest.split_at_checked(whole)) else {
            return Err(self.malformed(expected));
        };
        // `a::b` and `:a` have been read one way and written another (CVE-2020-29509).
        if second == 0 || rest.starts_with(':') {
            return Err(self.malformed(expected));
        }
        self.rest = rest;
        Ok((head, local, name))
    }

    fn spaces(&mut self) -> bool {
        let spaces = self.rest.bytes().take_while(|byte| is_space(*byte)).count();
        self.rest = self.rest.get(spaces..).unwrap_or_default();
        spaces > 0
    }

    fn take(&mut self, expected: &str) -> bool {
        match self.rest.strip_prefix(expected) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn at(&self) -> usize {
        self.length.saturating_sub(self.rest.len())
    }

    fn malformed(&self, expected: &'static str) -> XmlError {
        XmlError::Malformed { at: self.at(), expected }
    }
}

/// Length in bytes of the name without colons that `text` begins with (xml-names, production 4).
fn ncname_length(text: &str) -> usize {
    let bytes = text.as_bytes();
    let ascii = bytes
        .iter()
        .position(|byte| !(byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.')))
        .unwrap_or(bytes.len());
    let begins = bytes.first().is_some_and(|byte| byte.is_ascii_alphabetic() || *byte == b'_');
    if begins && bytes.get(ascii).is_none_or(u8::is_ascii) { ascii } else { unicode_ncname_length(text) }
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
fn is_character(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..='\u{10ffff}')
}

fn is_absolute(uri: &str) -> bool {
    let scheme = uri.split_once(':').map_or("", |(scheme, _)| scheme);
    let mut bytes = scheme.bytes();
    bytes.next().is_some_and(|byte| byte.is_ascii_alphabetic())
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'))
        && uri.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'&' | b'<' | b'"'))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Text,
    Attribute,
}

/// Resolves references and normalizes line ends (xml 2.11) and, in attributes, white space (xml 3.3.3).
fn decode(raw: &str, place: Place, at: usize) -> Result<Cow<'_, str>, XmlError> {
    // Control characters, references, and the first byte of U+FFFE and U+FFFF.
    let common = |byte| byte == b'&' || byte == 0xef;
    let plain = !match place {
        Place::Text => any_byte(raw.as_bytes(), |byte| {
            common(byte) || byte == b'>' || (byte < b' ' && byte != b'\n' && byte != b'\t')
        }),
        Place::Attribute => any_byte(raw.as_bytes(), |byte| common(byte) || byte == b'<' || byte < b' '),
    };
    if plain {
        return Ok(Cow::Borrowed(raw));
    }
    let malformed = |expected| XmlError::Malformed { at, expected };
    if !raw.chars().all(is_character) {
        return Err(malformed("characters that XML allows"));
    }
    if place == Place::Text && raw.contains("]]>") {
        return Err(malformed("no ]]> in text"));
    }
    if place == Place::Attribute && raw.contains('<') {
        return Err(malformed("no < in an attribute value"));
    }
    let mut text = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(index) = rest.find(['&', '\r', '\n', '\t']) {
        let (before, from) = rest.split_at_checked(index).unwrap_or_default();
        text.push_str(before);
        let mut after = from.get(1..).unwrap_or_default();
        if from.starts_with('&') {
            let (name, tail) = after.split_once(';').ok_or_else(|| malformed("; after a reference"))?;
            text.push(referenced(name).ok_or_else(|| malformed("a predefined entity or a character reference"))?);
            after = tail;
        } else {
            if from.starts_with('\r') {
                after = after.strip_prefix('\n').unwrap_or(after);
            }
            let tab = from.starts_with('\t');
            text.push(match place {
                Place::Attribute => ' ',
                Place::Text if tab => '\t',
                Place::Text => '\n',
            });
        }
        rest = after;
    }
    text.push_str(rest);
    Ok(Cow::Owned(text))
}

fn referenced(name: &str) -> Option<char> {
    let (digits, radix) = match name {
        "lt" => return Some('<'),
        "gt" => return Some('>'),
        "amp" => return Some('&'),
        "quot" => return Some('"'),
        "apos" => return Some('\''),
        _ => match name.strip_prefix("#x") {
            Some(digits) => (digits, 16),
            None => (name.strip_prefix('#')?, 10),
        },
    };
    // `from_str_radix` takes a sign, XML does not.
    if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    u32::from_str_radix(digits, radix).ok().and_then(char::from_u32).filter(|c| is_character(*c))
}
