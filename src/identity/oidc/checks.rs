//! The claims of a signed token against what the provider and this use of it expect, in the order of the standard.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::claims::{Claims, MAX_SUBJECT, timestamp};
use super::error::OidcError;
use super::evidence::{by_our_clock, or_no_time, or_none};
use super::jws::{is_media_type, shown};
use super::provider::{OidcProvider, TimeClaim};
use super::{Purpose, UnverifiedIdToken};
use super::{refresh, rules};
use crate::crypto::{self, DigestAlgorithm};
use crate::explain::{Evidence, Listener, Rule};
use crate::time::Timestamp;

/// The longest subject of a workload, in bytes (SPIFFE-ID, 2.3).
const MAX_WORKLOAD_SUBJECT: usize = 2048;

/// One verification under way: who listens, and against what the claims are held.
pub(super) struct Checks<'c, L> {
    pub(super) provider: &'c OidcProvider,
    pub(super) token: &'c UnverifiedIdToken,
    pub(super) typ: Option<&'c str>,
    /// The hash of the signature's algorithm, of which `at_hash` and `c_hash` hold half.
    pub(super) hash: DigestAlgorithm,
    pub(super) claims: &'c Claims<'c>,
    pub(super) now: Timestamp,
    pub(super) listener: &'c mut L,
}

