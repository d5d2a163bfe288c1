//! Answers of the query protocol: small XML documents, escaped as they are written.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::StsError;
use crate::time::Timestamp;

const NAMESPACE: &str = "https://sts.amazonaws.com/doc/2011-06-15/";

/// One element of an answer.
#[derive(Debug)]
pub(super) enum Element {
    /// An element that holds text.
    Text(&'static str, String),
    /// An element that holds elements.
    Group(&'static str, Vec<Self>),
}

impl Element {
    /// An element that holds text.
    pub(super) fn text(name: &'static str, value: impl Into<String>) -> Self {
        Self::Text(name, value.into())
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

/// A successful answer of `operation`.
pub(super) fn success(operation: &str, result: &[Element], request_id: &str, now: Timestamp) -> Response {
    let mut xml = format!("<{operation}Response xmlns=\"{NAMESPACE}\"><{operation}Result>");
    result.iter().for_each(|element| element.write(&mut xml));
    close(&mut xml, &format!("{operation}Result"));
    Element::Group("ResponseMetadata", vec![Element::text("RequestId", request_id)]).write(&mut xml);
    close(&mut xml, &format!("{operation}Response"));
    respond(StatusCode::OK, xml, request_id, now)
}

/// A refusal.
pub(super) fn failure(error: &StsError, request_id: &str, now: Timestamp) -> Response {
    let kind = if error.status().is_server_error() { "Receiver" } else { "Sender" };
    let mut xml = format!("<ErrorResponse xmlns=\"{NAMESPACE}\">");
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_cannot_become_markup() {
        let mut xml = String::new();
        Element::text("Message", "</Message><Code>x\u{0}").write(&mut xml);
        assert_eq!(xml, "<Message>&lt;/Message&gt;&lt;Code&gt;x\u{FFFD}</Message>");
    }
}
