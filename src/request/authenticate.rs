//! Holds a request to the rules of this stage, in order.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use super::authorization::{self, Claimed};
use super::canonical::PathMode;
use super::payload::{Declared, declared};
use super::rules::{AUTHORIZATION, PAYLOAD, REVOCATION, SCOPE, SESSION_TOKEN, SIGNATURE, SIGNED_HEADERS, TIME};
use super::{AuthenticatedRequest, Authorization, Payload, RequestError, SignedHead, SignedRequest, signature};
use crate::credentials::{AccessKeyId, CredentialScope, LongTermKey, OpenSession, Sessions, token};
use crate::crypto::{MacKey, SignatureValid, sha256_hex};
use crate::explain::{Evidence, Listener, Rule};
use crate::session::{Caller, LongTermIdentity, Session};
use crate::time::Timestamp;

/// How far a client's clock may be off, either way.
const CLOCK_SKEW: Duration = Duration::from_secs(15 * 60);

/// The service a request was sent to, as credential scopes name it; decides how its path and body are signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service(Cow<'static, str>);

impl Service {
    /// Amazon S3 and what speaks its protocol: paths are signed as they are, and a body declares how it is signed.
    pub const S3: Self = Self(Cow::Borrowed("s3"));
    /// The Security Token Service.
    pub const STS: Self = Self(Cow::Borrowed("sts"));
    /// Identity and Access Management.
    pub const IAM: Self = Self(Cow::Borrowed("iam"));

    /// A service by the name it has in credential scopes.
    #[must_use]
    pub fn new(name: impl Into<Cow<'static, str>>) -> Self {
        Self(name.into())
    }

    /// The name in credential scopes.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0
    }

    fn is_s3(&self) -> bool {
        self.0 == "s3"
    }

    fn path_mode(&self) -> PathMode {
        if self.is_s3() { PathMode::Verbatim } else { PathMode::Normalized }
    }
}

/// A request whose head was authenticated, and whose body is still to come.
#[derive(Debug)]
pub struct StreamedRequest {
    request: AuthenticatedRequest,
    payload: Payload,
}

impl StreamedRequest {
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

    /// The session as whoever calls.
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
    sessions: &Sessions,
    service: &Service,
    request: SignedRequest,
    now: Timestamp,
    listener: &mut L,
) -> Result<AuthenticatedRequest, RequestError> {
    let SignedRequest { head, body } = request;
    let mut stage = Stage::new(sessions, service, now, listener);
    if service.is_s3() {
        let (mut request, payload) = stage.streamed(head)?.into_parts();
        let verified = payload.verify_whole(body);
        (request.body, request.trailers) =
            stage.held(&PAYLOAD, verified, |_| Evidence::new("the body that was signed", "the same"))?;
        return Ok(request);
    }
    let claimed = stage.authorization(&head)?;
    let payload_hash = sha256_hex(&body);
    let (caller, _, proof) = stage.head(&head, &claimed, &payload_hash)?;
    let authorization = claimed.authorization;
    let mut request = AuthenticatedRequest::new(head, authorization, caller, now, &proof);
    // The signature covers the digest computed here, so the body is verified with it.
    stage.held(&PAYLOAD, Ok(()), |()| Evidence::new("the body that was signed", format!("sha256 {payload_hash}")))?;
    request.body = body;
    Ok(request)
}

/// Authenticates the head of a request whose body is still to come; the body must be fed to its [`Payload`].
///
/// The digest of the body must be declared in `x-amz-content-sha256`, as S3 clients do.
///
/// # Errors
/// As [`authenticate`]; [`RequestError::PayloadDeclaration`] when the body is not declared.
pub fn authenticate_streamed<L: Listener>(
    sessions: &Sessions,
    service: &Service,
    head: SignedHead,
    now: Timestamp,
    listener: &mut L,
) -> Result<StreamedRequest, RequestError> {
    Stage::new(sessions, service, now, listener).streamed(head)
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
    stage.live(&session, &access_key_id)?;
    let session = Arc::new(session);
    let caller = Caller::temporary(Arc::clone(&session));
    Ok(BearerSession { caller, session, access_key_id, authenticated_at: now })
}

struct Stage<'a, L> {
    sessions: &'a Sessions,
    service: &'a Service,
    now: Timestamp,
    listener: &'a mut L,
}

impl<'a, L: Listener> Stage<'a, L> {
    const fn new(sessions: &'a Sessions, service: &'a Service, now: Timestamp, listener: &'a mut L) -> Self {
        Self { sessions, service, now, listener }
    }

    fn streamed(&mut self, head: SignedHead) -> Result<StreamedRequest, RequestError> {
        let claimed = self.authorization(&head)?;
        let declared = declared(&head, &claimed.authorization).and_then(|(text, declared)| match declared {
            // Elsewhere than in S3 the digest of the body is always signed.
            Declared::Unsigned | Declared::Streaming { .. } if !self.service.is_s3() => {
                Err(RequestError::PayloadDeclaration { found: text.into_owned() })
            }
            declared => Ok((text, declared)),
        });
        let (text, declared) = match declared {
            Ok(declared) => declared,
            Err(error) => return self.refused(&PAYLOAD, error),
        };
        let (caller, key, proof) = self.head(&head, &claimed, &text)?;
        let payload = match Payload::new(&declared, &head, &claimed.authorization, &key) {
            Ok(payload) => payload,
            Err(error) => return self.refused(&PAYLOAD, error),
        };
        let authorization = claimed.authorization;
        let request = AuthenticatedRequest::new(head, authorization, caller, self.now, &proof);
        Ok(StreamedRequest { request, payload })
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
        self.held(&AUTHORIZATION, authorization::read(head), |read| {
            let id = &read.authorization.access_key_id;
            Evidence::new(authorization::ALGORITHM, format!("signed with access key {id}"))
        })
    }

