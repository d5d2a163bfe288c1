//! A sign-in on its way: what the browser is given, and what is kept until it comes back.

use zeroize::Zeroizing;

use crate::crypto::SecretBytes;
use crate::time::Timestamp;

/// A sign-in that was begun: what to send to the browser, and what to keep.
#[derive(Debug)]
#[non_exhaustive]
pub struct StartedSignIn {
    /// Where to send the browser.
    pub redirect_url: String,
    /// Until when that URL is good; a provider keeps a pushed request for about a minute.
    pub redirect_until: Timestamp,
    /// What only this browser may know: give it as a `HttpOnly`, `SameSite=Lax` cookie that lives as long as the sign-in.
    pub browser_secret: SecretBytes,
    /// What to keep until the browser comes back, under [`PendingSignIn::state`].
    pub pending: PendingSignIn,
}

/// A sign-in that was begun in a browser that holds a secret of ours already.
#[derive(Debug)]
#[non_exhaustive]
pub struct BegunSignIn {
    /// Where to send the browser.
    pub redirect_url: String,
    /// Until when that URL is good; a provider keeps a pushed request for about a minute.
    pub redirect_until: Timestamp,
    /// What to keep until the browser comes back, under [`PendingSignIn::state`].
    pub pending: PendingSignIn,
}

/// A sign-in that waits for the browser to come back; completing it consumes it, so that no answer counts twice.
pub struct PendingSignIn {
    /// Whom it was begun with, and as which client: no other is sent the code and its verifier.
    pub(super) issuer: String,
    pub(super) client_id: String,
    pub(super) state: String,
    pub(super) nonce: String,
    pub(super) code_verifier: Zeroizing<String>,
    pub(super) browser_digest: String,
    pub(super) expires: Timestamp,
}

impl PendingSignIn {
    /// The `state` parameter that the answer will carry.
    #[must_use]
    pub fn state(&self) -> &str {
        &self.state
    }

    /// When this stops waiting.
    #[must_use]
    pub const fn expires(&self) -> Timestamp {
        self.expires
    }

    /// This sign-in as text for a store that outlives the request; it holds the nonce and the code verifier.
    #[must_use]
    pub fn to_text(&self) -> Zeroizing<String> {
        let expires = self.expires.unix_millis();
        let with = (&self.issuer, &self.client_id);
        let fields = (with, &self.state, &self.nonce, self.code_verifier.as_str(), &self.browser_digest, expires);
        Zeroizing::new(serde_json::to_string(&fields).unwrap_or_default())
    }

    /// Reads back what [`PendingSignIn::to_text`] wrote; `None` for anything else.
    #[must_use]
    pub fn from_text(text: &str) -> Option<Self> {
        let ((issuer, client_id), state, nonce, code_verifier, browser_digest, expires): (_, _, _, String, _, i64) =
            serde_json::from_str(text).ok()?;
        let (code_verifier, expires) = (Zeroizing::new(code_verifier), Timestamp::from_unix_millis(expires));
        Some(Self { issuer, client_id, state, nonce, code_verifier, browser_digest, expires })
    }
}

impl std::fmt::Debug for PendingSignIn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PendingSignIn").field("expires", &self.expires).finish_non_exhaustive()
    }
}
