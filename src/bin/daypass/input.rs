//! Files and standard input, bounded before they are parsed.

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use daypass::time::{Clock as _, SystemClock, Timestamp};

use crate::error::{CliError, InputError};

/// More than this the library reads of no document.
pub(crate) const MOST_DOCUMENT_BYTES: usize = 10_000_000;

/// Where something is read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    Stdin,
    File(PathBuf),
}

impl Source {
    /// The file of this name; standard input for none and for `-`.
    pub(crate) fn new(path: Option<PathBuf>) -> Self {
        match path {
            Some(path) if path != Path::new("-") => Self::File(path),
            _ => Self::Stdin,
        }
    }

    /// What relative paths inside of it are relative to.
    pub(crate) fn folder(&self) -> PathBuf {
        match self {
            Self::Stdin => PathBuf::new(),
            Self::File(path) => path.parent().map(Path::to_path_buf).unwrap_or_default(),
        }
    }

    pub(crate) fn open(&self) -> Result<Box<dyn Read>, CliError> {
        match self {
            Self::Stdin => Ok(Box::new(io::stdin())),
            Self::File(path) => Ok(Box::new(File::open(path).map_err(|source| self.unreadable(source))?)),
        }
    }

    /// Everything it holds.
    pub(crate) fn bytes(&self) -> Result<Vec<u8>, CliError> {
        let bytes = self.start(MOST_DOCUMENT_BYTES.saturating_add(1))?;
        if bytes.len() > MOST_DOCUMENT_BYTES {
            return Err(InputError::new(self.to_string(), format!("larger than {MOST_DOCUMENT_BYTES} bytes")).into());
        }
        Ok(bytes)
    }

    /// Everything it holds, as text.
    pub(crate) fn text(&self) -> Result<String, CliError> {
        String::from_utf8(self.bytes()?).map_err(|error| self.not_utf8(error.as_bytes()).into())
    }

    /// Where text stops being UTF-8, and what it may be instead.
    fn not_utf8(&self, bytes: &[u8]) -> InputError {
        let good = bytes.utf8_chunks().next().map(|chunk| chunk.valid()).unwrap_or_default();
        let line = good.matches('\n').count().saturating_add(1);
        let column = good.rsplit('\n').next().unwrap_or_default().chars().count().saturating_add(1);
        let what = match bytes {
            [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] => "this is UTF-16, which some editors call Unicode",
            _ => "the byte here is of another encoding, such as Latin-1",
        };
        let problem = format!("not UTF-8: {what}; expected text that is saved as UTF-8");
        InputError::new(format!("{self}:{line}:{column}"), problem)
    }

    /// The first `most` bytes, for a message that the library refuses at a smaller size.
    pub(crate) fn start(&self, most: usize) -> Result<Vec<u8>, CliError> {
        let mut bytes = Vec::new();
        let limit = u64::try_from(most).unwrap_or(u64::MAX);
        self.open()?.take(limit).read_to_end(&mut bytes).map_err(|source| self.unreadable(source))?;
        Ok(bytes)
    }

    pub(crate) fn unreadable(&self, source: io::Error) -> CliError {
        CliError::Read { name: self.to_string(), source }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stdin => f.write_str("standard input"),
            Self::File(path) => write!(f, "{}", path.display()),
        }
    }
}

/// The text of a file that a line of a batch names in `field`.
pub(crate) fn named_in(field: &str, path: &Path) -> Result<String, InputError> {
    Source::File(path.to_path_buf()).text().map_err(|error| InputError::new(field, error))
}

/// The instant to judge at: the one given, or now.
pub(crate) fn instant(given: Option<Timestamp>) -> Timestamp {
    given.unwrap_or_else(|| SystemClock.now())
}

/// Reads the argument of `--now`.
pub(crate) fn parse_instant(text: &str) -> Result<Timestamp, String> {
    Timestamp::parse_rfc3339(text).map_err(|error| error.to_string())
}
