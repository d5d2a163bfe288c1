//! The XML gate and the canonical form. A finding: a document that is read and that another parser refuses or reads as
//! another tree, or a canonical form that is not its own canonical form.

use daypass::identity::saml::canonicalize;
use roxmltree::{Document, Node, ParsingOptions};

use crate::judge::{Judge, in_time};

/// Canonicalises `data`, and judges it as a response.
pub fn target(data: &[u8]) {
    // Nobody signed it.
    let _ = Judge::Strict.verdict(data).map(|identity| super::wrapping::known(&identity));
    let Ok(text) = std::str::from_utf8(data) else { return };
    for prefixes in [&[][..], &["saml", "p", "xml"]] {
        let Ok(canonical) = in_time(data, || canonicalize(text, None, prefixes)) else { continue };
        // Line ends are LF before anything is parsed (xml 2.11). roxmltree keeps a CR that stands before a reference.
        let lines = text.replace("\r\n", "\n").replace('\r', "\n");
        let original = read(&lines).unwrap_or_else(|error| panic!("read, and refused by another parser: {error}"));
        let again = read(&canonical).expect("canonical XML");
        // The signature of an element is left out of its canonical form, and a second one then becomes the first.
        if text.contains("Signature") {
            continue;
        }
        assert_eq!(tree(original.root()), tree(again.root()));
        match canonicalize(&canonical, None, prefixes) {
            Ok(twice) => assert_eq!(twice, canonical),
            Err(error) => assert_eq!(error.rule().name, "size", "canonical XML is refused: {}", error.reason()),
        }
    }
}

fn read(text: &str) -> Result<Document<'_>, roxmltree::Error> {
    Document::parse_with_options(text, ParsingOptions { nodes_limit: u32::MAX, ..ParsingOptions::default() })
}

/// Everything that means something in a document, in one text.
fn tree(node: Node<'_, '_>) -> String {
    let mut written = String::new();
    for node in node.descendants() {
        if node.is_element() {
            let mut attributes: Vec<_> = node
                .attributes()
                .map(|attribute| (attribute.namespace(), attribute.name(), attribute.value()))
                .collect();
            attributes.sort_unstable();
            let (namespace, name) = (node.tag_name().namespace().unwrap_or_default(), node.tag_name().name());
            written += &format!("<{namespace} {name} {attributes:?} {}>", node.ancestors().count());
        } else if let Some(text) = node.text() {
            written += text;
        }
    }
    written
}
