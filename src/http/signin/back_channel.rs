//! Logout that an OpenID provider says to us without a browser (OpenID Connect Back-Channel Logout 1.0).
//!
//! Enters: a form with a logout token, from anyone. Leaves: sessions that are over, in whichever browser and on whichever
//! node they are, and an empty answer. Refused, with one fixed sentence as JSON: everything that the provider did not sign
//! for us, now, for the first time (attack: signing people out from anywhere).

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Request, State};
use axum::http::header::CACHE_CONTROL;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use super::session;
use crate::Error;
use crate::http::portal::Portal;
use crate::http::portal::answer::{form, sentence};
use crate::identity::oidc::UnverifiedLogoutToken;

/// The largest form in bytes: the longest token that is read, and its name.
const FORM_LIMIT: usize = 20 * 1024;
const OPERATION: &str = "logout by the OpenID provider";

/// Why nobody was signed out (Back-Channel Logout, 2.8).
#[derive(Debug, Serialize)]
struct Refused {
    #[serde(skip)]
    status: StatusCode,
    error: &'static str,
    error_description: String,
}

impl Refused {
    fn invalid(sentence: impl Into<String>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, error: "invalid_request", error_description: sentence.into() }
    }

    /// What the provider may send once more.
    fn unavailable() -> Self {
        let error_description = "The logout cannot be followed at the moment; try again.".to_owned();
        Self { status: StatusCode::SERVICE_UNAVAILABLE, error: "temporarily_unavailable", error_description }
    }

    fn unknown() -> Self {
        let error_description = "There is no provider of this name.".to_owned();
        Self { status: StatusCode::NOT_FOUND, error: "invalid_request", error_description }
    }
}

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        match error {
            Error::OidcLogout(_) | Error::LogoutReplayed { .. } => Self::invalid(sentence(&error)),
            _ => Self::unavailable(),
        }
    }
}

/// `POST /oidc/backchannel-logout/{name}`.
pub(in crate::http) async fn receive(
    State(portal): State<Arc<Portal>>,
    Path(name): Path<String>,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let mut response = match hear(&portal, &name, &parts.headers, body).await {
        Ok(()) => StatusCode::OK.into_response(),
        Err(refused) => (refused.status, Json(refused)).into_response(),
    };
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

async fn hear(portal: &Portal, name: &str, headers: &HeaderMap, body: axum::body::Body) -> Result<(), Refused> {
    let way = portal.oidc.iter().find(|way| way.name == name).ok_or_else(Refused::unknown)?;
    let params = form(headers, body, FORM_LIMIT).await.map_err(|refusal| Refused::invalid(refusal.because))?;
    let token = params.required("logout_token").map_err(|error| Refused::invalid(sentence(&error)))?;
    let token = UnverifiedLogoutToken::new(token);
    let flow = portal.broker.begin()?;
    let (party, now) = (&way.relying_party, portal.broker.now());
    let keys = match party.keys_of_message(token.claimed_key_id().as_deref(), now).await {
        Ok(keys) => keys,
        Err(error) => {
            flow.refuse(OPERATION, "IDPCommunicationError", &error.reason())?;
            return Err(Refused::unavailable());
        }
    };
    flow.log_out_by_token(party.provider(), &keys, token, session::LIFETIME).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::StoreError;

    #[test]
    fn what_failed_here_may_be_sent_again_and_what_was_refused_may_not() {
        let failed = Refused::from(Error::Store(StoreError::Unavailable { reason: "at 10.0.0.7".to_owned() }));
        assert_eq!((failed.status, failed.error), (StatusCode::SERVICE_UNAVAILABLE, "temporarily_unavailable"));
        assert!(!failed.error_description.contains("10.0.0.7"));
        let refused = Refused::from(Error::LogoutReplayed { request_id: "secret".to_owned() });
        assert_eq!((refused.status, refused.error), (StatusCode::BAD_REQUEST, "invalid_request"));
        assert!(!refused.error_description.contains("secret"), "{}", refused.error_description);
    }
}
