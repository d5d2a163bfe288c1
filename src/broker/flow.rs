//! One person's way through the stages: runs each, records its outcome, keeps assertions from being used again.

use crate::arn::AccountId;
use crate::audit::{Outcome, Stage};
use crate::credentials::{self, Credentials};
use crate::decision::{self, Decision, Question};
use crate::directory::AssignedRole;
use crate::explain::{Check, CorrelationId};
use crate::policy::{Keys, Policy};
use crate::request::{self, AuthenticatedRequest, BearerSession, Service, SignedRequest};
use crate::session::{self, Asking, AssumeReport, AssumeRole, Caller, Role, RoleSession, Session, SessionError};
use crate::time::Timestamp;
use crate::{Error, VerifiedIdentity};

use super::Broker;
use super::record::{Hearing, Told};

/// One person's way through the stages, under one correlation id.
///
/// What is done with a session is recorded under the flow that the session came from, which its token carries: a
/// person is followed from the sign-in to the last request. Where that is another flow than this one, the event's
/// `request_id` is this one's id.
#[derive(Debug)]
pub struct Flow<'a> {
    broker: &'a Broker,
    correlation_id: CorrelationId,
}

impl<'a> Flow<'a> {
    pub(super) const fn new(broker: &'a Broker, correlation_id: CorrelationId) -> Self {
        Self { broker, correlation_id }
    }

