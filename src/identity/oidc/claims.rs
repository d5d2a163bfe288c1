//! The claims of a token (OpenID Connect Core, 2; RFC 7519, 4): signed JSON in, typed claims out.
//!
//! A claim of the wrong JSON type is an error, never taken for an absent one (CVE-2020-26160, CVE-2026-25537).

use crate::json::{self, Data, JsonError, Limits, Member, Value};
use crate::time::Timestamp;

use super::jws::MAX_SIGNED_LENGTH;

/// JSON numbers are exact up to here in every reader: 2^53.
const MAX_INSTANT: u64 = 1 << 53;
/// The longest subject of a person, in bytes (OpenID Connect Core, 2).
pub(super) const MAX_SUBJECT: usize = 255;
/// The most audiences a token may name.
const MAX_AUDIENCES: usize = 100;

const LIMITS: Limits = Limits { bytes: MAX_SIGNED_LENGTH, depth: 32, values: 4096 };

/// Why a payload does not hold the claims of a token.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ClaimsError {
    /// The payload is not a JSON object with each claim once.
    #[error("the token's claims are not valid JSON")]
    Json(JsonError),
    /// The payload is JSON, but not an object.
    #[error("the token's claims are not a JSON object")]
    NotAnObject,
    /// A claim has another JSON type or form.
    #[error("a claim is not of the expected form")]
    Form {
        /// The claim.
        claim: &'static str,
        /// What was expected.
        expected: &'static str,
        /// The JSON type that was found, or the number as written.
        found: String,
    },
}

impl ClaimsError {
    /// What was wrong, for logs and audit.
    #[must_use]
    pub fn reason(&self) -> String {
        match self {
            Self::Json(error) => format!("claims: {}", error.reason()),
            Self::NotAnObject => self.to_string(),
            Self::Form { claim, expected, found } => format!("{claim}: expected {expected}, found {found}"),
        }
    }
}

/// The claims that rules speak of, typed, beside all of them as JSON.
#[derive(Debug, Default)]
pub(super) struct Claims<'p> {
    pub(super) iss: Option<&'p str>,
    pub(super) sub: Option<&'p str>,
    pub(super) aud: Vec<&'p str>,
    pub(super) azp: Option<&'p str>,
    pub(super) exp: Option<u64>,
    pub(super) iat: Option<u64>,
    pub(super) nbf: Option<u64>,
    pub(super) auth_time: Option<u64>,
    pub(super) nonce: Option<&'p str>,
    pub(super) at_hash: Option<&'p str>,
    pub(super) c_hash: Option<&'p str>,
    pub(super) client_id: Option<&'p str>,
    pub(super) jti: Option<&'p str>,
    pub(super) has_events: bool,
}

/// A payload as JSON, from which [`Claims`] borrow.
#[derive(Debug)]
pub(super) struct Payload<'p>(Value<'p>);

impl<'p> Payload<'p> {
    pub(super) fn parse(bytes: &'p [u8]) -> Result<Self, ClaimsError> {
        let value = json::parse(bytes, LIMITS).map_err(ClaimsError::Json)?;
        match value.data {
            Data::Object(_) => Ok(Self(value)),
            _ => Err(ClaimsError::NotAnObject),
        }
    }

    /// Every claim, in the order of the token.
    pub(super) fn members(&self) -> &[Member<'p>] {
        match &self.0.data {
            Data::Object(members) => members,
            _ => &[],
        }
    }

    /// One pass over the claims: a token has few that rules speak of, and may have many others.
    pub(super) fn claims(&self) -> Result<Claims<'_>, ClaimsError> {
        let mut claims = Claims::default();
        for Member { key, value, .. } in self.members() {
            match key.as_ref() {
                "iss" => claims.iss = Some(text("iss", value)?),
                "sub" => claims.sub = Some(text("sub", value)?),
                "aud" => claims.aud = audiences(value)?,
                "azp" => claims.azp = Some(text("azp", value)?),
                "exp" => claims.exp = Some(instant("exp", value)?),
                "iat" => claims.iat = Some(instant("iat", value)?),
                "nbf" => claims.nbf = Some(instant("nbf", value)?),
                "auth_time" => claims.auth_time = Some(instant("auth_time", value)?),
                "nonce" => claims.nonce = Some(text("nonce", value)?),
                "at_hash" => claims.at_hash = Some(text("at_hash", value)?),
                "c_hash" => claims.c_hash = Some(text("c_hash", value)?),
                "client_id" => claims.client_id = Some(text("client_id", value)?),
                "jti" => claims.jti = Some(text("jti", value)?),
                "events" => claims.has_events = true,
                _ => {}
            }
        }
        Ok(claims)
    }

    /// The `iss` claim, for choosing a provider.
    pub(super) fn issuer(&self) -> Option<&str> {
        self.0.member("iss").and_then(Value::as_str)
    }
}

