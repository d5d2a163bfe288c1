//! The person at the other end of a request.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use axum::http::request::Parts;
use axum::response::Response;

use super::guard::Desk;
use crate::explain::CorrelationId;
use crate::http::signin::session::PortalSession;
use crate::time::Timestamp;

/// Who is signed in, as the identity provider said when they signed in. A handler takes it as an argument, and then runs
/// for nobody else: browsers are sent to sign in and come back, programs get status 401.
///
/// A handler that takes `Option<SignedIn>` runs for everyone, and knows who is there. Both take a route of
/// [`SignIn::guard`](super::SignIn::guard) or [`SignIn::guard_beside`](super::SignIn::guard_beside): anywhere else they
/// answer with status 500, so that a route which was left out shows.
#[derive(Clone, Debug)]
pub struct SignedIn(Arc<PortalSession>);

impl SignedIn {
    pub(super) fn new(session: PortalSession) -> Self {
        Self(Arc::new(session))
    }

    /// The NameID (SAML) or `sub` (OpenID Connect). It names somebody only together with [`SignedIn::issuer`]: keep your
    /// records by both, and never by an e-mail address, which any provider may claim.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.0.user_name
    }

    /// The entity id (SAML) or issuer URL (OpenID Connect) that signed.
    #[must_use]
    pub fn issuer(&self) -> &str {
        self.0.vouched.as_ref().map_or("", |vouched| &vouched.issuer)
    }

    /// The provider's name as people know it.
    #[must_use]
    pub fn provider(&self) -> &str {
        &self.0.provider
    }

    /// The values of a SAML attribute or of a claim, such as `groups`; empty when it is absent.
    #[must_use]
    pub fn attribute(&self, name: &str) -> &[String] {
        self.attributes().and_then(|attributes| attributes.get(name)).map_or(&[], Vec::as_slice)
    }

    /// Whether `value` is among the values of an attribute or a claim: `person.has("groups", "Admins")`.
    #[must_use]
    pub fn has(&self, name: &str, value: &str) -> bool {
        self.attribute(name).iter().any(|found| found == value)
    }

    /// Every attribute or claim, by name.
    pub fn all_attributes(&self) -> impl Iterator<Item = (&str, &[String])> {
        self.attributes().into_iter().flatten().map(|(name, values)| (name.as_str(), values.as_slice()))
    }

    /// When this person must sign in again.
    #[must_use]
    pub fn ends(&self) -> Timestamp {
        self.0.ends
    }

    /// The flow that the sign-in belongs to, for [`Broker::follow`](crate::Broker::follow) and for logs.
    #[must_use]
    pub fn correlation_id(&self) -> &CorrelationId {
        &self.0.correlation_id
    }

    fn attributes(&self) -> Option<&BTreeMap<String, Vec<String>>> {
        self.0.vouched.as_ref().map(|vouched| &vouched.attributes)
    }
}

impl<S: Sync> FromRequestParts<S> for SignedIn {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        let desk = Desk::at(parts)?;
        who(&desk, parts).await?.ok_or_else(|| desk.turn_away())
    }
}

impl<S: Sync> OptionalFromRequestParts<S> for SignedIn {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, Self::Rejection> {
        who(&Desk::at(parts)?, parts).await
    }
}

/// Who is there; the store is asked once for a request.
async fn who(desk: &Desk, parts: &mut Parts) -> Result<Option<SignedIn>, Response> {
    if let Some(known) = parts.extensions.get::<SignedIn>() {
        return Ok(Some(known.clone()));
    }
    let person = desk.person(&parts.headers).await?;
    if let Some(person) = &person {
        parts.extensions.insert(person.clone());
    }
    Ok(person)
}
