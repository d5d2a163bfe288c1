//! Refusals of the query protocol: code, HTTP status, and a sentence that says what was wrong.

use axum::http::StatusCode;

use crate::Error;
use crate::identity::oidc::OidcError;
use crate::identity::saml::SamlError;
use crate::session::SessionError;

/// A refusal as the wire carries it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub(super) struct StsError {
    code: &'static str,
    message: String,
}

impl StsError {
    pub(super) fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }

    pub(super) fn validation(message: impl Into<String>) -> Self {
        Self::new("ValidationError", message)
    }

    pub(super) fn malformed(message: impl Into<String>) -> Self {
        Self::new("MalformedQueryString", message)
    }

    /// Why a role was not assumed, in the same `sentence` about an action whether the role does not exist or does not trust
    /// the caller: otherwise anyone with a token could learn which roles there are.
    pub(super) fn assuming(error: Error, operation: &'static str, sentence: impl FnOnce(&str) -> String) -> Self {
        match &error {
            Error::Session(SessionError::NotTrusted { action, .. }) => Self::new("AccessDenied", sentence(action)),
            Error::Session(SessionError::UnknownRole { .. } | SessionError::NotListed { .. }) => {
                Self::new("AccessDenied", sentence(operation))
            }
            _ => error.into(),
        }
    }

    pub(super) const fn code(&self) -> &'static str {
        self.code
    }

    /// The status that the service model gives each code.
    pub(super) fn status(&self) -> StatusCode {
        match self.code {
            "AccessDenied"
            | "IDPRejectedClaim"
            | "InvalidClientTokenId"
            | "SignatureDoesNotMatch"
            | "ExpiredToken"
            | "MissingAuthenticationToken"
            | "RegionDisabledException"
            | "RequestTimeTooSkewed" => StatusCode::FORBIDDEN,
            "MissingAuthentication" => StatusCode::UNAUTHORIZED,
            "RequestEntityTooLarge" => StatusCode::PAYLOAD_TOO_LARGE,
            "ServiceUnavailable" => StatusCode::SERVICE_UNAVAILABLE,
            "InternalFailure" => StatusCode::INTERNAL_SERVER_ERROR,
            _ => StatusCode::BAD_REQUEST,
        }
    }
}

impl From<Error> for StsError {
    fn from(error: Error) -> Self {
        match &error {
            Error::Saml(SamlError::Expired { .. }) | Error::Oidc(OidcError::Expired { .. }) => {
                Self::new("ExpiredTokenException", error.to_string())
            }
            Error::Saml(SamlError::StatusNotSuccess { .. }) => Self::new("IDPRejectedClaim", error.to_string()),
            Error::Session(SessionError::RoleSessionName { found }) => Self::validation(format!(
                "1 validation error detected: Value '{found}' at 'roleSessionName' failed to satisfy constraint: \
                 Member must satisfy regular expression pattern: [\\w+=,.@-]*"
            )),
            _ => Self::new(error.code(), error.to_string()),
        }
    }
}

impl From<SessionError> for StsError {
    fn from(error: SessionError) -> Self {
        Error::from(error).into()
    }
}
