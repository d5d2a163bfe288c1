//! How messages travel through a browser: HTTP-Redirect and HTTP-POST (saml-bindings 3.4, 3.5).

use std::io::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::DeflateEncoder;

use super::SamlError;

/// The longest RelayState (saml-bindings 3.4.3).
const MOST_RELAY_STATE_BYTES: usize = 80;

/// The URL that carries `xml` to `endpoint` as SAMLRequest, deflated (saml-bindings 3.4.4.1).
pub(super) fn redirect_url(endpoint: &str, xml: &str, relay_state: Option<&str>) -> Result<String, SamlError> {
    bounded(relay_state)?;
    let mut url = endpoint.to_owned();
    url.push(if endpoint.contains('?') { '&' } else { '?' });
    url.push_str("SAMLRequest=");
    percent_encode(&mut url, &STANDARD.encode(deflate(xml)));
    if let Some(relay_state) = relay_state {
        url.push_str("&RelayState=");
        percent_encode(&mut url, relay_state);
    }
    Ok(url)
}

/// `xml` as the value of a form field (saml-bindings 3.5.4).
pub(super) fn form_value(xml: &str) -> String {
    STANDARD.encode(xml)
}

/// Refuses RelayState that a conforming peer need not give back whole.
pub(super) fn bounded(relay_state: Option<&str>) -> Result<(), SamlError> {
    if relay_state.is_some_and(|state| state.len() > MOST_RELAY_STATE_BYTES) {
        return Err(SamlError::RelayStateTooLong);
    }
    Ok(())
}

fn deflate(xml: &str) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::with_capacity(xml.len()), Compression::default());
    // Writing into a Vec cannot fail.
    let _ = encoder.write_all(xml.as_bytes());
    encoder.finish().unwrap_or_default()
}

fn percent_encode(url: &mut String, text: &str) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            url.push(char::from(byte));
        } else {
            url.push('%');
            url.push_str(&crate::crypto::hex(&[byte]).to_ascii_uppercase());
        }
    }
}
