//! Providers that everybody shares: a trust policy that does not say whose of their people and workloads it means is for
//! all of them, and is not saved (IAM user guide, identity-provider controls for shared OIDC providers).
//!
//! Those of before stay what they are; the [linter](super::lint) points at them.

use super::condition::Condition;
use super::error::PolicyError;
use super::shape::{StatementShape, strings};
use super::statement::{Effect, Statement};
use crate::json::{Data, Position};

const COGNITO: &str = "cognito-identity.amazonaws.com";
const GITHUB: &str = "token.actions.githubusercontent.com";

/// What says whose a token of a shared provider is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scope {
    /// Any condition there is: an identity pool cannot be reached but by its id.
    Any,
    /// One of these claims, held to be one of some texts.
    Equal(&'static [&'static str]),
    /// One of these claims, held to texts or patterns.
    Claims(&'static [&'static str]),
    /// A key of the request, held to texts or patterns.
    Key(&'static str),
}

/// Issuers that many organisations share, GitHub's own paths aside.
const SHARED: [(&str, Scope); 23] = [
    // Providers without an ARN, known by the application that a token was given to or the person it is about.
    ("accounts.google.com", Scope::Equal(&["aud", "oaud", "sub"])),
    ("www.amazon.com", Scope::Equal(&["app_id", "sub"])),
    ("graph.facebook.com", Scope::Equal(&["app_id", "sub"])),
    (COGNITO, Scope::Any),
    ("vstoken.actions.githubusercontent.com", Scope::Claims(&["sub"])),
    ("oidc-configuration.audit-log.githubusercontent.com", Scope::Claims(&["sub"])),
    ("gitlab.com", Scope::Claims(&["sub"])),
    ("agent.buildkite.com", Scope::Claims(&["sub"])),
    ("app.terraform.io", Scope::Claims(&["sub"])),
    ("oidc.codefresh.io", Scope::Claims(&["sub"])),
    ("studio.datachain.ai/api", Scope::Claims(&["sub"])),
    ("scalr.io", Scope::Claims(&["sub"])),
    ("tokens.cloud.shisho.dev", Scope::Claims(&["sub"])),
    ("proidc.upbound.io", Scope::Claims(&["sub"])),
    ("oidc.op1.openshiftapps.com/2f785sojlpb85i7402pk3qogugim5nfb", Scope::Claims(&["sub"])),
    ("oidc.op1.openshiftapps.com/2c51blsaqa9gkjt0o9rt11mle8mmropu", Scope::Claims(&["sub"])),
    ("rh-oidc.s3.us-east-1.amazonaws.com/22ejnvnnturfmt6km08idd0nt4hekbn7", Scope::Claims(&["sub"])),
    ("rh-oidc.s3.us-east-1.amazonaws.com/23e3sd27sju1hoou6ohfs68vbno607tr", Scope::Claims(&["sub"])),
    ("rh-oidc.s3.us-east-1.amazonaws.com/23ne21h005qjl3n33d8dui5dlrmv2tmg", Scope::Claims(&["sub"])),
    ("rh-oidc.s3.us-east-1.amazonaws.com/24jrf12m5dj7ljlfb4ta2frhrcoadm26", Scope::Claims(&["sub"])),
    ("api.pulumi.com/oidc", Scope::Claims(&["aud"])),
    ("sandboxes.cloud", Scope::Claims(&["aud"])),
    ("oidc.vercel.com", Scope::Claims(&["aud"])),
];
/// One tenant whose tokens are for all who use its product; which of them asks is in the name of the session.
const SENTINEL: &str = "sts.windows.net/33e01921-4d64-4f8c-a055-5bdaffd5e33d";

/// Claims that say which application or service a token is for, and not whose it is.
const AUDIENCES: [&str; 6] = ["amr", "app_id", "aud", "azp", "iss", "oaud"];

/// Keys that only calls have which are signed: whoever comes with a token has none of them.
const OF_SIGNED: [&str; 6] = [
    "aws:principalaccount",
    "aws:principalarn",
    "aws:principalorgid",
    "aws:principalorgpaths",
    "aws:userid",
    "sts:externalid",
];

fn scope(issuer: &str) -> Option<Scope> {
    // An enterprise's own issuer at GitHub is a path below the one of everybody.
    if issuer.strip_prefix(GITHUB).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')) {
        return Some(Scope::Claims(&["sub", "job_workflow_ref"]));
    }
    let issuer = issuer.trim_end_matches('/');
    if issuer == SENTINEL {
        return Some(Scope::Key("sts:RoleSessionName"));
    }
    SHARED.iter().find(|(own, _)| *own == issuer).map(|(_, scope)| *scope)
}

