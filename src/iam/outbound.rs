//! Whether an account tells outside services who calls (outbound web identity federation).

use super::{Account, IamError};

impl Account {
    /// Lets principals of the account get web identity tokens.
    ///
    /// # Errors
    /// [`IamError::FeatureEnabled`] when they may already.
    pub const fn enable_outbound_web_identity(&mut self) -> Result<(), IamError> {
        if self.outbound_web_identity {
            return Err(IamError::FeatureEnabled);
        }
        self.outbound_web_identity = true;
        Ok(())
    }

    /// Gives out no web identity tokens any more; those given out work until they expire.
    ///
    /// # Errors
    /// [`IamError::FeatureDisabled`] when none are given out.
    pub const fn disable_outbound_web_identity(&mut self) -> Result<(), IamError> {
        if !self.outbound_web_identity {
            return Err(IamError::FeatureDisabled);
        }
        self.outbound_web_identity = false;
        Ok(())
    }
}
