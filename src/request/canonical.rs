//! The canonical request and the string to sign (Signature Version 4, "create a canonical request").
//!
//! What is signed is the request as received: nothing here follows a redirect, decodes a body or guesses.

use std::borrow::Cow;

use super::authorization::AmzDate;
use super::signed::SignedFields;
use super::{Algorithm, Authorization, SignedHead};
use crate::crypto::{DigestAlgorithm, digest, push_hex};

/// The parameter and the header that carry a session token.
const SESSION_TOKEN: &[u8] = b"X-Amz-Security-Token";

/// How a path becomes part of the canonical request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum PathMode {
    /// S3: an object key is any text, so `//` and `/../` stay, and nothing is encoded a second time.
    Verbatim,
    /// Every other service: dot segments and repeated slashes are removed, and the path as sent is encoded once more.
    Normalized,
}

/// The form of canonical requests, which differs by service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Form {
    path: PathMode,
    signs_session_token: bool,
}

impl Form {
    /// The form of S3: the path is signed as it was sent.
    pub const S3: Self = Self { path: PathMode::Verbatim, signs_session_token: true };
    /// The form of every other service: the path is normalised and encoded once more.
    pub const STANDARD: Self = Self { path: PathMode::Normalized, signs_session_token: true };

    /// The same form without the session token, which is added after signing.
    #[must_use]
    pub const fn without_session_token(self) -> Self {
        Self { signs_session_token: false, ..self }
    }

    /// Whether the session token is signed.
    #[must_use]
    pub const fn signs_session_token(self) -> bool {
        self.signs_session_token
    }
}

/// The canonical request, which is what the signature covers, hashed. `signed_headers` are lower case, sorted, each once, joined
/// by semicolons, and name headers that are there.
#[must_use]
pub fn canonical_request(head: &SignedHead, signed_headers: &str, form: Form, payload_hash: &str) -> Vec<u8> {
    let mut out = Vec::new();
    let (fields, _) = SignedFields::find(head.headers(), signed_headers);
    push_canonical_request(&mut out, (head, fields), signed_headers, form, payload_hash);
    out
}

/// Appends the canonical request to `out`.
pub(super) fn push_canonical_request(
    out: &mut Vec<u8>,
    (head, fields): (&SignedHead, SignedFields),
    signed_headers: &str,
    form: Form,
    payload_hash: &str,
) {
    let estimate = head
        .headers()
        .length()
        .saturating_add(head.path().len())
        .saturating_add(head.query().len().saturating_mul(2))
        .saturating_add(256);
    out.reserve(estimate);
    out.extend_from_slice(head.method().as_bytes());
    out.push(b'\n');
    push_path(out, head.path(), form.path);
    out.push(b'\n');
    push_query(out, head.query(), form.signs_session_token);
    out.push(b'\n');
    push_headers(out, head, fields);
    out.push(b'\n');
    out.extend_from_slice(signed_headers.as_bytes());
    out.push(b'\n');
    out.extend_from_slice(payload_hash.as_bytes());
}

/// The string to sign: algorithm, date, credential scope, and the digest of the canonical request.
#[must_use]
pub fn string_to_sign(authorization: &Authorization, canonical_request: &[u8]) -> String {
    let scope = &authorization.scope;
    string_in_scope((scope.algorithm(), scope.as_str()), &authorization.amz_date, canonical_request)
}

/// As [`string_to_sign`], of what is yet to be signed.
pub(crate) fn string_in_scope(
    (algorithm, scope): (Algorithm, &str),
    date: &AmzDate,
    canonical_request: &[u8],
) -> String {
    // Algorithm, date and digest have at most 22, 16 and 64 characters, and three line ends divide them.
    let mut text = String::with_capacity(scope.len().saturating_add(105));
    push_string_in_scope(&mut text, (algorithm, scope), date, canonical_request);
    text
}

