//! Our metadata, for identity providers to be configured with (saml-metadata 2.4.4).

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{MD, POST, REDIRECT};
use crate::crypto::sha256_hex;
use crate::identity::saml::markup::{attribute, escape, leaf};
use crate::identity::saml::provider::{EncryptionKey, SamlProvider};
use crate::identity::saml::sign::sign_enveloped;
use crate::identity::saml::{DSIG, SAMLP, SamlError};
use crate::time::Timestamp;

/// What identity providers may encrypt with, the best first: AES-GCM under RSA-OAEP. What a relaxation lets pass is not
/// asked for.
const ENCRYPTION_METHODS: &str = "\
<md:EncryptionMethod Algorithm=\"http://www.w3.org/2009/xmlenc11#aes256-gcm\"/>\
<md:EncryptionMethod Algorithm=\"http://www.w3.org/2009/xmlenc11#aes128-gcm\"/>\
<md:EncryptionMethod Algorithm=\"http://www.w3.org/2009/xmlenc11#rsa-oaep\">\
<ds:DigestMethod Algorithm=\"http://www.w3.org/2001/04/xmlenc#sha256\"/>\
<xenc11:MGF xmlns:xenc11=\"http://www.w3.org/2009/xmlenc11#\" Algorithm=\"http://www.w3.org/2009/xmlenc11#mgf1sha256\"/>\
</md:EncryptionMethod>\
<md:EncryptionMethod Algorithm=\"http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p\">\
<ds:DigestMethod Algorithm=\"http://www.w3.org/2000/09/xmldsig#sha1\"/></md:EncryptionMethod>";

/// What our metadata says for people and schedulers, beside keys and addresses.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SpDescription {
    name_id_formats: Vec<String>,
    organization: Option<Organization>,
    contacts: Vec<(ContactKind, String)>,
    validity: Option<Duration>,
    cache_duration: Option<Duration>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Organization {
    name: String,
    display_name: String,
    url: String,
}

/// For what a contact is there (saml-metadata 2.3.2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ContactKind {
    /// Certificates, outages, configuration.
    Technical,
    /// People who cannot sign in.
    Support,
    /// Contracts and responsibilities.
    Administrative,
}

impl SpDescription {
    /// Says nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks for a NameID of this format URI; the first is liked best.
    #[must_use]
    pub fn with_name_id_format(mut self, format: &str) -> Self {
        self.name_id_formats.push(format.to_owned());
        self
    }

    /// Names who runs the service, in English: the legal name, the name people know, and a page about it.
    #[must_use]
    pub fn with_organization(mut self, name: &str, display_name: &str, url: &str) -> Self {
        let organization =
            Organization { name: name.to_owned(), display_name: display_name.to_owned(), url: url.to_owned() };
        self.organization = Some(organization);
        self
    }

    /// Adds a contact by e-mail address.
    #[must_use]
    pub fn with_contact(mut self, kind: ContactKind, email: &str) -> Self {
        self.contacts.push((kind, email.to_owned()));
        self
    }

    /// Lets each copy be believed for this long (`validUntil`): an identity provider that cannot fetch a newer one stops
    /// believing keys that may have been replaced.
    #[must_use]
    pub const fn with_validity(mut self, validity: Duration) -> Self {
        self.validity = Some(validity);
        self
    }

    /// Asks for a copy to be fetched again after this long (`cacheDuration`), in whole seconds.
    #[must_use]
    pub const fn with_cache_duration(mut self, duration: Duration) -> Self {
        self.cache_duration = Some(duration);
        self
    }
}

/// The metadata of `provider`'s service, signed when it has a signing key.
pub(in crate::identity::saml) fn service_provider(
    provider: &SamlProvider,
    now: Timestamp,
) -> Result<String, SamlError> {
    let content = role(provider) + &about(&provider.description);
    let attributes = attributes(provider, now);
    let Some(key) = provider.signing_key() else {
        return Ok(format!("<md:EntityDescriptor xmlns:md=\"{MD}\"{attributes}>{content}</md:EntityDescriptor>"));
    };
    // An ID must be an NCName that no other document of ours has, and nothing more: the digest of what is signed is one.
    let digest = sha256_hex(format!("{attributes}{content}").as_bytes());
    let signed =
        format!("<md:EntityDescriptor xmlns:md=\"{MD}\" ID=\"_{digest}\"{attributes}>{content}</md:EntityDescriptor>");
    sign_enveloped(&signed, key)
}

