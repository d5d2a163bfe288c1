//! Accounts and what they hold: changes are whole or not at all, and readers see one state.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "iam/registry.rs"]
mod registry;
