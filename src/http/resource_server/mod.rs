//! Verifies signed requests in a service that holds no master key: it asks the broker for one scoped signing key a session,
//! and keeps it for the day.
//!
//! ```no_run
//! use axum::Router;
//! use daypass::http::fetch::FetchError;
//! use daypass::http::resource_server::{ResourceServer, ServerCredentials};
//! use daypass::http::signed::RequireSignature;
//! use daypass::request::Service;
//!
//! fn app(routes: Router, credentials: ServerCredentials) -> Result<Router, FetchError> {
//!     let server = ResourceServer::new("https://broker.example", "https://broker.example", credentials)?;
//!     Ok(routes.layer(RequireSignature::new(server, Service::new("reports"))))
//! }
//! ```
//!
//! # What is verified here, and what the broker is asked
//!
//! The session token is verified offline, by the broker's published keys, before anything is asked: a stranger cannot make a
//! server ask. Then the broker is asked for the [signing key](super::signing_keys) of the request's scope and for what the
//! session is [entitled](crate::session::Entitlements) to. Every rule of the stage is held to here
//! ([`RULES`](crate::request::RULES)), as in the broker; the decision is made here, with those policies and boundaries, the
//! session's own policies, the control policies of the caller's account and of this server's, and the policies of resources
//! that this server was given ([`ResourceServer::with_resource_policy`]).
//!
//! Requests signed with long-term access keys are refused: such a key is the broker's to look up, and ends at no time by
//! which a handed-over key would have to be forgotten. Their holders ask for a session first, and are told so. The server
//! itself asks with a long-term key of a user of its own, or with a session:
//!
//! ```
//! use daypass::credentials::{Credentials, LongTermKey};
//! use daypass::http::resource_server::ServerCredentials;
//!
//! fn of_a_user(key: &LongTermKey) -> ServerCredentials {
//!     ServerCredentials::from(key)
//! }
//!
//! fn of_a_session(credentials: &Credentials) -> ServerCredentials {
//!     ServerCredentials::from(credentials)
//! }
//! ```
//!
//! # Revocation
//!
//! An answer counts for [`DEFAULT_REFRESH`] unless [`with_refresh`](ResourceServer::with_refresh) says otherwise; then the
//! broker is asked again, so that a session that was revoked, and permissions that were changed, are known no later than
//! that. While the broker cannot be reached, what it said counts for [`DEFAULT_GRACE`]
//! ([`with_grace`](ResourceServer::with_grace)), and no longer than the session; after that requests are refused.

mod cache;
mod client;
mod sign;
pub(super) mod standing;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use self::cache::{Cache, Known};
use self::client::{AskError, Client};
use crate::Error;
use crate::arn::{AccountId, Arn};
use crate::audit::{AuditEvent, AuditSink, Discard, Outcome, Stage};
use crate::credentials::{
    AccessKeyId, CredentialScope, LongTermKey, OpenSession, Revoked, SessionSource, TokenError, token,
};
use crate::decision::{self, Decision, Question};
use crate::explain::{CorrelationId, Silent};
use crate::http::fetch::FetchError;
use crate::policy::{Keys, ResourcePolicy};
use crate::request::{self, AuthenticatedRequest, RequestError, Service, SignedHead, SignedRequest, StreamedRequest};
use crate::session::{Caller, LongTermIdentity, Session};
use crate::time::{Clock, SystemClock, Timestamp};

pub use sign::ServerCredentials;

/// How long an answer of the broker counts before it is asked again: 5 minutes.
pub const DEFAULT_REFRESH: Duration = Duration::from_secs(300);
/// How long it counts while the broker cannot be reached: an hour.
pub const DEFAULT_GRACE: Duration = Duration::from_secs(3600);
/// Sessions remembered.
const CAPACITY: usize = 16_384;

/// Verifies the requests to one service with keys that a broker elsewhere gives; cheap to clone.
#[derive(Clone)]
pub struct ResourceServer {
    client: Arc<Client>,
    cache: Arc<Cache>,
    refresh: Duration,
    grace: Duration,
    resources: Arc<Vec<(String, AccountId, ResourcePolicy)>>,
    clock: Arc<dyn Clock>,
    audit: Arc<dyn AuditSink>,
}

impl ResourceServer {
    /// A server that asks the broker at `broker_url` (https, or http on this machine), whose session tokens say `issuer`
    /// ([`Keyring::with_issuer`](crate::Keyring::with_issuer)), and signs its asks with `credentials`.
    ///
    /// # Errors
    /// [`FetchError`] when the URL is not one that can be asked, or TLS cannot be set up.
    pub fn new(broker_url: &str, issuer: &str, credentials: ServerCredentials) -> Result<Self, FetchError> {
        Ok(Self {
            client: Arc::new(Client::new(broker_url, issuer, credentials)?),
            cache: Arc::new(Cache::new(CAPACITY)),
            refresh: DEFAULT_REFRESH,
            grace: DEFAULT_GRACE,
            resources: Arc::default(),
            clock: Arc::new(SystemClock),
            audit: Arc::new(Discard),
        })
    }

