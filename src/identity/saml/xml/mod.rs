//! Bytes in, a bounded read-only tree out.
//!
//! Our own parser of the little XML that a SAML message may hold: elements, attributes, text, the five predefined
//! entities and character references. It keeps prefixes, which canonicalization needs, reads every byte once, and counts
//! against a [`Profile`] while it reads. Refused by name: DTDs, comments, processing instructions, CDATA sections,
//! relative or oversized namespace names, and everything that is not well-formed to the last byte.

mod lex;
mod parse;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::ops::Range;

pub(super) use lex::is_space;
use lex::same;

use super::{DSIG, SAML, SAMLP, XENC};

/// The namespace that the prefix `xml` is always bound to (xml-names 3).
pub(super) const XML_NAMESPACE: &str = "http://www.w3.org/XML/1998/namespace";

/// Why a document was refused before anything was read from it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum XmlError {
    /// A counted limit was passed.
    #[error("the document is larger than allowed")]
    Limit {
        /// What was counted.
        counted: &'static str,
        /// The most that is allowed.
        most: usize,
    },
    /// The bytes are not UTF-8.
    #[error("the document is not UTF-8")]
    NotUtf8,
    /// A document type or any other markup declaration.
    #[error("the document holds a document type declaration")]
    Doctype {
        /// Byte offset of the declaration.
        at: usize,
    },
    /// A comment.
    #[error("the document holds a comment")]
    Comment {
        /// Byte offset of the comment.
        at: usize,
    },
    /// A processing instruction.
    #[error("the document holds a processing instruction")]
    ProcessingInstruction {
        /// Byte offset of the instruction.
        at: usize,
    },
    /// A CDATA section.
    #[error("the document holds a CDATA section")]
    Cdata {
        /// Byte offset of the section.
        at: usize,
    },
    /// Anything else that is not well-formed XML 1.0.
    #[error("the document is not well-formed")]
    Malformed {
        /// Byte offset where reading stopped.
        at: usize,
        /// What would have been well-formed there.
        expected: &'static str,
    },
    /// A namespace declaration or use that is wrong, or that canonicalizers disagree about.
    #[error("the document misuses namespaces")]
    Namespace {
        /// Byte offset of the element or declaration.
        at: usize,
        /// What is wrong with it.
        problem: &'static str,
    },
}

/// What a document may hold, at most.
#[derive(Clone, Copy, Debug)]
pub(super) struct Profile {
    pub(super) bytes: usize,
    pub(super) nodes: usize,
    pub(super) depth: usize,
    /// Attributes and namespace declarations of one element.
    pub(super) attributes: usize,
    /// Namespace declarations in scope anywhere; look-ups walk them.
    pub(super) namespaces: usize,
    /// Whether comments are skipped (they never reach the tree) or refused.
    pub(super) comments: Comments,
    /// Whether CDATA sections are read as text or refused.
    pub(super) cdata: Cdata,
}

/// What happens to CDATA sections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cdata {
    /// Refused: readers have joined and split text at them (CVE-2026-34601).
    Refused,
    /// Text like any other, which is what canonicalization writes of them (xml-c14n 2.3).
    Text,
}

/// What happens to comments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comments {
    /// Refused: a comment inside a NameID is an attack (CVE-2017-11427 and its kin).
    Refused,
    /// Skipped: operators annotate metadata files.
    Skipped,
}

impl Profile {
    /// A message from the network. Real ones stay under a tenth of each figure; roxmltree, libxml2 and others have been
    /// slow or worse on documents that pass them.
    pub(super) const MESSAGE: Self = Self {
        bytes: 256 * 1024,
        nodes: 20_000,
        depth: 24,
        attributes: 32,
        namespaces: 64,
        comments: Comments::Refused,
        cdata: Cdata::Refused,
    };

    /// A message of which no more is read than whom it claims to be from: whose relaxations hold is not known yet.
    pub(super) const CLAIM: Self = Self { cdata: Cdata::Text, ..Self::MESSAGE };

    /// Canonical bytes of a message: escaping and repeated namespace declarations may lengthen them.
    pub(super) const CANONICAL: Self = Self { bytes: 2 * Self::MESSAGE.bytes, ..Self::MESSAGE };

