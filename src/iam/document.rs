//! Policy documents as they are saved: held to what the cloud holds them to, compiled, and within the quota of what they
//! are attached to.

use super::IamError;
use crate::policy::{Kind, Policy, PolicyError, Reading, TrustPolicy};

/// Reads a version of the managed policy called `name`, of at most `most` characters.
pub(super) fn managed(text: &str, name: &str, most: usize) -> Result<Policy, IamError> {
    permissions(text, name, most, Reading::SavedManaged)
}

/// Reads an inline policy called `name`. How long it may be depends on the others beside it.
pub(super) fn inline(text: &str, name: &str) -> Result<Policy, IamError> {
    permissions(text, name, usize::MAX, Reading::Saved)
}

/// Reads who may assume the role called `role`, of at most `most` characters as it is `written`; what is compiled is the
/// text that `stored` makes of it, in which unique ids stand for names.
pub(super) fn trust(
    written: &str,
    stored: impl FnOnce() -> Result<String, IamError>,
    role: &str,
    most: usize,
) -> Result<TrustPolicy, IamError> {
    let refused = |error| refused(error, Kind::Trust, "ACLSizePerRole", most);
    TrustPolicy::hold_to_save(written, most).map_err(refused)?;
    let compiled = TrustPolicy::parse_within(&stored()?, usize::MAX).map_err(refused)?;
    Ok(compiled.named(&format!("trust policy of {role}")))
}

fn permissions(text: &str, name: &str, most: usize, reading: Reading) -> Result<Policy, IamError> {
    let policy = Policy::parse_for(text, Kind::Identity, most, reading);
    policy.map(|policy| policy.named(name)).map_err(|error| refused(error, Kind::Identity, "PolicySize", most))
}

fn refused(error: PolicyError, kind: Kind, quota: &'static str, most: usize) -> IamError {
    match error {
        PolicyError::TooLarge { .. } => IamError::LimitExceeded { quota, most },
        error => IamError::MalformedPolicy { kind, error },
    }
}
