//! The last good copy of metadata, kept for the next start.

use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use crate::identity::saml::metadata::MAX_METADATA_LENGTH;
use crate::time::Timestamp;

/// A file that holds one document; its time of modification is when the publisher last confirmed it.
#[derive(Debug)]
pub(super) struct BackingFile {
    path: PathBuf,
}

impl BackingFile {
    pub(super) const fn new(path: PathBuf) -> Self {
        Self { path }
    }

    /// The document, and when it was last confirmed: not later than `now`, whatever the file system says.
    pub(super) fn read(&self, now: Timestamp) -> Option<(String, Timestamp)> {
        let file = File::open(&self.path).ok()?;
        let modified = file.metadata().and_then(|about| about.modified()).ok()?;
        let since_epoch = modified.duration_since(SystemTime::UNIX_EPOCH).ok()?;
        let limit = u64::try_from(MAX_METADATA_LENGTH).ok()?.saturating_add(1);
        let mut text = String::new();
        // One byte more than may be: a longer file is refused by whoever reads the document.
        file.take(limit).read_to_string(&mut text).ok()?;
        Some((text, Timestamp::EPOCH.saturating_add(since_epoch).min(now)))
    }

    /// Puts `text` in the place of what is there, all of it or nothing.
    pub(super) fn write(&self, text: &str, now: Timestamp) -> io::Result<()> {
        let mut name = self.path.file_name().unwrap_or_default().to_owned();
        name.push(".new");
        let new = self.path.with_file_name(name);
        let mut file = File::create(&new)?;
        file.write_all(text.as_bytes())?;
        file.set_modified(system_time(now))?;
        file.sync_all()?;
        fs::rename(&new, &self.path)
    }

    /// Notes that what is there was confirmed at `now`.
    pub(super) fn confirm(&self, now: Timestamp) -> io::Result<()> {
        File::options().append(true).open(&self.path)?.set_modified(system_time(now))
    }
}

fn system_time(at: Timestamp) -> SystemTime {
    let millis = u64::try_from(at.unix_millis()).unwrap_or(0);
    SystemTime::UNIX_EPOCH.checked_add(Duration::from_millis(millis)).unwrap_or(SystemTime::UNIX_EPOCH)
}