    /// Metadata an operator configured: the size IAM takes for a SAML provider.
    pub(super) const METADATA: Self = Self {
        bytes: 10_000_000,
        nodes: 2_000_000,
        depth: 32,
        attributes: 64,
        namespaces: 128,
        comments: Comments::Skipped,
        cdata: Cdata::Refused,
    };

    /// Canonical bytes of metadata, in which no comment is left.
    pub(super) const CANONICAL_METADATA: Self =
        Self { bytes: 2 * Self::METADATA.bytes, comments: Comments::Refused, ..Self::METADATA };
}

/// Where something stands among its kind, or in the text: half the size of `usize`, for trees that fit into caches. The
/// largest profile is far below its end.
type Index = u32;

fn index(place: usize) -> Index {
    Index::try_from(place).unwrap_or(Index::MAX)
}

fn place(index: Index) -> usize {
    usize::try_from(index).unwrap_or(usize::MAX)
}

fn range(indexes: &Range<Index>) -> Range<usize> {
    place(indexes.start)..place(indexes.end)
}

#[derive(Debug)]
struct Node<'t> {
    /// One past the last node of this subtree; nodes stand in document order.
    end: Index,
    content: Content<'t>,
}

#[derive(Debug)]
enum Content<'t> {
    /// Borrowed when it stands in the document as it would in its canonical form.
    Text(Cow<'t, str>),
    Element(ElementData<'t>),
}

#[derive(Debug)]
struct ElementData<'t> {
    prefix: &'t str,
    local: &'t str,
    namespace: &'t str,
    /// The declaration that `namespace` comes from.
    binding: Option<Index>,
    attributes: Range<Index>,
    /// The innermost namespace declaration in scope.
    scope: Option<Index>,
    bytes: Range<Index>,
    /// The end of the start tag, when it stands as its canonical form would if that declared nothing.
    tag_end: Option<Index>,
    /// Whether the whole element stands as its canonical form would if that declared nothing.
    verbatim: bool,
}

/// One attribute that is not a namespace declaration.
#[derive(Debug)]
pub(super) struct Attribute<'t> {
    pub(super) prefix: &'t str,
    pub(super) local: &'t str,
    /// Empty for an attribute without a prefix (xml-names 6.2).
    pub(super) namespace: &'t str,
    /// The declaration that `namespace` comes from.
    binding: Option<Index>,
    /// Borrowed when it stands in the document as it would in its canonical form.
    pub(super) value: Cow<'t, str>,
}

#[derive(Clone, Copy, Debug)]
struct Binding<'t> {
    key: u64,
    prefix: &'t str,
    uri: &'t str,
    /// The next declaration outwards.
    outer: Option<Index>,
    /// The same for declarations that hide each other, and for no others in one scope.
    slot: Index,
}

/// A parsed document.
#[derive(Debug)]
pub(super) struct Document<'t> {
    text: &'t str,
    nodes: Vec<Node<'t>>,
    attributes: Vec<Attribute<'t>>,
    bindings: Vec<Binding<'t>>,
    /// Whether a CDATA section was read as text.
    sectioned: bool,
}

/// A namespace declaration in scope.
#[derive(Clone, Copy, Debug)]
pub(super) struct Declaration<'t> {
    pub(super) prefix: &'t str,
    pub(super) uri: &'t str,
    /// The same for declarations that hide each other, and for no others in one scope.
    pub(super) slot: usize,
}

/// One element of a [`Document`].
#[derive(Clone, Copy, Debug)]
pub(super) struct Element<'d, 't> {
    document: &'d Document<'t>,
    index: usize,
    data: &'d ElementData<'t>,
}

/// A child of an element.
#[derive(Clone, Copy, Debug)]
pub(super) enum Child<'d, 't> {
    Element(Element<'d, 't>),
    Text(&'d Cow<'t, str>),
}

impl<'t> Document<'t> {
    /// Parses `bytes`, which must be UTF-8, inside the limits of `profile`.
    pub(super) fn parse(bytes: &'t [u8], profile: &Profile) -> Result<Self, XmlError> {
        within("bytes", bytes.len(), profile.bytes)?;
        let text = std::str::from_utf8(bytes).map_err(|_| XmlError::NotUtf8)?;
        Self::parse_text(text, profile, &[])
    }

    /// Parses `text` as if it stood where `inherited` (prefix, namespace name) are declared, as decrypted content does.
    pub(super) fn parse_text(
        text: &'t str,
        profile: &Profile,
        inherited: &[(&'t str, &'t str)],
    ) -> Result<Self, XmlError> {
        within("bytes", text.len(), profile.bytes)?;
        parse::Parser::new(text, profile, inherited).document()
    }

