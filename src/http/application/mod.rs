//! Sign-in for an application: put its routes behind [`SignIn::guard`], and name [`SignedIn`] in a handler.
//!
//! Enters: a browser. Leaves: a person, as an identity provider signed for them. Refused: whoever is not signed in, and
//! everything that signing in refuses, as a page that says what to do next.
//!
//! # In one screen
//!
//! Two identity providers, one by SAML and one by OpenID Connect; for subject and groups the handler need not tell which of
//! them somebody came by.
//!
//! ```no_run
//! use axum::{Router, routing::get};
//! use daypass::http::application::{SignIn, SignedIn};
//! use daypass::{Broker, Keyring, http::relying_party::RelyingParty};
//! use daypass::identity::{oidc::OidcProvider, saml::SamlProvider};
//!
//! async fn home(person: SignedIn) -> String {
//!     format!("Hello {}, of {:?}", person.subject(), person.attribute("groups"))
//! }
//!
//! fn app(corp_metadata: &str, partner_secret: &str) -> Result<Router, Box<dyn std::error::Error>> {
//!     let corp = SamlProvider::new(corp_metadata, "https://app.example", "https://app.example/saml/acs")?;
//!     let partner = OidcProvider::new("https://login.partner.example", ["my-client-id"])?;
//!     let partner = RelyingParty::new(partner, partner_secret, "https://app.example/oidc/callback/partner")?;
//!     let broker = Broker::new(Keyring::generate()?).with_provider(corp);
//!     let sign_in = SignIn::new(broker.into(), "https://app.example")?
//!         .with_saml("corp", "Example Corp")?
//!         .with_relying_party("partner", "Partner Ltd", partner)?
//!         .with_domains("partner", ["partner.example"])?;
//!     Ok(sign_in.guard(Router::new().route("/", get(home))))
//! }
//! ```
//!
//! `cargo run --example sign_in` is this application with an identity provider beside it, and shows how to run one of your
//! own for tests. It takes `axum = "0.8"`, and daypass with `features = ["http"]`. `"corp"` is the name that a `SamlProvider`
//! has until it is [named](crate::identity::saml::SamlProvider::named) otherwise.
//!
//! What a provider says of a person is its choice. Only `openid` is asked for unless [`RelyingParty::with_scopes`] says more;
//! whether groups come is set at the provider, claims that its ID tokens lack need [`RelyingParty::with_userinfo`], and some
//! providers name SAML attributes by URI.
//!
//! # Signing in
//!
//! Somebody who is not signed in is led to `/signin`, with a button for each provider and, where
//! [domains](SignIn::with_domains) are set, a field for an e-mail address that leads to the provider of its domain. With one
//! provider and no domains they go straight to it. An e-mail address decides where somebody is sent, never who they are.
//! A page of your own can offer the same: link to `/signin/saml/<name>` or `/signin/oidc/<name>`, with `?return=/path`.
//!
//! # Callbacks
//!
//! Register these with the providers; with any other, setting up fails and says which one was expected.
//!
//! | provider | what | where |
//! |---|---|---|
//! | SAML | assertion consumer service, HTTP-POST | `<base URL>/saml/acs` |
//! | SAML | single logout service, if wanted | `<base URL>/saml/slo` |
//! | SAML | metadata of the application | `<base URL>/saml/metadata` |
//! | OpenID Connect | redirect URI, one for each provider | `<base URL>/oidc/callback/<name>` |
//! | OpenID Connect | post-logout redirect URI (else [`RelyingParty::without_post_logout_return`]) | `<base URL>/oidc/signed-out` |
//! | OpenID Connect | back-channel logout URI, if wanted | `<base URL>/oidc/backchannel-logout/<name>` |
//!
//! An answer counts once, within ten minutes, in the browser that asked, at the address of the provider that was asked.
//!
//! # Who is there
//!
//! A handler that takes [`SignedIn`] runs for nobody who is not signed in; one that takes `Option<SignedIn>` runs for
//! everyone. [`SignIn::guard`] needs neither: all of its routes are closed, also those whose handlers ask for nobody. Use
//! [`SignIn::guard_beside`] when some pages are for everyone.
//!
//! Browsers that ask for a page are sent to sign in and come back to it. Everything else (scripts, pictures, forms) gets
//! status 401 and `{"error":"sign_in_required","sign_in":"<base URL>/signin"}`.
//!
//! Answers to people who are signed in carry `Cache-Control: no-store`, unless the handler says otherwise, and the page that
//! is seen after signing out has the browser forget what it keeps (`Clear-Site-Data: "cache"`): Back shows nothing then.
//!
//! # Signing out
//!
//! ```html
//! <form method="post" action="/signout"><button>Sign out</button></form>
//! ```
//!
//! It needs no token: a form that another site sends is refused by where browsers say it comes from (`Sec-Fetch-Site`,
//! `Origin`). It leads to the sign-in page, by the identity provider's sign-out where it has one; nobody is signed in again
//! without pressing something. For forms of your own, the session cookie does not come along from other sites
//! (`SameSite=Lax`) on anything but a link; so let no `GET` change anything.
//!
//! # When a sign-in is refused
//!
//! The page says what to do and gives a reference; what was wrong goes to the broker's audit trail, under the same reference
//! (`correlation_id`), and nowhere else. Keep one: `Broker::new(..).with_audit(Arc::new(JsonLines::new(std::io::stderr())))`
//! with [`JsonLines`](crate::audit::JsonLines).
//!
//! # The cookie
//!
//! `__Host-daypass_application`: 256 random bits, `HttpOnly`, `SameSite=Lax`, `Secure`, for this host alone. Each sign-in
//! gives a new one and ends the session of the old one; the store knows only its hash. It ends after
//! [`SignIn::with_session_lifetime`], or with the session at the provider if that is sooner. On `http` (loopback, for
//! development) it has neither prefix nor `Secure`, and a SAML provider must be of the same site, such as `localhost`: no
//! browser lets a cookie come along with its answer otherwise.
//!
//! # Behind a proxy
//!
//! The base URL is where people reach the application, and is believed rather than any header: behind a proxy that ends TLS
//! give `https://app.example` and serve plain HTTP. The routes belong at the root of that host.
//!
//! # Several nodes
//!
//! Sessions and sign-ins under way are in the broker's [store](crate::store::Store), and its [keyring](crate::Keyring)
//! proves what comes back: give each node the same of both ([`Broker::with_store`], [`Keyring::from_text`]). With the
//! default, in memory, people must come back to the node they left, and sign in again when it restarts.
//!
//! [`Keyring::from_text`]: crate::Keyring::from_text

