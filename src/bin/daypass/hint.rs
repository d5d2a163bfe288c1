//! What usually lies behind a refusal, and who can change it: the checks say what is wrong, not why it is so tonight.

use crate::error::CliError;
use crate::print::Printer;

/// The usual cause of a refusal, and whom to ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub(crate) struct Hint {
    pub(crate) usual_cause: &'static str,
    pub(crate) ask: &'static str,
}

impl Hint {
    /// Two lines under a verdict.
    pub(crate) fn print(self, printer: &mut Printer) -> Result<(), CliError> {
        printer.line(&format!("  usual cause  {}", self.usual_cause))?;
        printer.line(&format!("  ask          {}", self.ask))
    }
}
