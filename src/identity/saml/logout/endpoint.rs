//! Where the identity provider takes logout messages.

use crate::identity::saml::metadata::LogoutEndpoint;
use crate::identity::saml::{IdpMetadata, MetadataError};

pub(super) fn redirect(metadata: &IdpMetadata) -> Result<&LogoutEndpoint, MetadataError> {
    metadata.logout_redirect().ok_or(MetadataError::NoLogoutEndpoint { binding: "HTTP-Redirect" })
}

pub(super) fn post(metadata: &IdpMetadata) -> Result<&LogoutEndpoint, MetadataError> {
    metadata.logout_post().ok_or(MetadataError::NoLogoutEndpoint { binding: "HTTP-POST" })
}
