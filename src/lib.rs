//! Turns a signed statement from an identity provider into short-lived credentials,
//! and requests signed with them into decisions.

pub mod arn;
pub mod audit;
pub mod credentials;
pub mod crypto;
pub mod explain;
pub mod identity;
mod json;
pub mod policy;
pub mod request;
pub mod session;
pub mod store;
pub mod time;

pub use credentials::{Credentials, Keyring};
pub use identity::VerifiedIdentity;
pub use request::{AuthenticatedRequest, SignedRequest};
pub use session::RoleSession;
