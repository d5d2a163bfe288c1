//! Workload platforms by name.

use clap::ValueEnum;
use daypass::identity::oidc::{OidcProvider, ProviderError, workload};

/// Where the workload runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Preset {
    /// GitHub Actions; --issuer for an enterprise's own
    Github,
    /// GitLab CI; --issuer for an instance of your own
    Gitlab,
    /// A Kubernetes cluster, by --issuer
    Kubernetes,
    /// A SPIFFE trust domain, by --issuer and --trust-domain
    Spiffe,
    /// Google's service accounts
    Google,
    /// An Entra ID tenant, by --issuer
    Entra,
}

impl Preset {
    pub(super) fn from_name(name: &str) -> Option<Self> {
        Self::from_str(name, false).ok()
    }

    /// The issuer where there is but one, or one that everybody means.
    pub(super) const fn usual_issuer(self) -> Option<&'static str> {
        match self {
            Self::Github => Some("https://token.actions.githubusercontent.com"),
            Self::Gitlab => Some("https://gitlab.com"),
            Self::Google => Some("https://accounts.google.com"),
            Self::Kubernetes | Self::Spiffe | Self::Entra => None,
        }
    }

    pub(super) fn provider(
        self,
        issuer: &str,
        trust_domain: &str,
        audiences: &[String],
    ) -> Result<OidcProvider, ProviderError> {
        let audiences = audiences.iter().cloned();
        match self {
            Self::Github => workload::github_at(issuer, audiences),
            Self::Gitlab => workload::gitlab_at(issuer, audiences),
            Self::Kubernetes => workload::kubernetes(issuer, audiences),
            Self::Spiffe => workload::spiffe(issuer, trust_domain, audiences),
            Self::Google if Some(issuer) == self.usual_issuer() => workload::google(audiences),
            Self::Google => Err(ProviderError::Workload { what: "issuer", expected: "https://accounts.google.com" }),
            Self::Entra => entra(issuer, audiences),
        }
    }
}

fn entra(issuer: &str, audiences: impl IntoIterator<Item = String>) -> Result<OidcProvider, ProviderError> {
    let first = issuer.strip_prefix("https://sts.windows.net/").and_then(|rest| rest.strip_suffix('/'));
    let second = issuer.strip_prefix("https://login.microsoftonline.com/").and_then(|rest| rest.strip_suffix("/v2.0"));
    let expected = "https://sts.windows.net/<tenant>/ or https://login.microsoftonline.com/<tenant>/v2.0";
    match (first, second) {
        (Some(tenant), _) => workload::entra_v1(tenant, audiences),
        (None, Some(tenant)) => workload::entra_v2(tenant, audiences),
        (None, None) => Err(ProviderError::Workload { what: "issuer", expected }),
    }
}
