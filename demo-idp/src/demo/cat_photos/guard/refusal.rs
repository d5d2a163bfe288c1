//! The errors of S3, as its clients read them.

use std::borrow::Cow;
use std::fmt::Write;

use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};

use super::super::operation::OperationError;

/// Why a request was not served.
#[derive(Debug)]
pub(super) struct Refusal {
    code: &'static str,
    status: StatusCode,
    message: Cow<'static, str>,
}

impl Refusal {
    const fn new(code: &'static str, status: StatusCode, message: &'static str) -> Self {
        Self { code, status, message: Cow::Borrowed(message) }
    }

    /// The policies do not allow it.
    pub(super) fn denied(message: String) -> Self {
        Self { code: "AccessDenied", status: StatusCode::FORBIDDEN, message: message.into() }
    }

    /// The body is longer than this service takes.
    pub(super) const fn too_large() -> Self {
        let message = "Your proposed upload exceeds the maximum allowed size, 64 MiB.";
        Self::new("EntityTooLarge", StatusCode::BAD_REQUEST, message)
    }

    /// The body broke off.
    pub(super) const fn incomplete() -> Self {
        let message = "You did not provide the number of bytes specified by the Content-Length HTTP header.";
        Self::new("IncompleteBody", StatusCode::BAD_REQUEST, message)
    }

    /// It is signed in a way that is no longer taken; the sentence says what to set, since old clients choose it silently.
    pub(super) const fn signature_version_2() -> Self {
        let message = "The request is signed with Signature Version 2, which is not supported. Sign it with \
                       AWS4-HMAC-SHA256; the AWS CLI does so after: aws configure set default.s3.signature_version s3v4";
        Self::new("InvalidRequest", StatusCode::BAD_REQUEST, message)
    }

    /// A header of the request cannot be passed on.
    pub(super) const fn invalid() -> Self {
        Self::new("InvalidRequest", StatusCode::BAD_REQUEST, "The request is malformed.")
    }

    /// The service failed.
    pub(super) const fn internal() -> Self {
        let message = "We encountered an internal error. Please try again.";
        Self::new("InternalError", StatusCode::INTERNAL_SERVER_ERROR, message)
    }

    pub(super) fn into_response(self, resource: &str, request_id: &str) -> Response {
        let mut body = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error>");
        for (name, text) in
            [("Code", self.code), ("Message", &self.message), ("Resource", resource), ("RequestId", request_id)]
        {
            let _ = write!(body, "<{name}>");
            escape(text, &mut body);
            let _ = write!(body, "</{name}>");
        }
        body.push_str("</Error>");
        (self.status, [(CONTENT_TYPE, "application/xml")], body).into_response()
    }
}

/// Escapes text for XML; what XML cannot hold at all becomes a replacement character.
fn escape(text: &str, into: &mut String) {
    for character in text.chars() {
        match character {
            '<' => into.push_str("&lt;"),
            '>' => into.push_str("&gt;"),
            '&' => into.push_str("&amp;"),
            '"' => into.push_str("&quot;"),
            '\'' => into.push_str("&apos;"),
            '\t' | '\n' => into.push(character),
            control if control.is_control() || matches!(control, '\u{fffe}' | '\u{ffff}') => into.push('\u{fffd}'),
            plain => into.push(plain),
        }
    }
}

impl From<daypass::Error> for Refusal {
    fn from(error: daypass::Error) -> Self {
        let (code, status) = match &error {
            daypass::Error::Request(request) => request.s3_code(),
            _ => ("ServiceUnavailable", 503),
        };
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let text = match &error {
            daypass::Error::Request(request) => request.s3_sentence(),
            _ => error.to_string(),
        };
        let text = text.strip_suffix('.').unwrap_or(&text);
        let mut characters = text.chars();
        let first = characters.next().map(char::to_uppercase).into_iter().flatten();
        let message = first.chain(characters).chain(['.']).collect::<String>();
        Self { code, status, message: message.into() }
    }
}

impl From<OperationError> for Refusal {
    fn from(error: OperationError) -> Self {
        let status = match error {
            OperationError::NoSuchBucket => StatusCode::NOT_FOUND,
            OperationError::NotImplemented => StatusCode::NOT_IMPLEMENTED,
            _ => StatusCode::BAD_REQUEST,
        };
        Self { code: error.code(), status, message: error.to_string().into() }
    }
}

#[cfg(test)]
mod tests {
    use daypass::request::RequestError;

    use super::*;

    #[test]
    fn a_sentence_ends_in_one_period() {
        let access_key_id: daypass::credentials::AccessKeyId = "AKIAAAAAAAAAAAAAAAAA".parse().unwrap();
        for (error, expected) in [
            (
                RequestError::UnknownAccessKey { access_key_id },
                "The AWS Access Key Id you provided does not exist in our records.",
            ),
            (
                RequestError::SignatureMismatch,
                "The request signature we calculated does not match the signature you provided. Check your key and signing method.",
            ),
            (RequestError::MissingAuthentication, "The request is not signed."),
        ] {
            assert_eq!(Refusal::from(daypass::Error::from(error)).message, expected);
        }
    }

    #[test]
    fn text_stays_text_in_xml() {
        let mut escaped = String::new();
        escape("<Code>&\"'\u{0}</Code>", &mut escaped);
        assert_eq!(escaped, "&lt;Code&gt;&amp;&quot;&apos;\u{fffd}&lt;/Code&gt;");
    }
}
