//! Who signed a request, as a handler takes it.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use super::Refusal;
use super::authority::Standing;
use crate::Error;
use crate::arn::Arn;
use crate::credentials::AccessKeyId;
use crate::decision::{Decision, Reason};
use crate::explain::CorrelationId;
use crate::policy::Keys;
use crate::request::{AuthenticatedRequest, Service};
use crate::session::Caller;

/// Whoever signed the request, and the way to ask what they may do.
///
/// As an argument of a handler it is there behind [`RequireSignature`](super::RequireSignature) alone; elsewhere the answer
/// is status 500, since a route that was left outside by mistake must not be open.
#[derive(Clone, Debug)]
pub struct SignedCaller(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    standing: Standing,
    service: Service,
    request: AuthenticatedRequest,
    environment: Keys,
}

impl SignedCaller {
    pub(super) fn new(standing: Standing, service: &Service, request: AuthenticatedRequest, environment: Keys) -> Self {
        Self(Arc::new(Inner { standing, service: service.clone(), request, environment }))
    }

    /// Whose credentials signed the request: a role session, a user, or another kind of caller.
    #[must_use]
    pub fn caller(&self) -> &Caller {
        self.0.request.caller()
    }

    /// The ARN of the caller, as GetCallerIdentity reports it.
    #[must_use]
    pub fn arn(&self) -> Arn {
        self.caller().arn()
    }

    /// The access key that signed.
    #[must_use]
    pub fn access_key_id(&self) -> &AccessKeyId {
        self.0.request.access_key_id()
    }

    /// The request as it was authenticated: how it was signed, and its trailing headers; its body is the handler's.
    #[must_use]
    pub fn request(&self) -> &AuthenticatedRequest {
        &self.0.request
    }

    /// The condition keys of the request.
    #[must_use]
    pub fn environment(&self) -> &Keys {
        &self.0.environment
    }

    /// The id under which the audit trail tells of this request.
    pub(in crate::http) fn request_id(&self) -> &CorrelationId {
        self.0.standing.correlation_id()
    }

    /// Goes on where the caller may do `action` on `resource`, with the reason why; [`SignedCaller::decide`] gives the decision
    /// also where it denies.
    ///
    /// # Errors
    /// A [`Refusal`] with code `AccessDenied`, and the [decision](Refusal::decision), where the caller may not; with
    /// `ValidationError` where `action` or `resource` is not a name, and `ServiceUnavailable` where the audit trail failed.
    pub fn authorize(&self, action: &str, resource: &str) -> Result<Reason, Refusal> {
        self.authorize_with(action, resource, |_| ())
    }

    /// As [`SignedCaller::authorize`], with condition keys that the handler knows of, such as `aws:ResourceTag/team`: `more`
    /// adds them to those of the request. Keys of the caller's session cannot be changed.
    ///
    /// # Errors
    /// As [`SignedCaller::authorize`].
    pub fn authorize_with(
        &self,
        action: &str,
        resource: &str,
        more: impl FnOnce(&mut Keys),
    ) -> Result<Reason, Refusal> {
        let id = self.0.standing.correlation_id();
        let decision = self.decide(action, resource, more).map_err(|error| Refusal::of(&error, &self.0.service, id))?;
        match decision {
            Decision::Allow(reason) => Ok(reason),
            denied @ (Decision::ExplicitDeny(_) | Decision::ImplicitDeny(_)) => {
                let who = self.arn();
                let sentence = format!("User: {who} is not authorized to perform: {action} on resource: {resource}");
                Err(Refusal::denied(sentence, denied, &self.0.service, id))
            }
        }
    }

    /// The decision itself, also where it denies: for a handler that shows what somebody may do.
    ///
    /// # Errors
    /// [`Error::Name`] when `action` or `resource` is not a name, or that the audit trail failed.
    pub fn decide(&self, action: &str, resource: &str, more: impl FnOnce(&mut Keys)) -> Result<Decision, Error> {
        let mut environment = self.0.environment.clone();
        more(&mut environment);
        self.0.standing.authorize(&self.0.request, action, resource, environment)
    }
}

impl<S: Sync> FromRequestParts<S> for SignedCaller {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        parts.extensions.get::<Self>().cloned().ok_or_else(Refusal::outside)
    }
}
