//! Assuming a role: from a verified identity, from an assignment of the directory, or from another role's session.

use std::collections::BTreeMap;
use std::time::Duration;

use super::context::surroundings;
use super::federation::FederationRequest;
use super::role::{DEFAULT_SESSION_DURATION, MIN_SESSION_DURATION, name_qualifier};
use super::trust::Trust;
use super::{
    AssumeReport, AssumeRole, Caller, Entitlements, IdentityContextClaims, LongTermIdentity, Mapping, Origin, Role,
    RoleSession, SessionClaims, SessionError, SessionPolicies, SourceIdentity, Tags, request_keys, rules,
};
use crate::VerifiedIdentity;
use crate::arn::Arn;
use crate::directory::{AssignedRole, Directory};
use crate::explain::{Evidence, Listener, Report, Silent};
use crate::identity::ProviderName;
use crate::policy::{Keys, Principal};
use crate::time::Timestamp;

/// Assumes `role` as whom a SAML or OpenID provider signed for (AssumeRoleWithSAML, AssumeRoleWithWebIdentity).
///
/// A session name, source identity and tags that the assertion carries are the session's, whatever `ask` says. The
/// session ends no later than the provider wants (`SessionNotOnOrAfter`).
///
/// # Errors
/// [`SessionError`] naming the first of [`RULES`](super::RULES) that is broken; [`SessionError::PackedPolicy`] and
/// [`SessionError::PackedTags`] where a session has no room for what it would carry.
pub fn assume_federated(
    identity: &VerifiedIdentity,
    role: &Role,
    ask: AssumeRole,
    now: Timestamp,
    listener: &mut impl Listener,
) -> Result<RoleSession, SessionError> {
    assume_requested(identity, FederationRequest::read(identity)?, role, ask, now, listener)
}

/// As [`assume_federated`], for a provider whose attributes mean what `mapping` says. The mapping gives no role by itself:
/// the trust policy decides as it does without one.
///
/// # Errors
/// [`SessionError`] naming the first of [`RULES`](super::RULES) that is broken; [`SessionError::PackedPolicy`] and
/// [`SessionError::PackedTags`] where a session has no room for what it would carry.
pub fn assume_mapped(
    identity: &VerifiedIdentity,
    mapping: &Mapping,
    role: &Role,
    ask: AssumeRole,
    now: Timestamp,
    listener: &mut impl Listener,
) -> Result<RoleSession, SessionError> {
    let expected = "a rule for what the provider sent, and each value that the document needs";
    let federation = match mapping.apply(identity) {
        Ok(federation) => federation,
        Err(error) => {
            listener.failed(&rules::MAPPED, || Evidence::new(expected, error.reason()));
            return Err(error);
        }
    };
    listener.passed(&rules::MAPPED, || Evidence::new(expected, mapping.explain(identity)));
    assume_requested(identity, federation, role, ask, now, listener)
}

fn assume_requested(
    identity: &VerifiedIdentity,
    federation: FederationRequest,
    role: &Role,
    mut ask: AssumeRole,
    now: Timestamp,
    listener: &mut impl Listener,
) -> Result<RoleSession, SessionError> {
    let provider = identity.provider().arn(role.account());
    without_context(&ask)?;
    let (action, origin) = match identity.provider() {
        ProviderName::Saml(_) => ("sts:AssumeRoleWithSAML", Origin::Saml),
        ProviderName::Oidc(_) => ("sts:AssumeRoleWithWebIdentity", Origin::WebIdentity),
    };
    verify_listed(identity, &federation, origin, role, &provider, listener)?;
    ask.duration = ask.duration.or_else(|| federation.session_duration_of(role.arn(), &provider));
    ask.role_session_name = federation.role_session_name.unwrap_or(ask.role_session_name);
    ask.source_identity = federation.source_identity;
    ask.tags = federation.tags;

    let mut keys = surroundings(ask.environment.clone(), now);
    let federation_keys = federation_keys(identity, role, &provider, &mut keys);
    keys.set("sts:RoleAuthorizedByIdp", federation.pinned_roles.is_some().to_string());
    let principal = Principal::Federated { provider_arn: provider.clone() };
    let inherited = &Tags::default();
    Trust { role, principal: &principal, action, ask: &ask, keys, inherited }.verify(listener)?;
    let duration = verify_duration(ask.duration, role.max_session_duration(), Limit::Role, listener)?;
    let latest = identity.session_not_on_or_after().unwrap_or(Timestamp::MAX);
    let mut claims = claims(role, &ask, origin, now, now.saturating_add(duration).min(latest));
    claims.federated_provider = Some(provider.to_string());
    claims.federation_keys = federation_keys;
    made(claims, role, ask.session_policies)
}

