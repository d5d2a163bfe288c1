//! OpenID Connect: an ID token and the keys of its issuer in, a [`VerifiedIdentity`] out.
//!
//! Enters: a token as it came, for a sign-in (with the nonce of that sign-in) or from a workload that wants credentials.
//! Leaves: who it is about. Refused: everything that one of [`RULES`] names, in that order; the key decides the
//! algorithm, the signature is verified before a claim is read, and a claim of the wrong JSON type is never taken for an
//! absent one. The stage fetches nothing: [`keys::KeyCache`] says when the caller should.
//!
//! ```
//! use daypass::explain::Report;
//! use daypass::identity::oidc::{self, Jwks, OidcError, OidcProvider, UnverifiedIdToken};
//! use daypass::time::Timestamp;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let provider = OidcProvider::new("https://token.actions.example", ["sts.example.com"])?;
//! let jwks = Jwks::parse(br#"{"keys":[]}"#)?;
//! let token = UnverifiedIdToken::for_exchange("eyJhbGciOiJub25lIn0.e30.");
//! let mut report = Report::new();
//! let refused = oidc::verify(&provider, &jwks, token, Timestamp::EPOCH, &mut report).unwrap_err();
//! assert_eq!(refused.rule().name, "algorithm");
//! assert_eq!(report.failure().map(|check| check.found.as_str()), Some("alg is \"none\""));
//! # Ok(()) }
//! ```

mod algorithm;
mod checks;
mod claims;
pub mod discovery;
mod error;
mod evidence;
mod identity;
mod issuer;
mod jwk;
mod jwks;
mod jws;
pub mod keys;
mod logout_token;
mod provider;
mod refresh;
mod rules;
mod session;
mod userinfo;
pub mod workload;

use std::sync::OnceLock;
use std::time::Duration;

pub use algorithm::{HmacAlgorithm, JwsAlgorithm};
pub use claims::ClaimsError;
pub use error::OidcError;
pub use issuer::{IssuerUrl, IssuerUrlError};
pub use jwk::{Jwk, SecretJwk, UnusableKey};
pub use jwks::{Jwks, JwksError, MAX_JWKS_LENGTH, MAX_KEYS, SkippedKey};
pub use jws::{CompactJws, JwsError, MAX_KEY_ID_LENGTH, MAX_SIGNED_LENGTH, SignedPayload};
pub use logout_token::{
    LOGOUT_RULES, LogoutToken, LogoutTokenError, MAX_LOGOUT_LIFETIME, UnverifiedLogoutToken, verify_logout_token,
};
pub use provider::{DEFAULT_LIFETIME, DEFAULT_SKEW, MAX_SKEW, OidcProvider, ProviderError, TimeClaim};
pub use refresh::{OriginalSignIn, REFRESH_RULES, RefreshedTokenError};
pub use rules::RULES;
pub use session::{IdTokenHint, OidcSession};
pub use userinfo::{MAX_USERINFO_LENGTH, USERINFO_RULES, UnverifiedUserinfo, UserinfoError, add_userinfo};

use super::VerifiedIdentity;
use crate::crypto::{DigestAlgorithm, SecretBytes};
use crate::explain::{Evidence, Listener, Rule};
use crate::time::Timestamp;
use claims::Payload;
pub(in crate::identity) use identity::condition_keys;
use jws::Decoded;

/// What a token is presented for; each use accepts what the other refuses.
#[derive(Debug)]
enum Purpose {
    /// A person signs in through a browser.
    SignIn { nonce: String, max_age: Option<Duration> },
    /// A sign-in goes on with a refresh token.
    Refresh { original: Box<OriginalSignIn> },
    /// A workload, or a client of STS, exchanges the token for credentials.
    Exchange,
}

/// A token as it came from the network; verifying it consumes it.
#[derive(Debug)]
pub struct UnverifiedIdToken {
    token: SecretBytes,
    purpose: Purpose,
    access_token: Option<SecretBytes>,
    code: Option<SecretBytes>,
    /// Of this token, if it was read before: for choosing whom to ask.
    decoded: OnceLock<Decoded>,
}

/// What a token claims of itself, for choosing provider and keys to verify it with; nobody has vouched for it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Claimed {
    /// `iss`.
    pub issuer: Option<String>,
    /// `kid`.
    pub key_id: Option<String>,
}

impl UnverifiedIdToken {
    /// A token that answers the authorization request that carried `nonce`.
    #[must_use]
    pub fn for_sign_in(token: impl Into<String>, nonce: impl Into<String>) -> Self {
        let purpose = Purpose::SignIn { nonce: nonce.into(), max_age: None };
        Self::new(token.into(), purpose)
    }

    /// A token that came with a refresh of the sign-in that `original` describes (OpenID Connect Core, 12.2).
    #[must_use]
    pub fn for_refresh(token: impl Into<String>, original: OriginalSignIn) -> Self {
        Self::new(token.into(), Purpose::Refresh { original: Box::new(original) })
    }

