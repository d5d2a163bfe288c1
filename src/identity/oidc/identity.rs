//! Verified claims as the identity that later stages read.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use super::claims::{Claims, Payload, timestamp};
use super::provider::OidcProvider;
use super::{Purpose, UnverifiedIdToken};
use crate::crypto;
use crate::identity::{Use, VerifiedIdentity};
use crate::json::{Data, Member, Value};
use crate::time::Timestamp;

/// The claim in which a provider asks for session tags.
const TAGS: &str = "https://aws.amazon.com/tags";
/// Where the claims are in which a provider asks for something: roles, tags, a source identity.
pub(super) const ASKED_FOR: &str = "https://aws.amazon.com/";
/// Claims about the token, not about its subject: no trust policy should depend on them.
const ABOUT_THE_TOKEN: [&str; 10] =
    ["iss", "aud", "exp", "iat", "nbf", "nonce", "at_hash", "c_hash", "auth_time", "jti"];

/// Builds the identity, with each claim as a list of text under its own name.
///
/// Nested objects are kept apart, by JSON pointer: joined into one name, `realm_access.roles` could also be a claim that
/// is called so. Under `https://aws.amazon.com/` they count as an empty list too, but for session tags:
/// `https://aws.amazon.com/tags` with `principal_tags` and `transitive_tag_keys` inside becomes
/// `https://aws.amazon.com/tags/principal_tags/<key>` and `https://aws.amazon.com/tags/transitive_tag_keys`, which are
/// also the names of the flat form a provider may send.
pub(super) fn build(
    provider: &OidcProvider,
    token: &UnverifiedIdToken,
    payload: &Payload<'_>,
    claims: &Claims<'_>,
    audience: &str,
) -> VerifiedIdentity {
    let assertion_use = match token.purpose {
        Purpose::SignIn { .. } | Purpose::Refresh { .. } => Use::Once,
        Purpose::Exchange => Use::UntilExpiry,
    };
    let attributes = attributes(payload);
    VerifiedIdentity {
        provider: provider.name(),
        account: provider.account().cloned(),
        issuer: provider.issuer().as_str().to_owned(),
        subject: claims.sub.unwrap_or_default().to_owned(),
        subject_type: None,
        audience: audience.to_owned(),
        condition_keys: OnceLock::new(),
        multivalued: multivalued(provider.issuer().name(), payload),
        other_claims: other_claims(payload, &attributes),
        attributes,
        attribute_names: Vec::new(),
        nested_claims: nested_claims(payload),
        assertion_id: crypto::sha256_hex(signed_part(token.token.expose())),
        assertion_use,
        not_on_or_after: claims.exp.map_or(Timestamp::EPOCH, timestamp),
        session_not_on_or_after: None,
        authenticated_at: claims.auth_time.map(timestamp),
        issued_at: claims.iat.map(timestamp),
        #[cfg(feature = "saml")]
        saml_session: None,
    }
}

/// `<issuer>:aud` is the audience that was ours, `<issuer>:oaud` every audience named, as the cloud has them.
pub(in crate::identity) fn condition_keys(
    issuer: &str,
    audience: &str,
    attributes: &BTreeMap<String, Vec<String>>,
) -> Vec<(String, Vec<String>)> {
    let mut keys = Vec::with_capacity(attributes.len().saturating_add(2));
    keys.push((key(issuer, "aud"), vec![audience.to_owned()]));
    if let Some(named) = attributes.get("aud") {
        keys.push((key(issuer, "oaud"), named.clone()));
    }
    let about_the_subject = attributes.iter().filter(|(name, _)| {
        !ABOUT_THE_TOKEN.contains(&name.as_str()) && !name.starts_with(TAGS) && !is_disguised(name, attributes)
    });
    for (name, values) in about_the_subject {
        keys.push((key(issuer, name), values.clone()));
    }
    keys
}

/// The keys of claims that are arrays. Every token has one audience that was ours, so `<issuer>:aud` is none of them.
fn multivalued(issuer: &str, payload: &Payload<'_>) -> Vec<String> {
    let arrays = payload.members().iter().filter(|member| matches!(member.value.data, Data::Array(_)));
    arrays.map(|member| key(issuer, if member.key == "aud" { "oaud" } else { member.key.as_ref() })).collect()
}

