//! What replay memory keeps of an assertion: a key that no other assertion has, until the assertion could not be used.
//!
//! The memory itself is a [`Store`](crate::store::Store); whoever runs this stage refuses what it holds already, and
//! refuses too when it cannot be asked.

use std::time::Duration;

use super::VerifiedIdentity;
use crate::crypto::sha256_hex;
use crate::time::Timestamp;

/// The largest clock skew any provider may be given: an assertion is remembered this long past its expiry.
const MAX_CLOCK_SKEW: Duration = Duration::from_secs(300);

/// The key of an assertion, unique over all issuers: an ID is unique only for the one that chose it.
#[must_use]
pub fn key(identity: &VerifiedIdentity) -> String {
    let (issuer, id) = (identity.issuer(), identity.assertion_id());
    // The length divides issuer and ID where no separator could: both may hold any character.
    sha256_hex(format!("{}:{issuer}{id}", issuer.len()).as_bytes())
}

/// Until when the assertion must be remembered.
#[must_use]
pub fn remembered_until(identity: &VerifiedIdentity) -> Timestamp {
    identity.not_on_or_after().saturating_add(MAX_CLOCK_SKEW)
}
