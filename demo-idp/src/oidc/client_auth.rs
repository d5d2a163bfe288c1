//! How a client proves who it is (RFC 6749 section 2.3, OpenID Connect Core 9, RFC 7523).

use super::jose::{Claims, UnverifiedJws};
use super::token_error::TokenError;
use crate::core::Core;
use crate::params::Params;
use crate::relying::Client;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use time::{Duration, OffsetDateTime};

/// The methods, as the discovery document lists them.
pub(super) const METHODS: [&str; 4] = ["client_secret_basic", "client_secret_post", "private_key_jwt", "none"];

const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// An assertion is made for one request.
const ASSERTION_LIFE_MOST: Duration = Duration::minutes(10);
/// How far the clock of a client may be ahead of ours.
const AHEAD_MOST: Duration = Duration::seconds(60);
const JTI_MOST: usize = 200;

/// One method per request: the header, a secret or an assertion in the body, or for a public client its name alone.
pub(crate) fn authenticate<'a>(
    core: &'a Core,
    authorization: Option<&str>,
    params: &Params,
) -> Result<&'a Client, TokenError> {
    let (assertion, secret) = (params.get("client_assertion"), params.get("client_secret"));
    let ways = [authorization.is_some(), assertion.is_some(), secret.is_some()];
    if ways.into_iter().filter(|way| *way).count() > 1 {
        return Err(TokenError::InvalidRequest("The client authenticates in two ways at once."));
    }
    match (authorization, assertion) {
        (_, Some(assertion)) => by_assertion(core, assertion, params),
        (Some(header), None) => by_header(core, header, params),
        (None, None) => by_secret(core, params.get("client_id").unwrap_or_default(), secret, false),
    }
}

fn by_header<'a>(core: &'a Core, header: &str, params: &Params) -> Result<&'a Client, TokenError> {
    let (id, secret) = parse_basic(header).ok_or(TokenError::unknown_client(true))?;
    if params.get("client_id").is_some_and(|named| named != id) {
        return Err(TokenError::InvalidRequest("The header and the body name different clients."));
    }
    by_secret(core, &id, Some(&secret), true)
}

fn by_secret<'a>(core: &'a Core, id: &str, secret: Option<&str>, by_header: bool) -> Result<&'a Client, TokenError> {
    let refused = TokenError::unknown_client(by_header);
    let client = core.client(id).filter(|client| client.keys().is_empty()).ok_or_else(|| refused.clone())?;
    match (client.secret(), secret) {
        (Some(expected), Some(secret)) if expected.is_of(secret) => Ok(client),
        (None, None) => Ok(client),
        _ => Err(refused),
    }
}

/// RFC 7523 section 3, with the audience of its successor: the issuer alone (attack: audience injection, CVE-2025-27370).
fn by_assertion<'a>(core: &'a Core, assertion: &str, params: &Params) -> Result<&'a Client, TokenError> {
    let refused = |why| TokenError::InvalidClient { by_header: false, why };
    if params.get("client_assertion_type") != Some(ASSERTION_TYPE) {
        return Err(TokenError::InvalidRequest("The client_assertion_type is not that of a JWT."));
    }
    let jws = UnverifiedJws::parse(assertion).ok_or(refused("The assertion is no JWS that can be read."))?;
    // RFC 7523bis section 4: a type of its own, or the usual one, which many clients still send.
    let typ = jws.header("typ").map(|typ| typ.as_str().unwrap_or_default().to_ascii_lowercase());
    if typ.is_some_and(|typ| !matches!(typ.as_str(), "jwt" | "client-authentication+jwt")) {
        return Err(refused("The typ of the assertion is that of another kind of token."));
    }
    let id = jws.alleged_subject().unwrap_or_default();
    if params.get("client_id").is_some_and(|named| named != id) {
        return Err(TokenError::InvalidRequest("The assertion and the body name different clients."));
    }
    let client = core.client(id).ok_or(refused("The assertion is about no client of ours."))?;
    let claims = jws.verify_by_any(client.keys());
    let claims = claims.ok_or(refused("The signature of the assertion is by no key of the client."))?;
    verify_assertion(core, client, claims)?;
    Ok(client)
}

fn verify_assertion(core: &Core, client: &Client, claims: Claims<'_>) -> Result<(), TokenError> {
    let refused = |why| Err(TokenError::InvalidClient { by_header: false, why });
    let now = core.clock.now();
    if claims.text("iss") != Some(client.id()) {
        return refused("The iss of the assertion is not the client.");
    }
    if claims.text("aud") != Some(core.issuer()) {
        return refused("The aud of the assertion is not the issuer, as a single string.");
    }
    let seconds = now.unix_timestamp();
    let Some(exp) = claims.seconds("exp").filter(|exp| *exp > seconds) else {
        return refused("The assertion has expired, or has no exp.");
    };
    if exp - seconds > ASSERTION_LIFE_MOST.whole_seconds() {
        return refused("The exp of the assertion is more than ten minutes away.");
    }
    let begins_late = |name| match claims.seconds(name) {
        Some(begins) => begins > seconds + AHEAD_MOST.whole_seconds(),
        None => claims.has(name),
    };
    if begins_late("nbf") || begins_late("iat") {
        return refused("The nbf or iat of the assertion lies ahead.");
    }
    let Some(jti) = claims.text("jti").filter(|jti| (1..=JTI_MOST).contains(&jti.len())) else {
        return refused("The assertion has no jti of 1 to 200 bytes.");
    };
    let ends = OffsetDateTime::from_unix_timestamp(exp).unwrap_or(now + ASSERTION_LIFE_MOST);
    if !core.replays.is_first(&format!("assertion {} {jti}", client.id()), ends, now) {
        return refused("The assertion was used before.");
    }
    Ok(())
}

/// Name and secret are form-encoded before they are joined (RFC 6749 section 2.3.1).
fn parse_basic(header: &str) -> Option<(String, String)> {
    let (scheme, encoded) = header.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("Basic") {
        return None;
    }
    let decoded = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (id, secret) = decoded.split_once(':')?;
    Some((form_decoded(id), form_decoded(secret)))
}

fn form_decoded(text: &str) -> String {
    // An ampersand that was left unencoded is still part of the one value.
    let pair = format!("={}", text.replace('&', "%26"));
    form_urlencoded::parse(pair.as_bytes()).next().map(|(_, value)| value.into_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn basic_credentials_are_form_decoded() {
        let header = |text: &str| format!("basic {}", STANDARD.encode(text));
        let read = |text: &str| parse_basic(&header(text));
        assert_eq!(read("a%3Ab:c+d%2B&e"), Some(("a:b".to_owned(), "c d+&e".to_owned())));
        assert_eq!(read("no-colon"), None);
        assert_eq!(parse_basic("Bearer x"), None);
        assert_eq!(parse_basic("Basic %%%"), None);
    }
}
