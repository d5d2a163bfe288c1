//! A running identity provider, as the program that started it sees it.

use crate::builder::IdpBuilder;
use crate::core::Core;
use crate::error::IdpError;
use crate::fault::{Fault, Target};
use crate::flows::Farewell;
use crate::journal::LoggedRequest;
use crate::logout_token_request::LogoutTokenRequest;
use crate::oidc::id_token::{Grant, mint};
use crate::oidc::workload::WorkloadToken;
use crate::relying::{Binding, Client};
use crate::saml::logout::{self, Outgoing};
use crate::saml::metadata;
use crate::saml::response::{Delivery, NameIdFormat, Subject, success};
use crate::sync::random_secret;
use axum::Router;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// An identity provider: SAML 2.0 and OpenID Connect, with people who type passwords. It stops when it is dropped.
///
/// | path | what is there |
/// |---|---|
/// | `/saml/metadata`, `/saml/sso`, `/saml/slo` | SAML metadata; single sign-on and single logout by HTTP-Redirect and HTTP-POST |
/// | `/.well-known/openid-configuration`, `/jwks`, `/authorize`, `/par`, `/token`, `/userinfo`, `/revoke`, `/logout` | OpenID Connect |
/// | `/`, `/login`, `/signout` | pages for people |
/// | `/_control/…` | faults, clock and request log as JSON, if [`test_controls`](IdpBuilder::test_controls) |
/// | `/_demo/token`, `/_demo/assertion` | statements without a password, if [`demo_endpoints`](IdpBuilder::demo_endpoints) |
///
/// `/_control` and `/_demo` answer callers on the same machine only:
///
/// | request | does |
/// |---|---|
/// | `GET /_control/faults` | lists what waits, and every name there is |
/// | `POST /_control/faults` `{"fault": "expired", "mode": "once"}` | [`break_next`](Idp::break_next); with `"always"`, [`break_always`](Idp::break_always) |
/// | `DELETE /_control/faults` | [`mend`](Idp::mend) |
/// | `GET /_control/clock` | `{"now": …}` |
/// | `POST /_control/clock` `{"advance_seconds": 3600}` | [`advance`](Idp::advance), or back with a negative number |
/// | `POST /_control/keys/rotate` `{"withdraw": false}` | [`rotate_keys`](Idp::rotate_keys); with `true`, [`withdraw_old_keys`](Idp::withdraw_old_keys) after it |
/// | `GET`, `DELETE /_control/requests` | [`requests`](Idp::requests), or forget them |
/// | `GET /_demo/token?user=&audience=` | `{"token": …}`; the first audience registered, if none is named; `workload=` in place of `user=` takes what [`WorkloadToken::parse`] reads |
/// | `GET /_demo/assertion?user=&sp=` | `{"saml_response": …, "acs_url": …}`; the first service provider, if none is named |
#[derive(Debug)]
pub struct Idp {
    core: Arc<Core>,
    server: Option<Server>,
}

#[derive(Debug)]
struct Server {
    address: SocketAddr,
    /// Dropping the sender is the signal to stop.
    running: watch::Sender<()>,
    task: JoinHandle<()>,
}

impl Idp {
    /// Begins to put one together.
    pub fn builder() -> IdpBuilder {
        IdpBuilder::new()
    }

    pub(crate) fn embedded(core: Core) -> Self {
        Self { core: Arc::new(core), server: None }
    }

    pub(crate) fn serving(core: Core, listener: TcpListener, address: SocketAddr) -> Self {
        let core = Arc::new(core);
        let (running, mut stopped) = watch::channel(());
        let router = crate::http::router(Arc::clone(&core));
        let path = core.base.path();
        let router = if path.is_empty() { router } else { Router::new().nest(path, router) };
        let service = router.into_make_service_with_connect_info::<SocketAddr>();
        let task = tokio::spawn(async move {
            let stop = async move { while stopped.changed().await.is_ok() {} };
            // Accept errors are retried inside; there is no other way for this to end but the signal.
            let _ = axum::serve(listener, service).with_graceful_shutdown(stop).await;
        });
        Self { core, server: Some(Server { address, running, task }) }
    }

    /// The address others reach it at, without a trailing slash.
    #[must_use]
    pub fn base_url(&self) -> &str {
        self.core.base.as_str()
    }

    /// The OpenID issuer: the same.
    #[must_use]
    pub fn issuer(&self) -> &str {
        self.core.issuer()
    }

    /// The SAML entity ID, which is where the metadata is.
    #[must_use]
    pub fn saml_entity_id(&self) -> String {
        self.core.saml_entity_id()
    }

    /// The SAML metadata document.
    #[must_use]
    pub fn saml_metadata(&self) -> String {
        metadata::document(&self.core)
    }

    /// The address listened on; `None` when somebody else serves the [`router`](Self::router).
    #[must_use]
    pub fn local_addr(&self) -> Option<SocketAddr> {
        self.server.as_ref().map(|server| server.address)
    }