/// Assumes the role that a permission set is provisioned as, for the person it is assigned to. Where the directory is an
/// identity store, the session acts on behalf of that person without anybody providing a context.
///
/// # Errors
/// [`SessionError`] naming the first of [`RULES`](super::RULES) that is broken; [`SessionError::PackedPolicy`] and
/// [`SessionError::PackedTags`] where a session has no room for what it would carry.
pub fn assume_assigned(
    assigned: &AssignedRole,
    role: &Role,
    ask: AssumeRole,
    now: Timestamp,
    listener: &mut impl Listener,
) -> Result<RoleSession, SessionError> {
    without_context(&ask)?;
    let provider = Directory::managed_provider_arn(role.account());
    let evidence = || Evidence::new(format_args!("an assignment of {}", role.arn()), assigned.role_arn());
    if assigned.role_arn() != role.arn() {
        listener.failed(&rules::LISTED, evidence);
        return Err(SessionError::NotListed { role: role.arn().clone(), provider });
    }
    listener.passed(&rules::LISTED, evidence);
    let mut keys = surroundings(ask.environment.clone(), now);
    keys.set("saml:sub", assigned.user_name());
    keys.set("aws:FederatedProvider", provider.to_string());
    let principal = Principal::Federated { provider_arn: provider.clone() };
    let (action, inherited) = ("sts:AssumeRoleWithSAML", &Tags::default());
    Trust { role, principal: &principal, action, ask: &ask, keys, inherited }.verify(listener)?;
    let most = role.max_session_duration();
    // What an operator set out of range must not lock everyone out; what a person asks for is held to the range.
    let usual = assigned.permission_set().session_duration.clamp(MIN_SESSION_DURATION, most);
    let asked = ask.duration.or(Some(usual));
    let duration = verify_duration(asked, most, Limit::Role, listener)?;
    let mut claims = claims(role, &ask, Origin::Assigned, now, now.saturating_add(duration));
    claims.federated_provider = Some(provider.to_string());
    claims.federation_keys.insert("saml:sub".to_owned(), vec![assigned.user_name().to_owned()]);
    claims.identity_context = IdentityContextClaims::of_assigned(assigned).map(Box::new);
    made(claims, role, ask.session_policies)
}

/// Who calls AssumeRole, and every policy that speaks for the caller.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Asking<'a> {
    /// Whose credentials signed the call.
    pub caller: &'a Caller,
    /// What the caller is entitled to.
    pub entitlements: &'a Entitlements,
}

impl<'a> Asking<'a> {
    /// A caller and what it is entitled to.
    #[must_use]
    pub const fn new(caller: &'a Caller, entitlements: &'a Entitlements) -> Self {
        Self { caller, entitlements }
    }
}