    fn head(
        &mut self,
        head: &SignedHead,
        claimed: &Claimed<'_>,
        payload_hash: &str,
    ) -> Result<(Caller, Arc<MacKey>, SignatureValid), RequestError> {
        let authorization = &claimed.authorization;
        let scope = verify_scope(self.service, authorization);
        self.held(&SCOPE, scope, |()| {
            let day = authorization.amz_date.get(..8).unwrap_or_default();
            Evidence::new(format!("{day}/any region/{}", self.service.name()), &authorization.credential_scope)
        })?;
        let time = verify_time(authorization, self.now);
        self.held(&TIME, time, |()| {
            Evidence::new("within 15 minutes, or X-Amz-Expires, of now", authorization.signed_at)
        })?;
        let covered = verify_signed_headers(head, &authorization.signed_headers);
        self.held(&SIGNED_HEADERS, covered, |()| {
            Evidence::new("host and every x-amz- header", &authorization.signed_headers)
        })?;
        let signer = self.signer(claimed)?;
        if let Signer::Temporary(opened) = &signer {
            self.live(opened.session(), opened.access_key_id())?;
        }
        let key = signer.signing_key(&authorization.credential_scope);
        let path = self.service.path_mode();
        let proof = signature::verify(&key, head, authorization, path, payload_hash);
        let proof =
            self.held(&SIGNATURE, proof, |_| Evidence::new("the signature of the caller's signing key", "the same"))?;
        Ok((signer.caller(&authorization.credential_scope, self.now), key, proof))
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
            None => match self.sessions.find_long_term(access_key_id) {
                Some((key, identity)) => Ok(Signer::LongTerm(key, identity)),
                None => Err(RequestError::UnknownAccessKey { access_key_id: access_key_id.clone() }),
            },
        };
        self.held(&SESSION_TOKEN, signer, Signer::evidence)
    }

    fn live(&mut self, session: &Session, access_key_id: &AccessKeyId) -> Result<(), RequestError> {
        let live = self.sessions.verify_live(session, access_key_id);
        self.held(&REVOCATION, live.map_err(Into::into), |()| {
            Evidence::new("a session that was not revoked", access_key_id)
        })
    }
}

/// Whose key a request claims to be signed with.
enum Signer {
    LongTerm(Arc<LongTermKey>, LongTermIdentity),
    Temporary(Arc<OpenSession>),
}

impl Signer {
    fn signing_key(&self, scope: &CredentialScope) -> Arc<MacKey> {
        match self {
            Self::LongTerm(key, _) => key.signing_key(scope),
            Self::Temporary(opened) => opened.signing_key(scope),
        }
    }

    /// Who it is, now that the signature was verified.
    fn caller(self, scope: &CredentialScope, now: Timestamp) -> Caller {
        match self {
            Self::LongTerm(key, identity) => {
                key.note_use(scope, now);
                Caller::long_term(identity)
            }
            Self::Temporary(opened) => Caller::temporary(Arc::clone(opened.session())),
        }
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

fn verify_scope(service: &Service, authorization: &Authorization) -> Result<(), RequestError> {
    let scope = &authorization.credential_scope;
    if scope.service() != service.name() {
        return Err(RequestError::ScopeService {
            expected: service.name().to_owned(),
            found: scope.service().to_owned(),
        });
    }
    if !authorization.amz_date.starts_with(scope.date()) {
        return Err(RequestError::ScopeDate { scope: scope.date().to_owned(), signed_at: authorization.signed_at });
    }
    Ok(())
}

fn verify_time(authorization: &Authorization, now: Timestamp) -> Result<(), RequestError> {
    let signed_at = authorization.signed_at;
    if signed_at > now.saturating_add(CLOCK_SKEW) {
        return Err(RequestError::SignatureNotYetCurrent { signed_at, now });
    }
    match authorization.expires {
        Some(expires) => {
            let expiration = signed_at.saturating_add(expires);
            if expiration <= now {
                return Err(RequestError::PresignedExpired { expiration, now });
            }
        }
        None if signed_at < now.saturating_sub(CLOCK_SKEW) => {
            return Err(RequestError::SignatureExpired { signed_at, now });
        }
        None => {}
    }
    Ok(())
}

/// The host, and every header that changes what the request means, must be signed; and what is signed must be there.
fn verify_signed_headers(head: &SignedHead, signed_headers: &str) -> Result<(), RequestError> {
    let signed = |name: &str| signed_headers.split(';').any(|known| known == name);
    let must = head.headers().iter().map(|(name, _)| name).filter(|name| name.starts_with("x-amz-")).chain(["host"]);
    for name in must {
        if !signed(name) {
            return Err(RequestError::HeaderNotSigned { name: name.to_owned() });
        }
    }
    for name in signed_headers.split(';') {
        if head.headers().all(name).next().is_none() {
            return Err(RequestError::SignedHeaderAbsent { name: name.to_owned() });
        }
    }
    Ok(())
}
