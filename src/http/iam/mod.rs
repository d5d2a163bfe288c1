//! Identity and Access Management over the AWS query protocol, version 2010-05-08.
//!
//! Every operation is signed with Signature Version 4.

mod call;
mod elsewhere;
mod input;
mod paging;

use std::sync::Arc;

use axum::Router;

use self::call::{Call, Operation};
use super::query::{Answer, Endpoint, Protocol, QueryError, Received};
use crate::broker::{Broker, Flow};
use crate::request::Service;

pub(super) const PROTOCOL: Protocol = Protocol {
    version: "2010-05-08",
    namespace: "https://iam.amazonaws.com/doc/2010-05-08/",
    // SAML metadata of 10,000,000 characters, the brackets and quotes among them percent-encoded.
    max_body: 16 * 1024 * 1024,
    // A simulation takes lists of policies, actions, resources and context keys.
    max_parameters: 2048,
};

/// Identity and Access Management of a broker.
#[derive(Clone, Debug)]
pub struct Iam {
    broker: Arc<Broker>,
}

impl Iam {
    /// The operations of `broker`.
    #[must_use]
    pub const fn new(broker: Arc<Broker>) -> Self {
        Self { broker }
    }

    /// Answers at `/`, alone; beside other services with [`Endpoint::with_iam`].
    pub fn router(self) -> Router {
        Endpoint::new(Arc::clone(&self.broker)).with_iam(self).router()
    }

    pub(super) async fn answer(&self, flow: Flow<'_>, received: Received) -> Result<Answer, QueryError> {
        let query = received.query();
        let name = PROTOCOL.operation(query)?;
        let Some(operation) = operation(name) else { return Err(PROTOCOL.unknown_operation(query)) };
        let caller = flow.authenticate(&Service::IAM, received.signed())?;
        let account = caller.caller().account().clone();
        operation(&Call { iam: self, flow, caller, query, environment: received.environment(), account })
    }
}

/// What answers the operation of this name. Each module has a table of its own.
fn operation(name: &str) -> Option<Operation> {
    elsewhere::operation(name)
}
