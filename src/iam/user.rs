//! A user: a long-term identity with at most two access keys.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{EntityPath, Permissions, UniqueId};
use crate::credentials::AccessKeyId;
use crate::session::UserIdentity;
use crate::time::Timestamp;

/// A user of an account.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct User {
    /// ARN, id, name and tags: what a request of the user carries.
    pub identity: Arc<UserIdentity>,
    /// The path, a part of the ARN.
    pub path: EntityPath,
    /// The unique id, `AIDA…`.
    pub id: UniqueId,
    /// When the user was made.
    pub created: Timestamp,
    /// The user's own policies.
    pub permissions: Permissions,
    /// Names of the user's groups, in lower case.
    pub groups: BTreeSet<String>,
    /// The user's access keys, oldest first.
    pub access_keys: Vec<AccessKeyId>,
}
