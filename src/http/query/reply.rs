//! Answers of the query protocol: small documents of XML, or of JSON for those who ask for it.

use axum::body::Bytes;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::ser::{Serialize, SerializeMap, Serializer};
use zeroize::Zeroizing;

use super::element::{Element, Members, close, open};
use super::representation::Representation;
use super::{Answer, Protocol, QueryError};
use crate::time::Timestamp;

/// Room for what stands around a result: four times the operation's name, the namespace, and the id of the request.
const AROUND: usize = 512;

/// How one call is answered, whatever the answer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reply<'a> {
    pub(super) representation: Representation,
    pub(super) request_id: &'a str,
    pub(super) now: Timestamp,
}

impl Reply<'_> {
    /// A successful answer.
    pub(super) fn success(self, protocol: Protocol, answer: &Answer) -> Response {
        // A text that grows leaves copies of itself behind, which nobody wipes.
        let room = answer.result().iter().map(Element::room).sum::<usize>().saturating_add(AROUND);
        let metadata = Element::Group("ResponseMetadata", vec![Element::text("RequestId", self.request_id)]);
        let body = match self.representation {
            Representation::Xml => success_xml(protocol, answer, &metadata, room),
            Representation::Json => json(&Success { answer, metadata: &metadata }, room),
        };
        self.respond(StatusCode::OK, body)
    }

    /// A refusal.
    pub(super) fn failure(self, protocol: Protocol, error: &QueryError) -> Response {
        let kind = if error.status().is_server_error() { "Receiver" } else { "Sender" };
        let details = vec![
            Element::text("Type", kind),
            Element::text("Code", error.code()),
            Element::text("Message", error.to_string()),
        ];
        let whole = [Element::Group("Error", details), Element::text("RequestId", self.request_id)];
        let body = match self.representation {
            Representation::Xml => {
                let mut xml = format!("<ErrorResponse xmlns=\"{}\">", protocol.namespace);
                whole.iter().for_each(|element| element.write_xml(&mut xml));
                close(&mut xml, "ErrorResponse");
                xml.into()
            }
            Representation::Json => json(&Members(&whole), AROUND),
        };
        self.respond(error.status(), body)
    }

    fn respond(self, status: StatusCode, body: Bytes) -> Response {
        let mut response = (status, body).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(self.representation.media_type()));
        // Credentials pass through here.
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        for (name, value) in [("x-amzn-requestid", self.request_id.to_owned()), ("date", self.now.http_date())] {
            if let Ok(value) = HeaderValue::from_str(&value) {
                headers.insert(name, value);
            }
        }
        response
    }
}

/// The answer to be sent, wiped when it has been; what the server writes it through is not.
fn success_xml(protocol: Protocol, answer: &Answer, metadata: &Element, room: usize) -> Bytes {
    let (operation, namespace) = (answer.operation, protocol.namespace);
    let mut xml = Zeroizing::new(String::with_capacity(room));
    xml.extend(["<", operation, "Response xmlns=\"", namespace, "\">"]);
    if let Some(result) = &answer.result {
        let name = format!("{operation}Result");
        open(&mut xml, &name);
        result.iter().for_each(|element| element.write_xml(&mut xml));
        close(&mut xml, &name);
    }
    metadata.write_xml(&mut xml);
    close(&mut xml, &format!("{operation}Response"));
    Bytes::from_owner(xml)
}

/// The same in JSON.
fn json(whole: &impl Serialize, room: usize) -> Bytes {
    let mut written = Zeroizing::new(Vec::with_capacity(room));
    // Nothing of an answer fails to be written, and memory takes what is.
    let _ = serde_json::to_writer(&mut *written, whole);
    Bytes::from_owner(written)
}

/// `{"OperationResponse": {"OperationResult": …, "ResponseMetadata": …}}`
struct Success<'a> {
    answer: &'a Answer,
    metadata: &'a Element,
}

impl Serialize for Success<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let name = format!("{}Response", self.answer.operation);
        serializer.collect_map([(name, Inside(self))])
    }
}

struct Inside<'a>(&'a Success<'a>);

impl Serialize for Inside<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Success { answer, metadata } = self.0;
        let mut inside = serializer.serialize_map(None)?;
        if let Some(result) = &answer.result {
            inside.serialize_entry(&format!("{}Result", answer.operation), &Members(result))?;
        }
        inside.serialize_entry("ResponseMetadata", metadata)?;
        inside.end()
    }
}
