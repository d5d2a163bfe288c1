//! The access portal: who is signed in, what they are assigned, and the keys they take.
//!
//! Enters: a browser. Leaves: pages, and credentials that the broker minted. Refused: requests from other origins, and
//! whatever the broker refuses, as a page that says what to do next. It decides nothing itself.

mod accounts;
pub(in crate::http) mod answer;
mod credentials;
mod error;
mod pages;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::HeaderValue;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};

use super::cookie::CookiePolicy;
use super::inspector::{self, Trail};
use super::page::{Origin, asset, content_security_policy};
use super::relying_party::RelyingParty;
use super::signin::domains::Domains;
use super::signin::pending::Protocol;
use super::signin::session::LIFETIME;
use super::signin::{self, door::Door};
use crate::Broker;
use crate::identity::oidc::OidcProvider;

pub(in crate::http) use answer::Stop;
pub use error::PortalError;

/// The longest name of an OpenID provider in bytes: it is a part of its redirect URI.
const LONGEST_NAME: usize = 64;
/// The region that pages name where nobody set one.
const DEFAULT_REGION: &str = "us-east-1";

/// The pages of a broker: browser sign-in, the access portal, and in a demonstration the inspector.
#[derive(Debug)]
pub struct Portal {
    pub(in crate::http) broker: Arc<Broker>,
    pub(in crate::http) origin: Origin,
    pub(in crate::http) cookies: CookiePolicy,
    pub(in crate::http) saml: Vec<SamlWay>,
    pub(in crate::http) oidc: Vec<OidcWay>,
    pub(in crate::http) door: Door,
    pub(in crate::http) domains: Domains,
    /// How long a person stays signed in at most.
    pub(in crate::http) session_lifetime: Duration,
    /// As people know it.
    pub(in crate::http) name: Option<String>,
    trail: Option<Arc<dyn Trail>>,
    gallery_url: Option<String>,
    s3_url: Option<String>,
    region: String,
    policy: HeaderValue,
}

/// A SAML provider that people may sign in with.
#[derive(Debug)]
pub(in crate::http) struct SamlWay {
    /// Under which accounts register it.
    pub(in crate::http) name: String,
    /// As people know it.
    pub(in crate::http) label: String,
}

/// An OpenID provider that people may sign in with.
#[derive(Debug)]
pub(in crate::http) struct OidcWay {
    /// In the path of its sign-in.
    pub(in crate::http) name: String,
    /// As people know it.
    pub(in crate::http) label: String,
    /// The client we are to it.
    pub(in crate::http) relying_party: RelyingParty,
}

impl Portal {
    /// The pages of `broker`, reached by people at `base_url`, such as `https://broker.example`.
    ///
    /// # Errors
    /// [`PortalError::BaseUrl`] unless it is an http or https URL without a path.
    pub fn new(broker: Arc<Broker>, base_url: &str) -> Result<Self, PortalError> {
        let wrong = || PortalError::BaseUrl { found: base_url.to_owned() };
        let origin = Origin::of(base_url).map_err(|_| wrong())?;
        let rest = base_url.split_once("://").and_then(|(_, rest)| rest.split_once('/'));
        if rest.is_some_and(|(_, path)| !path.is_empty()) {
            return Err(wrong());
        }
        Ok(Self {
            broker,
            cookies: CookiePolicy::of(origin.as_str()),
            saml: Vec::new(),
            oidc: Vec::new(),
            door: Door::Portal,
            domains: Domains::default(),
            session_lifetime: LIFETIME,
            name: None,
            trail: None,
            gallery_url: None,
            s3_url: None,
            region: DEFAULT_REGION.to_owned(),
            policy: content_security_policy(&[]).ok_or_else(wrong)?,
            origin,
        })
    }

