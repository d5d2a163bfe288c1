//! Pushed authorization requests (RFC 9126).

use super::authorize::{self, AuthorizationRequest, NoRedirect, Refused};
use super::client_auth::authenticate;
use super::dpop::{self, Place};
use super::token::Arrival;
use super::token_error::TokenError;
use crate::core::Core;
use crate::error::KeyError;
use crate::flows::Expiring;
use crate::sync::{Fingerprint, random_secret};
use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};

/// What the `request_uri` of a pushed request begins with.
pub(crate) const PREFIX: &str = "urn:ietf:params:oauth:request_uri:";

/// Requests that wait for the browser, by the hash of their `request_uri`.
#[derive(Debug)]
pub(crate) struct PushedRequests {
    are_taken: bool,
    waiting: Expiring<Fingerprint, AuthorizationRequest>,
}

impl PushedRequests {
    const LIFE: Duration = Duration::seconds(90);

    pub(crate) fn new(are_taken: bool) -> Self {
        Self { are_taken, waiting: Expiring::new(10_000, Self::LIFE) }
    }

    /// Whether clients may push requests at all.
    pub(crate) const fn are_taken(&self) -> bool {
        self.are_taken
    }

    fn keep(&self, request: AuthorizationRequest, now: OffsetDateTime) -> Result<String, KeyError> {
        let uri = format!("{PREFIX}{}", random_secret()?);
        self.waiting.insert(Fingerprint::of(&uri), request, now);
        Ok(uri)
    }

    /// The request, once, for the client that pushed it.
    pub(crate) fn take(&self, uri: &str, client_id: &str, now: OffsetDateTime) -> Option<AuthorizationRequest> {
        let key = Fingerprint::of(uri);
        self.waiting.find(key, now).filter(|request| request.client_id == client_id)?;
        self.waiting.remove(key)
    }
}

/// Keeps a request of an authenticated client; the answer says where.
pub(crate) fn push(core: &Core, arrival: &Arrival<'_>) -> Result<Value, TokenError> {
    let client = authenticate(core, arrival.authorization, arrival.params)?;
    if arrival.params.get("request_uri").is_some() {
        return Err(TokenError::InvalidRequest("A pushed request cannot refer to another."));
    }
    let proven = dpop::optional(core, &arrival.proof, Place { method: "POST", path: "/par", access_token: None })?;
    let mut request = authorize::parse_for(client, arrival.params).map_err(|refused| match refused {
        Refused::Sent(error) => TokenError::Refused { code: error.code, description: error.description },
        Refused::Shown(NoRedirect::UnregisteredRedirect { .. }) => {
            TokenError::InvalidRequest("The redirect_uri is not registered.")
        }
        Refused::Shown(_) => TokenError::InvalidRequest("The request names no client."),
    })?;
    // RFC 9449 section 10.1: the proof says the same as `dpop_jkt`, which may then be left out.
    if let Some(proven) = proven {
        if request.thumbprint.as_ref().is_some_and(|named| *named != proven) {
            return Err(TokenError::InvalidDpopProof("The key of the proof is not the one dpop_jkt names."));
        }
        request.thumbprint = Some(proven);
    }
    let uri = core.pushed.keep(request, core.clock.now())?;
    Ok(json!({ "request_uri": uri, "expires_in": PushedRequests::LIFE.whole_seconds() }))
}
