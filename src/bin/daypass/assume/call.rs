//! The arguments as the library's question: a role, a caller who signed nothing, and what is asked for.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use daypass::arn::Arn;
use daypass::organization::Organization;
use daypass::policy::{Kind, Principal, TrustPolicy};
use daypass::session::{
    AssumeRole, Entitlements, LongTermIdentity, MfaCode, Origin, Role, SessionClaims, SourceIdentity, Supposed, Tags,
    UserIdentity,
};
use daypass::time::Timestamp;

use super::args::Explain;
use super::kind::{CallerKind, verify_flags};
use crate::documents::{keys, levels, policies, policy, split};
use crate::error::{CliError, InputError};
use crate::input::instant;

/// Everything that is asked.
pub(super) struct Asked {
    pub(super) supposed: Supposed,
    pub(super) entitlements: Entitlements,
    pub(super) role: Role,
    pub(super) ask: AssumeRole,
    pub(super) now: Timestamp,
}

impl Asked {
    pub(super) fn read(explain: &Explain) -> Result<Self, CliError> {
        let now = instant(explain.now);
        let (role, caller) = (role(explain)?, parsed::<Arn>("--caller", &explain.caller)?);
        let supposed = supposed(explain, caller, now)?;
        let mut entitlements = Entitlements::new(policies(&explain.identity_policy, Kind::Identity)?);
        entitlements.boundary = match explain.permission_boundary.as_slice() {
            [] => None,
            paths => Some(policies(paths, Kind::Boundary)?),
        };
        let organization = organization(explain, &supposed, &role)?;
        Ok(Self { supposed, entitlements, ask: ask(explain, organization)?, role, now })
    }
}

fn role(explain: &Explain) -> Result<Role, CliError> {
    let file = explain.trust_policy.display().to_string();
    let text = policy(&explain.trust_policy, Kind::Trust)?;
    let trust = TrustPolicy::parse_within(text.text(), usize::MAX);
    let trust = trust.map_err(|error| InputError::new(&file, error.reason()))?.named(&file);
    let role = Role::new(parsed("--role-arn", &explain.role_arn)?, trust);
    let role = role.map_err(|error| InputError::new("--role-arn", error.reason()))?;
    let seconds = Duration::from_secs(explain.max_session_duration);
    Ok(role.with_tags(pairs("--role-tag", &explain.role_tag)?).lasting_at_most(seconds))
}

fn supposed(explain: &Explain, caller: Arn, now: Timestamp) -> Result<Supposed, CliError> {
    let is_provider = caller.service() == "iam"
        && ["saml-provider/", "oidc-provider/"].iter().any(|kind| caller.resource().starts_with(kind));
    if is_provider {
        verify_flags(explain, CallerKind::Provider)?;
        let keys = keys(&explain.context, &explain.context_list)?;
        return Ok(Supposed::Federated { provider_arn: caller, keys });
    }
    let tags = pairs("--principal-tag", &explain.principal_tag)?;
    let unknown =
        |_| InputError::new("--caller", "expected the ARN of a user, a role's session, a root user or a provider");
    Ok(match Principal::from_arn(caller.clone()).map_err(unknown)? {
        Principal::Root { account } => {
            verify_flags(explain, CallerKind::Root)?;
            Supposed::LongTerm(LongTermIdentity::Root { account })
        }
        Principal::User { arn } => {
            verify_flags(explain, CallerKind::User)?;
            let name = arn.resource().rsplit('/').next().unwrap_or_default().to_owned();
            let account = parsed("--caller", arn.account())?;
            let mut user = UserIdentity::new(arn, account, explain.caller_id.as_str(), name);
            user.tags = tags;
            Supposed::LongTerm(LongTermIdentity::User(Arc::new(user)))
        }
        Principal::AssumedRole { session_arn, .. } => {
            verify_flags(explain, CallerKind::Session)?;
            let (partition, account) = (session_arn.partition(), session_arn.account());
            let role = session_arn.resource().split('/').nth(1).unwrap_or_default();
            let role_arn = parsed("--caller", &format!("arn:{partition}:iam::{account}:role/{role}"))?;
            Supposed::RoleSession(Box::new(claims(explain, &role_arn, &session_arn, tags, now)?))
        }
        _ => return Err(unknown(daypass::policy::NameError::Principal).into()),
    })
}

