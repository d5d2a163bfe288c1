//! Context assertions: an identity store tells STS on whose behalf a role is assumed (AssumeRole, `ProvidedContexts`).
//!
//! A context assertion is a JWS (RFC 7515) in compact form, `typ: daypass-context+jwt`, authenticated with HMAC-SHA256 by a key
//! that is derived from the keyring for this alone: whoever bears it can read it, and nobody but the broker can verify it,
//! so that it is a proof to no one else. No key that verifies session tokens, web identity tokens or state in a browser
//! verifies it, and the other way round.
//!
//! Enters: whom a directory knows; or the contexts that a call provides, the ARN of the one identity store that is believed,
//! and `now`. Leaves: an assertion; or an [`IdentityContext`]. Refused: another context provider, two contexts of one, and
//! what is malformed, not signed by the keyring, for somebody else, of another store, or not valid now.

mod error;

pub use error::ContextAssertionError;

use std::fmt;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::Keyring;
use crate::arn::Arn;
use crate::crypto::{self, SignatureValid};
use crate::session::{
    CONTEXT_PROVIDER_ARN, IdentityContext, IdentityContextClaims, MAX_PROVIDED_CONTEXTS, ProvidedContext,
};
use crate::time::Timestamp;

/// The longest context assertion that is made or read, in bytes (AssumeRole, `ContextAssertion`).
pub const MAX_CONTEXT_ASSERTION_LENGTH: usize = 2048;
/// How long a context assertion serves: for the call of AssumeRole that it was asked for, and for another try of it. It may be
/// provided again until then, so that it must be over soon once it has leaked.
pub const CONTEXT_ASSERTION_LIFETIME: Duration = Duration::from_secs(300);
/// The `typ` that keeps it from being taken for any other JWT (RFC 8725, 3.11).
const TYPE: &str = "daypass-context+jwt";
const ALGORITHM: &str = "HS256";
/// The one header that an assertion has.
const HEADER: &str = r#"{"typ":"daypass-context+jwt","alg":"HS256"}"#;
/// For whom it is: the operation of STS that takes contexts.
const AUDIENCE: &str = "urn:daypass:sts:provided-context";
/// How far the clocks of two brokers may differ.
const CLOCK_SKEW: Duration = Duration::from_secs(60);

/// Whom an assertion is to be about.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "each of these has to be thought of by whoever asserts")]
pub struct ContextSubject<'a> {
    /// The person's id in the identity store.
    pub user_id: &'a str,
    /// The identity store.
    pub identity_store_arn: &'a Arn,
    /// The Identity Center instance that the store belongs to.
    pub instance_arn: Option<&'a Arn>,
    /// The application that asks.
    pub application_arn: Option<&'a Arn>,
}

/// A context assertion as its bearer holds it; wiped when dropped, never printed.
pub struct ContextAssertion {
    text: Zeroizing<String>,
    credential_id: String,
    expiration: Timestamp,
}

impl ContextAssertion {
    /// The assertion itself, to be handed to the application that asked for it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.text
    }

    /// Its id (`jti`), which sessions made with it carry.
    #[must_use]
    pub fn credential_id(&self) -> &str {
        &self.credential_id
    }

    /// When it stops being accepted.
    #[must_use]
    pub const fn expiration(&self) -> Timestamp {
        self.expiration
    }
}

impl fmt::Debug for ContextAssertion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ContextAssertion")
            .field("credential_id", &self.credential_id)
            .field("expiration", &self.expiration)
            .finish_non_exhaustive()
    }
}

/// The claims of a context assertion (RFC 7519, 4.1, and our own).
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Claims {
    iss: String,
    aud: String,
    sub: String,
    iat: i64,
    exp: i64,
    jti: String,
    identity_store_arn: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    instance_arn: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    application_arn: Option<String>,
}

/// Asserts that the bearer acts on behalf of `subject`, from `now` for [`CONTEXT_ASSERTION_LIFETIME`], or until `ends` if that
/// is sooner. Whom it may be asserted for is for the caller to know.
///
/// # Errors
/// [`ContextAssertionError::Length`] when the names in it are too long, [`ContextAssertionError::Crypto`] without randomness.
pub fn issue(
    keyring: &Keyring,
    subject: ContextSubject<'_>,
    now: Timestamp,
    ends: Option<Timestamp>,
) -> Result<ContextAssertion, ContextAssertionError> {
    let latest = now.saturating_add(CONTEXT_ASSERTION_LIFETIME);
    let expiration = ends.map_or(latest, |ends| ends.min(latest));
    let credential_id = crypto::random_id()?;
    let claims = Claims {
        iss: keyring.issuer().to_owned(),
        aud: AUDIENCE.to_owned(),
        sub: subject.user_id.to_owned(),
        iat: now.unix_seconds(),
        exp: expiration.unix_seconds(),
        jti: credential_id.clone(),
        identity_store_arn: subject.identity_store_arn.to_string(),
        instance_arn: subject.instance_arn.map(ToString::to_string),
        application_arn: subject.application_arn.map(ToString::to_string),
    };
    let payload = serde_json::to_vec(&claims).map_err(|_| ContextAssertionError::Claims)?;
    let text = sign(keyring, HEADER, &payload)?;
    match text.len() {
        length if length > MAX_CONTEXT_ASSERTION_LENGTH => Err(ContextAssertionError::Length { length }),
        _ => Ok(ContextAssertion { text: Zeroizing::new(text), credential_id, expiration }),
    }
}

