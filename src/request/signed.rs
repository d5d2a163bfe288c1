//! A request as it came from the wire: bounded, and not yet believed.

use std::fmt;
use std::ops::Range;

use super::RequestError;

/// More headers than any client sends.
pub(super) const MAX_HEADERS: usize = 100;
/// All names and values together, in bytes; a session token takes up to half of it.
pub(super) const MAX_HEADER_BYTES: usize = 32 * 1024;
/// Path, in bytes: an object key of 1,024 bytes, percent-encoded, and room to spare.
const MAX_PATH_BYTES: usize = 8 * 1024;
/// Query, in bytes: a presigned URL holds a session token.
const MAX_QUERY_BYTES: usize = 32 * 1024;
/// The longest method of the HTTP registry has 17 letters.
const MAX_METHOD_BYTES: usize = 32;

/// Header fields in the order received, names in lower case.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Headers {
    /// All names and, apart, all values, so that a request costs three allocations and not two per header.
    names: String,
    values: Vec<u8>,
    fields: Vec<(Range<usize>, Range<usize>)>,
}

impl Headers {
    /// Name and value of each field, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.fields.iter().map(|(name, value)| (self.name(name), self.value(value)))
    }

    /// The values of every field called `name` (in lower case), in order.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
        self.fields.iter().filter(move |(known, _)| self.name(known) == name).map(|(_, value)| self.value(value))
    }

    /// The value of the one field called `name`, as text.
    ///
    /// # Errors
    /// [`RequestError::Repeated`] when there are several, of which two readers might take different ones;
    /// [`RequestError::Malformed`] when the value is not text.
    pub fn single(&self, name: &'static str) -> Result<Option<&str>, RequestError> {
        let mut values = self.all(name);
        let Some(value) = values.next() else {
            return Ok(None);
        };
        if values.next().is_some() {
            return Err(RequestError::Repeated { name });
        }
        let text = str::from_utf8(trim(value)).map_err(|_| RequestError::malformed(name, "not text"))?;
        Ok(Some(text))
    }

    /// All names and values together, in bytes, with room for what divides them.
    pub(super) fn length(&self) -> usize {
        let fields = self.fields.len().saturating_mul(2);
        self.names.len().saturating_add(self.values.len()).saturating_add(fields)
    }

    fn push(&mut self, name: &str, value: &[u8]) -> Result<(), RequestError> {
        let kept = self.names.len().saturating_add(self.values.len());
        let length = kept.saturating_add(name.len()).saturating_add(value.len());
        if self.fields.len() >= MAX_HEADERS || length > MAX_HEADER_BYTES {
            return Err(RequestError::TooLarge { what: "headers" });
        }
        // A line break inside a value would let one header pass for two in the canonical request.
        let control = |byte: &u8| byte.is_ascii_control() && *byte != b'\t';
        if name.is_empty() || !name.bytes().all(is_token) || value.iter().any(control) {
            return Err(RequestError::malformed("headers", name));
        }
        let (name_start, value_start) = (self.names.len(), self.values.len());
        self.names.extend(name.chars().map(|letter| letter.to_ascii_lowercase()));
        self.values.extend_from_slice(value);
        self.fields.push((name_start..self.names.len(), value_start..self.values.len()));
        Ok(())
    }

    fn name(&self, range: &Range<usize>) -> &str {
        self.names.get(range.clone()).unwrap_or_default()
    }

    fn value(&self, range: &Range<usize>) -> &[u8] {
        self.values.get(range.clone()).unwrap_or_default()
    }
}

/// `value` without the spaces and tabs around it.
pub(super) fn trim(value: &[u8]) -> &[u8] {
    let blank = |byte: &u8| matches!(byte, b' ' | b'\t');
    let start = value.iter().position(|byte| !blank(byte)).unwrap_or(value.len());
    let end = value.iter().rposition(|byte| !blank(byte)).map_or(start, |last| last.saturating_add(1));
    value.get(start..end).unwrap_or_default()
}

/// The names in a list of signed headers. They are short, so that a search made for long text, as for a plain character, costs
/// more than it finds.
pub(super) fn listed_names(list: &str) -> impl Iterator<Item = &str> {
    list.split([';'])
}

/// The characters of a method or a header name (RFC 9110, 5.6.2).
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

impl fmt::Debug for Headers {
    /// Names alone: values hold session tokens.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter().map(|(name, _)| name)).finish()
    }
}

/// Method, path, query and headers of a request, as received: nothing decoded, nothing normalised.
#[derive(Clone, PartialEq, Eq)]
pub struct SignedHead {
    method: String,
    target: String,
    /// Byte offset of the question mark, or the length of the target.
    path_end: usize,
    headers: Headers,
}

