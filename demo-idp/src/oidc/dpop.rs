//! Proofs that a client holds a key (DPoP, RFC 9449).

use super::jose::{Claims, PublicKey, UnverifiedJws};
use super::token_error::TokenError;
use crate::core::Core;
use crate::error::KeyError;
use crate::fault::Target;
use crate::relying::Client;
use crate::sync::{lock, random_secret, sha256};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use std::sync::Mutex;
use time::{Duration, OffsetDateTime};

/// How far the clock of a client may be from ours, either way, and so how long a proof is good for.
const WINDOW: Duration = Duration::seconds(60);
const JTI_MOST: usize = 200;

/// The `DPoP` header of a request.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Presented<'a> {
    Nothing,
    Proof(&'a str),
    /// RFC 9449 section 4.3, check 1: there is not more than one.
    Several,
}

/// What a proof has to be for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place<'a> {
    pub(crate) method: &'a str,
    /// Below the base address.
    pub(crate) path: &'a str,
    /// Whose hash the proof must hold, where one is presented.
    pub(crate) access_token: Option<&'a str>,
}

/// The thumbprint of the key that was proven; an error if a proof is there and not good.
pub(crate) fn optional(core: &Core, presented: &Presented<'_>, place: Place<'_>) -> Result<Option<String>, TokenError> {
    match presented {
        Presented::Nothing => Ok(None),
        Presented::Several => Err(TokenError::InvalidDpopProof("There is more than one DPoP header.")),
        Presented::Proof(jwt) => verify(core, jwt, place).map(Some),
    }
}

/// The same, for a client that may have said that it never comes without one.
pub(crate) fn at_token_endpoint(
    core: &Core,
    client: &Client,
    presented: &Presented<'_>,
) -> Result<Option<String>, TokenError> {
    let proven = optional(core, presented, Place { method: "POST", path: "/token", access_token: None })?;
    if proven.is_none() && client.needs_dpop() {
        return Err(TokenError::InvalidDpopProof("This client registered to use DPoP, and sent no proof."));
    }
    Ok(proven)
}

/// RFC 9449 section 4.3, in its order.
fn verify(core: &Core, jwt: &str, place: Place<'_>) -> Result<String, TokenError> {
    let refused = TokenError::InvalidDpopProof;
    let jws = UnverifiedJws::parse(jwt).ok_or(refused("The proof is no JWS that can be read."))?;
    let header = |name: &str| jws.header(name);
    if header("typ").and_then(|typ| typ.as_str()) != Some("dpop+jwt") {
        return Err(refused("The typ of the proof is not dpop+jwt."));
    }
    let key = header("jwk").and_then(|jwk| jwk.as_object()).and_then(PublicKey::from_jwk);
    let key = key.ok_or(refused("The proof holds no public key of a kind that is accepted here."))?;
    let claims = jws.verify(&key).ok_or(refused("The signature of the proof is not by the key it holds."))?;
    verify_place(core, claims, place)?;
    verify_freshness(core, claims, &key)?;
    Ok(key.thumbprint().to_owned())
}

fn verify_place(core: &Core, claims: Claims<'_>, place: Place<'_>) -> Result<(), TokenError> {
    let refused = TokenError::InvalidDpopProof;
    if claims.text("htm") != Some(place.method) {
        return Err(refused("The htm of the proof is not the method of the request."));
    }
    let named = claims.text("htu").and_then(|htu| htu.split(['?', '#']).next());
    if named != Some(core.base.join(place.path).as_str()) {
        return Err(refused("The htu of the proof is not the address of this endpoint."));
    }
    if let Some(access_token) = place.access_token {
        let hash = URL_SAFE_NO_PAD.encode(sha256(access_token.as_bytes()));
        if claims.text("ath") != Some(hash.as_str()) {
            return Err(refused("The ath of the proof is not the hash of the access token."));
        }
    }
    Ok(())
}

/// The nonce comes before the `jti`: a proof that is sent again with one is another proof.
fn verify_freshness(core: &Core, claims: Claims<'_>, key: &PublicKey) -> Result<(), TokenError> {
    let refused = TokenError::InvalidDpopProof;
    let now = core.clock.now();
    let issued = claims.seconds("iat").ok_or(refused("The proof has no iat, or one that is no number of seconds."))?;
    if issued.abs_diff(now.unix_timestamp()) > WINDOW.whole_seconds().unsigned_abs() {
        return Err(refused("The iat of the proof is more than a minute from now."));
    }
    let known = core.dpop_nonces.as_ref().is_none_or(|nonces| nonces.know(claims.text("nonce"), now));
    if !known || core.faults.take(Target::DpopNonce).is_some() {
        return Err(TokenError::UseDpopNonce);
    }
    let jti = claims.text("jti").filter(|jti| (1..=JTI_MOST).contains(&jti.len()));
    let jti = jti.ok_or(refused("The proof has no jti of 1 to 200 bytes."))?;
    let ends = OffsetDateTime::from_unix_timestamp(issued).unwrap_or(now) + WINDOW;
    if !core.replays.is_first(&format!("dpop {} {jti}", key.thumbprint()), ends, now) {
        return Err(refused("The proof was used before."));
    }
    Ok(())
}

/// The nonces that proofs must hold, where they must (RFC 9449 section 8): the present one and the one before it.
#[derive(Debug, Default)]
pub(crate) struct Nonces(Mutex<Vec<(String, OffsetDateTime)>>);

impl Nonces {
    const RENEWED_EVERY: Duration = Duration::minutes(2);

    /// The nonce to send to clients now.
    pub(crate) fn present(&self, now: OffsetDateTime) -> Result<String, KeyError> {
        let mut nonces = lock(&self.0);
        if let Some((nonce, _)) = nonces.last().filter(|(_, since)| Self::age(*since, now) < Self::RENEWED_EVERY) {
            return Ok(nonce.clone());
        }
        let nonce = random_secret()?;
        nonces.retain(|(_, since)| Self::age(*since, now) < Self::RENEWED_EVERY * 2);
        nonces.push((nonce.clone(), now));
        Ok(nonce)
    }

    fn know(&self, presented: Option<&str>, now: OffsetDateTime) -> bool {
        let is_good = |since| Self::age(since, now) < Self::RENEWED_EVERY * 2;
        lock(&self.0).iter().any(|(kept, since)| is_good(*since) && presented == Some(kept))
    }

    /// A clock that was turned back makes nonces old.
    fn age(since: OffsetDateTime, now: OffsetDateTime) -> Duration {
        (now - since).abs()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: OffsetDateTime = time::macros::datetime!(2026-08-01 12:00 UTC);

    #[test]
    fn a_nonce_is_renewed_and_the_one_before_is_still_good() {
        let nonces = Nonces::default();
        let first = nonces.present(NOON).unwrap();
        assert_eq!(nonces.present(NOON + Duration::seconds(119)).unwrap(), first);
        let later = NOON + Duration::seconds(120);
        let second = nonces.present(later).unwrap();
        assert_ne!(first, second);
        assert!(nonces.know(Some(&first), later) && nonces.know(Some(&second), later));
        assert!(!nonces.know(Some(&first), NOON + Duration::seconds(240)));
        assert!(!nonces.know(Some("made up"), later) && !nonces.know(None, later));
        nonces.present(NOON + Duration::hours(1)).unwrap();
        assert_eq!(lock(&nonces.0).len(), 1, "bounded");
    }
}