fn text<'v>(claim: &'static str, value: &'v Value<'_>) -> Result<&'v str, ClaimsError> {
    value.as_str().ok_or_else(|| form(claim, "a string", value))
}

fn audiences<'v>(value: &'v Value<'_>) -> Result<Vec<&'v str>, ClaimsError> {
    let expected = "a string or a list of 1 to 100 strings";
    match &value.data {
        Data::String(one) => Ok(vec![one]),
        Data::Array(many) if (1..=MAX_AUDIENCES).contains(&many.len()) => {
            many.iter().map(|item| item.as_str().ok_or_else(|| form("aud", expected, item))).collect()
        }
        _ => Err(form("aud", expected, value)),
    }
}

/// Whole seconds since 1970; a fraction, an exponent, a sign or text is refused rather than rounded.
fn instant(claim: &'static str, value: &Value<'_>) -> Result<u64, ClaimsError> {
    let digits = match value.data {
        Data::Number(number) => Some(number),
        _ => None,
    };
    digits
        .filter(|number| number.bytes().all(|byte| byte.is_ascii_digit()))
        .and_then(|number| number.parse().ok())
        .filter(|seconds| *seconds < MAX_INSTANT)
        .ok_or_else(|| form(claim, "whole seconds from 0 to 2^53", value))
}

/// The instant that a claim of so many seconds names.
pub(super) fn timestamp(seconds: u64) -> Timestamp {
    Timestamp::from_unix_seconds(i64::try_from(seconds).unwrap_or(i64::MAX))
}

fn form(claim: &'static str, expected: &'static str, value: &Value<'_>) -> ClaimsError {
    let found = match &value.data {
        Data::Null => "null".to_owned(),
        Data::Bool(_) => "a boolean".to_owned(),
        Data::Number(number) => number.chars().take(40).collect(),
        Data::String(_) => "a string".to_owned(),
        Data::Array(_) => "a list".to_owned(),
        Data::Object(_) => "an object".to_owned(),
    };
    ClaimsError::Form { claim, expected, found }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(claims: &str) -> ClaimsError {
        let payload = match Payload::parse(claims.as_bytes()) {
            Ok(payload) => payload,
            Err(error) => return error,
        };
        payload.claims().expect_err(claims)
    }

    #[test]
    fn a_claim_of_another_type_is_an_error_and_never_absent() {
        for (claim, values) in [
            ("iss", ["5", "null", r#"["a"]"#, "{}"]),
            ("sub", ["5", "null", "true", "[]"]),
            ("aud", ["5", "null", "[]", r#"["a",5]"#]),
            ("azp", ["5", "null", r#"["a"]"#, "false"]),
            ("exp", [r#""1""#, "null", "[1]", "true"]),
            ("nonce", ["5", "null", "[]", "{}"]),
        ] {
            for value in values {
                let error = refused(&format!(r#"{{"{claim}":{value}}}"#));
                assert!(matches!(error, ClaimsError::Form { claim: found, .. } if found == claim));
            }
        }
    }

    #[test]
    fn instants_are_whole_seconds_inside_2_to_the_53() {
        for value in ["1e300", "1.5", "1.0", "-1", "9007199254740992", "1180591620717411303424"] {
            for claim in ["exp", "iat", "nbf", "auth_time"] {
                let error = refused(&format!(r#"{{"{claim}":{value}}}"#));
                assert!(error.reason().contains(value), "{}", error.reason());
            }
        }
        let payload = Payload::parse(br#"{"exp":9007199254740991}"#).unwrap();
        assert_eq!(payload.claims().unwrap().exp, Some(MAX_INSTANT - 1));
    }

    #[test]
    fn duplicate_claims_and_deep_nesting_are_refused() {
        assert!(matches!(refused(r#"{"sub":"a","sub":"b"}"#), ClaimsError::Json(JsonError::DuplicateKey { .. })));
        let deep = format!(r#"{{"a":{}{}}}"#, "[".repeat(40), "]".repeat(40));
        assert!(matches!(refused(&deep), ClaimsError::Json(JsonError::TooDeep { .. })));
        assert_eq!(refused("[]"), ClaimsError::NotAnObject);
    }
}
