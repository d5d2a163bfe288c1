//! How a run of the command ends.

use std::{fmt, io};

/// What was answered, once something could be judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// Accepted, allowed or valid; for a batch, that every line was judged.
    Yes,
    /// Refused, denied or not valid.
    No,
}

impl From<bool> for Answer {
    fn from(yes: bool) -> Self {
        if yes { Self::Yes } else { Self::No }
    }
}

/// Why nothing could be judged.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CliError {
    /// A file or stream could not be read.
    #[error("cannot read {name}: {source}")]
    Read {
        /// The file, or `standard input`.
        name: String,
        source: io::Error,
    },
    /// Something that was given cannot be used.
    #[error(transparent)]
    Input(#[from] InputError),
    /// Some lines of a batch were not judged; each has an answer that says why.
    #[error("{unusable} of {lines} lines could not be judged")]
    Batch { unusable: usize, lines: usize },
    /// Nobody takes the answer.
    #[error("cannot write the answer: {0}")]
    Write(#[from] io::Error),
}

impl CliError {
    /// Whether the reader of the answer left, such as `head`: he has what he wanted.
    pub(crate) fn is_closed_pipe(&self) -> bool {
        matches!(self, Self::Write(error) if error.kind() == io::ErrorKind::BrokenPipe)
    }
}

/// A flag, a file or a field that holds something else than it must.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {problem}")]
pub(crate) struct InputError {
    /// The flag, file or field.
    pub(crate) place: String,
    /// What is wrong with it.
    pub(crate) problem: String,
}

impl InputError {
    pub(crate) fn new(place: impl Into<String>, problem: impl fmt::Display) -> Self {
        Self { place: place.into(), problem: format!("{problem}") }
    }

    /// The same, inside of `outer`.
    pub(crate) fn within(self, outer: &str) -> Self {
        Self { place: format!("{outer}.{}", self.place), ..self }
    }
}