    /// A token that a workload presents in exchange for credentials; the end of line of the file it was in is dropped.
    #[must_use]
    pub fn for_exchange(token: impl Into<String>) -> Self {
        let mut token = token.into();
        token.truncate(token.trim_end_matches(['\r', '\n']).len());
        Self::new(token, Purpose::Exchange)
    }

    fn new(token: String, purpose: Purpose) -> Self {
        Self {
            token: SecretBytes::new(token.into_bytes()),
            purpose,
            access_token: None,
            code: None,
            decoded: OnceLock::new(),
        }
    }

    /// Holds `at_hash`, when the token has it, to this access token.
    #[must_use]
    pub fn with_access_token(mut self, access_token: &str) -> Self {
        self.access_token = Some(SecretBytes::new(access_token.as_bytes().to_vec()));
        self
    }

    /// Holds `c_hash`, when the token has it, to this authorization code.
    #[must_use]
    pub fn with_code(mut self, code: &str) -> Self {
        self.code = Some(SecretBytes::new(code.as_bytes().to_vec()));
        self
    }

    /// Wants a sign-in no older than `max_age`, as the authorization request did; without effect on a workload's token.
    #[must_use]
    pub fn with_max_age(mut self, max_age: Duration) -> Self {
        if let Purpose::SignIn { max_age: asked, .. } = &mut self.purpose {
            *asked = Some(max_age);
        }
        self
    }

    /// What the token claims of itself, if it is a token at all.
    #[must_use]
    pub fn claimed(&self) -> Option<Claimed> {
        let jws = CompactJws::parse(self.text()).ok()?;
        let payload = Payload::parse(jws.unverified_payload()).ok()?;
        let claimed = Claimed { issuer: payload.issuer().map(str::to_owned), key_id: jws.key_id().map(str::to_owned) };
        // Whoever read it a moment ago left the same.
        let _ = self.decoded.set(jws.into_decoded());
        Some(claimed)
    }

    /// Whether the token claims to be an access token (RFC 9068, 2.1).
    #[cfg(feature = "http")]
    pub(crate) fn claims_access(&self) -> bool {
        let parsed = CompactJws::parse(self.text());
        parsed.is_ok_and(|jws| jws.typ().is_some_and(|typ| jws::is_media_type(typ, &["at+jwt"])))
    }

    /// Whether the token claims to be for one of `audiences` (`azp`, otherwise `aud`), for choosing the provider to verify it
    /// with; nobody has vouched for it.
    #[cfg(feature = "http")]
    pub(crate) fn claims_to_be_for(&self, audiences: &[String]) -> bool {
        let Ok(jws) = CompactJws::parse(self.text()) else { return false };
        let Ok(payload) = Payload::parse(jws.unverified_payload()) else { return false };
        let named = |claims: claims::Claims<'_>| match claims.azp {
            Some(azp) => audiences.iter().any(|own| own == azp),
            None => claims.aud.iter().any(|aud| audiences.iter().any(|own| own == aud)),
        };
        payload.claims().is_ok_and(named)
    }

    /// The `kid` the token claims, for deciding whether keys must be fetched; nobody has vouched for it.
    #[must_use]
    pub fn claimed_key_id(&self) -> Option<String> {
        let jws = CompactJws::parse(self.text()).ok()?;
        jws.key_id().map(str::to_owned)
    }

    /// The `iss` the token claims, for choosing the provider to verify it with; nobody has vouched for it.
    #[must_use]
    pub fn claimed_issuer(&self) -> Option<String> {
        self.claimed()?.issuer
    }

    fn text(&self) -> &str {
        // Every constructor takes text, so the fallback, which is no token, is never reached.
        std::str::from_utf8(self.token.expose()).unwrap_or_default()
    }
}

/// Verifies `token` as issued by `provider` and signed with one of `jwks`, or at sign-in with the client secret if
/// [`OidcProvider::with_client_secret`] says so, telling `listener` how each rule ended.
///
/// # Errors
/// [`OidcError`] with the first rule of [`RULES`], or of [`REFRESH_RULES`] in a refresh, that the token breaks.
/// [`OidcError::UnknownKey`] may be cured by fetching the keys again.
pub fn verify<L: Listener>(
    provider: &OidcProvider,
    jwks: &Jwks,
    mut token: UnverifiedIdToken,
    now: Timestamp,
    listener: &mut L,
) -> Result<VerifiedIdentity, OidcError> {
    let decoded = token.decoded.take();
    let jws = parse(token.text(), decoded, listener)?;
    let (signed, hash) = match &token.purpose {
        Purpose::SignIn { .. } | Purpose::Refresh { .. } => verify_to_client(provider, jwks, &jws, listener)?,
        Purpose::Exchange => verify_signature(provider, jwks, &jws, listener)?,
    };
    let read = Payload::parse(signed.payload());
    let payload = typed(read.as_ref().map_err(Clone::clone), listener)?;
    let claims = typed(payload.claims(), listener)?;
    listener.passed(&rules::CLAIMS, || {
        Evidence::new("typed claims, each once", format!("{} claims", payload.members().len()))
    });
    let audience =
        checks::Checks { provider, token: &token, typ: signed.typ(), hash, claims: &claims, now, listener }.run()?;
    Ok(identity::build(provider, &token, payload, &claims, audience))
}

