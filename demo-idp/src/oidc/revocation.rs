//! The revocation endpoint (RFC 7009).

use super::client_auth::authenticate;
use super::token::Arrival;
use super::token_error::TokenError;
use crate::core::Core;

/// Ends a token of the client's; a refresh token takes all tokens of its sign-in with it. Unknown ones are none to worry
/// about (RFC 7009 section 2.2), and the hint is not needed to tell them apart.
pub(crate) fn revoke(core: &Core, arrival: &Arrival<'_>) -> Result<(), TokenError> {
    let client = authenticate(core, arrival.authorization, arrival.params)?;
    let token = arrival.params.get("token").ok_or(TokenError::InvalidRequest("The token is missing."))?;
    let now = core.clock.now();
    let foreign = || Err(TokenError::InvalidGrant("The token was issued to another client."));
    if let Some(grant) = core.codes.refresh_tokens.find(token, now) {
        if grant.client_id != client.id() {
            return foreign();
        }
        core.codes.revoke_all(grant.serial, now);
    } else if let Some(found) = core.codes.access_token(token, now) {
        if found.client_id != client.id() {
            return foreign();
        }
        core.codes.revoke_access_token(token);
    }
    Ok(())
}
