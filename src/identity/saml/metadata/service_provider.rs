//! Our metadata, for identity providers to be configured with.

use std::fmt::Write as _;

use super::super::SAMLP;
use super::super::markup::escape;
use super::POST;

/// Our own metadata as a service provider: one assertion consumer service, HTTP-POST (saml-metadata 2.4.4).
pub(in crate::identity::saml) fn service_provider(sp_entity_id: &str, acs_url: &str) -> String {
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