/// Header and payload, without the signature: an ECDSA signature has a twin that verifies too (`r, n - s`), and a token
/// given again with it must not pass for another token.
fn signed_part(token: &[u8]) -> &[u8] {
    let end = token.iter().rposition(|byte| *byte == b'.').unwrap_or(token.len());
    token.get(..end).unwrap_or_default()
}

fn key(issuer: &str, name: &str) -> String {
    [issuer, ":", name].concat()
}

/// Whether a claim would be read as another one: policies compare the names of condition keys without case, so a
/// self-chosen claim `Sub` must not become a second `<issuer>:sub`.
fn is_disguised(name: &str, attributes: &BTreeMap<String, Vec<String>>) -> bool {
    if name.bytes().all(|byte| byte.is_ascii() && !byte.is_ascii_uppercase()) {
        return name == "oaud";
    }
    let lower = name.to_lowercase();
    lower == "oaud"
        || lower == "azp"
        || ABOUT_THE_TOKEN.contains(&lower.as_str())
        || attributes.keys().any(|other| other != name && other.to_lowercase() == lower)
}

fn attributes(payload: &Payload<'_>) -> BTreeMap<String, Vec<String>> {
    let mut attributes = BTreeMap::new();
    for Member { key, value, .. } in payload.members() {
        if key == TAGS {
            tags(value, &mut attributes);
        } else if let Some(texts) = texts(value) {
            attributes.insert(key.as_ref().to_owned(), texts);
        } else if key.starts_with(ASKED_FOR) {
            // Left out, a claim that pins the token to some roles would pin it to none.
            attributes.insert(key.as_ref().to_owned(), Vec::new());
        }
    }
    attributes
}

/// The claims that [`attributes`] left out: the token spoke of them, though it said nothing that could be read as text.
fn other_claims(payload: &Payload<'_>, attributes: &BTreeMap<String, Vec<String>>) -> Vec<String> {
    let names = payload.members().iter().map(|member| member.key.as_ref());
    names.filter(|name| !attributes.contains_key(*name)).map(str::to_owned).collect()
}

/// Every plain value, or list of them, that stands inside an object, by its JSON pointer (RFC 6901).
fn nested_claims(payload: &Payload<'_>) -> BTreeMap<String, Vec<String>> {
    let mut nested = BTreeMap::new();
    let objects = payload.members().iter().filter(|member| matches!(member.value.data, Data::Object(_)));
    for Member { key, value, .. } in objects {
        descend(value, &pointer("", key), &mut nested);
    }
    nested
}

pub(super) fn descend(value: &Value<'_>, at: &str, nested: &mut BTreeMap<String, Vec<String>>) {
    let Data::Object(members) = &value.data else { return };
    for Member { key, value, .. } in members {
        let at = pointer(at, key);
        if let Some(texts) = texts(value) {
            nested.insert(at, texts);
        } else {
            descend(value, &at, nested);
        }
    }
}

pub(super) fn pointer(above: &str, key: &str) -> String {
    format!("{above}/{}", key.replace('~', "~0").replace('/', "~1"))
}

fn tags(value: &Value<'_>, attributes: &mut BTreeMap<String, Vec<String>>) {
    if let Some(Data::Object(tags)) = value.member("principal_tags").map(|tags| &tags.data) {
        for Member { key, value, .. } in tags {
            if let Some(texts) = texts(value) {
                attributes.insert(format!("{TAGS}/principal_tags/{key}"), texts);
            }
        }
    }
    if let Some(texts) = value.member("transitive_tag_keys").and_then(texts) {
        attributes.insert(format!("{TAGS}/transitive_tag_keys"), texts);
    }
}

/// A claim as text; a list that holds anything but plain values is left out whole.
pub(super) fn texts(value: &Value<'_>) -> Option<Vec<String>> {
    match &value.data {
        Data::Array(items) => items.iter().map(text).collect(),
        Data::Null | Data::Bool(_) | Data::Number(_) | Data::String(_) | Data::Object(_) => {
            text(value).map(|one| vec![one])
        }
    }
}

fn text(value: &Value<'_>) -> Option<String> {
    match &value.data {
        Data::String(text) => Some(text.as_ref().to_owned()),
        Data::Bool(flag) => Some(flag.to_string()),
        Data::Number(number) => Some((*number).to_owned()),
        Data::Null | Data::Array(_) | Data::Object(_) => None,
    }
}
