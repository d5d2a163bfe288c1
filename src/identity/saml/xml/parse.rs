//! The parser proper: one pass, no backtracking beyond the markup at hand.

use std::borrow::Cow;
use std::collections::HashSet;

use super::lex::{
    CHARACTERS, Place, decode, is_absolute, is_character, is_space, ncname_length, position, position_of, same,
};
use super::{
    Attribute, Binding, Cdata, Comments, Content, Document, ElementData, Index, Node, Profile, XML_NAMESPACE, XmlError,
    index, known_namespace, lookup, prefix_key, within,
};

/// The longest namespace name; those of SAML stay under 60 bytes, and canonicalization may repeat one per element.
const NAMESPACE_NAME_BYTES: usize = 512;
const XMLNS_NAMESPACE: &str = "http://www.w3.org/2000/xmlns/";
/// Up to this many attributes are compared pair by pair, more by hashing: 32 of them make 496 pairs.
const FEW_ATTRIBUTES: usize = 8;

/// Attributes with a prefix on one element: honest messages have two (`xsi:type`, `xml:lang`). Each is looked up, and they
/// are sorted by namespace names that a stranger may make long and alike.
const PREFIXED_ATTRIBUTES: usize = 8;

pub(super) struct Parser<'t, 'p> {
    at: usize,
    profile: &'p Profile,
    document: Document<'t>,
    /// The elements whose end tag is still to come.
    open: Vec<Open<'t>>,
    scope: Option<Index>,
    /// Declarations in scope of the element being read.
    in_scope: usize,
}

struct Open<'t> {
    index: usize,
    /// The name as written, which the end tag must repeat.
    name: &'t str,
    /// The scope to return to, and how many declarations it holds.
    outer: (Option<Index>, usize),
    binding: Option<Index>,
    /// Whether everything so far stands as canonicalization would write it.
    verbatim: bool,
}

/// How a start tag ended.
struct Tag {
    empty: bool,
    /// Whether it stands as canonicalization would write it, if nothing is to be declared.
    tidy: bool,
}

struct Name<'t> {
    prefix: &'t str,
    local: &'t str,
    written: &'t str,
}

impl<'t, 'p> Parser<'t, 'p> {
    pub(super) fn new(text: &'t str, profile: &'p Profile, inherited: &[(&'t str, &'t str)]) -> Self {
        let mut parser = Self {
            at: 0,
            profile,
            document: Document {
                text,
                // Markup of a message is about one node per 40 bytes; growing costs more than reserving.
                nodes: Vec::with_capacity(text.len() / 40),
                attributes: Vec::with_capacity(text.len() / 80),
                bindings: Vec::with_capacity(16),
                sectioned: false,
            },
            open: Vec::with_capacity(profile.depth),
            scope: None,
            in_scope: 0,
        };
        for (prefix, uri) in inherited {
            let slot = lookup(&parser.document.bindings, parser.scope, prefix).map(|(_, binding)| binding.slot);
            parser.bind(prefix, uri, slot);
        }
        parser
    }

