//! The Security Token Service over the AWS query protocol, version 2011-06-15.
//!
//! `POST /` with a form, or `GET /` with a query. AssumeRoleWithSAML and AssumeRoleWithWebIdentity carry their proof in a
//! parameter; every other operation is signed with Signature Version 4.

mod error;
mod federation;
mod query;
mod reply;
mod signed;

use std::collections::HashMap;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::State;
use axum::http::{Method, Request, header};
use axum::response::Response;
use axum::routing::post;

use self::error::StsError;
use self::query::Query;
use self::reply::Element;
use super::environment;
use super::fetch::IssuerKeys;
use crate::broker::{Broker, Flow};
use crate::identity::oidc::keys::KeyCacheMetrics;
use crate::identity::oidc::{Claimed, OidcProvider, UnverifiedIdToken};
use crate::policy::Keys;
use crate::request::{Service, SignedHead, SignedRequest};
use crate::{Error, VerifiedIdentity};

/// The largest body: a SAML assertion of 100,000 characters, percent-encoded, and the other parameters.
const MAX_BODY_BYTES: usize = 400 * 1024;

const VERSION: &str = "2011-06-15";

/// The Security Token Service of a broker.
#[derive(Clone, Debug)]
pub struct Sts {
    broker: Arc<Broker>,
    issuers: Arc<HashMap<String, IssuerKeys>>,
}

impl Sts {
    /// The operations of `broker`. ID tokens are accepted from those of its OpenID providers that keys are given for
    /// with [`Sts::with_issuer`].
    #[must_use]
    pub fn new(broker: Arc<Broker>) -> Self {
        Self { broker, issuers: Arc::default() }
    }

    /// Verifies tokens of `issuer` with `keys`.
    #[must_use]
    pub fn with_issuer(mut self, issuer: &str, keys: IssuerKeys) -> Self {
        Arc::make_mut(&mut self.issuers).insert(issuer.to_owned(), keys);
        self
    }

    /// Whom a token of `issuer` is verified for, and with which keys; looking it up takes as long among many as among few.
    #[must_use]
    pub fn issuer(&self, issuer: &str) -> Option<(&OidcProvider, &IssuerKeys)> {
        self.broker.oidc_provider(issuer).zip(self.issuers.get(issuer))
    }

    /// The counters of each issuer's key cache, by issuer, for
    /// [`exposition`](crate::identity::oidc::keys::exposition). Keep a clone of this to read them while it serves.
    #[must_use]
    pub fn key_metrics(&self) -> Vec<(String, KeyCacheMetrics)> {
        let now = self.broker.now();
        let mut all: Vec<_> = self.issuers.iter().map(|(issuer, keys)| (issuer.clone(), keys.metrics(now))).collect();
        all.sort_by(|(one, _), (other, _)| one.cmp(other));
        all
    }

    /// Answers at `/`.
    pub fn router(self) -> Router {
        Router::new().route("/", post(answer).get(answer)).with_state(self)
    }

    /// Verifies a token with the keys of the issuer it names; that the issuer is right is the stage's to verify.
    async fn exchange_token(&self, flow: &Flow<'_>, token: UnverifiedIdToken) -> Result<VerifiedIdentity, StsError> {
        let Some(Claimed { issuer: Some(issuer), key_id }) = token.claimed() else {
            let refused = StsError::new("InvalidIdentityToken", "the ID token is not a JWT that names its issuer");
            flow.refuse("exchange of an ID token", refused.code(), "no issuer can be read from the token")?;
            return Err(refused);
        };
        let Some((provider, keys)) = self.issuer(&issuer) else {
            let error = Error::UnknownProvider { issuer: issuer.chars().take(255).collect() };
            flow.refuse("exchange of an ID token", error.code(), &error.reason())?;
            return Err(error.into());
        };
        match keys.for_key_id(key_id.as_deref(), self.broker.now()).await {
            Ok(keys) => Ok(flow.exchange_token(provider, &keys, token).await?),
            Err(error) => {
                flow.refuse("exchange of an ID token", "IDPCommunicationError", &error.reason())?;
                Err(StsError::new("IDPCommunicationError", "the keys of the identity provider could not be fetched"))
            }
        }
    }
}

/// A call with its parameters read.
struct Call<'a> {
    sts: &'a Sts,
    flow: Flow<'a>,
    query: &'a Query,
    environment: Keys,
}

/// What an operation answers: its name, and what its result element holds.
struct Answer(&'static str, Vec<Element>);

async fn answer(State(sts): State<Sts>, request: Request<Body>) -> Response {
    let now = sts.broker.now();
    match sts.broker.begin() {
        Ok(flow) => {
            let request_id = flow.correlation_id().to_string();
            match dispatch(&sts, flow, request).await {
                Ok(Answer(operation, result)) => reply::success(operation, &result, &request_id, now),
                Err(refused) => reply::failure(&refused, &request_id, now),
            }
        }
        Err(error) => reply::failure(&error.into(), "", now),
    }
}

async fn dispatch(sts: &Sts, flow: Flow<'_>, request: Request<Body>) -> Result<Answer, StsError> {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, MAX_BODY_BYTES).await.map_err(|_| {
        StsError::new("RequestEntityTooLarge", format!("the body is larger than {MAX_BODY_BYTES} bytes"))
    })?;
    let content_type =
        parts.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let query = if parts.method == Method::POST {
        if !body.is_empty() && !content_type.starts_with("application/x-www-form-urlencoded") {
            return Err(StsError::malformed("expected a body of type application/x-www-form-urlencoded"));
        }
        Query::parse(&body)?
    } else {
        Query::parse(parts.uri.query().unwrap_or_default().as_bytes())?
    };
    let operation = query.value("Action").unwrap_or_default();
    let unknown = |operation: &str, version: &str| {
        let (operation, version): (String, String) =
            (operation.chars().take(64).collect(), version.chars().take(32).collect());
        StsError::new("InvalidAction", format!("Could not find operation {operation} for version {version}"))
    };
    if let Some(other) = query.value("Version").filter(|version| *version != VERSION) {
        return Err(unknown(operation, other));
    }
    let call = Call { sts, flow, query: &query, environment: environment::keys(&parts) };
    match operation {
        "AssumeRoleWithSAML" => federation::assume_role_with_saml(&call).await,
        "AssumeRoleWithWebIdentity" => federation::assume_role_with_web_identity(&call).await,
        "AssumeRole" | "GetCallerIdentity" => {
            let target = parts.uri.path_and_query().map_or("/", |target| target.as_str());
            let headers = parts.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes()));
            let head = SignedHead::new(parts.method.as_str(), target, headers).map_err(Error::from)?;
            let caller = call.flow.authenticate(&Service::STS, SignedRequest::new(head, body.to_vec()))?;
            if operation == "AssumeRole" {
                signed::assume_role(&call, &caller)
            } else {
                Ok(signed::get_caller_identity(&caller))
            }
        }
        "" => Err(StsError::new("MissingAction", "the parameter Action is missing")),
        other => Err(unknown(other, VERSION)),
    }
}
