//! Holds a request to the rules of this stage, in order.

use std::borrow::Cow;
use std::sync::Arc;

use super::algorithm::{Scope, VerifyingKey};
use super::authorization::{self, Claimed};
use super::checks::{scope_evidence, verify_algorithm, verify_scope, verify_signed_headers, verify_time};
use super::payload::{self, Declared};
use super::rules::{AUTHORIZATION, PAYLOAD, REVOCATION, SCOPE, SESSION_TOKEN, SIGNATURE, SIGNED_HEADERS, TIME};
use super::signed::SignedFields;
use super::{AuthenticatedRequest, Payload, RequestError, Service, SignedHead, SignedRequest, signature};
use crate::credentials::{AccessKeyId, LongTermKey, OpenSession, SessionSource, Sessions, TokenError, token};
use crate::crypto::{CryptoError, HexDigest, P256PublicKey, SignatureValid};
use crate::explain::{Evidence, Listener, Rule, Silent};
use crate::session::{Caller, LongTermIdentity, Session};
use crate::time::Timestamp;

/// A request whose head was authenticated, and whose body is still to come.
#[derive(Debug)]
pub struct StreamedRequest {
    request: AuthenticatedRequest,
    payload: Payload,
}

impl StreamedRequest {
    /// The request without its body.
    #[must_use]
    pub const fn request(&self) -> &AuthenticatedRequest {
        &self.request
    }

    /// The request without its body, and what its body must be fed to.
    #[must_use]
    pub fn into_parts(self) -> (AuthenticatedRequest, Payload) {
        (self.request, self.payload)
    }
}

/// A session whose token was borne, not signed with: whoever saw the token on its way can do the same.
#[derive(Debug)]
pub struct BearerSession {
    caller: Caller,
    session: Arc<Session>,
    access_key_id: AccessKeyId,
    authenticated_at: Timestamp,
}

impl BearerSession {
    /// The session the token carries.
    #[must_use]
    pub const fn session(&self) -> &Arc<Session> {
        &self.session
    }

    /// Whoever the session is by now.
    #[must_use]
    pub const fn caller(&self) -> &Caller {
        &self.caller
    }

    /// The access key the token belongs to.
    #[must_use]
    pub const fn access_key_id(&self) -> &AccessKeyId {
        &self.access_key_id
    }

    /// The instant at which the token was verified.
    #[must_use]
    pub const fn authenticated_at(&self) -> Timestamp {
        self.authenticated_at
    }
}

/// Authenticates a request whose body is here.
///
/// # Errors
/// [`RequestError`], of the first of [`RULES`](super::RULES) that the request breaks.
pub fn authenticate<L: Listener>(
    sessions: &dyn SessionSource,
    service: &Service,
    request: SignedRequest,
    now: Timestamp,
    listener: &mut L,
) -> Result<AuthenticatedRequest, RequestError> {
    let SignedRequest { head, body } = request;
    let mut stage = Stage::new(sessions, service, now, listener);
    let claimed = stage.authorization(&head)?;
    if let Some(declared) = stage.declared(&head, &claimed)? {
        let (caller, key, proof) = stage.signed(&head, &claimed, &declared.0)?;
        let payload = stage.payload(&declared.1, &head, &claimed, &key)?;
        let authorization = claimed.authorization;
        let mut request = AuthenticatedRequest::new(head, authorization, caller, now, &proof);
        let verified = payload.verify_whole(body);
        (request.body, request.trailers) =
            stage.held(&PAYLOAD, verified, |_| Evidence::new("the body that was signed", "the same"))?;
        return Ok(request);
    }
    let payload_hash = HexDigest::of(&body);
    let payload_hash = payload_hash.as_str();
    let (caller, _, proof) = stage.signed(&head, &claimed, payload_hash)?;
    let authorization = claimed.authorization;
    let mut request = AuthenticatedRequest::new(head, authorization, caller, now, &proof);
    // The signature covers the digest computed here, so the body is verified with it.
    stage.held(&PAYLOAD, Ok(()), |()| Evidence::new("the body that was signed", format!("sha256 {payload_hash}")))?;
    request.body = body;
    Ok(request)
}