    pub(super) fn document(mut self) -> Result<Document<'t>, XmlError> {
        self.prolog()?;
        self.start_tag()?;
        while !self.open.is_empty() {
            self.text()?;
            match self.rest() {
                [b'<', b'/', ..] => self.end_tag()?,
                [b'<', b'!' | b'?', ..] => {
                    self.skip_markup()?;
                    if let Some(open) = self.open.last_mut() {
                        open.verbatim = false;
                    }
                }
                _ => self.start_tag()?,
            }
        }
        loop {
            self.spaces();
            if self.rest().is_empty() {
                return Ok(self.document);
            }
            if !self.skip_markup()? {
                return Err(self.malformed("nothing after the document element"));
            }
        }
    }

    fn prolog(&mut self) -> Result<(), XmlError> {
        // Some writers put a byte order mark before UTF-8; it is no part of the document (xml 4.3.3).
        if let Some(rest) = self.rest_text().strip_prefix('\u{feff}') {
            self.go_to(rest);
        }
        if self.rest().starts_with(b"<?xml") && self.rest().get(5).copied().is_some_and(is_space) {
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
        let text = self.rest_text();
        let inside = text.strip_prefix("<?xml").and_then(|rest| rest.split_once("?>"));
        let (inside, rest) = inside.ok_or_else(|| self.malformed(expected))?;
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
        self.go_to(rest);
        Ok(())
    }

    /// Refuses what the profile refuses by name; skips a comment where comments are skipped, and takes a CDATA section
    /// where they are text. `false`: something else is next.
    fn skip_markup(&mut self) -> Result<bool, XmlError> {
        let (at, text) = (self.at, self.rest_text());
        if let Some(rest) = text.strip_prefix("<!--") {
            if self.profile.comments == Comments::Refused {
                return Err(XmlError::Comment { at });
            }
            let rest = rest.split_once("--").and_then(|(_, rest)| rest.strip_prefix('>'));
            self.go_to(rest.ok_or_else(|| self.malformed("the end of a comment"))?);
            return Ok(true);
        }
        if let Some(rest) = text.strip_prefix("<![CDATA[") {
            if self.profile.cdata == Cdata::Refused || self.open.is_empty() {
                return Err(XmlError::Cdata { at });
            }
            let (raw, rest) = rest.split_once("]]>").ok_or_else(|| self.malformed("the end of a CDATA section"))?;
            self.go_to(rest);
            self.document.sectioned = true;
            self.cdata(raw, at)?;
            return Ok(true);
        }
        if text.starts_with("<!") {
            return Err(XmlError::Doctype { at });
        }
        if text.starts_with("<?") {
            return Err(XmlError::ProcessingInstruction { at });
        }
        Ok(false)
    }

    fn text(&mut self) -> Result<(), XmlError> {
        let (at, rest) = (self.at, self.rest());
        let none = || XmlError::Malformed { at, expected: "an end tag" };
        let first = position(rest, Place::Text, b'<').ok_or_else(none)?;
        if rest.get(first) == Some(&b'<') {
            if first > 0 {
                self.at = at.saturating_add(first);
                self.push(Content::Text(Cow::Borrowed(self.slice(at, self.at))))?;
            }
            return Ok(());
        }
        let from = rest.get(first..).unwrap_or_default();
        let more = position_of(from, b'<').ok_or_else(none)?;
        self.at = at.saturating_add(first).saturating_add(more);
        let text = decode(self.slice(at, self.at), Place::Text, at)?;
        if let Some(open) = self.open.last_mut() {
            open.verbatim = false;
        }
        self.push(Content::Text(text)).map(drop)
    }

    /// Keeps what a CDATA section holds as the text it stands for: nothing of the section itself reaches the tree.
    fn cdata(&mut self, raw: &'t str, at: usize) -> Result<(), XmlError> {
        if !raw.chars().all(is_character) {
            return Err(XmlError::Malformed { at, expected: CHARACTERS });
        }
        if raw.is_empty() {
            return Ok(());
        }
        // Owned even if nothing changes: canonicalization has to escape it.
        let text = Cow::Owned(raw.replace("\r\n", "\n").replace('\r', "\n"));
        self.push(Content::Text(text)).map(drop)
    }

    fn start_tag(&mut self) -> Result<(), XmlError> {
        let start = self.at;
        if !self.take(b'<') {
            return Err(self.malformed("an element"));
        }
        let outer = (self.scope, self.in_scope);
        let Name { prefix, local, written } = self.qualified_name()?;
        let first = self.document.attributes.len();
        let Tag { empty, tidy } = self.attributes_and_declarations(first)?;
        let (namespace, binding) = self.resolve(prefix, start)?;
        self.resolve_attributes(first, start)?;
        let place = self.push(Content::Element(ElementData {
            prefix,
            local,
            namespace,
            binding,
            attributes: index(first)..index(self.document.attributes.len()),
            scope: self.scope,
            bytes: index(start)..index(self.at),
            tag_end: (tidy && !empty).then(|| index(self.at)),
            verbatim: false,
        }))?;
        if empty {
            (self.scope, self.in_scope) = outer;
            if let Some(open) = self.open.last_mut() {
                open.verbatim = false;
            }
            return Ok(());
        }
        self.open.push(Open { index: place, name: written, outer, binding, verbatim: tidy });
        within("levels", self.open.len(), self.profile.depth)
    }

    /// Reads up to the end of the tag.
    fn attributes_and_declarations(&mut self, first: usize) -> Result<Tag, XmlError> {
        let mut count: usize = 0;
        let outer = self.scope;
        let mut tidy = true;
        loop {
            let before = self.at;
            self.spaces();
            match self.rest() {
                [b'>', ..] => {
                    tidy &= self.at == before;
                    self.at = self.at.saturating_add(1);
                    return Ok(Tag { empty: false, tidy });
                }
                [b'/', b'>', ..] => {
                    self.at = self.at.saturating_add(2);
                    return Ok(Tag { empty: true, tidy: false });
                }
                _ if self.at == before => return Err(self.malformed("white space before an attribute")),
                _ => {}
            }
            tidy &= self.slice(before, self.at) == " ";
            count = count.saturating_add(1);
            within("attributes of one element", count, self.profile.attributes)?;
            let at = self.at;
            let Name { prefix, local, .. } = self.qualified_name()?;
            let (value, plain) = self.attribute_value()?;
            let declared = match (prefix, local) {
                ("", "xmlns") => "",
                ("xmlns", prefix) => prefix,
                _ => {
                    // Written after the last one, in double quotes, without any space, in order.
                    tidy &= plain && prefix.is_empty() && self.follows(first, local);
                    let value = if plain { Cow::Borrowed(value) } else { decode(value, Place::Attribute, at)? };
                    self.document.attributes.push(Attribute { prefix, local, namespace: "", binding: None, value });
                    continue;
                }
            };
            tidy = false;
            self.declare(declared, value, outer, at)?;
        }
    }

    /// Whether an attribute of this name stands where canonicalization would put it.
    fn follows(&self, first: usize, local: &str) -> bool {
        let earlier = self.document.attributes.get(first..).and_then(<[_]>::last);
        earlier.is_none_or(|last| last.local < local)
    }

    /// The value as written, and whether it stands as it is in the tree and in the canonical bytes.
    fn attribute_value(&mut self) -> Result<(&'t str, bool), XmlError> {
        let before = self.at;
        self.spaces();
        if !self.take(b'=') {
            return Err(self.malformed("= after an attribute's name"));
        }
        self.spaces();
        let tight = self.at == before.saturating_add(1);
        let quote = match self.rest().first() {
            Some(quote @ (b'"' | b'\'')) => *quote,
            _ => return Err(self.malformed("a quoted attribute value")),
        };
        let start = self.at.saturating_add(1);
        let inside = self.rest().get(1..).unwrap_or_default();
        let first = position(inside, Place::Attribute, quote);
        let plain = first.and_then(|first| inside.get(first)) == Some(&quote);
        let from = first.unwrap_or(inside.len());
        let more = if plain { Some(0) } else { inside.get(from..).and_then(|rest| position_of(rest, quote)) };
        let more = more.ok_or_else(|| self.malformed("the end of an attribute value"))?;
        let end = start.saturating_add(from).saturating_add(more);
        self.at = end.saturating_add(1);
        Ok((self.slice(start, end), plain && tight && quote == b'"'))
    }

    /// Takes a namespace declaration. Names with `&` are written differently by libxml2 and by the specification, and
    /// relative ones make canonicalization fail in some libraries and succeed in others (CVE-2025-66568): both are refused.
    fn declare(&mut self, prefix: &'t str, uri: &'t str, outer: Option<Index>, at: usize) -> Result<(), XmlError> {
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
        let known = known_namespace(uri);
        if known.is_none() && !uri.is_empty() && !is_absolute(uri) {
            return refuse("a namespace name is not a plain absolute URI");
        }
        let shadowed = lookup(&self.document.bindings, self.scope, prefix);
        let slot = shadowed.map(|(_, binding)| binding.slot);
        if shadowed.is_some_and(|(found, _)| outer.is_none_or(|outer| found > outer)) {
            return Err(XmlError::Malformed { at, expected: "each prefix declared once" });
        }
        self.bind(prefix, known.unwrap_or(uri), slot);
        within("namespace declarations in scope", self.in_scope, self.profile.namespaces)
    }

    /// Declares `prefix` from here on; `slot` is that of the declaration it hides.
    fn bind(&mut self, prefix: &'t str, uri: &'t str, slot: Option<Index>) {
        let (outer, key) = (self.scope, prefix_key(prefix));
        self.scope = Some(index(self.document.bindings.len()));
        let slot = slot.unwrap_or_else(|| index(self.in_scope));
        self.document.bindings.push(Binding { key, prefix, uri, outer, slot });
        self.in_scope = self.in_scope.saturating_add(1);
    }

    /// The namespace name of `prefix`, and its declaration if it has one.
    fn resolve(&self, prefix: &str, at: usize) -> Result<(&'t str, Option<Index>), XmlError> {
        match lookup(&self.document.bindings, self.scope, prefix) {
            Some((found, binding)) => Ok((binding.uri, Some(found))),
            None if prefix.is_empty() => Ok(("", None)),
            None if prefix == "xml" => Ok((XML_NAMESPACE, None)),
            None if prefix == "xmlns" => Err(XmlError::Namespace { at, problem: "xmlns is used as a prefix" }),
            None => Err(XmlError::Namespace { at, problem: "a prefix is not declared" }),
        }
    }

    /// Binds prefixed attributes, and refuses two of the same expanded name (xml-names 6.3).
    fn resolve_attributes(&mut self, first: usize, at: usize) -> Result<(), XmlError> {
        let mut prefixed: usize = 0;
        for index in first..self.document.attributes.len() {
            let prefix = self.document.attributes.get(index).map_or("", |attribute| attribute.prefix);
            if !prefix.is_empty() {
                prefixed = prefixed.saturating_add(1);
                within("prefixed attributes of one element", prefixed, PREFIXED_ATTRIBUTES)?;
                let resolved = self.resolve(prefix, at)?;
                if let Some(attribute) = self.document.attributes.get_mut(index) {
                    (attribute.namespace, attribute.binding) = resolved;
                }
            }
        }
        match repeated(self.document.attributes.get(first..).unwrap_or_default()) {
            None => Ok(()),
            Some((one, other)) if one.prefix == other.prefix => {
                Err(XmlError::Malformed { at, expected: "each attribute once" })
            }
            Some(_) => Err(XmlError::Namespace { at, problem: "two attributes have the same expanded name" }),
        }
    }

    fn end_tag(&mut self) -> Result<(), XmlError> {
        let expected = "the end tag of the innermost open element";
        let Some(open) = self.open.pop() else {
            return Err(self.malformed(expected));
        };
        let name = self.at.saturating_add(2);
        let after = name.saturating_add(open.name.len());
        if !self.rest().starts_with(b"</") || !same(self.slice(name, after), open.name) {
            return Err(self.malformed(expected));
        }
        self.at = after;
        let tidy = self.rest().first() == Some(&b'>');
        self.spaces();
        if !self.take(b'>') {
            return Err(self.malformed(expected));
        }
        let verbatim = open.verbatim && tidy;
        let (end, at) = (index(self.document.nodes.len()), self.at);
        if let Some(node) = self.document.nodes.get_mut(open.index) {
            node.end = end;
            if let Content::Element(data) = &mut node.content {
                data.bytes.end = index(at);
                data.verbatim = verbatim;
            }
        }
        if let Some(parent) = self.open.last_mut() {
            parent.verbatim &= verbatim && parent.binding == open.binding;
        }
        (self.scope, self.in_scope) = open.outer;
        Ok(())
    }

    fn push(&mut self, content: Content<'t>) -> Result<usize, XmlError> {
        let place = self.document.nodes.len();
        within("nodes", place.saturating_add(1), self.profile.nodes)?;
        self.document.nodes.push(Node { end: index(place.saturating_add(1)), content });
        Ok(place)
    }

    fn qualified_name(&mut self) -> Result<Name<'t>, XmlError> {
        let expected = "a qualified name";
        let text = self.rest_text();
        let first = ncname_length(text);
        let (head, rest) = text.split_at_checked(first).unwrap_or_default();
        if first == 0 {
            return Err(self.malformed(expected));
        }
        let Some(after) = rest.strip_prefix(':') else {
            self.at = self.at.saturating_add(first);
            return Ok(Name { prefix: "", local: head, written: head });
        };
        let second = ncname_length(after);
        let whole = first.saturating_add(1).saturating_add(second);
        let (Some(local), Some((written, rest))) = (after.get(..second), text.split_at_checked(whole)) else {
            return Err(self.malformed(expected));
        };
        // `a::b` and `:a` have been read one way and written another (CVE-2020-29509).
        if second == 0 || rest.starts_with(':') {
            return Err(self.malformed(expected));
        }
        self.at = self.at.saturating_add(whole);
        Ok(Name { prefix: head, local, written })
    }

    fn spaces(&mut self) {
        let spaces = self.rest().iter().take_while(|byte| is_space(**byte)).count();
        self.at = self.at.saturating_add(spaces);
    }

    fn take(&mut self, expected: u8) -> bool {
        let found = self.rest().first() == Some(&expected);
        self.at = self.at.saturating_add(usize::from(found));
        found
    }

    fn rest(&self) -> &'t [u8] {
        self.document.text.as_bytes().get(self.at..).unwrap_or_default()
    }

    fn rest_text(&self) -> &'t str {
        self.document.text.get(self.at..).unwrap_or_default()
    }

    fn slice(&self, start: usize, end: usize) -> &'t str {
        self.document.text.get(start..end).unwrap_or_default()
    }

    /// Goes on where `rest`, an end of the document, begins.
    fn go_to(&mut self, rest: &str) {
        self.at = self.document.text.len().saturating_sub(rest.len());
    }

    fn malformed(&self, expected: &'static str) -> XmlError {
        XmlError::Malformed { at: self.at, expected }
    }
}

/// Two attributes of the same expanded name.
fn repeated<'a, 't>(attributes: &'a [Attribute<'t>]) -> Option<(&'a Attribute<'t>, &'a Attribute<'t>)> {
    // Most have no namespace, and comparing empty texts by the C library's memcmp costs as much as reading an attribute:
    // an empty text points nowhere, and some processors take long to load nothing from there.
    let alike = |one: &Attribute<'_>, other: &Attribute<'_>| {
        same(one.local, other.local) && same(one.namespace, other.namespace)
    };
    if attributes.len() <= FEW_ATTRIBUTES {
        return attributes.iter().enumerate().find_map(|(index, later)| {
            let earlier = attributes.get(..index)?.iter().find(|earlier| alike(earlier, later))?;
            Some((earlier, later))
        });
    }
    let mut seen = HashSet::with_capacity(attributes.len());
    let later = attributes.iter().find(|attribute| !seen.insert((attribute.local, attribute.namespace)))?;
    attributes.iter().find(|earlier| alike(earlier, later)).map(|earlier| (earlier, later))
}
