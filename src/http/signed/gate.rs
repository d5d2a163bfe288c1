//! One request through the layer: head first, then as much of its body as its sender has a right to.

use axum::body::Body;
use axum::extract::{OriginalUri, Request};
use axum::http::header::{CONTENT_ENCODING, CONTENT_LENGTH, HOST, HeaderValue};
use axum::http::request::Parts;

use super::authority::{Authority, Standing};
use super::body::{Reading, VerifiedBody, collect};
use super::environment::Environment;
use super::{Refusal, SignedCaller};
use crate::Error;
use crate::crypto;
use crate::explain::CorrelationId;
use crate::request::{
    AuthenticatedRequest, RequestError, Service, SignedHead, SignedRequest, StreamedRequest, is_declared, verify_head,
    verify_standing,
};

/// The longest body unless an operator says otherwise: one mebibyte.
pub const DEFAULT_BODY_LIMIT: usize = 1024 * 1024;

/// What a layer was told.
#[derive(Clone, Debug)]
pub(super) struct Gate {
    authority: Authority,
    service: Service,
    pub(super) body_limit: usize,
    pub(super) streaming: bool,
    pub(super) environment: Environment,
}

impl Gate {
    pub(super) fn new(authority: Authority, service: Service) -> Self {
        let environment = Environment::default();
        Self { authority, service, body_limit: DEFAULT_BODY_LIMIT, streaming: false, environment }
    }

    /// The request as a handler gets it.
    pub(super) async fn admit(&self, request: Request) -> Result<Request, Refusal> {
        let resource = request.uri().path().to_owned();
        self.judge(request).await.map_err(|refusal| refusal.at(&resource))
    }

    async fn judge(&self, request: Request) -> Result<Request, Refusal> {
        let (parts, body) = request.into_parts();
        let id = fresh_id().map_err(|error| Refusal::without_id(&error, &self.service))?;
        let refused = |error: Error| Refusal::of(&error, &self.service, &id);
        let head = head(&parts).map_err(|error| refused(error.into()))?;
        let standing = self.authority.prepare(&self.service, &head, id.clone()).await;
        if is_declared(&self.service, &head) {
            return self.declared(standing, parts, head, body).await;
        }
        if let Err(error) = verify_head(standing.sessions(), &self.service, &head, standing.now()) {
            // Once more, so that the audit trail has it with its checks; no body is read for this.
            let again = standing.authenticate(&self.service, SignedRequest::new(head, Vec::new()));
            return Err(refused(again.err().unwrap_or_else(|| error.into())));
        }
        let body = collect(body, self.body_limit).await.map_err(|reading| self.unread(reading, &id))?;
        let signed = standing.authenticate(&self.service, SignedRequest::new(head, body)).map_err(refused)?;
        Ok(self.pass(standing, parts, signed))
    }

    /// A request whose signature needs no body, and is verified before any of it is read; the body is held to it after that.
    async fn declared(
        &self,
        standing: Standing,
        parts: Parts,
        head: SignedHead,
        body: Body,
    ) -> Result<Request, Refusal> {
        let id = standing.correlation_id().clone();
        let refused = |error: Error| Refusal::of(&error, &self.service, &id);
        let streamed = standing.authenticate_streamed(&self.service, head).map_err(refused)?;
        if self.streaming {
            return Ok(self.streamed(standing, parts, streamed, body));
        }
        let refused_body = |request: &AuthenticatedRequest, error: RequestError| {
            let recorded = standing.refuse_body(request, error.clone());
            recorded.err().unwrap_or_else(|| error.into())
        };
        let body = match collect(body, self.body_limit).await {
            Ok(body) => body,
            Err(reading) => {
                let too_large = || refused_body(streamed.request(), RequestError::TooLarge { what: "body" });
                return Err(match (reading == Reading::TooLong).then(too_large) {
                    Some(unrecorded @ Error::Audit { .. }) => refused(unrecorded),
                    Some(_) | None => self.unread(reading, &id),
                });
            }
        };
        let signed = streamed.with_body(body).map_err(|unverified| {
            let (request, error) = *unverified;
            refused(refused_body(&request, error))
        })?;
        // A body can take its time.
        if let Err(error) = verify_standing(standing.sessions(), &signed, standing.now()) {
            return Err(refused(refused_body(&signed, error)));
        }
        Ok(self.pass(standing, parts, signed))
    }

    fn unread(&self, reading: Reading, id: &CorrelationId) -> Refusal {
        match reading {
            Reading::TooLong => Refusal::too_large(self.body_limit, &self.service, id),
            Reading::Broken => Refusal::incomplete(&self.service, id),
        }
    }

    fn streamed(&self, standing: Standing, parts: Parts, streamed: StreamedRequest, body: Body) -> Request {
        let (signed, payload) = streamed.into_parts();
        let length = payload.decoded_length();
        let environment = self.environment.keys(&parts);
        let caller = SignedCaller::new(standing.clone(), &self.service, signed, environment);
        let body = VerifiedBody::new(body, payload, self.body_limit, standing, caller.clone());
        self.request(parts, caller, Body::new(body), length)
    }

    /// A request whose body is here, verified.
    fn pass(&self, standing: Standing, parts: Parts, mut signed: AuthenticatedRequest) -> Request {
        let body = signed.take_body();
        let length = u64::try_from(body.len()).ok();
        let environment = self.environment.keys(&parts);
        let caller = SignedCaller::new(standing, &self.service, signed, environment);
        self.request(parts, caller, Body::from(body), length)
    }

    /// The request with its caller. Its headers speak of the body it has now, without the framing of `aws-chunked`.
    fn request(&self, mut parts: Parts, caller: SignedCaller, body: Body, length: Option<u64>) -> Request {
        if let Some(length) = length {
            parts.headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
        }
        unframe_encoding(&mut parts);
        parts.extensions.insert(caller);
        Request::from_parts(parts, body)
    }
}

fn fresh_id() -> Result<CorrelationId, Error> {
    Ok(CorrelationId::random(crypto::random()?))
}

/// Takes `aws-chunked`, which was the framing, out of `Content-Encoding`; the rest is the body's own.
fn unframe_encoding(parts: &mut Parts) {
    let Some(given) = parts.headers.get(CONTENT_ENCODING).and_then(|value| value.to_str().ok()) else { return };
    if !given.contains("aws-chunked") {
        return;
    }
    let own: Vec<_> = given.split(',').map(str::trim).filter(|coding| *coding != "aws-chunked").collect();
    match HeaderValue::from_str(&own.join(",")) {
        Ok(own) if !own.is_empty() => {
            parts.headers.insert(CONTENT_ENCODING, own);
        }
        _ => {
            parts.headers.remove(CONTENT_ENCODING);
        }
    }
}

/// The head of a request as it was signed: a nested router sees a part of its path, and HTTP/2 has its host elsewhere.
fn head(parts: &Parts) -> Result<SignedHead, RequestError> {
    let uri = parts.extensions.get::<OriginalUri>().map_or(&parts.uri, |original| &original.0);
    let target = uri.path_and_query().map_or("/", |target| target.as_str());
    let headers = parts.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes()));
    let authority = uri.authority().filter(|_| !parts.headers.contains_key(HOST));
    let host = authority.map(|authority| (HOST.as_str(), authority.as_str().as_bytes()));
    SignedHead::new(parts.method.as_str(), target, headers.chain(host))
}
