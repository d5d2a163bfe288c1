//! What an application is answered: a context assertion, or why not, in the words of the OpenID Connect service of the cloud.

use std::fmt;

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;
use zeroize::Zeroizing;

use super::SCOPE;
use crate::Error;
use crate::credentials::ContextAssertion;
use crate::http::signed::Refusal;
use crate::time::Timestamp;

/// An answer with a context assertion in it.
pub(super) struct Given {
    identity_context: Zeroizing<String>,
    /// For how long it serves, in seconds.
    expires_in: u64,
}

impl Given {
    pub(super) fn new(assertion: &ContextAssertion, now: Timestamp) -> Self {
        let identity_context = Zeroizing::new(assertion.expose().to_owned());
        Self { identity_context, expires_in: assertion.expiration().duration_since(now).as_secs() }
    }
}

impl fmt::Debug for Given {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Given").field("expires_in", &self.expires_in).finish_non_exhaustive()
    }
}

impl IntoResponse for Given {
    fn into_response(self) -> Response {
        let body = json!({
            "awsAdditionalDetails": {"identityContext": self.identity_context.as_str()},
            "expiresIn": self.expires_in,
            "scope": [SCOPE],
        });
        unstored(Json(body).into_response())
    }
}

/// A refusal, as the clients of the cloud's service read it (RFC 6749, 5.2).
#[derive(Debug)]
pub(super) enum Refused {
    /// In the words of the service.
    Told {
        status: StatusCode,
        /// The name of the exception.
        exception: &'static str,
        error: &'static str,
        description: String,
    },
    /// By policies, as every signed request is refused.
    Denied(Refusal),
}

impl Refused {
    fn told(exception: &'static str, error: &'static str, description: impl Into<String>) -> Self {
        Self::Told { status: StatusCode::BAD_REQUEST, exception, error, description: description.into() }
    }

    /// What was sent cannot be read.
    pub(super) fn request(description: &str) -> Self {
        Self::told("InvalidRequestException", "invalid_request", description)
    }

    pub(super) fn grant_type() -> Self {
        let description = format!("the grant type must be {}", super::JWT_BEARER);
        Self::told("UnsupportedGrantTypeException", "unsupported_grant_type", description)
    }

    pub(super) fn scope() -> Self {
        Self::told("InvalidScopeException", "invalid_scope", format!("the scope must be {SCOPE}"))
    }

    /// The token says nothing to the application.
    pub(super) fn token(description: &str) -> Self {
        Self::told("InvalidGrantException", "invalid_grant", description)
    }

    /// The token says nothing to this application.
    pub(super) fn elsewhere() -> Self {
        Self::token("the ID token was given to another application")
    }

    /// There is no such application.
    pub(super) fn client() -> Self {
        let description = "clientId is not the ARN of an application that is set up here";
        Self::Told {
            status: StatusCode::UNAUTHORIZED,
            exception: "InvalidClientException",
            error: "invalid_client",
            description: description.to_owned(),
        }
    }

    /// The keys of the token's issuer are not to be had.
    pub(super) fn unreachable() -> Self {
        Self::unavailable("the keys of the token's issuer could not be fetched; try again")
    }

    pub(super) const fn denied(refusal: Refusal) -> Self {
        Self::Denied(refusal)
    }

    /// What a stage refused.
    pub(super) fn of(error: &Error) -> Self {
        match error.code() {
            "ServiceUnavailable" | "InternalFailure" => Self::unavailable(&error.to_string()),
            _ => Self::told("InvalidGrantException", "invalid_grant", error.to_string()),
        }
    }

    fn unavailable(description: &str) -> Self {
        Self::Told {
            status: StatusCode::INTERNAL_SERVER_ERROR,
            exception: "InternalServerException",
            error: "server_error",
            description: description.to_owned(),
        }
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let (status, exception, error, description) = match self {
            Self::Told { status, exception, error, description } => (status, exception, error, description),
            Self::Denied(refusal) => return refusal.into_response(),
        };
        let body = Json(json!({"error": error, "error_description": description}));
        unstored((status, [("x-amzn-errortype", exception)], body).into_response())
    }
}

/// Nothing of these answers belongs into a cache.
fn unstored(mut response: Response) -> Response {
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
