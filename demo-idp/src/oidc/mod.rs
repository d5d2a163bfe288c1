//! The OpenID provider: authorization code flow with PKCE, refresh, proofs of keys, and what is published for it.

pub(crate) mod authorize;
mod client_auth;
pub(crate) mod codes;
pub(crate) mod discovery;
pub(crate) mod dpop;
pub(crate) mod id_token;
pub(crate) mod jose;
pub(crate) mod logout;
pub(crate) mod logout_token;
pub(crate) mod par;
mod refresh;
pub(crate) mod replay;
pub(crate) mod revocation;
pub(crate) mod token;
pub(crate) mod token_error;
pub(crate) mod userinfo;
pub(crate) mod workload;
