//! Refresh tokens: each is used once and replaced, and one that is used again ends them all (RFC 9700 section 4.14.2).

use crate::error::KeyError;
use crate::flows::Expiring;
use crate::sync::{Fingerprint, random_secret};
use time::{Duration, OffsetDateTime};

/// What a refresh token stands for.
#[derive(Debug, Clone)]
pub(crate) struct RefreshGrant {
    pub(crate) client_id: String,
    pub(crate) user: String,
    /// As it was granted at first; a refresh may ask for less and does not lose the rest (RFC 6749 section 6).
    pub(crate) scope: String,
    pub(crate) authenticated: OffsetDateTime,
    /// The session it came of, which a refreshed ID token still names.
    pub(crate) session_id: String,
    /// The key a public client has to prove, if it had one at first (RFC 9449 section 5).
    pub(crate) thumbprint: Option<String>,
    /// The number of the sign-in all its tokens share.
    pub(crate) serial: u64,
}

#[derive(Debug, Clone)]
struct Kept {
    grant: RefreshGrant,
    used: bool,
}

/// What presenting a refresh token came to.
#[derive(Debug)]
pub(crate) enum Refreshed {
    First(RefreshGrant),
    /// It was replaced before, so one of two who have it is a thief. Names the family, which must end.
    Again(u64),
    /// It is not this client's, or this key's. It is not spent: whoever has it must not be able to end it.
    Foreign(&'static str),
    /// Never issued, ended, or too old.
    Unknown,
}

#[derive(Debug)]
pub(crate) struct RefreshTokens(Expiring<Fingerprint, Kept>);

impl RefreshTokens {
    /// A token that nobody uses ends after this.
    pub(crate) const LIFE: Duration = Duration::hours(24);
    /// However often it is replaced, the person must sign in again after this.
    const FAMILY_LIFE: Duration = Duration::days(30);

    pub(super) fn new() -> Self {
        Self(Expiring::new(20_000, Self::LIFE))
    }

    pub(crate) fn issue(&self, grant: RefreshGrant, now: OffsetDateTime) -> Result<String, KeyError> {
        let token = random_secret()?;
        self.0.insert(Fingerprint::of(&token), Kept { grant, used: false }, now);
        Ok(token)
    }

    pub(crate) fn redeem(
        &self,
        token: &str,
        client_id: &str,
        thumbprint: Option<&str>,
        now: OffsetDateTime,
    ) -> Refreshed {
        let found = self.0.update(Fingerprint::of(token), now, |kept| {
            let grant = kept.grant.clone();
            if grant.client_id != client_id {
                return Refreshed::Foreign("The refresh token was issued to another client.");
            }
            if grant.thumbprint.is_some() && grant.thumbprint.as_deref() != thumbprint {
                return Refreshed::Foreign("The refresh token is bound to a key that was not proven.");
            }
            if now >= grant.authenticated + Self::FAMILY_LIFE {
                return Refreshed::Unknown;
            }
            match std::mem::replace(&mut kept.used, true) {
                false => Refreshed::First(grant),
                true => Refreshed::Again(grant.serial),
            }
        });
        found.unwrap_or(Refreshed::Unknown)
    }

    pub(crate) fn find(&self, token: &str, now: OffsetDateTime) -> Option<RefreshGrant> {
        self.0.find(Fingerprint::of(token), now).map(|kept| kept.grant)
    }

    pub(super) fn end_family(&self, serial: u64) {
        self.0.retain(|kept| kept.grant.serial != serial);
    }
}
