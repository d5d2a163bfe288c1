//! The token endpoint (RFC 6749 sections 2.3.1, 4.1.3 and 5, RFC 7636 section 4.6) and the userinfo endpoint.

use super::codes::{CodeGrant, Codes, Redeemed};
use super::id_token::{Grant, mint, person_claims};
use crate::core::Core;
use crate::error::KeyError;
use crate::fault::{Fault, Target};
use crate::params::Params;
use crate::relying::Client;
use crate::sync::sha256;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Map, Value, json};

/// Why there are no tokens; the texts are for whoever debugs a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum TokenError {
    InvalidRequest(&'static str),
    /// Whether the client tried the `Authorization` header, and is answered by a challenge.
    InvalidClient {
        by_header: bool,
    },
    InvalidGrant(&'static str),
    UnsupportedGrantType,
    /// The fault of this name, or a failing cryptography library.
    Broken,
}

impl TokenError {
    pub(crate) const fn code(&self) -> &'static str {
        match self {
            Self::InvalidRequest(_) => "invalid_request",
            Self::InvalidClient { .. } => "invalid_client",
            Self::InvalidGrant(_) => "invalid_grant",
            Self::UnsupportedGrantType => "unsupported_grant_type",
            Self::Broken => "server_error",
        }
    }

    pub(crate) const fn description(&self) -> &'static str {
        match self {
            Self::InvalidRequest(text) | Self::InvalidGrant(text) => text,
            Self::InvalidClient { .. } => "The client is unknown or did not authenticate.",
            Self::UnsupportedGrantType => "Only grant_type=authorization_code is supported.",
            Self::Broken => "The token endpoint is broken, on purpose or not.",
        }
    }
}

impl From<KeyError> for TokenError {
    fn from(_: KeyError) -> Self {
        Self::Broken
    }
}

/// Tokens, and about whom for whom.
#[derive(Debug)]
pub(crate) struct Issued {
    pub(crate) body: Value,
    pub(crate) user: String,
    pub(crate) client_id: String,
}

/// Exchanges a code for tokens.
pub(crate) fn redeem(core: &Core, authorization: Option<&str>, params: &Params) -> Result<Issued, TokenError> {
    let client = authenticate(core, authorization, params)?;
    if params.get("grant_type") != Some("authorization_code") {
        return Err(TokenError::UnsupportedGrantType);
    }
    let code = params.get("code").ok_or(TokenError::InvalidRequest("The code is missing."))?;
    match core.faults.take(Target::TokenEndpoint) {
        Some(Fault::ServerError) => return Err(TokenError::Broken),
        Some(_) => return Err(TokenError::InvalidGrant("The code was rejected on purpose.")),
        None => {}
    }
    let (grant, serial) = match core.codes.redeem(code, core.clock.now()) {
        Redeemed::First(grant, serial) => (grant, serial),
        Redeemed::Again => {
            return Err(TokenError::InvalidGrant("The code was used before; what it was exchanged for is revoked."));
        }
        Redeemed::Unknown => return Err(TokenError::InvalidGrant("The code is unknown or older than a minute.")),
    };
    verify_grant(&grant, client, params)?;
    issue(core, client, &grant, serial)
}

fn verify_grant(grant: &CodeGrant, client: &Client, params: &Params) -> Result<(), TokenError> {
    if grant.client_id != client.id() {
        return Err(TokenError::InvalidGrant("The code was issued to another client."));
    }
    if params.get("redirect_uri") != Some(&grant.redirect_uri) {
        return Err(TokenError::InvalidGrant("The redirect_uri is not the one the code was asked for with."));
    }
    let verifier = params
        .get("code_verifier")
        .filter(|verifier| (43..=128).contains(&verifier.len()))
        .ok_or(TokenError::InvalidGrant("The code_verifier is missing, or not 43 to 128 characters long."))?;
    if URL_SAFE_NO_PAD.encode(sha256(verifier.as_bytes())) != grant.code_challenge {
        return Err(TokenError::InvalidGrant("The code_verifier does not fit the code_challenge."));
    }
    Ok(())
}

fn issue(core: &Core, client: &Client, grant: &CodeGrant, serial: u64) -> Result<Issued, TokenError> {
    let user = core.directory.find(&grant.user).ok_or(TokenError::InvalidGrant("The person is gone."))?;
    let access_token = core.codes.issue_access_token(user.name(), serial, core.clock.now())?;
    let statement = Grant {
        audience: client.id(),
        algorithm: client.algorithm(),
        nonce: grant.nonce.as_deref(),
        authenticated: grant.authenticated,
        access_token: Some(&access_token),
        session_id: Some(&grant.session_id),
    };
    let id_token = mint(core, user, statement, core.faults.take(Target::IdToken))?;
    let body = json!({
        "access_token": access_token,
        "token_type": "Bearer",
        "expires_in": Codes::ACCESS_TOKEN_LIFE.whole_seconds(),
        "scope": grant.scope,
        "id_token": id_token,
    });
    Ok(Issued { body, user: user.name().to_owned(), client_id: client.id().to_owned() })
}

/// One method per request (RFC 6749 section 2.3): the header, the body, or for a public client its name alone.
fn authenticate<'a>(core: &'a Core, authorization: Option<&str>, params: &Params) -> Result<&'a Client, TokenError> {
    let by_header = authorization.is_some();
    let refused = TokenError::InvalidClient { by_header };
    let (id, secret) = match authorization {
        Some(_) if params.get("client_secret").is_some() => {
            return Err(TokenError::InvalidRequest("The client authenticates in two ways at once."));
        }
        Some(header) => {
            let (id, secret) = parse_basic(header).ok_or_else(|| refused.clone())?;
            (id, Some(secret))
        }
        None => {
            (params.get("client_id").unwrap_or_default().to_owned(), params.get("client_secret").map(str::to_owned))
        }
    };
    if by_header && params.get("client_id").is_some_and(|named| named != id) {
        return Err(TokenError::InvalidRequest("The header and the body name different clients."));
    }
    let client = core.client(&id).ok_or_else(|| refused.clone())?;
    match (client.secret(), secret) {
        (Some(expected), Some(secret)) if expected.is_of(&secret) => Ok(client),
        (None, None) => Ok(client),
        _ => Err(refused),
    }
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

/// The claims of the userinfo endpoint for a bearer of this token (OpenID Connect Core 5.3); `None` for a token that is
/// unknown, revoked or has expired.
pub(crate) fn userinfo(core: &Core, access_token: &str) -> Option<Map<String, Value>> {
    let user = core.codes.bearer(access_token, core.clock.now())?;
    core.directory.find(&user).map(person_claims)
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
