//! `daypass policy check`: documents in, where each is wrong and what a reviewer would point at out.

use std::path::PathBuf;

use daypass::policy::lint::{self, Finding};
use daypass::policy::{Kind, Policy, PolicyError};
use serde::Serialize;

use super::args::Check;
use crate::documents::without_position;
use crate::error::{Answer, CliError};
use crate::input::Source;
use crate::print::Printer;

/// What is to be said of one document.
#[derive(Debug, Serialize)]
struct Judgement {
    file: String,
    kind: Kind,
    valid: bool,
    code: Option<&'static str>,
    line: Option<u32>,
    column: Option<u32>,
    reason: Option<String>,
    /// Its characters, as its kind counts them.
    size: usize,
    limit: usize,
    findings: Vec<Finding>,
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
        let limit = check.limit.unwrap_or_else(|| kind.quota());
        let read = if check.evaluated { Policy::parse_within } else { Policy::parse_to_save };
        let judgement = Judgement::of(source, kind, (kind.size(&text), limit), &read(&text, kind, limit));
        all = all && judgement.valid && !(check.strict && judgement.has_warnings());
        if check.json {
            printer.json_line(&judgement)?;
        } else {
            judgement.print(&mut printer, kind)?;
        }
    }
    printer.finish()?;
    Ok(Answer::from(all))
}

impl Judgement {
    fn of(source: &Source, kind: Kind, (size, limit): (usize, usize), policy: &Result<Policy, PolicyError>) -> Self {
        let error = policy.as_ref().err();
        let position = error.and_then(PolicyError::position);
        Self {
            file: source.to_string(),
            kind,
            valid: error.is_none(),
            code: error.map(PolicyError::code),
            line: position.map(|at| at.line),
            column: position.map(|at| at.column),
            reason: error.map(without_position),
            size,
            limit,
            findings: policy.as_ref().map(lint::findings).unwrap_or_default(),
        }
    }

    fn has_warnings(&self) -> bool {
        self.findings.iter().any(|finding| finding.lint.severity.is_warning())
    }

    fn print(&self, printer: &mut Printer, kind: Kind) -> Result<(), CliError> {
        let Some(reason) = &self.reason else {
            printer.verdict(true, "valid", &format!("{}: {kind}", self.file))?;
            return self.findings.iter().try_for_each(|finding| self.print_finding(printer, finding));
        };
        let place = match (self.line, self.column) {
            (Some(line), Some(column)) => format!("{}:{line}:{column}", self.file),
            _ => self.file.clone(),
        };
        printer.verdict(false, "not valid", &format!("{place}: {reason} ({})", self.code.unwrap_or_default()))
    }

    fn print_finding(&self, printer: &mut Printer, finding: &Finding) -> Result<(), CliError> {
        let Finding { lint, at, problem, instead, .. } = finding;
        let place = format!("{}:{}:{}", self.file, at.line, at.column);
        let sound = !lint.severity.is_warning();
        printer.verdict(sound, &lint.severity.to_string(), &format!("{place}: {problem} ({})", lint.name))?;
        printer.line(&format!("  prevents  {}", lint.prevents))?;
        printer.line(&format!("  instead   {instead}"))
    }
}
