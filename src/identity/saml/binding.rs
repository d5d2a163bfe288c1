//! How our messages travel through a browser: HTTP-Redirect and HTTP-POST (saml-bindings 3.4, 3.5).

use std::io::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::DeflateEncoder;

use super::SamlError;
use super::sign::sign_enveloped;
use super::signing_key::SpSigningKey;

/// The longest RelayState of ours: a conforming peer need not give back more (saml-bindings 3.4.3).
const MOST_RELAY_STATE_BYTES: usize = 80;
/// The longest RelayState that is given back. Some peers send more than the standard lets them, and wait for it.
const MOST_RETURNED_BYTES: usize = 1024;

/// The fields of a form that carries a message by HTTP-POST. The page that shows them must escape every one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PostForm {
    /// Where the form is posted to.
    pub action: String,
    /// The name of the field that holds the message: `SAMLRequest` or `SAMLResponse`.
    pub field: &'static str,
    /// The value of that field.
    pub message: String,
    /// The value of the field RelayState, if there is one.
    pub relay_state: Option<String>,
}

/// Whether a message asks or answers: the name of the parameter that carries it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Direction {
    Request,
    Response,
}

impl Direction {
    pub(super) const fn parameter(self) -> &'static str {
        match self {
            Self::Request => "SAMLRequest",
            Self::Response => "SAMLResponse",
        }
    }
}

/// A message of ours and where it goes.
#[derive(Debug)]
pub(super) struct Outgoing<'m> {
    pub(super) direction: Direction,
    pub(super) endpoint: &'m str,
    pub(super) xml: &'m str,
    pub(super) relay_state: Option<&'m str>,
    /// What signs it.
    pub(super) key: Option<&'m SpSigningKey>,
}

impl Outgoing<'_> {
    /// The URL that carries the message, deflated; the signature is over the octets of the query as they stand in it
    /// (saml-bindings 3.4.4.1).
    pub(super) fn redirect_url(&self) -> Result<String, SamlError> {
        self.bounded()?;
        let mut query = format!("{}=", self.direction.parameter());
        percent_encode(&mut query, &STANDARD.encode(deflate(self.xml)));
        if let Some(relay_state) = self.relay_state {
            query.push_str("&RelayState=");
            percent_encode(&mut query, relay_state);
        }
        if let Some(key) = self.key {
            query.push_str("&SigAlg=");
            percent_encode(&mut query, key.method_uri());
            let signature = key.sign(query.as_bytes())?;
            query.push_str("&Signature=");
            percent_encode(&mut query, &STANDARD.encode(signature));
        }
        let separator = if self.endpoint.contains('?') { '&' } else { '?' };
        Ok(format!("{}{separator}{query}", self.endpoint))
    }

    /// The form that carries the message, with its signature inside (saml-bindings 3.5.4).
    pub(super) fn post_form(&self) -> Result<PostForm, SamlError> {
        self.bounded()?;
        let message = match self.key {
            Some(key) => STANDARD.encode(sign_enveloped(self.xml, key)?),
            None => STANDARD.encode(self.xml),
        };
        Ok(PostForm {
            action: self.endpoint.to_owned(),
            field: self.direction.parameter(),
            message,
            relay_state: self.relay_state.map(str::to_owned),
        })
    }

    fn bounded(&self) -> Result<(), SamlError> {
        let most = match self.direction {
            Direction::Request => MOST_RELAY_STATE_BYTES,
            Direction::Response => MOST_RETURNED_BYTES,
        };
        if self.relay_state.is_some_and(|state| state.len() > most) {
            return Err(SamlError::RelayStateTooLong);
        }
        Ok(())
    }
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
