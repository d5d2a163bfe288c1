//! SAML metadata: the identity provider's in (entity id, keys, endpoints), ours out.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::certificate::PinnedKey;
use super::xml::{Document, Element, Profile, is_space};
use super::{DSIG, MetadataError, SAMLP, SamlError};
use crate::time::Timestamp;

const MD: &str = "urn:oasis:names:tc:SAML:2.0:metadata";
const POST: &str = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST";
const REDIRECT: &str = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect";
/// Keys beyond these are not tried: every one costs a verification of each forged message.
const MOST_KEYS: usize = 8;

const ENTITY_ID: MetadataError = MetadataError::Shape { expected: "an entityID of at most 1024 bytes" };

/// What an identity provider says of itself (saml-metadata 2.4.3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdpMetadata {
    entity_id: String,
    keys: Vec<PinnedKey>,
    redirect_endpoint: Option<String>,
    post_endpoint: Option<String>,
    valid_until: Option<Timestamp>,
    wants_signed_requests: bool,
}

impl IdpMetadata {
    /// Reads a document that describes exactly one identity provider, alone or in an aggregate.
    ///
    /// # Errors
    /// [`SamlError::Metadata`] with the cause: malformed, no or several identity providers, no signing key.
    pub fn parse(xml: &str) -> Result<Self, SamlError> {
        Self::read(xml, None)
    }

    /// Reads the identity provider `entity_id` out of an aggregate.
    ///
    /// # Errors
    /// As [`IdpMetadata::parse`].
    pub fn pick(xml: &str, entity_id: &str) -> Result<Self, SamlError> {
        Self::read(xml, Some(entity_id))
    }

    /// An identity provider that publishes no metadata: its entity id, and the certificates or public keys that an
    /// operator pins, in PEM.
    ///
    /// # Errors
    /// [`SamlError::Metadata`] for an entity id of another length than 1 to 1024 bytes, or a PEM text that holds neither.
    pub fn from_pem<'p>(entity_id: &str, pem: impl IntoIterator<Item = &'p str>) -> Result<Self, SamlError> {
        let entity_id = Some(entity_id).filter(|id| is_entity_id(id)).ok_or(ENTITY_ID)?;
        let mut keys = Vec::new();
        for text in pem {
            keys.extend(PinnedKey::all_from_pem(text)?);
        }
        keys.truncate(MOST_KEYS);
        Ok(Self {
            entity_id: entity_id.to_owned(),
            keys,
            redirect_endpoint: None,
            post_endpoint: None,
            valid_until: None,
            wants_signed_requests: false,
        })
    }

    fn read(xml: &str, entity_id: Option<&str>) -> Result<Self, SamlError> {
        let document = Document::parse_text(xml, &Profile::METADATA, &[]).map_err(MetadataError::Xml)?;
        let root = document.root().filter(|root| root.is(MD, "EntityDescriptor") || root.is(MD, "EntitiesDescriptor"));
        let root = root.ok_or(MetadataError::Shape { expected: "md:EntityDescriptor or md:EntitiesDescriptor" })?;
        let mut found = Vec::new();
        collect(root, None, entity_id, &mut found)?;
        // Two answers to one entity id would leave to chance whose keys are trusted.
        match found.pop() {
            Some((entity, valid_until)) if found.is_empty() => Ok(Self::of(entity, valid_until)?),
            _ => Err(MetadataError::EntityNotFound.into()),
        }
    }

    fn of(entity: Element<'_, '_>, valid_until: Option<Timestamp>) -> Result<Self, MetadataError> {
        let entity_id = entity.attribute("entityID").filter(|id| is_entity_id(id)).ok_or(ENTITY_ID)?;
        let role = saml_role(entity).ok_or(MetadataError::Shape { expected: "md:IDPSSODescriptor for SAML 2.0" })?;
        let mut keys = Vec::new();
        for descriptor in role.elements_named(MD, "KeyDescriptor") {
            // An absent `use` means both (saml-metadata 2.4.1.1); reading it as neither would switch checks off
            // (CVE-2026-16443).
            if matches!(descriptor.attribute("use"), None | Some("signing")) {
                read_keys(descriptor, &mut keys)?;
            }
        }
        keys.truncate(MOST_KEYS);
        let valid_until = earliest(valid_until, instant(role)?);
        Ok(Self {
            entity_id: entity_id.to_owned(),
            keys,
            redirect_endpoint: endpoint(role, REDIRECT)?,
            post_endpoint: endpoint(role, POST)?,
            valid_until,
            wants_signed_requests: matches!(role.attribute("WantAuthnRequestsSigned"), Some("true" | "1")),
        })
    }

    /// The name under which the identity provider issues.
    #[must_use]
    pub fn entity_id(&self) -> &str {
        &self.entity_id
    }

    /// Every signing key it states, in its order.
    #[must_use]
    pub fn keys(&self) -> &[PinnedKey] {
        &self.keys
    }

    /// Where it takes requests by HTTP-Redirect.
    #[must_use]
    pub fn redirect_endpoint(&self) -> Option<&str> {
        self.redirect_endpoint.as_deref()
    }

    /// Where it takes requests by HTTP-POST.
    #[must_use]
    pub fn post_endpoint(&self) -> Option<&str> {
        self.post_endpoint.as_deref()
    }

    /// When this description runs out (saml-metadata 2.3.2): nothing is accepted on it afterwards.
    #[must_use]
    pub const fn valid_until(&self) -> Option<Timestamp> {
        self.valid_until
    }

    /// Whether it refuses unsigned requests.
    #[must_use]
    pub const fn wants_signed_requests(&self) -> bool {
        self.wants_signed_requests
    }
}

