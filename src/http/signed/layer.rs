//! The layer of tower that stands before routes.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes, HttpBody};
use axum::http::request::Parts;
use axum::http::{Request, Response};
use axum::response::IntoResponse;
use tower_layer::Layer;
use tower_service::Service as TowerService;

use super::authority::Authority;
use super::gate::Gate;
use crate::policy::Keys;
use crate::request::Service;

/// Lets requests through that are signed for one service, and nothing else.
#[derive(Clone, Debug)]
pub struct RequireSignature(Arc<Gate>);

impl RequireSignature {
    /// Demands signatures for `service`, verified by a broker or by a
    /// [`ResourceServer`](crate::http::resource_server::ResourceServer).
    #[must_use]
    pub fn new(authority: impl Into<Authority>, service: Service) -> Self {
        Self(Arc::new(Gate::new(authority.into(), service)))
    }

    /// Reads bodies of at most `limit` bytes; [`DEFAULT_BODY_LIMIT`](super::DEFAULT_BODY_LIMIT) unless set.
    #[must_use]
    pub fn with_body_limit(mut self, limit: usize) -> Self {
        self.gate().body_limit = limit;
        self
    }

    /// Hands on a declared body while it arrives, verified on its way: reading it fails at the end when it is not the one
    /// that was signed. Other bodies are read whole all the same.
    #[must_use]
    pub fn streaming(mut self) -> Self {
        self.gate().streaming = true;
        self
    }

    /// Vouches that requests come by TLS, here or at a proxy that nobody can go around: `aws:SecureTransport` is `true`.
    /// Otherwise the key is absent.
    #[must_use]
    pub fn with_secure_transport(mut self) -> Self {
        self.gate().environment.secure();
        self
    }

    /// Adds condition keys of the request, in place of those it has, such as `aws:SourceIp` from the header of a proxy that
    /// is trusted. Keys of the caller's session cannot be changed.
    #[must_use]
    pub fn with_environment(mut self, more: impl Fn(&Parts, &mut Keys) + Send + Sync + 'static) -> Self {
        self.gate().environment.add(more);
        self
    }

    fn gate(&mut self) -> &mut Gate {
        Arc::make_mut(&mut self.0)
    }
}

impl<S> Layer<S> for RequireSignature {
    type Service = Signed<S>;

    fn layer(&self, inner: S) -> Signed<S> {
        Signed { gate: Arc::clone(&self.0), inner }
    }
}

/// A service behind [`RequireSignature`].
#[derive(Clone, Debug)]
pub struct Signed<S> {
    gate: Arc<Gate>,
    inner: S,
}

impl<S, B, R> TowerService<Request<B>> for Signed<S>
where
    S: TowerService<Request<Body>, Response = Response<R>> + Clone + Send + 'static,
    S::Future: Send,
    B: HttpBody<Data = Bytes> + Send + 'static,
    B::Error: Into<axum::BoxError>,
    R: HttpBody<Data = Bytes> + Send + 'static,
    R::Error: Into<axum::BoxError>,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        // The service that was polled ready is the one that is called.
        let next = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, next);
        let gate = Arc::clone(&self.gate);
        Box::pin(async move {
            match gate.admit(request.map(Body::new)).await {
                Ok(request) => Ok(inner.call(request).await?.map(Body::new)),
                Err(refusal) => Ok(refusal.into_response()),
            }
        })
    }
}