    /// Lets people sign in with the broker's SAML provider `name`, which they know as `label`.
    ///
    /// # Errors
    /// [`PortalError::UnknownProvider`] when the broker has no such provider, [`PortalError::SameName`] when people may
    /// sign in with it already, [`PortalError::AnswerElsewhere`] when its answers do not come to `<base URL>/saml/acs`, or
    /// logout messages, if it takes any, not to `<base URL>/saml/slo`.
    pub fn with_saml(mut self, name: &str, label: &str) -> Result<Self, PortalError> {
        if self.saml.iter().any(|way| way.name == name) {
            return Err(PortalError::SameName { name: name.to_owned() });
        }
        let unknown = || PortalError::UnknownProvider { name: name.to_owned() };
        let provider = self.broker.saml_provider(name).ok_or_else(unknown)?;
        let answer_to = signin::acs_url(&self.origin);
        if provider.acs_url() != answer_to {
            return Err(PortalError::AnswerElsewhere { expected: answer_to, found: provider.acs_url().to_owned() });
        }
        let here = signin::logout_url(&self.origin);
        if let Some(elsewhere) = provider.logout_url().filter(|url| *url != here) {
            return Err(PortalError::AnswerElsewhere { expected: here, found: elsewhere.to_owned() });
        }
        self.saml.push(SamlWay { name: name.to_owned(), label: label.to_owned() });
        Ok(self)
    }

