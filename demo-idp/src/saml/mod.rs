//! The SAML 2.0 identity provider: requests in, signed responses out (web browser SSO and single logout profiles).

mod canonical;
mod enveloped;
pub(crate) mod logout;
pub(crate) mod message;
pub(crate) mod metadata;
pub(crate) mod request;
pub(crate) mod response;
mod signature;
mod xml;
