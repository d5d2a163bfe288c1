//! Platforms whose workloads present tokens to AssumeRoleWithWebIdentity: one constructor each.
//!
//! Enters: which instance, cluster, trust domain or tenant, and the audiences that are ours. Leaves: an [`OidcProvider`]
//! that accepts from it what the platform really issues: its issuer, its algorithms, its longest lifetime, and a `sub` of
//! its grammar, so that another issuer in its place is seen. Whose token it is stays the business of each role's trust
//! policy; every constructor shows the one to write. [`OidcProvider::condition_keys`] lists what such a policy may test.
//!
//! The audiences are what the job asks its platform for, `sts.amazonaws.com` by most platforms' actions for AWS. A token for
//! another audience is refused before any policy is read, so a policy needs `aud` only where one issuer has several.
//!
//! ```
//! use daypass::identity::oidc::workload;
//!
//! # fn main() -> Result<(), daypass::identity::oidc::ProviderError> {
//! let github = workload::github(["sts.amazonaws.com"])?;
//! assert!(github.condition_keys().contains(&"token.actions.githubusercontent.com:sub".to_owned()));
//! let office = workload::github_enterprise_server("github.office.example", ["sts.amazonaws.com"])?;
//! assert_eq!(office.issuer().as_str(), "https://github.office.example/_services/token");
//! # Ok(()) }
//! ```

mod subject;

use std::time::Duration;

use super::JwsAlgorithm::{Es256, Es384, Es512, Ps256, Ps384, Ps512, Rs256, Rs384, Rs512};
use super::{JwsAlgorithm, OidcProvider, ProviderError};
pub use subject::SubjectForm;

const HOUR: Duration = Duration::from_secs(60 * 60);
const GITHUB: &str = "https://token.actions.githubusercontent.com";

/// What is the same for every issuer of a platform.
#[derive(Debug, PartialEq, Eq)]
pub struct Platform {
    name: &'static str,
    algorithms: &'static [JwsAlgorithm],
    max_lifetime: Duration,
    /// In lower case, beside none.
    types: &'static [&'static str],
    claims: &'static [&'static str],
}

impl Platform {
    /// What people call it.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// The signature algorithms its tokens have.
    #[must_use]
    pub const fn algorithms(&self) -> &'static [JwsAlgorithm] {
        self.algorithms
    }

    /// The claims that become condition keys, beside `aud` (whom the token is for) and `oaud` (every audience it names).
    #[must_use]
    pub const fn claims(&self) -> &'static [&'static str] {
        self.claims
    }

    pub(super) const fn types(&self) -> &'static [&'static str] {
        self.types
    }

    fn provider<A: Into<String>>(
        &'static self,
        issuer: &str,
        subjects: SubjectForm,
        audiences: impl IntoIterator<Item = A>,
    ) -> Result<OidcProvider, ProviderError> {
        let provider = OidcProvider::new(issuer, audiences)?
            .with_algorithms(self.algorithms.iter().copied())?
            .with_max_lifetime(self.max_lifetime)
            .with_subject_form(subjects);
        Ok(provider.on(self))
    }
}

/// GitHub Actions: tokens of at most six hours, the longest a hosted job runs.
static GITHUB_ACTIONS: Platform = Platform {
    name: "GitHub Actions",
    algorithms: &[Rs256],
    max_lifetime: Duration::from_secs(6 * 60 * 60),
    types: &["jwt"],
    claims: &[
        "sub",
        "repository",
        "repository_id",
        "repository_owner",
        "repository_owner_id",
        "repository_visibility",
        "environment",
        "ref",
        "ref_type",
        "ref_protected",
        "sha",
        "event_name",
        "workflow_ref",
        "job_workflow_ref",
        "runner_environment",
        "actor",
        "actor_id",
        "enterprise",
        "enterprise_id",
    ],
};

/// GitLab CI: a token lives as long as its job may run.
static GITLAB_CI: Platform = Platform {
    name: "GitLab CI",
    algorithms: &[Rs256],
    max_lifetime: Duration::from_secs(24 * 60 * 60),
    types: &["jwt"],
    claims: &[
        "sub",
        "namespace_id",
        "namespace_path",
        "project_id",
        "project_path",
        "project_visibility",
        "user_login",
        "user_email",
        "groups_direct",
        "pipeline_source",
        "ref",
        "ref_type",
        "ref_protected",
        "environment",
        "environment_protected",
        "deployment_tier",
        "ci_config_ref_uri",
        "runner_environment",
    ],
};