    /// Asks the broker again when its answer is older than `refresh`.
    #[must_use]
    pub const fn with_refresh(mut self, refresh: Duration) -> Self {
        self.refresh = refresh;
        self
    }

    /// Lets an answer count for `grace` while the broker cannot be reached.
    #[must_use]
    pub const fn with_grace(mut self, grace: Duration) -> Self {
        self.grace = grace;
        self
    }

    /// Puts `policy` on a resource of `owner`'s account and on everything below it, as
    /// [`Broker::with_resource_policy`](crate::Broker::with_resource_policy) does.
    #[must_use]
    pub fn with_resource_policy(mut self, owner: AccountId, resource: &Arn, policy: ResourcePolicy) -> Self {
        let resources = Arc::make_mut(&mut self.resources);
        resources.retain(|(known, ..)| known != resource.as_str());
        resources.push((resource.to_string(), owner, policy));
        self
    }

    /// Takes `now` from `clock`.
    #[must_use]
    pub fn with_clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Records every outcome in `audit`.
    #[must_use]
    pub fn with_audit(mut self, audit: Arc<dyn AuditSink>) -> Self {
        self.audit = audit;
        self
    }

    /// Signs with other credentials from now on: temporary ones are renewed before they end.
    pub fn replace_credentials(&self, credentials: ServerCredentials) {
        self.client.replace_credentials(credentials);
    }

    pub(super) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Has at hand what verifying `head` takes, asking the broker where need be.
    pub(super) async fn prepare(&self, service: &Service, head: &SignedHead) -> Presented {
        let now = self.now();
        let Ok((authorization, Some(token))) = request::claimed(service, head, now) else {
            // The stage refuses it before it asks for a session.
            return Presented::nobody();
        };
        // Signature Version 4A has no scope that a key is handed over for; it is refused before this.
        let Some(scope) = authorization.credential_scope() else { return Presented::nobody() };
        let id = authorization.access_key_id();
        let known = self.known((id, scope), &token, now).await;
        Presented { access_key_id: Some(id.clone()), known }
    }

    async fn known(
        &self,
        (id, scope): (&AccessKeyId, &CredentialScope),
        token: &str,
        now: Timestamp,
    ) -> Result<Arc<Known>, TokenError> {
        let known = self.cache.find(id).filter(|known| known.opened.holds(token));
        if let Some(known) = &known {
            token::verify_time(known.opened.session(), now)?;
            let has_key = known.opened.signing_key(scope).is_some();
            if has_key && now < known.asked_at.saturating_add(self.refresh) {
                return Ok(Arc::clone(known));
            }
        }
        let opened = match &known {
            Some(known) => Arc::clone(&known.opened),
            None => Arc::new(self.client.verify(id, token, now).await?),
        };
        match self.client.signing_key(id, token, scope, now).await {
            Ok(answer) => {
                opened.keep_signing_key(scope, &answer.key);
                let known = Arc::new(Known { opened, standing: answer.standing, asked_at: now });
                self.cache.keep(id, &known);
                Ok(known)
            }
            Err(AskError::NotHanded { reason }) => {
                self.cache.forget(id);
                Err(TokenError::NotVouchedFor { reason })
            }
            Err(AskError::Unavailable { reason }) => known
                .filter(|known| now < known.asked_at.saturating_add(self.grace))
                .filter(|known| known.opened.signing_key(scope).is_some())
                .ok_or(TokenError::Unavailable { reason }),
        }
    }

    pub(super) fn authenticate(
        &self,
        id: &CorrelationId,
        presented: &Presented,
        service: &Service,
        signed: SignedRequest,
    ) -> Result<AuthenticatedRequest, Error> {
        let resource = format!("{} {}", signed.head().method(), signed.head().path());
        let result = request::authenticate(presented, service, signed, self.now(), &mut Silent);
        let principal = result.as_ref().map(|request| request.caller().arn().to_string()).unwrap_or_default();
        self.conclude(id, (Stage::Request, "authenticate"), (principal, resource), result.map_err(Error::from))
    }

    pub(super) fn authenticate_streamed(
        &self,
        id: &CorrelationId,
        presented: &Presented,
        service: &Service,
        head: SignedHead,
    ) -> Result<StreamedRequest, Error> {
        let resource = format!("{} {}", head.method(), head.path());
        let result = request::authenticate_streamed(presented, service, head, self.now(), &mut Silent);
        let principal =
            result.as_ref().map(|streamed| streamed.request().caller().arn().to_string()).unwrap_or_default();
        self.conclude(id, (Stage::Request, "authenticate"), (principal, resource), result.map_err(Error::from))
    }

    pub(super) fn refuse_body(
        &self,
        id: &CorrelationId,
        request: &AuthenticatedRequest,
        error: RequestError,
    ) -> Result<(), Error> {
        let resource = format!("{} {}", request.head().method(), request.head().path());
        let told = (request.caller().arn().to_string(), resource);
        self.conclude(id, (Stage::Request, "verify body"), told, Err(error.into()))
    }

