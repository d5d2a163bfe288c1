//! Turns a signed statement from an identity provider into short-lived credentials,
//! and requests signed with them into decisions.

pub mod arn;
pub mod audit;
mod broker;
pub mod credentials;
pub mod crypto;
pub mod decision;
pub mod directory;
mod error;
pub mod explain;
#[cfg(feature = "http")]
pub mod http;
pub mod identity;
mod json;
pub mod policy;
pub mod request;
pub mod session;
pub mod store;
pub mod time;

#[cfg(any(feature = "saml", feature = "oidc"))]
pub use broker::Provider;
pub use broker::{Broker, Flow};
pub use credentials::{Credentials, Keyring};
pub use decision::Decision;
pub use error::Error;
pub use identity::VerifiedIdentity;
pub use request::{AuthenticatedRequest, SignedRequest};
pub use session::{AssumeRole, Role, RoleSession};
