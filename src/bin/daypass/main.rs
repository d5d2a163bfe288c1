//! The `daypass` command: what the library decides about one SAML response, one token or one request, and why.
//!
//! Enters: arguments, files, standard input. Leaves: every check that was made, as text for people or as JSON, and an exit
//! code: 0 accepted or allowed, 1 refused, 2 not judged. It has no rule of its own: it reads, asks the library, and prints.

mod assume;
mod batch;
mod documents;
mod error;
mod fields;
mod hint;
mod input;
mod jwt;
mod mapping;
mod policy;
mod print;
mod saml;

use std::io::{self, Write as _};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use error::{Answer, CliError};

/// Judges SAML responses, ID tokens and policies as the daypass library does, and explains every check.
///
/// Exit codes: 0 accepted or allowed, 1 refused, 2 not judged (arguments or input that cannot be used).
#[derive(Debug, Parser)]
#[command(name = "daypass", version)]
struct Command {
    #[command(subcommand)]
    subject: Subject,
}

#[derive(Debug, Subcommand)]
enum Subject {
    /// SAML responses
    #[command(subcommand)]
    Saml(saml::Action),
    /// ID tokens, tokens of workloads, and bare JWS signatures
    #[command(subcommand)]
    Jwt(jwt::Action),
    /// Mapping documents: what the attributes of an identity provider mean
    #[command(subcommand)]
    Mapping(mapping::Action),
    /// The policy language: documents and decisions
    #[command(subcommand)]
    Policy(policy::Action),
    /// Roles: why one may be assumed, or may not
    #[command(subcommand)]
    Assume(assume::Action),
}

fn main() -> ExitCode {
    let command = Command::parse();
    let answered = match command.subject {
        Subject::Saml(action) => saml::run(action),
        Subject::Jwt(action) => jwt::run(action),
        Subject::Mapping(action) => mapping::run(action),
        Subject::Policy(action) => policy::run(action),
        Subject::Assume(action) => assume::run(action),
    };
    match answered {
        Ok(Answer::Yes) => ExitCode::SUCCESS,
        Ok(Answer::No) => ExitCode::from(1),
        Err(error) => {
            if !error.is_closed_pipe() {
                say(&error);
            }
            ExitCode::from(2)
        }
    }
}

fn say(error: &CliError) {
    // A closed standard error leaves nobody to tell.
    let _ = writeln!(io::stderr(), "daypass: {}", print::plain(&error.to_string()));
}
