//! Answers of the query protocol: small XML documents, escaped as they are written.

use std::fmt;

use axum::body::Bytes;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use zeroize::Zeroizing;

use super::{Answer, Protocol, QueryError};
use crate::time::Timestamp;

/// Room for what stands around a result: four times the operation's name, the namespace, and the id of the request.
const AROUND: usize = 512;

/// One element of an answer.
pub(in crate::http) enum Element {
    /// An element that holds text.
    Text(&'static str, String),
    /// An element that holds a secret; wiped when dropped.
    Secret(&'static str, Zeroizing<String>),
    /// An element that holds elements.
    Group(&'static str, Vec<Self>),
}

impl fmt::Debug for Element {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(name, value) => write!(f, "{name}: {value:?}"),
            Self::Secret(name, _) => write!(f, "{name}: redacted"),
            Self::Group(name, elements) => write!(f, "{name}: {elements:?}"),
        }
    }
}

impl Element {
    /// An element that holds text.
    pub(in crate::http) fn text(name: &'static str, value: impl Into<String>) -> Self {
        Self::Text(name, value.into())
    }

    /// An element that holds a secret, which its owner is shown.
    pub(in crate::http) fn secret(name: &'static str, value: impl Into<String>) -> Self {
        Self::Secret(name, Zeroizing::new(value.into()))
    }

    /// An element that holds a policy document, which is percent-encoded (RFC 3986, 2.1) as IAM writes it.
    pub(in crate::http) fn document(name: &'static str, document: &str) -> Self {
        Self::Text(name, percent_encoded(document))
    }

    /// A list of structures.
    pub(in crate::http) fn list(name: &'static str, members: impl IntoIterator<Item = Vec<Self>>) -> Self {
        Self::Group(name, members.into_iter().map(|member| Self::Group("member", member)).collect())
    }

    /// A list of texts.
    pub(in crate::http) fn texts<T: Into<String>>(name: &'static str, members: impl IntoIterator<Item = T>) -> Self {
        Self::Group(name, members.into_iter().map(|member| Self::text("member", member)).collect())
    }

    fn write(&self, to: &mut String) {
        let name = self.name();
        open(to, name);
        match self {
            Self::Text(_, value) => escape(value, to),
            Self::Secret(_, value) => escape(value, to),
            Self::Group(_, elements) => elements.iter().for_each(|element| element.write(to)),
        }
        close(to, name);
    }

    const fn name(&self) -> &'static str {
        let (Self::Text(name, _) | Self::Secret(name, _) | Self::Group(name, _)) = self;
        name
    }

    /// Bytes that the element takes where nothing in it has to be escaped.
    fn room(&self) -> usize {
        let inside = match self {
            Self::Text(_, value) => value.len(),
            Self::Secret(_, value) => value.len(),
            Self::Group(_, elements) => elements.iter().map(Self::room).sum(),
        };
        inside.saturating_add("<></>".len()).saturating_add(self.name().len().saturating_mul(2))
    }
}

/// A successful answer.
pub(super) fn success(protocol: Protocol, answer: &Answer, request_id: &str, now: Timestamp) -> Response {
    let (operation, namespace) = (answer.operation, protocol.namespace);
    // A text that grows leaves copies of itself behind, which nobody wipes.
    let room: usize = answer.result().iter().map(Element::room).sum();
    let mut xml = Zeroizing::new(String::with_capacity(room.saturating_add(AROUND)));
    xml.extend(["<", operation, "Response xmlns=\"", namespace, "\">"]);
    if let Some(result) = &answer.result {
        let name = format!("{operation}Result");
        open(&mut xml, &name);
        result.iter().for_each(|element| element.write(&mut xml));
        close(&mut xml, &name);
    }
    Element::Group("ResponseMetadata", vec![Element::text("RequestId", request_id)]).write(&mut xml);
    close(&mut xml, &format!("{operation}Response"));
    respond(StatusCode::OK, xml, request_id, now)
}

/// A refusal.
pub(super) fn failure(protocol: Protocol, error: &QueryError, request_id: &str, now: Timestamp) -> Response {
    let kind = if error.status().is_server_error() { "Receiver" } else { "Sender" };
    let mut xml = Zeroizing::new(format!("<ErrorResponse xmlns=\"{}\">", protocol.namespace));
    let details = vec![
        Element::text("Type", kind),
        Element::text("Code", error.code()),
        Element::text("Message", error.to_string()),
    ];
    Element::Group("Error", details).write(&mut xml);
    Element::text("RequestId", request_id).write(&mut xml);
    close(&mut xml, "ErrorResponse");
    respond(error.status(), xml, request_id, now)
}

/// The answer to be sent, wiped when it has been; what the server writes it through is not.
fn respond(status: StatusCode, xml: Zeroizing<String>, request_id: &str, now: Timestamp) -> Response {
    let mut response = (status, Bytes::from_owner(xml)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/xml"));
    // Credentials pass through here.
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    for (name, value) in [("x-amzn-requestid", request_id.to_owned()), ("date", now.http_date())] {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(name, value);
        }
    }
    response
}

fn open(to: &mut String, name: &str) {
    to.extend(["<", name, ">"]);
}

fn close(to: &mut String, name: &str) {
    to.extend(["</", name, ">"]);
}

fn escape(value: &str, to: &mut String) {
    // Most text, a session token above all, needs nothing.
    if value.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'&' | b'<' | b'>')) {
        to.push_str(value);
        return;
    }
    for character in value.chars() {
        match character {
            '&' => to.push_str("&amp;"),
            '<' => to.push_str("&lt;"),
            '>' => to.push_str("&gt;"),
            '\r' => to.push_str("&#xD;"),
            // XML 1.0, 2.2 has no way to write the other control characters.
            control if control.is_control() && !matches!(control, '\n' | '\t') => to.push('\u{FFFD}'),
            other => to.push(other),
        }
    }
}

fn percent_encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len().saturating_mul(2));
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(byte.into());
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_cannot_become_markup() {
        let mut xml = String::new();
        Element::text("Message", "</Message><Code>x\u{0}").write(&mut xml);
        assert_eq!(xml, "<Message>&lt;/Message&gt;&lt;Code&gt;x\u{FFFD}</Message>");
    }

    #[test]
    fn a_secret_is_written_like_a_text_and_not_printed_like_one() {
        let (mut xml, secret) = (String::new(), Element::secret("SecretAccessKey", "a/b"));
        secret.write(&mut xml);
        assert_eq!((xml.as_str(), xml.len()), ("<SecretAccessKey>a/b</SecretAccessKey>", secret.room()));
        assert_eq!(format!("{secret:?}"), "SecretAccessKey: redacted");
        let group = Element::Group("AccessKey", vec![Element::text("UserName", "ana"), secret]);
        let mut whole = String::new();
        group.write(&mut whole);
        assert_eq!(whole.len(), group.room());
    }

    #[test]
    fn lists_have_members_and_documents_are_percent_encoded() {
        let mut xml = String::new();
        Element::list("Tags", [vec![Element::text("Key", "k")]]).write(&mut xml);
        Element::texts("Names", ["a", "b"]).write(&mut xml);
        Element::document("Document", "{\"A\": \"*+é\"}").write(&mut xml);
        let expected = "<Tags><member><Key>k</Key></member></Tags><Names><member>a</member><member>b</member></Names>\
                        <Document>%7B%22A%22%3A%20%22%2A%2B%C3%A9%22%7D</Document>";
        assert_eq!(xml, expected);
    }
}
