//! What a sign-in leaves for calling the provider's other services, and for going on when it has expired.

use std::fmt;

use zeroize::Zeroizing;

use super::token::TokenResponse;
use crate::VerifiedIdentity;
use crate::identity::oidc::OriginalSignIn;
use crate::time::Timestamp;

/// The tokens of one sign-in; wiped when dropped, and never printed.
pub struct Tokens {
    access_token: Zeroizing<String>,
    refresh_token: Option<Zeroizing<String>>,
    expires: Option<Timestamp>,
    scope: Option<String>,
    original: OriginalSignIn,
}

/// A sign-in that was completed.
#[derive(Debug)]
#[non_exhaustive]
pub struct SignedIn {
    /// Who signed in.
    pub identity: VerifiedIdentity,
    /// What the provider gave beside the ID token.
    pub tokens: Tokens,
}

/// A sign-in that goes on.
#[derive(Debug)]
#[non_exhaustive]
pub struct Refreshed {
    /// Who is signed in, if the provider said it anew.
    pub identity: Option<VerifiedIdentity>,
    /// What to keep in place of the tokens that were refreshed.
    pub tokens: Tokens,
}

/// Tokens that came with an ID token nobody has verified yet.
pub struct UnboundTokens {
    pub(super) response: TokenResponse,
    pub(super) received: Timestamp,
}

impl UnboundTokens {
    /// The tokens of the sign-in that gave `identity`.
    #[must_use]
    pub fn of(self, identity: &VerifiedIdentity) -> Tokens {
        self.bound(OriginalSignIn::of(identity), None)
    }

    /// The tokens of a sign-in that goes on; what a refresh leaves out stays as it was (RFC 6749, 5.1 and 6).
    pub(super) fn bound(self, original: OriginalSignIn, before: Option<&Tokens>) -> Tokens {
        let Self { response, received } = self;
        Tokens {
            access_token: response.access_token,
            refresh_token: response.refresh_token.or_else(|| before.and_then(|before| before.refresh_token.clone())),
            expires: response.expires_in.map(|lifetime| received.saturating_add(lifetime)),
            scope: response.scope.or_else(|| before.and_then(|before| before.scope.clone())),
            original,
        }
    }
}

impl fmt::Debug for UnboundTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UnboundTokens(redacted)")
    }
}

impl Tokens {
    /// The access token.
    #[must_use]
    pub fn access_token(&self) -> &str {
        &self.access_token
    }

    /// The refresh token, if the provider gave one.
    #[must_use]
    pub fn refresh_token(&self) -> Option<&str> {
        self.refresh_token.as_ref().map(|token| token.as_str())
    }

    /// When the access token stops being good, if the provider said so.
    #[must_use]
    pub const fn expires(&self) -> Option<Timestamp> {
        self.expires
    }

    /// What the access token may be used for, if the provider said so.
    #[must_use]
    pub fn scope(&self) -> Option<&str> {
        self.scope.as_deref()
    }

    pub(super) const fn original(&self) -> &OriginalSignIn {
        &self.original
    }

    /// These tokens as text for a store that outlives the process; whoever reads it holds them.
    #[must_use]
    pub fn to_text(&self) -> Zeroizing<String> {
        let OriginalSignIn {
            issuer,
            subject,
            audience,
            authorized_party,
            issued_at,
            first_issued_at,
            auth_time,
            nonce,
        } = &self.original;
        let issued = (issued_at.unix_millis(), first_issued_at.unix_millis());
        let original =
            ((issuer, subject, audience, authorized_party), (issued, auth_time.map(Timestamp::unix_millis), nonce));
        let expires = self.expires.map(Timestamp::unix_millis);
        let fields = (self.access_token(), self.refresh_token(), expires, self.scope(), original);
        Zeroizing::new(serde_json::to_string(&fields).unwrap_or_default())
    }

    /// Reads back what [`Tokens::to_text`] wrote; `None` for anything else.
    #[must_use]
    pub fn from_text(text: &str) -> Option<Self> {
        type Original = ((String, String, String, Option<String>), ((i64, i64), Option<i64>, Option<String>));
        let (access_token, refresh_token, expires, scope, original) = serde_json::from_str(text).ok()?;
        let (access_token, refresh_token): (String, Option<String>) = (access_token, refresh_token);
        let expires: Option<i64> = expires;
        let ((issuer, subject, audience, authorized_party), (issued, auth_time, nonce)): Original = original;
        let (issued_at, first_issued_at) = issued;
        Some(Self {
            access_token: Zeroizing::new(access_token),
            refresh_token: refresh_token.map(Zeroizing::new),
            expires: expires.map(Timestamp::from_unix_millis),
            scope,
            original: OriginalSignIn {
                issuer,
                subject,
                audience,
                authorized_party,
                issued_at: Timestamp::from_unix_millis(issued_at),
                first_issued_at: Timestamp::from_unix_millis(first_issued_at),
                auth_time: auth_time.map(Timestamp::from_unix_millis),
                nonce,
            },
        })
    }
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Tokens");
        debug.field("expires", &self.expires).field("scope", &self.scope).finish_non_exhaustive()
    }
}
