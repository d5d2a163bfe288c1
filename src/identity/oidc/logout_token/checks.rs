//! The claims of a signed logout token against what the provider may say, in the order of the standard.

use super::error::LogoutTokenError;
use super::{LogoutToken, MAX_LOGOUT_LIFETIME, rules};
use crate::explain::{Evidence, Listener, Rule};
use crate::identity::oidc::claims::{Claims, ClaimsError, MAX_SUBJECT, Payload, timestamp};
use crate::identity::oidc::evidence::{by_our_clock, or_no_time, or_none};
use crate::identity::oidc::jws::{is_media_type, shown};
use crate::identity::oidc::rules::CLAIMS;
use crate::identity::oidc::session::{MAX_SESSION_ID, is_plain};
use crate::identity::oidc::{OidcError, OidcProvider, TimeClaim};
use crate::json::{Data, Value};
use crate::time::Timestamp;

/// The member of `events` that makes a token a logout token (Back-Channel Logout, 2.4).
const LOGOUT_EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";
/// The longest `jti` in bytes.
const MAX_TOKEN_ID: usize = 512;

/// The claims of a logout token: those that every token has, and its own.
pub(super) struct LogoutClaims<'p> {
    shared: Claims<'p>,
    session_id: Option<&'p str>,
    events: Option<&'p Value<'p>>,
}

/// The claims of `payload`, each of its right type.
pub(super) fn typed<'p, L: Listener>(
    payload: Result<&'p Payload<'p>, ClaimsError>,
    listener: &mut L,
) -> Result<LogoutClaims<'p>, LogoutTokenError> {
    const EXPECTED: &str = "typed claims, each once";
    let read = payload.and_then(|payload| Ok((payload, claims(payload)?)));
    match read {
        Ok((payload, claims)) => {
            listener.passed(&CLAIMS, || Evidence::new(EXPECTED, format!("{} claims", payload.members().len())));
            Ok(claims)
        }
        Err(error) => {
            listener.failed(&CLAIMS, || Evidence::new(EXPECTED, error.reason()));
            Err(OidcError::Claims(error).into())
        }
    }
}

fn claims<'p>(payload: &'p Payload<'p>) -> Result<LogoutClaims<'p>, ClaimsError> {
    let member = |name: &str| payload.members().iter().find(|member| member.key == name).map(|member| &member.value);
    let not_text = || ClaimsError::Form { claim: "sid", expected: "a string", found: "another type".to_owned() };
    let session_id = member("sid").map(|value| value.as_str().ok_or_else(not_text)).transpose()?;
    Ok(LogoutClaims { shared: payload.claims()?, session_id, events: member("events") })
}

/// One verification under way: who listens, and against what the claims are held.
pub(super) struct Checks<'c, L> {
    pub(super) provider: &'c OidcProvider,
    pub(super) typ: Option<&'c str>,
    pub(super) claims: LogoutClaims<'c>,
    pub(super) now: Timestamp,
    pub(super) listener: &'c mut L,
}

type Verdict<T = ()> = Result<T, LogoutTokenError>;

