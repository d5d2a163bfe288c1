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
    /// The permissions boundary; groups have none.
    pub boundary: Option<Boundary>,
}

/// A permissions boundary: the most that identity policies may allow.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_enums, reason = "a boundary is made through IAM or in code")]
pub enum Boundary {
    /// A managed policy, as it is at the time.
    Managed(Arn),
    /// That of a role made in code, which no managed policy of the account stands for.
    Configured {
        /// The name under which it is shown.
        arn: Arn,
        /// What it allows; an empty list allows nothing.
        policies: Vec<Policy>,
    },
}

impl Boundary {
    /// The ARN by which policies and answers know it.
    #[must_use]
    pub const fn arn(&self) -> &Arn {
        match self {
            Self::Managed(arn) | Self::Configured { arn, .. } => arn,
        }
    }

    /// Whether it is the managed policy of this ARN.
    #[must_use]
    pub fn is_managed(&self, policy: &Arn) -> bool {
        matches!(self, Self::Managed(arn) if arn == policy)
    }
}
