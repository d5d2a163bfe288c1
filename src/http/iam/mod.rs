//! Identity and Access Management over the AWS query protocol, version 2010-05-08.
//!
//! Every operation is signed with Signature Version 4.

mod access_keys;
mod account;
mod attachments;
mod call;
mod details;
mod elsewhere;
mod groups;
mod holders;
mod inline;
mod input;
mod instance_profiles;
mod login_profiles;
mod mfa_devices;
mod oidc_providers;
mod organization_features;
mod outbound;
mod paging;
mod policies;
mod qr_code;
mod roles;
mod saml_providers;
mod service_access;
mod shapes;
mod simulation;
mod subject;
mod tags;
mod target;
mod trail;
mod users;
mod versions;

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use tokio::sync::{AcquireError, Semaphore, SemaphorePermit};

use self::call::{Call, Operation};
use super::query::{Answer, Endpoint, Protocol, QueryError, Received};
use crate::broker::{Broker, Flow};
use crate::identity::oidc::IssuerUrl;
use crate::request::Service;
use crate::time::Timestamp;

pub(super) const PROTOCOL: Protocol = Protocol {
    version: "2010-05-08",
    namespace: "https://iam.amazonaws.com/doc/2010-05-08/",
    // SAML metadata of 10,000,000 characters, the brackets and quotes among them percent-encoded.
    max_body: 16 * 1024 * 1024,
    // A simulation takes lists of policies, actions, resources and context keys.
    max_parameters: 2048,
};

/// Turns at what takes long. They are those of the process, as its processors are: a caller who asks for much work waits for
/// others who do, and nobody else waits for them.
static LONG_WORK: Semaphore = Semaphore::const_new(2);
/// The turn at hashing passwords, for which one of the others is needed too: whoever has passwords hashed keeps one processor
/// busy at the most, and leaves the second turn to others.
static PASSWORD_WORK: Semaphore = Semaphore::const_new(1);
/// How long a call waits for its turn, so that those who wait, and what they hold, do not grow without end.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// Identity and Access Management of a broker.
#[derive(Clone, Debug)]
pub struct Iam {
    broker: Arc<Broker>,
    /// Our entity id and assertion consumer service, for which SAML providers made here must address assertions.
    saml_service: Option<(String, String)>,
    local_issuers: HashSet<IssuerUrl>,
    /// Since when it answers, which is as long as what is configured with the service has been there to be read.
    since: Timestamp,
}

impl Iam {
    /// The operations of `broker`.
    #[must_use]
    pub fn new(broker: Arc<Broker>) -> Self {
        let since = broker.now();
        Self { broker, saml_service: None, local_issuers: HashSet::new(), since }
    }

    /// Lets SAML providers be made, whose assertions must be addressed to `entity_id` and posted to `acs_url`.
    #[must_use]
    pub fn with_saml_service(mut self, entity_id: impl Into<String>, acs_url: impl Into<String>) -> Self {
        self.saml_service = Some((entity_id.into(), acs_url.into()));
        self
    }

    /// Lets OpenID Connect providers be made of this one issuer on this machine or in its network: its documents may come from
    /// loopback, private and link-local addresses. Those of every other issuer that somebody makes a provider of may not.
    #[must_use]
    pub fn with_local_issuer(mut self, issuer: IssuerUrl) -> Self {
        self.local_issuers.insert(issuer);
        self
    }

    /// Answers at `/`, alone; beside other services with [`Endpoint::with_iam`].
    pub fn router(self) -> Router {
        Endpoint::new(Arc::clone(&self.broker)).with_iam(self).router()
    }

    pub(super) async fn answer(&self, flow: Flow<'_>, received: Received) -> Result<Answer, QueryError> {
        let query = received.query();
        let name = PROTOCOL.operation(query)?;
        let Some(operation) = operation(name) else { return Err(PROTOCOL.unknown_operation(query)) };
        let (name, environment) = (name.to_owned(), received.environment());
        let (query, signed, _large) = received.into_parts();
        let caller = flow.authenticate(&Service::IAM, signed)?;
        let work = || Call::new(self, flow, caller, &query, environment).carry_out(&name, operation);
        match turn(&name).await? {
            Some(_turn) => slowly(work),
            None => work(),
        }
    }
}

/// The right to do what takes long.
struct Turn {
    _hashing: Option<SemaphorePermit<'static>>,
    _long: SemaphorePermit<'static>,
}

