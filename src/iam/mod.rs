//! Accounts and what they hold: users, groups, roles, policies, access keys, MFA devices and providers.
//!
//! Enters: what an administrator asks for, already authorized, and `now`. Leaves: a consistent account, and for the stages
//! what a principal is entitled to. Refused: names, documents and numbers outside the limits of IAM, and changes that would
//! leave something hanging.
//!
//! A [`Registry`] holds every account. Readers take a snapshot that never changes; a write copies the one account it is
//! about, changes the copy, and swaps it in whole, or leaves everything as it was.
//!
//! ```
//! use daypass::credentials::AccessKeys;
//! use daypass::iam::{Holder, KeyOwner};
//! use daypass::{Broker, Keyring, arn::AccountId};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let broker = Broker::new(Keyring::generate()?);
//! let (account, now) = ("111111111111".parse::<AccountId>()?, broker.now());
//! let policy = r#"{"Version": "2012-10-17",
//!     "Statement": {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::photos/*"}}"#;
//! broker.registry().open_account(&account);
//! let key = broker.registry().update(&account, |account, limits| {
//!     account.create_user(limits, &"martha".parse()?, "/".parse()?, now)?;
//!     account.put_inline_policy(&Holder::user("martha"), &"photos".parse()?, policy, limits)?;
//!     account.create_access_key(limits, &KeyOwner::user("martha"), now)
//! })?;
//! // What is signed with this key and its secret is martha's from now on.
//! let (_, who) = broker.registry().find(key.access_key_id()).ok_or("the key is not active")?;
//! assert_eq!(who.arn().as_str(), "arn:aws:iam::111111111111:user/martha");
//! # Ok(())
//! # }
//! ```

mod access_key;
mod account;
mod alias;
mod attachment;
mod attempts;
mod aws_managed;
mod credential_report;
mod document;
mod entitlements;
mod error;
mod group;
mod holder;
mod id;
mod instance_profile;
mod limits;
mod login;
mod managed;
mod mfa;
mod name;
mod named;
#[cfg(feature = "oidc")]
mod oidc_provider;
mod outbound;
mod password_policy;
mod permissions;
mod principal;
mod registry;
mod role;
#[cfg(feature = "saml")]
mod saml_provider;
mod source;
mod summary;
mod tagging;
mod totp;
mod user;
mod warnings;

pub use account::{Account, KeyOwner, KeyRecord};
pub use alias::AccountAlias;
pub use aws_managed::aws_managed_policies;
pub use credential_report::CredentialReport;
pub use error::{CodeRefusal, Entity, IamError};
pub use group::Group;
pub use holder::Holder;
pub use id::{IdKind, UniqueId};
pub use instance_profile::InstanceProfile;
pub use limits::Limits;
pub use login::LoginProfile;
pub use managed::{ManagedPolicy, NewPolicy, PolicyUses, PolicyVersion};
pub use mfa::{Assignment, MfaDevice};
pub use name::{EntityName, EntityPath};
pub use named::Named;
#[cfg(feature = "oidc")]
pub use oidc_provider::{NewOidcProvider, OidcProviderRecord};
pub use password_policy::{CharacterKind, Password, PasswordPolicy};
pub use permissions::{Boundary, Permissions};
pub use registry::{Accounts, Registry};
pub use role::{NewRole, RoleRecord, RoleUse};
#[cfg(feature = "saml")]
pub use saml_provider::SamlProviderRecord;
pub use source::{PolicySource, SourcedPolicy};
pub use totp::Seed;
pub use user::User;

pub use crate::session::Entitlements;
pub use warnings::{KeyAges, Warning};