    pub(super) fn authorize(
        &self,
        id: &CorrelationId,
        presented: &Presented,
        request: &AuthenticatedRequest,
        (action, resource): (&str, &str),
        environment: Keys,
    ) -> Result<Decision, Error> {
        let caller = request.caller();
        let Ok(known) = &presented.known else {
            // Nobody is authenticated with nothing known.
            return Err(Error::Request(RequestError::MissingAuthentication));
        };
        let mut environment = environment;
        if let Some(region) = request.authorization().region()
            && environment.values("aws:RequestedRegion").next().is_none()
        {
            environment.set("aws:RequestedRegion", region);
        }
        let mut question = Question::new(caller, &known.standing.entitlements)
            .within(&known.standing.organization)
            .with_environment(environment);
        if let Some((owner, policy)) = self.resource_policy(resource) {
            question = question.with_resource_policy(owner, policy);
        }
        let told = (caller.arn().to_string(), resource.to_owned());
        let decision = match decision::authorize(question, action, resource, self.now()) {
            Ok(decision) => decision,
            Err(error) => return self.conclude(id, (Stage::Decision, action), told, Err(error.into())),
        };
        let outcome = if decision.is_allow() { Outcome::Accepted } else { Outcome::Refused };
        let mut event = AuditEvent::new(self.now(), id.clone(), Stage::Decision, action, outcome);
        (event.principal, event.resource) = told;
        event.code = (!decision.is_allow()).then_some("AccessDenied");
        event.reason = decision.to_string();
        self.record(event)?;
        Ok(decision)
    }

    /// The policy of `resource`, or of the nearest thing it is below.
    fn resource_policy(&self, resource: &str) -> Option<(&AccountId, &ResourcePolicy)> {
        let above = resource.rmatch_indices('/').filter_map(|(slash, _)| resource.get(..slash));
        let named = |name: &str| self.resources.iter().find(|(known, ..)| known == name);
        let found = std::iter::once(resource).chain(above).find_map(named);
        found.map(|(_, owner, policy)| (owner, policy))
    }

    fn conclude<T>(
        &self,
        id: &CorrelationId,
        (stage, operation): (Stage, &str),
        (principal, resource): (String, String),
        result: Result<T, Error>,
    ) -> Result<T, Error> {
        let outcome = if result.is_ok() { Outcome::Accepted } else { Outcome::Refused };
        let mut event = AuditEvent::new(self.now(), id.clone(), stage, operation, outcome);
        (event.principal, event.resource) = (principal, resource);
        if let Err(error) = &result {
            event.code = Some(error.code());
            event.reason = error.reason();
        }
        // What cannot be recorded does not happen.
        self.record(event)?;
        result
    }

    fn record(&self, mut event: AuditEvent) -> Result<(), Error> {
        crate::broker::bound(&mut event);
        self.audit.record(&event).map_err(|error| Error::Audit { reason: error.to_string() })
    }
}

impl fmt::Debug for ResourceServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResourceServer").field("client", &self.client).finish_non_exhaustive()
    }
}

/// What one request was found to bring: the session it may use, or why there is none.
#[derive(Debug)]
pub(super) struct Presented {
    access_key_id: Option<AccessKeyId>,
    known: Result<Arc<Known>, TokenError>,
}

impl Presented {
    fn nobody() -> Self {
        Self { access_key_id: None, known: Err(TokenError::Malformed) }
    }
}

impl SessionSource for Presented {
    fn open(&self, access_key_id: &AccessKeyId, token: &str, now: Timestamp) -> Result<Arc<OpenSession>, TokenError> {
        let known = self.known.as_ref().map_err(Clone::clone)?;
        // What was prepared for one request serves no other.
        if self.access_key_id.as_ref() != Some(access_key_id) || !known.opened.holds(token) {
            return Err(TokenError::Malformed);
        }
        token::verify_time(known.opened.session(), now)?;
        Ok(Arc::clone(&known.opened))
    }

    /// Revoked sessions, and those of roles and users that are gone, are refused by the broker when it is asked about them.
    fn verify_live(&self, session: &Arc<Session>, access_key_id: &AccessKeyId) -> Result<Caller, Revoked> {
        let known = self.known.as_ref().ok().filter(|known| known.opened.access_key_id() == access_key_id);
        let nobody = || Revoked::PrincipalGone { principal_id: session.principal_id().to_owned() };
        known.ok_or_else(nobody)?.standing.present(session)
    }

    /// Long-term keys belong to requests to the broker: no key of theirs is handed over.
    fn find_long_term(&self, _: &AccessKeyId) -> Option<(Arc<LongTermKey>, LongTermIdentity)> {
        None
    }

    fn has_long_term(&self) -> bool {
        false
    }

    fn has_secrets(&self) -> bool {
        false
    }
}
