//! Tokens that look like those of workload platforms: their claims and the grammar of `sub` by the platforms'
//! documentation, this identity provider as issuer.

use crate::core::Core;
use crate::error::{IdpError, KeyError};
use crate::oidc::id_token::compact;
use serde_json::{Map, Value, json};
use time::Duration;

/// What a token of a workload is to say; see [`Idp::workload_token`](crate::Idp::workload_token).
///
/// ```
/// use demo_idp::{Idp, WorkloadToken};
///
/// # #[tokio::main]
/// # async fn main() -> Result<(), demo_idp::IdpError> {
/// let idp = Idp::builder().start().await?;
/// let job = WorkloadToken::github("octo-org/octo-repo").with_ref("refs/heads/main").with_audience("sts.example.com");
/// let token = idp.workload_token(job)?;
/// # let _ = token; Ok(()) }
/// ```
#[derive(Debug, Clone)]
pub struct WorkloadToken {
    platform: Platform,
    audience: String,
    lifetime: Duration,
    claims: Map<String, Value>,
}

#[derive(Debug, Clone)]
enum Platform {
    Github { repository: String, context: String },
    Gitlab { project: String, ref_type: &'static str, reference: String },
    Kubernetes { namespace: String, service_account: String },
    Spiffe { id: String },
    Google { unique_id: String },
    Entra { tenant: String, object_id: String },
}

impl WorkloadToken {
    /// A job of GitHub Actions in `owner/repository`, on the branch `main` until told otherwise.
    pub fn github(repository: impl Into<String>) -> Self {
        let context = "ref:refs/heads/main".to_owned();
        Self::new(Platform::Github { repository: repository.into(), context }, Duration::minutes(5))
    }

    /// A job of GitLab CI in `group/project`, on the branch `main` until told otherwise.
    pub fn gitlab(project: impl Into<String>) -> Self {
        let reference = "main".to_owned();
        Self::new(Platform::Gitlab { project: project.into(), ref_type: "branch", reference }, Duration::hours(1))
    }

    /// A service account of a Kubernetes cluster.
    pub fn kubernetes(namespace: impl Into<String>, service_account: impl Into<String>) -> Self {
        let platform = Platform::Kubernetes { namespace: namespace.into(), service_account: service_account.into() };
        Self::new(platform, Duration::hours(1))
    }

    /// A JWT-SVID of this SPIFFE ID, such as `spiffe://example.org/ns/prod/sa/photos`.
    pub fn spiffe(id: impl Into<String>) -> Self {
        Self::new(Platform::Spiffe { id: id.into() }, Duration::minutes(5))
    }

    /// A service account of Google, by its unique id.
    pub fn google(unique_id: impl Into<String>) -> Self {
        Self::new(Platform::Google { unique_id: unique_id.into() }, Duration::hours(1))
    }

    /// An application of an Entra ID tenant, by the object id of its service principal.
    pub fn entra(tenant: impl Into<String>, object_id: impl Into<String>) -> Self {
        let platform = Platform::Entra { tenant: tenant.into(), object_id: object_id.into() };
        Self::new(platform, Duration::hours(24))
    }

    fn new(platform: Platform, lifetime: Duration) -> Self {
        Self { platform, audience: "sts.amazonaws.com".to_owned(), lifetime, claims: Map::new() }
    }

    /// Reads `github:<owner>/<repository>[@<ref>]`, `gitlab:<group>/<project>[@<branch>]`,
    /// `kubernetes:<namespace>/<name>`, `spiffe://<trust domain>/<path>`, `google:<unique id>`, or
    /// `entra:<tenant>/<object id>`, as command lines have them.
    ///
    /// # Errors
    /// [`IdpError::Workload`] for anything else.
    pub fn parse(text: &str) -> Result<Self, IdpError> {
        let unknown = || IdpError::Workload(text.to_owned());
        let (platform, what) = text.split_once(':').ok_or_else(unknown)?;
        let pair = |separator: char| what.split_once(separator).ok_or_else(unknown);
        let at = || what.split_once('@').map_or((what, None), |(what, place)| (what, Some(place)));
        Ok(match platform {
            "github" => {
                let (repository, reference) = at();
                let token = Self::github(repository);
                reference.map_or(token.clone(), |reference| token.with_ref(reference))
            }
            "gitlab" => {
                let (project, reference) = at();
                let token = Self::gitlab(project);
                reference.map_or(token.clone(), |reference| token.with_ref(reference))
            }
            "kubernetes" => pair('/').map(|(namespace, name)| Self::kubernetes(namespace, name))?,
            "spiffe" if what.starts_with("//") => Self::spiffe(text),
            "google" => Self::google(what),
            "entra" => pair('/').map(|(tenant, object_id)| Self::entra(tenant, object_id))?,
            _ => return Err(unknown()),
        })
    }

    /// For this audience; `sts.amazonaws.com` if not told.
    #[must_use]
    pub fn with_audience(mut self, audience: impl Into<String>) -> Self {
        self.audience = audience.into();
        self
    }

    /// On this ref: `refs/heads/main` for GitHub, `main` for GitLab; without effect elsewhere.
    #[must_use]
    pub fn with_ref(mut self, name: &str) -> Self {
        match &mut self.platform {
            Platform::Github { context, .. } => *context = format!("ref:{name}"),
            Platform::Gitlab { reference, .. } => name.clone_into(reference),
            _ => {}
        }
        self
    }

