//! The Security Token Service over real HTTP, with requests that the AWS SDK's own signer made.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::panic,
    reason = "a test fails by panicking"
)]

#[path = "sts/assume.rs"]
mod assume;
#[expect(dead_code, reason = "shared with the tests of accounts")]
#[path = "common/authenticator.rs"]
mod authenticator;
#[path = "sts/context.rs"]
mod context;
#[path = "sts/explain.rs"]
mod explain;
#[path = "sts/federation.rs"]
mod federation;
#[path = "sts/gone.rs"]
mod gone;
#[expect(dead_code, reason = "shared with the tests of the session stage")]
#[path = "common/issuer.rs"]
mod issuer;
#[path = "sts/mfa.rs"]
mod mfa;
#[path = "sts/packed.rs"]
mod packed;
#[path = "sts/parameters.rs"]
mod parameters;
#[path = "sts/root.rs"]
mod root;
#[path = "sts/sessions.rs"]
mod sessions;
#[path = "sts/site.rs"]
mod site;
#[path = "sts/tell.rs"]
mod tell;
#[path = "sts/texts.rs"]
mod texts;
#[path = "sts/token.rs"]
mod token;
#[path = "sts/web_identity.rs"]
mod web_identity;