    /// Lets people sign in with the OpenID provider of `relying_party`, which they know as `label`. Its redirect URI, which
    /// no other provider shares (RFC 9700, section 4.4.2), is `<base URL>/oidc/callback/<name>`.
    ///
    /// # Errors
    /// [`PortalError::ProviderName`] when `name` cannot stand in a path, [`PortalError::SameName`] when another OpenID
    /// provider has it, [`PortalError::AnswerElsewhere`] when the redirect URI is another one,
    /// [`PortalError::SharedAudience`] when the broker exchanges tokens of that issuer for this client.
    pub fn with_relying_party(
        mut self,
        name: &str,
        label: &str,
        relying_party: RelyingParty,
    ) -> Result<Self, PortalError> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
        let begins = name.bytes().next().is_some_and(|byte| byte.is_ascii_alphanumeric());
        if !begins || name.len() > LONGEST_NAME || !name.bytes().all(plain) {
            return Err(PortalError::ProviderName { found: name.to_owned() });
        }
        if self.oidc.iter().any(|way| way.name == name) {
            return Err(PortalError::SameName { name: name.to_owned() });
        }
        let answer_to = signin::callback_url(&self.origin, name);
        if relying_party.redirect_uri() != answer_to {
            let found = relying_party.redirect_uri().to_owned();
            return Err(PortalError::AnswerElsewhere { expected: answer_to, found });
        }
        let party = relying_party.provider();
        let exchanged = self.broker.oidc_provider(party.issuer().as_str()).map(OidcProvider::audiences);
        if let Some(client_id) = party.audiences().iter().find(|own| exchanged.is_some_and(|all| all.contains(own))) {
            return Err(PortalError::SharedAudience { client_id: client_id.clone() });
        }
        self.oidc.push(OidcWay { name: name.to_owned(), label: label.to_owned(), relying_party });
        Ok(self)
    }

    /// Leads people who type an e-mail address of one of `domains` to the provider `name`; the sign-in page then asks for
    /// one. Domains are compared whole and without regard to case: `example.com` is not `mail.example.com`.
    ///
    /// An address decides where somebody is sent, and never who they are.
    ///
    /// # Errors
    /// [`PortalError::UnknownProvider`] when people cannot sign in with `name` yet, [`PortalError::SameName`] when a SAML
    /// and an OpenID provider share it, [`PortalError::Domain`] for what is no domain in ASCII, and
    /// [`PortalError::SameDomain`] when one leads elsewhere already.
    pub fn with_domains<D: AsRef<str>>(
        mut self,
        name: &str,
        domains: impl IntoIterator<Item = D>,
    ) -> Result<Self, PortalError> {
        let saml = self.saml.iter().any(|way| way.name == name);
        let oidc = self.oidc.iter().any(|way| way.name == name);
        let protocol = match (saml, oidc) {
            (true, false) => Protocol::Saml,
            (false, true) => Protocol::Oidc,
            (true, true) => return Err(PortalError::SameName { name: name.to_owned() }),
            (false, false) => return Err(PortalError::UnknownProvider { name: name.to_owned() }),
        };
        for domain in domains {
            self.domains.lead(domain.as_ref(), (protocol, name))?;
        }
        Ok(self)
    }

    /// Ends every session after `lifetime` at the latest; 8 hours unless set, which is also the longest. A provider that
    /// says when its own session ends shortens it further.
    ///
    /// # Errors
    /// [`PortalError::SessionLifetime`] when it is shorter than a second or longer than 8 hours.
    pub fn with_session_lifetime(mut self, lifetime: Duration) -> Result<Self, PortalError> {
        if lifetime < Duration::from_secs(1) || lifetime > LIFETIME {
            return Err(PortalError::SessionLifetime { found: lifetime, longest: LIFETIME });
        }
        self.session_lifetime = lifetime;
        Ok(self)
    }

    /// Shows a button that opens the gallery at `url` with the keys of a role, posting their session token there.
    ///
    /// # Errors
    /// [`PortalError::Link`] unless it is an http or https URL.
    pub fn with_gallery(mut self, url: &str) -> Result<Self, PortalError> {
        let wrong = || PortalError::Link { found: url.to_owned() };
        let gallery = Origin::of(url).map_err(|_| wrong())?;
        self.policy = content_security_policy(&[gallery]).ok_or_else(wrong)?;
        self.gallery_url = Some(url.to_owned());
        Ok(self)
    }

    /// Names the S3 endpoint beside the keys of a role.
    ///
    /// # Errors
    /// [`PortalError::Link`] unless it is an http or https URL.
    pub fn with_s3_endpoint(mut self, url: &str) -> Result<Self, PortalError> {
        Origin::of(url).map_err(|_| PortalError::Link { found: url.to_owned() })?;
        self.s3_url = Some(url.to_owned());
        Ok(self)
    }

    /// Names the region beside the keys of a role; `us-east-1` unless set.
    #[must_use]
    pub fn with_region(mut self, region: &str) -> Self {
        region.clone_into(&mut self.region);
        self
    }

    /// Makes this a demonstration: anyone who reaches the pages may read every flow of `trail` at `/inspector`, and
    /// refusals show every check that was made.
    #[must_use]
    pub fn with_inspector(mut self, trail: Arc<dyn Trail>) -> Self {
        self.trail = Some(trail);
        self
    }

    /// The routes of every page.
    pub fn router(self) -> Router {
        let portal = Arc::new(self);
        portal.pages().route("/", get(pages::home)).with_state(portal)
    }

    /// The routes of every page, beside `services` that answer at `/` too, such as [`Sts`](super::sts::Sts): whoever gets
    /// `/` without naming an operation is a person, and sees their accounts.
    pub fn router_beside(self, services: Router) -> Router {
        let portal = Arc::new(self);
        let guide = from_fn_with_state(Arc::clone(&portal), pages::guide);
        portal.pages().with_state(portal).merge(services.layer(guide))
    }

    fn pages(&self) -> Router<Arc<Self>> {
        let mut router = Self::sign_in_pages()
            .route("/portal", get(pages::accounts))
            .route("/portal/credentials", get(pages::role).post(pages::credentials))
            .fallback(pages::unknown);
        if self.trail.is_some() {
            let form = DefaultBodyLimit::max(inspector::judge::MOST_FORM_BYTES);
            let response = get(inspector::judge::ask).post(inspector::judge::judge).layer(form);
            let form = DefaultBodyLimit::max(inspector::token::MOST_FORM_BYTES);
            let token = get(inspector::token::ask).post(inspector::token::judge).layer(form);
            router = router
                .route("/inspector", get(inspector::list))
                .route("/inspector/saml", response)
                .route("/inspector/jwt", token)
                .route("/inspector/{flow}", get(inspector::flow));
        }
        router
    }

    /// The routes that signing in takes.
    pub(in crate::http) fn sign_in_pages() -> Router<Arc<Self>> {
        Router::new()
            .route("/signin", get(signin::choose).post(signin::identify))
            .route("/signin/saml/{name}", get(signin::begin_saml))
            .route("/signin/oidc/{name}", get(signin::begin_oidc))
            .route("/saml/acs", post(signin::finish_saml))
            .route("/saml/slo", get(signin::log_out_by_redirect).post(signin::log_out_by_post))
            .route("/saml/metadata", get(signin::metadata))
            .route("/oidc/callback/{name}", get(signin::finish_oidc))
            .route("/oidc/backchannel-logout/{name}", post(signin::log_out_by_token))
            .route("/oidc/signed-out", get(signin::signed_out))
            .route("/signout", get(signin::ask_to_sign_out).post(signin::sign_out))
            .route("/assets/{file}", get(asset::serve))
    }
}
