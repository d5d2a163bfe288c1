//! The Security Token Service over the AWS query protocol, version 2011-06-15.
//!
//! AssumeRoleWithSAML and AssumeRoleWithWebIdentity carry their proof in a parameter; every other operation is signed with
//! Signature Version 4.

mod error;
mod federation;
mod minted;
mod registered;
mod signed;
mod tell;
mod tokens;

use std::collections::HashMap;
use std::sync::Arc;

use axum::Router;

use self::registered::RegisteredIssuers;
use super::fetch::{FetchError, IssuerKeys};
use super::query::{Answer, Endpoint, NO_JWT, Protocol, Query, QueryError, Received};
use crate::arn::Arn;
use crate::broker::{Broker, Flow};
use crate::identity::oidc::keys::KeyCacheMetrics;
use crate::identity::oidc::{Claimed, OidcProvider, UnverifiedIdToken};
use crate::policy::Keys;
use crate::request::{AuthenticatedRequest, Service};
use crate::{Error, VerifiedIdentity};

pub(super) const PROTOCOL: Protocol = Protocol {
    version: "2011-06-15",
    namespace: "https://sts.amazonaws.com/doc/2011-06-15/",
    // A SAML assertion of 100,000 characters, percent-encoded, and the other parameters.
    max_body: 400 * 1024,
    // The largest legal call has 50 tags, 50 transitive keys and 10 policies.
    max_parameters: 256,
};

/// The Security Token Service of a broker.
#[derive(Clone, Debug)]
pub struct Sts {
    broker: Arc<Broker>,
    issuers: Arc<HashMap<String, IssuerKeys>>,
    registered: Arc<RegisteredIssuers>,
}

impl Sts {
    /// The operations of `broker`. ID tokens are accepted from those of its OpenID providers that keys are given for
    /// with [`Sts::with_issuer`], and for the roles of an account from the providers that were made in it.
    #[must_use]
    pub fn new(broker: Arc<Broker>) -> Self {
        Self { broker, issuers: Arc::default(), registered: Arc::default() }
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

    /// Answers at `/`, alone; beside other services with [`Endpoint::with_sts`].
    pub fn router(self) -> Router {
        Endpoint::new(Arc::clone(&self.broker)).with_sts(self).router()
    }

    pub(super) async fn answer(&self, flow: Flow<'_>, received: Received) -> Result<Answer, QueryError> {
        let query = received.query();
        let operation = PROTOCOL.operation(query)?;
        let call = Call { sts: self, flow, query, environment: received.environment() };
        match operation {
            "AssumeRoleWithSAML" => federation::assume_role_with_saml(&call).await,
            "AssumeRoleWithWebIdentity" => federation::assume_role_with_web_identity(&call).await,
            other => {
                let Some(operation) = signed_operation(other) else { return Err(PROTOCOL.unknown_operation(query)) };
                let caller = call.flow.authenticate(&Service::STS, received.signed())?;
                operation(&call, &caller)
            }
        }
    }

    /// Whether the account of `role` is one of this broker's.
    fn serves(&self, role: &Arn) -> bool {
        let accounts = self.broker.registry().read();
        role.account_id().is_ok_and(|account| accounts.find(&account).is_some())
    }

    /// Verifies a token that is to be exchanged for `role` with the keys of the issuer it names; that the issuer is right is
    /// the stage's to verify.
    async fn exchange_token(
        &self,
        flow: &Flow<'_>,
        role: &Arn,
        token: UnverifiedIdToken,
    ) -> Result<VerifiedIdentity, QueryError> {
        let Some(Claimed { issuer: Some(issuer), key_id }) = token.claimed() else {
            let refused = QueryError::new("InvalidIdentityToken", NO_JWT);
            flow.refuse("exchange of an ID token", refused.code(), "no issuer can be read from the token")?;
            return Err(refused);
        };
        let unreachable = |error: FetchError| -> Result<QueryError, Error> {
            flow.refuse("exchange of an ID token", "IDPCommunicationError", &error.reason())?;
            let message = "the keys of the identity provider could not be fetched";
            Ok(QueryError::new("IDPCommunicationError", message))
        };
        let registered = match self.issuer(&issuer) {
            Some(_) => None,
            None => match self.registered.find(&self.broker, role, &issuer) {
                Ok(registered) => registered,
                Err(error) => return Err(unreachable(error)?),
            },
        };
        let own = registered.as_ref().map(|(provider, keys)| (&**provider, keys));
        let Some((provider, keys)) = self.issuer(&issuer).or(own) else {
            return Err(error::no_provider_of(flow, &issuer, role)?);
        };
        match keys.for_key_id(key_id.as_deref(), self.broker.now()).await {
            Ok(keys) => Ok(flow.exchange_token(provider, &keys, token).await?),
            Err(error) => Err(unreachable(error)?),
        }
    }
}

type Operation = fn(&Call<'_>, &AuthenticatedRequest) -> Result<Answer, QueryError>;

/// The operation of this name that must be signed.
fn signed_operation(name: &str) -> Option<Operation> {
    Some(match name {
        "AssumeRole" => signed::assume_role,
        "AssumeRoot" => tokens::assume_root,
        "DecodeAuthorizationMessage" => tell::decode_authorization_message,
        "GetAccessKeyInfo" => tell::get_access_key_info,
        "GetCallerIdentity" => signed::get_caller_identity,
        "GetDelegatedAccessToken" => tell::get_delegated_access_token,
        "GetFederationToken" => tokens::get_federation_token,
        "GetSessionToken" => tokens::get_session_token,
        "GetWebIdentityToken" => tell::get_web_identity_token,
        _ => return None,
    })
}

/// A call with its parameters read.
struct Call<'a> {
    sts: &'a Sts,
    flow: Flow<'a>,
    query: &'a Query,
    environment: Keys,
}
