//! The token endpoint (RFC 6749 sections 4.1.3, 5 and 6, RFC 7636 section 4.6, RFC 9449 section 5).

use super::client_auth::authenticate;
use super::codes::{AccessToken, CodeGrant, Codes, Redeemed};
use super::dpop::{self, Presented};
use super::id_token::{Grant, mint};
use super::refresh::{RefreshGrant, Refreshed};
use super::token_error::TokenError;
use crate::core::Core;
use crate::fault::{Fault, Target};
use crate::params::Params;
use crate::relying::Client;
use crate::sync::sha256;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use time::OffsetDateTime;

/// What a client sends to an endpoint that it authenticates to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Arrival<'a> {
    pub(crate) params: &'a Params,
    pub(crate) authorization: Option<&'a str>,
    pub(crate) proof: Presented<'a>,
}

/// Tokens, and about whom for whom.
#[derive(Debug)]
pub(crate) struct Issued {
    pub(crate) body: Value,
    pub(crate) user: String,
    pub(crate) client_id: String,
}

/// What either grant comes to.
#[derive(Debug)]
struct Granted {
    user: String,
    scope: String,
    nonce: Option<String>,
    authenticated: OffsetDateTime,
    session_id: String,
    serial: u64,
    /// What the refresh token used now stood for; `None` after a code.
    refreshed: Option<RefreshGrant>,
}

/// Exchanges a code or a refresh token for tokens.
pub(crate) fn redeem(core: &Core, arrival: &Arrival<'_>) -> Result<Issued, TokenError> {
    let client = authenticate(core, arrival.authorization, arrival.params)?;
    let by_code = match arrival.params.get("grant_type") {
        Some("authorization_code") => true,
        Some("refresh_token") => false,
        _ => return Err(TokenError::UnsupportedGrantType),
    };
    let (name, missing) = match by_code {
        true => ("code", "The code is missing."),
        false => ("refresh_token", "The refresh token is missing."),
    };
    let presented = arrival.params.get(name).ok_or(TokenError::InvalidRequest(missing))?;
    // Before anything is spent: a client that is asked for a nonce comes again with the same code.
    let thumbprint = dpop::at_token_endpoint(core, client, &arrival.proof)?;
    match core.faults.take(Target::TokenEndpoint) {
        Some(Fault::ServerError) => return Err(TokenError::Broken),
        Some(_) => return Err(TokenError::InvalidGrant("The code or refresh token was rejected on purpose.")),
        None => {}
    }
    let granted = match by_code {
        true => redeem_code(core, client, presented, arrival.params, thumbprint.as_deref())?,
        false => refresh(core, client, presented, arrival.params, thumbprint.as_deref())?,
    };
    issue(core, client, granted, thumbprint)
}

fn redeem_code(
    core: &Core,
    client: &Client,
    code: &str,
    params: &Params,
    thumbprint: Option<&str>,
) -> Result<Granted, TokenError> {
    let (grant, serial) = match core.codes.redeem(code, core.clock.now()) {
        Redeemed::First(grant, serial) => (grant, serial),
        Redeemed::Again => {
            return Err(TokenError::InvalidGrant("The code was used before; what it was exchanged for is revoked."));
        }
        Redeemed::Unknown => return Err(TokenError::InvalidGrant("The code is unknown or older than a minute.")),
    };
    verify_grant(&grant, client, params, thumbprint)?;
    let CodeGrant { user, scope, nonce, authenticated, session_id, .. } = *grant;
    Ok(Granted { user, scope, nonce, authenticated, session_id, serial, refreshed: None })
}

fn verify_grant(
    grant: &CodeGrant,
    client: &Client,
    params: &Params,
    thumbprint: Option<&str>,
) -> Result<(), TokenError> {
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
    if grant.thumbprint.is_some() && grant.thumbprint.as_deref() != thumbprint {
        return Err(TokenError::InvalidGrant("The code is bound to a key that was not proven."));
    }
    Ok(())
}