mod guard;
mod signed_in;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::middleware::from_fn_with_state;

use super::portal::{Portal, PortalError};
use super::relying_party::RelyingParty;
use super::signin::door::Door;
use crate::Broker;

pub use signed_in::SignedIn;

/// Delegates an application's sign-in to identity providers.
#[derive(Debug)]
pub struct SignIn(Portal);

impl SignIn {
    /// Sign-in for an application that people reach at `base_url`, such as `https://app.example`. The broker verifies and
    /// records; it needs no roles and no directory for this.
    ///
    /// # Errors
    /// [`PortalError::BaseUrl`] unless it is an http or https URL without a path.
    pub fn new(broker: Arc<Broker>, base_url: &str) -> Result<Self, PortalError> {
        let mut portal = Portal::new(broker, base_url)?;
        portal.door = Door::Application;
        Ok(Self(portal))
    }

    /// Calls the application `name` on the pages of sign-in.
    #[must_use]
    pub fn with_name(mut self, name: &str) -> Self {
        self.0.name = Some(name.to_owned());
        self
    }

    /// Lets people sign in with the broker's SAML provider `name`, which they know as `label`.
    ///
    /// # Errors
    /// As [`Portal::with_saml`].
    pub fn with_saml(self, name: &str, label: &str) -> Result<Self, PortalError> {
        self.0.with_saml(name, label).map(Self)
    }

    /// Lets people sign in with the OpenID provider of `relying_party`, which they know as `label`. Its redirect URI, which
    /// no other provider shares, is `<base URL>/oidc/callback/<name>`.
    ///
    /// # Errors
    /// As [`Portal::with_relying_party`].
    pub fn with_relying_party(self, name: &str, label: &str, relying_party: RelyingParty) -> Result<Self, PortalError> {
        self.0.with_relying_party(name, label, relying_party).map(Self)
    }

    /// Leads people who type an e-mail address of one of `domains` to the provider `name`; the sign-in page then asks for
    /// one. Domains are compared whole and without regard to case: `example.com` is not `mail.example.com`.
    ///
    /// # Errors
    /// As [`Portal::with_domains`].
    pub fn with_domains<D: AsRef<str>>(
        self,
        name: &str,
        domains: impl IntoIterator<Item = D>,
    ) -> Result<Self, PortalError> {
        self.0.with_domains(name, domains).map(Self)
    }

    /// Ends every session after `lifetime` at the latest; 8 hours unless set, which is also the longest. A provider that
    /// says when its own session ends shortens it further.
    ///
    /// # Errors
    /// [`PortalError::SessionLifetime`] when it is shorter than a second or longer than 8 hours.
    pub fn with_session_lifetime(self, lifetime: Duration) -> Result<Self, PortalError> {
        self.0.with_session_lifetime(lifetime).map(Self)
    }

    /// Puts all of `private` behind sign-in, its fallback too, and adds the pages of sign-in itself: `/signin`, `/signout`
    /// (`GET` asks, `POST` does it), `/saml/acs`, `/saml/slo`, `/saml/metadata`, `/oidc/callback/<name>`,
    /// `/oidc/backchannel-logout/<name>`, `/oidc/signed-out` and `/assets`.
    ///
    /// Routes that are merged with the result are outside: everyone may see them, and [`SignedIn`] does not work there.
    pub fn guard<S: Clone + Send + Sync + 'static>(self, private: Router<S>) -> Router<S> {
        self.guard_beside(private, Router::new())
    }

    /// As [`SignIn::guard`], beside `public`, which everyone may see: a handler there decides by its arguments whether
    /// somebody must be signed in ([`SignedIn`]) or may be (`Option<SignedIn>`).
    pub fn guard_beside<S: Clone + Send + Sync + 'static>(self, private: Router<S>, public: Router<S>) -> Router<S> {
        let portal = Arc::new(self.0);
        let pages = Portal::sign_in_pages().with_state(Arc::clone(&portal));
        let public = public.layer(from_fn_with_state(Arc::clone(&portal), guard::offer));
        // The last one's fallback is what stays: a path that is nobody's is behind sign-in too.
        pages.merge(public).merge(private.layer(from_fn_with_state(portal, guard::demand)))
    }
}
