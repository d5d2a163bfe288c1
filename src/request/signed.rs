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

/// Header fields, names in lower case: by name, and those of one name in the order received, which is the only order that means
/// anything (RFC 9110, 5.3).
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Headers {
    /// All names and, apart, all values, so that a request costs a few allocations and not two per header.
    names: String,
    /// Values that are text, which nearly all are; they are checked once for it, when they come in.
    texts: String,
    others: Vec<u8>,
    /// Sorted, as the signed headers of a request are, so that both are gone through together.
    fields: Vec<Field>,
}

/// Where the parts of a field are.
#[derive(Clone, PartialEq, Eq)]
struct Field {
    name: Range<usize>,
    value: Range<usize>,
    is_text: bool,
}

impl Headers {
    /// Name and value of each field, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.fields.iter().map(|field| (self.name(field), self.value(field)))
    }

    /// The values of every field called `name` (in lower case), in order.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
        self.fields.iter().filter(move |field| self.is_called(field, name)).map(|field| self.value(field))
    }

    /// The value of the one field called `name`, as text.
    ///
    /// # Errors
    /// [`RequestError::Repeated`] when there are several, of which two readers might take different ones;
    /// [`RequestError::Malformed`] when the value is not text.
    pub fn single(&self, name: &'static str) -> Result<Option<&str>, RequestError> {
        let mut fields = self.fields.iter();
        let Some(field) = fields.find(|field| self.is_called(field, name)) else {
            return Ok(None);
        };
        if fields.next().is_some_and(|next| self.is_called(next, name)) {
            return Err(RequestError::Repeated { name });
        }
        let text = self.text(field).ok_or_else(|| RequestError::malformed(name, "not text"))?;
        Ok(Some(text.trim_ascii()))
    }

    /// All names and values together, in bytes, with room for what divides them.
    pub(super) fn length(&self) -> usize {
        self.kept().saturating_add(self.fields.len().saturating_mul(2))
    }

    fn kept(&self) -> usize {
        self.names.len().saturating_add(self.texts.len()).saturating_add(self.others.len())
    }

    fn is_called(&self, field: &Field, name: &str) -> bool {
        field.name.len() == name.len() && self.name_bytes(field) == name.as_bytes()
    }

    fn push(&mut self, name: &str, value: &[u8]) -> Result<(), RequestError> {
        let length = self.kept().saturating_add(name.len()).saturating_add(value.len());
        if self.fields.len() >= MAX_HEADERS || length > MAX_HEADER_BYTES {
            return Err(RequestError::TooLarge { what: "headers" });
        }
        // A line break inside a value would let one header pass for two in the canonical request. Every byte is looked at,
        // without an end at the first, because many are then looked at together.
        let control = |seen, byte: &u8| seen | (byte.is_ascii_control() & (*byte != b'\t'));
        if name.is_empty() || !name.bytes().all(is_token) || value.iter().fold(false, control) {
            return Err(RequestError::malformed("headers", name));
        }
        let start = self.names.len();
        self.names.push_str(name);
        if let Some(added) = self.names.get_mut(start..) {
            added.make_ascii_lowercase();
        }
        let name = start..self.names.len();
        let text = str::from_utf8(value).ok();
        let value = match text {
            Some(text) => {
                let start = self.texts.len();
                self.texts.push_str(text);
                start..self.texts.len()
            }
            None => {
                let start = self.others.len();
                self.others.extend_from_slice(value);
                start..self.others.len()
            }
        };
        self.fields.push(Field { name, value, is_text: text.is_some() });
        Ok(())
    }

    /// Brings the fields into their order, once all of them are here.
    fn sort(&mut self) {
        let name = |field: &Field| self.names.as_bytes().get(field.name.clone()).unwrap_or_default();
        self.fields.sort_by(|one, other| name(one).cmp(name(other)));
    }

    fn name(&self, field: &Field) -> &str {
        self.names.get(field.name.clone()).unwrap_or_default()
    }

    /// As [`Headers::name`], for comparisons, which need not know where characters begin.
    fn name_bytes(&self, field: &Field) -> &[u8] {
        self.names.as_bytes().get(field.name.clone()).unwrap_or_default()
    }

    fn text(&self, field: &Field) -> Option<&str> {
        self.texts.get(field.value.clone()).filter(|_| field.is_text)
    }

    fn value(&self, field: &Field) -> &[u8] {
        let bytes = if field.is_text { self.texts.as_bytes() } else { &self.others };
        bytes.get(field.value.clone()).unwrap_or_default()
    }
}

