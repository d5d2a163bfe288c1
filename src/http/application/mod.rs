//! Sign-in for an application: put its routes behind [`SignIn::guard`], and name [`SignedIn`] in a handler.
//!
//! Enters: a browser. Leaves: a person, as an identity provider signed for them. Refused: whoever is not signed in, and
//! everything that signing in refuses, as a page that says what to do next.
//!
//! ```no_run
//! # use std::sync::Arc;
//! use axum::{Router, routing::get};
//! use daypass::http::application::{SignIn, SignedIn};
//!
//! async fn home(person: SignedIn) -> String {
//!     format!("Hello {}, of {:?}", person.subject(), person.attribute("groups"))
//! }
//!
//! # fn app(broker: Arc<daypass::Broker>) -> Result<Router, Box<dyn std::error::Error>> {
//! let private = Router::new().route("/", get(home));
//! let app = SignIn::new(broker, "https://app.example")?.with_saml("corp", "Example Corp")?.guard(private);
//! # Ok(app) }
//! ```

mod signed_in;

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{Method, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};

use super::portal::{Portal, PortalError, Stop};
use super::relying_party::RelyingParty;
use super::signin::door::Door;
use super::signin::return_path::ReturnPath;
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

    /// Lets people sign in with the broker's SAML provider `name`, which they know as `label`.
    ///
    /// # Errors
    /// [`PortalError::UnknownProvider`] when the broker has no such provider, [`PortalError::AnswerElsewhere`] when its
    /// answers do not come to `<base URL>/saml/acs`, or logout messages, if it takes any, not to `<base URL>/saml/slo`.
    pub fn with_saml(self, name: &str, label: &str) -> Result<Self, PortalError> {
        self.0.with_saml(name, label).map(Self)
    }

    /// Lets people sign in with the OpenID provider of `relying_party`, which they know as `label`; `name` goes into the
    /// path of the sign-in.
    ///
    /// # Errors
    /// [`PortalError::AnswerElsewhere`] when its answers do not come to `<base URL>/oidc/callback`.
    pub fn with_relying_party(self, name: &str, label: &str, relying_party: RelyingParty) -> Result<Self, PortalError> {
        self.0.with_relying_party(name, label, relying_party).map(Self)
    }

    /// Puts all of `private` behind sign-in, its fallback too, and adds the pages of sign-in itself: `/signin`, `/signout`
    /// (`POST`), `/saml/acs`, `/saml/slo`, `/saml/metadata`, `/oidc/callback` and `/assets`.
    ///
    /// Routes that everyone may see are merged with the result.
    pub fn guard(self, private: Router) -> Router {
        let portal = Arc::new(self.0);
        let pages = Portal::sign_in_pages().with_state(Arc::clone(&portal));
        private.layer(from_fn_with_state(portal, admit)).merge(pages)
    }
}

async fn admit(State(portal): State<Arc<Portal>>, mut request: Request, next: Next) -> Response {
    match portal.session(request.headers()).await {
        Ok(Some(session)) => {
            request.extensions_mut().insert(SignedIn::new(session));
            next.run(request).await
        }
        Ok(None) if matches!(*request.method(), Method::GET | Method::HEAD) => {
            let path = request.uri().path_and_query().and_then(|path| ReturnPath::parse(path.as_str()));
            portal.answer(Err(Stop::SignIn(path.unwrap_or_else(|| portal.door.return_path()))))
        }
        // A page can be come back to; a form that nobody signed in has sent is lost.
        Ok(None) => (StatusCode::UNAUTHORIZED, "sign in first\n").into_response(),
        Err(refusal) => portal.answer(Err(refusal.into())),
    }
}
