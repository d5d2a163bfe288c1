//! The metadata document service providers configure themselves from (SAML metadata 2.4.3).

use super::response::NameIdFormat;
use super::xml::{Element, Namespace};
use crate::core::Core;

/// The XML text, its `entityID` being the address it is served at.
pub(crate) fn document(core: &Core) -> String {
    let keys = core.keys.saml_keys().map(|key| {
        let certificate = Element::new(Namespace::Signature, "X509Certificate").text(key.certificate_base64());
        let data = Element::new(Namespace::Signature, "X509Data").child(certificate);
        md("KeyDescriptor").with("use", "signing").child(Element::new(Namespace::Signature, "KeyInfo").child(data))
    });
    let formats = NameIdFormat::ALL.into_iter().map(|format| md("NameIDFormat").text(format.uri()));
    let services = |name: &'static str, url: String| {
        ["HTTP-Redirect", "HTTP-POST"].map(|binding| {
            md(name)
                .with("Binding", format!("urn:oasis:names:tc:SAML:2.0:bindings:{binding}"))
                .with("Location", url.as_str())
        })
    };
    // The schema wants this order (SAML metadata 2.4.2).
    let descriptor = md("IDPSSODescriptor")
        .with("WantAuthnRequestsSigned", core.want_signed_requests.to_string())
        .with("protocolSupportEnumeration", Namespace::Protocol.uri())
        .children(keys)
        .children(services("SingleLogoutService", core.logout_url()))
        .children(formats)
        .children(services("SingleSignOnService", core.sso_url()));
    let entity = md("EntityDescriptor").with("entityID", core.saml_entity_id()).child(descriptor);
    format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{}", entity.document())
}

const fn md(name: &'static str) -> Element {
    Element::new(Namespace::Metadata, name)
}
