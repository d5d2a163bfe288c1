//! Metadata. A finding: a provider without a key or with an endpoint that no browser should be sent to.

use daypass::identity::saml::{IdpMetadata, SamlProvider};
use daypass::time::Timestamp;

use crate::idp::{ACS, IDP, SP};
use crate::judge::in_time;

/// Reads `data` as metadata of one identity provider, and as an aggregate that ours is picked from.
pub fn target(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let read = in_time(data, || [IdpMetadata::parse(text), IdpMetadata::pick(text, IDP)]);
    if let [_, Ok(picked)] = &read {
        assert_eq!(picked.entity_id(), IDP);
    }
    for metadata in read.into_iter().flatten() {
        assert!(!metadata.entity_id().is_empty());
        for endpoint in [metadata.redirect_endpoint(), metadata.post_endpoint()].into_iter().flatten() {
            assert!(endpoint.starts_with("https://") || endpoint.starts_with("http://"), "{endpoint}");
            assert!(endpoint.bytes().all(|byte| byte.is_ascii_graphic()), "{endpoint}");
        }
        for key in metadata.keys() {
            let _ = (key.validity(), format!("{key:?}"));
        }
        if let Ok(provider) = SamlProvider::from_metadata(metadata, SP, ACS) {
            assert!(!provider.pinned_keys().is_empty(), "a provider without keys");
            roxmltree::Document::parse(&provider.sp_metadata(Timestamp::EPOCH).unwrap()).unwrap();
        }
    }
}
