//! Who verifies signatures: the broker in this process, or a resource server that asks one elsewhere.

use std::sync::Arc;

use crate::Error;
use crate::broker::Broker;
use crate::credentials::SessionSource;
use crate::decision::Decision;
use crate::explain::CorrelationId;
use crate::http::resource_server::{Presented, ResourceServer};
use crate::policy::Keys;
use crate::request::{AuthenticatedRequest, RequestError, Service, SignedHead, SignedRequest, StreamedRequest};
use crate::time::Timestamp;

/// Who verifies the signatures of requests, and decides what their callers may do.
#[derive(Clone, Debug)]
pub struct Authority(Kind);

#[derive(Clone, Debug)]
enum Kind {
    Broker(Arc<Broker>),
    Server(ResourceServer),
}

impl From<Arc<Broker>> for Authority {
    fn from(broker: Arc<Broker>) -> Self {
        Self(Kind::Broker(broker))
    }
}

impl From<ResourceServer> for Authority {
    fn from(server: ResourceServer) -> Self {
        Self(Kind::Server(server))
    }
}

/// What is at hand for one request.
#[derive(Clone, Debug)]
pub(super) struct Standing {
    kind: At,
    correlation_id: CorrelationId,
}

#[derive(Clone, Debug)]
enum At {
    Broker(Arc<Broker>),
    Server(ResourceServer, Arc<Presented>),
}

impl Authority {
    /// Brings together what verifying `head` takes; only a resource server may have to ask for it.
    pub(super) async fn prepare(
        &self,
        service: &Service,
        head: &SignedHead,
        correlation_id: CorrelationId,
    ) -> Standing {
        let kind = match &self.0 {
            Kind::Broker(broker) => At::Broker(Arc::clone(broker)),
            Kind::Server(server) => At::Server(server.clone(), Arc::new(server.prepare(service, head).await)),
        };
        Standing { kind, correlation_id }
    }
}

impl Standing {
    pub(super) const fn correlation_id(&self) -> &CorrelationId {
        &self.correlation_id
    }

    pub(super) fn sessions(&self) -> &dyn SessionSource {
        match &self.kind {
            At::Broker(broker) => broker.sessions(),
            At::Server(_, presented) => &**presented,
        }
    }

    pub(super) fn now(&self) -> Timestamp {
        match &self.kind {
            At::Broker(broker) => broker.now(),
            At::Server(server, _) => server.now(),
        }
    }

    pub(super) fn authenticate(&self, service: &Service, signed: SignedRequest) -> Result<AuthenticatedRequest, Error> {
        match &self.kind {
            At::Broker(broker) => broker.follow(self.correlation_id.clone()).authenticate(service, signed),
            At::Server(server, presented) => server.authenticate(&self.correlation_id, presented, service, signed),
        }
    }

    pub(super) fn authenticate_streamed(&self, service: &Service, head: SignedHead) -> Result<StreamedRequest, Error> {
        match &self.kind {
            At::Broker(broker) => broker.follow(self.correlation_id.clone()).authenticate_streamed(service, head),
            At::Server(server, presented) => {
                server.authenticate_streamed(&self.correlation_id, presented, service, head)
            }
        }
    }

    pub(super) fn refuse_body(&self, request: &AuthenticatedRequest, error: RequestError) -> Result<(), Error> {
        match &self.kind {
            At::Broker(broker) => broker.follow(self.correlation_id.clone()).refuse_body(request, error),
            At::Server(server, _) => server.refuse_body(&self.correlation_id, request, error),
        }
    }

    pub(super) fn authorize(
        &self,
        request: &AuthenticatedRequest,
        action: &str,
        resource: &str,
        environment: Keys,
    ) -> Result<Decision, Error> {
        let id = &self.correlation_id;
        match &self.kind {
            At::Broker(broker) => broker.follow(id.clone()).authorize(request, action, resource, environment),
            At::Server(server, presented) => server.authorize(id, presented, request, (action, resource), environment),
        }
    }
}
