//! `daypass assume explain`: why a role may be assumed, or may not.

mod args;
mod call;
mod kind;

use clap::Subcommand;
use daypass::policy::{Explanation, NearMiss, Outcome};
use daypass::session::{AssumeReport, explain_supposed};

use crate::error::{Answer, CliError, InputError};
use crate::print::Printer;
use args::Explain;
use call::Asked;

#[derive(Debug, Subcommand)]
pub(crate) enum Action {
    /// Say why a caller may assume a role, or may not, from the policies of both sides
    Explain(Box<Explain>),
}

pub(crate) fn run(action: Action) -> Result<Answer, CliError> {
    let Action::Explain(explain) = action;
    let Asked { supposed, entitlements, role, ask, now } = Asked::read(&explain)?;
    let report = explain_supposed(&supposed, &entitlements, &role, ask, now);
    let report = report.map_err(|error| InputError::new("--caller", error.reason()))?;
    let mut printer = Printer::stdout();
    if explain.json {
        printer.json(&report)?;
    } else {
        print(&mut printer, &report)?;
    }
    printer.finish()?;
    Ok(Answer::from(report.allowed))
}

fn print(printer: &mut Printer, report: &AssumeReport) -> Result<(), CliError> {
    printer.checks(&report.checks)?;
    for action in &report.actions {
        printer.heading(action.action)?;
        side(printer, "the role trusts", &action.trust)?;
        // Where the role does not trust, both sides say no more than that.
        if action.trust.outcome == Outcome::Allow {
            side(printer, "both sides", &action.caller)?;
        }
    }
    printer.heading("answer")?;
    let AssumeReport { caller, role, blocked_by, .. } = report;
    let rest = if report.allowed { format!("{caller} may assume {role}") } else { blocked_by.clone() };
    printer.verdict(report.allowed, if report.allowed { "allowed:" } else { "refused:" }, &rest)
}

fn side(printer: &mut Printer, name: &str, explanation: &Explanation) -> Result<(), CliError> {
    printer.line(&format!("  {name:<16} {}: {}", explanation.outcome, explanation.reason))?;
    let near_misses = explanation.near_misses.iter().filter(|_| explanation.outcome == Outcome::ImplicitDeny);
    for near in near_misses {
        let NearMiss { statement, expected, found, .. } = near;
        let place = format!("{}:{}:{}", statement.policy, statement.line, statement.column);
        printer.line(&format!("    statement {} of {place}", statement.statement))?;
        printer.line(&format!("      expected  {expected}"))?;
        printer.line(&format!("      found     {found}"))?;
    }
    Ok(())
}
