//! A tree of metadata in, one identity provider out.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::duration::parse_duration;
use super::{IdpMetadata, LogoutEndpoint, MD, POST, REDIRECT};
use crate::identity::saml::certificate::PinnedKey;
use crate::identity::saml::error::MetadataError;
use crate::identity::saml::xml::{Document, Element, Profile, is_space};
use crate::identity::saml::{DSIG, SAMLP};
use crate::time::Timestamp;

/// Keys beyond these are not tried: every one costs a verification of each forged message.
pub(super) const MOST_KEYS: usize = 8;

pub(super) fn document(xml: &str) -> Result<Document<'_>, MetadataError> {
    Document::parse_text(xml, &Profile::METADATA, &[]).map_err(MetadataError::Xml)
}

/// An entity id of a length that is believed (saml-core 8.3.6).
pub(super) fn entity_id(id: &str) -> Result<&str, MetadataError> {
    let fits = (1..=1024).contains(&id.len());
    if fits { Ok(id) } else { Err(MetadataError::Shape { expected: "an entityID of at most 1024 bytes" }) }
}

/// The identity provider of this entity id, or the only one there is, below `root`.
pub(super) fn entity(root: Option<Element<'_, '_>>, entity_id: Option<&str>) -> Result<IdpMetadata, MetadataError> {
    let Found { element, times } = find(root, entity_id)?;
    described(element, times)
}

/// An entity, and what stands around it about how long it is believed.
#[derive(Debug)]
pub(super) struct Found<'d, 't> {
    pub(super) element: Element<'d, 't>,
    times: Times,
}

/// The earliest `validUntil` and the shortest `cacheDuration` around an element (saml-metadata 2.3.2).
#[derive(Clone, Copy, Debug, Default)]
struct Times {
    valid_until: Option<Timestamp>,
    cache_duration: Option<Duration>,
}

impl Times {
    fn within(self, element: Element<'_, '_>) -> Result<Self, MetadataError> {
        let expected = "validUntil as a date and time";
        let valid_until = element.attribute("validUntil").map(Timestamp::parse_rfc3339).transpose();
        let valid_until = valid_until.map_err(|_| MetadataError::Shape { expected })?;
        let expected = "cacheDuration as a duration";
        let cache_duration = element
            .attribute("cacheDuration")
            .map(|text| parse_duration(text).ok_or(MetadataError::Shape { expected }));
        Ok(Self {
            valid_until: self.valid_until.into_iter().chain(valid_until).min(),
            cache_duration: self.cache_duration.into_iter().chain(cache_duration.transpose()?).min(),
        })
    }
}

/// The one entity that is asked for. Two answers to one entity id would leave to chance whose keys are trusted.
pub(super) fn find<'d, 't>(
    root: Option<Element<'d, 't>>,
    entity_id: Option<&str>,
) -> Result<Found<'d, 't>, MetadataError> {
    let root = root.filter(|root| root.is(MD, "EntityDescriptor") || root.is(MD, "EntitiesDescriptor"));
    let root = root.ok_or(MetadataError::Shape { expected: "md:EntityDescriptor or md:EntitiesDescriptor" })?;
    let mut found = Vec::new();
    collect(root, Times::default(), entity_id, &mut found)?;
    match (found.pop(), entity_id) {
        (Some(one), _) if found.is_empty() => Ok(one),
        (Some(_), Some(_)) => Err(MetadataError::EntityRepeated),
        _ => Err(MetadataError::EntityNotFound),
    }
}

/// Adds each matching entity below `element`. Depth is bounded by the parser.
fn collect<'d, 't>(
    element: Element<'d, 't>,
    outer: Times,
    entity_id: Option<&str>,
    found: &mut Vec<Found<'d, 't>>,
) -> Result<(), MetadataError> {
    if element.is(MD, "EntityDescriptor") {
        let wanted = match entity_id {
            Some(id) => element.attribute("entityID") == Some(id),
            None => saml_role(element).is_some(),
        };
        if wanted {
            found.push(Found { element, times: outer.within(element)? });
        }
    } else if element.is(MD, "EntitiesDescriptor") {
        let times = outer.within(element)?;
        for child in element.elements() {
            collect(child, times, entity_id, found)?;
        }
    }
    Ok(())
}

