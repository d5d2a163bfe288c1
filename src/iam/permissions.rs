//! What policies a user, group or role has of its own, and what they come to.

use std::collections::{BTreeMap, BTreeSet};

use crate::arn::Arn;
use crate::policy::Policy;

/// The policies of one user, group or role.
#[derive(Clone, Debug, Default)]
pub struct Permissions {
    /// Inline policies by name.
    pub inline: BTreeMap<String, Policy>,
    /// ARNs of the managed policies attached.
    pub attached: BTreeSet<Arn>,
    /// ARN of the managed policy that is the permissions boundary; groups have none.
    pub boundary: Option<Arn>,
}