/// Assumes `role` as whoever signed the call (AssumeRole): a user, or the session of another role. The latter is role
/// chaining: at most one hour, with the transitive tags and the source identity of the calling session. On whose behalf the
/// calling session acts does not go down the chain: a context is provided again, or the new session has none.
///
/// # Errors
/// [`SessionError`] naming the first of [`RULES`](super::RULES) that is broken; [`SessionError::PackedPolicy`] and
/// [`SessionError::PackedTags`] where a session has no room for what it would carry.
pub fn assume_as(
    asking: Asking<'_>,
    role: &Role,
    ask: AssumeRole,
    now: Timestamp,
    listener: &mut impl Listener,
) -> Result<RoleSession, SessionError> {
    let call = Call::new(asking, ask, now, listener)?;
    let trust = call.trust(role);
    trust.verify_caller(asking, listener)?;
    trust.verify(listener)?;
    let (origin, duration) = call.duration(asking, role, listener)?;
    let Call { mut ask, tags, .. } = call;
    ask.tags = tags;
    let mut claims = claims(role, &ask, origin, now, now.saturating_add(duration));
    if let Some(from) = asking.caller.role_session().map(RoleSession::claims) {
        claims.federated_provider.clone_from(&from.federated_provider);
        claims.federation_keys.clone_from(&from.federation_keys);
    }
    claims.correlation_id = claims.correlation_id.or_else(|| asking.caller.correlation_id().map(str::to_owned));
    made(claims, role, ask.session_policies)
}

/// Why [`assume_as`] would give a session or not: both sides, each statement that nearly allowed and what it wanted. It
/// tells what a role trusts, and is for those who manage it, not for those who ask for it.
///
/// # Errors
/// [`SessionError::Name`] when a name cannot be put to the policies; a refusal is a report.
pub fn explain_assume(
    asking: Asking<'_>,
    role: &Role,
    ask: AssumeRole,
    now: Timestamp,
) -> Result<AssumeReport, SessionError> {
    let (caller, wanted) = (asking.caller.arn().to_string(), role.arn().to_string());
    let mut heard = Report::new();
    let refusal = assume_as(asking, role, ask.clone(), now, &mut heard).err().map(|error| error.reason());
    let actions = match Call::new(asking, ask, now, &mut Silent) {
        Ok(call) => call.trust(role).explain(asking)?,
        Err(_) => Vec::new(),
    };
    Ok(AssumeReport::new(caller, wanted, refusal, actions).with_checks(heard, &rules::OF_CALLERS))
}

/// A call of AssumeRole, ready to be put to the policies.
struct Call {
    /// With the tags that the call itself sets.
    ask: AssumeRole,
    /// The tags of the session: those of the call and those that came down the chain.
    tags: Tags,
    inherited: Tags,
    keys: Keys,
    principal: Principal,
}

impl Call {
    fn new(
        asking: Asking<'_>,
        mut ask: AssumeRole,
        now: Timestamp,
        listener: &mut impl Listener,
    ) -> Result<Self, SessionError> {
        let caller = asking.caller;
        if matches!(caller.identity(), Some(LongTermIdentity::Root { .. })) {
            listener.failed(&rules::CALLER, || Evidence::new("a user or a role", caller.arn()));
            return Err(SessionError::RootAssumesRole);
        }
        verify_context(&ask, listener)?;
        let inherited = match caller.role_session().map(RoleSession::claims) {
            Some(from) => Tags::new(from.principal_tags.clone(), from.transitive_tag_keys.clone())?,
            None => Tags::default(),
        };
        let tags = ask.tags.clone().inheriting(&inherited)?;
        ask.source_identity = source_identity(&ask, caller.source_identity(), listener)?;
        let environment = ask.environment.clone();
        let mut keys = request_keys(Some(caller), &asking.entitlements.tags, &ask.organization, environment, now);
        if let Some(at) = ask.mfa_authenticated_at {
            keys.set("aws:MultiFactorAuthPresent", "true");
            keys.set("aws:MultiFactorAuthAge", now.duration_since(at).as_secs().to_string());
        }
        Ok(Self { ask, tags, inherited, keys, principal: caller.principal() })
    }

    fn trust<'a>(&'a self, role: &'a Role) -> Trust<'a> {
        let Self { ask, inherited, keys, principal, .. } = self;
        Trust { role, principal, action: "sts:AssumeRole", ask, keys: keys.clone(), inherited }
    }

