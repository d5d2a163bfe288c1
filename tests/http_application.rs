//! Sign-in for an application: who gets past the guard, where everyone else ends, and what signing in leaves behind.
//! `examples/sign_in.rs`, which `tests/examples.rs` runs, and the browser tests show the same with pages.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "http_application/guard.rs"]
mod guard;
#[path = "http_application/mixed_up.rs"]
mod mixed_up;
#[path = "http_application/pages.rs"]
mod pages;
#[path = "http_application/session.rs"]
mod session;
#[path = "http_application/setup.rs"]
mod setup;
#[path = "http_application/site.rs"]
mod site;
