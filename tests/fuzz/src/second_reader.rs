//! What somebody else's parser reads in the bytes that were signed.

use std::collections::BTreeMap;

use daypass::VerifiedIdentity;
use roxmltree::{Document, Node};

use crate::idp::{ACS, SAML};

/// Panics unless everything that `identity` hands out is what roxmltree reads in `signed`, the canonical form of a signed
/// assertion or of a signed response around one.
pub fn confirm(identity: &VerifiedIdentity, signed: &str) {
    let document =
        Document::parse(signed).unwrap_or_else(|error| panic!("read in signed bytes that are no XML: {error}"));
    let is = |node: Node<'_, '_>, name: &str| node.has_tag_name((SAML, name));
    let root = document.root_element();
    let assertion = if is(root, "Assertion") { root } else { child(root, "Assertion").expect("a signed assertion") };
    assert_eq!(Some(identity.assertion_id()), attribute(assertion, "ID"));
    assert_eq!(identity.issuer(), trimmed(&text(child(assertion, "Issuer").unwrap())));
    assert_eq!(identity.audience(), ACS);
    let subject = child(assertion, "Subject").unwrap();
    if let Some(name_id) = child(subject, "NameID") {
        let written = text(name_id);
        assert!(
            identity.subject() == written || identity.subject() == trimmed(&written),
            "another subject than {written:?}"
        );
        let format = attribute(name_id, "Format").unwrap_or("urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified");
        assert!(identity.subject_type().is_some_and(|short| format.ends_with(short)), "another format than {format:?}");
    }
    let statements = || assertion.children().filter(move |node| is(*node, "AttributeStatement"));
    // What was encrypted inside the signed bytes is read from the plaintext, which this reader does not see.
    if !assertion.descendants().any(|node| is(node, "EncryptedAttribute")) {
        let mut read: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for node in statements().flat_map(|statement| statement.children()).filter(|node| is(*node, "Attribute")) {
            let values = node.children().filter(|value| is(*value, "AttributeValue")).map(|value| {
                let name_id = value.children().find(|inside| inside.is_element());
                text(name_id.unwrap_or(value))
            });
            read.entry(attribute(node, "Name").unwrap().to_owned()).or_default().extend(values);
        }
        assert_eq!(identity.attributes(), &read);
    }
    instants(identity, assertion);
}

/// Each instant handed out must be written in an attribute of the signed bytes.
fn instants(identity: &VerifiedIdentity, assertion: Node<'_, '_>) {
    let written: Vec<_> = assertion
        .descendants()
        .flat_map(|node| node.attributes())
        .filter_map(|attribute| daypass::time::Timestamp::parse_rfc3339(attribute.value()).ok())
        .collect();
    let ends = [identity.session_not_on_or_after(), identity.authenticated_at(), Some(identity.not_on_or_after())];
    for instant in ends.into_iter().flatten() {
        assert!(written.contains(&instant), "{instant} is not in the signed bytes");
    }
}

/// Without what XML calls white space (xml 2.3) at both ends.
pub fn trimmed(text: &str) -> &str {
    text.trim_matches([' ', '\t', '\n', '\r'])
}

fn child<'a, 'd>(parent: Node<'a, 'd>, name: &str) -> Option<Node<'a, 'd>> {
    parent.children().find(|node| node.has_tag_name((SAML, name)))
}

/// roxmltree looks attributes up by local name alone; this does not.
fn attribute<'a>(node: Node<'a, '_>, name: &str) -> Option<&'a str> {
    node.attributes()
        .find(|attribute| attribute.namespace().is_none() && attribute.name() == name)
        .map(|found| found.value())
}

fn text(node: Node<'_, '_>) -> String {
    node.children().filter(Node::is_text).filter_map(|text| text.text()).collect()
}