/// Authenticates the head of a request whose body is still to come; the body must be fed to its [`Payload`].
///
/// The body must be declared in `x-amz-content-sha256`, as S3 clients do: elsewhere its digest is a part of what is signed,
/// and there is no signature to verify before the body has ended.
///
/// # Errors
/// As [`authenticate`]; [`RequestError::PayloadDeclaration`] when the body is not declared.
pub fn authenticate_streamed<L: Listener>(
    sessions: &dyn SessionSource,
    service: &Service,
    head: SignedHead,
    now: Timestamp,
    listener: &mut L,
) -> Result<StreamedRequest, RequestError> {
    let mut stage = Stage::new(sessions, service, now, listener);
    let claimed = stage.authorization(&head)?;
    let Some((text, declared)) = stage.declared(&head, &claimed)? else {
        return stage.refused(&PAYLOAD, RequestError::PayloadDeclaration { found: String::new() });
    };
    let (caller, key, proof) = stage.signed(&head, &claimed, &text)?;
    let payload = stage.payload(&declared, &head, &claimed, &key)?;
    let authorization = claimed.authorization;
    let request = AuthenticatedRequest::new(head, authorization, caller, now, &proof);
    Ok(StreamedRequest { request, payload })
}

/// Whether the body of a request is worth reading: holds its head to every rule that needs no body, so that nobody who could
/// not have signed fills memory. What is accepted here is not authenticated yet.
///
/// # Errors
/// As [`authenticate`].
pub fn verify_head(
    sessions: &dyn SessionSource,
    service: &Service,
    head: &SignedHead,
    now: Timestamp,
) -> Result<BodyOf, RequestError> {
    let mut listener = Silent;
    let mut stage = Stage::new(sessions, service, now, &mut listener);
    let claimed = stage.authorization(head)?;
    match stage.declared(head, &claimed)? {
        Some((text, _)) => stage.signed(head, &claimed, &text).map(|_| BodyOf::Declared),
        None => stage.opened(head, &claimed).map(|_| BodyOf::Undeclared),
    }
}

/// Holds a request whose body came after its head was authenticated to what can have changed meanwhile: its age, its session and
/// its key.
///
/// # Errors
/// As [`authenticate`].
#[cfg(feature = "http")]
pub(crate) fn verify_standing(
    sessions: &dyn SessionSource,
    request: &AuthenticatedRequest,
    now: Timestamp,
) -> Result<(), RequestError> {
    verify_time(&request.authorization, now)?;
    let access_key_id = request.access_key_id();
    match request.caller().session() {
        Some(session) => {
            token::verify_time(session, now)?;
            sessions.verify_live(session, access_key_id)?;
            Ok(())
        }
        None if sessions.find_long_term(access_key_id).is_some() => Ok(()),
        None => Err(RequestError::UnknownAccessKey { access_key_id: access_key_id.clone() }),
    }
}

/// What a head claims, once it breaks none of the rules that need no key: what a service without the master key may ask the
/// broker about. The session token, if there is one, is not verified.
///
/// # Errors
/// As [`authenticate`].
#[cfg(feature = "http")]
pub(crate) fn claimed<'h>(
    service: &Service,
    head: &'h SignedHead,
    now: Timestamp,
) -> Result<(super::Authorization, Option<Cow<'h, str>>), RequestError> {
    let mut listener = Silent;
    let mut stage = Stage { sessions: &Nobody, service, now, listener: &mut listener };
    let claimed = stage.authorization(head)?;
    stage.claims(head, &claimed)?;
    Ok((claimed.authorization, claimed.session_token))
}

/// Has no sessions: where none is asked for.
#[cfg(feature = "http")]
#[derive(Debug)]
struct Nobody;

#[cfg(feature = "http")]
impl SessionSource for Nobody {
    fn open(&self, _: &AccessKeyId, _: &str, _: Timestamp) -> Result<Arc<OpenSession>, TokenError> {
        Err(TokenError::Unavailable { reason: "no sessions are here".to_owned() })
    }

    fn verify_live(&self, session: &Arc<Session>, _: &AccessKeyId) -> Result<Caller, crate::credentials::Revoked> {
        Ok(Caller::temporary(Arc::clone(session)))
    }

    fn find_long_term(&self, _: &AccessKeyId) -> Option<(Arc<LongTermKey>, LongTermIdentity)> {
        None
    }

    fn has_secrets(&self) -> bool {
        false
    }
}

/// What a head says of the body that follows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a body is declared or it is not")]
pub enum BodyOf {
    /// It is declared, so the signature was verified, and the body can be verified while it arrives.
    Declared,
    /// Its digest is a part of what was signed: the signature is verified when all of it is here.
    Undeclared,
}

