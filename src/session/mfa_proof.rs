//! That somebody showed a second factor.

use crate::arn::Arn;
use crate::crypto::SignatureValid;
use crate::time::Timestamp;

/// Proof that a code of an MFA device was its owner's, and had not been used before. Only the registry of accounts makes
/// one; it is used up by the session it is for.
#[derive(Debug)]
pub struct MfaProof {
    serial_number: Arn,
    at: Timestamp,
}

impl MfaProof {
    /// Takes the proof that the code was the device's.
    #[must_use]
    pub(crate) const fn new(serial_number: Arn, at: Timestamp, _code: &SignatureValid) -> Self {
        Self { serial_number, at }
    }

    /// The device.
    #[must_use]
    pub const fn serial_number(&self) -> &Arn {
        &self.serial_number
    }

    /// When the code was shown; `aws:MultiFactorAuthAge` counts from then.
    #[must_use]
    pub const fn at(&self) -> Timestamp {
        self.at
    }
}
