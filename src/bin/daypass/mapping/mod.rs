//! `daypass mapping check`: documents in, where each is wrong or odd out; and what a document makes of an identity.

mod check;
mod mapped;

use std::path::PathBuf;

use clap::Subcommand;

use crate::error::{Answer, CliError};
use check::Check;
pub(crate) use mapped::{Document, Mapped};

#[derive(Debug, Subcommand)]
pub(crate) enum Action {
    /// Read mapping documents, and say where they are wrong and what is odd about them
    Check(Check),
}

pub(crate) fn run(action: Action) -> Result<Answer, CliError> {
    let Action::Check(check) = action;
    check::run(&check)
}

/// How a command is asked for what the person would get.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Flag {
    /// Tell what this mapping document makes of an accepted identity; the exit code is 1 too when that is no role
    #[arg(long, value_name = "FILE")]
    mapping: Option<PathBuf>,
}

impl Flag {
    /// The document, if one is named.
    pub(crate) fn read(&self) -> Result<Document, CliError> {
        Document::read(self.mapping.as_ref())
    }
}
