//! What a browser brings by HTTP-Redirect: a raw query in, the message that a trusted key signed out (saml-bindings 3.4).
//!
//! The signature is over octets of the query as they were received, so they are kept as they are: decoding and encoding
//! again is where signed and read parameters came apart (CVE-2025-31335, CVE-2026-18217). It is verified before
//! anything is inflated and parsed but the claim of whom it is from, by which its keys are chosen.

use std::io::Read as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::bufread::DeflateDecoder;

use super::binding::Direction;
use super::error::shape;
use super::signature::{self, Trust};
use super::xml::Profile;
use super::{SamlError, logout, rules};
use crate::explain::{Evidence, Listener};
use crate::time::Timestamp;

/// The longest query that is looked at; browsers and servers stop far below.
const MOST_QUERY_BYTES: usize = 256 * 1024;
const DEFLATE: &str = "urn:oasis:names:tc:SAML:2.0:bindings:URL-Encoding:DEFLATE";
/// The parameters of the binding.
const KNOWN: [&str; 6] = ["SAMLRequest", "SAMLResponse", "RelayState", "SigAlg", "Signature", "SAMLEncoding"];

/// A message that nobody has verified.
#[derive(Clone, Debug)]
pub(super) struct RedirectMessage {
    deflated: Vec<u8>,
    relay_state: Option<String>,
    signature: Option<QuerySignature>,
}

#[derive(Clone, Debug)]
struct QuerySignature {
    /// `SAMLRequest=…&RelayState=…&SigAlg=…` as received.
    octets: String,
    method: String,
    value: Vec<u8>,
}

impl RedirectMessage {
    /// Takes the parameters of the binding out of a raw query, without the `?`. Other parameters may stand beside them.
    pub(super) fn parse(raw_query: &str, direction: Direction) -> Result<Self, SamlError> {
        if raw_query.len() > MOST_QUERY_BYTES {
            return Err(SamlError::TooLarge { counted: "bytes of query", most: MOST_QUERY_BYTES });
        }
        let parameters = Parameters::read(raw_query)?;
        let name = direction.parameter();
        let found = ["SAMLRequest", "SAMLResponse"].map(|name| parameters.raw(name).is_some());
        let message = parameters.raw(name).filter(|_| found != [true, true]);
        // Signing one and having the other read is CVE-2025-27773.
        let message = message.ok_or_else(|| malformed("SAMLRequest or SAMLResponse, whichever belongs here"))?;
        if parameters.decoded("SAMLEncoding")?.is_some_and(|encoding| encoding != DEFLATE) {
            return Err(malformed("no SAMLEncoding, or that of DEFLATE"));
        }
        let signature = match (parameters.decoded("SigAlg")?, parameters.decoded("Signature")?) {
            (None, None) => None,
            (Some(method), Some(value)) => {
                Some(QuerySignature { octets: parameters.signed_octets(name), method, value: unfolded(&value)? })
            }
            _ => return Err(malformed("SigAlg and Signature, or neither")),
        };
        Ok(Self {
            deflated: unfolded(&percent_decoded(message)?)?,
            relay_state: parameters.decoded("RelayState")?,
            signature,
        })
    }

    /// What the sender wants back with the answer; signed with the message.
    pub(super) fn relay_state(&self) -> Option<&str> {
        self.relay_state.as_deref()
    }

    /// Verifies that a trusted key signed the query.
    pub(super) fn verify<L: Listener>(
        &self,
        trust: Trust<'_>,
        now: Timestamp,
        listener: &mut L,
    ) -> Result<(), SamlError> {
        listener.passed(logout::QUERY, || Evidence::new("each parameter once", "the same"));
        let unsigned = SamlError::NotSigned { expected: "SigAlg and Signature in the query" };
        let QuerySignature { octets, method: uri, value } = self.signature.as_ref().ok_or(unsigned)?;
        let not_allowed = || SamlError::AlgorithmNotAllowed { rule: rules::ALGORITHM, algorithm: uri.clone() };
        let method = trust.method(uri).ok_or_else(not_allowed)?;
        listener.passed(rules::ALGORITHM, || Evidence::new("an allowed algorithm", uri));
        signature::verify_octets(trust, method, value, octets.as_bytes(), now, listener)?;
        listener.passed(rules::SIGNED, || Evidence::new("a signature over the query", "the same"));
        Ok(())
    }

    /// The XML, inflated up to the size of a message and not a byte further (CVE-2025-25293).
    pub(super) fn inflate(&self) -> Result<Vec<u8>, SamlError> {
        inflate(&mut DeflateDecoder::new(self.deflated.as_slice()), Profile::MESSAGE.bytes)
    }
}

