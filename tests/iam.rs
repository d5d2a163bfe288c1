//! Accounts and what they hold: changes are whole or not at all, and readers see one state.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "iam/access_keys.rs"]
mod access_keys;
#[path = "common/authenticator.rs"]
mod authenticator;
#[path = "iam/groups.rs"]
mod groups;
#[path = "iam/instance_profiles.rs"]
mod instance_profiles;
#[path = "iam/mfa.rs"]
mod mfa;
#[path = "iam/passwords.rs"]
mod passwords;
#[path = "iam/registry.rs"]
mod registry;
#[path = "iam/users.rs"]
mod users;
#[path = "iam/warnings.rs"]
mod warnings;
#[path = "iam/world.rs"]
mod world;