impl<L: Listener> Checks<'_, L> {
    /// Every rule from `type` to `token_id`.
    pub(super) fn run(mut self) -> Verdict<LogoutToken> {
        self.typ()?;
        self.issuer()?;
        let client_id = self.audience()?;
        let issued_at = self.issued_at()?;
        let expiration = self.expiration()?;
        self.lifetime()?;
        self.not_before()?;
        self.session()?;
        self.events()?;
        self.no_nonce()?;
        let token_id = self.token_id()?;
        Ok(LogoutToken {
            issuer: self.provider.issuer().as_str().to_owned(),
            client_id,
            subject: self.claims.shared.sub.map(str::to_owned),
            session_id: self.claims.session_id.map(str::to_owned),
            token_id,
            issued_at,
            expiration,
        })
    }

    fn hold<T>(&mut self, rule: &'static Rule, outcome: Verdict<T>, evidence: impl FnOnce() -> Evidence) -> Verdict<T> {
        match &outcome {
            Ok(_) => self.listener.passed(rule, evidence),
            Err(_) => self.listener.failed(rule, evidence),
        }
        outcome
    }

    /// Providers were written before the type had a name, so that none and `JWT` are accepted; `events` decides then.
    fn typ(&mut self) -> Verdict {
        let found = self.typ;
        let fits = found.is_none_or(|typ| is_media_type(typ, &["logout+jwt", "jwt"]));
        let outcome = fits.then_some(()).ok_or_else(|| LogoutTokenError::Type { found: or_none(found) });
        self.hold(&rules::TYPE, outcome, || Evidence::new("logout+jwt, JWT, or none", found.unwrap_or("none")))
    }

    fn issuer(&mut self) -> Verdict {
        let (expected, found) = (self.provider.issuer().as_str(), self.claims.shared.iss);
        let outcome = match found {
            None => Err(missing("iss", &rules::ISSUER)),
            Some(found) if found == expected => Ok(()),
            Some(found) => Err(LogoutTokenError::Issuer { expected: expected.to_owned(), found: found.to_owned() }),
        };
        self.hold(&rules::ISSUER, outcome, || Evidence::new(expected, or_none(found)))
    }

    /// Gives the audience that is ours; beside it those that an ID token may name.
    fn audience(&mut self) -> Verdict<String> {
        let (provider, named) = (self.provider, self.claims.shared.aud.clone());
        let is_one = |of: &[String], aud: &str| of.iter().any(|one| one == aud);
        let known = |aud: &&str| is_one(&provider.audiences, aud) || is_one(&provider.trusted_audiences, aud);
        let ours = named.iter().find(|aud| is_one(&provider.audiences, aud)).filter(|_| named.iter().all(known));
        let outcome = match ours {
            _ if named.is_empty() => Err(missing("aud", &rules::AUDIENCE)),
            Some(ours) => Ok((*ours).to_owned()),
            None => {
                let found = named.iter().map(|aud| (*aud).to_owned()).collect();
                Err(LogoutTokenError::Audience { expected: provider.audiences.clone(), found })
            }
        };
        self.hold(&rules::AUDIENCE, outcome, || {
            let expected = provider.audiences.join(" ");
            Evidence::new(format!("one of {expected}, and none that is not trusted"), shown(&named.join(" ")))
        })
    }

    fn issued_at(&mut self) -> Verdict<Timestamp> {
        let now = self.now;
        let found = self.claims.shared.iat.map(timestamp);
        let outcome = match found {
            None => Err(missing("iat", &rules::ISSUED_AT)),
            Some(issued_at) if issued_at > now.saturating_add(self.provider.skew_of(TimeClaim::IssuedAt)) => {
                Err(LogoutTokenError::IssuedInFuture { issued_at, now })
            }
            Some(issued_at) => Ok(issued_at),
        };
        let skew = self.provider.skew_of(TimeClaim::IssuedAt);
        self.hold(&rules::ISSUED_AT, outcome, || {
            Evidence::new(format!("not after {}", by_our_clock(now, skew)), or_no_time(found))
        })
    }

    fn expiration(&mut self) -> Verdict<Timestamp> {
        let now = self.now;
        let found = self.claims.shared.exp.map(timestamp);
        let outcome = match found {
            None => Err(missing("exp", &rules::EXPIRATION)),
            Some(expiration) if now < expiration.saturating_add(self.provider.skew_of(TimeClaim::Expiration)) => {
                Ok(expiration)
            }
            Some(expiration) => Err(LogoutTokenError::Expired { expiration, now }),
        };
        let skew = self.provider.skew_of(TimeClaim::Expiration);
        self.hold(&rules::EXPIRATION, outcome, || {
            Evidence::new(format!("after {}", by_our_clock(now, skew)), or_no_time(found))
        })
    }

    fn lifetime(&mut self) -> Verdict {
        let Claims { exp, iat, .. } = self.claims.shared;
        let seconds = exp.unwrap_or_default().saturating_sub(iat.unwrap_or_default());
        let limit = MAX_LOGOUT_LIFETIME.as_secs();
        let fits = (1..=limit).contains(&seconds);
        let outcome = fits.then_some(()).ok_or(LogoutTokenError::Lifetime { seconds, limit });
        self.hold(&rules::LIFETIME, outcome, || {
            Evidence::new(format!("1 to {limit} seconds"), format!("{seconds} seconds"))
        })
    }

    fn not_before(&mut self) -> Verdict {
        let now = self.now;
        let found = self.claims.shared.nbf.map(timestamp);
        let outcome = match found {
            Some(not_before) if not_before > now.saturating_add(self.provider.skew_of(TimeClaim::NotBefore)) => {
                Err(LogoutTokenError::NotYetValid { not_before, now })
            }
            None | Some(_) => Ok(()),
        };
        let skew = self.provider.skew_of(TimeClaim::NotBefore);
        self.hold(&rules::NOT_BEFORE, outcome, || {
            Evidence::new(format!("not after {}, when present", by_our_clock(now, skew)), or_no_time(found))
        })
    }

    fn session(&mut self) -> Verdict {
        let (subject, session_id) = (self.claims.shared.sub, self.claims.session_id);
        let outcome = match (subject, session_id) {
            (None, None) => Err(missing("sub or sid", &rules::SESSION)),
            (Some(sub), _) if !is_plain(sub, MAX_SUBJECT) => {
                Err(LogoutTokenError::Session { claim: "sub", bytes: sub.len() })
            }
            (_, Some(sid)) if !is_plain(sid, MAX_SESSION_ID) => {
                Err(LogoutTokenError::Session { claim: "sid", bytes: sid.len() })
            }
            _ => Ok(()),
        };
        self.hold(&rules::SESSION, outcome, || {
            Evidence::new("sub, sid, or both", format!("sub {}, sid {}", or_none(subject), or_none(session_id)))
        })
    }

    /// Exactly the one event, its value an object (RFC 8417, 2.2).
    fn events(&mut self) -> Verdict {
        let outcome = match self.claims.events.map(|events| &events.data) {
            None => Err(missing("events", &rules::EVENTS)),
            Some(Data::Object(events)) => match events.as_slice() {
                [event] if event.key == LOGOUT_EVENT && matches!(event.value.data, Data::Object(_)) => Ok(()),
                [event] if event.key == LOGOUT_EVENT => Err("the event is no JSON object".to_owned()),
                [event] => Err(shown(&event.key)),
                events => Err(format!("{} events", events.len())),
            }
            .map_err(|found| LogoutTokenError::Events { found }),
            Some(_) => Err(LogoutTokenError::Events { found: "no JSON object".to_owned() }),
        };
        let found = outcome.as_ref().map_or_else(LogoutTokenError::reason, |()| LOGOUT_EVENT.to_owned());
        self.hold(&rules::EVENTS, outcome, || Evidence::new(format!("{LOGOUT_EVENT} with an object, alone"), found))
    }

    fn no_nonce(&mut self) -> Verdict {
        let found = self.claims.shared.nonce;
        let outcome = found.map_or(Ok(()), |_| Err(LogoutTokenError::Nonce));
        self.hold(&rules::NO_NONCE, outcome, || Evidence::new("no nonce", found.map_or("none", |_| "a nonce")))
    }

    fn token_id(&mut self) -> Verdict<String> {
        let found = self.claims.shared.jti;
        let outcome = match found {
            None => Err(missing("jti", &rules::TOKEN_ID)),
            Some(jti) if is_plain(jti, MAX_TOKEN_ID) => Ok(jti.to_owned()),
            Some(jti) => Err(LogoutTokenError::TokenId { bytes: jti.len() }),
        };
        self.hold(&rules::TOKEN_ID, outcome, || {
            Evidence::new(format!("1 to {MAX_TOKEN_ID} bytes, no control characters"), or_none(found))
        })
    }
}

fn missing(claim: &'static str, rule: &'static Rule) -> LogoutTokenError {
    LogoutTokenError::MissingClaim { claim, rule }
}
