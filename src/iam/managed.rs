//! Managed policies: documents with versions, attached to any number of users, groups and roles.

use std::collections::BTreeMap;

use super::{EntityName, EntityPath, UniqueId};
use crate::arn::Arn;
use crate::policy::Policy;
use crate::time::Timestamp;

/// One version of a managed policy.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct PolicyVersion {
    /// Its number: `v1` is 1. Numbers are not given again.
    pub number: u32,
    /// The document, compiled.
    pub policy: Policy,
    /// When it was made.
    pub created: Timestamp,
}

/// A managed policy.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ManagedPolicy {
    /// `arn:aws:iam::<account>:policy/<path and name>`
    pub arn: Arn,
    /// Its name.
    pub name: EntityName,
    /// The path, a part of the ARN.
    pub path: EntityPath,
    /// The unique id, `ANPA…`.
    pub id: UniqueId,
    /// What it is for.
    pub description: Option<String>,
    /// When it was made.
    pub created: Timestamp,
    /// When it was last changed.
    pub updated: Timestamp,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
    /// Its versions, oldest first.
    pub versions: Vec<PolicyVersion>,
    /// The number of the version in force.
    pub default_version: u32,
}

impl ManagedPolicy {
    /// The version in force.
    #[must_use]
    pub fn default_policy(&self) -> Option<&Policy> {
        let in_force = self.versions.iter().find(|version| version.number == self.default_version);
        in_force.map(|version| &version.policy)
    }
}
