//! Compact JWS (RFC 7515): a token and a key in, the signed payload out. The key chooses the algorithm.
//!
//! Refused before any key is touched: more than 16 KiB of header and payload, anything but three parts, base64url with
//! padding, spaces or spare bits, a header with a name twice, and every parameter that changes what the signature means
//! (`crit`, `b64`, `zip`, `cty`) or brings its own key (`jwk`, `jku`, `x5c`, `x5u`).

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::algorithm::{HmacAlgorithm, JwsAlgorithm};
use super::jwk::{Jwk, SecretJwk};
use crate::crypto::CryptoError;
use crate::explain::Rule;
use crate::json::{self, Data, JsonError, Limits, Value};

/// The most header and payload that is read, in bytes of base64url: 16 KiB.
pub const MAX_SIGNED_LENGTH: usize = 16 * 1024;
/// The longest signature that is read, in bytes of base64url: RSA with 8,192 bits. A dot stands before it.
const MAX_SIGNATURE_LENGTH: usize = 1366;
/// The longest key id that is looked up, in bytes.
pub const MAX_KEY_ID_LENGTH: usize = 256;

const HEADER_LIMITS: Limits = Limits { bytes: MAX_SIGNED_LENGTH, depth: 32, values: 256 };

/// Header parameters that are refused by name, and why.
const REFUSED: [&str; 8] = ["crit", "b64", "zip", "cty", "jwk", "jku", "x5c", "x5u"];

pub(super) const TOKEN_FORM: Rule = Rule {
    name: "token_form",
    section: "RFC 7515 5.2; RFC 7519 7.2",
    prevents: "nested or encrypted tokens, oversized input, two spellings of one token",
};
pub(super) const HEADER: Rule =
    Rule { name: "header", section: "RFC 7515 4", prevents: "two readers that see two different headers" };
pub(super) const HEADER_PARAMETERS: Rule = Rule {
    name: "header_parameters",
    section: "RFC 7515 4.1.2-4.1.11; RFC 7797 6; RFC 8725 3.10",
    prevents: "a token that brings its own key, or extensions that change what was signed",
};
pub(super) const ALGORITHM: Rule = Rule {
    name: "algorithm",
    section: "RFC 8725 3.1; OpenID Connect Core 3.1.3.7 (7)",
    prevents: "alg none, and a public key taken for an HMAC secret",
};
pub(super) const KEY: Rule = Rule {
    name: "key",
    section: "OpenID Connect Core 10.1; RFC 7515 4.1.4",
    prevents: "a token signed by a key the issuer does not publish",
};
pub(super) const SIGNATURE: Rule =
    Rule { name: "signature", section: "OpenID Connect Core 3.1.3.7 (6)", prevents: "forged or edited tokens" };

/// Why a token is not a signed message of the expected key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JwsError {
    /// Header and payload, or the signature, are too long.
    #[error("the token is too long")]
    TooLong {
        /// The length in bytes.
        bytes: usize,
        /// The most that is read.
        limit: usize,
    },
    /// There are five parts: an encrypted token (JWE), of which none is read.
    #[error("the token is encrypted, which is not supported")]
    Encrypted,
    /// There are not exactly three parts.
    #[error("the token does not have three parts")]
    Parts {
        /// The number of parts, counted no further than six.
        found: usize,
    },
    /// A part is not strict base64url.
    #[error("a part of the token is not base64url")]
    Encoding {
        /// `header`, `payload` or `signature`.
        part: &'static str,
    },
    /// The header is not a JSON object with each name once.
    #[error("the token's header is not valid JSON")]
    Header(JsonError),
    /// A header parameter has the wrong JSON type, is missing or too long.
    #[error("a header parameter of the token is not of the expected form")]
    HeaderParameter {
        /// The parameter.
        name: &'static str,
        /// What was expected.
        expected: &'static str,
    },
    /// A header parameter that is refused wherever it appears.
    #[error("the token's header holds a parameter that is not accepted")]
    RefusedParameter {
        /// The parameter.
        name: &'static str,
    },
    /// The signature is empty.
    #[error("the token is not signed")]
    Unsigned,
    /// `alg` is not an algorithm that is accepted here.
    #[error("the token's algorithm is not accepted")]
    Algorithm {
        /// What the header says.
        found: String,
    },
    /// The key the token names makes signatures of another algorithm.
    #[error("the token's algorithm does not belong to its key")]
    KeyAlgorithm {
        /// What the header says.
        found: &'static str,
        /// The key id, if there is one.
        key_id: Option<String>,
    },
    /// No key has the token's key id.
    #[error("the token names a key that is not known")]
    UnknownKey {
        /// The key id.
        key_id: String,
    },
    /// The token names no key, and more than one could have signed it.
    #[error("the token does not say which key signed it")]
    AmbiguousKey {
        /// How many could have.
        candidates: usize,
    },
    /// The signature is not the key's.
    #[error("the token's signature does not verify")]
    Signature,
}

