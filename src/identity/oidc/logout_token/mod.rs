//! Logout tokens (OpenID Connect Back-Channel Logout 1.0): a provider says whose sessions are over.
//!
//! Enters: a token as the provider posted it, the issuer's keys, and `now`. Leaves: which sessions end. Refused: everything
//! that one of [`LOGOUT_RULES`] names, in that order. The message, its key and its signature are held to the rules of an ID
//! token; an ID token is no logout token, for want of `events`, and a logout token is no ID token, for having it.
//!
//! That the token was not seen before is the caller's to find out ([`LogoutToken::replay_key`]).

mod checks;
mod error;
mod rules;

use std::time::Duration;

pub use error::LogoutTokenError;
pub use rules::LOGOUT_RULES;

use super::claims::Payload;
use super::session::{Kind, session_key};
use super::{CompactJws, Jwks, MAX_SKEW, OidcProvider};
use crate::crypto::{SecretBytes, sha256_hex};
use crate::explain::Listener;
use crate::time::Timestamp;

/// A logout token may be good for this long: 10 minutes. The standard advises two (2.4); what is good for long can be kept
/// back and delivered after the next sign-in.
pub const MAX_LOGOUT_LIFETIME: Duration = Duration::from_secs(600);

/// A logout token as it came from the network; verifying it consumes it.
#[derive(Debug)]
pub struct UnverifiedLogoutToken(SecretBytes);

impl UnverifiedLogoutToken {
    /// A token that came as the form parameter `logout_token`.
    #[must_use]
    pub fn new(token: impl Into<String>) -> Self {
        Self(SecretBytes::new(token.into().into_bytes()))
    }

    /// The `kid` the token claims, for deciding whether keys must be fetched; nobody has vouched for it.
    #[must_use]
    pub fn claimed_key_id(&self) -> Option<String> {
        let jws = CompactJws::parse(self.text()).ok()?;
        jws.key_id().map(str::to_owned)
    }

    fn text(&self) -> &str {
        // The constructor takes text, so the fallback, which is no token, is never reached.
        std::str::from_utf8(self.0.expose()).unwrap_or_default()
    }
}

/// What a provider said: that sessions of a person are over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogoutToken {
    issuer: String,
    client_id: String,
    subject: Option<String>,
    session_id: Option<String>,
    token_id: String,
    issued_at: Timestamp,
    expiration: Timestamp,
}

impl LogoutToken {
    /// The issuer that signed.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// The client it was meant for, which is one of ours.
    #[must_use]
    pub fn client_id(&self) -> &str {
        &self.client_id
    }

    /// Whose sessions are over; absent where `sid` says which.
    #[must_use]
    pub fn subject(&self) -> Option<&str> {
        self.subject.as_deref()
    }

    /// Which session is over (`sid`); every one of the person's where this is absent.
    #[must_use]
    pub fn session_id(&self) -> Option<&str> {
        self.session_id.as_deref()
    }

    /// The `jti`, by which the token is known again.
    #[must_use]
    pub fn token_id(&self) -> &str {
        &self.token_id
    }

    /// When it was issued, by the provider's clock: ID tokens it issued later are about other sessions.
    #[must_use]
    pub const fn issued_at(&self) -> Timestamp {
        self.issued_at
    }

    /// The keys of the sessions to end: those whose [`OidcSession::session_keys`](super::OidcSession::session_keys) hold one
    /// of these. A token that names person and session ends also those of the person's sessions here to which the provider
    /// gave no `sid`: one of them is meant, and nothing says which.
    #[must_use]
    pub fn session_keys(&self) -> Vec<String> {
        let key = |kind| session_key(&self.issuer, &self.client_id, kind);
        match (self.session_id.as_deref(), self.subject.as_deref()) {
            (Some(session_id), Some(subject)) => vec![key(Kind::Session(session_id)), key(Kind::Unnamed(subject))],
            (Some(session_id), None) => vec![key(Kind::Session(session_id))],
            (None, Some(subject)) => vec![key(Kind::All(subject))],
            (None, None) => Vec::new(),
        }
    }

    /// What replay memory remembers of this token: one that it knows already must change nothing.
    #[must_use]
    pub fn replay_key(&self) -> String {
        sha256_hex(format!("oidc-logout:{}:{}{}", self.issuer.len(), self.issuer, self.token_id).as_bytes())
    }

    /// When replay memory may forget it.
    #[must_use]
    pub fn remembered_until(&self) -> Timestamp {
        self.expiration.saturating_add(MAX_SKEW)
    }
}

/// Verifies `token` as issued by `provider` and signed with one of `jwks`, telling `listener` how each rule ended
/// (Back-Channel Logout, 2.6).
///
/// # Errors
/// [`LogoutTokenError`] with the first rule of [`LOGOUT_RULES`] that the token breaks.
#[expect(clippy::needless_pass_by_value, reason = "a token is verified once: verifying consumes it")]
pub fn verify_logout_token<L: Listener>(
    provider: &OidcProvider,
    jwks: &Jwks,
    token: UnverifiedLogoutToken,
    now: Timestamp,
    listener: &mut L,
) -> Result<LogoutToken, LogoutTokenError> {
    let jws = super::parse(token.text(), None, listener)?;
    let (signed, _) = super::verify_to_client(provider, jwks, &jws, listener)?;
    let payload = Payload::parse(signed.payload());
    let claims = checks::typed(payload.as_ref().map_err(Clone::clone), listener)?;
    checks::Checks { provider, typ: signed.typ(), claims, now, listener }.run()
}
