//! Browser sign-in, the access portal and the inspector over HTTP, against a real identity provider.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "http_portal/keys.rs"]
mod keys;
#[path = "http_portal/logout.rs"]
mod logout;
#[path = "http_portal/oidc.rs"]
mod oidc;
#[path = "http_portal/oidc_logout.rs"]
mod oidc_logout;
#[path = "http_portal/oidc_settings.rs"]
mod oidc_settings;
#[path = "http_portal/openid_site.rs"]
mod openid_site;
#[path = "http_portal/saml.rs"]
mod saml;
#[path = "http_portal/setup.rs"]
mod setup;
#[path = "http_portal/site.rs"]
mod site;
#[path = "http_portal/unsolicited.rs"]
mod unsolicited;
#[path = "http_portal/watched.rs"]
mod watched;
