//! XML that is born in exclusive canonical form, so that canonicalising it changes nothing.
//!
//! An element is data until it is written, and the writer is the only place that makes markup: no text or attribute
//! value, whatever it holds, can become an element (attack: XML injection into what the provider signs).

use std::collections::BTreeMap;

/// A namespace with the one prefix it always has here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Namespace {
    Assertion,
    Protocol,
    Metadata,
    Signature,
}

impl Namespace {
    const fn prefix(self) -> &'static str {
        match self {
            Self::Assertion => "saml",
            Self::Protocol => "samlp",
            Self::Metadata => "md",
            Self::Signature => "ds",
        }
    }

    pub(super) const fn uri(self) -> &'static str {
        match self {
            Self::Assertion => "urn:oasis:names:tc:SAML:2.0:assertion",
            Self::Protocol => "urn:oasis:names:tc:SAML:2.0:protocol",
            Self::Metadata => "urn:oasis:names:tc:SAML:2.0:metadata",
            Self::Signature => "http://www.w3.org/2000/09/xmldsig#",
        }
    }
}

/// An element; its attributes are in no namespace, which sorts them by name alone.
#[derive(Debug, Clone)]
pub(super) struct Element {
    namespace: Namespace,
    name: &'static str,
    attributes: BTreeMap<&'static str, String>,
    children: Vec<Node>,
}

#[derive(Debug, Clone)]
enum Node {
    Element(Element),
    Text(String),
    Comment(&'static str),
}

impl Element {
    pub(super) const fn new(namespace: Namespace, name: &'static str) -> Self {
        Self { namespace, name, attributes: BTreeMap::new(), children: Vec::new() }
    }

    pub(super) fn with(mut self, attribute: &'static str, value: impl Into<String>) -> Self {
        self.attributes.insert(attribute, value.into());
        self
    }

    pub(super) fn with_some(self, attribute: &'static str, value: Option<&str>) -> Self {
        match value {
            Some(value) => self.with(attribute, value),
            None => self,
        }
    }

    pub(super) fn text(mut self, text: impl Into<String>) -> Self {
        self.children.push(Node::Text(text.into()));
        self
    }

    /// Only for the fault that is named after it: canonicalisation drops comments, so the signature still holds.
    pub(super) fn comment(mut self, comment: &'static str) -> Self {
        self.children.push(Node::Comment(comment));
        self
    }

    pub(super) fn child(mut self, child: Self) -> Self {
        self.children.push(Node::Element(child));
        self
    }

    pub(super) fn children(mut self, children: impl IntoIterator<Item = Self>) -> Self {
        self.children.extend(children.into_iter().map(Node::Element));
        self
    }

    /// Where the schemas of SAML put a signature: right after the issuer, which is always first.
    pub(super) fn insert_second(&mut self, child: Self) {
        self.children.insert(self.children.len().min(1), Node::Element(child));
    }

    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.get(name).map(String::as_str)
    }

    /// The octets of Exclusive XML Canonicalization 1.0 without comments, for this element as the apex.
    pub(super) fn canonical(&self) -> String {
        let mut writer = Writer { out: String::new(), declared: Vec::new(), comments: false };
        writer.element(self);
        writer.out
    }

    /// The document to send: the canonical octets, and the comments that canonicalisation would drop.
    pub(super) fn document(&self) -> String {
        let mut writer = Writer { out: String::new(), declared: Vec::new(), comments: true };
        writer.element(self);
        writer.out
    }
}

struct Writer {
    out: String,
    declared: Vec<Namespace>,
    comments: bool,
}