/// A session that began now and is as long as sessions are.
fn claims(
    explain: &Explain,
    role_arn: &Arn,
    session_arn: &Arn,
    principal_tags: BTreeMap<String, String>,
    now: Timestamp,
) -> Result<SessionClaims, CliError> {
    let name = session_arn.resource().rsplit('/').next().unwrap_or_default();
    let policies = policies(&explain.session_policy, Kind::Session)?;
    Ok(SessionClaims {
        role_arn: role_arn.to_string(),
        role_id: explain.caller_id.clone(),
        role_session_name: name.to_owned(),
        origin: Origin::Assumed,
        issued_at: now.unix_seconds(),
        expiration: now.saturating_add(Duration::from_secs(3600)).unix_seconds(),
        session_policies: policies.iter().map(|policy| policy.text().to_owned()).collect(),
        policy_arns: Vec::new(),
        principal_tags,
        transitive_tag_keys: explain.inherited_tag_key.clone(),
        source_identity: explain.caller_source_identity.clone(),
        federated_provider: None,
        mfa_authenticated_at: None,
        federation_keys: BTreeMap::new(),
        identity_context: None,
        correlation_id: None,
    })
}

fn organization(explain: &Explain, supposed: &Supposed, role: &Role) -> Result<Organization, CliError> {
    let mut organization = Organization::default()
        .with_resource_control(role.account().clone(), levels("--rcp", &explain.rcp, Kind::ResourceControl)?);
    let account = match supposed {
        Supposed::LongTerm(identity) => identity.account().clone(),
        Supposed::RoleSession(claims) => parsed::<Arn>("--caller", &claims.role_arn)?
            .account_id()
            .map_err(|error| InputError::new("--caller", error))?,
        // Service control policies reach nobody who belongs to no account.
        _ => return Ok(organization),
    };
    organization = organization.with_service_control(account, levels("--scp", &explain.scp, Kind::ServiceControl)?);
    Ok(organization)
}

fn ask(explain: &Explain, organization: Organization) -> Result<AssumeRole, CliError> {
    let name = parsed("--role-session-name", &explain.role_session_name)?;
    let tags = Tags::new(pairs("--tag", &explain.tag)?, explain.transitive_tag_key.clone());
    let tags = tags.map_err(|error| InputError::new("--tag", error.reason()))?;
    let mut ask = AssumeRole::new(parsed("--role-arn", &explain.role_arn)?, name)
        .with_tags(tags)
        .with_environment(keys(&explain.context, &explain.context_list)?)
        .within(Arc::new(organization));
    if let Some(seconds) = explain.duration {
        ask = ask.lasting(Duration::from_secs(seconds));
    }
    if let Some(external_id) = &explain.external_id {
        ask = ask.with_external_id(external_id);
    }
    if let Some(identity) = &explain.source_identity {
        ask = ask.with_source_identity(parsed::<SourceIdentity>("--source-identity", identity)?);
    }
    // A code is taken to be good, whichever it is.
    Ok(if explain.mfa { ask.with_mfa_code(MfaCode::new("", "")) } else { ask })
}

fn pairs(flag: &str, texts: &[String]) -> Result<BTreeMap<String, String>, InputError> {
    let mut pairs = BTreeMap::new();
    for text in texts {
        let (key, value) = split(flag, text)?;
        if pairs.insert(key.to_owned(), value.to_owned()).is_some() {
            return Err(InputError::new(flag, format!("{key:?}: given more than once")));
        }
    }
    Ok(pairs)
}

fn parsed<T: std::str::FromStr<Err: std::fmt::Display>>(flag: &str, text: &str) -> Result<T, InputError> {
    text.parse().map_err(|error: T::Err| InputError::new(flag, format!("{text:?}: {error}")))
}
