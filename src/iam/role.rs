//! A role as IAM manages it; what the stages ask is its compiled [`Role`].

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{EntityName, EntityPath, Permissions};
use crate::session::Role;
use crate::time::Timestamp;

/// A role of an account.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RoleRecord {
    /// Its name.
    pub name: EntityName,
    /// The path, a part of the ARN.
    pub path: EntityPath,
    /// What it is for, up to 1,000 characters.
    pub description: Option<String>,
    /// When it was made.
    pub created: Timestamp,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
    /// Its own policies.
    pub permissions: Permissions,
    /// What the stages ask: ARN, id, trust policy, and the policies compiled.
    pub role: Arc<Role>,
}

impl RoleRecord {
    /// The record of a role that was made in code.
    #[must_use]
    pub fn configured(role: Role, now: Timestamp) -> Self {
        let resource = role.arn().resource().strip_prefix("role").unwrap_or_default();
        let (path, name) = resource.rsplit_once('/').unwrap_or(("", resource));
        let (path, name) = (EntityPath::of_arn(path), EntityName::of_arn(name));
        let mut permissions = Permissions::default();
        for (place, policy) in (1_usize..).zip(role.permissions()) {
            let named = policy.name().parse::<EntityName>().map(|name| name.to_string());
            permissions.inline.insert(named.unwrap_or_else(|_| format!("permissions-{place}")), policy.clone());
        }
        let (description, tags) = (None, BTreeMap::new());
        Self { name, path, description, created: now, tags, permissions, role: Arc::new(role) }
    }
}