/// Kubernetes: the managed services sign with RSA, `kube-apiserver` with whatever key it was given.
static KUBERNETES: Platform = Platform {
    name: "Kubernetes",
    algorithms: &[Rs256, Es256, Es384, Es512],
    max_lifetime: Duration::from_secs(24 * 60 * 60),
    types: &["jwt"],
    claims: &["sub"],
};

/// SPIFFE: the nine algorithms and the two types of JWT-SVID, 2.1 and 2.3.
static SPIFFE: Platform = Platform {
    name: "SPIFFE",
    algorithms: &[Rs256, Rs384, Rs512, Es256, Es384, Es512, Ps256, Ps384, Ps512],
    max_lifetime: HOUR,
    types: &["jwt", "jose"],
    claims: &["sub"],
};

/// Google: ID tokens of service accounts live for an hour.
static GOOGLE: Platform = Platform {
    name: "Google",
    algorithms: &[Rs256],
    max_lifetime: HOUR,
    types: &["jwt"],
    claims: &["sub", "azp", "email", "email_verified"],
};

/// Entra ID: up to 28 hours for clients that continuous access evaluation can cut off.
static ENTRA_ID: Platform = Platform {
    name: "Microsoft Entra ID",
    algorithms: &[Rs256],
    max_lifetime: Duration::from_secs(28 * 60 * 60),
    types: &["jwt"],
    claims: &["sub", "oid", "tid", "azp", "appid", "idtyp", "roles"],
};

/// Jobs of GitHub Actions on github.com.
///
/// Pin the repository in each role, and what of it: without the last part of `sub` every branch and every pull request
/// assumes the role.
///
/// ```json
/// {"Effect": "Allow", "Action": "sts:AssumeRoleWithWebIdentity",
///  "Principal": {"Federated": "arn:aws:iam::111111111111:oidc-provider/token.actions.githubusercontent.com"},
///  "Condition": {"StringEquals": {
///    "token.actions.githubusercontent.com:aud": "sts.amazonaws.com",
///    "token.actions.githubusercontent.com:sub": "repo:octo-org/octo-repo:environment:prod"}}}
/// ```
///
/// Where an organization customised the claims of `sub`, say so with [`OidcProvider::with_subject_form`] and
/// [`SubjectForm::GithubTemplate`].
///
/// # Errors
/// [`ProviderError::Audience`] without an audience.
pub fn github<A: Into<String>>(audiences: impl IntoIterator<Item = A>) -> Result<OidcProvider, ProviderError> {
    github_at(GITHUB, audiences)
}

/// As [`github`], for an enterprise whose issuer is of its own: `https://token.actions.githubusercontent.com/<enterprise>`,
/// or `https://token.actions.<subdomain>.ghe.com`.
///
/// # Errors
/// [`ProviderError`] when `issuer` is not an issuer identifier, or there is no audience.
pub fn github_at<A: Into<String>>(
    issuer: &str,
    audiences: impl IntoIterator<Item = A>,
) -> Result<OidcProvider, ProviderError> {
    GITHUB_ACTIONS.provider(issuer, SubjectForm::GithubRepository, audiences)
}

/// As [`github`], for GitHub Enterprise Server at `host`, whose issuer is `https://<host>/_services/token`.
///
/// # Errors
/// As [`github_at`].
pub fn github_enterprise_server<A: Into<String>>(
    host: &str,
    audiences: impl IntoIterator<Item = A>,
) -> Result<OidcProvider, ProviderError> {
    github_at(&format!("https://{host}/_services/token"), audiences)
}

