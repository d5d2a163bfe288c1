//! The SAML 2.0 identity provider: requests in, signed responses out (web browser SSO profile).

pub(crate) mod metadata;
pub(crate) mod request;
pub(crate) mod response;
mod signature;
mod xml;
