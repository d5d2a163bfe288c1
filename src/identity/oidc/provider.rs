//! An OpenID provider as a relying party trusts it: who it is, for whom it may issue, and how far its clock may be off.

use std::time::Duration;

use super::algorithm::JwsAlgorithm;
use super::issuer::{IssuerUrl, IssuerUrlError};
use crate::identity::ProviderName;

/// Clocks may be this far apart unless a provider says otherwise: 60 seconds.
pub const DEFAULT_SKEW: Duration = Duration::from_secs(60);
/// Clocks may be at most this far apart: 300 seconds.
pub const MAX_SKEW: Duration = Duration::from_secs(300);
/// A token may be good for this long unless a provider says otherwise: 24 hours.
pub const DEFAULT_LIFETIME: Duration = Duration::from_secs(24 * 60 * 60);

/// Why a provider cannot be configured so.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProviderError {
    /// The issuer is not an issuer identifier.
    #[error(transparent)]
    Issuer(#[from] IssuerUrlError),
    /// No audience was given, or an empty one: every token of the issuer would be accepted.
    #[error("a provider needs at least one audience, and none may be empty")]
    Audience,
    /// The skew is more than [`MAX_SKEW`].
    #[error("clocks may be at most 300 seconds apart")]
    Skew {
        /// What was asked for.
        asked: Duration,
    },
    /// No algorithm was left.
    #[error("a provider needs at least one signature algorithm")]
    Algorithms,
}

/// The configuration of one provider; immutable, and cheap to share behind an `Arc`.
///
/// One provider serves one purpose: give the sign-in client and the workload audience of one issuer a provider each, so
/// that a token issued for a browser session is not also good for credentials.
#[derive(Clone, Debug)]
pub struct OidcProvider {
    pub(super) issuer: IssuerUrl,
    pub(super) audiences: Vec<String>,
    pub(super) trusted_audiences: Vec<String>,
    pub(super) algorithms: Option<Vec<JwsAlgorithm>>,
    pub(super) skew: Duration,
    pub(super) max_lifetime: Duration,
    local_network: bool,
}

impl OidcProvider {
    /// A provider known by its issuer identifier, whose tokens must be meant for one of `audiences` (client ids).
    ///
    /// # Errors
    /// [`ProviderError`] when the issuer is not an `https` URL (`http` for loopback), or no audience is given.
    pub fn new<A: Into<String>>(issuer: &str, audiences: impl IntoIterator<Item = A>) -> Result<Self, ProviderError> {
        let audiences: Vec<String> = audiences.into_iter().map(Into::into).collect();
        if audiences.is_empty() || audiences.iter().any(String::is_empty) {
            return Err(ProviderError::Audience);
        }
        Ok(Self {
            issuer: IssuerUrl::parse(issuer)?,
            audiences,
            trusted_audiences: Vec::new(),
            algorithms: None,
            skew: DEFAULT_SKEW,
            max_lifetime: DEFAULT_LIFETIME,
            local_network: false,
        })
    }

    /// Lets tokens name these audiences beside ours (OpenID Connect Core, 3.1.3.7, 3); without this any other is refused.
    #[must_use]
    pub fn with_trusted_audiences<A: Into<String>>(mut self, audiences: impl IntoIterator<Item = A>) -> Self {
        self.trusted_audiences.extend(audiences.into_iter().map(Into::into));
        self
    }

    /// Accepts these algorithms alone; each key still decides which of them is possible.
    ///
    /// # Errors
    /// [`ProviderError::Algorithms`] for an empty list.
    pub fn with_algorithms(
        mut self,
        algorithms: impl IntoIterator<Item = JwsAlgorithm>,
    ) -> Result<Self, ProviderError> {
        let algorithms: Vec<_> = algorithms.into_iter().collect();
        if algorithms.is_empty() {
            return Err(ProviderError::Algorithms);
        }
        self.algorithms = Some(algorithms);
        Ok(self)
    }

    /// Lets the provider's clock be this far from ours.
    ///
    /// # Errors
    /// [`ProviderError::Skew`] for more than [`MAX_SKEW`].
    pub fn with_skew(mut self, skew: Duration) -> Result<Self, ProviderError> {
        if skew > MAX_SKEW {
            return Err(ProviderError::Skew { asked: skew });
        }
        self.skew = skew;
        Ok(self)
    }

    /// Accepts tokens that are good for up to `lifetime`, for issuers whose tokens outlive 24 hours.
    #[must_use]
    pub const fn with_max_lifetime(mut self, lifetime: Duration) -> Self {
        self.max_lifetime = lifetime;
        self
    }

    /// Lets this provider's documents be fetched from loopback, private and link-local addresses, over `http` on loopback.
    #[must_use]
    pub const fn with_local_network(mut self) -> Self {
        self.local_network = true;
        self
    }

    /// The issuer identifier.
    #[must_use]
    pub const fn issuer(&self) -> &IssuerUrl {
        &self.issuer
    }

    /// The audiences tokens must be meant for.
    #[must_use]
    pub fn audiences(&self) -> &[String] {
        &self.audiences
    }

    /// Whether documents may come from local addresses.
    #[must_use]
    pub const fn is_local_network(&self) -> bool {
        self.local_network
    }

    /// The name under which accounts register this provider.
    #[must_use]
    pub fn name(&self) -> ProviderName {
        ProviderName::Oidc(self.issuer.name().to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_provider_without_an_audience_is_refused() {
        let none: [&str; 0] = [];
        for audiences in [&none[..], &[""], &["a", ""]] {
            let refused = OidcProvider::new("https://a.example", audiences.iter().copied());
            assert_eq!(refused.unwrap_err(), ProviderError::Audience);
        }
    }

    #[test]
    fn skew_past_five_minutes_and_no_algorithms_are_refused() {
        let provider = || OidcProvider::new("https://a.example", ["client"]).unwrap();
        let asked = Duration::from_secs(301);
        assert_eq!(provider().with_skew(asked).unwrap_err(), ProviderError::Skew { asked });
        assert_eq!(provider().with_algorithms([]).unwrap_err(), ProviderError::Algorithms);
    }
}
