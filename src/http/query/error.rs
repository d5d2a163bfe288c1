//! Refusals of the query protocol: code, HTTP status, and a sentence that says what was wrong.

use axum::http::StatusCode;

use crate::Error;
use crate::identity::oidc::{JwsError, OidcError};
use crate::identity::saml::SamlError;
use crate::policy::Kind;
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
        let refused = match &error {
            Error::Saml(SamlError::Expired { .. }) | Error::Oidc(OidcError::Expired { .. }) => {
                Self::new("ExpiredTokenException", error.to_string())
            }
            Error::Oidc(OidcError::Jws(JwsError::Parts { .. } | JwsError::Encoding { .. } | JwsError::Header(_))) => {
                const NO_JWT: &str =
                    "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)";
                Self::new(error.code(), format!("{NO_JWT}: {error}"))
            }
            Error::Saml(SamlError::StatusNotSuccess { .. }) => Self::new("IDPRejectedClaim", error.to_string()),
            Error::Session(SessionError::SessionPolicy(policy)) => {
                Self::new(error.code(), policy.sentence(Kind::Session))
            }
            Error::Session(SessionError::RoleSessionName { found }) => Self::validation(format!(
                "1 validation error detected: Value '{found}' at 'roleSessionName' failed to satisfy constraint: \
                 Member must satisfy regular expression pattern: [\\w+=,.@-]*"
            )),
            _ => Self::new(error.code(), error.to_string()),
        };
        Self { reason: Some(error.reason()), ..refused }
    }
}

impl From<SessionError> for QueryError {
    fn from(error: SessionError) -> Self {
        Error::from(error).into()
    }
}