impl<'c, L: Listener> Checks<'c, L> {
    /// Every rule from `type` to `c_hash`, and those of a refresh; gives the audience that was found to be ours.
    pub(super) fn run(&mut self) -> Result<&'c str, OidcError> {
        self.typ()?;
        self.events()?;
        self.issuer()?;
        self.subject()?;
        self.subject_form()?;
        let audience = self.audience()?;
        self.extra_audiences()?;
        self.authorized_party()?;
        self.expiration()?;
        self.issued_at()?;
        self.lifetime()?;
        self.not_before()?;
        self.nonce()?;
        self.auth_time()?;
        self.hashes()?;
        self.refreshed()?;
        Ok(audience)
    }

    fn hold(
        &mut self,
        rule: &'static Rule,
        outcome: Result<(), OidcError>,
        evidence: impl FnOnce() -> Evidence,
    ) -> Result<(), OidcError> {
        match &outcome {
            Ok(()) => self.listener.passed(rule, evidence),
            Err(_) => self.listener.failed(rule, evidence),
        }
        outcome
    }

    fn is_sign_in(&self) -> bool {
        !matches!(self.token.purpose, Purpose::Exchange)
    }

    fn typ(&mut self) -> Result<(), OidcError> {
        let found = self.typ;
        let (accepted, expected): (&[&str], _) = match self.provider.platform {
            _ if self.is_sign_in() => (&["jwt"], "JWT, or none"),
            Some(platform) if platform.types().contains(&"jose") => (platform.types(), "JWT, JOSE, or none"),
            Some(platform) => (platform.types(), "JWT, or none"),
            None => (&["jwt", "jose", "at+jwt"], "JWT, JOSE, at+jwt, or none"),
        };
        let fits = found.is_none_or(|typ| is_media_type(typ, accepted));
        let mut outcome =
            fits.then_some(()).ok_or_else(|| OidcError::Type { expected, found: found.unwrap_or_default().to_owned() });
        if fits && found.is_some_and(|typ| is_media_type(typ, &["at+jwt"])) {
            outcome = self.access_token_claims();
        }
        self.hold(&rules::TYPE, outcome, || Evidence::new(expected, found.unwrap_or("none")))
    }

    /// What an access token must carry beside the rest (RFC 9068, 2.2).
    fn access_token_claims(&self) -> Result<(), OidcError> {
        let claims = self.claims;
        for (claim, is_there) in
            [("client_id", claims.client_id.is_some()), ("jti", claims.jti.is_some()), ("iat", claims.iat.is_some())]
        {
            if !is_there {
                return Err(OidcError::MissingClaim { claim, rule: &rules::TYPE });
            }
        }
        Ok(())
    }

    fn events(&mut self) -> Result<(), OidcError> {
        let has_events = self.claims.has_events;
        let outcome = if has_events { Err(OidcError::Events) } else { Ok(()) };
        self.hold(&rules::NO_EVENTS, outcome, || {
            Evidence::new("no events claim", if has_events { "an events claim" } else { "none" })
        })
    }

    fn issuer(&mut self) -> Result<(), OidcError> {
        let (expected, found) = (self.provider.issuer.as_str(), self.claims.iss);
        let outcome = match found {
            None => Err(OidcError::MissingClaim { claim: "iss", rule: &rules::ISSUER }),
            Some(found) if found == expected => Ok(()),
            Some(found) => Err(OidcError::Issuer { expected: expected.to_owned(), found: found.to_owned() }),
        };
        self.hold(&rules::ISSUER, outcome, || Evidence::new(expected, or_none(found)))
    }

    fn subject(&mut self) -> Result<(), OidcError> {
        let (limit, found) = match self.token.purpose {
            Purpose::SignIn { .. } | Purpose::Refresh { .. } => (MAX_SUBJECT, self.claims.sub),
            Purpose::Exchange => (MAX_WORKLOAD_SUBJECT, self.claims.sub),
        };
        let outcome = match found {
            None => Err(OidcError::MissingClaim { claim: "sub", rule: &rules::SUBJECT }),
            Some(sub) if (1..=limit).contains(&sub.len()) && !sub.contains(char::is_control) => Ok(()),
            Some(sub) => Err(OidcError::Subject { bytes: sub.len() }),
        };
        self.hold(&rules::SUBJECT, outcome, || {
            Evidence::new(format!("1 to {limit} bytes, no control characters"), or_none(found))
        })
    }

    /// People have subjects of any form; the workloads of a platform have one of its grammar.
    fn subject_form(&mut self) -> Result<(), OidcError> {
        let form = self.provider.subject_form.as_ref().filter(|_| !self.is_sign_in());
        let found = self.claims.sub.unwrap_or_default();
        let outcome = match form {
            Some(form) if !form.fits(found) => {
                Err(OidcError::SubjectForm { expected: form.to_string(), found: found.to_owned() })
            }
            Some(_) | None => Ok(()),
        };
        self.hold(&rules::SUBJECT_FORM, outcome, || {
            Evidence::new(form.map_or_else(|| "any form".to_owned(), ToString::to_string), shown(found))
        })
    }

    /// At sign-in one of `aud` must be ours. A workload's `azp` stands for its `aud`, as STS has it.
    fn audience(&mut self) -> Result<&'c str, OidcError> {
        let claims = self.claims;
        let named: &[&str] = match &claims.azp {
            Some(azp) if !self.is_sign_in() => std::slice::from_ref(azp),
            _ => &claims.aud,
        };
        let ours = named.iter().copied().find(|aud| self.is_ours(aud));
        let outcome = match ours {
            _ if claims.aud.is_empty() => Err(OidcError::MissingClaim { claim: "aud", rule: &rules::AUDIENCE }),
            Some(_) => Ok(()),
            None => Err(OidcError::Audience {
                expected: self.provider.audiences.clone(),
                found: named.iter().map(|aud| (*aud).to_owned()).collect(),
            }),
        };
        let expected = &self.provider.audiences;
        self.hold(&rules::AUDIENCE, outcome, || {
            Evidence::new(format!("one of {}", expected.join(" ")), shown(&named.join(" ")))
        })?;
        Ok(ours.unwrap_or_default())
    }

    fn is_ours(&self, audience: &str) -> bool {
        self.provider.audiences.iter().any(|ours| ours == audience)
    }

    fn extra_audiences(&mut self) -> Result<(), OidcError> {
        let trusted = |aud: &&str| self.is_ours(aud) || self.provider.trusted_audiences.iter().any(|ours| ours == aud);
        // With azp a workload's aud names the services it calls, of which the cloud's STS asks nothing.
        let azp_decides = !self.is_sign_in() && self.claims.azp.is_some();
        let extra = self.claims.aud.iter().copied().find(|aud| !trusted(aud) && !azp_decides);
        let outcome = extra.map_or(Ok(()), |found| Err(OidcError::ExtraAudience { found: found.to_owned() }));
        self.hold(&rules::EXTRA_AUDIENCES, outcome, || {
            Evidence::new("no audience that is not trusted", extra.map_or("none".to_owned(), shown))
        })
    }

    fn authorized_party(&mut self) -> Result<(), OidcError> {
        let found = self.claims.azp;
        let needed = self.is_sign_in() && self.claims.aud.len() > 1;
        let outcome = match found {
            None if needed => Err(OidcError::MissingClaim { claim: "azp", rule: &rules::AUTHORIZED_PARTY }),
            None => Ok(()),
            Some(azp) if self.is_ours(azp) => Ok(()),
            Some(azp) => {
                Err(OidcError::AuthorizedParty { expected: self.provider.audiences.clone(), found: azp.to_owned() })
            }
        };
        let expected = &self.provider.audiences;
        self.hold(&rules::AUTHORIZED_PARTY, outcome, || {
            Evidence::new(format!("one of {}, when present", expected.join(" ")), or_none(found))
        })
    }

    fn expiration(&mut self) -> Result<(), OidcError> {
        let now = self.now;
        let found = self.claims.exp.map(timestamp);
        let outcome = match found {
            None => Err(OidcError::MissingClaim { claim: "exp", rule: &rules::EXPIRATION }),
            Some(expiration) if now < expiration.saturating_add(self.provider.skew_of(TimeClaim::Expiration)) => Ok(()),
            Some(expiration) => Err(OidcError::Expired { expiration, now }),
        };
        let skew = self.provider.skew_of(TimeClaim::Expiration);
        self.hold(&rules::EXPIRATION, outcome, || {
            Evidence::new(format!("after {}", by_our_clock(now, skew)), or_no_time(found))
        })
    }

    fn issued_at(&mut self) -> Result<(), OidcError> {
        let now = self.now;
        let found = self.claims.iat.map(timestamp);
        let outcome = match found {
            None if self.is_sign_in() => Err(OidcError::MissingClaim { claim: "iat", rule: &rules::ISSUED_AT }),
            Some(issued_at) if issued_at > now.saturating_add(self.provider.skew_of(TimeClaim::IssuedAt)) => {
                Err(OidcError::IssuedInFuture { issued_at, now })
            }
            None | Some(_) => Ok(()),
        };
        let skew = self.provider.skew_of(TimeClaim::IssuedAt);
        self.hold(&rules::ISSUED_AT, outcome, || {
            Evidence::new(format!("not after {}", by_our_clock(now, skew)), or_no_time(found))
        })
    }

    /// Counted from `iat`, or from now for a workload's token that has none.
    fn lifetime(&mut self) -> Result<(), OidcError> {
        let exp = self.claims.exp.unwrap_or_default();
        let limit = self.provider.max_lifetime.as_secs();
        let (seconds, limit) = match self.claims.iat {
            Some(iat) => (exp.saturating_sub(iat), limit),
            None => {
                let now = u64::try_from(self.now.unix_seconds()).unwrap_or_default();
                let skew = self.provider.skew_of(TimeClaim::Expiration).as_secs();
                // An expiry inside the skew has passed the rule before this one.
                (exp.saturating_sub(now).max(1), limit.saturating_add(skew))
            }
        };
        let fits = (1..=limit).contains(&seconds);
        let outcome = fits.then_some(()).ok_or(OidcError::Lifetime { seconds, limit });
        self.hold(&rules::LIFETIME, outcome, || {
            Evidence::new(format!("1 to {limit} seconds"), format!("{seconds} seconds"))
        })
    }

    fn not_before(&mut self) -> Result<(), OidcError> {
        let now = self.now;
        let found = self.claims.nbf.map(timestamp);
        let outcome = match found {
            Some(not_before) if not_before > now.saturating_add(self.provider.skew_of(TimeClaim::NotBefore)) => {
                Err(OidcError::NotYetValid { not_before, now })
            }
            None | Some(_) => Ok(()),
        };
        let skew = self.provider.skew_of(TimeClaim::NotBefore);
        self.hold(&rules::NOT_BEFORE, outcome, || {
            Evidence::new(format!("not after {}, when present", by_our_clock(now, skew)), or_no_time(found))
        })
    }

    fn nonce(&mut self) -> Result<(), OidcError> {
        let Purpose::SignIn { nonce: expected, .. } = &self.token.purpose else {
            return Ok(());
        };
        let outcome = match self.claims.nonce {
            None => Err(OidcError::MissingClaim { claim: "nonce", rule: &rules::NONCE }),
            // An empty nonce binds a token to nothing.
            Some(nonce) if nonce == expected && !expected.is_empty() => Ok(()),
            Some(_) => Err(OidcError::Nonce),
        };
        let found = match &outcome {
            Ok(()) => "the same",
            Err(OidcError::Nonce) => "another",
            Err(_) => "none",
        };
        self.hold(&rules::NONCE, outcome, || Evidence::new("the nonce of this sign-in", found))
    }

    fn auth_time(&mut self) -> Result<(), OidcError> {
        let Purpose::SignIn { max_age: Some(max_age), .. } = self.token.purpose else {
            return Ok(());
        };
        let (now, skew) = (self.now, self.provider.skew_of(TimeClaim::AuthTime));
        let found = self.claims.auth_time.map(timestamp);
        let outcome = match found {
            None => Err(OidcError::MissingClaim { claim: "auth_time", rule: &rules::AUTH_TIME }),
            Some(auth_time)
                if auth_time > now.saturating_add(skew)
                    || now.duration_since(auth_time) > max_age.saturating_add(skew) =>
            {
                Err(OidcError::AuthTime { auth_time, now })
            }
            Some(_) => Ok(()),
        };
        self.hold(&rules::AUTH_TIME, outcome, || {
            let expected = format!("within {} seconds of {}", max_age.as_secs(), by_our_clock(now, skew));
            Evidence::new(expected, or_no_time(found))
        })
    }

    fn hashes(&mut self) -> Result<(), OidcError> {
        let token = self.token;
        let pairs = [
            (&rules::ACCESS_TOKEN_HASH, &token.access_token, self.claims.at_hash, OidcError::AccessTokenHash),
            (&rules::CODE_HASH, &token.code, self.claims.c_hash, OidcError::CodeHash),
        ];
        for (rule, hashed, found, error) in pairs {
            if let (Some(hashed), Some(found)) = (hashed, found) {
                let expected = half_hash(self.hash, hashed.expose());
                let outcome = if expected == found { Ok(()) } else { Err(error) };
                self.hold(rule, outcome, || Evidence::new(&expected, shown(found)))?;
            }
        }
        Ok(())
    }

    fn refreshed(&mut self) -> Result<(), OidcError> {
        match &self.token.purpose {
            Purpose::Refresh { original } => refresh::hold(original, self.claims, self.listener),
            Purpose::SignIn { .. } | Purpose::Exchange => Ok(()),
        }
    }
}

/// The left half of the hash of `text`, in base64url (OpenID Connect Core, 3.1.3.6).
fn half_hash(hash: DigestAlgorithm, text: &[u8]) -> String {
    let digest = crypto::digest(hash, text);
    let half = digest.as_ref().len().div_euclid(2);
    URL_SAFE_NO_PAD.encode(digest.as_ref().get(..half).unwrap_or_default())
}