fn described(entity: Element<'_, '_>, times: Times) -> Result<IdpMetadata, MetadataError> {
    let entity_id = entity_id(entity.attribute("entityID").unwrap_or_default())?;
    let role = saml_role(entity).ok_or(MetadataError::Shape { expected: "md:IDPSSODescriptor for SAML 2.0" })?;
    let mut keys = Vec::new();
    for descriptor in role.elements_named(MD, "KeyDescriptor") {
        // An absent `use` means both (saml-metadata 2.4.1.1); reading it as neither would switch checks off
        // (CVE-2026-16443).
        if matches!(descriptor.attribute("use"), None | Some("signing")) {
            read_keys(descriptor, &mut keys)?;
        }
    }
    // Without a key nothing could ever be verified, and elsewhere that has come to mean that nothing is (CVE-2026-28323).
    if keys.is_empty() {
        return Err(MetadataError::NoSigningKey { last: None });
    }
    let Times { valid_until, cache_duration } = times.within(role)?;
    Ok(IdpMetadata {
        entity_id: entity_id.to_owned(),
        keys,
        redirect_endpoint: sign_on_endpoint(role, REDIRECT)?,
        post_endpoint: sign_on_endpoint(role, POST)?,
        logout_redirect: logout_endpoint(role, REDIRECT)?,
        logout_post: logout_endpoint(role, POST)?,
        valid_until,
        cache_duration,
        wants_signed_requests: matches!(role.attribute("WantAuthnRequestsSigned"), Some("true" | "1")),
    })
}

/// The first role descriptor for identity providers that speaks SAML 2.0.
fn saml_role<'d, 't>(entity: Element<'d, 't>) -> Option<Element<'d, 't>> {
    entity.elements_named(MD, "IDPSSODescriptor").find(|role| {
        role.attribute("protocolSupportEnumeration")
            .is_some_and(|protocols| protocols.split_ascii_whitespace().any(|protocol| protocol == SAMLP))
    })
}

/// Adds the keys of one descriptor until there are [`MOST_KEYS`]: each is compared with all before it.
fn read_keys(descriptor: Element<'_, '_>, keys: &mut Vec<PinnedKey>) -> Result<(), MetadataError> {
    for info in descriptor.elements_named(DSIG, "KeyInfo") {
        for data in info.elements_named(DSIG, "X509Data") {
            for certificate in data.elements_named(DSIG, "X509Certificate") {
                if keys.len() < MOST_KEYS {
                    keys.push(PinnedKey::from_certificate(&base64_text(certificate)?)?);
                }
            }
        }
        for value in info.elements_named(DSIG, "KeyValue") {
            for rsa in value.elements_named(DSIG, "RSAKeyValue") {
                if keys.len() < MOST_KEYS {
                    add_rsa(rsa, keys)?;
                }
            }
        }
    }
    Ok(())
}

/// A certificate and its bare key usually stand side by side: one key is tried once.
fn add_rsa(rsa: Element<'_, '_>, keys: &mut Vec<PinnedKey>) -> Result<(), MetadataError> {
    let part = |name| rsa.elements_named(DSIG, name).next().ok_or(MetadataError::CertificateMalformed);
    let (modulus, exponent) = (base64_text(part("Modulus")?)?, base64_text(part("Exponent")?)?);
    let stated = PinnedKey::from_rsa(modulus, exponent);
    if !keys.iter().any(|key| key.key(true) == stated.key(true)) {
        keys.push(stated);
    }
    Ok(())
}

fn base64_text(element: Element<'_, '_>) -> Result<Vec<u8>, MetadataError> {
    let text = element.text().ok_or(MetadataError::CertificateMalformed)?;
    let packed: Vec<u8> = text.bytes().filter(|byte| !is_space(*byte)).collect();
    STANDARD.decode(packed).map_err(|_| MetadataError::CertificateMalformed)
}

fn sign_on_endpoint(role: Element<'_, '_>, binding: &str) -> Result<Option<String>, MetadataError> {
    service(role, "SingleSignOnService", binding)
        .map(|service| web_address(service.attribute("Location").unwrap_or_default()))
        .transpose()
}

fn logout_endpoint(role: Element<'_, '_>, binding: &str) -> Result<Option<LogoutEndpoint>, MetadataError> {
    let Some(service) = service(role, "SingleLogoutService", binding) else {
        return Ok(None);
    };
    let location = web_address(service.attribute("Location").unwrap_or_default())?;
    let response_location = service.attribute("ResponseLocation").map(web_address).transpose()?;
    Ok(Some(LogoutEndpoint { location, response_location }))
}

fn service<'d, 't>(role: Element<'d, 't>, name: &'static str, binding: &str) -> Option<Element<'d, 't>> {
    role.elements_named(MD, name).find(|service| service.attribute("Binding") == Some(binding))
}

/// The browser is sent there: `javascript:` and the like must never reach a Location header or a form.
fn web_address(location: &str) -> Result<String, MetadataError> {
    let web = location.starts_with("https://") || location.starts_with("http://");
    if !web || location.len() > 2048 || !location.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(MetadataError::EndpointMalformed);
    }
    Ok(location.to_owned())
}
