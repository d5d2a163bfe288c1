//! A request in plain form: what it asks for, without signature and framing.

use axum::body::Bytes;
use axum::http::header::{AUTHORIZATION, CONTENT_ENCODING, CONTENT_LENGTH, HeaderName, HeaderValue};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, Request, Uri};
use daypass::request::AuthenticatedRequest;

use super::super::permit::Permit;
use super::refusal::Refusal;

/// Query parameters of a presigned URL that speak of its signature alone.
const SIGNATURE_PARAMETERS: [&str; 9] = [
    "X-Amz-Algorithm",
    "X-Amz-Content-Sha256",
    "X-Amz-Credential",
    "X-Amz-Date",
    "X-Amz-Expires",
    "X-Amz-Region-Set",
    "X-Amz-Security-Token",
    "X-Amz-Signature",
    "X-Amz-SignedHeaders",
];

/// Query parameters of a URL presigned with Signature Version 2.
const VERSION_2_PARAMETERS: [&str; 2] = ["AWSAccessKeyId", "Signature"];

/// Headers that speak of the signature, or of the body as it was framed.
const FRAMING_HEADERS: [&str; 10] = [
    "authorization",
    "content-length",
    "expect",
    "transfer-encoding",
    "x-amz-content-sha256",
    "x-amz-date",
    "x-amz-decoded-content-length",
    "x-amz-region-set",
    "x-amz-security-token",
    "x-amz-trailer",
];

/// A request as the service behind the guard gets it.
#[derive(Debug)]
pub(super) struct Plain {
    pub(super) method: Method,
    pub(super) uri: Uri,
    /// The decoded pairs of the URI's query.
    pub(super) query: Vec<(String, String)>,
    pub(super) headers: HeaderMap,
    body: Bytes,
}

/// Whether nothing in the request claims an identity; whatever claims one must prove it.
pub(super) fn is_anonymous(parts: &Parts) -> bool {
    let claims = |name: &str| {
        let parameters = SIGNATURE_PARAMETERS.iter().chain(&VERSION_2_PARAMETERS);
        parameters.into_iter().any(|parameter| parameter.eq_ignore_ascii_case(name))
    };
    !parts.headers.contains_key(AUTHORIZATION)
        && !parts.headers.contains_key("x-amz-security-token")
        && !pairs(parts.uri.query()).iter().any(|(name, _)| claims(name))
}

/// Whether the request is signed with the version of the signature that came before.
pub(super) fn is_signature_version_2(parts: &Parts) -> bool {
    let header = parts.headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    header.is_some_and(|value| value.starts_with("AWS "))
        || pairs(parts.uri.query()).iter().any(|(name, _)| VERSION_2_PARAMETERS.contains(&name.as_str()))
}

impl Plain {
    /// The plain form of a request that nobody signed.
    pub(super) fn from_anonymous(parts: &Parts, body: Bytes) -> Result<Self, Refusal> {
        // Nobody could say whether the chunks are whole.
        if parts.headers.contains_key("x-amz-decoded-content-length") {
            return Err(Refusal::invalid());
        }
        Self::new(parts, &[], body)
    }

    /// The plain form of a request that was authenticated.
    pub(super) fn from_authenticated(parts: &Parts, request: &AuthenticatedRequest) -> Result<Self, Refusal> {
        Self::new(parts, request.trailers(), Bytes::copy_from_slice(request.body()))
    }

    fn new(parts: &Parts, trailers: &[(String, String)], body: Bytes) -> Result<Self, Refusal> {
        let mut headers = parts.headers.clone();
        for name in FRAMING_HEADERS {
            headers.remove(name);
        }
        unframe_encoding(&mut headers)?;
        for (name, value) in trailers {
            // A trailer brings the checksum of a streamed body and nothing that changes what is asked for.
            if name.starts_with("x-amz-checksum-") {
                add(&mut headers, name, value)?;
            }
        }
        let (mut kept, mut query) = (Vec::new(), Vec::new());
        for raw in parts.uri.query().unwrap_or_default().split('&').filter(|raw| !raw.is_empty()) {
            let Some((name, value)) = pairs(Some(raw)).pop() else { continue };
            if SIGNATURE_PARAMETERS.contains(&name.as_str()) {
                continue;
            }
            // Presigned URLs carry headers such as a checksum in their query.
            if name.starts_with("x-amz-") {
                add(&mut headers, &name, &value)?;
            } else {
                kept.push(raw);
                query.push((name, value));
            }
        }
        headers.insert(CONTENT_LENGTH, HeaderValue::from(body.len()));
        Ok(Self { method: parts.method.clone(), uri: target(&parts.uri, &kept)?, query, headers, body })
    }

    /// The request for the service, with the permit that says what was allowed.
    pub(super) fn into_request(self, permit: Permit) -> Request<s3s::Body> {
        let mut request = Request::new(s3s::Body::from(self.body));
        *request.method_mut() = self.method;
        *request.uri_mut() = self.uri;
        *request.headers_mut() = self.headers;
        request.extensions_mut().insert(permit);
        request
    }
}

fn target(uri: &Uri, query: &[&str]) -> Result<Uri, Refusal> {
    let target = if query.is_empty() { uri.path().to_owned() } else { format!("{}?{}", uri.path(), query.join("&")) };
    target.parse().map_err(|_| Refusal::invalid())
}

/// Adds a header that is not there; one that is there too would say two things.
fn add(headers: &mut HeaderMap, name: &str, value: &str) -> Result<(), Refusal> {
    let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| Refusal::invalid())?;
    let value = HeaderValue::from_str(value).map_err(|_| Refusal::invalid())?;
    if headers.insert(name, value).is_some() {
        return Err(Refusal::invalid());
    }
    Ok(())
}

/// Takes `aws-chunked`, which was the framing, out of `Content-Encoding`; the rest is the object's own.
fn unframe_encoding(headers: &mut HeaderMap) -> Result<(), Refusal> {
    let Some(given) = headers.get(CONTENT_ENCODING) else { return Ok(()) };
    let given = given.to_str().map_err(|_| Refusal::invalid())?;
    let own: Vec<_> =
        given.split(',').map(str::trim).filter(|coding| !coding.is_empty() && *coding != "aws-chunked").collect();
    if own.is_empty() {
        headers.remove(CONTENT_ENCODING);
    } else {
        let own = HeaderValue::from_str(&own.join(",")).map_err(|_| Refusal::invalid())?;
        headers.insert(CONTENT_ENCODING, own);
    }
    Ok(())
}

/// The decoded pairs of a query, read as the service behind reads them.
fn pairs(query: Option<&str>) -> Vec<(String, String)> {
    form_urlencoded::parse(query.unwrap_or_default().as_bytes()).into_owned().collect()
}
