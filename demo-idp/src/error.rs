//! What can go wrong when an identity provider is built, or asked for a statement it cannot make.

use crate::fault::Fault;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

/// Why an identity provider did not start, or did not issue.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IdpError {
    /// The address to listen on is taken or not ours.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// The address that was asked for.
        address: SocketAddr,
        /// What the operating system said.
        source: io::Error,
    },
    /// [`router`](crate::Idp::router) alone cannot know the address it will be reached at.
    #[error("an identity provider that does not listen itself needs base_url")]
    NoBaseUrl,
    /// An address that is not an absolute `http` or `https` URL without query and fragment, or not a usable redirect URI.
    #[error("{what} is not a usable address: {address:?}")]
    Address {
        /// Which setting holds it.
        what: &'static str,
        /// The text that was given.
        address: String,
    },
    /// Two entries with one name, of which only one could ever be reached.
    #[error("{what} {name:?} is registered twice")]
    Duplicate {
        /// What kind of entry.
        what: &'static str,
        /// The name both carry.
        name: String,
    },
    /// A name that is empty or too long.
    #[error("{what} must be 1 to {most} bytes long, not {length}")]
    Length {
        /// What kind of name.
        what: &'static str,
        /// The most bytes it may have.
        most: usize,
        /// Its length in bytes.
        length: usize,
    },
    /// Text that names no workload of a platform.
    #[error("not a workload: {0:?}; expected such as github:owner/repository@refs/heads/main")]
    Workload(String),
    /// A certificate that cannot be read, or whose key is none to verify with.
    #[error("a certificate of {service_provider:?} holds no RSA key of 2048 bits or more and no P-256 or P-384 key")]
    Certificate {
        /// Whose certificate.
        service_provider: String,
    },
    /// Keys of a client of which none can be used.
    #[error(
        "a key of {client:?} cannot be read, or is no RSA key of 2048 bits or more and no P-256, P-384 or Ed25519 key"
    )]
    ClientKey {
        /// Whose key.
        client: String,
    },
    /// Keys derived from a seed hold no RSA key, because RSA keys cannot be derived from one.
    #[error("{who:?} asks for an RSA signature, but keys made from a seed are P-256 and Ed25519 only")]
    NoRsaKey {
        /// The client or service provider that asked.
        who: String,
    },
    /// The directory holds no such person.
    #[error("there is no user {0:?} in the directory")]
    UnknownUser(String),
    /// Neither a registered client nor an audience of the builder.
    #[error("{0:?} is neither a client nor an audience of this identity provider")]
    UnknownAudience(String),
    /// No such service provider, or none registered at all.
    #[error("{0:?} is not a service provider of this identity provider")]
    UnknownServiceProvider(String),
    /// A fault that the kind of statement asked for cannot carry.
    #[error("the fault {fault} does not apply to {what}")]
    FaultDoesNotApply {
        /// The fault.
        fault: Fault,
        /// The kind of statement.
        what: &'static str,
    },
    /// Keys could not be made, kept or read.
    #[error(transparent)]
    Key(#[from] KeyError),
}

/// Why keys could not be made, kept or read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// The cryptography library, or the system's source of randomness, failed.
    #[error("{0} failed in the cryptography library")]
    Crypto(&'static str),
    /// The directory for keys cannot be read or written.
    #[error("cannot use {} to keep keys: {source}", path.display())]
    Directory {
        /// The file or directory.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// A key file that others than its owner can read is no secret any more.
    #[error("{} can be read by others than its owner (mode {mode:o}); make it 0600, or delete it to have a new key", path.display())]
    Exposed {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// A key file that does not hold what was written there.
    #[error("{} holds no {expected} key with its certificate; delete it to have a new one", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The kind of key that belongs there.
        expected: &'static str,
    },
}