/// Reads one document of at most `most` bytes, and nothing after it.
fn inflate(decoder: &mut DeflateDecoder<&[u8]>, most: usize) -> Result<Vec<u8>, SamlError> {
    let mut xml = Vec::new();
    let one_more = u64::try_from(most).unwrap_or(u64::MAX).saturating_add(1);
    let read = decoder.by_ref().take(one_more).read_to_end(&mut xml);
    if xml.len() > most {
        return Err(SamlError::TooLarge { counted: "bytes inflated", most });
    }
    // Bytes after the end would be a second message to whoever reads on.
    match read {
        Ok(_) if decoder.get_ref().is_empty() => Ok(xml),
        _ => Err(SamlError::NotBase64),
    }
}

/// The parameters of the binding, each at most once, with their values as received.
struct Parameters<'q>(Vec<(&'static str, &'q str)>);

impl<'q> Parameters<'q> {
    fn read(raw_query: &'q str) -> Result<Self, SamlError> {
        let mut found: Vec<(&'static str, &'q str)> = Vec::new();
        for pair in raw_query.split('&') {
            let (name, value) = match pair.split_once('=') {
                Some((name, value)) => (name, Some(value)),
                None => (pair, None),
            };
            // Another spelling of a name (`SAML%52equest`) would be a second parameter to whoever decodes first.
            let decoded = percent_decoded(name)?;
            let Some(known) = KNOWN.into_iter().find(|known| *known == decoded) else { continue };
            let Some(value) = value else { return Err(malformed("a value for each parameter")) };
            if known != name || found.iter().any(|(earlier, _)| *earlier == known) {
                return Err(malformed("each parameter once, by its plain name"));
            }
            found.push((known, value));
        }
        Ok(Self(found))
    }

    fn raw(&self, name: &str) -> Option<&'q str> {
        self.0.iter().find(|(known, _)| *known == name).map(|(_, value)| *value)
    }

    fn decoded(&self, name: &str) -> Result<Option<String>, SamlError> {
        self.raw(name).map(percent_decoded).transpose()
    }

    /// What is signed: the parameters in the order of the standard, whatever order the URL has them in, since each occurs
    /// once and stands here octet for octet (saml-bindings 3.4.4.1).
    fn signed_octets(&self, message: &str) -> String {
        let signed = [message, "RelayState", "SigAlg"].into_iter();
        let signed = signed.filter_map(|name| self.raw(name).map(|value| format!("{name}={value}")));
        signed.collect::<Vec<_>>().join("&")
    }
}

fn percent_decoded(text: &str) -> Result<String, SamlError> {
    let expected = "percent-encoded UTF-8";
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let mut digit = || rest.next().and_then(|digit| char::from(digit).to_digit(16));
                let (high, low) = (digit(), digit());
                let value = high.zip(low).map(|(high, low)| high.saturating_mul(16).saturating_add(low));
                value.and_then(|value| u8::try_from(value).ok()).ok_or_else(|| malformed(expected))?
            }
            byte => byte,
        });
    }
    String::from_utf8(bytes).map_err(|_| malformed(expected))
}

/// Base64 that may be folded into lines; a space would be a `+` that somebody forgot to escape.
fn unfolded(text: &str) -> Result<Vec<u8>, SamlError> {
    let packed: Vec<u8> = text.bytes().filter(|byte| !matches!(byte, b'\r' | b'\n')).collect();
    STANDARD.decode(packed).map_err(|_| SamlError::NotBase64)
}

fn malformed(expected: &'static str) -> SamlError {
    shape(logout::QUERY, expected, "something else")
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::DeflateEncoder;

    use super::*;

    #[test]
    fn a_bomb_of_a_gibibyte_is_inflated_to_the_limit_and_no_further() {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(&vec![b' '; 1 << 20]).unwrap();
        encoder.flush().unwrap();
        let bomb = encoder.get_ref().repeat(1024);
        let mut decoder = DeflateDecoder::new(bomb.as_slice());
        let refused = inflate(&mut decoder, Profile::MESSAGE.bytes).unwrap_err();
        assert_eq!(refused, SamlError::TooLarge { counted: "bytes inflated", most: Profile::MESSAGE.bytes });
        assert_eq!(decoder.total_out(), u64::try_from(Profile::MESSAGE.bytes).unwrap() + 1);
    }

    #[test]
    fn what_is_signed_is_put_together_from_the_octets_received() {
        let query = "x=1&Signature=c&SigAlg=%62&RelayState=a+%20&SAMLRequest=%41%2b&y";
        let parameters = Parameters::read(query).unwrap();
        assert_eq!(parameters.signed_octets("SAMLRequest"), "SAMLRequest=%41%2b&RelayState=a+%20&SigAlg=%62");
        assert_eq!(percent_decoded("a+%20%2B").unwrap(), "a  +");
    }
}