/// Appends the string to sign to `out`.
pub(super) fn push_string_in_scope(
    out: &mut String,
    (algorithm, scope): (Algorithm, &str),
    date: &AmzDate,
    canonical_request: &[u8],
) {
    for line in [algorithm.name(), date.as_str(), scope] {
        out.push_str(line);
        out.push('\n');
    }
    push_hex(digest(DigestAlgorithm::Sha256, canonical_request).as_ref(), out);
}

fn push_path(out: &mut Vec<u8>, path: &str, mode: PathMode) {
    match mode {
        PathMode::Verbatim => push_encoded_once(out, path),
        // The path of most services, in its canonical form already.
        PathMode::Normalized if path == "/" => out.push(b'/'),
        PathMode::Normalized => {
            let start = out.len();
            for segment in normalized(path) {
                out.push(b'/');
                push_encoded(out, segment);
            }
            if out.len() == start {
                out.push(b'/');
            }
        }
    }
}

/// The segments of a path without dot segments and empty ones (RFC 3986, 5.2.4); a trailing slash is an empty last one.
fn normalized(path: &str) -> Vec<&str> {
    let mut segments = Vec::new();
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." => {
                segments.pop();
            }
            kept => segments.push(kept),
        }
    }
    let directory = path.rsplit('/').next().is_some_and(|last| matches!(last, "" | "." | ".."));
    if directory && !segments.is_empty() {
        segments.push("");
    }
    segments
}

/// Percent-encodes what is not yet encoded, and spells what is in one way; `%2F` stays apart from `/`.
fn push_encoded_once(out: &mut Vec<u8>, path: &str) {
    let mut rest = path.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        if byte == b'/' {
            out.push(byte);
        } else if let Some((decoded, after)) = escape(byte, rest) {
            rest = after;
            push_byte(out, decoded);
        } else {
            push_byte(out, byte);
        }
    }
}

/// The byte that `%` and the two digits after it stand for, and what follows them.
fn escape(byte: u8, rest: &[u8]) -> Option<(u8, &[u8])> {
    let [high, low, after @ ..] = rest else {
        return None;
    };
    let digit = |byte: &u8| char::from(*byte).to_digit(16).and_then(|value| u8::try_from(value).ok());
    (byte == b'%').then_some(())?;
    Some((digit(high)? << 4 | digit(low)?, after))
}

/// Percent-encodes every byte that is not unreserved (RFC 3986, 2.3).
fn push_encoded(out: &mut Vec<u8>, text: &str) {
    for byte in text.bytes() {
        push_byte(out, byte);
    }
}

fn push_byte(out: &mut Vec<u8>, byte: u8) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
        out.push(byte);
    } else {
        out.push(b'%');
        for nibble in [byte >> 4, byte & 0x0f] {
            out.push(*DIGITS.get(usize::from(nibble)).unwrap_or(&b'0'));
        }
    }
}

/// Decodes a name or value of a query; a plus sign is a space, as the forms that handlers read have it.
pub(super) fn decode_query_part(part: &str) -> Cow<'_, str> {
    if !part.bytes().any(|byte| matches!(byte, b'%' | b'+')) {
        return Cow::Borrowed(part);
    }
    Cow::Owned(String::from_utf8_lossy(&decode_query_bytes(part)).into_owned())
}

fn decode_query_bytes(part: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(part.len());
    let mut rest = part.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        if byte == b'+' {
            out.push(b' ');
        } else if let Some((decoded, after)) = escape(byte, rest) {
            rest = after;
            out.push(decoded);
        } else {
            out.push(byte);
        }
    }
    out
}

