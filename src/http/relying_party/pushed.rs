//! Pushed authorization requests (RFC 9126): the request goes to the provider first, the browser carries its name alone.

use std::time::Duration;

use super::SignInError;
use super::token::{LIMITS, error_code, text};
use crate::http::fetch::Document;
use crate::json::{self, Data};

/// The longest URI that is passed on, in bytes.
const MAX_URI_LENGTH: usize = 1024;

/// A request that the provider holds.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Pushed {
    pub(super) request_uri: String,
    pub(super) expires_in: Duration,
}

/// Reads the answer to a pushed request (RFC 9126, 2.2 and 2.3).
pub(super) fn parse(answer: &Document) -> Result<Pushed, SignInError> {
    if answer.status != 201 {
        return Err(SignInError::Pushed { status: answer.status, error: error_code(&answer.body) });
    }
    let wrong = |expected| SignInError::PushedResponse { expected };
    let value = json::parse(&answer.body, LIMITS).map_err(|_| wrong("a JSON object"))?;
    let request_uri =
        text(&value, "request_uri").filter(|uri| is_uri(uri)).ok_or(wrong("a request_uri of at most 1 KiB"))?;
    let expires_in = match value.member("expires_in").map(|found| &found.data) {
        Some(Data::Number(number)) => number.parse::<u32>().ok().filter(|seconds| *seconds > 0),
        _ => None,
    };
    let expires_in = expires_in.ok_or(wrong("expires_in in whole seconds"))?;
    Ok(Pushed { request_uri: request_uri.to_owned(), expires_in: Duration::from_secs(expires_in.into()) })
}

/// A scheme and whatever somebody wrote behind it (RFC 3986, 3), of which nothing is read.
pub(super) fn is_uri(text: &str) -> bool {
    let has_scheme = text.split_once(':').is_some_and(|(scheme, rest)| {
        let plain = scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
        scheme.starts_with(|first: char| first.is_ascii_alphabetic()) && plain && !rest.is_empty()
    });
    has_scheme
        && text.len() <= MAX_URI_LENGTH
        && text.bytes().all(|byte| byte.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(status: u16, body: &str) -> Result<Pushed, SignInError> {
        let body = body.as_bytes().to_vec();
        parse(&Document { status, body, max_age: None, etag: None, content_type: None, dpop_nonce: None })
    }

    #[test]
    fn an_answer_names_the_request_and_its_lifetime() {
        let pushed = read(201, r#"{"request_uri":"urn:ietf:params:oauth:request_uri:6esc","expires_in":60}"#).unwrap();
        assert_eq!(pushed.request_uri, "urn:ietf:params:oauth:request_uri:6esc");
        assert_eq!(pushed.expires_in, Duration::from_secs(60));
    }

    #[test]
    fn an_absurd_request_uri_or_lifetime_is_refused() {
        let uri = |value: &str| format!(r#"{{"request_uri":{value},"expires_in":60}}"#);
        let long = format!("\"urn:{}\"", "x".repeat(1024));
        for value in
            ["5", "null", "\"\"", "\"no-scheme\"", "\"urn:\"", "\"1:a\"", r#""urn:a b""#, r#""urn:a\nb""#, &long]
        {
            let expected = "a request_uri of at most 1 KiB";
            assert_eq!(read(201, &uri(value)), Err(SignInError::PushedResponse { expected }), "{value}");
        }
        for value in ["0", "-1", "1.5", "\"60\"", "1e3", "99999999999", "null"] {
            let expected = "expires_in in whole seconds";
            let body = format!(r#"{{"request_uri":"urn:a","expires_in":{value}}}"#);
            assert_eq!(read(201, &body), Err(SignInError::PushedResponse { expected }), "{value}");
        }
        assert!(matches!(read(201, "[]"), Err(SignInError::PushedResponse { .. })));
        assert!(matches!(read(201, r#"{"request_uri":"urn:a"}"#), Err(SignInError::PushedResponse { .. })));
    }

    #[test]
    fn a_refusal_keeps_the_code_of_the_provider() {
        let refused = read(400, r#"{"error":"invalid_request","error_description":"x"}"#);
        assert_eq!(refused, Err(SignInError::Pushed { status: 400, error: Some("invalid_request".into()) }));
        assert_eq!(read(200, "{}"), Err(SignInError::Pushed { status: 200, error: None }));
    }
}