impl JwsError {
    /// The rule that was broken.
    #[must_use]
    pub const fn rule(&self) -> &'static Rule {
        match self {
            Self::TooLong { .. } | Self::Encrypted | Self::Parts { .. } | Self::Encoding { .. } => &TOKEN_FORM,
            Self::Header(_) | Self::HeaderParameter { .. } => &HEADER,
            Self::RefusedParameter { .. } => &HEADER_PARAMETERS,
            Self::Algorithm { .. } | Self::KeyAlgorithm { .. } | Self::Unsigned => &ALGORITHM,
            Self::UnknownKey { .. } | Self::AmbiguousKey { .. } => &KEY,
            Self::Signature => &SIGNATURE,
        }
    }

    /// What was wrong, for logs and audit; text from the token is escaped.
    #[must_use]
    pub fn reason(&self) -> String {
        match self {
            Self::TooLong { bytes, limit } => format!("{bytes} bytes, at most {limit} are read"),
            Self::Encrypted => "5 parts divided by dots, which is JWE".to_owned(),
            Self::Parts { found } => format!("{found} parts divided by dots, expected 3"),
            Self::Encoding { part } => format!("the {part} is not base64url without padding"),
            Self::Header(error) => format!("header: {}", error.reason()),
            Self::HeaderParameter { name, expected } => format!("{name}: expected {expected}"),
            Self::RefusedParameter { name } => format!("the header holds {name}"),
            Self::Unsigned => "the signature is empty".to_owned(),
            Self::Algorithm { found } => format!("alg is {}", shown(found)),
            Self::KeyAlgorithm { found, key_id } => {
                format!("alg is {found}, which key {} does not make", shown(key_id.as_deref().unwrap_or_default()))
            }
            Self::UnknownKey { key_id } => format!("no key has kid {}", shown(key_id)),
            Self::AmbiguousKey { candidates } => format!("no kid, and {candidates} keys fit"),
            Self::Signature => "the signature is not the key's".to_owned(),
        }
    }
}

/// Untrusted text for a log line: escaped and cut to 200 characters.
pub(super) fn shown(text: &str) -> String {
    let cut: String = text.chars().take(200).collect();
    format!("{cut:?}")
}

/// Whether `typ` is one of `accepted`, which are in lower case: media types compare without case, and `application/` may be
/// left out (RFC 7515, 4.1.9).
pub(super) fn is_media_type(typ: &str, accepted: &[&str]) -> bool {
    const PREFIX: &str = "application/";
    let typ = match typ.split_at_checked(PREFIX.len()) {
        Some((prefix, rest)) if prefix.eq_ignore_ascii_case(PREFIX) => rest,
        _ => typ,
    };
    accepted.iter().any(|one| typ.eq_ignore_ascii_case(one))
}

/// The header parameters that are read, each of its right type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) alg: String,
    pub(super) key_id: Option<String>,
    pub(super) typ: Option<String>,
}

/// A compact JWS taken apart; nothing in it is believed yet.
#[derive(Debug)]
pub struct CompactJws<'t> {
    signing_input: &'t str,
    header: Header,
    payload: Vec<u8>,
    signature: Vec<u8>,
}

