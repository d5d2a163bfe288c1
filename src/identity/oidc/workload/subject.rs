//! How platforms write `sub`. A subject of another form comes from another kind of issuer than was configured.

use std::fmt;

use crate::identity::oidc::ProviderError;

/// The longest SPIFFE ID, in bytes (SPIFFE-ID, 2.3).
const MAX_SPIFFE_ID: usize = 2048;
/// The longest trust domain, in bytes (SPIFFE-ID, 2.3).
const MAX_TRUST_DOMAIN: usize = 255;

/// A form that every subject of an issuer has.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SubjectForm {
    /// `repo:<owner>/<repository>:<what of it>`, owner and repository each with or without its number behind `@`.
    GithubRepository,
    /// `<claim>:<value>`, and so on: what an organization that customised it writes.
    GithubTemplate,
    /// `project_path:<group>/<project>`, and more claims behind it.
    GitlabProject,
    /// `system:serviceaccount:<namespace>:<name>`.
    ServiceAccount,
    /// `spiffe://<trust domain>/<path>` (SPIFFE-ID, 2).
    SpiffeId {
        /// The trust domain.
        trust_domain: String,
    },
    /// The number of an account.
    GoogleUniqueId,
    /// The object id of an application's service principal, a UUID.
    EntraObjectId,
}

impl SubjectForm {
    /// The SPIFFE IDs of this trust domain.
    ///
    /// # Errors
    /// [`ProviderError::Workload`] when it is not the name of a trust domain.
    pub fn spiffe(trust_domain: &str) -> Result<Self, ProviderError> {
        let fits = (1..=MAX_TRUST_DOMAIN).contains(&trust_domain.len())
            && trust_domain
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-_".contains(&byte));
        let expected = "a name such as example.org, without spiffe:// and path";
        if fits {
            Ok(Self::SpiffeId { trust_domain: trust_domain.to_owned() })
        } else {
            Err(ProviderError::Workload { what: "trust domain", expected })
        }
    }

    /// Whether `subject` is of this form.
    #[must_use]
    pub fn fits(&self, subject: &str) -> bool {
        match self {
            Self::GithubRepository => {
                after(subject, "repo:").and_then(|rest| rest.split_once(':')).is_some_and(|(repository, context)| {
                    repository.split_once('/').is_some_and(is_repository) && !context.is_empty()
                })
            }
            Self::GithubTemplate => subject.split_once(':').is_some_and(|(claim, value)| {
                let named = |byte: u8| byte.is_ascii_lowercase() || byte == b'_';
                // What begins with a slash is a URL whose scheme looks like a claim.
                !claim.is_empty() && claim.bytes().all(named) && !value.is_empty() && !value.starts_with('/')
            }),
            Self::GitlabProject => after(subject, "project_path:").is_some_and(|rest| {
                let path = rest.split(':').next().unwrap_or_default();
                path.contains('/') && path.split('/').all(|part| is_word(part, b"._-"))
            }),
            Self::ServiceAccount => {
                after(subject, "system:serviceaccount:").and_then(|rest| rest.split_once(':')).is_some_and(
                    |(namespace, name)| is_label(namespace) && name.len() <= 253 && name.split('.').all(is_label),
                )
            }
            Self::SpiffeId { trust_domain } => is_spiffe_id(subject, trust_domain),
            Self::GoogleUniqueId => !subject.is_empty() && subject.bytes().all(|byte| byte.is_ascii_digit()),
            Self::EntraObjectId => is_uuid(subject),
        }
    }
}

impl fmt::Display for SubjectForm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::GithubRepository => f.write_str("repo:<owner>/<repository>:<what of it>"),
            Self::GithubTemplate => f.write_str("<claim>:<value>, and so on"),
            Self::GitlabProject => f.write_str("project_path:<group>/<project>, and so on"),
            Self::ServiceAccount => f.write_str("system:serviceaccount:<namespace>:<name>"),
            Self::SpiffeId { trust_domain } => write!(f, "spiffe://{trust_domain}/<path>"),
            Self::GoogleUniqueId => f.write_str("the number of an account"),
            Self::EntraObjectId => f.write_str("the object id of a service principal, a UUID"),
        }
    }
}

fn after<'s>(subject: &'s str, prefix: &str) -> Option<&'s str> {
    subject.strip_prefix(prefix)
}

/// One or more letters, digits, or bytes of `others`.
fn is_word(text: &str, others: &[u8]) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || others.contains(&byte))
}

fn is_repository((owner, repository): (&str, &str)) -> bool {
    is_named(owner, b"-_") && is_named(repository, b"-_.")
}

/// A name, or a name and the number that stays when it is renamed.
fn is_named(text: &str, others: &[u8]) -> bool {
    let (name, number) = text.split_once('@').unwrap_or((text, "0"));
    is_word(name, others) && !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
}

/// A DNS label as Kubernetes takes it (RFC 1123).
fn is_label(text: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=63).contains(&text.len()) && text.bytes().all(inner) && !text.starts_with('-') && !text.ends_with('-')
}

