//! Authorization codes, and the access and refresh tokens they became.

use super::refresh::RefreshTokens;
use crate::error::KeyError;
use crate::flows::Expiring;
use crate::sync::{Fingerprint, random_secret};
use std::sync::atomic::{AtomicU64, Ordering};
use time::{Duration, OffsetDateTime};

/// What a code stands for.
#[derive(Debug, Clone)]
pub(crate) struct CodeGrant {
    pub(crate) client_id: String,
    pub(crate) redirect_uri: String,
    pub(crate) code_challenge: String,
    pub(crate) nonce: Option<String>,
    pub(crate) scope: String,
    pub(crate) user: String,
    pub(crate) authenticated: OffsetDateTime,
    /// The session it came of.
    pub(crate) session_id: String,
    /// The key that has to be proven with the code (RFC 9449 section 10).
    pub(crate) thumbprint: Option<String>,
}

#[derive(Debug, Clone)]
struct Code {
    grant: CodeGrant,
    ends: OffsetDateTime,
    used: bool,
    serial: u64,
}

/// What an access token lets its bearer do.
#[derive(Debug, Clone)]
pub(crate) struct AccessToken {
    pub(crate) user: String,
    pub(crate) client_id: String,
    pub(crate) scope: String,
    /// The key its bearer has to prove (`cnf.jkt`); `None` for anybody who has it.
    pub(crate) thumbprint: Option<String>,
    /// The number of the sign-in all its tokens share.
    pub(crate) serial: u64,
}

/// What presenting a code came to.
#[derive(Debug)]
pub(crate) enum Redeemed {
    /// The first time: the grant, and the number its tokens must carry.
    First(Box<CodeGrant>, u64),
    /// Known, but spent: the tokens of the first use are gone now too (RFC 6749 section 4.1.2).
    Again,
    /// Never issued, or more than a minute old.
    Unknown,
}

#[derive(Debug)]
pub(crate) struct Codes {
    codes: Expiring<Fingerprint, Code>,
    access_tokens: Expiring<Fingerprint, AccessToken>,
    pub(crate) refresh_tokens: RefreshTokens,
    /// Sign-ins whose tokens are all revoked.
    ended: Expiring<u64, ()>,
    serial: AtomicU64,
}

impl Codes {
    pub(crate) const CODE_LIFE: Duration = Duration::seconds(60);
    pub(crate) const ACCESS_TOKEN_LIFE: Duration = Duration::minutes(5);

    pub(crate) fn new() -> Self {
        Self {
            // Remembered for as long as an access token from it may live, so that a late second use still revokes.
            codes: Expiring::new(10_000, Self::CODE_LIFE + Self::ACCESS_TOKEN_LIFE),
            access_tokens: Expiring::new(10_000, Self::ACCESS_TOKEN_LIFE),
            refresh_tokens: RefreshTokens::new(),
            ended: Expiring::new(10_000, Self::CODE_LIFE + Self::ACCESS_TOKEN_LIFE),
            serial: AtomicU64::new(1),
        }
    }

    pub(crate) fn issue(&self, grant: CodeGrant, now: OffsetDateTime) -> Result<String, KeyError> {
        let code = random_secret()?;
        let serial = self.serial.fetch_add(1, Ordering::SeqCst);
        let ends = now + Self::CODE_LIFE;
        self.codes.insert(Fingerprint::of(&code), Code { grant, ends, used: false, serial }, now);
        Ok(code)
    }

    /// Spends the code, whatever comes of it: a verifier or a client that does not fit gets no second try.
    pub(crate) fn redeem(&self, code: &str, now: OffsetDateTime) -> Redeemed {
        let found = self.codes.update(Fingerprint::of(code), now, |code| {
            let used = std::mem::replace(&mut code.used, true);
            (used, code.ends > now, code.grant.clone(), code.serial)
        });
        match found {
            Some((false, true, grant, serial)) => Redeemed::First(Box::new(grant), serial),
            Some((true, _, _, serial)) => {
                self.revoke_all(serial, now);
                Redeemed::Again
            }
            Some((false, false, ..)) | None => Redeemed::Unknown,
        }
    }

    pub(crate) fn issue_access_token(&self, token: AccessToken, now: OffsetDateTime) -> Result<String, KeyError> {
        let text = random_secret()?;
        self.access_tokens.insert(Fingerprint::of(&text), token, now);
        Ok(text)
    }

    pub(crate) fn access_token(&self, text: &str, now: OffsetDateTime) -> Option<AccessToken> {
        self.access_tokens.find(Fingerprint::of(text), now)
    }

    pub(crate) fn revoke_access_token(&self, text: &str) {
        self.access_tokens.remove(Fingerprint::of(text));
    }

    /// Ends every token of one sign-in. Marked first and removed then: whoever is issuing one meanwhile either has it
    /// removed here or finds the mark.
    pub(crate) fn revoke_all(&self, serial: u64, now: OffsetDateTime) {
        self.ended.insert(serial, (), now);
        self.access_tokens.retain(|token| token.serial != serial);
        self.refresh_tokens.end_family(serial);
    }

    /// Whether tokens that were just issued may be handed out; if their sign-in ended meanwhile, they are gone.
    pub(crate) fn stands(&self, serial: u64, now: OffsetDateTime) -> bool {
        let ended = self.ended.find(serial, now).is_some();
        if ended {
            self.revoke_all(serial, now);
        }
        !ended
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oidc::refresh::RefreshGrant;

    const NOON: OffsetDateTime = time::macros::datetime!(2026-08-01 12:00 UTC);

    #[test]
    fn attack_tokens_issued_while_their_sign_in_ends_are_gone_all_the_same() {
        let codes = Codes::new();
        let (client_id, user, scope) = ("c".to_owned(), "martha".to_owned(), "openid".to_owned());
        codes.revoke_all(1, NOON);
        let issue = |serial| {
            let (client_id, user, scope, thumbprint) = (client_id.clone(), user.clone(), scope.clone(), None);
            let token = AccessToken { user, client_id, scope, thumbprint, serial };
            codes.issue_access_token(token, NOON).unwrap()
        };
        let (late, other) = (issue(1), issue(2));
        let session_id = "_session".to_owned();
        let grant =
            RefreshGrant { client_id, user, scope, authenticated: NOON, session_id, thumbprint: None, serial: 1 };
        let refresh_token = codes.refresh_tokens.issue(grant, NOON).unwrap();
        assert!(codes.stands(2, NOON) && !codes.stands(1, NOON));
        assert!(codes.access_token(&late, NOON).is_none() && codes.access_token(&other, NOON).is_some());
        assert!(codes.refresh_tokens.find(&refresh_token, NOON).is_none());
    }
}
