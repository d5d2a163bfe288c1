//! Why the demonstration did not start, in sentences that say what to do.

use std::io;
use std::path::PathBuf;

/// Why the demonstration, or one of its commands, gave up.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DemoError {
    /// A port is taken.
    #[error("port {port}, for the {party}, cannot be listened on ({source}); choose other ports with --port-base N")]
    Port {
        /// Whose port.
        party: &'static str,
        /// Which.
        port: u16,
        /// What the operating system said.
        source: io::Error,
    },
    /// The three ports do not fit.
    #[error("--port-base {base} leaves no room for three ports; expected 1 to 65335")]
    PortBase {
        /// What was given.
        base: u16,
    },
    /// The state directory cannot be used.
    #[error("the state directory {} cannot be used ({source}); choose another with --state DIR", path.display())]
    State {
        /// The directory.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// The audit file cannot be written.
    #[error("the audit file {} cannot be written ({source}); choose another with --audit FILE", path.display())]
    AuditFile {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// No demonstration answers.
    #[error("no demo answers at {url}; start one with `cargo run -p demo-idp`, or name its ports with --port-base N")]
    NotRunning {
        /// Where it was looked for.
        url: String,
    },
    /// The demonstration refused what a command asked for.
    #[error("the demo refused: {reason}")]
    Refused {
        /// What it said.
        reason: String,
    },
    /// A step of the tour did not end as it should.
    #[error("the tour did not go as it should: {0}")]
    Tour(String),
    /// The identity provider did not start.
    #[error(transparent)]
    Idp(#[from] crate::IdpError),
    /// The key of the broker's service provider cannot be had.
    #[error(transparent)]
    Key(#[from] crate::KeyError),
    /// The broker refused its configuration.
    #[error("the broker refuses its configuration: {0}")]
    Broker(String),
    /// The operating system refused something else.
    #[error(transparent)]
    Io(#[from] io::Error),
}

macro_rules! broker_refusals {
    ($($refusal:ty),+ $(,)?) => {
        $(impl From<$refusal> for DemoError {
            fn from(error: $refusal) -> Self {
                Self::Broker(error.to_string())
            }
        })+
    };
}

broker_refusals!(
    daypass::Error,
    daypass::arn::ArnError,
    daypass::credentials::KeyringError,
    daypass::directory::DirectoryError,
    daypass::http::fetch::FetchError,
    daypass::http::portal::PortalError,
    daypass::http::relying_party::RelyingPartyError,
    daypass::identity::oidc::ProviderError,
    daypass::identity::saml::SamlError,
    daypass::policy::PolicyError,
    daypass::session::SessionError,
);
