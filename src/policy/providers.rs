//! Providers that everybody shares: a trust policy that does not say whose of their people and workloads it means is for
//! all of them, and is not saved (IAM user guide, identity-provider controls for shared OIDC providers).
//!
//! Those of before stay what they are; the [linter](super::lint) points at them.

use super::error::PolicyError;
use super::shape::{ConditionShape, StatementShape, strings};
use crate::json::{Data, Position};

const COGNITO: &str = "cognito-identity.amazonaws.com";
const GITHUB: &str = "token.actions.githubusercontent.com";

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

/// Holds an allowing statement to a condition that scopes each shared provider that it trusts.
pub(super) fn are_told_apart(shape: &StatementShape<'_, '_>) -> Result<(), PolicyError> {
    let Some(found) = shape.principal.filter(|found| !found.negated && shape.effect.0 == "Allow") else {
        return Ok(());
    };
    let Data::Object(kinds) = &found.value.data else { return Ok(()) };
    let Some(federated) = kinds.iter().find(|kind| kind.key == "Federated") else { return Ok(()) };
    for (principal, at) in strings(&federated.value, "Federated")? {
        told_apart(principal, at, &shape.conditions)?;
    }
    Ok(())
}

fn told_apart(principal: &str, at: Position, conditions: &[ConditionShape<'_>]) -> Result<(), PolicyError> {
    let issuer = principal.split_once(":oidc-provider/").map_or(principal, |(_, issuer)| issuer);
    if issuer == COGNITO {
        return match conditions.is_empty() {
            true => Err(PolicyError::SharedProvider { at, provider: COGNITO.to_owned(), keys: Vec::new() }),
            false => Ok(()),
        };
    }
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
    let scoped = conditions.iter().any(|own| {
        own.operator.selects_text()
            && keys.iter().any(|key| key.eq_ignore_ascii_case(own.key.0))
            && !own.values.is_empty()
            && !own.values.iter().any(|value| is_open(value, is_github))
    });
    if scoped { Ok(()) } else { Err(PolicyError::SharedProvider { at, provider: principal.to_owned(), keys }) }
}

/// Whether a value leaves the claim as open as it is without the condition.
fn is_open(value: &str, is_github: bool) -> bool {
    let only_wildcards = value.trim().chars().all(|character| matches!(character, '*' | '?'));
    only_wildcards || (is_github && value.starts_with('*'))
}
