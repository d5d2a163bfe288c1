//! ID tokens, honest and hostile, against the public interface.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test stops at the first surprise"
)]

mod attacks;
mod claims;
mod edges;
mod generated;
mod identity;
mod issuer_keys;
mod oracle;
mod presets;
mod sign_in;
mod support;