/// Whether a claim of an issuer's tokens says whose they are.
pub(super) fn says_whose(issuer: &str, claim: &str) -> bool {
    match scope(issuer) {
        Some(Scope::Any) => true,
        // Whoever has a repository there has environments and branches of any name.
        Some(Scope::Claims(claims)) => claims.contains(&claim),
        Some(Scope::Equal(_) | Scope::Key(_)) | None => !AUDIENCES.contains(&claim),
    }
}

/// Holds a statement that lets people and workloads assume the role to a condition that scopes each shared provider.
pub(super) fn are_told_apart(shape: &StatementShape<'_, '_>, statement: &Statement) -> Result<(), PolicyError> {
    let assumes = "sts:AssumeRoleWithWebIdentity".parse().is_ok_and(|action| statement.matches_action(&action));
    let trusts = statement.effect == Effect::Allow && assumes;
    let Some(found) = shape.principal.filter(|found| !found.negated && trusts) else { return Ok(()) };
    let Data::Object(kinds) = &found.value.data else { return Ok(()) };
    let named = |kind: &str| kinds.iter().find(|own| own.key == kind);
    if let Some(aws) = named("AWS") {
        let everybody = strings(&aws.value, "AWS")?.into_iter().find(|(principal, _)| *principal == "*");
        if let Some((_, at)) = everybody.filter(|_| !statement.conditions.iter().any(tells_everybody_apart)) {
            return Err(PolicyError::EveryProvider { at });
        }
    }
    let Some(federated) = named("Federated") else { return Ok(()) };
    strings(&federated.value, "Federated")?
        .into_iter()
        .try_for_each(|(principal, at)| told_apart(principal, at, &statement.conditions))
}

fn told_apart(principal: &str, at: Position, conditions: &[Condition]) -> Result<(), PolicyError> {
    let issuer = principal.split_once(":oidc-provider/").map_or(principal, |(_, issuer)| issuer);
    let Some(scope) = scope(issuer) else { return Ok(()) };
    if conditions.iter().any(|own| scope.is_met_by(own, issuer)) {
        return Ok(());
    }
    let provider = principal.to_owned();
    match scope.keys(issuer) {
        keys if keys.is_empty() => Err(PolicyError::ProviderWithoutCondition { at, provider }),
        keys => Err(PolicyError::SharedProvider { at, provider, keys }),
    }
}

/// Whether a condition says whose tokens are meant where everybody is named: everybody is everybody at every provider of the
/// account too, those that the whole world shares among them.
fn tells_everybody_apart(condition: &Condition) -> bool {
    let key = condition.key().folded();
    let of_provider = || {
        let issuer = key.rsplit_once(':').map(|(issuer, _)| issuer);
        // A tag may be called anything: `aws:requesttag/a.b:c` is no claim of a provider.
        let issuer = issuer.filter(|issuer| issuer.contains('.') && !issuer.starts_with("aws:"));
        issuer.is_some_and(|issuer| scope(issuer).is_none_or(|scope| scope.is_met_by(condition, issuer)))
    };
    condition.is_pinning() && (OF_SIGNED.contains(&key) || of_provider())
}

impl Scope {
    fn keys(self, issuer: &str) -> Vec<String> {
        match self {
            Self::Any => Vec::new(),
            Self::Equal(claims) | Self::Claims(claims) => {
                claims.iter().map(|claim| format!("{issuer}:{claim}")).collect()
            }
            Self::Key(key) => vec![key.to_owned()],
        }
    }

    fn is_met_by(self, condition: &Condition, issuer: &str) -> bool {
        let operator = condition.operator();
        let selects = match self {
            Self::Any => return true,
            Self::Equal(_) => operator.equals_text(),
            Self::Claims(_) | Self::Key(_) => operator.selects_text(),
        };
        let is_open = |value: &str| is_open(value, issuer.starts_with(GITHUB));
        let mut keys = self.keys(issuer).into_iter();
        selects
            && keys.any(|key| key.to_lowercase() == condition.key().folded())
            && !condition.values().is_empty()
            && !condition.values().iter().any(|value| is_open(value))
    }
}

/// Whether a value leaves the claim as open as it is without the condition.
fn is_open(value: &str, is_github: bool) -> bool {
    let only_wildcards = value.trim().chars().all(|character| matches!(character, '*' | '?'));
    // A variable first may be the very claim that it is compared with.
    only_wildcards || value.starts_with("${") || (is_github && value.starts_with(['*', '?']))
}
