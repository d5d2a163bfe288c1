//! The sentences that clients of the cloud know for a refused document; each kind of policy has a parser with words of its own.

use super::document::Kind;
use super::error::{PolicyError, ResourceProblem};
use super::resource;

const SYNTAX: &str = "Syntax errors in policy.";

/// The sentence for a document of this kind, without our own words after it.
pub(super) fn of(error: &PolicyError, kind: Kind) -> String {
    let told = match kind {
        Kind::Trust | Kind::Resource => of_resources(error, kind),
        Kind::Session if matches!(error, PolicyError::Json(_)) => Some("This policy contains invalid Json".to_owned()),
        // Everybody is named there, and anybody else is what is wrong.
        Kind::ResourceControl if matches!(error, PolicyError::Misplaced { .. }) => None,
        _ => of_identities(error),
    };
    told.or_else(|| of_any(error)).unwrap_or_else(|| SYNTAX.to_owned())
}

fn of_any(error: &PolicyError) -> Option<String> {
    Some(match error {
        PolicyError::Principal { kind, principal, .. } => match *kind {
            "Federated" => "Federated principals must be valid domain names or SAML metadata ARNs".to_owned(),
            "AWS" => format!("Invalid principal in policy: \"AWS\":\"{principal}\""),
            other => format!("Invalid principal in policy: \"{}\":\"{principal}\"", other.to_uppercase()),
        },
        PolicyError::BareEverybody { .. } => {
            "AssumeRolepolicy contained an invalid principal: \"STAR\":\"*\".".to_owned()
        }
        PolicyError::EveryProvider { .. } => {
            "A trust policy that lets \"*\" assume a role with web identities needs a condition on whose they are"
                .to_owned()
        }
        PolicyError::ProviderWithoutCondition { .. } => {
            "A condition block must be present for the Cognito provider".to_owned()
        }
        PolicyError::SharedProvider { provider, .. } if !provider.starts_with("arn:") => {
            format!("Policy trusting {provider} requires a StringEquals condition on an application id")
        }
        PolicyError::SharedProvider { provider, keys, .. } => format!(
            "Trust policy with trusted principal {provider} must evaluate, using StringEquals, StringLike or \
             StringEqualsIgnoreCase, {} which is not scoped to all.",
            keys.join(" or ")
        ),
        _ => return None,
    })
}

/// Policies of users, groups, roles and sessions, and those of an organisation.
fn of_identities(error: &PolicyError) -> Option<String> {
    Some(match error {
        PolicyError::Version { .. } => "Policy document must be version 2012-10-17 or greater.".to_owned(),
        PolicyError::Effect { effect, .. } if ["allow", "deny"].contains(&effect.to_ascii_lowercase().as_str()) => {
            legacy()
        }
        PolicyError::Date { .. } => legacy(),
        PolicyError::Missing { element: "Action", .. } => "Policy statement must contain actions.".to_owned(),
        PolicyError::Missing { element: "Resource", .. } => "Policy statement must contain resources.".to_owned(),
        PolicyError::Misplaced { element: "Principal" | "NotPrincipal", .. } => {
            "Policy document should not specify a principal.".to_owned()
        }
        PolicyError::Sid { .. } => {
            "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression \
             [0-9A-Za-z]*"
                .to_owned()
        }
        PolicyError::Repeated { element: "Sid", .. } => {
            "Statement IDs (SID) in a single policy must be unique.".to_owned()
        }
        PolicyError::Action { action, .. } => action_sentence(action)?,
        PolicyError::Resource { resource, problem, .. } => resource_sentence(resource, *problem)?,
        _ => return None,
    })
}

/// Policies of roles about who may assume them, and of buckets and the like.
fn of_resources(error: &PolicyError, kind: Kind) -> Option<String> {
    Some(match error {
        PolicyError::Json(_) => "This policy contains invalid Json".to_owned(),
        PolicyError::UnknownElement { element, .. } => format!("Unknown field {element}"),
        PolicyError::Effect { effect, .. } if !effect.is_empty() => format!("Invalid effect: {effect}"),
        PolicyError::Missing { element: element @ ("Effect" | "Principal" | "Action"), .. } => {
            format!("Missing required field {element}")
        }
        PolicyError::Malformed { element, .. } if element == "Version" => {
            "The policy must contain a valid version string".to_owned()
        }
        PolicyError::Misplaced { element: "NotPrincipal", .. } => "Allow with NotPrincipal is not allowed.".to_owned(),
        PolicyError::Misplaced { element: "Resource", .. } if kind == Kind::Trust => {
            "Has prohibited field Resource".to_owned()
        }
        PolicyError::Repeated { element: "Sid", .. } => "The Statement Ids in the policy are not unique".to_owned(),
        PolicyError::Action { .. } if kind == Kind::Trust => {
            "AssumeRole policy may only specify STS AssumeRole actions.".to_owned()
        }
        _ => return None,
    })
}

fn legacy() -> String {
    "The policy failed legacy parsing".to_owned()
}

fn action_sentence(action: &str) -> Option<String> {
    let mut parts = action.split(':');
    match (parts.next(), parts.next(), parts.next()) {
        (_, None, _) => Some("Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.".to_owned()),
        (_, Some(_), Some(_)) => Some("Actions/Condition can contain only one colon.".to_owned()),
        (Some(vendor), Some(_), None) => Some(format!("Vendor {vendor} is not valid")),
        (None, ..) => None,
    }
}

fn resource_sentence(resource: &str, problem: ResourceProblem) -> Option<String> {
    Some(match problem {
        ResourceProblem::Form => format!("Resource {resource} must be in ARN format or \"*\"."),
        ResourceProblem::Partition => {
            let mut parts = resource.splitn(6, ':').skip(1).chain(std::iter::repeat("*"));
            let parts: Vec<_> = parts.by_ref().take(5).collect();
            let partition = parts.first().copied().unwrap_or_default();
            format!("Partition \"{partition}\" is not valid for resource \"arn:{}\".", parts.join(":"))
        }
        ResourceProblem::Service => "Resource vendor must be fully qualified and cannot contain regexes.".to_owned(),
        ResourceProblem::Region if resource.split(':').nth(2) == Some("s3") => {
            format!("Resource {resource} can not contain region information.")
        }
        ResourceProblem::Region => format!("IAM resource {resource} cannot contain region information."),
        ResourceProblem::Path => {
            format!("IAM resource path must either be \"*\", root, or start with {}.", resource::IAM_PATHS.join(", "))
        }
        ResourceProblem::Legacy => legacy(),
        ResourceProblem::Syntax => return None,
    })
}
