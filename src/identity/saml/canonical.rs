//! A subtree in, the bytes that were signed out: Exclusive XML Canonicalization 1.0 without comments.
//!
//! A wrong byte here breaks a digest; it cannot make one, because the reader reads these bytes and no others.

use std::borrow::Cow;
use std::cmp::Ordering;

use super::error::shape;
use super::xml::{Attribute, Child, Declaration, Document, Element, Profile};
use super::{SamlError, response, rules, signature};
use crate::explain::Rule;

/// Prefixes of one InclusiveNamespaces list; every one is looked up at every element.
const MOST_PREFIXES: usize = 16;

/// The exclusive canonical form (xml-exc-c14n 3) of the element of `xml` whose ID is `id`, or of the whole document: what a
/// digest is taken of. The element's own Signature is left out, as the enveloped-signature transform does, and the listed
/// `prefixes` (InclusiveNamespaces PrefixList) are declared wherever they are in scope.
///
/// # Errors
/// [`SamlError`] for what no message may hold, for an `id` that no element has, for more than 16 prefixes or `#default`
/// among them, and for canonical bytes longer than twice the limit of a message.
pub fn canonicalize(xml: &str, id: Option<&str>, prefixes: &[&str]) -> Result<String, SamlError> {
    let document = Document::parse_text(xml, &Profile::MESSAGE, &[])?;
    response::unique_ids(&document)?;
    let element = match id {
        None => document.root(),
        Some(id) => document.elements().find(|element| element.attribute("ID") == Some(id)),
    };
    let element = element.ok_or_else(|| SamlError::Mismatch {
        rule: rules::REFERENCE,
        expected: format!("an element whose ID is {}", id.unwrap_or_default()),
        found: None,
    })?;
    if !acceptable(prefixes) {
        return Err(unacceptable_prefixes(rules::CANONICALIZATION, &prefixes.join(" ")));
    }
    canonical_form(element, signature::find(element), prefixes, &Profile::CANONICAL)
}

/// Whether an InclusiveNamespaces list is one that libraries read alike: `#default` is not.
pub(super) fn acceptable(prefixes: &[&str]) -> bool {
    prefixes.len() <= MOST_PREFIXES && !prefixes.contains(&"#default")
}

pub(super) fn unacceptable_prefixes(rule: &'static Rule, found: &str) -> SamlError {
    shape(rule, "at most 16 prefixes, none of them #default", found)
}

/// How many times its own length an element may grow: honest ones declare a namespace again at every value and stay under
/// two. Without this a short message costs as much as the longest (quadratic canonicalization, GHSA-qhrp-hfff-vphr).
const MOST_GROWTH: usize = 4;
/// What it may grow by whatever its length.
const FREE_BYTES: usize = 4096;

/// [`write`] within the limit of `profile`, and of what grows in proportion to the element.
pub(super) fn canonical_form<'t>(
    element: Element<'_, 't>,
    omitted: Option<Element<'_, 't>>,
    prefixes: &[&str],
    profile: &Profile,
) -> Result<String, SamlError> {
    let proportionate = element.bytes().len().saturating_mul(MOST_GROWTH).saturating_add(FREE_BYTES);
    write(element, omitted, prefixes, profile.bytes.min(proportionate))
        .map_err(|_| shape(rules::CANONICALIZATION, "canonical bytes in proportion to the document", "more"))
}

/// Canonicalization would write more than a message may hold (quadratic canonicalization, GHSA-qhrp-hfff-vphr).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct CanonicalTooLong;

/// Writes `element` without `omitted`, declaring the `inclusive` prefixes wherever they are in scope
/// (InclusiveNamespaces PrefixList, xml-exc-c14n 3).
fn write<'t>(
    element: Element<'_, 't>,
    omitted: Option<Element<'_, 't>>,
    inclusive: &[&str],
    most: usize,
) -> Result<String, CanonicalTooLong> {
    let mut writer = Writer {
        output: String::with_capacity(element.bytes().len().saturating_add(256)),
        rendered: Vec::with_capacity(16),
        replaced: Vec::with_capacity(16),
        new: Vec::with_capacity(8),
        omitted,
        inclusive,
        most,
    };
    for prefix in inclusive {
        writer.require(element.declared(prefix));
    }
    writer.element(element)?;
    Ok(writer.output)
}

