//! Exclusive XML Canonicalization 1.0 without comments, of what others wrote.
//!
//! What we write is born canonical (see `xml`); this is for reading. There are no processing instructions in what it is
//! used for, and no list of inclusive prefixes: where there is one, the caller refuses.

use super::xml::{push_attribute_value, push_text};
use roxmltree::{Node, NodeType};
use std::collections::BTreeMap;

/// Messages are a dozen elements deep.
const DEPTH_MOST: usize = 64;

/// The octets of `apex`, with everything in it but `left_out`. `None` for what no honest message holds.
pub(super) fn canonical(apex: Node<'_, '_>, left_out: Option<Node<'_, '_>>) -> Option<String> {
    let mut writer = Writer { left_out, out: String::new() };
    writer.element(apex, &BTreeMap::new(), DEPTH_MOST)?;
    Some(writer.out)
}

struct Writer<'a, 'input> {
    left_out: Option<Node<'a, 'input>>,
    out: String,
}

impl Writer<'_, '_> {
    /// `rendered` is what the output declares around here: prefix, namespace.
    fn element(&mut self, node: Node<'_, '_>, rendered: &BTreeMap<String, String>, depth: usize) -> Option<()> {
        let depth = depth.checked_sub(1)?;
        let opening = node.document().input_text().get(node.range())?.strip_prefix('<')?;
        let end = opening.find(|c: char| c.is_ascii_whitespace() || matches!(c, '/' | '>'))?;
        let name = opening.get(..end)?;
        let attributes = attributes(node)?;
        let mut used = BTreeMap::from([(prefix_of(name), node.tag_name().namespace().unwrap_or_default())]);
        let prefixed = attributes.iter().filter(|attribute| attribute.name.contains(':'));
        used.extend(prefixed.map(|attribute| (prefix_of(attribute.name), attribute.namespace)));
        let mut inside = rendered.clone();
        self.push(["<", name]);
        for (prefix, namespace) in used {
            let known = rendered.get(prefix).map(String::as_str);
            let declared = prefix == "xml" || known.unwrap_or_default() == namespace;
            if !declared {
                self.push([" xmlns", if prefix.is_empty() { "" } else { ":" }, prefix, "=\""]);
                push_attribute_value(&mut self.out, namespace);
                self.out.push('"');
                inside.insert(prefix.to_owned(), namespace.to_owned());
            }
        }
        for attribute in attributes {
            self.push([" ", attribute.name, "=\""]);
            push_attribute_value(&mut self.out, attribute.value);
            self.out.push('"');
        }
        self.out.push('>');
        let left_out = self.left_out;
        for child in node.children().filter(|child| Some(*child) != left_out) {
            match child.node_type() {
                NodeType::Element => self.element(child, &inside, depth)?,
                NodeType::Text => push_text(&mut self.out, child.text().unwrap_or_default()),
                NodeType::Comment => {}
                NodeType::Root | NodeType::PI => return None,
            }
        }
        self.push(["</", name, ">"]);
        Some(())
    }

    fn push<const N: usize>(&mut self, parts: [&str; N]) {
        for part in parts {
            self.out.push_str(part);
        }
    }
}

struct Attribute<'a> {
    namespace: &'a str,
    local: &'a str,
    name: &'a str,
    value: &'a str,
}

/// In their canonical order: by namespace, then by local name (Canonical XML 1.0 section 2.2).
fn attributes<'a>(node: Node<'a, '_>) -> Option<Vec<Attribute<'a>>> {
    let mut attributes = Vec::new();
    for attribute in node.attributes() {
        let name = node.document().input_text().get(attribute.range_qname())?;
        let namespace = attribute.namespace().unwrap_or_default();
        attributes.push(Attribute { namespace, local: attribute.name(), name, value: attribute.value() });
    }
    attributes.sort_by(|one, other| (one.namespace, one.local).cmp(&(other.namespace, other.local)));
    Some(attributes)
}

fn prefix_of(name: &str) -> &str {
    name.split_once(':').map_or("", |(prefix, _)| prefix)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn namespaces_are_declared_where_they_are_used_and_attributes_are_sorted() {
        let text = "<p:a xmlns:q='urn:q' xmlns:p='urn:p' xmlns:unused='urn:u' z='1' q:b='&lt;&#9;\"' a='2'><!-- c --><q:c/>&gt;<d xmlns='urn:d'><e xmlns=''/></d></p:a>";
        let document = roxmltree::Document::parse(text).unwrap();
        assert_eq!(
            canonical(document.root_element(), None).unwrap(),
            "<p:a xmlns:p=\"urn:p\" xmlns:q=\"urn:q\" a=\"2\" z=\"1\" q:b=\"&lt;&#x9;&quot;\"><q:c></q:c>&gt;<d xmlns=\"urn:d\"><e xmlns=\"\"></e></d></p:a>"
        );
        let inner = document.root_element().first_element_child().unwrap();
        assert_eq!(canonical(inner, None).unwrap(), "<q:c xmlns:q=\"urn:q\"></q:c>");
    }

    #[test]
    fn what_no_honest_message_holds_has_no_canonical_form() {
        let deep = format!("{}{}", "<a>".repeat(DEPTH_MOST + 1), "</a>".repeat(DEPTH_MOST + 1));
        for text in [deep.as_str(), "<a><?hidden text?></a>"] {
            let document = roxmltree::Document::parse(text).unwrap();
            assert_eq!(canonical(document.root_element(), None), None);
        }
    }
}