/// Which fields of a head are signed: a bit for each, in their order.
#[derive(Clone, Copy)]
pub(super) struct SignedFields(u128);

impl SignedFields {
    /// The fields of the listed names, and the first name that no field has. Fields and names are both sorted, so that one pass
    /// finds all.
    pub(super) fn find<'a>(headers: &Headers, signed_headers: &'a str) -> (Self, Option<&'a [u8]>) {
        const _: () = assert!(MAX_HEADERS <= 128, "there are fewer fields than bits");
        let mut fields = headers.fields.iter().map(|field| headers.name_bytes(field)).peekable();
        let (mut signed, mut bit, mut absent) = (0_u128, 1_u128, None);
        for name in listed_names(signed_headers) {
            while fields.next_if(|field| *field < name).is_some() {
                bit <<= 1;
            }
            let before = signed;
            while fields.next_if(|field| *field == name).is_some() {
                signed |= bit;
                bit <<= 1;
            }
            if signed == before && absent.is_none() {
                absent = Some(name);
            }
        }
        (Self(signed), absent)
    }

    /// Name and value of each field that is signed, by name.
    pub(super) fn signed(self, headers: &Headers) -> impl Iterator<Item = (&str, &[u8])> {
        self.select(headers, true)
    }

    /// Name and value of each field that is not.
    pub(super) fn unsigned(self, headers: &Headers) -> impl Iterator<Item = (&str, &[u8])> {
        self.select(headers, false)
    }

    fn select(self, headers: &Headers, signed: bool) -> impl Iterator<Item = (&str, &[u8])> {
        let mut bits = self.0;
        let chosen = move |_: &&Field| {
            let bit = bits & 1 == 1;
            bits >>= 1;
            bit == signed
        };
        headers.fields.iter().filter(chosen).map(|field| (headers.name(field), headers.value(field)))
    }
}

/// The names in a list of signed headers.
pub(super) fn listed_names(list: &str) -> impl Iterator<Item = &[u8]> {
    // Bytes, for names are short: a search made for long text costs more than it finds.
    list.as_bytes().split(|byte| *byte == b';')
}

/// The characters of a method or a header name (RFC 9110, 5.6.2).
const fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(
            byte,
            b'!' | b'#' | b'$' | b'%' | b'&' | b'\'' | b'*' | b'+' | b'-' | b'.' | b'^' | b'_' | b'`' | b'|' | b'~'
        )
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
        kept.sort();
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
    fn fields_stand_by_name_and_those_of_one_name_in_the_order_received() {
        let received: [(&str, &[u8]); 5] =
            [("x-two", b"b"), ("b", b"\xe9"), ("X-Two", b"a"), ("a", b"\xc3\xa9"), ("x-two", b"c")];
        let head = SignedHead::new("GET", "/", received).unwrap();
        let kept: Vec<_> = head.headers().iter().collect();
        let expected: [(&str, &[u8]); 5] =
            [("a", b"\xc3\xa9"), ("b", b"\xe9"), ("x-two", b"b"), ("x-two", b"a"), ("x-two", b"c")];
        assert_eq!(kept, expected);
        assert_eq!(head.headers().single("a").unwrap(), Some("\u{e9}"));
        assert!(matches!(head.headers().single("b"), Err(RequestError::Malformed { part: "b", .. })));
    }

    #[test]
    fn signed_fields_are_those_of_the_listed_names() {
        let head = head("/", &[("c", "1"), ("a", "2"), ("e", "3"), ("c", "4"), ("g", "5")]).unwrap();
        for (list, signed, absent) in [
            ("a;c;e;g", "a=2 c=1 c=4 e=3 g=5", None),
            ("c", "c=1 c=4", None),
            ("a;b;c;d", "a=2 c=1 c=4", Some("b")),
            ("g;h", "g=5", Some("h")),
            ("b", "", Some("b")),
        ] {
            let (fields, missing) = SignedFields::find(head.headers(), list);
            let text = |(name, value): (&str, &[u8])| format!("{name}={}", String::from_utf8_lossy(value));
            let found: Vec<_> = fields.signed(head.headers()).map(text).collect();
            assert_eq!((&*found.join(" "), missing), (signed, absent.map(str::as_bytes)), "{list}");
            assert_eq!(fields.unsigned(head.headers()).count(), 5 - found.len(), "{list}");
        }
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