/// Waits for the turn that an operation needs, though not for ever; most need none.
async fn turn(name: &str) -> Result<Option<Turn>, QueryError> {
    let busy = || QueryError::new("ServiceUnavailable", "the service cannot answer at the moment; try again");
    let hashes = ["CreateLoginProfile", "UpdateLoginProfile", "ChangePassword"].contains(&name);
    if !hashes && !goes_over_much(name) {
        return Ok(None);
    }
    let wait = async {
        // Whoever waits for the password turn holds none of the others.
        let hashing = if hashes { Some(PASSWORD_WORK.acquire().await?) } else { None };
        Ok::<_, AcquireError>(Turn { _hashing: hashing, _long: LONG_WORK.acquire().await? })
    };
    let turn = tokio::time::timeout(LONGEST_WAIT, wait).await.map_err(|_| busy())?;
    turn.map(Some).map_err(|_| busy())
}

/// Whether an operation goes over much, by what it is asked or by what the account holds.
fn goes_over_much(name: &str) -> bool {
    let whole = ["GetAccountAuthorizationDetails", "GenerateCredentialReport", "ListPoliciesGrantingServiceAccess"];
    name.starts_with("Simulate") || name.starts_with("GetContextKeys") || whole.contains(&name)
}

/// Runs what takes a good part of a second, where possible beside the other requests of the thread.
fn slowly<T>(work: impl FnOnce() -> T) -> T {
    use tokio::runtime::{Handle, RuntimeFlavor};
    match Handle::try_current().map(|handle| handle.runtime_flavor()) {
        Ok(RuntimeFlavor::MultiThread) => tokio::task::block_in_place(work),
        _ => work(),
    }
}

/// What answers the operation of this name. Each module has a table of its own.
fn operation(name: &str) -> Option<Operation> {
    roles::operation(name)
        .or_else(|| policies::operation(name))
        .or_else(|| instance_profiles::operation(name))
        .or_else(|| versions::operation(name))
        .or_else(|| attachments::operation(name))
        .or_else(|| inline::operation(name))
        .or_else(|| saml_providers::operation(name))
        .or_else(|| oidc_providers::operation(name))
        .or_else(|| simulation::operation(name))
        .or_else(|| details::operation(name))
        .or_else(|| users::operation(name))
        .or_else(|| groups::operation(name))
        .or_else(|| access_keys::operation(name))
        .or_else(|| mfa_devices::operation(name))
        .or_else(|| login_profiles::operation(name))
        .or_else(|| account::operation(name))
        .or_else(|| outbound::operation(name))
        .or_else(|| tags::operation(name))
        .or_else(|| service_access::operation(name))
        .or_else(|| organization_features::operation(name))
        .or_else(|| elsewhere::operation(name))
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    use super::*;

    /// Asks for a turn without waiting for it.
    fn asked(name: &str) -> Poll<Option<Turn>> {
        pin!(turn(name)).poll(&mut Context::from_waker(Waker::noop())).map(|turn| turn.ok().flatten())
    }

    #[tokio::test(start_paused = true)]
    async fn one_password_is_hashed_at_a_time_two_long_calls_run_and_nobody_waits_for_ever() {
        let Poll::Ready(Some(hashing)) = asked("ChangePassword") else { panic!("the first waits") };
        for name in ["CreateLoginProfile", "UpdateLoginProfile", "ChangePassword"] {
            assert!(asked(name).is_pending(), "{name}");
        }
        let Poll::Ready(Some(long)) = asked("SimulateCustomPolicy") else { panic!("the second turn is taken") };
        assert!(asked("GetAccountAuthorizationDetails").is_pending(), "both turns are taken");
        let refused = turn("ChangePassword").await.err();
        assert_eq!(refused.map(|error| error.code()), Some("ServiceUnavailable"), "the clock moves on by itself");
        for name in ["GetUser", "GetLoginProfile", "DeleteLoginProfile", "CreateUser"] {
            assert!(matches!(asked(name), Poll::Ready(None)), "{name}");
        }
        drop(hashing);
        assert!(matches!(asked("CreateLoginProfile"), Poll::Ready(Some(_))));
        assert!(matches!(asked("ListPoliciesGrantingServiceAccess"), Poll::Ready(Some(_))));
        drop(long);
        assert!(matches!(asked("GetContextKeysForCustomPolicy"), Poll::Ready(Some(_))));
    }
}
