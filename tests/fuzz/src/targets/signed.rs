//! What the identity provider signs, whatever it is, so that everything behind the signature is reached. The input is a
//! document, after three bytes that say who judges it, what is signed and with which InclusiveNamespaces; behind a byte
//! 0xff, which no document holds, stand edits of SignedInfo, which is signed as edited. A finding: a value that is handed
//! out and that another parser does not read in the signed bytes.

use std::borrow::Cow;

use daypass::VerifiedIdentity;
use daypass::identity::saml::{SamlError, canonicalize};

use crate::edits::{Choices, edit};
use crate::idp::{self, TRUSTED};
use crate::judge::Judge;
use crate::second_reader::confirm;

const PREFIXES: [&str; 6] = ["", "saml", "samlp xs", "xml", "p q saml", "xs xsi"];

/// Each may double what there is.
const MOST_EDITS: usize = 8;

/// Signs the document in `data` and judges it.
pub fn target(data: &[u8]) {
    if let Some((Ok(identity), covered)) = verdict(data) {
        confirm(&identity, &covered);
    }
}

/// What is said of the document in `data`, once signed, and the bytes that the innermost signature covers.
pub fn verdict(data: &[u8]) -> Option<(Result<VerifiedIdentity, SamlError>, String)> {
    let [judge, signed, prefixes, rest @ ..] = data else { return None };
    let (document, edits) = match rest.iter().position(|byte| *byte == 0xff) {
        Some(at) => (&rest[..at], &rest[at + 1..]),
        None => (rest, [].as_slice()),
    };
    let prefixes = PREFIXES[usize::from(*prefixes) % PREFIXES.len()];
    let ids: &[&str] = match signed % 3 {
        0 => &["_assertion"],
        1 => &["_response"],
        _ => &["_assertion", "_response"],
    };
    let (mut text, mut covered) = (std::str::from_utf8(document).ok()?.to_owned(), None);
    let mut edits = Choices::new(edits);
    for id in ids {
        let canonical = sign(&mut text, id, prefixes, &mut edits)?;
        covered.get_or_insert(canonical);
    }
    let judge = Judge::chosen_by(*judge);
    let verdict = judge.verdict(text.as_bytes());
    if matches!(judge, Judge::Relaxed) {
        same_without_cdata(&text, &verdict);
    }
    Some((verdict, covered?))
}

/// Where CDATA sections are read as text, they are judged as that text would be.
fn same_without_cdata(text: &str, verdict: &Result<VerifiedIdentity, SamlError>) {
    let Some(plain) = without_cdata(text).filter(|plain| *plain != text) else { return };
    let plain = Judge::Relaxed.verdict(plain.as_bytes());
    let size = |verdict: &Result<_, SamlError>| verdict.as_ref().is_err_and(|error| error.rule().name == "size");
    if !size(verdict) && !size(&plain) {
        assert_eq!(format!("{:?}", verdict.as_ref().ok()), format!("{:?}", plain.ok()), "CDATA is not text");
    }
}

/// Puts a signature of the element of this ID into `text`, and returns the bytes that it covers.
fn sign(text: &mut String, id: &str, prefixes: &str, edits: &mut Choices<'_>) -> Option<String> {
    let list: Vec<&str> = prefixes.split(' ').filter(|prefix| !prefix.is_empty()).collect();
    let canonical = canonicalize(&without_cdata(text)?, Some(id), &list).ok()?;
    let mut inside = idp::signed_info(&canonical, id, prefixes);
    for _ in 0..MOST_EDITS {
        if !edits.spent() {
            edit(&mut inside, edits);
        }
    }
    let tag = text.find(&format!(r#"ID="{id}""#))?;
    let tag_end = tag + text[tag..].find('>')? + 1;
    let issuer = text[tag_end..].find("</saml:Issuer>").map(|offset| tag_end + offset + "</saml:Issuer>".len());
    text.insert_str(issuer.unwrap_or(tag_end), &idp::signature_around(&inside, &TRUSTED));
    Some(canonical)
}

/// `text` with each CDATA section written as text, which is what its canonical form holds (xml-c14n 1.1).
fn without_cdata(text: &str) -> Option<Cow<'_, str>> {
    let mut written = Cow::Borrowed(text);
    while let Some((before, section)) = written.split_once("<![CDATA[") {
        let (inside, after) = section.split_once("]]>")?;
        let inside = inside.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        written = Cow::Owned(format!("{before}{inside}{after}"));
    }
    Some(written)
}