    /// Whether a CDATA section was read as text.
    pub(super) const fn is_sectioned(&self) -> bool {
        self.sectioned
    }

    /// The document element.
    pub(super) fn root(&self) -> Option<Element<'_, 't>> {
        self.element(0)
    }

    /// Every element, in document order.
    pub(super) fn elements(&self) -> impl Iterator<Item = Element<'_, 't>> {
        (0..self.nodes.len()).filter_map(|index| self.element(index))
    }

    fn element(&self, index: usize) -> Option<Element<'_, 't>> {
        match &self.nodes.get(index)?.content {
            Content::Element(data) => Some(Element { document: self, index, data }),
            Content::Text(_) => None,
        }
    }

    fn declaration(&self, index: Option<Index>) -> Option<Declaration<'t>> {
        let Binding { prefix, uri, slot, .. } = *self.bindings.get(place(index?))?;
        Some(Declaration { prefix, uri, slot: place(slot) })
    }
}

impl<'d, 't> Element<'d, 't> {
    /// Whether the element has this expanded name.
    pub(super) fn is(self, namespace: &str, local: &str) -> bool {
        // Namespaces that we know are mostly the very same string, which needs no comparing.
        self.data.local == local && (std::ptr::eq(self.data.namespace, namespace) || self.data.namespace == namespace)
    }

    /// Whether two handles name the same node.
    pub(super) fn same_as(self, other: Self) -> bool {
        self.index == other.index && std::ptr::eq(self.document, other.document)
    }

    /// Whether `other` stands inside this element or is this element.
    pub(super) fn contains(self, other: Self) -> bool {
        std::ptr::eq(self.document, other.document) && (self.index..self.end()).contains(&other.index)
    }

