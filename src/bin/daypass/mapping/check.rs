//! `daypass mapping check`.

use std::path::PathBuf;

use clap::Args;
use daypass::session::{Finding, Mapping, MappingDocumentError};
use serde::Serialize;

use crate::error::{Answer, CliError};
use crate::input::Source;
use crate::print::Printer;

const EXAMPLE: &str = "\
Example:
  daypass mapping check examples/mappings/okta.json

A document that can be read is valid, whatever is odd about it; --strict refuses what is odd too.";

#[derive(Args, Debug)]
#[command(after_help = EXAMPLE)]
pub(crate) struct Check {
    /// The documents; `-` or nothing for standard input
    #[arg(value_name = "FILE")]
    inputs: Vec<PathBuf>,
    /// Refuse documents that say something odd
    #[arg(long)]
    strict: bool,
    /// Answer in JSON, one object a line
    #[arg(long)]
    json: bool,
}

/// What was found of one document.
#[derive(Debug, Serialize)]
struct Checked {
    file: String,
    valid: bool,
    line: Option<u32>,
    column: Option<u32>,
    reason: Option<String>,
    findings: Vec<Finding>,
}

pub(super) fn run(check: &Check) -> Result<Answer, CliError> {
    let sources: Vec<Source> = match check.inputs.as_slice() {
        [] => vec![Source::Stdin],
        paths => paths.iter().map(|path| Source::new(Some(path.clone()))).collect(),
    };
    let mut printer = Printer::stdout();
    let mut all = true;
    for source in &sources {
        let checked = Checked::of(source, Mapping::parse(&source.text()?));
        let odd = check.strict && !checked.findings.is_empty();
        all = all && checked.valid && !odd;
        if check.json {
            printer.json_line(&checked)?;
        } else {
            checked.print(&mut printer)?;
        }
    }
    printer.finish()?;
    Ok(Answer::from(all))
}

impl Checked {
    fn of(source: &Source, read: Result<Mapping, MappingDocumentError>) -> Self {
        let file = source.to_string();
        match read {
            Ok(mapping) => {
                Self { file, valid: true, line: None, column: None, reason: None, findings: mapping.findings() }
            }
            Err(error) => {
                let at = error.position();
                let reason = error.reason();
                // The place is told before it, in the way of compilers.
                let place = at.map(|at| format!("{at}: ")).unwrap_or_default();
                let reason = reason.strip_prefix(&place).unwrap_or(&reason).to_owned();
                let (line, column) = (at.map(|at| at.line), at.map(|at| at.column));
                Self { file, valid: false, line, column, reason: Some(reason), findings: Vec::new() }
            }
        }
    }

    fn print(&self, printer: &mut Printer) -> Result<(), CliError> {
        let place = |line: Option<u32>, column: Option<u32>| match (line, column) {
            (Some(line), Some(column)) => format!("{}:{line}:{column}", self.file),
            _ => self.file.clone(),
        };
        if let Some(reason) = &self.reason {
            return printer.verdict(false, "not valid", &format!("{}: {reason}", place(self.line, self.column)));
        }
        printer.verdict(true, "valid", &format!("{}: mapping document", self.file))?;
        for finding in &self.findings {
            let at = place(finding.at.map(|at| at.line), finding.at.map(|at| at.column));
            printer.line(&format!("  odd  {at}: {}", finding.problem))?;
        }
        Ok(())
    }
}