/// SPIFFE-ID, 2.2: segments of letters, digits, dots, dashes and underscores, none empty, none of dots that climb.
fn is_spiffe_id(subject: &str, trust_domain: &str) -> bool {
    let path = after(subject, "spiffe://").and_then(|rest| rest.strip_prefix(trust_domain));
    let path = path.and_then(|rest| rest.strip_prefix('/'));
    let segment = |segment: &str| is_word(segment, b".-_") && segment != "." && segment != "..";
    subject.len() <= MAX_SPIFFE_ID && path.is_some_and(|path| path.split('/').all(segment))
}

/// Five groups of hexadecimal digits (RFC 9562, 4).
pub(super) fn is_uuid(text: &str) -> bool {
    let hexadecimal = |group: &str| group.bytes().all(|byte| byte.is_ascii_hexdigit());
    text.split('-').map(str::len).eq([8, 4, 4, 4, 12]) && text.split('-').all(hexadecimal)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn each(form: &SubjectForm, fit: &[&str], others: &[&str]) {
        for subject in fit {
            assert!(form.fits(subject), "{form}: {subject:?}");
        }
        for subject in others {
            assert!(!form.fits(subject), "{form}: {subject:?}");
        }
    }

    #[test]
    fn github_writes_repositories() {
        let fit = [
            "repo:octo-org/octo-repo:environment:prod",
            "repo:octo-org/octo-repo:ref:refs/heads/feature/a:b",
            "repo:octo-org/octo.repo:pull_request",
            "repo:octo-org@123456/octo-repo@456789:ref:refs/heads/main",
            "repo:octo-org-123456/octo-repo-456789:ref:refs/heads/main",
        ];
        let others = [
            "",
            "repo:",
            "repo:octo-org:ref:refs/heads/main",
            "repo:octo-org/octo-repo",
            "repo:octo-org/octo-repo:",
            "repo:octo-org/octo/repo:pull_request",
            "repo:/octo-repo:pull_request",
            "repo:octo-org/*:pull_request",
            "repo:octo-org@/octo-repo:pull_request",
            "repo:octo-org@12a/octo-repo:pull_request",
            " repo:octo-org/octo-repo:pull_request",
            "project_path:my-group/my-project:ref_type:branch:ref:main",
        ];
        each(&SubjectForm::GithubRepository, &fit, &others);
        let fit = ["repository_owner:octo-org:environment:prod", "job_workflow_ref:octo-org/a/.github/workflows/b.yml"];
        each(&SubjectForm::GithubTemplate, &fit, &["", "octo-org", "repo:", ":x", "Repo:x", "https://a.example"]);
    }

    #[test]
    fn gitlab_writes_projects() {
        let fit = [
            "project_path:my-group/my-project:ref_type:branch:ref:main",
            "project_path:my-group/sub.group/my_project:ref_type:tag:ref:v4.2.0",
            "project_path:my-group/my-project",
        ];
        let others = [
            "",
            "project_path:",
            "project_path:my-group",
            "project_path:my-group//a",
            "project_path:/a",
            "user:martha",
        ];
        each(&SubjectForm::GitlabProject, &fit, &others);
    }

    #[test]
    fn kubernetes_writes_service_accounts() {
        let long = format!("system:serviceaccount:{}:a", "n".repeat(64));
        let fit = ["system:serviceaccount:default:my-sa", "system:serviceaccount:kube-system:a.b-c"];
        let others = [
            "",
            "system:serviceaccount:default",
            "system:serviceaccount::my-sa",
            "system:serviceaccount:default:",
            "system:serviceaccount:Default:my-sa",
            "system:serviceaccount:default:my-sa:x",
            "system:serviceaccount:-a:b",
            "system:node:worker-1",
            &long,
        ];
        each(&SubjectForm::ServiceAccount, &fit, &others);
    }

    #[test]
    fn spiffe_ids_are_of_one_trust_domain() {
        let form = SubjectForm::spiffe("example.org").unwrap();
        let long = format!("spiffe://example.org/{}", "x".repeat(MAX_SPIFFE_ID));
        let fit =
            ["spiffe://example.org/ns/prod/sa/photos", "spiffe://example.org/9eebccd2-12bf-40a6-b262-65fe0487d453"];
        let others = [
            "",
            "spiffe://example.org",
            "spiffe://example.org/",
            "spiffe://example.org/a/",
            "spiffe://example.org//a",
            "spiffe://example.org/../b",
            "spiffe://example.org/a/./b",
            "spiffe://example.org/a%20b",
            "spiffe://example.org/a?b",
            "spiffe://example.org/a#b",
            "spiffe://example.org:8443/a",
            "spiffe://user@example.org/a",
            "spiffe://example.org.evil.example/a",
            "spiffe://evil.example/a",
            "SPIFFE://example.org/a",
            "https://example.org/a",
            &long,
        ];
        each(&form, &fit, &others);
    }

    #[test]
    fn google_and_entra_write_numbers() {
        each(&SubjectForm::GoogleUniqueId, &["107517467455664443765"], &["", "robot@project.example", "-1", "１"]);
        let fit = ["66666666-7777-8888-9999-000000000000"];
        let others = ["", "66666666777788889999000000000000", "66666666-7777-8888-9999-00000000000g", "o"];
        each(&SubjectForm::EntraObjectId, &fit, &others);
    }
}