    pub(super) const fn broker(&self) -> &'a Broker {
        self.broker
    }

    /// The id that events of this flow carry, as their correlation id or as their request id.
    #[must_use]
    pub const fn correlation_id(&self) -> &CorrelationId {
        &self.correlation_id
    }

    /// Records a sign-in that was refused before there was anything to verify, such as one that nobody began.
    ///
    /// # Errors
    /// [`Error::Audit`] when the audit trail failed.
    pub fn refuse(&self, operation: &str, code: &'static str, reason: &str) -> Result<(), Error> {
        self.refuse_after(operation, code, reason, Vec::new())
    }

    /// As [`Flow::refuse`], with the checks that led to it.
    ///
    /// # Errors
    /// As [`Flow::refuse`].
    pub fn refuse_after(
        &self,
        operation: &str,
        code: &'static str,
        reason: &str,
        checks: Vec<Check>,
    ) -> Result<(), Error> {
        let told = Told { checks, ..Told::default() };
        let mut event = self.event(Stage::Identity, operation, Outcome::Refused, told);
        event.code = Some(code);
        reason.clone_into(&mut event.reason);
        self.record(event)
    }

    /// Assumes a role as whom a provider signed for, with what the provider's mapping makes of its attributes if it has one.
    ///
    /// # Errors
    /// [`Error::Session`], or that the audit trail failed.
    pub fn assume_role(&self, identity: &VerifiedIdentity, ask: AssumeRole) -> Result<RoleSession, Error> {
        let told = Told { principal: identity.subject().to_owned(), ..Told::default() };
        self.assume("assume role with federation", told, ask, |role, ask, hearing| {
            let now = self.broker.now();
            match self.broker.mapping(identity) {
                Some(mapping) => session::assume_mapped(identity, mapping, role, ask, now, hearing),
                None => session::assume_federated(identity, role, ask, now, hearing),
            }
        })
    }

    /// Assumes a role that the directory assigns.
    ///
    /// # Errors
    /// As [`Flow::assume_role`].
    pub fn assume_assigned(&self, assigned: &AssignedRole, ask: AssumeRole) -> Result<RoleSession, Error> {
        let told = Told { principal: assigned.user_name().to_owned(), ..Told::default() };
        self.assume("assume assigned role", told, ask, |role, ask, hearing| {
            session::assume_assigned(assigned, role, ask, self.broker.now(), hearing)
        })
    }

    /// Assumes a role as whoever signed `request`: a user, or the session of another role. Contexts that are provided are
    /// verified first.
    ///
    /// # Errors
    /// As [`Flow::assume_role`]; [`Error::ContextAssertion`]; [`Error::Directory`] when whom a context is about has left the
    /// directory; [`Error::Request`] when the caller's own role or user is gone by now.
    pub fn assume_as(&self, request: &AuthenticatedRequest, ask: AssumeRole) -> Result<RoleSession, Error> {
        let standing = self.broker.entitled(request.caller());
        let operation = match request.caller().role_session() {
            Some(_) => "assume role from another role",
            None => "assume role",
        };
        let wanted = ask.role_arn().to_string();
        let told = |caller| Told { resource: wanted.clone(), ..Told::of_caller(caller) };
        let (caller, entitlements) = match standing {
            Ok(standing) => standing,
            Err(gone) => return self.conclude(Stage::Session, operation, told(request.caller()), Err(gone)),
        };
        let caller = &caller;
        let asking = Asking::new(caller, &entitlements);
        let environment = environment(request, ask.environment().clone());
        let ask = ask.with_environment(environment);
        // Before the role is looked for: an assertion that is no good tells nobody which roles there are.
        let mut ask = self.verify_contexts(ask, operation, || told(caller))?;
        let mfa = match (ask.mfa_code(), caller.identity()) {
            (None, _) => Ok(None),
            (Some(code), Some(identity)) => self.verify_mfa(identity, code).map(Some),
            (Some(_), None) => {
                Err(SessionError::MfaDevice { reason: "the caller is no user and has no device".to_owned() })
            }
        };
        if let Ok(Some(proof)) = &mfa {
            ask = ask.with_mfa(proof);
        }
        self.assume(operation, Told::of_caller(caller), ask, |role, ask, hearing| {
            mfa?;
            session::assume_as(asking, role, ask, self.broker.now(), hearing)
        })
    }

    /// Why [`Flow::assume_as`] would give whoever signed `request` a session or not, for those who manage the role. Nothing is
    /// used up, and a code of an MFA device counts as proved.
    ///
    /// # Errors
    /// [`Error::Session`] when there is no such role; [`Error::Request`] when the caller's own role or user is gone.
    pub fn explain_assume(&self, request: &AuthenticatedRequest, ask: AssumeRole) -> Result<AssumeReport, Error> {
        let environment = environment(request, ask.environment().clone());
        self.broker.explain_assume_of(request.caller(), ask.with_environment(environment))
    }

    fn assume(
        &self,
        operation: &str,
        mut told: Told,
        ask: AssumeRole,
        stage: impl FnOnce(&Role, AssumeRole, &mut Hearing) -> Result<RoleSession, SessionError>,
    ) -> Result<RoleSession, Error> {
        let mut hearing = self.hearing();
        let role_arn = ask.role_arn().clone();
        let ask = ask
            .following(told.origin.as_ref().unwrap_or(&self.correlation_id).clone())
            .within(std::sync::Arc::clone(&self.broker.organization));
        let assumed = match self.broker.role(&role_arn) {
            Some(role) => self
                .verify_managed(role.account(), ask.session_policies())
                .and_then(|()| stage(&role, ask, &mut hearing)),
            None => Err(SessionError::UnknownRole { role: role_arn.clone() }),
        };
        told.checks = hearing.finish(&session::RULES);
        told.resource = role_arn.to_string();
        let context = assumed.as_ref().ok().and_then(|session| session.claims().identity_context.as_deref());
        told.on_behalf_of = context.map(Into::into).or(told.on_behalf_of);
        self.conclude(Stage::Session, operation, told, assumed.map_err(Error::from))
    }

    /// Makes the credentials of a session.
    ///
    /// # Errors
    /// [`Error::Credentials`], or that the audit trail failed.
    pub fn mint(&self, session: impl Into<Session>) -> Result<Credentials, Error> {
        self.mint_with_token_of(session, 0)
    }

    /// As [`Flow::mint`], with a session token of `least` bytes or more.
    ///
    /// # Errors
    /// As [`Flow::mint`].
    pub fn mint_with_token_of(&self, session: impl Into<Session>, least: usize) -> Result<Credentials, Error> {
        let session = session.into();
        let mut told = Told::of(&session);
        let keyring = self.broker.sessions.keyring();
        let minted = credentials::mint_with_token_of(keyring, session, least, self.broker.now());
        told.resource = minted.as_ref().map(|minted| minted.access_key_id().to_string()).unwrap_or_default();
        self.conclude(Stage::Credentials, "mint", told, minted.map_err(Error::from))
    }

    /// Authenticates a request that was sent to `service`, and must be signed for it: a resource server that holds a key
    /// for another service could otherwise sign requests that are accepted here.
    ///
    /// # Errors
    /// [`Error::Request`], or that the audit trail failed.
    pub fn authenticate(&self, service: &Service, signed: SignedRequest) -> Result<AuthenticatedRequest, Error> {
        let mut hearing = self.hearing();
        let resource = format!("{} {}", signed.head().method(), signed.head().path());
        let now = self.broker.now();
        let authenticated = request::authenticate(&self.broker.sessions, service, signed, now, &mut hearing);
        let told = authenticated.as_ref().map(|request| Told::of_signer(request.caller())).unwrap_or_default();
        let told = Told { resource, checks: hearing.finish(&request::RULES), ..told };
        if let Ok(request) = &authenticated {
            self.note_use(request, now);
        }
        self.conclude(Stage::Request, "authenticate", told, authenticated.map_err(Error::from))
    }

    /// Notes when and where the role was used whose session signed.
    pub(super) fn note_use(&self, request: &AuthenticatedRequest, now: Timestamp) {
        if let Some(session) = request.caller().role_session() {
            let region = request.authorization().region().unwrap_or_default();
            self.broker.registry().read().note_role_use(session, region, now);
        }
    }

    /// Authenticates the bearer of a session token.
    ///
    /// # Errors
    /// As [`Flow::authenticate`].
    pub fn authenticate_bearer(&self, session_token: &str) -> Result<BearerSession, Error> {
        let mut hearing = self.hearing();
        let now = self.broker.now();
        let borne = request::authenticate_bearer(&self.broker.sessions, session_token, now, &mut hearing);
        let told = borne.as_ref().map(|borne| Told::of_caller(borne.caller())).unwrap_or_default();
        let told = Told { checks: hearing.finish(&request::RULES), ..told };
        self.conclude(Stage::Request, "authenticate bearer", told, borne.map_err(Error::from))
    }

    /// Decides whether whoever signed `request` may do `action` on `resource`; `environment` is what is known of the request
    /// beyond what it says itself, such as `aws:SourceIp`.
    ///
    /// # Errors
    /// [`Error::Name`] when `action` or `resource` is not a name, [`Error::Request`] when the caller's role or user is gone by
    /// now, or that the audit trail failed.
    pub fn authorize(
        &self,
        request: &AuthenticatedRequest,
        action: &str,
        resource: &str,
        environment: Keys,
    ) -> Result<Decision, Error> {
        self.decide(Some(request.caller()), None, action, resource, self::environment(request, environment))
    }

    /// As [`Flow::authorize`], for whoever bears a session token.
    ///
    /// # Errors
    /// As [`Flow::authorize`].
    pub fn authorize_bearer(
        &self,
        bearer: &BearerSession,
        action: &str,
        resource: &str,
        environment: Keys,
    ) -> Result<Decision, Error> {
        self.decide(Some(bearer.caller()), None, action, resource, environment)
    }

    /// As [`Flow::authorize`], for someone who did not sign: only the resource's own policy can allow it.
    ///
    /// # Errors
    /// As [`Flow::authorize`].
    pub fn authorize_anonymous(&self, action: &str, resource: &str, environment: Keys) -> Result<Decision, Error> {
        self.decide(None, None, action, resource, environment)
    }

    /// Decides and records the decision; `owner` is whose the resource is taken to be whatever account it names.
    pub(super) fn decide(
        &self,
        caller: Option<&Caller>,
        owner: Option<&AccountId>,
        action: &str,
        resource: &str,
        environment: Keys,
    ) -> Result<Decision, Error> {
        let (decision, told) = self.weigh(caller, owner, None, (action, resource), environment)?;
        let outcome = if decision.is_allow() { Outcome::Accepted } else { Outcome::Refused };
        self.tell_decision(action, told, outcome, decision.to_string())?;
        Ok(decision)
    }

    /// Decides and does not record the decision yet, only that none could be made; `granted` is one more of the caller's own
    /// policies.
    pub(super) fn weigh(
        &self,
        caller: Option<&Caller>,
        owner: Option<&AccountId>,
        granted: Option<Policy>,
        (action, resource): (&str, &str),
        environment: Keys,
    ) -> Result<(Decision, Told), Error> {
        let told = |caller: Option<&Caller>| {
            let nobody = || Told { principal: "anonymous".to_owned(), ..Told::default() };
            Told { resource: resource.to_owned(), ..caller.map_or_else(nobody, Told::of_caller) }
        };
        // The roles and users of sessions come and go, and users are moved and renamed, while somebody is authenticated.
        let mut standing = match caller.map(|caller| self.broker.entitled(caller)).transpose() {
            Ok(standing) => standing,
            Err(gone) => return self.conclude(Stage::Decision, action, told(caller), Err(gone)),
        };
        if let Some((_, entitlements)) = &mut standing {
            entitlements.identity.extend(granted);
        }
        let asked = standing.as_ref().map(|(caller, entitlements)| Question::new(caller, entitlements));
        let mut question =
            asked.unwrap_or_else(Question::anonymous).within(&self.broker.organization).with_environment(environment);
        if let Some(owner) = owner {
            question = question.with_owner(owner);
        }
        if let Some((owner, policy)) = self.broker.resource_policy(resource) {
            question = question.with_resource_policy(owner, policy);
        }
        let told = told(standing.as_ref().map(|(caller, _)| caller));
        match decision::authorize(question, action, resource, self.broker.now()) {
            Ok(decision) => Ok((decision, told)),
            Err(error) => self.conclude(Stage::Decision, action, told, Err(error.into())),
        }
    }

    /// Records a decision.
    pub(super) fn tell_decision(
        &self,
        action: &str,
        told: Told,
        outcome: Outcome,
        reason: String,
    ) -> Result<(), Error> {
        let mut event = self.event(Stage::Decision, action, outcome, told);
        event.code = (outcome == Outcome::Refused).then_some("AccessDenied");
        event.reason = reason;
        self.record(event)
    }
}

/// What a signed request says of itself, with what is known of it besides.
pub(super) fn environment(request: &AuthenticatedRequest, mut known: Keys) -> Keys {
    let mut say = |name: &str, value: Option<&str>| {
        if let Some(value) = value.filter(|_| known.values(name).next().is_none()) {
            known.set(name, value);
        }
    };
    say("aws:RequestedRegion", request.authorization().region());
    for (name, header) in [("aws:UserAgent", "user-agent"), ("aws:Referer", "referer")] {
        let value = request.head().headers().all(header).next();
        say(name, value.and_then(|value| std::str::from_utf8(value).ok()));
    }
    known
}
