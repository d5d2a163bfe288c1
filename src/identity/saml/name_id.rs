//! Whom an identity provider speaks of (saml-core 2.2.3), in the form that outlives the message.

use serde::{Deserialize, Serialize};

use super::markup::{escape, optional_attribute};

/// The format of a NameID that states none (saml-core 2.2.2).
pub(super) const UNSPECIFIED: &str = "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified";

/// A NameID with what qualifies it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NameId {
    pub(super) value: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) format: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) name_qualifier: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) sp_name_qualifier: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) sp_provided_id: Option<String>,
}

impl NameId {
    /// The identifier itself, unique only together with all that qualifies it.
    #[must_use]
    pub fn value(&self) -> &str {
        &self.value
    }

    /// The URI of its format; the one for "unspecified" when none was stated.
    #[must_use]
    pub fn format(&self) -> &str {
        self.format.as_deref().unwrap_or(UNSPECIFIED)
    }

    /// The domain in which it is unique (NameQualifier), if stated: as a rule the identity provider.
    #[must_use]
    pub fn name_qualifier(&self) -> Option<&str> {
        self.name_qualifier.as_deref()
    }

    /// The service or group of services that it is for (SPNameQualifier), if stated.
    #[must_use]
    pub fn sp_name_qualifier(&self) -> Option<&str> {
        self.sp_name_qualifier.as_deref()
    }

    /// The name that this service chose for the person (SPProvidedID), if stated.
    #[must_use]
    pub fn sp_provided_id(&self) -> Option<&str> {
        self.sp_provided_id.as_deref()
    }

    pub(super) fn write(&self, xml: &mut String) {
        xml.push_str("<saml:NameID");
        optional_attribute(xml, "Format", self.format.as_deref());
        optional_attribute(xml, "NameQualifier", self.name_qualifier.as_deref());
        optional_attribute(xml, "SPNameQualifier", self.sp_name_qualifier.as_deref());
        optional_attribute(xml, "SPProvidedID", self.sp_provided_id.as_deref());
        xml.push('>');
        escape(xml, &self.value);
        xml.push_str("</saml:NameID>");
    }
}
