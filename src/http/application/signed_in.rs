//! The person at the other end of a request.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::StatusCode;
use axum::http::request::Parts;

use crate::explain::CorrelationId;
use crate::http::signin::session::PortalSession;
use crate::time::Timestamp;

/// Who is signed in, as the identity provider said when they signed in. Handlers behind
/// [`SignIn::guard`](super::SignIn::guard) take it as an argument.
#[derive(Clone, Debug)]
pub struct SignedIn(Arc<PortalSession>);

impl SignedIn {
    pub(super) fn new(session: PortalSession) -> Self {
        Self(Arc::new(session))
    }

    /// The NameID (SAML) or `sub` (OpenID Connect), unique only together with the issuer.
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
    type Rejection = (StatusCode, &'static str);

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        let outside = (StatusCode::INTERNAL_SERVER_ERROR, "this route is not behind sign-in\n");
        parts.extensions.get::<Self>().cloned().ok_or(outside)
    }
}