impl SignedHead {
    /// A head from its parts; `target` is the path and query exactly as received.
    ///
    /// Where HTTP/2 carried the host as `:authority`, put it among the headers as `host`.
    ///
    /// # Errors
    /// [`RequestError::TooLarge`] for a part beyond its limit, [`RequestError::Malformed`] for one that HTTP does not allow.
    pub fn new<N: AsRef<str>, V: AsRef<[u8]>>(
        method: &str,
        target: &str,
        headers: impl IntoIterator<Item = (N, V)>,
    ) -> Result<Self, RequestError> {
        let path_end = target.find('?').unwrap_or(target.len());
        if method.len() > MAX_METHOD_BYTES {
            return Err(RequestError::TooLarge { what: "method" });
        }
        if path_end > MAX_PATH_BYTES {
            return Err(RequestError::TooLarge { what: "path" });
        }
        if target.len().saturating_sub(path_end) > MAX_QUERY_BYTES {
            return Err(RequestError::TooLarge { what: "query" });
        }
        if method.is_empty() || !method.bytes().all(is_token) {
            return Err(RequestError::malformed("method", method));
        }
        // A line break inside the path would let it pass for the lines after it in the canonical request.
        if !target.starts_with('/') || target.bytes().any(|byte| byte.is_ascii_control()) {
            return Err(RequestError::malformed("path", target));
        }
        let mut kept = Headers::default();
        for (name, value) in headers {
            kept.push(name.as_ref(), value.as_ref())?;
        }
        Ok(Self { method: method.to_owned(), target: target.to_owned(), path_end, headers: kept })
    }

    /// The method, such as `GET`.
    #[must_use]
    pub fn method(&self) -> &str {
        &self.method
    }

    /// The path as received, still percent-encoded.
    #[must_use]
    pub fn path(&self) -> &str {
        self.target.get(..self.path_end).unwrap_or_default()
    }

    /// The query as received, still percent-encoded, without its question mark; empty when there is none.
    #[must_use]
    pub fn query(&self) -> &str {
        self.target.get(self.path_end.saturating_add(1)..).unwrap_or_default()
    }

    /// The header fields.
    #[must_use]
    pub const fn headers(&self) -> &Headers {
        &self.headers
    }
}

impl fmt::Debug for SignedHead {
    /// Without the query and the header values, which hold session tokens.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignedHead")
            .field("method", &self.method)
            .field("path", &self.path())
            .field("headers", &self.headers)
            .finish_non_exhaustive()
    }
}

/// A request with its whole body, as received: not yet believed.
pub struct SignedRequest {
    pub(super) head: SignedHead,
    pub(super) body: Vec<u8>,
}

impl fmt::Debug for SignedRequest {
    /// Without the body, which holds passwords.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignedRequest")
            .field("head", &self.head)
            .field("body_length", &self.body.len())
            .finish_non_exhaustive()
    }
}

impl SignedRequest {
    /// A request from its parts. The caller bounds the body while it reads it.
    #[must_use]
    pub const fn new(head: SignedHead, body: Vec<u8>) -> Self {
        Self { head, body }
    }

    /// Reads a request in the text form of HTTP/1.1 (RFC 9112): request line, header lines, an empty line, the body.
    ///
    /// # Errors
    /// [`RequestError::TooLarge`] or [`RequestError::Malformed`]; header lines folded over several lines are refused.
    pub fn parse(message: &[u8]) -> Result<Self, RequestError> {
        super::http1::parse(message)
    }

    /// Method, path, query and headers.
    #[must_use]
    pub const fn head(&self) -> &SignedHead {
        &self.head
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(target: &str, headers: &[(&str, &str)]) -> Result<SignedHead, RequestError> {
        SignedHead::new("GET", target, headers.iter().copied())
    }

    #[test]
    fn parts_come_back_as_received() {
        let head = head("/a%20b?x=1?&y", &[("Host", "h"), ("X-Two", " b"), ("x-two", "a")]).unwrap();
        assert_eq!((head.path(), head.query()), ("/a%20b", "x=1?&y"));
        let two: Vec<_> = head.headers().all("x-two").collect();
        assert_eq!(two, [&b" b"[..], b"a"]);
        assert_eq!(head.headers().single("host").unwrap(), Some("h"));
        assert!(matches!(head.headers().single("x-two"), Err(RequestError::Repeated { name: "x-two" })));
    }

    #[test]
    fn what_could_forge_a_line_of_the_canonical_request_is_refused() {
        for (target, name, value) in [
            ("/a\n", "host", "h"),
            ("a", "host", "h"),
            ("/", "ho st", "h"),
            ("/", "host\n", "h"),
            ("/", "", "h"),
            ("/", "host", "h\nx-amz-date:20150830T123600Z"),
            ("/", "host", "h\0"),
        ] {
            assert!(
                matches!(head(target, &[(name, value)]), Err(RequestError::Malformed { .. })),
                "{target:?} {name:?} {value:?}"
            );
        }
        assert!(SignedHead::new::<&str, &str>("GET /", "/", []).is_err());
    }

    #[test]
    fn every_part_is_bounded() {
        let long = "x".repeat(MAX_HEADER_BYTES);
        let many = vec![("a", "b"); MAX_HEADERS + 1];
        for refused in [
            head(&format!("/{long}"), &[]),
            head(&format!("/?{long}{long}"), &[]),
            head("/", &[("a", &long)]),
            head("/", &many),
            SignedHead::new::<&str, &str>(&long, "/", []),
        ] {
            assert!(matches!(refused, Err(RequestError::TooLarge { .. })));
        }
    }

    #[test]
    fn debug_shows_no_value() {
        let head = head("/?X-Amz-Security-Token=hunter2", &[("authorization", "hunter2")]).unwrap();
        assert!(!format!("{head:?}").contains("hunter2"));
        let printed = format!("{:?}", SignedRequest::new(head, b"Password=hunter2".to_vec()));
        let bytes = format!("{:?}", b"hunter2");
        assert!(!printed.contains("hunter2") && !printed.contains(bytes.trim_matches(['[', ']'])), "{printed}");
    }
}
