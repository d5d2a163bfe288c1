//! Refusals of the query protocol: code, HTTP status, and a sentence that says what was wrong.

use axum::http::StatusCode;

use crate::Error;
use crate::arn::Arn;
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

    pub(super) const fn code(&self) -> &'static str {
        self.code
    }

    /// What `principal` is told who could not assume a role by `action`: the same of a role that does not exist and of one
    /// that exists and does not trust them (attack: listing the roles of an account by asking for each).
    pub(super) fn not_assumed(error: Error, principal: &str, action: &str) -> Self {
        match error {
            Error::Session(SessionError::UnknownRole { role } | SessionError::NotListed { role, .. }) => {
                Self::not_authorized(principal, action, &role)
            }
            other => other.into(),
        }
    }

    fn not_authorized(principal: &str, action: &str, role: &Arn) -> Self {
        // The caller learns that it was refused, not what the trust policy would have wanted.
        Self::new("AccessDenied", format!("{principal} is not authorized to perform: {action} on resource: {role}"))
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
            Error::Session(SessionError::NotTrusted { principal, action, role, .. }) => {
                Self::not_authorized(principal, action, role)
            }
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