const fn is_entity_id(id: &str) -> bool {
    !id.is_empty() && id.len() <= 1024
}

/// The first role descriptor for identity providers that speaks SAML 2.0.
fn saml_role<'d, 't>(entity: Element<'d, 't>) -> Option<Element<'d, 't>> {
    entity.elements_named(MD, "IDPSSODescriptor").find(|role| {
        role.attribute("protocolSupportEnumeration")
            .is_some_and(|protocols| protocols.split_ascii_whitespace().any(|protocol| protocol == SAMLP))
    })
}

/// Adds each matching entity below `element` with the earliest `validUntil` around it. Depth is bounded by the parser.
fn collect<'d, 't>(
    element: Element<'d, 't>,
    outer: Option<Timestamp>,
    entity_id: Option<&str>,
    found: &mut Vec<(Element<'d, 't>, Option<Timestamp>)>,
) -> Result<(), MetadataError> {
    if element.is(MD, "EntityDescriptor") {
        let wanted = match entity_id {
            Some(id) => element.attribute("entityID") == Some(id),
            None => saml_role(element).is_some(),
        };
        if wanted {
            found.push((element, earliest(outer, instant(element)?)));
        }
    } else if element.is(MD, "EntitiesDescriptor") {
        let until = earliest(outer, instant(element)?);
        for child in element.elements() {
            collect(child, until, entity_id, found)?;
        }
    }
    Ok(())
}

fn instant(element: Element<'_, '_>) -> Result<Option<Timestamp>, MetadataError> {
    element
        .attribute("validUntil")
        .map(|text| {
            Timestamp::parse_rfc3339(text)
                .map_err(|_| MetadataError::Shape { expected: "validUntil as a date and time" })
        })
        .transpose()
}

fn earliest(one: Option<Timestamp>, other: Option<Timestamp>) -> Option<Timestamp> {
    one.into_iter().chain(other).min()
}

fn read_keys(descriptor: Element<'_, '_>, keys: &mut Vec<PinnedKey>) -> Result<(), MetadataError> {
    for info in descriptor.elements_named(DSIG, "KeyInfo") {
        for data in info.elements_named(DSIG, "X509Data") {
            for certificate in data.elements_named(DSIG, "X509Certificate") {
                keys.push(PinnedKey::from_certificate(&base64_text(certificate)?)?);
            }
        }
        for value in info.elements_named(DSIG, "KeyValue") {
            for rsa in value.elements_named(DSIG, "RSAKeyValue") {
                let part = |name| rsa.elements_named(DSIG, name).next().ok_or(MetadataError::CertificateMalformed);
                let (modulus, exponent) = (base64_text(part("Modulus")?)?, base64_text(part("Exponent")?)?);
                // A certificate and its bare key usually stand side by side: one key is tried once.
                let stated = PinnedKey::from_rsa(modulus, exponent);
                if !keys.iter().any(|key| key.key(true) == stated.key(true)) {
                    keys.push(stated);
                }
            }
        }
    }
    Ok(())
}

fn base64_text(element: Element<'_, '_>) -> Result<Vec<u8>, MetadataError> {
    let text = element.text().ok_or(MetadataError::CertificateMalformed)?;
    let packed: Vec<u8> = text.bytes().filter(|byte| !is_space(*byte)).collect();
    STANDARD.decode(packed).map_err(|_| MetadataError::CertificateMalformed)
}

fn endpoint(role: Element<'_, '_>, binding: &str) -> Result<Option<String>, MetadataError> {
    let service =
        role.elements_named(MD, "SingleSignOnService").find(|service| service.attribute("Binding") == Some(binding));
    let Some(service) = service else {
        return Ok(None);
    };
    let location = service.attribute("Location").unwrap_or_default();
    // The browser is sent there: `javascript:` and the like must never reach a Location header or a form.
    let web = location.starts_with("https://") || location.starts_with("http://");
    if !web || location.len() > 2048 || !location.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(MetadataError::EndpointMalformed);
    }
    Ok(Some(location.to_owned()))
}

/// Our own metadata as a service provider: one assertion consumer service, HTTP-POST (saml-metadata 2.4.4).
pub(super) fn service_provider(sp_entity_id: &str, acs_url: &str) -> String {
    let mut xml = String::with_capacity(640);
    xml.push_str("<md:EntityDescriptor xmlns:md=\"urn:oasis:names:tc:SAML:2.0:metadata\" entityID=\"");
    escape(&mut xml, sp_entity_id);
    xml.push_str("\"><md:SPSSODescriptor AuthnRequestsSigned=\"false\" WantAssertionsSigned=\"true\" ");
    // Writing into a String cannot fail.
    let _ = write!(xml, "protocolSupportEnumeration=\"{SAMLP}\">");
    let _ = write!(xml, "<md:AssertionConsumerService Binding=\"{POST}\" Location=\"");
    escape(&mut xml, acs_url);
    xml.push_str("\" index=\"0\" isDefault=\"true\"/></md:SPSSODescriptor></md:EntityDescriptor>");
    xml
}

/// Writes `text` so that it is one attribute value or text node and nothing else.
pub(super) fn escape(xml: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '&' => xml.push_str("&amp;"),
            '<' => xml.push_str("&lt;"),
            '>' => xml.push_str("&gt;"),
            '"' => xml.push_str("&quot;"),
            '\'' => xml.push_str("&apos;"),
            _ => xml.push(c),
        }
    }
}
