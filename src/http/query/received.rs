//! A call as it came from the wire: bounded, its parameters read, its signature not verified.

use axum::body::{Body, Bytes, to_bytes};
use axum::http::request::Parts;
use axum::http::{Method, Request, header};

use super::{Protocol, Query, QueryError};
use crate::Error;
use crate::http::environment;
use crate::policy::Keys;
use crate::request::{SignedHead, SignedRequest, authorization};

/// One call of a service.
#[derive(Debug)]
pub(in crate::http) struct Received {
    parts: Parts,
    body: Bytes,
    query: Query,
    head: SignedHead,
    scope_service: Option<String>,
}

impl Received {
    /// Reads a request within the limits of the service that its credential scope names.
    pub(super) async fn read(
        request: Request<Body>,
        protocol: impl FnOnce(Option<&str>) -> Protocol,
    ) -> Result<Self, QueryError> {
        let (parts, body) = request.into_parts();
        let target = parts.uri.path_and_query().map_or("/", |target| target.as_str());
        let headers = parts.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes()));
        let head = SignedHead::new(parts.method.as_str(), target, headers).map_err(Error::from)?;
        let signed = authorization::parse(&head).ok();
        let scope_service = signed.map(|signed| signed.credential_scope().service().to_owned());
        let limits = protocol(scope_service.as_deref());
        let body = to_bytes(body, limits.max_body).await.map_err(|_| {
            let limit = limits.max_body;
            QueryError::new("RequestEntityTooLarge", format!("the body is larger than {limit} bytes"))
        })?;
        let query = parameters(&parts, &body, limits)?;
        Ok(Self { parts, body, query, head, scope_service })
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
}

fn parameters(parts: &Parts, body: &Bytes, limits: Protocol) -> Result<Query, QueryError> {
    if parts.method != Method::POST {
        return Query::parse(parts.uri.query().unwrap_or_default().as_bytes(), limits.max_parameters);
    }
    let content_type =
        parts.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !body.is_empty() && !content_type.starts_with("application/x-www-form-urlencoded") {
        return Err(QueryError::malformed("expected a body of type application/x-www-form-urlencoded"));
    }
    Query::parse(body, limits.max_parameters)
}
