//! Accounts and what they hold: users, groups, roles, policies, access keys, MFA devices and providers.
//!
//! Enters: what an administrator asks for, already authorized, and `now`. Leaves: a consistent account, and for the stages
//! what a principal is entitled to. Refused: names, documents and numbers outside the limits of IAM, and changes that would
//! leave something hanging.
//!
//! A [`Registry`] holds every account. Readers take a snapshot that never changes; a write copies the one account it is
//! about, changes the copy, and swaps it in whole, or leaves everything as it was.

mod account;
mod entitlements;
mod error;
mod group;
mod id;
mod limits;
mod managed;
mod name;
mod named;
mod permissions;
mod registry;
mod role;
mod user;

pub use account::{Account, KeyOwner, KeyRecord};
pub use error::{Entity, IamError};
pub use group::Group;
pub use id::{IdKind, UniqueId};
pub use limits::Limits;
pub use managed::{ManagedPolicy, PolicyVersion};
pub use name::{EntityName, EntityPath};
pub use named::Named;
pub use permissions::Permissions;
pub use registry::{Accounts, Registry};
pub use role::RoleRecord;
pub use user::User;

pub use crate::session::Entitlements;
