//! What is kept between runs: keys. Everything else lives in memory and ends with the process.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use daypass::Keyring;

use super::DemoError;

/// The largest keyring file that is read.
const MAX_KEYRING_BYTES: u64 = 64 * 1024;

/// A directory that only its owner may read.
#[derive(Debug)]
pub(super) struct StateDirectory(PathBuf);

impl StateDirectory {
    /// Opens the directory, made if it is missing, and sees that files can be written in it.
    pub(super) fn open(path: &Path) -> Result<Self, DemoError> {
        let unusable = |source| DemoError::State { path: path.to_owned(), source };
        DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(unusable)?;
        let probe = path.join(".writable");
        private_file(&probe).map_err(unusable)?;
        std::fs::remove_file(&probe).map_err(unusable)?;
        Ok(Self(path.to_owned()))
    }

    /// Where the identity provider keeps its keys.
    pub(super) fn idp_keys(&self) -> PathBuf {
        self.0.join("idp")
    }

    /// Where the broker keeps the key it signs SAML messages with.
    pub(super) fn broker_keys(&self) -> PathBuf {
        self.0.join("broker")
    }

    /// The broker's keyring, generated in the first run.
    pub(super) fn keyring(&self) -> Result<Keyring, DemoError> {
        let path = self.0.join("keyring.json");
        let unusable = |source| DemoError::State { path: path.clone(), source };
        match File::open(&path) {
            Ok(file) => {
                let mut text = String::new();
                file.take(MAX_KEYRING_BYTES).read_to_string(&mut text).map_err(unusable)?;
                Ok(Keyring::from_text(&text)?)
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let keyring = Keyring::generate()?;
                // Renamed when it is whole, so that an interrupted run leaves no half keyring.
                let fresh = self.0.join("keyring.json.new");
                let mut file = private_file(&fresh).map_err(unusable)?;
                file.write_all(keyring.to_text()?.as_bytes()).and_then(|()| file.sync_all()).map_err(unusable)?;
                std::fs::rename(&fresh, &path).map_err(unusable)?;
                Ok(keyring)
            }
            Err(error) => Err(unusable(error)),
        }
    }
}

fn private_file(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)
}
