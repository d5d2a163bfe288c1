//! The OpenID provider: authorization code flow with PKCE, and what is published for it.

pub(crate) mod authorize;
pub(crate) mod codes;
pub(crate) mod discovery;
pub(crate) mod id_token;
pub(crate) mod logout;
pub(crate) mod logout_token;
pub(crate) mod token;
pub(crate) mod workload;
