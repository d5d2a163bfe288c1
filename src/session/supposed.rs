//! Calls that nobody has signed: whom they are supposed to come from, and how they would be answered.

use std::sync::Arc;

use super::assume::{Limit, verify_duration};
use super::context::surroundings;
use super::rules::OF_FEDERATED;
use super::trust::Trust;
use super::{
    Asking, AssumeReport, AssumeRole, Caller, Entitlements, LongTermIdentity, Role, RoleSession, Session,
    SessionClaims, SessionError, SessionPolicies, Tags, explain_assume,
};
use crate::arn::Arn;
use crate::explain::Report;
use crate::policy::{Keys, Principal};
use crate::time::Timestamp;

/// Whom a call is supposed to come from. It can be asked about and becomes nothing else: no session comes of it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Supposed {
    /// A user or root user with a long-term key.
    LongTerm(LongTermIdentity),
    /// The session of a role. A role without a path is one whose path is not known, as a session's ARN leaves it out: a
    /// policy names it by any.
    RoleSession(Box<SessionClaims>),
    /// Whom a SAML or OpenID provider vouches for.
    Federated {
        /// `arn:aws:iam::<account>:saml-provider/<name>` or `…:oidc-provider/<host and path>`
        provider_arn: Arn,
        /// What it says of them, such as `saml:sub` or `login.example.com:aud`, and whether it pins the role
        /// (`sts:RoleAuthorizedByIdp`). Nothing else is heard of it.
        keys: Keys,
    },
}

/// Why a call of `supposed` would give a session or not, were its credentials, its assertion and its MFA code good:
/// [`explain_assume`] for those who have a trust policy at hand and nobody to sign in.
///
/// `entitlements` is everything that `supposed` is entitled to; nobody asks for those of federated people.
///
/// # Errors
/// [`SessionError::Claims`] when `supposed` is no session or provider that there could be; [`SessionError::Name`] when a
/// name cannot be put to the policies; a refusal is a report.
pub fn explain_supposed(
    supposed: &Supposed,
    entitlements: &Entitlements,
    role: &Role,
    ask: AssumeRole,
    now: Timestamp,
) -> Result<AssumeReport, SessionError> {
    let ask = if ask.mfa_code().is_some() { ask.supposing_mfa(now) } else { ask };
    let caller = match supposed {
        Supposed::LongTerm(identity) => Caller::long_term(identity.clone()),
        Supposed::RoleSession(claims) => Caller::temporary(Arc::new(Session::Role(session(claims)?))),
        Supposed::Federated { provider_arn, keys } => return explain_federated(provider_arn, keys, role, &ask, now),
    };
    explain_assume(Asking::new(&caller, entitlements), role, ask, now)
}

/// A session as only this module has it without proof, and keeps it.
fn session(claims: &SessionClaims) -> Result<RoleSession, SessionError> {
    let role_arn: Arn = claims.role_arn.parse().map_err(|_| SessionError::Claims)?;
    let policies = SessionPolicies::from_claims(&claims.session_policies, &claims.policy_arns)?;
    let has_path = role_arn.resource().matches('/').count() > 1;
    let session = RoleSession::new(claims.clone(), role_arn, policies)?;
    Ok(if has_path { session } else { session.of_unknown_path() })
}

fn explain_federated(
    provider: &Arn,
    said: &Keys,
    role: &Role,
    ask: &AssumeRole,
    now: Timestamp,
) -> Result<AssumeReport, SessionError> {
    let kind = provider.resource().split_once('/').filter(|_| provider.service() == "iam");
    let (action, own) = match kind {
        Some(("saml-provider", _)) => ("sts:AssumeRoleWithSAML", "saml:".to_owned()),
        Some(("oidc-provider", host_and_path)) => {
            ("sts:AssumeRoleWithWebIdentity", format!("{}:", host_and_path.to_lowercase()))
        }
        _ => return Err(SessionError::Claims),
    };
    let mut said = said.clone();
    said.forget(|name| !name.starts_with(&own) && name != "sts:roleauthorizedbyidp");
    let mut keys = surroundings(ask.environment.clone(), now);
    keys.set("sts:RoleAuthorizedByIdp", "false");
    keys.extend(&said);
    keys.set("aws:FederatedProvider", provider.as_str());
    let (principal, inherited) = (Principal::Federated { provider_arn: provider.clone() }, Tags::default());
    let trust = Trust { role, principal: &principal, action, ask, keys, inherited: &inherited };
    let mut report = Report::new();
    let verified = trust.verify(&mut report).and_then(|()| {
        verify_duration(ask.duration, role.max_session_duration(), Limit::Role, &mut report).map(|_| ())
    });
    let refusal = verified.err().map(|error| error.reason());
    let actions = trust.explain_federated()?;
    Ok(AssumeReport::new(provider.to_string(), role.arn().to_string(), refusal, actions)
        .with_checks(report, &OF_FEDERATED))
}
