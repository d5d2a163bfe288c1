//! Turns a signed statement from an identity provider into short-lived credentials,
//! and requests signed with them into decisions.

pub mod arn;
pub mod audit;
pub mod crypto;
pub mod explain;
pub mod identity;
pub mod json;
pub mod session;
pub mod store;
pub mod time;

pub use identity::VerifiedIdentity;
pub use session::RoleSession;