/// Authenticates the bearer of a session token.
///
/// # Errors
/// [`RequestError::Token`] and [`RequestError::Revoked`].
pub fn authenticate_bearer<L: Listener>(
    sessions: &Sessions,
    session_token: &str,
    now: Timestamp,
    listener: &mut L,
) -> Result<BearerSession, RequestError> {
    let mut stage = Stage::new(sessions, &Service::STS, now, listener);
    let verified = token::verify(sessions.keyring(), session_token, now);
    let verified =
        stage.held(&SESSION_TOKEN, verified.map_err(Into::into), |verified| session_evidence(verified.session()))?;
    let (session, access_key_id) = verified.into_parts();
    let session = Arc::new(session);
    let caller = stage.live(&session, &access_key_id)?;
    Ok(BearerSession { caller, session, access_key_id, authenticated_at: now })
}

struct Stage<'a, L> {
    sessions: &'a dyn SessionSource,
    service: &'a Service,
    now: Timestamp,
    listener: &'a mut L,
}

impl<'a, L: Listener> Stage<'a, L> {
    const fn new(sessions: &'a dyn SessionSource, service: &'a Service, now: Timestamp, listener: &'a mut L) -> Self {
        Self { sessions, service, now, listener }
    }

    fn declared<'h>(
        &mut self,
        head: &'h SignedHead,
        claimed: &Claimed<'_>,
    ) -> Result<Option<(Cow<'h, str>, Declared)>, RequestError> {
        match payload::declared(self.service, head, &claimed.authorization) {
            Ok(declared) => Ok(declared),
            Err(error) => self.refused(&PAYLOAD, error),
        }
    }

    fn payload(
        &mut self,
        declared: &Declared,
        head: &SignedHead,
        claimed: &Claimed<'_>,
        key: &VerifyingKey,
    ) -> Result<Payload, RequestError> {
        match Payload::new(declared, head, &claimed.authorization, key) {
            Ok(payload) => Ok(payload),
            Err(error) => self.refused(&PAYLOAD, error),
        }
    }

    fn refused<T>(&mut self, rule: &'static Rule, error: RequestError) -> Result<T, RequestError> {
        self.held(rule, Err(error), |_| Evidence::default())
    }

    /// Tells the listener how a rule ended.
    fn held<T>(
        &mut self,
        rule: &'static Rule,
        result: Result<T, RequestError>,
        evidence: impl FnOnce(&T) -> Evidence,
    ) -> Result<T, RequestError> {
        match &result {
            Ok(value) => self.listener.passed(rule, || evidence(value)),
            Err(error) => self.listener.failed(rule, || error.evidence()),
        }
        result
    }

    fn authorization<'h>(&mut self, head: &'h SignedHead) -> Result<Claimed<'h>, RequestError> {
        let read = authorization::read(head).and_then(|mut read| {
            let possible = || (P256PublicKey::supported(), self.sessions.has_secrets());
            verify_algorithm(self.service, possible, read.authorization.algorithm())?;
            if let Some(region) = self.service.region() {
                read.authorization.serve_in(region);
            }
            Ok(read)
        });
        self.held(&AUTHORIZATION, read, |read| {
            let id = &read.authorization.access_key_id;
            Evidence::new(read.authorization.algorithm().name(), format!("signed with access key {id}"))
        })
    }

    /// The rules that need no key: scope, time, and what is signed.
    fn claims(&mut self, head: &SignedHead, claimed: &Claimed<'_>) -> Result<SignedFields, RequestError> {
        let authorization = &claimed.authorization;
        let scope = verify_scope(self.service, authorization);
        self.held(&SCOPE, scope, |()| scope_evidence(self.service, authorization))?;
        let time = verify_time(authorization, self.now);
        self.held(&TIME, time, |()| {
            Evidence::new("within 15 minutes, or X-Amz-Expires, of now", authorization.signed_at)
        })?;
        let covered = verify_signed_headers(head, &authorization.signed_headers, self.service.form());
        self.held(&SIGNED_HEADERS, covered, |_| {
            Evidence::new("host and every x-amz- header", &authorization.signed_headers)
        })
    }

    /// Every rule before the signature.
    fn opened(
        &mut self,
        head: &SignedHead,
        claimed: &Claimed<'_>,
    ) -> Result<(Signer, Caller, SignedFields), RequestError> {
        let fields = self.claims(head, claimed)?;
        let signer = self.signer(claimed)?;
        let caller = match &signer {
            Signer::LongTerm(_, identity) => Caller::long_term(identity.clone()),
            Signer::Temporary(opened) => self.live(opened.session(), opened.access_key_id())?,
        };
        Ok((signer, caller, fields))
    }

    /// Every rule up to the signature.
    fn signed(
        &mut self,
        head: &SignedHead,
        claimed: &Claimed<'_>,
        payload_hash: &str,
    ) -> Result<(Caller, VerifyingKey, SignatureValid), RequestError> {
        let (signer, caller, fields) = self.opened(head, claimed)?;
        let authorization = &claimed.authorization;
        let key = match signer.verifying_key(&authorization.scope) {
            Ok(Some(key)) => key,
            Ok(None) => {
                let reason = format!("no key for {} is here", authorization.scope.as_str());
                return self.refused(&SIGNATURE, TokenError::Unavailable { reason }.into());
            }
            Err(error) => return self.refused(&SIGNATURE, error.into()),
        };
        let proof = signature::verify(&key, (head, fields), authorization, self.service.form(), payload_hash);
        let proof =
            self.held(&SIGNATURE, proof, |_| Evidence::new("the signature of the caller's signing key", "the same"))?;
        if let Signer::LongTerm(key, _) = &signer {
            key.note_use(authorization.scope.regions(), authorization.service(), self.now);
        }
        Ok((caller, key, proof))
    }

    fn signer(&mut self, claimed: &Claimed<'_>) -> Result<Signer, RequestError> {
        let access_key_id = &claimed.authorization.access_key_id;
        let temporary = access_key_id.is_temporary();
        let signer = match &claimed.session_token {
            // A long-term key belongs to no token: the token's own key is compared, which is a temporary one.
            Some(token) => {
                self.sessions.open(access_key_id, token, self.now).map(Signer::Temporary).map_err(Into::into)
            }
            None if temporary => Err(RequestError::MissingSessionToken { access_key_id: access_key_id.clone() }),
            None if !self.sessions.has_long_term() => {
                Err(RequestError::LongTermKey { access_key_id: access_key_id.clone() })
            }
            None => match self.sessions.find_long_term(access_key_id) {
                Some((key, identity)) => Ok(Signer::LongTerm(key, identity)),
                None => Err(RequestError::UnknownAccessKey { access_key_id: access_key_id.clone() }),
            },
        };
        self.held(&SESSION_TOKEN, signer, Signer::evidence)
    }

    fn live(&mut self, session: &Arc<Session>, access_key_id: &AccessKeyId) -> Result<Caller, RequestError> {
        let live = self.sessions.verify_live(session, access_key_id);
        self.held(&REVOCATION, live.map_err(Into::into), |_| {
            Evidence::new("a session that was not revoked, of a role or user that there still is", access_key_id)
        })
    }
}