fn refresh(
    core: &Core,
    client: &Client,
    token: &str,
    params: &Params,
    thumbprint: Option<&str>,
) -> Result<Granted, TokenError> {
    let now = core.clock.now();
    // Looked at before it is spent: a scope that is too wide costs nobody their token.
    let known = core.codes.refresh_tokens.find(token, now);
    let asked = params.get("scope");
    if let (Some(known), Some(asked)) = (&known, asked)
        && !asked.split(' ').all(|word| known.scope.split(' ').any(|granted| granted == word))
    {
        return Err(TokenError::InvalidScope);
    }
    let grant = match core.codes.refresh_tokens.redeem(token, client.id(), thumbprint, now) {
        Refreshed::First(grant) => grant,
        Refreshed::Again(serial) => {
            core.codes.revoke_all(serial, now);
            return Err(TokenError::InvalidGrant(
                "The refresh token was used before; all tokens of its sign-in are revoked.",
            ));
        }
        Refreshed::Foreign(why) => return Err(TokenError::InvalidGrant(why)),
        Refreshed::Unknown => {
            return Err(TokenError::InvalidGrant("The refresh token is unknown, revoked or too old."));
        }
    };
    Ok(Granted {
        user: grant.user.clone(),
        scope: asked.unwrap_or(&grant.scope).to_owned(),
        // OpenID Connect Core 12.2: a refreshed ID token has none.
        nonce: None,
        authenticated: grant.authenticated,
        session_id: grant.session_id.clone(),
        serial: grant.serial,
        refreshed: Some(grant),
    })
}

fn issue(core: &Core, client: &Client, granted: Granted, thumbprint: Option<String>) -> Result<Issued, TokenError> {
    let now = core.clock.now();
    let user = core.directory.find(&granted.user).ok_or(TokenError::InvalidGrant("The person is gone."))?;
    let token_type = token_type(core, thumbprint.is_some());
    let refresh_token = refresh_token(core, client, &granted, thumbprint.as_deref())?;
    let access_token = AccessToken {
        user: granted.user,
        client_id: client.id().to_owned(),
        scope: granted.scope.clone(),
        thumbprint,
        serial: granted.serial,
    };
    let access_token = core.codes.issue_access_token(access_token, now)?;
    let statement = Grant {
        audience: client.id(),
        algorithm: client.algorithm(),
        nonce: granted.nonce.as_deref(),
        authenticated: granted.authenticated,
        access_token: Some(&access_token),
        session_id: Some(&granted.session_id),
    };
    let of_refresh = granted.refreshed.as_ref().and_then(|_| core.faults.take(Target::RefreshedIdToken));
    let id_token = mint(core, user, statement, of_refresh.or_else(|| core.faults.take(Target::IdToken)))?;
    if !core.codes.stands(granted.serial, now) {
        return Err(TokenError::InvalidGrant("The sign-in was ended meanwhile."));
    }
    let mut body = json!({
        "access_token": access_token,
        "token_type": token_type,
        "expires_in": Codes::ACCESS_TOKEN_LIFE.whole_seconds(),
        "scope": granted.scope,
        "id_token": id_token,
    });
    if let (Some(members), Some(token)) = (body.as_object_mut(), refresh_token) {
        members.insert("refresh_token".to_owned(), json!(token));
    }
    pad(core, &mut body);
    Ok(Issued { body, user: user.name().to_owned(), client_id: client.id().to_owned() })
}

/// For `offline_access`, and for clients that get one always. The one it replaces hands on what it stood for.
fn refresh_token(
    core: &Core,
    client: &Client,
    granted: &Granted,
    thumbprint: Option<&str>,
) -> Result<Option<String>, TokenError> {
    let grant = match &granted.refreshed {
        Some(former) => former.clone(),
        None if client.has_refresh_tokens() || granted.scope.split(' ').any(|word| word == "offline_access") => {
            RefreshGrant {
                client_id: client.id().to_owned(),
                user: granted.user.clone(),
                scope: granted.scope.clone(),
                authenticated: granted.authenticated,
                session_id: granted.session_id.clone(),
                thumbprint: thumbprint.filter(|_| client.is_public()).map(str::to_owned),
                serial: granted.serial,
            }
        }
        None => return Ok(None),
    };
    Ok(Some(core.codes.refresh_tokens.issue(grant, core.clock.now())?))
}

fn token_type(core: &Core, bound: bool) -> &'static str {
    match bound {
        true if core.faults.take(Target::BoundToken).is_none() => "DPoP",
        _ => "Bearer",
    }
}

/// More than any token answer is long.
const PADDING: usize = 2 * 1024 * 1024;

fn pad(core: &Core, body: &mut Value) {
    if core.faults.take(Target::TokenAnswer).is_some()
        && let Some(members) = body.as_object_mut()
    {
        members.insert("padding".to_owned(), json!("x".repeat(PADDING)));
    }
}
