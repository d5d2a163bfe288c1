//! The XML gate. A finding: a document that it reads and another parser refuses.

use daypass::identity::saml::SamlError;

use crate::judge::Judge;

/// Sends `data` through the gate as a response.
pub fn target(data: &[u8]) {
    let Err(error) = Judge::Strict.verdict(data) else { return };
    let gate = ["metadata", "size", "encoding", "doctype", "comment", "processing_instruction", "cdata", "well_formed"];
    let _: &SamlError = &error;
    if gate.contains(&error.rule().name) || error.rule().name == "namespaces" {
        return;
    }
    let text = std::str::from_utf8(data).expect("the gate reads UTF-8 alone");
    roxmltree::Document::parse(text).unwrap_or_else(|other| panic!("read, and refused by another parser: {other}"));
}