struct Writer<'w, 'd, 't> {
    output: String,
    /// The namespace name that the output declares for the prefix of each slot; none means the same as `xmlns=""`.
    rendered: Vec<&'t str>,
    /// What `rendered` held before, for each change of it, to be put back at the end of the element.
    replaced: Vec<(usize, &'t str)>,
    /// The declarations that the element at hand has to make: prefix and namespace name.
    new: Vec<(&'t str, &'t str)>,
    omitted: Option<Element<'d, 't>>,
    inclusive: &'w [&'w str],
    most: usize,
}

impl<'t> Writer<'_, '_, 't> {
    /// Depth is bounded by the parser, so recursion is.
    fn element(&mut self, element: Element<'_, 't>) -> Result<(), CanonicalTooLong> {
        let outer = self.replaced.len().saturating_sub(self.new.len());
        self.require(element.declaration());
        for declaration in element.attribute_declarations() {
            self.require(Some(declaration));
        }
        let omitting = self.omitted.is_some_and(|omitted| element.contains(omitted));
        match (element.verbatim(), element.tidy_tag()) {
            // Copied as they stand: honest signers mostly write canonical bytes.
            (Some(written), _) if self.new.is_empty() && !omitting => self.output.push_str(written),
            (_, Some(tag)) if self.new.is_empty() => {
                self.output.push_str(tag);
                self.content(element)?;
            }
            _ => {
                self.output.push('<');
                self.name(element.prefix(), element.local());
                self.declarations();
                self.attributes(element.attributes());
                self.output.push('>');
                self.content(element)?;
            }
        }
        while self.replaced.len() > outer {
            if let Some((slot, uri)) = self.replaced.pop()
                && let Some(rendered) = self.rendered.get_mut(slot)
            {
                *rendered = uri;
            }
        }
        if self.output.len() > self.most { Err(CanonicalTooLong) } else { Ok(()) }
    }

    /// Writes children and the end tag.
    fn content(&mut self, element: Element<'_, 't>) -> Result<(), CanonicalTooLong> {
        for child in element.children() {
            match child {
                Child::Text(Cow::Borrowed(text)) => self.output.push_str(text),
                Child::Text(Cow::Owned(text)) => escape_text(&mut self.output, text),
                Child::Element(child) if self.omitted.is_some_and(|omitted| omitted.same_as(child)) => {}
                Child::Element(child) => {
                    self.list(child, element);
                    self.element(child)?;
                }
            }
        }
        self.output.push_str("</");
        self.name(element.prefix(), element.local());
        self.output.push('>');
        Ok(())
    }

    fn name(&mut self, prefix: &str, local: &str) {
        if !prefix.is_empty() {
            self.output.push_str(prefix);
            self.output.push(':');
        }
        self.output.push_str(local);
    }

    /// Requires the listed prefixes that `child` declares; those declared further out its ancestors have written.
    fn list(&mut self, child: Element<'_, 't>, parent: Element<'_, 't>) {
        if !self.inclusive.is_empty() {
            for declaration in child.own_declarations(parent) {
                if self.inclusive.contains(&declaration.prefix) {
                    self.require(Some(declaration));
                }
            }
        }
    }

    /// Writes the declarations that this element uses visibly and no ancestor has written, sorted by prefix.
    fn declarations(&mut self) {
        self.new.sort_unstable();
        for (prefix, uri) in self.new.drain(..) {
            self.output.push_str(if prefix.is_empty() { " xmlns" } else { " xmlns:" });
            self.output.push_str(prefix);
            self.output.push_str("=\"");
            self.output.push_str(uri);
            self.output.push('"');
        }
    }

    /// Without a declaration there is nothing to write: the prefix is `xml`, or there is none and no default namespace.
    fn require(&mut self, declaration: Option<Declaration<'t>>) {
        let Some(Declaration { prefix, uri, slot }) = declaration else { return };
        if self.rendered.len() <= slot {
            self.rendered.resize(slot.saturating_add(1), "");
        }
        let Some(rendered) = self.rendered.get_mut(slot) else { return };
        // Mostly the very same declaration, which needs no comparing.
        if prefix != "xml" && !std::ptr::eq(*rendered, uri) && *rendered != uri {
            self.replaced.push((slot, std::mem::replace(rendered, uri)));
            self.new.push((prefix, uri));
        }
    }

