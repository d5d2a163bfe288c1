//! Why a portal cannot be set up so.

use std::time::Duration;

/// Why a portal cannot be set up so. What it displays is for whoever configures it, and names what was found.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PortalError {
    /// The base URL is not an origin.
    #[error("the base URL must be an http or https URL without a path, such as https://app.example; found {found:?}")]
    BaseUrl {
        /// What was given.
        found: String,
    },
    /// A link is not a URL.
    #[error("a link of the portal must be an http or https URL; found {found:?}")]
    Link {
        /// What was given.
        found: String,
    },
    /// There is no provider of this name.
    #[error("there is no provider named {name:?}; a SAML provider must be known to the broker, and domains come last")]
    UnknownProvider {
        /// The name.
        name: String,
    },
    /// A provider's name cannot stand in a path.
    #[error(
        "a provider's name must be 1 to 64 letters, digits, dots, dashes and underscores, the first a letter or digit; found {found:?}"
    )]
    ProviderName {
        /// What was given.
        found: String,
    },
    /// Two providers have one name, and so one address to answer to.
    #[error("two providers are named {name:?}; each needs a name of its own")]
    SameName {
        /// The name.
        name: String,
    },
    /// The provider's answers would not come to this portal.
    #[error("the provider's answers must come to {expected}; it was configured to send them to {found}")]
    AnswerElsewhere {
        /// Where this portal takes answers.
        expected: String,
        /// Where the provider was configured to send them.
        found: String,
    },
    /// The broker would exchange the ID tokens of people who sign in for roles: they travel in browsers and in the logs on
    /// their way, and must be no workload's credential.
    #[error(
        "the client {client_id:?} is an audience whose tokens are exchanged for roles; give workloads one of their own"
    )]
    SharedAudience {
        /// The client id.
        client_id: String,
    },
    /// What was given is no domain.
    #[error("a domain must be written like example.com, in ASCII (xn--... for others); found {found:?}")]
    Domain {
        /// What was given.
        found: String,
    },
    /// A domain leads to two providers.
    #[error("the domain {domain} leads to {first:?} already, and cannot lead to {second:?} too")]
    SameDomain {
        /// The domain.
        domain: String,
        /// The provider that has it.
        first: String,
        /// The provider it was given to as well.
        second: String,
    },
    /// A session would last no time, or longer than any may.
    #[error("a session must last at least one second and at most {longest:?}; found {found:?}")]
    SessionLifetime {
        /// What was given.
        found: Duration,
        /// The longest that is possible.
        longest: Duration,
    },
}
