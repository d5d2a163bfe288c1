//! Answers of the query protocol: small XML documents, escaped as they are written.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::{Answer, Protocol, QueryError};
use crate::time::Timestamp;

/// One element of an answer.
#[derive(Debug)]
pub(in crate::http) enum Element {
    /// An element that holds text.
    Text(&'static str, String),
    /// An element that holds elements.
    Group(&'static str, Vec<Self>),
}

impl Element {
    /// An element that holds text.
    pub(in crate::http) fn text(name: &'static str, value: impl Into<String>) -> Self {
        Self::Text(name, value.into())
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
        let (Self::Text(name, _) | Self::Group(name, _)) = self;
        open(to, name);
        match self {
            Self::Text(_, value) => escape(value, to),
            Self::Group(_, elements) => elements.iter().for_each(|element| element.write(to)),
        }
        close(to, name);
    }
}

/// A successful answer.
pub(super) fn success(protocol: Protocol, answer: &Answer, request_id: &str, now: Timestamp) -> Response {
    let (operation, namespace) = (answer.operation, protocol.namespace);
    // Credentials with a session token, for which most answers are.
    let mut xml = String::with_capacity(3 * 1024);
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
    let mut xml = format!("<ErrorResponse xmlns=\"{}\">", protocol.namespace);
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

fn respond(status: StatusCode, xml: String, request_id: &str, now: Timestamp) -> Response {
    let mut response = (status, xml).into_response();
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
