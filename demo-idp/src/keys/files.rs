//! Keys kept between runs: one PEM file for each family, private key and certificate together.

use super::key::{Family, SigningKey};
use crate::error::KeyError;
use crate::sync::random_bytes;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Far above what an RSA-2048 key with its certificate needs.
const FILE_MOST: u64 = 64 * 1024;

pub(super) fn read_or_make(directory: &Path, family: Family) -> Result<SigningKey, KeyError> {
    let path = directory.join(match family {
        Family::Rsa => "rsa.pem",
        Family::P256 => "p256.pem",
        Family::Ed25519 => "ed25519.pem",
    });
    if !path.exists() {
        create_private_directory(directory)?;
        let key = SigningKey::generate(family)?;
        write_new(directory, &path, &key)?;
    }
    // Read back even what was just written: another process may have been first, and then its key is the key.
    read(&path, family)
}

fn read(path: &Path, family: Family) -> Result<SigningKey, KeyError> {
    let failed = |source| KeyError::Directory { path: path.to_owned(), source };
    let unreadable = || KeyError::Unreadable { path: path.to_owned(), expected: family.name() };
    let metadata = fs::metadata(path).map_err(failed)?;
    refuse_exposed(path, &metadata)?;
    if metadata.len() > FILE_MOST {
        return Err(unreadable());
    }
    let text = fs::read_to_string(path).map_err(failed)?;
    let pkcs8 = pem_block(&text, "PRIVATE KEY").ok_or_else(unreadable)?;
    let certificate = pem_block(&text, "CERTIFICATE").ok_or_else(unreadable)?;
    SigningKey::from_pkcs8(family, &pkcs8, Some(certificate)).map_err(|_| unreadable())
}

/// A hard link appears at once with all its content and never replaces a file, so nobody ever reads half a key, and of
/// two processes that start together one key wins.
fn write_new(directory: &Path, path: &Path, key: &SigningKey) -> Result<(), KeyError> {
    let suffix = u64::from_be_bytes(random_bytes()?);
    let draft = directory.join(format!(".new-{suffix:016x}.pem"));
    let failed = |source| KeyError::Directory { path: path.to_owned(), source };
    let written = write_private(&draft, &file_text(key)).and_then(|()| match fs::hard_link(&draft, path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        linked => linked,
    });
    let removed = fs::remove_file(&draft);
    written.and(removed).map_err(failed)
}

fn file_text(key: &SigningKey) -> String {
    let mut text = key.private_pem().replace("\r\n", "\n");
    text.push_str(&certificate_pem(key));
    text
}

pub(super) fn certificate_pem(key: &SigningKey) -> String {
    let encoded = STANDARD.encode(key.certificate_der());
    let mut text = String::from("-----BEGIN CERTIFICATE-----\n");
    let mut rest = encoded.as_str();
    while let Some((line, more)) = rest.split_at_checked(64) {
        text.push_str(line);
        text.push('\n');
        rest = more;
    }
    text.push_str(rest);
    text.push_str("\n-----END CERTIFICATE-----\n");
    text
}

fn pem_block(text: &str, label: &str) -> Option<Vec<u8>> {
    let (_, rest) = text.split_once(&format!("-----BEGIN {label}-----"))?;
    let (body, _) = rest.split_once(&format!("-----END {label}-----"))?;
    let body: String = body.split_ascii_whitespace().collect();
    STANDARD.decode(body).ok()
}

fn write_private(path: &Path, text: &str) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

fn create_private_directory(directory: &Path) -> Result<(), KeyError> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(directory).map_err(|source| KeyError::Directory { path: PathBuf::from(directory), source })
}

#[cfg(unix)]
fn refuse_exposed(path: &Path, metadata: &fs::Metadata) -> Result<(), KeyError> {
    use std::os::unix::fs::PermissionsExt;
    let mode = metadata.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(KeyError::Exposed { path: path.to_owned(), mode });
    }
    Ok(())
}

#[cfg(not(unix))]
fn refuse_exposed(_: &Path, _: &fs::Metadata) -> Result<(), KeyError> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scratch(name: &str) -> PathBuf {
        let path = std::env::temp_dir().join(format!("demo-idp-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        path
    }

    #[test]
    fn a_kept_key_is_the_same_the_next_time() {
        let directory = scratch("kept");
        for family in [Family::P256, Family::Ed25519, Family::Rsa] {
            let first = read_or_make(&directory, family).unwrap();
            let second = read_or_make(&directory, family).unwrap();
            assert_eq!(first.id(), second.id());
            assert_eq!(first.certificate_der(), second.certificate_der());
        }
        assert_eq!(fs::read_dir(&directory).unwrap().count(), 3, "no draft stays behind");
        fs::remove_dir_all(directory).unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn a_key_that_others_can_read_is_refused() {
        use std::os::unix::fs::PermissionsExt;
        let directory = scratch("exposed");
        read_or_make(&directory, Family::P256).unwrap();
        let path = directory.join("p256.pem");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        assert!(matches!(read_or_make(&directory, Family::P256), Err(KeyError::Exposed { mode: 0o644, .. })));
        fs::remove_dir_all(directory).unwrap();
    }

    #[test]
    fn a_damaged_key_file_is_named() {
        let directory = scratch("damaged");
        read_or_make(&directory, Family::P256).unwrap();
        let path = directory.join("p256.pem");
        let text = fs::read_to_string(&path).unwrap();
        fs::write(&path, text.replace("-----END PRIVATE KEY-----", "")).unwrap();
        let refused = read_or_make(&directory, Family::P256).unwrap_err().to_string();
        assert!(refused.contains("p256.pem") && refused.contains("P-256"), "{refused}");
        fs::remove_dir_all(directory).unwrap();
    }

    #[test]
    fn a_directory_that_cannot_be_made_is_named() {
        let file = scratch("file");
        fs::write(&file, "").unwrap();
        let refused = read_or_make(&file.join("keys"), Family::P256).unwrap_err().to_string();
        assert!(refused.contains("demo-idp-"), "{refused}");
        fs::remove_file(file).unwrap();
    }
}
