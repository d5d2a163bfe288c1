//! The text form of one HTTP/1.1 request (RFC 9112), strict: for tests, captures and tools; servers parse with their own.

use super::RequestError;
use super::signed::{MAX_HEADER_BYTES, SignedHead, SignedRequest};

/// Request line and headers together, in bytes: the limits of [`SignedHead`] and the line ends between them.
const MAX_HEAD_BYTES: usize = MAX_HEADER_BYTES * 3;

pub(super) fn parse(message: &[u8]) -> Result<SignedRequest, RequestError> {
    let (head, body) = split(message)?;
    let head = str::from_utf8(head).map_err(|_| RequestError::malformed("headers", "not text"))?;
    let mut lines = head.lines();
    let line = lines.next().unwrap_or_default();
    let wrong = || RequestError::malformed("request line", line);
    let (method, rest) = line.split_once(' ').ok_or_else(wrong)?;
    let (target, version) = rest.rsplit_once(' ').ok_or_else(wrong)?;
    if version != "HTTP/1.1" {
        return Err(wrong());
    }
    let headers = lines
        .map(|line| line.split_once(':').ok_or_else(|| RequestError::malformed("headers", line)))
        .collect::<Result<Vec<_>, _>>()?;
    let head = SignedHead::new(method, target, headers)?;
    let body = match head.headers().single("content-length")? {
        Some(length) if length.parse() != Ok(body.len()) => {
            return Err(RequestError::malformed("content-length", length));
        }
        _ => body.to_vec(),
    };
    Ok(SignedRequest::new(head, body))
}

/// Head and body, divided by the first empty line; line ends may lack their carriage return (RFC 9112, 2.2).
fn split(message: &[u8]) -> Result<(&[u8], &[u8]), RequestError> {
    let mut start = 0_usize;
    for line in message.split_inclusive(|byte| *byte == b'\n') {
        let end = start.saturating_add(line.len());
        if start > MAX_HEAD_BYTES {
            break;
        }
        if matches!(line, b"\n" | b"\r\n") {
            let head = message.get(..start).unwrap_or_default();
            return Ok((head, message.get(end..).unwrap_or_default()));
        }
        start = end;
    }
    if message.len() > MAX_HEAD_BYTES {
        return Err(RequestError::TooLarge { what: "headers" });
    }
    Err(RequestError::malformed("headers", "no empty line after them"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_read_into_its_parts() {
        let read = parse(b"POST /?a=b HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nx\r\n\n").unwrap();
        assert_eq!((read.head.method(), read.head.query()), ("POST", "a=b"));
        assert_eq!(read.head.headers().single("host").unwrap(), Some("h"));
        assert_eq!(read.body, b"x\r\n\n");
    }

    #[test]
    fn messages_of_another_form_are_refused() {
        for message in [
            &b""[..],
            b"GET / HTTP/1.1\r\nHost: h\r\n",
            b"GET /\r\n\r\n",
            b"GET / HTTP/1.0\r\n\r\n",
            b"GET / HTTP/1.1\r\nHost\r\n\r\n",
            b"GET / HTTP/1.1\r\nHost: h\r\n folded\r\n\r\n",
            b"GET / HTTP/1.1\r\nHost : h\r\n\r\n",
            b"GET / HTTP/1.1\r\nContent-Length: 2\r\n\r\nx",
            b"GET / HTTP/1.1\r\nHost: \xff\r\n\r\n",
        ] {
            assert!(
                matches!(parse(message), Err(RequestError::Malformed { .. })),
                "{}",
                String::from_utf8_lossy(message)
            );
        }
        let endless = b"a: b\r\n".repeat(100_000);
        assert!(matches!(parse(&endless), Err(RequestError::TooLarge { what: "headers" })));
    }
}
