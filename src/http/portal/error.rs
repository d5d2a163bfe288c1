//! Why a portal cannot be set up so.

/// Why a portal cannot be set up so.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PortalError {
    /// The base URL is not an origin.
    #[error("the base URL must be an http or https URL without a path")]
    BaseUrl {
        /// What was given.
        found: String,
    },
    /// A link is not a URL.
    #[error("a link of the portal must be an http or https URL")]
    Link {
        /// What was given.
        found: String,
    },
    /// The broker has no such SAML provider.
    #[error("the broker has no SAML provider of this name")]
    UnknownProvider {
        /// The name.
        name: String,
    },
    /// The provider's answers would not come to this portal.
    #[error("the provider's answers do not come to this portal")]
    AnswerElsewhere {
        /// Where this portal takes answers.
        expected: String,
        /// Where the provider was configured to send them.
        found: String,
    },
}
