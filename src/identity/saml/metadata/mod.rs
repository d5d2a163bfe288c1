//! SAML metadata: the identity provider's in (entity id, keys, endpoints), ours out.

mod service_provider;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::certificate::PinnedKey;
use super::xml::{Document, Element, Profile, is_space};
use super::{DSIG, MetadataError, SAMLP, SamlError};
use crate::time::Timestamp;

pub(super) use service_provider::service_provider;

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
    logout_redirect: Option<LogoutEndpoint>,
    logout_post: Option<LogoutEndpoint>,
    valid_until: Option<Timestamp>,
    wants_signed_requests: bool,
}

/// A single logout service of the identity provider (saml-metadata 2.2.2 and 2.4.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogoutEndpoint {
    location: String,
    response_location: Option<String>,
}

impl LogoutEndpoint {
    /// Where it takes requests.
    #[must_use]
    pub fn location(&self) -> &str {
        &self.location
    }

    /// Where it takes responses: its own address for them, or that of requests.
    #[must_use]
    pub fn response_location(&self) -> &str {
        self.response_location.as_deref().unwrap_or(&self.location)
    }
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
            logout_redirect: None,
            logout_post: None,
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
            redirect_endpoint: sign_on_endpoint(role, REDIRECT)?,
            post_endpoint: sign_on_endpoint(role, POST)?,
            logout_redirect: logout_endpoint(role, REDIRECT)?,
            logout_post: logout_endpoint(role, POST)?,
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

    /// Where it takes logout messages by HTTP-Redirect.
    #[must_use]
    pub const fn logout_redirect(&self) -> Option<&LogoutEndpoint> {
        self.logout_redirect.as_ref()
    }

    /// Where it takes logout messages by HTTP-POST.
    #[must_use]
    pub const fn logout_post(&self) -> Option<&LogoutEndpoint> {
        self.logout_post.as_ref()
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
