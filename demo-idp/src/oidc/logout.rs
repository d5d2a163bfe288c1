//! Logout that a relying party asks for (OpenID Connect RP-Initiated Logout 1.0).

use crate::core::Core;
use crate::params::Params;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use form_urlencoded::byte_serialize;
use jsonwebtoken::crypto::aws_lc;
use jsonwebtoken::{Algorithm, DecodingKey};
use serde_json::Value;

/// A token is two or three kilobytes at most.
const HINT_MOST: usize = 16 * 1024;

/// What a logout request is known to be about.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct LogoutRequest {
    /// Whom the hint names; only a token that this provider signed can.
    pub(crate) subject: Option<String>,
    /// Where to go afterwards, `state` included; only an address that the client registered.
    pub(crate) return_to: Option<String>,
}

/// Reads the request. What cannot be believed is left out: then the person is asked, and goes nowhere afterwards.
pub(crate) fn parse(core: &Core, params: &Params) -> LogoutRequest {
    let hint = params.get("id_token_hint").and_then(|token| claims_of_own(core, token));
    let hinted = |name: &str| hint.as_ref().and_then(|claims| claims.get(name)).and_then(Value::as_str);
    let client_id = match (hinted("aud"), params.get("client_id")) {
        (Some(audience), Some(named)) if audience != named => None,
        (audience, named) => audience.or(named),
    };
    let client = client_id.and_then(|id| core.client(id));
    let return_to = params
        .get("post_logout_redirect_uri")
        .filter(|uri| client.is_some_and(|client| client.has_post_logout_redirect(uri)))
        .map(|uri| match params.get("state") {
            Some(state) => {
                let separator = if uri.contains('?') { '&' } else { '?' };
                let state: String = byte_serialize(state.as_bytes()).collect();
                format!("{uri}{separator}state={state}")
            }
            None => uri.to_owned(),
        });
    LogoutRequest { subject: hinted("sub").map(str::to_owned), return_to }
}

/// The claims of a token this provider signed, expired or not: a session outlives its token.
fn claims_of_own(core: &Core, token: &str) -> Option<Value> {
    if token.len() > HINT_MOST {
        return None;
    }
    let (message, signature) = token.rsplit_once('.')?;
    let (header, payload) = message.split_once('.')?;
    let header: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(header).ok()?).ok()?;
    let key = core.keys.id_token_keys().find(|key| header.get("kid").and_then(Value::as_str) == Some(key.id()))?;
    // The algorithm is the key's, whatever the header says.
    let algorithm: Algorithm = key.family().jws();
    let jwk = serde_json::from_value(key.public_jwk()).ok()?;
    let decoding = DecodingKey::from_jwk(&jwk).ok()?;
    let verifier = (aws_lc::DEFAULT_PROVIDER.verifier_factory)(&algorithm, &decoding).ok()?;
    verifier.verify(message.as_bytes(), &URL_SAFE_NO_PAD.decode(signature).ok()?).ok()?;
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).ok()?).ok()
}
