//! Policy documents as they are stored: compiled, held to the quota of what they are attached to.

use super::IamError;
use crate::policy::{Kind, Policy, PolicyError, TrustPolicy};

/// Reads what is attached to a user, group or role, of at most `most` characters.
pub(super) fn permissions(text: &str, name: &str, most: usize, quota: &'static str) -> Result<Policy, IamError> {
    let policy = Policy::parse_within(text, Kind::Identity, most);
    policy.map(|policy| policy.named(name)).map_err(|error| over_quota(error, quota, most))
}

/// Reads who may assume the role called `role`, of at most `most` characters as it is `written`; what is compiled is the
/// `stored` text, in which unique ids stand for names.
pub(super) fn trust(written: &str, stored: &str, role: &str, most: usize) -> Result<TrustPolicy, IamError> {
    const QUOTA: &str = "ACLSizePerRole";
    TrustPolicy::parse_within(written, most).map_err(|error| over_quota(error, QUOTA, most))?;
    let compiled = TrustPolicy::parse_within(stored, usize::MAX)?;
    Ok(compiled.named(&format!("trust policy of {role}")))
}

fn over_quota(error: PolicyError, quota: &'static str, most: usize) -> IamError {
    match error {
        PolicyError::TooLarge { .. } => IamError::LimitExceeded { quota, most },
        other => other.into(),
    }
}
