//! Tells of each step: what was sent, what each stage made of it, and every check.

use std::io::{self, Write};

use daypass::audit::{AuditEvent, Outcome};
use daypass::explain::{Check, Verdict};

use crate::demo::serve::Trail;

const BOLD: &str = "\x1b[1m";
const DIM: &str = "\x1b[2m";
const GREEN: &str = "\x1b[32m";
const RED: &str = "\x1b[31m";
const RESET: &str = "\x1b[0m";

pub(super) struct Teller<'a, W> {
    out: &'a mut W,
    coloured: bool,
    trail: Trail,
    /// How many events were told already.
    told: usize,
    step: usize,
}

impl<'a, W: Write> Teller<'a, W> {
    pub(super) const fn new(out: &'a mut W, coloured: bool, trail: Trail) -> Self {
        Self { out, coloured, trail, told: 0, step: 0 }
    }

    pub(super) fn title(&mut self, text: &str) -> io::Result<()> {
        let text = self.paint(BOLD, text);
        writeln!(self.out, "{text}")
    }

    pub(super) fn step(&mut self, text: &str) -> io::Result<()> {
        self.step = self.step.saturating_add(1);
        let heading = self.paint(BOLD, &format!("{}. {text}", self.step));
        writeln!(self.out, "\n{heading}")
    }

    pub(super) fn line(&mut self, text: &str) -> io::Result<()> {
        writeln!(self.out, "   {text}")
    }

    /// Tells of every stage's outcome since the last time.
    pub(super) fn heard(&mut self) -> io::Result<()> {
        let events = self.trail.events();
        for event in events.iter().skip(self.told) {
            self.event(event)?;
        }
        self.told = events.len();
        Ok(())
    }

    pub(super) fn done(&mut self) -> io::Result<()> {
        let text = self.paint(GREEN, "Every step ended as it should.");
        writeln!(self.out, "\n{text}")
    }

    fn event(&mut self, event: &AuditEvent) -> io::Result<()> {
        let (colour, outcome) = match event.outcome {
            Outcome::Accepted => (GREEN, "accepted"),
            _ => (RED, "refused"),
        };
        let outcome = self.paint(colour, outcome);
        let stage = format!("{:?}", event.stage).to_lowercase();
        write!(self.out, "   {stage}: {} {outcome}", event.operation)?;
        for part in [&event.principal, &event.resource].into_iter().filter(|part| !part.is_empty()) {
            write!(self.out, ", {part}")?;
        }
        writeln!(self.out)?;
        if !event.reason.is_empty() {
            let code = event.code.map(|code| format!("{code}: ")).unwrap_or_default();
            writeln!(self.out, "     {code}{}", event.reason)?;
        }
        event.checks.iter().try_for_each(|check| self.check(check))
    }

    fn check(&mut self, check: &Check) -> io::Result<()> {
        let (colour, verdict) = match check.verdict {
            Verdict::Passed => (GREEN, "passed     "),
            Verdict::Failed => (RED, "FAILED     "),
            _ => (DIM, "not reached"),
        };
        let verdict = self.paint(colour, verdict);
        let section = self.paint(DIM, check.section);
        let name = format!("{:<24}", check.name);
        if check.verdict == Verdict::NotReached {
            return writeln!(self.out, "     {verdict} {name} {section}");
        }
        let (expected, found) = (shorten(&check.expected), shorten(&check.found));
        writeln!(self.out, "     {verdict} {name} {section}")?;
        if expected == found {
            writeln!(self.out, "                   expected and found: {found}")
        } else {
            writeln!(self.out, "                   expected {expected}; found {found}")
        }
    }

    fn paint(&self, colour: &str, text: &str) -> String {
        if self.coloured { format!("{colour}{text}{RESET}") } else { text.to_owned() }
    }
}

/// One line of at most 160 characters, without control characters: some of it came from the wire.
fn shorten(text: &str) -> String {
    let plain: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(160).collect();
    if plain.is_empty() { "nothing".to_owned() } else { plain }
}