fn typed<T, L: Listener>(outcome: Result<T, ClaimsError>, listener: &mut L) -> Result<T, OidcError> {
    outcome.map_err(|error| {
        listener.failed(&rules::CLAIMS, || Evidence::new("typed claims, each once", error.reason()));
        OidcError::Claims(error)
    })
}

/// The rules of the message's form, whatever its key.
fn parse<'t, L: Listener>(
    token: &'t str,
    decoded: Option<Decoded>,
    listener: &mut L,
) -> Result<CompactJws<'t>, OidcError> {
    const RULES: [&Rule; 3] = [&jws::TOKEN_FORM, &jws::HEADER, &jws::HEADER_PARAMETERS];
    let jws = decoded.map_or_else(|| CompactJws::parse(token), |decoded| CompactJws::again(token, decoded));
    heard(jws, &RULES, listener, |_| "as expected".to_owned())
}

/// The rules of the signature of what a provider says to its client, with which it may share a secret (OpenID Connect Core
/// 10.1; Back-Channel Logout 2.4); and the hash that belongs to it.
fn verify_to_client<'j, L: Listener>(
    provider: &OidcProvider,
    jwks: &Jwks,
    jws: &'j CompactJws<'_>,
    listener: &mut L,
) -> Result<(SignedPayload<'j>, DigestAlgorithm), OidcError> {
    match &provider.client_secret {
        Some(secret) => Ok((verify_secret(secret, jws, listener)?, secret.algorithm().hash())),
        None => verify_signature(provider, jwks, jws, listener),
    }
}

/// The rules of the signature by a published key, and the hash that belongs to it.
fn verify_signature<'j, L: Listener>(
    provider: &OidcProvider,
    jwks: &Jwks,
    jws: &'j CompactJws<'_>,
    listener: &mut L,
) -> Result<(SignedPayload<'j>, DigestAlgorithm), OidcError> {
    const RULES: [&Rule; 3] = [&jws::ALGORITHM, &jws::KEY, &jws::SIGNATURE];
    let algorithm = jws.algorithm().and_then(|algorithm| {
        let listed = provider.algorithms.as_ref().is_none_or(|accepted| accepted.contains(&algorithm));
        if listed { Ok(algorithm) } else { Err(JwsError::Algorithm { found: algorithm.name().to_owned() }) }
    });
    let outcome = algorithm.and_then(|algorithm| Ok((jwks.verify(jws)?, algorithm.half_hash())));
    heard(outcome, &RULES, listener, |rule| match rule.name {
        "algorithm" => format!("alg {}", jws::shown(&jws.header().alg)),
        "key" => format!("kid {}", jws::shown(jws.key_id().unwrap_or_default())),
        _ => "as expected".to_owned(),
    })
}

/// The rules of the authentication code of a provider that shares a secret with us.
fn verify_secret<'j, L: Listener>(
    secret: &SecretJwk,
    jws: &'j CompactJws<'_>,
    listener: &mut L,
) -> Result<SignedPayload<'j>, OidcError> {
    const RULES: [&Rule; 3] = [&jws::ALGORITHM, &jws::KEY, &jws::SIGNATURE];
    heard(jws.verify_secret(secret), &RULES, listener, |rule| match rule.name {
        "algorithm" => format!("alg {}, which this provider is registered with", secret.algorithm()),
        "key" => "the client secret".to_owned(),
        _ => "as expected".to_owned(),
    })
}

/// Tells `listener` how each of `rules`, which are looked at in order, ended.
fn heard<T, L: Listener>(
    outcome: Result<T, JwsError>,
    rules: &[&'static Rule],
    listener: &mut L,
    found: impl Fn(&Rule) -> String,
) -> Result<T, OidcError> {
    let broken = outcome.as_ref().err().map(JwsError::rule);
    for rule in rules {
        if broken.is_some_and(|broken| broken.name == rule.name) {
            break;
        }
        listener.passed(rule, || Evidence::new(expected(rule), found(rule)));
    }
    outcome.map_err(|error| {
        listener.failed(error.rule(), || Evidence::new(expected(error.rule()), error.reason()));
        OidcError::from(error)
    })
}

fn expected(rule: &Rule) -> &'static str {
    match rule.name {
        "token_form" => "three parts of base64url, header and payload of at most 16 KiB",
        "header" => "a JSON object with alg, each name once",
        "header_parameters" => "no crit, b64, zip, cty, jwk, jku, x5c, x5u",
        "algorithm" => "a signature algorithm that the key makes",
        "key" => "a key that the issuer publishes",
        _ => "a signature of that key over header and payload",
    }
}
