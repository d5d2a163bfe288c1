//! What a SAML attribute is called (saml-core 2.7.3.1).

/// The names of one attribute. Only `Name` says which attribute it is: a FriendlyName is for people, and nothing keeps two
/// attributes from sharing one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttributeName {
    pub(in crate::identity) name: String,
    pub(in crate::identity) friendly_name: Option<String>,
    pub(in crate::identity) name_format: NameFormat,
}

impl AttributeName {
    /// The Name, under which its values are found.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The FriendlyName, if the provider sent one.
    #[must_use]
    pub fn friendly_name(&self) -> Option<&str> {
        self.friendly_name.as_deref()
    }

    /// How the Name is to be read.
    #[must_use]
    pub const fn name_format(&self) -> &NameFormat {
        &self.name_format
    }
}

/// How the Name of an attribute is to be read (saml-core 8.2).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NameFormat {
    /// Nothing is said, or `unspecified`.
    Unspecified,
    /// A URI, such as `urn:oid:1.3.6.1.4.1.5923.1.5.1.1`.
    Uri,
    /// A plain name, such as `groups`.
    Basic,
    /// Another format, by its URI.
    Other(String),
}

impl NameFormat {
    /// Reads the attribute `NameFormat`.
    #[cfg(feature = "saml")]
    pub(in crate::identity) fn of(text: Option<&str>) -> Self {
        match text {
            None | Some("urn:oasis:names:tc:SAML:2.0:attrname-format:unspecified") => Self::Unspecified,
            Some("urn:oasis:names:tc:SAML:2.0:attrname-format:uri") => Self::Uri,
            Some("urn:oasis:names:tc:SAML:2.0:attrname-format:basic") => Self::Basic,
            Some(other) => Self::Other(other.to_owned()),
        }
    }
}
