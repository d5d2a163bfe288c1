//! Metadata that must be signed. The first byte says what the rest is: a document that the federation signs, or edits of
//! an honest signed one by somebody who holds it. A finding: a key or an endpoint that does not stand in the signed bytes.

use std::borrow::Cow;
use std::sync::LazyLock;

use daypass::identity::saml::{IdpMetadata, MetadataPolicy, SamlError, SamlProvider, canonicalize};

use crate::edits::{Choices, edit};
use crate::idp::{self, ACS, IDP, SP, TRUSTED};
use crate::judge::{in_time, now};

const MD: &str = "urn:oasis:names:tc:SAML:2.0:metadata";

static POLICY: LazyLock<MetadataPolicy> =
    LazyLock::new(|| MetadataPolicy::new(IDP).unwrap().with_signers([TRUSTED.pem().as_str()]).unwrap());

/// The entity, and an aggregate around it and another: honest, in canonical form.
pub fn honest() -> [(&'static str, String); 2] {
    let other = idp::metadata_of("https://other.example/metadata", "_other", "https://other.example", &TRUSTED);
    let inside = format!("{other}{}", idp::metadata()).replace(&format!(r#" xmlns:md="{MD}""#), "");
    [
        ("_metadata", idp::metadata()),
        ("_all", format!(r#"<md:EntitiesDescriptor xmlns:md="{MD}" ID="_all">{inside}</md:EntitiesDescriptor>"#)),
    ]
}

/// Reads the metadata that `data` describes.
pub fn target(data: &[u8]) {
    let [mode, rest @ ..] = data else { return };
    let honest = honest();
    let (id, text) = &honest[usize::from(mode >> 1 & 1)];
    if mode & 1 == 0 {
        let Ok(text) = std::str::from_utf8(rest) else { return };
        let Some((signed, canonical)) = signed(text, id) else { return };
        if let Ok(metadata) = read(data, &signed) {
            confirm(&metadata, &canonical);
        }
    } else {
        let mut text = idp::sign_metadata(text, id, &TRUSTED);
        let mut choices = Choices::new(rest);
        for _ in 0..8 {
            if !choices.spent() {
                edit(&mut text, &mut choices);
            }
        }
        static KNOWN: LazyLock<IdpMetadata> = LazyLock::new(|| IdpMetadata::parse(&idp::metadata()).unwrap());
        if let Ok(metadata) = read(data, &text) {
            assert_eq!(metadata, *KNOWN);
        }
    }
}

/// What the policy makes of `text`, as new metadata and as the next one.
pub fn read(input: &[u8], text: &str) -> Result<IdpMetadata, SamlError> {
    static CURRENT: LazyLock<SamlProvider> = LazyLock::new(|| SamlProvider::new(&idp::metadata(), SP, ACS).unwrap());
    let metadata = in_time(input, || POLICY.read(text, now()))?;
    if let Ok(renewed) = POLICY.renew(&CURRENT, text, now()) {
        assert_eq!(renewed.metadata(), &metadata);
        let addresses = [metadata.redirect_endpoint(), metadata.post_endpoint()];
        assert!(addresses.into_iter().flatten().all(|address| address.starts_with("https://")), "a downgrade");
    }
    Ok(metadata)
}

/// `text` with a signature of the element of this ID, and what it covers.
fn signed(text: &str, id: &str) -> Option<(String, String)> {
    let canonical = canonicalize(&without_comments(text), Some(id), &[]).ok()?;
    let tag = text.find(&format!(r#"ID="{id}""#))?;
    let tag_end = tag + text[tag..].find('>')? + 1;
    let signature = idp::signature(&canonical, id, &TRUSTED);
    Some((format!("{}{signature}{}", &text[..tag_end], &text[tag_end..]), canonical))
}

/// Metadata may hold comments, and its canonical form holds none.
fn without_comments(text: &str) -> Cow<'_, str> {
    let mut written = Cow::Borrowed(text);
    while let Some((before, comment)) = written.split_once("<!--") {
        let Some((_, after)) = comment.split_once("-->") else { break };
        written = Cow::Owned(format!("{before}{after}"));
    }
    written
}

fn confirm(metadata: &IdpMetadata, signed: &str) {
    let document = roxmltree::Document::parse(signed).expect("signed XML");
    let entity = document.descendants().find(|node| {
        let id = node.attributes().find(|found| found.namespace().is_none() && found.name() == "entityID");
        node.has_tag_name((MD, "EntityDescriptor")) && id.is_some_and(|id| id.value() == IDP)
    });
    let entity = entity.expect("the entity in the signed bytes");
    assert_eq!(metadata.entity_id(), IDP);
    let values: Vec<&str> =
        entity.descendants().flat_map(|node| node.attributes()).map(|found| found.value()).collect();
    let logout = [metadata.logout_redirect(), metadata.logout_post()].into_iter().flatten();
    let logout = logout.flat_map(|endpoint| [endpoint.location(), endpoint.response_location()]);
    for address in [metadata.redirect_endpoint(), metadata.post_endpoint()].into_iter().flatten().chain(logout) {
        assert!(values.contains(&address), "{address} is not signed");
    }
    let stated =
        entity.descendants().filter(|node| ["X509Certificate", "RSAKeyValue"].contains(&node.tag_name().name()));
    assert!(metadata.keys().len() <= stated.count(), "more keys than are signed");
}
