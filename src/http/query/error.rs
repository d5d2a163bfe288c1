//! Refusals of the query protocol: code, HTTP status, and a sentence that says what was wrong.

use axum::http::StatusCode;

use crate::Error;
use crate::session::SessionError;

/// A refusal as the wire carries it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub(in crate::http) struct QueryError {
    code: &'static str,
    message: String,
    /// What is for the audit trail alone, where that is more than the message.
    reason: Option<String>,
}

impl QueryError {
    pub(in crate::http) fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), reason: None }
    }

    pub(in crate::http) fn validation(message: impl Into<String>) -> Self {
        Self::new("ValidationError", message)
    }

    pub(in crate::http) fn malformed(message: impl Into<String>) -> Self {
        Self::new("MalformedQueryString", message)
    }

    /// The same refusal in another sentence; the audit trail keeps its reason.
    pub(in crate::http) fn saying(self, message: impl Into<String>) -> Self {
        let reason = self.reason.unwrap_or(self.message);
        Self { message: message.into(), reason: Some(reason), ..self }
    }

    pub(in crate::http) const fn code(&self) -> &'static str {
        self.code
    }

    /// Why, for the audit trail; holds no secret.
    pub(in crate::http) fn reason(&self) -> &str {
        self.reason.as_deref().unwrap_or(&self.message)
    }

    /// The status that the service models give each code.
    pub(in crate::http) fn status(&self) -> StatusCode {
        match self.code {
            "AccessDenied"
            | "IDPRejectedClaim"
            | "InvalidClientTokenId"
            | "SignatureDoesNotMatch"
            | "ExpiredToken"
            | "MissingAuthenticationToken"
            | "RegionDisabledException"
            | "SessionDurationEscalationException"
            | "OutboundWebIdentityFederationDisabledException"
            | "InvalidAuthenticationCode"
            | "RequestTimeTooSkewed" => StatusCode::FORBIDDEN,
            "MissingAuthentication" => StatusCode::UNAUTHORIZED,
            "NoSuchEntity" | "FeatureDisabled" => StatusCode::NOT_FOUND,
            "EntityAlreadyExists"
            | "FeatureEnabled"
            | "DeleteConflict"
            | "LimitExceeded"
            | "ConcurrentModification" => StatusCode::CONFLICT,
            "ReportNotPresent" | "ReportExpired" => StatusCode::GONE,
            "RequestEntityTooLarge" => StatusCode::PAYLOAD_TOO_LARGE,
            "ServiceUnavailable" => StatusCode::SERVICE_UNAVAILABLE,
            "InternalFailure" | "ServiceFailure" => StatusCode::INTERNAL_SERVER_ERROR,
            _ => StatusCode::BAD_REQUEST,
        }
    }
}

impl From<Error> for QueryError {
    fn from(error: Error) -> Self {
        let sentence = super::recorded::sentence(&error).unwrap_or_else(|| error.to_string());
        Self { reason: Some(error.reason()), ..Self::new(error.code(), sentence) }
    }
}

impl From<SessionError> for QueryError {
    fn from(error: SessionError) -> Self {
        Error::from(error).into()
    }
}
