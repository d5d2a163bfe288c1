//! `daypass policy`: decisions over any mix of policies, and the reading of documents.

mod args;
mod check;
mod evaluate;
mod lines;
mod request;

use clap::Subcommand;

use crate::error::{Answer, CliError};
use args::{Check, Evaluate};

#[derive(Debug, Subcommand)]
pub(crate) enum Action {
    /// Decide one request, or a batch of them, and explain the decision
    Evaluate(Box<Evaluate>),
    /// Read policy documents as their kind, and say where they are wrong or risky
    Check(Check),
}

pub(crate) fn run(action: Action) -> Result<Answer, CliError> {
    match action {
        Action::Evaluate(evaluate) => evaluate::run(&evaluate),
        Action::Check(check) => check::run(&check),
    }
}
