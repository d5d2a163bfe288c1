//! Every stage's refusal under one roof, with the wire code that each has.

use crate::audit::Stage;
use crate::credentials::{ContextAssertionError, CredentialsError, HandoverError, WebIdentityError};
use crate::crypto::CryptoError;
use crate::decision::Denial;
use crate::directory::DirectoryError;
use crate::iam::IamError;
#[cfg(feature = "oidc")]
use crate::identity::oidc::{LogoutTokenError, OidcError};
#[cfg(feature = "saml")]
use crate::identity::saml::SamlError;
use crate::policy::NameError;
use crate::request::RequestError;
use crate::session::SessionError;
use crate::store::StoreError;

/// Why a broker refused. `Display` is a fixed sentence that is safe for callers; [`Error::reason`] is for logs and audit.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A SAML response was refused.
    #[cfg(feature = "saml")]
    #[error(transparent)]
    Saml(#[from] SamlError),
    /// An ID token was refused.
    #[cfg(feature = "oidc")]
    #[error(transparent)]
    Oidc(#[from] OidcError),
    /// A logout token was refused.
    #[cfg(feature = "oidc")]
    #[error(transparent)]
    OidcLogout(#[from] LogoutTokenError),
    /// The assertion comes from a provider that is not configured.
    #[error("no identity provider is configured for the issuer of this assertion")]
    UnknownProvider {
        /// The issuer or provider that was named.
        issuer: String,
    },
    /// The assertion was used before.
    #[error("this assertion was used before; sign in again")]
    Replayed {
        /// The assertion's ID.
        assertion_id: String,
    },
    /// The session that the assertion speaks of was ended by the provider, or the request to end it came before.
    #[error("your session at the identity provider has ended; sign in again")]
    LoggedOut {
        /// Whose session.
        subject: String,
    },
    /// The logout request was followed before.
    #[error("this logout request was followed before")]
    LogoutReplayed {
        /// The request's ID.
        request_id: String,
    },
    /// The role was not assumed.
    #[error(transparent)]
    Session(#[from] SessionError),
    /// The directory does not know the person, or does not give the role.
    #[error(transparent)]
    Directory(#[from] DirectoryError),
    /// An account was not changed.
    #[error(transparent)]
    Iam(#[from] IamError),
    /// No policy allows the caller to do it, or one denies it.
    #[error("{0}")]
    AccessDenied(Box<Denial>),
    /// The text is not a message that a denial of this broker carried.
    #[error("the encoded message is not one of this service, or was altered")]
    AuthorizationMessage,
    /// The access key belongs to no account that is known here.
    #[error("the access key belongs to no account that is known here")]
    UnknownAccessKey,
    /// No credentials were minted.
    #[error(transparent)]
    Credentials(#[from] CredentialsError),
    /// A provided context was refused, or no context assertion was made.
    #[error(transparent)]
    ContextAssertion(#[from] ContextAssertionError),
    /// No signing key was given away.
    #[error(transparent)]
    Handover(#[from] HandoverError),
    /// No web identity token was made.
    #[error(transparent)]
    WebIdentity(#[from] WebIdentityError),
    /// The request was not authenticated.
    #[error(transparent)]
    Request(#[from] RequestError),
    /// An action or resource is not a name that policies speak of.
    #[error(transparent)]
    Name(#[from] NameError),
    /// The store gave no answer, so nothing could be accepted.
    #[error("the service cannot answer at the moment; try again")]
    Store(#[from] StoreError),
    /// The operating system gave no randomness.
    #[error("the service cannot answer at the moment; try again")]
    Crypto(#[from] CryptoError),
    /// The audit trail could not be written, so nothing was accepted.
    #[error("the service cannot answer at the moment; try again")]
    Audit {
        /// What the sink said.
        reason: String,
    },
}

impl Error {
    /// The error code of the wire protocols.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            #[cfg(feature = "saml")]
            Self::Saml(error) => error.code(),
            #[cfg(feature = "oidc")]
            Self::Oidc(error) => error.code(),
            #[cfg(feature = "oidc")]
            Self::OidcLogout(_) => "InvalidIdentityToken",
            Self::UnknownProvider { .. }
            | Self::Replayed { .. }
            | Self::LoggedOut { .. }
            | Self::LogoutReplayed { .. } => "InvalidIdentityToken",
            Self::Session(error) => error.code(),
            Self::Directory(_) | Self::AccessDenied(_) => "AccessDenied",
            Self::AuthorizationMessage => "InvalidAuthorizationMessageException",
            Self::UnknownAccessKey => "ValidationError",
            Self::Iam(error) => error.code(),
            Self::Credentials(error) => error.code(),
            Self::ContextAssertion(error) => error.code(),
            Self::Handover(error) => error.code(),
            Self::WebIdentity(error) => error.code(),
            Self::Request(error) => error.code().0,
            Self::Name(_) => "ValidationError",
            Self::Store(_) | Self::Crypto(_) | Self::Audit { .. } => "ServiceUnavailable",
        }
    }

    /// What was expected and what was found, for logs and the audit trail; holds no secret.
    #[must_use]
    pub fn reason(&self) -> String {
        match self {
            #[cfg(feature = "saml")]
            Self::Saml(error) => error.reason(),
            #[cfg(feature = "oidc")]
            Self::Oidc(error) => error.reason(),
            #[cfg(feature = "oidc")]
            Self::OidcLogout(error) => error.reason(),
            Self::UnknownProvider { issuer } => format!("no provider is configured for {issuer:?}"),
            Self::Replayed { assertion_id } => format!("assertion {assertion_id:?} was used before"),
            Self::LoggedOut { subject } => format!("the session of {subject:?} was ended by a logout request"),
            Self::LogoutReplayed { request_id } => format!("logout request {request_id:?} was followed before"),
            Self::Session(error) => error.reason(),
            Self::Iam(error) => error.reason(),
            Self::Credentials(error) => error.reason(),
            Self::ContextAssertion(error) => error.reason(),
            Self::Handover(error) => error.reason(),
            Self::WebIdentity(error) => error.reason(),
            Self::AccessDenied(denial) => denial.decision().to_string(),
            Self::Request(error) => error.reason(),
            Self::Store(StoreError::Unavailable { reason }) | Self::Audit { reason } => reason.clone(),
            Self::AuthorizationMessage | Self::UnknownAccessKey => self.to_string(),
            Self::Directory(_) | Self::Name(_) | Self::Store(_) | Self::Crypto(_) => self.to_string(),
        }
    }

    /// The stage that refused, and `None` where no stage was reached.
    #[must_use]
    pub const fn stage(&self) -> Option<Stage> {
        match self {
            #[cfg(feature = "saml")]
            Self::Saml(_) => Some(Stage::Identity),
            #[cfg(feature = "oidc")]
            Self::Oidc(_) | Self::OidcLogout(_) => Some(Stage::Identity),
            Self::UnknownProvider { .. }
            | Self::Replayed { .. }
            | Self::LoggedOut { .. }
            | Self::LogoutReplayed { .. } => Some(Stage::Identity),
            Self::Session(_) | Self::Directory(_) => Some(Stage::Session),
            Self::Credentials(_) | Self::ContextAssertion(_) | Self::Handover(_) | Self::WebIdentity(_) => {
                Some(Stage::Credentials)
            }
            Self::Request(_) => Some(Stage::Request),
            Self::Name(_) | Self::AccessDenied(_) | Self::AuthorizationMessage | Self::UnknownAccessKey => {
                Some(Stage::Decision)
            }
            Self::Iam(_) | Self::Store(_) | Self::Crypto(_) | Self::Audit { .. } => None,
        }
    }
}
