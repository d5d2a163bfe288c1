//! Providers that everybody shares: a trust policy that does not say whose of their people and workloads it means is for
//! all of them, and is not saved (IAM user guide, identity-provider controls for shared OIDC providers).
//!
//! Those of before stay what they are; the [linter](super::lint) points at them.

use super::error::PolicyError;
use super::shape::{ConditionShape, StatementShape, strings};
use super::statement::{Effect, Statement};
use crate::json::{Data, Position};

const COGNITO: &str = "cognito-identity.amazonaws.com";
const GITHUB: &str = "token.actions.githubusercontent.com";

/// Providers without an ARN, and the claims of which one says to which application a token was given.
const WITHOUT_ARN: [(&str, &[&str]); 3] = [
    ("accounts.google.com", &["aud", "oaud", "sub"]),
    ("www.amazon.com", &["app_id", "sub"]),
    ("graph.facebook.com", &["app_id", "sub"]),
];

/// Issuers that many organisations share, and the claim that says whose a token is.
const SHARED: [(&str, &str); 14] = [
    (GITHUB, "sub"),
    ("vstoken.actions.githubusercontent.com", "sub"),
    ("oidc-configuration.audit-log.githubusercontent.com", "sub"),
    ("gitlab.com", "sub"),
    ("agent.buildkite.com", "sub"),
    ("app.terraform.io", "sub"),
    ("oidc.codefresh.io", "sub"),
    ("studio.datachain.ai/api", "sub"),
    ("scalr.io", "sub"),
    ("tokens.cloud.shisho.dev", "sub"),
    ("proidc.upbound.io", "sub"),
    ("api.pulumi.com/oidc", "aud"),
    ("sandboxes.cloud", "aud"),
    ("oidc.vercel.com", "aud"),
];

/// Holds a statement that lets people and workloads assume the role to a condition that scopes each shared provider.
pub(super) fn are_told_apart(shape: &StatementShape<'_, '_>, statement: &Statement) -> Result<(), PolicyError> {
    let assumes = "sts:AssumeRoleWithWebIdentity".parse().is_ok_and(|action| statement.matches_action(&action));
    let trusts = statement.effect == Effect::Allow && assumes;
    let Some(found) = shape.principal.filter(|found| !found.negated && trusts) else { return Ok(()) };
    let Data::Object(kinds) = &found.value.data else { return Ok(()) };
    // Everybody means everybody at every provider of the account too.
    if let Some(aws) = kinds.iter().find(|kind| kind.key == "AWS") {
        for (principal, at) in strings(&aws.value, "AWS")? {
            if principal == "*" && shape.conditions.is_empty() {
                return Err(PolicyError::SharedProvider { at, provider: principal.to_owned(), keys: Vec::new() });
            }
        }
    }
    let Some(federated) = kinds.iter().find(|kind| kind.key == "Federated") else { return Ok(()) };
    for (principal, at) in strings(&federated.value, "Federated")? {
        told_apart(principal, at, &shape.conditions)?;
    }
    Ok(())
}

fn told_apart(principal: &str, at: Position, conditions: &[ConditionShape<'_>]) -> Result<(), PolicyError> {
    let shared = |keys| Err(PolicyError::SharedProvider { at, provider: principal.to_owned(), keys });
    if let Some((issuer, claims)) = WITHOUT_ARN.iter().find(|(issuer, _)| *issuer == principal) {
        let keys: Vec<_> = claims.iter().map(|claim| format!("{issuer}:{claim}")).collect();
        let named = conditions.iter().any(|own| own.operator.equals_text() && tests(own, &keys, false));
        return if named { Ok(()) } else { shared(keys) };
    }
    if principal == COGNITO {
        return match conditions.is_empty() {
            true => shared(Vec::new()),
            false => Ok(()),
        };
    }
    let Some((_, issuer)) = principal.split_once(":oidc-provider/") else { return Ok(()) };
    // An enterprise's own issuer at GitHub is a path below the one of everybody.
    let is_github = issuer.strip_prefix(GITHUB).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    let claim = match is_github {
        true => "sub",
        false => match SHARED.iter().find(|(own, _)| *own == issuer) {
            Some((_, claim)) => claim,
            None => return Ok(()),
        },
    };
    let mut keys = vec![format!("{issuer}:{claim}")];
    if is_github {
        keys.push(format!("{issuer}:job_workflow_ref"));
    }
    let scoped = conditions.iter().any(|own| own.operator.selects_text() && tests(own, &keys, is_github));
    if scoped { Ok(()) } else { shared(keys) }
}

/// Whether a condition compares one of the keys with values that are narrower than any.
fn tests(condition: &ConditionShape<'_>, keys: &[String], is_github: bool) -> bool {
    keys.iter().any(|key| key.eq_ignore_ascii_case(condition.key.0))
        && !condition.values.is_empty()
        && !condition.values.iter().any(|value| is_open(value, is_github))
}

/// Whether a value leaves the claim as open as it is without the condition.
fn is_open(value: &str, is_github: bool) -> bool {
    let only_wildcards = value.trim().chars().all(|character| matches!(character, '*' | '?'));
    // A variable first may be the very claim that it is compared with.
    only_wildcards || value.starts_with("${") || (is_github && value.starts_with(['*', '?']))
}
