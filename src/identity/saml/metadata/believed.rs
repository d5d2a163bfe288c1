//! What is believed of an identity provider, written as metadata again.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::service_provider::{key_descriptor, rsa_key_value, service, x509_data};
use super::{IdpMetadata, LogoutEndpoint, MD, POST, REDIRECT};
use crate::identity::saml::SAMLP;
use crate::identity::saml::certificate::{PinnedKey, Written};
use crate::identity::saml::markup::attribute;

/// The namespace of XML Signature 1.1, which has bare keys that are not RSA (xmldsig-core1 4.5.10).
const DSIG11: &str = "http://www.w3.org/2009/xmldsig11#";

/// One entity with one role; children in the order of the schema (saml-metadata 2.4.3).
pub(super) fn document(metadata: &IdpMetadata) -> String {
    let mut xml = format!("<md:EntityDescriptor xmlns:md=\"{MD}\"");
    attribute(&mut xml, "entityID", &metadata.entity_id);
    if let Some(until) = metadata.valid_until {
        attribute(&mut xml, "validUntil", &until.to_string());
    }
    if let Some(duration) = metadata.cache_duration {
        attribute(&mut xml, "cacheDuration", &format!("PT{}S", duration.as_secs()));
    }
    xml.push_str("><md:IDPSSODescriptor");
    attribute(&mut xml, "WantAuthnRequestsSigned", if metadata.wants_signed_requests { "true" } else { "false" });
    attribute(&mut xml, "protocolSupportEnumeration", SAMLP);
    xml.push('>');
    for key in &metadata.keys {
        key_descriptor(&mut xml, "signing", &key_info(key), "");
    }
    for (binding, endpoint) in [(REDIRECT, &metadata.logout_redirect), (POST, &metadata.logout_post)] {
        let Some(LogoutEndpoint { location, response_location }) = endpoint else { continue };
        let answers = response_location.as_deref().map(|answers| ("ResponseLocation", answers));
        service(&mut xml, "SingleLogoutService", binding, location, answers.as_slice());
    }
    for (binding, endpoint) in [(REDIRECT, &metadata.redirect_endpoint), (POST, &metadata.post_endpoint)] {
        if let Some(location) = endpoint {
            service(&mut xml, "SingleSignOnService", binding, location, &[]);
        }
    }
    xml.push_str("</md:IDPSSODescriptor></md:EntityDescriptor>");
    xml
}

fn key_info(key: &PinnedKey) -> String {
    match (key.written(), key.rsa()) {
        (Written::Certificate(der), _) => x509_data(der),
        (Written::PublicKey(der), _) => {
            let encoded = STANDARD.encode(der);
            format!(
                "<ds:KeyValue><ds11:DEREncodedKeyValue xmlns:ds11=\"{DSIG11}\">{encoded}</ds11:DEREncodedKeyValue></ds:KeyValue>"
            )
        }
        (Written::Rsa, Some((modulus, exponent))) => rsa_key_value(modulus, exponent),
        (Written::Rsa, None) => String::new(),
    }
}
