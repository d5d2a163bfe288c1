//! The token endpoint: how a client proves itself there, and what it answers (RFC 6749, 2.3.1 and 5).

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use super::SignInError;
use crate::json::{self, Data, Limits, Value};

/// The longest token response that is read: 128 KiB.
pub(super) const MAX_RESPONSE_LENGTH: usize = 128 * 1024;

pub(super) const LIMITS: Limits = Limits { bytes: MAX_RESPONSE_LENGTH, depth: 16, values: 1024 };

/// What the provider gave for a code or a refresh token.
pub(super) struct TokenResponse {
    token_type: String,
    pub(super) id_token: Option<Zeroizing<String>>,
    pub(super) access_token: Zeroizing<String>,
    pub(super) refresh_token: Option<Zeroizing<String>>,
    pub(super) expires_in: Option<Duration>,
    pub(super) scope: Option<String>,
}

impl TokenResponse {
    pub(super) fn token_type(&self) -> &str {
        &self.token_type
    }

    /// Refuses tokens bound to a key where none was shown, and tokens bound to none where one was (RFC 9449, 5).
    pub(super) fn of_type(self, expected: &'static str) -> Result<Self, SignInError> {
        if self.token_type.eq_ignore_ascii_case(expected) {
            return Ok(self);
        }
        Err(SignInError::TokenType { expected, found: self.token_type.chars().take(100).collect() })
    }
}

/// The `Authorization` header of `client_secret_basic`: both halves are form-encoded first (RFC 6749, 2.3.1).
pub(super) fn basic(client_id: &str, client_secret: &str) -> Zeroizing<String> {
    let encode = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let pair = Zeroizing::new(format!("{}:{}", encode(client_id), encode(client_secret)));
    Zeroizing::new(format!("Basic {}", STANDARD.encode(pair.as_bytes())))
}

/// Reads a token response.
pub(super) fn parse(status: u16, body: &[u8]) -> Result<TokenResponse, SignInError> {
    if status != 200 {
        return Err(SignInError::Exchange { status, error: error_code(body) });
    }
    let wrong = |expected| SignInError::TokenResponse { expected };
    let answer = json::parse(body, LIMITS).map_err(|_| wrong("a JSON object"))?;
    read(&answer).map_err(wrong)
}

/// Reads the members of a token response (RFC 6749, 5.1), or says what was expected of them.
pub(super) fn read(answer: &Value<'_>) -> Result<TokenResponse, &'static str> {
    let token_type = text(answer, "token_type").ok_or("a token_type")?;
    let access_token = secret(answer, "access_token")?.ok_or("an access_token")?;
    let expires_in = match answer.member("expires_in").map(|found| &found.data) {
        None => None,
        Some(Data::Number(number)) => Some(number.parse::<u32>().map_err(|_| "expires_in in whole seconds")?),
        Some(_) => return Err("expires_in in whole seconds"),
    };
    let scope = match answer.member("scope") {
        None => None,
        Some(scope) => Some(scope.as_str().ok_or("scope as text")?.to_owned()),
    };
    Ok(TokenResponse {
        token_type: token_type.to_owned(),
        id_token: secret(answer, "id_token")?,
        access_token,
        refresh_token: secret(answer, "refresh_token")?,
        expires_in: expires_in.map(|seconds| Duration::from_secs(seconds.into())),
        scope,
    })
}

/// The code of an error response (RFC 6749, 5.2), if the body is one.
pub(super) fn error_code(body: &[u8]) -> Option<String> {
    let answer = json::parse(body, LIMITS).ok()?;
    Some(text(&answer, "error")?.chars().take(100).collect())
}

pub(super) fn text<'v>(answer: &'v Value<'_>, member: &str) -> Option<&'v str> {
    answer.member(member).and_then(Value::as_str)
}

/// A token: printable characters (RFC 6749, A.12 and A.17), so that it fits into a header field.
fn secret(answer: &Value<'_>, member: &str) -> Result<Option<Zeroizing<String>>, &'static str> {
    let Some(found) = answer.member(member) else { return Ok(None) };
    let printable = |text: &&str| !text.is_empty() && text.bytes().all(|byte| (0x20..=0x7e).contains(&byte));
    found
        .as_str()
        .filter(printable)
        .map(|text| Some(Zeroizing::new(text.to_owned())))
        .ok_or("tokens of printable characters")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn basic_credentials_are_form_encoded_before_base64() {
        // A colon in the client id must not end it.
        let header = basic("a:b", "c d%");
        assert_eq!(STANDARD.decode(header.strip_prefix("Basic ").unwrap()).unwrap(), b"a%3Ab:c+d%25");
    }

    #[test]
    fn answers_that_are_not_token_responses_are_refused() {
        let tokens = "tokens of printable characters";
        let seconds = "expires_in in whole seconds";
        for (body, expected) in [
            ("", "a JSON object"),
            (r#"{"token_type":"Bearer","token_type":"Bearer"}"#, "a JSON object"),
            ("[]", "a token_type"),
            (r#"{"token_type":5,"access_token":"a"}"#, "a token_type"),
            (r#"{"token_type":"bearer","id_token":"i"}"#, "an access_token"),
            (r#"{"token_type":"bearer","access_token":"a","id_token":{}}"#, tokens),
            (r#"{"token_type":"bearer","access_token":"a\nb"}"#, tokens),
            (r#"{"token_type":"bearer","access_token":""}"#, tokens),
            (r#"{"token_type":"bearer","access_token":"a","refresh_token":5}"#, tokens),
            (r#"{"token_type":"bearer","access_token":"a","expires_in":"60"}"#, seconds),
            (r#"{"token_type":"bearer","access_token":"a","expires_in":1e9}"#, seconds),
            (r#"{"token_type":"bearer","access_token":"a","scope":["a"]}"#, "scope as text"),
        ] {
            assert_eq!(parse(200, body.as_bytes()).map(drop), Err(SignInError::TokenResponse { expected }), "{body}");
        }
        let refused = parse(400, br#"{"error":"invalid_grant"}"#).map(drop);
        assert_eq!(refused, Err(SignInError::Exchange { status: 400, error: Some("invalid_grant".into()) }));
        assert_eq!(parse(502, b"<html>").map(drop), Err(SignInError::Exchange { status: 502, error: None }));
    }

    #[test]
    fn a_token_of_another_type_is_refused_both_ways() {
        for (found, expected) in [("Bearer", "DPoP"), ("DPoP", "Bearer"), ("mac", "Bearer"), ("", "Bearer")] {
            let body = format!(r#"{{"token_type":"{found}","access_token":"a","id_token":"i"}}"#);
            let refused = parse(200, body.as_bytes()).unwrap().of_type(expected).map(drop).unwrap_err();
            assert_eq!(refused, SignInError::TokenType { expected, found: found.to_owned() });
        }
        let body = br#"{"token_type":"dpop","access_token":"a"}"#;
        assert!(parse(200, body).unwrap().of_type("DPoP").is_ok(), "case is of no meaning (RFC 6749, 5.1)");
    }
}
