//! Lines of JSON in, one answer a line out, in the same order.
//!
//! A line that cannot be judged is answered too, so that questions and answers stay in step, and makes the run end with
//! exit code 2. Answers are buffered, and sent whenever the next question has not arrived yet.

use std::io::{self, BufRead as _, BufReader, BufWriter, Read, Write};
use std::path::PathBuf;

use clap::Args;
use daypass::explain::Check;
use serde::Serialize;

use crate::error::{Answer, CliError, InputError};
use crate::fields::{Fields, Id};
use crate::hint::Hint;
use crate::input::Source;

/// The longest line that is read: policies of every layer, or a key set and a token, take far less.
const MOST_LINE_BYTES: usize = 8 * 1024 * 1024;
const BUFFER: usize = 64 * 1024;

/// How a command is asked for a batch.
#[derive(Args, Debug)]
pub(crate) struct Lines {
    /// Judge JSON lines
    #[arg(long)]
    pub(crate) batch: bool,
    /// What paths in a batch are relative to; the folder of its file if not given
    #[arg(long, value_name = "DIR", requires = "batch")]
    pub(crate) root: Option<PathBuf>,
    /// Add every check to each answer of a batch, and to a refusal its usual cause
    #[arg(long, requires = "batch")]
    pub(crate) explain: bool,
}

/// One line: what it calls itself, and its fields, or why they cannot be used.
#[derive(Debug)]
pub(crate) struct Case<'l> {
    pub(crate) id: Id,
    pub(crate) fields: Result<Fields<'l>, InputError>,
}

/// The answer to one line.
#[derive(Debug)]
pub(crate) struct Answered<A> {
    pub(crate) answer: A,
    /// Whether the line could be judged.
    pub(crate) judged: bool,
}

/// The answer to one line that holds a case.
#[derive(Debug, Serialize)]
pub(crate) struct Line<J> {
    id: Id,
    #[serde(flatten)]
    judgement: J,
    #[serde(flatten)]
    story: Option<Story>,
}

/// What stands in an answer where every check is wanted.
#[derive(Debug, Serialize)]
pub(crate) struct Story {
    pub(crate) hint: Option<Hint>,
    pub(crate) checks: Vec<Check>,
}

impl<J> Line<J> {
    /// What `judge` makes of a line, with its story where that is wanted; `unusable` where the line holds no case.
    pub(crate) fn answer(
        Case { id, fields }: Case<'_>,
        judge: impl FnOnce(&Fields<'_>) -> Result<(J, Option<Story>), InputError>,
        unusable: impl FnOnce(String) -> J,
    ) -> Answered<Self> {
        match fields.and_then(|fields| judge(&fields)) {
            Ok((judgement, story)) => Answered { answer: Self { id, judgement, story }, judged: true },
            Err(error) => {
                Answered { answer: Self { id, judgement: unusable(error.to_string()), story: None }, judged: false }
            }
        }
    }
}

/// Answers every line of `source`; blank lines are passed over.
pub(crate) fn run<A: Serialize>(
    source: &Source,
    mut judge: impl FnMut(Case<'_>) -> Answered<A>,
) -> Result<Answer, CliError> {
    let mut lines = Reading { reader: BufReader::with_capacity(BUFFER, source.open()?), line: Vec::new(), number: 0 };
    let mut out = BufWriter::with_capacity(BUFFER, io::stdout().lock());
    let (mut asked, mut unusable) = (0_usize, 0_usize);
    loop {
        // Whoever writes a line and waits for its answer gets it.
        if lines.reader.buffer().is_empty() {
            out.flush()?;
        }
        let Some(fits) = lines.advance().map_err(|error| source.unreadable(error))? else { break };
        if lines.line.iter().all(u8::is_ascii_whitespace) && fits {
            continue;
        }
        let Answered { answer, judged } = judge(lines.case(fits));
        asked = asked.saturating_add(1);
        unusable = unusable.saturating_add(usize::from(!judged));
        serde_json::to_writer(&mut out, &answer).map_err(io::Error::from)?;
        out.write_all(b"\n")?;
    }
    out.flush()?;
    if unusable > 0 { Err(CliError::Batch { unusable, lines: asked }) } else { Ok(Answer::Yes) }
}

struct Reading {
    reader: BufReader<Box<dyn Read>>,
    line: Vec<u8>,
    /// Of the line at hand, from 1.
    number: usize,
}

impl Reading {
    /// Reads the next line: whether it fits, or none at the end. Of a line that does not fit the rest is passed over.
    fn advance(&mut self) -> io::Result<Option<bool>> {
        self.line.clear();
        self.number = self.number.saturating_add(1);
        let (mut fits, mut any) = (true, false);
        loop {
            let available = self.reader.fill_buf()?;
            if available.is_empty() {
                return Ok(any.then_some(fits));
            }
            any = true;
            let end = available.iter().position(|byte| *byte == b'\n');
            let part = available.get(..end.unwrap_or(available.len())).unwrap_or_default();
            fits = fits && self.line.len().saturating_add(part.len()) <= MOST_LINE_BYTES;
            if fits {
                self.line.extend_from_slice(part);
            }
            let used = part.len().saturating_add(usize::from(end.is_some()));
            self.reader.consume(used);
            if end.is_some() {
                return Ok(Some(fits));
            }
        }
    }

    fn case(&self, fits: bool) -> Case<'_> {
        let place = format!("line {}", self.number);
        let unusable = |problem: String| Case { id: None, fields: Err(InputError::new(&place, problem)) };
        if !fits {
            return unusable(format!("longer than {MOST_LINE_BYTES} bytes"));
        }
        let Ok(text) = std::str::from_utf8(&self.line) else { return unusable("not UTF-8".to_owned()) };
        let (id, fields) = Fields::with_id(text, &place);
        Case { id, fields }
    }
}
