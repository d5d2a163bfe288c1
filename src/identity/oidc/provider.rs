//! An OpenID provider as a relying party trusts it: who it is, for whom it may issue, and how far its clock may be off.

use std::time::Duration;

use super::algorithm::{HmacAlgorithm, JwsAlgorithm};
use super::issuer::{IssuerUrl, IssuerUrlError};
use super::jwk::{SecretJwk, UnusableKey};
use super::workload::{Platform, SubjectForm};
use crate::arn::AccountId;
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
    /// The client secret is shorter than the hash of its algorithm, so that it could be guessed from one token.
    #[error("a client secret that signs must not be shorter than the hash of its algorithm")]
    ClientSecret(UnusableKey),
    /// What a workload platform is told apart by is not of its form.
    #[error("{what}: expected {expected}")]
    Workload {
        /// What was given.
        what: &'static str,
        /// The form it has.
        expected: &'static str,
    },
}

/// A claim that holds an instant, and is compared with an allowance for clocks that are apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TimeClaim {
    /// `exp`.
    Expiration,
    /// `iat`.
    IssuedAt,
    /// `nbf`.
    NotBefore,
    /// `auth_time`.
    AuthTime,
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
    /// In place of every algorithm with a public key, at sign-in.
    pub(super) client_secret: Option<SecretJwk>,
    skew: Duration,
    /// Those that differ.
    claim_skews: Vec<(TimeClaim, Duration)>,
    pub(super) max_lifetime: Duration,
    pub(super) subject_form: Option<SubjectForm>,
    pub(super) platform: Option<&'static Platform>,
    local_network: bool,
    /// Whose own it is; none when it is for every account.
    account: Option<AccountId>,
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
            client_secret: None,
            skew: DEFAULT_SKEW,
            claim_skews: Vec::new(),
            max_lifetime: DEFAULT_LIFETIME,
            subject_form: None,
            platform: None,
            local_network: false,
            account: None,
        })
    }

    /// This provider as one of `account` alone: whom it vouches for assumes no role of another account.
    #[must_use]
    pub fn of_account(mut self, account: AccountId) -> Self {
        self.account = Some(account);
        self
    }

    /// The one account whose own provider it is.
    #[must_use]
    pub const fn account(&self) -> Option<&AccountId> {
        self.account.as_ref()
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

    /// Accepts ID tokens of sign-ins by this algorithm and the client secret alone, for a client that is registered so
    /// (OpenID Connect Core, 10.1 and 3.1.3.7, 8). No public key is looked at then, nor fetched.
    ///
    /// Whoever holds the secret can sign as the provider; prefer a public key wherever the provider has one. A workload's
    /// token is never accepted by a secret.
    ///
    /// # Errors
    /// [`ProviderError::ClientSecret`] when the secret has fewer octets in UTF-8 than the hash (RFC 7518, 3.2).
    pub fn with_client_secret(mut self, algorithm: HmacAlgorithm, secret: &str) -> Result<Self, ProviderError> {
        self.client_secret = Some(SecretJwk::new(algorithm, secret.as_bytes()).map_err(ProviderError::ClientSecret)?);
        Ok(self)
    }

    /// Lets the provider's clock be this far from ours, whichever claim is looked at.
    ///
    /// # Errors
    /// [`ProviderError::Skew`] for more than [`MAX_SKEW`].
    pub fn with_skew(mut self, skew: Duration) -> Result<Self, ProviderError> {
        self.skew = bounded(skew)?;
        self.claim_skews.clear();
        Ok(self)
    }

    /// Lets this claim alone be this far off; the others stay as they are.
    ///
    /// # Errors
    /// As [`OidcProvider::with_skew`].
    pub fn with_claim_skew(mut self, claim: TimeClaim, skew: Duration) -> Result<Self, ProviderError> {
        let skew = bounded(skew)?;
        self.claim_skews.retain(|(known, _)| *known != claim);
        self.claim_skews.push((claim, skew));
        Ok(self)
    }

    /// Holds the `sub` of workloads' tokens to a form; see [`workload`](super::workload).
    #[must_use]
    pub fn with_subject_form(mut self, form: SubjectForm) -> Self {
        self.subject_form = Some(form);
        self
    }

    /// Says on which platform its workloads run.
    pub(super) const fn on(mut self, platform: &'static Platform) -> Self {
        self.platform = Some(platform);
        self
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

    /// The same for those of its audiences that are among `these`, with the others trusted beside them; nothing where none is.
    #[cfg(feature = "http")]
    pub(crate) fn meant_for(&self, these: &std::collections::BTreeSet<String>) -> Option<Self> {
        let (ours, others): (Vec<_>, Vec<_>) = self.audiences.iter().cloned().partition(|own| these.contains(own));
        (!ours.is_empty()).then(|| Self { audiences: ours, ..self.clone() }.with_trusted_audiences(others))
    }

    /// The platform its workloads run on, if a constructor of [`workload`](super::workload) made it.
    #[must_use]
    pub const fn platform(&self) -> Option<&'static Platform> {
        self.platform
    }

    /// The condition keys that a trust policy may count on, such as `gitlab.com:sub`: those of its platform, else `aud`,
    /// `oaud` and `sub`. Every other claim of a token is a condition key too.
    #[must_use]
    pub fn condition_keys(&self) -> Vec<String> {
        let claims = self.platform.map_or(&["sub"][..], Platform::claims);
        let all = ["aud", "oaud"].iter().chain(claims);
        all.map(|claim| format!("{}:{claim}", self.issuer.name())).collect()
    }

    /// Whether ID tokens of sign-ins are verified with the client secret, so that no public key is needed.
    #[must_use]
    pub const fn signs_with_client_secret(&self) -> bool {
        self.client_secret.is_some()
    }

    /// How far this claim may be off.
    pub(super) fn skew_of(&self, claim: TimeClaim) -> Duration {
        self.claim_skews.iter().find(|(known, _)| *known == claim).map_or(self.skew, |(_, skew)| *skew)
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

fn bounded(skew: Duration) -> Result<Duration, ProviderError> {
    if skew > MAX_SKEW { Err(ProviderError::Skew { asked: skew }) } else { Ok(skew) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_secret_is_as_long_as_the_hash_and_never_printed() {
        let provider = || OidcProvider::new("https://a.example", ["client"]).unwrap();
        for (algorithm, length) in [(HmacAlgorithm::Hs256, 32), (HmacAlgorithm::Hs384, 48), (HmacAlgorithm::Hs512, 64)]
        {
            let refused = provider().with_client_secret(algorithm, &"s".repeat(length - 1)).unwrap_err();
            assert!(matches!(refused, ProviderError::ClientSecret(_)), "{algorithm}");
            let secret = "s3cret-".repeat(length);
            let accepted = provider().with_client_secret(algorithm, &secret).unwrap();
            assert!(accepted.signs_with_client_secret());
            assert!(!format!("{accepted:?}").contains("s3cret"), "{accepted:?}");
        }
        // Octets count, not characters.
        assert!(provider().with_client_secret(HmacAlgorithm::Hs256, &"ü".repeat(16)).is_ok());
    }

    #[test]
    fn each_claim_may_have_a_skew_of_its_own() {
        let (one, two) = (Duration::from_secs(1), Duration::from_secs(2));
        let provider = OidcProvider::new("https://a.example", ["client"]).unwrap().with_skew(one).unwrap();
        let provider = provider.with_claim_skew(TimeClaim::IssuedAt, two).unwrap();
        assert_eq!((provider.skew_of(TimeClaim::IssuedAt), provider.skew_of(TimeClaim::Expiration)), (two, one));
        let asked = Duration::from_secs(301);
        let refused = provider.clone().with_claim_skew(TimeClaim::NotBefore, asked).unwrap_err();
        assert_eq!(refused, ProviderError::Skew { asked });
        assert_eq!(provider.with_skew(one).unwrap().skew_of(TimeClaim::IssuedAt), one);
    }

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
