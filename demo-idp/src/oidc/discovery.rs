//! What a client configures itself from (OpenID Connect Discovery 1.0, RFC 8414, RFC 7517).

use super::authorize::SCOPES;
use super::{client_auth, jose};
use crate::core::Core;
use crate::fault::Target;
use serde_json::{Value, json};

/// Claims about a person, beside those every ID token has.
pub(super) const PERSON_CLAIMS: [&str; 5] = ["name", "preferred_username", "email", "email_verified", "groups"];

/// `/.well-known/openid-configuration`.
pub(crate) fn configuration(core: &Core) -> Value {
    let base = &core.base;
    let algorithms: Vec<&str> = match core.keys.has_rsa() {
        true => vec!["RS256", "ES256", "EdDSA"],
        false => vec!["ES256", "EdDSA"],
    };
    let claims = ["sub", "iss", "aud", "exp", "iat", "auth_time", "nonce", "amr", "at_hash", "sid"];
    let issuer = match core.faults.take(Target::Discovery) {
        Some(_) => "https://somebody-else.example",
        None => core.issuer(),
    };
    let mut document = json!({
        "issuer": issuer,
        "authorization_endpoint": base.join("/authorize"),
        "token_endpoint": base.join("/token"),
        "userinfo_endpoint": base.join("/userinfo"),
        "jwks_uri": base.join("/jwks"),
        "end_session_endpoint": base.join("/logout"),
        "backchannel_logout_supported": true,
        "backchannel_logout_session_supported": true,
        "revocation_endpoint": base.join("/revoke"),
        "scopes_supported": SCOPES,
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", "refresh_token"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": algorithms,
        "userinfo_signing_alg_values_supported": algorithms,
        "token_endpoint_auth_methods_supported": client_auth::METHODS,
        "token_endpoint_auth_signing_alg_values_supported": jose::ALGORITHMS,
        "revocation_endpoint_auth_methods_supported": client_auth::METHODS,
        "revocation_endpoint_auth_signing_alg_values_supported": jose::ALGORITHMS,
        "dpop_signing_alg_values_supported": jose::ALGORITHMS,
        "code_challenge_methods_supported": ["S256"],
        "prompt_values_supported": ["none", "login", "consent", "select_account"],
        "claims_supported": claims.iter().chain(&PERSON_CLAIMS).collect::<Vec<_>>(),
        "claims_parameter_supported": false,
        "request_parameter_supported": false,
        "request_uri_parameter_supported": false,
        "authorization_response_iss_parameter_supported": true,
    });
    if let (true, Some(members)) = (core.pushed.are_taken(), document.as_object_mut()) {
        members.insert("pushed_authorization_request_endpoint".to_owned(), json!(base.join("/par")));
        members.insert("require_pushed_authorization_requests".to_owned(), json!(false));
    }
    document
}

/// `/jwks`: every key an ID token may be signed with, or was until its key was replaced.
pub(crate) fn jwks(core: &Core) -> Value {
    let keys: Vec<Value> = core.keys.id_token_keys().map(|key| key.public_jwk()).collect();
    json!({ "keys": keys })
}
