//! Context assertions for applications: the one grant of CreateTokenWithIAM that leads to an identity context.
//!
//! Enters: `POST /token?aws_iam=t`, signed for the service `sso-oauth`, and in its JSON the ARN of an application (`clientId`), the
//! grant type [`JWT_BEARER`] and an ID token of a trusted issuer about whoever uses the application (`assertion`). Leaves: JSON
//! with `awsAdditionalDetails.identityContext`, which AssumeRole takes as the context assertion of
//! [`CONTEXT_PROVIDER_ARN`](crate::session::CONTEXT_PROVIDER_ARN) within `expiresIn` seconds. Refused: whoever may not
//! [`sso-oauth:CreateTokenWithIAM`](ACTION) on the application, applications that were not set up, other grants, and tokens of
//! other issuers, or about nobody of the directory.
//!
//! An application of another account than the caller's has to let the caller in by a policy of its own
//! ([`Broker::with_resource_policy`]). No access, refresh or ID token is given out: there is nothing here that takes one.

mod answer;

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use serde::Deserialize;
use zeroize::Zeroizing;

use self::answer::{Given, Refused};
use super::fetch::IssuerKeys;
use super::signed::{RequireSignature, SignedCaller};
use crate::arn::Arn;
use crate::broker::{Broker, Flow};
use crate::identity::oidc::{Claimed, OidcError, OidcProvider, UnverifiedIdToken};
use crate::request::Service;
use crate::{Error, VerifiedIdentity};

/// What a caller must be allowed to do, on the application it asks for.
pub const ACTION: &str = "sso-oauth:CreateTokenWithIAM";
/// The grant that is answered (RFC 7523, 2.1).
pub const JWT_BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
/// The one scope there is.
const SCOPE: &str = "sts:identity_context";
/// What asks are signed for.
const SERVICE: &str = "sso-oauth";
const EXCHANGE: &str = "exchange of an ID token for a context";
/// The longest ask: an ID token of 20,000 characters and little else.
const MAX_BODY_BYTES: usize = 32 * 1024;
/// The longest ID token, in bytes.
const MAX_TOKEN_LENGTH: usize = 20_000;

/// Where applications get the context assertions of a broker's directory.
#[derive(Clone, Debug)]
pub struct IdentityContexts {
    broker: Arc<Broker>,
    applications: Arc<HashMap<String, Application>>,
    issuers: Arc<HashMap<String, Vec<(OidcProvider, IssuerKeys)>>>,
}

#[derive(Clone, Debug)]
struct Application {
    arn: Arn,
    /// Those of the tokens that people give it.
    audiences: BTreeSet<String>,
}

impl IdentityContexts {
    /// For people of the directory of `broker`, which must be an identity store. No application is answered yet, and no
    /// issuer trusted.
    #[must_use]
    pub fn new(broker: Arc<Broker>) -> Self {
        Self { broker, applications: Arc::default(), issuers: Arc::default() }
    }

    /// Answers callers that are allowed to speak for `application`, one of the identity store's own instance, about people who
    /// gave it a token for `audience`, which is its client id at the issuer: a token that was given to another application says
    /// nothing to this one. An application that has several, such as one at each issuer, is named with each.
    #[must_use]
    pub fn with_application(mut self, application: Arn, audience: impl Into<String>) -> Self {
        let known = Arc::make_mut(&mut self.applications).entry(application.to_string());
        let known = known.or_insert_with(|| Application { arn: application, audiences: BTreeSet::new() });
        known.audiences.insert(audience.into());
        self
    }

    /// Trusts the issuer of `provider`, verified with `keys`, to say who the people of the directory are: all of them, under
    /// the names that they have there. Tokens must be for one of the provider's audiences. One issuer may have several
    /// providers; an audience that two of them have is the first one's.
    #[must_use]
    pub fn with_trusted_issuer(mut self, provider: OidcProvider, keys: IssuerKeys) -> Self {
        let issuer = provider.issuer().as_str().to_owned();
        Arc::make_mut(&mut self.issuers).entry(issuer).or_default().push((provider, keys));
        self
    }

    /// Answers at `POST /token?aws_iam=t`.
    pub fn router(self) -> Router {
        let broker = Arc::clone(&self.broker);
        let signed = RequireSignature::new(broker, Service::new(SERVICE)).with_body_limit(MAX_BODY_BYTES);
        Router::new().route("/token", post(answer)).layer(signed).with_state(self)
    }
}

/// What is asked for; a member that another grant has is refused as one that is not known.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Ask {
    client_id: String,
    grant_type: String,
    assertion: Option<Zeroizing<String>>,
    #[serde(default)]
    scope: Option<Vec<String>>,
}

