//! The AWS query protocol: one endpoint for the services that speak it.
//!
//! `POST /` with a form, or `GET /` with a query. A signed request goes to the service that its credential scope names, in
//! whatever region; one without a signature goes by its `Version`, and to the Security Token Service without one.

mod constraints;
mod cors;
mod element;
mod error;
mod parameters;
mod protocol;
mod received;
mod recorded;
mod reply;
mod representation;

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::{Request, header};
use axum::response::Response;
use axum::routing::post;

pub(in crate::http) use self::constraints::Constraints;
pub(in crate::http) use self::element::Element;
pub(in crate::http) use self::error::QueryError;
pub(in crate::http) use self::parameters::Query;
pub(in crate::http) use self::protocol::Protocol;
pub(in crate::http) use self::received::Received;
pub(in crate::http) use self::recorded::NO_JWT;
use self::reply::Reply;
use self::representation::Representation;
use super::iam::{self, Iam};
use super::sts::{self, Sts};
use crate::broker::{Broker, Flow};

/// What an operation answers: its name, and what its result element holds; none where the operation has no result element.
pub(in crate::http) struct Answer {
    operation: &'static str,
    result: Option<Vec<Element>>,
}

impl Answer {
    /// The result of an operation.
    pub(in crate::http) const fn new(operation: &'static str, result: Vec<Element>) -> Self {
        Self { operation, result: Some(result) }
    }

    /// That an operation was done, which is all there is to say.
    pub(in crate::http) const fn done(operation: &'static str) -> Self {
        Self { operation, result: None }
    }

    /// The name of the operation.
    pub(in crate::http) const fn operation(&self) -> &'static str {
        self.operation
    }

    /// What the result element holds.
    pub(in crate::http) fn result(&self) -> &[Element] {
        self.result.as_deref().unwrap_or_default()
    }
}

/// Services of the query protocol behind one address, as real clients expect when one endpoint is set for all.
#[derive(Clone, Debug)]
pub struct Endpoint {
    broker: Arc<Broker>,
    sts: Option<Sts>,
    iam: Option<Iam>,
    cross_origin: bool,
}

#[derive(Clone, Copy)]
enum Chosen<'a> {
    Sts(&'a Sts),
    Iam(&'a Iam),
    None,
}

impl Endpoint {
    /// An endpoint of `broker` at which no service answers yet. Scripts of every site may read its answers, as the SDKs that run
    /// in browsers need it.
    #[must_use]
    pub const fn new(broker: Arc<Broker>) -> Self {
        Self { broker, sts: None, iam: None, cross_origin: true }
    }

    /// Refuses what a browser says a page sent, and lets scripts of no other site read an answer: for an endpoint that no
    /// application in a browser calls. A stolen key that policies limit to addresses (`aws:SourceIp`) could otherwise be used from
    /// a page that somebody at such an address opens.
    #[must_use]
    pub const fn without_cross_origin(mut self) -> Self {
        self.cross_origin = false;
        self
    }

    /// Answers for the Security Token Service.
    #[must_use]
    pub fn with_sts(mut self, sts: Sts) -> Self {
        self.sts = Some(sts);
        self
    }

    /// Answers for Identity and Access Management.
    #[must_use]
    pub fn with_iam(mut self, iam: Iam) -> Self {
        self.iam = Some(iam);
        self
    }

    /// Answers at `/`.
    pub fn router(self) -> Router {
        let methods = post(answer).get(answer);
        let methods = if self.cross_origin { methods.options(cors::preflight) } else { methods };
        Router::new().route("/", methods).with_state(self)
    }

    /// The service that a request is for, by what it is signed for or else by its version. Where neither is served here,
    /// the one that is refuses it by its own rules.
    fn choose(&self, scope: Option<&str>, version: Option<&str>) -> Chosen<'_> {
        let named_iam = match scope {
            Some(service) => service == "iam",
            None => version == Some(iam::PROTOCOL.version),
        };
        match (&self.sts, &self.iam) {
            (_, Some(iam)) if named_iam => Chosen::Iam(iam),
            (Some(sts), _) => Chosen::Sts(sts),
            (None, Some(iam)) => Chosen::Iam(iam),
            (None, None) => Chosen::None,
        }
    }
}

impl Chosen<'_> {
    const fn protocol(self) -> Protocol {
        match self {
            Self::Iam(_) => iam::PROTOCOL,
            Self::Sts(_) | Self::None => sts::PROTOCOL,
        }
    }

    async fn answer(self, flow: Flow<'_>, received: Received) -> Result<Answer, QueryError> {
        match self {
            Self::Sts(sts) => sts.answer(flow, received).await,
            Self::Iam(iam) => iam.answer(flow, received).await,
            Self::None => Err(self.protocol().unknown_operation(received.query())),
        }
    }
}

async fn answer(State(endpoint): State<Endpoint>, request: Request<Body>) -> Response {
    let cross_origin = endpoint.cross_origin && request.headers().contains_key(header::ORIGIN);
    let mut response = reply_to(&endpoint, request).await;
    if cross_origin {
        cors::share(&mut response);
    }
    response
}

async fn reply_to(endpoint: &Endpoint, request: Request<Body>) -> Response {
    let now = endpoint.broker.now();
    // A refusal before the service is known is written as that of whoever is asked without a signature.
    let nobody = endpoint.choose(None, None);
    let representation = Representation::preferred(request.headers());
    let flow = match endpoint.broker.begin() {
        Ok(flow) => flow,
        Err(error) => {
            let reply = Reply { representation, request_id: "", now };
            return reply.failure(nobody.protocol(), &error.into());
        }
    };
    let request_id = flow.correlation_id().to_string();
    if !endpoint.cross_origin && cors::is_sent_by_page(request.headers()) {
        let reply = Reply { representation, request_id: &request_id, now };
        let refused = flow.refuse("call", "AccessDenied", cors::NO_PAGES).map_err(QueryError::from);
        let refused = refused.err().unwrap_or_else(|| QueryError::new("AccessDenied", cors::NO_PAGES));
        return reply.failure(nobody.protocol(), &refused);
    }
    let mut signed_for = nobody;
    let limits = |scope: Option<&str>| {
        signed_for = endpoint.choose(scope, None);
        signed_for.protocol()
    };
    let (chosen, answered) = match Received::read(request, &flow, limits).await {
        Ok(received) => {
            let chosen = endpoint.choose(received.scope_service(), received.query().value("Version"));
            (chosen, chosen.answer(flow, received).await)
        }
        Err(refused) => (signed_for, Err(refused)),
    };
    let reply = Reply { representation, request_id: &request_id, now };
    match answered {
        Ok(answer) => reply.success(chosen.protocol(), &answer),
        Err(refused) => reply.failure(chosen.protocol(), &refused),
    }
}