/// Whose key a request claims to be signed with.
enum Signer {
    LongTerm(Arc<LongTermKey>, LongTermIdentity),
    Temporary(Arc<OpenSession>),
}

impl Signer {
    /// The key of the request's algorithm; nothing where this server was not given what it is derived from.
    fn verifying_key(&self, scope: &Scope) -> Result<Option<VerifyingKey>, CryptoError> {
        Ok(match (self, scope) {
            (Self::LongTerm(key, _), Scope::Regional(scope)) => Some(VerifyingKey::Mac(key.signing_key(scope))),
            (Self::Temporary(opened), Scope::Regional(scope)) => opened.signing_key(scope).map(VerifyingKey::Mac),
            (Self::LongTerm(key, _), Scope::Regionless { .. }) => Some(VerifyingKey::Public(key.public_key()?)),
            (Self::Temporary(opened), Scope::Regionless { .. }) => opened.public_key()?.map(VerifyingKey::Public),
        })
    }

    fn evidence(&self) -> Evidence {
        match self {
            Self::LongTerm(key, identity) => {
                let found = format!("{} of {}", key.access_key_id(), identity.arn());
                Evidence::new("an active long-term access key, without a session token", found)
            }
            Self::Temporary(opened) => session_evidence(opened.session()),
        }
    }
}

fn session_evidence(session: &Session) -> Evidence {
    Evidence::new("a live session token of this broker", format!("{} until {}", session.arn(), session.expiration()))
}