impl Writer {
    fn element(&mut self, element: &Element) {
        let prefix = element.namespace.prefix();
        let declares = !self.declared.contains(&element.namespace);
        for part in ["<", prefix, ":", element.name] {
            self.out.push_str(part);
        }
        if declares {
            self.declared.push(element.namespace);
            for part in [" xmlns:", prefix, "=\"", element.namespace.uri(), "\""] {
                self.out.push_str(part);
            }
        }
        for (name, value) in &element.attributes {
            for part in [" ", name, "=\""] {
                self.out.push_str(part);
            }
            push_attribute_value(&mut self.out, value);
            self.out.push('"');
        }
        self.out.push('>');
        for child in &element.children {
            match child {
                Node::Element(child) => self.element(child),
                Node::Text(text) => push_text(&mut self.out, text),
                Node::Comment(text) if self.comments => {
                    for part in ["<!--", text, "-->"] {
                        self.out.push_str(part);
                    }
                }
                Node::Comment(_) => {}
            }
        }
        for part in ["</", prefix, ":", element.name, ">"] {
            self.out.push_str(part);
        }
        if declares {
            self.declared.pop();
        }
    }
}

/// Canonical XML 1.0 section 2.3, text nodes.
pub(super) fn push_text(out: &mut String, text: &str) {
    for character in text.chars().map(carried) {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\r' => out.push_str("&#xD;"),
            other => out.push(other),
        }
    }
}

/// Canonical XML 1.0 section 2.3, attribute nodes.
pub(super) fn push_attribute_value(out: &mut String, value: &str) {
    for character in value.chars().map(carried) {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '"' => out.push_str("&quot;"),
            '\t' => out.push_str("&#x9;"),
            '\n' => out.push_str("&#xA;"),
            '\r' => out.push_str("&#xD;"),
            other => out.push(other),
        }
    }
}

/// XML 1.0 has no way to write most control characters, not even escaped; one of them would make the document
/// unreadable, so it is replaced by the character that stands for "could not be represented".
const fn carried(character: char) -> char {
    match character {
        '\t' | '\n' | '\r' | '\u{20}'..='\u{FFFD}' | '\u{10000}'..='\u{10FFFF}' => character,
        _ => char::REPLACEMENT_CHARACTER,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_namespace_is_declared_where_it_is_first_used_and_again_beside_it() {
        let inner = || Element::new(Namespace::Assertion, "Issuer").text("x");
        let outer = Element::new(Namespace::Protocol, "Response").with("ID", "_1").child(inner()).child(inner());
        let issuer = "<saml:Issuer xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\">x</saml:Issuer>";
        assert_eq!(
            outer.canonical(),
            format!(
                "<samlp:Response xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\" ID=\"_1\">{issuer}{issuer}</samlp:Response>"
            )
        );
    }

    #[test]
    fn attributes_are_sorted_and_empty_elements_have_an_end_tag() {
        let element = Element::new(Namespace::Signature, "Transform").with("b", "2").with("B", "1").with("a", "0");
        assert_eq!(
            element.canonical(),
            "<ds:Transform xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\" B=\"1\" a=\"0\" b=\"2\"></ds:Transform>"
        );
    }

    #[test]
    fn attack_markup_in_values_stays_text() {
        let nasty = "a<b>&\"']]>\r\n\t\u{0}\u{1F408}</saml:Issuer>";
        let element = Element::new(Namespace::Assertion, "Issuer").with("Format", nasty).text(nasty);
        let document = element.document();
        let parsed = roxmltree::Document::parse(&document).unwrap();
        let root = parsed.root_element();
        let read_back = nasty.replace('\0', "\u{FFFD}");
        assert_eq!(root.text(), Some(read_back.as_str()));
        assert_eq!(root.attribute("Format"), Some(read_back.as_str()));
        assert_eq!(root.descendants().filter(roxmltree::Node::is_element).count(), 1);
    }

    #[test]
    fn comments_are_sent_but_not_signed() {
        let element = Element::new(Namespace::Assertion, "NameID").text("mar").comment("x").text("tha");
        assert!(element.document().contains("mar<!--x-->tha"));
        assert!(element.canonical().contains(">martha<"));
    }
}