/// Parameters without the signature itself, and without the session token where it is not signed, encoded, then sorted by
/// name and value.
fn push_query(out: &mut Vec<u8>, query: &str, signs_session_token: bool) {
    if query.is_empty() {
        return;
    }
    let encode = |part: &str| {
        let mut encoded = Vec::with_capacity(part.len());
        for byte in decode_query_bytes(part) {
            push_byte(&mut encoded, byte);
        }
        encoded
    };
    let mut pairs: Vec<_> = query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (encode(name), encode(value))
        })
        .filter(|(name, _)| name != b"X-Amz-Signature" && (signs_session_token || name != SESSION_TOKEN))
        .collect();
    pairs.sort_unstable();
    for (index, (name, value)) in pairs.iter().enumerate() {
        if index > 0 {
            out.push(b'&');
        }
        out.extend_from_slice(name);
        out.push(b'=');
        out.extend_from_slice(value);
    }
}

/// `name:value,value` and a line end for each name; values trimmed, and runs of spaces inside them made one.
fn push_headers(out: &mut Vec<u8>, head: &SignedHead, fields: SignedFields) {
    let mut previous = None;
    for (name, value) in fields.signed(head.headers()) {
        if previous == Some(name) {
            out.push(b',');
        } else {
            if previous.is_some() {
                out.push(b'\n');
            }
            out.extend_from_slice(name.as_bytes());
            out.push(b':');
            previous = Some(name);
        }
        push_value(out, value.trim_ascii());
    }
    out.push(b'\n');
}

fn push_value(out: &mut Vec<u8>, value: &[u8]) {
    // Looked for first, at many places together: hardly any value has such a run, and a session token is long.
    let after = value.get(1..).unwrap_or_default();
    let pair = |seen, (one, next): (&u8, &u8)| seen | ((*one == b' ') & (*next == b' '));
    if value.iter().zip(after).fold(false, pair) {
        let mut previous = 0;
        out.extend(value.iter().filter(|byte| {
            let repeated = **byte == b' ' && previous == b' ';
            previous = **byte;
            !repeated
        }));
    } else {
        out.extend_from_slice(value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str, mode: PathMode) -> String {
        let mut out = Vec::new();
        push_path(&mut out, text, mode);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn s3_paths_keep_their_dots_and_are_encoded_once() {
        for (from, to) in [
            ("/", "/"),
            ("//a/./../b/", "//a/./../b/"),
            ("/a b", "/a%20b"),
            ("/a%20b%7e", "/a%20b~"),
            ("/a%2fb", "/a%2Fb"),
            ("/50%", "/50%25"),
            ("/caf\u{e9}", "/caf%C3%A9"),
            ("/a+b", "/a%2Bb"),
        ] {
            assert_eq!(path(from, PathMode::Verbatim), to, "{from}");
        }
    }

    #[test]
    fn other_paths_are_normalised_and_encoded_again() {
        for (from, to) in [
            ("/", "/"),
            ("//", "/"),
            ("/a/..", "/"),
            ("/../a", "/a"),
            ("/./a", "/a"),
            ("//a//b//", "/a/b/"),
            ("/a/b/..", "/a/"),
            ("/a%20b", "/a%2520b"),
        ] {
            assert_eq!(path(from, PathMode::Normalized), to, "{from}");
        }
    }

    #[test]
    fn queries_are_decoded_encoded_and_sorted() {
        for (from, to) in [
            ("", ""),
            ("b&a=", "a=&b="),
            ("a=2&a=1&A=3", "A=3&a=1&a=2"),
            ("a=b+c%20d", "a=b%20c%20d"),
            ("a=%7e&a=%2B", "a=%2B&a=~"),
            ("&&a=1&", "a=1"),
            ("a=b=c", "a=b%3Dc"),
            ("x=1&X-Amz-Signature=0&X-Amz%2DSignature=1", "x=1"),
            ("a=%ff", "a=%FF"),
        ] {
            let mut out = Vec::new();
            push_query(&mut out, from, true);
            assert_eq!(String::from_utf8(out).unwrap(), to, "{from}");
        }
        let mut out = Vec::new();
        push_query(&mut out, "x=1&X-Amz-Security-Token=t&X-Amz%2DSecurity-Token=u", false);
        assert_eq!(out, b"x=1");
    }
}