    /// The HTTP surface, to be served (or nested, under the path of the base URL) by an application of your own.
    pub fn router(&self) -> Router {
        crate::http::router(Arc::clone(&self.core))
    }

    /// A base64 SAML response that signs `user` in at the first registered service provider, unasked (IdP-initiated).
    ///
    /// # Errors
    /// When there is no such person or no service provider.
    pub fn assertion(&self, user: &str) -> Result<String, IdpError> {
        self.assertion_for(AssertionRequest::new(user))
    }

    /// A base64 SAML response made to order.
    ///
    /// # Errors
    /// When there is no such person or service provider, or the fault is none of an assertion's.
    pub fn assertion_for(&self, request: AssertionRequest) -> Result<String, IdpError> {
        assertion_for(&self.core, request)
    }

    /// An ID token about `user` for a client or for an audience of the builder.
    ///
    /// # Errors
    /// When there is no such person, client or audience.
    pub fn id_token(&self, user: &str, audience: &str) -> Result<String, IdpError> {
        self.id_token_for(IdTokenRequest::new(user, audience))
    }

    /// An ID token made to order.
    ///
    /// # Errors
    /// When there is no such person, client or audience, or the fault is none of an ID token's.
    pub fn id_token_for(&self, request: IdTokenRequest) -> Result<String, IdpError> {
        id_token_for(&self.core, request)
    }

    /// A token such as a workload of some platform has, signed here: for trust policies that are tested offline.
    ///
    /// # Errors
    /// When it cannot be signed.
    pub fn workload_token(&self, token: WorkloadToken) -> Result<String, IdpError> {
        Ok(token.mint(&self.core)?)
    }

    /// The address that carries a request to sign `user` out of a service provider, whichever of their sessions there it
    /// may be: what an administrator does to somebody who leaves. Open it in any browser, with HTTP-Redirect.
    ///
    /// # Errors
    /// When there is no such person, or no such service provider that takes requests so.
    pub fn logout_url(&self, user: &str, service_provider: &str) -> Result<String, IdpError> {
        logout_url(&self.core, user, service_provider)
    }

    /// A logout token that tells a client that every session of `user` is over (OpenID Connect Back-Channel Logout), which
    /// is for you to deliver: what an administrator does to somebody who leaves.
    ///
    /// # Errors
    /// When there is no such person or client.
    pub fn logout_token(&self, user: &str, client: &str) -> Result<String, IdpError> {
        self.logout_token_for(LogoutTokenRequest::new(user, client))
    }

    /// A logout token made to order.
    ///
    /// # Errors
    /// When there is no such person or client, or the fault is none of a logout token's.
    pub fn logout_token_for(&self, request: LogoutTokenRequest) -> Result<String, IdpError> {
        request.issue(&self.core)
    }

    /// Puts a fault into the next thing it applies to, whoever asks for it; several wait in order.
    pub fn break_next(&self, fault: Fault) {
        self.core.faults.break_next(fault);
    }

    /// Puts a fault into everything it applies to, until [`mend`](Self::mend).
    pub fn break_always(&self, fault: Fault) {
        self.core.faults.break_always(fault);
    }

    /// Forgets every fault that waits.
    pub fn mend(&self) {
        self.core.faults.mend();
    }

    /// The present instant by this identity provider's clock, in whole seconds.
    #[must_use]
    pub fn now(&self) -> time::OffsetDateTime {
        self.core.clock.now()
    }

    /// Moves the clock forward, by whole seconds: sessions, codes and statements age at once.
    pub fn advance(&self, by: Duration) {
        self.core.clock.advance(i64::try_from(by.as_secs()).unwrap_or(i64::MAX));
    }

    /// Replaces the keys that ID tokens are signed with: new ones, with new identifiers, sign at once. The old ones stay in
    /// the key set, so that what they signed can still be verified, until [`withdraw_old_keys`](Self::withdraw_old_keys);
    /// of more than eight generations the oldest go. SAML keeps its keys, which its metadata has published.
    ///
    /// Keys of a [seed](IdpBuilder::seed) are followed by others of the same seed. Keys of a
    /// [directory](IdpBuilder::keys_dir) are followed by keys that end with this identity provider.
    ///
    /// # Errors
    /// When keys cannot be made.
    pub fn rotate_keys(&self) -> Result<(), IdpError> {
        Ok(self.core.keys.rotate()?)
    }

    /// Takes every key that signs no longer out of the key set.
    pub fn withdraw_old_keys(&self) {
        self.core.keys.withdraw_old();
    }

    /// The latest thousand requests, oldest first.
    #[must_use]
    pub fn requests(&self) -> Vec<LoggedRequest> {
        self.core.journal.requests()
    }

    /// Stops listening and waits until what was being answered is answered. Dropping does the same without waiting.
    pub async fn stop(mut self) {
        if let Some(server) = self.server.take() {
            drop(server.running);
            // The task can only fail by being cancelled with its runtime, and then it has stopped too.
            let _ = server.task.await;
        }
    }
}

