//! The token endpoint: how a client proves itself there, and what it answers (RFC 6749, 2.3.1 and 5).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use super::SignInError;
use crate::json::{self, Limits, Value};

/// The longest token response that is read: 128 KiB.
pub(super) const MAX_RESPONSE_LENGTH: usize = 128 * 1024;

const LIMITS: Limits = Limits { bytes: MAX_RESPONSE_LENGTH, depth: 16, values: 1024 };

/// What the provider gave for the code.
pub(super) struct Tokens {
    pub(super) id_token: String,
    pub(super) access_token: Zeroizing<String>,
}

/// The `Authorization` header of `client_secret_basic`: both halves are form-encoded first (RFC 6749, 2.3.1).
pub(super) fn basic(client_id: &str, client_secret: &str) -> String {
    let encode = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let pair = Zeroizing::new(format!("{}:{}", encode(client_id), encode(client_secret)));
    format!("Basic {}", STANDARD.encode(pair.as_bytes()))
}

/// Reads a token response.
pub(super) fn parse(status: u16, body: &[u8]) -> Result<Tokens, SignInError> {
    let answer = json::parse(body, LIMITS);
    if status != 200 {
        let error = answer.ok().and_then(|answer| Some(answer.member("error")?.as_str()?.chars().take(100).collect()));
        return Err(SignInError::Exchange { status, error });
    }
    let answer = answer.map_err(|_| SignInError::TokenResponse { expected: "a JSON object" })?;
    // OpenID Connect Core 3.1.3.3; a sender-constrained token would bind to a key we do not hold.
    if !text(&answer, "token_type").is_some_and(|kind| kind.eq_ignore_ascii_case("bearer")) {
        return Err(SignInError::TokenResponse { expected: "token_type Bearer" });
    }
    let access_token =
        text(&answer, "access_token").ok_or(SignInError::TokenResponse { expected: "an access_token" })?;
    let id_token = text(&answer, "id_token").ok_or(SignInError::TokenResponse { expected: "an id_token" })?;
    Ok(Tokens { id_token: id_token.to_owned(), access_token: Zeroizing::new(access_token.to_owned()) })
}

fn text<'v>(answer: &'v Value<'_>, member: &str) -> Option<&'v str> {
    answer.member(member).and_then(Value::as_str)
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
        for (body, expected) in [
            ("", "a JSON object"),
            (r#"{"token_type":"Bearer","token_type":"Bearer"}"#, "a JSON object"),
            ("[]", "token_type Bearer"),
            (r#"{"token_type":"DPoP","access_token":"a","id_token":"i"}"#, "token_type Bearer"),
            (r#"{"token_type":"bearer","id_token":"i"}"#, "an access_token"),
            (r#"{"token_type":"bearer","access_token":"a"}"#, "an id_token"),
            (r#"{"token_type":"bearer","access_token":"a","id_token":{}}"#, "an id_token"),
        ] {
            assert_eq!(parse(200, body.as_bytes()).map(drop), Err(SignInError::TokenResponse { expected }), "{body}");
        }
        let refused = parse(400, br#"{"error":"invalid_grant"}"#).map(drop);
        assert_eq!(refused, Err(SignInError::Exchange { status: 400, error: Some("invalid_grant".into()) }));
        assert_eq!(parse(502, b"<html>").map(drop), Err(SignInError::Exchange { status: 502, error: None }));
    }
}
