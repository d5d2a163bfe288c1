//! Answers for people: plain in a pipe, coloured on a terminal unless NO_COLOR is set.

use std::io::{self, IsTerminal as _, Write};

use daypass::explain::{Check, Verdict};
use serde::Serialize;
use serde_json::Value;

use crate::error::CliError;

const BOLD: &str = "\x1b[1m";
const DIM: &str = "\x1b[2m";
const GREEN: &str = "\x1b[32m";
const RED: &str = "\x1b[31m";
const RESET: &str = "\x1b[0m";

/// Standard output.
pub(crate) struct Printer {
    out: io::BufWriter<io::StdoutLock<'static>>,
    coloured: bool,
    /// Whether a heading stands above.
    begun: bool,
}

impl Printer {
    pub(crate) fn stdout() -> Self {
        let unwanted = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let coloured = io::stdout().is_terminal() && !unwanted;
        Self { out: io::BufWriter::new(io::stdout().lock()), coloured, begun: false }
    }

    pub(crate) fn line(&mut self, text: &str) -> Result<(), CliError> {
        Ok(writeln!(self.out, "{}", plain(text))?)
    }

    /// Exactly `text` into a file or a pipe; on a terminal nothing that commands it, and a line end.
    pub(crate) fn exactly(&mut self, text: &str) -> Result<(), CliError> {
        if !io::stdout().is_terminal() {
            return Ok(self.out.write_all(text.as_bytes())?);
        }
        text.split('\n').try_for_each(|line| self.line(line))
    }

    /// A piece of a document, as it stands but for what commands a terminal; what is signed stands out.
    pub(crate) fn marked(&mut self, signed: bool, piece: &str) -> Result<(), CliError> {
        let lines: Vec<_> = piece.split('\n').map(plain).collect();
        let text = lines.join("\n");
        let text = match (signed, self.coloured) {
            (true, true) => self.paint(GREEN, &text),
            (false, true) => self.paint(DIM, &text),
            // The marks themselves may stand in the text, and then are no marks.
            (signed, false) => {
                let text = text.replace('⟦', "\\u{27e6}").replace('⟧', "\\u{27e7}");
                if signed { format!("⟦{text}⟧") } else { text }
            }
        };
        Ok(write!(self.out, "{text}")?)
    }

    pub(crate) fn heading(&mut self, text: &str) -> Result<(), CliError> {
        let text = self.paint(BOLD, &plain(text));
        let above = if std::mem::replace(&mut self.begun, true) { "\n" } else { "" };
        Ok(writeln!(self.out, "{above}{text}")?)
    }

    /// The last word: green for what is accepted, red for what is not.
    pub(crate) fn verdict(&mut self, accepted: bool, word: &str, rest: &str) -> Result<(), CliError> {
        let word = self.paint(if accepted { GREEN } else { RED }, word);
        Ok(writeln!(self.out, "{word} {}", plain(rest))?)
    }

    /// Every check: its verdict, name and section, what was expected and what was found.
    pub(crate) fn checks(&mut self, checks: &[Check]) -> Result<(), CliError> {
        for check in checks {
            let (colour, verdict) = match check.verdict {
                Verdict::Passed => (GREEN, "passed     "),
                Verdict::Failed => (RED, "FAILED     "),
                _ => (DIM, "not reached"),
            };
            let (verdict, section) = (self.paint(colour, verdict), self.paint(DIM, check.section));
            writeln!(self.out, "{verdict}  {:<22} {section}", check.name)?;
            if check.verdict == Verdict::NotReached {
                continue;
            }
            if check.expected == check.found {
                writeln!(self.out, "             expected and found  {}", plain(&check.found))?;
            } else {
                if !check.expected.is_empty() {
                    writeln!(self.out, "             expected  {}", plain(&check.expected))?;
                }
                writeln!(self.out, "             found     {}", plain(&check.found))?;
            }
            if check.verdict == Verdict::Failed {
                writeln!(self.out, "             prevents  {}", check.prevents)?;
            }
        }
        Ok(writeln!(self.out)?)
    }

    /// The members of an object, one a line.
    pub(crate) fn members(&mut self, object: &Value) -> Result<(), CliError> {
        for (name, value) in object.as_object().into_iter().flatten() {
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            self.line(&format!("  {name:<24} {value}"))?;
        }
        Ok(())
    }

    /// One value as JSON on lines of its own.
    pub(crate) fn json(&mut self, value: &impl Serialize) -> Result<(), CliError> {
        serde_json::to_writer_pretty(&mut self.out, value).map_err(io::Error::from)?;
        Ok(writeln!(self.out)?)
    }

    /// One value as JSON on one line.
    pub(crate) fn json_line(&mut self, value: &impl Serialize) -> Result<(), CliError> {
        serde_json::to_writer(&mut self.out, value).map_err(io::Error::from)?;
        Ok(writeln!(self.out)?)
    }

    pub(crate) fn finish(mut self) -> Result<(), CliError> {
        Ok(self.out.flush()?)
    }

    fn paint(&self, colour: &str, text: &str) -> String {
        if self.coloured { format!("{colour}{text}{RESET}") } else { text.to_owned() }
    }
}

/// Text that cannot command the terminal it is shown on, nor reorder what stands around it: some of it came from the wire.
pub(crate) fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for character in text.chars() {
        let reorders = matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        if character.is_control() || reorders {
            plain.extend(character.escape_default());
        } else {
            plain.push(character);
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn what_came_from_the_wire_cannot_command_the_terminal() {
        assert_eq!(plain("a\x1b[2Jb\n\u{202e}c\u{9b}é"), "a\\u{1b}[2Jb\\n\\u{202e}c\\u{9b}é");
    }
}