/// What a token decodes to, kept for reading it again.
pub(super) struct Decoded {
    header: Header,
    payload: Vec<u8>,
    signature: Vec<u8>,
}

impl fmt::Debug for Decoded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Decoded(redacted)")
    }
}

/// A payload whose signature was verified, and the header that was signed with it.
#[derive(Clone, Copy, Debug)]
pub struct SignedPayload<'j> {
    payload: &'j [u8],
    typ: Option<&'j str>,
}

impl<'j> SignedPayload<'j> {
    /// The bytes that were signed.
    #[must_use]
    pub const fn payload(&self) -> &'j [u8] {
        self.payload
    }

    /// The `typ` header parameter.
    #[must_use]
    pub const fn typ(&self) -> Option<&'j str> {
        self.typ
    }
}

impl<'t> CompactJws<'t> {
    /// Takes a token apart (RFC 7515, 5.2, steps 1 to 7).
    ///
    /// # Errors
    /// [`JwsError`] for a token of another form, or with a header that is not accepted whatever the key.
    pub fn parse(token: &'t str) -> Result<Self, JwsError> {
        let (signing_input, header, payload, signature) = parts(token)?;
        let header_json = decode(header, "header")?;
        let payload = decode(payload, "payload")?;
        let signature = decode(signature, "signature")?;
        let header = parse_header(&header_json)?;
        Ok(Self { signing_input, header, payload, signature })
    }

    /// As [`CompactJws::parse`], of the token that `decoded` came from.
    pub(super) fn again(token: &'t str, decoded: Decoded) -> Result<Self, JwsError> {
        let (signing_input, _) = token.rsplit_once('.').ok_or(JwsError::Parts { found: 1 })?;
        let Decoded { header, payload, signature } = decoded;
        Ok(Self { signing_input, header, payload, signature })
    }

    pub(super) fn into_decoded(self) -> Decoded {
        let Self { header, payload, signature, .. } = self;
        Decoded { header, payload, signature }
    }

    /// The `kid` the token claims; only good for finding a key.
    #[must_use]
    pub fn key_id(&self) -> Option<&str> {
        self.header.key_id.as_deref()
    }

    /// The `typ` the token claims.
    #[cfg(feature = "http")]
    pub(super) fn typ(&self) -> Option<&str> {
        self.header.typ.as_deref()
    }

    /// The payload as the token has it, which nobody has vouched for.
    pub(super) fn unverified_payload(&self) -> &[u8] {
        &self.payload
    }

    pub(super) const fn header(&self) -> &Header {
        &self.header
    }

    /// The algorithm the header names.
    ///
    /// # Errors
    /// [`JwsError::Algorithm`] for `none`, HMAC and every unknown name; [`JwsError::Unsigned`] without a signature.
    pub(super) fn algorithm(&self) -> Result<JwsAlgorithm, JwsError> {
        let algorithm = JwsAlgorithm::from_name(&self.header.alg).ok_or_else(|| self.not_accepted())?;
        if self.signature.is_empty() {
            return Err(JwsError::Unsigned);
        }
        Ok(algorithm)
    }