fn attributes(provider: &SamlProvider, now: Timestamp) -> String {
    let mut xml = String::new();
    attribute(&mut xml, "entityID", &provider.sp_entity_id);
    if let Some(validity) = provider.description.validity {
        attribute(&mut xml, "validUntil", &now.saturating_add(validity).to_string());
    }
    if let Some(duration) = provider.description.cache_duration {
        attribute(&mut xml, "cacheDuration", &format!("PT{}S", duration.as_secs()));
    }
    xml
}

/// The role descriptor; children in the order of the schema.
fn role(provider: &SamlProvider) -> String {
    let mut xml = String::with_capacity(4096);
    xml.push_str("<md:SPSSODescriptor");
    let signs = if provider.signing_keys().is_empty() { "false" } else { "true" };
    attribute(&mut xml, "AuthnRequestsSigned", signs);
    attribute(&mut xml, "WantAssertionsSigned", "true");
    attribute(&mut xml, "protocolSupportEnumeration", SAMLP);
    xml.push('>');
    for key in provider.signing_keys() {
        key_descriptor(&mut xml, "signing", &x509_data(key.certificate()), "");
    }
    for key in &provider.encryption_keys {
        let info = match key {
            EncryptionKey::Certificate(der) => x509_data(der),
            EncryptionKey::Rsa { modulus, exponent } => rsa_key_value(modulus, exponent),
        };
        key_descriptor(&mut xml, "encryption", &info, ENCRYPTION_METHODS);
    }
    if let Some(url) = provider.logout_url() {
        for binding in [REDIRECT, POST] {
            service(&mut xml, "SingleLogoutService", binding, url, &[]);
        }
    }
    for format in &provider.description.name_id_formats {
        leaf(&mut xml, "md:NameIDFormat", format);
    }
    service(&mut xml, "AssertionConsumerService", POST, &provider.acs_url, &[("index", "0"), ("isDefault", "true")]);
    xml.push_str("</md:SPSSODescriptor>");
    xml
}

pub(super) fn key_descriptor(xml: &mut String, usage: &str, info: &str, methods: &str) {
    xml.push_str("<md:KeyDescriptor");
    attribute(xml, "xmlns:ds", DSIG);
    attribute(xml, "use", usage);
    xml.push_str("><ds:KeyInfo>");
    xml.push_str(info);
    xml.push_str("</ds:KeyInfo>");
    xml.push_str(methods);
    xml.push_str("</md:KeyDescriptor>");
}

pub(super) fn x509_data(der: &[u8]) -> String {
    format!("<ds:X509Data><ds:X509Certificate>{}</ds:X509Certificate></ds:X509Data>", STANDARD.encode(der))
}

pub(super) fn rsa_key_value(modulus: &[u8], exponent: &[u8]) -> String {
    let (modulus, exponent) = (STANDARD.encode(modulus), STANDARD.encode(exponent));
    format!(
        "<ds:KeyValue><ds:RSAKeyValue><ds:Modulus>{modulus}</ds:Modulus><ds:Exponent>{exponent}</ds:Exponent>\
         </ds:RSAKeyValue></ds:KeyValue>"
    )
}

pub(super) fn service(xml: &mut String, name: &str, binding: &str, location: &str, more: &[(&str, &str)]) {
    xml.push_str("<md:");
    xml.push_str(name);
    attribute(xml, "Binding", binding);
    attribute(xml, "Location", location);
    for (name, value) in more {
        attribute(xml, name, value);
    }
    xml.push_str("/>");
}

/// Organization and contacts, which follow the role.
fn about(description: &SpDescription) -> String {
    let mut xml = String::new();
    if let Some(organization) = &description.organization {
        xml.push_str("<md:Organization>");
        let Organization { name, display_name, url } = organization;
        for (element, text) in
            [("OrganizationName", name), ("OrganizationDisplayName", display_name), ("OrganizationURL", url)]
        {
            xml.push_str("<md:");
            xml.push_str(element);
            attribute(&mut xml, "xml:lang", "en");
            xml.push('>');
            escape(&mut xml, text);
            xml.push_str("</md:");
            xml.push_str(element);
            xml.push('>');
        }
        xml.push_str("</md:Organization>");
    }
    for (kind, email) in &description.contacts {
        xml.push_str("<md:ContactPerson");
        attribute(&mut xml, "contactType", kind.as_str());
        xml.push('>');
        let address = if email.starts_with("mailto:") { email.clone() } else { format!("mailto:{email}") };
        leaf(&mut xml, "md:EmailAddress", &address);
        xml.push_str("</md:ContactPerson>");
    }
    xml
}

impl ContactKind {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Technical => "technical",
            Self::Support => "support",
            Self::Administrative => "administrative",
        }
    }
}
