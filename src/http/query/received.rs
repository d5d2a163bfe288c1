//! A call as it came from the wire: bounded, its parameters read, its signature not verified.

use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody as _, to_bytes};
use axum::http::request::Parts;
use axum::http::{Method, Request, header};
use tokio::sync::{Semaphore, SemaphorePermit};

use super::{Protocol, Query, QueryError};
use crate::Error;
use crate::broker::Flow;
use crate::http::environment;
use crate::policy::Keys;
use crate::request::{Service, SignedHead, SignedRequest, authorization};

/// The largest body that is read before anything is known of who sent it, in bytes.
const ORDINARY_BODY: usize = 400 * 1024;
/// How long a larger one may take to arrive.
const LARGE_BODY_TIME: Duration = Duration::from_secs(60);
/// Larger bodies that are held at a time in this process.
static LARGE_BODIES: Semaphore = Semaphore::const_new(4);

/// One call of a service.
pub(in crate::http) struct Received {
    parts: Parts,
    body: Bytes,
    query: Query,
    head: SignedHead,
    scope_service: Option<String>,
    large: Option<LargeBody>,
}

/// The right to hold a large body.
pub(in crate::http) type LargeBody = SemaphorePermit<'static>;

impl Received {
    /// Reads a request within the limits of the service that its credential scope names. A large body is read only of those
    /// whose request may turn out authentic, as far as its head tells.
    pub(super) async fn read(
        request: Request<Body>,
        flow: &Flow<'_>,
        protocol: impl FnOnce(Option<&str>) -> Protocol,
    ) -> Result<Self, QueryError> {
        let (parts, body) = request.into_parts();
        let target = parts.uri.path_and_query().map_or("/", |target| target.as_str());
        let headers = parts.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes()));
        let head = SignedHead::new(parts.method.as_str(), target, headers).map_err(Error::from)?;
        let signed = authorization::parse(&head).ok();
        let scope_service = signed.map(|signed| signed.credential_scope().service().to_owned());
        let limits = protocol(scope_service.as_deref());
        let large = large(flow, &head, body.size_hint().exact(), limits).await?;
        let body = if large.is_some() {
            let late = |_| QueryError::new("RequestTimeout", "the body did not arrive in time");
            tokio::time::timeout(LARGE_BODY_TIME, whole(body, limits.max_body)).await.map_err(late)??
        } else {
            whole(body, limits.max_body.min(ORDINARY_BODY)).await?
        };
        let query = parameters(&parts, &body, limits)?;
        Ok(Self { parts, body, query, head, scope_service, large })
    }

    /// The parameters.
    pub(in crate::http) const fn query(&self) -> &Query {
        &self.query
    }

    /// The service that the signature claims to be for; none without a signature that can be read.
    pub(super) fn scope_service(&self) -> Option<&str> {
        self.scope_service.as_deref()
    }

    /// What connection and headers say of the call, as condition keys.
    pub(in crate::http) fn environment(&self) -> Keys {
        environment::keys(&self.parts)
    }

    /// The call as a request whose signature can be verified.
    pub(in crate::http) fn signed(&self) -> SignedRequest {
        SignedRequest::new(self.head.clone(), self.body.to_vec())
    }

    /// The parameters, the call as a request whose signature can be verified, and the right to hold both if they are large.
    pub(in crate::http) fn into_parts(self) -> (Query, SignedRequest, Option<LargeBody>) {
        (self.query, SignedRequest::new(self.head, self.body.into()), self.large)
    }
}

/// The right to hold a body that may be large, for those who may turn out to be who they say.
async fn large(
    flow: &Flow<'_>,
    head: &SignedHead,
    announced: Option<u64>,
    limits: Protocol,
) -> Result<Option<LargeBody>, QueryError> {
    let announced = announced.and_then(|length| usize::try_from(length).ok());
    if limits.max_body <= ORDINARY_BODY || announced.is_some_and(|length| length <= ORDINARY_BODY) {
        return Ok(None);
    }
    // Whoever announces too much is told so below.
    if announced.is_some_and(|length| length > limits.max_body) {
        return Ok(None);
    }
    // Only IAM takes larger ones.
    flow.foresee(&Service::IAM, head)?;
    let busy = |_| QueryError::new("ServiceUnavailable", "the service cannot answer at the moment; try again");
    LARGE_BODIES.acquire().await.map(Some).map_err(busy)
}

async fn whole(body: Body, most: usize) -> Result<Bytes, QueryError> {
    to_bytes(body, most)
        .await
        .map_err(|_| QueryError::new("RequestEntityTooLarge", format!("the body is larger than {most} bytes")))
}

fn parameters(parts: &Parts, body: &Bytes, limits: Protocol) -> Result<Query, QueryError> {
    if parts.method != Method::POST {
        return Query::parse(parts.uri.query().unwrap_or_default().as_bytes(), limits.max_parameters);
    }
    let content_type =
        parts.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if parts.headers.contains_key("x-amz-target") {
        let sentence =
            "services of the query protocol answer here, STS and IAM; x-amz-target names one that speaks JSON";
        return Err(QueryError::malformed(sentence));
    }
    if !body.is_empty() && !content_type.starts_with("application/x-www-form-urlencoded") {
        return Err(QueryError::malformed("expected a body of type application/x-www-form-urlencoded"));
    }
    Query::parse(body, limits.max_parameters)
}