    /// Verifies the signature with `key`.
    ///
    /// # Errors
    /// [`JwsError::Algorithm`] or [`JwsError::KeyAlgorithm`] before any arithmetic when the key does not make such
    /// signatures; [`JwsError::Signature`] when the signature is not the key's.
    pub fn verify(&self, key: &Jwk) -> Result<SignedPayload<'_>, JwsError> {
        let algorithm = self.algorithm()?;
        if !key.permits(algorithm) {
            return Err(JwsError::KeyAlgorithm { found: algorithm.name(), key_id: key.key_id().map(str::to_owned) });
        }
        key.public_key().verify(algorithm.signature(), self.signing_input.as_bytes(), &self.signature).map_err(
            |error| match error {
                CryptoError::AlgorithmMismatch { .. } => {
                    JwsError::KeyAlgorithm { found: algorithm.name(), key_id: key.key_id().map(str::to_owned) }
                }
                _ => JwsError::Signature,
            },
        )?;
        Ok(self.signed())
    }

    /// Verifies the authentication code with the shared secret `key`.
    ///
    /// # Errors
    /// As [`CompactJws::verify`].
    pub fn verify_secret(&self, key: &SecretJwk) -> Result<SignedPayload<'_>, JwsError> {
        let algorithm = HmacAlgorithm::from_name(&self.header.alg).ok_or_else(|| self.not_accepted())?;
        if algorithm != key.algorithm() {
            return Err(self.not_accepted());
        }
        if self.signature.is_empty() {
            return Err(JwsError::Unsigned);
        }
        key.hmac_key().verify(self.signing_input.as_bytes(), &self.signature).map_err(|_| JwsError::Signature)?;
        Ok(self.signed())
    }

    fn not_accepted(&self) -> JwsError {
        JwsError::Algorithm { found: self.header.alg.clone() }
    }

    fn signed(&self) -> SignedPayload<'_> {
        SignedPayload { payload: &self.payload, typ: self.header.typ.as_deref() }
    }
}

/// Signing input, header, payload and signature, still encoded.
fn parts(token: &str) -> Result<(&str, &str, &str, &str), JwsError> {
    let limit = MAX_SIGNED_LENGTH.saturating_add(MAX_SIGNATURE_LENGTH).saturating_add(1);
    if token.len() > limit {
        return Err(JwsError::TooLong { bytes: token.len(), limit });
    }
    // Counting stops early: a flood of dots must not become a flood of slices (CVE-2025-30204).
    let found = token.bytes().filter(|byte| *byte == b'.').take(5).count();
    let three = if found == 4 { JwsError::Encrypted } else { JwsError::Parts { found: found.saturating_add(1) } };
    if found != 2 {
        return Err(three);
    }
    let (signing_input, signature) = token.rsplit_once('.').ok_or_else(|| three.clone())?;
    let (header, payload) = signing_input.split_once('.').ok_or(three)?;
    if signing_input.len() > MAX_SIGNED_LENGTH {
        return Err(JwsError::TooLong { bytes: signing_input.len(), limit: MAX_SIGNED_LENGTH });
    }
    Ok((signing_input, header, payload, signature))
}

/// Strict base64url: spare bits would let one signature carry many tokens, each with a replay memory of its own.
fn decode(part: &str, name: &'static str) -> Result<Vec<u8>, JwsError> {
    URL_SAFE_NO_PAD.decode(part).map_err(|_| JwsError::Encoding { part: name })
}

fn parse_header(bytes: &[u8]) -> Result<Header, JwsError> {
    let value = json::parse(bytes, HEADER_LIMITS).map_err(JwsError::Header)?;
    let Data::Object(members) = &value.data else {
        return Err(JwsError::HeaderParameter { name: "header", expected: "a JSON object" });
    };
    for member in members {
        if let Some(name) = REFUSED.into_iter().find(|name| member.key == *name) {
            return Err(JwsError::RefusedParameter { name });
        }
    }
    let alg =
        text(&value, "alg")?.ok_or(JwsError::HeaderParameter { name: "alg", expected: "the name of an algorithm" })?;
    let key_id = text(&value, "kid")?;
    if key_id.as_ref().is_some_and(|key_id| key_id.len() > MAX_KEY_ID_LENGTH) {
        return Err(JwsError::HeaderParameter { name: "kid", expected: "at most 256 bytes" });
    }
    let typ = text(&value, "typ")?;
    Ok(Header { alg, key_id, typ })
}

fn text(header: &Value<'_>, name: &'static str) -> Result<Option<String>, JwsError> {
    match header.member(name) {
        None => Ok(None),
        Some(value) => value
            .as_str()
            .map(|text| Some(text.to_owned()))
            .ok_or(JwsError::HeaderParameter { name, expected: "a string" }),
    }
}

#[cfg(test)]
mod tests;