/// Jobs of GitLab CI on gitlab.com.
///
/// Pin the project, and the protected branch or the environment: whoever may push a branch may run a job on it.
///
/// ```json
/// {"Effect": "Allow", "Action": "sts:AssumeRoleWithWebIdentity",
///  "Principal": {"Federated": "arn:aws:iam::111111111111:oidc-provider/gitlab.com"},
///  "Condition": {"StringEquals": {
///    "gitlab.com:aud": "https://sts.example.com",
///    "gitlab.com:sub": "project_path:my-group/my-project:ref_type:branch:ref:main",
///    "gitlab.com:ref_protected": "true"}}}
/// ```
///
/// A token outlives 24 hours where its job may: then give [`OidcProvider::with_max_lifetime`] the timeout of the job.
///
/// # Errors
/// [`ProviderError::Audience`] without an audience.
pub fn gitlab<A: Into<String>>(audiences: impl IntoIterator<Item = A>) -> Result<OidcProvider, ProviderError> {
    gitlab_at("https://gitlab.com", audiences)
}

/// As [`gitlab`], for an instance of your own, such as `https://gitlab.example.com`.
///
/// # Errors
/// [`ProviderError`] when `issuer` is not an issuer identifier, or there is no audience.
pub fn gitlab_at<A: Into<String>>(
    issuer: &str,
    audiences: impl IntoIterator<Item = A>,
) -> Result<OidcProvider, ProviderError> {
    GITLAB_CI.provider(issuer, SubjectForm::GitlabProject, audiences)
}

/// Service accounts of one Kubernetes cluster, by its `--service-account-issuer`; each cluster is an issuer.
///
/// ```json
/// {"Effect": "Allow", "Action": "sts:AssumeRoleWithWebIdentity",
///  "Principal": {"Federated": "arn:aws:iam::111111111111:oidc-provider/oidc.cluster.example"},
///  "Condition": {"StringEquals": {
///    "oidc.cluster.example:aud": "sts.amazonaws.com",
///    "oidc.cluster.example:sub": "system:serviceaccount:default:my-sa"}}}
/// ```
///
/// The issuer of a cluster that cannot be reached from here is `https://kubernetes.default.svc`, like that of every other
/// one: give it a name of its own, and pin the keys that `kubectl get --raw /openid/v1/jwks` prints.
///
/// # Errors
/// [`ProviderError`] when `issuer` is not an issuer identifier, or there is no audience.
pub fn kubernetes<A: Into<String>>(
    issuer: &str,
    audiences: impl IntoIterator<Item = A>,
) -> Result<OidcProvider, ProviderError> {
    KUBERNETES.provider(issuer, SubjectForm::ServiceAccount, audiences)
}

/// JWT-SVIDs of one SPIFFE trust domain, by the issuer its discovery document has (SPIRE: `jwt_issuer`).
///
/// ```json
/// {"Effect": "Allow", "Action": "sts:AssumeRoleWithWebIdentity",
///  "Principal": {"Federated": "arn:aws:iam::111111111111:oidc-provider/oidc-discovery.example.org"},
///  "Condition": {"StringEquals": {
///    "oidc-discovery.example.org:aud": "sts.example.com",
///    "oidc-discovery.example.org:sub": "spiffe://example.org/ns/prod/sa/photos"}}}
/// ```
///
/// JWT-SVID leaves `iss` to the issuer; here it must be there, as the cloud's STS has it.
///
/// # Errors
/// [`ProviderError`] when `issuer` is not an issuer identifier, `trust_domain` is none, or there is no audience.
pub fn spiffe<A: Into<String>>(
    issuer: &str,
    trust_domain: &str,
    audiences: impl IntoIterator<Item = A>,
) -> Result<OidcProvider, ProviderError> {
    SPIFFE.provider(issuer, SubjectForm::spiffe(trust_domain)?, audiences)
}

/// Google's service accounts.
///
/// Google's tokens have `azp`, and `azp` stands for the audience: `audiences` are the unique ids of the service accounts
/// that may come. What they asked for is `oaud`, and a role that does not test it takes tokens meant for other services.
///
/// ```json
/// {"Effect": "Allow", "Action": "sts:AssumeRoleWithWebIdentity",
///  "Principal": {"Federated": "arn:aws:iam::111111111111:oidc-provider/accounts.google.com"},
///  "Condition": {"StringEquals": {
///    "accounts.google.com:aud": "107517467455664443765",
///    "accounts.google.com:oaud": "https://sts.example.com",
///    "accounts.google.com:sub": "107517467455664443765"}}}
/// ```
///
/// # Errors
/// [`ProviderError::Audience`] without an audience.
pub fn google<A: Into<String>>(audiences: impl IntoIterator<Item = A>) -> Result<OidcProvider, ProviderError> {
    GOOGLE.provider("https://accounts.google.com", SubjectForm::GoogleUniqueId, audiences)
}

