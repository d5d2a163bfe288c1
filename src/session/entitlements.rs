//! What a principal is entitled to: every policy that speaks for it, and its own tags.

use std::collections::BTreeMap;

use super::Role;
use crate::policy::Policy;

/// Every policy that speaks for a principal, ready to be asked.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Entitlements {
    /// Identity policies: inline and attached ones, and those of a user's groups.
    pub identity: Vec<Policy>,
    /// The permissions boundary, if there is one; empty when its policy is gone, which allows nothing.
    pub boundary: Option<Vec<Policy>>,
    /// The managed policies that limit the session; in place of one that is gone one that denies everything.
    pub managed_session: Vec<Policy>,
    /// The principal's own tags; a session's tags stand over them.
    pub tags: BTreeMap<String, String>,
}

impl Entitlements {
    /// Identity policies alone.
    #[must_use]
    pub fn new(identity: Vec<Policy>) -> Self {
        Self { identity, ..Self::default() }
    }

    /// What a role is entitled to.
    #[must_use]
    pub fn of_role(role: &Role) -> Self {
        Self {
            identity: role.permissions().to_vec(),
            boundary: role.boundary().map(<[Policy]>::to_vec),
            managed_session: Vec::new(),
            tags: role.tags().clone(),
        }
    }

    /// The same, with the managed policies that limit the session.
    #[must_use]
    pub fn limited_to(mut self, managed_session: Vec<Policy>) -> Self {
        self.managed_session = managed_session;
        self
    }
}
