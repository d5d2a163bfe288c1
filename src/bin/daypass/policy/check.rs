//! `daypass policy check`: documents in, where each is wrong out.

use std::path::PathBuf;

use daypass::policy::{Kind, Policy, PolicyError};
use serde::Serialize;

use super::args::Check;
use crate::error::{Answer, CliError};
use crate::input::Source;
use crate::print::Printer;

/// What was found of one document.
#[derive(Debug, Serialize)]
struct Finding {
    file: String,
    kind: Kind,
    valid: bool,
    code: Option<&'static str>,
    line: Option<u32>,
    column: Option<u32>,
    reason: Option<String>,
}

pub(super) fn run(check: &Check) -> Result<Answer, CliError> {
    let kind = Kind::from(check.kind);
    let sources: Vec<Source> = match check.inputs.as_slice() {
        [] => vec![Source::Stdin],
        paths => paths.iter().map(|path: &PathBuf| Source::new(Some(path.clone()))).collect(),
    };
    let mut printer = Printer::stdout();
    let mut all = true;
    for source in &sources {
        let text = source.text()?;
        let finding = Finding::of(source, kind, Policy::parse(&text, kind).err().as_ref());
        all = all && finding.valid;
        if check.json {
            printer.json_line(&finding)?;
        } else {
            finding.print(&mut printer, kind)?;
        }
    }
    printer.finish()?;
    Ok(Answer::from(all))
}

impl Finding {
    fn of(source: &Source, kind: Kind, error: Option<&PolicyError>) -> Self {
        let position = error.and_then(PolicyError::position);
        Self {
            file: source.to_string(),
            kind,
            valid: error.is_none(),
            code: error.map(PolicyError::code),
            line: position.map(|at| at.line),
            column: position.map(|at| at.column),
            reason: error.map(without_position),
        }
    }

    fn print(&self, printer: &mut Printer, kind: Kind) -> Result<(), CliError> {
        let Some(reason) = &self.reason else {
            return printer.verdict(true, "valid", &format!("{}: {kind}", self.file));
        };
        let place = match (self.line, self.column) {
            (Some(line), Some(column)) => format!("{}:{line}:{column}", self.file),
            _ => self.file.clone(),
        };
        printer.verdict(false, "not valid", &format!("{place}: {reason} ({})", self.code.unwrap_or_default()))
    }
}

/// The reason without the place before it, which is told in the way of compilers.
pub(super) fn without_position(error: &PolicyError) -> String {
    let reason = error.reason();
    let at = error.position().map(|at| format!("{at}: ")).unwrap_or_default();
    reason.strip_prefix(&at).unwrap_or(&reason).to_owned()
}