    /// A job that deploys to this environment of GitHub, which its `sub` then names in place of the ref.
    #[must_use]
    pub fn with_environment(mut self, name: &str) -> Self {
        if let Platform::Github { context, .. } = &mut self.platform {
            *context = format!("environment:{name}");
        }
        self
    }

    /// With this claim, in place of the one the platform has.
    #[must_use]
    pub fn with_claim(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.claims.insert(name.into(), value.into());
        self
    }

    /// Good for this long.
    #[must_use]
    pub fn with_lifetime(mut self, lifetime: std::time::Duration) -> Self {
        self.lifetime = Duration::seconds(i64::try_from(lifetime.as_secs()).unwrap_or(i64::MAX));
        self
    }

    pub(crate) fn mint(self, core: &Core) -> Result<String, KeyError> {
        let now = core.clock.now();
        let mut claims = self.platform.claims();
        let expires = now.unix_timestamp().saturating_add(self.lifetime.whole_seconds());
        for (name, value) in [
            ("iss", json!(core.issuer())),
            ("aud", self.platform.audience(&self.audience)),
            ("iat", json!(now.unix_timestamp())),
            ("nbf", json!(now.unix_timestamp())),
            ("exp", json!(expires)),
        ] {
            claims.insert(name.to_owned(), value);
        }
        claims.extend(self.claims);
        let key = core.keys.for_id_token(None)?;
        compact(key.id(), &claims, &key)
    }
}

impl Platform {
    /// Kubernetes and SPIFFE write a list of one.
    fn audience(&self, audience: &str) -> Value {
        match self {
            Self::Kubernetes { .. } | Self::Spiffe { .. } => json!([audience]),
            _ => json!(audience),
        }
    }

    fn claims(&self) -> Map<String, Value> {
        let claims = match self {
            Self::Github { repository, context } => github(repository, context),
            Self::Gitlab { project, ref_type, reference } => {
                let namespace = project.rsplit_once('/').map_or(project.as_str(), |(namespace, _)| namespace);
                json!({
                    "sub": format!("project_path:{project}:ref_type:{ref_type}:ref:{reference}"),
                    "project_path": project, "namespace_path": namespace, "ref": reference, "ref_type": ref_type,
                    "ref_protected": "true", "pipeline_source": "push", "runner_environment": "gitlab-hosted",
                })
            }
            Self::Kubernetes { namespace, service_account } => json!({
                "sub": format!("system:serviceaccount:{namespace}:{service_account}"),
                "kubernetes.io": {"namespace": namespace, "serviceaccount": {"name": service_account}},
            }),
            Self::Spiffe { id } => json!({ "sub": id }),
            Self::Google { unique_id } => json!({ "sub": unique_id, "azp": unique_id, "email_verified": true }),
            Self::Entra { tenant, object_id } => {
                json!({ "sub": object_id, "oid": object_id, "tid": tenant, "idtyp": "app", "ver": "1.0" })
            }
        };
        match claims {
            Value::Object(claims) => claims,
            _ => Map::new(),
        }
    }
}

fn github(repository: &str, context: &str) -> Value {
    let owner = repository.split('/').next().unwrap_or_default();
    let reference = context.strip_prefix("ref:").unwrap_or("refs/heads/main");
    let mut claims = json!({
        "sub": format!("repo:{repository}:{context}"), "repository": repository, "repository_owner": owner,
        "repository_visibility": "private", "ref": reference, "ref_type": "branch", "event_name": "push",
        "runner_environment": "github-hosted",
        "workflow_ref": format!("{repository}/.github/workflows/deploy.yml@{reference}"),
        "job_workflow_ref": format!("{repository}/.github/workflows/deploy.yml@{reference}"),
    });
    if let (Some(environment), Value::Object(claims)) = (context.strip_prefix("environment:"), &mut claims) {
        claims.insert("environment".to_owned(), json!(environment));
    }
    claims
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subject(text: &str) -> Value {
        WorkloadToken::parse(text).unwrap().platform.claims().remove("sub").unwrap()
    }

    #[test]
    fn command_lines_name_workloads() {
        for (text, expected) in [
            ("github:octo-org/octo-repo", "repo:octo-org/octo-repo:ref:refs/heads/main"),
            ("github:octo-org/octo-repo@refs/tags/v1", "repo:octo-org/octo-repo:ref:refs/tags/v1"),
            ("gitlab:my-group/sub/app@dev", "project_path:my-group/sub/app:ref_type:branch:ref:dev"),
            ("kubernetes:default/my-sa", "system:serviceaccount:default:my-sa"),
            ("spiffe://example.org/ns/prod/sa/photos", "spiffe://example.org/ns/prod/sa/photos"),
            ("google:107517467455664443765", "107517467455664443765"),
            ("entra:t/66666666-7777-8888-9999-000000000000", "66666666-7777-8888-9999-000000000000"),
        ] {
            assert_eq!(subject(text), expected, "{text}");
        }
        for text in ["", "github", "svn:a/b", "kubernetes:default", "spiffe:x"] {
            assert!(matches!(WorkloadToken::parse(text), Err(IdpError::Workload(found)) if found == text), "{text}");
        }
    }

    #[test]
    fn an_environment_stands_in_place_of_the_ref() {
        let claims = WorkloadToken::github("octo-org/octo-repo").with_environment("prod").platform.claims();
        assert_eq!(claims["sub"], "repo:octo-org/octo-repo:environment:prod");
        assert_eq!((&claims["environment"], &claims["ref"]), (&json!("prod"), &json!("refs/heads/main")));
    }
}