async fn answer(
    State(contexts): State<IdentityContexts>,
    caller: SignedCaller,
    RawQuery(query): RawQuery,
    body: Bytes,
) -> Response {
    if query.as_deref() != Some("aws_iam=t") {
        return Refused::request("the operation is CreateTokenWithIAM alone, at /token?aws_iam=t").into_response();
    }
    match give(&contexts, &caller, &body).await {
        Ok(given) => given.into_response(),
        Err(refused) => refused.into_response(),
    }
}

async fn give(contexts: &IdentityContexts, caller: &SignedCaller, body: &[u8]) -> Result<Given, Refused> {
    let ask: Ask = serde_json::from_slice(body)
        .map_err(|_| Refused::request("expected JSON with clientId, grantType, assertion and perhaps scope"))?;
    if ask.grant_type != JWT_BEARER {
        return Err(Refused::grant_type());
    }
    let token = ask.assertion.filter(|token| (4..=MAX_TOKEN_LENGTH).contains(&token.len()));
    let token = token.ok_or_else(|| Refused::request("assertion must be an ID token of at most 20000 characters"))?;
    if ask.scope.is_some_and(|scope| scope.iter().any(|one| one != SCOPE)) {
        return Err(Refused::scope());
    }
    let application = contexts.applications.get(&ask.client_id);
    // Whether there is such an application is told to those alone who may speak for it.
    caller.authorize(ACTION, &ask.client_id).map_err(Refused::denied)?;
    let application = application.ok_or_else(Refused::client)?;
    // Who asked is told by the events of the same id.
    let flow = contexts.broker.follow(caller.request_id().clone());
    let identity = contexts.verify(&flow, application, UnverifiedIdToken::for_exchange(token.as_str())).await?;
    let assertion = flow.issue_context_assertion(&identity, Some(&application.arn));
    Ok(Given::new(&assertion.map_err(|error| Refused::of(&error))?, contexts.broker.now()))
}

impl IdentityContexts {
    /// Verifies a token that was given to `application` with the keys of the trusted issuer that it names.
    async fn verify(
        &self,
        flow: &Flow<'_>,
        application: &Application,
        token: UnverifiedIdToken,
    ) -> Result<VerifiedIdentity, Refused> {
        let refuse = |error: Error| match flow.refuse(EXCHANGE, error.code(), &error.reason()) {
            Ok(()) => Refused::of(&error),
            Err(unrecorded) => Refused::of(&unrecorded),
        };
        let Claimed { issuer, key_id, .. } = token.claimed().ok_or_else(|| refuse(unknown("")))?;
        // The subject of an access token may be a client, which may be called as a person is (RFC 9068, 5).
        if token.claims_access() {
            let reason = "an access token in place of an ID token";
            flow.refuse(EXCHANGE, "InvalidIdentityToken", reason).map_err(|unrecorded| Refused::of(&unrecorded))?;
            return Err(Refused::token("the assertion must be an ID token, not an access token"));
        }
        let issuer = issuer.unwrap_or_default();
        let providers = self.issuers.get(&issuer).ok_or_else(|| refuse(unknown(&issuer)))?;
        let Some((provider, keys)) = meant(providers, application, &token) else {
            let reason = format!("the token is for none of the audiences of {}", application.arn);
            flow.refuse(EXCHANGE, "InvalidIdentityToken", &reason).map_err(|unrecorded| Refused::of(&unrecorded))?;
            return Err(Refused::elsewhere());
        };
        let keys = match keys.for_key_id(key_id.as_deref(), self.broker.now()).await {
            Ok(keys) => keys,
            Err(error) => {
                let recorded = flow.refuse(EXCHANGE, "IDPCommunicationError", &error.reason());
                return Err(recorded.map_or_else(|unrecorded| Refused::of(&unrecorded), |()| Refused::unreachable()));
            }
        };
        flow.exchange_token(&provider, &keys, token).await.map_err(|error| match error {
            Error::Oidc(OidcError::Audience { .. } | OidcError::AuthorizedParty { .. }) => Refused::elsewhere(),
            error => Refused::of(&error),
        })
    }
}

/// The provider that vouches to an application: for the audiences that both have, and where several do, for the one that the
/// token claims to be for.
fn meant<'a>(
    providers: &'a [(OidcProvider, IssuerKeys)],
    application: &Application,
    token: &UnverifiedIdToken,
) -> Option<(OidcProvider, &'a IssuerKeys)> {
    let meant = providers.iter().filter_map(|(own, keys)| Some((own.meant_for(&application.audiences)?, keys)));
    let mut meant: Vec<_> = meant.collect();
    if meant.len() > 1 {
        meant.retain(|(provider, _)| token.claims_to_be_for(provider.audiences()));
    }
    meant.into_iter().next()
}

fn unknown(issuer: &str) -> Error {
    Error::UnknownProvider { issuer: issuer.chars().take(255).collect() }
}
