//! Scoped signing keys for services that hold no master secret: the broker's side of
//! [`ResourceServer`](super::resource_server::ResourceServer).
//!
//! Enters: `POST /signing-keys`, signed for the service `daypass` with the resource server's own credentials, and in its form
//! the access key id, session token and credential scope of a request that the server received. Leaves: the signing key of
//! that scope, until when it serves, and every policy that has a say in what the session may do. Refused: whoever may not
//! [`daypass:GetSigningKey`](ACTION) on `arn:aws:daypass:::service/<name>`, sessions that are over or revoked, days on which
//! the session cannot have signed, and the broker's own services, whatever policies say.
//!
//! The least authority of a server is a policy that names its own service:
//!
//! ```json
//! {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "daypass:GetSigningKey",
//!     "Resource": "arn:aws:daypass:::service/reports"}}
//! ```
//!
//! Conditions can narrow it further: `daypass:SessionAccount` (the account of the session that is asked about),
//! `daypass:SessionRoleArn` (its role) and `daypass:SigningRegion` (the region of the scope).

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::resource_server::standing::Written;
use super::signed::{Refusal, RequireSignature, SignedCaller};
use crate::Error;
use crate::broker::Broker;
use crate::credentials::{AccessKeyId, CredentialScope};
use crate::request::{RequestError, Service};

/// What a resource server must be allowed to do, on the service it asks a key for.
pub const ACTION: &str = "daypass:GetSigningKey";
/// What asks are signed for.
pub(super) const SERVICE: &str = "daypass";
/// Where they are sent.
pub(super) const PATH: &str = "/signing-keys";
/// The longest ask: a session token of 7 KiB, percent-encoded, and little else.
const MAX_BODY_BYTES: usize = 64 * 1024;

/// Answers at `POST /signing-keys`.
pub fn router(broker: Arc<Broker>) -> Router {
    let signed = RequireSignature::new(Arc::clone(&broker), Service::new(SERVICE)).with_body_limit(MAX_BODY_BYTES);
    Router::new().route(PATH, post(answer)).layer(signed).with_state(broker)
}

/// What is handed over, as JSON.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Handed {
    /// Base64 of the key's 32 bytes.
    pub(super) signing_key: Zeroizing<String>,
    /// When the session ends, in seconds since 1970.
    pub(super) expiration: i64,
    /// Every policy that has a say in what the session may do at that server, but those of its resources.
    pub(super) standing: Written,
}

/// A refusal of what was asked about, not of who asks.
#[derive(Serialize, Deserialize)]
pub(super) struct NotHanded {
    pub(super) code: String,
    pub(super) message: String,
}

/// The status of [`NotHanded`], which no refusal of a signature has.
pub(super) const NOT_HANDED: StatusCode = StatusCode::CONFLICT;

async fn answer(State(broker): State<Arc<Broker>>, caller: SignedCaller, body: Bytes) -> Response {
    let mut response = match hand_over(&broker, &caller, &body) {
        Ok(handed) => Json(handed).into_response(),
        Err(Stop::Refused(refusal)) => refusal.into_response(),
        Err(Stop::NotHanded(refused)) => (NOT_HANDED, Json(refused)).into_response(),
    };
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

enum Stop {
    Refused(Refusal),
    NotHanded(NotHanded),
}

impl Stop {
    fn of(code: &str, message: impl Into<String>) -> Self {
        Self::NotHanded(NotHanded { code: code.to_owned(), message: message.into() })
    }
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        match error {
            // About the session that was asked about, whose role or user went between two looks at the accounts.
            Error::Handover(_) | Error::Request(RequestError::Revoked(_)) => Self::of(error.code(), error.to_string()),
            other => Self::Refused(Refusal::without_id(&other, &Service::new(SERVICE))),
        }
    }
}

fn hand_over(broker: &Broker, caller: &SignedCaller, body: &[u8]) -> Result<Handed, Stop> {
    let ask = Ask::parse(body).ok_or_else(|| Stop::of("ValidationError", "the form is not one of this operation"))?;
    let resource = format!("arn:aws:daypass:::service/{}", ask.scope.service());
    // Whose session it is may matter to the policy; nothing is told of it to a server that may not ask.
    let opened = broker.sessions().open(&ask.access_key_id, &ask.session_token, broker.now()).ok();
    caller
        .authorize_with(ACTION, &resource, |keys| {
            keys.set("daypass:SigningRegion", ask.scope.region());
            if let Some(opened) = &opened {
                keys.set("daypass:SessionAccount", opened.session().account().as_str());
                if let Some(session) = opened.session().as_role() {
                    keys.set("daypass:SessionRoleArn", session.role_arn().as_str());
                }
            }
        })
        .map_err(Stop::Refused)?;
    let flow = broker.begin()?;
    let handed = flow.hand_over(&ask.access_key_id, &ask.session_token, &ask.scope)?;
    Ok(Handed {
        signing_key: Zeroizing::new(STANDARD.encode(handed.key().expose())),
        expiration: handed.session().expiration().unix_seconds(),
        standing: Written::of(broker, handed.session(), caller.caller().account())?,
    })
}

/// What a server asks about.
struct Ask {
    access_key_id: AccessKeyId,
    session_token: Zeroizing<String>,
    scope: CredentialScope,
}

impl Ask {
    /// Reads the form: three parameters, each once.
    fn parse(form: &[u8]) -> Option<Self> {
        let mut given = BTreeMap::new();
        for (name, value) in form_urlencoded::parse(form) {
            if given.len() == 3 || given.insert(name.into_owned(), value.into_owned()).is_some() {
                return None;
            }
        }
        Some(Self {
            access_key_id: given.remove("AccessKeyId")?.parse().ok()?,
            session_token: Zeroizing::new(given.remove("SessionToken")?),
            scope: given.remove("Scope")?.parse().ok()?,
        })
    }
}
