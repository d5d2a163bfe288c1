//! The second factor that a call carries.

/// The serial number of an MFA device and the code it shows (SerialNumber and TokenCode).
#[derive(Clone, PartialEq, Eq)]
pub struct MfaCode {
    serial_number: String,
    code: String,
}

impl MfaCode {
    /// A device and its present code.
    #[must_use]
    pub fn new(serial_number: impl Into<String>, code: impl Into<String>) -> Self {
        Self { serial_number: serial_number.into(), code: code.into() }
    }

    /// The device: for virtual ones its ARN.
    #[must_use]
    pub fn serial_number(&self) -> &str {
        &self.serial_number
    }

    /// The code, good once.
    #[must_use]
    pub fn code(&self) -> &str {
        &self.code
    }
}

impl std::fmt::Debug for MfaCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MfaCode").field("serial_number", &self.serial_number).finish_non_exhaustive()
    }
}
