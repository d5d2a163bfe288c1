//! The answer to one response, for people.

use daypass::explain::{Check, Signed};
use daypass::identity::saml::Coverage;

use super::Explained;
use crate::error::CliError;
use crate::print::Printer;

/// The first rule of each part of the verification.
const PARTS: [(&str, &str); 4] = [
    ("The document", "metadata"),
    ("The envelope, which anyone could have written", "response"),
    ("The signature", "signature_shape"),
    ("The assertion, read from the signed bytes alone", "assertion"),
];

pub(super) fn print(printer: &mut Printer, answer: &Explained, show_signed: bool) -> Result<(), CliError> {
    for (heading, checks) in parts(&answer.checks) {
        printer.heading(heading)?;
        printer.checks(&checks)?;
    }
    if show_signed {
        printer.heading("The document, signed parts marked")?;
        for (coverage, piece) in &answer.pieces {
            printer.marked(*coverage == Coverage::Signed, piece)?;
        }
        printer.line("")?;
    }
    for signed in &answer.signed {
        printer.line(&signed_line(signed))?;
    }
    if !answer.relaxations.is_empty() {
        printer.line(&format!("relaxed: {}", relaxations(answer)))?;
    }
    verdict(printer, answer)
}

/// The checks by part, each part in the order in which they were made.
fn parts(checks: &[Check]) -> Vec<(&'static str, Vec<Check>)> {
    let rules = daypass::identity::saml::RULES.map(|rule| rule.name);
    let place = |name: &str| rules.iter().position(|rule| *rule == name).unwrap_or_default();
    let part =
        |check: &Check| PARTS.iter().rposition(|(_, first)| place(first) <= place(check.name)).unwrap_or_default();
    let of = |wanted: usize| checks.iter().filter(|check| part(check) == wanted).cloned().collect();
    PARTS.iter().enumerate().map(|(index, (heading, _))| (*heading, of(index))).collect()
}

fn signed_line(signed: &Signed) -> String {
    let Signed { element, id, key, bytes, .. } = signed;
    let ranges: Vec<_> = bytes.iter().map(|range| format!("{} to {}", range.start, range.end)).collect();
    match ranges.as_slice() {
        [] => format!("signed: {element} {id}, which was encrypted, by {key}"),
        ranges => format!("signed: {element} {id} at bytes {}, by {key}", ranges.join(" and ")),
    }
}

fn relaxations(answer: &Explained) -> String {
    let told =
        |name: &&str| format!("{name} ({})", if answer.relaxed.contains(name) { "needed" } else { "not needed" });
    answer.relaxations.iter().map(told).collect::<Vec<_>>().join(", ")
}

fn verdict(printer: &mut Printer, answer: &Explained) -> Result<(), CliError> {
    let Some(facts) = &answer.identity else {
        printer.verdict(false, "rejected", answer.judgement.reason.as_deref().unwrap_or_default())?;
        if let Some(hint) = answer.hint {
            hint.print(printer)?;
        }
        return Ok(());
    };
    printer.verdict(true, "accepted", answer.judgement.name_id.as_deref().unwrap_or_default())?;
    let none = || "none".to_owned();
    for (name, value) in [
        ("issuer", facts.issuer.clone()),
        ("name_id_format", facts.name_id_format.clone().unwrap_or_else(none)),
        ("recipient", facts.recipient.clone()),
        ("assertion_id", facts.assertion_id.clone()),
        ("not_on_or_after", facts.not_on_or_after.clone()),
        ("session_not_on_or_after", facts.session_not_on_or_after.clone().unwrap_or_else(none)),
        ("authenticated_at", facts.authenticated_at.clone().unwrap_or_else(none)),
    ] {
        printer.line(&format!("  {name:<24} {value}"))?;
    }
    for (name, values) in answer.judgement.attributes.iter().flatten() {
        printer.line(&format!("  attribute {name} = {}", values.join(" | ")))?;
    }
    printer.line("Not judged here: whether it was used before. The service that accepts it remembers that.")?;
    answer.judgement.mapping.as_ref().map_or(Ok(()), |mapped| mapped.print(printer))
}
