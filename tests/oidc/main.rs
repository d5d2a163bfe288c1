//! ID tokens, honest and hostile, against the public interface.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test stops at the first surprise"
)]
#![expect(clippy::needless_pass_by_value, reason = "what json! makes is handed on as it is")]

mod attacks;
mod bound;
mod claims;
mod client_authentication;
mod client_secret;
mod conformance;
mod edges;
mod end_session;
mod exchange;
mod generated;
mod hashes;
mod identity;
mod issuer_keys;
mod issuer_metadata;
mod logout_token;
mod oracle;
mod parties;
mod presets;
mod refresh;
mod scripted;
mod sign_in;
mod support;
mod userinfo;