    /// The name without its prefix.
    pub(super) fn local(self) -> &'t str {
        self.data.local
    }

    /// The prefix as written; empty when there is none.
    pub(super) fn prefix(self) -> &'t str {
        self.data.prefix
    }

    /// The namespace name; empty when there is none.
    pub(super) fn namespace(self) -> &'t str {
        self.data.namespace
    }

    /// Where the element stands in the parsed text.
    pub(super) fn bytes(self) -> Range<usize> {
        range(&self.data.bytes)
    }

    /// The element as written, when that is its canonical form unless a namespace is to be declared in it.
    pub(super) fn verbatim(self) -> Option<&'t str> {
        self.document.text.get(self.bytes()).filter(|_| self.data.verbatim)
    }

    /// The start tag as written, when that is its canonical form unless a namespace is to be declared in it.
    pub(super) fn tidy_tag(self) -> Option<&'t str> {
        self.document.text.get(place(self.data.bytes.start)..place(self.data.tag_end?))
    }

    /// Every attribute but namespace declarations, as written.
    pub(super) fn attributes(self) -> &'d [Attribute<'t>] {
        self.document.attributes.get(range(&self.data.attributes)).unwrap_or_default()
    }

    /// The attribute that has no prefix and this name. A prefixed `evil:ID` is another attribute (CVE-2025-23369).
    pub(super) fn attribute(self, local: &str) -> Option<&'d str> {
        self.attributes()
            .iter()
            .find(|attribute| attribute.namespace.is_empty() && same(attribute.local, local))
            .map(|attribute| &*attribute.value)
    }

    /// Children in order.
    pub(super) fn children(self) -> Children<'d, 't> {
        Children { document: self.document, next: self.index.saturating_add(1), end: self.end() }
    }

    /// Children that are elements.
    pub(super) fn elements(self) -> impl Iterator<Item = Self> {
        self.children().filter_map(|child| match child {
            Child::Element(element) => Some(element),
            Child::Text(_) => None,
        })
    }

    /// Children that are elements of this expanded name.
    pub(super) fn elements_named(self, namespace: &'static str, local: &'static str) -> impl Iterator<Item = Self> {
        self.elements().filter(move |element| element.is(namespace, local))
    }

    /// The children of an element that may hold nothing but elements and white space.
    pub(super) fn only_elements(self) -> Option<Vec<Self>> {
        let mut elements = Vec::new();
        for child in self.children() {
            match child {
                Child::Element(element) => elements.push(element),
                Child::Text(text) if text.bytes().all(is_space) => {}
                Child::Text(_) => return None,
            }
        }
        Some(elements)
    }

    /// The text of an element that holds nothing but text; `None` when it holds an element.
    pub(super) fn text(self) -> Option<Cow<'d, str>> {
        let mut whole = Cow::Borrowed("");
        for child in self.children() {
            match child {
                Child::Text(text) if whole.is_empty() => whole = Cow::Borrowed(text),
                Child::Text(text) => whole.to_mut().push_str(text),
                Child::Element(_) => return None,
            }
        }
        Some(whole)
    }

    /// The declaration that the element's own namespace comes from.
    pub(super) fn declaration(self) -> Option<Declaration<'t>> {
        self.document.declaration(self.data.binding)
    }

    /// The declarations that the namespaces of attributes come from.
    pub(super) fn attribute_declarations(self) -> impl Iterator<Item = Declaration<'t>> {
        self.attributes().iter().filter_map(|attribute| self.document.declaration(attribute.binding))
    }

    /// The declaration of `prefix` in scope here.
    pub(super) fn declared(self, prefix: &str) -> Option<Declaration<'t>> {
        let found = lookup(&self.document.bindings, self.data.scope, prefix);
        self.document.declaration(found.map(|(index, _)| index))
    }

    /// The declarations that the element itself makes, `parent` being the element around it.
    pub(super) fn own_declarations(self, parent: Self) -> impl Iterator<Item = Declaration<'t>> {
        let outer = parent.data.scope;
        let mut scope = self.data.scope;
        std::iter::from_fn(move || {
            let found = scope.filter(|_| scope != outer);
            scope = found.and_then(|index| self.document.bindings.get(place(index))?.outer);
            self.document.declaration(found)
        })
    }

    /// Every (prefix, namespace name) in scope here.
    pub(super) fn in_scope(self) -> Vec<(&'t str, &'t str)> {
        let mut found: Vec<(&'t str, &'t str)> = Vec::new();
        let mut scope = self.data.scope;
        while let Some(binding) = scope.and_then(|index| self.document.bindings.get(place(index))) {
            if !found.iter().any(|(prefix, _)| *prefix == binding.prefix) {
                found.push((binding.prefix, binding.uri));
            }
            scope = binding.outer;
        }
        found
    }

    fn end(self) -> usize {
        self.document.nodes.get(self.index).map_or(self.index, |node| place(node.end))
    }
}

/// The children of one element.
#[derive(Debug)]
pub(super) struct Children<'d, 't> {
    document: &'d Document<'t>,
    next: usize,
    end: usize,
}

impl<'d, 't> Iterator for Children<'d, 't> {
    type Item = Child<'d, 't>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.next >= self.end {
            return None;
        }
        let index = self.next;
        let node = self.document.nodes.get(index)?;
        self.next = place(node.end);
        Some(match &node.content {
            Content::Text(text) => Child::Text(text),
            Content::Element(data) => Child::Element(Element { document: self.document, index, data }),
        })
    }
}

/// The declaration of `prefix` in `scope`.
fn lookup<'b, 't>(
    bindings: &'b [Binding<'t>],
    mut scope: Option<Index>,
    prefix: &str,
) -> Option<(Index, &'b Binding<'t>)> {
    let key = prefix_key(prefix);
    while let Some((index, binding)) = scope.and_then(|index| Some((index, bindings.get(place(index))?))) {
        if binding.key == key && binding.prefix.len() == prefix.len() && (prefix.len() <= 8 || binding.prefix == prefix)
        {
            return Some((index, binding));
        }
        scope = binding.outer;
    }
    None
}

/// The first eight bytes: tells apart all shorter prefixes, and most others, in one comparison.
fn prefix_key(prefix: &str) -> u64 {
    prefix.bytes().take(8).fold(0, |key, byte| key << 8 | u64::from(byte))
}

/// The namespaces of SAML, so that one that is declared is mostly the very string that it is compared with.
fn known_namespace(uri: &str) -> Option<&'static str> {
    [SAML, SAMLP, DSIG, XENC].into_iter().find(|known| same(known, uri))
}

fn within(counted: &'static str, found: usize, most: usize) -> Result<(), XmlError> {
    if found > most {
        return Err(XmlError::Limit { counted, most });
    }
    Ok(())
}