pub(crate) fn assertion_for(core: &Core, request: AssertionRequest) -> Result<String, IdpError> {
    let AssertionRequest { user, service_provider, in_response_to, fault } = request;
    refuse_misplaced(fault, Target::Assertion, "an assertion")?;
    let user = core.user(&user)?;
    let service_provider = match &service_provider {
        Some(entity_id) => core.service_provider(entity_id)?,
        None => core.default_service_provider()?,
    };
    let delivery = Delivery {
        service_provider,
        acs_url: service_provider.default_acs(),
        in_response_to: in_response_to.as_deref(),
    };
    let session_index = format!("_{}", random_secret()?);
    let subject = Subject {
        user,
        authenticated: core.clock.now(),
        session_index: &session_index,
        format: NameIdFormat::default(),
    };
    let fault = fault.or_else(|| core.faults.take(Target::Assertion));
    Ok(STANDARD.encode(success(core, delivery, &subject, fault)?))
}

fn logout_url(core: &Core, user: &str, service_provider: &str) -> Result<String, IdpError> {
    let unknown = || IdpError::UnknownServiceProvider(service_provider.to_owned());
    let (index, known) = core.service_provider_at(service_provider).ok_or_else(unknown)?;
    let service = known.logout().filter(|service| service.binding == Binding::Redirect).ok_or_else(unknown)?;
    let farewell = Farewell {
        service_provider: index,
        name_id: core.user(user)?.name().to_owned(),
        format: NameIdFormat::default(),
        session_index: None,
    };
    match logout::ask(core, (known, service), &farewell, None, core.faults.take(Target::LogoutRequest))? {
        (_, Outgoing::Redirect(url)) => Ok(url),
        (_, Outgoing::Form { .. }) => Err(unknown()),
    }
}

pub(crate) fn id_token_for(core: &Core, request: IdTokenRequest) -> Result<String, IdpError> {
    let IdTokenRequest { user, audience, nonce, fault } = request;
    refuse_misplaced(fault, Target::IdToken, "an ID token")?;
    let user = core.user(&user)?;
    let client = core.client(&audience);
    if client.is_none() && !core.audiences.contains(&audience) {
        return Err(IdpError::UnknownAudience(audience));
    }
    let grant = Grant {
        audience: &audience,
        algorithm: client.and_then(Client::algorithm),
        nonce: nonce.as_deref(),
        authenticated: core.clock.now(),
        access_token: None,
        session_id: None,
    };
    let fault = fault.or_else(|| core.faults.take(Target::IdToken));
    Ok(mint(core, user, grant, fault)?)
}

pub(crate) fn refuse_misplaced(fault: Option<Fault>, target: Target, what: &'static str) -> Result<(), IdpError> {
    match fault {
        Some(fault) if !fault.applies_to(target) => Err(IdpError::FaultDoesNotApply { fault, what }),
        _ => Ok(()),
    }
}

/// What an assertion is to say; see [`Idp::assertion_for`].
#[derive(Debug, Clone)]
pub struct AssertionRequest {
    user: String,
    service_provider: Option<String>,
    in_response_to: Option<String>,
    fault: Option<Fault>,
}

impl AssertionRequest {
    /// About this person, for the first registered service provider, unasked.
    pub fn new(user: impl Into<String>) -> Self {
        Self { user: user.into(), service_provider: None, in_response_to: None, fault: None }
    }

    /// For this service provider, by its entity ID; delivered to its first assertion consumer service.
    #[must_use]
    pub fn with_service_provider(mut self, entity_id: impl Into<String>) -> Self {
        self.service_provider = Some(entity_id.into());
        self
    }

    /// In answer to the AuthnRequest with this ID.
    #[must_use]
    pub fn with_in_response_to(mut self, request_id: impl Into<String>) -> Self {
        self.in_response_to = Some(request_id.into());
        self
    }

    /// With a deliberate mistake.
    #[must_use]
    pub const fn with_fault(mut self, fault: Fault) -> Self {
        self.fault = Some(fault);
        self
    }
}

/// What an ID token is to say; see [`Idp::id_token_for`].
#[derive(Debug, Clone)]
pub struct IdTokenRequest {
    user: String,
    audience: String,
    nonce: Option<String>,
    fault: Option<Fault>,
}

impl IdTokenRequest {
    /// About this person, for this client or audience.
    pub fn new(user: impl Into<String>, audience: impl Into<String>) -> Self {
        Self { user: user.into(), audience: audience.into(), nonce: None, fault: None }
    }

    /// With this nonce.
    #[must_use]
    pub fn with_nonce(mut self, nonce: impl Into<String>) -> Self {
        self.nonce = Some(nonce.into());
        self
    }

    /// With a deliberate mistake.
    #[must_use]
    pub const fn with_fault(mut self, fault: Fault) -> Self {
        self.fault = Some(fault);
        self
    }
}
