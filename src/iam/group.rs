//! A group: policies that several users share. Groups hold users alone, never groups.

use super::{EntityName, EntityPath, Permissions, UniqueId};
use crate::arn::Arn;
use crate::time::Timestamp;

/// A group of an account.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Group {
    /// `arn:aws:iam::<account>:group/<path and name>`
    pub arn: Arn,
    /// Its name.
    pub name: EntityName,
    /// The path, a part of the ARN.
    pub path: EntityPath,
    /// The unique id, `AGPA…`.
    pub id: UniqueId,
    /// When it was made.
    pub created: Timestamp,
    /// What its members may do.
    pub permissions: Permissions,
}