    /// Writes attributes sorted by namespace name, then local name.
    fn attributes(&mut self, attributes: &[Attribute<'_>]) {
        if attributes.is_sorted_by(|one, other| by_name(one, other).is_le()) {
            return attributes.iter().for_each(|attribute| self.attribute(attribute));
        }
        let mut sorted: Vec<&Attribute<'_>> = attributes.iter().collect();
        sorted.sort_unstable_by(|one, other| by_name(one, other));
        for attribute in sorted {
            self.attribute(attribute);
        }
    }

    fn attribute(&mut self, attribute: &Attribute<'_>) {
        self.output.push(' ');
        self.name(attribute.prefix, attribute.local);
        self.output.push_str("=\"");
        match &attribute.value {
            Cow::Borrowed(value) => self.output.push_str(value),
            Cow::Owned(value) => escape_attribute(&mut self.output, value),
        }
        self.output.push('"');
    }
}

/// Namespace name first, then local name, byte by byte; mostly decided by addresses and eight bytes at once.
fn by_name(one: &Attribute<'_>, other: &Attribute<'_>) -> Ordering {
    let namespace = match std::ptr::eq(one.namespace, other.namespace) {
        true => Ordering::Equal,
        false => one.namespace.cmp(other.namespace),
    };
    let beginnings = || beginning(one.local).cmp(&beginning(other.local));
    namespace.then_with(beginnings).then_with(|| one.local.cmp(other.local))
}

/// The first eight bytes of a name, ordered as the name is: no name holds a zero byte.
fn beginning(name: &str) -> u64 {
    match name.as_bytes().first_chunk() {
        Some(bytes) => u64::from_be_bytes(*bytes),
        None => {
            let mut bytes = [0; 8];
            bytes.iter_mut().zip(name.bytes()).for_each(|(place, byte)| *place = byte);
            u64::from_be_bytes(bytes)
        }
    }
}

fn escape_text(output: &mut String, text: &str) {
    escape(output, text, |byte| match byte {
        b'&' => Some("&amp;"),
        b'<' => Some("&lt;"),
        b'>' => Some("&gt;"),
        b'\r' => Some("&#xD;"),
        _ => None,
    });
}

fn escape_attribute(output: &mut String, value: &str) {
    escape(output, value, |byte| match byte {
        b'&' => Some("&amp;"),
        b'<' => Some("&lt;"),
        b'"' => Some("&quot;"),
        b'\t' => Some("&#x9;"),
        b'\n' => Some("&#xA;"),
        b'\r' => Some("&#xD;"),
        _ => None,
    });
}

/// Writes each special character, all of which are ASCII, as its reference.
fn escape(output: &mut String, text: &str, replacement: impl Fn(u8) -> Option<&'static str>) {
    let mut kept = 0;
    for (index, byte) in text.bytes().enumerate() {
        if let Some(written) = replacement(byte) {
            output.push_str(text.get(kept..index).unwrap_or_default());
            output.push_str(written);
            kept = index.saturating_add(1);
        }
    }
    output.push_str(text.get(kept..).unwrap_or_default());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(text: &str, prefixes: &[&str]) -> String {
        let document = Document::parse_text(text, &Profile::MESSAGE, &[]).unwrap();
        write(document.root().unwrap(), None, prefixes, usize::MAX).unwrap()
    }

    #[test]
    fn libxml2_writes_the_same_bytes() {
        for line in include_str!("../../../tests/vectors/saml/canonical.jsonl").lines() {
            let case: serde_json::Value = serde_json::from_str(line).unwrap();
            let text = case["xml"].as_str().unwrap();
            let prefixes: Vec<&str> =
                case["prefixes"].as_array().unwrap().iter().map(|prefix| prefix.as_str().unwrap()).collect();
            assert_eq!(whole(text, &prefixes), case["canonical"].as_str().unwrap(), "{text} {prefixes:?}");
            let document = Document::parse_text(text, &Profile::MESSAGE, &[]).unwrap();
            let index = usize::try_from(case["inner"]["element"].as_u64().unwrap()).unwrap();
            let inner = document.elements().nth(index).unwrap();
            let written = write(inner, None, &[], usize::MAX).unwrap();
            assert_eq!(written, case["inner"]["canonical"].as_str().unwrap(), "{text} {index}");
        }
    }

    #[test]
    fn a_listed_prefix_is_declared_at_the_apex_from_outside_it() {
        let document = Document::parse_text(
            "<a xmlns:p='urn:p' xmlns:q='urn:q'><b><c xmlns:p='urn:p2'/></b></a>",
            &Profile::MESSAGE,
            &[],
        );
        let document = document.unwrap();
        let b = document.root().unwrap().elements().next().unwrap();
        let written = write(b, None, &["p"], usize::MAX).unwrap();
        assert_eq!(written, r#"<b xmlns:p="urn:p"><c xmlns:p="urn:p2"></c></b>"#);
    }

    #[test]
    fn the_omitted_element_and_only_it_is_left_out() {
        let document = Document::parse_text("<a><b/>x<b/></a>", &Profile::MESSAGE, &[]).unwrap();
        let root = document.root().unwrap();
        let written = write(root, root.elements().next(), &[], usize::MAX).unwrap();
        assert_eq!(written, "<a>x<b></b></a>");
    }

    #[test]
    fn canonical_bytes_are_their_own_canonical_form() {
        for line in include_str!("../../../tests/vectors/saml/canonical.jsonl").lines() {
            let case: serde_json::Value = serde_json::from_str(line).unwrap();
            let canonical = case["inner"]["canonical"].as_str().unwrap();
            assert_eq!(whole(canonical, &[]), canonical);
        }
    }

    #[test]
    fn a_short_element_does_not_grow_into_a_long_one() {
        // The same at every size: 8 KB of markup must not cost what 256 KB may.
        let text = format!("<a xmlns:p='urn:{}'>{}</a>", "x".repeat(500), "<p:b/>".repeat(1_000));
        assert_eq!(canonicalize(&text, None, &[]).unwrap_err().rule().name, "canonicalization");
        let value = "<v xsi:type='s'>some text</v>".repeat(200);
        let honest = format!("<a xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance'>{value}</a>");
        assert!(canonicalize(&honest, None, &[]).is_ok(), "declared again at every value");
    }

    #[test]
    fn output_is_bounded() {
        // One long namespace name, repeated at every sibling: quadratic canonicalization.
        let text = format!("<a xmlns:p='urn:{}'>{}</a>", "x".repeat(500), "<p:b/>".repeat(2_000));
        let document = Document::parse_text(&text, &Profile::MESSAGE, &[]).unwrap();
        let refused = write(document.root().unwrap(), None, &[], Profile::CANONICAL.bytes);
        assert_eq!(refused, Err(CanonicalTooLong));
    }

    #[test]
    fn what_a_digest_is_taken_of_is_found_by_its_id_and_lacks_its_own_signature() {
        let text = r#"<r xmlns="urn:r" xmlns:p="urn:p" ID="_r"><a ID="_a">x<d:Signature xmlns:d="http://www.w3.org/2000/09/xmldsig#"/><b/></a></r>"#;
        assert_eq!(canonicalize(text, Some("_a"), &[]).unwrap(), r#"<a xmlns="urn:r" ID="_a">x<b></b></a>"#);
        let listed = canonicalize(text, Some("_a"), &["p"]).unwrap();
        assert_eq!(listed, r#"<a xmlns="urn:r" xmlns:p="urn:p" ID="_a">x<b></b></a>"#);
        assert!(canonicalize(text, None, &[]).unwrap().starts_with(r#"<r xmlns="urn:r" ID="_r"><a ID="_a">"#));
        for (text, id, prefixes, rule) in [
            (text, Some("_none"), &[][..], "reference"),
            (text, None, &["#default"], "canonicalization"),
            (text, None, &["p"; 17], "canonicalization"),
            ("<a ID='1'><b ID='1'/></a>", None, &[], "unique_id"),
            ("<!DOCTYPE a><a/>", None, &[], "doctype"),
        ] {
            assert_eq!(canonicalize(text, id, prefixes).unwrap_err().rule().name, rule);
        }
    }

    proptest::proptest! {
        /// What is copied because it stands in canonical form is what would have been written piece by piece.
        #[test]
        fn copied_bytes_are_the_written_ones(
            pieces in proptest::collection::vec(proptest::sample::select(vec![
                "<a>", "</a>", "<p:c>", "</p:c>", "<a i=\"1\" j=\"2\">", "<a j=\"2\" i=\"1\">", "<p:c p:x=\"1\">", "text", "\n ",
                "<a xmlns=\"urn:d\">", "<a xmlns=\"\">", "<p:c xmlns:p=\"urn:q\">", "<a i=\"&lt;\">", "&amp;", "<a/>", "<xml:a>", "</xml:a>",
            ]), 0..24),
            listed in proptest::bool::ANY,
        ) {
            let text = format!("<r xmlns:p=\"urn:p\" xmlns=\"urn:r\"><p:s><a>{}</a></p:s></r>", pieces.concat());
            let untidy = text.replace('>', " >").replace("/ >", "/>").replace('"', "'");
            let prefixes: &[&str] = if listed { &["p", "q"] } else { &[] };
            let written = canonicalize(&untidy, None, prefixes).ok();
            assert_eq!(canonicalize(&text, None, prefixes).ok(), written, "{text}");
        }
    }
}
