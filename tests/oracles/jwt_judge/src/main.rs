//! The jsonwebtoken and openidconnect judges: cases as JSON lines in, one verdict a line out, in the same order.
//!
//! `jwt-judge jsonwebtoken` and `jwt-judge openidconnect` read standard input. jsonwebtoken asks the system for the time:
//! whoever starts this sets the clock.

use std::io::{self, BufRead, Write};
use std::str::FromStr;

use chrono::{DateTime, Utc};
use jsonwebtoken::jwk::{Jwk, JwkSet};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use openidconnect::core::{CoreIdToken, CoreIdTokenVerifier, CoreJsonWebKeySet, CoreJwsSigningAlgorithm};
use openidconnect::{ClientId, IssuerUrl, Nonce};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

type Failure = Box<dyn std::error::Error>;

/// One case as `tokens.py` writes it.
#[derive(Deserialize)]
struct Case {
    id: String,
    token: String,
    jwks: String,
    issuer: String,
    audience: String,
    nonce: Option<String>,
    now: DateTime<Utc>,
    #[serde(rename = "use")]
    purpose: String,
}

#[derive(Serialize)]
struct Answer {
    id: String,
    verdict: &'static str,
    reason: Option<String>,
    claims: Option<Value>,
}

fn main() -> Result<(), Failure> {
    let judge: fn(&Case) -> Result<Value, Failure> = match std::env::args().nth(1).as_deref() {
        Some("jsonwebtoken") => by_jsonwebtoken,
        Some("openidconnect") => by_openidconnect,
        _ => return Err("say jsonwebtoken or openidconnect".into()),
    };
    let mut out = io::stdout().lock();
    for line in io::stdin().lock().lines() {
        let case: Case = serde_json::from_str(&line?)?;
        let (verdict, reason, claims) = match judge(&case) {
            Ok(claims) => ("accept", None, Some(claims)),
            Err(error) => ("reject", Some(error.to_string()), None),
        };
        serde_json::to_writer(&mut out, &Answer { id: case.id, verdict, reason, claims })?;
        out.write_all(b"\n")?;
    }
    Ok(())
}

/// As its documentation has it: the key that the header names, the algorithms of that key, every claim it can look at.
fn by_jsonwebtoken(case: &Case) -> Result<Value, Failure> {
    let set: JwkSet = serde_json::from_str(&case.jwks)?;
    let header = jsonwebtoken::decode_header(&case.token)?;
    let jwk = match &header.kid {
        Some(kid) => set.find(kid).ok_or("no key of that name")?,
        None => match set.keys.as_slice() {
            [only] => only,
            _ => return Err("no kid, and not one key".into()),
        },
    };
    let key = DecodingKey::from_jwk(jwk)?;
    if case.purpose == "signature" {
        return signature_alone(case, &key, jwk, header.alg);
    }
    let mut validation = Validation::new_for_family(key.family());
    if let Some(own) = algorithm(jwk) {
        validation.algorithms = vec![own];
    }
    validation.set_issuer(&[&case.issuer]);
    validation.set_audience(&[&case.audience]);
    validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
    validation.validate_nbf = true;
    let claims = jsonwebtoken::decode::<Value>(&case.token, &key, &validation)?.claims;
    if case.nonce.is_some() && claims["nonce"].as_str() != case.nonce.as_deref() {
        return Err("another nonce".into());
    }
    Ok(claims)
}

fn algorithm(jwk: &Jwk) -> Option<Algorithm> {
    jwk.common.key_algorithm.and_then(|own| Algorithm::from_str(&own.to_string()).ok())
}

/// The signature, whatever the payload is.
fn signature_alone(case: &Case, key: &DecodingKey, jwk: &Jwk, named: Algorithm) -> Result<Value, Failure> {
    if algorithm(jwk).is_some_and(|own| own != named) {
        return Err("the key is for another algorithm".into());
    }
    let (message, signature) = case.token.rsplit_once('.').ok_or("no signature")?;
    match jsonwebtoken::crypto::verify(signature, message.as_bytes(), key, named)? {
        true => Ok(Value::Null),
        false => Err("the signature is not the key's".into()),
    }
}

/// As a public client; the algorithms of public keys instead of RS256 alone.
fn by_openidconnect(case: &Case) -> Result<Value, Failure> {
    use CoreJwsSigningAlgorithm as Of;
    let keys: CoreJsonWebKeySet = serde_json::from_str(&case.jwks)?;
    let now = case.now;
    let verifier = CoreIdTokenVerifier::new_public_client(
        ClientId::new(case.audience.clone()),
        IssuerUrl::new(case.issuer.clone())?,
        keys,
    )
    .set_allowed_algs([
        Of::RsaSsaPkcs1V15Sha256,
        Of::RsaSsaPkcs1V15Sha384,
        Of::RsaSsaPkcs1V15Sha512,
        Of::RsaSsaPssSha256,
        Of::RsaSsaPssSha384,
        Of::RsaSsaPssSha512,
        Of::EcdsaP256Sha256,
        Of::EcdsaP384Sha384,
        Of::EcdsaP521Sha512,
        Of::EdDsa,
    ])
    .set_time_fn(move || now);
    let token = CoreIdToken::from_str(&case.token)?;
    let claims = match &case.nonce {
        Some(nonce) => token.claims(&verifier, &Nonce::new(nonce.clone()))?,
        None => token.claims(&verifier, |_: Option<&Nonce>| Ok(()))?,
    };
    Ok(json!({"iss": claims.issuer().as_str(), "sub": claims.subject().as_str()}))
}
