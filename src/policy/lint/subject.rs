//! Who fits a pattern for `sub`, by how platforms write their subjects.

use crate::policy::Keys;
use crate::policy::pattern::{Pattern, Syntax};

/// How a platform writes a subject: `scheme owner owner_end unit unit_end rest`.
struct Shape {
    platform: &'static str,
    scheme: &'static str,
    owner: &'static str,
    owner_end: char,
    unit: &'static str,
    /// None where nothing narrower follows the unit.
    unit_end: Option<char>,
    /// Whether the units of one owner are strangers to each other.
    are_units_apart: bool,
    /// What a unit without the rest is.
    rest: &'static str,
    instead: &'static str,
}

const SHAPES: [Shape; 5] = [
    Shape {
        platform: "GitHub",
        scheme: "repo:",
        owner: "organizations",
        owner_end: '/',
        unit: "repository",
        unit_end: Some(':'),
        are_units_apart: true,
        rest: "branches and pull requests",
        instead: "one repository and an environment or branch of it, such as \
                  \"repo:octo-org/octo-repo:environment:prod\" or \"repo:octo-org/octo-repo:ref:refs/heads/main\"",
    },
    Shape {
        platform: "GitLab",
        scheme: "project_path:",
        owner: "groups",
        owner_end: '/',
        unit: "project",
        unit_end: Some(':'),
        are_units_apart: true,
        rest: "branches and tags",
        instead: "one project and a protected branch of it, such as \
                  \"project_path:my-group/my-project:ref_type:branch:ref:main\"",
    },
    Shape {
        platform: "the cluster",
        scheme: "system:serviceaccount:",
        owner: "namespaces",
        owner_end: ':',
        unit: "service account",
        unit_end: None,
        are_units_apart: false,
        rest: "tokens",
        instead: "the namespace and the service account, such as \"system:serviceaccount:default:my-sa\"",
    },
    Shape {
        platform: "SPIFFE",
        scheme: "spiffe://",
        owner: "trust domains",
        owner_end: '/',
        unit: "workload",
        unit_end: None,
        are_units_apart: true,
        rest: "SVIDs",
        instead: "the path of the workload, such as \"spiffe://example.org/ns/prod/sa/photos\"",
    },
    Shape {
        platform: "the issuer",
        scheme: "organization:",
        owner: "organizations",
        owner_end: ':',
        unit: "pipeline or workspace",
        unit_end: None,
        are_units_apart: true,
        rest: "runs",
        instead: "the pipeline or workspace, such as \"organization:my-org:project:my-project:workspace:my-workspace:*\"",
    },
];

/// How far a pattern reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Width {
    /// Owners nobody in the document named.
    Strangers,
    /// Every unit, or several, of one owner.
    Units,
    /// All of one unit.
    Unit,
}

/// A pattern that reaches further than one usually wants.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Wide {
    pub(super) width: Width,
    /// Whom it lets in.
    pub(super) reaches: String,
    pub(super) instead: &'static str,
}

/// Judges one pattern for the subjects of an issuer, by its host and path in lower case.
pub(super) fn judge(issuer: &str, pattern: &str) -> Option<Wide> {
    // Characters that stand for themselves.
    let pattern = pattern.replace("${*}", "+").replace("${?}", "+");
    let (head, _) = pattern.split_once(['*', '?'])?;
    let anyone = || Wide {
        width: Width::Strangers,
        reaches: "whoever the provider gives a token to".to_owned(),
        instead: "the subject in full",
    };
    let Some(shape) = shape(issuer, head) else { return head.is_empty().then(anyone) };
    let wide = |width, reaches| Some(Wide { width, reaches, instead: shape.instead });
    let Some(named) = head.strip_prefix(shape.scheme) else {
        let of_scheme = shape.scheme.starts_with(head);
        return if of_scheme { wide(Width::Strangers, format!("anyone on {}", shape.platform)) } else { None };
    };
    let Some((owner, units)) = named.split_once(shape.owner_end) else {
        let reaches = match named {
            "" => format!("anyone on {}", shape.platform),
            named => format!("all {} whose name starts with {named}, those of strangers too", shape.owner),
        };
        return wide(Width::Strangers, reaches);
    };
    match shape.unit_end.map(|end| (end, units.split_once(end))) {
        Some((_, Some((unit, _)))) => {
            let rest = pattern.strip_prefix(head)?;
            let whole = is_of_pull_requests(units, rest);
            let name = format!("{owner}{}{unit}", shape.owner_end);
            if whole { wide(Width::Unit, format!("every one of the {} of {name}", shape.rest)) } else { None }
        }
        Some((_, None)) | None if shape.are_units_apart => {
            // Below a path, workloads that share it are of one kind.
            if shape.unit_end.is_none() && !units.is_empty() {
                return None;
            }
            let those = if units.is_empty() { String::new() } else { format!(" whose name starts with {units}") };
            wide(Width::Units, format!("every {}{those} of {owner}, with all its {}", shape.unit, shape.rest))
        }
        _ => None,
    }
}

/// Whether what follows the unit, `head` up to its first wildcard and then `rest`, takes pull requests among others.
fn is_of_pull_requests(units: &str, rest: &str) -> bool {
    let Some((_, before)) = units.split_once(':') else { return false };
    let syntax = Syntax { wildcards: true, variables: false };
    Pattern::parse(&format!("{before}{rest}"), syntax)
        .is_ok_and(|pattern| pattern.is_anything() || pattern.matches("pull_request", &Keys::new()))
}

/// The shape of an issuer's subjects: by its name where that tells, else by how the pattern starts.
fn shape(issuer: &str, head: &str) -> Option<&'static Shape> {
    let by_scheme = |scheme: &str| SHAPES.iter().find(|shape| shape.scheme == scheme);
    if issuer.starts_with("token.actions.") || issuer.ends_with("/_services/token") {
        return by_scheme("repo:");
    }
    if issuer == "gitlab.com" {
        return by_scheme("project_path:");
    }
    SHAPES.iter().find(|shape| head.starts_with(shape.scheme))
}