    fn duration(
        &self,
        asking: Asking<'_>,
        role: &Role,
        listener: &mut impl Listener,
    ) -> Result<(Origin, Duration), SessionError> {
        let (origin, limit, most) = match asking.caller.role_session() {
            Some(_) => (Origin::Chained, Limit::Chaining, role.max_session_duration().min(DEFAULT_SESSION_DURATION)),
            None => (Origin::Assumed, Limit::Role, role.max_session_duration()),
        };
        verify_duration(self.ask.duration, most, limit, listener).map(|duration| (origin, duration))
    }
}

fn verify_listed(
    identity: &VerifiedIdentity,
    federation: &FederationRequest,
    origin: Origin,
    role: &Role,
    provider: &Arn,
    listener: &mut impl Listener,
) -> Result<(), SessionError> {
    // The directory's own name: a provider that was registered under it must not pass for the directory.
    let disguised = origin == Origin::Saml && *provider == Directory::managed_provider_arn(role.account());
    // Another account may have a provider of the same name, which trust policies mean.
    let elsewhere = identity.account().is_some_and(|account| account != role.account());
    let listed = !disguised && !elsewhere && federation.lists(role.arn(), provider);
    let pinned_elsewhere = federation.pinned_roles.as_ref().is_some_and(|pinned| !pinned.contains(role.arn()));
    let evidence = || {
        let pairs = federation.roles.iter().flatten().map(|pair| pair.role.to_string());
        let pinned = federation.pinned_roles.iter().flatten().map(ToString::to_string);
        let found: Vec<String> = pairs.chain(pinned).collect();
        let none = if federation.roles.is_some() { "no roles" } else { "any role" };
        Evidence::new(role.arn(), if found.is_empty() { none.to_owned() } else { found.join(" ") })
    };
    if listed && !pinned_elsewhere {
        listener.passed(&rules::LISTED, evidence);
        return Ok(());
    }
    listener.failed(&rules::LISTED, evidence);
    let role = role.arn().clone();
    Err(match pinned_elsewhere {
        true => SessionError::PinnedElsewhere { role },
        false => SessionError::NotListed { role, provider: provider.clone() },
    })
}

/// Puts what the identity provider says into `keys`; returns those that outlive the federation.
fn federation_keys(
    identity: &VerifiedIdentity,
    role: &Role,
    provider: &Arn,
    keys: &mut Keys,
) -> BTreeMap<String, Vec<String>> {
    let mut lasting = BTreeMap::new();
    let prefix = match identity.provider() {
        ProviderName::Saml(_) => "saml",
        ProviderName::Oidc(host_and_path) => host_and_path,
    };
    // Exactly these two: a claim may be called `8100:sub`, and `localhost:8100` may be another provider.
    let outlive = [format!("{prefix}:sub"), format!("{prefix}:aud")];
    for (name, values) in identity.condition_keys() {
        match values.as_slice() {
            [value] if !identity.is_multivalued(name) => keys.set(name, value.as_str()),
            several => keys.set_list(name, several.iter().map(String::as_str)),
        }
        if outlive.contains(name) {
            lasting.insert(name.clone(), values.clone());
        }
    }
    if let ProviderName::Saml(name) = identity.provider() {
        keys.set("saml:doc", format!("{}/{name}", role.account()));
        keys.set("saml:namequalifier", name_qualifier(identity.issuer(), role.account(), name));
    }
    keys.set("aws:FederatedProvider", provider.to_string());
    lasting
}

/// What limits a session's length, for the words of the refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Limit {
    Role,
    Chaining,
}

