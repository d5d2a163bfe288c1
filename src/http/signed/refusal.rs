//! What a client is told that is not let through: a code, a fixed sentence, and the id under which the audit trail says more.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::Error;
use crate::decision::Decision;
use crate::explain::CorrelationId;
use crate::request::{RequestError, Service};

/// Why a request was not answered; an answer by itself, so that a handler may return it with `?`.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{}", .0.message)]
pub struct Refusal(Box<Told>);

#[derive(Clone, Debug)]
struct Told {
    status: StatusCode,
    code: &'static str,
    message: String,
    request_id: String,
    /// The path that was asked for, where S3 clients are told it.
    resource: String,
    /// As S3 clients read it.
    xml: bool,
    decision: Option<Decision>,
}

impl Refusal {
    fn new(status: u16, code: &'static str, message: impl Into<String>, xml: bool) -> Self {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let (request_id, resource) = (String::new(), String::new());
        Self(Box::new(Told { status, code, message: message.into(), request_id, resource, xml, decision: None }))
    }

    /// A stage refused.
    pub(super) fn of(error: &Error, service: &Service, request_id: &CorrelationId) -> Self {
        Self::without_id(error, service).about(request_id)
    }

    /// As [`Refusal::of`], where not even an id can be had.
    pub(in crate::http) fn without_id(error: &Error, service: &Service) -> Self {
        let (code, status) = match error {
            Error::Request(request) if service.is_s3() => request.s3_code(),
            Error::Request(request) => request.code(),
            Error::Name(_) => (error.code(), 400),
            _ => ("ServiceUnavailable", 503),
        };
        let message = match error {
            Error::Request(request) if service.is_s3() => sentence(&request.s3_sentence()),
            _ if service.is_s3() => sentence(&error.to_string()),
            _ => error.to_string(),
        };
        Self::new(status, code, message, service.is_s3())
    }

    /// The policies do not allow it.
    pub(super) fn denied(sentence: String, decision: Decision, service: &Service, request_id: &CorrelationId) -> Self {
        let mut refusal = Self::new(403, "AccessDenied", sentence, service.is_s3()).about(request_id);
        refusal.0.decision = Some(decision);
        refusal
    }

    /// The body is longer than is read.
    pub(super) fn too_large(limit: usize, service: &Service, request_id: &CorrelationId) -> Self {
        let refusal = if service.is_s3() {
            let message = format!("Your proposed upload exceeds the maximum allowed size, {limit} bytes.");
            Self::new(400, "EntityTooLarge", message, true)
        } else {
            Self::new(413, "RequestEntityTooLarge", format!("the body is larger than {limit} bytes"), false)
        };
        refusal.about(request_id)
    }

    /// The body broke off.
    pub(super) fn incomplete(service: &Service, request_id: &CorrelationId) -> Self {
        const OF_S3: &str = "You did not provide the number of bytes specified by the Content-Length HTTP header.";
        let message = if service.is_s3() { OF_S3 } else { "the body ended early" };
        Self::new(400, "IncompleteBody", message, service.is_s3()).about(request_id)
    }

    /// The route is not behind the layer.
    pub(super) fn outside() -> Self {
        Self::new(500, "InternalFailure", "signatures are not verified for this route", false)
    }

    fn about(mut self, request_id: &CorrelationId) -> Self {
        self.0.request_id = request_id.to_string();
        self
    }

    /// The same about the path that was asked for.
    pub(super) fn at(mut self, resource: &str) -> Self {
        resource.clone_into(&mut self.0.resource);
        self
    }

    /// The status of the answer.
    #[must_use]
    pub const fn status(&self) -> StatusCode {
        self.0.status
    }

    /// The code, such as `SignatureDoesNotMatch` or `AccessDenied`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        self.0.code
    }

    /// The decision, where policies did not allow what was asked. Its reason names policies and statements: show it to whom
    /// they concern.
    #[must_use]
    pub const fn decision(&self) -> Option<&Decision> {
        self.0.decision.as_ref()
    }

    fn body(&self) -> Response {
        let Told { code, message, request_id, resource, .. } = &*self.0;
        if !self.0.xml {
            return Json(json!({"code": code, "message": message, "request_id": request_id})).into_response();
        }
        let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error>");
        let elements = [("Code", *code), ("Message", message), ("Resource", resource), ("RequestId", request_id)];
        for (name, text) in elements.into_iter().filter(|(name, text)| *name != "Resource" || !text.is_empty()) {
            xml.extend(["<", name, ">"]);
            escape(text, &mut xml);
            xml.extend(["</", name, ">"]);
        }
        xml.push_str("</Error>");
        ([(header::CONTENT_TYPE, "application/xml")], xml).into_response()
    }
}

/// A capital first and one period last, as S3 writes.
fn sentence(text: &str) -> String {
    let text = text.strip_suffix('.').unwrap_or(text);
    let mut characters = text.chars();
    let first = characters.next().map(char::to_uppercase).into_iter().flatten();
    first.chain(characters).chain(['.']).collect()
}

fn escape(text: &str, to: &mut String) {
    for character in text.chars() {
        match character {
            '&' => to.push_str("&amp;"),
            '<' => to.push_str("&lt;"),
            '>' => to.push_str("&gt;"),
            // XML 1.0, 2.2 has no way to write the other control characters.
            control if control.is_control() && !matches!(control, '\n' | '\t') => to.push('\u{FFFD}'),
            other => to.push(other),
        }
    }
}

impl From<RequestError> for Refusal {
    /// The refusal of a body that a handler read.
    fn from(error: RequestError) -> Self {
        let (code, status) = error.code();
        Self::new(status, code, error.to_string(), false)
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = self.body();
        *response.status_mut() = self.0.status;
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert("x-amzn-errortype", HeaderValue::from_static(self.0.code));
        if let Ok(id) = HeaderValue::from_str(&self.0.request_id) {
            if self.0.xml {
                headers.insert("x-amz-request-id", id.clone());
            }
            headers.insert("x-amzn-requestid", id);
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s3_has_words_of_its_own() {
        let error = Error::Request(RequestError::SignatureMismatch);
        let told = |service: Service| Refusal::without_id(&error, &service).to_string();
        assert!(told(Service::S3).ends_with("Check your key and signing method."));
        assert!(told(Service::STS).ends_with("Consult the service documentation for details."));
    }

    #[test]
    fn a_sentence_of_s3_ends_in_one_period() {
        let access_key_id: crate::credentials::AccessKeyId = "AKIAAAAAAAAAAAAAAAAA".parse().unwrap();
        for (error, expected) in [
            (
                RequestError::UnknownAccessKey { access_key_id },
                "The AWS Access Key Id you provided does not exist in our records.",
            ),
            (
                RequestError::SignatureMismatch,
                "The request signature we calculated does not match the signature you provided. Check your key and signing \
                 method.",
            ),
            (RequestError::MissingAuthentication, "The request is not signed."),
        ] {
            assert_eq!(Refusal::without_id(&Error::Request(error), &Service::S3).to_string(), expected);
        }
    }
}
