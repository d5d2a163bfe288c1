//! Tags of users, roles, policies and devices: within the limits of session tags, which they may become.

use std::collections::BTreeMap;

use super::{IamError, Limits};
use crate::session::Tags;

/// Adds `new` to `tags`; a key written before, in whatever case, gets the new value.
pub(super) fn tag(
    tags: &mut BTreeMap<String, String>,
    new: BTreeMap<String, String>,
    limits: &Limits,
) -> Result<(), IamError> {
    let new = Tags::new(new, Vec::new())?;
    let mut all = tags.clone();
    for (key, value) in new.values() {
        all.retain(|known, _| known.to_lowercase() != key.to_lowercase());
        all.insert(key.clone(), value.clone());
    }
    if all.len() > limits.tags {
        return Err(IamError::TooManyTags { most: limits.tags });
    }
    *tags = all;
    Ok(())
}

/// Takes the tags of these keys away, in whatever case they are written.
pub(super) fn untag(tags: &mut BTreeMap<String, String>, keys: &[&str]) {
    tags.retain(|known, _| !keys.iter().any(|key| key.to_lowercase() == known.to_lowercase()));
}