/// Applications and managed identities of one Entra ID tenant, by access tokens of version 1.0 (`sts.windows.net`).
///
/// ```json
/// {"Effect": "Allow", "Action": "sts:AssumeRoleWithWebIdentity",
///  "Principal": {"Federated": "arn:aws:iam::111111111111:oidc-provider/sts.windows.net/11111111-2222-3333-4444-555555555555"},
///  "Condition": {"StringEquals": {
///    "sts.windows.net/11111111-2222-3333-4444-555555555555:aud": "api://sts.example.com",
///    "sts.windows.net/11111111-2222-3333-4444-555555555555:sub": "66666666-7777-8888-9999-000000000000"}}}
/// ```
///
/// # Errors
/// [`ProviderError`] when `tenant` is not the id of a tenant, as `common` is not, or there is no audience.
pub fn entra_v1<A: Into<String>>(
    tenant: &str,
    audiences: impl IntoIterator<Item = A>,
) -> Result<OidcProvider, ProviderError> {
    let issuer = format!("https://sts.windows.net/{}/", tenant_id(tenant)?);
    ENTRA_ID.provider(&issuer, SubjectForm::EntraObjectId, audiences)
}

/// As [`entra_v1`], by tokens of version 2.0 (`login.microsoftonline.com/<tenant>/v2.0`).
///
/// These have `azp`, the application id of the caller, which stands for the audience: `audiences` are the applications
/// that may come, and each role must test `oaud` for what they asked for.
///
/// # Errors
/// As [`entra_v1`].
pub fn entra_v2<A: Into<String>>(
    tenant: &str,
    audiences: impl IntoIterator<Item = A>,
) -> Result<OidcProvider, ProviderError> {
    let issuer = format!("https://login.microsoftonline.com/{}/v2.0", tenant_id(tenant)?);
    ENTRA_ID.provider(&issuer, SubjectForm::EntraObjectId, audiences)
}

/// An issuer of many tenants, such as `common`, vouches for the customers of everybody.
fn tenant_id(tenant: &str) -> Result<String, ProviderError> {
    let wrong = ProviderError::Workload { what: "tenant", expected: "the id of one tenant, a UUID" };
    if subject::is_uuid(tenant) { Ok(tenant.to_ascii_lowercase()) } else { Err(wrong) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_issuer_of_many_tenants_is_a_tenant() {
        for tenant in ["common", "organizations", "consumers", "", "contoso.onmicrosoft.com", "11111111-2222"] {
            assert!(matches!(entra_v1(tenant, ["a"]), Err(ProviderError::Workload { what: "tenant", .. })), "{tenant}");
            assert!(matches!(entra_v2(tenant, ["a"]), Err(ProviderError::Workload { what: "tenant", .. })), "{tenant}");
        }
        let one = entra_v2("AAAAAAAA-2222-3333-4444-555555555555", ["a"]).unwrap();
        let issuer = "https://login.microsoftonline.com/aaaaaaaa-2222-3333-4444-555555555555/v2.0";
        assert_eq!(one.issuer().as_str(), issuer);
    }

    #[test]
    fn a_trust_domain_is_a_name_and_not_an_id() {
        for trust_domain in ["", "spiffe://example.org", "Example.org", "example.org/ns", "example.org:8443", "a b"] {
            let refused = spiffe("https://oidc.example.org", trust_domain, ["a"]).unwrap_err();
            assert!(matches!(refused, ProviderError::Workload { what: "trust domain", .. }), "{trust_domain}");
        }
    }

    #[test]
    fn condition_keys_are_named_for_the_issuer() {
        let keys = gitlab_at("https://gitlab.example.com", ["a"]).unwrap().condition_keys();
        assert_eq!(keys[..3], ["aud", "oaud", "sub"].map(|claim| format!("gitlab.example.com:{claim}")));
        let unknown = OidcProvider::new("https://a.example", ["a"]).unwrap();
        assert_eq!(unknown.condition_keys(), ["a.example:aud", "a.example:oaud", "a.example:sub"]);
    }
}