pub(super) fn verify_duration(
    asked: Option<Duration>,
    most: Duration,
    limit: Limit,
    listener: &mut impl Listener,
) -> Result<Duration, SessionError> {
    let duration = asked.unwrap_or(DEFAULT_SESSION_DURATION.min(most));
    let (least, most) = (MIN_SESSION_DURATION.as_secs(), most.as_secs());
    let seconds = duration.as_secs();
    let evidence = || Evidence::new(format_args!("{least} to {most} seconds"), format_args!("{seconds} seconds"));
    if (least..=most).contains(&seconds) {
        listener.passed(&rules::DURATION, evidence);
        return Ok(Duration::from_secs(seconds));
    }
    listener.failed(&rules::DURATION, evidence);
    Err(match limit {
        Limit::Chaining if seconds > most => SessionError::ChainedDuration { seconds, most },
        _ => SessionError::Duration { seconds, least, most },
    })
}

/// Federation says by itself who somebody is; passed over, a context would be thought to be set.
fn without_context(ask: &AssumeRole) -> Result<(), SessionError> {
    let provided = ask.identity_context.is_some() || !ask.provided_contexts.is_empty();
    if provided { Err(SessionError::ContextNotTaken) } else { Ok(()) }
}

/// Whatever context the call provides was verified: the type of a verified one is the proof.
fn verify_context(ask: &AssumeRole, listener: &mut impl Listener) -> Result<(), SessionError> {
    let expected = "an assertion of the identity store, verified";
    if let Some(unverified) = ask.provided_contexts.first() {
        listener.failed(&rules::CONTEXT, || Evidence::new(expected, unverified.provider_arn()));
        return Err(SessionError::ContextNotVerified);
    }
    if let Some(context) = &ask.identity_context {
        let claims = context.claims();
        let found = || format!("user {} of {}", claims.user_id, claims.identity_store_arn);
        listener.passed(&rules::CONTEXT, || Evidence::new(expected, found()));
    }
    Ok(())
}

/// A source identity is set once, at the start of a chain; every role further down must let it be set (IAM user guide,
/// "Monitor and control actions taken with assumed roles").
fn source_identity(
    ask: &AssumeRole,
    of_caller: Option<&str>,
    listener: &mut impl Listener,
) -> Result<Option<SourceIdentity>, SessionError> {
    let Some(set) = of_caller else { return Ok(ask.source_identity.clone()) };
    match &ask.source_identity {
        Some(asked) if asked.as_str() != set => {
            listener.failed(&rules::SOURCE_IDENTITY, || Evidence::new(set, asked.as_str()));
            Err(SessionError::SourceIdentityFixed { set: set.to_owned() })
        }
        _ => set.parse().map(Some).map_err(|_| SessionError::Claims),
    }
}

/// The session, where its policies and tags have room in it.
fn made(claims: SessionClaims, role: &Role, policies: SessionPolicies) -> Result<RoleSession, SessionError> {
    let session = RoleSession::new(claims, role.arn().clone(), policies)?;
    session.packed_size().verify()?;
    Ok(session)
}

fn claims(role: &Role, ask: &AssumeRole, origin: Origin, now: Timestamp, expiration: Timestamp) -> SessionClaims {
    SessionClaims {
        role_arn: role.arn().to_string(),
        role_id: role.id().to_string(),
        role_session_name: ask.role_session_name.to_string(),
        origin,
        issued_at: now.unix_seconds(),
        expiration: expiration.unix_seconds(),
        session_policies: ask.session_policies.texts().to_vec(),
        policy_arns: ask.session_policies.managed().iter().map(ToString::to_string).collect(),
        principal_tags: ask.tags.values().clone(),
        transitive_tag_keys: ask.tags.transitive().to_vec(),
        source_identity: ask.source_identity.as_ref().map(|identity| identity.as_str().to_owned()),
        federated_provider: None,
        mfa_authenticated_at: ask.mfa_authenticated_at.map(Timestamp::unix_seconds),
        federation_keys: BTreeMap::new(),
        identity_context: ask.identity_context.as_ref().map(|context| Box::new(context.claims().clone())),
        correlation_id: ask.correlation_id.as_ref().map(ToString::to_string),
    }
}