/// The one context that a call provides, with the assertion verified; none where it provides none. `identity_store` is the
/// store that is believed.
///
/// # Errors
/// [`ContextAssertionError`], naming the first thing wrong: how many, whose, form, type, algorithm, signature, claims, issuer,
/// audience, store, time.
pub fn verify(
    keyring: &Keyring,
    provided: &[ProvidedContext],
    identity_store: Option<&Arn>,
    now: Timestamp,
) -> Result<Option<IdentityContext>, ContextAssertionError> {
    if provided.len() > MAX_PROVIDED_CONTEXTS {
        return Err(ContextAssertionError::TooMany { found: provided.len() });
    }
    if let Some(other) = provided.iter().find(|context| context.provider_arn() != CONTEXT_PROVIDER_ARN) {
        return Err(ContextAssertionError::UnknownProvider { found: excerpt(other.provider_arn()) });
    }
    match provided {
        [] => Ok(None),
        [context] => {
            let identity_store = identity_store.ok_or(ContextAssertionError::NoIdentityStore)?;
            verify_assertion(keyring, context.context_assertion(), identity_store, now).map(Some)
        }
        several => Err(ContextAssertionError::ProviderTwice { found: several.len() }),
    }
}

fn verify_assertion(
    keyring: &Keyring,
    assertion: &str,
    identity_store: &Arn,
    now: Timestamp,
) -> Result<IdentityContext, ContextAssertionError> {
    let (claims, proof) = verify_signature(keyring, assertion)?;
    if claims.iss != keyring.issuer() {
        return Err(ContextAssertionError::Issuer { found: excerpt(&claims.iss) });
    }
    if claims.aud != AUDIENCE {
        return Err(ContextAssertionError::Audience { found: excerpt(&claims.aud) });
    }
    if claims.identity_store_arn != identity_store.as_str() {
        let found = excerpt(&claims.identity_store_arn);
        return Err(ContextAssertionError::IdentityStore { expected: identity_store.clone(), found });
    }
    verify_time(&claims, now)?;
    let context = IdentityContextClaims {
        instance_arn: claims.instance_arn,
        application_arn: claims.application_arn,
        credential_id: Some(claims.jti),
        ..IdentityContextClaims::new(claims.sub, claims.identity_store_arn)
    };
    Ok(IdentityContext::new(context, &proof))
}

/// Takes the claims out of an assertion, which are not looked at before the keyring's code over them was found right.
fn verify_signature(keyring: &Keyring, assertion: &str) -> Result<(Claims, SignatureValid), ContextAssertionError> {
    if assertion.len() > MAX_CONTEXT_ASSERTION_LENGTH {
        return Err(ContextAssertionError::Length { length: assertion.len() });
    }
    let (message, code) = assertion.rsplit_once('.').ok_or(ContextAssertionError::Malformed)?;
    let (header, payload) = message.split_once('.').ok_or(ContextAssertionError::Malformed)?;
    if decode(header)? != HEADER.as_bytes() {
        return Err(refused_header(header));
    }
    let code = decode(code)?;
    let mut proof = Err(ContextAssertionError::Signature);
    for key in keyring.context_keys() {
        if let Ok(valid) = key?.verify(message.as_bytes(), &code) {
            proof = Ok(valid);
            break;
        }
    }
    let proof = proof?;
    let payload = decode(payload)?;
    let claims = serde_json::from_slice(&payload).map_err(|_| ContextAssertionError::Claims)?;
    Ok((claims, proof))
}

fn verify_time(claims: &Claims, now: Timestamp) -> Result<(), ContextAssertionError> {
    let issued_at = Timestamp::from_unix_seconds(claims.iat);
    let expiration = Timestamp::from_unix_seconds(claims.exp);
    if expiration > issued_at.saturating_add(CONTEXT_ASSERTION_LIFETIME) {
        return Err(ContextAssertionError::Claims);
    }
    if now.saturating_add(CLOCK_SKEW) < issued_at {
        return Err(ContextAssertionError::NotYetValid { issued_at, now });
    }
    if expiration <= now {
        return Err(ContextAssertionError::Expired { expiration, now });
    }
    Ok(())
}

fn sign(keyring: &Keyring, header: &str, payload: &[u8]) -> Result<String, ContextAssertionError> {
    let key = keyring.context_key()?;
    let message = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(payload));
    let code = key.sign(message.as_bytes());
    Ok(format!("{message}.{}", URL_SAFE_NO_PAD.encode(code)))
}

#[derive(Deserialize)]
struct Header<'a> {
    typ: Option<&'a str>,
    alg: Option<&'a str>,
}

/// Says what is wrong with a header that is not ours.
fn refused_header(header: &str) -> ContextAssertionError {
    let Ok(decoded) = decode(header) else { return ContextAssertionError::Malformed };
    let Ok(header) = serde_json::from_slice::<Header<'_>>(&decoded) else { return ContextAssertionError::Malformed };
    if header.typ != Some(TYPE) {
        ContextAssertionError::Type { found: excerpt(header.typ.unwrap_or_default()) }
    } else if header.alg != Some(ALGORITHM) {
        ContextAssertionError::Algorithm { found: excerpt(header.alg.unwrap_or_default()) }
    } else {
        // Right in meaning, but with members or white space that no assertion of ours has.
        ContextAssertionError::Malformed
    }
}

fn decode(part: &str) -> Result<Vec<u8>, ContextAssertionError> {
    URL_SAFE_NO_PAD.decode(part).map_err(|_| ContextAssertionError::Malformed)
}

/// The first characters of untrusted text, for an error's evidence.
fn excerpt(text: &str) -> String {
    text.chars().take(200).collect()
}

#[cfg(test)]
mod tests;
